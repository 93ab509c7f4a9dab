"""From a first commitment to the core purchase: what a customer does in between, and how often it ends in buying."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.facts import PURCHASES
from journeykit.intervals import compare_shares
from journeykit.journeys.paths import Paths, per_persona
from journeykit.journeys.selling import ORDERS
from journeykit.journeys.statistics import two_shares_p_value
from journeykit.journeys.steps import personas_of

__all__ = ["BUYING_DAYS", "CORE", "acting", "commitments", "find_buying_behaviours", "start_and_follow"]

BUYING_DAYS = 60.0
CORE = PURCHASES
COMMITTING_PHASES = ("decision", "purchase")
LOOKED_AT = (
    "attract",
    "consider",
    "service",
)  # groups of which a passive contact is still sought by the customer
ON_THE_WAY = ("buy", "loyal")  # groups of touchpoints that are themselves a part of buying
LEAST_SHARE = 0.05  # of the units, that must have done it and not have done it, for it to be told apart


def commitments(paths: Paths) -> tuple[str, ...]:
    """Return the touchpoints by which a small commitment is made: of time or money, without buying yet.

    They mark the stage of the decision or the purchase, and are no step of an order: a webinar that is attended, a
    trial, a test drive.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from journeykit import load_stage_model
    >>> from journeykit.touchpoints import load_vocabulary
    >>> known = SimpleNamespace(model=load_stage_model("value-journey"), vocabulary=load_vocabulary())
    >>> commitments(known)
    ('webinar_attended', 'test_drive', 'trial_start', 'demo_attended')
    """
    phases = {stage.id for stage in paths.model.stages if stage.canonical in COMMITTING_PHASES}
    return tuple(
        name
        for name, stage in paths.model.markers().items()
        if stage in phases and name not in ORDERS and _group(paths, name) not in ON_THE_WAY
    )


def _group(paths: Paths, name: str) -> str | None:
    return getattr(paths.vocabulary.get(name), "group", None)


def acting(paths: Paths) -> tuple[str, ...]:
    """Return the touchpoints in which a customer acts or looks at something, and that are no part of buying."""
    return tuple(
        name
        for name, one in paths.vocabulary.items()
        if name not in (*ORDERS, *paths.pushed)
        and one.group not in ON_THE_WAY
        and (one.interaction != "passive" or one.group in LOOKED_AT)
    )


def find_buying_behaviours(paths: Paths) -> Iterator[dict[str, Any]]:
    """Yield, per persona, what those do who buy within sixty days of a first commitment, beside those who do not.

    Where fewer than twice the smallest group made a commitment and could be followed, it is from the first purchase to
    a next order. Only what was done before buying counts, so that nothing that follows from a purchase is taken for
    its cause. Whoever does anything is still there, and sooner buys: the p-value is of the comparison with those
    who did something else in that time, where there are enough of them, and otherwise of that with all others.

    Yields
    ------
    dict
        `persona, outcome` (`buys` or `buys_again`), `since` (`commitment` or `order`), `behaviour, at_least, days,
        customers, did, did_share, buy_share, other_buy_share, active_other_share, effect, low, high, p_value,
        candidates`; the clearest behaviour first.
    """
    since, units = _followed(paths)
    done = _counted(_between(paths, units), ["step"])
    every = _counted(units.mutate(step=ibis.literal("")), ["step"])
    active = _counted(_between(paths, units).mutate(step=ibis.literal("")).distinct(), ["step"])
    fixed = {"since": since, "outcome": "buys" if since == "commitment" else "buys_again"}
    for persona in personas_of(paths):
        whole, busy = (_of(table, persona) for table in (every, active))
        rows = _rows(done[done["persona"] == persona], whole, busy, paths.min_group)
        for row in sorted(rows, key=lambda one: (-one["clarity"], one["behaviour"])):
            row.pop("clarity")
            yield {"persona": persona, **fixed, "days": BUYING_DAYS, "candidates": len(rows), **row}


def _followed(paths: Paths) -> tuple[str, Any]:
    """Return from what the clock runs, and who could be followed: since when, until when, and whether they bought."""
    steps = commitments(paths)
    if steps:
        committed = start_and_follow(paths, steps, CORE, fresh=True)
        if committed.count().execute() >= 2 * paths.min_group:
            return "commitment", committed
    return "order", start_and_follow(paths, CORE, ORDERS, fresh=False)


def start_and_follow(paths: Paths, first: tuple[str, ...], then: tuple[str, ...], fresh: bool) -> Any:
    """Return units by their first contact of one kind, followed to the first of another kind within the time.

    `fresh` leaves out who had a contact of the other kind before.
    """
    table = paths.contacts
    starts = table.filter(table.touchpoint.isin(first)).group_by(["unit_id", "persona"]).aggregate(
        start=lambda t: t.order.min(), start_at=lambda t: t.timestamp.min()
    )  # fmt: skip
    starts = starts.filter(paths.days_since(starts, "start_at") >= BUYING_DAYS)
    orders = table.filter(table.touchpoint.isin(then)).select("unit_id", "order", "timestamp")
    joined = starts.left_join(orders, "unit_id").drop("unit_id_right")
    days = joined.timestamp.delta(joined.start_at, unit="millisecond") / 86_400_000.0
    after = (joined.order > joined.start) & (joined.timestamp >= joined.start_at) & (days <= BUYING_DAYS)
    after = after if fresh else after & (days > 0)  # what is bought in the same moment is the same order
    units = joined.group_by(["unit_id", "persona", "start", "start_at"]).aggregate(
        before=(joined.order < joined.start).sum(), bought=joined.order.min(where=after)
    )
    units = units.filter(units.before.fill_null(0) == 0) if fresh else units
    return units.mutate(buys=units.bought.notnull().cast("int64"))


def _between(paths: Paths, units: Any) -> Any:
    """Return what each unit did between its start and buying, or within the time."""
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(acting(paths)))
    joined = table.select("unit_id", "order", "timestamp", step=table.touchpoint).inner_join(units, "unit_id")
    days = joined.timestamp.delta(joined.start_at, unit="millisecond") / 86_400_000.0
    inside = (joined.order > joined.start) & (days <= BUYING_DAYS)
    inside = inside & (joined.bought.isnull() | (joined.order < joined.bought))
    return joined.filter(inside).select("unit_id", "persona", "buys", "step").distinct()


def _counted(table: Any, keys: list[str]) -> pd.DataFrame:
    each = per_persona(table.select("persona", "buys", *keys))
    return each.group_by(["persona", *keys]).aggregate(n=each.count(), bought=each.buys.sum()).execute()


def _of(table: pd.DataFrame, persona: str) -> tuple[int, int]:
    own = table[table["persona"] == persona]
    return int(own["n"].sum()), int(own["bought"].sum())


def _rows(
    done: pd.DataFrame, whole: tuple[int, int], busy: tuple[int, int], least: int
) -> list[dict[str, Any]]:
    of, bought = whole
    enough = max(least, LEAST_SHARE * of)
    if not 0 < bought < of:
        return []
    return [
        _row(row.step, (int(row.n), int(row.bought)), whole, busy, least)
        for row in done.itertuples()
        if min(row.n, of - row.n) >= enough
    ]


def _row(
    behaviour: str, mine: tuple[int, int], whole: tuple[int, int], busy: tuple[int, int], least: int
) -> dict[str, Any]:
    """Return how often those who did something bought, beside all others and beside the others who were active."""
    (did, bought), (of, bought_all) = mine, whole
    rest, rest_bought = of - did, bought_all - bought
    others, others_bought = busy[0] - did, busy[1] - bought
    found = compare_shares(rest_bought / rest, rest, bought / did, did)
    beside = (others_bought, others) if others >= least else (rest_bought, rest)
    return {
        "behaviour": behaviour, "at_least": 1, "customers": of, "did": did, "did_share": did / of,
        "buy_share": bought / did, "other_buy_share": rest_bought / rest,
        "active_other_share": others_bought / others if others >= least else np.nan,
        "effect": found["difference"], "low": found["low"], "high": found["high"],
        "p_value": two_shares_p_value(bought, did, *beside),
        "clarity": (bought / did - beside[0] / beside[1]) * (did * beside[1] / (did + beside[1])) ** 0.5,
    }  # fmt: skip
