"""The first slides: who it is about, what matters most, and what to do."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

from journeykit.reports.exports.cells import in_line
from journeykit.reports.exports.chapters import Chapter, notes_of
from journeykit.reports.exports.deck.canvas import Deck
from journeykit.reports.exports.deck.drawing import points, write
from journeykit.reports.exports.deck.fitting import EMU, Box, fit

__all__ = ["actions", "not_shown", "summary", "title"]

MOST = 5  # findings on the slide with the summary
DRAWN = ("data:image/png", "data:image/jpeg", "data:image/gif")  # what a presentation can show as a logo


def title(deck: Deck) -> None:
    """Make the first slide: client, what it is, the day, the facts and the logo."""
    material, slide = deck.material, deck.opening()
    holders = {one.placeholder_format.idx: one for one in slide.placeholders}
    _fill(holders.get(0), [in_line(material.name)], 44.0)
    facts = [f"{name}: {value}" for name, value in material.cover.get("facts", {}).items()]
    under = [material.say("parts.title"), str(material.cover.get("as_of", "")), *facts]
    _fill(holders.get(1), [in_line(one) for one in under if one], 20.0)
    logo = material.cover.get("logo") or ""
    if logo.startswith(DRAWN):
        _logo(
            slide,
            logo,
            Box(deck.width - 260, 40, 220, 90) if deck.own else Box(deck.width - 180, 20, 150, 60),
        )
    note = material.cover.get("note")
    slide.notes_slide.notes_text_frame.text = in_line("\n".join(filter(None, (*under, note))))


def _fill(holder: Any, paragraphs: list[str], size: float) -> None:
    if holder is None:
        return
    from pptx.util import Pt

    width, height = holder.width / EMU - 14.4, holder.height / EMU - 7.2
    told, size, _ = fit(paragraphs, width, height, size, 12.0)
    holder.text_frame.text = "\n".join(told)
    for paragraph in holder.text_frame.paragraphs:
        paragraph.space_before = Pt(0)
        for run in paragraph.runs:
            run.font.size = Pt(size)


def _logo(slide: Any, logo: str, box: Box) -> None:
    """Put the logo into the upper right corner of a place, as large as fits."""
    picture = slide.shapes.add_picture(io.BytesIO(base64.b64decode(logo.partition(",")[2])), 0, 0)
    scale = min(box.width * EMU / picture.width, box.height * EMU / picture.height)
    picture.width, picture.height = round(picture.width * scale), round(picture.height * scale)
    picture.left, picture.top = round((box.left + box.width) * EMU) - picture.width, round(box.top * EMU)
    picture.name = "Logo"


def summary(deck: Deck) -> None:
    """Make the slide with the headline figures and the findings that matter most."""
    chapter = Chapter(deck.material, "summary")
    found = chapter.points[:MOST] if chapter.points else []
    advised = set(Chapter(deck.material, "summary_do").points)
    found = [one for one in found if one not in advised]
    if not found and not chapter.facts:
        return
    heading = (
        deck.material.say("slides.summary", count=len(found))
        if found
        else deck.material.say("headings.summary")
    )
    page = deck.slide(heading, notes_of(deck.material, [*chapter.prose[:1], *found]))
    facts, rest = page.area.split(0.2)
    shown = list(chapter.facts.items())[:4]
    for box, (name, value) in zip(facts.rows([1] * max(len(shown), 1), gap=10), shown, strict=False):
        write(
            page,
            box,
            [value, name],
            24,
            bold=True,
            fill=deck.tint,
            colour=deck.accent,
            align="CENTER",
            anchor="MIDDLE",
        )
    if found:
        points(page, rest if shown else page.area, found)
    page.close()


def actions(deck: Deck) -> None:
    """Make the slide with what to do first: the decisions, else what the summary advises."""
    found = list(_decided(deck)) or Chapter(deck.material, "summary_do").points
    if not found:
        return
    page = deck.slide(deck.material.say("slides.actions"), notes_of(deck.material, found))
    points(page, page.area, found[:4], 17)
    page.close()


def _decided(deck: Deck) -> Iterator[str]:
    """Yield the decisions of the first page: the title, and what to do."""
    blocks, label = deck.material.blocks, deck.material.say("parts.decision_do")
    for place, block in enumerate(blocks):
        if block["block"] == "heading" and block.get("key") == "decision":
            told = next((one["points"] for one in blocks[place:] if one["block"] == "points"), [])
            do = next((one.removeprefix(f"{label}: ") for one in told if one.startswith(label)), "")
            yield f"{block['text']}. {do}"


def not_shown(deck: Deck, remarks: dict[str, list[str]]) -> None:
    """Make a slide with what these data cannot show, chapter by chapter."""
    if not remarks:
        return
    page = deck.slide(deck.material.say("slides.not_shown"))
    area = page.area
    area = Box(area.left, area.top, area.width, min(area.height, 110.0 * len(remarks)))
    boxes = area.rows([max(sum(map(len, told)), 90) ** 0.6 for told in remarks.values()], gap=8)
    for box, (heading, told) in zip(boxes, remarks.items(), strict=True):
        write(page, box, [heading, *told], 13, bold=True, fill=deck.tint, anchor="MIDDLE")
        page.note(*told)
    page.close()
