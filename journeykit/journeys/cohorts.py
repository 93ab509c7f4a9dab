"""Cohorts: those who came in in the same month, how far they get, and who is active again later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import pandas as pd

from journeykit.journeys.paths import ALL, Paths, per_persona
from journeykit.journeys.statistics import wilson
from journeykit.journeys.steps import hold_back, personas_of, units_of

__all__ = ["EARLIER", "count_activity", "count_cohorts", "count_retention"]

EARLIER = "earlier"  # who was there when the data began: in no cohort
MOST_PERIODS = 12
COHORT_COLUMNS = "persona cohort stage customers followed reached share low high".split()
RETENTION_COLUMNS = "persona cohort period days_from days_to customers active share low high".split()
ACTIVITY_COLUMNS = (
    "persona month whole customers active share low high active_days stickiness stickiness_low stickiness_high"
).split()


def count_cohorts(paths: Paths) -> pd.DataFrame:
    """Count how far those who came in in the same month have come within equal time.

    Only units whose first contact lies at least a horizon after the data begin have a cohort: who is first seen
    sooner may have been there before, and stands in the cohort `earlier`, of which no stage is counted. Everybody
    is followed for the same number of days (the report's period; the horizon where the data are short), so a
    younger cohort counts fewer people, not people who are worse.

    Returns
    -------
    pandas.DataFrame
        `persona, cohort` (month of the first contact by the client's clock, `2026-01`), `stage, customers` (all of
        the cohort), `followed` (long enough), `reached` (of those, in the stage or a later one by then), `share,
        low, high` (Wilson), `held_back`. The figures are null where fewer were followed than the smallest group.
    """
    counted = _reach(paths)
    rows = [row for persona in personas_of(paths) for row in _cohort_rows(paths, persona, counted)]
    table = pd.DataFrame(rows, columns=[*COHORT_COLUMNS[:-3]])
    table["share"] = table["reached"] / table["followed"].where(table["followed"] > 0)
    table["low"], table["high"] = wilson(table["reached"], table["followed"])
    figures = ["followed", "reached", "share", "low", "high"]
    table[figures] = table[figures].astype(float).where(table["followed"] >= paths.min_group)
    return hold_back(
        table[COHORT_COLUMNS], table["customers"] < paths.min_group, ("persona", "cohort", "stage")
    )


def _entered(paths: Paths) -> Any:
    """Return, per unit, its first contact and the month in which that was."""
    first = paths.contacts.filter(paths.contacts.order == 0)
    inside = first.timestamp >= ibis.literal(paths.enters_from.to_pydatetime()).cast("timestamp(6)")
    month = first.local_timestamp.strftime("%Y-%m")
    return first.select(
        "unit_id", "persona", entered_at=first.timestamp, cohort=inside.ifelse(month, ibis.literal(EARLIER))
    )


def _reach(paths: Paths) -> pd.DataFrame:
    """Return per persona, cohort and furthest stage within the time of following, how many could be followed."""
    levels = paths.levels.select("unit_id", "position", "at")
    joined = _entered(paths).left_join(levels, "unit_id")
    days = joined["at"].delta(joined.entered_at, unit="millisecond") / 86_400_000.0
    followed = paths.days_since(joined, "entered_at") >= paths.follow_days
    joined = joined.mutate(days=days, followed=followed)
    units = joined.group_by(["unit_id", "persona", "cohort", "followed"]).aggregate(
        best=joined.position.max(where=joined.days <= paths.follow_days)
    )
    each = per_persona(units.select("persona", "cohort", "followed", "best"))
    return each.group_by(["persona", "cohort", "followed", "best"]).aggregate(n=each.count()).execute()


def _cohort_rows(paths: Paths, persona: str, counted: pd.DataFrame) -> Iterator[tuple]:
    own = counted[counted["persona"] == persona]
    for cohort, part in own.groupby("cohort"):
        customers = int(part["n"].sum())
        if cohort == EARLIER:
            yield persona, cohort, None, customers, None, None
            continue
        long = part[part["followed"].astype(bool)]
        for position in paths.seen:
            reached = int(long.loc[long["best"] >= position, "n"].sum())
            yield persona, cohort, paths.stages[position], customers, int(long["n"].sum()), reached


def count_retention(paths: Paths) -> pd.DataFrame:
    """Count which share of those who came in is active again, one period later, two, and so on.

    A period is as long as the horizon. Active means a contact in which the customer did something, not one that the
    brand sent. Only who could be followed to the end of a period counts in it.

    Returns
    -------
    pandas.DataFrame
        `persona, cohort` (month of the first contact, or `all`), `period` (1 is the second one; everybody is active in
        the first), `days_from, days_to` (days since the first contact), `customers` (followed to the end of the
        period), `active, share, low, high` (Wilson), `held_back`. At most twelve periods; who was there when the data
        began is left out.
    """
    length = paths.horizon_days
    entered = _entered(paths)
    entered = entered.filter(entered.cohort != EARLIER)
    entered = entered.mutate(last=(paths.days_since(entered, "entered_at") / length).floor().cast("int64"))
    known = _each(entered.select("persona", "cohort", "last"), ["persona", "cohort", "last"])
    came = paths.acts.select("unit_id", "timestamp").inner_join(entered, "unit_id")
    days = came.timestamp.delta(came.entered_at, unit="millisecond") / 86_400_000.0
    came = came.mutate(period=(days / length).floor().cast("int64"))
    came = came.filter((came.period >= 1) & (came.period < came["last"]) & (came.period <= MOST_PERIODS))
    active = came.select("unit_id", "persona", "cohort", "period").distinct()
    back = _each(active.select("persona", "cohort", "period"), ["persona", "cohort", "period"])
    back = back.set_index(["persona", "cohort", "period"])["n"]
    rows = [
        (*key, period, period * length, (period + 1) * length, int(n), int(back.get((*key, period), 0)))
        for key, part in known.groupby(["persona", "cohort"], sort=False)
        for period in range(1, MOST_PERIODS + 1)
        if (n := part.loc[part["last"] > period, "n"].sum())
    ]
    table = pd.DataFrame(rows, columns=RETENTION_COLUMNS[:-3])
    table["share"] = table["active"] / table["customers"].where(table["customers"] > 0)
    table["low"], table["high"] = wilson(table["active"], table["customers"])
    table = _in_order(table, paths, ["cohort", "period"])
    ids = ("persona", "cohort", "period", "days_from", "days_to")
    return hold_back(table, table["customers"] < paths.min_group, ids)


def _each(table: Any, keys: list[str]) -> pd.DataFrame:
    """Return how many rows there are of each kind: per persona and for everyone, per cohort and for all."""
    every = table.union(table.mutate(cohort=ibis.literal(ALL)))
    each = per_persona(every)
    return each.group_by(keys).aggregate(n=each.count()).execute()


def _in_order(table: pd.DataFrame, paths: Paths, by: list[str]) -> pd.DataFrame:
    """Return rows in the order of personas, those about all cohorts first."""
    order = {who: place for place, who in enumerate(personas_of(paths))}
    keyed = table.assign(_who=table["persona"].map(order), _all=(table[by[0]] != ALL))
    return keyed.sort_values(["_who", "_all", *by], ignore_index=True).drop(columns=["_who", "_all"])


def count_activity(paths: Paths) -> pd.DataFrame:
    """Count who is active in each month, and on how many days.

    Returns
    -------
    pandas.DataFrame
        `persona, month` (by the client's clock), `whole` (the data hold the whole month), `customers` (known by the end
        of the month), `active` (of those, did something in the month), `share, low, high` (Wilson), `active_days` (mean
        per active customer), `stickiness` (that over the days of the month: the number active on a day over the number
        active in the month) with its interval over customers in `stickiness_low` and `stickiness_high`, `held_back`.
    """
    acts = paths.acts
    days = acts.select("unit_id", "persona", day=acts.local_timestamp.truncate("D")).distinct()
    days = days.mutate(month=days.day.strftime("%Y-%m"))
    units = days.group_by(["unit_id", "persona", "month"]).aggregate(n=days.count().cast("float64"))
    each = per_persona(units.select("persona", "month", "n"))
    counted = each.group_by(["persona", "month"]).aggregate(
        active=each.count(), active_days=each.n.mean(), spread=each.n.std()
    )
    table = counted.execute()
    known = _first_months(paths)
    known = [int((known[row.persona] <= row.month).sum()) for row in table.itertuples()]
    table["customers"] = pd.Series(known, dtype="int64")
    return _as_shares(table, paths)


def _first_months(paths: Paths) -> dict[str, pd.Series]:
    first = paths.contacts.filter(paths.contacts.order == 0)
    frame = first.select("unit_id", month=first.local_timestamp.strftime("%Y-%m")).execute()
    months = frame.set_index("unit_id")["month"]
    return {who: months.reindex(units_of(paths, who).index) for who in personas_of(paths)}


def _as_shares(table: pd.DataFrame, paths: Paths) -> pd.DataFrame:
    begins = pd.to_datetime(table["month"].astype(str) + "-01")
    length = begins.dt.days_in_month
    begun, over = begins >= paths.opens_at.normalize(), begins + pd.to_timedelta(length, "D") <= paths.moment
    half = 1.96 * table["spread"].fillna(0.0) / table["active"] ** 0.5
    table = table.assign(whole=begun & over, share=table["active"] / table["customers"])
    table["low"], table["high"] = wilson(table["active"], table["customers"])
    table["stickiness"] = table["active_days"] / length
    table["stickiness_low"] = ((table["active_days"] - half) / length).clip(lower=0)
    table["stickiness_high"] = ((table["active_days"] + half) / length).clip(upper=1)
    table = _in_order(table, paths, ["month"])
    return hold_back(
        table[ACTIVITY_COLUMNS], table["active"] < paths.min_group, ("persona", "month", "whole")
    )
