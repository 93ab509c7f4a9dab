"""Elapsed times: moments of which only the time since the one before is known."""

from __future__ import annotations

from typing import Any

import ibis

__all__ = ["with_elapsed"]


def with_elapsed(table: Any, who: Any, step: Any, gap: Any, name: str) -> Any:
    """Return a table with a column of the time since everybody's first event, in the unit of the gaps.

    Rows of one person and step, such as lines of an order, are at one moment: the gap counts once. A gap that is not
    known, but for the first, leaves that moment and all later ones unknown.

    Parameters
    ----------
    table
        Rows with a number of their own in ``_row``.
    who, step, gap
        Columns of it: the person, the place among the person's events, and the time since the event before.
    name
        Of the column to add.
    """
    table = table.mutate(_who=who, _step=step, _gap=gap)
    same = ibis.window(group_by=["_who", "_step"], order_by="_row")
    table = table.mutate(_leads=ibis.row_number().over(same) == 0)
    first = table["_step"] == table["_step"].min().over(ibis.window(group_by="_who"))
    counted = table["_leads"] & ~first
    table = table.mutate(
        _days=counted.ifelse(table["_gap"].fill_null(0.0), 0.0),
        _lost=(counted & table["_gap"].isnull()).cast("int64"),
    )
    so_far = ibis.range_window(group_by="_who", order_by="_step", preceding=None, following=0)
    elapsed = table["_days"].sum().over(so_far)
    known = table["_step"].notnull() & (table["_lost"].sum().over(so_far) == 0)
    made = table.mutate(**{name: known.ifelse(elapsed, ibis.null("float64"))})
    return made.drop("_who", "_step", "_gap", "_leads", "_days", "_lost")
