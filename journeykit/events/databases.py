"""Databases: the rows of a query, through a connection URL."""

from __future__ import annotations

import os
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journeykit.errors import ClientFileError, DataError

__all__ = ["Database", "database_file", "is_database", "read_database", "without_password"]

_URL = re.compile(r"^(duckdb|sqlite|postgres|postgresql)://")
_BLANK = re.compile(r"\$\{(\w+)\}")
_PLAIN = frozenset({
    "smallint", "integer", "bigint", "real", "double precision", "numeric", "boolean", "text", "character varying",
    "date", "timestamp without time zone", "timestamp with time zone",
})  # fmt: skip


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
    file = database_file(raw.url, raw.folder)
    if file is not None and not file.is_file():
        raise DataError("there is no such database", where=file, remedy="correct 'path' in the client file")
    try:
        other = _opened(raw, file)
        rows = _rows(other, raw.query)
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


def _opened(raw: Database, file: Path | None) -> Any:
    """Connect for reading only: no writing, no other file and no other server, whatever a query asks for."""
    import ibis

    if file is None:
        server = ibis.connect(_filled(raw))
        server.con.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        return server
    if raw.url.startswith("sqlite"):
        found = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        backend = ibis.sqlite.from_connection(found)
        found.set_authorizer(_only_reading)
        return backend
    embedded = ibis.duckdb.connect(str(file), read_only=True)
    for setting in ("enable_external_access = false", "lock_configuration = true"):
        embedded.raw_sql(f"SET {setting}")
    return embedded


def _rows(other: Any, query: str) -> Any:
    """Return the rows of a query as Arrow."""
    return (_rows_of_postgres if other.name == "postgres" else _rows_of_file)(other, query)


def _rows_of_file(other: Any, query: str) -> Any:
    return other.sql(query).to_pyarrow()


def _rows_of_postgres(other: Any, query: str) -> Any:
    """Ask for the types without making a view, which a read-only transaction cannot; the odd ones come as text."""
    import ibis
    from ibis.backends.sql.datatypes import PostgresType

    inner = f"(\n{query.strip().rstrip(';')}\n) AS queried"
    with other.con.cursor() as cursor:
        found = cursor.execute(f"SELECT * FROM {inner} LIMIT 0").description
        asked = ", ".join(["format_type(%s, NULL)"] * len(found))
        kinds = cursor.execute(f"SELECT {asked}", [column.type_code for column in found]).fetchone()
    schema, parts = {}, []
    for column, kind in zip(found, kinds, strict=True):
        name = '"' + column.name.replace('"', '""') + '"'
        schema[column.name] = PostgresType.from_string(kind if kind in _PLAIN else "text", nullable=True)
        parts.append(name if kind in _PLAIN else f"{name}::text AS {name}")
    return other.sql(f"SELECT {', '.join(parts)} FROM {inner}", schema=ibis.schema(schema)).to_pyarrow()


def _only_reading(
    action: int, first: str | None, second: str | None, place: str | None, _: str | None
) -> int:
    """Tell SQLite what a query may do: read, and make the passing view in which ibis sees the types of columns.

    For such a view SQLite asks leave to change its list of tables; that of the file, opened for reading, cannot be.
    """
    reads = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_TRANSACTION,
             sqlite3.SQLITE_CREATE_TEMP_VIEW, sqlite3.SQLITE_DROP_TEMP_VIEW)  # fmt: skip
    changes = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)
    allowed = (
        action in reads
        or (action == sqlite3.SQLITE_FUNCTION and second not in ("load_extension", "fts3_tokenizer"))
        or (action in changes and (place == "temp" or first == "sqlite_master"))
        or (action == sqlite3.SQLITE_PRAGMA and first in ("table_info", "table_xinfo"))
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _filled(raw: Database) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            problem = f"the environment variable {match[1]!r} is not set"
            raise ClientFileError(problem, where=raw.where, remedy=f"set {match[1]} before starting")
        return os.environ[match[1]]

    return _BLANK.sub(value, raw.url)
