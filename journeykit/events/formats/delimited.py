"""Text with a delimiter: read as a table of the engine, and the rows that are malformed counted."""

from __future__ import annotations

import codecs
import csv
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from journeykit.errors import DataError
from journeykit.events.archives import opened
from journeykit.events.formats import Format
from journeykit.events.formats.dialects import WHITESPACE, look_into
from journeykit.events.formats.heads import drop_heads
from journeykit.events.raw import RawFile

__all__ = ["FORMAT", "is_utf8", "read_csv", "rewritten"]

_UTF8 = ("utf-8", "ascii", "utf-8-sig")
_LONGEST_LINE = 16_000_000
_UTF8_OR_NOT = "journeykit-utf8-or-cp1252"


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Read a byte that is no UTF-8 as Windows' own encoding does."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.start + 1].decode("cp1252", "replace"), error.start + 1


codecs.register_error(_UTF8_OR_NOT, _as_cp1252)
_ENCODING, _QUOTE = "INVALID ENCODING", "UNQUOTED VALUE"


def is_utf8(encoding: str) -> bool:
    """Tell whether files in an encoding can be read as UTF-8."""
    return encoding.replace("_", "-").lower() in _UTF8


@contextmanager
def rewritten(path: Path, encoding: str, *, spaces: bool = False, above: int = 0) -> Iterator[Path]:
    """Give a copy in UTF-8 with one kind of line end, without the lines above the head.

    With ``spaces``, columns are parted by one tab. Of Windows' own encoding, lines that are UTF-8 are read as that.
    """
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".txt", delete=False) as copy:
        newline = None if encoding in _UTF8 else ""
        errors = _UTF8_OR_NOT if encoding == "cp1252" else "replace"
        with path.open(
            encoding="utf-8" if encoding == "cp1252" else encoding, errors=errors, newline=newline
        ) as source:
            for _ in range(above):
                source.readline()
            if spaces:
                copy.writelines("\t".join(line.split()) + "\n" for line in source)
            else:
                shutil.copyfileobj(source, copy)
    try:
        yield Path(copy.name)
    finally:
        Path(copy.name).unlink(missing_ok=True)


def read_csv(connection: Any, path: Path, raw: RawFile, name: str) -> list[int]:
    """Read a text file with a delimiter into a table, all columns as text.

    One whose line ends are mixed is read from a copy; so is one that begins in ASCII and turns out to be no UTF-8.

    Returns
    -------
    list of int
        The numbers, from 1 and without the head, of rows with too few or too many fields, with a quote that is
        not closed, or with letters that can't be read. Of a quote that swallowed several lines, each counts.

    Raises
    ------
    DataError
        When a line is too long to be one of data.
    """
    if raw.delimiter == WHITESPACE:
        with rewritten(path, "utf-8", spaces=True) as copy:
            return _rows(copy, _load(connection, copy, "\t", raw, name), raw.header)
    try:
        bad = _load(connection, path, raw.delimiter, raw, name)
    except Exception:
        if not _has_mixed_line_ends(path):
            return _rows(path, _load_named(connection, path, raw, name), raw.header)
        with rewritten(path, "utf-8") as copy:
            return _rows(copy, _load(connection, copy, raw.delimiter, raw, name), raw.header)
    if raw.ascii and any(kind == _ENCODING for _, kind, _ in bad):
        with rewritten(path, "cp1252") as copy:
            return _rows(copy, _load(connection, copy, raw.delimiter, raw, name), raw.header)
    return _rows(path, bad, raw.header)


def _has_mixed_line_ends(path: Path) -> bool:
    with opened(path) as file:
        while chunk := file.read(2**20):
            alone = chunk.replace(b"\r\n", b"")
            if b"\r" in alone and (b"\n" in alone or len(alone) < len(chunk)):
                return True
    return False


def _load_named(connection: Any, path: Path, raw: RawFile, name: str) -> list[tuple[int, str, str]]:
    """Load a file in which quotes go wrong near its beginning: the names of its columns are read beforehand."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        head = file.readline(_LONGEST_LINE)
    csv.field_size_limit(_LONGEST_LINE)
    cells = next(csv.reader([head], delimiter=raw.delimiter), [])
    names = [cell.strip() if raw.header and cell.strip() else f"column{at}" for at, cell in enumerate(cells)]
    if not names or len({cell.lower() for cell in names}) < len(names):
        names = [f"{cell}_{at}" if cell in names[:at] else cell for at, cell in enumerate(names)]
    told = ", ".join(f"'{_escaped(cell)}': 'VARCHAR'" for cell in names)
    try:
        return _load(connection, path, raw.delimiter, raw, name, f"auto_detect=false, columns={{{told}}}")
    except Exception as error:
        if "maximum line size" not in str(error).lower() and "Line Size" not in str(error):
            raise
        problem = (
            f"a line is longer than {_LONGEST_LINE // 1_000_000} MB: a quote is not closed, or it is no table"
        )
        raise DataError(problem, where=raw.where, remedy="export it again") from None


def _load(
    connection: Any, path: Path, delimiter: str, raw: RawFile, name: str, names: str = "auto_detect=true"
) -> list[tuple[int, str, str]]:
    """Load a file, and return the line, the fault and the text of each row that could not be read."""
    options = (
        f"delim='{_escaped(delimiter)}', quote='\"', escape='\"', header={str(raw.header).lower()}, "
        f"all_varchar=true, comment='', {names}, "
        f"store_rejects=true, rejects_table='{name}_rejects', rejects_scan='{name}_scans', rejects_limit=0, "
        f"max_line_size={_LONGEST_LINE}, buffer_size={2 * _LONGEST_LINE}, null_padding=false"
    )
    for table in (f"{name}_rejects", f"{name}_scans"):
        connection.raw_sql(f'DROP TABLE IF EXISTS "{table}"')
    source = f"read_csv('{_escaped(str(path))}', {options})"
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER () AS _row, * FROM {source}'
    )
    bad = connection.raw_sql(
        f'SELECT line, max(error_type::VARCHAR), any_value(csv_line) FROM "{name}_rejects" GROUP BY line ORDER BY line'
    ).fetchall()
    connection.raw_sql(f'DROP TABLE "{name}_rejects"; DROP TABLE "{name}_scans"')
    return bad


def _rows(path: Path, bad: list[tuple[int, str, str]], header: bool) -> list[int]:
    """Return the numbers of malformed rows, of which the engine tells the line: blank lines are no rows."""
    if not bad:
        return []
    wanted = {
        line: max(1, (text or "").strip("\r\n").count("\n") + 1) if kind == _QUOTE else 1
        for line, kind, text in bad
    }
    blank = _blank_lines_before(path, sorted(wanted))
    rows, more = [], 0
    for line in sorted(wanted):
        first = line - blank[line] - header + more
        rows += range(first, first + wanted[line])
        more += wanted[line] - 1
    return rows


def _blank_lines_before(path: Path, lines: list[int]) -> dict[int, int]:
    """Return, for lines as the engine counts them, how many blank ones stand before; one in quotes is none."""
    counted = blank = 0
    inside, found, left = False, {}, set(lines)
    with path.open("rb") as file:
        for text in file:
            if not inside:
                counted += 1
                blank += not text.strip(b"\r\n")
                if counted in left:
                    found[counted] = blank
                    left.discard(counted)
                    if not left:
                        break
            inside ^= text.count(b'"') % 2 == 1
    return {line: found.get(line, blank if not found else max(found.values())) for line in lines}


def _escaped(text: str) -> str:
    return text.replace("'", "''")


def _read(connection: Any, path: Path, raw: RawFile, name: str) -> list[int]:
    malformed = read_csv(connection, path, raw, name)
    drop_heads(connection, name)
    return malformed


FORMAT = Format("csv", (".csv", ".tsv", ".txt"), _read, look_into, text=True, lines=True)
