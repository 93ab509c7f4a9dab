"""What the tests look for among the machine's processes."""

from __future__ import annotations

from pathlib import Path

__all__ = ["left_over"]


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
