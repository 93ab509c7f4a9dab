"""JourneyMap: persona × stage, what was measured beside the playbook of the stage model."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from journeykit.clients import MAP_ROWS, MapEdits, read_map_edits
from journeykit.journey_maps.advice import best_channel, recommend
from journeykit.stage_models import LAPSED, Stage

__all__ = ["MAP_COLUMNS", "JourneyMap", "chart_journey"]

MAP_COLUMNS = (
    "persona stage customers share drop_off drop_off_low drop_off_high days_median days_low days_high top_channels "
    "top_touchpoints skipped_share back_share activity question asset strategy tool kpi recommendation "
    "touchpoint feeling rating rating_low rating_high rated_at friction friction_low friction_high edited"
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
    absent
        Personas for whom the researcher wrote cells and who are not in this report.
    """

    frame: pd.DataFrame
    language: str = "nl"
    absent: tuple[str, ...] = ()

    @property
    def personas(self) -> list[str]:
        """The personas in the map, `all` first."""
        return list(dict.fromkeys(self.frame["persona"]))

    def of(self, persona: str = "all") -> pd.DataFrame:
        """Return one persona's journey: stages as columns, what is known of each as rows."""
        own = self.frame[self.frame["persona"] == persona]
        return own.drop(columns="persona").set_index("stage").T.rename_axis(index="row", columns="stage")


def chart_journey(journeys, client, language: str | None = None, last_id: int = 0) -> JourneyMap:
    """Return the journey map of a client.

    Parameters
    ----------
    journeys : Journeys
        What was measured.
    client : Client
        Whose stage model, vocabulary and language are used.
    language
        `nl` or `en`; the client's by default.
    last_id
        The highest number that a persona of this client ever had: cells that were written for one who is gone
        are kept in the file and left out of the map.

    Returns
    -------
    JourneyMap
        `customers` and `share`: expected number in the stage now; without a stage table, units last seen in it.
        `drop_off`: of those who left the stage, the share that left for good. `days_*`: median time in the stage.
        `skipped_share`: of those who came this far or further, who skipped the stage. `back_share`: of those in
        the stage, who went back from it. `top_channels` and
        `top_touchpoints` are ids joined by commas. Texts are the first of the playbook; `recommendation` is the channel
        with the highest measured contribution (without one, the playbook's first channel) and what the brand
        can do there. `touchpoint`: those that the playbook names. `rating*`: of 0 to 10, at the touchpoint `rated_at`
        that most answered; `friction*`: what went wrong, per unit in the stage (`measure_experience`).
        What the researcher wrote in the file under `map` stands in place of the playbook's text, and its rows in
        `edited`; `feeling` has no other source.

    Raises
    ------
    ClientFileError
        When that file names a stage, row or persona that is unknown.
    """
    edits = read_map_edits(client)
    language = language or client.language
    keys = journeys.funnel[["persona", "stage"]]
    table = keys.merge(_standing(journeys), "left", ["persona", "stage"])
    for measured in (_drop_off(journeys), _days(journeys), _shares(journeys), *_experience(journeys)):
        table = table.merge(measured, "left", ["persona", "stage"])
    words = [
        _words(row.persona, client.model.stage(row.stage), journeys, client, language, edits)
        for row in table.itertuples()
    ]
    frame = pd.concat([table, pd.DataFrame(words, index=table.index)], axis=1)
    personas = [persona for persona in dict.fromkeys(table["persona"]) if persona != "all"]
    return JourneyMap(frame.reindex(columns=MAP_COLUMNS), language, tuple(edits.absent(personas, last_id)))


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


def _experience(journeys) -> list[pd.DataFrame]:
    """Return the ratings at the touchpoint that most answered, and the friction, each with its interval."""
    table = journeys.experience
    rated = table[table["signal"] == "rating"]
    answers = rated[rated["persona"] == "all"].groupby("touchpoint")["customers"].sum()
    most = answers.idxmax() if len(answers) else None
    named = {"low": "rating_low", "high": "rating_high", "mean": "rating", "touchpoint": "rated_at"}
    ratings = rated[rated["touchpoint"] == most].rename(columns=named)
    named = {"low": "friction_low", "high": "friction_high", "mean": "friction"}
    friction = table[table["signal"] == "friction"].rename(columns=named)
    keys = ["persona", "stage"]
    return [
        ratings[[*keys, "rating", "rating_low", "rating_high", "rated_at"]],
        friction[[*keys, "friction", "friction_low", "friction_high"]],
    ]


def _words(
    persona: str, stage: Stage, journeys, client, language: str, edits: MapEdits
) -> dict[str, str | None]:
    """Return the texts of one cell: the playbook, what the researcher wrote, and the names of what was met most."""
    own = journeys.channels
    channels = own[(own["persona"] == persona) & (own["stage"] == stage.id)]
    met = journeys.touchpoints
    touchpoints = met[(met["persona"] == persona) & (met["stage"] == stage.id)]["touchpoint"]
    known = channels[~channels["held_back"].astype(bool)].sort_values(
        "touches", ascending=False, kind="stable"
    )
    planned = {column: _first(stage.playbook(part, language)) for column, part in _PLAYBOOK.items()}
    planned["touchpoint"] = _named(stage, client, language)
    planned["recommendation"] = recommend(stage, best_channel(journeys.channels, persona, stage), language)
    written = {row: edits.text(persona, stage.id, row, language) for row in MAP_ROWS}
    return {
        "top_channels": ", ".join(known["channel"].head(_TOP)) or None,
        "top_touchpoints": ", ".join(touchpoints.head(_TOP)) or None,
        **{row: written[row] or planned.get(row) for row in MAP_ROWS},
        "edited": ", ".join(row for row in MAP_ROWS if written[row]) or None,
    }


def _first(texts: tuple[str, ...]) -> str | None:
    return texts[0] if texts else None


def _named(stage: Stage, client, language: str) -> str | None:
    """Return the names of the touchpoints that the playbook lists first."""
    names = [client.vocabulary.name(one, language) for one in stage.touchpoints[:_TOP]]
    return ", ".join(names) or None
