"""Times as they are written: found, read and brought to UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import ibis
import ibis.expr.datatypes as dt
import pandas as pd

from journeykit import engine
from journeykit.clients.form import TIME_UNITS
from journeykit.errors import DataError
from journeykit.events.dates import DAY_FIRST, MONTH_FIRST, order_of_dates, swapped_pattern
from journeykit.events.patterns import (
    COMPACT,
    DAYS_IN_EXCEL,
    EPOCH_MILLISECONDS,
    EPOCH_SECONDS,
    EXCEL_DAYS,
    ISO,
    JSON_DATE,
    OFFSET,
    WITH_OFFSET,
    clocks_of,
    find_pattern,
    fits,
    offset_minutes,
    plain_time,
    spellings,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["ELAPSED", "read_time"]

ELAPSED = "_elapsed"  # of events of which the time since the one before is known
Column = Callable[[str], "ir.Value"]

_CLOCKS_ALONE = (
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H%M",
)
_MOST_ZONES = 700  # more than there are
_LARGEST_NUMBER = 2e9  # of hours, days or seconds; beyond it no moment can be reckoned
_LARGEST_EPOCH = 9e18  # what a number of nanoseconds can be
_MOST_HOURS = 14  # of an offset
_CLOCK_SPELLINGS = (
    ("[\u00a0\u202f\u2009]", " "),
    (r"\s*([AP])\.?\s?M\.?$", r" \1M"),
    (r"\s*(U|UUR|H|HRS)\.?$", ""),  # 21.30 uur
    (r"^(\d{1,2})[UH](\d{2})$", r"\1:\2"),
    (r"^(\d{2}|[1-9])[.]([0-5]\d)$", r"\1:\2"),  # 21.30 is half past nine; 0.25 is a part of the day
    (r"^(\d)(\d{2})$", r"0\1\2"),  # 905 is five past nine
    (r"^(\d{2})(\d{2})(\d{2})?$", r"\1:\2:\3"),
    (r":$", ""),
    (r"\b(\d):", r"0\1:"),
)
_LONGEST_WITHOUT_OFFSET = len("2026-03-04 19:12:00")
_AT_THE_END = r"\s*(Z|([+-])(\d{2}):?(\d{2})?)$"


def read_time(
    form: str | dict[str, Any],
    column: Column,
    zone: str,
    sample: Callable[[Any], list[str]],
    where: Any,
    notes: dict[str, Any] | None = None,
):
    """Return the naive UTC timestamps that a form of the client file describes.

    Parameters
    ----------
    form
        A column, or the keys ``{date, hour}``, ``{date, time}``, ``{year, month, day, order}``,
        ``{offset, unit, start}``, ``{gap, order, unit, start}`` or ``{column, format}``; each may carry the ``zone`` of
        its times, or the ``zone_column`` in which each row names its own.
    column
        Gives the column of a name, texts without blanks at their ends.
    zone
        Time zone of times that carry no offset.
    sample
        Gives some texts of a column, by which its pattern is found.
    notes
        Gets ``dates``: what all rows said of day and month, where these could change places.

    Raises
    ------
    DataError
        When no known pattern fits any of the times.
    """
    if isinstance(form, dict) and "zone_column" in form:
        return _by_zone(form, column, zone, sample, where, notes)
    month_first = zone.startswith(("America/", "US/"))
    if isinstance(form, str):
        return _read_column(column(form), None, zone, sample, where, month_first, notes)
    zone = form.get("zone", zone)
    if "column" in form:
        return _read_column(
            column(form["column"]), form.get("format"), zone, sample, where, month_first, notes
        )
    if {"offset", "gap"} & set(form):
        since = ELAPSED if "gap" in form else form["offset"]
        seconds = _number(column(since)) * TIME_UNITS[form.get("unit", "s")]
        start = pd.Timestamp(str(form["start"]))
        local = ibis.timestamp(str(start)) + (seconds * 1_000_000).round().cast("int64").as_interval("us")
        local = local + _clock({"hour": form["hour"]}, column) if "hour" in form else local
        return engine.to_utc(local, zone)
    if "date" in form:
        day = _read_column(column(form["date"]), form.get("format"), "UTC", sample, where, month_first, notes)
        return engine.to_utc(day + _clock(form, column), zone)
    parts = [_number(column(form[part])).cast("int64").cast("string") for part in ("year", "month", "day")]
    day = engine.try_time(parts[0] + "-" + parts[1] + "-" + parts[2], "%Y-%m-%d")
    return engine.to_utc(day + _clock(form, column), zone)


def _by_zone(form: dict[str, Any], column: Column, zone: str, sample: Any, where: Any, notes: Any):
    """Return times of which each row says its own zone or offset; null where it says one that is not known."""
    own = column(form["zone_column"]).cast("string").strip()
    rest = {key: value for key, value in form.items() if key != "zone_column"}
    found = own.name("zone").as_table().distinct().limit(_MOST_ZONES).execute()["zone"].dropna()
    offsets = _offsets(found)

    def read(in_zone: str):
        return read_time(rest | {"zone": in_zone}, column, zone, sample, where, notes)

    ways = [(own == name, read(name)) for name in found if name in available_timezones()]
    utc = read("UTC") if offsets else None
    ways += [
        (own == name, utc - ibis.literal(minutes * 60_000_000).as_interval("us"))
        for name, minutes in offsets.items()
    ]
    none = (own == "") | own.isnull()
    return ibis.cases(*ways, (none, read(zone)), else_=ibis.null("timestamp"))


def _offsets(names: Any) -> dict[str, int]:
    """Return the minutes of each offset in a column: numbers alone are hours, or minutes where one is above 14."""
    found = {name: offset_minutes(name) for name in names if name not in available_timezones()}
    bare = [name for name in found if re.fullmatch(r"[+-]?\d{1,3}(\.\d+)?", name)]
    unit = 60 if all(abs(float(name)) <= _MOST_HOURS for name in bare) else 1
    found |= {name: round(float(name) * unit) for name in bare}
    return {name: minutes for name, minutes in found.items() if minutes is not None}


def _clock(form: dict[str, Any], column: Column):
    """Return the time within the day: its hour, or its place in the order of the day as seconds."""
    if "hour" in form:
        hours = _number(column(form["hour"]))
        return (hours * 3_600_000_000).round().cast("int64").as_interval("us")
    if "time" in form:
        return _time_of_day(column(form["time"]))
    seconds = _number(column(form["order"])) if "order" in form else ibis.literal(0.0)
    return (seconds * 1_000_000).round().cast("int64").as_interval("us")


def _time_of_day(column: ir.Value):
    """Return the time of day that a column of its own holds; of a workbook also as a part of the day."""
    text = column.cast("string").upper()
    for pattern, to in _CLOCK_SPELLINGS:
        text = text.re_replace(pattern, to)
    dated = ibis.literal("1970-01-01 ") + text
    part = text.try_cast("float64")
    part = part.between(0, 1).ifelse(part, ibis.null("float64"))
    known = [engine.try_time(dated, form) for form in _CLOCKS_ALONE]
    moment = ibis.coalesce(*known, dated.try_cast("timestamp"))
    micros = engine.micros(moment)
    return ibis.coalesce((part * 86_400_000_000).round().cast("int64"), micros.cast("int64")).as_interval(
        "us"
    )


def _number(column: ir.Value):
    number = column.try_cast("float64")
    return (number.abs() < _LARGEST_NUMBER).ifelse(number, ibis.null("float64"))


def _read_column(
    column: ir.Value,
    pattern: str | None,
    zone: str,
    sample: Any,
    where: Any,
    month_first: bool,
    notes: Any = None,
):
    kind = column.type()
    if kind.is_timestamp():
        if kind.timezone:
            return engine.in_zone(column.cast(dt.Timestamp("UTC")).cast("timestamp"), "UTC")
        return engine.to_utc(column.cast("timestamp"), zone)
    if kind.is_date():
        return engine.to_utc(column.cast("timestamp"), zone)
    if kind.is_numeric() and not pattern:
        whole = column.cast("float64").round().try_cast("int64").cast("string")
        compact = find_pattern(sample(whole))
        if compact in COMPACT.values():
            return engine.to_utc(engine.try_time(whole, compact), zone)
        return _epoch(column.cast("float64"), zone)
    text = column.cast("string")
    texts = [] if pattern else sample(text)
    if not pattern and not any(value.strip() for value in texts):
        return ibis.null("timestamp")
    if pattern:
        return _of_texts(text, [pattern], zone)
    pattern = find_pattern(texts, month_first=month_first)
    if pattern in (EPOCH_SECONDS, EPOCH_MILLISECONDS, EXCEL_DAYS):
        return _epoch(text.re_replace(JSON_DATE, r"\1").try_cast("float64"), zone)
    if pattern is None:
        remedy = "name the right column, or give its form: timestamp: {column: …, format: '%d-%m-%Y %H:%M'}"
        raise DataError("none of the times can be read", where=where, remedy=remedy)
    if pattern in COMPACT.values():
        text = text.re_replace(r"\.0$", "")
    made = spellings(texts)
    for way, to in made:
        text = text.re_replace(way, to)
    texts = [plain_time(value, made) for value in texts] if made else texts
    if pattern == WITH_OFFSET:
        return _with_offset(text, texts, zone, month_first, notes)
    return _in_pattern(text, texts, pattern, zone, month_first, notes)


def _in_pattern(
    text: ir.StringValue, texts: list[str], pattern: str, zone: str, month_first: bool, notes: Any
):
    """Return the moments of texts of which most are written in a pattern; all of them say what stands first."""
    order = order_of_dates(text, pattern, month_first=month_first)
    if order is None:
        return _of_texts(text, _also(texts, pattern), zone)
    if notes is not None:
        notes["dates"] = order
    forms = [swapped_pattern(form, order.first) for form in _also(texts, pattern)]
    return _of_texts(text, forms, zone, swapped=order.swapped)


def _of_texts(text: ir.StringValue, forms: list[str], zone: str, *, swapped: bool = False):
    """Return the moments of texts by patterns, and of those among them that the year stands first in."""
    back = text.re_replace(r"^(\d{4})-(\d{2})-(\d{2})", r"\1-\3-\2") if swapped else text
    iso = text.re_search(ISO).ifelse(back.try_cast("timestamp"), ibis.null("timestamp"))
    local = engine.to_utc(ibis.coalesce(iso, *[engine.try_time(text, form) for form in forms]), zone)
    # the few among others that carry an offset keep it; what can't be one is told at a glance
    late = (engine.size(text) > _LONGEST_WITHOUT_OFFSET) | text.contains("+") | text.endswith("Z")
    return ((late | text.right(3).startswith("-")) & text.re_search(OFFSET.pattern)).ifelse(
        engine.zoned(text), local
    )


def _with_offset(text: ir.StringValue, texts: list[str], zone: str, month_first: bool, notes: Any):
    """Return the moments of texts that carry an offset; those without one are of the time zone."""
    there = text.re_search(OFFSET.pattern)
    bare = [re.sub(_AT_THE_END, "", value) for value in texts if OFFSET.search(value)]
    if all(re.match(ISO, value) for value in bare):
        return there.ifelse(engine.zoned(text), engine.to_utc(text.try_cast("timestamp"), zone))
    pattern = find_pattern(bare, month_first=month_first)
    if pattern is None:
        return engine.zoned(text)
    local = text.re_replace(_AT_THE_END, "")
    moment = _in_pattern(local, bare, pattern, "UTC", month_first, notes)
    parts = [text.re_extract(_AT_THE_END, part) for part in (2, 3, 4)]
    hours, minutes = (ibis.coalesce(part.try_cast("int64"), 0) for part in parts[1:])
    size = (hours * 60 + minutes) * 60_000_000
    east = (parts[0] == "-").ifelse(-size, size)
    return there.ifelse(
        moment - east.as_interval("us"), _in_pattern(local, bare, pattern, zone, month_first, None)
    )


def _also(texts: list[str], pattern: str) -> list[str]:
    """Return a pattern, and those with the same date and another clock in which some of a sample are written."""
    ways = clocks_of(pattern)
    swapped = {way: swapped_pattern(way, MONTH_FIRST if way.startswith("%d") else DAY_FIRST) for way in ways}
    sample = texts[:300]
    return [pattern] + [
        way for way in ways if any(fits(text, way) or fits(text, swapped[way]) for text in sample)
    ]


def _epoch(number: ir.Value, zone: str):
    """Return the moment of a number of seconds, milliseconds, microseconds or nanoseconds since 1970.

    A number that can only be Excel's count of days since 1899-12-30 is one, on the clock of the time zone.
    """
    number = (number.abs() < _LARGEST_EPOCH).ifelse(number, ibis.null("float64"))
    size = number.abs()
    scale = ibis.cases((size < 1e11, 1e6), (size < 1e14, 1e3), (size < 1e17, 1.0), else_=1e-3)
    micros = (number * scale).round().try_cast("int64")
    since = ibis.timestamp("1970-01-01 00:00:00") + micros.as_interval("us")
    milliseconds = (number * 86_400_000).round().try_cast("int64") * 1_000
    local = ibis.timestamp("1899-12-30 00:00:00") + milliseconds.as_interval("us")
    low, high = DAYS_IN_EXCEL
    return number.between(low, high).ifelse(engine.to_utc(local, zone), since)
