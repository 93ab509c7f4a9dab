"""The family of a process: what it started, how much memory that takes, and its end."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["birth_of", "descendants", "end_family", "end_stragglers", "family_memory", "family_of"]

GRACE = 0.5  # seconds
LISTED = Path("/proc")
PARENT, GROUP, BIRTH = 1, 2, 19  # places in /proc/<id>/stat, counted after the name


def birth_of(process: int) -> str:
    """Return when a process began, in the system's own count; empty when it has ended or the system does not tell."""
    stat = _stat(LISTED / str(process))
    return stat[BIRTH] if len(stat) > BIRTH and stat[0] != "Z" else ""


def family_of(leader: int) -> set[int]:
    """Return a process, its group, and all that they started; the one alone where the system does not tell.

    Examples
    --------
    >>> import os
    >>> os.getpid() in family_of(os.getpid())
    True
    """
    known = {int(entry.name): _stat(entry) for entry in LISTED.glob("[0-9]*")}
    family = {leader} | {one for one, stat in known.items() if stat and int(stat[GROUP]) == leader}
    while True:
        more = {one for one, stat in known.items() if stat and int(stat[PARENT]) in family} - family
        if not more:
            return family
        family |= more


def _stat(entry: Path) -> list[str]:
    with suppress(OSError):
        return (entry / "stat").read_text().rpartition(")")[2].split()
    return []


def family_memory(leader: int) -> float:
    """Return the resident memory of a process and all that it started in bytes, 0 where the system does not tell."""
    page = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
    return sum(_pages(one) for one in family_of(leader)) * page


def _pages(process: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int((LISTED / str(process) / "statm").read_text().split()[1])
    return 0


def end_family(leader: int) -> None:
    """Kill a process and all that it started: those that left its group as well."""
    others = family_of(leader) - {leader}
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg") and os.getpgid(leader) == leader:
            os.killpg(leader, signal.SIGKILL)
        else:
            _kill(leader)
    for one in others:
        _kill(one)


def descendants(leader: int) -> dict[int, str]:
    """Return what a process started and still runs: id and birth."""
    return {one: birth_of(one) for one in family_of(leader) - {leader}}


def end_stragglers(leader: int, known: dict[int, str]) -> None:
    """Kill what a process that has ended left running: its group, and those known to have been its descendants.

    They get a moment to end by themselves first, since some clear away what the process used.
    """
    patience = time.monotonic() + GRACE
    while (left := _left(leader, known)) and time.monotonic() < patience:
        time.sleep(0.02)
    for one in left:
        _kill(one)


def _left(leader: int, known: dict[int, str]) -> set[int]:
    group = family_of(leader) - {leader}
    return {one for one in group if birth_of(one)} | {
        one for one, birth in known.items() if birth and birth_of(one) == birth
    }


def _kill(process: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
