"""The end of a log: how long nothing has happened by its moment, and whether that is longer than it ever was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from journeykit import engine

VISIT_MS = 12 * 3_600_000  # who comes within half a day is on the same visit

__all__ = ["Silence", "is_seen_once", "silence_of"]


@dataclass(frozen=True)
class Silence:
    """A silence before the day of a report that says more about the log than about its customers.

    Attributes
    ----------
    last_day
        The day of the last event, in the client's time zone.
    days
        Days from that day to the day of the report.
    longest_days
        The longest time before, from one day with events to the next.
    """

    last_day: pd.Timestamp
    days: int
    longest_days: int


def silence_of(log: Any) -> Silence | None:
    """Return the silence at the end of a log when it is too long to tell what comes next; else None.

    It is when nobody did anything for longer than the horizon of a forecast, and for longer than ever before: then
    either the log ends before the day of the report, or the business did. Of an order without times, and of
    customers without events, nothing is known.

    Examples
    --------
    >>> from journeykit import EventLog
    >>> days = pd.date_range("2026-01-01", periods=60)
    >>> log = EventLog.from_frame(pd.DataFrame({"customer_id": "a", "timestamp": days, "touchpoint": "purchase"}))
    >>> silence_of(log.as_of("2026-03-10")), silence_of(log.as_of("2026-06-01")).days
    (None, 92)
    """
    if log.profile_only or log.client.in_order:
        return None
    local = engine.in_zone(log.visible["timestamp"], log.client.timezone)
    active = log.visible.select(day=local.date()).distinct().execute()["day"]
    days = pd.DatetimeIndex(pd.to_datetime(active)).sort_values()
    if days.empty:
        return None
    late = (pd.Timestamp(log.as_of_date) - days[-1]).days
    longest = int(days.to_series().diff().dt.days.max()) if len(days) > 1 else 1
    return Silence(days[-1], late, longest) if late > max(longest, log.client.period.horizon_days) else None


def is_seen_once(log: Any) -> bool:
    """Tell whether nobody was ever seen again half a day on or later: then nobody showed what comes next.

    A visit may pass midnight, so days of the calendar don't tell.

    Examples
    --------
    >>> from journeykit import EventLog
    >>> log = EventLog.from_frame(pd.DataFrame({"customer_id": ["a", "b"], "timestamp": ["2026-01-01", "2026-01-02"],
    ...                                         "touchpoint": "purchase"}))
    >>> is_seen_once(log)
    True
    """
    if log.profile_only or log.client.in_order:
        return False
    table = log.visible
    span = table["timestamp"].max().delta(table["timestamp"].min(), unit="millisecond")
    longest = table.group_by("customer_id").aggregate(span=span)["span"].max().execute()
    return not int(longest or 0) > VISIT_MS
