"""Findings about content: what the first interaction follows, and what subscribers had taken."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from journeykit.findings.finding import Finding
from journeykit.intervals import wilson
from journeykit.journeys.magnets import NOTHING

__all__ = ["content_findings"]

ALL = "all"
LIGHT = 0.1  # weight of a description beside a difference


def content_findings(journeys) -> Iterator[Finding]:
    """Find what the tables of content say; candidates that were only tested have a key with `_` before it."""
    yield from _first(journeys.first_interactions)
    yield from _magnets(journeys.lead_magnets, journeys.follow_days)


def _first(table: pd.DataFrame) -> Iterator[Finding]:
    everyone = table[(table["persona"] == ALL) & table["led"].notna()] if len(table) else table
    if everyone.empty:
        return
    top = everyone.loc[everyone["led"].idxmax()]
    if top["led"] and len(everyone) > 1:
        of = round(top["led"] / top["share_of_led"])
        low, high = wilson(top["led"], of)
        numbers = {"content": top["content"], "share": top["share_of_led"], "times": of}
        numbers["at_stake"] = top["led"] * LIGHT
        yield Finding(
            "content_most", numbers, float(low), float(high), "first_interactions", customers=int(top["customers"])
        )  # fmt: skip
    for row in everyone[everyone["p_value"].notna()].itertuples():
        gain = row.share - row.other_share
        numbers = {
            "content": row.content,
            "share": row.share,
            "other": row.other_share,
            "times": int(row.views),
        }
        numbers["at_stake"] = row.customers * abs(gain)
        yield Finding(
            "content_leads" if gain > 0 else "content_leads_less", numbers, row.low, row.high, "first_interactions",
            customers=int(row.customers), p_value=row.p_value,
        )  # fmt: skip


def _magnets(table: pd.DataFrame, days: float) -> Iterator[Finding]:
    """Name what was taken most, and after what subscribers came further or less far than the others."""
    known = table[~table["held_back"].astype(bool) & (table["magnet"] != NOTHING)] if len(table) else table
    everyone = known[known["persona"] == ALL] if len(known) else known
    if everyone.empty:
        return
    top = everyone.iloc[0]
    of = round(top["customers"] / top["share_of_subscribers"])
    low, high = wilson(top["customers"], of)
    numbers = {"content": top["magnet"], "share": top["share_of_subscribers"]}
    numbers["at_stake"] = top["customers"] * LIGHT
    yield Finding("magnet_most", numbers, float(low), float(high), "lead_magnets", customers=of)
    for row in known[known["p_value"].notna()].itertuples():
        numbers = {"content": row.magnet, "share": row.reached_share, "effect": row.effect, "days": days}
        numbers["at_stake"] = row.followed * abs(row.effect)
        yield Finding(
            "magnet_further" if row.effect > 0 else "magnet_less_far", numbers, row.effect_low, row.effect_high,
            "lead_magnets", None if row.persona == ALL else row.persona, None, int(row.followed), row.p_value,
        )  # fmt: skip
