"""Skipped stages, and what becomes of those who skip, beside others of the same stage, persona and activity."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.statistics import risk_difference, wilson
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["LANDING", "LEFT", "MOST_SKIPPED", "count_skips"]

MOST_SKIPPED = 3  # three stands for three or more
BANDS = 3  # of activity, within everyone who took the same step
SETTLING_DAYS = 7.0  # added to the days before landing, so that two contacts on a first day are no frenzy
LANDING, LEFT = "landing", "left"  # the stage in which a step ends, and the one from which it is taken
KEYS = ["persona", "left", "landing", "left_band", "landing_band", "skipped"]
COLUMNS = (
    "persona skipped_stages customers later_stage_reached_share low high effect effect_low effect_high p_value "
    "compared_within left_out_mean"
).split()


def count_skips(paths: Paths) -> pd.DataFrame:
    """Compare units that skip stages with units that skip none, by the longest jump on their way.

    A step takes a unit further than it ever was; the stages between are skipped. A unit stands with its longest step,
    the first of those that are as long. Everybody is followed for equally long after landing; who landed too recently
    is left out, and so is who landed in the last stage, from which there is no later one. Only stages in which anybody
    was seen count: a stage that the data cannot show is not skipped.

    Returns
    -------
    pandas.DataFrame
        `persona, skipped_stages` (of the longest step; 3 stands for three or more), `customers,
        later_stage_reached_share` (came to a later stage than they landed in), `low, high, effect, effect_low,
        effect_high, p_value, compared_within, left_out_mean` (stages between their first and their furthest that they
        never showed), `held_back`.

    Notes
    -----
    `effect` compares steps, not units: every step counts with what was known when it was taken. (Who is known never to
    skip later on is known to have stopped early.) It is the difference in the share that came further between steps
    that skip and steps of units that had skipped none until then, within persona, third of activity (contacts per day
    until landing; left out where no two are as active) and the stage in which both landed; where none of the latter
    landed in the same stage, the stage that both left. `compared_within` says which. Where both can be compared and
    point surely in opposite directions, there is no effect to be told (null): the stages differ, not those who skip.
    """
    with paths.kept("steps", _steps(paths)) as steps:
        jumps = _jumps(paths, steps)
        each = _counted(steps.filter(steps.known & (steps.clean | (steps.skipped > 0))))
    rows = [
        _row(jumps, each, who, n, paths.min_group) for who in personas_of(paths) for n in range(MOST_SKIPPED + 1)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    share = table["later"] / table["customers"].where(table["customers"] > 0)
    low, high = wilson(table["later"], table["customers"])
    table = table.assign(later_stage_reached_share=share, low=low, high=high)
    return hold_back(table[COLUMNS], table["customers"] < paths.min_group, ("persona", "skipped_stages"))


def _steps(paths: Paths) -> Any:
    """Return one row per unit and step further: from where to where, whether it could be followed, and went on."""
    table = paths.contacts.select("unit_id", "persona", "timestamp", "order", furthest=_place(paths))
    order = ibis.window(group_by="unit_id", order_by="order")
    table = table.mutate(
        before=table.furthest.lag().over(order), first_at=table.timestamp.min().over(ibis.window(group_by="unit_id"))
    )  # fmt: skip
    table = table.filter(table.furthest.notnull() & (table.before.isnull() | (table.before < table.furthest)))
    table = table.mutate(next_at=table.timestamp.lead().over(order))
    table = table.filter(table.before.notnull())
    days = _days(table.timestamp, table.first_at)
    later = (_days(table.next_at, table.timestamp) <= paths.follow_days).fill_null(False).cast("int64")
    table = table.mutate(pace=(table.order + 1) / (days + SETTLING_DAYS), later=later)
    known = (table.furthest < len(paths.seen) - 1) & (
        paths.days_since(table, "timestamp") >= paths.follow_days
    )
    table = table.mutate(known=known)
    skipped = table.furthest - table.before - 1
    so_far = skipped.sum().over(
        ibis.window(group_by="unit_id", order_by="order", preceding=None, following=0)
    )
    return table.select(
        "unit_id", "persona", "known", "later", clean=(so_far == 0), left=table.before,
        landing=table.furthest, landed_at=table.timestamp,
        skipped=ibis.least(skipped, MOST_SKIPPED), place=table.order,
        left_band=_band(table, ["known", "before"]), landing_band=_band(table, ["known", "furthest"]),
    )  # fmt: skip


def _place(paths: Paths) -> Any:
    """Return the furthest stage so far, counted among the stages in which anybody was seen."""
    cases = [(paths.contacts.furthest == at, number) for number, at in enumerate(paths.seen)]
    return (ibis.cases(*cases, else_=ibis.null("int64")) if cases else ibis.null("int64")).cast("int64")


def _days(later: Any, earlier: Any) -> Any:
    return later.delta(earlier, unit="millisecond") / 86_400_000.0


def _band(table: Any, by: list[str]) -> Any:
    """Return the third of activity among those of whom the same is known; who is as active is in one band."""
    rank = ibis.percent_rank().over(ibis.window(group_by=by, order_by="pace"))
    return ibis.least((rank * BANDS).floor(), BANDS - 1).cast("int64")


def _jumps(paths: Paths, steps: Any) -> pd.DataFrame:
    """Return, per persona and number skipped at most, the units that could be followed and how many came further."""
    order = ibis.window(group_by="unit_id", order_by=[steps.skipped.desc(), "place"])
    longest = steps.mutate(turn=ibis.row_number().over(order))
    longest = longest.filter((longest.turn == 0) & longest.known)
    joined = longest.left_join(_left_out(paths), "unit_id")
    counted = joined.group_by(["persona", "skipped"]).aggregate(
        customers=joined.count(), later=joined.later.sum(), left_out=joined.left_out.sum()
    )
    return counted.execute()


def _left_out(paths: Paths) -> Any:
    """Return per unit how many stages between its first and its furthest it never showed."""
    table = paths.contacts.select("unit_id", "order", "marker", place=_place(paths))
    table = table.filter(table.marker.notnull())
    whole = ibis.window(group_by="unit_id")
    cases = [(table.marker == at, number) for number, at in enumerate(paths.seen)]
    shown = (ibis.cases(*cases, else_=ibis.null("int64")) if cases else ibis.null("int64")).cast("int64")
    table = table.mutate(shown=shown, first=table.place.min().over(whole), top=table.place.max().over(whole))
    units = table.filter(table.shown >= table["first"]).group_by("unit_id").aggregate(
        left_out=lambda t: t["top"].max() - t["first"].min() + 1 - t.shown.nunique()
    )  # fmt: skip
    return units


def _counted(steps: Any) -> pd.DataFrame:
    counted = steps.group_by(KEYS).aggregate(customers=steps.count(), later=steps.later.sum()).execute()
    return counted.assign(persona=counted["persona"].fillna(""))


def _row(jumps: pd.DataFrame, each: pd.DataFrame, persona: str, skipped: int, least: int) -> dict[str, Any]:
    own = jumps if persona == ALL else jumps[jumps["persona"] == persona]
    mine = own[own["skipped"] == skipped][["customers", "later", "left_out"]].sum()
    row = {"persona": persona, "skipped_stages": skipped}
    row |= {"customers": int(mine["customers"]), "later": int(mine["later"])}
    row["left_out_mean"] = mine["left_out"] / mine["customers"] if mine["customers"] else np.nan
    effect, within = (np.nan,) * 4, None
    if skipped and row["customers"] >= least:
        effect, within = _effect(each if persona == ALL else each[each["persona"] == persona], skipped)
    row |= dict(zip(("effect", "effect_low", "effect_high", "p_value"), effect, strict=True))
    return row | {"compared_within": within}


def _effect(each: pd.DataFrame, skipped: int) -> tuple[tuple[float, ...], str | None]:
    """Return what skipping goes with, and within which stage it was compared."""
    landing, left = (_within(each, skipped, stage) for stage in (LANDING, LEFT))
    if np.isnan(landing[0]):
        return left, (None if np.isnan(left[0]) else LEFT)
    opposite = landing[1] * left[2] < 0 and landing[2] * left[1] < 0 and landing[1] * landing[2] > 0
    return ((np.nan,) * 4, None) if opposite else (landing, LANDING)


def _within(each: pd.DataFrame, skipped: int, stage: str) -> tuple[float, ...]:
    """Return the effect within a stage, persona and activity; where no two are as active, within stage and persona."""
    alike = risk_difference(_strata(each, skipped, ["persona", stage, f"{stage}_band"]))
    return alike if not np.isnan(alike[0]) else risk_difference(_strata(each, skipped, ["persona", stage]))


def _strata(each: pd.DataFrame, skipped: int, keys: list[str]) -> np.ndarray:
    """Return later and total of steps that skip, and of those that do not, of everybody who is alike."""
    wide = each.groupby([*keys, "skipped"])[["later", "customers"]].sum().unstack("skipped", fill_value=0)
    none = [(name, 0) for name in ("later", "customers")]
    some = [(name, skipped) for name in ("later", "customers")]
    return wide.reindex(columns=[*some, *none], fill_value=0).to_numpy(float)
