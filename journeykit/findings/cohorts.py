"""Findings about entering and coming back: where journeys begin, how cohorts do, who is active again later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from journeykit.findings.finding import Finding
from journeykit.journeys.statistics import two_shares_p_value

__all__ = ["cohort_findings"]

ALL = "all"
SMALL = 0.1  # weight of a customer who came in elsewhere or earlier, beside one who is lost
PERIOD = 3  # the period after the first in which coming back is told, where the data are long enough


def cohort_findings(journeys) -> Iterator[Finding]:
    """Find what entries, cohorts and retention say; candidates that were only tested have a key with `_` before it."""
    yield from _entries(journeys.entry_points, journeys.follow_days)
    yield from _cohorts(journeys.cohorts, journeys.follow_days)
    yield from _coming_back(journeys.retention)
    yield from _activity(journeys.activity)


def _entries(entries: pd.DataFrame, days: float) -> Iterator[Finding]:
    """Name the beginnings after which people go on more or less often than after others."""
    tested = entries[entries["p_value"].notna() & entries["channel"].notna()] if len(entries) else entries
    for row in tested[tested["persona"] == ALL].itertuples() if len(tested) else ():
        gain = row.went_on_share - row.other_share
        numbers = {"touchpoint": row.touchpoint, "channel": row.channel, "share": row.went_on_share}
        numbers |= {"other": row.other_share, "days": days, "at_stake": row.followed * abs(gain)}
        key = "entry_goes_on" if gain > 0 else "entry_stays"
        interval = (row.went_on_low, row.went_on_high)
        yield Finding(
            key, numbers, *interval, "entry_points", customers=int(row.followed), p_value=row.p_value
        )


def _cohorts(cohorts: pd.DataFrame, days: float) -> Iterator[Finding]:
    """Hold the youngest cohort that was followed long enough against those before it, stage by stage."""
    known = cohorts[cohorts["share"].notna() & (cohorts["persona"] == ALL)] if len(cohorts) else cohorts
    if known.empty or known["cohort"].nunique() < 2:
        return
    last = known["cohort"].max()
    for stage, own in known.groupby("stage", sort=False):
        new, old = own[own["cohort"] == last], own[own["cohort"] < last]
        if new.empty or old.empty:
            continue
        row, of, reached = new.iloc[0], old["followed"].sum(), old["reached"].sum()
        gain = row["share"] - reached / of
        numbers = {"month": last, "share": row["share"], "other": reached / of}
        numbers |= {"days": days, "at_stake": row["followed"] * abs(gain)}
        yield Finding(
            "cohort_further" if gain > 0 else "cohort_less_far", numbers, row["low"], row["high"], "cohorts",
            None, stage, int(row["followed"]), two_shares_p_value(row["reached"], row["followed"], reached, of),
        )  # fmt: skip


def _coming_back(retention: pd.DataFrame) -> Iterator[Finding]:
    """Name the share that is active again, of everyone and of a persona that differs from the others."""
    known = (
        retention[(retention["cohort"] == ALL) & retention["share"].notna()] if len(retention) else retention
    )
    everyone = known[(known["persona"] == ALL) & (known["period"] <= PERIOD)] if len(known) else known
    if everyone.empty:
        return
    whole = everyone.loc[everyone["period"].idxmax()]
    at = known[known["period"] == whole["period"]]
    yield _back("comes_back", whole, whole["customers"] * SMALL)
    personas = at[at["persona"] != ALL]
    for _, row in personas.iterrows() if len(personas) > 1 else ():
        rest = personas[personas["persona"] != row["persona"]][["active", "customers"]].sum()
        gain = row["share"] - rest["active"] / rest["customers"]
        p_value = two_shares_p_value(row["active"], row["customers"], rest["active"], rest["customers"])
        key = "comes_back_more" if gain > 0 else "comes_back_less"
        stake, other = row["customers"] * abs(gain), rest["active"] / rest["customers"]
        yield _back(key, row, stake, row["persona"], p_value, other=other)


def _back(
    key: str, row: Any, stake: float, persona: str | None = None, p_value: float | None = None, **more: float
) -> Finding:
    numbers = {"share": row["share"], "days_from": row["days_from"], "days_to": row["days_to"], **more}
    numbers["at_stake"] = stake
    customers = int(row["customers"])
    return Finding(key, numbers, row["low"], row["high"], "retention", persona, None, customers, p_value)


def _activity(activity: pd.DataFrame) -> Iterator[Finding]:
    known = activity[(activity["persona"] == ALL) & activity["share"].notna()] if len(activity) else activity
    whole = known[known["whole"].astype(bool)] if len(known) else known
    for row in whole.sort_values("month").tail(1).itertuples():
        numbers = {"month": row.month, "share": row.share, "days": row.active_days}
        numbers["at_stake"] = row.active * SMALL
        yield Finding("active_in_month", numbers, row.low, row.high, "activity", customers=int(row.customers))
