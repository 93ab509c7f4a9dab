"""Images out of a report's blocks, as files that typst takes."""

from __future__ import annotations

import base64
import binascii
import io
from pathlib import Path

from journeykit.errors import JourneykitError
from journeykit.reports.pictures import FONTS

__all__ = ["Images"]

ENDINGS = {
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
}
TYPEFACE = "'DejaVu Sans'"  # with which matplotlib measured the words of a figure


class Images:
    """Keeps images in a folder, and names them as the template asks for them.

    Parameters
    ----------
    folder
        The folder in which the pages are set.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder, 0
        self.written = ""  # what the figures say, to see which letters are needed

    def figure(self, address: str) -> str:
        """Keep a figure.

        Raises
        ------
        JourneykitError
            When it is no image that can be shown.
        """
        name = self._keep(address)
        if name is None:
            raise JourneykitError("a figure of the report is no image", remedy="run the notebook again")
        return name

    def logo(self, address: str | None) -> str | None:
        """Keep a logo; None when there is none, or none that can be shown."""
        return self._keep(address) if address else None

    def height(self, name: str, width: float) -> float:
        """Return the height of a kept image at a width."""
        import typst

        source = f'#context [#metadata(measure(image("{name}", width: {width}pt)).height.pt()) <height>]'
        setter = typst.Compiler(source.encode(), root=self.folder, ignore_system_fonts=True)
        return float(setter.query("<height>", field="value", one=True))

    def _keep(self, address: str) -> str | None:
        ending, content = _unpacked(address)
        if ending == "svg":
            content = content.replace(FONTS.encode(), TYPEFACE.encode())
            self.written += content.decode("utf-8", "replace")
        found = self._placed(ending, content)
        return found or self._placed("png", _as_png(content))

    def _placed(self, ending: str, content: bytes) -> str | None:
        """Write an image, and return its place; None when typst doesn't take it."""
        import typst

        if not ending or not content:
            return None
        self.kept += 1
        name = f"image-{self.kept}.{ending}"
        (self.folder / name).write_bytes(content)
        try:
            source = f'#image("/{name}")'.encode()
            typst.Compiler(source, root=self.folder, ignore_system_fonts=True).compile(format="pdf")
        except typst.TypstError:
            return None
        return f"/{name}"


def _unpacked(address: str) -> tuple[str, bytes]:
    """Return the ending and the bytes of an image in a data address; nothing when it is none."""
    kind, _, packed = address.removeprefix("data:").partition(";base64,")
    try:
        return ENDINGS.get(kind, ""), base64.b64decode(packed)
    except (binascii.Error, ValueError):
        return "", b""


def _as_png(content: bytes) -> bytes:
    """Return an image, the first of a moving one, as PNG; nothing when it cannot be read."""
    from PIL import Image

    made = io.BytesIO()
    try:
        Image.open(io.BytesIO(content)).convert("RGBA").save(made, "PNG")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return b""
    return made.getvalue()
