"""The way through the stages, read customer by customer, with nothing but loops."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import pandas as pd

BUYS = ("purchase", "contract_signed")
AGAIN = ("repeat_purchase", "upgrade", "cross_sell", "subscription_renewal", "payment")
ON_THE_WAY = ("add_to_cart", "begin_checkout", "add_payment_info", "quote_request", "appointment")
BEFORE_TOO = ("email_open", "login", "help_article", "share", "survey_response")
AFTER_BUYING = ("delivery", "use", "aftercare", "expansion", "loyalty", "advocacy", "reactivation")
HORIZON_DAYS = 30.0
SESSION_MINUTES = 30.0


@dataclass
class Step:
    """One entry into a stage: where, when, and whether a pause came before it."""

    stage: int
    at: pd.Timestamp
    paused: bool


@dataclass
class Walk:
    """What is known of one customer."""

    steps: list[Step]
    first_at: pd.Timestamp
    last_at: pd.Timestamp
    lapsed: bool

    @property
    def furthest(self) -> int:
        return max((step.stage for step in self.steps), default=-1)

    @property
    def here(self) -> int:
        return self.steps[-1].stage if self.steps else -1

    @property
    def been(self) -> set[int]:
        return {step.stage for step in self.steps}


def markers_of(model) -> dict[str, int]:
    """Markers show their stage (the later one, were it a marker of two); a purchase marks the purchase stage."""
    found = {}
    for at, stage in enumerate(model.stages):
        if stage.canonical == "purchase":
            for name in BUYS:
                found.setdefault(name, at)
    for at, stage in enumerate(model.stages):
        for name in stage.markers:
            found[name] = at
    return found


def typical_of_one(model, bought: bool) -> dict[str, int]:
    """Touchpoints that are typical of one stage alone, without markers; fewer where nothing was bought."""
    found = {}
    for at, stage in enumerate(model.stages):
        others = [other for other in model.stages if other is not stage]
        for name in stage.touchpoints:
            if any(name in (*other.touchpoints, *other.markers) for other in others):
                continue
            if not bought and stage.canonical == "purchase" and name in ON_THE_WAY:
                continue
            if not bought and stage.canonical in AFTER_BUYING and name in BEFORE_TOO:
                continue
            found[name] = at
    marked = markers_of(model)
    return {name: at for name, at in found.items() if name not in marked}


def named_again(names: list[str], model) -> list[str]:
    """A purchase after the first is a repeat purchase, where the model tells these apart."""
    known = {name for stage in model.stages for name in (*stage.touchpoints, *stage.markers)}
    told, bought = [], False
    for name in names:
        told.append("repeat_purchase" if bought and name in BUYS and "repeat_purchase" in known else name)
        bought = bought or name in BUYS
    return told


def anything_bought(steps: set[str], model) -> bool:
    buying = [stage for stage in model.stages if stage.canonical == "purchase"]
    marks = {name for stage in buying for name in stage.markers if name not in ON_THE_WAY}
    return not buying or bool(steps & {*BUYS, *AGAIN, *marks})


def pause_of(events: pd.DataFrame) -> float:
    """The horizon, or nineteen of twenty silences between visits, whichever is longer."""
    gaps = []
    for _, own in events.groupby("customer_id"):
        times = sorted(own["timestamp"])
        gaps += [(b - a).total_seconds() / 86400 for a, b in pairwise(times)]
    between = sorted(gap for gap in gaps if gap * 1440 > SESSION_MINUTES)
    if not between:
        return HORIZON_DAYS
    place = 0.95 * (len(between) - 1)
    low = int(place)
    high = min(low + 1, len(between) - 1)
    return max(HORIZON_DAYS, between[low] + (between[high] - between[low]) * (place - low))


def walks(events: pd.DataFrame, model, moment: pd.Timestamp) -> dict[str, Walk]:
    """Read every customer's way: each telling contact places them, typical ones only onward."""
    ordered = events.sort_values("timestamp")
    own = dict(list(ordered.groupby("customer_id")))
    steps = {who: named_again(list(part["touchpoint"]), model) for who, part in own.items()}
    bought = anything_bought({name for names in steps.values() for name in names}, model)
    marks, typical, pause = markers_of(model), typical_of_one(model, bought), pause_of(events)
    found = {}
    for who, part in own.items():
        times, way, furthest, before = list(part["timestamp"]), [], -1, None
        for name, at in zip(steps[who], times, strict=True):
            stage = marks.get(name)
            if stage is None and typical.get(name, -1) > furthest:
                stage = typical[name]
            if stage is not None and (not way or way[-1].stage != stage):
                silent = 0.0 if before is None else (at - before).total_seconds() / 86400
                way.append(Step(stage, at, silent > pause + 1 / 86400))
            furthest = max(furthest, -1 if stage is None else stage)
            before = at
        silent = (moment - times[-1]).total_seconds() / 86400
        found[who] = Walk(way, times[0], times[-1], silent > HORIZON_DAYS)
    return found


def transitions(known: dict[str, Walk], ids: tuple[str, ...]) -> dict[tuple[str, str], tuple]:
    """Count, share of departures, median days and moves after a pause, by from and to."""
    counts, days, paused = Counter(), {}, Counter()
    for walk in known.values():
        if walk.steps:
            counts["start", ids[walk.steps[0].stage]] += 1
        for one, other in pairwise(walk.steps):
            pair = ids[one.stage], ids[other.stage]
            counts[pair] += 1
            paused[pair] += other.paused
            days.setdefault(pair, []).append((other.at - one.at).total_seconds() / 86400)
        if walk.steps and walk.lapsed:
            counts[ids[walk.here], "lapsed"] += 1
    left = Counter()
    for (start, _), n in counts.items():
        left[start] += n
    return {
        pair: (n, n / left[pair[0]], median(days[pair]) if pair in days else None, paused[pair])
        for pair, n in counts.items()
    }


def funnel(known: dict[str, Walk], ids: tuple[str, ...]) -> dict[str, tuple[int, int, float | None]]:
    """Who reached each stage or a later one, who was in it, and the share of the first that was not."""
    found = {}
    for at, stage in enumerate(ids):
        reached = [walk for walk in known.values() if walk.furthest >= at]
        been = [walk for walk in known.values() if at in walk.been]
        skipped = None if not been or not reached else (len(reached) - len(been)) / len(reached)
        found[stage] = (len(reached), len(been), skipped)
    return found


def drop_off(known: dict[str, Walk], ids: tuple[str, ...]) -> dict[str, tuple[int, int, int]]:
    """Per stage: who has been there, who left it in any way, and who left it for good."""
    found = {}
    for at, stage in enumerate(ids):
        been = [walk for walk in known.values() if at in walk.been]
        gone = [walk for walk in been if walk.here == at and walk.lapsed]
        moved = [walk for walk in been if walk.here != at]
        found[stage] = (len(been), len(moved) + len(gone), len(gone))
    return found


def back_steps(known: dict[str, Walk], ids: tuple[str, ...]) -> dict[str, tuple[int, int, int]]:
    """Per stage: who has been there, who went back from it while active, who came back to an earlier one later."""
    found = {}
    for at, stage in enumerate(ids):
        been = back = returned = 0
        for walk in known.values():
            pairs = [pair for pair in pairwise(walk.steps) if pair[0].stage == at]
            earlier = [other for _, other in pairs if other.stage < at]
            been += at in walk.been
            back += any(not other.paused for other in earlier)
            returned += any(other.paused for other in earlier)
        found[stage] = (been, back, returned)
    return found


def flows(known: dict[str, Walk], ids: tuple[str, ...], most: int = 6) -> dict[tuple[int, str, str], int]:
    """The moves by their place in the path; who is last seen at a place has gone or stays."""
    counts = Counter()
    for walk in known.values():
        for place, step in enumerate(walk.steps[:most], start=1):
            last = place == len(walk.steps)
            if place == most:
                counts[place, ids[step.stage], "stay"] += 1
            elif last:
                counts[place, ids[step.stage], "lapsed" if walk.lapsed else "stay"] += 1
            else:
                counts[place, ids[step.stage], ids[walk.steps[place].stage]] += 1
    return dict(counts)


def stays(known: dict[str, Walk], ids: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Per stage how many stays there were, and how many of them ended in another stage."""
    found = dict.fromkeys(ids, (0, 0))
    for walk in known.values():
        for place, step in enumerate(walk.steps, start=1):
            stage = ids[step.stage]
            whole, moved = found[stage]
            found[stage] = (whole + 1, moved + (place < len(walk.steps)))
    return found


def observable(events: pd.DataFrame, model) -> dict[str, tuple[bool, int]]:
    """Per stage whether any contact shows it, and how many customers had a contact typical of it or marking it."""
    steps = {}
    for who, part in events.sort_values("timestamp").groupby("customer_id"):
        steps[who] = set(named_again(list(part["touchpoint"]), model))
    seen = set().union(*steps.values()) if steps else set()
    shown = typical_of_one(model, anything_bought(seen, model)) | markers_of(model)
    found = {}
    for at, stage in enumerate(model.stages):
        mine = {name for name, place in markers_of(model).items() if place == at}
        typical = {*stage.touchpoints, *stage.markers, *mine}
        had = sum(bool(own & typical) for own in steps.values())
        found[stage.id] = (any(shown.get(name) == at for name in seen), had)
    return found
