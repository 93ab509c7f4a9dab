"""How far the learning of personas is, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["PARTS", "telling"]

PARTS = ("directions", "number", "chance", "stability")


@contextmanager
def telling(shown: bool, stream: Any = None) -> Iterator[Callable[[str], None]]:
    """Yield what tells that a part is begun: one line that is rewritten on a terminal, else a line per part.

    Examples
    --------
    >>> with telling(True, sys.stdout) as tell:
    ...     tell("directions")
    personas: 1/4 directions
    """
    stream = stream or sys.stderr
    terminal = shown and stream.isatty()

    def tell(part: str) -> None:
        if shown:
            line = f"personas: {PARTS.index(part) + 1}/{len(PARTS)} {part}"
            print(f"\r{line:32}" if terminal else line, end="" if terminal else "\n", file=stream, flush=True)

    try:
        yield tell
    finally:
        if terminal:
            print(f"\r{'':32}\r", end="", file=stream, flush=True)
