"""Skipped stages, and what becomes of those who skip, beside others of the same stage, persona and activity."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.statistics import risk_difference, wilson
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["MOST_SKIPPED", "count_skips"]

MOST_SKIPPED = 3  # three stands for three or more
BANDS = 3  # of activity, within everyone who landed in the same stage
SETTLING_DAYS = 7.0  # added to the days before landing, so that two contacts on a first day are no frenzy


def count_skips(paths: Paths) -> pd.DataFrame:
    """Compare units that skip stages with units that skip none, at their first step forward.

    A unit's first step from a stage to a later one lands somewhere; the stages between are skipped. Everybody
    is followed for equally long after landing; who landed too recently is left out, and so is who landed in the
    last stage, from which there is no later one. Only stages in which anybody was seen count: a stage that the
    data cannot show is not skipped.

    Returns
    -------
    pandas.DataFrame
        `persona, skipped_stages` (3 stands for three or more), `customers, later_stage_reached_share, low, high,
        effect, effect_low, effect_high, p_value, held_back`. `effect` is the difference in share with those who
        skipped none, within the same landing stage, persona and third of activity (Mantel-Haenszel); null for none
        skipped. Activity is the number of contacts until landing, per day.
    """
    counts = _landed(paths)
    rows = [_skip_row(counts, who, n, paths) for who in personas_of(paths) for n in range(MOST_SKIPPED + 1)]
    table = pd.DataFrame(rows)
    share = table["later"] / table["customers"].where(table["customers"] > 0)
    low, high = wilson(table["later"], table["customers"])
    table = table.assign(later_stage_reached_share=share, low=low, high=high)
    columns = (
        "persona skipped_stages customers later_stage_reached_share low high effect effect_low effect_high p_value"
    ).split()
    return hold_back(table[columns], table["customers"] < paths.min_group, ("persona", "skipped_stages"))


def _landed(paths: Paths) -> pd.DataFrame:
    """Return how many landed and came later still, per persona, landing stage, activity and stages skipped."""
    entries = _among_seen(paths)
    forward = entries.filter(entries.next_position > entries.position)
    first = ibis.row_number().over(ibis.window(group_by="unit_id", order_by=["at", "position"]))
    forward = forward.mutate(turn=first).filter(lambda t: t.turn == 0)
    landed = forward.select(
        "unit_id",
        "persona",
        landing=forward.next_position,
        landed_at=forward.next_at,
        skipped=ibis.least(forward.next_position - forward.position - 1, MOST_SKIPPED),
    )
    landed = landed.filter(
        (landed.landing < len(paths.seen) - 1) & (paths.days_since(landed, "landed_at") >= paths.follow_days)
    )
    return _followed(_with_activity(landed, paths), entries, paths.follow_days).execute()


def _with_activity(landed: Any, paths: Paths) -> Any:
    """Add the third of activity among those who landed in the same stage: contacts per day until landing."""
    met = paths.contacts.select("unit_id", met_at="timestamp")
    joined = landed.left_join(met, "unit_id")
    joined = joined.filter(joined.met_at <= joined.landed_at)
    counted = joined.group_by(["unit_id", "persona", "landing", "landed_at", "skipped"]).aggregate(
        contacts=joined.count(), first_at=joined.met_at.min()
    )
    days = counted.landed_at.delta(counted.first_at, unit="millisecond") / 86_400_000.0
    paced = counted.mutate(pace=counted.contacts / (days + SETTLING_DAYS))
    rank = ibis.percent_rank().over(
        ibis.window(group_by="landing", order_by="pace")
    )  # who is as active is in one band
    return paced.mutate(band=ibis.least((rank * BANDS).floor(), BANDS - 1).cast("int64")).drop(
        "contacts", "first_at", "pace"
    )


def _among_seen(paths: Paths) -> Any:
    """Return the entries with positions counted among the stages in which anybody was seen."""
    entries = paths.entries
    if not paths.seen:
        return entries

    def place(position: Any) -> Any:
        cases = [(position == at, number) for number, at in enumerate(paths.seen)]
        return ibis.cases(*cases, else_=ibis.null("int64")).cast("int64")

    return entries.mutate(position=place(entries.position), next_position=place(entries.next_position))


def _followed(landed: Any, entries: Any, days: float) -> Any:
    later = entries.select("unit_id", later_position="position", later_at="at")
    joined = landed.left_join(later, "unit_id")
    after = joined.later_at.delta(joined.landed_at, unit="millisecond") / 86_400_000.0
    came = (joined.later_position > joined.landing) & (after >= 0) & (after <= days)
    joined = joined.mutate(came=came.fill_null(False).cast("int64"))
    unit = joined.group_by(["unit_id", "persona", "landing", "band", "skipped"]).aggregate(
        came=joined.came.max()
    )
    return unit.group_by(["persona", "landing", "band", "skipped"]).aggregate(
        customers=unit.count(), later=unit.came.sum()
    )


def _skip_row(counts: pd.DataFrame, persona: str, skipped: int, paths: Paths) -> dict[str, Any]:
    own = counts if persona == ALL else counts[counts["persona"] == persona]
    mine = own[own["skipped"] == skipped]
    row = {"persona": persona, "skipped_stages": skipped}
    row |= {"customers": int(mine["customers"].sum()), "later": int(mine["later"].sum())}
    effect = (np.nan,) * 4
    if skipped and row["customers"] >= paths.min_group:
        effect = risk_difference(_strata(own, skipped))
    return row | dict(zip(("effect", "effect_low", "effect_high", "p_value"), effect, strict=True))


def _strata(counts: pd.DataFrame, skipped: int) -> np.ndarray:
    """Return later and total of who skipped, and of who did not, per landing stage, persona and activity."""
    keys = ["persona", "landing", "band"]
    totals = (
        counts.assign(persona=counts["persona"].fillna(""))
        .groupby([*keys, "skipped"])[["later", "customers"]]
        .sum()
    )
    wide = totals.unstack("skipped", fill_value=0)
    none = [(name, 0) for name in ("later", "customers")]
    some = [(name, skipped) for name in ("later", "customers")]
    return wide.reindex(columns=[*some, *none], fill_value=0).to_numpy(float)
