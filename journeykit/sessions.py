"""Contacts: the events of a log in the order in which each unit had them, lines of one order taken together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import pandas as pd

from journeykit import engine
from journeykit.events import EventLog

__all__ = ["SESSION_GAP_MINUTES", "contacts", "contacts_frame", "unit_of"]

SESSION_GAP_MINUTES = 30
_SAME = "unit_id customer_id timestamp touchpoint channel session_id page content campaign interaction paid".split()
_ORDER = ["timestamp", "touchpoint", "channel", "page", "customer_id", "session_id", "content"]
_BOUGHT = ("purchase", "contract_signed")


def contacts(log: EventLog) -> Any:
    """Return one row per contact, made once per log and kept in its engine.

    Lines with the same unit, customer, moment, touchpoint, channel, session, page and content are one
    contact: an order with five products is one purchase. All windows look back only, so a contact's
    columns do not change when later events arrive.

    Returns
    -------
    ibis.Table
        ``unit_id, customer_id, timestamp`` (naive UTC), ``local_timestamp, touchpoint, step, channel,
        session, order, gap_days, hour, weekday`` (Monday 0), ``page, content, campaign, product, value,
        quantity, lines, cost, paid, interaction, rating, referrer_id``.
    """
    steps = "_repeat" if _tells_repeats(log) else ""
    name = f"contacts_{log.moment:%Y%m%d%H%M%S%f}{steps}"
    if name not in log.cache:
        log.cache[name] = log.connection.create_table(name, _ordered(log, _contacts(log)), overwrite=True)
    return log.cache[name]


def contacts_frame(log: EventLog, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the contacts as a frame, sorted by unit and order, for logs that fit in memory."""
    table = contacts(log).order_by(["unit_id", "order"])
    frame = (table.select(*columns) if columns else table).execute()
    return frame.reset_index(drop=True)


def _tells_repeats(log: EventLog) -> bool:
    """Return whether the stage model tells a repeat purchase apart: all of it that a contact depends on."""
    return "repeat_purchase" in log.client.model.touchpoints


def unit_of(log: EventLog, table: Any) -> Any:
    """Return the unit of each row of a log: the account where there is one, else the customer."""
    if log.client.unit == "account":
        return ibis.coalesce(table["account_id"], table["customer_id"])
    return table["customer_id"]


def _contacts(log: EventLog) -> Any:
    table = log.visible
    table = table.mutate(unit_id=unit_of(log, table))
    dearest = table["product"].argmax(ibis.coalesce(table["value"], ibis.literal(0.0)))
    return table.group_by(_SAME).aggregate(
        product=ibis.coalesce(dearest, table["product"].min()),
        value=table["value"].sum(),
        quantity=table["quantity"].sum(),
        cost=table["cost"].sum(),
        rating=table["rating"].mean(),
        referrer_id=table["referrer_id"].min(),
        lines=table.count(),
    )


def _ordered(log: EventLog, table: Any) -> Any:
    """Add what looks back: order, gap, session, and the step in which a repeat purchase is told apart."""
    table = _with_vocabulary(log, table)
    back = ibis.window(group_by="unit_id", order_by=_ORDER)
    so_far = ibis.window(group_by="unit_id", order_by=_ORDER, preceding=None, following=0)
    local = engine.in_zone(table["timestamp"], log.client.timezone)
    milliseconds = table["timestamp"].delta(table["timestamp"].lag().over(back), unit="millisecond")
    gap_days = milliseconds / 86_400_000.0
    bought = table["touchpoint"].isin(_BOUGHT)
    first_bought = table["timestamp"].min(where=bought).over(ibis.window(group_by="unit_id"))
    repeat = bought & (table["timestamp"] > first_bought)
    told = _tells_repeats(log)
    step = repeat.ifelse("repeat_purchase", table["touchpoint"]) if told else table["touchpoint"]
    table = table.mutate(
        local_timestamp=local,
        gap_days=gap_days,
        order=ibis.row_number().over(back).cast("int64"),
        hour=local.hour().cast("int64"),
        weekday=local.day_of_week.index().cast("int64"),
        step=step,
    )
    starts = (table["gap_days"].isnull() | (table["gap_days"] * 1440 > SESSION_GAP_MINUTES)).cast("int64")
    table = table.mutate(_starts=starts)
    table = table.mutate(session=table["_starts"].sum().over(so_far).cast("int64"))
    return table.select(
        "unit_id", "customer_id", "timestamp", "local_timestamp", "touchpoint", "step", "channel", "session", "order",
        "gap_days", "hour", "weekday", "page", "content", "campaign", "product", "value", "quantity", "lines", "cost",
        "paid", "interaction", "rating", "referrer_id",
    )  # fmt: skip


def _with_vocabulary(log: EventLog, table: Any) -> Any:
    """Fill what the vocabulary knows of a touchpoint where the data say nothing."""
    known = log.client.vocabulary
    kinds = {key: touchpoint.interaction for key, touchpoint in known.items() if touchpoint.interaction}
    paid = {key: touchpoint.paid for key, touchpoint in known.items() if touchpoint.paid is not None}
    name = table["touchpoint"]
    bought = [key for key, is_paid in paid.items() if is_paid]
    earned = [key for key, is_paid in paid.items() if not is_paid]
    passive = [key for key, kind in kinds.items() if kind == "passive"]
    active = [key for key, kind in kinds.items() if kind == "interactive"]
    return table.mutate(
        interaction=ibis.coalesce(
            table["interaction"],
            ibis.cases(
                (name.isin(passive), "passive"), (name.isin(active), "interactive"), else_=ibis.null("string")
            ),
        ),
        paid=ibis.coalesce(
            table["paid"],
            ibis.cases((name.isin(bought), True), (name.isin(earned), False), else_=ibis.null("boolean")),
        ),
    )
