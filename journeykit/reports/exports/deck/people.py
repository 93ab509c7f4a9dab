"""Slides about the personas: how large they are, and a card for each."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.plots.theme import SOFT, persona_colours
from journeykit.reports.exports.chapters import Chapter, notes_of
from journeykit.reports.exports.deck.canvas import Deck
from journeykit.reports.exports.deck.drawing import card, chart, table
from journeykit.reports.exports.deck.fitting import Box, first_sentence

__all__ = ["personas", "portraits", "shades_of"]

ON_A_SLIDE = 4
MOST_LINES = 7


def shades_of(deck: Deck, ids: list[str]) -> dict[str, str]:
    """Return the colour of each persona by its name, the same as in the report."""
    known = persona_colours(dict.fromkeys([*deck.material.personas, *ids]))
    return {deck.material.word("persona", persona): known.get(persona, SOFT) for persona in ids}


def personas(deck: Deck) -> None:
    """Make the slide with how large the personas are, and what they bring."""
    material, frame = deck.material, deck.material.table("personas")
    chapter = Chapter(material, "personas")
    if frame.empty:
        return
    title = first_sentence(chapter.points[0]) if chapter.points else material.say("headings.personas")
    page = deck.slide(title, notes_of(material, chapter.points[:8]))
    left, right = page.area.split(0.46)
    names = [material.word("persona", one) for one in frame["persona"]]
    shares = {material.say("axes.share"): frame["share"].tolist()}
    made = chart(page, left, "bars", names, shares, [deck.accent], legend=False)
    _colour(made, [persona_colours(frame["persona"])[one] for one in frame["persona"]])
    table(page, right, *_figures(deck, frame), size=14)
    for row in frame.to_dict("records"):
        page.note(_spread(deck, row))
    page.close()


def _colour(made: Any, colours: list[str]) -> None:
    from journeykit.reports.exports.deck.drawing import rgb

    for number, colour in enumerate(colours):
        fill = made.plots[0].series[0].points[number].format.fill
        fill.solid()
        fill.fore_color.rgb = rgb(colour)


def _figures(deck: Deck, frame: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    forms = {"customers": "whole", "share": "percent", "value_mean": "amount", "stability": "percent"}
    known = {name: form for name, form in forms.items() if name in frame and frame[name].notna().any()}
    material = deck.material
    heads = [material.say("columns.persona"), *(_head(deck, name) for name in known)]
    rows = [
        [
            material.word("persona", row["persona"]),
            *(material.value(row[name], form) for name, form in known.items()),
        ]
        for row in frame.to_dict("records")
    ]
    return heads, rows


def _head(deck: Deck, name: str) -> str:
    from journeykit.reports.dictionary import columns_of

    return columns_of("personas", [name])[0].head(deck.material.language, setting=deck.material.setting)


def _spread(deck: Deck, row: dict[str, Any]) -> str:
    from journeykit.wording.formats import say_interval

    name, share = deck.material.word("persona", row["persona"]), deck.material.value(row["share"], "percent")
    between = say_interval(row.get("share_low"), row.get("share_high"), "percent", deck.material.language)
    return f"{name}: {share} ({between})" if between else f"{name}: {share}"


def portraits(deck: Deck) -> None:
    """Make slides with a card per persona, at most four on each."""
    cards = Chapter(deck.material, "personas_cards").cards
    size = -(-len(cards) // (-(-len(cards) // ON_A_SLIDE) or 1)) or 1
    groups = [cards[start : start + size] for start in range(0, len(cards), size)]
    for number, group in enumerate(groups, 1):
        part = f" ({number}/{len(groups)})" if len(groups) > 1 else ""
        page = deck.slide(deck.material.say("slides.portraits") + part)
        for box, one in zip(_places(page.area, len(group)), group, strict=True):
            card(page, box, one["title"], _lines(deck, one), one.get("colour") or SOFT)
            page.note(one["title"], *_told(one))
        page.close()


def _places(area: Box, count: int) -> list[Box]:
    """Return places beside each other."""
    return area.columns(max(count, 2), gap=12)[:count]


def _lines(deck: Deck, one: dict[str, Any]) -> list[str]:
    """Return what the card says: its figures, then what sets the persona apart most."""
    figures = [f"{name}: {value}" for name, value in dict(one.get("rows", {})).items()]
    parts = one.get("parts", [])
    traits = parts[0]["rows"] if parts else []
    others = deck.material.say("slides.others")
    apart = [f"{row[0]}: {row[1]} ({others} {row[3]})" for row in traits[:MOST_LINES] if len(row) > 3]
    return [*figures[:4], *apart]


def _told(one: dict[str, Any]) -> list[str]:
    lines = [f"{name}: {value}" for name, value in dict(one.get("rows", {})).items()]
    for part in one.get("parts", []):
        lines += [part.get("title", ""), *(" · ".join(map(str, row)) for row in part.get("rows", []))]
        lines += part.get("points", [])
    return [line for line in lines if line]
