"""The profile: readable measures of what someone did, for describing people."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.features.baskets import pieces_of
from journeykit.sessions import contacts

__all__ = ["DAYPARTS", "measure_profile"]

DAYPARTS = {"night": (0, 6), "morning": (6, 12), "afternoon": (12, 18), "evening": (18, 24)}


def measure_profile(log: Any) -> pd.DataFrame:
    """Measure what every unit did, in plain units.

    Nothing is adjusted here: the profile describes people, the traits group them.

    Parameters
    ----------
    log : EventLog
        The events, read through the client's stage model.

    Returns
    -------
    pandas.DataFrame
        One row per unit, indexed by ``unit_id``: ``contacts``, ``sessions``, ``contacts_per_session``,
        ``active_days``, ``span_days``, ``gap_days`` (mean days between two sessions), ``orders``,
        ``order_value_mean``, ``basket_mean`` (pieces per order), ``value_total``, ``weekend_share``,
        ``paid_share``, ``interactive_share``, ``rating_mean``, ``channel_share.<channel>``,
        ``daypart_share.<night|morning|afternoon|evening>``, ``touchpoint_share.<touchpoint>`` (shares of
        contacts, 0 to 1), ``people`` (business logs), ``first_contact_at`` and ``last_touchpoint_at``
        (naive UTC). A missing value means that it was not observed.

    Examples
    --------
    >>> from journeykit.events import EventLog
    >>> events = pd.DataFrame({"customer_id": ["a", "a"], "touchpoint": ["search", "purchase"], "value": [None, 30.0],
    ...                        "timestamp": pd.to_datetime(["2026-03-01 12:00", "2026-03-05 20:00"])})
    >>> profile = measure_profile(EventLog.from_frame(events))
    >>> profile.loc["a", ["contacts", "orders", "order_value_mean", "daypart_share.evening"]].tolist()
    [2.0, 1.0, 30.0, 0.5]
    """
    table = contacts(log)
    profile = _tally(table).execute().set_index("unit_id").sort_index()
    profile["contacts_per_session"] = profile["contacts"] / profile["sessions"]
    timed = table.mutate(daypart=_daypart(table["hour"]))
    if table["hour"].nunique().execute() < 2:
        timed = timed.filter(ibis.literal(False))  # dates without times say nothing of the day
    parts = [_shares(table, "channel"), _shares(timed, "daypart"), _shares(table, "touchpoint")]
    profile = pd.concat([profile, *(part.reindex(profile.index) for part in parts)], axis=1)
    if log.client.unit != "account":
        profile = profile.drop(columns="people")
    moments = ["first_contact_at", "last_touchpoint_at"]
    return profile[[name for name in profile if name not in moments] + moments]


def _tally(table: Any) -> Any:
    ordered = (table["value"] > 0).fill_null(False)
    value = ordered.ifelse(table["value"].cast("float64"), ibis.null("float64"))
    pieces = pieces_of(table)
    between = table["gap_days"].sum() / (table["session"].nunique() - 1).nullif(0)
    return table.group_by("unit_id").aggregate(
        contacts=table.count(),
        sessions=table["session"].nunique(),
        active_days=table["local_timestamp"].date().nunique(),
        span_days=table["timestamp"].max().delta(table["timestamp"].min(), unit="millisecond") / 86_400_000.0,
        gap_days=between,
        orders=ordered.sum(),
        order_value_mean=value.mean(),
        basket_mean=ordered.ifelse(pieces, ibis.null("float64")).mean(),
        value_total=table["value"].cast("float64").sum(),
        weekend_share=(table["weekday"] >= 5).cast("float64").mean(),
        paid_share=table["paid"].cast("float64").mean(),
        interactive_share=(table["interaction"] == "interactive").cast("float64").mean(),
        rating_mean=table["rating"].cast("float64").mean(),
        people=table["customer_id"].nunique(),
        first_contact_at=table["timestamp"].min(),
        last_touchpoint_at=table["timestamp"].max(),
    )


def _daypart(hour: Any) -> Any:
    parts = [((hour >= start) & (hour < end), name) for name, (start, end) in DAYPARTS.items()]
    return ibis.cases(*parts, else_=ibis.null("string"))


def _shares(table: Any, column: str) -> pd.DataFrame:
    """Return the share of each category among the contacts of a unit that carry one."""
    table = table.filter(table[column].notnull())
    long = table.group_by(["unit_id", column]).aggregate(n=table.count()).execute()
    units, rows = np.unique(long["unit_id"].to_numpy(dtype=object), return_inverse=True)
    names, places = np.unique(long[column].astype(str).to_numpy(dtype=object), return_inverse=True)
    counts = np.zeros((len(units), len(names)))
    np.add.at(counts, (rows, places), long["n"].to_numpy(float))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    index = pd.Index(units, name="unit_id", dtype="str")
    return pd.DataFrame(shares, index=index, columns=[f"{column}_share.{name}" for name in names])
