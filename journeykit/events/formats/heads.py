"""Heads of several lines, as survey programs write them: names, then questions, then what the program itself needs."""

from __future__ import annotations

from typing import Any

__all__ = ["drop_heads"]

_IMPORT = '{"ImportId":'  # Qualtrics: the third line
_KINDS = {"response", "open-ended response"}  # SurveyMonkey: the second line, blank under other columns
_LOOKED_AT = 2


def drop_heads(connection: Any, name: str) -> None:
    """Take the further lines of a head out of a table of texts: they are no rows."""
    columns = [column for column in connection.table(name).columns if column != "_row"]
    first = connection.raw_sql(f'SELECT * FROM "{name}" WHERE _row <= {_LOOKED_AT} ORDER BY _row').fetchall()
    lines = _heads([[str(cell or "").strip() for cell in row[1:]] for row in first])
    if not lines or not columns:
        return
    kept = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT _row - {lines} AS _row, {kept} FROM "{name}" WHERE _row > {lines}'
    )


def _heads(rows: list[list[str]]) -> int:
    """Return how many rows at the beginning belong to the head.

    Examples
    --------
    >>> _heads([["Start Date", "Age?"], ['{"ImportId": "startDate"}', '{"ImportId":"QID3"}']])
    2
    >>> _heads([["", "Response"], ["17", "yes"]]), _heads([["17", "yes"]])
    (1, 0)
    """
    for place, row in enumerate(rows, start=1):
        if all(cell.replace(" ", "").startswith(_IMPORT) for cell in row if cell) and any(row):
            return place
    kinds = [cell.lower() for cell in rows[0] if cell] if rows else []
    return int(
        bool(kinds)
        and len(kinds) < len(rows[0]) + 1
        and sum(kind in _KINDS for kind in kinds) > len(kinds) / 2
    )
