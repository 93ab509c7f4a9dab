"""What is known of customers beside their events: which attributes can describe or make personas."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.events import EventLog

__all__ = ["judge_attributes"]

_FEW_LEVELS, _RARE = 20, 0.05


def judge_attributes(log: EventLog) -> pd.DataFrame:
    """Return one row an attribute: what it is, how many customers have it, and whether it says anything.

    Returns
    -------
    DataFrame
        ``attribute, kind`` (number, text, date), ``known`` (share of the customers with events, 0 to 1; of a table
        without events, of all), ``levels`` (different values) and ``note``: blank, or ``empty``, ``constant``,
        ``identifier``, ``many_levels`` or ``rare``.
    """
    people = log.customers.drop(columns="account_id", errors="ignore")
    columns = ["attribute", "kind", "known", "levels", "note"]
    found = pd.DataFrame([_judged(people[name], str(name)) for name in people], columns=columns)
    if log.profile_only or found.empty:
        return found
    seen = log.visible.select("customer_id").distinct().execute()["customer_id"]
    both = people[people.index.isin(seen)]
    return found.assign(known=[float(both[name].notna().sum()) / max(len(seen), 1) for name in people])


def _judged(column: pd.Series, name: str) -> dict[str, Any]:
    known, levels = float(column.notna().mean()) if len(column) else 0.0, int(column.nunique())
    kind = "text"
    if pd.api.types.is_datetime64_any_dtype(column):
        kind = "date"
    elif pd.api.types.is_numeric_dtype(column):
        kind = "number"
    return {
        "attribute": name,
        "kind": kind,
        "known": known,
        "levels": levels,
        "note": _note(column, kind, levels),
    }


def _note(column: pd.Series, kind: str, levels: int) -> str:
    values = column.dropna()
    if values.empty:
        return "empty"
    if levels == 1:
        return "constant"
    if kind == "text" and levels > max(_FEW_LEVELS, 0.9 * len(values)):
        return "identifier"
    if kind == "text" and levels > _FEW_LEVELS:
        return "many_levels"
    if levels <= 2 and values.value_counts(normalize=True).iloc[0] > 1 - _RARE:
        return "rare"
    return ""
