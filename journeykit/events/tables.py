"""Raw tables: a file of any kind as a table of the engine, its values as they were written."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from journeykit.clients import Client, CustomerSource, EventSource, LabelSource
from journeykit.clients.form import LinkSource
from journeykit.errors import DataError, JourneykitError
from journeykit.events.archives import is_packed, opened, unpacked
from journeykit.events.databases import Database, database_file, is_database, read_database
from journeykit.events.excel import read_excel
from journeykit.events.files import WHITESPACE, RawFile, file_digest, find_files
from journeykit.events.nested import flatten
from journeykit.events.xes import read_xes

__all__ = ["digest", "read_raw", "read_some", "source_files"]

_UTF8 = ("utf-8", "ascii", "utf-8-sig")
_TIMES = re.compile(r"(?<![^ (])(TIMESTAMP WITH TIME ZONE|TIMESTAMP\w*|DATE|TIME)(?=[,)\[]|$)")
_LARGEST_OBJECT, _LONGEST_LINE = 67_108_864, 16_000_000


def source_files(
    client: Client, source: EventSource | CustomerSource | LabelSource | LinkSource
) -> list[RawFile | Database]:
    """Return the files, or the query, that a source stands for.

    Raises
    ------
    DataError
        When a file is missing or is not what its ending says.
    """
    if isinstance(source, LabelSource):
        return list(find_files(client.resolve(source.path)))
    if is_database(source.path):
        return [Database(source.path, source.query or "", client.folder)]
    keys = ("encoding", "delimiter", "header", "sheet")
    return list(find_files(client.resolve(source.path), **{key: getattr(source, key) for key in keys}))


def digest(raw: RawFile | Database) -> str:
    """Return the SHA-256 of a file, or of a query that a server answers."""
    if isinstance(raw, RawFile):
        return file_digest(raw.path)
    file = database_file(raw.url, raw.folder)
    return file_digest(file) if file else hashlib.sha256(f"{raw.name} {raw.query}".encode()).hexdigest()


def read_raw(connection: Any, raw: RawFile | Database, name: str) -> tuple[Any, list[int]]:
    """Read a file as a table of the engine, all columns as they stand; text columns of CSV stay text.

    What is nested is laid out in columns with a dot in their name (`flatten`).

    Returns
    -------
    table, malformed
        The ibis table with a column ``_row`` (from 1, the head not counted), and the lines of rows
        that have too few or too many fields.

    Raises
    ------
    DataError
        When the file cannot be read as what it is.
    """
    malformed: list[int] = []
    try:
        with _plain(raw) as path:
            if isinstance(raw, Database):
                read_database(connection, raw, name)
            elif raw.kind == "csv":
                malformed = _read_csv(connection, path, raw, name)
            elif raw.kind == "excel":
                read_excel(connection, path, raw, name)
            elif raw.kind == "xes":
                read_xes(connection, path, raw, name)
            else:
                _read_columns(connection, path, raw.kind, name)
    except JourneykitError:
        raise
    except Exception as error:
        raise _unreadable(raw, error) from None
    flatten(connection, name)
    return connection.table(name), malformed


@contextmanager
def _plain(raw: RawFile | Database) -> Iterator[Path | None]:
    """Give the file itself, or, when it is packed or not in UTF-8, a copy for as long as it is used."""
    with ExitStack() as stack:
        if isinstance(raw, Database):
            yield None
            return
        path = raw.path
        if is_packed(path):
            path = stack.enter_context(unpacked(path, raw.member, f".{raw.kind}"))
        if raw.kind in ("csv", "json") and raw.encoding.replace("_", "-").lower() not in _UTF8:
            path = stack.enter_context(_rewritten(path, raw.encoding))
        yield path


@contextmanager
def _rewritten(path: Path, encoding: str, *, spaces: bool = False) -> Iterator[Path]:
    """Give a copy in UTF-8 with one kind of line end; with ``spaces``, columns are parted by one tab."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".txt", delete=False) as copy:
        newline = None if encoding in _UTF8 else ""
        with path.open(encoding=encoding, errors="replace", newline=newline) as source:
            if spaces:
                copy.writelines("\t".join(line.split()) + "\n" for line in source)
            else:
                shutil.copyfileobj(source, copy)
    try:
        yield Path(copy.name)
    finally:
        Path(copy.name).unlink(missing_ok=True)


def _read_csv(connection: Any, path: Path, raw: RawFile, name: str) -> list[int]:
    """Read a text file with a delimiter; one whose line ends are mixed is read from a copy."""
    if raw.delimiter == WHITESPACE:
        with _rewritten(path, "utf-8", spaces=True) as copy:
            return _load_csv(connection, copy, "\t", raw.header, name)
    try:
        return _load_csv(connection, path, raw.delimiter, raw.header, name)
    except Exception as error:
        if not _has_mixed_line_ends(path):
            raise error
        with _rewritten(path, "utf-8") as copy:
            return _load_csv(connection, copy, raw.delimiter, raw.header, name)


def _has_mixed_line_ends(path: Path) -> bool:
    with opened(path) as file:
        while chunk := file.read(2**20):
            alone = chunk.replace(b"\r\n", b"")
            if b"\r" in alone and (b"\n" in alone or len(alone) < len(chunk)):
                return True
    return False


def _load_csv(connection: Any, path: Path, delimiter: str, header: bool, name: str) -> list[int]:
    options = (
        f"delim='{_escaped(delimiter)}', quote='\"', escape='\"', header={str(header).lower()}, "
        f"all_varchar=true, auto_detect=true, "
        f"store_rejects=true, rejects_table='{name}_rejects', rejects_scan='{name}_scans', rejects_limit=0, "
        f"max_line_size={_LONGEST_LINE}, null_padding=false"
    )
    source = f"read_csv('{_escaped(str(path))}', {options})"
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER () AS _row, * FROM {source}'
    )
    bad = connection.raw_sql(f'SELECT DISTINCT line FROM "{name}_rejects" ORDER BY line').fetchall()
    connection.raw_sql(f'DROP TABLE "{name}_rejects"; DROP TABLE "{name}_scans"')
    return [line for (line,) in bad]


def _read_columns(connection: Any, path: Path, kind: str, name: str) -> None:
    """Read Parquet or JSON, which tell of their columns themselves."""
    quoted = f"'{_escaped(str(path))}'"
    reader = f"read_parquet({quoted})" if kind == "parquet" else _json_reader(connection, quoted)
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER () AS _row, * FROM {reader}'
    )


def read_some(connection: Any, raw: RawFile, name: str, rows: int) -> None:
    """Read a sample of the rows of a large Parquet file as a table, always the same."""
    quoted = f"'{_escaped(str(raw.path))}'"
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT 0 AS _row, * FROM read_parquet({quoted}) '
        f"USING SAMPLE reservoir({rows} ROWS) REPEATABLE (1)"
    )
    flatten(connection, name)


def _json_reader(connection: Any, quoted: str) -> str:
    """Return the reader of a JSON file that leaves times as they are written: their offset counts."""
    size = f"maximum_object_size={_LARGEST_OBJECT}"
    found = connection.raw_sql(
        f"DESCRIBE SELECT * FROM read_json_auto({quoted}, {size}, sample_size=-1, map_inference_threshold=-1)"
    ).fetchall()
    text = ", ".join(f"'{_escaped(column)}': '{_escaped(_timeless(kind))}'" for column, kind, *_ in found)
    return f"read_json({quoted}, {size}, columns={{{text}}})"


def _timeless(kind: str) -> str:
    """Return a type of JSON in which times are texts."""
    return _TIMES.sub("VARCHAR", kind)


def _escaped(text: str) -> str:
    return text.replace("'", "''")


def _unreadable(raw: RawFile | Database, error: Exception) -> DataError:
    lines = str(error).strip().splitlines() or [error.__class__.__name__]
    kind = "a query" if isinstance(raw, Database) else raw.kind
    problem = f"the file cannot be read as {kind} ({lines[0][:200]})"
    return DataError(problem, where=raw.where, remedy="export it again")
