"""Excel: the values of one sheet as a table."""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from journeykit.errors import DataError, unknown
from journeykit.events.archives import LEAST_BYTES, MOST_TIMES
from journeykit.events.formats import Format
from journeykit.events.raw import RawFile

__all__ = ["FORMAT", "read_excel", "sheets_left_out"]

_Rows = list[tuple[int, Sequence[Any]]]
_COVER = 0.25  # of the rows of the largest sheet
_ERRORS = ("#N/A", "#NAME?", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NULL!")


def read_excel(connection: Any, path: Path, raw: RawFile, name: str) -> list[int]:
    """Read a workbook into a table: one sheet, or all that have the head of the first; formulas by their last values.

    The head is the first row with two cells or more, so that a title above it does no harm. Empty rows are
    skipped; the others keep their number, which goes on from sheet to sheet.

    Raises
    ------
    DataError
        When there is no such sheet, or it holds no rows.
    """
    _check_size(path, raw)
    with _opened(path) as book:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        if raw.sheet is not None and raw.sheet not in sheets:
            raise unknown("sheet", raw.sheet, sheets, where=raw.where, kind=DataError)
        chosen = [sheets[raw.sheet]] if raw.sheet else list(sheets.values())
        same, _ = _of_one_form([_rows(sheet) for sheet in chosen])
        if not same:
            problem = "the workbook holds no rows under a head"
            raise DataError(problem, where=raw.where, remedy="export it again")
        connection.create_table(name, _table(_together(same), book.epoch), overwrite=True)
    return []


def sheets_left_out(path: Path) -> list[str]:
    """Return, in words, the sheets of a workbook that hold rows of another form than those that are read."""
    with _opened(path) as book:
        sheets = {sheet.title: _rows(sheet) for sheet in book.worksheets}
    _, others = _of_one_form(list(sheets.values()))
    left = [title for title, rows in sheets.items() if any(rows is other for other in others)]
    return [f"sheet {title!r} has other columns; read it as a source with 'sheet'" for title in left]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles that openpyxl doesn't know: only values count here
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            yield book
        finally:
            book.close()


def _of_one_form(sheets: list[_Rows]) -> tuple[list[_Rows], list[_Rows]]:
    """Return the sheets with rows that have the head of the first of them, and the others that have rows."""
    filled = [rows for rows in sheets if len(rows) > 1]
    most = max((len(rows) for rows in filled), default=0)
    data = [rows for rows in filled if len(rows) - 1 >= _COVER * (most - 1)]  # a cover has few rows
    same = [rows for rows in filled if data and sorted(_head(rows)) == sorted(_head(data[0]))]
    return same, [rows for rows in filled if not any(rows is one for one in same)]


def _head(rows: _Rows) -> list[str]:
    cells = ["" if cell is None else str(cell).strip().lower() for cell in rows[0][1]]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _together(sheets: list[_Rows]) -> _Rows:
    """Return the rows of sheets under the head of the first."""
    made = list(sheets[0])
    head = _head(made)
    for rows in sheets[1:]:
        last, own = made[-1][0], _head(rows)
        order = list(range(len(own))) if own == head else [own.index(name) for name in head]
        if len(set(order)) < len(order):  # a name that stands there twice
            order = list(range(len(own)))
        made += [
            (last + number, [cells[at] if at < len(cells) else None for at in order])
            for number, cells in rows[1:]
        ]
    return made


def _check_size(path: Path, raw: RawFile) -> None:
    with zipfile.ZipFile(path) as packed:
        size = sum(info.file_size for info in packed.infolist())
    if size > max(LEAST_BYTES, MOST_TIMES * path.stat().st_size):
        problem = f"the file unpacks to more than {MOST_TIMES} times its size, which data do not"
        raise DataError(problem, where=raw.where, remedy="save it again as .xlsx")


def _rows(sheet: Any) -> _Rows:
    """Return the rows from the head on, each with its number from the head, and empty ones left out."""
    sheet.reset_dimensions()
    found: list[tuple[int, Sequence[Any]]] = []
    wide = 0
    for number, cells in enumerate(sheet.iter_rows(values_only=True)):
        filled = sum(cell is not None for cell in cells)
        if not filled:
            continue
        if len(found) == 1 and filled > 1 and (wide == 1 or _is_head_below(found[0][1], cells, wide, filled)):
            found = []  # what stood above was a title, or names of groups of columns
        if not found:
            wide, start = filled, number
        found.append((number - start, cells))
    return found


def _is_head_below(above: Sequence[Any], cells: Sequence[Any], wide: int, filled: int) -> bool:
    """Tell whether a second row is the head: more names than the first, and no numbers or dates in them."""
    names = [cell for cell in cells if cell is not None]
    texts = all(isinstance(cell, str) and not any(letter.isdigit() for letter in cell) for cell in names)
    return filled > wide and texts and all(cell is None or isinstance(cell, str) for cell in above)


def _table(rows: _Rows, epoch: dt.datetime) -> Any:
    import pyarrow as pa

    heads = _unique([str(cell).strip() if cell is not None else "" for cell in rows[0][1]])
    width = max(len(cells) for _, cells in rows)
    heads += [f"column{place}" for place in range(len(heads), width)]
    columns = [
        [cells[place] if place < len(cells) else None for _, cells in rows[1:]] for place in range(width)
    ]
    kept = [(head, values) for head, values in zip(heads, columns, strict=True) if head or any(values)]
    names = ["_row", *[head or f"column{place}" for place, (head, _) in enumerate(kept)]]
    numbers = pa.array([number for number, _ in rows[1:]], pa.int64())
    return pa.table([numbers, *[_array(values, epoch) for _, values in kept]], names=names)


def _unique(heads: list[str]) -> list[str]:
    """Return names of columns in which a second one of a name has a number."""
    seen: dict[str, int] = {}
    made = []
    for head in heads:
        count = seen[head.lower()] = seen.get(head.lower(), -1) + 1
        made.append(f"{head}_{count}" if count and head else head)
    return made


def _array(values: list[Any], epoch: dt.datetime) -> Any:
    """Return numbers as numbers and dates as timestamps, when a column holds nothing else; text otherwise."""
    import pyarrow as pa

    values = [None if value in _ERRORS else value for value in values]
    kinds = {type(value) for value in values if value is not None}
    if kinds and kinds <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds & {dt.datetime, dt.date} and kinds <= {dt.datetime, dt.date, int, float}:
        return pa.array([_moment(value, epoch) for value in values], pa.timestamp("us"))
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _moment(value: Any, epoch: dt.datetime) -> Any:
    """Return a date that Excel left as a number of days as the date that it is."""
    if not isinstance(value, int | float):
        return value
    return epoch + dt.timedelta(milliseconds=round(value * 86_400_000)) if 0 < value < 80_000 else None


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(" ") if isinstance(value, dt.datetime) else str(value)


FORMAT = Format("excel", (".xlsx", ".xlsm"), read_excel, magic=b"PK\x03\x04", left_out=sheets_left_out)
