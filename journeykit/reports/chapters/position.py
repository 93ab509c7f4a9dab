"""Where everyone is now, and where they are expected to go."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.leads import lead_of
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page
from journeykit.reports.small_cells import blank_small_cells, is_small

__all__ = ["forecast", "stages"]


def stages(page: Page, study: Any) -> None:
    """Show the distribution over the stages per persona, and how many get none."""
    read = Reader(page, study)
    page.heading("stages")
    customers = read.units_table()
    if read.client.profile_only:
        _told(page, read, customers)
        return
    if customers.empty or not read.shows_stages():
        page.note(page.text("prose.stages_none", units=read.units))
        return
    if len(customers) < read.least:
        page.note(page.text("prose.too_few", least=read.least, units=read.units))
        return
    day = page.value(page.day_of(study.log), "date")
    page.say(page.text(read.kind("prose.stages"), day=day))
    read.say("stages")
    read.left_out()
    _distribution(page, read, customers)


def _told(page: Page, read: Reader, customers: pd.DataFrame) -> None:
    """Show the stages that a column of the table of customers tells; or say that none does."""
    known = customers[customers["stage"].notna()]
    if known.empty:
        read.unobserved("stages")
        return
    if len(known) < read.least:
        page.note(page.text("prose.too_few", least=read.least, units=read.units))
        return
    page.say(page.text("prose.stages_people", known=len(known), all=len(customers), units=read.units))
    _distribution(page, read, known)


def _distribution(page: Page, read: Reader, customers: pd.DataFrame) -> None:
    drawn = _shares(read, customers).rename(index=read.persona, columns=read.stage)
    day = page.value(page.day_of(read.study.log), "date")
    everyone = drawn.iloc[0].rename("share").rename_axis("stage").reset_index()
    page.figure(
        plots.stage_distribution(drawn), page.text(read.kind("captions.stages"), day=day), of="stages_now",
        lead=lead_of(page, "stages", everyone, "share", units=read.units),
    )  # fmt: skip
    _counts(page, read, customers)


def _groups(read: Reader, customers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the customers of everyone and of each persona that is large enough to show."""
    found = {"all": customers} | {persona: customers[customers["persona"] == persona] for persona in read.ids}
    return {persona: rows for persona, rows in found.items() if len(rows) >= read.least}


def _shares(read: Reader, customers: pd.DataFrame) -> pd.DataFrame:
    """Return the mean probability of each stage per group: the expected distribution."""
    columns = read.seen([*read.model.ids, "lapsed"])
    rows = {p: rows[[f"p_{name}" for name in columns]].mean() for p, rows in _groups(read, customers).items()}
    return pd.DataFrame(rows).T.set_axis(columns, axis=1).fillna(0.0)


def _counts(page: Page, read: Reader, customers: pd.DataFrame) -> None:
    ids = read.seen([*read.model.ids, "lapsed"])
    expected = [customers[f"p_{name}"].sum() for name in ids]
    frame = pd.DataFrame({
        "stage": [read.stage(name) for name in ids], "customers": expected,
        "share": [count / len(customers) for count in expected],
        "certain": [int((customers["stage"] == name).sum()) for name in ids],
        "likely": [_likely(page, read, customers, name) for name in ids],
    })  # fmt: skip
    counted = frame.rename(columns={"certain": "named", "likely": "words"})
    frame = blank_small_cells("stages_now", counted, read.least).rename(
        columns={"named": "certain", "words": "likely"}
    )
    forms = {"stage": "text", "customers": "whole", "share": "percent", "certain": "whole", "likely": "text"}
    told = read.client.profile_only
    forms = {name: form for name, form in forms.items() if not (told and name in ("certain", "likely"))}
    page.table(frame, page.text(read.kind("captions.stages_table"), units=read.units), forms, of="stages_now")


def _likely(page: Page, read: Reader, customers: pd.DataFrame, name: str) -> str:
    """Say how many without a given stage are probably in this one: "probably comparing (62%): 12"."""
    there = customers[customers["stage"].isna() & (customers["stage_likely"] == name)]
    if not len(there) or 0 < len(there) < read.least:
        return "–"
    share = float(there["stage_confidence"].mean())
    return page.text("parts.likely", stage=read.stage(name), share=share, count=len(there))


def forecast(page: Page, study: Any) -> None:
    """Show who is expected to stay, move and lapse within the horizon, and where movers go."""
    read = Reader(page, study)
    page.heading("forecast")
    if read.unobserved("forecast") or read.untimed("forecast"):
        return
    customers = read.units_table()
    chances = [name for name in customers if str(name).startswith("p_next_")]
    if read.after_the_end():
        return
    if customers.empty or "p_next_stay" not in chances or customers["p_next_stay"].isna().all():
        page.note(page.text("prose.forecast_none"))
        return
    if len(customers) < read.least:
        page.note(page.text("prose.too_few", least=read.least, units=read.units))
        return
    page.say(page.text("prose.forecast"))
    read.say("forecast")
    frame = _expected(read, customers, chances)
    days = read.client.period.horizon_days
    moving = frame.iloc[:, 1].rename("share").rename_axis("persona").reset_index().iloc[1:]
    page.figure(
        plots.forecast(frame), page.text("captions.forecast", days=days), of="outlook",
        lead=lead_of(page, "forecast", moving, "share"),
    )  # fmt: skip
    _next(page, read, customers, chances)
    _ahead(page, read)


def _expected(read: Reader, customers: pd.DataFrame, chances: list[str]) -> pd.DataFrame:
    moves = [name for name in chances if name not in ("p_next_stay", "p_next_lapsed")]
    rows = {}
    for persona, group in _groups(read, customers).items():
        mean = group[chances].mean()
        rows[read.persona(persona)] = [mean["p_next_stay"], mean[moves].sum(), mean.get("p_next_lapsed", 0.0)]
    names = [read.page.text(f"parts.{part}") for part in ("stay", "move", "lapse")]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names)


def _next(page: Page, read: Reader, customers: pd.DataFrame, chances: list[str]) -> None:
    moves = [name for name in map("p_next_{}".format, read.seen(read.model.ids)) if name in chances]
    expected = customers[moves].sum().sort_values(ascending=False)
    expected = expected[expected >= 0.5]
    if expected.empty:
        return
    frame = pd.DataFrame({
        "next_stage": [read.stage(name.removeprefix("p_next_")) for name in expected.index],
        "customers": expected.mask(is_small(expected, read.least)).to_numpy(),
        "share": (expected / expected.sum()).to_numpy(),
    })  # fmt: skip
    forms = {"next_stage": "text", "customers": "whole", "share": "percent"}
    page.table(frame, page.text("captions.forecast_next"), forms, of="outlook")


def _ahead(page: Page, read: Reader) -> None:
    """Show per persona who goes on, back or returns, and after how many days the next move is expected."""
    outlook = read.table("outlook")
    if outlook.empty or "days_median" not in outlook:
        return
    whole = outlook[(outlook["stage"] == "all") & ~outlook["held_back"].astype(bool)].set_index("persona")
    whole = whole.loc[[persona for persona in ("all", *read.ids) if persona in whole.index]]
    if whole.empty or whole["forward_share"].isna().all():
        return
    frame = whole.assign(persona=[read.persona(persona) for persona in whole.index])
    frame = frame.rename(columns={f"days_{part}": f"next_move_{part}" for part in ("median", "low", "high")})
    shares = dict.fromkeys(("forward_share", "back_share", "return_share"), "percent")
    times = dict.fromkeys(("next_move_median", "next_move_low", "next_move_high"), "duration")
    told = {name: form for name, form in times.items() if frame[name].notna().any()}
    key = "forecast_ahead" if told else "forecast_ahead_shares"
    caption = page.text(f"captions.{key}", days=read.client.period.horizon_days)
    page.table(frame, caption, {"persona": "text", **shares, **told})
