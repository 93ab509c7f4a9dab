"""The cover and the summary on one page."""

from __future__ import annotations

from typing import Any

from journeykit.findings import headlines
from journeykit.reports.chapters.changing import changes_sentence
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.chapters.steps import recommendations
from journeykit.reports.page import Page

__all__ = ["cover", "summary"]


def cover(page: Page, study: Any) -> None:
    """Show the cover: client, day, period, what the journey is read through."""
    client, span = study.client, _span(study)
    facts = {}
    if span:
        facts[page.text("parts.period")] = page.text("parts.period_span", first=span[0], last=span[1])
    if not client.profile_only:
        facts[page.text("parts.setting")] = page.text(f"parts.setting_{client.setting}")
    facts[page.text("parts.stage_model")] = client.model.name[page.language]
    page.cover(page.day_of(study.log), facts)


def _span(study: Any) -> tuple[Any, Any] | None:
    first, last = study.figures.get("first_day"), study.figures.get("last_day")
    return (first, last) if first and last else None


def summary(page: Page, study: Any) -> None:
    """Show the headline figures, the five findings that matter most and what to do, on one page."""
    read, figures = Reader(page, study), study.figures
    page.heading("summary", numbered=False)
    counted = figures.get("units", figures.get("customers", 0))
    contacts = figures.get("contacts", 0)
    day = page.value(page.day_of(study.log), "date")
    page.say(
        page.text(read.kind("prose.summary"), customers=counted, units=read.units, contacts=contacts, day=day)
    )
    read.after_the_end()
    page.facts(_headlines(page, read, counted, contacts))
    page.say(headlines(study.findings))
    page.say(changes_sentence(read))
    decided = getattr(study, "decided", None) is not None and not study.client.profile_only
    advice = [] if decided else recommendations(read, most=3)  # decisions stand on the page before
    if advice:
        page.heading("summary_do", level=2)
        page.say(advice)


def _headlines(page: Page, read: Reader, counted: int, contacts: int) -> dict[str, str]:
    unit = "accounts" if read.client.setting == "b2b" else "customers"
    shown = {page.text(f"facts.{unit}"): page.value(counted, "whole")}
    if not read.client.profile_only:
        shown[page.text("facts.contacts")] = page.value(contacts, "whole")
    if read.ids:
        shown[page.text("facts.personas")] = page.value(len(read.ids), "whole")
    placed = read.study.figures.get("placed_share")
    if read.ids and placed is not None:
        shown[page.text("facts.placed")] = page.value(placed, "percent")
    return shown
