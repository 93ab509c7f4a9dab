"""Findings about what to do: the first recommendation per persona and stage, and what is at stake there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from journeykit.clients import MapEdits, read_map_edits
from journeykit.findings.finding import Finding
from journeykit.journey_maps.advice import MEASURED, PLAYBOOK, TESTED, WRITTEN, pick_action

__all__ = ["advice_findings"]

ALL = "all"
EVIDENCE = "recommendations"
KEYS = {
    TESTED: "advise_tested",
    MEASURED: "advise_measured",
    PLAYBOOK: "advise_playbook",
    WRITTEN: "advise_written",
}
LIGHT = 0.01  # weight of advice where nothing shows what it could bring, beside a customer


def advice_findings(advice: pd.DataFrame | None, journeys, client) -> Iterator[Finding]:
    """Yield what to do first in each cell where people are lost, and what it would have brought to lose fewer.

    Parameters
    ----------
    advice
        What `advise` returned; nothing without it.
    journeys : Journeys
        For how many left each stage.
    client : Client
        Whose playbook and map file are read.
    """
    if advice is None or advice.empty or client is None:
        return
    people = [persona for persona in advice["persona"].unique() if persona != ALL] or [ALL]
    left = journeys.drop_off.set_index(["persona", "stage"])
    lost = left["lapsed"].where(~left["held_back"].astype(bool))
    shown = set(journeys.observable.loc[journeys.observable["observable"].astype(bool), "stage"])
    edits = read_map_edits(client)
    firsts = advice[(advice["place"] == 1) & advice["persona"].isin(people) & advice["stage"].isin(shown)]
    for row in firsts.itertuples():
        stake = float(lost.get((row.persona, row.stage), float("nan")))
        if stake == stake:
            yield from _cell(row, stake, left.at[(row.persona, row.stage), "left"], client, edits)


def _cell(row: Any, lost: float, left: float, client, edits: MapEdits) -> Iterator[Finding]:
    stage, who = client.model.stage(row.stage), None if row.persona == ALL else row.persona
    gained = row.customers_more if row.customers_more == row.customers_more else 0.0
    action = {language: _action(row, stage, edits, language) for language in ("nl", "en")}
    if all(action.values()):
        numbers = {"at_stake": max(gained, LIGHT * lost)}
        if isinstance(row.channel, str):
            numbers |= {"channel": row.channel, "share": row.effect, "drop_off": row.drop_off}
        low, high = (row.low, row.high) if row.basis in (TESTED, MEASURED) else (None, None)
        rest = (low, high, EVIDENCE, who, row.stage, round(left))
        key = KEYS[row.basis] if isinstance(row.channel, str) or row.basis == WRITTEN else "advise_no_channel"
        yield Finding(key, numbers, *rest, names={"action": action})
    if round(gained) > 1 and row.what_if_p_value == row.what_if_p_value:
        yield _what_if(row, who, gained)


def _action(row: Any, stage: Any, edits: MapEdits, language: str) -> str | None:
    if row.basis == WRITTEN:
        return edits.text(row.persona, row.stage, "recommendation", language)
    return pick_action(stage, row.channel if isinstance(row.channel, str) else None, language)


def _what_if(row: Any, who: str | None, gained: float) -> Finding:
    numbers = {"to": row.best_persona, "share": row.drop_off, "other": row.best_drop_off, "more": gained}
    numbers |= {"at_stake": gained}
    key = "what_if"
    if row.value_more == row.value_more and row.value_more > 0:
        key = "what_if_value"
        numbers |= {
            "value": row.value_more,
            "value_low": row.value_more_low,
            "value_high": row.value_more_high,
        }
        numbers["value_at_stake"] = row.value_more
    interval = (row.customers_more_low, row.customers_more_high)
    left = round(row.left)
    return Finding(key, numbers, *interval, EVIDENCE, who, row.stage, left, row.what_if_p_value)
