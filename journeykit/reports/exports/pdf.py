"""The executed notebook as a PDF: typst sets what the blocks say; nothing in them can be run as markup."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from journeykit.errors import JourneykitError
from journeykit.reports.blocks import BLOCK, template_folder
from journeykit.reports.colours import readable, writing_on
from journeykit.reports.exports.images import Images
from journeykit.reports.exports.own import own_blocks
from journeykit.reports.exports.paper import Paper
from journeykit.reports.exports.spreads import going_on, spread
from journeykit.reports.folders import replace_file
from journeykit.wording import text

__all__ = ["as_pdf", "write"]

COLOUR = "#0b5fa5"
OWN = "report"  # the tag of a cell whose own tables and figures go into the report
SERIF, SANS = "Libertinus Serif", "DejaVu Sans"  # the first is inside typst, the second comes with matplotlib
STYLES = ("", "-Bold", "-Oblique", "-BoldOblique")
PAGE, PAGES = (
    "\ue000",
    "\ue001",
)  # stand in for the numbers of pages, which are known only when the pages are set
STANDARD: Literal["ua-1"] = "ua-1"
SINCE = datetime(
    1980, 1, 1, tzinfo=UTC
)  # of the file, so that it is the same each time; the document has its own day
TRIES = 3  # to let chapters go on under the one before
LARGE = 500_000  # bytes of content, of which a long report has some 100,000
NO_LETTER, LAST_RESORT = "could not be displayed with", "LastResortHE-Regular.ttf"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
LONGEST = 70  # letters of the client's name at the head of a page


def write(notebook: Any, path: Path) -> None:
    """Write the report of an executed notebook as one PDF.

    Raises
    ------
    JourneykitError
        When the notebook shows a block of a kind that is not known, or its pages cannot be set.
    """
    replace_file(path, as_pdf(notebook))


def as_pdf(notebook: Any) -> bytes:
    """Return the report of an executed notebook as a PDF: tagged, the same bytes for the same notebook.

    Raises
    ------
    JourneykitError
        When the notebook shows a block of a kind that is not known, or its pages cannot be set.

    Examples
    --------
    >>> from nbformat.v4 import new_notebook
    >>> as_pdf(new_notebook())[:5]
    b'%PDF-'
    """
    with TemporaryDirectory(prefix="journeykit-pdf-") as name:
        folder = Path(name)
        images = Images(folder)
        content = _content(notebook, images)
        written = json.dumps(_clean(content), ensure_ascii=False).encode("utf-8", "replace")
        (folder / "content.json").write_bytes(written)
        shutil.copy(template_folder() / "report.typ", folder / "report.typ")
        return _set(folder, _is_covered(written.decode() + images.written))


def _clean(value: Any) -> Any:
    """Return a value without the control characters in its texts, which no typeface shows."""
    if isinstance(value, str):
        return CONTROL.sub("", value)
    if isinstance(value, dict):
        return {_clean(name): _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, (list, tuple)) else value


def _set(folder: Path, covered: bool) -> bytes:
    """Set the pages; system fonts come in only for letters that the report's own typefaces lack.

    A letter that no typeface has is shown as a box of matplotlib's last resort.
    """
    import typst

    fonts = _fonts(folder, _font_files())
    try:
        return _setting(folder, fonts, covered)
    except typst.TypstError as error:
        if NO_LETTER not in error.message:
            raise _told(error) from error
    try:
        return _setting(folder, _fonts(folder, [_font_folder() / LAST_RESORT]), covered)
    except typst.TypstError as error:
        raise _told(error) from error


def _setting(folder: Path, fonts: Path, covered: bool) -> bytes:
    """Set the pages with a new page for every chapter, and again as long as more chapters can do without it."""
    import typst

    def setter(chapters: list[int]) -> Any:
        return typst.Compiler(
            folder / "report.typ", root=folder, font_paths=[fonts], ignore_system_fonts=covered,
            sys_inputs={"going_on": json.dumps(chapters)},
        )  # fmt: skip

    moved: list[int] = []
    small = (folder / "content.json").stat().st_size < LARGE
    for _ in range(TRIES if small else 0):
        before, edges = moved, json.loads(setter(moved).query("<edge>", field="value"))
        moved = going_on(edges, before)
        if moved == before:
            break
    return setter(moved).compile(format="pdf", pdf_standards=[STANDARD], timestamp=SINCE)


def _told(error: Any) -> JourneykitError:
    return JourneykitError(
        f"the pages of the PDF cannot be set: {error.message}",
        remedy="make the report with --formats html, and report this with the notebook",
    )


def _fonts(folder: Path, files: list[Path]) -> Path:
    """Put typefaces into a folder with nothing else in it, and return that."""
    place = folder / "fonts"
    place.mkdir(exist_ok=True)
    for font in files:
        shutil.copy(font, place)
    return place


def _font_folder() -> Path:
    from matplotlib import get_data_path

    return Path(get_data_path(), "fonts", "ttf")


def _font_files() -> list[Path]:
    return [_font_folder() / f"DejaVuSans{style}.ttf" for style in STYLES]


@cache
def _letters() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(_font_files()[0])).get_charmap())


def _is_covered(words: str) -> bool:
    """Tell whether the report's own typefaces have every letter of a text."""
    return {ord(letter) for letter in set(words) if letter.isprintable()} <= _letters()


def _content(notebook: Any, images: Images) -> dict[str, Any]:
    """Return what the template sets: the blocks on their pages, the client's brand, and the words around."""
    blocks = list(_pieces(notebook))
    cover = next((block for block in blocks if block["block"] == "cover"), {})
    language, colour = cover.get("language", "en"), cover.get("colour", COLOUR)
    client, name = cover.get("client", "journeykit"), cover.get("title", "")
    accent = readable(colour)
    words = {each: text(f"parts.{each}", language) for each in ("contents", "page")}
    shown = Paper(images, accent).blocks(blocks) or [{"block": "title", "text": client}]
    return {
        "language": language, "title": f"{client} · {name}" if name else client, "author": "journeykit",
        "description": cover.get("as_of", ""), "day": _day(blocks), "head": _short(client),
        "foot": " · ".join(part for part in (name, cover.get("day", "")) if part), "words": words,
        "page_words": re.split(f"[{PAGE}{PAGES}]", text("parts.page_of", language, page=PAGE, pages=PAGES)),
        "accent": accent, "ground": colour, "ink": writing_on(colour), "serif": [SERIF, SANS], "sans": [SANS],
        "spreads": spread(shown, text("parts.figures_as_tables", language)),
    }  # fmt: skip


def _pieces(notebook: Any) -> Iterator[dict[str, Any]]:
    """Yield the report's blocks, and what cells tagged `report` show besides."""
    for cell in notebook.cells:
        shows_own = OWN in cell.metadata.get("tags", [])
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if BLOCK in data:
                yield data[BLOCK]
            elif shows_own:
                yield from own_blocks(data)


def _day(blocks: list[dict[str, Any]]) -> list[int] | None:
    """Return year, month and day of the report, as its record tells them."""
    days = [str(block["as_of"]) for block in blocks if block["block"] == "record"]
    return [int(part) for part in days[-1].split("-")] if days and DAY.fullmatch(days[-1]) else None


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1].rstrip()}…"
