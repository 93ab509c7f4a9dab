"""Aftercare: whether buyers who were helped complain or ask for support less often than those who were not."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

from journeykit.journeys.kin import is_kin, kin_of
from journeykit.journeys.pairs import set_beside, switch_test
from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.selling import ORDERS
from journeykit.journeys.steps import hold_back, personas_of
from journeykit.touchpoints import load_vocabulary

__all__ = ["weigh_aftercare"]

HELP = ("help_article", "onboarding")
CONTENT = ("content_view", "video_view", "file_download", "email_open", "email_click", "page_view")
COMPLAINTS = ("complaint", "support_contact")
COLUMNS = (
    "persona days customers complained share low high other_customers other_complained other_share other_low "
    "other_high p_value"
).split()


def weigh_aftercare(paths: Paths) -> pd.DataFrame:
    """Compare buyers who were helped after buying with those who were not: who complained or asked for support.

    Help is a help article, onboarding, content whose name says that it explains, and what the client calls so: its own
    touchpoints with such a name, or that are passive and belong to service. It counts when it came after the first
    order and before any complaint. Everybody is followed for equally long after the first order.

    Returns
    -------
    pandas.DataFrame
        `persona, days` (followed after the first order), `customers` (buyers who were helped), `complained` (of those,
        after it), `share, low, high` (Wilson), `other_customers` (buyers who were not helped before they complained, if
        they did), `other_complained, other_share, other_low, other_high, p_value` (`switch_test`: one has to go without
        complaint for a while to be helped first), `held_back`. Empty where nobody was helped, or nobody complains.
    """
    buyers = _buyers(paths)
    rows = []
    for persona in (
        personas_of(paths) if buyers["helped_after"].notna().any() and buyers["complained"].any() else ()
    ):
        own = buyers if persona == ALL else buyers[buyers["persona"] == persona]
        helped = own["helped_after"].notna()
        groups = [own.loc[helped == one, "complained"] for one in (True, False)]
        one, other = ((int(group.sum()), len(group)) for group in groups)
        p_value = switch_test(own["days"], own["complained"], own["helped_after"])
        rows.append([persona, paths.follow_days, *set_beside(one, other, paths.min_group, p_value).values()])
    table = pd.DataFrame(rows, columns=COLUMNS)
    return hold_back(table, table["customers"] < paths.min_group, ("persona", "days"))


def _buyers(paths: Paths) -> pd.DataFrame:
    """Return a row per buyer that could be followed: days until help and until a complaint, since the first order."""
    table = paths.contacts
    orders = table.filter(table.touchpoint.isin(ORDERS))
    bought = orders.group_by(["unit_id", "persona"]).aggregate(bought_at=orders.timestamp.min())
    bought = bought.filter(paths.days_since(bought, "bought_at") >= paths.follow_days)
    helps, complains = _kinds(paths)
    marked = table.mutate(helps=helps, complains=complains)
    marked = marked.filter(marked.helps | marked.complains).select(
        "unit_id", "timestamp", "helps", "complains"
    )
    joined = bought.left_join(marked, "unit_id")
    days = joined.timestamp.delta(joined.bought_at, unit="millisecond") / 86_400_000.0
    joined = joined.mutate(after=ibis.ifelse((days > 0) & (days <= paths.follow_days), days, None))
    firsts = joined.group_by(["unit_id", "persona"]).aggregate(
        helped_after=joined.after.min(where=joined.helps),
        complained_after=joined.after.min(where=joined.complains),
    )
    frame = firsts.execute().sort_values("unit_id", ignore_index=True)
    late = frame["helped_after"] >= frame["complained_after"]
    complained = frame["complained_after"].notna()
    return frame.assign(
        helped_after=frame["helped_after"].astype(float).where(~late),
        complained=complained,
        days=frame["complained_after"].astype(float).fillna(paths.follow_days),
    )


def _kinds(paths: Paths) -> tuple[Any, Any]:
    """Return which contacts are help, and which are complaints or ask for support."""
    table, known = paths.contacts, paths.vocabulary
    there = table.group_by("touchpoint").aggregate(rated=table.rating.notnull().any()).execute()
    names, rated = list(there["touchpoint"]), set(there.loc[there["rated"].astype(bool), "touchpoint"])
    complaints = [*COMPLAINTS, *kin_of(names, known, "complaint")]
    served = [
        name for name in names
        if name not in load_vocabulary() and name in known and known[name].group == "service"
        and known[name].interaction == "passive"
    ]  # fmt: skip
    own = {*kin_of(names, known, "help"), *served} - rated - set(complaints)
    contents = table.filter(table.touchpoint.isin(CONTENT) & table.content.notnull())
    told = contents.select("content").distinct().execute()["content"]
    explains = [content for content in told if is_kin(content, "help")]
    helps = table.touchpoint.isin([*HELP, *sorted(own)])
    helps = helps | (table.touchpoint.isin(CONTENT) & table.content.isin(explains)) if explains else helps
    return helps.fill_null(False), table.touchpoint.isin(complaints)
