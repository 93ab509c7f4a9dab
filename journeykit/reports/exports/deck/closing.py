"""The last slides: what follows the purchase, what changed, what to measure, what cannot be seen, how sure it is."""

from __future__ import annotations

from typing import Any

from journeykit.reports.exports.chapters import Chapter, notes_of
from journeykit.reports.exports.deck.canvas import Deck
from journeykit.reports.exports.deck.drawing import chart, points, table, write
from journeykit.reports.exports.deck.opening import not_shown
from journeykit.reports.exports.deck.people import shades_of
from journeykit.reports.exports.deck.standing import begin, cells_of, shown

__all__ = ["after", "changes", "measure", "quality", "unseen"]

MOST = 5
MISSING = ("personas", "stages", "forecast", "journey_maps", "leaks", "channels", "after")


def after(deck: Deck) -> None:
    """Make the slide with what follows the purchase: findings, beside scores or advocates per persona."""
    found = _various(deck, Chapter(deck.material, "after").points)[:MOST]
    if not found:
        return
    page = begin(deck, "after")
    drawn = _scores(deck)
    left, right = page.area.split(0.56)
    points(page, left if drawn else page.area, found, 13, numbered=False)
    if drawn:
        heading, names, values, form, shades = drawn
        over, under = right.rows([1, 9])
        write(page, over, heading, 13, bold=True, colour=deck.accent)
        made = chart(page, under, "bars", names, {heading: values}, [deck.accent], form=form, legend=False)
        made.value_axis.minimum_scale = None if min(values) < 0 else 0.0
        _colours(made, shades)
        _low_labels(made, min(values))
    page.close()


def _various(deck: Deck, told: list[str]) -> list[str]:
    """Return one sentence of each kind of finding, then the others."""
    language = deck.material.language
    kinds = {one["sentence"].get(language): one["key"] for one in deck.material.findings}
    first = {kinds.get(one, one): one for one in reversed(told)}
    chosen = [one for one in told if one in first.values()]
    return [*chosen, *(one for one in told if one not in chosen)]


def _low_labels(made: Any, lowest: float) -> None:
    """Let names stand at the side where bars go below 0."""
    from pptx.enum.chart import XL_TICK_LABEL_POSITION

    if lowest < 0:
        made.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW


def _colours(made: Any, shades: list[str]) -> None:
    from journeykit.reports.exports.deck.people import _colour

    _colour(made, shades)


def _scores(deck: Deck) -> tuple[str, list[str], list[float], str, list[str]] | None:
    """Return recommendation scores per persona, else the share of advocates; None when neither was measured."""
    ratings, voices = deck.material.table("ratings"), deck.material.table("advocates")
    ratings = ratings[ratings["stage"].isna()] if len(ratings) else ratings
    voices = voices[voices["kind"] == "any"] if len(voices) else voices
    for frame, column, form in ((ratings, "nps", "0"), (voices, "share", "0%")):
        known = shown(deck, frame, column).head(13)
        if len(known):
            known = known.drop_duplicates("persona")
            ids = known["persona"].tolist()
            heading = deck.material.say("columns.nps" if column == "nps" else "headings.after_advocates")
            names = [deck.material.word("persona", one) for one in ids]
            return heading, names, known[column].tolist(), form, list(_by_id(deck, ids))
    return None


def _by_id(deck: Deck, ids: list[str]) -> list[str]:
    shades = shades_of(deck, ids)
    return [shades[deck.material.word("persona", one)] for one in ids]


def changes(deck: Deck) -> None:
    """Make the slide with what changed since the last report, where there is one to hold it against."""
    chapter = Chapter(deck.material, "changes")
    if not chapter.tables:
        return
    page = begin(deck, "changes")
    page.note(*chapter.prose)
    block = chapter.tables[0]
    over, under = page.area.rows([1.2, 6])
    write(page, over, chapter.prose[:2] or [block["caption"]], 13)
    table(page, under, *cells_of(block))
    page.note(block["caption"])
    page.close()


def measure(deck: Deck) -> None:
    """Make the slide with what to start measuring."""
    chapter = Chapter(deck.material, "measure")
    told = [*chapter.points, *chapter.remarks] or chapter.prose
    if not told:
        return
    page = deck.slide(deck.material.say("headings.measure"), [*chapter.prose, *notes_of(deck.material, told)])
    points(page, page.area, told[:8], 15, numbered=len(told) > 1)
    page.close()


def quality(deck: Deck) -> None:
    """Make the slide with the method and how well stages are inferred."""
    chapter = Chapter(deck.material, "appendix_method")
    if not chapter.prose:
        return
    page = deck.slide(deck.material.say("slides.quality"), chapter.prose)
    tables = [block for block in chapter.tables if block["columns"][0]["id"] == "method"]
    over, under = page.area.rows([1.0, 0.9], gap=12)
    room = over if tables else page.area
    told = chapter.prose[:4]
    for box, words in zip(room.columns(len(told), gap=10), told, strict=True):
        write(page, box, words, 13, fill=deck.tint)
    if tables:
        table(page, under, *cells_of(tables[0]))
        page.note(tables[0]["caption"])
    page.close()


def unseen(deck: Deck) -> None:
    """Make the slide with what these data cannot show: the remarks of chapters that have nothing else."""
    material, found = deck.material, {}
    for key in MISSING:
        chapter = Chapter(material, key)
        if chapter.remarks and not chapter.points and not chapter.tables:
            found[material.say(f"headings.{key}")] = list(dict.fromkeys(chapter.remarks))[:2]
    not_shown(deck, found)
