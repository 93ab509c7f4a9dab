"""What is nested in a table, laid out in columns: structs, and lists of keys with values."""

from __future__ import annotations

from typing import Any

__all__ = ["explode", "flatten"]

_DEEPEST, _MOST_KEYS = 6, 300
_KEY, _VALUE = ("key", "name"), ("value", "values")


def flatten(connection: Any, name: str) -> None:
    """Lay out a table's nested columns, in place.

    A struct becomes a column per field, ``device.category``. A list of keys with values, as Google Analytics
    writes ``event_params``, becomes a column per key, ``event_params.page_location``, with the one value that is
    filled, as text. Other lists stay.
    """
    for _ in range(_DEEPEST):
        kinds = dict(connection.table(name).schema().items())
        if not any(kind.is_struct() or _is_keyed(kind) for kind in kinds.values()):
            return
        parts = [part for column, kind in kinds.items() for part in _parts(connection, name, column, kind)]
        _replace(connection, name, ", ".join(parts))


def explode(connection: Any, name: str, column: str) -> None:
    """Give each element of a list in a column a row of its own, in place, with ``_place`` from 1.

    What is nested in the elements is laid out. Rows whose list is empty stay, with nothing in the column.
    """
    quoted = _quoted(column)
    kind = connection.table(name).schema()[column]
    if kind.is_string():
        quoted = f"CAST(json_extract({quoted}, '$[*]') AS VARCHAR[])"
    rest = ", ".join(_quoted(one) for one in connection.table(name).columns if one != column)
    ordered = f"CASE WHEN len({quoted}) > 0 THEN {quoted} ELSE [NULL] END"
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT {rest}, unnest({ordered}) AS {_quoted(column)}, '
        f'unnest(range(1, greatest(len({quoted}), 1) + 1)) AS _place FROM "{name}"'
    )
    flatten(connection, name)


def _is_keyed(kind: Any) -> bool:
    """Tell whether a type is a list of keys with values, or a map."""
    if kind.is_map():
        return True
    if not (kind.is_array() and kind.value_type.is_struct()):
        return False
    names = set(kind.value_type.names)
    return len(names) == 2 and bool(names & set(_KEY)) and bool(names & set(_VALUE))


def _parts(connection: Any, name: str, column: str, kind: Any) -> list[str]:
    quoted = _quoted(column)
    if kind.is_struct():
        return [f"{quoted}.{_quoted(field)} AS {_quoted(f'{column}.{field}')}" for field in kind.names]
    if not _is_keyed(kind):
        return [quoted]
    entries, key, value = quoted, "key", "value"
    inside = kind.value_type
    if kind.is_map():
        entries = f"map_entries({quoted})"
    else:
        key = next(word for word in _KEY if word in inside.names)
        value = next(word for word in _VALUE if word in inside.names)
        inside = inside[value]
    found = connection.raw_sql(
        f'SELECT word, count(*) FROM (SELECT unnest({entries}).{key} AS word FROM "{name}") '
        f"WHERE word IS NOT NULL GROUP BY word ORDER BY 2 DESC, 1 LIMIT {_MOST_KEYS}"
    ).fetchall()
    return [_of_key(entries, key, value, inside, str(word), column) for word, _ in found]


def _of_key(entries: str, key: str, value: str, inside: Any, word: str, column: str) -> str:
    """Return the value of one key as text; of a value with a field per type the one that is filled."""
    literal = word.replace("'", "''")
    found = f"list_filter({entries}, lambda one: one.{key} = '{literal}')[1].{value}"
    if inside.is_struct():
        fields = [f"CAST({found}.{_quoted(field)} AS VARCHAR)" for field in inside.names]
        found = f"coalesce({', '.join(fields)})" if len(fields) > 1 else fields[0]
    return f"CAST({found} AS VARCHAR) AS {_quoted(f'{column}.{word}')}"


def _replace(connection: Any, name: str, selected: str) -> None:
    connection.raw_sql(f'CREATE OR REPLACE TABLE "{name}" AS SELECT {selected} FROM "{name}"')


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
