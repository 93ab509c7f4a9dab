"""What a draft makes of the data, in plain sentences: some people, the totals, and what these rest on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from journeykit.clients import Client
from journeykit.drafting.asking import ASKED, MOVING
from journeykit.events import EventLog, read_events
from journeykit.events.files import zip_of
from journeykit.facts.money import measure_revenue

__all__ = ["understood"]

_PEOPLE, _EVENTS = 3, 4
_LARGEST = 24 * 2**20  # bytes: a larger file is left for `check`


def understood(client: Client, draft: str) -> list[str]:
    """Return what a drafted client file makes of its data: three people, the totals, and five assumptions.

    Parameters
    ----------
    client
        The client, as it was drafted.
    draft
        The text of the client file, with the evidence of each guess.

    Returns
    -------
    list of str
        Sentences, one a line; of files that are large only the assumptions, as reading them takes its time.

    Raises
    ------
    DataError
        When nothing of the data can be used as it was drafted.
    """
    files = [client.resolve(source.path) for source in client.events]
    if sum(_size(file) for file in files) > _LARGEST:
        return ["The data are large; the totals are in: journeykit check", *_assumptions(draft)]
    log = read_events(client)
    if log.profile_only:
        return [f"{len(log.customers):,} people, of whom nothing is known but what stands in the table."]
    return [*_people(log), *_totals(log), *_assumptions(draft)]


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.iterdir() if file.is_file())
    packed = zip_of(path)[0]
    found = [packed] if packed.is_file() else list(path.parent.glob(path.name))
    return sum(file.stat().st_size * (8 if file.suffix in (".gz", ".zip") else 1) for file in found)


def _people(log: EventLog) -> Iterator[str]:
    """Yield the first events of three people, those first of whom several are known."""
    table = log.visible
    counted = table.group_by("customer_id").aggregate(events=table.count(), line=table["line"].min())
    several = (counted["events"] > 1).cast("int8")
    chosen = counted.order_by([several.desc(), counted["line"]]).limit(_PEOPLE).execute()["customer_id"]
    for customer in chosen:
        own = table.filter(table["customer_id"] == customer).order_by(["timestamp", "line"])
        rows = own.limit(_EVENTS + 1).execute()
        told = ", then ".join(_event(row, log) for row in rows.head(_EVENTS).to_dict("records"))
        yield f"{customer}: {told}{', and more' if len(rows) > _EVENTS else ''}."


def _event(row: dict, log: EventLog) -> str:
    told = f"{row['touchpoint']}"
    if not log.client.in_order:
        local = pd.Timestamp(row["timestamp"]).tz_localize("UTC").tz_convert(log.client.timezone)
        told += f" on {local.day} {local:%B %Y at %H:%M}"
    if pd.notna(row["value"]):
        code = f" {row['currency']}" if pd.notna(row["currency"]) else ""
        told += f" ({row['value']:,.2f}{code})"
    return told


def _totals(log: EventLog) -> Iterator[str]:
    found = measure_revenue(log)
    split = ", ".join(f"{value:,.2f} {code}" for code, value in found["revenue_by_currency"].items())
    worth = f"{found['revenue']:,.2f}" if found["revenue"] is not None else split or "nothing known"
    span = ""
    if not log.client.in_order:
        days = log.visible.aggregate(
            first=log.visible["timestamp"].min(), last=log.visible["timestamp"].max()
        ).execute()
        span = f", {days['first'].iloc[0]:%Y-%m-%d} to {days['last'].iloc[0]:%Y-%m-%d}"
    people = int(log.visible["customer_id"].nunique().execute())
    yield f"In all: {found['orders']:,} orders, revenue {worth}, {people:,} people{span}."
    read = log.sources[["rows", "used", "rejected", "merged"]].sum()
    yield (
        f"Of {read['rows']:,} rows read {read['used']:,} are used, {read['rejected']:,} rejected and "
        f"{read['merged']:,} merged."
    )


def _assumptions(draft: str) -> list[str]:
    """Return the five guesses that move the totals most: the doubtful first, then by what they bear upon."""
    found = []
    for line in draft.splitlines():
        key, _, told = line.strip().partition(": ")
        given, _, evidence = told.partition("  # ")
        if key in MOVING and evidence:
            doubt = 0 if evidence.startswith("LOOK") else 1 if evidence.endswith("(likely)") else 2
            found.append((doubt, MOVING.index(key), f"{key} is {given}: {evidence.removeprefix('LOOK: ')}"))
    told = [f"  {at}. {text}" for at, (_, _, text) in enumerate(sorted(found)[:ASKED], start=1)]
    return ["This rests on:", *told] if told else []
