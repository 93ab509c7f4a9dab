"""Guesses: which column is who, when, what and where, each with its evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

import pandas as pd

from journeykit.drafting.facts import DOUBTFUL, LIKELY, SURE, Facts, Guess, spoken, words
from journeykit.drafting.ordering import guess_orders, standing_columns, ticked
from journeykit.drafting.sampling import Sample
from journeykit.events.dates import DAY_FIRST, MONTH_FIRST, judge_texts, swapped_pattern
from journeykit.events.patterns import (
    EPOCH_MILLISECONDS,
    EPOCH_SECONDS,
    EXCEL_DAYS,
    WITH_OFFSET,
    offset_minutes,
)
from journeykit.events.texts import odd_ids
from journeykit.touchpoints import load_vocabulary, safe_identifier

__all__ = ["Roles", "guess_customer", "guess_roles", "guess_time"]

_MOST_KINDS, _MOST_CHANNELS = 200, 80
EPOCHS = (EPOCH_SECONDS, EPOCH_MILLISECONDS)
_MOST_OFFSET = 14 * 60  # minutes from Greenwich
_FILLED = 0.3  # share of rows
_KNOWN = 0.999  # share of rows from which on everybody is named
_MEANS = {
    "account": "who of it did what is not known",
    "visitor": "one person on two devices is two",
    "household": "its members are one",
    "deal": "somebody with two is counted twice",
    "lead": "somebody with two is counted twice",
    "session": "who comes back counts as somebody else, so nothing is known of returning",
    "answer": "who answers twice is counted twice",
}
_IDS = ("id", "nr", "no", "nummer", "number", "code", "key", "uuid", "guid")
_KINDS = {
    "channel": ("text", "flag"), "value": ("number", "whole"), "quantity": ("number", "whole"),
    "product": ("text", "whole"), "page": ("text",), "session_id": ("text", "whole"), "account_id": ("text", "whole"),
    "campaign": ("text", "whole"), "content": ("text", "whole"), "rating": ("number", "whole"),
    "cost": ("number", "whole"), "referrer_id": ("text", "whole"), "event_id": ("text", "whole"), "currency": ("text",),
}  # fmt: skip


@dataclass
class Roles:
    """What the columns of a table of events are: journeykit's name and the guess; and further keys of the source."""

    columns: dict[str, Guess] = field(default_factory=dict)
    keys: dict[str, Guess] = field(default_factory=dict)

    def taken(self) -> set[str]:
        """Return the columns that have a role already."""
        return {name for guess in self.columns.values() for name in _named(guess.value)}


def _named(value: Any) -> list[str]:
    return list(value.values()) if isinstance(value, dict) else [value]


def guess_time(sample: Sample) -> Guess | None:
    """Return the column of times, or the columns of which a time is made; None when nothing tells when."""
    facts = list(sample.facts.values())
    named = [(fact, sure) for fact in facts if (sure := spoken(fact.name, "timestamp"))]
    dated = [fact for fact in facts if fact.kind == "time" and fact.pattern != EXCEL_DAYS]
    for level in (SURE, LIKELY):
        found = _first([fact for fact, sure in named if sure == level and fact.kind == "time"], "timestamp")
        if found:
            return _with_hour(sample, found, _written(sample, found, "by its name, and", level))
    offset = _offset(facts)
    if offset and spoken(offset.value["offset"], "timestamp") == SURE:
        return offset
    if len(dated) == 1:
        return _with_hour(
            sample,
            dated[0],
            _written(sample, dated[0], "its values are times,", LIKELY),
        )
    if dated:
        others = ", ".join(fact.name for fact in dated[1:4])
        return Guess(dated[0].name, f"its values are times; so are those of {others}", DOUBTFUL)
    return _parts(sample) or offset or _step(facts)


def _written(sample: Sample, fact: Facts, why: str, level: str) -> Guess:
    """Return a column of times with how they are written; where day and month fit both ways, it is doubtful."""
    pattern = fact.pattern or ""
    if swapped_pattern(pattern, DAY_FIRST) == swapped_pattern(pattern, MONTH_FIRST):
        return Guess(fact.name, f"{why} written {pattern}", level)
    order = judge_texts(sample.frame[fact.name])
    told = f"{why} written {swapped_pattern(pattern, order.first)}"
    if not order.sure:
        told += f"; day or month first? {order.first} is read, as {order.why}"
        return Guess(fact.name, told if sample.whole else f"{told} in a sample", DOUBTFUL)
    if order.swapped:
        return Guess(
            fact.name, f"{told}; a program took day and month of the others for each other", DOUBTFUL
        )
    return Guess(
        fact.name, told if sample.whole else f"{told} in a sample", level if sample.whole else LIKELY
    )


def _first(found: list[Facts], key: str) -> Facts | None:
    """Return the fact whose name comes first in the list of words."""
    listed = words()["columns"][key]
    place = {word: at for at, word in enumerate(listed)}
    return min(
        found, key=lambda fact: place.get(fact.plain, place.get("_".join(fact.words), 999)), default=None
    )


def _with_hour(sample: Sample, fact: Facts, guess: Guess) -> Guess:
    """Return a date together with the hour that another column gives."""
    hour = next(
        (one for one in sample.facts.values() if one.kind == "whole" and spoken(one.name, "hour") == SURE),
        None,
    )
    if not fact.pattern or "%M" in fact.pattern or "%" not in fact.pattern:
        return guess
    others = [one for one in sample.facts.values() if one.name != fact.name]
    clock = next((one for one in others if one.clock or _is_hhmm(sample, one)), None)
    if clock is not None:
        told = f"a date, and a time of day in {clock.name}"
        return Guess({"date": fact.name, "time": clock.name}, told, SURE if clock.clock == 1 else LIKELY)
    if hour is None:
        return guess
    return Guess({"date": fact.name, "hour": hour.name}, "a date and an hour, by their names", LIKELY)


def _with_zone(sample: Sample, guess: Guess) -> Guess:
    """Return times together with the column in which each row names its time zone."""
    form = {"column": guess.value} if isinstance(guess.value, str) else guess.value
    if isinstance(guess.value, str) and sample.facts[guess.value].pattern in (WITH_OFFSET, *EPOCHS):
        return guess
    for fact in sample.facts.values():
        zones = (
            set(sample.frame[fact.name].dropna().astype(str).str.strip().unique())
            if fact.levels < _MOST_KINDS
            else set()
        )
        if zones and (
            (fact.kind == "text" and all(_is_zone(zone) for zone in zones))
            or (fact.kind in ("whole", "number", "flag", "text") and _is_offset(fact, zones))
        ):
            told = f"{guess.why}; the time zone of each row stands in the column {fact.name}"
            return Guess(form | {"zone_column": fact.name}, told, DOUBTFUL)
    return guess


def _is_zone(text: str) -> bool:
    return text in available_timezones() or offset_minutes(text) is not None


def _is_offset(fact: Facts, texts: set[str]) -> bool:
    """Tell whether a column says how far from Greenwich its rows are: in hours, or in minutes."""
    named = {"offset", "tz", "timezone", "zone", "gmt", "utc", "tijdzone"} & set(fact.words)
    plain = all(re.fullmatch(r"[+-]?\d{1,3}([.]\d+)?", text) for text in texts)
    return bool(named) and plain and all(abs(float(text)) <= _MOST_OFFSET for text in texts)


def _is_hhmm(sample: Sample, fact: Facts) -> bool:
    """Tell whether a column holds times of day as numbers, such as 905 for five past nine."""
    if fact.kind != "whole" or not {"time", "tijd", "tijdstip", "hhmm", "clock"} & set(fact.words):
        return False
    texts = sample.frame[fact.name].dropna().astype(str).str.removesuffix(".0")
    return bool(texts.str.fullmatch(r"([01]?\d|2[0-3])[0-5]\d").all())


def _parts(sample: Sample) -> Guess | None:
    found = {
        part: next((fact.name for fact in sample.facts.values() if spoken(fact.name, part) == SURE), None)
        for part in ("year", "month", "day")
    }
    numbers = all(name and sample.facts[name].kind in ("whole", "flag") for name in found.values())
    return Guess(found, "by their names", LIKELY) if numbers else None


def _offset(facts: list[Facts]) -> Guess | None:
    found = next(
        (fact for fact in facts if fact.kind == "whole" and spoken(fact.name, "offset") == SURE), None
    )
    if found is None or found.levels < 3:
        return None
    unit = "day" if found.plain in ("days", "dagen") else "s" if found.plain == "seconds" else "h"
    form = {"offset": found.name, "unit": unit, "start": "2000-01-01"}
    return Guess(form, "whole numbers since a start; say of what (s, min, h, day) and since when", DOUBTFUL)


def _step(facts: list[Facts]) -> Guess | None:
    found = next((fact for fact in facts if fact.kind == "whole" and spoken(fact.name, "step")), None)
    return Guess({"order": found.name}, "an order and no times, by its name", LIKELY) if found else None


def guess_customer(sample: Sample, taken: set[str] = frozenset()) -> Guess | None:
    """Return the column that says who; None when none does."""
    able = [
        fact
        for fact in sample.facts.values()
        if fact.name not in taken and fact.kind in ("text", "whole", "number", "flag", "time") and fact.filled
    ]
    anonymous = any(spoken(fact.name, "visitor_id") == SURE and fact.filled > _FILLED for fact in able)
    able = [
        fact
        for fact in able
        if (fact.filled > _FILLED and fact.kind != "number")
        or (spoken(fact.name, "customer_id") == SURE and (anonymous or fact.filled > _FILLED))
    ]
    repeated = [fact for fact in able if fact.unique < 0.98 or len(sample.frame) < 50]
    for level, why in ((SURE, "by its name"), (LIKELY, "by a part of its name")):
        named = [fact for fact in able if spoken(fact.name, "customer_id") == level and not _of_another(fact)]
        best = _first([fact for fact in named if fact in repeated] or named, "customer_id")
        if best:
            return _as_written(sample, Guess(best.name, f"{why}; {_counted(best, sample)}", level))
    if rung := _on_the_ladder(sample, [fact for fact in able if fact.levels > 1 or fact.unique == 1]):
        return _as_written(sample, rung)
    ids = [
        fact
        for fact in repeated
        if (set(fact.words[-1:]) & set(_IDS) or fact.email > 0.8)
        and not spoken(fact.name, "order")
        and fact.levels > 2
    ]
    ids = [
        fact
        for fact in ids
        if not any(spoken(fact.name, key) for key in ("product", "session_id", "campaign"))
    ]
    if ids:
        best = max(ids, key=lambda fact: fact.levels)
        return Guess(best.name, f"named like an id; {_counted(best, sample)}", DOUBTFUL)
    return None


def _on_the_ladder(sample: Sample, able: list[Facts]) -> Guess | None:
    """Return the highest unit that is there, where nothing is named like a customer: a person, … or a visit."""
    for rung, nouns in words()["ladder"].items():
        found = [fact for fact in able if _base(fact) & set(nouns)]
        found.sort(key=lambda fact: fact.unique)
        if found:
            told = _counted(found[0], sample)
            if rung == "person":
                return Guess(found[0].name, f"by its name; {told}", LIKELY)
            why = f"no column names a customer, so each {rung} counts as one; {told}; {_MEANS[rung]}"
            return Guess(found[0].name, why, DOUBTFUL)
    return None


def _base(fact: Facts) -> set[str]:
    """Return what a column's name says without a word for an id: lead of lead_id."""
    parts = [*fact.words]
    while len(parts) > 1 and parts[-1] in _IDS:
        parts.pop()
    return {"_".join(parts), fact.plain}


def _as_written(sample: Sample, guess: Guess) -> Guess:
    """Say it where the ids of a column lost digits in a spreadsheet, or are one but for noughts in front."""
    ids = set(sample.frame[guess.value].dropna().astype(str).str.strip())
    if told := odd_ids(ids):
        return Guess(guess.value, f"{guess.why}; {told}", DOUBTFUL)
    return guess


def _of_another(fact: Facts) -> bool:
    """Tell whether a name that holds a word for a customer tells of something else, as customer_type does."""
    return spoken(fact.name, "customer_id") == LIKELY and not set(fact.words[-1:]) & set(_IDS)


def _counted(fact: Facts, sample: Sample) -> str:
    of = "in a sample of " if not sample.whole else "in "
    return f"{fact.levels:,} different ones {of}{len(sample.frame):,} rows"


def guess_roles(sample: Sample, customer: Guess, time: Guess | None) -> Roles:
    """Return the guesses for the columns of a table of events."""
    roles = Roles({"customer_id": customer})
    if time is not None:
        roles.columns["timestamp"] = _with_zone(sample, time)
    _visitor(sample, roles)
    taken = roles.taken() | standing_columns(sample, roles.taken())
    if touchpoint := _touchpoint(sample, taken):
        roles.columns["touchpoint"] = touchpoint
    for name, kinds in _KINDS.items():
        if found := _by_name(sample, name, kinds, roles.taken()):
            roles.columns[name] = found
    _orders(sample, roles)
    _worth(sample, roles)
    guess_orders(sample, roles)
    if found := next((fact for fact in sample.facts if spoken(fact, "lifecycle") == SURE), None):
        roles.keys["lifecycle"] = Guess(
            found, "by its name: a start and its completion are one event", LIKELY
        )
    return roles


def _visitor(sample: Sample, roles: Roles) -> None:
    """Add the anonymous id of those who are not always known: what a visitor did before counts for the customer."""
    customer = sample.facts.get(str(roles.columns["customer_id"].value))
    if customer is None or customer.filled > _KNOWN:
        return
    able = [
        fact
        for fact in sample.facts.values()
        if fact.name not in roles.taken() and spoken(fact.name, "visitor_id") == SURE
    ]
    able = [fact for fact in able if fact.kind in ("text", "whole") and fact.filled > customer.filled]
    if able:
        best = max(able, key=lambda fact: fact.filled)
        told = f"an id for those whom {customer.name} does not name yet; linked where both stand"
        roles.columns["visitor_id"] = Guess(best.name, told, LIKELY)


def _touchpoint(sample: Sample, taken: set[str]) -> Guess | None:
    """Return the column that says what happened: by its name, or because the most values of it are known."""
    able = [
        fact
        for fact in sample.facts.values()
        if fact.name not in taken
        and fact.kind in ("text", "flag", "whole")
        and 0 < fact.levels <= _MOST_KINDS
    ]
    named = _first(
        [fact for fact in able if spoken(fact.name, "touchpoint") == SURE and fact.kind == "text"],
        "touchpoint",
    )
    known = {word for listed in words()["touchpoints"].values() for word in listed} | set(load_vocabulary())
    hits = {
        fact.name: sum(safe_identifier(value) in known for value in sample.frame[fact.name].dropna().unique())
        for fact in able
        if fact.kind == "text" and not spoken(fact.name, "channel")
    }
    best = max(hits, key=hits.__getitem__, default=None)
    if named and (best is None or hits.get(named.name, 0) or not hits[best]):
        return Guess(
            named.name, f"by its name; {hits.get(named.name, 0)} of its {named.levels} values are known"
        )
    if best is not None and hits[best]:
        levels = sample.facts[best].levels
        sure = LIKELY if hits[best] > levels / 2 else DOUBTFUL
        return Guess(best, f"{hits[best]} of its {levels} values are known as touchpoints", sure)
    return None


def _by_name(sample: Sample, name: str, kinds: tuple[str, ...], taken: set[str]) -> Guess | None:
    able = [
        fact
        for fact in sample.facts.values()
        if fact.name not in taken
        and (fact.kind in kinds or (fact.pattern == EXCEL_DAYS and "whole" in kinds))
    ]
    if name == "channel":
        able = [fact for fact in able if fact.levels <= _MOST_CHANNELS]
    best = _first([fact for fact in able if spoken(fact.name, name) == SURE], name)
    if best:
        return Guess(best.name, "by its name")
    partly = [fact for fact in able if spoken(fact.name, name) == LIKELY and not set(fact.words) & set(_IDS)]
    partly = partly if name in ("value", "quantity") else []
    return Guess(partly[0].name, "by a part of its name", LIKELY) if partly else None


def _orders(sample: Sample, roles: Roles) -> None:
    """Find the number of an order: its lines are one contact; and returns, by its letter or a negative number."""
    able = [fact for fact in sample.facts.values() if fact.name not in roles.taken() and fact.kind != "time"]
    sure = [fact for fact in able if spoken(fact.name, "order") == SURE]
    named = [fact for fact in able if spoken(fact.name, "order") and set(fact.words[-1:]) & set(_IDS)]
    order = next(iter(sure + named), None)
    if order is None:
        return
    roles.columns["order_id"] = Guess(order.name, "by its name")
    if "touchpoint" in roles.columns:
        return
    lines = len(sample.frame) / max(order.levels, 1)
    if lines > 1.2:
        roles.keys["orders"] = Guess(order.name, f"by its name; {lines:.1f} lines an order")


def _worth(sample: Sample, roles: Roles) -> None:
    """Find the value of a line as quantity times price, and lines that give money back."""
    quantity, value = roles.columns.get("quantity"), roles.columns.get("value")
    price = next(
        (
            fact
            for fact in sample.facts.values()
            if spoken(fact.name, "unit_price") == SURE and fact.kind != "text"
        ),
        None,
    )
    plain = value is None or spoken(str(value.value), "unit_price") == SURE
    if quantity is not None and price is not None and plain:
        product = " * ".join(ticked(name) for name in (quantity.value, price.name))
        roles.columns["value"] = Guess(product, "a quantity and a price of one, by their names", LIKELY)
    counted = quantity or roles.columns.get("value")
    if counted is None or "touchpoint" in roles.columns or counted.value not in sample.frame:
        return
    negative = float((pd.to_numeric(sample.frame[counted.value], errors="coerce") < 0).mean())
    if 0 < negative < 0.4:
        moments = [
            {"touchpoint": "return_item", "when": {counted.value: "< 0"}},
            {"touchpoint": "purchase", "when": {counted.value: ">= 0"}},
        ]
        roles.keys["moments"] = Guess(moments, f"{negative:.1%} of {counted.value} are negative", LIKELY)
