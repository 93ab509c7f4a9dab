"""Selling more: upsell against cross-sell after a first order, and the levers that products name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.documents import read_document
from journeykit.journeys.paths import Paths, per_persona
from journeykit.journeys.statistics import wilson
from journeykit.journeys.steps import hold_back, personas_of
from journeykit.touchpoints import SOLD, definitions, load_vocabulary

__all__ = ["ORDERS", "count_levers", "count_sales", "lever_words", "naming_levers"]

ORDERS = SOLD
FIRST_ORDERS = ("purchase", "repeat_purchase", "contract_signed")  # what a first order can be
UPSELL, CROSS_SELL = "upgrade", "cross_sell"  # touchpoints by which the client itself says which it is
TELLING = ("levels", "products", "touchpoints")
KINDS = ("upsell", "cross_sell", "same_again")
MOST_PRODUCTS = 50  # so few products stand each for a group of their own
LARGER = 1.1  # times the largest order so far in the same group
SALES_COLUMNS = "persona kind groups buyers customers share low high orders value_mean".split()
LEVER_COLUMNS = "persona lever buyers customers share low high".split()
_LEVEL = r"^\s*([^/>|]*[^/>|\s])\s*[/>|].*$"


def count_sales(paths: Paths) -> pd.DataFrame:
    """Count who buys a better answer to the same need after a first order, and who buys something beside it.

    Where the client's data call an order an `upgrade`, those are the *upsell*; where they call one a `cross_sell`,
    those are the *cross-sell*, in the same moment as the first order too. Elsewhere the products tell, after the
    first order: *cross-sell* when it holds a product group that the unit had not bought before, and *upsell* when it is
    larger by a tenth, in value or quantity, than every earlier one in the same group; it can be both. Any other order
    that names a product is the same again. The group is the first level of a product (`dairy/milk`), or the product
    where there are at most fifty; with more products and no levels only the touchpoints tell.

    Returns
    -------
    pandas.DataFrame
        `persona, kind` (`upsell`, `cross_sell`, `same_again`), `groups` (`levels`, `products` or `touchpoints`: by what
        this kind was told), `buyers` (followed for the report's period after their first order), `customers` (of those,
        with such an order within it), `share, low, high` (Wilson), `orders, value_mean` (per such order),
        `held_back`. Only of units whose journey begins in the data: of others the earlier orders are not known. Empty
        where nothing tells the kind; `attrs["why"]` then says `no_products` or `many_products`.
    """
    groups = _grouping(paths)
    if groups not in TELLING:
        empty = hold_back(pd.DataFrame(columns=SALES_COLUMNS), [], ("persona", "kind"))
        empty.attrs["why"] = groups
        return empty
    marked = _marked(paths)
    buyers, orders = _buyers(paths), _kinds(paths, groups, marked)
    joined = orders.inner_join(buyers.filter(buyers.followed), "unit_id")
    days = joined.timestamp.delta(joined.bought_at, unit="millisecond") / 86_400_000.0
    joined = joined.filter(((days > 0) | (joined.named & (days == 0))) & (days <= paths.follow_days))
    known = per_persona(buyers.filter(buyers.followed).select("unit_id", "persona"))
    sizes = known.group_by("persona").aggregate(buyers=known.count()).execute().set_index("persona")["buyers"]
    counted = _of_kinds(joined)
    told = {kind: "touchpoints" if kind in marked else groups for kind in KINDS}
    rows = list(_sale_rows(paths, sizes, counted, told))
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
        first_at=table.timestamp.min(),
        bought_at=table.timestamp.min(where=table.touchpoint.isin(FIRST_ORDERS)),
    )
    start = ibis.literal(paths.enters_from.to_pydatetime()).cast("timestamp(6)")
    bought = bought.filter(bought.bought_at.notnull() & (bought.first_at >= start))
    return bought.mutate(followed=paths.days_since(bought, "bought_at") >= paths.follow_days)


def _marked(paths: Paths) -> dict[str, str]:
    """Return the kinds of order that the client's data name themselves, with their touchpoints."""
    names = {UPSELL: "upsell", CROSS_SELL: "cross_sell"}
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(tuple(names)))
    there = table.select("touchpoint").distinct().execute()["touchpoint"]
    return {names[touchpoint]: touchpoint for touchpoint in names if touchpoint in set(there)}


def _kinds(paths: Paths, groups: str, marked: dict[str, str]) -> Any:
    """Return the orders with whether they are upsell, cross-sell or the same again, and whether they were named so."""
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(ORDERS))
    orders = table.select("unit_id", "timestamp", "touchpoint", "value")
    named = orders.touchpoint.isin((UPSELL, CROSS_SELL))
    if groups == "touchpoints":
        orders = orders.filter(named).mutate(up=0, beside=0)
    else:
        parts = _grouped(paths, groups)
        orders = orders.left_join(parts, ["unit_id", "timestamp", "touchpoint"])
        orders = orders.filter(orders.touchpoint.isin((UPSELL, CROSS_SELL)) | orders.up.notnull())
        orders = orders.mutate(up=orders.up.fill_null(0), beside=orders.beside.fill_null(0))
    named = orders.touchpoint.isin((UPSELL, CROSS_SELL))
    up = orders.touchpoint == UPSELL if "upsell" in marked else ~named & (orders.up == 1)
    beside = orders.touchpoint == CROSS_SELL if "cross_sell" in marked else ~named & (orders.beside == 1)
    return orders.select(
        "unit_id", "timestamp", "value", named=named, upsell=up, cross_sell=beside,
        same_again=~named & ~((orders.up == 1) | (orders.beside == 1)),
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


def _sale_rows(
    paths: Paths, sizes: pd.Series, counted: pd.DataFrame, told: dict[str, str]
) -> Iterator[tuple]:
    for persona in personas_of(paths):
        buyers = int(sizes.get(persona, 0))
        found = counted.reindex([persona]).iloc[0]
        for kind in KINDS if told["same_again"] != "touchpoints" else KINDS[:2]:
            customers, orders = (_whole(found[f"{kind}.{name}"]) for name in ("customers", "orders"))
            low, high = wilson(customers, buyers)
            share = customers / buyers if buyers else np.nan
            value = found[f"{kind}.value_mean"] if customers >= paths.min_group else np.nan
            yield persona, kind, told[kind], buyers, customers, share, float(low), float(high), orders, value


def _whole(number: Any) -> int:
    return 0 if pd.isna(number) else int(number)


@cache
def _shipped_words() -> Mapping[str, tuple[str, ...]]:
    return {
        lever: tuple(map(str, words))
        for lever, words in read_document(definitions("levers.yml")).data.items()
    }


def lever_words(own: Mapping[str, Sequence[str]] | None = None) -> dict[str, tuple[str, ...]]:
    """Return the words that show each lever, in both languages, with the client's own added.

    Examples
    --------
    >>> words = lever_words({"delivery": ["bezorgd"], "speed": ["vliegensvlug"]})
    >>> list(words), words["delivery"], words["speed"][-1]
    (['speed', 'automation', 'accessibility', 'delivery'], ('bezorgd',), 'vliegensvlug')
    """
    words = dict(_shipped_words())
    for lever, more in (own or {}).items():
        words[lever] = (*words.get(lever, ()), *more)
    return words


def _pattern(words: Sequence[str]) -> str:
    """Return a pattern of words that stand apart from other letters; with `*` a word may go on."""
    one = "|".join(
        re.escape(word.lower().rstrip("*")) + ("" if word.endswith("*") else r"(?![^\W_])") for word in words
    )
    return rf"(?<![^\W_])(?:{one})"


def count_levers(paths: Paths, own: Mapping[str, Sequence[str]] | None = None) -> pd.DataFrame:
    """Count who took something that makes it faster, automatic or easier to get at, where names say so.

    A lever shows when the product of an order, or an own contact in which the customer acts, has one of its words in
    its name (`lever_words`): `plan/speed`, `levering vandaag`, `support 24/7`, `installatie`. Of who ordered anything.

    Parameters
    ----------
    paths
        The paths of a log.
    own
        The client's own words, by lever (`levers` in the client file).

    Returns
    -------
    pandas.DataFrame
        `persona, lever, buyers` (units with an order), `customers` (of those, who took what names the lever),
        `share, low, high` (Wilson), `held_back`. Empty where nothing names one.
    """
    words = lever_words(own)
    took = _took(paths, words)
    if took is None:
        return hold_back(pd.DataFrame(columns=LEVER_COLUMNS), [], ("persona", "lever"))
    each = per_persona(took)
    counted = each.group_by(["persona", "lever"]).aggregate(customers=each.unit_id.nunique()).execute()
    sizes = _sizes(paths)
    known = counted.set_index(["persona", "lever"])["customers"]
    rows = [
        (persona, lever, int(sizes.get(persona, 0)), int(known.get((persona, lever), 0)))
        for persona in personas_of(paths)
        for lever in words
    ]
    frame = pd.DataFrame(rows, columns=LEVER_COLUMNS[:4])
    frame["share"] = frame["customers"] / frame["buyers"].where(frame["buyers"] > 0)
    frame["low"], frame["high"] = wilson(frame["customers"], frame["buyers"])
    return hold_back(frame, frame["buyers"] < paths.min_group, ("persona", "lever"))


def _took(paths: Paths, words: Mapping[str, Sequence[str]]) -> Any | None:
    """Return which buyer took something that names which lever; none where nothing does."""
    lines = paths.lines.filter(paths.lines.touchpoint.isin(ORDERS))
    known = {name for name, one in paths.vocabulary.items() if one.interaction == "passive"}
    acts = paths.contacts.filter(~paths.contacts.touchpoint.isin(tuple({*known, *load_vocabulary()})))
    parts = []
    for table, column in ((lines, "product"), (acts, "touchpoint")):
        named = naming_levers(table.select(column).distinct().execute()[column], words)
        if len(named):
            part = table.inner_join(ibis.memtable(named.rename(columns={"name": column})), column)
            parts.append(part.select("unit_id", "persona", "lever"))
    if not parts:
        return None
    buyers = paths.contacts.filter(paths.contacts.touchpoint.isin(ORDERS)).select("unit_id").distinct()
    both = parts[0] if len(parts) == 1 else parts[0].union(parts[1])
    return both.distinct().semi_join(buyers, "unit_id")


def naming_levers(names: pd.Series, words: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the names that show a lever, with the lever.

    Examples
    --------
    >>> naming_levers(pd.Series(["plan/speed", "speedboat"]), {"speed": ["speed"]}).to_numpy().tolist()
    [['plan/speed', 'speed']]
    """
    lower = names.astype(str).str.lower().str.replace("_", " ")
    told = [
        pd.DataFrame({"name": names[lower.str.contains(_pattern(given))], "lever": lever})
        for lever, given in words.items()
        if given
    ]
    return pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=["name", "lever"])


def _sizes(paths: Paths) -> pd.Series:
    """Return how many units ordered anything, per persona."""
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(ORDERS))
    buyers = per_persona(table.select("unit_id", "persona").distinct())
    return buyers.group_by("persona").aggregate(n=buyers.count()).execute().set_index("persona")["n"]
