"""What to do, and what to start measuring."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.journey_maps.advice import WRITTEN
from journeykit.reports.chapters.deciding import list_decisions
from journeykit.reports.chapters.reading import Reader
from journeykit.reports.page import Page

__all__ = ["actions", "measure", "recommendations"]

MARK = "*"  # behind what the researcher wrote


def recommendations(read: Reader, most: int = 3) -> list[tuple]:
    """Return what to do first, about different stages: a finding, and behind it what is at stake, where measured.

    Beside stages that hold people, nothing is advised of those that hold hardly anybody: there is nobody to reach.
    """
    stakes = {(found.persona, found.stage): found for found in read.findings("what_if", most=1000)}
    held, firsts = _held(read), dict[Any, tuple]()
    for found in read.findings("actions", most=1000):
        if held and (found.persona or "all", found.stage) not in held:
            continue
        stake = stakes.get((found.persona, found.stage))
        firsts.setdefault(found.stage, (found, stake) if stake else (found,))
    return list(firsts.values())[:most]


def _held(read: Reader) -> set[tuple[str, str]]:
    """Return the personas and stages that hold at least the smallest group."""
    rows = read.table("journey_map")
    if rows.empty:
        return set()
    rows = rows[rows["customers"].fillna(0) >= read.least]
    return set(zip(rows["persona"], rows["stage"], strict=True))


def actions(page: Page, study: Any) -> None:
    """Show the recommendation per persona and stage, by what there is to gain, and what it would have brought."""
    read = Reader(page, study)
    page.heading("actions")
    if read.unobserved("actions"):
        return
    list_decisions(page, read)
    frame, told = _advice(read), recommendations(read, most=5)
    if frame.empty and not told:
        page.note(page.text("prose.actions_none"))
        return
    page.say(page.text(read.kind("prose.actions"), units=read.units))
    page.say(told)
    if frame.empty:
        return
    _first_things(page, read, frame)
    if not read.client.in_order:
        _stakes(page, read, frame[frame["place"] == 1])


def _advice(read: Reader) -> pd.DataFrame:
    """Return the advice of the personas (or everyone) in stages that can be seen, where most is at stake first."""
    frame = read.table("recommendations")
    if frame.empty:
        return frame
    frame = frame[
        frame["persona"].isin(read.people_of(frame)) & frame["stage"].isin(read.seen(read.model.ids))
    ]
    map_rows = read.table("journey_map").reindex(columns=["persona", "stage", "customers"])
    frame = frame.merge(map_rows, "left", ["persona", "stage"])
    frame = frame[(frame["customers"].fillna(0) >= read.least) & frame["action"].notna()]
    found = read.findings("actions", most=1000)
    order = {(one.persona or "all", one.stage): place for place, one in enumerate(found)}
    last = len(order)
    keys = [order.get(key, last) for key in zip(frame["persona"], frame["stage"], strict=True)]
    return frame.assign(turn=keys).sort_values(["turn", "place"], kind="stable")


def _first_things(page: Page, read: Reader, frame: pd.DataFrame) -> None:
    """Show what to do first, personas that are told the same in one row; further channels behind it."""
    rows = []
    for (persona, stage), own in frame.groupby(["persona", "stage"], sort=False):
        first, measured = own.iloc[0], own[own["basis"] != WRITTEN]
        lead = (
            first if measured.empty else measured.iloc[0]
        )  # a stage without playbook: what was written, alone
        rows.append({
            "stage": read.stage(stage), "whom": _whom(page, read, persona, lead),
            "action": first["action"] + (f" {MARK}" if first["basis"] == WRITTEN else ""),
            "channel": read.channel(lead["channel"]), "content": _words(lead["content"]),
            "message": _words(lead["message"]),
            "further": ", ".join(read.channel(name) for name in measured["channel"].iloc[1:]) or "–",
        })  # fmt: skip
    same = ["stage", "action", "channel", "content", "message", "further"]
    alike = pd.DataFrame(rows).groupby(same, sort=False)["whom"].agg(", ".join).reset_index(name="persona")
    names = ("stage", "persona", "action", "channel", "content", "message", "further")
    caption = page.text("captions.actions")
    if (frame["basis"] == WRITTEN).any():
        caption += " " + page.text("captions.journey_map_written", mark=MARK)
    page.table(alike, caption, dict.fromkeys(names, "text"), limit=30, of="recommendations")


def _words(words: Any) -> str:
    return words if isinstance(words, str) and words else "–"


def _whom(page: Page, read: Reader, persona: str, row: pd.Series) -> str:
    """Return a persona with the measured effect of the channel and its interval behind it."""
    name = read.persona(persona)
    return (
        f"{name}: {page.spread(row['effect'], row['low'], row['high'])}"
        if row["effect"] == row["effect"]
        else name
    )


def _stakes(page: Page, read: Reader, firsts: pd.DataFrame) -> None:
    """Show what it would have brought to lose no more people than the best persona does, where that was measured."""
    page.heading("actions_stake", level=2)
    known = firsts[firsts["customers_more"].notna()]
    more = known[known["customers_more"] >= 1].sort_values("customers_more", ascending=False)
    if more.empty:
        key = "stake_none" if known.empty else "stake_alike"
        page.note(page.text(f"prose.{key}", units=read.units))
        return
    page.say(page.text("prose.stake", units=read.units))
    shown = more.assign(
        stage=[read.stage(stage) for stage in more["stage"]],
        persona=[read.persona(who) for who in more["persona"]],
        drop_off=[
            page.spread(row.drop_off, row.drop_off_low, row.drop_off_high) for row in more.itertuples()
        ],
        other_persona=[read.persona(who) for who in more["best_persona"]],
        customers_more=_spread(page, more, "customers_more", "whole"),
        value_more=_spread(page, more, "value_more", "amount"),
    )
    forms = {"stage": "text", "persona": "text", "drop_off": "right", "other_persona": "text"}
    forms |= {"best_drop_off": "percent", "customers_more": "right"}
    forms |= {"value_more": "right"} if more["value_more"].notna().any() else {}
    page.table(shown, page.text("captions.stake", units=read.units), forms, limit=20, of="recommendations")


def _spread(page: Page, frame: pd.DataFrame, name: str, form: str) -> list[str]:
    ends = zip(frame[name], frame[f"{name}_low"], frame[f"{name}_high"], strict=True)
    return [page.spread(value, low, high, form) for value, low, high in ends]


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
