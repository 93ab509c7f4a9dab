"""Orders in a draft: totals that stand on every line, what a status says, and currencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from journeykit.drafting.facts import DOUBTFUL, LIKELY, SURE, Facts, Guess, spoken
from journeykit.events.numbers import judge_marks, plain_numbers, signs_in
from journeykit.events.orders import is_pipeline, statuses
from journeykit.touchpoints import safe_identifier

if TYPE_CHECKING:
    from journeykit.drafting.guessing import Roles
    from journeykit.drafting.sampling import Sample

__all__ = ["guess_orders", "standing_columns", "ticked"]

_FEW_ORDERS = 5
_SAME, _LINES = (
    0.98,
    1.05,
)  # of orders whose lines agree; lines an order from which on there is anything to compare


def guess_orders(sample: Sample, roles: Roles) -> None:
    """Add to the roles of a table's columns what tells how orders count: status, currency and totals of orders."""
    if found := _status(sample, roles.taken()):
        roles.columns["status"] = found
    _tests(sample, roles)
    _note_thousands(sample, roles)
    _note_currencies(sample, roles)
    order = roles.columns.get("order_id")
    if order is not None:
        _total(sample, roles, str(order.value))
    _less_refunds(sample, roles)
    _whole_units(sample, roles)


def _status(sample: Sample, taken: set[str]) -> Guess | None:
    """Return the column whose words say what became of an order."""
    able = [
        fact
        for fact in sample.facts.values()
        if fact.kind in ("text", "flag") and spoken(fact.name, "status")
    ]
    known = {}
    for fact in able:
        words = [str(word) for word in sample.frame[fact.name].dropna().unique() if str(word).strip()]
        read = [word for word in words if safe_identifier(word).removeprefix("wc_") in statuses()]
        if fact.name not in taken and (is_pipeline(words) or (read and len(read) >= len(words) / 2)):
            known[fact.name] = [word for word in words if word not in read]
    best = min(known, key=lambda name: (spoken(name, "status") != SURE, len(known[name])), default=None)
    if best is None:
        return None
    if known[best]:
        words = [str(word) for word in sample.frame[best].dropna().unique()]
        counted = "a deal that is open" if is_pipeline(words) else "paid"
        told = f"its words say what became of an order; not known, and counted as {counted}: "
        told += ", ".join(known[best][:8])
        return Guess(best, told, DOUBTFUL)
    return Guess(best, "its words say what became of an order")


def standing_columns(sample: Sample, taken: set[str]) -> set[str]:
    """Return the column of a status, where it names no events: each order has one row, or one status on all of them."""
    found = _status(sample, taken)
    if found is None or found.sure == DOUBTFUL:
        return set()
    status = str(found.value)
    orders = [fact.name for fact in sample.facts.values() if spoken(fact.name, "order") == SURE]
    key = next((name for name in orders if name != status), None)
    if key is None:
        worth = [
            fact
            for fact in sample.facts.values()
            if spoken(fact.name, "value") or spoken(fact.name, "order_total")
        ]
        return {status} if any(fact.kind in ("number", "whole") for fact in worth) else set()
    each = sample.frame.groupby(key)[status].nunique()
    return {status} if (each <= 1).mean() >= _SAME else set()


def _tests(sample: Sample, roles: Roles) -> None:
    """Find the column that says which orders are no real ones, and leave those out."""
    for fact in sample.facts.values():
        if fact.kind != "flag" or fact.name in roles.taken() or spoken(fact.name, "test") != SURE:
            continue
        live = "live" in "_".join(fact.words)
        roles.keys["without"] = Guess({fact.name: [not live]}, "tests are no orders, by its name", LIKELY)


def _less_refunds(sample: Sample, roles: Roles) -> None:
    """Take what was paid back, in a column of its own, off the value."""
    value = roles.columns.get("value")
    if value is None or str(value.value) not in sample.frame or "touchpoint" in roles.columns:
        return
    able = [
        fact
        for fact in sample.facts.values()
        if fact.kind in ("number", "whole") and spoken(fact.name, "refunded") == SURE
    ]
    back = next((fact.name for fact in able if fact.name not in roles.taken()), None)
    if back is not None:
        less = "+" if (plain_numbers(sample.frame[back]) < 0).any() else "-"
        roles.columns["value"] = Guess(
            f"{ticked(value.value)} {less} ({ticked(back)} or 0)",
            f"{value.why}, less what was paid back",
            LIKELY,
        )


def _whole_units(sample: Sample, roles: Roles) -> None:
    """Read values in cents as what they are worth, where the column's name says so."""
    value = roles.columns.get("value")
    found = [name for name in sample.columns if spoken(name, "cents")]
    if value is None:
        cents = next(
            (name for name in found if sample.facts[name].kind == "whole" and name not in roles.taken()), None
        )
        if cents is not None:
            roles.columns["value"] = Guess(f"{ticked(cents)} / 100", "cents, by its name", LIKELY)
    elif value.value in found:
        roles.columns["value"] = Guess(
            f"{ticked(value.value)} / 100", f"{value.why}; cents, by its name", LIKELY
        )


def ticked(name: str) -> str:
    """Return a column's name as it stands in an expression."""
    return name if name.isidentifier() else f"`{name}`"


def _note_currencies(sample: Sample, roles: Roles) -> None:
    """Say it where values are written in several currencies: they are never added up."""
    named = roles.columns.get("currency")
    value = roles.columns.get("value")
    if named is not None:
        codes = sample.frame[named.value].dropna().astype(str).str.strip().value_counts()
    elif value is not None and value.value in sample.frame:
        codes = pd.Series(signs_in(sample.frame[value.value].dropna().astype(str).str.strip())).value_counts()
    else:
        return
    codes = codes[codes.index != ""]
    if len(codes) < 2:
        return
    told = "values in several currencies ("
    told += ", ".join(f"{code} {count:,}" for code, count in codes.head(6).items())
    told += ") are not added up: name the report's as 'currency: …', and 'rates: {…}' to convert the others"
    if named is not None:
        roles.columns["currency"] = Guess(named.value, told, DOUBTFUL)
    elif value is not None:
        roles.columns["value"] = Guess(value.value, told, DOUBTFUL)


def _note_thousands(sample: Sample, roles: Roles) -> None:
    """Say it where a point or comma before three digits may mark thousands or decimals, and no other number tells."""
    value = roles.columns.get("value")
    if (
        value is None
        or value.value not in sample.frame
        or pd.api.types.is_numeric_dtype(sample.frame[value.value])
    ):
        return
    marks = judge_marks(sample.frame[value.value].dropna().astype(str))
    if marks.either:
        read = "thousands" if marks.comma or marks.either == "comma" else "decimals"
        told = f"its {marks.either} stands before three digits each time: of thousands, or of decimals? read as {read}"
        roles.columns["value"] = Guess(value.value, told, DOUBTFUL)


def _total(sample: Sample, roles: Roles, order: str) -> None:
    """Find a value that is the whole order's and stands on each of its lines."""
    taken = roles.taken() - ({str(roles.columns["value"].value)} if "value" in roles.columns else set())
    able = [
        fact for fact in sample.facts.values() if fact.kind in ("whole", "number") and fact.name not in taken
    ]
    named = [fact for fact in able if spoken(fact.name, "order_total")]
    value = roles.columns.get("value")
    if value is not None and value.value in sample.facts:
        named.append(sample.facts[str(value.value)])
    found = next((fact for fact in named if _is_of_the_order(sample, fact, order)), None)
    if found is not None:
        roles.columns["value"] = Guess(found.name, "the same on all lines of an order: its total", LIKELY)
        roles.keys["value_per"] = Guess("order", f"{found.name} counts once an order", LIKELY)


def _is_of_the_order(sample: Sample, fact: Facts, order: str) -> bool:
    """Tell whether a number is equal on all lines of an order, and differs between orders."""
    lines = pd.DataFrame(
        {"order": sample.frame[order], "value": plain_numbers(sample.frame[fact.name])}
    ).dropna()
    orders = lines.groupby("order")["value"].agg(["size", "nunique", "first"])
    several = orders[orders["size"] > 1]
    if not len(several) or len(lines) < _LINES * len(orders):
        return False
    same = bool((several["nunique"] == 1).mean() >= _SAME)
    if len(several) < _FEW_ORDERS:  # by chance equal; the name must say that it is the order's
        return (
            same
            and spoken(fact.name, "order_total") == SURE
            and bool(
                set(fact.words) & {"order", "total", "totaal", "grand", "invoice", "factuur"}
                or fact.plain in ("ordertotal", "ordertotaal", "orderbedrag", "totaalbedrag")
            )
        )
    return same and several["first"].nunique() > 1
