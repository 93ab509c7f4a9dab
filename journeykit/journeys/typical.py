"""Typical journeys: the order of stages that lies closest to what everybody in a persona went through."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from journeykit.journeys.paths import Paths
from journeykit.journeys.statistics import wilson
from journeykit.journeys.steps import hold_back, personas_of, units_of

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
        if (row := _typical(persona, orders[orders.index.isin(units_of(paths, persona).index)]))
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return hold_back(table, table["customers"] < paths.min_group, ("persona",))


def _orders(paths: Paths) -> pd.Series:
    """Return, by unit, the positions of the stages in the order of their first entry; two or more."""
    entries = paths.entries
    first = entries.group_by(["unit_id", "position"]).aggregate(at=entries["at"].min()).execute()
    first = first.sort_values(["unit_id", "at", "position"])
    orders = first.groupby("unit_id")["position"].agg(tuple)
    return orders[orders.map(len) >= 2].map(lambda order: tuple(paths.stages[int(place)] for place in order))


def _typical(persona: str, orders: pd.Series) -> tuple | None:
    if orders.empty:
        return None
    counts = orders.value_counts()
    counts = counts.sort_index(key=lambda index: index.map(str)).sort_values(ascending=False, kind="stable")
    counts = counts.head(MOST_ORDERS)
    apart = np.array([[_edits(one, other) for other in counts.index] for one in counts.index])
    typical = counts.index[int((apart @ counts.to_numpy()).argmin())]
    customers, followed_by = len(orders), int(counts[typical])
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
