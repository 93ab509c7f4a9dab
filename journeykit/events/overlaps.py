"""Overlaps: the same event in several files that differ in their columns, known by its own or its order's number."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from journeykit.events.mapping import completed

__all__ = ["without_overlap"]

_KEYS = (
    "customer_id visitor_id timestamp touchpoint order_id event_id product value quantity currency".split()
)
Part = tuple[str, pd.DataFrame, dict[str, Any]]


def without_overlap(connection: Any, parts: list[Part]) -> list[Part]:
    """Reject what an earlier file tells too: the same event or order, by its number, of one person at one moment.

    Parameters
    ----------
    parts
        Per file the name of its mapped table, its rejected rows, and its facts.

    Returns
    -------
    list
        The same, in which such rows have the reason ``event_twice`` and are counted as merged.
    """
    numbered = [at for at, (name, _, _) in enumerate(parts) if _has_numbers(connection.table(name))]
    if len(numbered) < 2:
        return parts
    told = ibis.union(*[_told(connection, parts[at][0], at) for at in numbered])
    first = told.group_by(_KEYS).aggregate(first=told["file"].min(), files=told["file"].nunique())
    shared = connection.create_table("told_before", first.filter(first["files"] > 1), overwrite=True)
    found = list(parts)
    if shared.count().execute():
        for at in numbered[1:]:
            found[at] = _once(connection, parts[at], at, shared)
    connection.drop_table("told_before", force=True)
    return found


def _has_numbers(table: Any) -> bool:
    return bool({"order_id", "event_id"} & set(table.columns))


def _told(connection: Any, name: str, at: int) -> Any:
    table = completed(connection.table(name))
    known = table["order_id"].notnull() | table["event_id"].notnull()
    return table.filter(table["reason"].isnull() & known).select(*_KEYS, file=ibis.literal(at))


def _once(connection: Any, part: Part, at: int, shared: Any) -> Part:
    """Return a file without what a file before it tells too."""
    name, rejects, facts = part
    table = connection.table(name)
    full = completed(table)
    same = [full[key].identical_to(shared[key]) for key in _KEYS]
    known = full["order_id"].notnull() | full["event_id"].notnull()
    mine = full.filter(full["reason"].isnull() & known)
    twice = mine.semi_join(shared.filter(shared["first"] < at), same)
    rows = twice.select("row", "customer_id", "touchpoint").order_by("row").execute()
    if rows.empty:
        return part
    before = connection.create_table(f"{name}_before", twice.select("row"), overwrite=True)
    reason = table["row"].isin(before["row"]) & table["reason"].isnull()
    connection.create_table(
        f"{name}_once", table.mutate(reason=reason.ifelse("event_twice", table["reason"])), overwrite=True
    )
    connection.drop_table(f"{name}_before")
    connection.drop_table(name)
    more = rows.assign(source=facts["path"].replace("\\", "/").rsplit("/", 1)[-1], reason="event_twice")
    listed = pd.concat([rejects, more[rejects.columns]], ignore_index=True).sort_values(
        "row", ignore_index=True
    )
    counted = {"used": facts["used"] - len(rows), "merged": facts["merged"] + len(rows)}
    return f"{name}_once", listed, facts | counted
