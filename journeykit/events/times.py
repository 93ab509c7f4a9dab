"""Times as they are written: found, read and brought to UTC."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import ibis
import ibis.expr.datatypes as dt
import pandas as pd

from journeykit import engine
from journeykit.clients.form import TIME_UNITS
from journeykit.errors import DataError
from journeykit.events.dates import DAY_FIRST, MONTH_FIRST, order_of_dates, swapped_pattern

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["find_pattern", "plain_spaces", "read_time"]

Column = Callable[[str], "ir.Value"]

_DATES = ["%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d",
          "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%d-%b-%Y", "%d-%m-%y", "%d/%m/%y", "%m/%d/%y"]  # fmt: skip
_CLOCKS = [
    "",
    " %H:%M:%S",
    " %H:%M",
    "T%H:%M:%S",
    "T%H:%M",
    " %H:%M:%S.%f",
    "T%H:%M:%S.%f",
    " %I:%M:%S %p",
    " %I:%M %p",
    ", %I:%M:%S %p",
    ", %I:%M %p",
    ", %H:%M:%S",
    ", %H:%M",
    ":%H:%M:%S",
]
_OFFSET = re.compile(r"\d{2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?|UTC|GMT)$")
_ODD_SPACES = "\u00a0\u202f\u2009"  # that programs write between a time and am or pm
_MAIL = (
    "%d %b %Y %H:%M:%S %z",
    "%d %b %Y %H:%M %z",
    "%d/%b/%Y:%H:%M:%S %z",
)  # RFC 2822, and logs of web servers
_WEEKDAY, _ISO = r"^[A-Za-z]{2,9},?\s+", r"^[+-]?(\d{4,}[-/]|inf)"
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
_LONGEST_WITHOUT_OFFSET = len("2026-03-04 19:12:00")
EPOCH_SECONDS, EPOCH_MILLISECONDS, WITH_OFFSET = "epoch seconds", "epoch milliseconds", "with offset"
EXCEL_DAYS = "days of Excel"
_DAYS_IN_EXCEL = (20_000, 80_000)  # 1954 to 2119; as seconds since 1970 these would all be of its first day


def find_pattern(texts: Iterable[str], *, month_first: bool = False) -> str | None:
    """Return the way in which most of a sample of times is written; None when nothing fits.

    Day-first and month-first can't be told apart while all days are 12 or less; ``month_first`` decides then.

    Examples
    --------
    >>> find_pattern(["04-03-2026 19:12", "25-03-2026 08:00"])
    '%d-%m-%Y %H:%M'
    >>> find_pattern(["2026-03-04T19:12:00Z"])
    'with offset'
    >>> find_pattern(["46085.8"])
    'days of Excel'
    """
    sample = [plain_spaces(text).strip() for text in texts if text and text.strip()][:500]
    if not sample:
        return None
    digits = [
        text for text in sample if re.fullmatch(r"(\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})(\.\d+)?", text)
    ]
    if len(digits) > len(sample) / 2:
        return EPOCH_MILLISECONDS if len(digits[0].split(".")[0]) >= 12 else EPOCH_SECONDS
    low, high = _DAYS_IN_EXCEL
    days = [text for text in sample if re.fullmatch(r"\d{5}(\.\d+)?", text) and low <= float(text) < high]
    if len(days) > len(sample) / 2:
        return EXCEL_DAYS
    if sum(bool(_OFFSET.search(text)) for text in sample) > len(sample) / 2:
        return WITH_OFFSET
    dates = sorted(_DATES, key=lambda date: month_first and not date.startswith("%m"))
    patterns = [date + clock for date in dates for clock in _CLOCKS]
    dated = Counter(text for text in sample if text[0].isdigit() or "," in text)  # no pattern fits the others
    best, most = None, 0
    for pattern in patterns if dated else ():
        hits = sum(times for text, times in dated.items() if _fits(text, pattern))
        if hits > most:
            best, most = pattern, hits
        if most == len(sample):
            break
    return best


def plain_spaces(text: str) -> str:
    """Return a text with ordinary blanks, where a program wrote narrow ones or ones that don't break."""
    return text if text.isascii() else re.sub(f"[{_ODD_SPACES}]", " ", text)


def _fits(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text, pattern)
    except ValueError:
        return False
    return True


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
        ``{offset, unit, start}`` or ``{column, format}``; each may carry the ``zone`` of its times, or the
        ``zone_column`` in which each row names its own.
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
    if "offset" in form:
        seconds = _number(column(form["offset"])) * TIME_UNITS[form.get("unit", "s")]
        start = pd.Timestamp(str(form["start"]))
        local = ibis.timestamp(str(start)) + (seconds * 1_000_000).round().cast("int64").as_interval("us")
        return engine.to_utc(local, zone)
    if "date" in form:
        day = _read_column(column(form["date"]), form.get("format"), "UTC", sample, where, month_first, notes)
        return engine.to_utc(day + _clock(form, column), zone)
    parts = [_number(column(form[part])).cast("int64").cast("string") for part in ("year", "month", "day")]
    day = engine.try_time(parts[0] + "-" + parts[1] + "-" + parts[2], "%Y-%m-%d")
    return engine.to_utc(day + _clock(form, column), zone)


def _by_zone(form: dict[str, Any], column: Column, zone: str, sample: Any, where: Any, notes: Any):
    """Return times of which each row says its own zone; null where it names one that is not known."""
    own = column(form["zone_column"]).cast("string").strip()
    rest = {key: value for key, value in form.items() if key != "zone_column"}
    found = own.name("zone").as_table().distinct().limit(_MOST_ZONES).execute()["zone"].dropna()
    known = [name for name in found if name in available_timezones()]
    read = [
        (own == name, read_time(rest | {"zone": name}, column, zone, sample, where, notes)) for name in known
    ]
    none = (own == "") | own.isnull()
    return ibis.cases(
        *read, (none, read_time(rest, column, zone, sample, where, notes)), else_=ibis.null("timestamp")
    )


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
    text = column.cast("string").re_replace(f"[{_ODD_SPACES}]", " ").upper()
    dated = ibis.literal("1970-01-01 ") + text.re_replace(r"\b(\d):", r"0\1:")
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
        if find_pattern(sample(whole)) == "%Y%m%d":
            return engine.to_utc(engine.try_time(whole, "%Y%m%d"), zone)
        return _epoch(column.cast("float64"), zone)
    text = column.cast("string")
    texts = [] if pattern else sample(text)
    if not pattern and not any(value.strip() for value in texts):
        return ibis.null("timestamp")
    given = pattern is not None
    pattern = pattern or find_pattern(texts, month_first=month_first)
    if pattern in (EPOCH_SECONDS, EPOCH_MILLISECONDS, EXCEL_DAYS):
        return _epoch(text.try_cast("float64"), zone)
    if pattern is None:
        remedy = "name the right column, or give its form: timestamp: {column: …, format: '%d-%m-%Y %H:%M'}"
        raise DataError("none of the times can be read", where=where, remedy=remedy)
    if any(not value.isascii() for value in texts):
        text = text.re_replace(f"[{_ODD_SPACES}]", " ")
    if pattern == WITH_OFFSET:
        offset = text.re_search(_OFFSET.pattern)
        return offset.ifelse(_zoned(text, texts), engine.to_utc(text.try_cast("timestamp"), zone))
    order = None if given else order_of_dates(text, pattern, month_first=month_first)
    if order is not None:
        pattern = swapped_pattern(pattern, order.first)
        if notes is not None:
            notes["dates"] = order
    iso = text.re_search(_ISO).ifelse(text.try_cast("timestamp"), ibis.null("timestamp"))
    if order is not None and order.swapped:  # the year stands first: else it can't be misread
        back = text.re_replace(r"^(\d{4})-(\d{2})-(\d{2})", r"\1-\3-\2")
        iso = text.re_search(_ISO).ifelse(back.try_cast("timestamp"), ibis.null("timestamp"))
    forms = (
        [pattern] if order is None else [swapped_pattern(one, order.first) for one in _also(texts, pattern)]
    )
    local = engine.to_utc(ibis.coalesce(iso, *[engine.try_time(text, form) for form in forms]), zone)
    # the few among others that carry an offset keep it; what can't be one is told at a glance
    late = (engine.size(text) > _LONGEST_WITHOUT_OFFSET) | text.contains("+") | text.endswith("Z")
    return ((late | text.right(3).startswith("-")) & text.re_search(_OFFSET.pattern)).ifelse(
        engine.zoned(text), local
    )


def _also(texts: list[str], pattern: str) -> list[str]:
    """Return a pattern, and those with the same date and another clock in which some of a sample are written."""
    date = pattern[: pattern.lower().index("%y") + 2]
    ways = [date + clock for clock in _CLOCKS if date + clock != pattern]
    sample = [plain_spaces(text) for text in texts[:300]]
    swapped = {way: swapped_pattern(way, MONTH_FIRST if way.startswith("%d") else DAY_FIRST) for way in ways}
    return [pattern] + [
        way for way in ways if any(_fits(text, way) or _fits(text, swapped[way]) for text in sample)
    ]


def _zoned(text: ir.StringValue, texts: list[str]):
    """Return times that carry an offset, also as mails and the logs of web servers write them."""
    found = engine.zoned(text)
    if not any(re.search(r"[A-Za-z]{3}[ /]\d{4}", value) for value in texts):
        return found
    bare = text.re_replace(_WEEKDAY, "").re_replace(r"\s*(GMT|UTC?|Z)$", " +0000").re_replace(r"^\[|\]$", "")
    return ibis.coalesce(found, *[engine.zoned_by(bare, form) for form in _MAIL])


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
    low, high = _DAYS_IN_EXCEL
    return number.between(low, high).ifelse(engine.to_utc(local, zone), since)
