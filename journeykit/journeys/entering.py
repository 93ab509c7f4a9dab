"""Entering: the first contact of each unit, and whether it is followed by a next stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journeykit.journeys.paths import Paths, per_persona
from journeykit.journeys.statistics import two_shares_p_value, wilson
from journeykit.journeys.steps import personas_of, units_of

__all__ = ["find_entry_points"]

COLUMNS = (
    "persona channel touchpoint customers share low high followed went_on went_on_share went_on_low went_on_high "
    "other_share p_value in_channel in_channel_share"
).split()


def find_entry_points(paths: Paths) -> pd.DataFrame:
    """Count where journeys start in these data: channel and touchpoint of each unit's first contact.

    Returns
    -------
    pandas.DataFrame
        `persona, channel, touchpoint, customers, share, low, high`, largest first; small groups are left out.
        `followed`: those of them whose first contact is at least the report's period ago, and who did not come in at
        the last stage. `went_on`: of those, how many came to a later stage than their first within that period;
        `went_on_share` has Wilson's interval in `went_on_low` and `went_on_high`. `other_share` is the same for all
        who began elsewhere, `p_value` that of the difference. Shares are null where fewer were followed than the
        smallest group. `in_channel`: how many began in the channel with whatever contact, those in small groups too;
        `in_channel_share`: of all units.
    """
    counted = _began(paths)
    counted["total"] = counted["persona"].map({who: len(units_of(paths, who)) for who in personas_of(paths)})
    counted["in_channel"] = counted.groupby(["persona", "channel"], dropna=False)["customers"].transform(
        "sum"
    )
    counted["in_channel_share"] = counted["in_channel"] / counted["total"]
    counted = _beside_others(counted, paths.min_group)
    counted = counted[counted["customers"] >= paths.min_group]
    counted["share"] = counted["customers"] / counted["total"]
    counted["low"], counted["high"] = wilson(counted["customers"], counted["total"])
    order = {who: place for place, who in enumerate(personas_of(paths))}
    counted = counted.assign(order=counted["persona"].map(order))
    counted = counted.sort_values(
        ["order", "customers", "touchpoint", "channel"], ascending=[True, False, True, True]
    )
    return counted[COLUMNS].reset_index(drop=True)


def _began(paths: Paths) -> pd.DataFrame:
    """Return, per persona and first contact, how many began so, could be followed, and went on."""
    first = paths.contacts.filter(paths.contacts.order == 0)
    first = first.select("unit_id", "persona", "channel", "touchpoint", "timestamp")
    levels = paths.levels
    moves = levels.group_by("unit_id").aggregate(begin=levels.position.min(), moved_at=levels.next_at.min())
    joined = first.left_join(moves, "unit_id")
    last = max(paths.seen, default=0)
    followed = (paths.days_since(joined, "timestamp") >= paths.follow_days) & (
        joined.begin.fill_null(0) < last
    )
    days = joined.moved_at.delta(joined.timestamp, unit="millisecond") / 86_400_000.0
    joined = joined.mutate(
        followed=followed.cast("int64"),
        went=(followed & (days <= paths.follow_days)).fill_null(False).cast("int64"),
    )
    each = per_persona(joined.select("persona", "channel", "touchpoint", "followed", "went"))
    counted: Any = each.group_by(["persona", "channel", "touchpoint"]).aggregate(
        customers=each.count(), followed=each.followed.sum(), went_on=each.went.sum()
    )
    return counted.execute()


def _beside_others(counted: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """Add the share that went on, of those who began so and of all the others of the persona."""
    whole = counted.groupby("persona")[["followed", "went_on"]].transform("sum")
    rest, rest_on = whole["followed"] - counted["followed"], whole["went_on"] - counted["went_on"]
    base = counted["followed"].where(counted["followed"] >= min_group)
    low, high = wilson(counted["went_on"], base)
    enough = base.notna() & (rest >= min_group)
    cells = zip(counted["went_on"], counted["followed"], rest_on, rest, enough, strict=True)
    return counted.assign(
        went_on_share=counted["went_on"] / base,
        went_on_low=low,
        went_on_high=high,
        other_share=(rest_on / rest.where(enough)).astype(float),
        p_value=[two_shares_p_value(*cell[:4]) if cell[4] else np.nan for cell in cells],
    )
