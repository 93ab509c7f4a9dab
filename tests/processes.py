"""What the tests look for among the machine's processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["LAST_RESORT", "end_left_over", "ended", "left_over", "until"]

LAST_RESORT = 1800  # seconds: no result hangs on it, only that a test which waits for nothing ends at all


def left_over(folder: Path) -> list[str]:
    """Return the processes with a folder of the test in their command line: those that a hanging report started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except OSError:
            continue
        found += [str(entry)] if bytes(folder) in words else []
    return found


def end_left_over(folder: Path) -> None:
    """End the processes with a folder of the test in their command line: a failure takes no other test along."""
    for entry in left_over(folder):
        with suppress(OSError, ValueError):
            os.kill(int(Path(entry).parent.name), signal.SIGKILL)


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds, however long a loaded machine takes for it."""
    last = time.monotonic() + LAST_RESORT
    while not holds():
        assert time.monotonic() < last, "it did not come to be"
        time.sleep(0.05)


@contextmanager
def ended(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """Give a process that leads a group of its own, and end the whole group, whatever became of the test."""
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
