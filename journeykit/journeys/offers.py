"""Entry offers: which first commitment leads to the core offer, and how many who signed up then came."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.buying import BUYING_DAYS, CORE, ORDERS, commitments, start_and_follow
from journeykit.journeys.paths import Paths, per_persona
from journeykit.journeys.statistics import two_shares_p_value, wilson
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["COMMITMENT", "FIRST_ORDER", "compare_entry_offers", "count_attendance"]

COMMITMENT, FIRST_ORDER = "commitment", "first_order"
ATTENDING = {"webinar_sign_up": "webinar_attended", "demo_request": "demo_attended"}
OFFER_COLUMNS = "persona kind offer customers bought share low high other_share p_value".split()
ATTENDANCE_COLUMNS = "persona touchpoint customers attended share low high days_median".split()


def compare_entry_offers(paths: Paths) -> pd.DataFrame:
    """Compare first commitments, and cheap first products, by how many who took them came to the core offer.

    A first commitment (`commitment`) is a contact such as a trial, a webinar that was attended or a test drive,
    without an order before it; it leads to the core offer when an order of the core product follows. A first order
    (`first_order`) is an entry offer when it is worth less than the median order of all; it leads to the core offer
    when a later order is worth at least that median. Both within sixty days, of who could be followed for so long.

    Returns
    -------
    pandas.DataFrame
        `persona, kind, offer` (a touchpoint, or a product), `customers` (took it first, and were followed), `bought,
        share, low, high` (Wilson), `other_share` (of those who came in by another offer of the same kind), `p_value`
        (of the difference), `held_back`. Empty where no such offer can be seen.
    """
    parts = [part for part in (_committed(paths), _cheap(paths)) if part is not None]
    counted = [_counted(part, kind) for kind, part in parts]
    table = pd.concat(counted, ignore_index=True) if counted else pd.DataFrame(columns=OFFER_COLUMNS)
    if table.empty:
        return hold_back(pd.DataFrame(columns=OFFER_COLUMNS), [], ("persona", "kind", "offer"))
    table = _beside_others(table, paths.min_group)
    order = {who: place for place, who in enumerate(personas_of(paths))}
    table = table.assign(order=table["persona"].map(order))
    table = table.sort_values(
        ["order", "kind", "customers", "offer"], ascending=[True, True, False, True], ignore_index=True
    )
    return hold_back(table[OFFER_COLUMNS], table["customers"] < paths.min_group, ("persona", "kind", "offer"))


def _committed(paths: Paths) -> tuple[str, Any] | None:
    steps = commitments(paths)
    if not steps:
        return None
    units = start_and_follow(paths, steps, CORE, fresh=True)
    named = paths.contacts.select("unit_id", start="order", offer="touchpoint")
    return COMMITMENT, units.inner_join(named, ["unit_id", "start"]).select("persona", "offer", "buys")


def _cheap(paths: Paths) -> tuple[str, Any] | None:
    """Return who came in by an order below the median, by its product, and whether one above it followed."""
    orders = paths.contacts.filter(paths.contacts.touchpoint.isin(ORDERS) & (paths.contacts.value > 0))
    usual = orders.value.median().execute()
    if pd.isna(usual):
        return None
    turn = ibis.row_number().over(ibis.window(group_by="unit_id", order_by="order"))
    orders = orders.select("unit_id", "persona", "timestamp", "product", "value", turn=turn)
    first = orders.filter((orders.turn == 0) & (orders.value < usual) & orders["product"].notnull())
    first = first.filter(paths.days_since(first, "timestamp") >= BUYING_DAYS)
    first = first.select("unit_id", "persona", start_at="timestamp", offer="product")
    large = orders.filter((orders.turn > 0) & (orders.value >= usual)).select("unit_id", "timestamp")
    joined = first.left_join(large, "unit_id")
    days = joined.timestamp.delta(joined.start_at, unit="millisecond") / 86_400_000.0
    joined = joined.mutate(led=((days > 0) & (days <= BUYING_DAYS)).fill_null(False).cast("int64"))
    units = joined.group_by(["unit_id", "persona", "offer"]).aggregate(buys=joined.led.max())
    return FIRST_ORDER, units.select("persona", "offer", "buys")


def _counted(units: Any, kind: str) -> pd.DataFrame:
    each = per_persona(units)
    counted = each.group_by(["persona", "offer"]).aggregate(customers=each.count(), bought=each.buys.sum())
    return counted.execute().assign(kind=kind)


def _beside_others(table: pd.DataFrame, least: int) -> pd.DataFrame:
    """Add the share that came to the core offer, and that of the other offers of the same kind."""
    whole = table.groupby(["persona", "kind"])[["customers", "bought"]].transform("sum")
    rest, rest_bought = whole["customers"] - table["customers"], whole["bought"] - table["bought"]
    low, high = wilson(table["bought"], table["customers"])
    enough = (table["customers"] >= least) & (rest >= least)
    cells = zip(table["bought"], table["customers"], rest_bought, rest, enough, strict=True)
    return table.assign(
        share=table["bought"] / table["customers"],
        low=low,
        high=high,
        other_share=(rest_bought / rest.where(enough)).astype(float),
        p_value=[two_shares_p_value(*cell[:4]) if cell[4] else np.nan for cell in cells],
    )


def count_attendance(paths: Paths) -> pd.DataFrame:
    """Count how many of those who signed up for a webinar, or asked for a demo, then attended one.

    Of each unit's first sign-up, when it lies at least the report's period ago; attended is at the same moment or
    later, within that period.

    Returns
    -------
    pandas.DataFrame
        `persona, touchpoint` (of signing up), `customers` (signed up, and were followed), `attended, share, low, high`
        (Wilson), `days_median` (from signing up to attending), `held_back`. Empty where nobody signed up, or no
        attendance is recorded at all.
    """
    recorded = set(paths.contacts.select("touchpoint").distinct().execute()["touchpoint"])
    parts = [
        _attended(paths, sign_up, attending)
        for sign_up, attending in ATTENDING.items()
        if {sign_up, attending} <= recorded
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=ATTENDANCE_COLUMNS)
    table["share"] = table["attended"] / table["customers"]
    table["low"], table["high"] = wilson(table["attended"], table["customers"])
    order = {who: place for place, who in enumerate(personas_of(paths))}
    table = table.sort_values("persona", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    return hold_back(
        table[ATTENDANCE_COLUMNS], table["customers"] < paths.min_group, ("persona", "touchpoint")
    )


def _attended(paths: Paths, sign_up: str, attending: str) -> pd.DataFrame:
    table = paths.contacts
    first = table.filter(table.touchpoint == sign_up).group_by(["unit_id", "persona"]).aggregate(
        start_at=lambda t: t.timestamp.min()
    )  # fmt: skip
    first = first.filter(paths.days_since(first, "start_at") >= paths.follow_days)
    came = table.filter(table.touchpoint == attending).select("unit_id", "timestamp")
    joined = first.left_join(came, "unit_id").drop("unit_id_right")
    days = joined.timestamp.delta(joined.start_at, unit="millisecond") / 86_400_000.0
    units = joined.group_by(["unit_id", "persona"]).aggregate(
        days=days.min(where=(days >= 0) & (days <= paths.follow_days))
    )
    each = per_persona(units.select("persona", "days"))
    counted = each.group_by("persona").aggregate(
        customers=each.count(), attended=each.days.count(), days_median=each.days.median()
    )
    return counted.execute().assign(touchpoint=sign_up)
