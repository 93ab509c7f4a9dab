"""Parquet: read by the engine itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from journeykit.events.formats import Format
from journeykit.events.formats.loading import escaped, load
from journeykit.events.raw import RawFile

__all__ = ["FORMAT"]


def _read(connection: Any, path: Path, raw: RawFile, name: str) -> list[int]:
    load(connection, f"read_parquet('{escaped(str(path))}')", name)
    return []


def _read_some(connection: Any, raw: RawFile, name: str, rows: int) -> None:
    """Read a sample of the rows of a large Parquet file as a table, always the same."""
    quoted = f"'{escaped(str(raw.path))}'"
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT 0 AS _row, * FROM read_parquet({quoted}) '
        f"USING SAMPLE reservoir({rows} ROWS) REPEATABLE (1)"
    )


FORMAT = Format("parquet", (".parquet", ".pq"), _read, magic=b"PAR1", some=_read_some)
