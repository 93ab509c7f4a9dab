"""After the purchase, what to do, and what to start measuring."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page

__all__ = ["actions", "after_purchase", "measure", "recommendations"]

AFTER = ("referral", "review", "testimonial", "nps_rating", "survey_response")


def after_purchase(page: Page, study: Any) -> None:
    """Show ratings, referrals and lapsed customers that came back; or say why not."""
    read = Reader(page, study)
    page.heading("after")
    found = read.findings("after") + [one for one in read.findings("stages") if one.key == "lapsed_share"][:1]
    if not [one for one in found if one.key != "lapsed_share"]:
        page.note(page.text("prose.after_none", units=read.units))
        page.say(found)
        return
    page.say(page.text("prose.after", units=read.units))
    page.say(found)


def _advice(read: Reader) -> pd.DataFrame:
    """Return the journey map's rows that can be acted on: where most customers are lost first."""
    frame = read.table("journey_map")
    if frame.empty:
        return frame
    frame = frame[frame["persona"].isin(read.people_of(frame)) & (frame["customers"].fillna(0) >= read.least)]
    lost = frame["customers"].astype(float) * frame["drop_off"].astype(float).fillna(0.0)
    return frame.assign(lost=lost).sort_values("lost", ascending=False, kind="stable")


def _words(read: Reader, row: Any) -> str:
    stage = read.model.stage(row.stage)
    actions = getattr(stage, "brand_actions", {}).get(read.language, ())
    given = getattr(row, "recommendation", None)
    return given if isinstance(given, str) and given else (actions[0] if actions else "")


def recommendations(read: Reader, most: int = 3) -> list[str]:
    """Return what to do first, a sentence each, about different stages."""
    said, seen = [], set()
    for row in _advice(read).itertuples():
        if row.stage in seen or row.stage not in read.model.ids or not _words(read, row) or len(said) == most:
            continue
        seen.add(row.stage)
        persona, stage, words = read.persona(row.persona), read.stage(row.stage), _words(read, row)
        said.append(read.page.text("prose.recommend", persona=persona, stage=stage, words=_sentence(words)))
    return said


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def actions(page: Page, study: Any) -> None:
    """Show the recommendation per persona and stage, by what there is to gain."""
    read = Reader(page, study)
    page.heading("actions")
    frame = _advice(read)
    frame = frame[frame["stage"].isin(read.model.ids)] if len(frame) else frame
    if frame.empty:
        page.note(page.text("prose.actions_none"))
        return
    page.say(page.text("prose.actions", units=read.units))
    shown = pd.DataFrame({
        "persona": [read.persona(persona) for persona in frame["persona"]],
        "stage": [read.stage(stage) for stage in frame["stage"]],
        "drop_off": frame["drop_off"].astype(float).to_numpy(),
        "recommendation": [_words(read, row) for row in frame.itertuples()],
        "asset": [_first(read, stage, "assets") for stage in frame["stage"]],
        "kpi": [_first(read, stage, "kpis") for stage in frame["stage"]],
    })  # fmt: skip
    forms = {"persona": "text", "stage": "text", "drop_off": "percent", "recommendation": "text",
             "asset": "text", "kpi": "text"}  # fmt: skip
    page.table(shown, page.text("captions.actions"), forms, limit=30)


def _first(read: Reader, stage: str, field: str) -> str:
    texts = getattr(read.model.stage(stage), field, {}).get(read.language, ())
    return texts[0] if texts else "–"


def measure(page: Page, study: Any) -> None:
    """Show which stages the data cannot show, and what to record to see them."""
    read = Reader(page, study)
    page.heading("measure")
    found = read.findings("measure", most=20)
    if not found:
        page.note(page.text("prose.measure_none"))
        return
    page.say(page.text("prose.measure"))
    page.say(found)
