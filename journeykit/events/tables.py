"""Raw tables: a file of any kind as a table of the engine, its values as they were written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from journeykit.clients import Client, CustomerSource, EventSource, GroupSource, LabelSource
from journeykit.clients.form import LinkSource
from journeykit.errors import DataError, JourneykitError
from journeykit.events.archives import is_packed, unpacked
from journeykit.events.databases import Database, database_file, is_database, read_database
from journeykit.events.delimited import is_utf8, read_csv, rewritten
from journeykit.events.excel import read_excel
from journeykit.events.files import RawFile, file_digest, find_files
from journeykit.events.heads import drop_heads
from journeykit.events.nested import flatten
from journeykit.events.xes import read_xes

__all__ = ["digest", "read_raw", "read_some", "source_files"]

_TIMES = re.compile(r"(?<![^ (])(TIMESTAMP WITH TIME ZONE|TIMESTAMP\w*|DATE|TIME|JSON)(?=[,)\[]|$)")
_LARGEST_OBJECT = 67_108_864


def source_files(
    client: Client, source: EventSource | CustomerSource | LabelSource | LinkSource | GroupSource
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
        The ibis table with a column ``_row`` (from 1, the head and malformed rows not counted), and the numbers
        that the malformed rows have among all.

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
                malformed = read_csv(connection, path, raw, name)
                drop_heads(connection, name)
            elif raw.kind == "excel":
                read_excel(connection, path, raw, name)
            elif raw.kind == "xes":
                read_xes(connection, path, raw, name)
            elif raw.kind == "json":
                malformed = _read_json(connection, path, raw, name)
            else:
                _load(connection, f"read_parquet('{_escaped(str(path))}')", name)
    except JourneykitError:
        raise
    except Exception as error:
        raise _unreadable(raw, error) from None
    flatten(connection, name)
    table = connection.table(name)
    return table, _apart(malformed, int(table.count().execute())) if malformed else []


def _apart(rows: list[int], good: int) -> list[int]:
    """Return the numbers of malformed rows, each its own and none beyond the last, as wild quotes can make them."""
    last, most, placed = 0, good + len(rows), []
    for left, row in zip(range(len(rows) - 1, -1, -1), sorted(rows), strict=True):
        last = min(max(row, last + 1), most - left)
        placed.append(last)
    return placed


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
        if raw.kind in ("csv", "json") and (raw.above or not is_utf8(raw.encoding)):
            path = stack.enter_context(rewritten(path, raw.encoding, above=raw.above))
        yield path


def _load(connection: Any, reader: str, name: str) -> None:
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER () AS _row, * FROM {reader}'
    )


def _read_json(connection: Any, path: Path, raw: RawFile, name: str) -> list[int]:
    """Read JSON; of lines of it, those that are broken are left out and returned, unless most of them are."""
    quoted, malformed = f"'{_escaped(str(path))}'", []
    try:
        _load(connection, _json_reader(connection, quoted), name)
    except Exception as error:
        if "Malformed JSON" not in str(error):
            raise
        malformed = _read_whole_lines(connection, quoted, name, error)
    if list(connection.table(name).columns) == ["_row", "json"]:
        problem = "the file holds no rows with names, as in {'customer': 7, 'at': '2026-01-01'}"
        raise DataError(problem, where=raw.where, remedy="export it again as JSON lines")
    return malformed


def _read_whole_lines(connection: Any, quoted: str, name: str, error: Exception) -> list[int]:
    more = ", ignore_errors=true, format='newline_delimited'"
    try:
        _load(connection, _json_reader(connection, quoted, more), name)
    except Exception:
        raise error from None
    columns = [f'"{column.replace(chr(34), chr(34) * 2)}"' for column in connection.table(name).columns[1:]]
    empty = " AND ".join(f"{column} IS NULL" for column in columns)
    bad = [
        row for (row,) in connection.raw_sql(f'SELECT _row FROM "{name}" WHERE {empty} ORDER BY 1').fetchall()
    ]
    if 2 * len(bad) > int(connection.table(name).count().execute()):
        raise error
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER (ORDER BY _row) AS _row, '
        f'{", ".join(columns)} FROM "{name}" WHERE NOT ({empty})'
    )
    return bad


def read_some(connection: Any, raw: RawFile, name: str, rows: int) -> None:
    """Read a sample of the rows of a large Parquet file as a table, always the same."""
    quoted = f"'{_escaped(str(raw.path))}'"
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT 0 AS _row, * FROM read_parquet({quoted}) '
        f"USING SAMPLE reservoir({rows} ROWS) REPEATABLE (1)"
    )
    flatten(connection, name)


def _json_reader(connection: Any, quoted: str, more: str = "") -> str:
    """Return the reader of a JSON file that leaves times as they are written: their offset counts."""
    size = f"maximum_object_size={_LARGEST_OBJECT}{more}"
    found = connection.raw_sql(
        f"DESCRIBE SELECT * FROM read_json_auto({quoted}, {size}, sample_size=-1, map_inference_threshold=-1)"
    ).fetchall()
    text = ", ".join(f"'{_escaped(column)}': '{_escaped(_timeless(kind))}'" for column, kind, *_ in found)
    return f"read_json({quoted}, {size}, columns={{{text}}})"


def _timeless(kind: str) -> str:
    """Return a type of JSON in which times, and what is of several types, are texts."""
    return _TIMES.sub("VARCHAR", kind)


def _escaped(text: str) -> str:
    return text.replace("'", "''")


def _unreadable(raw: RawFile | Database, error: Exception) -> DataError:
    lines = str(error).strip().splitlines() or [error.__class__.__name__]
    told = re.sub(r""" ?(in )?file ['"][^'"]*['"],?""", "", lines[0])
    kind = "a query" if isinstance(raw, Database) else raw.kind
    problem = f"the file cannot be read as {kind} ({told[:200]})"
    return DataError(problem, where=raw.where, remedy="export it again")
