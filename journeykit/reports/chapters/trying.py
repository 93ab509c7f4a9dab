"""What the trials showed: per trial in a sentence, and per arm in figures."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.wording import label

__all__ = ["trials"]

FORMS = {"trial": "text", "persona": "text", "arm": "text", "customers": "whole", "rate": "percent", "lift": "right",
         "p_value": "p_value", "verdict": "text"}  # fmt: skip


def trials(page: Page, study: Any) -> None:
    """Show what the trials of the client file showed; nothing where it names none."""
    if not study.client.trials:
        return
    read = Reader(page, study)
    page.heading("trials")
    _not_ended(page, study)
    frame = read.table("trials")
    if frame.empty:
        return
    page.say(read.findings("trials", most=30))
    _sizes(page, read)
    primary = dict.fromkeys(name for trial in study.client.trials for name in trial.primary)
    page.say(
        page.text(
            "prose.trials",
            primary=read.joined(label("touchpoint", one, read.language, read.client) for one in primary),
        )
    )
    _table(page, read, frame)


def _not_ended(page: Page, study: Any) -> None:
    day = study.log.as_of_date
    for trial in study.client.trials:
        if day < trial.end:
            key, told = ("trial_coming", trial.start) if day < trial.start else ("trial_running", trial.end)
            page.note(page.text(f"prose.{key}", trial=trial.id, day=page.value(told, "date")))


def _sizes(page: Page, read: Reader) -> None:
    """Say how many were planned and took part, and who is left out."""
    counted = read.counted("trials")
    whole = counted[counted["persona"] == "all"].groupby("trial")["customers"].sum()
    left_out = read.study.log.groups.attrs.get("left_out", {})
    for trial in read.client.trials:
        if trial.planned and trial.id in whole.index:
            told = {"trial": trial.id, "planned": trial.planned, "customers": int(whole[trial.id])}
            page.say(page.text("prose.trial_size", units=read.units, **told))
        if left_out.get(trial.id):
            page.note(page.text("prose.trial_left_out", trial=trial.id, count=left_out[trial.id]))


def _table(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    shown = frame.assign(
        persona=[read.persona(persona) for persona in frame["persona"]],
        lift=[page.spread(row.lift, row.low, row.high, "points") for row in frame.itertuples()],
        verdict=[
            page.text(f"values.verdict_{one}") if isinstance(one, str) else "–" for one in frame["verdict"]
        ],
    )
    page.table(shown, page.text("captions.trials"), FORMS, limit=60, of="trials")
    if frame["persona"].nunique() > 1:
        page.say(page.text("prose.trials_personas"))
