"""Queries of databases: one SELECT that reads tables, and nothing that writes, sets or reaches a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from journeykit.clients.faults import fault as _fault

__all__ = ["Query", "check_query"]

_REMEDY = "write one SELECT over the tables of the database, such as SELECT customer, ordered_at FROM orders"
_BEGINS = ("SELECT", "WITH", "FROM", "L_PAREN")
_NO_READING = (
    "Insert Update Delete Merge Create Drop Alter Into Copy Attach Detach Pragma Set Use Install Command"
).split()
# functions in place of a table that read no more than what they are given
_TABLES = frozenset(
    "unnest generate_series range generate_subscripts json_each json_tree jsonb_each json_array_elements "
    "jsonb_array_elements json_to_recordset jsonb_to_recordset regexp_split_to_table string_to_table".split()
)
_REACHES_OUT = re.compile(
    r"read_\w+|\w+_scan|glob|sniff_csv|getenv|query|query_table|load_extension|readfile|writefile|edit|"
    r"pg_(read|ls|stat_file|file|terminate|cancel|reload|rotate|promote|switch|create|drop|logical|replication)\w*|"
    r"lo_\w+|dblink\w*|set_config|setval|nextval|\w*_to_xml\w*|fts3_tokenizer"
)
_FILE = re.compile(r"[/\\*]|^\w+:")


def check_query(query: str | None, path: str) -> str | None:
    """Return a query that only reads the tables of its database.

    Parameters
    ----------
    query
        SQL of the database that `path`, its connection URL, begins with.

    Raises
    ------
    PydanticCustomError
        When it is not one SELECT, or has a part that writes, changes a setting or reaches a file or server.

    Examples
    --------
    >>> check_query("SELECT who, paid FROM orders;", "sqlite:///shop.db")
    'SELECT who, paid FROM orders;'
    >>> check_query("DROP TABLE orders", "sqlite:///shop.db")
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.PydanticCustomError: the query is no SELECT: it begins with 'DROP'|write one ...
    """
    from sqlglot.errors import SqlglotError

    if query is None or "://" not in path:
        return query
    dialect = path.partition(":")[0].replace("postgresql", "postgres")
    try:
        fault = next(_faults(query, dialect), None)
    except SqlglotError as error:
        fault = f"the query cannot be read ({str(error).splitlines()[0][:120]})"
    if fault:
        raise _fault(fault, _REMEDY)
    return query


def _checked(query: str | None, info: ValidationInfo) -> str | None:
    return check_query(query, str(info.data.get("path", "")))


Query = Annotated[str | None, AfterValidator(_checked)]


def _faults(query: str, dialect: str) -> Iterator[str]:
    """Yield what a query has that reading tables does not need."""
    import sqlglot

    tokens = sqlglot.tokenize(query, dialect=dialect)
    ends = [place for place, token in enumerate(tokens) if token.token_type.name == "SEMICOLON"]
    if not tokens or tokens[0].token_type.name not in _BEGINS:
        yield f"the query is no SELECT: it begins with {tokens[0].text if tokens else ''!r}"
    elif ends and len(tokens) - ends[0] > len(ends):
        yield f"the query has a second statement: {tokens[ends[0] + 1].text!r}"
    else:
        yield from _parts(sqlglot.parse(query, dialect=dialect)[0])


def _parts(parsed) -> Iterator[str]:
    from sqlglot import exp

    if not isinstance(parsed, exp.Query):
        yield "the query is no SELECT"
        return
    for part in parsed.walk():
        if type(part).__name__ in _NO_READING:
            yield f"the query does more than read: {type(part).__name__.upper()}"
        elif isinstance(part, exp.Table) and _FILE.search(part.name):
            yield f"the query reads a file: {part.name!r}"
        elif isinstance(part, exp.Func):
            name = (part.name if isinstance(part, exp.Anonymous) else part.sql_name()).lower()
            in_place = isinstance(part.parent, exp.Table) and name not in _TABLES
            if in_place or (_REACHES_OUT.fullmatch(name) and not isinstance(part, exp.Glob)):
                yield f"the query may not use {name}(), which can reach files or settings"
