"""Read a client's sources into one log, and keep a reason for every row that is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit import engine as engines
from journeykit.clients import Client, EventSource
from journeykit.errors import ClientFileError, DataError, unknown
from journeykit.events.again import settle_orders
from journeykit.events.attributes import read_customers, read_labels, read_people
from journeykit.events.databases import Database
from journeykit.events.groups import read_consent, read_groups
from journeykit.events.identities import join_identities
from journeykit.events.log import EventLog
from journeykit.events.mapping import LOG_COLUMNS, MAPPED, completed, map_source
from journeykit.events.orders import MERGED, in_one_currency, value_once
from journeykit.events.overlaps import without_overlap
from journeykit.events.pseudonyms import pseudonymous, secret_of
from journeykit.events.raw import RawFile
from journeykit.events.repeats import find_repeated
from journeykit.events.shapes import events_of_rows, in_one_column, lay_out
from journeykit.events.spend import read_spend
from journeykit.events.tables import digest, read_raw, source_files

__all__ = ["read_events"]

_ROWS_OF_A_FILE = 2**40  # more than any has


def read_events(client: Client, *, engine: str = "duckdb", memory_gb: float | None = None) -> EventLog:
    """Read, map and check the events of a client.

    Returns
    -------
    EventLog
        All usable events; ``rejects`` holds the others with a reason, and ``used + rejected + merged = rows``
        for every file in ``sources`` (merged: the same event told twice). Of a client with customers and no
        events, an empty log (``profile_only``), of which ``sources`` and ``rejects`` are those of the customers.

    Raises
    ------
    ClientFileError
        When the client file names no events, or a column that a file does not have.
    DataError
        When a file is missing, is not what it says, or holds nothing that can be used.
    """
    if not client.events and client.customers is None:
        remedy = "add 'events:' with a path, or 'customers:' for a table with one row a customer"
        raise ClientFileError("the client file names no events", where=client.path, remedy=remedy)
    connection = engines.connect(engine, memory_gb=memory_gb)
    if not client.events:
        return _profiles(client, connection)
    _check_touchpoint_names(client)
    parts = _read_sources(connection, client)
    rejects = pd.concat([rejected for _, rejected, _ in parts], ignore_index=True)
    sources = pd.DataFrame([facts for _, _, facts in parts])
    tables = [name for name, _, _ in parts]
    usable = [_usable(connection, name, at) for at, name in enumerate(tables)]
    secret = secret_of(client)
    together = ibis.union(*usable) if len(usable) > 1 else usable[0]
    linked = bool(client.identities or together["visitor_id"].notnull().any().execute())
    identities = pd.DataFrame()
    if linked:
        met = connection.create_table("met", together)
        together, identities = join_identities(connection, met, client)
    table, apart = in_one_currency(together, client)
    table = table.select(*LOG_COLUMNS)
    if (
        len(tables) > 1 or linked or apart or secret is not None
    ):  # else it is what was mapped, and no second copy
        table = connection.create_table("events", pseudonymous(table, secret))
        for name in ("met", "joined_ids", *tables):
            connection.drop_table(name, force=True)
    if not sources["used"].sum():
        raise _nothing_left(rejects, sources, client)
    last = pd.Timestamp(table["timestamp"].max().execute())
    customers = read_customers(connection, client).reset_index()
    return EventLog(
        client,
        table,
        last,
        customers=pseudonymous(customers, secret).set_index("customer_id"),
        rejects=pseudonymous(rejects, secret),
        sources=sources,
        identities=identities,
        spend=read_spend(connection, client),
        labels=_labels(connection, client, table, secret),
        groups=pseudonymous(read_groups(connection, client), secret),
        contactable=_contactable(connection, client, secret),
        day=_changed_on(client, client.events).tz_localize("UTC").tz_convert(client.timezone).date()
        if client.in_order
        else None,
    )


def _contactable(connection: Any, client: Client, secret: str | None) -> pd.Series | None:
    """Return who may be contacted, by the ids of the log."""
    told = read_consent(connection, client)
    if told is None or secret is None:
        return told
    return pseudonymous(told.reset_index(), secret).set_index("customer_id")["allowed"]


def _usable(connection: Any, name: str, place: int) -> Any:
    """Return the usable events of a file, with a number that keeps the order of rows and of files."""
    good = completed(connection.table(name)).filter(ibis._["reason"].isnull())
    nothing = ibis.null("float64")
    return good.mutate(
        line=good["row"].cast("int64") + place * _ROWS_OF_A_FILE, value_as_written=nothing
    ).select(*MAPPED, "line", "value_as_written")


def _changed_on(client: Client, sources: Sequence[Any]) -> pd.Timestamp:
    """Return the moment on which the files of sources were last changed, naive UTC; of a database, now."""
    files = [raw for source in sources for raw in source_files(client, source) if isinstance(raw, RawFile)]
    changed = max((raw.path.stat().st_mtime for raw in files), default=0.0)
    stamp = pd.Timestamp(changed, unit="s") if changed else pd.Timestamp.now("UTC").tz_localize(None)
    return stamp.as_unit("us")


def _profiles(client: Client, connection: Any) -> EventLog:
    """Return the log of a client of whose customers no events are known: empty, with their attributes.

    Its moment is the client file's day, or the last day on which the file was changed.
    """
    people, rejects, sources = read_people(connection, client)
    if not len(people):
        raise _nothing_left(rejects, sources, client, "customer")
    secret = secret_of(client)
    table = connection.create_table("events", schema=ibis.schema(LOG_COLUMNS))
    last = _changed_on(client, [client.customers])
    stages = (
        people.pop("stage") if "stage" in (client.customers.columns if client.customers else {}) else None
    )
    people = pseudonymous(people.reset_index(), secret).set_index("customer_id")
    labels = pd.DataFrame({"customer_id": [], "at": [], "stage": []})
    if stages is not None:
        known = stages.set_axis(people.index).dropna()
        labels = pd.DataFrame(
            {"customer_id": known.index, "at": last, "stage": known.to_numpy(), "source": "column"}
        )
    return EventLog(
        client,
        table,
        last,
        customers=people,
        rejects=pseudonymous(rejects, secret),
        sources=sources,
        labels=labels,
        contactable=_contactable(connection, client, secret),
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


def _read_sources(connection: Any, client: Client) -> list[tuple[str, pd.DataFrame, dict]]:
    """Return, per file of all sources, the name of its table, its rejected rows and its facts.

    Sources that differ in their path alone are one: of exports that overlap, a row counts once.
    """
    files = [source_files(client, source) for source in client.events]
    forms = [source.model_dump_json(exclude={"path", "sheet"}) for source in client.events]
    of_form = [sum(len(files[at]) for at, other in enumerate(forms) if other == form) for form in forms]
    parts = [
        _read_file(
            connection, client, source, raw, f"{number}_{place}",
            f"seen_{forms.index(forms[number])}" if of_form[number] > 1 else None,
        )
        for number, source in enumerate(client.events)
        for place, raw in enumerate(files[number])
    ]  # fmt: skip
    for form in set(forms):
        connection.drop_table(f"seen_{forms.index(form)}", force=True)
    return without_overlap(connection, parts)


def _check_touchpoint_names(client: Client) -> None:
    known = {*client.vocabulary, *client.model.touchpoints}
    for source in client.events:
        for target in source.touchpoints.values():
            if target not in known:
                remedy = "use a touchpoint of the vocabulary, or add it under 'touchpoints:'"
                where, kind = client.path, ClientFileError
                raise unknown("touchpoint", target, known, where=where, remedy=remedy, kind=kind)


@engines.in_steps()
def _read_file(
    connection: Any,
    client: Client,
    source: EventSource,
    raw: RawFile | Database,
    number: str,
    seen: str | None,
) -> tuple[str, pd.DataFrame, dict]:
    """Return the name of the table of usable events, the rejected rows and the facts of the file."""
    table, malformed = read_raw(connection, raw, f"raw_{number}")
    lines = int(table.count().execute())
    repeated = find_repeated(table, source, f"repeated_{number}", seen)
    table = lay_out(connection, f"raw_{number}", source, raw.name)
    table, source = in_one_column(connection, f"raw_{number}", source, raw.name)
    name, notes = f"mapped_{number}", dict[str, Any]()
    _kept(connection, name, _mapped(table, source, client, raw.name, repeated, notes), raw)
    told = _settle(connection, name, source)
    mapped = completed(connection.table(name))
    rejects = (
        mapped.filter(mapped["reason"].notnull())
        .select("row", "reason", "customer_id", "touchpoint")
        .order_by("row")
        .execute()
    )
    rejects = _with_malformed(rejects, malformed)
    rejects.insert(0, "source", raw.name)
    used = int(mapped.filter(mapped["reason"].isnull()).count().execute())
    merged = int(rejects["reason"].isin(MERGED).sum())
    facts = {
        "path": raw.where,
        "rows": used + len(rejects),
        "used": used,
        "rejected": len(rejects) - merged,
        "merged": merged,
        "lines": lines + len(malformed),
        "dates": notes["dates"].told if "dates" in notes else None,
        "marks": notes.get("marks"),
        **told,
        "sha256": digest(raw),
    }
    for spare in (f"raw_{number}", f"repeated_{number}"):
        connection.drop_table(spare, force=True)
    return name, rejects, facts


def _settle(connection: Any, name: str, source: EventSource) -> dict[str, int]:
    """Settle in a table of mapped rows which orders are told again, and values that stand on each line of an order."""
    numbered = not source.orders and not source.in_order
    told = settle_orders(connection, name) if numbered else {"charges": 0, "told_late": 0}
    if source.value_per == "order":
        connection.create_table(f"{name}_once", value_once(completed(connection.table(name))))
        connection.raw_sql(f'DROP TABLE "{name}"; ALTER TABLE "{name}_once" RENAME TO "{name}"')
    return told


def _kept(connection: Any, name: str, mapped: Any, raw: RawFile | Database) -> Any:
    """Return mapped rows as a table; a value that the engine cannot reckon with is told, not thrown."""
    try:
        return connection.create_table(name, mapped)
    except Exception as error:
        if "duckdb" not in type(error).__module__:
            raise
        problem = f"a value cannot be reckoned with ({str(error).splitlines()[0][:200]})"
        remedy = "see which column it stands in, and correct it or leave the column out"
        raise DataError(problem, where=raw.where, remedy=remedy) from None


def _mapped(table: Any, source: EventSource, client: Client, where: str, repeated: Any, notes: Any) -> Any:
    """Return the events of all moments of a source, and the rows that tell of none."""
    parts = events_of_rows(table, source, where)
    if len(parts) == 1:
        return map_source(table, source, client, where, repeated, notes)
    *parts, (rest, _) = parts
    mapped = [completed(map_source(rows, of, client, where, repeated, notes)) for rows, of in parts]
    nothing = {name: ibis.null(kind) for name, kind in MAPPED.items()}
    none = rest.select(row=rest["_row"], reason=ibis.literal("no_moment"), **nothing)
    return ibis.union(*mapped, none)


def _with_malformed(rejects: pd.DataFrame, rows: list[int]) -> pd.DataFrame:
    """Add the rows that have too few or too many fields, and count the other rows around them."""
    broken = np.array(rows, dtype=int)
    shift = np.searchsorted(broken - np.arange(len(broken)), rejects["row"].to_numpy(dtype=int), side="right")
    rejects = rejects.assign(row=rejects["row"].to_numpy(dtype=int) + shift)
    added = pd.DataFrame({"row": broken, "reason": "malformed", "customer_id": None, "touchpoint": None})
    both = [frame.astype(object) for frame in (rejects, added) if len(frame)]
    if not both:
        return rejects
    return pd.concat(both, ignore_index=True).sort_values("row", ignore_index=True)


def _nothing_left(
    rejects: pd.DataFrame, sources: pd.DataFrame, client: Client, what: str = "event"
) -> DataError:
    """Return the error of data of which no row can be used."""
    if rejects.empty:
        where = sources["path"].iloc[0] if len(sources) == 1 else client.path
        problem = f"the files hold no {what}s: there is nothing under the head"
        return DataError(problem, where=where, remedy="export it again")
    reasons = rejects["reason"].value_counts()
    told = ", ".join(f"{reason}: {count:,}" for reason, count in reasons.items())
    problem = f"no {what} can be used; rejected rows by reason: {told}"
    return DataError(problem, where=client.path, remedy="correct the columns in the client file")
