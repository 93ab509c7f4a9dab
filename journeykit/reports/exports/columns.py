"""Columns on paper: how wide each is, by its longest word and by how much stands in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["laid_out"]

PORTRAIT, LANDSCAPE = 118, 186  # letters that fit on a line of a table
ROOM = 2.6  # letters that the space around a column takes
SHORT_ROWS, SHORT_LETTERS = 15, 2200  # a table with no more than this is kept on one page
LONG_CELL = 600  # letters of a cell that may be cut over pages
MANY_ROWS, CROWDED = 10, 2.2  # a long table that wants this many lines to a row gets a wide page
FULL_FROM = 0.8  # a table that takes this share of the width takes all of it
NARROWEST = 0.45


def laid_out(
    columns: Sequence[dict[str, Any]], cells: Sequence[Sequence[str]], upright: int = PORTRAIT
) -> dict[str, Any]:
    """Return how a table is laid out, where `upright` letters fit on a line of an upright page.

    Returns
    -------
    dict
        `widths` of the columns, relative to each other; `share` of the page's width that the table takes; whether it
        needs a `wide` page; and whether it is `short`, so that it is kept in one piece; and
        whether its rows are `rigid`, so that none is cut.

    Examples
    --------
    >>> columns = [{"header": "Stage", "numeric": False}, {"header": "Customers", "numeric": True}]
    >>> laid_out(columns, [["Awareness", "12"]])["wide"]
    False
    """
    least = [_least(column, [row[n] for row in cells]) + ROOM for n, column in enumerate(columns)]
    wanted = [
        max(low, _wanted(column, [row[n] for row in cells]) + ROOM)
        for low, (n, column) in zip(least, enumerate(columns), strict=True)
    ]
    crowded = len(cells) > MANY_ROWS and sum(wanted) > CROWDED * upright
    wide = crowded or sum(least) > upright
    line = LANDSCAPE if wide else upright
    share = sum(wanted) * 1.1 / line
    return {
        "widths": [round(width, 2) for width in _fitted(least, wanted, line)],
        "share": 1.0 if share > FULL_FROM else round(max(share, NARROWEST), 3),
        "wide": wide,
        "rigid": max((len(cell) for row in cells for cell in row), default=0) < LONG_CELL,
        "short": len(cells) <= SHORT_ROWS and sum(len(c) for row in cells for c in row) < SHORT_LETTERS,
    }


def _fitted(least: list[float], wanted: list[float], line: float) -> list[float]:
    """Return widths between the least and the wanted ones that fill no more than a line."""
    extra = sum(wanted) - sum(least)
    room = line - sum(least)
    if extra <= 0 or room <= 0 or sum(wanted) <= line:
        return wanted if room > 0 else least
    return [low + (high - low) * room / extra for low, high in zip(least, wanted, strict=True)]


def _least(column: dict[str, Any], cells: list[str]) -> float:
    """Return the letters of the longest word, or of the longest number."""
    if column["numeric"]:
        return max([_word(column["header"]), *map(len, cells)])
    return min(26, max([_word(column["header"]), *map(_word, cells)]))


def _wanted(column: dict[str, Any], cells: list[str]) -> float:
    longest = max(map(len, cells), default=0)
    if column["numeric"]:
        return max(longest, len(column["header"]) / 2)
    mean = sum(map(len, cells)) / max(1, len(cells))
    return max(min(longest, 12 + mean * 1.4), min(len(column["header"]), 18))


def _word(words: str) -> int:
    return max((len(word) for word in re.split(r"[\s\-/]+", words)), default=0)
