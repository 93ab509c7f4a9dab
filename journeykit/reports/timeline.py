"""A timeline: what was known of one customer on a day, as an object that a notebook shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import ibis
import pandas as pd

from journeykit.clients import Client
from journeykit.errors import unknown
from journeykit.events import EventLog
from journeykit.letters import legible
from journeykit.reports.blocks import template_folder
from journeykit.sessions import contacts
from journeykit.wording import label, say_value, text

__all__ = ["Timeline", "render", "show_timeline"]

MOST_CONTACTS = 30
_IN_WEEKS, _IN_MONTHS = 14, 60  # days
_COLUMNS = "customer_id local_timestamp touchpoint channel session order page content product value".split()


@dataclass(frozen=True)
class Timeline:
    """What one customer did up to a day, by day and visit, in words of one language.

    Attributes
    ----------
    client
        Whose customer it is.
    unit
        The customer, or the account of a business log.
    at
        The day; nothing later is in it.
    language
        ``nl`` or ``en``.
    contacts
        The last contacts up to the end of the day, oldest first.
    earlier
        How many contacts came before these.
    since
        The day of the first contact of all; None when there is none.
    """

    client: Client
    unit: str
    at: dt.date
    language: str
    contacts: pd.DataFrame
    earlier: int = 0
    since: dt.date | None = None

    def days(self) -> list[dict[str, Any]]:
        """Return the days with contacts: ``day`` and ``gap`` in words, and ``visits`` of a time and rows of words."""
        found: list[dict[str, Any]] = []
        before = None
        for day, rows in groupby(self._rows(), key=lambda row: row["local_timestamp"].date()):
            visits = [
                {"time": f"{inside[0]['local_timestamp']:%H:%M}", "rows": self._lines(inside)}
                for inside in (list(visit) for _, visit in groupby(rows, key=lambda row: row["session"]))
            ]
            found.append({"day": self._value(day, "date"), "gap": self._gap(before, day), "visits": visits})
            before = day
        return found

    def head(self) -> dict[str, str]:
        """Return the title and what stands below it."""
        kind = self.client.unit
        before = self._text("before", contacts=self.earlier, day=self.since) if self.earlier else ""
        known = self._text("known_until", day=self.at)
        return {"title": self._text(f"title_{kind}", id=self.unit), "known": known, "before": before}

    def end(self) -> str:
        """Return how long it had been still on the day."""
        if self.contacts.empty:
            return self._text("nothing", day=self.at)
        silent = (self.at - self.contacts["local_timestamp"].iloc[-1].date()).days
        return self._lasting("silence", silent, day=self.at) if silent else self._text("today")

    def __str__(self) -> str:
        """Return the timeline as plain text."""
        lines = [part for part in self.head().values() if part]
        for day in self.days():
            lines += ["", f"{day['day']} · {day['gap']}" if day["gap"] else day["day"]]
            for visit in day["visits"]:
                lines += [_line(visit["time"] if not n else "", row) for n, row in enumerate(visit["rows"])]
        return "\n".join([*lines, "", self.end()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return render("timeline", t=self)

    def _text(self, key: str, **values: Any) -> str:
        return text(f"labelling.{key}", self.language, **values)

    def _value(self, value: Any, form: str) -> str:
        return say_value(value, form, self.language, self.client.currency)

    def _rows(self) -> list[dict[str, Any]]:
        return self.contacts.to_dict("records")

    def _gap(self, before: dt.date | None, day: dt.date) -> str:
        if before is None:
            return ""
        days = (day - before).days
        return self._text("next_day") if days == 1 else self._lasting("later", days)

    def _lasting(self, key: str, days: int, **values: Any) -> str:
        """Return a text about a gap, in weeks where days are hard to picture."""
        if _IN_WEEKS <= days < _IN_MONTHS:
            return self._text(f"{key}_weeks", weeks=round(days / 7), **values)
        return self._text(key, gap=days, **values)

    def _lines(self, visit: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
        """Return the contacts of a visit as words, those that are alike on one line."""
        lines = [self._words(row) for row in visit]
        return [
            line | {"times": self._text("times", count=count) if count > 1 else ""}
            for line, count in _counted(lines)
        ]

    def _words(self, row: dict[str, Any]) -> dict[str, str]:
        about = [str(row[name]) for name in ("product", "page", "content") if _told(row[name])]
        channel, value = row["channel"], row["value"]
        return {
            "touchpoint": label("touchpoint", row["touchpoint"], self.language, self.client),
            "channel": label("channel", channel, self.language, self.client) if _told(channel) else "",
            "details": " · ".join(about),
            "value": self._value(value, "amount") if _told(value) and value else "",
            "who": str(row["customer_id"]) if self.client.unit == "account" else "",
        }


def show_timeline(
    log: EventLog,
    unit: str,
    at: str | dt.date | pd.Timestamp | None = None,
    language: str | None = None,
    *,
    most: int = MOST_CONTACTS,
) -> Timeline:
    """Return what was known of one customer at the end of a day: the last contacts, by day and visit.

    Parameters
    ----------
    log
        The events.
    unit
        The customer, or the account of a business log, as the log knows them.
    at
        The day; that of the log when None. Nothing later is looked at.
    language
        ``nl`` or ``en``; the client's when None.
    most
        The number of contacts that are shown at most.

    Returns
    -------
    Timeline
        It shows itself in a notebook, and ``print`` shows it as text. It holds ids, and is no part of a report.

    Raises
    ------
    JourneykitError
        When the customer is not in the log, or nothing had happened yet by the day.

    Examples
    --------
    >>> events = pd.DataFrame({"customer_id": ["a", "a"], "touchpoint": ["search", "purchase"], "value": [None, 20.0],
    ...                        "timestamp": pd.to_datetime(["2026-03-01 12:00", "2026-03-22 12:30"])})
    >>> print(show_timeline(EventLog.from_frame(events), "a", "2026-03-31", "en"))
    Customer a
    What was known on 31 March 2026
    <BLANKLINE>
    1 March 2026
      12:00  Search engine used
    <BLANKLINE>
    22 March 2026 · 3 weeks later
      12:30  Purchase · 20.00
    <BLANKLINE>
    Then nothing for 9 days, up to 31 March 2026
    """
    past = log if at is None else log.as_of(at)
    table = contacts(log)
    own = table.filter(table["unit_id"] == str(unit))
    if not own.count().execute():
        known = table.select("unit_id").distinct().order_by("unit_id").execute()["unit_id"]
        raise unknown(log.client.unit, unit, known, where="log", remedy="use an id of the log")
    own = own.filter(own["timestamp"] <= ibis.timestamp(str(past.moment)))
    frame = own.order_by(ibis.desc("order")).limit(most).select(*_COLUMNS).execute()[::-1]
    facts = own.aggregate(count=own.count(), first=own["local_timestamp"].min()).execute().iloc[0]
    since = None if pd.isna(facts["first"]) else facts["first"].date()
    return Timeline(
        log.client, str(unit), past.as_of_date, language or log.client.language, frame.reset_index(drop=True),
        int(facts["count"]) - len(frame), since,
    )  # fmt: skip


def render(part: str, **values: Any) -> str:
    """Return a part of the labelling cell as HTML that stands by itself, every value escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(template_folder()), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return legible(made.get_template("labelling.html.j2").render(part=part, **values))


def _line(time: str, row: dict[str, str]) -> str:
    name = f"{row['touchpoint']} {row['times']}".strip()
    told = [name, *(row[key] for key in ("channel", "details", "value", "who") if row[key])]
    return f"  {time:5}  {' · '.join(told)}"


def _counted(lines: Sequence[dict[str, str]]) -> Iterator[tuple[dict[str, str], int]]:
    for line, alike in groupby(lines):
        yield line, len(list(alike))


def _told(value: Any) -> bool:
    return value is not None and value == value and str(value).strip() != ""
