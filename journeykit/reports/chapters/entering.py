"""Who comes in and who comes back: first contacts, cohorts by month of entry, retention, and activity per month."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.journeys.cohorts import EARLIER
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording import label

__all__ = ["entering"]

MOST_ENTRIES = 3  # first contacts per persona in the table
TOLD = (1, 3, 6)  # periods of which the table gives intervals


def entering(page: Page, study: Any) -> None:
    """Show where journeys begin, how far each cohort came in equal time, and who is active again later."""
    read = Reader(page, study)
    page.heading("entering")
    if read.unobserved("entering"):
        return
    cohorts, period = read.table("cohorts"), study.client.period
    if len(cohorts) and not read.client.in_order:
        earlier = cohorts[(cohorts["persona"] == "all") & (cohorts["cohort"] == EARLIER)]["customers"]
        count = int(earlier.fillna(0).sum())
        page.say(page.text("prose.entering", units=read.units, days=period.horizon_days, earlier=count))
    _entries(page, read)
    if read.untimed("entering"):
        return
    _cohorts(page, read, cohorts)
    _retention(page, read)
    _activity(page, read)


def _followed_days(read: Reader) -> float:
    """Return for how many days everybody was followed, as the tables of journeys count."""
    return read.study.journeys.follow_days if hasattr(read.study, "journeys") else 0


def _entries(page: Page, read: Reader) -> None:
    frame = read.table("entry_points")
    page.heading("entering_points", level=2)
    frame = frame[frame["persona"].isin(read.people_of(frame))] if len(frame) else frame
    if frame.empty:
        page.note(page.text("prose.entries_none", units=read.units))
        return
    read.say("entries")
    shown = frame.groupby("persona", sort=False).head(MOST_ENTRIES)
    shown = shown.assign(
        persona=[read.persona(who) for who in shown["persona"]],
        touchpoint_first=[label("touchpoint", name, read.language, read.client) for name in shown["touchpoint"]],
        channel=[read.channel(name) for name in shown["channel"]],
        share=[page.spread(row.share, row.low, row.high) for row in shown.itertuples()],
        went_on_share=[page.spread(row.went_on_share, row.went_on_low, row.went_on_high) for row in shown.itertuples()],
    )  # fmt: skip
    forms = {"persona": "text", "touchpoint_first": "text", "channel": "text", "customers": "whole"}
    forms |= {"share": "right", "went_on_share": "right"}
    forms = {
        name: form for name, form in forms.items() if name != "went_on_share" or not read.client.in_order
    }
    page.table(
        shown, page.text(read.kind("captions.entries"), days=_followed_days(read)), forms, of="entry_points"
    )


def _cohorts(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    page.heading("entering_cohorts", level=2)
    days = _followed_days(read)
    known = frame[(frame["persona"] == "all") & frame["share"].notna()] if len(frame) else frame
    if known.empty or known["cohort"].nunique() < 2:
        page.note(page.text("prose.cohorts_none", units=read.units, days=days))
        return
    read.say("cohorts")
    shares = known.pivot(index="cohort", columns="stage", values="share").astype(float)
    shares = shares.reindex(columns=read.seen(shares.columns)).tail(24)
    sizes = known.groupby("cohort")["followed"].max()
    named = {
        month: f"{page.value(month, 'month')} (n = {page.value(sizes[month], 'whole')})"
        for month in shares.index
    }
    shares = shares.rename(index=named, columns=read.stage)
    drawn = plots.shares_map(shares, ylabel=page.text("axes.entry_month"))
    page.figure(drawn, page.text("captions.cohorts", days=days), of="cohorts")


def _retention(page: Page, read: Reader) -> None:
    frame = read.table("retention")
    page.heading("entering_retention", level=2)
    known = frame[(frame["cohort"] == "all") & frame["share"].notna()] if len(frame) else frame
    if known.empty:
        days = 2 * read.client.period.horizon_days
        page.note(page.text("prose.retention_none", units=read.units, days=days))
        return
    read.say("retention")
    known = known[known["persona"].isin(["all", *read.ids])]
    known = known.assign(
        days=[f"{start:.0f}–{end:.0f}" for start, end in zip(known["days_from"], known["days_to"], strict=True)],
        persona=[read.persona(who) for who in known["persona"]],
    )  # fmt: skip
    shares = known.pivot(index="persona", columns="period", values="share").astype(float)
    names = known.drop_duplicates("period").set_index("period")["days"]
    shares = shares.reindex(list(dict.fromkeys(known["persona"]))).rename(columns=names)
    page.figure(
        plots.shares_map(shares, xlabel=page.text("axes.days_since")),
        page.text("captions.retention"),
        of="retention",
    )
    told = known[known["period"].isin(TOLD)].rename(columns={"days": "period_days"})
    told = told.assign(share=[page.spread(row.share, row.low, row.high) for row in told.itertuples()])
    forms = {"persona": "text", "period_days": "right", "customers": "whole", "share": "right"}
    page.table(told, page.text("captions.retention_table"), forms, of="retention")


def _activity(page: Page, read: Reader) -> None:
    frame = read.table("activity")
    page.heading("entering_activity", level=2)
    if len(frame):
        frame = frame[(frame["persona"] == "all") & frame["whole"].astype(bool) & frame["share"].notna()]
    if frame.empty:
        page.note(page.text("prose.activity_none", units=read.units))
        return
    read.say("activity")
    shown = frame.tail(12)
    shown = shown.assign(
        share=[page.spread(row.share, row.low, row.high) for row in shown.itertuples()],
        stickiness=[page.spread(row.stickiness, row.stickiness_low, row.stickiness_high) for row in shown.itertuples()],
    )  # fmt: skip
    forms = {"month": "month", "customers": "whole", "active": "whole", "share": "right"}
    page.table(
        shown,
        page.text("captions.activity"),
        forms | {"active_days": "number", "stickiness": "right"},
        of="activity",
    )
