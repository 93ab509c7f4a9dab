"""Typical journeys: the order of stages that lies closest to what everybody in a persona went through."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.statistics import wilson
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["find_typical_journeys"]

COLUMNS = ["persona", "journey", "customers", "followed_by", "share", "low", "high"]
MOST_ORDERS = 200  # the commonest orders of stages, among which the typical one is looked for


def find_typical_journeys(paths: Paths) -> pd.DataFrame:
    """Find the typical journey of each persona.

    A unit's journey is the order in which it first entered the stages. The typical one is the medoid: the
    order, of two stages or more, with the least total edit distance to all units that entered two or more.

    Returns
    -------
    pandas.DataFrame
        `persona, journey` (stage ids joined by `>`), `customers` (who entered two stages or more),
        `followed_by` (who went through precisely this order), `share` of the customers with its interval in
        `low, high` (Wilson), `held_back`.

    Notes
    -----
    Gabadinho, A. & Ritschard, G. (2013). Searching for typical life trajectories applied to childbirth histories.
    """
    orders = _orders(paths)
    rows = [
        row
        for persona in personas_of(paths)
        if (row := _typical(persona, orders if persona == ALL else orders[orders["persona"] == persona]))
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return hold_back(table, table["customers"] < paths.min_group, ("persona",))


def _orders(paths: Paths) -> pd.DataFrame:
    """Return `persona, journey, units`: how many entered the stages in which order; two stages or more."""
    entries = paths.entries
    first = entries.group_by(["unit_id", "persona", "position"]).aggregate(at=entries["at"].min())
    place = first.position.cast("string")
    orders = first.group_by(["unit_id", "persona"]).aggregate(
        journey=place.group_concat(">", order_by=["at", "position"]), stages=first.count()
    )
    orders = orders.filter(orders.stages >= 2)
    counted = orders.group_by(["persona", "journey"]).aggregate(units=orders.count()).execute()
    names = [tuple(paths.stages[int(at)] for at in journey.split(">")) for journey in counted["journey"]]
    return counted.assign(journey=pd.Series(names, index=counted.index, dtype=object))


def _typical(persona: str, orders: pd.DataFrame) -> tuple | None:
    if orders.empty:
        return None
    counts = orders.groupby("journey")["units"].sum()
    customers = int(counts.sum())
    counts = counts.sort_index(key=lambda index: index.map(str)).sort_values(ascending=False, kind="stable")
    counts = counts.head(MOST_ORDERS)
    apart = np.array([[_edits(one, other) for other in counts.index] for one in counts.index])
    typical = counts.index[int((apart @ counts.to_numpy()).argmin())]
    followed_by = int(counts[typical])
    low, high = (float(bound) for bound in wilson(followed_by, customers))
    return persona, ">".join(typical), customers, followed_by, followed_by / customers, low, high


@cache
def _edits(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return the edit distance of two orders: stages to put in, take out or replace."""
    if not one or not other:
        return len(one) + len(other)
    if one[-1] == other[-1]:
        return _edits(one[:-1], other[:-1])
    return 1 + min(_edits(one[:-1], other), _edits(one, other[:-1]), _edits(one[:-1], other[:-1]))
