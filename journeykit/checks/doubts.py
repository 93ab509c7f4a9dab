"""Doubts: what in a log looks like a fault of measuring rather than a deed of customers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit import engine
from journeykit.events import EventLog, silence_of
from journeykit.events.leaks import suspect_leaks
from journeykit.events.texts import CUT_ID, PADDED_ID
from journeykit.sessions import contacts

__all__ = ["DOUBTS", "find_doubts"]

DOUBTS = (
    "one_id", "bot", "test_account", "gap", "sudden_stop", "sudden_start", "level_shift", "truncated_end", "late_start",
    "clock_midnight", "clock_change", "times_of_the_future", "long_silence", "unmapped", "same_event_twice", "leak",
    "rejected", "currencies", "day_or_month", "thousands_or_decimals", "lost_digits", "leading_zeros",
    "charged_again", "told_late", "equal_rows",
)  # fmt: skip
_WARN, _NOTE = "warning", "note"
_TENTH, _BOT_DAY, _BOT_MINUTE = 0.10, 2_000, 120
_TEST_WORDS = r"(^|[^a-z])(test|tester|demo|dummy|example|fake|bot|crawler|monitor)([^a-z]|$)"
_LEAST_EVENTS, _LEAST_DAYS, _UNMAPPED, _REJECTED = 200, 28, 0.05, 0.10
_LISTED = 5  # of one kind


def find_doubts(log: EventLog, overlaps: bool = True) -> pd.DataFrame:
    """Return what is doubtful in a log up to its moment, the gravest first.

    Parameters
    ----------
    overlaps
        Whether to look for the same event in several sources, which takes as long as all the rest.

    Returns
    -------
    DataFrame
        ``doubt`` (one of `DOUBTS`), ``level`` (``warning`` or ``note``), ``what`` (the id, touchpoint, attribute, file
        or day; an id is a pseudonym when the client file asks for that), ``events`` (how many it touches), ``share``
        (of all, 0 to 1) and ``because``, the fact.
    """
    rows = [*_of_leaks(log), *_of_rejects(log), *_of_dates(log), *_of_marks(log), *_of_orders(log)]
    if not log.profile_only:
        total = max(log.count(), 1)
        rows += [
            *_of_people(log, total),
            *_of_names(log, total),
            *_of_ids(log, total),
            *(_of_sources(log, total) if overlaps else ()),
            *_of_money(log, total),
            *_of_equal_rows(log),
        ]
        if not log.client.in_order:
            rows += [*_of_days(log, total), *_of_clock(log, total), *_of_the_end(log, total)]
    table = pd.DataFrame(rows, columns=["doubt", "level", "what", "events", "share", "because"])
    order = table["level"].map({_WARN: 0, _NOTE: 1})
    return table.assign(_order=order).sort_values(["_order", "share"], ascending=[True, False]).drop(
        columns="_order"
    ).reset_index(drop=True)  # fmt: skip


def _row(doubt: str, level: str, what: Any, events: float, total: int, because: str) -> tuple:
    return doubt, level, str(what), int(events), float(events) / total, because


def _of_people(log: EventLog, total: int) -> Iterator[tuple]:
    """Yield ids with a tenth of all events, with rates that no person reaches, or that are named like a test."""
    table = log.visible
    counts = table.group_by("customer_id").aggregate(events=table.count())
    for row in counts.filter(counts["events"] >= _TENTH * total).execute().itertuples():
        if len(counts.limit(11).execute()) > 10:  # of ten people or fewer, one has a tenth anyway
            told = f"{row.events:,} of {total:,} events: perhaps an id for everybody who is not known"
            yield _row("one_id", _WARN, row.customer_id, row.events, total, told)
    met = contacts(log)  # the lines of an order are one
    for unit, most in (("day", _BOT_DAY), ("minute", _BOT_MINUTE)):
        span = met["timestamp"].truncate("D" if unit == "day" else "m")
        if log.client.in_order or (unit == "minute" and not _has_clock(log)):
            continue
        rates = met.group_by(["customer_id", span.name("span")]).aggregate(events=met.count())
        busy = rates.filter(rates["events"] > most).group_by("customer_id")
        for row in (
            busy.aggregate(events=ibis._["events"].sum(), most=ibis._["events"].max())
            .limit(20)
            .execute()
            .itertuples()
        ):
            told = f"up to {row.most:,} events a {unit}, more than a person does"
            yield _row("bot", _WARN, row.customer_id, row.events, total, told)
    if log.client.privacy.pseudonymise:
        return
    tests = (
        counts.filter(counts["customer_id"].lower().re_search(_TEST_WORDS))
        .order_by(ibis.desc("events"))
        .limit(20)
    )
    for row in tests.execute().itertuples():
        yield _row("test_account", _NOTE, row.customer_id, row.events, total, "named like a test or a robot")


def _has_clock(log: EventLog) -> bool:
    """Tell whether times have a time of day, or are days only."""
    table = log.visible
    local = engine.in_zone(table["timestamp"], log.client.timezone)
    return bool((local != local.truncate("D")).any().execute())


def _of_names(log: EventLog, total: int) -> Iterator[tuple]:
    """Yield touchpoints that neither the vocabulary nor the stage model knows."""
    unknown = log.touchpoints().query("not known")
    for row in unknown.head(20).itertuples():
        level = _WARN if row.events > _UNMAPPED * total else _NOTE
        yield _row(
            "unmapped",
            level,
            row.touchpoint,
            row.events,
            total,
            "no touchpoint of the vocabulary; map it, or add it",
        )


def _of_ids(log: EventLog, total: int) -> Iterator[tuple]:
    """Yield ids that a spreadsheet changed: digits cut off, or noughts in front lost in a part of the rows."""
    ids = log.visible.group_by("customer_id").aggregate(events=ibis._.count())
    cut = ids.filter(ids["customer_id"].re_search(CUT_ID))
    told = "a spreadsheet cut the last digits off, so several people may be one; export it again as text"
    for row in cut.limit(_LISTED).execute().itertuples():
        yield _row("lost_digits", _WARN, row.customer_id, row.events, total, told)
    padded = ids.filter(ids["customer_id"].re_search(PADDED_ID))
    padded = padded.mutate(bare=padded["customer_id"].re_replace("^0+", ""))
    both = padded.filter(padded["bare"].isin(ids["customer_id"])).order_by("customer_id").limit(_LISTED)
    for row in both.execute().itertuples():
        told = f"{row.bare} is there too: leading zeros lost in a part of the rows, or two people?"
        yield _row("leading_zeros", _WARN, row.customer_id, row.events, total, told)


def _of_sources(log: EventLog, total: int) -> Iterator[tuple]:
    """Yield touchpoints of which many are told twice: at one moment of one person, with another channel or session."""
    if len(log.sources) < 2 or not _has_clock(log):
        return
    table = log.visible
    same = table.group_by(["customer_id", "timestamp", "touchpoint", "product"]).aggregate(
        rows=table.count(), channels=table["channel"].nunique(), sessions=table["session_id"].nunique()
    )
    twice = same.filter((same["rows"] > 1) & ((same["channels"] > 1) | (same["sessions"] > 1))).group_by(
        "touchpoint"
    )
    for row in twice.aggregate(events=(ibis._["rows"] - 1).sum()).execute().itertuples():
        if row.events > 0.02 * total:
            told = "it comes twice at one moment of one person, with another channel or session: told by two sources?"
            yield _row("same_event_twice", _NOTE, row.touchpoint, row.events, total, told)


def _of_days(log: EventLog, total: int) -> Iterator[tuple]:
    """Yield gaps, sudden stops and starts of touchpoints, a truncated end and a start that trickles in."""
    table = log.visible
    local = engine.in_zone(table["timestamp"], log.client.timezone)
    daily = table.group_by(["touchpoint", local.date().name("day")]).aggregate(events=table.count()).execute()
    if daily.empty:
        return
    wide = daily.pivot_table(index="day", columns="touchpoint", values="events", aggfunc="sum", fill_value=0)
    wide.index = pd.to_datetime(wide.index)
    wide = wide.reindex(pd.date_range(wide.index.min(), wide.index.max()), fill_value=0)
    whole = wide.sum(axis=1)
    if len(whole) < _LEAST_DAYS or total < _LEAST_EVENTS:
        return
    yield from _gaps(whole, total)
    yield from _edges(whole, total)
    for name in wide:
        yield from _steps(wide[name], str(name), total, whole)


def _gaps(whole: pd.Series, total: int) -> Iterator[tuple]:
    """Yield runs of days without anything that are too long for how often such days are."""
    usual = float(whole.median())
    silent = whole.eq(0)
    runs = silent.ne(silent.shift()).cumsum()[silent]
    lengths = runs.groupby(runs).size()
    typical = float(lengths.median()) if len(lengths) > 2 else 1.0
    for run, length in lengths.items():
        if usual >= 5 and length >= max(3, 3 * typical):
            days = runs[runs == run].index
            told = f"no event at all on {length} days from {days[0]:%Y-%m-%d}; usual are {usual:,.0f} a day"
            yield _row("gap", _WARN, f"{days[0]:%Y-%m-%d}", 0, total, told)


def _edges(whole: pd.Series, total: int) -> Iterator[tuple]:
    """Yield a last day that is cut off, and a first week with hardly anything."""
    usual = whole.iloc[-29:-1]
    same_day = usual[usual.index.day_of_week == whole.index[-1].day_of_week]
    last, least = float(whole.iloc[-1]), float(usual.median())
    if least >= 20 and last < 0.25 * min(least, float(same_day.median()) if len(same_day) else least):
        told = f"{last:,.0f} events on the last day; usual are {least:,.0f}: the export was made before it ended?"
        yield _row("truncated_end", _NOTE, f"{whole.index[-1]:%Y-%m-%d}", last, total, told)
    first, then = float(whole.iloc[:7].mean()), float(whole.iloc[7:35].median())
    if then >= 20 and first < 0.1 * then:
        told = (
            f"{first:,.1f} events a day in the first week, {then:,.0f} afterwards: the export begins later?"
        )
        yield _row("late_start", _NOTE, f"{whole.index[0]:%Y-%m-%d}", whole.iloc[:7].sum(), total, told)


def _steps(days: pd.Series, name: str, total: int, whole: pd.Series) -> Iterator[tuple]:
    """Yield a touchpoint that stops, starts or changes its level from one day to the next."""
    count, length = float(days.sum()), len(days)
    if count < _LEAST_EVENTS:
        return
    seen = np.flatnonzero(days.to_numpy())
    first, last = int(seen[0]), int(seen[-1])
    rate = count / (last - first + 1)
    if (length - 1 - last) * rate > 30 and length - 1 - last >= 7:
        told = f"none after {days.index[last]:%Y-%m-%d}; {rate:,.1f} a day before"
        yield _row("sudden_stop", _WARN, name, count, total, told)
    if first * rate > 30 and first >= 7:
        told = f"none before {days.index[first]:%Y-%m-%d}; {rate:,.1f} a day since"
        yield _row("sudden_start", _NOTE, name, count, total, told)
    there = days.iloc[first : last + 1]
    weekly = there[whole.iloc[first : last + 1] > 0].rolling(14).mean().dropna()  # a gap is told as a gap
    if len(weekly) > 28:
        ratio = weekly.iloc[14:].to_numpy() / np.maximum(weekly.iloc[:-14].to_numpy(), 0.5)
        worst = int(np.abs(np.log(np.maximum(ratio, 1e-3))).argmax())
        high, low = max(ratio[worst], 1e-3), weekly.iloc[worst]
        if (high > 5 or high < 0.2) and max(low, low * high) >= 20:
            day = weekly.index[worst]
            told = f"{low:,.0f} a day around {day:%Y-%m-%d}, {low * high:,.0f} two weeks later: measured otherwise?"
            yield _row("level_shift", _NOTE, name, count, total, told)


def _of_clock(log: EventLog, total: int) -> Iterator[tuple]:
    """Yield times that crowd at midnight, in the night, in an hour that the clock skipped, or after today."""
    table = log.visible
    local = engine.in_zone(table["timestamp"], log.client.timezone)
    hours = (
        table.group_by(local.hour().name("hour"))
        .aggregate(events=table.count())
        .execute()
        .set_index("hour")["events"]
    )
    hours = hours.reindex(range(24), fill_value=0)
    midnight = float((local == local.truncate("D")).sum().execute() or 0)
    if 0.2 * total < midnight < 0.98 * total:
        told = f"{midnight / total:.0%} at midnight exactly: dates without a time among times?"
        yield _row("clock_midnight", _NOTE, "00:00:00", midnight, total, told)
    night = float(hours.loc[1:5].sum())
    if midnight < 0.5 * total and total >= _LEAST_EVENTS and hours.gt(0).sum() > 12 and night > 0.35 * total:
        told = f"{night / total:.0%} between 1 and 6 o'clock on the clock of {log.client.timezone}: another time zone?"
        yield _row("clock_change", _WARN, log.client.timezone, night, total, told)
    later = float(
        (table["timestamp"] > ibis.timestamp(str(pd.Timestamp.now("UTC").tz_localize(None)))).sum().execute()
        or 0
    )
    if later:
        yield _row("times_of_the_future", _WARN, log.as_of_date, later, total, "after today")


def _of_the_end(log: EventLog, total: int) -> Iterator[tuple]:
    """Yield an as-of day so long after the last event that nothing can be told of what comes next."""
    silence = silence_of(log)
    if silence is not None:
        told = (
            f"no event in the {silence.days:,} days after {silence.last_day:%Y-%m-%d}, at most "
            f"{silence.longest_days:,} days apart before: does the export end earlier? nothing is forecast"
        )
        yield _row("long_silence", _WARN, log.as_of_date, 0, total, told)


def _of_money(log: EventLog, total: int) -> Iterator[tuple]:
    """Yield the currencies of which the values are left out of all sums."""
    table = log.visible
    apart = table.filter(table["value_as_written"].notnull() & table["value"].isnull())
    counted = (
        apart.group_by("currency").aggregate(events=apart.count()).order_by(ibis.desc("events")).execute()
    )
    ours = log.client.currency
    for row in counted.itertuples():
        told = (
            f"values in another currency than {ours} and without a rate: kept apart; give one under 'rates'"
        )
        if ours is None:
            told = "values in several currencies are not added up: name the report's under 'currency', and 'rates'"
        yield _row("currencies", _WARN, row.currency, row.events, total, told)


def _of_leaks(log: EventLog) -> Iterator[tuple]:
    """Yield attributes that tell an outcome."""
    people = log.customers.drop(columns="account_id", errors="ignore")
    if people.empty:
        return
    for row in suspect_leaks(people).itertuples():
        told = {
            "outcome": "named like an outcome",
            "predicts": f"tells {row.outcome} apart: area under the curve {row.strength:.2f}",
            "afterwards": f"named like a judgement, made when {row.outcome} was known?",
        }[row.leak]
        known = int(people[row.attribute].notna().sum())
        yield _row(
            "leak",
            _WARN if row.leak != "afterwards" else _NOTE,
            row.attribute,
            known,
            max(len(people), 1),
            told,
        )


def _of_dates(log: EventLog) -> Iterator[tuple]:
    """Yield files whose dates fit day first and month first alike, or were written with both."""
    if "dates" not in log.sources:
        return
    for row in log.sources[log.sources["dates"].notna()].itertuples():
        name = str(row.path).replace("\\", "/").rsplit("/", 1)[-1]
        if "swapped" in row.dates:
            told = "dates with the year first have a day up to 12, others one above: day and month were swapped back"
            yield _row("day_or_month", _NOTE, name, row.used, max(row.rows, 1), told)
        elif "either" in row.dates:
            told = (
                f"both day first and month first fit; {row.dates.split(',')[0]} is read: else give the form"
            )
            yield _row("day_or_month", _WARN, name, row.used, max(row.rows, 1), told)


def _of_marks(log: EventLog) -> Iterator[tuple]:
    """Yield files in whose numbers a point or a comma may mark thousands or decimals."""
    if "marks" not in log.sources:
        return
    for row in log.sources[log.sources["marks"].notna()].itertuples():
        name = str(row.path).replace("\\", "/").rsplit("/", 1)[-1]
        told = (
            f"a {row.marks} stands before three digits each time: thousands or decimals? compare the total with what "
            "you know"
        )
        yield _row("thousands_or_decimals", _WARN, name, row.used, max(row.rows, 1), told)


def _of_equal_rows(log: EventLog) -> Iterator[tuple]:
    """Yield files of days alone, without numbers, of which equal rows were merged: two of one day may be two events."""
    equal = log.rejects[log.rejects["reason"] == "duplicate"] if len(log.rejects) else log.rejects
    if (
        equal.empty
        or log.client.in_order
        or _has_clock(log)
        or bool(log.visible["order_id"].notnull().any().execute())
    ):
        return
    told = "rows equal to another of the same day, and no number tells them apart: each counts once, perhaps too few"
    for name, rows in equal.groupby("source").size().items():
        yield _row("equal_rows", _NOTE, name, rows, max(len(log.rejects) + log.count(), 1), told)


def _of_orders(log: EventLog) -> Iterator[tuple]:
    """Yield files in which orders are told again: charges under one number, and the same order days later."""
    told = {
        "charges": (
            "charged_again",
            "order numbers come back at regular distances: each charge is a purchase",
        ),
        "told_late": (
            "told_late",
            "orders are told again a day or more later, with the same value: each counts once",
        ),
    }
    for key, (doubt, because) in told.items():
        found = log.sources[log.sources[key] > 0] if key in log.sources else log.sources.head(0)
        for row in found.itertuples():
            name = str(row.path).replace("\\", "/").rsplit("/", 1)[-1]
            yield _row(doubt, _NOTE, name, getattr(row, key), max(row.rows, 1), because)


def _of_rejects(log: EventLog) -> Iterator[tuple]:
    """Yield files of which a tenth or more was rejected."""
    if log.rejects.empty or not len(log.sources):
        return
    for row in log.sources.itertuples():
        if row.rejected > _REJECTED * row.rows:
            name = str(row.path).replace("\\", "/").rsplit("/", 1)[-1]
            reasons = log.rejects.loc[
                log.rejects["source"].map(lambda one: str(one).rsplit("/", 1)[-1]) == name, "reason"
            ]
            most = reasons.value_counts().index[0] if len(reasons) else "unknown"
            yield _row("rejected", _WARN, name, row.rejected, max(row.rows, 1), f"rejected, mostly as {most}")
