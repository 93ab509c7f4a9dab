"""Guesses: which column is who, when, what and where, each with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from journeykit.drafting.facts import DOUBTFUL, LIKELY, SURE, Facts, Guess, spoken, words
from journeykit.drafting.ordering import guess_orders, standing_columns, ticked
from journeykit.drafting.sampling import Sample
from journeykit.drafting.timing import first_named, with_zone
from journeykit.events.patterns import EXCEL_DAYS
from journeykit.events.texts import odd_ids
from journeykit.touchpoints import load_vocabulary, safe_identifier

__all__ = ["Roles", "guess_customer", "guess_roles"]

_MOST_KINDS, _MOST_CHANNELS = 200, 80
_FILLED = 0.3  # share of rows
_KNOWN = 0.999  # share of rows from which on everybody is named
_MEANS = {
    "account": "who of it did what is not known",
    "visitor": "one person on two devices is two",
    "household": "its members are one",
    "deal": "somebody with two is counted twice",
    "lead": "somebody with two is counted twice",
    "session": "who comes back counts as somebody else, so nothing is known of returning",
    "answer": "who answers twice is counted twice",
}
_HALF = 0.5
_NO_KINDS = 0.1  # different values, of those that are filled
_MAIL = ("email", "mail", "emailadres", "mailadres")
_IDS = ("id", "nr", "no", "nummer", "number", "code", "key", "uuid", "guid")
_KINDS = {
    "channel": ("text", "flag"), "source": ("text",), "value": ("number", "whole"), "quantity": ("number", "whole"),
    "product": ("text", "whole"), "page": ("text",), "session_id": ("text", "whole"), "account_id": ("text", "whole"),
    "campaign": ("text", "whole"), "content": ("text", "whole"), "rating": ("number", "whole"),
    "cost": ("number", "whole"), "referrer_id": ("text", "whole"), "event_id": ("text", "whole"), "currency": ("text",),
}  # fmt: skip


@dataclass
class Roles:
    """What the columns of a table of events are: journeykit's name and the guess; and further keys of the source."""

    columns: dict[str, Guess] = field(default_factory=dict)
    keys: dict[str, Guess] = field(default_factory=dict)

    def taken(self) -> set[str]:
        """Return the columns that have a role already."""
        return {name for guess in self.columns.values() for name in _named(guess.value)}


def _named(value: Any) -> list[str]:
    return list(value.values()) if isinstance(value, dict) else [value]


def guess_customer(sample: Sample, taken: set[str] = frozenset()) -> Guess | None:
    """Return the column that says who; None when none does."""
    able = [
        fact
        for fact in sample.facts.values()
        if fact.name not in taken and fact.kind in ("text", "whole", "number", "flag", "time") and fact.filled
    ]
    anonymous = any(spoken(fact.name, "visitor_id") == SURE and fact.filled > _FILLED for fact in able)
    able = [
        fact
        for fact in able
        if (fact.filled > _FILLED and fact.kind != "number")
        or (spoken(fact.name, "customer_id") == SURE and (anonymous or fact.filled > _FILLED))
    ]
    repeated = [fact for fact in able if fact.unique < 0.98 or len(sample.frame) < 50]
    for level, why in ((SURE, "by its name"), (LIKELY, "by a part of its name")):
        named = [fact for fact in able if spoken(fact.name, "customer_id") == level and not _of_another(fact)]
        best = first_named([fact for fact in named if fact in repeated] or named, "customer_id")
        if best:
            return _as_written(sample, Guess(best.name, f"{why}; {_counted(best, sample)}", level))
    if rung := _on_the_ladder(sample, [fact for fact in able if fact.levels > 1 or fact.unique == 1]):
        return _as_written(sample, rung)
    ids = [
        fact
        for fact in repeated
        if (set(fact.words[-1:]) & set(_IDS) or fact.email > 0.8)
        and not spoken(fact.name, "order")
        and fact.levels > 2
    ]
    ids = [
        fact
        for fact in ids
        if not any(spoken(fact.name, key) for key in ("product", "session_id", "campaign"))
    ]
    if ids:
        best = max(ids, key=lambda fact: fact.levels)
        return Guess(best.name, f"named like an id; {_counted(best, sample)}", DOUBTFUL)
    return None


def _on_the_ladder(sample: Sample, able: list[Facts]) -> Guess | None:
    """Return the highest unit that is there, where nothing is named like a customer: a person, … or a visit."""
    for rung, nouns in words()["ladder"].items():
        found = [fact for fact in able if _base(fact) & set(nouns) and _names_one(fact)]
        found.sort(key=lambda fact: fact.unique)
        if found:
            told = _counted(found[0], sample)
            if rung == "person":
                return Guess(found[0].name, f"by its name; {told}", LIKELY)
            why = f"no column names a customer, so each {rung} counts as one; {told}; {_MEANS[rung]}"
            return Guess(found[0].name, why, DOUBTFUL)
    return None


def _names_one(fact: Facts) -> bool:
    """Tell whether a column names somebody: by a word for an id, or by so many values that they are no kinds."""
    named = fact.words[-1:] and (fact.words[-1] in (*_IDS, *_MAIL) or fact.plain.endswith(_IDS))
    return bool(named) or (fact.kind != "flag" and fact.unique > _NO_KINDS)


def _base(fact: Facts) -> set[str]:
    """Return what a column's name says without a word for an id: lead of lead_id."""
    parts = [*fact.words]
    while len(parts) > 1 and parts[-1] in (*_IDS, *_MAIL):
        parts.pop()
    ended = next((fact.plain.removesuffix(end) for end in _IDS if fact.plain.endswith(end)), fact.plain)
    return {"_".join(parts), fact.plain, ended.strip("_")}


def _as_written(sample: Sample, guess: Guess) -> Guess:
    """Say it where the ids of a column lost digits in a spreadsheet, or are one but for noughts in front."""
    ids = set(sample.frame[guess.value].dropna().astype(str).str.strip())
    if told := odd_ids(ids):
        return Guess(guess.value, f"{guess.why}; {told}", DOUBTFUL)
    return guess


def _of_another(fact: Facts) -> bool:
    """Tell whether a name that holds a word for a customer tells of something else, as customer_type does."""
    return spoken(fact.name, "customer_id") == LIKELY and not set(fact.words[-1:]) & set(_IDS)


def _counted(fact: Facts, sample: Sample) -> str:
    of = "in a sample of " if not sample.whole else "in "
    return f"{fact.levels:,} different ones {of}{len(sample.frame):,} rows"


def guess_roles(sample: Sample, customer: Guess, time: Guess | None) -> Roles:
    """Return the guesses for the columns of a table of events."""
    roles = Roles({"customer_id": customer})
    if time is not None:
        roles.columns["timestamp"] = with_zone(sample, time)
    _visitor(sample, roles)
    taken = roles.taken() | standing_columns(sample, roles.taken())
    if touchpoint := _touchpoint(sample, taken):
        roles.columns["touchpoint"] = touchpoint
    for name, kinds in _KINDS.items():
        if found := _by_name(sample, name, kinds, roles.taken()):
            roles.columns[name] = found
    _orders(sample, roles)
    _worth(sample, roles)
    guess_orders(sample, roles)
    if found := next((fact for fact in sample.facts if spoken(fact, "lifecycle") == SURE), None):
        roles.keys["lifecycle"] = Guess(
            found, "by its name: a start and its completion are one event", LIKELY
        )
    return roles


def _visitor(sample: Sample, roles: Roles) -> None:
    """Add the anonymous id of those who are not always known: what a visitor did before counts for the customer."""
    customer = sample.facts.get(str(roles.columns["customer_id"].value))
    if customer is None or customer.filled > _KNOWN:
        return
    able = [
        fact
        for fact in sample.facts.values()
        if fact.name not in roles.taken() and spoken(fact.name, "visitor_id") == SURE
    ]
    able = [fact for fact in able if fact.kind in ("text", "whole") and fact.filled > customer.filled]
    if able:
        best = max(able, key=lambda fact: fact.filled)
        told = f"an id for those whom {customer.name} does not name yet; linked where both stand"
        roles.columns["visitor_id"] = Guess(best.name, told, LIKELY)


def _touchpoint(sample: Sample, taken: set[str]) -> Guess | None:
    """Return the column that says what happened: by its name, or because the most values of it are known."""
    able = [
        fact
        for fact in sample.facts.values()
        if fact.name not in taken
        and fact.kind in ("text", "flag", "whole")
        and 0 < fact.levels <= _MOST_KINDS
    ]
    named = first_named(
        [fact for fact in able if spoken(fact.name, "touchpoint") == SURE and fact.kind == "text"],
        "touchpoint",
    )
    known = {word for listed in words()["touchpoints"].values() for word in listed} | set(load_vocabulary())
    hits = {
        fact.name: sum(safe_identifier(value) in known for value in sample.frame[fact.name].dropna().unique())
        for fact in able
        if fact.kind == "text" and not spoken(fact.name, "channel")
    }
    best = max(hits, key=hits.__getitem__, default=None)
    if named and (best is None or hits.get(named.name, 0) or not hits[best]):
        return Guess(
            named.name, f"by its name; {hits.get(named.name, 0)} of its {named.levels} values are known"
        )
    if best is not None and hits[best]:
        levels = sample.facts[best].levels
        sure = LIKELY if hits[best] > levels / 2 else DOUBTFUL
        return Guess(best, f"{hits[best]} of its {levels} values are known as touchpoints", sure)
    return None


def _by_name(sample: Sample, name: str, kinds: tuple[str, ...], taken: set[str]) -> Guess | None:
    able = [
        fact
        for fact in sample.facts.values()
        if fact.name not in taken
        and (fact.kind in kinds or (fact.pattern == EXCEL_DAYS and "whole" in kinds))
    ]
    if name in ("channel", "source"):
        able = [fact for fact in able if fact.levels <= _MOST_CHANNELS]
    best = first_named([fact for fact in able if spoken(fact.name, name) == SURE], name)
    if best:
        return Guess(best.name, "by its name")
    partly = [fact for fact in able if spoken(fact.name, name) == LIKELY and not set(fact.words) & set(_IDS)]
    partly = partly if name in ("value", "quantity") else []
    return Guess(partly[0].name, "by a part of its name", LIKELY) if partly else None


def _orders(sample: Sample, roles: Roles) -> None:
    """Find the number of an order: its lines are one contact; and returns, by its letter or a negative number."""
    able = [fact for fact in sample.facts.values() if fact.name not in roles.taken() and fact.kind != "time"]
    sure = [fact for fact in able if spoken(fact.name, "order") == SURE]
    named = [fact for fact in able if spoken(fact.name, "order") and set(fact.words[-1:]) & set(_IDS)]
    order = next(iter(sure + named), None)
    if order is None:
        return
    roles.columns["order_id"] = Guess(order.name, "by its name")
    if "touchpoint" in roles.columns:
        return
    lines = len(sample.frame) / max(order.levels, 1)
    if lines > 1.2 and not _comes_back(sample, order.name, roles):
        roles.keys["orders"] = Guess(order.name, f"by its name; {lines:.1f} lines an order")


def _comes_back(sample: Sample, order: str, roles: Roles) -> bool:
    """Tell whether a number stands at several moments in most cases, as a subscription's does, and no line's."""
    time = roles.columns["timestamp"].value if "timestamp" in roles.columns else None
    when = [name for name in _named(time) if name in sample.frame]
    if not when:
        return False
    moment = sample.frame.groupby(when, dropna=False).ngroup()
    moments = moment.groupby(sample.frame[order].to_numpy())
    several = moments.size() > 1
    return bool((moments.nunique()[several] > 1).mean() > _HALF) if several.any() else False


def _worth(sample: Sample, roles: Roles) -> None:
    """Find the value of a line as quantity times price, and lines that give money back."""
    quantity, value = roles.columns.get("quantity"), roles.columns.get("value")
    price = next(
        (
            fact
            for fact in sample.facts.values()
            if spoken(fact.name, "unit_price") == SURE and fact.kind != "text"
        ),
        None,
    )
    plain = value is None or spoken(str(value.value), "unit_price") == SURE
    if quantity is not None and price is not None and plain:
        product = " * ".join(ticked(name) for name in (quantity.value, price.name))
        roles.columns["value"] = Guess(product, "a quantity and a price of one, by their names", LIKELY)
    counted = quantity or roles.columns.get("value")
    if counted is None or "touchpoint" in roles.columns or counted.value not in sample.frame:
        return
    negative = float((pd.to_numeric(sample.frame[counted.value], errors="coerce") < 0).mean())
    if 0 < negative < 0.4:
        moments = [
            {"touchpoint": "return_item", "when": {counted.value: "< 0"}},
            {"touchpoint": "purchase", "when": {counted.value: ">= 0"}},
        ]
        roles.keys["moments"] = Guess(moments, f"{negative:.1%} of {counted.value} are negative", LIKELY)
