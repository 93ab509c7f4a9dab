"""Contrasts of contact: talking beside only looking, acting beside only receiving, paid beside earned attention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.selling import ORDERS
from journeykit.journeys.statistics import risk_difference, wilson
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["CONVERSATIONS", "compare_kinds_of_contact"]

CONVERSATIONS = ("chat", "call", "meeting", "store_visit", "event_visit")  # somebody of the brand answers
BUYING_GROUPS = ("buy", "loyal")  # steps of an order are no contact that leads to one
MOST_CONTACTS = 10  # as many or more are taken together
COLUMNS = (
    "persona contrast outcome customers share low high other_customers other_share effect effect_low effect_high "
    "p_value"
).split()


def compare_kinds_of_contact(paths: Paths) -> pd.DataFrame:
    """Compare who buys, or goes on, by the kind of contact that came before.

    Of units whose journey begins in the data, followed for the report's period after their first contact.
    `conversation`: had a conversation before buying (a chat, a call, a meeting, a visit), beside those who had none.
    `interactive`: at least half of the contacts before buying were interactive, beside those with mostly passive ones.
    Steps of an order itself (a basket, a checkout) count in neither. `paid`: the first contact was paid for, beside
    those who came by earned or own media; where the data do not say which, a unit counts in neither.

    Returns
    -------
    pandas.DataFrame
        `persona, contrast, outcome` (`buys`: an order of any kind; `goes_on`: a later stage than the first),
        `customers` (with the first kind), `share, low, high` (Wilson; of those, with the outcome), `other_customers,
        other_share`, `effect, effect_low, effect_high, p_value`, `held_back`. Rows in which either side is smaller
        than the smallest group are left out. Who orders with the first contact itself is left out of `paid`, `buys`.

    Notes
    -----
    `effect` is compared within persona and, before buying, within the furthest stage before it and the number of
    contacts (Mantel-Haenszel): whoever is still there has more contacts of every kind, and buys sooner.
    """
    units = _units(paths)
    rows = [row for persona in personas_of(paths) for row in _rows(units, persona, paths.min_group)]
    return hold_back(
        pd.DataFrame(rows, columns=COLUMNS), np.zeros(len(rows), bool), ("persona", "contrast", "outcome")
    )


def _units(paths: Paths) -> pd.DataFrame:
    """Return units by what is compared and what became of them, counted."""
    table = paths.contacts
    start = ibis.literal(paths.enters_from.to_pydatetime()).cast("timestamp(6)")
    first = table.filter((table.order == 0) & (table.timestamp >= start))
    first = first.filter(paths.days_since(first, "timestamp") >= paths.follow_days)
    first = first.select(
        "unit_id",
        "persona",
        "paid",
        first_at="timestamp",
        begin="furthest",
        at_once=first.touchpoint.isin(ORDERS),
    )
    joined = table.select(
        "unit_id", "timestamp", "order", "touchpoint", "interaction", "furthest"
    ).inner_join(first, "unit_id")
    days = joined.timestamp.delta(joined.first_at, unit="millisecond") / 86_400_000.0
    joined = joined.filter(days <= paths.follow_days)
    bought = joined.order.min(where=joined.touchpoint.isin(ORDERS)).over(ibis.window(group_by="unit_id"))
    joined = joined.mutate(bought=bought)
    before = joined.bought.isnull() | (joined.order < joined.bought)
    talk, act = joined.touchpoint.isin(CONVERSATIONS), joined.interaction == "interactive"
    plain = before & ~joined.touchpoint.isin(_buying(paths))
    units = joined.group_by(["unit_id", "persona", "paid", "at_once"]).aggregate(
        talks=talk.cast("int64").max(where=before),
        acts=act.fill_null(False).cast("int64").sum(where=plain),
        met=joined.count(where=plain),
        came=joined.furthest.max(where=before),
        far=joined.furthest.max(),
        begin=joined.begin.max(),
        buys=joined.bought.notnull().cast("int64").max(),
    )
    last = max(paths.seen, default=0)
    purchase = _purchase(paths)
    units = units.mutate(
        met=ibis.least(units.met, MOST_CONTACTS),
        came=ibis.least(units.came.fill_null(-1), purchase),
        interactive=ibis.ifelse(units.met > 0, (units.acts * 2 >= units.met).cast("int64"), None),
        goes_on=(units.far > units.begin.fill_null(-1)).fill_null(False).cast("int64"),
        can_go_on=(units.begin.fill_null(-1) < last).cast("int64"),
        paid=units.paid.cast("int64"),
    ).rename(conversation="talks")
    keys = ["persona", "paid", "conversation", "interactive", "met", "came", "can_go_on", "at_once"]
    counted = units.group_by(keys).aggregate(
        n=units.count(), buys=units.buys.sum(), goes_on=units.goes_on.sum()
    )
    return counted.execute().assign(persona=lambda frame: frame["persona"].fillna(""))


def _buying(paths: Paths) -> tuple[str, ...]:
    steps = (name for name, one in paths.vocabulary.items() if one.group in BUYING_GROUPS)
    return (*ORDERS, *steps)


def _purchase(paths: Paths) -> int:
    """Return the position of the stage before that of the purchase; the last one where the model has none."""
    places = [at for at, stage in enumerate(paths.model.stages) if stage.canonical == "purchase"]
    return min(places, default=len(paths.stages)) - 1


def _rows(units: pd.DataFrame, persona: str, least: int) -> Iterator[dict[str, Any]]:
    own = units if persona == ALL else units[units["persona"] == persona]
    bought = own["buys"].sum()
    for contrast, outcome, keys in (
        ("conversation", "buys", ["persona", "came", "met"]),
        ("interactive", "buys", ["persona", "came", "met"]),
        ("paid", "buys", ["persona"]),
        ("paid", "goes_on", ["persona"]),
    ):
        if outcome == "buys" and not bought:
            continue
        known = own[own[contrast].notna()]
        known = known if outcome == "buys" else known[known["can_go_on"] == 1]
        if (contrast, outcome) == ("paid", "buys"):
            known = known[~known["at_once"].astype(bool)]  # who buys at once did so in no way in
        sides = [known[known[contrast] == side] for side in (1, 0)]
        if min(side["n"].sum() for side in sides) >= least:
            yield {
                "persona": persona,
                "contrast": contrast,
                "outcome": outcome,
                **_compared(sides, outcome, keys),
            }


def _compared(sides: list[pd.DataFrame], outcome: str, keys: list[str]) -> dict[str, Any]:
    (won, of), (other_won, other_of) = ((int(side[outcome].sum()), int(side["n"].sum())) for side in sides)
    one, other = (side.groupby(keys)[[outcome, "n"]].sum() for side in sides)
    strata = pd.concat([one, other], axis=1, join="inner").to_numpy(float)
    effect = risk_difference(strata) if len(strata) else (np.nan,) * 4
    if np.isnan(effect[3]):  # within every stratum all did the same: there is nothing to compare
        effect = (np.nan,) * 4
    low, high = wilson(won, of)
    return {
        "customers": of, "share": won / of, "low": float(low), "high": float(high), "other_customers": other_of,
        "other_share": other_won / other_of,
        **dict(zip(("effect", "effect_low", "effect_high", "p_value"), effect, strict=True)),
    }  # fmt: skip
