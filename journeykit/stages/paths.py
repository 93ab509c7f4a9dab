"""Inferred paths: through which stages everybody went, week by week, drawn from what the weekly model believes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from journeykit.stages.hmm import WeeklyStages
from journeykit.stages.reader import StageReader
from journeykit.stages.weeks import WEEK_DAYS, Weeks, count_weeks

__all__ = ["draw_paths", "draw_states"]

UNITS_AT_A_TIME = 20_000


def draw_paths(
    reader: StageReader, log, personas: pd.Series | None = None, random_state: int = 0
) -> pd.DataFrame:
    """Draw one path per unit from the posterior of the weekly model, given everything up to the log's moment.

    A likeliest path hides back-steps and detours; a drawn one does not: counted over many units, moves
    come out as often as the model believes them to be. A stage shorter than a week can't be seen, and of the
    past the last 104 weeks are read.

    Parameters
    ----------
    reader
        What was learned about stages.
    log
        The events, as of a moment.
    personas
        Persona per unit; a persona with moves of its own is drawn with those.
    random_state
        Seed; units draw in the order of their ids.

    Returns
    -------
    DataFrame
        One row per stretch of weeks in one state: ``unit_id, from_at, until_at`` (naive UTC; the stretch holds
        what happened after the first and up to the second), ``stage``.

    Notes
    -----
    Forward filtering, backward sampling: Carter and Kohn, "On Gibbs sampling for state space models", 1994.
    """
    from journeykit.sessions import contacts

    random = np.random.default_rng(random_state)
    units = np.sort(contacts(log).select("unit_id").distinct().execute()["unit_id"].to_numpy(str))
    parts = [
        _stretches(
            weeks, draw_states(replace(reader.weekly, moves=moves), weeks, random), reader.states, log.moment
        )
        for start in range(0, len(units), UNITS_AT_A_TIME)
        for weeks, moves in _by_persona(
            reader, count_weeks(log, log.moment, units[start : start + UNITS_AT_A_TIME]), personas
        )
    ]
    return pd.concat(parts, ignore_index=True)


def _by_persona(
    reader: StageReader, weeks: Weeks, personas: pd.Series | None
) -> Iterator[tuple[Weeks, np.ndarray]]:
    """Yield the rows that share a matrix of moves, with that matrix."""
    overall = reader.moves.get("all", reader.weekly.moves)
    names = weeks.index.get_level_values("unit_id")
    of_row = pd.Series("all", index=names) if personas is None else personas.reindex(names).astype(object)
    own = np.array([name if name in reader.moves else "all" for name in of_row], dtype=object)
    for name in sorted(set(own)):
        yield weeks.take(np.flatnonzero(own == name)), reader.moves.get(name, overall)


def draw_states(model: WeeklyStages, weeks: Weeks, random: np.random.Generator) -> np.ndarray:
    """Return rows × weeks of states, drawn from the posterior; -1 before a row's first contact."""
    seen = model.filtered(weeks)
    states = np.full(seen.shape[:2], -1)
    states[:, -1] = _drawn(seen[:, -1], random)
    for week in range(weeks.width - 2, -1, -1):
        chances = seen[:, week] * model.moves[:, states[:, week + 1]].T
        states[:, week] = _drawn(chances, random)
    states[~weeks.under_way] = -1
    return states


def _drawn(chances: np.ndarray, random: np.random.Generator) -> np.ndarray:
    reached = chances.cumsum(axis=1)
    aim = random.random((len(chances), 1)) * reached[:, -1:]
    return np.minimum((reached <= aim).sum(axis=1), chances.shape[1] - 1)


def _stretches(
    weeks: Weeks, states: np.ndarray, names: tuple[str, ...], moment: pd.Timestamp
) -> pd.DataFrame:
    begins = np.ones_like(states, dtype=bool)
    begins[:, 1:] = states[:, 1:] != states[:, :-1]
    row, week = np.nonzero(begins & (states >= 0))
    last = np.r_[row[1:] != row[:-1], True] if len(row) else np.zeros(0, bool)
    until = np.where(last, weeks.width, np.r_[week[1:], 0][: len(week)])
    step = pd.Timedelta(days=WEEK_DAYS)
    return pd.DataFrame(
        {
            "unit_id": weeks.index.get_level_values("unit_id").to_numpy(str)[row],
            "from_at": moment - (weeks.width - week) * step,
            "until_at": moment - (weeks.width - until) * step,
            "stage": np.array(names, dtype=object)[states[row, week]],
        }
    )
