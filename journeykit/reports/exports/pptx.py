"""The report as a presentation: native charts, tables and shapes on the client's masters, evidence in the notes."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any

from journeykit.reports.exports.cells import clean
from journeykit.reports.exports.deck import closing, maps, opening, people, standing
from journeykit.reports.exports.deck.canvas import Deck
from journeykit.reports.exports.material import Material

__all__ = ["write"]

SLIDES = (
    opening.title, opening.summary, opening.actions, people.personas, people.portraits, standing.stages,
    standing.forecast, maps.maps, standing.funnel, standing.leaks, standing.channels, closing.after, closing.changes,
    closing.measure, closing.unseen, closing.quality,
)  # fmt: skip
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of a ZIP file


def write(notebook: Any, path: Path) -> None:
    """Write the report of an executed notebook as one presentation.

    What the data do not hold has no slide; one of the last slides says why. The same report gives the same bytes.
    """
    material = Material.of(notebook, path)
    deck = Deck(material)
    for slide in SLIDES:
        slide(deck)
    made = path.with_name(f".new-{path.name}")
    try:
        made.write_bytes(_steady(_saved(deck, material), material.day))
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


def _saved(deck: Deck, material: Material) -> bytes:
    told = deck.file.core_properties
    told.title = clean(f"{material.name} · {material.say('parts.title')}")[:250]
    told.author = told.last_modified_by = "journeykit"
    told.created = told.modified = dt.datetime.fromisoformat(material.day or "2000-01-01")
    told.revision, told.language = 1, material.language
    content = io.BytesIO()
    deck.file.save(content)
    return content.getvalue()


def _steady(content: bytes, day: str) -> bytes:
    """Return a package whose bytes do not depend on when it was made; the workbooks of its charts neither."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as given,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as kept,
    ):
        for name in given.namelist():
            part = given.read(name)
            if name.endswith(".xlsx"):
                part = _steady(part, day)
            elif name == "docProps/core.xml":
                stamp = f"{day or '2000-01-01'}T00:00:00Z".encode()
                part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, part)
            entry = zipfile.ZipInfo(name, FIRST_DAY)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            kept.writestr(entry, part)
    return made.getvalue()
