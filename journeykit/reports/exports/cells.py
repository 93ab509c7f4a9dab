"""Values as they go into cells: numbers in their format, everything else as text that no program runs."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from journeykit.letters import legible

__all__ = [
    "LONGEST",
    "clean",
    "height_of",
    "in_line",
    "is_missing",
    "neutral",
    "number_of",
    "put",
    "unique_names",
]

LONGEST = 32_767  # characters in a cell
LONGEST_NAME = 31  # characters in the name of a sheet
_EARLIEST = dt.datetime(1900, 3, 1)  # before it, days of a workbook differ from the calendar


def clean(value: Any) -> str:
    r"""Return a value as text without control characters.

    Examples
    --------
    >>> clean("a\x00b\r\nc")
    'ab\nc'
    """
    return legible(str(value).replace("\r\n", "\n").replace("\r", "\n"))


def in_line(value: Any) -> str:
    r"""Return a value as text for a slide: without control characters, tabs as spaces.

    Examples
    --------
    >>> in_line("a\tb")
    'a b'
    """
    return clean(value).replace("\t", " ").strip(" ")


def neutral(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula: behind an apostrophe, where it begins as one does.

    Examples
    --------
    >>> neutral("=1+1"), neutral("1+1")
    ("'=1+1", '1+1')
    """
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def height_of(cells: Iterable[tuple[str, float]]) -> float:
    """Return the height of a row whose texts are wrapped in columns of these widths, in points.

    Examples
    --------
    >>> height_of([("short", 20), ("a text of more than twenty letters", 20)])
    30.0
    """
    lines = [
        math.ceil(1.08 * len(line) / max(width, 1)) or 1 for text, width in cells for line in text.split("\n")
    ]
    return min(15.0 * max([1, *lines]), 400.0)


def is_missing(value: Any) -> bool:
    """Return whether a value stands for nothing: null, NaN, NaT or infinite."""
    if value is None or value is pd.NA:
        return True
    if isinstance(value, (list, tuple, set, frozenset, dict, np.ndarray, str)):
        return False
    return bool(value != value) or (isinstance(value, (float, np.floating)) and math.isinf(value))


def number_of(value: Any) -> float | int | None:
    """Return a number as plain Python; None for anything else."""
    if isinstance(value, (bool, np.bool_)):
        return None
    if isinstance(value, (int, np.integer)):
        return int(value)
    return float(value) if isinstance(value, (float, np.floating)) else None


def put(sheet: Any, row: int, column: int, value: Any, style: Any, note: str = "") -> None:
    """Write a value into a cell: a number as a number, a moment without its time zone, else text that is never run.

    Parameters
    ----------
    note
        What stands at the end of a text that is too long for a cell.
    """
    if is_missing(value):
        return
    number, moment = number_of(value), _moment(value)
    if number is not None:
        sheet.write_number(row, column, number, style)
    elif moment is not None and moment >= _EARLIEST:
        sheet.write_datetime(row, column, moment, style)
    else:
        words = clean(value)
        cut = words if _size(words) <= LONGEST else _cut(words, LONGEST - len(note)) + note
        sheet.write_string(row, column, cut, style)


def _size(words: str) -> int:
    """Return the length of a text as a workbook counts it: an emoji counts twice."""
    return len(words) + sum(letter > "\uffff" for letter in words)


def _cut(words: str, most: int) -> str:
    cut = words[:most]
    while _size(cut) > most:
        cut = cut[: len(cut) - max(1, (_size(cut) - most) // 2)]
    return cut


def _moment(value: Any) -> dt.datetime | None:
    if hasattr(value, "to_pydatetime"):
        value = value.floor("us").to_pydatetime()
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    return dt.datetime.combine(value, dt.time()) if isinstance(value, dt.date) else None


def unique_names(names: Mapping[str, str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return names that sheets may have: without forbidden characters, at most 31 long, no two alike.

    Examples
    --------
    >>> unique_names({"a": "In/out", "b": "in_out", "c": "History"})
    {'a': 'In_out', 'b': 'in_out (2)', 'c': 'History_'}
    """
    found: dict[str, str] = {}
    used = {name.casefold() for name in taken}
    for key, name in names.items():
        plain = re.sub(r"[\[\]:*?/\\]", "_", clean(name)).strip().strip("'") or "_"
        plain = f"{plain}_" if plain.casefold() == "history" else plain
        copies = (_fitting(plain, f" ({number})" if number > 1 else "") for number in range(1, 10_000))
        found[key] = next(one for one in copies if one.casefold() not in used)
        used.add(found[key].casefold())
    return found


def _fitting(name: str, end: str) -> str:
    return _cut(name, LONGEST_NAME - len(end)).rstrip().rstrip("'") + end
