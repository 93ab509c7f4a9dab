"""What the chapters of a report say: their sentences, remarks and tables, and what each sentence follows from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from journeykit.reports.exports.material import Material
from journeykit.wording.formats import say_interval
from journeykit.wording.texts import has_text

__all__ = ["Chapter", "evidence_of", "notes_of"]


class Chapter:
    """The part of a report under a heading, until the next one of its level or a higher one.

    Parameters
    ----------
    material
        The report.
    key
        The heading; a chapter that the report lacks is empty.
    """

    def __init__(self, material: Material, key: str) -> None:
        self.blocks = list(_under(material.blocks, key))

    @property
    def points(self) -> list[str]:
        """Its findings as sentences, in order."""
        return [one for block in self._of("points") for one in block["points"]]

    @property
    def remarks(self) -> list[str]:
        """Its notes: limits of the data, and why something is not shown."""
        return [block["text"] for block in self._of("note")]

    @property
    def prose(self) -> list[str]:
        """Its paragraphs."""
        return [one for block in self._of("prose") for one in block["paragraphs"]]

    @property
    def tables(self) -> list[dict[str, Any]]:
        """Its tables that are not folded up."""
        return [block for block in self._of("table") if not block.get("folded")]

    @property
    def cards(self) -> list[dict[str, Any]]:
        """Its cards."""
        return [card for block in self._of("cards") for card in block["cards"]]

    @property
    def facts(self) -> dict[str, str]:
        """Its headline figures."""
        return next((dict(block["facts"]) for block in self._of("facts")), {})

    def _of(self, kind: str) -> Iterator[dict[str, Any]]:
        return (block for block in self.blocks if block["block"] == kind)


def _under(blocks: list[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    level = None
    for block in blocks:
        if block["block"] == "heading":
            if level is not None and block["level"] <= level:
                return
            level = block["level"] if level is None and block.get("key") == key else level
        elif level is not None:
            yield block


def evidence_of(material: Material, sentence: str) -> str:
    """Return what a sentence follows from: its table, how many were counted, and the interval; empty when unknown."""
    found = next(
        (one for one in material.findings if one["sentence"].get(material.language) == sentence), None
    )
    if found is None:
        return ""
    parts = [_name_of(material, found.get("evidence") or "")]
    if found.get("customers"):
        parts.append(f"n = {material.value(found['customers'], 'whole')}")
    between = _interval(material, found)
    return material.say("slides.evidence", evidence="; ".join([*filter(None, parts), *between]))


def _name_of(material: Material, table: str) -> str:
    key = f"tables.{table}"
    return f"{material.say(key)} (tables/{table}.parquet)" if has_text(key, material.language) else table


def _interval(material: Material, found: dict[str, Any]) -> list[str]:
    low, high = found.get("interval") or (None, None)
    numbers = found.get("numbers") or {}
    form = "percent" if "share" in numbers else "points" if "effect" in numbers else "number"
    between = say_interval(low, high, form, material.language)
    return [material.say("slides.interval", interval=between)] if between else []


def notes_of(material: Material, sentences: list[str]) -> list[str]:
    """Return sentences for the speaker's notes, each with what it follows from."""
    return [" ".join(filter(None, (sentence, evidence_of(material, sentence)))) for sentence in sentences]
