"""The journey map of each persona, and its value canvas where the stage model asks for one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording.names import in_sentence

__all__ = ["journey_maps"]

FEW_ROWS = 12  # so few rows of all personas stand in one table
TEXTS = "activity question feeling touchpoint asset strategy tool kpi recommendation".split()
MEASURED = (
    "customers share drop_off drop_off_low drop_off_high days_median days_low days_high top_channels top_touchpoints "
    "skipped_share back_share rating rating_low rating_high friction friction_low friction_high"
).split()
MARK = " *"  # behind what the researcher wrote


def journey_maps(page: Page, study: Any) -> None:
    """Show a journey map per persona (of everyone when there are none) as figure and as tables."""
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
    _experience(page, read)
    _absent(page, study)
    rows = {who: _rows(read, frame[frame["persona"] == who]) for who in personas}
    for persona in personas:
        page.title(read.persona(persona), f"map-{persona}", level=2)
        _map(page, read, persona, rows[persona])
    if read.model.canvas:
        _canvases(page, read, rows)
    page.heading("journey_maps_figures", level=2)
    shown = {who: _in_words(page, read, own) for who, own in rows.items()}
    if len(shown) > 1 and sum(map(len, shown.values())) <= FEW_ROWS:
        together = pd.concat([own.assign(persona=read.persona(who)) for who, own in shown.items()])
        page.table(
            together,
            page.text("captions.journey_map_tables"),
            _kept(together, persona="text"),
            of="journey_map",
        )
        return
    for who, own in shown.items():
        page.table(
            own, page.text("captions.journey_map_table", group=read.group(who)), _kept(own), of="journey_map"
        )


def _experience(page: Page, read: Reader) -> None:
    """Say from what the lines of experience are measured, or that these data show no experience."""
    table = read.table("experience")
    signals = set(table.loc[~table["held_back"].astype(bool), "signal"]) if len(table) else set()
    told = [page.text("prose.experience_rating")] if "rating" in signals else []
    if "friction" in signals:
        parts = [page.text(f"parts.{name}") for name in ("returns", "support", "repeats") if name in signals]
        told.append(page.text("prose.experience_friction", signals=read.joined(parts), units=read.units))
    page.say(" ".join(told)) if told else page.note(page.text("prose.experience_none", units=read.units))


def _absent(page: Page, study: Any) -> None:
    absent = getattr(getattr(study, "journey_map", None), "absent", ())
    if absent:
        page.note(page.text("prose.map_absent", personas=", ".join(absent), count=len(absent)))


def _rows(read: Reader, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a persona's stages in order; what the data cannot show of a stage is null."""
    rows = frame.set_index("stage").reindex(read.model.ids)
    rows = rows.reindex(columns=list(dict.fromkeys([*rows.columns, *MEASURED, *TEXTS, "edited"])))
    rows.loc[read.unseen, MEASURED] = None
    seen = read.seen(rows.index)
    rows.loc[seen[-1:], "skipped_share"] = None  # nothing comes after the last, nothing before the first
    rows.loc[seen[:1], "back_share"] = None
    return rows


def _map(page: Page, read: Reader, persona: str, rows: pd.DataFrame) -> None:
    """Show the map as one wide figure, and all that is in it as a table that a screen reader can read."""
    word, stages = page.text, [read.stage(stage) for stage in rows.index]
    bands = _bands(page, rows)
    figures = (
        {}
        if read.client.in_order
        else {
            word("rows.drop_off"): [page.value(value, "percent") for value in rows["drop_off"]],
            word("rows.days"): [page.value(value, "duration") for value in rows["days_median"]],
        }
    )
    met = {
        word(f"rows.{name}"): [read.names(kind, ids, 2) for ids in rows[name]]
        for name, kind in (("top_channels", "channel"), ("top_touchpoints", "touchpoint"))
    }
    texts = _texts(page, rows)
    drawn = plots.journey_canvas(
        figures | met | texts, stages, list(rows["share"].astype(float)), height_label=word("axes.now"),
        emphasis=[word("rows.drop_off")], bands=bands,
    )  # fmt: skip
    group = read.group(persona)
    page.figure(drawn, " ".join([word("captions.journey_map", group=group), *_remarks(page, read, rows)]))
    table = _measured(page, rows) | met | texts
    page.grid(table, stages, word("columns.stage"), word("captions.journey_map_grid", group=group))


def _remarks(page: Page, read: Reader, rows: pd.DataFrame) -> list[str]:
    said = []
    if read.unseen:
        said.append(page.text("captions.journey_map_unseen", stages=read.listed(read.unseen)))
    if rows["edited"].notna().any():
        said.append(page.text("captions.journey_map_written", mark=MARK.strip()))
    return said


def _bands(page: Page, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the lines of experience that were measured: ratings from 0 to 10, and friction per customer."""
    found = {}
    for name, most in (("rating", 10.0), ("friction", None)):
        columns = {name: "value", f"{name}_low": "low", f"{name}_high": "high"}
        frame = rows[list(columns)].astype(float).rename(columns=columns)
        if frame["value"].notna().any():
            frame["shown"] = [page.value(value, "number") for value in frame["value"]]
            found[page.text(f"rows.{name}")] = frame if most is None else frame.assign(most=most)
    return found


def _texts(page: Page, rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return the rows of words that hold anything; what the researcher wrote has a mark behind it."""
    written = [str(cell).split(", ") if cell == cell and cell else [] for cell in rows["edited"]]
    found = {}
    for row in TEXTS:
        cells = [text if isinstance(text, str) and text else "" for text in rows[row]]
        marked = [
            f"{text}{MARK}" if text and row in edited else text or "–"
            for text, edited in zip(cells, written, strict=True)
        ]
        if any(cells):
            found[page.text(f"rows.{row}")] = marked
    return found


def _measured(page: Page, rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return what was measured of each stage, in words with intervals."""
    plain = {name: (name, "", "", "percent") for name in ("share", "skipped_share", "back_share")}
    forms = {
        "share": plain.pop("share"),
        "drop_off": ("drop_off", "drop_off_low", "drop_off_high", "percent"),
        "days": ("days_median", "days_low", "days_high", "number"),
        **plain,
        "rating": ("rating", "rating_low", "rating_high", "number"),
        "friction": ("friction", "friction_low", "friction_high", "number"),
    }
    found = {}
    for name, (value, low, high, form) in forms.items():
        if rows[value].notna().any():
            cells = rows.to_dict("records")
            found[page.text(f"rows.{name}")] = [
                page.spread(row[value], row.get(low), row.get(high), form) for row in cells
            ]
    return found


def _canvases(page: Page, read: Reader, rows: dict[str, pd.DataFrame]) -> None:
    """Show the value canvas of each persona: what each stage is for, what was reached, what to do with what."""
    page.heading("canvas", level=2)
    page.say(page.text("prose.canvas"))
    funnel = read.table("funnel")
    for who, own in rows.items():
        reached = funnel[funnel["persona"] == who].set_index("stage")["share_of_start"] if len(funnel) else {}
        boxes = pd.DataFrame([_box(page, read, stage, row, reached) for stage, row in own.iterrows()])
        caption = page.text("captions.canvas", group=read.group(who))
        page.figure(plots.value_canvas(boxes), caption)
        heads = [
            _capital(page.text(f"rows.{name}"))
            for name in ("reached", "goal", "recommendation", "asset", "kpi")
        ]
        cells = zip(boxes["figure"], *zip(*boxes["texts"], strict=True), strict=True)
        table = {stage: list(texts) for stage, texts in zip(boxes["stage"], cells, strict=True)}
        grid = page.text("captions.canvas_grid", group=read.group(who))
        page.grid(table, heads, page.text("columns.stage"), grid)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _box(page: Page, read: Reader, stage: str, row: pd.Series, reached: Any) -> dict[str, Any]:
    share = reached.get(stage) if stage not in read.unseen else None
    seen = share is not None and share == share
    texts = [
        read.model.stage(stage).goal.get(read.language, ""),
        row["recommendation"],
        row["asset"],
        row["kpi"],
    ]
    texts = [text if isinstance(text, str) else "" for text in texts]
    named = [
        f"{page.text(f'rows.{name}')}: {in_sentence(text)}" if text else ""
        for name, text in zip(("asset", "kpi"), texts[2:], strict=True)
    ]
    return {
        "stage": read.stage(stage), "figure": page.value(share, "percent") if seen else "–", "texts": texts,
        "remark": page.text("rows.reached") if seen else page.text("rows.unseen"), "lines": [*texts[:2], *named],
    }  # fmt: skip


def _in_words(page: Page, read: Reader, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the stages that hold enough customers, with names and with intervals in the cells."""
    shown = rows.reset_index().assign(stage=[read.stage(stage) for stage in rows.index])
    shown = shown[shown["customers"].fillna(0) >= min(read.least, shown["customers"].max())]
    spreads = {
        name: [page.spread(row[value], row[low], row[high], form) for row in shown.to_dict("records")]
        for name, value, low, high, form in (
            ("drop_off", "drop_off", "drop_off_low", "drop_off_high", "percent"),
            ("days_median", "days_median", "days_low", "days_high", "number"),
            ("rating", "rating", "rating_low", "rating_high", "number"),
            ("friction", "friction", "friction_low", "friction_high", "number"),
        )
    }
    return shown.assign(**spreads)


def _kept(shown: pd.DataFrame, **before: str) -> dict[str, str]:
    """Return the columns that hold anything, with their forms."""
    forms = {**before, "stage": "text", "customers": "whole", "share": "percent", "drop_off": "right",
             "days_median": "right", "skipped_share": "percent", "back_share": "percent", "rating": "right",
             "friction": "right"}  # fmt: skip
    return {name: form for name, form in forms.items() if name in shown and _holds(shown[name])}


def _holds(cells: pd.Series) -> bool:
    return bool((cells.notna() & (cells.astype(str) != "–")).any())
