"""The log of a report in the making: bounded, and its end quoted when the report fails."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["tail", "trim"]

LINES = 30  # of the log, that run.json keeps
MOST_BYTES = 20_000_000
KEPT_BYTES = 200_000


def tail(log: Path) -> tuple[str, ...]:
    """Return the last lines of a log; none when there is no log."""
    return tuple(_end(log, 20_000).decode("utf-8", "replace").splitlines()[-LINES:])


def trim(log: Path) -> None:
    """Cut a log that has grown too large down to its end, and say so in it.

    Who writes to it appends, so that writing goes on; lines written during the cut may be lost.
    """
    with suppress(OSError):
        if log.stat().st_size > MOST_BYTES:
            end = _end(log, KEPT_BYTES)
            os.truncate(log, 0)
            with log.open("ab") as file:
                file.write(b"[more was printed and is left out]\n" + end)


def _end(log: Path, most: int) -> bytes:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - most))
            return file.read(most)
    except OSError:
        return b""
