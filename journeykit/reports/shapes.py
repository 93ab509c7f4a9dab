"""The shape of the tables that a report leaves: a column has the same type in every report, rows or not."""

from __future__ import annotations

from typing import Any

import pandas as pd

__all__ = ["shaped"]

TEXTS = frozenset(
    "customer_id account_id unit_id persona stage next_stage name_nl name_en key from to channel content message_key "
    "page touchpoint top_channels top_touchpoints activity question asset strategy tool kpi recommendation basis "
    "back_to source reason method against markers missing_touchpoints trait attribute level customer role second "
    "daypart criterion journey rule_nl rule_en model other_model phase conclusion outcome verdict largest_phase "
    "leaves_most_at actual inferred group signal feeling rated_at edited stages unit message action "
    "measured_of best_persona since campaign finding finding_id action_nl action_en trial arm magnet offer contrast "
    "lever behaviour kind compared_within acquisition_channel".split()
)
FLAGS = frozenset("certified held_back observable picked chosen sent significant".split())
MOMENTS = frozenset("last_touchpoint_at first_contact_at".split())
LISTS = frozenset("stage_set traits attributes touchpoints markers_seen missing".split())


def shaped(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as Parquet holds it: texts, flags, moments and lists by name, everything else a number.

    Examples
    --------
    >>> empty = pd.DataFrame({"persona": [], "share": pd.Series([], dtype=object)})
    >>> shaped(empty).dtypes.astype(str).to_dict()
    {'persona': 'str', 'share': 'float64'}
    >>> str(shaped(pd.DataFrame({"campaign": [None]}))["campaign"].dtype)
    'str'
    >>> told = pd.DataFrame({"significant": pd.Series([True, False, None], dtype=object)})
    >>> shaped(told)["significant"].tolist()
    [True, False, <NA>]
    """
    formed = pd.DataFrame({name: _formed(str(name), column) for name, column in table.items()})
    return formed.reset_index(drop=True)


def _formed(name: str, column: pd.Series) -> pd.Series:
    if name in LISTS:
        return column.astype(object)
    if name in FLAGS:
        return column.astype("boolean").astype("bool") if column.notna().all() else column.astype("boolean")
    if name in MOMENTS:
        return column.astype("datetime64[us]")
    if name in TEXTS or not _holds_numbers(column):
        return column.astype(object).map(_text).astype("str")
    return pd.to_numeric(column).astype("float64") if column.dtype == object else column


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _holds_numbers(column: pd.Series) -> bool:
    """Tell whether a column is one of numbers; one that holds nothing is, too."""
    if pd.api.types.is_numeric_dtype(column.dtype) or not column.notna().any():
        return True
    known = column.dropna()
    return bool(known.map(lambda value: isinstance(value, int | float) and not isinstance(value, bool)).all())
