"""Reading traits: a table of any numeric kind as plain numbers, and the trait named that is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["numbers", "refuse_repeated_units"]


def numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return traits as floats: whole, boolean, nullable, categorical and Arrow columns, and numbers kept as text.

    Returns
    -------
    DataFrame
        Rows and columns as given, without ``attrs``; a missing value is NaN.

    Raises
    ------
    ValueError
        When a trait occurs twice, has a name that is no text, is infinite, or holds text or dates.

    Examples
    --------
    >>> numbers(pd.DataFrame({"a.b": pd.array([1, None], "Int64"), "a.c": [True, False]})).to_numpy().tolist()
    [[1.0, 1.0], [nan, 0.0]]
    """
    frame = frame.copy(deep=False)
    frame.attrs = {}  # else every column takes a copy of them
    _refuse_names(frame.columns)
    if not all(kind == np.float64 for kind in frame.dtypes):
        columns = {name: _plain(name, column) for name, column in frame.items()}
        frame = pd.DataFrame(columns, index=frame.index, columns=frame.columns)
    infinite = np.isinf(frame.to_numpy()).any(axis=0)
    if infinite.any():
        name = frame.columns[infinite][0]
        raise ValueError(f"trait {name!r} holds an infinite value; make it missing or leave the trait out")
    return frame


def refuse_repeated_units(index: pd.Index, what: str) -> None:
    """Raise a ValueError that names a unit which stands on more than one row."""
    repeated = index[index.duplicated()]
    if len(repeated):
        rows = int((index == repeated[0]).sum())
        raise ValueError(
            f"{what}: the unit {repeated[0]!r} stands on {rows} rows"
            f"{f', and so do {repeated.nunique() - 1} others' if repeated.nunique() > 1 else ''}; "
            "give one row per unit"
        )


def _refuse_names(columns: pd.Index) -> None:
    twice = columns[columns.duplicated()]
    if len(twice):
        raise ValueError(
            f"trait {twice[0]!r} occurs {int((columns == twice[0]).sum())} times; rename or drop one"
        )
    kinds = {isinstance(name, str) for name in columns}
    if len(kinds) > 1:
        odd = next(name for name in columns if not isinstance(name, str))
        raise ValueError(f"trait {odd!r} has a name that is no text, and others have one; give names as text")


def _plain(name: Any, column: pd.Series) -> np.ndarray:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    kind = pd.api.types
    if isinstance(column.dtype, pd.PeriodDtype) or any(
        test(column.dtype) for test in (kind.is_datetime64_any_dtype, kind.is_timedelta64_dtype)
    ):
        raise ValueError(f"trait {name!r} holds dates or times; give a number, such as days")
    if kind.is_complex_dtype(column.dtype):
        raise ValueError(f"trait {name!r} holds complex data; give real numbers")
    if not kind.is_numeric_dtype(column.dtype):
        column = _from_text(name, column)
    return column.to_numpy(dtype=float, na_value=np.nan)


def _from_text(name: Any, column: pd.Series) -> pd.Series:
    """Return numbers that are kept as text or as objects."""
    read = pd.to_numeric(column, errors="coerce")
    wrong = column[read.isna() & column.notna()]
    if len(wrong):
        raise ValueError(
            f"trait {name!r} holds text, such as {str(wrong.iloc[0])[:40]!r}, that is no number; "
            "give numbers, or leave it out of the traits"
        )
    return read
