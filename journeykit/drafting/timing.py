"""Times in a draft: the column that says when, or the columns of which a time is made, and in which zone."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from journeykit.drafting.facts import DOUBTFUL, LIKELY, SURE, Facts, Guess, spoken, words
from journeykit.drafting.sampling import Sample
from journeykit.events.dates import DAY_FIRST, MONTH_FIRST, judge_texts, swapped_pattern
from journeykit.events.patterns import (
    EPOCH_MILLISECONDS,
    EPOCH_SECONDS,
    EXCEL_DAYS,
    ISO_WEEK,
    WEEK_ALONE,
    WITH_OFFSET,
    offset_minutes,
)

__all__ = ["first_named", "guess_time", "with_zone"]

_COUNTED = ("whole", "number", "flag")
_EPOCHS = (EPOCH_SECONDS, EPOCH_MILLISECONDS)
_MOST_ZONES = 200
_MOST_OFFSET = 14 * 60  # minutes from Greenwich


def guess_time(sample: Sample) -> Guess | None:
    """Return the column of times, or the columns of which a time is made; None when nothing tells when."""
    facts = list(sample.facts.values())
    named = [(fact, sure) for fact in facts if (sure := spoken(fact.name, "timestamp"))]
    dated = [fact for fact in facts if fact.kind == "time" and fact.pattern != EXCEL_DAYS]
    for level in (SURE, LIKELY):
        found = first_named(
            [fact for fact, sure in named if sure == level and fact.kind == "time"], "timestamp"
        )
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
    return _parts(sample) or _gaps(facts) or offset or _step(facts)


def _written(sample: Sample, fact: Facts, why: str, level: str) -> Guess:
    """Return a column of times with how they are written; where day and month fit both ways, it is doubtful."""
    pattern = fact.pattern or ""
    if pattern == ISO_WEEK and sample.frame[fact.name].astype("str").str.strip().str.match(WEEK_ALONE).any():
        return Guess(fact.name, f"{why} written as weeks: each stands for its Monday", DOUBTFUL)
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


def first_named(found: list[Facts], key: str) -> Facts | None:
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
        unread = next((one for one in others if one.filled and spoken(one.name, "time_of_day") == SURE), None)
        if unread is None:
            return guess
        told = (
            f"{guess.why}; the times of day in {unread.name} can't be read, so all events stand at midnight"
        )
        return Guess(guess.value, told, DOUBTFUL)
    return Guess({"date": fact.name, "hour": hour.name}, "a date and an hour, by their names", LIKELY)


def with_zone(sample: Sample, guess: Guess) -> Guess:
    """Return times together with the column in which each row names its time zone."""
    form = {"column": guess.value} if isinstance(guess.value, str) else guess.value
    if isinstance(guess.value, str) and sample.facts[guess.value].pattern in (WITH_OFFSET, *_EPOCHS):
        return guess
    for fact in sample.facts.values():
        zones = (
            set(sample.frame[fact.name].dropna().astype(str).str.strip().unique())
            if fact.levels < _MOST_ZONES
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
    """Tell whether a column holds times of day as numbers, such as 905 for five past nine, or 9.05."""
    if fact.kind not in ("whole", "number") or not spoken(fact.name, "time_of_day"):
        return False
    texts = sample.frame[fact.name].dropna().astype(str)
    if fact.kind == "number":
        return bool(texts.str.fullmatch(r"([01]\d|2[0-3]|[1-9])[.][0-5]\d").all())
    return bool(texts.str.removesuffix(".0").str.fullmatch(r"([01]?\d|2[0-3])[0-5]\d").all())


def _parts(sample: Sample) -> Guess | None:
    found = {
        part: next((fact.name for fact in sample.facts.values() if spoken(fact.name, part) == SURE), None)
        for part in ("year", "month", "day")
    }
    numbers = all(name and sample.facts[name].kind in ("whole", "flag") for name in found.values())
    return Guess(found, "by their names", LIKELY) if numbers else None


def _gaps(facts: list[Facts]) -> Guess | None:
    """Return the columns of the place and of the days since the one before, of events without any date."""
    named = {
        key: next(
            (fact.name for fact in facts if spoken(fact.name, key) == SURE and fact.kind in _COUNTED), None
        )
        for key in ("gap", "place", "hour")
    }
    if not named["gap"] or not named["place"]:
        return None
    form = {"gap": named["gap"], "order": named["place"], "unit": "day", "start": "2000-01-01"}
    form |= {"hour": named["hour"]} if named["hour"] else {}
    told = "days since the one before; everybody's first is put on the start, since when it was is not known"
    return Guess(form, told, DOUBTFUL)


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
