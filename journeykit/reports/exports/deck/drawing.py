"""What stands on a slide: text that fits, cards, tables and charts that can be edited."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from journeykit.reports.colours import writing_on
from journeykit.reports.exports.cells import in_line, is_missing
from journeykit.reports.exports.deck.canvas import INK, LINE, SOFT, Page
from journeykit.reports.exports.deck.fitting import EMU, LEADING, Box, fit, lines_of, longest, short

__all__ = ["card", "chart", "points", "table", "write"]

MARGIN = 5.0  # points within a box of text
CHARTS = {
    "stacked": "BAR_STACKED",
    "bars": "BAR_CLUSTERED",
    "columns": "COLUMN_CLUSTERED",
    "line": "LINE_MARKERS",
}
BROADEST = 90.0  # points of height for one bar among several
POINTED = 0.25  # how deep a chevron is, of its height
SMALLEST = 8.5  # size of the letters of a table
TALLEST = 104.0  # points of height for one sentence among several
LABELS = 10.0  # size of the letters of a chart


def write(
    page: Page, box: Box, paragraphs: Sequence[str] | str, size: float = 14.0, *, least: float = 9.0,
    bold: bool = False, colour: str = INK, fill: str = "", line: str = "", align: str = "LEFT", anchor: str = "TOP",
    shape: str = "RECTANGLE",
) -> Any:  # fmt: skip
    """Write text into a place so that it fits; what was cut off stands whole in the notes.

    Parameters
    ----------
    fill, line
        Colours of the ground and the frame; none when empty.
    """
    from pptx.enum.shapes import MSO_SHAPE

    given = [in_line(one) for one in ([paragraphs] if isinstance(paragraphs, str) else paragraphs)]
    made = page.slide.shapes.add_shape(getattr(MSO_SHAPE, shape), *box.emu())
    _paint(made, fill, line)
    side = POINTED * box.height if shape == "CHEVRON" else 0.0  # where a chevron takes no text
    margin = 1.0 if side else MARGIN
    width = box.width - 2 * side - 2 * margin
    told, size, cut = fit(given, width, box.height - 2 * MARGIN, size, least)
    if cut:
        page.note(*given)
    _frame(made, margin, anchor)
    if side:
        made.adjustments[0] = POINTED
    for number, words in enumerate(told):
        frame = made.text_frame
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        _paragraph(paragraph, words, size, bold and number == 0, colour, align)
    return made


def _paint(shape: Any, fill: str, line: str) -> None:
    from pptx.util import Pt

    style = shape._element.find("{*}style")
    if style is not None:
        shape._element.remove(style)
    if fill:
        shape.fill.solid()
        shape.fill.fore_color.rgb = rgb(fill)
    else:
        shape.fill.background()
    if line:
        shape.line.color.rgb = rgb(line)
        shape.line.width = Pt(0.75)
    else:
        shape.line.fill.background()


def _frame(shape: Any, side: float, anchor: str) -> None:
    from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE

    frame = shape.text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.vertical_anchor = getattr(MSO_ANCHOR, anchor)
    frame.margin_left = frame.margin_right = round(side * EMU)
    frame.margin_top = frame.margin_bottom = round(MARGIN * EMU)


def _paragraph(paragraph: Any, words: str, size: float, bold: bool, colour: str, align: str) -> None:
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Pt

    paragraph.text = words
    paragraph.alignment = getattr(PP_ALIGN, align)
    paragraph.space_after = Pt(size * 0.3)
    for run in paragraph.runs:
        run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, rgb(colour)


def rgb(colour: str) -> Any:
    """Return a colour `#rrggbb` as a presentation knows it."""
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(colour[1:].upper())


def card(page: Page, box: Box, title: str, lines: Sequence[str], colour: str) -> None:
    """Draw a card: a band of colour with a title, and lines below."""
    head, body = box.rows([1, max(box.height / 44.0 - 1, 1)], gap=0)
    write(page, head, title, 15, least=11, bold=True, colour=writing_on(colour), fill=colour, anchor="MIDDLE")
    write(page, body, lines or [""], 15, fill="#ffffff", line=LINE)


def points(page: Page, box: Box, told: Sequence[str], size: float = 15.0, *, numbered: bool = True) -> None:
    """Write a few sentences below each other, each with its number in the client's colour."""
    weights = [max(len(one), 60) ** 0.7 for one in told]
    box = Box(box.left, box.top, box.width, min(box.height, TALLEST * len(told)))
    for number, (row, words) in enumerate(zip(box.rows(weights, gap=7), told, strict=True), 1):
        side = min(34.0, row.height)
        mark = Box(row.left, row.top, side, row.height)
        write(page, mark, str(number) if numbered else "•", 15, bold=True, colour=writing_on(page.deck.accent),
              fill=page.deck.accent, align="CENTER", anchor="MIDDLE")  # fmt: skip
        text = Box(row.left + side, row.top, row.width - side, row.height)
        write(page, text, words, size, fill=page.deck.tint, anchor="MIDDLE")


# Tables ----------------------------------------------------------------------------------------------


def table(
    page: Page,
    box: Box,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    wide: float = 2.2,
    size: float = 12.0,
) -> None:
    """Draw a table that fits its place: the letters shrink, then rows are left out and the notes say so.

    Parameters
    ----------
    wide
        How much wider the first column is than the others.
    """
    widths = [box.width * part / (wide + len(heads) - 1) for part in [wide] + [1.0] * (len(heads) - 1)]
    given = [[in_line(cell) for cell in row] for row in (heads, *rows)]
    while size > SMALLEST and (
        sum(_heights(given, widths, size)) > box.height or _breaks(given, widths, size)
    ):
        size -= 0.5
    shown = [
        [short(cell, width - 8, size, 3) for cell, width in zip(row, widths, strict=True)] for row in given
    ]
    for row, cut in zip(given, shown, strict=True):
        page.note(*(words for words, told in zip(row, cut, strict=True) if words != told))
    kept = _kept(_heights(shown, widths, size), box.height)
    if kept < len(shown):
        page.note(page.material.say("slides.more_rows", rows=len(shown) - kept))
    _draw_table(page, box, shown[:kept], widths, size)


def _heights(rows: Sequence[Sequence[str]], widths: Sequence[float], size: float) -> list[float]:
    return [
        size
        * LEADING
        * max(min(lines_of(cell, width - 8, size), 3) for cell, width in zip(row, widths, strict=True))
        + 6
        for row in rows
    ]


def _breaks(rows: Sequence[Sequence[str]], widths: Sequence[float], size: float) -> bool:
    """Return whether a word is wider than its column; one that never fits does not count."""
    pairs = [(cell, width) for row in rows for cell, width in zip(row, widths, strict=True)]
    return any(longest([cell], size) > width - 9 >= longest([cell], SMALLEST) for cell, width in pairs)


def _kept(heights: Sequence[float], room: float) -> int:
    total = 0.0
    for number, height in enumerate(heights):
        total += height
        if total > room:
            return max(number, 1)
    return len(heights)


def _draw_table(
    page: Page, box: Box, rows: Sequence[Sequence[str]], widths: Sequence[float], size: float
) -> None:
    heights = _heights(rows, widths, size)
    place = Box(box.left, box.top, sum(widths), min(sum(heights), box.height))
    made = page.slide.shapes.add_table(len(rows), len(widths), *place.emu()).table
    for column, width in enumerate(widths):
        made.columns[column].width = math.floor(width * EMU)
    for number, (row, height) in enumerate(zip(rows, heights, strict=True)):
        made.rows[number].height = math.floor(height * EMU)
        for column, words in enumerate(row):
            _cell(page, made.cell(number, column), words, size, number == 0, column > 0)


def _cell(page: Page, cell: Any, words: str, size: float, is_head: bool, is_right: bool) -> None:
    from pptx.enum.text import MSO_ANCHOR

    ground = page.deck.accent if is_head else "#ffffff"
    cell.fill.solid()
    cell.fill.fore_color.rgb = rgb(
        ground if is_head else page.deck.tint if cell._tc.row_idx % 2 == 0 else ground
    )
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE
    cell.margin_left = cell.margin_right = round(4 * EMU)
    cell.margin_top = cell.margin_bottom = round(2 * EMU)
    colour = writing_on(ground) if is_head else INK
    _paragraph(cell.text_frame.paragraphs[0], words, size, is_head, colour, "RIGHT" if is_right else "LEFT")
    cell.text_frame.paragraphs[0].space_after = None


# Charts ----------------------------------------------------------------------------------------------


def chart(
    page: Page, box: Box, kind: str, categories: Sequence[str], series: Mapping[str, Sequence[Any]],
    colours: Mapping[str, str] | Sequence[str], *, form: str = "0%", top: float | None = None, legend: bool = True,
) -> Any:  # fmt: skip
    """Draw a native chart: its numbers can be edited in the presentation.

    Parameters
    ----------
    kind
        `stacked`, `bars`, `columns` or `line`.
    series
        Name to values, one per category; what is missing leaves a gap.
    form
        How the values are written.
    """
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    data = CategoryChartData(number_format="General")
    lying = kind in ("stacked", "bars")
    room = min(0.28 * box.width, 170.0) if lying else 0.9 * box.width / len(categories)
    data.categories = _labelled(page, categories, room)
    names = _labelled(page, list(series), 170.0)
    if lying:
        box = Box(box.left, box.top, box.width, min(box.height, 60 + BROADEST * len(categories)))
    for name, values in zip(names, series.values(), strict=True):
        data.add_series(name, [None if is_missing(value) else float(value) for value in values])
    frame = page.slide.shapes.add_chart(getattr(XL_CHART_TYPE, CHARTS[kind]), *box.emu(), data)
    shades = [colours[name] for name in series] if isinstance(colours, Mapping) else list(colours)
    _style(frame.chart, kind, shades, form, top)
    _legend(frame.chart, legend and len(series) > 1)
    return frame.chart


def _labelled(page: Page, names: Sequence[str], width: float) -> list[str]:
    """Return short names, never two alike; the notes give them in full."""
    found: list[str] = []
    for name in map(in_line, names):
        told = short(name, width, LABELS, 2)
        copies = (told if number == 1 else f"{told} ({number})" for number in range(1, len(names) + 2))
        found.append(next(one for one in copies if one not in found))
        page.note(name if told != name else "")
    return found


def _style(made: Any, kind: str, colours: Sequence[str], form: str, top: float | None) -> None:
    from pptx.util import Pt

    made.font.size, made.font.color.rgb = Pt(LABELS), rgb(INK)
    made.has_title = False
    plot, values = made.plots[0], made.value_axis
    values.visible, values.has_major_gridlines = False, False
    values.minimum_scale = 0.0 if kind != "line" else None
    values.maximum_scale = top
    if kind in ("stacked", "bars"):
        made.category_axis.reverse_order = True
    if kind != "line":
        plot.gap_width, plot.overlap = 45, 100 if kind == "stacked" else -5
    made.category_axis.format.line.color.rgb = rgb(LINE)
    made.category_axis.tick_labels.font.size = Pt(LABELS)
    for one, colour in zip(plot.series, colours, strict=True):
        _series(one, kind, colour, form)


def _series(one: Any, kind: str, colour: str, form: str) -> None:
    from pptx.enum.chart import XL_LABEL_POSITION
    from pptx.util import Pt

    labels = one.data_labels
    labels.show_value, labels.number_format, labels.number_format_is_linked = True, form, False
    labels.font.size = Pt(LABELS)
    if kind == "line":
        one.smooth = False
        one.format.line.color.rgb, one.format.line.width = rgb(colour), Pt(2.25)
        one.marker.format.fill.solid()
        one.marker.format.fill.fore_color.rgb = rgb(colour)
        one.marker.format.line.color.rgb = rgb(colour)
        labels.position = XL_LABEL_POSITION.ABOVE
        return
    one.format.fill.solid()
    one.format.fill.fore_color.rgb = rgb(colour)
    one.invert_if_negative = False
    stacked = kind == "stacked"
    labels.font.color.rgb = rgb(writing_on(colour) if stacked else SOFT)
    labels.position = XL_LABEL_POSITION.CENTER if stacked else XL_LABEL_POSITION.OUTSIDE_END


def _legend(made: Any, shown: bool) -> None:
    from pptx.enum.chart import XL_LEGEND_POSITION
    from pptx.util import Pt

    made.has_legend = shown
    if shown:
        made.legend.position, made.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        made.legend.font.size = Pt(LABELS)
