"""From a raw table to the columns of a log: names, times, touchpoints, and a reason for what can't be used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from journeykit import engine
from journeykit.clients import Client, EventSource
from journeykit.errors import ClientFileError, unknown
from journeykit.events import expressions
from journeykit.events.elapsed import with_elapsed
from journeykit.events.formats.xes import XES_COLUMNS
from journeykit.events.names import LONGEST, named_touchpoint, with_channels
from journeykit.events.numbers import BESIDE, SAMPLE, read_currency, read_number, signs_in
from journeykit.events.orders import in_one_moment, told_once, with_standing
from journeykit.events.pages import with_clean_pages
from journeykit.events.shapes import holds, paired
from journeykit.events.texts import (
    OWN,
    are_pointed,
    are_salesforce,
    one_id,
    read_text,
    stripped_text,
    with_texts,
)
from journeykit.events.times import ELAPSED, read_time

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["IN_ORDER_LAST", "LOG_COLUMNS", "ROW", "by_row", "completed", "map_source", "row_ids"]

ROW = "row"  # as customer_id: every row is somebody else

TEXTS = (
    "customer_id account_id touchpoint channel session_id page content campaign product interaction referrer_id "
    "visitor_id order_id event_id status currency source"
).split()
IDS = ("customer_id", "visitor_id", "account_id", "session_id", "order_id", "referrer_id")
NAMES = ("customer_id", "visitor_id", "account_id", "session_id", "touchpoint", "channel")
_WHERE = ("channel", "source")
NUMBERS = ("value", "quantity", "cost", "rating")
LOG_COLUMNS = {
    "customer_id": "string", "account_id": "string", "timestamp": "timestamp", "touchpoint": "string",
    "channel": "string", "session_id": "string", "page": "string", "content": "string", "campaign": "string",
    "product": "string", "value": "float64", "quantity": "float64", "cost": "float64", "paid": "boolean",
    "interaction": "string", "rating": "float64", "referrer_id": "string", "source": "string", "order_id": "string",
    "currency": "string", "value_as_written": "float64", "line": "int64",
}  # fmt: skip
_MADE = ("line", "value_as_written")  # of all files together
MAPPED = {name: kind for name, kind in LOG_COLUMNS.items() if name not in _MADE} | {
    "visitor_id": "string", "event_id": "string", "status": "string",
}  # fmt: skip
IN_ORDER_LAST = "2000-12-31 12:00:00"  # of events that have an order and no times


@dataclass(frozen=True)
class _Raw:
    """A raw table, and what is needed to speak of its columns; ``file`` is without the texts made of them."""

    file: Any
    table: Any
    source: EventSource
    client: Client
    where: str
    notes: dict[str, Any]

    def column(self, name: str) -> ir.Value:
        if name not in self.table.columns or name == "_row":
            known = [column for column in self.table.columns if not column.startswith(OWN)]
            raise unknown("column", name, known, where=self.where, kind=ClientFileError)
        return self.table[name]

    def stripped(self, name: str) -> ir.Value:
        self.column(name)
        return stripped_text(self.table, name)

    def text(self, name: str) -> ir.StringValue:
        self.column(name)
        return read_text(self.table, name)

    def id(self, name: str) -> ir.StringValue:
        text = self.text(name)
        if not self.table[name].type().is_string():
            return one_id(text)
        some = self.sample(text)
        return one_id(text, are_pointed(text, some), are_salesforce(some))

    def sample(self, column: ir.Value) -> list[str]:
        rows = self.table.select(text=column).filter(lambda t: t.text.notnull()).limit(SAMPLE)
        return [str(text) for text in rows.execute()["text"]]


def map_source(
    table: Any, source: EventSource, client: Client, where: str, repeated: Any = None, notes: Any = None
) -> Any:
    """Return a raw table in the columns of a log, with ``row`` and, where a row is unusable, its ``reason``.

    Columns of which nothing is given are not there (`completed`).

    Parameters
    ----------
    table
        The raw table, with ``_row`` and perhaps ``_place``.
    source, client
        What the client file says of it.
    where
        The file's name, for errors.
    repeated
        A table of the rows that are equal to an earlier one (`journeykit.events.repeats`).
    notes
        A mapping that gets what all rows said of their form (`read_time`).

    Raises
    ------
    ClientFileError
        When the source names a column that the file does not have.
    DataError
        When none of the times can be read, or the touchpoint column holds too many names.
    """
    raw = _Raw(table, table, source, client, where, {} if notes is None else notes)
    _check_required(raw)
    raw = _with_elapsed(replace(raw, table=with_texts(table, _used(raw))))
    columns = {name: _mapped(raw, name) for name in MAPPED}
    values = {name: column for name, column in columns.items() if column is not None}
    spare = {name: ibis.null(kind) for name, kind in MAPPED.items() if name not in values}
    marks = {f"_written_{name}": _is_written(raw, name, values.get(name)) for name in NUMBERS}
    none = repeated is None or not repeated.count().execute()
    twice = ibis.literal(False) if none else raw.table["_row"].isin(repeated["row"])
    mapped = raw.table.select(
        row=raw.table["_row"], **values, **spare, **marks,
        _time_given=_is_given(raw, "timestamp"), _twice=twice, _head=_is_head(raw), _order=_text_of(raw, source.orders),
        _phase=_text_of(raw, source.lifecycle).lower(), _left_out=_left_out(raw),
    )  # fmt: skip
    if "page" in values and "page" not in source.constants:
        mapped = with_clean_pages(mapped, client.pages)
    mapped = with_standing(mapped, source) if "status" in values else mapped
    mapped = _with_reason(mapped, client)
    made = ()
    if {"channel", "source"} & set(values):
        mapped, made = with_channels(mapped, _written_channels(raw), client, where)
    mapped = paired(mapped) if source.lifecycle else mapped
    mapped = told_once(mapped, values) if "event_id" in values and not source.in_order else mapped
    mapped = in_one_moment(mapped) if source.orders else mapped
    made += ("session_id", "order_id") if source.orders else ()
    return mapped.select("row", "reason", *[name for name in MAPPED if name in values or name in made])


def _written_channels(raw: _Raw) -> Any:
    """Return the file's columns of a channel and a source, of those that there are."""
    constants = {
        name: ibis.literal(str(value)) for name, value in raw.source.constants.items() if name in _WHERE
    }
    forms = {name: _form(raw, name) for name in _WHERE if name not in constants}
    columns = {name: raw.file[str(form)] for name, form in forms.items() if form is not None} | constants
    return raw.file.select(**{name: columns[name] for name in _WHERE if name in columns})


def completed(mapped: Any) -> Any:
    """Return mapped rows with all columns of a log: those of which nothing is given are empty."""
    spare = {name: ibis.null(kind) for name, kind in MAPPED.items() if name not in mapped.columns}
    return mapped.mutate(**spare).select("row", "reason", *MAPPED)


def _left_out(raw: _Raw) -> ir.BooleanValue:
    """Tell where a touchpoint is one that the client file leaves out, by its raw name."""
    form = _form(raw, "touchpoint")
    out = [holds(raw.file, column, values, raw.where) for column, values in raw.source.without.items()]
    if raw.source.leave_out and form is not None and "touchpoint" not in raw.source.constants:
        out.append(raw.text(str(form)).isin(raw.source.leave_out).fill_null(False))
    return ibis.or_(*out) if out else ibis.literal(False)


def _text_of(raw: _Raw, name: str | None) -> ir.StringValue:
    return raw.text(name) if name else ibis.null("string")


def _used(raw: _Raw) -> list[str]:
    """Return the columns of the file that the source may name, in any way."""
    forms = [_form(raw, name) for name in MAPPED] + [raw.source.orders, raw.source.lifecycle]
    flat = [part for form in forms for part in (form.values() if isinstance(form, dict) else [form])]
    named = [part for part in flat if isinstance(part, str)]
    named += [
        part for text in named if expressions.is_expression(text) for part in expressions.columns_in(text)
    ]
    return [name for name in named if name in raw.table.columns]


def _place(table: Any) -> ir.IntegerValue:
    return table["_place"].cast("int64") if "_place" in table.columns else ibis.literal(1, "int64")


def by_row(source: EventSource, table: Any) -> bool:
    """Tell whether every row of a source is somebody else."""
    return source.columns.get("customer_id") == ROW and ROW not in table.columns


def row_ids(table: Any, where: str) -> ir.StringValue:
    """Return an id for every row of a file: the file's name and the row's number."""
    return ibis.literal(f"{Path(where).name.split('.')[0]}-") + table["_row"].cast("string")


def _is_head(raw: _Raw) -> ir.BooleanValue:
    """Tell where a row repeats the head, as in files that were pasted together."""
    forms = [raw.source.columns.get(name, name) for name in ("customer_id", "timestamp", "touchpoint")]
    named = [form for form in forms if isinstance(form, str) and form in raw.table.columns]
    texts = [name for name in named if raw.table[name].type().is_string()]
    if len(texts) < 2:
        return ibis.literal(False)
    return ibis.and_(*[raw.stripped(name) == name for name in texts]).fill_null(False)


def _check_required(raw: _Raw) -> None:
    given = {*raw.source.columns, *raw.source.constants, *(set(raw.table.columns) & set(LOG_COLUMNS))}
    given |= {name for name, usual in XES_COLUMNS.items() if usual in raw.table.columns}
    given |= {"customer_id"} if "visitor_id" in given else set()
    given |= {"timestamp", "touchpoint"} if raw.source.split and raw.source.in_order else set()
    _check_once(raw)
    for name in ("customer_id", "timestamp", "touchpoint"):
        if name not in given:
            known = ", ".join(column for column in raw.table.columns if column != "_row")[:300]
            remedy = f"add '{name}: …' under columns; the file has: {known}"
            if name == "customer_id":
                remedy += (
                    ". Needed is a column that is the same in all rows of one person, such as a customer number or "
                    "a visitor id; if every row is another person, write 'customer_id: row'"
                )
            raise ClientFileError(f"no column is named for {name!r}", where=raw.where, remedy=remedy)


def _check_once(raw: _Raw) -> None:
    """Refuse a column that seems to stand in the head twice, while the client file does not say which one counts."""
    for name in ("customer_id", "timestamp", "touchpoint", *NUMBERS):
        free = name not in raw.source.columns and name not in raw.source.constants
        if free and name in raw.table.columns and f"{name}_1" in raw.table.columns:
            problem = f"the file has two columns {name!r}"
            remedy = f"say under columns which one counts: '{name}: {name}' or '{name}: {name}_1'"
            raise ClientFileError(problem, where=raw.where, remedy=remedy)


def _mapped(raw: _Raw, name: str) -> ir.Value | None:
    """Return a column of the log as an expression over the raw table; None when nothing is given for it."""
    if name in raw.source.constants:
        value = raw.source.constants[name]
        return ibis.literal(value if name == "paid" else str(value) if name in TEXTS else value).cast(
            LOG_COLUMNS[name]
        )
    if name == "value" and raw.source.split and raw.source.split.conversions:
        sold = raw.text(raw.source.split.column) == "purchase"
        return sold.ifelse(raw.table["_worth"], ibis.null("float64"))
    form = _form(raw, name)
    if name == "customer_id" and by_row(raw.source, raw.table):
        return row_ids(raw.table, raw.where)
    if name == "timestamp" and raw.source.in_order:
        return _in_order(raw, form)
    if form is None:
        return _signs(raw) if name == "currency" else None
    if name == "timestamp":
        return _after_place(
            raw, read_time(form, raw.stripped, raw.client.timezone, raw.sample, raw.where, raw.notes)
        )
    if name in NUMBERS:
        return _number(raw, form)
    if name == "paid":
        return raw.column(str(form)).cast("string").lower().isin(["true", "1", "yes", "y", "ja", "paid", "t"])
    if name == "touchpoint":
        return named_touchpoint(raw.text(str(form)), raw.file[str(form)], raw.source, raw.client, raw.where)
    if name == "currency":
        return read_currency(raw.text(str(form)))
    return raw.id(str(form)) if name in IDS else raw.text(str(form))


def _with_elapsed(raw: _Raw) -> _Raw:
    """Return the raw table with the time since everybody's first event, where only the gaps between them are known."""
    form = _form(raw, "timestamp")
    if not isinstance(form, dict) or "gap" not in form:
        return raw
    step, gap = (read_number(raw.stripped(str(form[key])), raw.sample) for key in ("order", "gap"))
    return replace(raw, table=with_elapsed(raw.table, _mapped(raw, "customer_id"), step, gap, ELAPSED))


def _signs(raw: _Raw) -> ir.Value | None:
    """Return the currencies that stand beside the values, where any does."""
    form = _form(raw, "value")
    if not isinstance(form, str) or form not in raw.table.columns or not raw.column(form).type().is_string():
        return None
    if not any(sign for sign in signs_in(raw.sample(raw.stripped(form)))):
        return None
    return read_currency(raw.stripped(form).re_replace(BESIDE, ""), listed=True)


def _form(raw: _Raw, name: str) -> Any:
    """Return how a column is given: by the client file, by its own name, or by a standard's."""
    if name in raw.source.columns:
        return raw.source.columns[name]
    if name in raw.table.columns:
        return name
    if name == "touchpoint" and raw.source.split:
        return raw.source.split.column
    usual = XES_COLUMNS.get(name)
    return usual if usual in raw.table.columns else None


def _after_place(raw: _Raw, moment: ir.TimestampValue) -> ir.TimestampValue:
    """Return moments a second apart for the steps of a path, of which one moment is known."""
    if not raw.source.split:
        return moment
    return moment + (_place(raw.table) * 1_000_000).as_interval("us")


def _in_order(raw: _Raw, form: Any) -> ir.TimestampValue:
    """Return moments that carry an order and nothing else: a day apart, the last of everybody on one day."""
    who = _mapped(raw, "customer_id")
    last = ibis.literal(IN_ORDER_LAST).cast("timestamp")
    back = [ibis.desc(raw.table["_row"]), ibis.desc(_place(raw.table))]
    step = None if form is None else read_number(raw.stripped(str(form["order"])), raw.sample)
    back = back if step is None else [ibis.desc(step), *back]
    later = ibis.row_number().over(ibis.window(group_by=who, order_by=back))
    moment = last - (later.cast("int64") * 86_400_000_000).as_interval("us")
    return moment if step is None else step.notnull().ifelse(moment, ibis.null("timestamp"))


def _number(raw: _Raw, form: Any) -> ir.Value:
    text = str(form)
    if text in raw.table.columns or not expressions.is_expression(text):
        return read_number(raw.stripped(text), raw.sample, raw.notes)
    used = {
        name: read_number(raw.stripped(name), raw.sample, raw.notes) for name in expressions.columns_in(text)
    }
    return expressions.evaluate(text, used, where=raw.where).cast("float64")


def _is_given(raw: _Raw, name: str) -> ir.BooleanValue:
    form = _form(raw, name)
    parts = (
        {}
        if isinstance(form, str)
        else {key: part for key, part in (form or {}).items() if key != "zone_column"}
    )
    named = [form] if isinstance(form, str) else list(parts.values())
    filled = [_is_filled(raw, column) for column in named if column in raw.table.columns]
    return ibis.and_(*filled) if filled else ibis.literal(True)


def _is_filled(raw: _Raw, name: str) -> ir.BooleanValue:
    column = raw.column(name)
    if not column.type().is_string():
        return column.notnull()
    return (raw.stripped(name) != "").ifelse(True, column.strip() != "")


def _is_written(raw: _Raw, name: str, value: ir.Value | None) -> ir.BooleanValue:
    """Tell where something was written that is to be a number."""
    form = raw.source.columns.get(name, name)
    if name == "value" and raw.source.split and raw.source.split.conversions:
        return ibis.literal(False)  # it stands on the last step alone
    if value is None or str(form) not in raw.table.columns or not raw.column(str(form)).type().is_string():
        return ibis.literal(False)
    return raw.text(str(form)).notnull()


def _with_reason(mapped: Any, client: Client) -> Any:
    """Add the first reason for which a row can't be used; null when it can."""
    bad_number = ibis.or_(*[mapped[f"_written_{name}"] & mapped[name].isnull() for name in NUMBERS])
    given = mapped["_time_given"].fill_null(False)
    too_long = ibis.or_(*[engine.size(mapped[name]) > LONGEST for name in NAMES]).fill_null(False)
    not_text = ibis.or_(*[engine.has_nul(mapped[name]) for name in NAMES[:3]]).fill_null(False)
    reason = ibis.cases(
        (mapped["_head"], "head_again"),
        (too_long, "too_long"),
        (not_text, "not_text"),
        (mapped["customer_id"].isnull() & mapped["visitor_id"].isnull(), "no_customer"),
        (ibis.literal(client.setting == "b2b") & mapped["account_id"].isnull(), "no_account"),
        (mapped["timestamp"].isnull() & ~given, "no_time"),
        (mapped["timestamp"].isnull(), "time_unreadable"),
        (mapped["timestamp"] < ibis.timestamp("1970-01-02 00:00:00"), "before_1970"),
        (mapped["timestamp"] >= ibis.timestamp("2100-01-01 00:00:00"), "after_2099"),
        (mapped["touchpoint"].isnull(), "no_touchpoint"),
        (mapped["_left_out"].fill_null(False), "left_out"),
        (mapped["_test"] if "_test" in mapped.columns else ibis.literal(False), "test_order"),
        (bad_number, "not_a_number"),
        (mapped["_twice"], "duplicate"),
        else_=ibis.null("string"),
    )
    return mapped.mutate(reason=reason)
