"""Raw tables: a file of any kind as a table of the engine, its values as they were written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from journeykit.clients import Client, CustomerSource, EventSource, GroupSource, LabelSource
from journeykit.clients.form import LinkSource
from journeykit.errors import DataError, JourneykitError
from journeykit.events.archives import is_packed, unpacked
from journeykit.events.databases import Database, database_file, is_database, read_database
from journeykit.events.files import file_digest, find_files
from journeykit.events.formats import kinds
from journeykit.events.formats.delimited import is_utf8, rewritten
from journeykit.events.nested import flatten
from journeykit.events.raw import RawFile

__all__ = ["digest", "read_raw", "read_some", "source_files"]


def source_files(
    client: Client, source: EventSource | CustomerSource | LabelSource | LinkSource | GroupSource
) -> list[RawFile | Database]:
    """Return the files, or the query, that a source stands for.

    Raises
    ------
    DataError
        When a file is missing or is not what its ending says.
    """
    if isinstance(source, LabelSource):
        return list(find_files(client.resolve(source.path)))
    if is_database(source.path):
        return [Database(source.path, source.query or "", client.folder)]
    keys = ("encoding", "delimiter", "header", "sheet")
    return list(find_files(client.resolve(source.path), **{key: getattr(source, key) for key in keys}))


def digest(raw: RawFile | Database) -> str:
    """Return the SHA-256 of a file, or of a query that a server answers."""
    if isinstance(raw, RawFile):
        return file_digest(raw.path)
    file = database_file(raw.url, raw.folder)
    return file_digest(file) if file else hashlib.sha256(f"{raw.name} {raw.query}".encode()).hexdigest()


def read_raw(connection: Any, raw: RawFile | Database, name: str) -> tuple[Any, list[int]]:
    """Read a file as a table of the engine, all columns as they stand; text columns of CSV stay text.

    What is nested is laid out in columns with a dot in their name (`flatten`).

    Returns
    -------
    table, malformed
        The ibis table with a column ``_row`` (from 1, the head and malformed rows not counted), and the numbers
        that the malformed rows have among all.

    Raises
    ------
    DataError
        When the file cannot be read as what it is.
    """
    malformed: list[int] = []
    try:
        with _plain(raw) as path:
            if isinstance(raw, Database):
                read_database(connection, raw, name)
            else:
                malformed = kinds()[raw.kind].read(connection, path, raw, name)
    except JourneykitError:
        raise
    except Exception as error:
        raise _unreadable(raw, error) from None
    flatten(connection, name)
    table = connection.table(name)
    return table, _apart(malformed, int(table.count().execute())) if malformed else []


def read_some(connection: Any, raw: RawFile, name: str, rows: int) -> bool:
    """Read a sample of the rows of a file as a table, always the same, and tell whether its format can."""
    some = kinds()[raw.kind].some
    if some is None:
        return False
    some(connection, raw, name, rows)
    flatten(connection, name)
    return True


def _apart(rows: list[int], good: int) -> list[int]:
    """Return the numbers of malformed rows, each its own and none beyond the last, as wild quotes can make them."""
    last, most, placed = 0, good + len(rows), []
    for left, row in zip(range(len(rows) - 1, -1, -1), sorted(rows), strict=True):
        last = min(max(row, last + 1), most - left)
        placed.append(last)
    return placed


@contextmanager
def _plain(raw: RawFile | Database) -> Iterator[Path | None]:
    """Give the file itself, or, when it is packed or not in UTF-8, a copy for as long as it is used."""
    with ExitStack() as stack:
        if isinstance(raw, Database):
            yield None
            return
        path = raw.path
        if is_packed(path):
            path = stack.enter_context(unpacked(path, raw.member, f".{raw.kind}"))
        if kinds()[raw.kind].text and (raw.above or not is_utf8(raw.encoding)):
            path = stack.enter_context(rewritten(path, raw.encoding, above=raw.above))
        yield path


def _unreadable(raw: RawFile | Database, error: Exception) -> DataError:
    lines = str(error).strip().splitlines() or [error.__class__.__name__]
    told = re.sub(r""" ?(in )?file ['"][^'"]*['"],?""", "", lines[0])
    kind = "a query" if isinstance(raw, Database) else raw.kind
    problem = f"the file cannot be read as {kind} ({told[:200]})"
    return DataError(problem, where=raw.where, remedy="export it again")
