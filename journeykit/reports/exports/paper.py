"""Blocks as paper needs them: links only to what is there, images as files, columns with a width."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from journeykit.errors import unknown
from journeykit.reports.exports.columns import laid_out
from journeykit.reports.exports.images import Images

__all__ = ["Paper"]

BROAD = 900  # pixels: a wider figure gets a page on its side
PIXELS = 760  # the width of a figure that doesn't tell its size
IN_CARD = 62  # letters that fit on a line of a table in a card
A_PAGE = 2500  # letters of a table that fills most of a page
HIDDEN = ("record", "client")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Paper:
    """Turns the blocks of a report into those of the template, one kind after the other.

    Parameters
    ----------
    images
        Where the images go.
    accent
        A colour for what has none.
    """

    def __init__(self, images: Images, accent: str) -> None:
        self.images, self.accent = images, accent
        self.places: set[str] = set()  # to which a link leads
        self.taken: set[str] = set()
        self.level, self.section = 0, ""

    def blocks(self, blocks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the blocks as the template sets them, without those that aren't shown.

        Raises
        ------
        JourneykitError
            When a block is of a kind that is not known.
        """
        shown = [block for block in blocks if block["block"] not in HIDDEN]
        self.places = {place for block in shown for place in _places_of(block)}
        return [self._block(block) for block in shown]

    def _block(self, block: Mapping[str, Any]) -> dict[str, Any]:
        make = getattr(self, f"_as_{block['block']}", None)
        if make is None:
            kinds = [name.removeprefix("_as_") for name in dir(self) if name.startswith("_as_")]
            raise unknown("kind of block", block["block"], kinds, where="the notebook")
        return {"block": block["block"], **make(block)}

    def _as_cover(self, b: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: b[name] for name in ("client", "title", "as_of", "made_by")}
        return shown | {
            "note": b.get("note"),
            "facts": _texts(b["facts"]),
            "logo": self.images.logo(b.get("logo")),
        }

    def _as_heading(self, b: Mapping[str, Any]) -> dict[str, Any]:
        self.level = max(1, min(b["level"], self.level + 1, 3))
        self.section = str(b["text"]).strip() or "–"
        return {
            "level": self.level, "number": b["number"], "text": self.section,
            "anchor": self._claim(b["id"]), "begins": "page",
        }  # fmt: skip

    def _as_prose(self, b: Mapping[str, Any]) -> dict[str, Any]:
        return {"paragraphs": [str(words) for words in b["paragraphs"]]}

    def _as_points(self, b: Mapping[str, Any]) -> dict[str, Any]:
        notes = [
            note and {"number": note["number"], "at": self._known(f"evidence-{note['table']}")}
            for note in b["notes"]
        ]
        return {"points": [str(words) for words in b["points"]], "notes": notes}

    def _as_note(self, b: Mapping[str, Any]) -> dict[str, Any]:
        return {"text": str(b["text"])}

    def _as_facts(self, b: Mapping[str, Any]) -> dict[str, Any]:
        return {"facts": _texts(b["facts"])}

    def _as_terms(self, b: Mapping[str, Any]) -> dict[str, Any]:
        return {"terms": _texts(b["terms"])}

    def _as_cards(self, b: Mapping[str, Any]) -> dict[str, Any]:
        return {"level": self.level + 1, "cards": [self._card(card) for card in b["cards"]]}

    def _card(self, card: Mapping[str, Any]) -> dict[str, Any]:
        colour = card["colour"] if COLOUR.fullmatch(str(card["colour"])) else self.accent
        return {
            "title": str(card["title"]).strip() or "–", "colour": colour, "lead": card.get("lead") or "",
            "points": list(card.get("points", ())), "rows": _texts(card["rows"]),
            "parts": [self._part(part) for part in card.get("parts", ())],
        }  # fmt: skip

    def _part(self, part: Mapping[str, Any]) -> dict[str, Any]:
        columns = [{"header": head, "numeric": n > 0} for n, head in enumerate(part["header"])]
        rows = [[str(cell) for cell in row] for row in part["rows"]]
        widths = laid_out(columns, rows, IN_CARD)["widths"] if columns else []
        return {**part, "columns": columns, "rows": rows, "widths": widths}

    def _as_figure(self, b: Mapping[str, Any]) -> dict[str, Any]:
        width, height = b.get("width") or PIXELS, b.get("height")
        file, lead = self.images.figure(b["image"]), b.get("lead", "")
        return {
            "number": b["number"], "name": b["name"], "lead": lead, "caption": b["caption"][len(lead) :].strip(),
            "alt": b["alt"] or self.section or "–", "file": file, "width": width,
            "height": height or self.images.height(file, width), "broad": width > BROAD,
            "anchor": self._claim(f"figure-{b['number']}"), "tables": [], "above": 0,
        }  # fmt: skip

    def _as_table(self, b: Mapping[str, Any]) -> dict[str, Any]:
        columns = [{"header": str(c["header"]), "numeric": bool(c["numeric"])} for c in b["columns"]]
        cells = [[str(cell) for cell in row] for row in b["cells"]]
        laid = laid_out(columns, cells)
        folded = bool(b.get("folded"))
        if folded:  # at the back a large one gets a page, and small ones follow each other
            laid["short"] = sum(len(cell) for row in cells for cell in row) > A_PAGE
        return {
            "number": b["number"], "name": b["name"], "caption": b["caption"], "columns": columns, "cells": cells,
            "more": b["more"], "folded": folded, "tables": [], **laid,
            "anchor": self._claim(f"table-{b['number']}"),
        }  # fmt: skip

    def _as_files(self, b: Mapping[str, Any]) -> dict[str, Any]:
        return {"files": [self._file(row) for row in b["files"]]}

    def _file(self, row: Mapping[str, Any]) -> dict[str, Any]:
        shown = [{"words": place["words"], "at": self._known(place["at"])} for place in row["shown"]]
        number = "" if row["number"] is None else str(row["number"])
        place = self._claim(f"evidence-{row['table']}")
        return {"number": number, "name": row["name"], "file": row["file"], "anchor": place, "shown": shown}

    def _known(self, place: str) -> str | None:
        return place if place in self.places else None

    def _claim(self, place: str) -> str | None:
        """Return a place's name for the first that has it: a link leads to one place."""
        if place in self.taken or place not in self.places:
            return None
        self.taken.add(place)
        return place


def _places_of(block: Mapping[str, Any]) -> list[str]:
    kind = block["block"]
    if kind == "heading":
        return [block["id"]]
    if kind in ("figure", "table"):
        return [f"{kind}-{block['number']}"] if block["number"] is not None else []
    return [f"evidence-{row['table']}" for row in block["files"]] if kind == "files" else []


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}
