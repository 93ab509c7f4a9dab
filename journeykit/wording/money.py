"""Money as it is written: with its currency, and as exactly as an estimate is known."""

from __future__ import annotations

from math import floor, log10
from typing import Any

from journeykit.wording.formats import MISSING, is_missing, say_value, with_currency

__all__ = ["say_money", "say_money_between"]


def say_money(value: Any, currency: str | None, language: str, *, estimate: bool = False) -> str:
    """Return an amount with its currency; without one, the amount alone.

    Parameters
    ----------
    value
        The amount. Null becomes a dash.
    currency
        A code such as EUR.
    language
        `nl` or `en`.
    estimate
        Whether it is an estimate: it is then written with two figures that say something, and noughts.

    Examples
    --------
    >>> say_money(15411.2, "EUR", "en"), say_money(15411.2, "GBP", "en", estimate=True), say_money(18.5, None, "nl")
    ('€15,411', '£15,000', '18,50')
    >>> say_money(154.2, "SEK", "en", estimate=True).split()
    ['SEK', '150']
    """
    if is_missing(value):
        return MISSING
    value = _rounded(float(value)) if estimate else float(value)
    if not currency:
        return say_value(value, "whole" if estimate else "amount", language)
    return with_currency(value, currency, language, 0 if estimate else None)


def say_money_between(low: Any, high: Any, currency: str | None, language: str) -> str:
    """Return the interval of an estimate, the currency before its lower end.

    Examples
    --------
    >>> say_money_between(11177.4, 20391.2, "EUR", "en")
    '€11,000 to €20,000'
    """
    between = " tot " if language == "nl" else " to "
    return between.join(say_money(end, currency, language, estimate=True) for end in (low, high))


def _rounded(value: float) -> float:
    return round(value, 1 - floor(log10(abs(value)))) if value else 0.0
