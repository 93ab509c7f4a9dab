"""Dialects of text with a delimiter: where the head stands, and what parts the columns."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from journeykit.errors import DataError
from journeykit.events.encodings import decoded, find_encoding, is_wide
from journeykit.events.formats import Asked
from journeykit.events.raw import RawFile

__all__ = ["WHITESPACE", "lines_above", "look_into"]

WHITESPACE = "whitespace"
_BEGINS = {
    "a web page": ("<!doctype html", "<html", "<table"), "XML": ("<?xml",), "JSON": ('{"', "[{", '[ {', "[\n", "{\n")
}  # fmt: skip
_LETTERS = bytes(code for code in range(256) if code >= 32 or code in b"\t\n\r\f\v\x1b")
_LONGEST_HEAD = 100_000
_MOST_CONTROL = 0.02  # of what is text with a stray byte
_DELIMITERS = ",;\t|"
_LOOKED_AT, _MOST_ABOVE, _HALF, _MOST = 60, 15, 0.5, 0.8
_VALUE = re.compile(r"[-+]?[\d.,:/ T-]*\d[\d.,:/ TZ-]*")


def look_into(path: Path, ending: str, sample: bytes, asked: Asked) -> RawFile:
    """Return how a text with a delimiter is to be read, by its beginning.

    Raises
    ------
    DataError
        When it is no text, holds nothing, or has no head.
    """
    _check_text(path, ending, sample)
    encoding = asked.encoding or find_encoding(sample)
    text = decoded(path, sample, encoding)
    above = 0 if asked.header is False else lines_above(text, asked.delimiter)
    text = "".join(text.splitlines(keepends=True)[above:])
    delimiter = asked.delimiter or ("\t" if ending == ".tsv" else _delimiter(text, ending))
    _check_head(path, text, delimiter, ending)
    header = not _has_no_header(text, delimiter) if asked.header is None else asked.header
    return RawFile(
        path, "csv", encoding, delimiter, asked.member, header, above=above, ascii=sample.isascii()
    )


def _check_text(path: Path, ending: str, sample: bytes) -> None:
    """Refuse what is no text, or text of another kind than a table."""
    control = len(sample.translate(None, _LETTERS))
    if control > _MOST_CONTROL * len(sample) and is_wide(sample) is None:
        raise DataError("the file is not text", where=path, remedy="export it again as CSV in UTF-8")
    start = sample[:200].lstrip(b"\xef\xbb\xbf \r\n\t").decode("ascii", "ignore").lower()
    looks = next((name for name, begins in _BEGINS.items() if start.startswith(begins)), None)
    if looks:
        problem = f"the file is not what its ending {ending!r} says; it looks like {looks}"
        raise DataError(problem, where=path, remedy="export it again, or correct its ending")


def _check_head(path: Path, text: str, delimiter: str, ending: str) -> None:
    """Refuse a title above the head: none of the rows would fit it."""
    lines = [line for line in _first_lines(text) if line.strip()]
    if "\x00" in lines[0]:
        raise DataError("the head holds a NUL byte", where=path, remedy="export it again as CSV in UTF-8")
    if len(lines) < 3 or delimiter == WHITESPACE or any(sign in lines[0] for sign in _DELIMITERS):
        return
    below = _delimiter("\n".join(lines[1:]), ending)
    widths = {line.count(below) for line in lines[1:]}
    if below != WHITESPACE and len(widths) == 1 and widths != {0}:
        problem = f"the first line is no head: it has 1 column, and those below it {widths.pop() + 1}"
        raise DataError(problem, where=path, line=1, remedy="remove the lines above the head")


def lines_above(text: str, delimiter: str | None = None) -> int:
    r"""Return how many lines stand above the head: a title, ``sep=;``, or notes, of which the rows have not the width.

    Examples
    --------
    >>> lines_above("Orders of March\n\nid;day\n1;2026-03-01\n2;2026-03-02\n")
    2
    >>> lines_above("id;day\n1;2026-03-01\n")
    0
    """
    lines = text.splitlines()[:_LOOKED_AT]
    found = [
        _share_like_first(lines[at:], delimiter) for at in range(min(_MOST_ABOVE, max(len(lines) - 1, 0)))
    ]
    if (
        not found
        or found[0] > _HALF
        or (re.match(r"\s*sep=", lines[0]) is None and max(found, default=0) < _MOST)
    ):
        return 0
    above = next(at for at, share in enumerate(found) if share == max(found))
    width = max(len(re.split(re.escape(sign), lines[above])) for sign in _DELIMITERS)
    filled = [
        sum(bool(cell.strip()) for cell in re.split(f"[{_DELIMITERS}]", line)) for line in lines[:above]
    ]
    return above if all(cells <= width / 2 for cells in filled) else 0


def _share_like_first(lines: list[str], delimiter: str | None) -> float:
    """Return the share of lines that have as many cells as the first, which has two or more; 0 for a blank first."""
    if len(lines) < 2 or not any(sign in lines[0] for sign in _DELIMITERS) or _holds_values(lines[0]):
        return 0.0
    shares = []
    for sign in [delimiter] if delimiter else _DELIMITERS:
        try:
            widths = [
                len(row) for row in csv.reader(lines, delimiter=sign) if any(cell.strip() for cell in row)
            ]
        except csv.Error:
            continue
        alike = sum(width == widths[0] for width in widths[1:])
        shares.append(alike / max(len(widths) - 1, 1) if widths and widths[0] > 1 else 0.0)
    return max(shares, default=0.0)


def _holds_values(line: str) -> bool:
    """Tell whether any cell of a line is a number or a date, as the names of columns are not."""
    return any(_VALUE.fullmatch(cell.strip().strip('"')) for cell in re.split(f"[{_DELIMITERS}]", line))


def _delimiter(text: str, ending: str) -> str:
    """Return the delimiter that splits the first lines into equally many columns, most columns first."""
    lines = _first_lines(text)

    def quality(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:  # a very long cell
            return 0.0, 0
        width = widths[0] if widths else 1
        return (sum(w == width for w in widths) / len(widths) if width > 1 else 0.0, width)

    best = max(_DELIMITERS, key=quality)
    if quality(best)[0]:
        return best
    widths = {len(line.split()) for line in lines if line.strip()}
    aligned = ending == ".txt" and len(widths) == 1 and widths.pop() > 1
    return WHITESPACE if aligned and re.search(r"(^|\s)-?[\d.]+(\s|$)", lines[-1]) else best


def _first_lines(text: str, most: int = 50) -> list[str]:
    lines = text.splitlines()[:most]
    lines = lines[:-1] if len(lines) > 2 else lines
    return [line for line in lines if len(line) < _LONGEST_HEAD] or [line[:1_000] for line in lines[:1]]


def _has_no_header(text: str, delimiter: str) -> bool:
    """Tell whether the first line holds values already: numbers and dates only, in two columns or more."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    if len(line) > _LONGEST_HEAD:
        return False
    cells = line.split() if delimiter == WHITESPACE else next(csv.reader([line], delimiter=delimiter), [])
    return len(cells) > 1 and all(_VALUE.fullmatch(cell.strip()) for cell in cells)
