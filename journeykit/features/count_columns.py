"""Counts for personas: how many contacts of everybody fall in each category, in blocks that hold no stage."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.sessions import contacts

from .counts import Block, with_few_levels
from .tables import COUNT, MEAN, TIMES

__all__ = ["count_columns", "furthest_stage"]

FIXED = (
    0.95  # share of one category in the contacts of a touchpoint from which the touchpoint alone decides it
)
CARRIED = ("channel",)  # what a contact carries beside its touchpoint and its hour
NO_STAGE = "none"


def count_columns(log: Any, blocks: list[Block], mix: Block) -> pd.DataFrame:
    """Return counts per unit in blocks, named ``count.<block>.<category>``, and means of orders.

    Touchpoints are a block per stage, that for which they speak most, so that a block holds what somebody does
    *in* a stage and not in which stages they were. A channel, content or product that hangs on the touchpoint
    alone restates the step that somebody took: contacts of such touchpoints are not counted there. Parts of the
    day count once a session.

    Parameters
    ----------
    log : EventLog
        The events.
    blocks, mix
        Counts of contacts (`count_blocks`, `stage_mix`).

    Returns
    -------
    pandas.DataFrame
        One row per unit, indexed by ``unit_id``: contacts (a whole number); ``mean.basket`` and
        ``mean.order_value`` (log pieces and log value of an order, less the mean at its touchpoint; missing
        where there is no order), and how many orders these are (``times.*``).
    """
    units = mix.whole().seen.droplevel("half").index
    whole = {
        block.name: block.whole().seen.droplevel("half") for block in blocks if block.name != "touchpoint"
    }
    parts = [_named("daypart", whole["daypart"])] if "daypart" in whole else []
    parts += _by_stage(mix, log.client.model.markers())
    parts += [_named(name, _carried(log, name)) for name in CARRIED if name in whole]
    table = pd.concat([part.reindex(units) for part in parts], axis=1)
    table = table.fillna(0.0)  # no contact of a unit in a block is a count of none
    orders = _orders(log).reindex(units)
    times = [name for name in orders if name.startswith(TIMES)]
    return pd.concat([table, orders.assign(**{name: orders[name].fillna(0.0) for name in times})], axis=1)


def _named(block: str, counts: pd.DataFrame) -> pd.DataFrame:
    return counts.rename(columns=lambda category: f"{COUNT}{block}.{category}")


def _by_stage(mix: Block, markers: Container[str]) -> list[pd.DataFrame]:
    """Return the counts of touchpoints, per stage for which they speak most: its markers, and the rest.

    Whoever got far has markers: which ones may tell a persona, that there are any must not.
    """
    counts = mix.whole().seen.droplevel("half")
    stage = mix.votes.idxmax(axis=1).reindex([str(name) for name in counts]).fillna("")
    of_block: dict[str, list[str]] = {}
    for one in counts:
        kind = "marker" if one in markers else "touchpoint"
        of_block.setdefault(f"{kind}:{stage[str(one)] or NO_STAGE}", []).append(one)
    return [_named(block, counts[names]) for block, names in sorted(of_block.items())]


def _carried(log: Any, column: str) -> pd.DataFrame:
    """Return the counts of what contacts carry, of touchpoints where it is not always the same."""
    table = with_few_levels(log)
    table = table.filter(table[column].notnull())
    long = table.group_by(["unit_id", "touchpoint", column]).aggregate(n=table.count()).execute()
    both = long.groupby(["touchpoint", column])["n"].sum().unstack(fill_value=0)
    free = both.index[both.max(axis=1) < FIXED * both.sum(axis=1)]
    long = long[long["touchpoint"].isin(free)]
    counts = long.pivot_table("n", "unit_id", column, "sum", fill_value=0)
    return counts.rename(columns=str).astype(float)


def _orders(log: Any) -> pd.DataFrame:
    """Return how much larger a unit's orders are than those at the same touchpoint, in logs, and how many they are.

    Beside those at the same touchpoint: what an upgrade costs beside a first order tells how far somebody came.
    """
    table = contacts(log)
    table = table.filter((table["value"] > 0).fill_null(False))
    pieces = ibis.coalesce(table["quantity"].cast("float64"), table["lines"].cast("float64"))
    logs = {
        "order_value": table["value"].cast("float64").ln(),
        "basket": (pieces > 0).ifelse(pieces, None).ln(),
    }
    sums = {f"{name}_sum": values.sum() for name, values in logs.items()}
    counts = {f"{name}_n": values.count() for name, values in logs.items()}
    long = table.group_by(["unit_id", "step"]).aggregate(**sums, **counts).execute()
    return pd.concat([_beside_others(long, name) for name in logs], axis=1)


def _beside_others(long: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the mean difference to the mean of the touchpoint, and the number of orders, per unit."""
    total, count = long[f"{name}_sum"].fillna(0.0), long[f"{name}_n"].astype(float)
    by_step = long.assign(total=total, count=count).groupby("step")[["total", "count"]].transform("sum")
    usual = by_step["total"] / by_step["count"].clip(lower=1.0)
    away = (total - count * usual).groupby(long["unit_id"]).sum()
    times = count.groupby(long["unit_id"]).sum()
    return pd.DataFrame({f"{MEAN}{name}": (away / times).where(times > 0).round(9), f"{TIMES}{name}": times})


def furthest_stage(log: Any, mix: Block) -> pd.Series:
    """Return per unit the position of the last stage of which it has a marker, from 0; missing where it has none."""
    model, seen = log.client.model, mix.whole().seen.droplevel("half") > 0
    markers = [
        (name, float(model.position(stage))) for name, stage in model.markers().items() if name in seen
    ]
    reached = pd.DataFrame(
        {name: seen[name].map({True: at, False: np.nan}) for name, at in markers}, index=seen.index
    )
    return reached.max(axis=1).astype(float)
