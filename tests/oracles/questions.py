"""What skips, magnets, first commitments, orders and kinds of contact go with, read customer by customer with loops."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from statistics import median

import pandas as pd

from journeykit.touchpoints import load_vocabulary
from tests.oracles import paths as ways

ORDERS = ("purchase", "contract_signed", "repeat_purchase", "upgrade", "cross_sell", "subscription_renewal")
BUYS = ("purchase", "contract_signed")
DETAILS = ("generate_lead", "newsletter_signup", "sign_up")
GIVEN = ("file_download", "webinar_sign_up", "demo_request", "trial_start")
TALKS = ("chat", "call", "meeting", "store_visit", "event_visit")
VOCABULARY = load_vocabulary()


def days(earlier: pd.Timestamp, later: pd.Timestamp) -> float:
    return (later - earlier).total_seconds() / 86400


def people(events: pd.DataFrame) -> dict[str, list[dict]]:
    """Every customer's contacts in order, with what the vocabulary says of each."""
    return {
        who: own.sort_values("timestamp").to_dict("records") for who, own in events.groupby("customer_id")
    }


def furthest_at(walk: ways.Walk, moment: pd.Timestamp) -> int:
    return max((step.stage for step in walk.steps if step.at <= moment), default=-1)


def skips(known: dict[str, ways.Walk], moment: pd.Timestamp, follow: float) -> dict[int, tuple[int, int]]:
    """Per number of stages skipped in the longest jump: who could be followed after it, and who came further."""
    seen = sorted({step.stage for walk in known.values() for step in walk.steps})
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for walk in known.values():
        levels = []
        for step in walk.steps:
            if not levels or seen.index(step.stage) > levels[-1][0]:
                levels.append((seen.index(step.stage), step.at))
        jumps = [(one[0] - other[0] - 1, one) for other, one in pairwise(levels)]
        if not jumps:
            continue
        most = max(size for size, _ in jumps)
        place, at = next(landing for size, landing in jumps if size == most)
        if place == len(seen) - 1 or days(at, moment) < follow:
            continue
        further = any(level > place and days(at, when) <= follow for level, when in levels)
        found[min(most, 3)][0] += 1
        found[min(most, 3)][1] += further
    return {skipped: tuple(counts) for skipped, counts in found.items()}


def magnets(
    events: pd.DataFrame, model, known: dict[str, ways.Walk], moment: pd.Timestamp, follow: float
) -> dict[str, tuple[int, int, int, int]]:
    """Per magnet: who took it around leaving their details; of them who were followed, came further, converted."""
    seen = {step.stage for walk in known.values() for step in walk.steps}
    buying = {name for name, at in ways.markers_of(model).items() if model.stages[at].canonical == "purchase"}
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for who, contacts in people(events).items():
        left = next((one for one in contacts if one["touchpoint"] in DETAILS), None)
        if left is None:
            continue
        at = left["timestamp"]
        stage = furthest_at(known[who], at)
        homes = [place for place, one in enumerate(model.stages) if left["touchpoint"] in one.touchpoints]
        limit = max([stage, *homes])
        taken, brought = set(), stage
        for one in contacts:
            if one["touchpoint"] not in GIVEN:
                continue
            after, reach = days(at, one["timestamp"]), furthest_at(known[who], one["timestamp"])
            if -30 <= after < 0 or (0 <= after <= 30 and reach <= limit):
                taken.add(one["content"] or one["touchpoint"])
                brought = max(brought, reach)
        names = ways.named_again([one["touchpoint"] for one in contacts], model)
        followed = days(at, moment) >= follow and brought < max(seen, default=0)
        # who had been further before stays beyond: only first arrivals count
        firsts = {}
        for step in known[who].steps:
            if step.stage > max(firsts.values(), default=-1):
                firsts[step.at] = step.stage
        later = any(reach > brought and 0 <= days(at, when) <= follow for when, reach in firsts.items())
        converts = any(
            name in buying and 0 <= days(at, one["timestamp"]) <= follow
            for name, one in zip(names, contacts, strict=True)
        )
        for magnet in taken or {"nothing"}:
            counts = found[magnet]
            counts[0] += 1
            counts[1] += followed
            counts[2] += followed and later
            counts[3] += followed and converts
    return {magnet: tuple(counts) for magnet, counts in found.items()}


def commits(model) -> set[str]:
    """Markers of the decision or the purchase that are no step of an order."""
    return {
        name
        for stage in model.stages
        if stage.canonical in ("decision", "purchase")
        for name in stage.markers
        if name not in ORDERS and VOCABULARY[name].group not in ("buy", "loyal")
    }


def _acts(name: str) -> bool:
    one = VOCABULARY.get(name)
    if one is None or name in ORDERS or one.group in ("buy", "loyal"):
        return False
    pushed = one.interaction == "passive" and (one.group == "brand" or one.paid is True)
    return not pushed and (one.interaction != "passive" or one.group in ("attract", "consider", "service"))


def after_commitment(
    events: pd.DataFrame, model, moment: pd.Timestamp
) -> tuple[tuple[int, int], dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
    """Who committed and bought within sixty days: all, by what was done in between, and by the first commitment."""
    whole, done, offers = [0, 0], defaultdict(lambda: [0, 0]), defaultdict(lambda: [0, 0])
    for contacts in people(events).values():
        names = [one["touchpoint"] for one in contacts]
        start = next((at for at, name in enumerate(names) if name in commits(model)), None)
        if start is None or any(name in BUYS for name in names[:start]):
            continue
        begun = contacts[start]["timestamp"]
        if days(begun, moment) < 60:
            continue
        inside = [one for one in contacts[start + 1 :] if days(begun, one["timestamp"]) <= 60]
        order = next((at for at, one in enumerate(inside) if one["touchpoint"] in BUYS), None)
        between = {one["touchpoint"] for one in inside[:order] if _acts(one["touchpoint"])}
        for counts in (whole, offers[names[start]], *(done[name] for name in between)):
            counts[0] += 1
            counts[1] += order is not None
    plain = ({name: tuple(counts) for name, counts in table.items()} for table in (done, offers))
    return (tuple(whole), *plain)


def talking(
    events: pd.DataFrame, opens: pd.Timestamp, moment: pd.Timestamp, follow: float
) -> dict[bool, tuple]:
    """Who had a conversation before buying or none, and bought within the time after their first contact."""
    found = {True: [0, 0], False: [0, 0]}
    for contacts in people(events).values():
        first = contacts[0]["timestamp"]
        if first < opens or days(first, moment) < follow:
            continue
        inside = [one["touchpoint"] for one in contacts if days(first, one["timestamp"]) <= follow]
        order = next((at for at, name in enumerate(inside) if name in ORDERS), None)
        before = inside[:order]
        if not before:
            continue  # an order is all there is: what came before was not recorded
        counts = found[any(name in TALKS for name in before)]
        counts[0] += 1
        counts[1] += order is not None
    return {talks: tuple(counts) for talks, counts in found.items()}


def attending(events: pd.DataFrame, moment: pd.Timestamp, follow: float) -> tuple[int, int, float | None]:
    """Who signed up for a webinar long enough ago, who then attended one, and after how many days."""
    signed, waits = 0, []
    for contacts in people(events).values():
        at = next((one["timestamp"] for one in contacts if one["touchpoint"] == "webinar_sign_up"), None)
        if at is None or days(at, moment) < follow:
            continue
        signed += 1
        came = [days(at, one["timestamp"]) for one in contacts if one["touchpoint"] == "webinar_attended"]
        came = [wait for wait in came if 0 <= wait <= follow]
        waits += came[:1]
    return signed, len(waits), median(waits) if waits else None


def sold(
    events: pd.DataFrame, opens: pd.Timestamp, moment: pd.Timestamp, follow: float
) -> tuple[int, Counter]:
    """Who bought first and could be followed, and who of them had an upgrade or an additional product in time."""
    buyers, found = 0, Counter()
    for contacts in people(events).values():
        bought = [
            one for one in contacts if one["touchpoint"] in ("purchase", "contract_signed", "repeat_purchase")
        ]
        if not bought or contacts[0]["timestamp"] < opens or days(bought[0]["timestamp"], moment) < follow:
            continue
        buyers += 1
        for kind in ("upgrade", "cross_sell"):
            found[kind] += any(
                one["touchpoint"] == kind and 0 <= days(bought[0]["timestamp"], one["timestamp"]) <= follow
                for one in contacts
            )
    return buyers, found
