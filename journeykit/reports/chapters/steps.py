"""What to do, and what to start measuring."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.journey_maps import best_channel, pick_action
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording import label
from journeykit.wording.names import in_sentence

__all__ = ["actions", "measure", "recommendations"]


def _advice(read: Reader) -> pd.DataFrame:
    """Return the journey map's rows that can be acted on: where most customers are lost first."""
    frame = read.table("journey_map")
    if frame.empty:
        return frame
    frame = frame[frame["persona"].isin(read.people_of(frame)) & (frame["customers"].fillna(0) >= read.least)]
    lost = frame["customers"].astype(float) * frame["drop_off"].astype(float).fillna(0.0)
    frame = frame.assign(lost=lost).sort_values("lost", ascending=False, kind="stable")
    frame = frame[frame["stage"].isin(read.seen(read.model.ids))]
    advice = [_words(read, row.persona, row.stage) for row in frame.itertuples()]
    return frame.assign(channel=[channel for channel, _ in advice], action=[action for _, action in advice])


def _words(read: Reader, persona: str, stage_id: str) -> tuple[str, str]:
    """Return the channel and the action that are advised."""
    stage, known = read.model.stage(stage_id), read.table("channels")
    channel = best_channel(known, persona, stage) if len(known) else next(iter(stage.channels), None)
    name = label("channel", channel, read.language, read.client) if channel else "–"
    return name, pick_action(stage, channel, read.language) or ""


def recommendations(read: Reader, most: int = 3) -> list[str]:
    """Return what to do first, a sentence each, about different stages."""
    said, seen = [], set()
    for row in _advice(read).itertuples():
        if row.stage in seen or not row.action or len(said) == most:
            continue
        seen.add(row.stage)
        said.append(_recommendation(read, row))
    return said


def _recommendation(read: Reader, row: Any) -> str:
    group, stage, action = read.group(row.persona), read.stage(row.stage), in_sentence(row.action.rstrip("."))
    text = read.page.text
    said = text("prose.recommend", group=group, stage=stage, channel=row.channel, action=action)
    return (
        f"{said} {text('prose.recommend_why', share=row.drop_off)}" if row.drop_off == row.drop_off else said
    )


def actions(page: Page, study: Any) -> None:
    """Show the recommendation per persona and stage, by what there is to gain."""
    read = Reader(page, study)
    page.heading("actions")
    if read.unobserved("actions"):
        return
    frame = _advice(read)
    if frame.empty:
        page.note(page.text("prose.actions_none"))
        return
    page.say(page.text(read.kind("prose.actions"), units=read.units))
    whom = [
        read.persona(row.persona)
        + ("" if read.client.in_order else f" ({page.value(row.drop_off, 'percent')})")
        for row in frame.itertuples()
    ]
    alike = frame.assign(whom=whom).groupby(["stage", "channel", "action"], sort=False)
    rows = alike.agg(persona=("whom", ", ".join)).reset_index()
    shown = rows.assign(
        stage=[read.stage(stage) for stage in rows["stage"]],
        asset=[_first(read, stage, "assets") for stage in rows["stage"]],
        kpi=[_first(read, stage, "kpis") for stage in rows["stage"]],
    )
    names = ("stage", "persona", "action", "channel", "asset", "kpi")
    page.table(shown, page.text(read.kind("captions.actions")), dict.fromkeys(names, "text"), limit=30)


def _first(read: Reader, stage: str, field: str) -> str:
    texts = getattr(read.model.stage(stage), field, {}).get(read.language, ())
    return texts[0] if texts else "–"


def measure(page: Page, study: Any) -> None:
    """Show which stages the data cannot show, and what to record to see them."""
    read = Reader(page, study)
    page.heading("measure")
    if read.unobserved("measure"):
        return
    found = read.findings("measure", most=20)
    if not found:
        page.note(page.text("prose.measure_none"))
        return
    page.say(page.text("prose.measure"))
    page.say(found)
