"""Content: what people saw before their first interaction."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.paths import Paths, per_persona
from journeykit.journeys.statistics import two_shares_p_value, wilson
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["clean_content", "find_first_interactions"]

LOOKED_AT = ("attract", "consider", "service")  # groups of touchpoints of which the passive ones are content
FIRST_COLUMNS = "persona content customers views led share low high other_share p_value share_of_led".split()


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
