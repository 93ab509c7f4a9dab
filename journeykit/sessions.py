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
_SAME = (
    "unit_id customer_id timestamp touchpoint channel source session_id page content campaign interaction paid"
).split()
_ORDER = ["timestamp", "_line", "touchpoint", "channel", "page", "customer_id", "session_id", "content"]
_BOUGHT = ("purchase", "contract_signed")
_LINES = "product value quantity cost rating referrer_id lines".split()
_NEEDED = ("customer_id", "timestamp", "touchpoint", "session_id")
_CROWDED = 0.3  # share of lines that are not alone in their moment, from which on all are grouped


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
        quantity, lines, cost, paid, interaction, rating, referrer_id, source`` (the platform).
    """
    steps = "_repeat" if _tells_repeats(log) else ""
    name = f"contacts_{log.moment:%Y%m%d%H%M%S%f}{steps}"
    if name not in log.cache:
        with engine.in_steps():
            together = log.connection.create_view(f"{name}_together", _contacts(log, name), overwrite=True)
            log.cache[name] = log.connection.create_table(name, _ordered(log, together), overwrite=True)
        for view in ("together", "lines"):
            log.connection.drop_view(f"{name}_{view}", force=True)
        log.connection.drop_table(f"{name}_crowded", force=True)
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


def _contacts(log: EventLog, name: str) -> Any:
    """Return lines taken together, with their ``_turn`` among the contacts of the same unit and moment.

    Only lines that share their moment are compared: the others are contacts as they stand. Equal hashes of
    different moments bring a few more to compare and change nothing.
    """
    table = log.visible
    table = table.mutate(unit_id=unit_of(log, table))
    table = table.mutate(_moment=engine.moment_hash(table["unit_id"], table["timestamp"]))
    table = log.connection.create_view(f"{name}_lines", table, overwrite=True)  # used twice, and not kept
    counted = table.group_by("_moment").aggregate(lines=table.count()).filter(ibis._["lines"] > 1)
    crowded = log.connection.create_table(f"{name}_crowded", counted, overwrite=True)
    sharing = crowded["lines"].sum().execute()
    if pd.notna(sharing) and sharing > _CROWDED * log.count():
        return _grouped(table)
    shared = table["_moment"].isin(crowded["_moment"])
    alone = table.filter(~shared).mutate(lines=ibis.literal(1, "int64"), _turn=ibis.literal(0, "int64"))
    return ibis.union(alone.select(*_SAME, *_LINES, "_turn"), _grouped(table.filter(shared)))


def _given(log: EventLog, table: Any) -> Any:
    """Return contacts without what need not be put in order: empty columns, and ids that are the unit's."""
    optional = [name for name in table.columns if name in log.table.columns and name not in _NEEDED]
    counted = log.visible.aggregate(**{name: ibis._[name].count() for name in optional}).execute().iloc[0]
    spare = [name for name in optional if not counted[name]]
    spare += ["customer_id"] if log.client.unit != "account" else []
    return table.drop("session_id", *[name for name in spare if name != "session_id"])


def _whole(log: EventLog, table: Any) -> Any:
    """Return contacts with the columns that `_given` left out."""
    kinds = log.table.schema()
    spare = {name: ibis.null(kinds[name]) for name in _SAME if name in kinds and name not in table.columns}
    spare |= {name: ibis.null(kinds[name]) for name in _LINES if name in kinds and name not in table.columns}
    return table.mutate(**spare | ({"customer_id": table["unit_id"]} if "customer_id" in spare else {}))


def _grouped(table: Any) -> Any:
    dearest = table["product"].argmax(ibis.coalesce(table["value"], ibis.literal(0.0)))
    grouped = table.group_by(_SAME).aggregate(
        product=ibis.coalesce(dearest, table["product"].min()),
        value=table["value"].sum(),
        quantity=table["quantity"].sum(),
        cost=table["cost"].sum(),
        rating=table["rating"].mean(),
        referrer_id=table["referrer_id"].min(),
        lines=table.count(),
        _line=table["line"].min(),
    )
    turn = ibis.row_number().over(ibis.window(group_by=["unit_id", "timestamp"], order_by=_ORDER))
    return grouped.select(*_SAME, *_LINES, _turn=turn.cast("int64"))


def _ordered(log: EventLog, table: Any) -> Any:
    """Add what looks back: order, gap, session, and the step in which a repeat purchase is told apart."""
    order = ["timestamp", "_turn"]
    back = ibis.window(group_by="unit_id", order_by=order)
    so_far = ibis.window(group_by="unit_id", order_by=order, preceding=None, following=0)
    table = _given(log, table)
    bought = table["touchpoint"].isin(_BOUGHT)
    table = table.mutate(
        _last=table["timestamp"].lag().over(back),
        order=ibis.row_number().over(back).cast("int64"),
        _bought=table["timestamp"].min(where=bought).over(so_far),
    )
    table = table.mutate(gap_days=table["timestamp"].delta(table["_last"], unit="millisecond") / 86_400_000.0)
    starts = (table["gap_days"].isnull() | (table["gap_days"] * 1440 > SESSION_GAP_MINUTES)).cast("int64")
    table = table.mutate(_starts=starts)
    in_order = ibis.window(group_by="unit_id", order_by="order", preceding=None, following=0)
    table = table.mutate(session=table["_starts"].sum().over(in_order).cast("int64"))
    return _described(log, _with_vocabulary(log, _whole(log, table)))


def _described(log: EventLog, table: Any) -> Any:
    """Add the hour and the weekday on the client's clock, and the step."""
    repeat = table["touchpoint"].isin(_BOUGHT) & (table["timestamp"] > table["_bought"])
    told = _tells_repeats(log)
    table = table.mutate(
        local_timestamp=engine.in_zone(table["timestamp"], log.client.timezone),
        step=repeat.ifelse("repeat_purchase", table["touchpoint"]) if told else table["touchpoint"],
    )
    table = table.mutate(
        hour=table["local_timestamp"].hour().cast("int64"),
        weekday=table["local_timestamp"].day_of_week.index().cast("int64"),
    )
    return table.select(
        "unit_id", "customer_id", "timestamp", "local_timestamp", "touchpoint", "step", "channel", "session", "order",
        "gap_days", "hour", "weekday", "page", "content", "campaign", "product", "value", "quantity", "lines", "cost",
        "paid", "interaction", "rating", "referrer_id", "source",
    )  # fmt: skip


def _with_vocabulary(log: EventLog, table: Any) -> Any:
    """Fill what the vocabulary knows of a touchpoint where the data say nothing."""
    known = log.client.vocabulary
    kinds = {key: touchpoint.interaction for key, touchpoint in known.items() if touchpoint.interaction}
    paid = {key: touchpoint.paid for key, touchpoint in known.items() if touchpoint.paid is not None}
    passive = [key for key, kind in kinds.items() if kind == "passive"]
    active = [key for key, kind in kinds.items() if kind == "interactive"]
    bought = [key for key, is_paid in paid.items() if is_paid]
    earned = [key for key, is_paid in paid.items() if not is_paid]
    words = log.visible.select("touchpoint").distinct()  # few: each is looked up once
    name = words["touchpoint"]
    words = words.mutate(
        _kind=ibis.cases(
            (name.isin(passive), "passive"), (name.isin(active), "interactive"), else_=ibis.null("string")
        ),
        _paid=ibis.cases((name.isin(bought), True), (name.isin(earned), False), else_=ibis.null("boolean")),
    )
    table = table.left_join(words, "touchpoint")
    return table.mutate(
        interaction=ibis.coalesce(table["interaction"], table["_kind"]),
        paid=ibis.coalesce(table["paid"], table["_paid"]),
    )
