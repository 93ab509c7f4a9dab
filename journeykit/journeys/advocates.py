"""Advocates: who speaks up or brings in others, and where those who were brought in begin."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.paths import Paths, per_persona
from journeykit.journeys.referring import brought_in
from journeykit.journeys.statistics import two_shares_p_value, wilson
from journeykit.journeys.steps import hold_back, personas_of, units_of

__all__ = ["ANY", "ADVOCACY", "count_advocates", "follow_referred"]

ANY = "any"
ADVOCACY = ("review", "testimonial", "case_given", "share", "referral", "affiliate_join")
PROMOTER, REFERRER = "promoter", "referrer"  # gives a 9 or 10; is named by somebody who came in
KIND_COLUMNS = "persona kind customers advocates share low high".split()
LOOP_COLUMNS = (
    "stage brought_in referred customers share low high other_customers other_share p_value followed went_on_share "
    "went_on_low went_on_high other_went_on_share went_on_p_value"
).split()


def count_advocates(paths: Paths) -> pd.DataFrame:
    """Count who speaks up for the brand, and in which way.

    Returns
    -------
    pandas.DataFrame
        `persona, kind` (`any`; a touchpoint such as `review` or `referral`; `promoter`: a 9 or 10 as latest
        recommendation score; `referrer`: named by somebody who came in), `customers` (units of the persona),
        `advocates` (of those), `share, low, high` (Wilson), `held_back`. Only kinds that occur; empty when none does.
    """
    who = per_persona(_advocates(paths))
    kinds = who.group_by(["persona", "kind"]).aggregate(advocates=who.unit_id.nunique())
    whole = who.group_by("persona").aggregate(advocates=who.unit_id.nunique()).mutate(kind=ibis.literal(ANY))
    counted = kinds.union(whole.select("persona", "kind", "advocates")).execute()
    known = counted.set_index(["persona", "kind"])["advocates"]
    order = [ANY, *(kind for kind in (*ADVOCACY, PROMOTER, REFERRER) if kind in set(counted["kind"]))]
    rows = [
        (persona, kind, len(units_of(paths, persona)), int(known.get((persona, kind), 0)))
        for persona in (personas_of(paths) if len(counted) else ())
        for kind in order
    ]
    table = pd.DataFrame(rows, columns=KIND_COLUMNS[:4])
    table["share"] = table["advocates"] / table["customers"].where(table["customers"] > 0)
    table["low"], table["high"] = wilson(table["advocates"], table["customers"])
    return hold_back(table, table["customers"] < paths.min_group, ("persona", "kind"))


def _advocates(paths: Paths) -> Any:
    """Return unit, persona and each way in which it speaks up, once."""
    table = paths.contacts
    acts = table.filter(table.touchpoint.isin(ADVOCACY)).select("unit_id", "persona", kind="touchpoint")
    rated = table.filter((table.touchpoint == "nps_rating") & table.rating.notnull())
    scores = rated.group_by(["unit_id", "persona"]).aggregate(rating=rated.rating.argmax(rated.order))
    top = rated.rating.max().execute() if rated.limit(1).count().execute() else None
    is_nps = top is not None and 5 < top <= 10
    promoters = scores.filter((scores.rating >= 9) & ibis.literal(bool(is_nps)))
    promoters = promoters.select("unit_id", "persona", kind=ibis.literal(PROMOTER))
    named = brought_in(paths).select(unit_id="referrer").distinct()
    owners = table.select("unit_id", "persona").distinct()
    referrers = owners.inner_join(named, "unit_id").select("unit_id", "persona", kind=ibis.literal(REFERRER))
    return acts.union(promoters).union(referrers).distinct()


def follow_referred(paths: Paths) -> pd.DataFrame:
    """Tell in which stage those who were brought in by others begin, beside all others: whether the loop closes.

    Only units whose journey begins in the data and that show a stage count. A unit is referred when one of its contacts
    names somebody else as its referrer (`brought_in`, as in `count_referrals`).

    Returns
    -------
    pandas.DataFrame
        A row per stage: `stage` (the first that the unit shows), `brought_in` (all units brought in), `referred` (of
        those, whose journey begins in the data and that show any stage),
        `customers` (of those, who begin here), `share, low, high` (Wilson), `other_customers, other_share` (of those
        who were not brought in), `p_value`; then, of those who begin here and were followed for the report's period,
        `followed, went_on_share, went_on_low, went_on_high` (a later stage within it), `other_went_on_share` and
        `went_on_p_value`; and `held_back`. Empty where nobody names a referrer.
    """
    counted = _begun(paths).execute()
    if counted.empty or not counted["referred"].any():
        return hold_back(pd.DataFrame(columns=LOOP_COLUMNS), [], ("stage",))
    wide = {bool(key): part.set_index("stage_at") for key, part in counted.groupby("referred")}
    whole = int(brought_in(paths).unit_id.nunique().execute())
    rows = [_loop_row(paths, at, wide) for at in paths.seen]
    table = pd.DataFrame(rows, columns=[name for name in LOOP_COLUMNS if name != "brought_in"])
    table = table.assign(brought_in=whole)[LOOP_COLUMNS]
    return hold_back(table, table["referred"] < paths.min_group, ("stage",))


def _begun(paths: Paths) -> Any:
    table, came = paths.contacts, brought_in(paths)
    units = table.group_by("unit_id").aggregate(first_at=table.timestamp.min())
    units = units.mutate(referred=units.unit_id.isin(came.unit_id))
    units = units.filter(
        units.first_at >= ibis.literal(paths.enters_from.to_pydatetime()).cast("timestamp(6)")
    )
    levels = paths.levels
    begins = levels.group_by("unit_id").aggregate(
        stage_at=levels.position.min(), moved_at=levels.next_at.min()
    )
    joined = units.inner_join(begins, "unit_id")
    days = joined.moved_at.delta(joined.first_at, unit="millisecond") / 86_400_000.0
    followed = paths.days_since(joined, "first_at") >= paths.follow_days
    joined = joined.mutate(
        followed=followed.cast("int64"),
        went=(followed & (days <= paths.follow_days)).fill_null(False).cast("int64"),
    )
    return joined.group_by(["referred", "stage_at"]).aggregate(
        n=joined.count(), followed=joined.followed.sum(), went=joined.went.sum()
    )


def _loop_row(paths: Paths, at: int, wide: dict[bool, pd.DataFrame]) -> tuple:
    mine, rest = (
        wide[key].reindex([at]).fillna(0).iloc[0]
        if key in wide
        else pd.Series({"n": 0, "followed": 0, "went": 0})
        for key in (True, False)
    )
    of, of_rest = (int(wide[key]["n"].sum()) if key in wide else 0 for key in (True, False))
    low, high = wilson(mine["n"], of)
    enough = min(of, of_rest) >= paths.min_group
    p_value = two_shares_p_value(mine["n"], of, rest["n"], of_rest) if enough else np.nan
    other = rest["n"] / of_rest if of_rest >= paths.min_group else np.nan
    last = at == max(paths.seen)
    here = [part["followed"] >= paths.min_group and not last for part in (mine, rest)]
    went_low, went_high = wilson(mine["went"], mine["followed"]) if here[0] else (np.nan, np.nan)
    tested = (
        two_shares_p_value(mine["went"], mine["followed"], rest["went"], rest["followed"])
        if all(here)
        else np.nan
    )
    return (
        paths.stages[at], of, int(mine["n"]), mine["n"] / of if of else np.nan, float(low), float(high),
        int(rest["n"]), other, p_value, mine["followed"] if here[0] else np.nan,
        mine["went"] / mine["followed"] if here[0] else np.nan, float(went_low), float(went_high),
        rest["went"] / rest["followed"] if here[1] else np.nan, tested,
    )  # fmt: skip
