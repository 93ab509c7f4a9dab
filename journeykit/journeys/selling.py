"""Selling more: upsell against cross-sell after a first order, and the levers that products name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.paths import Paths, per_persona
from journeykit.journeys.statistics import wilson
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["LEVERS", "ORDERS", "count_levers", "count_sales"]

ORDERS = ("purchase", "repeat_purchase", "contract_signed", "upgrade", "cross_sell", "subscription_renewal")
UPSELL, CROSS_SELL = "upgrade", "cross_sell"  # touchpoints by which the client itself says which it is
TELLING = ("levels", "products", "touchpoints")
KINDS = ("upsell", "cross_sell", "same_again")
MOST_PRODUCTS = 50  # so few products stand each for a group of their own
LARGER = 1.1  # times the largest order so far in the same group
LEVERS = {
    "speed": ("speed", "snelheid"),
    "automation": ("automation", "automatisering"),
    "accessibility": ("accessibility", "toegankelijkheid"),
}  # fmt: skip
SALES_COLUMNS = "persona kind groups buyers customers share low high orders value_mean".split()
LEVER_COLUMNS = "persona lever buyers customers share low high".split()
_LEVEL = r"^\s*([^/>|]*[^/>|\s])\s*[/>|].*$"


def count_sales(paths: Paths) -> pd.DataFrame:
    """Count who buys a better answer to the same need after a first order, and who buys something beside it.

    An order is *cross-sell* when it holds a product group that the unit had not bought before, and *upsell* when it is
    larger by a tenth, in value or quantity, than every earlier one in the same group; it can be both. The touchpoints
    `upgrade` and `cross_sell` say themselves which they are. Any other order that names a product is the same
    again. The group is the first
    level of a product (`dairy/milk`), or the product where there are at most fifty; with more products and no levels
    only the touchpoints tell.

    Returns
    -------
    pandas.DataFrame
        `persona, kind` (`upsell`, `cross_sell`, `same_again`), `groups` (`levels`, `products` or `touchpoints`: by what
        it was told), `buyers` (followed for the report's period after their first order), `customers` (of those, with
        such an order within it), `share, low, high` (Wilson), `orders, value_mean` (per such order), `held_back`. Only
        of units whose journey begins in the data: of others the earlier orders are not known. Empty where nothing
        tells the kind; `attrs["why"]` then says `no_products` or `many_products`.
    """
    groups = _grouping(paths)
    if groups not in TELLING:
        empty = hold_back(pd.DataFrame(columns=SALES_COLUMNS), [], ("persona", "kind"))
        empty.attrs["why"] = groups
        return empty
    buyers, orders = _buyers(paths), _kinds(paths, groups)
    joined = orders.inner_join(buyers.filter(buyers.followed), "unit_id")
    days = joined.timestamp.delta(joined.bought_at, unit="millisecond") / 86_400_000.0
    joined = joined.filter((days > 0) & (days <= paths.follow_days))
    known = per_persona(buyers.filter(buyers.followed).select("unit_id", "persona"))
    sizes = known.group_by("persona").aggregate(buyers=known.count()).execute().set_index("persona")["buyers"]
    counted = _of_kinds(joined)
    rows = list(_sale_rows(paths, sizes, counted, groups))
    table = pd.DataFrame(rows, columns=SALES_COLUMNS)
    return hold_back(table, table["buyers"] < paths.min_group, ("persona", "kind", "groups"))


def _grouping(paths: Paths) -> str:
    """Return what tells a product group (levels, few products, only the touchpoints), or why nothing does."""
    lines = paths.lines.filter(paths.lines.touchpoint.isin(ORDERS))
    levels = lines["product"].re_search(_LEVEL).cast("int64")
    facts = (
        lines.aggregate(rows=lines.count(), products=lines["product"].nunique(), levels=levels.sum())
        .execute()
        .iloc[0]
    )
    if facts["rows"] and facts["levels"] >= facts["rows"] / 2:
        return "levels"
    if 1 < facts["products"] <= MOST_PRODUCTS:
        return "products"
    named = paths.contacts.filter(paths.contacts.touchpoint.isin((UPSELL, CROSS_SELL)))
    if named.limit(1).count().execute():
        return "touchpoints"
    return "many_products" if facts["products"] > MOST_PRODUCTS else "no_products"


def _buyers(paths: Paths) -> Any:
    """Return who ordered, when first, and whether that could be followed for long enough."""
    table = paths.contacts
    bought = table.group_by(["unit_id", "persona"]).aggregate(
        first_at=table.timestamp.min(), bought_at=table.timestamp.min(where=table.touchpoint.isin(ORDERS))
    )
    start = ibis.literal(paths.enters_from.to_pydatetime()).cast("timestamp(6)")
    bought = bought.filter(bought.bought_at.notnull() & (bought.first_at >= start))
    return bought.mutate(followed=paths.days_since(bought, "bought_at") >= paths.follow_days)


def _kinds(paths: Paths, groups: str) -> Any:
    """Return the orders with whether they are upsell, cross-sell or the same again."""
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(ORDERS))
    orders = table.select("unit_id", "timestamp", "touchpoint", "value")
    if groups == "touchpoints":
        orders = orders.filter(orders.touchpoint.isin((UPSELL, CROSS_SELL))).mutate(up=0, beside=0)
    else:
        parts = _grouped(paths, groups)
        orders = orders.left_join(parts, ["unit_id", "timestamp", "touchpoint"])
        orders = orders.filter(orders.touchpoint.isin((UPSELL, CROSS_SELL)) | orders.up.notnull())
        orders = orders.mutate(up=orders.up.fill_null(0), beside=orders.beside.fill_null(0))
    named_up, named_beside = orders.touchpoint == UPSELL, orders.touchpoint == CROSS_SELL
    plain = ~(named_up | named_beside)
    up = named_up | (plain & (orders.up == 1))
    beside = named_beside | (plain & (orders.beside == 1))
    return orders.select(
        "unit_id", "timestamp", "value", upsell=up, cross_sell=beside, same_again=~(up | beside)
    )  # fmt: skip


def _grouped(paths: Paths, groups: str) -> Any:
    """Return, per order, whether a group in it is larger than ever, and whether one is new to the unit."""
    lines = paths.lines.filter(paths.lines.touchpoint.isin(ORDERS))
    level = lines["product"].re_replace(_LEVEL, r"\1") if groups == "levels" else lines["product"]
    lines = lines.mutate(group=level)
    part = lines.group_by(["unit_id", "timestamp", "touchpoint", "group"]).aggregate(
        value=lines.value.sum(), quantity=lines.quantity.sum()
    )
    before = ibis.window(group_by=["unit_id", "group"], order_by="timestamp", rows=(None, -1))
    part = part.mutate(
        most=part.value.max().over(before),
        most_of=part.quantity.max().over(before),
        seen=part.timestamp.min().over(before),
    )
    new = part.seen.isnull()
    larger = (part.value > LARGER * part.most).fill_null(False) | (
        part.quantity > LARGER * part.most_of
    ).fill_null(False)
    part = part.mutate(up=(~new & larger).cast("int64"), beside=new.cast("int64"))
    return part.group_by(["unit_id", "timestamp", "touchpoint"]).aggregate(
        up=part.up.max(), beside=part.beside.max()
    )


def _of_kinds(orders: Any) -> pd.DataFrame:
    """Return, per persona and kind, the units with such an order, the orders and their mean value."""
    each = per_persona(orders.select("unit_id", "persona", "value", *KINDS))
    wanted = {}
    for kind in KINDS:
        wanted[f"{kind}.customers"] = each.unit_id.nunique(where=each[kind])
        wanted[f"{kind}.orders"] = each[kind].cast("int64").sum()
        wanted[f"{kind}.value_mean"] = each.value.mean(where=each[kind])
    return each.group_by("persona").aggregate(**wanted).execute().set_index("persona")


def _sale_rows(paths: Paths, sizes: pd.Series, counted: pd.DataFrame, groups: str) -> Iterator[tuple]:
    for persona in personas_of(paths):
        buyers = int(sizes.get(persona, 0))
        found = counted.reindex([persona]).iloc[0]
        for kind in KINDS if groups != "touchpoints" else KINDS[:2]:
            customers, orders = (_whole(found[f"{kind}.{name}"]) for name in ("customers", "orders"))
            low, high = wilson(customers, buyers)
            share = customers / buyers if buyers else np.nan
            value = found[f"{kind}.value_mean"] if customers >= paths.min_group else np.nan
            yield persona, kind, groups, buyers, customers, share, float(low), float(high), orders, value


def _whole(number: Any) -> int:
    return 0 if pd.isna(number) else int(number)


def count_levers(paths: Paths) -> pd.DataFrame:
    """Count who took something that makes it faster, automatic or easier to get at, where products say so.

    A lever shows when the product, or the touchpoint with which it comes, has its word in its name: speed, automation
    or accessibility (`plan/speed`, `snelheid`). Nothing is guessed from other words.

    Returns
    -------
    pandas.DataFrame
        `persona, lever, buyers` (units with an order), `customers` (who took a product that names the lever),
        `share, low, high` (Wilson), `held_back`. Empty where no order names one.
    """
    named = _named_levers(paths)
    if named.empty:
        return hold_back(pd.DataFrame(columns=LEVER_COLUMNS), [], ("persona", "lever"))
    took = paths.lines.inner_join(ibis.memtable(named), ["touchpoint", "product"])
    took = per_persona(took.select("unit_id", "persona", "lever").distinct())
    counted = took.group_by(["persona", "lever"]).aggregate(customers=took.unit_id.nunique()).execute()
    sizes = _sizes(paths)
    known = counted.set_index(["persona", "lever"])["customers"]
    rows = [
        (persona, lever, int(sizes.get(persona, 0)), int(known.get((persona, lever), 0)))
        for persona in personas_of(paths)
        for lever in LEVERS
    ]
    frame = pd.DataFrame(rows, columns=LEVER_COLUMNS[:4])
    frame["share"] = frame["customers"] / frame["buyers"].where(frame["buyers"] > 0)
    frame["low"], frame["high"] = wilson(frame["customers"], frame["buyers"])
    return hold_back(frame, frame["buyers"] < paths.min_group, ("persona", "lever"))


def _named_levers(paths: Paths) -> pd.DataFrame:
    """Return the touchpoints and products that name a lever, with the lever."""
    names = paths.lines.select("touchpoint", "product").distinct().execute()
    words = (names["touchpoint"] + " " + names["product"].astype(str)).str.lower()
    told = [
        names[words.str.contains(rf"(?:^|[^a-z])(?:{'|'.join(given)})(?:[^a-z]|$)")].assign(lever=lever)
        for lever, given in LEVERS.items()
    ]
    return pd.concat(told, ignore_index=True)


def _sizes(paths: Paths) -> pd.Series:
    """Return how many units ordered anything, per persona."""
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(ORDERS))
    buyers = per_persona(table.select("unit_id", "persona").distinct())
    return buyers.group_by("persona").aggregate(n=buyers.count()).execute().set_index("persona")["n"]
