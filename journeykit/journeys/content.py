"""Content: what people saw before their first interaction, and what they took before they subscribed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.paths import ALL, Paths, per_persona
from journeykit.journeys.statistics import risk_difference, two_shares_p_value, wilson
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["NOTHING", "find_first_interactions", "weigh_lead_magnets"]

LOOKED_AT = ("attract", "consider", "service")  # groups of touchpoints of which the passive ones are content
SUBSCRIBING = ("generate_lead", "newsletter_signup", "sign_up")  # details are left
MAGNETS = ("file_download", "webinar_sign_up", "demo_request", "trial_start")  # given in exchange for details
NOTHING = "nothing"  # who subscribed without having taken anything
FIRST_COLUMNS = "persona content customers views led share low high other_share p_value share_of_led".split()
MAGNET_COLUMNS = (
    "persona magnet customers share_of_subscribers followed reached reached_share low high other_share effect "
    "effect_low effect_high p_value"
).split()


def find_first_interactions(paths: Paths) -> pd.DataFrame:
    """Count after which content a first interaction follows.

    Content is what a passive contact names in the column `content`; where no contact names any, it is the kind of
    touchpoint (an article, a video, a product page). Advertisements and mail are no content. A unit is looked at until
    its first interactive contact; each time that it saw content it either interacted next, within the horizon, or did
    not. The last contact of a unit that was seen too recently to tell counts in neither.

    Returns
    -------
    pandas.DataFrame
        `persona, content, customers` (saw it before any interaction), `views` (times that it was seen so), `led` (of
        those, how often the first interaction came next), `share, low, high` (Wilson), `other_share` (of all other
        content), `p_value` of the difference, `share_of_led` (of all first interactions that followed content), and
        `held_back`. Of units whose journey begins in the data only. Empty where no content can be seen.
    """
    views = _views(paths)
    if views is None:
        return hold_back(pd.DataFrame(columns=FIRST_COLUMNS), [], ("persona", "content"))
    each = per_persona(views.select("unit_id", "persona", "content", "led"))
    counted = each.group_by(["persona", "content"]).aggregate(
        customers=each.unit_id.nunique(), views=each.count(), led=each.led.sum()
    )
    table = counted.execute()
    if table.empty:
        return hold_back(pd.DataFrame(columns=FIRST_COLUMNS), [], ("persona", "content"))
    return _beside_other_content(table, paths)


def _views(paths: Paths) -> Any | None:
    """Return each time that content was seen before any interaction, and whether the first one came next."""
    table = paths.contacts
    start = ibis.literal(paths.enters_from.to_pydatetime()).cast("timestamp(6)")
    named = bool(table.filter(table.content.notnull() & (table.interaction == "passive")).count().execute())
    content = clean_content(table.content) if named else _by_touchpoint(paths, table.touchpoint)
    if content is None:
        return None
    order = ibis.window(group_by="unit_id", order_by="order")
    so_far = ibis.window(group_by="unit_id", order_by="order", preceding=None, following=0)
    active = (table.interaction == "interactive").fill_null(False).cast("int64")
    table = table.select(
        "unit_id", "persona", "timestamp", "interaction", content=content, active=active.sum().over(so_far),
        next_kind=table.interaction.lead().over(order), next_at=table.timestamp.lead().over(order),
        first_at=table.timestamp.min().over(ibis.window(group_by="unit_id")),
    )  # fmt: skip
    seen = table.filter(
        (table.active == 0) & (table.interaction == "passive") & table.content.notnull() & (table.first_at >= start)
    )  # fmt: skip
    days = seen.next_at.delta(seen.timestamp, unit="millisecond") / 86_400_000.0
    known = seen.next_at.notnull() | (paths.days_since(seen, "timestamp") >= paths.horizon_days)
    led = (seen.next_kind == "interactive") & (days <= paths.horizon_days)
    return seen.filter(known).mutate(led=led.fill_null(False).cast("int64"))


def _by_touchpoint(paths: Paths, touchpoint: Any) -> Any | None:
    kinds = [
        key
        for key, one in paths.vocabulary.items()
        if one.interaction == "passive" and one.group in LOOKED_AT and key not in paths.pushed
    ]
    return touchpoint.isin(kinds).ifelse(touchpoint, ibis.null("string")) if kinds else None


def clean_content(content: Any) -> Any:
    """Return the names of content without queries of addresses on the web, and without e-mail addresses."""
    plain = content.cast("string").re_replace(r"^((?:[a-zA-Z]+://|/)[^?#]*)[?#].*$", r"\1")
    return plain.re_replace(r"[^/\s]*(@|%40)[^/\s]*", ":address").strip().nullif("")


def _beside_other_content(table: pd.DataFrame, paths: Paths) -> pd.DataFrame:
    whole = table.groupby("persona")[["views", "led"]].transform("sum")
    rest, rest_led = whole["views"] - table["views"], whole["led"] - table["led"]
    table = table.assign(share=table["led"] / table["views"], share_of_led=table["led"] / whole["led"])
    table["low"], table["high"] = wilson(table["led"], table["views"])
    enough = (table["customers"] >= paths.min_group) & (rest >= paths.min_group)
    cells = zip(table["led"], table["views"], rest_led, rest, enough, strict=True)
    table["other_share"] = (rest_led / rest.where(enough)).astype(float)
    table["p_value"] = [two_shares_p_value(*cell[:4]) if cell[4] else np.nan for cell in cells]
    order = {who: place for place, who in enumerate(personas_of(paths))}
    table = table[table["customers"] >= paths.min_group].assign(order=table["persona"].map(order))
    table = table.sort_values(["order", "led", "content"], ascending=[True, False, True], ignore_index=True)
    return hold_back(table[FIRST_COLUMNS], np.zeros(len(table), dtype=bool), ("persona", "content"))


def weigh_lead_magnets(paths: Paths) -> pd.DataFrame:
    """Compare subscribers by what they took within the horizon before they subscribed.

    A unit subscribes when it first leaves its details (a lead, a newsletter, an account). What it took before is a
    document, a webinar, a demo or a trial, by the name of the content where there is one, or the content that the
    subscribing contact itself names. Everybody is followed for equally long after it; who subscribed too recently, and
    who was in the last stage by then, is left out of what came after.

    Returns
    -------
    pandas.DataFrame
        `persona, magnet` (`nothing`: subscribed without), `customers, share_of_subscribers, followed, reached` (of
        those followed, a later stage than at subscribing), `reached_share, low, high` (Wilson), `other_share` (of all
        other subscribers), `effect, effect_low, effect_high, p_value` (the difference, within the same stage at
        subscribing and persona: Mantel-Haenszel), `held_back`. Empty where nobody subscribes.
    """
    subscribers = _subscribers(paths)
    totals = _counted(subscribers)
    taken = _counted(_taken(paths, subscribers), "magnet") if len(totals) else pd.DataFrame()
    rows = [
        row
        for persona in (personas_of(paths) if len(totals) else ())
        for row in _magnet_rows(persona, taken, totals, paths.min_group)
    ]
    table = pd.DataFrame(rows, columns=MAGNET_COLUMNS)
    return hold_back(table, table["customers"] < paths.min_group, ("persona", "magnet"))


def _subscribers(paths: Paths) -> Any:
    """Return who subscribed: when, in which stage, and whether a later stage was reached in time."""
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(SUBSCRIBING))
    first = table.group_by(["unit_id", "persona"]).aggregate(
        at=table.timestamp.min(), stage=table.furthest.argmin(table.order), content=table.content.argmin(table.order)
    )  # fmt: skip
    levels = paths.levels.select("unit_id", "position", reached_at="at")
    joined = first.left_join(levels, "unit_id").drop("unit_id_right")
    days = joined.reached_at.delta(joined["at"], unit="millisecond") / 86_400_000.0
    later = (joined.position > joined.stage.fill_null(-1)) & (days > 0) & (days <= paths.follow_days)
    joined = joined.mutate(later=later.fill_null(False).cast("int64"))
    units = joined.group_by(["unit_id", "persona", "at", "stage", "content"]).aggregate(
        later=joined.later.max()
    )
    last = max(paths.seen, default=0)
    followed = (paths.days_since(units, "at") >= paths.follow_days) & (units.stage.fill_null(-1) < last)
    return units.mutate(followed=followed.cast("int64"))


def _taken(paths: Paths, subscribers: Any) -> Any:
    """Return one row per subscriber and thing that it took before, or `nothing`."""
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(MAGNETS))
    taken = table.select(
        "unit_id", taken_at=table.timestamp, magnet=clean_content(table.content).fill_null(table.touchpoint)
    )
    joined = subscribers.inner_join(taken, "unit_id")
    days = joined["at"].delta(joined.taken_at, unit="millisecond") / 86_400_000.0
    before = joined.filter((days >= 0) & (days <= paths.horizon_days))
    columns = ["unit_id", "persona", "stage", "followed", "later", "magnet"]
    own = subscribers.filter(subscribers.content.notnull()).mutate(magnet=clean_content(subscribers.content))
    all_taken = before.select(columns).union(own.select(columns)).distinct()
    without = subscribers.anti_join(all_taken, "unit_id").mutate(magnet=ibis.literal(NOTHING))
    return all_taken.union(without.select(columns))


def _counted(table: Any, *more: str) -> pd.DataFrame:
    counted = table.group_by(["persona", "stage", *more]).aggregate(
        customers=table.count(), followed=table.followed.sum(), reached=(table.followed * table.later).sum()
    )
    frame = counted.execute()
    return frame.assign(persona=frame["persona"].fillna(""), stage=frame["stage"].fillna(-1))


def _magnet_rows(persona: str, taken: pd.DataFrame, totals: pd.DataFrame, least: int) -> Iterator[tuple]:
    own = taken if persona == ALL else taken[taken["persona"] == persona]
    base = (totals if persona == ALL else totals[totals["persona"] == persona]).set_index(
        ["persona", "stage"]
    )
    whole = base.sum()
    sizes = own.groupby("magnet")["customers"].sum().sort_values(ascending=False, kind="stable")
    for magnet in sizes.index[sizes >= least]:
        mine = own[own["magnet"] == magnet].set_index(["persona", "stage"])[
            ["customers", "followed", "reached"]
        ]
        some, rest = mine.sum(), whole - mine.sum()
        effect = (np.nan,) * 4
        if min(some["followed"], rest["followed"]) >= least:
            here = mine.reindex(base.index, fill_value=0)
            others = base - here
            effect = risk_difference(
                np.column_stack([here["reached"], here["followed"], others["reached"], others["followed"]])
            )
        yield (
            persona, magnet, int(some["customers"]), some["customers"] / whole["customers"],
            *_reached(some, least), _reached(rest, least)[2], *effect,
        )  # fmt: skip


def _reached(counts: pd.Series, least: int) -> tuple[float, ...]:
    """Return how many were followed and reached a later stage, the share and its interval; null for a small group."""
    if counts["followed"] < least:
        return (np.nan,) * 5
    low, high = wilson(counts["reached"], counts["followed"])
    share = counts["reached"] / counts["followed"]
    return float(counts["followed"]), float(counts["reached"]), float(share), float(low), float(high)
