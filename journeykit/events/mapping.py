"""From a raw table to the columns of a log: names, times, touchpoints, and a reason for what can't be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from journeykit import engine
from journeykit.clients import Client, EventSource
from journeykit.clients.form import safe_touchpoint
from journeykit.errors import ClientFileError, DataError, unknown
from journeykit.events import expressions
from journeykit.events.times import read_time
from journeykit.touchpoints import safe_identifier

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["LOG_COLUMNS", "map_source"]

TEXTS = (
    "customer_id account_id touchpoint channel session_id page content campaign product interaction referrer_id"
).split()
NUMBERS = ("value", "quantity", "cost", "rating")
LOG_COLUMNS = {
    "customer_id": "string", "account_id": "string", "timestamp": "timestamp", "touchpoint": "string",
    "channel": "string", "session_id": "string", "page": "string", "content": "string", "campaign": "string",
    "product": "string", "value": "float64", "quantity": "float64", "cost": "float64", "paid": "boolean",
    "interaction": "string", "rating": "float64", "referrer_id": "string",
}  # fmt: skip
_NOTHING = ("", "nan", "none", "null", "na", "n/a", "<na>")
_MOST_TOUCHPOINTS = 5_000
_SAMPLE = 2_000


@dataclass(frozen=True)
class _Raw:
    """A raw table, and what is needed to speak of its columns."""

    table: Any
    source: EventSource
    client: Client
    where: str

    def column(self, name: str) -> ir.Value:
        if name not in self.table.columns or name == "_row":
            known = [column for column in self.table.columns if column != "_row"]
            raise unknown("column", name, known, where=self.where, kind=ClientFileError)
        return self.table[name]

    def sample(self, column: ir.Value) -> list[str]:
        rows = self.table.select(text=column).filter(lambda t: t.text.notnull()).limit(_SAMPLE)
        return [str(text) for text in rows.execute()["text"]]


def map_source(table: Any, source: EventSource, client: Client, where: str) -> Any:
    """Return a raw table in the columns of a log, with ``row`` and, where a row is unusable, its ``reason``.

    Raises
    ------
    ClientFileError
        When the source names a column that the file does not have.
    DataError
        When none of the times can be read, or the touchpoint column holds too many names.
    """
    raw = _Raw(table, source, client, where)
    _check_required(raw)
    columns = {name: _mapped(raw, name) for name in LOG_COLUMNS}
    values = {name: column for name, column in columns.items() if column is not None}
    spare = {name: ibis.null(kind) for name, kind in LOG_COLUMNS.items() if name not in values}
    marks = {f"_bad_{name}": _unreadable_number(raw, name, values.get(name)) for name in NUMBERS}
    time_given = _is_given(raw, "timestamp")
    mapped = table.select(
        row=table["_row"], **values, **spare, **marks, _time_given=time_given, _twice=_is_repeated(table)
    )
    return _with_reason(mapped, client).select("row", "reason", *LOG_COLUMNS)


def _is_repeated(table: Any) -> ir.BooleanValue:
    """Tell of each row whether an earlier one is equal in every column of the file."""
    connection = table.get_backend()
    data = [table[name] for name in table.columns if name != "_row"]
    hashed = table.select(row=table["_row"], hash=engine.row_hash(data))
    place = ibis.row_number().over(ibis.window(group_by=hashed["hash"], order_by=hashed["row"]))
    later = hashed.mutate(place=place).filter(lambda t: t["place"] > 0).select("row")
    repeated = connection.create_table("repeated_rows", later, overwrite=True)
    return table["_row"].isin(repeated["row"])


def _check_required(raw: _Raw) -> None:
    given = {*raw.source.columns, *raw.source.constants, *(set(raw.table.columns) & set(LOG_COLUMNS))}
    required = ["customer_id", "timestamp", "touchpoint"]
    for name in required:
        if name not in given:
            known = ", ".join(column for column in raw.table.columns if column != "_row")[:300]
            remedy = f"add '{name}: …' under columns; the file has: {known}"
            raise ClientFileError(f"no column is named for {name!r}", where=raw.where, remedy=remedy)


def _mapped(raw: _Raw, name: str) -> ir.Value | None:
    """Return a column of the log as an expression over the raw table; None when nothing is given for it."""
    if name in raw.source.constants:
        value = raw.source.constants[name]
        return ibis.literal(value if name == "paid" else str(value) if name in TEXTS else value).cast(
            LOG_COLUMNS[name]
        )
    form = raw.source.columns.get(name, name if name in raw.table.columns else None)
    if form is None:
        return None
    if name == "timestamp":
        return read_time(form, raw.column, raw.client.timezone, raw.sample, raw.where)
    if name in NUMBERS:
        return _number(raw, form)
    if name == "paid":
        return raw.column(str(form)).cast("string").lower().isin(["true", "1", "yes", "y", "ja", "paid", "t"])
    text = _text(raw.column(str(form)))
    if name == "touchpoint":
        return _renamed(raw, text, lambda word: _touchpoint(raw, word))
    if name == "channel":
        return _renamed(raw, text, lambda word: safe_identifier(word) or "unnamed")
    return text


def _text(column: ir.Value) -> ir.StringValue:
    if column.type().is_floating():
        whole = column.cast("int64").cast("string")
        column = (column == column.round()).ifelse(whole, column.cast("string"))
    if not column.type().is_string():
        return column.cast("string")
    text = column.strip()
    return text.lower().isin(_NOTHING).ifelse(ibis.null("string"), text)


def _renamed(raw: _Raw, text: ir.StringValue, rename: Any) -> ir.StringValue:
    words = (
        raw.table.select(word=text).filter(lambda t: t.word.notnull()).distinct().limit(_MOST_TOUCHPOINTS + 1)
    )
    found = sorted(words.execute()["word"])
    if len(found) > _MOST_TOUCHPOINTS:
        problem = f"the touchpoint or channel column holds more than {_MOST_TOUCHPOINTS:,} names"
        raise DataError(problem, where=raw.where, remedy="name another column, or group the names first")
    names = {word: rename(word) for word in found}
    changed = {word: name for word, name in names.items() if word != name}
    return text.substitute(changed) if changed else text


def _touchpoint(raw: _Raw, word: str) -> str:
    own = {str(key): value for key, value in raw.source.touchpoints.items()}
    target = own.get(word, word)
    known = raw.client.vocabulary
    return target if target in known or target in raw.client.model.touchpoints else safe_touchpoint(target)


def _number(raw: _Raw, form: Any) -> ir.Value:
    text = str(form)
    if text in raw.table.columns or not expressions.is_expression(text):
        return _as_number(raw, raw.column(text))
    used = {name: _as_number(raw, raw.column(name)) for name in expressions.columns_in(text)}
    return expressions.evaluate(text, used, where=raw.where).cast("float64")


def _as_number(raw: _Raw, column: ir.Value) -> ir.Value:
    if not column.type().is_string():
        number = column.cast("float64")
        return (number.isnan() | number.isinf()).ifelse(ibis.null("float64"), number)
    text = column.strip().re_replace(r"^[€$£]\s*|\s*[€$£%]$|^EUR\s*", "")
    if _decimal_comma(raw.sample(text)):
        text = text.replace(".", "").replace(",", ".")
    else:
        text = text.re_replace(r"(\d),(\d{3})\b", r"\1\2")
    number = text.try_cast("float64")
    return (number.isnan() | number.isinf()).ifelse(ibis.null("float64"), number)


def _decimal_comma(sample: list[str]) -> bool:
    import re

    commas = sum(bool(re.search(r",\d{1,2}$", text)) for text in sample)
    points = sum(bool(re.search(r"\.\d{1,2}$", text)) for text in sample)
    return commas > points


def _is_given(raw: _Raw, name: str) -> ir.BooleanValue:
    form = raw.source.columns.get(name, name)
    names = (
        [form] if isinstance(form, str) else [value for value in form.values() if value in raw.table.columns]
    )
    columns = [raw.column(column) for column in names if column in raw.table.columns]
    if not columns:
        return ibis.literal(True)
    return ibis.and_(*[_is_filled(column) for column in columns])


def _is_filled(column: ir.Value) -> ir.BooleanValue:
    return column.strip().length() > 0 if column.type().is_string() else column.notnull()


def _unreadable_number(raw: _Raw, name: str, value: ir.Value | None) -> ir.BooleanValue:
    """Tell where a number was written that can't be read as one."""
    form = raw.source.columns.get(name, name)
    if value is None or str(form) not in raw.table.columns or not raw.column(str(form)).type().is_string():
        return ibis.literal(False)
    return value.isnull() & _text(raw.column(str(form))).notnull()


def _with_reason(mapped: Any, client: Client) -> Any:
    """Add the first reason for which a row can't be used; null when it can."""
    bad_number = ibis.or_(*[mapped[f"_bad_{name}"] for name in NUMBERS])
    given = mapped["_time_given"].fill_null(False)
    reason = ibis.cases(
        (mapped["customer_id"].isnull(), "no_customer"),
        (ibis.literal(client.setting == "b2b") & mapped["account_id"].isnull(), "no_account"),
        (mapped["timestamp"].isnull() & ~given, "no_time"),
        (mapped["timestamp"].isnull(), "time_unreadable"),
        (mapped["timestamp"] < ibis.timestamp("1970-01-02 00:00:00"), "before_1970"),
        (mapped["timestamp"] >= ibis.timestamp("2100-01-01 00:00:00"), "after_2099"),
        (mapped["touchpoint"].isnull(), "no_touchpoint"),
        (bad_number, "not_a_number"),
        (mapped["_twice"], "duplicate"),
        else_=ibis.null("string"),
    )
    return mapped.mutate(reason=reason)
