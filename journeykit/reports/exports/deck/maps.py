"""Slides with the journey map of each persona: stages as chevrons, what was measured and what helps below them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.plots.theme import persona_colours, stage_colours
from journeykit.reports.colours import writing_on
from journeykit.reports.exports.cells import in_line
from journeykit.reports.exports.deck.canvas import LINE, SOFT, Deck, Page
from journeykit.reports.exports.deck.drawing import MARGIN, chart, write
from journeykit.reports.exports.deck.fitting import Box, fit, short
from journeykit.wording.formats import say_interval

__all__ = ["maps"]

MOST_STAGES = 8  # on one slide
ROWS = {
    "chevrons": 0.8, "line": 1.7, "figures": 0.95, "activity": 1.5, "question": 1.2, "channels": 1.0,
    "touchpoints": 1.35, "recommendation": 1.9,
}  # fmt: skip
HEAD = 92.0  # points for the heads of the rows


def maps(deck: Deck) -> None:
    """Make a map per persona, or one of everyone where there are no personas; long journeys take several slides."""
    frame = deck.material.table("journey_map")
    if frame.empty:
        return
    people = [one for one in deck.material.personas if one in set(frame["persona"])] or ["all"]
    for persona in people:
        part = frame[frame["persona"] == persona].reset_index(drop=True)
        chunks = _chunks(part)
        for number, chunk in enumerate(chunks, 1):
            _map(deck, persona, chunk, f" ({number}/{len(chunks)})" if len(chunks) > 1 else "")


def _chunks(frame: pd.DataFrame) -> list[pd.DataFrame]:
    count = -(-len(frame) // MOST_STAGES) or 1
    size = -(-len(frame) // count) or 1
    return [frame.iloc[start : start + size] for start in range(0, len(frame), size)]


def _map(deck: Deck, persona: str, frame: pd.DataFrame, part: str) -> None:
    material = deck.material
    name = material.word("persona", persona)
    page = deck.slide(_title(deck, short(name, 420, 26), frame) + part)
    page.note(name)
    rows = dict(zip(ROWS, page.area.rows(list(ROWS.values()), gap=3), strict=True))
    colour = persona_colours([persona])[persona]
    _chevrons(page, rows["chevrons"], frame)
    _line(page, rows["line"], frame, colour)
    for key, box in rows.items():
        if key not in ("chevrons", "line"):
            _row(page, box, key, [_cell(page, key, row) for row in frame.to_dict("records")])
    for row in frame.to_dict("records"):
        page.note(_evidence(page, row))
    page.close()


def _title(deck: Deck, name: str, frame: pd.DataFrame) -> str:
    """Return the title: where the persona drops out most, when that was measured."""
    known = frame[frame["drop_off"].notna()] if "drop_off" in frame else frame.head(0)
    if known.empty:
        return deck.material.say("slides.map", group=name)
    worst = known.loc[known["drop_off"].idxmax()]
    stage, share = deck.material.word("stage", worst["stage"]), float(worst["drop_off"])
    return deck.material.say("slides.map_leak", group=name, stage=stage, share=share)


def _places(box: Box, count: int) -> list[Box]:
    """Return the columns of a row, right of its head."""
    return Box(box.left + HEAD, box.top, box.width - HEAD, box.height).columns(count, gap=4)


def _head(page: Page, box: Box, words: str) -> None:
    write(
        page,
        Box(box.left, box.top, HEAD - 6, box.height),
        words,
        10.5,
        least=8,
        bold=True,
        colour=SOFT,
        anchor="MIDDLE",
    )


def _chevrons(page: Page, box: Box, frame: pd.DataFrame) -> None:
    _head(page, box, page.material.say("columns.stage"))
    order = list(page.material.stages) or frame["stage"].tolist()
    shades = dict(zip(order, stage_colours(len(order)), strict=True))
    for place, stage in zip(_places(box, len(frame)), frame["stage"], strict=True):
        shade, name = shades.get(stage, page.deck.accent), page.material.word("stage", stage)
        wide = Box(place.left - 2, place.top, place.width + 6, place.height)
        write(page, wide, name, 11, least=7.5, bold=True, colour=writing_on(shade), fill=shade, align="CENTER",
              anchor="MIDDLE", shape="CHEVRON")  # fmt: skip


def _line(page: Page, box: Box, frame: pd.DataFrame, colour: str) -> None:
    """Draw the line of experience: ratings, else friction, else the share that is in each stage now."""
    for column, key, form in (
        ("rating", "rating", "0.0"),
        ("friction", "friction", "0.0"),
        ("share", "share", "0%"),
    ):
        frame = frame.assign(
            **{column: frame[column].mask(frame["stage"].isin(page.deck.unseen))} if column in frame else {}
        )
        if column in frame and frame[column].notna().any():
            name = page.material.say(f"rows.{key}")
            _head(page, box, name)
            room = Box(box.left + HEAD, box.top, box.width - HEAD, box.height)
            stages = [page.material.word("stage", stage) for stage in frame["stage"]]
            made = chart(
                page, room, "line", stages, {name: frame[column].tolist()}, [colour], form=form, legend=False
            )
            _flush(made, frame[column])
            return


def _flush(made: Any, values: pd.Series) -> None:
    """Let the line's points stand in the middle of their columns."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls

    made.category_axis.visible = False
    low, high = float(values.min()), float(values.max())
    room = (high - low) or max(abs(high), 1.0)
    made.value_axis.minimum_scale, made.value_axis.maximum_scale = low - 0.35 * room, high + 0.75 * room
    layout = parse_xml(
        f'<c:layout {nsdecls("c")}><c:manualLayout><c:layoutTarget val="inner"/>'
        '<c:xMode val="edge"/><c:yMode val="edge"/><c:x val="0"/>'
        '<c:y val="0.02"/><c:w val="1"/><c:h val="0.96"/></c:manualLayout></c:layout>'
    )
    plot = made._chartSpace.chart.plotArea
    for old in plot.findall("{*}layout"):
        plot.remove(old)
    plot.insert(0, layout)


def _row(page: Page, box: Box, key: str, cells: list[str]) -> None:
    _head(page, box, page.material.say(f"slides.row_{key}"))
    strong = key == "recommendation"
    size = _size(cells, _places(box, len(cells)))
    for place, words in zip(_places(box, len(cells)), cells, strict=True):
        write(
            page, place, words or "–", size, least=8, fill=page.deck.tint if strong else "#ffffff", line=LINE
        )


def _size(cells: list[str], places: list[Box]) -> float:
    """Return the size of letters at which all cells of a row fit."""
    sizes = [
        fit([in_line(words)], box.width - 2 * MARGIN, box.height - 2 * MARGIN, 10.0, 8.0)[1]
        for words, box in zip(cells, places, strict=True)
    ]
    return min(sizes, default=10.0)


def _cell(page: Page, key: str, row: dict[str, Any]) -> str:
    material = page.material
    if key == "figures" and row["stage"] in page.deck.unseen:
        return material.say("rows.unseen")
    if key == "figures":
        told = [material.say("slides.now", share=row.get("share"))]
        return "\n".join([*told, material.say("slides.leaves", share=row.get("drop_off"))])
    if key in ("channels", "touchpoints"):
        ids = row.get(f"top_{key}")
        listed = ids.split(", ") if isinstance(ids, str) else [] if ids is None or ids != ids else list(ids)
        return material.joined([one for one in listed if one and one != "–"], key.removesuffix("s"))
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _evidence(page: Page, row: dict[str, Any]) -> str:
    """Return the measured figures of a stage with their intervals, for the notes."""
    material = page.material
    told = [material.say("slides.counted", share=row.get("share"), customers=row.get("customers"))]
    for column, key in (("drop_off", "leaves"), ("rating", "rated")):
        form = "percent" if column == "drop_off" else "number"
        between = say_interval(row.get(f"{column}_low"), row.get(f"{column}_high"), form, material.language)
        if between:
            told.append(f"{material.say(f'slides.{key}', share=row.get(column))} ({between})")
    return f"{material.word('stage', row['stage'])}: {'; '.join(told)}"
