"""The options that several commands share, and the log that they open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = [
    "AsJson",
    "AsOf",
    "CLIENTS",
    "ClientsFolder",
    "DONE",
    "FAILED",
    "INTERRUPTED",
    "REFUSED",
    "open_log",
]

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130

ClientsFolder = Annotated[Path, typer.Option("--clients", help="Folder of client files.")]


def _day(given: str | None) -> str | None:
    from journeykit.clients import read_day

    return read_day(given) if given else None


AsOf = Annotated[
    str | None, typer.Option(callback=_day, help="A date, or latest; default: what the client file says.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
CLIENTS = Path("data/clients")


def open_log(client: str, clients: Path, as_of: str | None = None) -> Any:
    """Return the log of a client, as of a date or of what the client file says."""
    from journeykit.clients import read_client
    from journeykit.events import read_events

    read = read_client(client, clients)
    return read_events(read).as_of(as_of or str(read.period.as_of))
