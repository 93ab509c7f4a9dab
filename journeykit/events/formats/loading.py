"""Loading: what a reader of the engine gives, as a table whose rows have numbers."""

from __future__ import annotations

from typing import Any

__all__ = ["escaped", "load"]


def load(connection: Any, reader: str, name: str) -> None:
    """Make a table of what a reader of the engine gives, with the number of each row."""
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER () AS _row, * FROM {reader}'
    )


def escaped(text: str) -> str:
    """Return a text as it stands within quotes of SQL."""
    return text.replace("'", "''")
