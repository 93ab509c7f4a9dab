"""JourneyMap: persona × stage, what was measured beside the playbook of the stage model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from journeykit.stage_models import LAPSED, Stage
from journeykit.touchpoints import load_channels

__all__ = ["ACTION_COLUMNS", "MAP_COLUMNS", "JourneyMap", "chart_journey", "next_actions"]

MAP_COLUMNS = (
    "persona stage customers share drop_off drop_off_low drop_off_high days_median days_low days_high top_channels "
    "top_touchpoints skipped_share back_share activity question asset strategy tool kpi recommendation"
).split()
ACTION_COLUMNS = (
    "customer_id persona stage next_stage channel content message_key expected_effect low high"
).split()
_PLAYBOOK = {
    "activity": "activities", "question": "questions", "asset": "assets", "strategy": "strategies",
    "tool": "tools", "kpi": "kpis",
}  # fmt: skip
_TOP = 3


@dataclass(frozen=True)
class JourneyMap:
    """The map of a client's journeys.

    Attributes
    ----------
    frame
        One row per persona (and `all`) and stage, in order, with the columns of the contract.
    language
        The language of the texts in it.
    """

    frame: pd.DataFrame
    language: str = "nl"

    @property
    def personas(self) -> list[str]:
        """The personas in the map, `all` first."""
        return list(dict.fromkeys(self.frame["persona"]))

    def of(self, persona: str = "all") -> pd.DataFrame:
        """Return one persona's journey: stages as columns, what is known of each as rows."""
        own = self.frame[self.frame["persona"] == persona]
        return own.drop(columns="persona").set_index("stage").T.rename_axis(index="row", columns="stage")


def chart_journey(journeys, client, language: str | None = None) -> JourneyMap:
    """Return the journey map of a client.

    Parameters
    ----------
    journeys : Journeys
        What was measured.
    client : Client
        Whose stage model, vocabulary and language are used.
    language
        `nl` or `en`; the client's by default.

    Returns
    -------
    JourneyMap
        `customers` and `share`: expected number in the stage now; without a stage table, units last seen in it.
        `drop_off`: of those who left the stage, the share that left for good. `days_*`: median time in the stage.
        `skipped_share`: of those who came this far or further, who skipped the stage. `back_share`: of those in
        the stage, who went back from it. `top_channels` and
        `top_touchpoints` are ids joined by commas. Texts are the first of the playbook; `recommendation` is the channel
        with the highest measured contribution (without one, the playbook's first channel) and what the brand
        can do there.
    """
    language = language or client.language
    keys = journeys.funnel[["persona", "stage"]]
    table = keys.merge(_standing(journeys), "left", ["persona", "stage"])
    for measured in (_drop_off(journeys), _days(journeys), _shares(journeys)):
        table = table.merge(measured, "left", ["persona", "stage"])
    words = [
        _words(row.persona, client.model.stage(row.stage), journeys, language) for row in table.itertuples()
    ]
    frame = pd.concat([table, pd.DataFrame(words, index=table.index)], axis=1)
    return JourneyMap(frame.reindex(columns=MAP_COLUMNS), language)


def _standing(journeys) -> pd.DataFrame:
    now = journeys.stages_now
    if len(now):
        return now.loc[
            now["stage"].notna() & (now["stage"] != LAPSED), ["persona", "stage", "customers", "share"]
        ]
    return _last_seen(journeys)


def _last_seen(journeys) -> pd.DataFrame:
    """Return the units whose last stage this is, for logs without a stage table."""
    units = journeys.units
    stages = list(dict.fromkeys(journeys.funnel["stage"]))
    rows = []
    for persona in dict.fromkeys(journeys.funnel["persona"]):
        own = units if persona == "all" else units[units["persona"] == persona]
        counts = own["here"].value_counts()
        rows += [
            (persona, s, float(counts.get(at, 0)), counts.get(at, 0) / max(len(own), 1))
            for at, s in enumerate(stages)
        ]
    return pd.DataFrame(rows, columns=["persona", "stage", "customers", "share"])


def _drop_off(journeys) -> pd.DataFrame:
    columns = {"low": "drop_off_low", "high": "drop_off_high"}
    return journeys.drop_off[["persona", "stage", "drop_off", "low", "high"]].rename(columns=columns)


def _days(journeys) -> pd.DataFrame:
    return journeys.time_in_stage[["persona", "stage", "days_median", "days_low", "days_high"]]


def _shares(journeys) -> pd.DataFrame:
    skipped = journeys.funnel[["persona", "stage", "skipped_share"]]
    return skipped.merge(
        journeys.back_steps[["persona", "stage", "back_share"]], "left", ["persona", "stage"]
    )


def _words(persona: str, stage: Stage, journeys, language: str) -> dict[str, str | None]:
    """Return the texts of one cell: the playbook, and the names of what was met most."""
    own = journeys.channels
    channels = own[(own["persona"] == persona) & (own["stage"] == stage.id)]
    met = journeys.touchpoints
    touchpoints = met[(met["persona"] == persona) & (met["stage"] == stage.id)]["touchpoint"]
    known = channels[~channels["held_back"].astype(bool)].sort_values(
        "touches", ascending=False, kind="stable"
    )
    playbook = {column: _first(stage.playbook(part, language)) for column, part in _PLAYBOOK.items()}
    return {
        "top_channels": ", ".join(known["channel"].head(_TOP)) or None,
        "top_touchpoints": ", ".join(touchpoints.head(_TOP)) or None,
        **playbook,
        "recommendation": recommend(stage, best_channel(journeys.channels, persona, stage), language),
    }


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
