"""Which content brings the first interaction, and what people took before they subscribed."""

from __future__ import annotations

import pandas as pd

from journeykit.journeys.buying import BUYING_DAYS
from journeykit.journeys.magnets import AROUND_DAYS, NOTHING
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording import label

__all__ = ["content"]

MOST = 8


def content(page: Page, read: Reader) -> None:
    """Show what the first interaction follows and what lead magnets lead to; or say why not."""
    page.heading("content_first", level=2)
    frame = _everyone(read.table("first_interactions"))
    if frame.empty:
        page.note(page.text("prose.content_none", units=read.units))
    else:
        _first(page, read, frame)
    page.heading("content_magnets", level=2)
    frame = _everyone(read.table("lead_magnets"))
    if frame.empty or set(frame["magnet"]) == {NOTHING}:
        key = "magnets_none" if frame.empty else "magnets_nothing"
        page.note(page.text(f"prose.{key}", units=read.units))
    else:
        _magnets(page, read, frame)
    _offers(page, read)


def _everyone(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["persona"] == "all") & ~frame["held_back"].astype(bool)] if len(frame) else frame


def named(read: Reader, content: str) -> str:
    """Return the name of content; of what is none, the words for it."""
    return read.page.text("values.took_nothing") if content == NOTHING else label(
        "touchpoint", content, read.language, read.client
    )  # fmt: skip


def _first(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    page.say(page.text("prose.content"))
    read.say("content")
    shown = frame.head(MOST)
    shown = shown.assign(
        content=[named(read, name) for name in shown["content"]],
        share=[page.spread(row.share, row.low, row.high) for row in shown.itertuples()],
    )
    forms = {"content": "text", "customers": "whole", "views": "whole", "led": "whole", "share": "right"}
    days = read.client.period.horizon_days
    page.table(
        shown,
        page.text("captions.content", days=days, units=read.units),
        forms | {"share_of_led": "percent"},
        of="first_interactions",
    )


def _magnets(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    page.say(page.text("prose.magnets"))
    read.say("magnets")
    shown = frame.head(MOST)
    shown = shown.assign(
        magnet=[named(read, name) for name in shown["magnet"]],
        reached_share=[page.spread(row.reached_share, row.low, row.high) for row in shown.itertuples()],
        effect=[page.spread(row.effect, row.effect_low, row.effect_high, "points") for row in shown.itertuples()],
    )  # fmt: skip
    forms = {"magnet": "text", "customers": "whole", "share_of_subscribers": "percent"}
    days = {"days": read.study.journeys.follow_days, "before": AROUND_DAYS}
    page.table(
        shown,
        page.text("captions.magnets", **days),
        forms | {"reached_share": "right", "converted_share": "percent", "effect": "right"},
        of="lead_magnets",
    )


def _offers(page: Page, read: Reader) -> None:
    """Show which entry offers lead to the core offer, and how many who signed up were there."""
    page.heading("content_offers", level=2)
    frame, attended = (_everyone(read.table(name)) for name in ("entry_offers", "attendance"))
    if not read.say("offers") and frame.empty:
        page.note(page.text("prose.offers_none", units=read.units))
    if len(frame):
        shown = frame.head(MOST)
        shown = shown.assign(
            offer=[named(read, name) for name in shown["offer"]],
            kind=[page.text(f"values.offer_{kind}") for kind in shown["kind"]],
            share=[page.spread(row.share, row.low, row.high) for row in shown.itertuples()],
        )
        forms = {"kind": "text", "offer": "text", "customers": "whole", "bought": "whole", "share": "right"}
        page.table(shown, page.text("captions.offers", days=BUYING_DAYS), forms, of="entry_offers")
    if len(attended):
        shown = attended.assign(
            touchpoint=[named(read, name) for name in attended["touchpoint"]],
            share=[page.spread(row.share, row.low, row.high) for row in attended.itertuples()],
        )
        forms = {"touchpoint": "text", "customers": "whole", "attended": "whole", "share": "right"}
        forms |= {"days_median": "duration"}
        days = read.study.journeys.follow_days
        page.table(shown, page.text("captions.attendance", days=days), forms, of="attendance")
