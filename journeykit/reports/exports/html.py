"""The executed notebook as one HTML file: nbconvert with journeykit's own template."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from journeykit.letters import legible
from journeykit.reports.blocks import BLOCK, as_html, blocks_of, template_folder
from journeykit.reports.colours import readable, tint, writing_on
from journeykit.reports.folders import replace_file
from journeykit.wording import text

__all__ = ["as_page", "write"]

SHOWN = ("text/html", "image/svg+xml", "image/png")
COLOUR = "#0b5fa5"
OWN = "report"  # the tag of a cell whose own tables and figures go into the report


def write(notebook, path: Path) -> None:
    """Write the report of an executed notebook as one HTML file."""
    replace_file(path, as_page(notebook))


def as_page(notebook) -> str:
    """Return the report of an executed notebook as one HTML page that asks for nothing from outside."""
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(extra_template_basedirs=[str(template_folder())], template_name="report")
    page, _ = exporter.from_notebook_node(notebook, resources={"report": _content(notebook)})
    return legible(page)


def _content(notebook) -> dict[str, Any]:
    """Return what the template sets: cover, contents, body and the brand's colours."""
    blocks = blocks_of(notebook)
    cover = next((block for block in blocks if block["block"] == "cover"), {})
    language = cover.get("language", "en")
    colour = cover.get("colour", COLOUR)
    headings = [block for block in blocks if block["block"] == "heading" and block["level"] == 1]
    return {
        "language": language,
        "title": f"{cover['client']} · {cover['title']}" if cover else "journeykit",
        "cover": as_html(cover) if cover else "",
        "chapters": _chapters(notebook),
        "contents": headings,
        "words": {name: text(f"parts.{name}", language) for name in ("contents", "to_contents", "skip")},
        **_script(blocks),
        "accent": readable(colour), "ground": colour, "ink": writing_on(colour), "tint": tint(readable(colour)),
    }  # fmt: skip


def _script(blocks: list[dict[str, Any]]) -> dict[str, str]:
    """Return the script that drawings are pointed at with, and the page's leave to run just this one; or nothing."""
    if not any(block.get("views") for block in blocks):
        return {"script": "", "script_source": ""}
    script = (template_folder() / "report" / "views.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"script": script, "script_source": f"; script-src 'sha256-{digest}'"}


def _chapters(notebook) -> list[dict[str, str]]:
    """Return the body in chapters: each begins with a heading of level 1."""
    chapters: list[dict[str, str]] = []
    for kind, html, key in _pieces(notebook):
        if kind == "chapter" or not chapters:
            chapters.append({"id": key, "html": ""})
        chapters[-1]["html"] += html + "\n"
    return chapters


def _pieces(notebook):
    """Yield the report's blocks, and what cells tagged `report` show besides."""
    for cell in notebook.cells:
        shows_own = OWN in cell.metadata.get("tags", [])
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            block = data.get(BLOCK)
            if block is None and shows_own:
                yield "own", _own(data), "own"
            elif block is not None and block["block"] != "cover":
                chapter = block["block"] == "heading" and block["level"] == 1
                yield ("chapter" if chapter else "block"), as_html(block), block.get("id", "start")


def _own(data: dict[str, Any]) -> str:
    kind = next((kind for kind in SHOWN if kind in data), None)
    if kind is None:
        return ""
    if kind == "image/png":
        return f'<figure><img alt="" src="data:image/png;base64,{data[kind].strip()}"></figure>'
    return f"<div class='own'>{data[kind]}</div>"
