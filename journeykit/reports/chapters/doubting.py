"""What is doubtful in the data and bears on the figures, in words: without an id of anybody."""

from __future__ import annotations

import pandas as pd

from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording import label

__all__ = ["show_doubts"]

TOLD = tuple(
    "one_id bot gap sudden_stop sudden_start level_shift late_start truncated_end clock_midnight clock_change "
    "times_of_the_future currencies day_or_month leak".split()
)
OF_IDS = ("one_id", "bot")  # counted, never named
OF_TOUCHPOINTS = ("sudden_stop", "sudden_start", "level_shift")
OF_DAYS = ("gap", "late_start", "truncated_end")
MOST = 3  # names in a sentence


def show_doubts(page: Page, read: Reader) -> None:
    """Say, per kind, what looks like a fault of measuring and what that does to the figures."""
    found = read.study.doubts
    known = found[found["doubt"].isin(TOLD)]
    if known.empty:
        return
    page.say(page.text("prose.doubts"))
    page.say(
        [
            _said(page, read, kind, known[known["doubt"] == kind])
            for kind in TOLD
            if (known["doubt"] == kind).any()
        ]
    )


def _said(page: Page, read: Reader, kind: str, rows: pd.DataFrame) -> str:
    names = [_name(page, read, kind, what) for what in rows["what"].drop_duplicates()]
    return page.text(
        f"doubts.{kind}", n=len(names), names=read.joined(names[:MOST]), share=float(rows["share"].max())
    )


def _name(page: Page, read: Reader, kind: str, what: str) -> str:
    if kind in OF_IDS:
        return ""
    if kind in OF_TOUCHPOINTS:
        return f"‘{label('touchpoint', what, read.language, read.client)}’"
    if kind in OF_DAYS:
        return page.value(what, "date")
    return f"‘{what}’"
