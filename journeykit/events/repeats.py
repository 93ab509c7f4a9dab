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
    data = [column for column in sorted(table.columns) if column != "_row"]
    if seen is None:
        found = _later(_twins(connection, table, data, name))
        repeated = connection.create_table(name, found, overwrite=True)
        connection.drop_table(f"{name}_twins", force=True)
        return repeated
    told = table.select(row=table["_row"], digest=engine.row_digest([table[column] for column in data]))
    told = connection.create_table(f"{name}_told", told, overwrite=True)
    known = seen in connection.list_tables()
    before = told.semi_join(connection.table(seen), "digest").select("row") if known else None
    later = _later(told)
    found = later if before is None else ibis.union(later, before, distinct=True)
    repeated = connection.create_table(name, found, overwrite=True)
    verb = f'INSERT INTO "{seen}"' if known else f'CREATE TABLE "{seen}" AS'
    connection.raw_sql(f'{verb} SELECT digest FROM "{name}_told"')
    connection.drop_table(f"{name}_told")
    return repeated


def _twins(connection: Any, table: Any, data: list[str], name: str) -> Any:
    """Return ``row`` and ``digest`` of the rows whose hash others have too: only these are compared in full."""
    hashed = table.select(row=table["_row"], hash=engine.rough_hash([table[column] for column in data]))
    counted = hashed.group_by("hash").aggregate(rows=ibis._.count()).filter(ibis._["rows"] > 1)
    twins = connection.create_table(f"{name}_twins", counted.select("hash"), overwrite=True)
    rows = hashed.filter(hashed["hash"].isin(twins["hash"])).select("row")
    few = table.filter(table["_row"].isin(rows["row"]))
    return few.select(row=few["_row"], digest=engine.row_digest([few[column] for column in data]))


def _later(told: Any) -> Any:
    """Return the ``row`` of each row whose digest an earlier one has."""
    place = ibis.row_number().over(ibis.window(group_by="digest", order_by="row"))
    return told.mutate(place=place).filter(ibis._["place"] > 0).select("row")
