"""Shapes: rows that tell of several events, or events that stand in several rows, laid out one event a row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import ibis

from journeykit import engine
from journeykit.clients.form import EventSource, Moment, Split
from journeykit.errors import ClientFileError, unknown
from journeykit.events.nested import explode
from journeykit.events.numbers import SAMPLE, read_number

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["events_of_rows", "holds", "in_one_column", "lay_out", "paired"]

_COMPARED = re.compile(r"^\s*(<=|>=|<|>|=)\s*(-?[\d.]+)\s*$")
_FILLED = tuple(
    "customer_id account_id timestamp channel campaign session_id referrer_id order_id status currency source".split()
)


def lay_out(connection: Any, name: str, source: EventSource, where: str) -> Any:
    """Return the raw table with one row an event: lists and paths taken apart, blanks of order lines filled.

    Rows keep the number of their line in ``_row``; where a line gave several, ``_place`` counts them from 1.

    Raises
    ------
    ClientFileError
        When the source names a column that the file does not have.
    """
    split = source.split
    parts = (split.column, split.conversions, split.nulls, split.value) if split else ()
    for column in filter(None, (source.explode, *parts, source.fill_by)):
        _check(connection.table(name), column, where)
    if source.explode:
        explode(connection, name, source.explode)
    if source.split:
        if source.split.conversions or source.split.nulls:
            _repeat(connection, name, source.split)
        _split(connection, name, source.split.column, source.split.by)
    if source.fill_by:
        _fill(connection, name, source)
    return connection.table(name)


def in_one_column(connection: Any, name: str, source: EventSource, where: str) -> tuple[Any, EventSource]:
    """Return the raw table with a column for each ``first_of``, the first of several that is filled; and its source."""
    forms = {
        key: form["first_of"]
        for key, form in source.columns.items()
        if isinstance(form, dict) and "first_of" in form
    }
    columns = dict(source.columns)
    for key, named in forms.items():
        for column in named:
            _check(connection.table(name), column, where)
        columns[key] = made = " or ".join(named)
        parts = ", ".join(f"nullif(trim(CAST({_quoted(column)} AS VARCHAR)), '')" for column in named)
        connection.raw_sql(
            f'CREATE OR REPLACE TABLE "{name}" AS SELECT *, coalesce({parts}) AS {_quoted(made)} FROM "{name}"'
        )
    return connection.table(name), source.model_copy(update={"columns": columns}) if forms else source


def _check(table: Any, column: str, where: str) -> None:
    if column not in table.columns:
        known = [name for name in table.columns if not name.startswith("_")]
        raise unknown("column", column, known, where=where, kind=ClientFileError)


def _repeat(connection: Any, name: str, split: Split) -> None:
    """Make a row of every journey of a path that many went: those who bought end in a purchase, which has its value.

    The value of a line is that of all its purchases together, and each has an equal part.
    """
    path, by = _quoted(split.column), split.by.replace("'", "''")
    sold = _whole(split.conversions) if split.conversions else "0"
    worth = (
        f"try_cast({_quoted(split.value)} AS DOUBLE) / nullif({sold}, 0)"
        if split.value
        else "CAST(NULL AS DOUBLE)"
    )
    ends = [(f"{path} || '{by}purchase'", worth, sold)] if split.conversions else []
    if split.nulls:
        ends.append((path, "CAST(NULL AS DOUBLE)", _whole(split.nulls)))
    parts = [
        f"SELECT {place} AS _end, unnest(range(coalesce({count}, 0))) AS _turn, {told} AS _path, {value} AS _worth, "
        f'* FROM "{name}"'
        for place, (told, value, count) in enumerate(ends)
    ]
    rows = "row_number() OVER (ORDER BY _row, _end, _turn) AS _row"
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT {rows}, _path AS {path}, '
        f"* EXCLUDE (_end, _turn, _path, _row, {path}) FROM ({' UNION ALL '.join(parts)})"
    )


def _whole(column: str | None) -> str:
    return f"greatest(try_cast(try_cast({_quoted(column)} AS DOUBLE) AS BIGINT), 0)"


def _quoted(column: str | None) -> str:
    return '"' + str(column).replace('"', '""') + '"'


def _split(connection: Any, name: str, column: str, by: str) -> None:
    """Give every step of a path a row; a path is written ``A > B > C`` or ``home-pricing-checkout``."""
    table = connection.table(name)
    steps = table[column].cast("string").split(by)
    made = table.mutate(**{column: steps})
    connection.create_table(f"{name}_split", made, overwrite=True)
    connection.raw_sql(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM "{name}_split"')
    connection.drop_table(f"{name}_split")
    explode(connection, name, column)


def _fill(connection: Any, name: str, source: EventSource) -> None:
    """Give the lines of an order the texts of its first line, where they are blank; never its numbers."""
    table = connection.table(name)
    forms = [source.columns[key] for key in _FILLED if key in source.columns]
    forms += [moment.timestamp for moment in source.moments]
    named = {value for form in forms for value in (form.values() if isinstance(form, dict) else [form])}
    window = ibis.window(group_by=source.fill_by, order_by="_row")
    filled = {}
    for column in table.columns:
        if column in named and column not in ("_row", source.fill_by):
            text = table[column]
            known = text.strip().nullif("") if text.type().is_string() else text
            filled[column] = ibis.coalesce(known, known.first().over(window))
    connection.create_table(f"{name}_filled", table.mutate(**filled), overwrite=True)
    connection.raw_sql(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM "{name}_filled"')
    connection.drop_table(f"{name}_filled")


def events_of_rows(table: Any, source: EventSource, where: str) -> list[tuple[Any, EventSource]]:
    """Return the rows of each of a source's moments, and the source that reads them; the rest comes last.

    Without ``moments`` all rows are events of the source itself. The rest are rows that tell of none.
    """
    if not source.moments:
        return [(table, source)]
    marks = {f"_moment_{at}": _tells(table, moment, where) for at, moment in enumerate(source.moments)}
    marked = table.mutate(**marks)
    parts = [
        (marked.filter(marked[mark]).drop(*marks), _source_of(source, moment))
        for mark, moment in zip(marks, source.moments, strict=True)
    ]
    none = ~ibis.or_(*[marked[mark] for mark in marks])
    return [*parts, (marked.filter(none).drop(*marks), source)]


def _source_of(source: EventSource, moment: Moment) -> EventSource:
    """Return the source that reads one moment of its rows."""
    columns = {**source.columns, **moment.columns}
    columns.pop("touchpoint", None)
    if moment.timestamp is not None:
        columns["timestamp"] = moment.timestamp
    if moment.quantity is not None:
        columns["quantity"] = moment.quantity
    constants = {**source.constants, **moment.constants, "touchpoint": moment.touchpoint}
    return source.model_copy(update={"columns": columns, "constants": constants, "moments": []})


def _tells(table: Any, moment: Moment, where: str) -> ir.BooleanValue:
    """Tell of each row whether it tells of a moment: its date and count are filled, its conditions hold."""
    tests = [holds(table, column, wanted, where) for column, wanted in moment.when.items()]
    form = moment.timestamp
    dated = [form] if isinstance(form, str) else [v for v in (form or {}).values() if v in table.columns]
    for column in dated:
        _check(table, column, where)
        tests.append(_filled(table[column]))
    if moment.quantity is not None:
        _check(table, moment.quantity, where)
        tests.append(_number(table[moment.quantity]) > 0)
    return ibis.and_(*tests).fill_null(False) if tests else ibis.literal(True)


def holds(table: Any, column: str, wanted: list[Any], where: str) -> ir.BooleanValue:
    """Tell where a column has one of the values wanted: a value, ``C*``, ``> 0``, or null for an empty one.

    Raises
    ------
    ClientFileError
        When the file does not have the column.
    """
    _check(table, column, where)
    return ibis.or_(*[_matches(table[column], value) for value in wanted])


def _matches(column: ir.Value, value: Any) -> ir.BooleanValue:
    if value is None:
        return ~_filled(column)
    text = column.cast("string").strip()
    if isinstance(value, str) and (compared := _COMPARED.match(value)):
        number, limit = _number(column), float(compared[2])
        sign = compared[1]
        return {
            "<": number < limit, ">": number > limit, "<=": number <= limit, ">=": number >= limit,
            "=": number == limit,
        }[sign].fill_null(False)  # fmt: skip
    if isinstance(value, str) and "*" in value:
        return text.re_search("^" + ".*".join(map(re.escape, value.split("*"))) + "$").fill_null(False)
    if isinstance(value, bool):
        yes, no = ["true", "1", "yes", "ja"], ["false", "0", "no", "nee"]
        return text.lower().isin(yes if value else no).fill_null(False)
    if isinstance(value, int | float):
        return (_number(column) == float(value)).fill_null(False)
    return (text == value).fill_null(False)


def _filled(column: ir.Value) -> ir.BooleanValue:
    return (column.strip().length() > 0).fill_null(False) if column.type().is_string() else column.notnull()


def _number(column: ir.Value) -> ir.FloatingValue:
    """Return a column as numbers, as they are written: the same as for a value."""

    def sample(texts: ir.Value) -> list[str]:
        some = texts.name("text").as_table()
        return [str(text) for text in some.filter(some["text"].notnull()).limit(SAMPLE).execute()["text"]]

    return read_number(engine.stripped(column) if column.type().is_string() else column, sample)


def paired(mapped: Any) -> Any:
    """Make one event of a start and its completion: the n-th of one belongs to the n-th of the other."""
    good, phase = mapped["reason"].isnull(), mapped["_phase"]
    ours = [mapped["customer_id"], mapped["touchpoint"]]
    starts = (good & (phase == "start")).sum().over(ibis.window(group_by=ours))
    turn = ibis.row_number().over(
        ibis.window(group_by=[*ours, phase, good], order_by=[mapped["timestamp"], mapped["row"]])
    )
    ends = good & (phase == "complete") & (turn < starts)
    other = good & phase.notnull() & ~phase.isin(["start", "complete"])
    reason = ibis.cases((ends, "end_of_pair"), (other, "other_lifecycle"), else_=mapped["reason"])
    return mapped.mutate(reason=reason)
