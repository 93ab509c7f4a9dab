"""Advice: which channel, content and action go with each persona and stage, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from journeykit.stage_models import LAPSED, Stage
from journeykit.touchpoints import load_channels

__all__ = ["ACTION_COLUMNS", "best_channel", "next_actions", "pick_action", "recommend"]

ACTION_COLUMNS = (
    "customer_id persona stage next_stage channel content message_key expected_effect low high"
).split()


def _first(texts: Sequence[str]) -> str | None:
    return texts[0] if texts else None


def channel_name(channel: str, language: str) -> str:
    """Return the name of a channel; a raw name is left as it is."""
    known = load_channels().get(channel)
    return known.name[language] if known else channel


def best_channel(channels: pd.DataFrame, persona: str, stage: Stage) -> str | None:
    """Return the channel that contributes most to moving on from a stage: the persona's own, else everyone's, else
    the first channel of the playbook.
    """
    for whose in dict.fromkeys((persona, "all")):
        own = channels[(channels["persona"] == whose) & (channels["stage"] == stage.id)]
        own = own.dropna(subset=["attribution_markov"])
        if len(own):
            return own.loc[own["attribution_markov"].astype(float).idxmax(), "channel"]
    return _first(stage.channels)


def recommend(stage: Stage, channel: str | None, language: str) -> str | None:
    """Return channel and brand's action as one line; the action that names the channel where there is one."""
    name = channel_name(channel, language) if channel else None
    action = pick_action(stage, channel, language)
    return ": ".join(part for part in (name, action) if part) or None


def pick_action(stage: Stage, channel: str | None, language: str) -> str | None:
    """Return what the brand can do in a stage: the action that names the channel where there is one, else the first."""
    actions = stage.playbook("brand_actions", language)
    name = channel_name(channel, language) if channel else None
    fitting = [action for action in actions if name and name.lower() in action.lower()]
    return _first([*fitting, *actions])


def next_actions(journeys, client, stages: pd.DataFrame, language: str | None = None) -> pd.DataFrame:
    """Return what to do next for each unit whose stage is known and who has not lapsed.

    Parameters
    ----------
    journeys : Journeys
        What was measured.
    client : Client
        Whose stage model and language are used.
    stages
        The stage table, indexed by `unit_id`.

    Returns
    -------
    pandas.DataFrame
        `customer_id` (the unit), `persona, stage, next_stage, channel, content` (from the playbook of the stage),
        `message_key` (model, stage and persona), `expected_effect, low, high`: the channel's measured share of the
        moves onward with its interval, an association; null where it was not measured.
    """
    language = language or client.language
    named = stages[stages["stage"].notna() & (stages["stage"] != LAPSED)]
    table = named[["stage", "next_stage"]].rename_axis("customer_id").reset_index()
    table["persona"] = journeys.units["persona"].reindex(table["customer_id"]).to_numpy()
    cells = table[["persona", "stage"]].drop_duplicates()
    advice = [_advice(row.persona, row.stage, journeys, client, language) for row in cells.itertuples()]
    columns = ["persona", "stage", *[name for name in ACTION_COLUMNS if name not in table]]
    return table.merge(pd.DataFrame(advice, columns=columns), "left", ["persona", "stage"])[ACTION_COLUMNS]


def _advice(persona: Any, stage_id: str, journeys, client, language: str) -> dict[str, Any]:
    stage = client.model.stage(stage_id)
    whose = persona if isinstance(persona, str) else "all"
    channel = best_channel(journeys.channels, whose, stage)
    effect, low, high = _effect(journeys.channels, whose, stage_id, channel)
    return {
        "persona": persona,
        "stage": stage_id,
        "channel": channel,
        "content": _first(stage.playbook("content", language)),
        "message_key": f"{client.model.id}.{stage_id}.{whose}",
        "expected_effect": effect,
        "low": low,
        "high": high,
    }


def _effect(
    channels: pd.DataFrame, persona: str, stage: str, channel: str | None
) -> tuple[float, float, float]:
    for whose in dict.fromkeys((persona, "all")):
        at = (channels["persona"] == whose) & (channels["stage"] == stage) & (channels["channel"] == channel)
        row = channels[at & channels["attribution_markov"].notna()]
        if len(row):
            found = row.iloc[0]
            return float(found["attribution_markov"]), float(found["low"]), float(found["high"])
    return np.nan, np.nan, np.nan
