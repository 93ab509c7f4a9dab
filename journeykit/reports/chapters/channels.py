"""What brings people further: channels by stage; and the pages where visits begin, end and sell."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.content import content
from journeykit.reports.chapters.leads import lead_of, lead_of_cells
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording import label

__all__ = ["channels", "pages"]

MOST = 10  # channels in the figure
OFTEN = 0.01  # of all landings: pages on which fewer land say little
MOST_UNSOLD = 5  # pages without a sale that are named


def channels(page: Page, study: Any) -> None:
    """Show the contribution of the channels per stage, and what content leads to."""
    read = Reader(page, study)
    page.heading("channels")
    if read.unobserved("channels"):
        return
    _contributions(page, read)
    if not read.untimed("content"):
        _contrasts(page, read)
        content(page, read)


def _contributions(page: Page, read: Reader) -> None:
    frame = read.table("channels")
    frame = frame[(frame["persona"] == "all") & frame["channel"].notna()] if len(frame) else frame
    if frame.empty:
        page.note(page.text("prose.channels_none"))
        return
    page.say(page.text("prose.channels"))
    read.say("channels")
    if frame["channel"].nunique() == 1:
        page.note(page.text("prose.channels_one", channel=_channel(read, frame["channel"].iloc[0])))
        return
    if not (frame["stage"].isin(read.seen(frame["stage"])) & frame["attribution_markov"].notna()).any():
        page.note(page.text("prose.channels_no_steps", units=read.units))
        return
    _shares(page, read, frame)
    _touches(page, read, frame)


def _contrasts(page: Page, read: Reader) -> None:
    """Show who buys or goes on by the kind of contact: talking, acting, paid attention."""
    page.heading("channels_contrasts", level=2)
    frame = read.table("contrasts")
    frame = frame[frame["persona"] == "all"] if len(frame) else frame
    if frame.empty:
        page.note(page.text("prose.contrasts_none", units=read.units))
        return
    days = read.study.journeys.follow_days
    read.say("contrasts")
    page.say(page.text("prose.contrasts"))
    shown = frame.assign(
        contrast=[page.text(f"values.contrast_{name}") for name in frame["contrast"]],
        outcome=[page.text(f"values.outcome_{name}") for name in frame["outcome"]],
        share=[page.spread(row.share, row.low, row.high) for row in frame.itertuples()],
        effect=[page.spread(row.effect, row.effect_low, row.effect_high, "points") for row in frame.itertuples()],
    )  # fmt: skip
    forms = {"contrast": "text", "outcome": "text", "customers": "whole", "share": "right"}
    forms |= {"other_share": "percent", "effect": "right", "p_value": "p_value"}
    page.table(shown, page.text("captions.contrasts", days=days), forms, of="contrasts")


def _channel(read: Reader, name: str) -> str:
    return label("channel", name, read.language, read.client)


def _shares(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    by = frame.pivot_table(
        index="channel", columns="stage", values="attribution_markov", aggfunc="sum", observed=True
    )
    by = by.reindex(columns=read.seen(by.columns))
    by = by.loc[by.sum(axis=1) > 0, by.columns[by.sum() > 0]]
    if by.empty or not len(by.columns):
        return
    by = (by / by.sum()).loc[by.sum(axis=1).sort_values(ascending=False).index[:MOST]]
    shown = by.rename(index=lambda name: _channel(read, name), columns=read.stage)
    lead = lead_of_cells(page, "channels", shown)
    page.figure(plots.shares_map(shown), page.text("captions.channels"), of="channels", lead=lead)


def _touches(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    order = {stage: number for number, stage in enumerate(read.seen(frame["stage"]))}
    shown = frame[frame["stage"].isin(order) & frame["attribution_markov"].notna()].sort_values(
        "touches", ascending=False
    )
    shown = shown.groupby("stage", sort=False, observed=True).head(4)
    shown = shown.sort_values("stage", key=lambda ids: ids.map(order), kind="stable")
    shown = shown.assign(
        stage=[read.stage(s) for s in shown["stage"]], channel=[_channel(read, c) for c in shown["channel"]]
    )
    shown = shown.assign(paid_share=shown["paid"].astype(float) / shown["touches"])
    forms = {"stage": "text", "channel": "text", "touches": "whole", "paid_share": "percent",
             "attribution_markov": "percent",
             "attribution_shapley": "percent", "attribution_last": "percent"}  # fmt: skip
    kept = {name: form for name, form in forms.items() if name in shown and shown[name].notna().any()}
    page.table(shown, page.text("captions.channels_table"), kept, of="channels")


def _not_sold(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    """Say on which of the pages with most visits nothing was ever sold, where anything is sold at all."""
    none = frame[(frame["sale_share"] == 0) & (frame["sessions"] >= read.least)]
    if frame["sale_share"].sum() > 0 and len(none):
        rows = none.sort_values("sessions", ascending=False, kind="stable").head(MOST_UNSOLD)
        named = [
            page.text("parts.page_visits", page=row.page, visits=row.sessions) for row in rows.itertuples()
        ]
        page.say(page.text("prose.pages_not_sold", pages=read.joined(named)))


def pages(page: Page, study: Any) -> None:
    """Show on which pages visits begin, end without a click and lead to a sale; or say why not."""
    read = Reader(page, study)
    page.heading("pages")
    if read.unobserved("pages"):
        return
    frame = read.table("pages")
    if frame.empty:
        page.note(page.text("prose.pages_none"))
        return
    page.say(page.text("prose.pages"))
    read.say("pages")
    _not_sold(page, read, frame)
    least = max(read.least, OFTEN * frame["landings"].sum())
    often = frame[frame["bounce_share"].notna() & (frame["landings"] >= least)]
    drawn = often.sort_values("bounce_share", ascending=False).head(12)
    if len(drawn):
        drawn = drawn.rename(columns={"bounce_share": "value"})[["page", "value", "low", "high"]]
        axes = plots.pages_bounce(
            drawn.sort_values("value", ascending=False), xlabel=page.text("axes.bounce")
        )
        page.figure(
            axes, page.text("captions.pages"), of="pages", lead=lead_of(page, "pages", drawn, "value")
        )
    forms = {"page": "text", "landings": "whole", "bounce_share": "percent", "exit_share": "percent",
             "continue_share": "percent", "sales_completed": "whole"}  # fmt: skip
    kept = {name: form for name, form in forms.items() if name in frame}
    page.table(
        frame.sort_values("landings", ascending=False),
        page.text("captions.pages_table"),
        kept,
        limit=25,
        of="pages",
    )
