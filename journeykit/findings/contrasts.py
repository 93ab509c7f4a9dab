"""Findings about kinds of contact and entry offers: talking, acting, paid attention, and what leads to buying."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from journeykit.findings.finding import Finding
from journeykit.journeys.buying import BUYING_DAYS
from journeykit.journeys.contrasts import CONVERSATIONS

__all__ = ["contrast_findings"]

ALL = "all"
LIGHT = 0.1  # weight of a description beside a difference
KEYS = {"conversation": "talking_buys", "interactive": "interactive_buys", "paid": "paid_or_earned"}
MOST_NAMED = 3


def contrast_findings(journeys) -> Iterator[Finding]:
    """Find what kinds of contact and entry offers go with; candidates only tested have a key with `_` before it."""
    yield from _contrasts(journeys.contrasts, journeys.touchpoints, journeys.follow_days)
    yield from _offers(journeys.entry_offers)
    yield from _attendance(journeys.attendance, journeys.follow_days)


def _who(persona: str) -> str | None:
    return None if persona == ALL else persona


def _contrasts(table: pd.DataFrame, touchpoints: pd.DataFrame, days: float) -> Iterator[Finding]:
    known = table[table["p_value"].notna() & (table["persona"] == ALL)] if len(table) else table
    talks = known[known["contrast"] == "conversation"] if len(known) else known
    for row in known.itertuples() if len(known) else ():
        if row.contrast == "interactive" and (talks["customers"] == row.customers).any():
            continue  # the same people told twice
        numbers = {"share": row.share, "other": row.other_share, "effect": row.effect, "days": days}
        numbers |= {
            "outcome": row.outcome,
            "at_stake": min(row.customers, row.other_customers) * abs(row.effect),
        }
        if row.contrast == "conversation":
            numbers["touchpoints"] = _conversations(touchpoints)
        same = (row.share - row.other_share) * row.effect > 0  # what is told is what was tested
        key = KEYS[row.contrast] if same else f"_{KEYS[row.contrast]}"
        rest = ("contrasts", _who(row.persona), None, int(row.customers), row.p_value)
        yield Finding(key, numbers, row.low, row.high, *rest)


def _conversations(touchpoints: pd.DataFrame) -> list[str]:
    """Return the kinds of conversation that the data hold, the most frequent first."""
    own = touchpoints[(touchpoints["persona"] == ALL) & touchpoints["touchpoint"].isin(CONVERSATIONS)]
    often = own.groupby("touchpoint")["touches"].sum().sort_values(ascending=False, kind="stable")
    return list(often.index[:MOST_NAMED]) or [CONVERSATIONS[0]]


def _offers(table: pd.DataFrame) -> Iterator[Finding]:
    """Name how often the entry offer that is taken most leads to the core offer, and which lead there more often."""
    known = table[~table["held_back"].astype(bool) & (table["persona"] == ALL)] if len(table) else table
    for _, own in known.groupby("kind", sort=False) if len(known) else ():
        if own["bought"].sum():
            most = next(own.itertuples())
            yield _offer("entry_offer" if pd.isna(most.other_share) else "entry_offer_beside", most, None)
        for row in own[own["p_value"].notna()].itertuples():
            yield _offer(
                "entry_offer_leads" if row.share > row.other_share else "_entry_offer", row, row.p_value
            )


def _offer(key: str, row: Any, p_value: float | None) -> Finding:
    numbers = {"content": row.offer, "share": row.share, "other": row.other_share, "days": BUYING_DAYS}
    gain = abs(row.share - row.other_share) if p_value is not None else LIGHT * row.share
    numbers["at_stake"] = row.customers * gain
    rest = ("entry_offers", _who(row.persona), None, int(row.customers), p_value)
    return Finding(key, numbers, row.low, row.high, *rest)


def _attendance(table: pd.DataFrame, days: float) -> Iterator[Finding]:
    known = table[~table["held_back"].astype(bool) & (table["persona"] == ALL)] if len(table) else table
    for row in known.itertuples():
        numbers = {"touchpoint": row.touchpoint, "share": row.share, "days": days}
        numbers["at_stake"] = (row.customers - row.attended) * LIGHT
        yield Finding("attends", numbers, row.low, row.high, "attendance", customers=int(row.customers))
