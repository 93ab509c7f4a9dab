"""Lead magnets: what people took around leaving their details, and who of them then came further."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.facts import marker_positions
from journeykit.journeys.content import clean_content
from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.statistics import risk_difference, wilson
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["MAGNETS", "NOTHING", "SUBSCRIBING", "weigh_lead_magnets"]

SUBSCRIBING = ("generate_lead", "newsletter_signup", "sign_up")  # details are left
MAGNETS = ("file_download", "webinar_sign_up", "demo_request", "trial_start")  # given in exchange for details
NOTHING = "nothing"  # who subscribed without having taken anything
AROUND_DAYS = 30.0
COUNTS = ["customers", "followed", "reached", "converted"]
COLUMNS = (
    "persona magnet customers share_of_subscribers followed reached reached_share low high other_share effect "
    "effect_low effect_high p_value converted converted_share converted_low converted_high"
).split()


def weigh_lead_magnets(paths: Paths) -> pd.DataFrame:
    """Compare subscribers by what they took around leaving their details.

    A unit subscribes when it first leaves its details (a lead, a newsletter, an account). What it took is a document, a
    webinar, a demo or a trial, by the name of the content where there is one, else of the product, else of the
    contact: within thirty days before, or within thirty days after as what the details were left for, so before it came
    to a later stage; or the content that the subscribing contact itself names. Everybody is followed for equally
    long after subscribing; who subscribed too recently, and who was in the last stage by then, is left out of
    what came after.

    Returns
    -------
    pandas.DataFrame
        `persona, magnet` (`nothing`: subscribed without), `customers, share_of_subscribers, followed, reached` (of
        those followed, a later stage than the one in which they left their details and took it), `reached_share, low,
        high` (Wilson), `other_share` (of the other subscribers who took something; of all others where fewer than the
        smallest group did), `effect, effect_low, effect_high, p_value` (the difference with them, within the same
        stage and persona: Mantel-Haenszel), `converted` (of those followed, showed a marker of the purchase stage, the
        first small commitment among them), `converted_share, converted_low, converted_high`, `held_back`. Empty where
        nobody subscribes.

    Notes
    -----
    Whoever takes something takes part; that is why magnets are held against each other where they can be.
    """
    with paths.kept("subscribers", _subscribers(paths)) as subscribers:
        taken = _taken(paths, subscribers)
        units = _followed(paths, subscribers, taken)
        totals = _counted(units, "took")
        each = _counted(taken.inner_join(units, "unit_id"), "magnet") if len(totals) else pd.DataFrame()
    rows = [
        row
        for persona in (personas_of(paths) if len(totals) else ())
        for row in _magnet_rows(persona, _with_nothing(each, totals), totals, paths.min_group)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return hold_back(table, table["customers"] < paths.min_group, ("persona", "magnet"))


def _subscribers(paths: Paths) -> Any:
    """Return who subscribed: when, how far they were then, and how far leaving details may bring them."""
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(SUBSCRIBING))
    table = table.mutate(turn=ibis.row_number().over(ibis.window(group_by="unit_id", order_by="order")))
    first = table.filter(table.turn == 0)
    homes = [(first.touchpoint == name, _home(paths, name)) for name in SUBSCRIBING]
    bound = ibis.greatest(first.furthest.fill_null(-1), ibis.cases(*homes, else_=-1))
    return first.select(
        "unit_id", "persona", "content", at="timestamp", place="order", stage="furthest", bound=bound
    )  # fmt: skip


def _home(paths: Paths, touchpoint: str) -> int:
    """Return the position of the latest stage of which a touchpoint is typical; -1 where it is of none."""
    return max(
        (at for at, stage in enumerate(paths.model.stages) if touchpoint in stage.touchpoints), default=-1
    )


def _taken(paths: Paths, subscribers: Any) -> Any:
    """Return one row per subscriber and thing that it took, with how far the taking brought it."""
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(MAGNETS))
    name = ibis.coalesce(clean_content(table.content), table["product"], table.touchpoint)
    takes = table.select(
        "unit_id", magnet=name, took_at=table.timestamp, took=table.order, reached=table.furthest
    )
    joined = takes.inner_join(subscribers, "unit_id")
    days = joined["at"].delta(joined.took_at, unit="millisecond") / 86_400_000.0
    before = (joined.took < joined.place) & (days <= AROUND_DAYS)
    after = (
        (joined.took >= joined.place)
        & (days >= -AROUND_DAYS)
        & (joined.reached.fill_null(-1) <= joined.bound)
    )
    around = joined.filter(before | after).select(
        "unit_id", "magnet", reached=ibis.greatest(joined.reached, joined.stage)
    )
    own = subscribers.filter(subscribers.content.notnull())
    own = own.select("unit_id", magnet=clean_content(own.content), reached=own.stage)
    both = around.union(own).filter(lambda t: t.magnet.notnull())
    return both.group_by(["unit_id", "magnet"]).aggregate(reached=both.reached.max())


def _followed(paths: Paths, subscribers: Any, taken: Any) -> Any:
    """Return per subscriber whether it took anything, could be followed, came to a later stage, and converted."""
    best = taken.group_by("unit_id").aggregate(brought=taken.reached.max())
    best = best.mutate(took=ibis.literal(1))
    units = subscribers.left_join(best, "unit_id").drop("unit_id_right")
    units = units.mutate(
        stage=ibis.greatest(units.stage.fill_null(-1), units.brought.fill_null(-1)), took=units.took.fill_null(0)
    )  # fmt: skip
    last = max(paths.seen, default=0)
    followed = (paths.days_since(units, "at") >= paths.follow_days) & (units.stage < last)
    units = units.mutate(followed=followed.cast("int64"))
    later = _within(paths, units, paths.levels.select("unit_id", "position", when="at"), later=True)
    markers = paths.contacts.filter(paths.contacts.step.isin(_converting(paths)))
    converted = _within(paths, units, markers.select("unit_id", when="timestamp"))
    units = units.mutate(
        later=units.unit_id.isin(later.unit_id), converts=units.unit_id.isin(converted.unit_id)
    )
    return units.select("unit_id", "persona", "stage", "took", "followed", "later", "converts")


def _within(paths: Paths, units: Any, moments: Any, later: bool = False) -> Any:
    """Return the units of which a moment falls after they subscribed, within the time of following."""
    joined = units.select("unit_id", "at", "stage").inner_join(moments, "unit_id")
    days = joined.when.delta(joined["at"], unit="millisecond") / 86_400_000.0
    inside = (days >= 0) & (days <= paths.follow_days)
    inside = inside & (joined.position > joined.stage) if later else inside
    return joined.filter(inside).select("unit_id").distinct()


def _converting(paths: Paths) -> tuple[str, ...]:
    buying = {at for at, stage in enumerate(paths.model.stages) if stage.canonical == "purchase"}
    return tuple(name for name, at in marker_positions(paths.model).items() if at in buying)


def _counted(units: Any, key: str) -> pd.DataFrame:
    counted = units.group_by(["persona", "stage", key]).aggregate(
        customers=units.count(), followed=units.followed.sum(),
        reached=(units.followed * units.later.cast("int64")).sum(),
        converted=(units.followed * units.converts.cast("int64")).sum(),
    )  # fmt: skip
    frame = counted.execute()
    return frame.assign(persona=frame["persona"].fillna(""))


def _with_nothing(each: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Return the counts per magnet, with those who took nothing as one more."""
    none = totals[totals["took"] == 0].drop(columns="took").assign(magnet=NOTHING)
    return pd.concat([each, none], ignore_index=True)


def _magnet_rows(persona: str, each: pd.DataFrame, totals: pd.DataFrame, least: int) -> Iterator[tuple]:
    own, all_of = (
        table if persona == ALL else table[table["persona"] == persona] for table in (each, totals)
    )
    keys = ["persona", "stage"]
    whole = all_of.groupby(keys)[COUNTS].sum()
    takers = all_of[all_of["took"] == 1].groupby(keys)[COUNTS].sum().reindex(whole.index, fill_value=0)
    sizes = own.groupby("magnet")["customers"].sum().sort_values(ascending=False, kind="stable")
    for magnet in sizes.index[sizes >= least]:
        mine = own[own["magnet"] == magnet].groupby(keys)[COUNTS].sum().reindex(whole.index, fill_value=0)
        others = takers - (0 if magnet == NOTHING else mine)
        others = others if others["followed"].sum() >= least else whole - mine
        yield persona, magnet, *_figures(mine, others, int(whole["customers"].sum()), least)


def _figures(mine: pd.DataFrame, others: pd.DataFrame, subscribers: int, least: int) -> Iterator[Any]:
    """Yield what became of those who took something, beside the others."""
    some, rest = mine.sum(), others.sum()
    effect = (np.nan,) * 4
    if min(some["followed"], rest["followed"]) >= least:
        strata = [mine["reached"], mine["followed"], others["reached"], others["followed"]]
        effect = risk_difference(np.column_stack(strata))
    yield from (int(some["customers"]), some["customers"] / subscribers)
    yield from _share(some, "reached", least)
    yield _share(rest, "reached", least)[2]
    yield from effect
    yield from _share(some, "converted", least)[1:]


def _share(counts: pd.Series, of: str, least: int) -> tuple[float, ...]:
    """Return how many were followed and got there, the share and its interval; null for a small group."""
    if counts["followed"] < least:
        return (np.nan,) * 5
    low, high = wilson(counts[of], counts["followed"])
    share = counts[of] / counts["followed"]
    return float(counts["followed"]), float(counts[of]), float(share), float(low), float(high)
