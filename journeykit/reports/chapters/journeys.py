"""The journey map of each persona."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page

__all__ = ["journey_maps"]

TEXTS = {"activity": "activities", "question": "questions", "asset": "assets", "strategy": "strategies"}


def journey_maps(page: Page, study: Any) -> None:
    """Show a journey map per persona (of everyone when there are none) as figure and as table."""
    read = Reader(page, study)
    page.heading("journey_maps")
    frame = read.table("journey_map")
    personas = read.people_of(frame)
    if not personas:
        page.note(page.text("prose.journey_maps_none"))
        return
    page.say(page.text("prose.journey_maps"))
    for persona in personas:
        rows = frame[frame["persona"] == persona].set_index("stage").reindex(read.model.ids)
        page.title(read.persona(persona), f"map-{persona}", level=2)
        _figure(page, read, persona, rows)
        _table(page, read, persona, rows)


def _figure(page: Page, read: Reader, persona: str, rows: pd.DataFrame) -> None:
    word = page.text
    cells = {word("rows.drop_off"): [page.value(value, "percent") for value in rows["drop_off"]]}
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
    page.figure(drawn, word("captions.journey_map", persona=read.persona(persona)))


def _first(read: Reader, stage: str, field: str) -> str:
    texts = getattr(read.model.stage(stage), field, {}).get(read.language, ())
    return texts[0] if texts else "–"


def _table(page: Page, read: Reader, persona: str, rows: pd.DataFrame) -> None:
    shown = rows.reset_index().assign(stage=[read.stage(stage) for stage in rows.index])
    shown = shown[shown["customers"].fillna(0) >= min(read.least, shown["customers"].max())]
    shown = shown.assign(
        drop_off=[
            page.spread(row.drop_off, row.drop_off_low, row.drop_off_high) for row in shown.itertuples()
        ],
        days_median=[
            page.spread(row.days_median, row.days_low, row.days_high, "number") for row in shown.itertuples()
        ],
    )
    forms = {"stage": "text", "customers": "whole", "share": "percent", "drop_off": "right", "days_median": "right",
             "skipped_share": "percent", "back_share": "percent"}  # fmt: skip
    kept = {name: form for name, form in forms.items() if name in shown and shown[name].notna().any()}
    page.table(shown, page.text("captions.journey_map_table", persona=read.persona(persona)), kept)
