"""Conditions on measures as words: `at least 40% of contacts by email`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from journeykit.findings.people import is_year
from journeykit.touchpoints import readable
from journeykit.wording.formats import _TIME_UNITS, LOCALES, say_value, with_currency
from journeykit.wording.labels import label
from journeykit.wording.names import trait_id, trait_name
from journeykit.wording.sentences import in_sentence
from journeykit.wording.texts import has_text, load_texts, text

__all__ = ["place_words", "say_condition", "say_conditions"]

_SHARES = ("weekend", "paid", "interactive")
_PLACES = ("channel", "daypart", "weekday", "touchpoint")
_DURATIONS = ("gap_days", "span_days", "recency_days")
_AMOUNTS = ("order_value", "value_total")
_COUNTS = ("contacts", "sessions", "active_days", "orders", "people", "products")
MOST_WEEKS = 75  # days: longer times are said in months


def say_conditions(
    conditions: Sequence[Mapping[str, Any]], language: str, client=None, currency: str | None = None
) -> str:
    """Return conditions that must all hold, as one phrase; who reads it sees `of contacts` once.

    Examples
    --------
    >>> say_conditions([{"measure": "channel_share.email", "op": "at_least", "threshold": 0.4},
    ...                 {"measure": "daypart_share.evening", "op": "at_most", "threshold": 0.1}], "nl")
    "minstens 40% van de contacten via e-mail en hoogstens 10% 's avonds"
    """
    said, short = [], False
    for part in _by_measure(conditions):
        said.append(_said(part, language, client, currency, short))
        short = _is_share(part[0]["measure"])
    return listed(said, "and", language)


def say_condition(
    condition: Mapping[str, Any], language: str, client=None, currency: str | None = None
) -> str:
    """Return one condition as a phrase.

    Examples
    --------
    >>> say_condition({"measure": "gap_days", "op": "less_than", "threshold": 21.0}, "en")
    'on average less than 3 weeks between two visits'
    """
    return _said([condition], language, client, currency, False)


def _by_measure(conditions: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Return the conditions measure by measure, in the order of their first mention, shares together."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for condition in sorted(conditions, key=lambda one: not _is_share(one["measure"])):
        found.setdefault(condition["measure"], []).append(condition)
    return [[one for one in part if one["op"] != "known" or len(part) == 1] for part in found.values()]


def _is_share(measure: str) -> bool:
    name = trait_id(measure)
    return "_share" in measure and (name in _SHARES or name.partition(".")[0] in _PLACES)


def _said(part: list[Mapping[str, Any]], language: str, client, currency: str | None, short: bool) -> str:
    measure, name = part[0]["measure"], trait_id(part[0]["measure"])
    missing = joining("missing", language) if all(one.get("or_missing") for one in part) else ""
    if part[0]["op"] in ("known", "missing"):
        known = label("trait", measure, language, client)
        return text(f"explaining.{part[0]['op']}", language, trait=known)
    if part[0]["op"] == "in":
        levels = listed([_level(level, language) for level in part[0]["threshold"]], "or", language)
        said = text("explaining.attribute.levels", language, name=_own_name(measure), levels=levels)
    elif name.startswith("level."):
        has = part[0]["op"] == "at_least" and part[0]["threshold"] > 0
        key = f"explaining.attribute.{'has' if has else 'has_not'}"
        said = text(key, language, name=trait_name(measure, language))
    elif _is_share(measure):
        said = _share(part, name, language, client, short)
    else:
        known = has_text(f"explaining.measure.{name}", language) and "." not in name
        values = {"amount": _amount(part, name, language, currency), "n": part[-1]["threshold"]}
        own = "days" if name.startswith("date_days.") else "number"
        key = f"explaining.measure.{name}" if known else f"explaining.attribute.{own}"
        said = text(key, language, name=_own_name(measure), **values)
    return said + missing


def _share(part: list[Mapping[str, Any]], name: str, language: str, client, short: bool) -> str:
    size = "short" if short else "full"
    operator, threshold = part[0]["op"], part[0]["threshold"]
    special = {("at_most", 0.0): "none_", ("at_least", 1.0): "all_"}.get((operator, float(threshold)), "")
    amount = "" if special else _amount(part, "share", language, None)
    quantity = text(f"explaining.quantities.{special}{size}", language, amount=amount)
    if name in _SHARES:
        return text(f"explaining.share.{name}", language, quantity=quantity)
    return text(
        "explaining.share.place", language, quantity=quantity, place=place_words(name, language, client)
    )


def place_words(name: str, language: str, client=None) -> str:
    """Return a channel, part of the day, weekday or kind of contact as it stands behind contacts.

    Examples
    --------
    >>> place_words("channel.email", "nl"), place_words("weekday.0", "en"), place_words("channel.zine", "en")
    ('via e-mail', 'on Mondays', 'through ‘Zine’')
    """
    block, _, category = name.partition(".")
    known = f"explaining.places.{block}_{category}"
    if has_text(known, language):
        return text(known, language)
    vocabulary = client.vocabulary if client is not None else None
    pattern = f"explaining.places.{block if block == 'touchpoint' else 'channel'}"
    return text(pattern, language, name=trait_name(name, language, vocabulary))


def _amount(part: list[Mapping[str, Any]], name: str, language: str, currency: str | None) -> str:
    """Return `at least 3`, or `3 or more but less than 5`."""
    said = {one["op"]: _value(one["threshold"], name, language, currency) for one in part}
    if len(said) > 1:
        high = said.get("less_than", said.get("at_most"))
        return text("explaining.amounts.between", language, low=said["at_least"], high=high)
    operator, value = next(iter(said.items()))
    if name in _COUNTS:
        if operator == "at_most" and part[0]["threshold"] == 0:
            return text("explaining.amounts.none", language)
        operator = "fewer_than" if operator == "less_than" else operator
    return text(f"explaining.amounts.{operator}", language, value=value)


def _value(value: float, name: str, language: str, currency: str | None) -> str:
    if name == "share":
        return say_value(value, "percent", language)
    if name in _DURATIONS or name.startswith("date_days."):
        return _duration(value, language)
    if name in _AMOUNTS and currency:
        return with_currency(value, currency, language, 0 if float(value).is_integer() else 2)
    if name.startswith("attribute.") and is_year(name.partition(".")[2], value):
        return say_value(value, "year", language)
    return _exact(value, language)


def _duration(days: float, language: str) -> str:
    """Return a time as somebody would say it: whole weeks as weeks."""
    if 14 <= days < MOST_WEEKS and days % 7 == 0:
        return f"{days / 7:.0f} {_TIME_UNITS[language]['week'][1]}"
    return say_value(days, "duration", language)


def _exact(value: float, language: str) -> str:
    """Return a number with all the decimals that it has."""
    from babel.numbers import format_decimal

    return format_decimal(value, format="#,##0.######", locale=LOCALES[language]).replace("-", "−")


def _own_name(measure: str) -> str:
    column = re.sub(r"^(attribute|date_days)\.", "", measure)
    return in_sentence(readable(column))


def _level(level: Any, language: str) -> str:
    answer = {"True": "yes", "False": "no"}.get(str(level))
    return text(f"values.{answer}", language).lower() if answer else str(level)


def listed(said: Sequence[str], joiner: str, language: str) -> str:
    """Return parts as a list: `a, b and c`."""
    last = joining(joiner, language) + said[-1]
    return said[0] if len(said) == 1 else joining("comma", language).join(said[:-1]) + last


def joining(name: str, language: str) -> str:
    """Return the words between the parts of a phrase, their spaces kept."""
    return load_texts(language)["explaining"]["joining"][name]
