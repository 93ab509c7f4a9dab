"""Numbers, shares, dates and times as they are written in Dutch and English."""

from __future__ import annotations

import math
import re
from datetime import date
from functools import cache
from typing import Any

from journeykit.errors import unknown

__all__ = ["LANGUAGES", "say_between", "say_interval", "say_value"]

LANGUAGES = ("nl", "en")
MISSING = "–"
_WHOLE = 1000  # from which on amounts have no decimals
_HUGE = 1e15  # from which on nobody reads the digits: no amount, but what a fault in the data gives
_AMOUNT = re.compile(r"[#,]*0\.0+")
LOCALES = {"nl": "nl_NL", "en": "en_GB"}
_TIME_UNITS = {"nl": {"hour": ("uur", "uur"), "day": ("dag", "dagen"), "week": ("week", "weken"),
                      "month": ("maand", "maanden"), "year": ("jaar", "jaar")},
               "en": {"hour": ("hour", "hours"), "day": ("day", "days"), "week": ("week", "weeks"),
                      "month": ("month", "months"), "year": ("year", "years")}}  # fmt: skip
_UNIT_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.44, "year": 365.25}


def say_value(value: Any, form: str = "plain", language: str = "nl", currency: str | None = None) -> str:
    """Return a value as text.

    Parameters
    ----------
    value
        A number, a date, or text. Null becomes a dash.
    form
        `plain`, `whole`, `number` (one decimal below 10), `percent`, `points` (percentage points, signed),
        `signed`, `year` (no mark of thousands), `amount` (money), `date`, `month` (from
        `2026-04`), `duration` (from days), `p_value` or `score`.
    language
        `nl` or `en`.
    currency
        Three-letter code of the currency of amounts; without it they are bare numbers.

    Examples
    --------
    >>> say_value(0.823, "percent", "nl"), say_value(12345.6, "amount", "nl"), say_value(45, "duration", "nl")
    ('82%', '12.346', '6 weken')
    >>> say_value("2026-04-01", "date", "en"), say_value("2026-04", "month", "nl")
    ('1 April 2026', 'april 2026')
    >>> say_value(1234.5, "amount", "en", "EUR"), say_value(12.5, "amount", "en", "GBP")
    ('€1,234', '£12.50')
    """
    if language not in LANGUAGES:
        raise unknown("language", language, LANGUAGES)
    if form not in _FORMS:
        raise unknown("form", form, _FORMS)
    if is_missing(value):
        return MISSING
    if form == "amount" and currency:
        return with_currency(value, currency, language)
    return _FORMS[form](value, LOCALES[language])


def say_interval(
    low: Any, high: Any, form: str = "percent", language: str = "nl", currency: str | None = None
) -> str:
    """Return an interval in one breath, `78–86%`; empty when it is not known. The currency of amounts stands once.

    Examples
    --------
    >>> say_interval(0.78, 0.86, "percent", "nl"), say_interval(-0.04, 0.02, "points", "en")
    ('78–86%', '−4 to +2')
    >>> say_interval(900, 1300, "amount", "en", "EUR")
    '€900–1,300'
    """
    if is_missing(low) or is_missing(high):
        return ""
    if form == "percent":
        return f"{_ends(100 * low, 100 * high, _percent_digits(low, high), language)}%"
    if form == "duration":
        return _duration_interval(float(low), float(high), language)
    if form in ("points", "signed"):
        between = " tot " if language == "nl" else " to "
        return between.join(
            _signed(100 * end if form == "points" else end, LOCALES[language]) for end in (low, high)
        )
    if form == "amount" and currency and min(low, high) >= 0:
        digits = 0 if abs(high) >= _WHOLE else None
        written = with_currency(low, currency, language, digits)
        return f"{written}–{_decimal(high, _money_digits(high, currency, digits), LOCALES[language])}"
    between = "–" if form != "amount" or min(low, high) >= 0 else " tot " if language == "nl" else " to "
    return between.join(say_value(end, form, language, currency) for end in (low, high))


def say_between(
    value: Any, low: Any, high: Any, form: str = "percent", language: str = "nl", currency: str | None = None
) -> str:
    """Return a value with its interval behind it; a share with as many decimals as keep it inside.

    Examples
    --------
    >>> say_between(0.12, 0.07, 0.18), say_between(0.0437, 0.0412, 0.0441, language="en")
    ('12% (7–18%)', '4.4% (4.1–4.4%)')
    """
    said, between = (
        say_value(value, form, language, currency),
        say_interval(low, high, form, language, currency),
    )
    if not between or is_missing(value):
        return said
    if form == "percent" and low <= value <= high:
        digits, ends = _percent_digits(low, high), _percent_digits(value)
        digits += round(100 * low, digits) == round(100 * high, digits) and low != high
        if round(100 * value, ends) != round(100 * value, digits) and digits > ends and 0 < value < 1:
            said = f"{_decimal(100 * value, digits, LOCALES[language])}%"
    return f"{said} ({between})"


def _ends(low: float, high: float, digits: int, language: str) -> str:
    """Return two ends with as many decimals as keep them apart, at most one more."""
    if round(low, digits) == round(high, digits) and low != high:
        digits += 1
    shown = [_decimal(end, 0 if end in (0, 100) else digits, LOCALES[language]) for end in (low, high)]
    return "–".join(dict.fromkeys(shown))


def _duration_interval(low: float, high: float, language: str) -> str:
    """Return two durations in the unit of the longer one: `4–5 dagen`."""
    unit = next(unit for unit, limit in _LIMITS if high < limit)
    size = _UNIT_DAYS[unit]
    return f"{_ends(low / size, high / size, 0, language)} {_TIME_UNITS[language][unit][1]}"


def is_missing(value: Any) -> bool:
    """Return whether a value is null (None, NaN, NaT or an infinite number)."""
    if value is None or value != value:
        return True
    try:
        return math.isinf(value)
    except TypeError:
        return False


def _plain(value: Any, locale: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return str(value)
    return _decimal(value, 0 if float(value).is_integer() else _digits(value), locale)


def _digits(value: Any) -> int:
    size = abs(float(value))
    return 0 if size >= 10 or size < 0.005 else 1 if size >= 0.1 else 2


@cache
def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


def _decimal(value: Any, digits: int, locale: str) -> str:
    from babel.numbers import format_decimal, format_scientific

    if abs(float(value)) >= _HUGE:
        return format_scientific(float(value), "0.##E0", locale).replace("-", "−")
    rounded = round(float(value), digits) + 0.0
    return format_decimal(rounded, format=_pattern(digits), locale=locale).replace("-", "−")


def _money_digits(value: Any, currency: str, digits: int | None = None) -> int:
    """Return the decimals of an amount: none of a large one, else those that the currency has."""
    from babel.numbers import get_currency_precision

    if digits is None:
        digits = 0 if abs(float(value)) >= _WHOLE else 2
    return min(digits, get_currency_precision(currency))


def with_currency(value: Any, currency: str, language: str, digits: int | None = None) -> str:
    """Return an amount with its currency; with as many decimals as given, at most as many as the currency has."""
    from babel import Locale
    from babel.numbers import format_currency, get_currency_symbol

    locale = LOCALES[language]
    if abs(float(value)) >= _HUGE:
        return f"{get_currency_symbol(currency, locale=locale)}\u00a0{_decimal(value, 0, locale)}"
    decimals = _money_digits(value, currency, digits)
    usual = Locale.parse(locale).currency_formats["standard"].pattern
    if get_currency_symbol(currency, locale=locale)[-1:].isalpha():
        usual = usual.replace("¤#", "¤\u00a0#")  # CHF 12, as a word stands apart
    pattern = ";".join(_AMOUNT.sub(_pattern(decimals), part) for part in usual.split(";"))
    rounded = round(float(value), decimals) + 0.0
    written = format_currency(rounded, currency, format=pattern, locale=locale, currency_digits=False)
    return written.replace("-", "−")


def _percent_digits(*values: Any) -> int:
    return (
        1 if any(0 < abs(float(value)) < 0.01 or 0 < abs(1 - float(value)) < 0.005 for value in values) else 0
    )


def _percent(value: Any, locale: str) -> str:
    return f"{_decimal(100 * float(value), _percent_digits(value), locale)}%"


def _signed(value: Any, locale: str) -> str:
    written = _decimal(value, 0 if abs(float(value)) >= 1 else 1, locale)
    return f"+{written}" if float(value) > 0 and not written.startswith("0,0") else written


def _date(value: Any, locale: str) -> str:
    import pandas as pd
    from babel.dates import format_date

    day = value if type(value) is date else pd.Timestamp(value).date()
    return format_date(day, format="d MMMM y", locale=locale)


def _month(value: Any, locale: str) -> str:
    from babel.dates import format_date

    return format_date(date.fromisoformat(f"{value}-01"), format="LLLL y", locale=locale)


def _duration(days: Any, locale: str) -> str:
    days = float(days)
    unit = next(unit for unit, limit in _LIMITS if days < limit)
    count = round(days / _UNIT_DAYS[unit])
    if unit == "hour" and count < 1:
        return "minder dan een uur" if locale == "nl_NL" else "less than an hour"
    one, many = _TIME_UNITS["nl" if locale == "nl_NL" else "en"][unit]
    return f"{_decimal(count, 0, locale)} {one if count == 1 else many}"


_LIMITS = (("hour", 0.98), ("day", 27.5), ("week", 75.0), ("month", 725.0), ("year", math.inf))


def _p_value(value: Any, locale: str) -> str:
    if float(value) < 0.001:
        return "< " + _decimal(0.001, 3, locale)
    return _decimal(value, 3, locale)


_FORMS = {
    "plain": _plain,
    "whole": lambda value, locale: _decimal(value, 0, locale),
    "number": lambda value, locale: _decimal(value, _digits(value), locale),
    "year": lambda value, locale: f"{float(value):.0f}",
    "percent": _percent,
    "points": lambda value, locale: _signed(100 * float(value), locale),
    "signed": _signed,
    "amount": lambda value, locale: _decimal(value, 0 if abs(float(value)) >= _WHOLE else 2, locale),
    "date": _date,
    "month": _month,
    "duration": _duration,
    "p_value": _p_value,
    "score": lambda value, locale: _decimal(value, 2, locale),
}
