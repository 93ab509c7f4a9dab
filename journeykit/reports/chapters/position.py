"""Where everyone is now, and where they are expected to go."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page

__all__ = ["forecast", "stages"]


def stages(page: Page, study: Any) -> None:
    """Show the distribution over the stages per persona, and how many get none."""
    read = Reader(page, study)
    page.heading("stages")
    customers = read.units_table()
    known = [name for name in customers if name == "stage"]
    if customers.empty or not known or customers["stage"].isna().all():
        page.note(page.text("prose.stages_none", units=read.units))
        return
    day = page.value(page.day(study.log.moment), "date")
    page.say(page.text("prose.stages", day=day))
    read.say("stages")
    shares = _shares(read, customers)
    drawn = shares.rename(
        index=read.persona, columns=lambda name: read.stage(None if name == "unsure" else name)
    )
    page.figure(plots.stage_distribution(drawn, apart=2), page.text("captions.stages", day=day))
    _counts(page, read, customers)


def _groups(read: Reader, customers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the customers of everyone and of each persona that is large enough to show."""
    found = {"all": customers} | {persona: customers[customers["persona"] == persona] for persona in read.ids}
    return {persona: rows for persona, rows in found.items() if len(rows) >= min(read.least, len(customers))}


def _shares(read: Reader, customers: pd.DataFrame) -> pd.DataFrame:
    columns = [*read.model.ids, "lapsed", "unsure"]
    groups = _groups(read, customers)
    rows = {p: rows["stage"].fillna("unsure").value_counts(normalize=True) for p, rows in groups.items()}
    return pd.DataFrame(rows).T.reindex(columns=columns).fillna(0.0)


def _counts(page: Page, read: Reader, customers: pd.DataFrame) -> None:
    counts = customers["stage"].fillna("unsure").value_counts()
    ids = [name for name in (*read.model.ids, "lapsed", "unsure") if counts.get(name, 0)]
    frame = pd.DataFrame({
        "stage": [read.stage(None if name == "unsure" else name) for name in ids],
        "customers": [counts[name] for name in ids], "share": [counts[name] / len(customers) for name in ids],
        "stage_confidence": [customers.loc[customers["stage"].fillna("unsure") == name, "stage_confidence"].mean()
                             for name in ids],
    })  # fmt: skip
    forms = {"stage": "text", "customers": "whole", "share": "percent", "stage_confidence": "percent"}
    page.table(frame, page.text("captions.stages_table", units=read.units), forms)


def forecast(page: Page, study: Any) -> None:
    """Show who is expected to stay, move and lapse within the horizon, and where movers go."""
    read = Reader(page, study)
    page.heading("forecast")
    customers = read.units_table()
    chances = [name for name in customers if str(name).startswith("p_next_")]
    if customers.empty or "p_next_stay" not in chances or customers["p_next_stay"].isna().all():
        page.note(page.text("prose.forecast_none"))
        return
    page.say(page.text("prose.forecast"))
    read.say("forecast")
    frame = _expected(read, customers, chances)
    days = read.client.period.horizon_days
    page.figure(plots.forecast(frame), page.text("captions.forecast", days=days))
    _next(page, read, customers, chances)


def _expected(read: Reader, customers: pd.DataFrame, chances: list[str]) -> pd.DataFrame:
    moves = [name for name in chances if name not in ("p_next_stay", "p_next_lapsed")]
    rows = {}
    for persona, group in _groups(read, customers).items():
        mean = group[chances].mean()
        rows[read.persona(persona)] = [mean["p_next_stay"], mean[moves].sum(), mean.get("p_next_lapsed", 0.0)]
    names = [read.page.text(f"parts.{part}") for part in ("stay", "move", "lapse")]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names)


def _next(page: Page, read: Reader, customers: pd.DataFrame, chances: list[str]) -> None:
    moves = [name for name in chances if name not in ("p_next_stay", "p_next_lapsed")]
    expected = customers[moves].sum().sort_values(ascending=False)
    expected = expected[expected >= 0.5]
    if expected.empty:
        return
    frame = pd.DataFrame({
        "next_stage": [read.stage(name.removeprefix("p_next_")) for name in expected.index],
        "customers": expected.to_numpy(), "share": (expected / expected.sum()).to_numpy(),
    })  # fmt: skip
    forms = {"next_stage": "text", "customers": "whole", "share": "percent"}
    page.table(frame, page.text("captions.forecast_next"), forms)
