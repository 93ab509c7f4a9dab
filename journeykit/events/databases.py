"""Databases: the rows of a query, through a connection URL."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journeykit.errors import ClientFileError, DataError

__all__ = ["Database", "database_file", "is_database", "read_database", "without_password"]

_URL = re.compile(r"^(duckdb|sqlite|postgres|postgresql)://")
_BLANK = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Database:
    """A database and the query whose rows are read."""

    url: str
    query: str
    folder: Path = Path()
    kind: str = "database"

    @property
    def name(self) -> str:
        """The name by which it is spoken of."""
        return without_password(self.url)

    @property
    def where(self) -> str:
        """The same: a URL without the password."""
        return self.name


def is_database(path: str) -> bool:
    """Tell whether a path is the connection URL of a database.

    Examples
    --------
    >>> is_database("sqlite:///shop.db"), is_database("../raw/shop.csv")
    (True, False)
    """
    return bool(_URL.match(path))


def without_password(url: str) -> str:
    """Return a URL as it may be printed.

    Examples
    --------
    >>> without_password("postgres://ann:secret@host/shop")
    'postgres://ann:…@host/shop'
    """
    return re.sub(r"(://[^/@:]*):[^@]*@", r"\1:…@", url)


def database_file(url: str, folder: Path) -> Path | None:
    """Return the file that a URL of DuckDB or SQLite stands for; None for a server.

    Examples
    --------
    >>> database_file("sqlite:///../raw/shop.db", Path("/data/clients")).as_posix()
    '/data/raw/shop.db'
    """
    found = re.match(r"^(?:duckdb|sqlite):///?(.+)$", url)
    return Path(os.path.normpath(folder / found[1])) if found else None


def read_database(connection: Any, raw: Database, name: str) -> None:
    """Read the rows of a query into a table; the database is opened for reading only, where it is a file.

    ``${NAME}`` in the URL stands for an environment variable, so that no password need stand in a client file.

    Raises
    ------
    ClientFileError
        When an environment variable is not set.
    DataError
        When the database or the query cannot be read.
    """
    import ibis

    file = database_file(raw.url, raw.folder)
    if file is not None and not file.is_file():
        raise DataError("there is no such database", where=file, remedy="correct 'path' in the client file")
    try:
        if file is None:
            other = ibis.connect(_filled(raw))
        elif raw.url.startswith("duckdb"):
            other = ibis.duckdb.connect(str(file), read_only=True)
        else:
            other = ibis.sqlite.connect(str(file))
        rows = other.sql(raw.query).to_pyarrow()
    except ClientFileError:
        raise
    except Exception as error:
        first = (str(error).strip().splitlines() or [error.__class__.__name__])[0][:200]
        problem = f"the query cannot be read ({without_password(first)})"
        raise DataError(problem, where=raw.where, remedy="correct 'path' or 'query'") from None
    connection.create_table("queried_rows", rows, overwrite=True)
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER () AS _row, * FROM "queried_rows"'
    )
    connection.drop_table("queried_rows")
    other.disconnect()


def _filled(raw: Database) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            problem = f"the environment variable {match[1]!r} is not set"
            raise ClientFileError(problem, where=raw.where, remedy=f"set {match[1]} before starting")
        return os.environ[match[1]]

    return _BLANK.sub(value, raw.url)
