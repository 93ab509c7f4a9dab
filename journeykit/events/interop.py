"""Interop: a log in the forms of other tools, and back. None of them is needed, nor imported."""

from __future__ import annotations

import re
import xml.sax.saxutils as xml
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from journeykit.clients import client_from_dict
from journeykit.errors import DataError
from journeykit.events.formats.xes import XES_COLUMNS
from journeykit.events.log import EventLog
from journeykit.events.mapping import LOG_COLUMNS
from journeykit.events.reading import read_events

__all__ = [
    "from_arrow", "from_pm4py", "from_retentioneering", "from_xes", "to_arrow", "to_pm4py", "to_retentioneering",
    "to_rfm", "to_xes",
]  # fmt: skip

_RETENTIONEERING = {"customer_id": "user_id", "touchpoint": "event", "timestamp": "timestamp"}
_SALES = ("purchase", "repeat_purchase")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
"""


def to_arrow(log: EventLog) -> Any:
    """Return the events up to the moment as an Arrow table with the columns of a log, by customer and time."""
    return log.visible.order_by(["customer_id", "timestamp", "touchpoint"]).to_pyarrow()


def from_arrow(table: Any, **options: Any) -> EventLog:
    """Return a log of an Arrow table with the columns of a log; ``options`` as `EventLog.from_frame` takes them."""
    return EventLog.from_frame(table.to_pandas(), **options)


def to_pm4py(log: EventLog) -> pd.DataFrame:
    """Return the events up to the moment as pm4py takes them: ``case:concept:name``, ``concept:name``,
    ``time:timestamp`` (UTC), and the other columns of the log that hold anything, under their own names.

    Examples
    --------
    >>> frame = pd.DataFrame({"customer_id": ["a"], "timestamp": ["2026-03-04"], "touchpoint": ["purchase"]})
    >>> list(to_pm4py(EventLog.from_frame(frame)))
    ['case:concept:name', 'concept:name', 'time:timestamp']
    """
    frame = _filled(log)
    frame["timestamp"] = frame["timestamp"].dt.tz_localize("UTC")
    return frame.rename(columns=XES_COLUMNS)[
        [*XES_COLUMNS.values(), *(name for name in frame if name not in XES_COLUMNS)]
    ]


def from_pm4py(frame: pd.DataFrame, **options: Any) -> EventLog:
    """Return a log of a frame with pm4py's columns; those that no log has are left out."""
    return _taken(frame, XES_COLUMNS, "pm4py", options)


def to_retentioneering(log: EventLog) -> pd.DataFrame:
    """Return the events up to the moment as an Eventstream takes them: ``user_id, event, timestamp``, and more."""
    frame = _filled(log).rename(columns=_RETENTIONEERING)
    return frame[["user_id", "event", "timestamp", *(n for n in frame if n not in _RETENTIONEERING.values())]]


def from_retentioneering(frame: pd.DataFrame, **options: Any) -> EventLog:
    """Return a log of the frame of an Eventstream; events that it made up itself, as ``path_start``, are left out."""
    if "event_type" in frame:
        frame = frame[frame["event_type"] == "raw"]
    return _taken(frame, _RETENTIONEERING, "retentioneering", options)


def to_rfm(log: EventLog, touchpoints: tuple[str, ...] = _SALES) -> pd.DataFrame:
    """Return the summary of sales that models of repeat buying take, of everybody who bought up to the moment.

    Parameters
    ----------
    log
        With times.
    touchpoints
        What counts as a sale.

    Returns
    -------
    DataFrame
        Indexed by ``customer_id``: ``frequency`` (days with a sale after the first), ``recency`` (days from the
        first to the last), ``T`` (days from the first to the moment) and ``monetary_value`` (mean of the days
        after the first; 0 of who has none, as these models expect). Days are those of the client's time zone:
        Fader, Hardie and Lee (2005), in the form of lifetimes' ``summary_data_from_transaction_data``.

    Raises
    ------
    DataError
        When the events have an order and no times, or nobody bought.
    """
    if log.day is not None:
        problem = "the events have an order and no times, so nothing can be said of days"
        raise DataError(problem, where=log.client.path, remedy="give the times of the events")
    frame = log.to_pandas()
    sales = frame[frame["touchpoint"].isin(touchpoints)]
    if sales.empty:
        remedy = "name under 'touchpoints' what counts as a sale"
        raise DataError("nobody bought up to the moment", where=log.client.path, remedy=remedy)
    day = (
        sales["timestamp"]
        .dt.tz_localize("UTC")
        .dt.tz_convert(log.client.timezone)
        .dt.tz_localize(None)
        .dt.normalize()
    )
    daily = sales.assign(day=day).groupby(["customer_id", "day"])["value"].sum(min_count=1).reset_index()
    buyers = daily.groupby("customer_id")["day"].agg(["min", "max", "size"])
    later = daily[daily["day"] > daily["customer_id"].map(buyers["min"])]
    spent = later.groupby("customer_id")["value"].mean().reindex(buyers.index)
    repeated = buyers["size"] > 1
    return pd.DataFrame({
        "frequency": (buyers["size"] - 1).astype(float),
        "recency": (buyers["max"] - buyers["min"]).dt.days.astype(float),
        "T": (pd.Timestamp(log.as_of_date) - buyers["min"]).dt.days.astype(float),
        "monetary_value": spent.where(repeated, 0.0),
    })  # fmt: skip


def to_xes(log: EventLog, path: str | Path) -> Path:
    """Write the events up to the moment as XES, a trace a customer; other columns as attributes under their names.

    Letters that XML does not know are left out. The form is that of IEEE 1849-2016.
    """
    path = Path(path)
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEAD)
        for who, events in _filled(log).groupby("customer_id", sort=False):
            file.write(f"<trace>\n{_attribute('string', 'concept:name', who)}\n")
            for event in events.drop(columns="customer_id").to_dict("records"):
                file.write(f"<event>{''.join(_attributes(event))}</event>\n")
            file.write("</trace>\n")
        file.write("</log>\n")
    return path


def from_xes(path: str | Path, **keys: Any) -> EventLog:
    """Return the log of an XES file; further ``keys`` as in a client file."""
    path = Path(path).resolve()
    given = {"id": "xes", "name": path.name, "events": {"path": str(path)}}
    return read_events(client_from_dict(given | keys))


def _attributes(event: dict[str, Any]) -> Iterator[str]:
    yield _attribute("string", "concept:name", event["touchpoint"])
    yield _attribute("date", "time:timestamp", f"{event['timestamp'].isoformat()}+00:00")
    for name, value in event.items():
        if name in ("touchpoint", "timestamp") or pd.isna(value):
            continue
        kind = {"float64": "float", "boolean": "boolean"}.get(LOG_COLUMNS[name], "string")
        yield _attribute(kind, name, str(bool(value)).lower() if kind == "boolean" else value)


def _attribute(kind: str, key: str, value: Any) -> str:
    return f"<{kind} key={xml.quoteattr(key)} value={xml.quoteattr(_NOT_XML.sub('', str(value)))}/>"


def _filled(log: EventLog) -> pd.DataFrame:
    """Return the events without the columns that hold nothing."""
    frame = log.to_pandas()
    return frame.loc[:, frame.notna().any() | frame.columns.isin(list(XES_COLUMNS))].copy()


def _taken(frame: pd.DataFrame, names: dict[str, str], tool: str, options: dict[str, Any]) -> EventLog:
    for ours, theirs in names.items():
        if theirs not in frame:
            known = ", ".join(map(str, frame.columns[:20]))
            problem = f"the frame has no column {theirs!r}, which one of {tool} has for {ours!r}"
            raise DataError(problem, remedy=f"rename one; there are: {known}")
    kept = frame.rename(columns={theirs: ours for ours, theirs in names.items()})
    kept = kept.loc[:, [name for name in LOG_COLUMNS if name in kept]]
    usable = kept.replace({np.nan: None}).dropna(subset=list(names))
    if len(usable) < len(kept):
        problem = f"{len(kept) - len(usable)} rows have no id, time or name of the event"
        raise DataError(
            problem,
            remedy="leave these rows out first, or read the file with a client file, which counts them",
        )
    return EventLog.from_frame(kept, **options)
