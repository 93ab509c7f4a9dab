"""JSON: one document, or a line a row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from journeykit.errors import DataError
from journeykit.events.encodings import decoded, find_encoding
from journeykit.events.formats import Asked, Format
from journeykit.events.formats.loading import escaped, load
from journeykit.events.raw import RawFile

__all__ = ["FORMAT", "read_json"]

_TIMES = re.compile(r"(?<![^ (])(TIMESTAMP WITH TIME ZONE|TIMESTAMP\w*|DATE|TIME|JSON)(?=[,)\[]|$)")
_LARGEST_OBJECT = 67_108_864


def read_json(connection: Any, path: Path, raw: RawFile, name: str) -> list[int]:
    """Read JSON; of lines of it, those that are broken are left out and returned, unless most of them are."""
    quoted, malformed = f"'{escaped(str(path))}'", []
    try:
        load(connection, _json_reader(connection, quoted), name)
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
        load(connection, _json_reader(connection, quoted, more), name)
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


def _json_reader(connection: Any, quoted: str, more: str = "") -> str:
    """Return the reader of a JSON file that leaves times as they are written: their offset counts."""
    size = f"maximum_object_size={_LARGEST_OBJECT}{more}"
    found = connection.raw_sql(
        f"DESCRIBE SELECT * FROM read_json_auto({quoted}, {size}, sample_size=-1, map_inference_threshold=-1)"
    ).fetchall()
    text = ", ".join(f"'{escaped(column)}': '{escaped(_timeless(kind))}'" for column, kind, *_ in found)
    return f"read_json({quoted}, {size}, columns={{{text}}})"


def _timeless(kind: str) -> str:
    """Return a type of JSON in which times, and what is of several types, are texts."""
    return _TIMES.sub("VARCHAR", kind)


def _look(path: Path, ending: str, sample: bytes, asked: Asked) -> RawFile:
    encoding = asked.encoding or find_encoding(sample)
    decoded(path, sample, encoding)
    return RawFile(path, "json", encoding, member=asked.member)


FORMAT = Format(
    "json", (".json", ".jsonl", ".ndjson"), read_json, _look, starts=(b"{", b"["), text=True, lines=True
)
