"""Identities: which ids are one person, by a table of links or by events that carry both."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from journeykit.clients import Client
from journeykit.errors import ClientFileError, unknown
from journeykit.events.tables import read_raw, source_files
from journeykit.events.texts import one_id, same_id

__all__ = ["join_identities"]

_DEEPEST = 10
_FACTS = ("link", "ids", "joined", "ambiguous", "events")


def join_identities(connection: Any, table: Any, client: Client) -> tuple[Any, pd.DataFrame]:
    """Give the events of one person one id.

    An event with a ``visitor_id`` and no customer belongs to the customer with whom that visitor is seen elsewhere;
    ids that a table of links names are replaced by the one it gives. Links are followed from one to the next. An id
    that leads to several customers, such as that of a shared device, is joined to none of them.

    Parameters
    ----------
    connection
        The engine's.
    table
        Events with the columns of a log and ``visitor_id``.
    client
        Names the tables of links under ``identities``.

    Returns
    -------
    table, facts
        The events without ``visitor_id``; and per kind of ``link`` (``file`` or ``shared_events``) the ``ids`` that it
        names, how many were ``joined`` and how many were ``ambiguous``, and the ``events`` that got another id.
    """
    shared = _shared(table)
    listed = _listed(connection, client)
    facts = [
        _fact(kind, links) for kind, links in (("file", listed), ("shared_events", shared)) if len(links)
    ]
    who = ibis.coalesce(table["customer_id"], table["visitor_id"])
    table = table.mutate(customer_id=who, _known=table["customer_id"].notnull())
    final = _final(pd.concat([listed, shared]))
    if final.empty:
        return table.drop("visitor_id", "_known"), pd.DataFrame(facts, columns=list(_FACTS))
    known = connection.create_table("joined_ids", final, overwrite=True)
    joined = table.left_join(known, table["customer_id"] == known["id"])
    counted = (
        joined.filter(joined["person"].notnull()).group_by("kind").aggregate(events=ibis._.count()).execute()
    )
    counts = dict(zip(counted["kind"], counted["events"], strict=True))
    facts = [fact | {"events": int(counts.get(fact["link"], 0))} for fact in facts]
    joined = joined.mutate(customer_id=ibis.coalesce(joined["person"], joined["customer_id"]))
    return joined.select(
        *[name for name in table.columns if name not in ("visitor_id", "_known")]
    ), pd.DataFrame(facts)


def _shared(table: Any) -> pd.DataFrame:
    """Return the visitors that are seen together with a customer: ``id, person``."""
    both = table.filter(table["visitor_id"].notnull() & table["customer_id"].notnull())
    links = both.select(id=both["visitor_id"], person=both["customer_id"]).distinct().execute()
    return links.assign(kind="shared_events")


def _listed(connection: Any, client: Client) -> pd.DataFrame:
    """Return the links that files name: ``id, person``."""
    found = [pd.DataFrame({"id": [], "person": [], "kind": []}, dtype="str")]
    for source in client.identities:
        for raw in source_files(client, source):
            table, _ = read_raw(connection, raw, "raw_links")
            names = {key: source.columns.get(key, key) for key in ("id", "customer_id")}
            for name in names.values():
                if name not in table.columns:
                    raise unknown("column", name, table.columns[1:], where=raw.where, kind=ClientFileError)
            text = {key: table[name].cast("string").strip().nullif("") for key, name in names.items()}
            found.append(
                table.select(id=one_id(text["id"]), person=one_id(text["customer_id"]))
                .distinct()
                .execute()
                .map(same_id, na_action="ignore")
            )
            connection.drop_table("raw_links")
    links = pd.concat(found, ignore_index=True).dropna(subset=["id", "person"])
    return links[links["id"] != links["person"]].assign(kind="file").drop_duplicates()


def _fact(kind: str, links: pd.DataFrame) -> dict[str, Any]:
    persons = links.groupby("id")["person"].nunique()
    return {
        "link": kind, "ids": len(persons), "joined": int((persons == 1).sum()), "ambiguous": int((persons > 1).sum()),
        "events": 0,
    }  # fmt: skip


def _final(links: pd.DataFrame) -> pd.DataFrame:
    """Return where each id leads in the end: ``id, person, kind``; those that lead to several are left out."""
    links = links.drop_duplicates(["id", "person"])
    links = links[~links["id"].duplicated(keep=False) & (links["id"] != links["person"])]
    onward = links.set_index("id")["person"]
    person = links["person"]
    for _ in range(_DEEPEST):
        further = person.map(onward)
        moved = further.notna() & (further != links["id"])
        if not moved.any():
            break
        person = person.mask(moved, further)
    return links.assign(person=person.astype("str"))[["id", "person", "kind"]].astype("str")
