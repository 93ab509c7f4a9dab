"""Counts for personas: how many contacts of everybody fall in each category, in blocks that hold no stage."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from .counts import Block, with_few_levels
from .tables import COUNT, MEAN, TIMES

__all__ = ["count_columns"]

FIXED = 0.95  # share of one category in the contacts of a touchpoint from which the touchpoint alone decides it
CARRIED = ("channel", "content", "product")  # what a contact carries beside its touchpoint and its hour
NO_STAGE = "none"


def count_columns(log: Any, blocks: list[Block], mix: Block, pace: pd.DataFrame) -> pd.DataFrame:
    """Return counts per unit in blocks, named ``count.<block>.<category>``, and the basket as a mean.

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
    pace
        As of `measure_pace`, whole logs.

    Returns
    -------
    pandas.DataFrame
        One row per unit, indexed by ``unit_id``: contacts (a whole number), ``mean.basket`` (mean log pieces per
        order) and ``times.basket`` (orders).
    """
    units = mix.whole().seen.droplevel("half").index
    whole = {block.name: block.whole().seen.droplevel("half") for block in blocks}
    parts = [_named("daypart", whole["daypart"])] if "daypart" in whole else []
    parts += _by_stage(mix)
    parts += [_named(name, _carried(log, name)) for name in CARRIED if name in whole]
    table = pd.concat([part.reindex(units) for part in parts], axis=1)
    table = table.fillna(0.0)  # no contact of a unit in a block is a count of none
    return pd.concat([table, _basket(pace).reindex(units)], axis=1)


def _named(block: str, counts: pd.DataFrame) -> pd.DataFrame:
    return counts.rename(columns=lambda category: f"{COUNT}{block}.{category}")


def _by_stage(mix: Block) -> list[pd.DataFrame]:
    """Return the counts of touchpoints, a block per stage for which they speak most."""
    counts = mix.whole().seen.droplevel("half")
    stage = mix.votes.idxmax(axis=1).reindex([str(name) for name in counts]).fillna("")
    return [
        _named(f"touchpoint:{name or NO_STAGE}", counts[[one for one in counts if stage[str(one)] == name]])
        for name in sorted(set(stage))
    ]


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


def _basket(pace: pd.DataFrame) -> pd.DataFrame:
    pace = pace.set_index("unit_id")
    basket = pace["basket_log_mean"]
    return pd.DataFrame({f"{MEAN}basket": basket, f"{TIMES}basket": pace["orders"].where(basket.notna(), 0)})


_ = ibis
