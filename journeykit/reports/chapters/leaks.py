"""Where the journey leaks: how far customers get, where they drop out, go back, skip and linger."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit import plots
from journeykit.reports.chapters.flowing import show_flows, show_steps
from journeykit.reports.chapters.leads import lead_of, lead_of_cells
from journeykit.reports.chapters.linking import show_dissatisfied
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page

__all__ = ["leaks"]


def leaks(page: Page, study: Any) -> None:
    """Show the funnel, drop-off, transitions, skips and time in stage."""
    read = Reader(page, study)
    page.heading("leaks")
    if read.unobserved("leaks"):
        return
    if read.table("funnel").empty and read.table("transitions").empty:
        page.note(page.text("prose.leaks_none"))
        return
    page.say(page.text(read.kind("prose.leaks")))
    read.left_out()
    read.say("leaks")
    _funnel(page, read)
    _drop_off(page, read)
    show_flows(page, read)
    _transitions(page, read)
    show_steps(page, read)
    show_dissatisfied(page, read)
    _skips(page, read)
    _time(page, read)
    _compared(page, read)


def _funnel(page: Page, read: Reader) -> None:
    frame = read.table("funnel")
    if frame.empty:
        return
    order = {stage: number for number, stage in enumerate(read.seen(frame["stage"]))}
    frame = frame[frame["persona"].isin([*read.ids, "all"]) & frame["stage"].isin(order)]
    frame = frame.assign(order=frame["stage"].map(order))
    frame = frame.sort_values(["order", "persona"])
    drawn = pd.DataFrame({
        "stage": [read.stage(stage) for stage in frame["stage"]],
        "persona": [read.persona(persona) for persona in frame["persona"]],
        "share": frame["share_of_start"].astype(float), "colour": frame["persona"].map(read.colours),
        "everyone": frame["persona"] == "all",
        "shown": [page.value(share, "percent") for share in frame["share_of_start"]],
    })  # fmt: skip
    page.heading("leaks_funnel", level=2)
    last = drawn[drawn["everyone"]].tail(1)
    page.figure(
        plots.funnel(drawn, xlabel=page.text("axes.reached")), page.text("captions.funnel"), of="funnel",
        lead=lead_of(page, "funnel", last, "share", units=read.units),
    )  # fmt: skip


def _dots(read: Reader, value: str, low: str, high: str) -> pd.DataFrame:
    """Return stage, persona, value, low, high and colour from the journey map, where there are enough customers."""
    frame = read.table("journey_map")
    if frame.empty or value not in frame:
        return pd.DataFrame()
    frame = frame[frame["persona"].isin(read.people_of(frame)) & frame[value].notna()]
    order = {stage: number for number, stage in enumerate(read.seen(frame["stage"]))}
    frame = frame[frame["stage"].isin(order)].sort_values(
        "stage", key=lambda ids: ids.map(order), kind="stable"
    )
    return pd.DataFrame({
        "stage": [read.stage(stage) for stage in frame["stage"]],
        "persona": [read.persona(persona) for persona in frame["persona"]], "value": frame[value].astype(float),
        "low": frame[low].astype(float), "high": frame[high].astype(float),
        "colour": frame["persona"].map(read.colours),
    })  # fmt: skip


def _drop_off(page: Page, read: Reader) -> None:
    frame = _dots(read, "drop_off", "drop_off_low", "drop_off_high")
    page.heading("leaks_drop", level=2)
    if read.untimed("drop"):
        return
    page.say(_of_purchases(read))
    if frame.empty:
        page.note(page.text("prose.drop_none", units=read.units))
    else:
        page.figure(
            plots.drop_off(frame, xlabel=page.text("axes.drop_off")),
            page.text("captions.drop_off"),
            of="drop_off",
            lead=_most_leave(page, read, frame),
        )


def _of_purchases(read: Reader) -> list[Any]:
    """Return the findings about buying that the chapter has not told already: as many, who dropped out as often."""
    told = {_base_and_share(one) for one in read.findings("leaks")}
    return [one for one in read.findings("purchase") if _base_and_share(one) not in told]


def _base_and_share(finding: Any) -> tuple[Any, ...]:
    return finding.persona, finding.customers, round(float(finding.numbers.get("share", -1)), 6)


def _most_leave(page: Page, read: Reader, frame: pd.DataFrame) -> str:
    """Return where most leave for good, of several; not the last stage, which is left in no other way."""
    last = read.stage(read.seen(read.model.ids)[-1]) if read.seen(read.model.ids) else ""
    before = frame[(frame["stage"] != last) & (frame["value"] < 1)]  # all for good: that is no leak
    return lead_of(page, "drop_off", before, "value") if len(before) > 1 else ""


def _transitions(page: Page, read: Reader) -> None:
    frame = read.table("transitions")
    page.heading("leaks_moves", level=2)
    frame = frame[frame["persona"] == "all"] if len(frame) else frame
    if frame.empty:
        page.note(page.text("prose.transitions_none"))
        return
    shares = frame.pivot_table(index="from", columns="to", values="share", aggfunc="first", observed=True)
    rows, columns = read.in_order(shares.index), read.in_order(shares.columns)
    if not rows or not columns:
        page.note(page.text("prose.transitions_none"))
        return
    shares = shares.reindex(index=rows, columns=columns).rename(index=read.stage, columns=read.stage)
    drawn = plots.transition_map(shares, xlabel=page.text("axes.to"), ylabel=page.text("axes.from"))
    lead = lead_of_cells(page, "transitions", shares.drop(columns=read.stage("lapsed"), errors="ignore"))
    page.figure(drawn, page.text("captions.transitions"), of="transitions", lead=lead)


def _skips(page: Page, read: Reader) -> None:
    frame = read.table("skips")
    page.heading("leaks_skips", level=2)
    said = read.say("skips")
    frame = frame[frame["persona"] == "all"] if len(frame) else frame
    enough = frame[frame["customers"] >= read.least] if len(frame) else frame
    if enough.empty:
        page.note(page.text("prose.skips_none")) if not said else None
        return
    shown = enough.assign(
        later_stage_reached_share=[page.spread(row.later_stage_reached_share, row.low, row.high)
                                   for row in enough.itertuples()],
    )  # fmt: skip
    forms = {"skipped_stages": "text", "customers": "whole", "later_stage_reached_share": "right",
             "effect": "points", "p_value": "p_value", "left_out_mean": "number"}  # fmt: skip
    kept = {name: form for name, form in forms.items() if name in shown and shown[name].notna().any()}
    page.table(shown, page.text("captions.skips", units=read.units), kept, of="skips")


def _time(page: Page, read: Reader) -> None:
    frame = _dots(read, "days_median", "days_low", "days_high")
    page.heading("leaks_time", level=2)
    if read.untimed("time"):
        return
    read.say("time")
    if frame.empty:
        page.note(page.text("prose.time_none", units=read.units))
    else:
        page.figure(
            plots.time_in_stage(frame, xlabel=page.text("axes.days")),
            page.text("captions.time"),
            of="time_in_stage",
            lead=lead_of(page, "time", frame, "value") if len(frame) > 1 else "",  # the most of several
        )


def _compared(page: Page, read: Reader) -> None:
    """Show where the largest personas differ by more than chance; or say that they do not, or that there are none."""
    frame = read.table("comparisons")
    page.heading("leaks_compared", level=2)
    if read.untimed("compared"):
        return
    frame = frame[frame["p_adjusted"].notna()] if len(frame) else frame
    if frame.empty:
        key = "compared_none" if len(read.ids) > 1 else "compared_one"
        page.note(page.text(f"prose.{key}", units=read.units))
        return
    days = read.study.journeys.follow_days
    surely = frame[frame["significant"].astype(bool)]
    if surely.empty:
        page.note(page.text("prose.compared_alike", count=len(frame), days=days))
        return
    page.say(page.text("prose.compared", count=len(frame), sure=len(surely), days=days))
    read.say("comparing")
    shown = surely.assign(size=surely["difference"].astype(float).abs()).sort_values("size", ascending=False)
    shown = shown.assign(
        persona=[read.persona(who) for who in shown["group"]],
        other_persona=[read.persona(who) for who in shown["other"]],
        step=[_step(read, row) for row in shown.to_dict("records")],
        effect=[page.spread(row.difference, row.low, row.high, "points") for row in shown.itertuples()],
    )
    forms = {"step": "text", "persona": "text", "share": "percent", "other_persona": "text"}
    forms |= {"other_share": "percent", "effect": "right", "p_adjusted": "p_value"}
    page.table(shown, page.text("captions.compared"), forms, limit=12, of="comparisons")


def _step(read: Reader, row: dict) -> str:
    to = read.stage(row["to"])
    if row["measure"] == "reaches":
        return read.page.text("parts.step_reaches", stage=to)
    return read.page.text("parts.step_moves", start=read.stage(row["from"]), stage=to)
