"""The journey map of each persona."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page

__all__ = ["journey_maps"]

FEW_ROWS = 12  # so few rows of all personas stand in one table
TEXTS = {"activity": "activities", "question": "questions", "asset": "assets", "strategy": "strategies"}


def journey_maps(page: Page, study: Any) -> None:
    """Show a journey map per persona (of everyone when there are none) as figure and as table."""
    read = Reader(page, study)
    page.heading("journey_maps")
    if read.unobserved("journey_maps"):
        return
    frame = read.table("journey_map")
    personas = read.people_of(frame)
    if not personas:
        page.note(page.text("prose.journey_maps_none"))
        return
    page.say(page.text("prose.journey_maps"))
    rows = {who: _rows(read, frame[frame["persona"] == who]) for who in personas}
    for persona in personas:
        page.title(read.persona(persona), f"map-{persona}", level=2)
        _figure(page, read, persona, rows[persona])
    page.heading("journey_maps_figures", level=2)
    shown = {who: _in_words(page, read, own) for who, own in rows.items()}
    if len(shown) > 1 and sum(map(len, shown.values())) <= FEW_ROWS:
        together = pd.concat([own.assign(persona=read.persona(who)) for who, own in shown.items()])
        page.table(together, page.text("captions.journey_map_tables"), _kept(together, persona="text"))
        return
    for who, own in shown.items():
        page.table(own, page.text("captions.journey_map_table", group=read.group(who)), _kept(own))


def _rows(read: Reader, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a persona's stages in order; what the data cannot show of a stage is null."""
    rows = frame.set_index("stage").reindex(read.model.ids)
    shown = [name for name in rows if name not in ("persona", "recommendation")]
    rows.loc[read.unseen, shown] = None
    seen = read.seen(rows.index)
    rows.loc[seen[-1:], "skipped_share"] = None  # nothing comes after the last, nothing before the first
    rows.loc[seen[:1], "back_share"] = None
    return rows


def _figure(page: Page, read: Reader, persona: str, rows: pd.DataFrame) -> None:
    word = page.text
    cells = {}
    if not read.client.in_order:
        cells[word("rows.drop_off")] = [page.value(value, "percent") for value in rows["drop_off"]]
        cells[word("rows.days")] = [page.value(value, "duration") for value in rows["days_median"]]
    cells[word("rows.top_channels")] = [read.names("channel", ids, 2) for ids in rows["top_channels"]]
    cells[word("rows.top_touchpoints")] = [
        read.names("touchpoint", ids, 2) for ids in rows["top_touchpoints"]
    ]
    for row, field in TEXTS.items():
        cells[word(f"rows.{row}")] = [_first(read, stage, field) for stage in rows.index]
    drawn = plots.journey_canvas(
        cells, [read.stage(stage) for stage in rows.index], list(rows["share"].astype(float)),
        height_label=word("axes.now"), emphasis=[word("rows.drop_off")],
    )  # fmt: skip
    remark = word("captions.journey_map_unseen", stages=read.listed(read.unseen)) if read.unseen else ""
    page.figure(drawn, f"{word('captions.journey_map', group=read.group(persona))} {remark}".strip())


def _first(read: Reader, stage: str, field: str) -> str:
    texts = getattr(read.model.stage(stage), field, {}).get(read.language, ())
    return texts[0] if texts else "–"


def _in_words(page: Page, read: Reader, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the stages that hold enough customers, with names and with intervals in the cells."""
    shown = rows.reset_index().assign(stage=[read.stage(stage) for stage in rows.index])
    shown = shown[shown["customers"].fillna(0) >= min(read.least, shown["customers"].max())]
    return shown.assign(
        drop_off=[
            page.spread(row.drop_off, row.drop_off_low, row.drop_off_high) for row in shown.itertuples()
        ],
        days_median=[
            page.spread(row.days_median, row.days_low, row.days_high, "number") for row in shown.itertuples()
        ],
    )


def _kept(shown: pd.DataFrame, **before: str) -> dict[str, str]:
    """Return the columns that hold anything, with their forms."""
    forms = {**before, "stage": "text", "customers": "whole", "share": "percent", "drop_off": "right",
             "days_median": "right", "skipped_share": "percent", "back_share": "percent"}  # fmt: skip
    return {name: form for name, form in forms.items() if name in shown and _holds(shown[name])}


def _holds(cells: pd.Series) -> bool:
    return bool((cells.notna() & (cells.astype(str) != "–")).any())
