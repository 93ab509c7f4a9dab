"""Money: what was paid and what was ordered, in one meaning for everybody.

Revenue is the value of what was sold, less what was given back. A price that was looked at, the content of a basket,
and the amount of a lead, a quotation or a lost deal are kept as what they are, and are never revenue.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ibis
import pandas as pd

from journeykit.events import EventLog
from journeykit.facts.showing import ON_THE_WAY
from journeykit.stage_models import StageModel
from journeykit.touchpoints import GIVEN_BACK, PAYMENT, SOLD, load_vocabulary

__all__ = ["measure_revenue", "paying_touchpoints"]

BEFORE_BUYING = ("view_cart", "remove_from_cart", "add_shipping_info", "coupon_redeemed")
LOOKING = ("attract", "consider", "sign_up", "brand")  # groups of touchpoints before anything is bought
NO_SALE = ("deal_lost", "cancel")
UNKNOWN = "unknown"  # in which no currency is named beside others that are


def paying_touchpoints(there: Iterable[str], valued: Iterable[str], model: StageModel) -> list[str]:
    """Return the touchpoints of which the value is revenue, or counts against it.

    They are orders in any form, and touchpoints of the client's own that mark the purchase and carry a value; with
    refunds and returns. Payments are those of the orders, and count where no order carries a value. Where none of them
    is recorded, every touchpoint with values counts that comes after looking, choosing and asking.

    Parameters
    ----------
    there, valued
        The touchpoints that are recorded, and those of them that carry values.
    model
        The client's stage model.

    Examples
    --------
    >>> from journeykit.stage_models import load_stage_model
    >>> paying_touchpoints(["view_item", "refund", "purchase"], ["view_item"], load_stage_model("universal"))
    ['purchase', 'refund']
    >>> paying_touchpoints(["view_item", "donation"], ["view_item", "donation"], load_stage_model("universal"))
    ['donation']
    """
    there, valued, known = set(there), set(valued), load_vocabulary()
    marks = {name for stage in model.stages if stage.canonical == "purchase" for name in stage.markers}
    orders = {*SOLD, *(name for name in marks & valued if name not in known)} & there
    if not orders & valued and PAYMENT in (valued if orders else there):
        orders |= {PAYMENT}
    if orders:
        return sorted((orders | set(GIVEN_BACK)) & there)
    looks = {key for key, one in known.items() if one.group in LOOKING}
    counting = valued - looks - {*ON_THE_WAY, *BEFORE_BUYING, *NO_SALE}
    return sorted(counting | (set(GIVEN_BACK) & there if counting else set()))


def measure_revenue(log: EventLog) -> dict[str, Any]:
    """Return what was ordered and paid up to a log's moment.

    An order is one sale to one person: its lines are told together by their order's number, else by their moment. A
    payment is an order where no sale is recorded.

    Returns
    -------
    dict
        ``orders``; ``revenue``, in the client's currency, null where nothing is known or where several currencies are
        written and the client file names none; ``currencies`` that are written, and ``revenue_by_currency``.

    Examples
    --------
    >>> log = EventLog.from_frame(pd.DataFrame({
    ...     "customer_id": "a", "timestamp": pd.date_range("2026-03-01", periods=3), "value": [9.0, 40.0, 10.0],
    ...     "touchpoint": ["view_item", "purchase", "refund"]}))
    >>> found = measure_revenue(log)
    >>> found["orders"], found["revenue"]
    (1, 30.0)
    """
    if log.profile_only:
        return {"orders": 0, "revenue": None, "currencies": [], "revenue_by_currency": {}}
    orders = _orders(log).execute()
    named = sorted(orders["currency"].dropna().unique())
    usual = log.client.currency or (named[0] if len(named) == 1 else None)
    split = orders.assign(currency=orders["currency"].fillna(usual or UNKNOWN)).groupby("currency")["written"]
    by_currency = split.sum(min_count=1).dropna() if usual or named else pd.Series(dtype=float)
    several = len(by_currency) > 1 and log.client.currency is None
    revenue = orders["paid"].sum(min_count=1)
    return {
        "orders": int(orders["orders"].sum()),
        "revenue": None if several or pd.isna(revenue) else round(float(revenue), 6),
        "currencies": named or ([usual] if usual and len(orders) else []),
        "revenue_by_currency": {str(code): round(float(sum_), 6) for code, sum_ in by_currency.items()},
    }


def _orders(log: EventLog) -> Any:
    """Return one row a currency: ``orders``, ``paid`` (in the client's currency) and ``written`` (in its own)."""
    table = log.visible
    there = table.group_by("touchpoint").aggregate(
        valued=(table["value"].notnull() | table["value_as_written"].notnull()).any()
    )
    there = there.execute()
    kinds = paying_touchpoints(
        there["touchpoint"], there.loc[there["valued"].astype(bool), "touchpoint"], log.client.model
    )
    table = table.filter(table["touchpoint"].isin(kinds))
    moment = table["touchpoint"] + ibis.literal(" ") + table["timestamp"].cast("string")
    back, sales = (
        table["touchpoint"].isin(GIVEN_BACK),
        [name for name in kinds if name not in (*GIVEN_BACK, PAYMENT)],
    )
    written = ibis.coalesce(table["value_as_written"], table["value"])
    table = table.mutate(
        _order=ibis.coalesce(table["order_id"], moment),
        _paid=back.ifelse(-table["value"].abs(), table["value"]),
        _written=back.ifelse(-written.abs(), written),
        _worth=back.ifelse(ibis.null("float64"), written),
        _sale=table["touchpoint"].isin(sales or [PAYMENT]),
    )
    orders = table.group_by(["customer_id", "_order", "currency"]).aggregate(
        paid=table["_paid"].sum(),
        written=table["_written"].sum(),
        order=table["_sale"].any() & ~(table["_worth"].sum() < 0).fill_null(False),
    )
    return orders.group_by("currency").aggregate(
        orders=orders["order"].sum(), paid=orders["paid"].sum(), written=orders["written"].sum()
    )
