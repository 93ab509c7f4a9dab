"""Figures and logos as data that travel inside the page."""

from __future__ import annotations

import base64
import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

from journeykit.errors import ClientFileError
from journeykit.letters import legible
from journeykit.plots.theme import wrapped

__all__ = ["find_template", "picture", "read_logo"]

SVG_LIMIT = 600_000  # a figure with more marks than this many bytes describe is shown as pixels
LOGO_LIMIT = 2_000_000
LONG_NAME = 72  # letters
FONTS = "'Inter','Source Sans 3','Segoe UI','Helvetica Neue',Arial,'Liberation Sans',sans-serif"


def picture(drawn: Any) -> dict[str, Any]:
    """Return a drawn axes or figure as an image for the page, its size in pixels, and close it."""
    import matplotlib.pyplot as plt

    figure = drawn.figure if hasattr(drawn, "figure") and drawn.figure is not None else drawn
    _fold_long_names(figure)
    width, height = (round(inches * 96) for inches in figure.get_size_inches())
    svg = _svg(figure)
    image = svg if len(svg) <= SVG_LIMIT else _png(figure)
    kind = "image/svg+xml" if image is svg else "image/png"
    plt.close(figure)
    return {
        "image": f"data:{kind};base64,{base64.b64encode(image).decode()}",
        "width": width,
        "height": height,
    }


def _fold_long_names(figure: Any) -> None:
    """Write names on axes and in legends that are longer than a line of the page over two lines, and cut the rest."""
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        names = [label.get_text() for label in axis.get_ticklabels()]
        if max(map(len, names), default=0) > LONG_NAME:
            axis.set_ticks(axis.get_ticklocs(), [_folded(name) for name in names])
    for legend in [*figure.legends, *(ax.get_legend() for ax in figure.axes if ax.get_legend())]:
        for shown in legend.get_texts():
            shown.set_text(_folded(shown.get_text()))


def _folded(name: str) -> str:
    return wrapped(name, 36, 2) if len(name) > LONG_NAME else name


def _svg(figure: Any) -> bytes:
    """Return a figure as SVG whose text is text, in the page's typefaces, and which is the same each time."""
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "journeykit"}), warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="Glyph"
        )  # the text stays text: the reader's browser has its letters
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return legible(file.getvalue()).replace("'DejaVu Sans'", FONTS).encode()


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(file, format="png", dpi=200)
    return file.getvalue()


def read_logo(path: Path) -> str:
    """Return a logo as data for the page.

    Raises
    ------
    ClientFileError
        When the file is missing, is larger than 2 MB or is no image.
    """
    if not path.is_file():
        raise ClientFileError(
            "there is no such logo", where=path, remedy="mend brand: logo in the client file"
        )
    if path.stat().st_size > LOGO_LIMIT:
        raise ClientFileError("the logo is larger than 2 MB", where=path, remedy="give a smaller one")
    content = path.read_bytes()
    kind = _image_kind(content)
    if kind is None:
        raise ClientFileError(
            "the logo is no image", where=path, remedy="give a PNG, JPEG, GIF, WebP or SVG file"
        )
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def find_template(path: Path) -> Path:
    """Return the file of a presentation that slides are made on.

    Raises
    ------
    ClientFileError
        When the file is missing or is no presentation.
    """
    remedy = "give the path of a .pptx under brand: template in the client file"
    if not path.is_file():
        raise ClientFileError("there is no such template", where=path, remedy=remedy)
    if not zipfile.is_zipfile(path):
        raise ClientFileError("the template is no presentation", where=path, remedy=remedy)
    with zipfile.ZipFile(path) as parts:
        kinds = parts.read("[Content_Types].xml") if "[Content_Types].xml" in parts.namelist() else b""
    if b"presentationml.presentation.main+xml" not in kinds:
        raise ClientFileError("the template is no presentation", where=path, remedy=remedy)
    return path


def _image_kind(content: bytes) -> str | None:
    starts = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if b"<svg" in content[:2000]:
        return "image/svg+xml"
    return next((kind for start, kind in starts.items() if content.startswith(start)), None)
