"""Read a client's sources into one log, and keep a reason for every row that is left out."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit import engine as engines
from journeykit.clients import Client, EventSource
from journeykit.errors import ClientFileError, DataError, unknown
from journeykit.events.attributes import read_customers, read_labels
from journeykit.events.files import RawFile, expand, file_digest, inspect, read_raw
from journeykit.events.log import EventLog
from journeykit.events.mapping import LOG_COLUMNS, map_source
from journeykit.events.pseudonyms import pseudonymous, secret_of

__all__ = ["read_events"]


def read_events(client: Client, *, engine: str = "duckdb", memory_gb: float | None = None) -> EventLog:
    """Read, map and check the events of a client.

    Returns
    -------
    EventLog
        All usable events; ``rejects`` holds the others with a reason, and ``used + rejected = rows``
        for every file in ``sources``.

    Raises
    ------
    ClientFileError
        When the client file names no events, or a column that a file does not have.
    DataError
        When a file is missing, is not what it says, or holds nothing that can be used.
    """
    if not client.events:
        raise ClientFileError(
            "the client file names no events", where=client.path, remedy="add 'events:' with a path"
        )
    connection = engines.connect(engine, memory_gb=memory_gb)
    _check_touchpoint_names(client)
    parts = [
        _read_file(connection, client, source, raw)
        for source in client.events
        for raw in _files(client, source)
    ]
    rejects = pd.concat([rejected for _, rejected, _ in parts], ignore_index=True)
    sources = pd.DataFrame([facts for _, _, facts in parts])
    tables = [name for name, _, _ in parts]
    usable = [
        connection.table(name).filter(ibis._["reason"].isnull()).select(*LOG_COLUMNS) for name in tables
    ]
    secret = secret_of(client)
    together = ibis.union(*usable) if len(usable) > 1 else usable[0]
    connection.create_table("events", pseudonymous(together, secret))
    for name in tables:
        connection.drop_table(name)
    table = connection.table("events")
    if not sources["used"].sum():
        raise DataError(
            _nothing_left(rejects), where=client.path, remedy="correct the columns in the client file"
        )
    last = pd.Timestamp(table["timestamp"].max().execute())
    customers = read_customers(connection, client).reset_index()
    return EventLog(
        client,
        table,
        last,
        customers=pseudonymous(customers, secret).set_index("customer_id"),
        rejects=pseudonymous(rejects, secret),
        sources=sources,
        labels=_labels(connection, client, table, secret),
    )


def _labels(connection: Any, client: Client, table: Any, secret: str | None) -> pd.DataFrame:
    """Return the labels with pseudonyms; those that were given to pseudonyms of the log keep them."""
    labels = read_labels(connection, client)
    if secret is None or labels.empty:
        return labels
    ids = labels["customer_id"].dropna().unique().tolist()
    known = pd.concat(
        table.filter(table[name].isin(ids)).select(id=table[name]).distinct().execute()["id"]
        for name in ("customer_id", "account_id")
    )
    hashed = pseudonymous(labels, secret)["customer_id"]
    return labels.assign(customer_id=labels["customer_id"].where(labels["customer_id"].isin(known), hashed))


def _check_touchpoint_names(client: Client) -> None:
    known = {*client.vocabulary, *client.model.touchpoints}
    for source in client.events:
        for target in source.touchpoints.values():
            if target not in known:
                remedy = "use a touchpoint of the vocabulary, or add it under 'touchpoints:'"
                where, kind = client.path, ClientFileError
                raise unknown("touchpoint", target, known, where=where, remedy=remedy, kind=kind)


def _files(client: Client, source: EventSource) -> list[RawFile]:
    return [inspect(path, source.encoding, source.delimiter) for path in expand(client.resolve(source.path))]


def _read_file(
    connection: Any, client: Client, source: EventSource, raw: RawFile
) -> tuple[str, pd.DataFrame, dict]:
    """Return the name of the table of usable events, the rejected rows and the facts of the file."""
    number = len(connection.list_tables())
    table, malformed = read_raw(connection, raw, f"raw_{number}")
    name = f"mapped_{number}"
    mapped = connection.create_table(name, map_source(table, source, client, raw.path.name))
    rejects = (
        mapped.filter(mapped["reason"].notnull())
        .select("row", "reason", "customer_id", "touchpoint")
        .execute()
    )
    rejects = _with_malformed(rejects, malformed)
    rejects.insert(0, "source", raw.path.name)
    used = int(mapped.filter(mapped["reason"].isnull()).count().execute())
    facts = {
        "path": str(raw.path),
        "rows": used + len(rejects),
        "used": used,
        "rejected": len(rejects),
        "sha256": file_digest(raw.path),
    }
    connection.drop_table(f"raw_{number}")
    return name, rejects, facts


def _with_malformed(rejects: pd.DataFrame, lines: list[int]) -> pd.DataFrame:
    """Add the rows that have too few or too many fields, and count the other rows around them."""
    broken = np.array(lines, dtype=int) - 1
    shift = np.searchsorted(broken - np.arange(len(broken)), rejects["row"].to_numpy(dtype=int), side="right")
    rejects = rejects.assign(row=rejects["row"].to_numpy(dtype=int) + shift)
    added = pd.DataFrame({"row": broken, "reason": "malformed", "customer_id": None, "touchpoint": None})
    both = [frame.astype(object) for frame in (rejects, added) if len(frame)]
    if not both:
        return rejects
    return pd.concat(both, ignore_index=True).sort_values("row", ignore_index=True)


def _nothing_left(rejects: pd.DataFrame) -> str:
    if rejects.empty:
        return "the files hold no events"
    reasons = rejects["reason"].value_counts()
    told = ", ".join(f"{reason}: {count:,}" for reason, count in reasons.items())
    return f"no event can be used; rejected rows by reason: {told}"
