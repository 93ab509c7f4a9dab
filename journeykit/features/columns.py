"""Columns of a wide table: what kind each is, and its values as numbers."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import skew

__all__ = ["Column", "encode_column", "learn_column"]

OTHER = "other"
SKEWED = 1.0  # skewness beyond which a column without negative values is measured in logs
LEAST_IDENTIFIERS = 20  # values: fewer distinct ones may be chance
IDENTIFIER = re.compile(r"(^|[^a-z])(id|ids|uuid|guid|key|nr|no|number|nummer)$", re.IGNORECASE)
JOINED_ID = re.compile(r"[a-z]I[Dd]$")
WHOLE = r"[+-]?(?:0|[1-9]\d*)"
NUMBERS = {".": re.compile(rf"{WHOLE}(?:\.(\d+))?"), ",": re.compile(rf"{WHOLE}(?:,(\d+))?")}
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")


@dataclass(frozen=True)
class Column:
    """How a column of a wide table is read.

    Attributes
    ----------
    name : str
    kind : str
        ``number``, ``log``, ``flag``, ``category``, ``date`` or ``left_out``.
    note : str
        Key of why it was left out; empty otherwise.
    levels : tuple of str
        Levels with a column of their own, then ``other`` when there is a pool for the rare.
    latest : Timestamp or None
        Date from which days are counted back.
    """

    name: str
    kind: str
    note: str = ""
    levels: tuple[str, ...] = ()
    latest: pd.Timestamp | None = None

    @property
    def names(self) -> list[str]:
        """The names of the traits that come of it."""
        if self.kind == "category":
            return [f"{self.name}.{level}" for level in self.levels]
        return [] if self.kind == "left_out" else [self.name]


def learn_column(
    values: pd.Series, name: str, *, category: bool, max_levels: int, min_share: float
) -> Column:
    """Return how a column is to be read.

    Parameters
    ----------
    values
        The column, gaps included.
    name
        Its name.
    category
        Whether it is known to be a category, even when it holds numbers.
    max_levels
        Most levels of a category.
    min_share
        Least share of a level that has a column of its own.

    Raises
    ------
    ValueError
        When a number is infinite.
    """
    kind, read = _read(values, name, category)
    seen = read.dropna()
    if kind == "left_out":
        return Column(name, kind, "ambiguous_number" if len(seen) else "empty")
    if seen.nunique() < 2:
        return Column(name, "left_out", "constant" if len(seen) else "empty")
    if kind in ("number", "category") and not category and _identifies(seen, name, kind):
        return Column(name, "left_out", "identifier")
    if kind == "category":
        return _category(seen, name, max_levels, min_share)
    if kind == "date":
        return Column(name, kind, latest=seen.max())
    numbers = seen.to_numpy(float)
    if len(np.unique(numbers)) > 2:
        return Column(name, _shape(numbers))
    most = float((numbers == numbers.max()).mean())
    rare = min(most, 1 - most) < min_share
    return Column(name, "left_out", "rare") if rare else Column(name, "flag")


def encode_column(values: pd.Series, column: Column) -> np.ndarray:
    """Return the values as numbers, rows x traits, before scaling; what cannot be read is a gap.

    Raises
    ------
    ValueError
        When a number is infinite.
    """
    if column.kind == "category":
        return _levels(_texts(values), column.levels)
    if column.kind == "date":
        days = (column.latest - _dates(values)) / pd.Timedelta(days=1)
        return days.to_numpy(float, na_value=np.nan)[:, None]
    numbers = _numbers(values)
    _refuse_infinite(numbers, column.name)
    if column.kind == "log":
        return np.log1p(numbers.clip(lower=0)).to_numpy()[:, None]
    return numbers.to_numpy()[:, None]


def _read(values: pd.Series, name: str, category: bool) -> tuple[str, pd.Series]:
    """Return kind and values: numbers, dates (Timestamp) or texts."""
    if category:
        return "category", _texts(values)
    if _are_dates(values):
        return "date", _dates(values)
    texts = _texts(values).dropna() if _holds_words(values) else pd.Series(dtype=object)
    if len(texts):
        decimal = _decimal(texts)
        if decimal is None:
            return "category", _texts(values)
        if decimal == "?":
            return "left_out", texts
    numbers = _numbers(values)
    _refuse_infinite(numbers, name)
    return "number", numbers


def _refuse_infinite(numbers: pd.Series, name: str) -> None:
    if np.isinf(numbers.to_numpy(float)).any():
        raise ValueError(f"column {name!r} holds an infinite value; make it missing or leave the column out")


def _holds_words(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return not values.dtype.ordered
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
        return False
    return not values.dropna().map(lambda value: isinstance(value, int | float | np.number | np.bool_)).all()


def _texts(values: pd.Series) -> pd.Series:
    """Return values as trimmed texts; an empty one is a gap."""
    texts = values.astype(object).map(_text, na_action="ignore")
    return texts.where(texts.notna() & (texts != ""), None)


def _text(value: Any) -> str:
    whole = isinstance(value, float | np.floating) and np.isfinite(value) and float(value).is_integer()
    return str(int(value)) if whole else str(value).strip()


def _decimal(texts: pd.Series) -> str | None:
    """Return the decimal mark of texts that are all numbers, ``?`` when it cannot be told, None otherwise."""
    for mark, form in NUMBERS.items():
        found = [match for match in map(form.fullmatch, texts.unique()) if match]
        if len(found) < texts.nunique():
            continue
        marked = [match for match in found if match[1]]
        return "?" if marked and all(map(_could_be_thousands, marked)) else mark
    return None


def _could_be_thousands(match: re.Match[str]) -> bool:
    return len(match[1]) == 3 and match[0].lstrip("+-")[0] != "0"


def _numbers(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.CategoricalDtype) and values.dtype.ordered:
        return values.cat.codes.astype(float).mask(values.isna())
    if pd.api.types.is_timedelta64_dtype(values):
        return values / pd.Timedelta(days=1)
    if pd.api.types.is_numeric_dtype(values):
        return pd.Series(values.to_numpy(float, na_value=np.nan), index=values.index)
    texts = values.astype(object).map(_number_text, na_action="ignore")
    return pd.to_numeric(texts, errors="coerce").astype(float)


def _number_text(value: Any) -> Any:
    return value.strip().replace(",", ".") if isinstance(value, str) else float(value)


def _are_dates(values: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(values):
        return True
    seen = values.dropna()
    if pd.api.types.is_numeric_dtype(values):
        return not pd.api.types.is_bool_dtype(values) and len(seen) > 0 and _are_day_numbers(seen)
    if isinstance(values.dtype, pd.CategoricalDtype) or not len(seen):
        return False
    return bool(seen.map(_is_date).all()) and bool(_dates(seen).notna().all())


def _is_date(value: Any) -> bool:
    return isinstance(value, dt.date) or (isinstance(value, str) and bool(ISO_DATE.fullmatch(value.strip())))


def _are_day_numbers(seen: pd.Series) -> bool:
    """Tell whether all are days such as 20260331."""
    numbers = seen.to_numpy(float)
    if not ((numbers >= 19000101) & (numbers <= 21001231) & (numbers == np.round(numbers))).all():
        return False
    return bool(_day_numbers(seen).notna().all())


def _day_numbers(values: pd.Series) -> pd.Series:
    texts = values.map(_text, na_action="ignore")
    return pd.to_datetime(texts.astype("str"), format="%Y%m%d", errors="coerce")


def _dates(values: pd.Series) -> pd.Series:
    """Return moments without a zone; what is no date is a gap."""
    if pd.api.types.is_numeric_dtype(values):
        return _day_numbers(values)
    moments = pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601")
    return moments.dt.tz_localize(None)


def _identifies(seen: pd.Series, name: str, kind: str) -> bool:
    """Tell whether values name people: nearly all differ, and they are called or numbered so."""
    if len(seen) < LEAST_IDENTIFIERS or seen.nunique() < 0.95 * len(seen):
        return False
    if kind == "category" or IDENTIFIER.search(name) or JOINED_ID.search(name):
        return True
    numbers = seen.to_numpy(float)
    return bool((numbers == np.round(numbers)).all() and np.ptp(numbers) < 1.5 * len(numbers))


def _category(seen: pd.Series, name: str, max_levels: int, min_share: float) -> Column:
    shares = seen.value_counts(normalize=True)
    if len(shares) > max_levels:
        return Column(name, "left_out", "many_levels")
    own = shares[(shares >= min_share) & (shares.index != OTHER)]
    groups = {level: own[level] for level in sorted(own.index, key=lambda level: (-own[level], level))}
    if 1 - own.sum() >= min_share:
        groups[OTHER] = 1 - own.sum()
    if max(groups.values()) > 1 - min_share:
        return Column(name, "left_out", "rare")
    whole = sum(groups.values()) > 1 - 1e-9
    levels = list(groups)[1:] if len(groups) == 2 and whole else list(groups)  # one of two says it all
    return Column(name, "category", levels=tuple(levels))


def _levels(texts: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    named = texts.to_numpy(object)
    own = {level: named == level for level in levels if level != OTHER}
    seen = texts.notna().to_numpy()
    rest = seen & ~np.any(list(own.values()), axis=0) if own else seen
    columns = np.column_stack([own.get(level, rest) for level in levels]).astype(float)
    columns[~seen] = np.nan
    return columns


def _shape(numbers: np.ndarray) -> str:
    low, high = np.percentile(numbers, [1, 99])
    inner = np.clip(numbers, low, high)
    skewed = np.ptp(inner) > 0 and numbers.min() >= 0 and float(skew(inner)) > SKEWED
    return "log" if skewed else "number"
