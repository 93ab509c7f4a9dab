"""Sales: every order of a log with its moment and what was paid for it, less what was given back."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.events import EventLog
from journeykit.facts.money import UNKNOWN, paying_touchpoints
from journeykit.sessions import unit_of
from journeykit.touchpoints import GIVEN_BACK, PAYMENT

__all__ = ["SALE_COLUMNS", "in_one_money", "list_sales", "selling_touchpoints"]

SALE_COLUMNS = ["unit_id", "timestamp", "touchpoint", "value", "sale"]


def list_sales(log: EventLog) -> pd.DataFrame:
    """Return every sale up to a log's moment, with the money that belongs to it.

    A sale is one order of one unit: its lines are told together by their order's number, else by their moment. What
    was given back, and a payment beside an order, counts with the order of its number; without one with the unit's
    last sale before it, so that all values together are the revenue (`measure_revenue`).

    Returns
    -------
    pandas.DataFrame
        By unit and moment: ``unit_id``, ``timestamp`` (naive UTC), ``touchpoint``, ``value`` (in the client's
        currency; null where none is known) and ``sale``: False on a row of money to which no sale belongs.

    Examples
    --------
    >>> log = EventLog.from_frame(pd.DataFrame({
    ...     "customer_id": "a", "timestamp": pd.date_range("2026-03-01", periods=3), "value": [40.0, 25.0, 10.0],
    ...     "touchpoint": ["purchase", "purchase", "refund"]}))
    >>> list_sales(log)["value"].tolist()
    [40.0, 15.0]
    """
    if log.profile_only:
        return pd.DataFrame(columns=SALE_COLUMNS)
    if "sales" not in log.cache:
        log.cache["sales"] = _joined(_orders(log).execute())
    return log.cache["sales"].copy()


def selling_touchpoints(log: EventLog) -> list[str]:
    """Return the touchpoints of a log that are sales: orders in any form, or payments where no order is recorded."""
    paying = _paying(log)
    return [name for name in paying if name not in (*GIVEN_BACK, PAYMENT)] or [
        name for name in paying if name == PAYMENT
    ]


def in_one_money(log: EventLog) -> bool:
    """Return whether what was paid can be added up: one currency, or rates to that of the client."""
    written = log.visible.select("currency").distinct().execute()["currency"].dropna()
    return log.client.currency is not None or written.nunique() < 2


def _paying(log: EventLog) -> list[str]:
    table = log.visible
    known = table["value"].notnull() | table["value_as_written"].notnull()
    there = table.group_by("touchpoint").aggregate(valued=known.any()).execute()
    valued = there.loc[there["valued"].fillna(False).astype(bool), "touchpoint"]
    return paying_touchpoints(there["touchpoint"], valued, log.client.model)


def _orders(log: EventLog) -> Any:
    """Return one row an order and kind of row: sales, and the money beside them."""
    table = log.visible.filter(log.visible["touchpoint"].isin(_paying(log)))
    moment = table["touchpoint"] + ibis.literal(" ") + table["timestamp"].cast("string")
    table = table.mutate(
        unit_id=unit_of(log, table),
        _order=ibis.coalesce(table["order_id"], moment),
        _paid=table["touchpoint"].isin(GIVEN_BACK).ifelse(-table["value"].abs(), table["value"]),
        _sale=table["touchpoint"].isin(selling_touchpoints(log) or [UNKNOWN]),
    )
    return table.group_by(["unit_id", "_order", "_sale"]).aggregate(
        timestamp=table["timestamp"].min(),
        touchpoint=table["touchpoint"].argmin(table["timestamp"]),
        value=table["_paid"].sum(),
    )


def _joined(orders: pd.DataFrame) -> pd.DataFrame:
    """Return orders with the money beside them added to the sale to which it belongs."""
    orders = orders.sort_values(["unit_id", "timestamp", "_order"], kind="stable", ignore_index=True)
    orders["value"] = orders["value"].astype(float)
    sold = orders["_sale"].astype(bool)
    sold &= ~(orders["value"] < 0)  # lines below zero alone are money back, whatever they are called
    sales, beside = orders[sold], orders[~sold]
    beside = beside[beside["value"].notna()]
    home = _home(sales, beside)
    given = beside["value"].groupby(home.where(home >= 0)).sum()
    value = sales["value"].add(given.reindex(sales.index), fill_value=0.0)
    table = pd.concat([sales.assign(value=value), beside[(home < 0).to_numpy()]])
    table = table.assign(sale=table.index.isin(sales.index))
    return table.sort_index()[SALE_COLUMNS].reset_index(drop=True)


def _home(sales: pd.DataFrame, beside: pd.DataFrame) -> pd.Series:
    """Return per row of money beside sales the row of its sale: of its number, else the last before it; or -1."""
    if beside.empty or sales.empty:
        return pd.Series(-1, index=beside.index)
    number = pd.Series(sales.index, index=pd.MultiIndex.from_frame(sales[["unit_id", "_order"]]))
    number = number[~number.index.duplicated()]
    same = number.reindex(pd.MultiIndex.from_frame(beside[["unit_id", "_order"]])).to_numpy()
    before = pd.merge_asof(
        beside[["unit_id", "timestamp"]].assign(row=beside.index).sort_values("timestamp", kind="stable"),
        sales[["unit_id", "timestamp"]].assign(home=sales.index).sort_values("timestamp", kind="stable"),
        on="timestamp",
        by="unit_id",
    ).set_index("row")["home"]
    last = before.reindex(beside.index).to_numpy(float)
    return pd.Series(np.nan_to_num(np.where(np.isnan(same), last, same), nan=-1), index=beside.index).astype(
        int
    )
