"""EventLog: what happened, up to a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

import ibis
import pandas as pd

from journeykit import engine
from journeykit.clients import Client, client_from_dict
from journeykit.errors import DataError, JourneykitError, unknown
from journeykit.events.mapping import LOG_COLUMNS
from journeykit.events.spend import Spend

__all__ = ["EventLog"]


@dataclass(frozen=True)
class EventLog:
    """The events of a client, as a table of the engine that hides everything after a moment.

    Attributes
    ----------
    client
        Whose events they are.
    table
        The ibis table with the columns of the log; ``timestamp`` is naive UTC.
    moment
        The last moment that is seen, naive UTC.
    customers
        Attributes, one row a customer, indexed by ``customer_id``.
    rejects
        The rows that could not be used: ``source, row, reason, customer_id, touchpoint``.
    sources
        One row a file: ``path, rows, used, rejected, merged, lines`` (of the file; a line may give several rows),
        ``dates`` (how they were read, where day and month could change places) and ``sha256``.
    labels
        What an analyst knows: ``customer_id, at, stage``.
    identities
        How ids were joined: ``link, ids, joined, ambiguous, events``.
    groups
        Who was in which arm of a trial: ``trial, customer_id, account_id, arm`` (one of the two ids is missing).
    contactable
        Whether a customer may be contacted, by ``customer_id``; None where the client file does not say.
    day
        The day of events that have an order and no times: ``moment`` then tells nothing, and hides nothing.
    spend
        What was spent on channels; None where the client file names no costs.
    """

    client: Client
    table: Any
    moment: pd.Timestamp
    customers: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    rejects: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    sources: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    labels: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    identities: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    groups: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    contactable: pd.Series | None = field(default=None, repr=False)
    day: dt.date | None = None
    spend: Spend | None = field(default=None, repr=False)
    cache: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        stage_model: str = "universal",
        timezone: str = "UTC",
        setting: str = "b2c",
        customers: pd.DataFrame | None = None,
        client: Client | None = None,
    ) -> EventLog:
        """Return a log of a frame that has the columns of a log already; timestamps are UTC.

        Raises
        ------
        JourneykitError
            When ``customer_id``, ``timestamp`` or ``touchpoint`` is missing, or a column is not known.

        Examples
        --------
        >>> frame = pd.DataFrame({"customer_id": ["a"], "timestamp": ["2026-03-04"], "touchpoint": ["purchase"]})
        >>> EventLog.from_frame(frame).count()
        1
        """
        client = client or client_from_dict(
            {
                "id": "frame",
                "name": "Frame",
                "stage_model": stage_model,
                "timezone": timezone,
                "setting": setting,
            }
        )
        connection = engine.connect()
        table = connection.create_table("events", _shaped(frame))
        moment = _last(table)
        return cls(client, table, moment, customers=pd.DataFrame() if customers is None else customers)

    @property
    def connection(self) -> Any:
        """The connection to the engine that holds the table."""
        return self.table.get_backend()

    @property
    def visible(self) -> Any:
        """The table up to the moment."""
        return self.table.filter(self.table["timestamp"] <= ibis.timestamp(str(self.moment)))

    @property
    def profile_only(self) -> bool:
        """Whether there is a table of customers and nothing of what they did."""
        return self.client.profile_only

    @property
    def as_of_date(self) -> dt.date:
        """The day, in the client's time zone, of the last moment that is seen."""
        return self.day or _day(self.moment, self.client.timezone)

    def as_of(self, moment: str | dt.date | pd.Timestamp = "latest") -> EventLog:
        """Return the log as it was known at a moment: later events are hidden.

        Parameters
        ----------
        moment
            A date stands for the end of that day in the client's time zone; a naive timestamp with a
            time of day is UTC; ``latest`` is the day of the last event. Of an order without times it only names
            the day: nothing is hidden.

        Raises
        ------
        DataError
            When nothing had happened yet.
        """
        last = self.moment if self.profile_only else _last(self.table)
        if isinstance(moment, str) and moment == "latest":
            until = _end_of_day(_day(last, self.client.timezone), self.client.timezone)
        else:
            until = _moment(moment, self.client.timezone)
        if self.profile_only:
            return replace(self, moment=until, cache={})
        if self.day is not None:
            latest = isinstance(moment, str) and moment == "latest"
            return self if latest else replace(self, day=_day(until, self.client.timezone))
        first = self.table["timestamp"].min().execute()
        if until < pd.Timestamp(first):
            problem = f"nothing had happened by {until:%Y-%m-%d}; the first event is of {first:%Y-%m-%d}"
            raise DataError(problem, where=self.client.path, remedy="choose a later as-of date")
        return replace(self, moment=until, cache={})

    def read_through(self, stage_model: str) -> EventLog:
        """Return the same events, read through another stage model; nothing is read or counted anew.

        Labels name stages of the client's own model and are left behind.

        Raises
        ------
        ClientFileError
            When there is no such stage model.

        Examples
        --------
        >>> frame = pd.DataFrame({"customer_id": ["a"], "timestamp": ["2026-03-04"], "touchpoint": ["purchase"]})
        >>> EventLog.from_frame(frame).read_through("digital").client.model.ids[:3]
        ('need', 'orientation', 'consideration')
        """
        if stage_model == self.client.stage_model:
            return self
        return replace(self, client=self.client.with_stage_model(stage_model), labels=pd.DataFrame())

    def count(self) -> int:
        """Return the number of events up to the moment."""
        return int(self.visible.count().execute())

    def later(self) -> int:
        """Return the number of events that are hidden because they come after the moment."""
        return int(self.table.count().execute()) - self.count()

    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return the moments of the first and the last event up to the moment, naive UTC."""
        table = self.visible
        row = table.aggregate(first=table["timestamp"].min(), last=table["timestamp"].max()).execute().iloc[0]
        return pd.Timestamp(row["first"]), pd.Timestamp(row["last"])

    def touchpoints(self) -> pd.DataFrame:
        """Return the touchpoints up to the moment: ``touchpoint, events, customers, first, last, known``."""
        table = self.visible
        grouped = table.group_by("touchpoint").aggregate(
            events=table.count(),
            customers=table["customer_id"].nunique(),
            first=table["timestamp"].min(),
            last=table["timestamp"].max(),
        )
        frame = grouped.order_by([ibis.desc("events"), "touchpoint"]).execute()
        known = set(self.client.vocabulary) | set(self.client.model.touchpoints)
        return frame.assign(known=frame["touchpoint"].isin(known))

    def channels(self) -> pd.DataFrame:
        """Return the channels and platforms up to the moment: ``channel, source, events, customers, paid, known``.

        ``paid`` is the number of events that are told to be paid for; a channel that is not ``known`` is neither the
        vocabulary's nor named in the client file's ``channels``, and keeps its raw name.
        """
        table = self.visible.filter(ibis._["channel"].notnull() | ibis._["source"].notnull())
        grouped = table.group_by(["channel", "source"]).aggregate(
            events=table.count(),
            customers=table["customer_id"].nunique(),
            paid=table["paid"].fill_null(False).cast("int64").sum(),
        )
        frame = grouped.order_by([ibis.desc("events"), "channel", "source"]).execute()
        own = {str(said.channel) for said in self.client.channels.values()}
        known = {
            name: name in own or self.client.channel_of(name).known
            for name in frame["channel"].dropna().unique()
        }
        return frame.assign(known=[known.get(name, False) for name in frame["channel"]])

    def to_pandas(self) -> pd.DataFrame:
        """Return the events up to the moment as a frame, in the order of customer and time."""
        frame = self.visible.order_by(["customer_id", "timestamp", "line", "touchpoint"]).execute()
        return frame.drop(columns="line").reset_index(drop=True)

    def close(self) -> None:
        """Release the engine's connection."""
        self.connection.disconnect()


def _last(table: Any) -> pd.Timestamp:
    last = table["timestamp"].max().execute()
    if pd.isna(last):
        raise DataError(
            "there are no events that can be used", remedy="see what was rejected with 'journeykit check'"
        )
    return pd.Timestamp(last)


def _day(moment: pd.Timestamp, zone: str) -> dt.date:
    return moment.tz_localize("UTC").tz_convert(zone).date()


def _end_of_day(day: dt.date, zone: str) -> pd.Timestamp:
    start_of_next = pd.Timestamp(day) + pd.Timedelta(days=1)
    local = start_of_next.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return (local.tz_convert("UTC").tz_localize(None) - pd.Timedelta(microseconds=1)).as_unit("us")


def _moment(moment: str | dt.date | pd.Timestamp, zone: str) -> pd.Timestamp:
    try:
        stamp = pd.Timestamp(moment)
    except ValueError:
        problem = f"the as-of date {str(moment)!r} cannot be read"
        raise JourneykitError(problem, remedy="write it as 2026-04-01, or 'latest'") from None
    if stamp.tzinfo is not None:
        return stamp.tz_convert("UTC").tz_localize(None).as_unit("us")
    a_date = isinstance(moment, dt.date) and not isinstance(moment, dt.datetime)
    if a_date or (isinstance(moment, str) and len(moment.strip()) <= 10):
        return _end_of_day(stamp.date(), zone)
    return stamp.as_unit("us")


def _shaped(frame: pd.DataFrame) -> Any:
    for name in frame.columns:
        if name not in LOG_COLUMNS:
            raise unknown("event column", name, LOG_COLUMNS)
    for name in ("customer_id", "timestamp", "touchpoint"):
        if name not in frame.columns:
            raise JourneykitError(f"the frame has no column {name!r}", remedy="rename or add it")
    if frame.empty:
        raise DataError("there are no events that can be used", remedy="give at least one event")
    times = pd.to_datetime(
        frame["timestamp"], utc=True, format="ISO8601" if frame["timestamp"].dtype == object else None
    )
    shaped = frame.assign(timestamp=times.dt.tz_localize(None).astype("datetime64[us]"))
    shaped = shaped.assign(line=range(len(shaped))).reindex(columns=list(LOG_COLUMNS))
    schema = ibis.schema(LOG_COLUMNS)
    return ibis.memtable(_as_arrow(shaped), schema=schema)


def _as_arrow(frame: pd.DataFrame) -> Any:
    import pyarrow as pa

    kinds = {
        "string": pa.string(),
        "timestamp": pa.timestamp("us"),
        "float64": pa.float64(),
        "boolean": pa.bool_(),
        "int64": pa.int64(),
    }
    arrays = [
        pa.array(
            frame[name].astype("string") if kind == "string" else frame[name],
            type=kinds[kind],
            from_pandas=True,
        )
        for name, kind in LOG_COLUMNS.items()
    ]
    return pa.table(arrays, names=list(LOG_COLUMNS))
