"""Ways: the contacts with a channel in the time before each sale, and those that no sale followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeykit.events import EventLog
from journeykit.facts import list_sales, selling_touchpoints
from journeykit.sessions import contacts

__all__ = ["LOOK_BACK_DAYS", "UNKNOWN", "WAY_COLUMNS", "Ways", "find_ways", "list_touches"]

LOOK_BACK_DAYS = 90
UNKNOWN = "unknown"
WAY_COLUMNS = ["channel", "source", "campaign"]


@dataclass(frozen=True)
class Ways:
    """The ways to sales, and those that ended without one.

    Attributes
    ----------
    touches
        Contacts with a channel, by unit and order: ``unit_id, timestamp, channel, source, campaign, cost, sale``
        (whether it is a sale's own row).
    sales
        Every sale: ``unit_id, timestamp, value, sale, new`` (the unit's first), ``last`` (row of the last touch before
        it; -1: none in the time looked back at), ``tracked`` (whether any touch came before it at all).
    steps
        The touches of each way: ``way`` (row of the sale; those without one count on from the last) and ``touch``.
    lost
        The unit of each way without a sale, by ``way``.
    """

    touches: pd.DataFrame
    sales: pd.DataFrame
    steps: pd.DataFrame
    lost: pd.Series


def list_touches(log: EventLog) -> pd.DataFrame:
    """Return every contact with a channel up to a log's moment, by unit and order."""
    table = contacts(log)
    table = table.filter(table["channel"].notnull() & (table["channel"] != UNKNOWN))
    given = [name for name in WAY_COLUMNS if name in table.columns]
    own = ["unit_id", "timestamp", "order", "touchpoint", "cost"]
    frame = table.select(*own, *given).order_by(["unit_id", "order"]).execute().reset_index(drop=True)
    frame = frame.assign(sale=frame["touchpoint"].isin(selling_touchpoints(log)))
    frame = frame.reindex(columns=["unit_id", "timestamp", *WAY_COLUMNS, "cost", "sale"])
    frame[WAY_COLUMNS] = frame[WAY_COLUMNS].astype(object)  # what nothing is known of too
    return frame


def find_ways(log: EventLog, days: float = LOOK_BACK_DAYS) -> Ways:
    """Return the ways to each sale: touches before its moment, and at most so many days before it.

    A way without a sale ends with a touch that no sale followed in that time, though there was time for one; a pause
    longer than that begins another.
    """
    touches, sales = list_touches(log), list_sales(log)
    begin, end = _ranges(touches, sales, pd.Timedelta(days=days))
    first = sales["sale"].astype(bool) & ~sales[sales["sale"].astype(bool)]["unit_id"].duplicated().reindex(
        sales.index, fill_value=True
    )
    started = touches.groupby("unit_id")["timestamp"].min()
    sales = sales.assign(
        new=first,
        last=np.where(end > begin, end - 1, -1),
        tracked=(sales["unit_id"].map(started) < sales["timestamp"]).fillna(False),
    )
    loose = ~sales["sale"].to_numpy(bool)  # money to which no sale belongs came by no way
    sales.loc[loose, "last"] = -1
    begin, end = np.where(loose, 0, begin), np.where(loose, 0, end)
    sold = pd.DataFrame({"way": np.repeat(np.arange(len(sales)), end - begin), "touch": _within(begin, end)})
    free = touches.drop(index=np.unique(sold["touch"].to_numpy()))
    lost = _lost(free, log.moment, pd.Timedelta(days=days), len(sales))
    owner = lost.drop_duplicates("way").set_index("way")["unit_id"]
    return Ways(touches, sales, pd.concat([sold, lost[["way", "touch"]]], ignore_index=True), owner)


def _ranges(touches: pd.DataFrame, sales: pd.DataFrame, back: pd.Timedelta) -> tuple[np.ndarray, np.ndarray]:
    """Return, per sale, the first touch that counts and the one after the last."""
    units = pd.Index(touches["unit_id"].unique())
    moments = np.unique(
        np.concatenate([touches["timestamp"], sales["timestamp"], sales["timestamp"] - back]).astype(
            "datetime64[us]"
        )
    )

    def key(unit: pd.Series, at: pd.Series) -> np.ndarray:
        return units.get_indexer(unit) * (len(moments) + 1) + np.searchsorted(
            moments, at.to_numpy("datetime64[us]")
        )

    have = key(touches["unit_id"], touches["timestamp"])
    place = np.argsort(have, kind="stable")  # units in the order of their first touch: as they stand
    assert (place == np.arange(len(have))).all()
    begin = np.searchsorted(have, key(sales["unit_id"], sales["timestamp"] - back), "left")
    end = np.searchsorted(have, key(sales["unit_id"], sales["timestamp"]), "left")
    none = ~sales["unit_id"].isin(units).to_numpy()
    return np.where(none, 0, begin), np.where(none, 0, end)


def _within(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return all whole numbers from each begin up to its end."""
    length = end - begin
    starts = np.repeat(begin - np.concatenate([[0], np.cumsum(length)[:-1]]), length)
    return starts + np.arange(length.sum())


def _lost(free: pd.DataFrame, moment: pd.Timestamp, pause: pd.Timedelta, first: int) -> pd.DataFrame:
    """Return the touches of ways without a sale, each way after the pause that begins it; open ones are left out."""
    before = free.groupby("unit_id")["timestamp"].shift()
    begins = before.isna() | (free["timestamp"] - before > pause)
    run = begins.cumsum()
    over = free.groupby(run)["timestamp"].transform("max") + pause < moment
    kept = pd.DataFrame({"way": first + run - 1, "touch": free.index, "unit_id": free["unit_id"]})
    return kept[over].reset_index(drop=True)
