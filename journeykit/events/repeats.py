"""Repeated rows: those that are equal to an earlier one, in the same file or in one before it."""

from __future__ import annotations

from typing import Any

import ibis

from journeykit import engine
from journeykit.clients import EventSource
from journeykit.events.mapping import by_row

__all__ = ["find_repeated"]


def find_repeated(table: Any, source: EventSource, name: str, seen: str | None = None) -> Any:
    """Return the ``row`` of each row that is equal to an earlier one in every column of the file.

    With ``seen``, the name of a table that is kept, also that of each row that an earlier file of the source has: of
    exports that overlap. None when every row is somebody else: then two that are equal are two people.
    """
    if by_row(source, table):
        return None
    connection = table.get_backend()
    data = [table[column] for column in sorted(table.columns) if column != "_row"]
    hashed = table.select(row=table["_row"], hash=engine.row_hash(data))
    if seen is not None:
        hashed = connection.create_table(f"{name}_hashed", hashed, overwrite=True)
    known = connection.table(seen) if seen in connection.list_tables() else None
    repeated = connection.create_table(name, _later(connection, hashed, name, known), overwrite=True)
    if seen is not None:
        verb = f'CREATE TABLE "{seen}" AS' if known is None else f'INSERT INTO "{seen}"'
        connection.raw_sql(f'{verb} SELECT hash FROM "{name}_hashed"')
        connection.drop_table(f"{name}_hashed")
    connection.drop_table(f"{name}_twins", force=True)
    return repeated


def _later(connection: Any, hashed: Any, name: str, known: Any) -> Any:
    """Return the ``row`` of each row whose hash an earlier one has; only those that have a twin are put in order."""
    counted = hashed.group_by("hash").aggregate(rows=ibis._.count()).filter(ibis._["rows"] > 1)
    twins = connection.create_table(f"{name}_twins", counted.select("hash"), overwrite=True)
    mine = hashed.filter(hashed["hash"].isin(twins["hash"]))
    place = ibis.row_number().over(ibis.window(group_by="hash", order_by="row"))
    later = mine.mutate(place=place).filter(ibis._["place"] > 0).select("row")
    if known is None:
        return later
    before = hashed.filter(hashed["hash"].isin(known["hash"])).select("row")
    return ibis.union(later, before, distinct=True)
