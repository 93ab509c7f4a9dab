"""The presentation: its masters, its look, and slides with a title, notes and numbers."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

from journeykit.reports.colours import readable, tint
from journeykit.reports.exports.cells import in_line
from journeykit.reports.exports.deck.fitting import EMU, Box, fit
from journeykit.reports.exports.material import Material
from journeykit.reports.pictures import find_template

__all__ = ["Deck", "Page"]

WIDE, HIGH = 960.0, 540.0  # points, 16:9
FONT = "Calibri"
LEVEL = "{http://schemas.openxmlformats.org/drawingml/2006/main}lvl1pPr"
INK, SOFT, LINE = "#1c2127", "#57606a", "#dfe3e8"


class Deck:
    """A presentation being made.

    Parameters
    ----------
    material
        The report; `client["template"]` may name a presentation whose masters are used instead of the house's.
    """

    def __init__(self, material: Material) -> None:
        import pptx

        self.material = material
        template = material.client.get("template")
        self.own = not template
        self.file = pptx.Presentation(str(find_template(Path(template))) if template else None)
        seen = material.table("observable")
        self.unseen = set(seen["stage"][~seen["observable"].astype(bool)]) if "observable" in seen else set()
        self.accent = readable(material.colour)
        self.tint = tint(self.accent, 0.1)
        if self.own:
            _dress(self.file, self.accent)
        else:
            _empty(self.file)
        self.width, self.height = self.file.slide_width / EMU, self.file.slide_height / EMU

    def slide(self, title: str, notes: list[str] | None = None) -> Page:
        """Add a slide with a title, whose full words stand in the notes when they had to be cut."""
        slide = self.file.slides.add_slide(self._layout("titleOnly", "obj", "tx"))
        for holder in list(slide.placeholders):
            if holder.placeholder_format.idx and slide.shapes.title is not None:
                holder._element.getparent().remove(holder._element)
        page = Page(self, slide, list(notes or []))
        page.head(title)
        _number(slide, f"{self.material.name} · {self.material.cover.get('day', '')}")
        return page

    def opening(self) -> Any:
        """Add the first slide, empty but for its placeholders."""
        return self.file.slides.add_slide(self._layout("title", "titleOnly"))

    def _layout(self, *kinds: str) -> Any:
        """Return the first layout of one of the kinds; any with a title, or any, when there is none."""
        layouts = list(self.file.slide_layouts)
        for kind in kinds:
            for layout in layouts:
                if layout._element.get("type") == kind:
                    return layout
        titled = [
            one for one in layouts if any(holder.placeholder_format.idx == 0 for holder in one.placeholders)
        ]
        return (titled or layouts)[0]


class Page:
    """A slide being filled: its place for content, and what goes into its notes."""

    def __init__(self, deck: Deck, slide: Any, notes: list[str]) -> None:
        self.deck, self.slide, self.notes = deck, slide, notes
        self.material = deck.material

    @property
    def area(self) -> Box:
        """The place below the title and above the footer."""
        title = self.slide.shapes.title
        width, height = self.deck.width, self.deck.height
        top = (
            (title.top + title.height) / EMU if title is not None and title.top is not None else 0.17 * height
        )
        top = min(max(top + 8, 0.12 * height), 0.4 * height)
        return Box(0.04 * width, top, 0.92 * width, 0.925 * height - top)

    def head(self, title: str) -> None:
        """Write the title, as large as fits its place."""
        holder = self.slide.shapes.title
        words = in_line(title)
        if holder is None:
            return
        width, height = (holder.width / EMU - 14.4, holder.height / EMU - 7.2)
        (told,), size, cut = fit([words], width, height, 26.0, 16.0)
        if cut:
            self.note(words)
        holder.text_frame.text = told
        _unfitted(holder.text_frame)
        from pptx.util import Pt

        holder.text_frame.paragraphs[0].runs[0].font.size = Pt(size)

    def note(self, *words: str) -> None:
        """Add to the speaker's notes, each text once."""
        self.notes += [in_line(one) for one in words if one and in_line(one) not in self.notes]

    def close(self) -> None:
        """Write the notes."""
        self.slide.notes_slide.notes_text_frame.text = "\n".join(self.notes)


def _unfitted(frame: Any) -> None:
    from pptx.enum.text import MSO_AUTO_SIZE

    frame.word_wrap = True
    frame.auto_size = MSO_AUTO_SIZE.NONE


def _number(slide: Any, footer: str) -> None:
    """Give a slide the number and the footer that its layout has a place for."""
    from pptx.enum.shapes import PP_PLACEHOLDER

    for holder in slide.slide_layout.placeholders:
        kind = holder.placeholder_format.type
        if kind in (PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.FOOTER):
            slide.shapes._spTree.append(copy.deepcopy(holder._element))
        if kind == PP_PLACEHOLDER.FOOTER:
            for level in slide.shapes[-1]._element.iter(LEVEL):
                level.set("algn", "l")
            room = holder.width / EMU - 14.4
            slide.shapes[-1].text_frame.text = fit([in_line(footer)], room, 16.0, 12.5, 12.5)[0][0]


def _empty(file: Any) -> None:
    """Take the slides of a template away, its masters kept."""
    listed = file.slides._sldIdLst
    for entry in list(listed):
        file.part.drop_rel(entry.rId)
        listed.remove(entry)


# The house's own masters -----------------------------------------------------------------------------


def _dress(file: Any, accent: str) -> None:
    """Make the masters wide, in the client's colour and the house's type."""
    from pptx.util import Pt

    factor = WIDE * EMU / file.slide_width
    file.slide_width, file.slide_height = Pt(WIDE), Pt(HIGH)
    for layout in list(file.slide_layouts):
        if layout._element.get("type") not in ("title", "titleOnly"):
            file.slide_layouts.remove(layout)
    for shapes in (file.slide_master.shapes, *(layout.shapes for layout in file.slide_layouts)):
        for shape in shapes:
            shape.left, shape.width = round(shape.left * factor), round(shape.width * factor)
    _theme(file, accent)
    _master(file, accent)


def _theme(file: Any, accent: str) -> None:
    from pptx.opc.constants import RELATIONSHIP_TYPE as RT

    part = file.slide_master.part.part_related_by(RT.THEME)
    xml = part.blob.decode("utf-8")
    colours = {"dk2": INK, "accent1": accent, "accent2": "#57606a", "hlink": accent}
    for name, colour in colours.items():
        new = f'<a:{name}><a:srgbClr val="{colour[1:].upper()}"/></a:{name}>'
        xml = re.sub(rf"<a:{name}>.*?</a:{name}>", new, xml, flags=re.DOTALL)
    xml = re.sub(r'(<a:(?:major|minor)Font>\s*<a:latin typeface=")[^"]*', rf"\g<1>{FONT}", xml)
    part._blob = xml.encode("utf-8")


def _master(file: Any, accent: str) -> None:
    """Put titles and footers in their places, with a line of the client's colour above."""
    from pptx.enum.text import MSO_ANCHOR

    places = {
        "title": Box(38.4, 24.0, 883.2, 62.0), "ftr": Box(38.4, 512.0, 560.0, 20.0),
        "sldNum": Box(821.6, 512.0, 100.0, 20.0),
    }  # fmt: skip
    for owner in (
        file.slide_master,
        *(one for one in file.slide_layouts if one._element.get("type") == "titleOnly"),
    ):
        for shape in list(owner.placeholders):
            kind = _kind(shape)
            if kind in places:
                shape.left, shape.top, shape.width, shape.height = places[kind].emu()
            elif kind == "dt" and owner is not file.slide_master:
                shape._element.getparent().remove(shape._element)
            if kind == "ftr":
                for level in shape._element.iter(LEVEL):
                    level.set("algn", "l")
            if kind == "title":
                shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    style = file.slide_master._element.find(".//{*}titleStyle/{*}lvl1pPr")
    style.set("algn", "l")
    run = style.find("{*}defRPr")
    run.set("sz", "2600")
    run.set("b", "1")
    for layout in file.slide_layouts:
        if layout._element.get("type") == "titleOnly":
            _stripe(file, layout, Box(0, 0, WIDE, 9.0), accent)
        else:
            _stripe(file, layout, Box(0, 0, 26.0, HIGH), accent)
            _cover_places(layout)


def _cover_places(layout: Any) -> None:
    places = {"ctrTitle": Box(80.0, 170.0, 800.0, 110.0), "subTitle": Box(80.0, 290.0, 800.0, 130.0)}
    for shape in list(layout.placeholders):
        kind = _kind(shape)
        if kind in places:
            shape.left, shape.top, shape.width, shape.height = places[kind].emu()
            for level in shape._element.iter(
                "{http://schemas.openxmlformats.org/drawingml/2006/main}lvl1pPr"
            ):
                level.set("algn", "l")
        elif kind in ("dt", "ftr", "sldNum"):
            shape._element.getparent().remove(shape._element)


def _kind(shape: Any) -> str:
    return shape._element.find(".//{*}ph").get("type", "obj")


def _stripe(file: Any, layout: Any, box: Box, colour: str) -> None:
    """Draw a band of colour on a layout, behind everything else."""
    from pptx.dml.color import RGBColor
    from pptx.enum.shapes import MSO_SHAPE

    slide = file.slides.add_slide(layout)
    shape = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *box.emu())
    shape.fill.solid()
    shape.fill.fore_color.rgb = RGBColor.from_string(colour[1:].upper())
    shape.line.fill.background()
    shape.name = "Band"
    shape._element.remove(shape._element.find("{*}style"))
    layout.shapes._spTree.insert(2, shape._element)
    _empty(file)
