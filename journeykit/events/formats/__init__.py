"""Formats of files: each a module of this folder that says by which endings it is known and how it is read.

A module registers itself by its ``FORMAT``. Nothing else names it: not the reading, not the draft, not the docs' list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from journeykit.events.raw import RawFile

__all__ = ["Asked", "Format", "formats", "kinds"]


@dataclass(frozen=True)
class Asked:
    """What a client file says of how a file is to be read; None is to be found out. ``member``: of a zip."""

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    sheet: str | None = None
    member: str | None = None


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes
    ----------
    kind, endings
        Its name, and the endings by which it is known, with their point.
    read
        Called with a connection, the file's path, the `RawFile` and the name of the table to make. The table has the
        file's columns as they stand, and ``_row``, the number of each row from 1. Returns the numbers of rows that are
        malformed, among all.
    look
        Called with the path, the ending, the first bytes and what is `Asked`; returns the `RawFile`.
    magic
        The bytes with which every file of it begins.
    starts
        With one of which its text begins, after blanks.
    text
        Whether it is text, read in UTF-8: one in another encoding is given as a copy.
    lines
        Whether a part of its lines can be read alone, as a sample.
    some
        Reads a sample of the rows of a large one: a connection, the `RawFile`, the table's name, how many rows.
    left_out
        Returns what of a file is not read, in words.
    """

    kind: str
    endings: tuple[str, ...]
    read: Callable[[Any, Path, RawFile, str], list[int]]
    look: Callable[[Path, str, bytes, Asked], RawFile] | None = None
    magic: bytes = b""
    starts: tuple[bytes, ...] = ()
    text: bool = False
    lines: bool = False
    some: Callable[[Any, RawFile, str, int], None] | None = None
    left_out: Callable[[Path], list[str]] | None = None


@cache
def kinds() -> dict[str, Format]:
    """Return the formats that are read, by their kind.

    Examples
    --------
    >>> kinds()["parquet"].endings
    ('.parquet', '.pq')
    """
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    found = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {one.kind: one for one in found}


def formats() -> dict[str, Format]:
    """Return the formats that are read, by each of their endings.

    Examples
    --------
    >>> formats()[".xlsm"].kind
    'excel'
    """
    return {ending: one for one in kinds().values() for ending in one.endings}
