"""Advice: which channel, content and message go with each persona and stage, what it could bring, and for whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from journeykit.clients import MapEdits
from journeykit.journey_maps.whatif import WHAT_IF_COLUMNS, weigh_drop_off
from journeykit.journeys.statistics import adjust_p_values
from journeykit.stage_models import LAPSED, Stage
from journeykit.touchpoints import load_channels

__all__ = [
    "ACTION_COLUMNS", "ADVICE_COLUMNS", "MEASURED", "PLAYBOOK", "TESTED", "WRITTEN", "advise", "channel_name",
    "next_actions", "pick_action", "pick_content", "recommend",
]  # fmt: skip

ACTION_COLUMNS = (
    "customer_id persona stage next_stage channel content message_key expected_effect low high message recommendation "
    "basis"
).split()
TESTED, MEASURED, PLAYBOOK, WRITTEN = "tested", "measured", "playbook", "written"
_OWN = (
    "persona stage place channel content message message_key action basis measured_of effect low high lead p_adjusted"
).split()
ADVICE_COLUMNS = [*_OWN, *WHAT_IF_COLUMNS[2:]]
MOST = 3  # channels per persona and stage
ALPHA = 0.05
WHOLE = 1 - 1e-9  # a channel with all steps onward is the only one there: nothing was compared


def _first(texts: Sequence[str]) -> str | None:
    return texts[0] if texts else None


def channel_name(channel: str, language: str) -> str:
    """Return the name of a channel; a raw name is left as it is."""
    known = load_channels().get(channel)
    return known.name[language] if known else channel


def advise(journeys, client, language: str | None = None, edits: MapEdits | None = None) -> pd.DataFrame:
    """Return what to do per persona and stage, ordered by what was measured, and what is at stake.

    Parameters
    ----------
    journeys : Journeys
        What was measured.
    client : Client
        Whose stage model and language are used.
    language
        `nl` or `en`; the client's by default.
    edits
        What the researcher wrote on the map: a recommendation of theirs comes first.

    Returns
    -------
    pandas.DataFrame
        Per persona (and `all`) and stage at most three channels, and one row more where the researcher wrote one.
        `place` 1 is what to do first. `channel`; `content`, `message` and `action` from the playbook (those that
        name the channel where there are any); `message_key` (model, stage and persona). `basis`: `tested` (who
        moves on uses the channel more than who leaves for good, after false-discovery control), `measured`, `playbook`
        (nothing was measured: its first channel in the data, null without) or `written` (by the researcher).
        `measured_of`: `all` where the persona itself has no measurement.
        `effect` with `low` and `high`: the channel's share of the steps onward
        (Markov); `lead` and `p_adjusted` of the test. Channels that who leaves for good uses more are left out. All
        of it is association: nobody was given a channel by chance. The rest is the what-if of `weigh_drop_off`.
    """
    language, edits = language or client.language, edits or MapEdits()
    measured, there = _tested(journeys.channels), _channels_there(journeys)
    cells = journeys.funnel[["persona", "stage"]]
    rows = [
        row
        for cell in cells.itertuples()
        for row in _cell(
            measured, there, cell.persona, client.model.stage(cell.stage), client.model.id, language, edits
        )
    ]
    table = pd.DataFrame(rows, columns=_OWN)
    what_if = weigh_drop_off(journeys, client.privacy.min_group)
    return table.merge(what_if, "left", ["persona", "stage"])[ADVICE_COLUMNS]


def _channels_there(journeys) -> frozenset[str]:
    """Return the channels that occur in the data."""
    tables = (getattr(journeys, name, None) for name in ("channels", "entry_points", "reactivations"))
    return frozenset(name for table in tables if table is not None for name in table["channel"].dropna())


def _tested(channels: pd.DataFrame) -> pd.DataFrame:
    """Return the channels that were measured, with p-values that are corrected over all of them."""
    if channels.empty:
        return channels.assign(p_adjusted=np.nan)
    known = channels.dropna(subset=["attribution_markov"])
    return known.assign(p_adjusted=adjust_p_values(known["p_value"].astype(float)))


def _cell(
    measured: pd.DataFrame,
    there: frozenset[str],
    persona: str,
    stage: Stage,
    model: str,
    language: str,
    edits: MapEdits,
) -> Iterator[dict[str, Any]]:
    """Yield what to do in one cell, first things first."""
    ids = {"persona": persona, "stage": stage.id, "message_key": f"{model}.{stage.id}.{persona}"}
    ids["message"] = stage.message.get(language) or None
    written = edits.text(persona, stage.id, "recommendation", language)
    place = 1
    if written:
        yield ids | {"place": place, "action": written, "basis": WRITTEN}
        place += 1
    for found in _channels(measured, there, persona, stage):
        words = {"content": pick_content(stage, found["channel"], language)}
        words["action"] = pick_action(stage, found["channel"], language)
        yield ids | {"place": place} | words | found
        place += 1


def _channels(
    measured: pd.DataFrame, there: frozenset[str], persona: str, stage: Stage
) -> list[dict[str, Any]]:
    """Return the channels that go with moving on: tested ones first, then by their share of the steps onward.

    Where there is one channel only, its share says nothing. Without any, it is the playbook's first that occurs.
    """
    for whose in dict.fromkeys((persona, "all")):
        own = (
            measured[(measured["persona"] == whose) & (measured["stage"] == stage.id)]
            if len(measured)
            else measured
        )
        if own.empty:
            continue
        alone = own[own["attribution_markov"].astype(float) >= WHOLE]
        if len(alone):
            return [{"channel": alone["channel"].iloc[0], "basis": PLAYBOOK}]
        sure = own["p_adjusted"].fillna(1).astype(float) <= ALPHA
        lead, share = own["lead"].astype(float), own["attribution_markov"].astype(float)
        ordered = own.assign(sure=sure & (lead > 0), share=share)[~(sure & (lead < 0)) & (share > 0)]
        ordered = ordered.sort_values(["sure", "share"], ascending=False, kind="stable").head(MOST)
        if len(ordered):
            return [_effect(row, whose) for row in ordered.itertuples()]
    return [{"channel": _first([name for name in stage.channels if name in there]), "basis": PLAYBOOK}]


def _effect(row: Any, whose: str) -> dict[str, Any]:
    basis = TESTED if row.sure else MEASURED
    effect = {"effect": row.share, "low": float(row.low), "high": float(row.high)}
    return {
        "channel": row.channel,
        "basis": basis,
        "measured_of": whose,
        "lead": row.lead,
        "p_adjusted": row.p_adjusted,
    } | effect


def recommend(stage: Stage, channel: str | None, language: str) -> str | None:
    """Return channel and brand's action as one line; the action that names the channel where there is one."""
    name = channel_name(channel, language) if channel else None
    action = pick_action(stage, channel, language)
    return ": ".join(part for part in (name, action) if part) or None


def pick_action(stage: Stage, channel: str | None, language: str) -> str | None:
    """Return what the brand can do in a stage: the action that names the channel where there is one, else the first."""
    return _naming(stage.playbook("brand_actions", language), channel, language)


def pick_content(stage: Stage, channel: str | None, language: str) -> str | None:
    """Return what to show in a stage: the content that names the channel where there is any, else the first."""
    return _naming(stage.playbook("content", language), channel, language)


def _naming(texts: Sequence[str], channel: str | None, language: str) -> str | None:
    """Return the first text that names the channel, else the first that names no other, else the first."""
    name = _plain(channel_name(channel, language)) if channel else None
    named = [text for text in texts if name and name in _plain(text)]
    return _first([*named, *(text for text in texts if not _names_any(text, language)), *texts])


def _names_any(text: str, language: str) -> bool:
    """Tell whether a text names a channel, as a word of its own."""
    names = (re.escape(_plain(one.name[language])) for one in load_channels().values())
    return re.search(rf"(?<![\w-])({'|'.join(names)})(?![\w-])", _plain(text)) is not None


def _plain(words: str) -> str:
    return words.lower().replace("e-mail", "email")


def next_actions(
    journeys, client, stages: pd.DataFrame, language: str | None = None, advice: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return what to do next for each unit whose stage is known and who has not lapsed.

    Parameters
    ----------
    journeys : Journeys
        What was measured.
    client : Client
        Whose stage model and language are used.
    stages
        The stage table, indexed by `unit_id`.
    language
        `nl` or `en`; the client's by default.
    advice
        The recommendations (`advise`); made when absent.

    Returns
    -------
    pandas.DataFrame
        `customer_id` (the unit), `persona, stage, next_stage`, then what `advise` puts first for persona and stage:
        `channel, content, message_key`, `expected_effect, low, high` (the channel's measured share of the moves onward
        with its interval, an association; null where it was not measured), `message`, `recommendation` (what the
        researcher wrote, else what the brand can do) and `basis`.
    """
    language = language or client.language
    advice = advise(journeys, client, language) if advice is None else advice
    named = stages[stages["stage"].notna() & (stages["stage"] != LAPSED)]
    table = named[["stage", "next_stage"]].rename_axis("customer_id").reset_index()
    table["persona"] = journeys.units["persona"].reindex(table["customer_id"]).to_numpy()
    firsts = _firsts(advice).rename(columns={"persona": "whose"})
    table["whose"] = table["persona"].where(table["persona"].isin(set(firsts["whose"])), "all")
    joined = table.merge(firsts, "left", ["whose", "stage"])
    return joined[ACTION_COLUMNS]


def _firsts(advice: pd.DataFrame) -> pd.DataFrame:
    """Return one row per persona and stage: the first channel, and what the researcher wrote in place of the action."""
    cells = advice.sort_values("place", kind="stable")
    keys = ["persona", "stage"]
    ahead = cells.drop_duplicates(keys)[[*keys, "action", "basis"]].rename(
        columns={"action": "recommendation"}
    )
    channels = cells[cells["basis"] != WRITTEN].drop_duplicates(["persona", "stage"])
    named = channels[
        ["persona", "stage", "channel", "content", "message", "message_key", "effect", "low", "high"]
    ]
    return ahead.merge(named.rename(columns={"effect": "expected_effect"}), "left", ["persona", "stage"])
