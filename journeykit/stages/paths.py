"""Inferred paths: through which stages everybody went, drawn from what the hidden Markov model believes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from journeykit.stages.hmm import ROWS_AT_A_TIME, StageChain
from journeykit.stages.periods import PERIOD_DAYS, Periods, count_periods
from journeykit.stages.reader import StageReader

__all__ = ["draw_paths", "draw_states"]

UNITS_AT_A_TIME = 30_000


def draw_paths(
    reader: StageReader, log, personas: pd.Series | None = None, random_state: int = 0
) -> pd.DataFrame:
    """Draw one path per unit from the posterior of the chain, given everything up to the log's moment.

    A likeliest path hides back-steps and detours; a drawn one does not: counted over many units, moves
    come out as often as the model believes them to be. A stage shorter than two days can't be seen, and of the
    past two years are read.

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
        One row per stretch of periods in one state: ``unit_id, from_at, until_at`` (naive UTC; the stretch holds
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
            periods,
            draw_states(replace(reader.chain, moves=moves), periods, random),
            reader.states,
            log.moment,
        )
        for start in range(0, len(units), UNITS_AT_A_TIME)
        for periods, moves in _by_persona(
            reader, count_periods(log, log.moment, units[start : start + UNITS_AT_A_TIME]), personas
        )
    ]
    return pd.concat(parts, ignore_index=True)


def _by_persona(
    reader: StageReader, periods: Periods, personas: pd.Series | None
) -> Iterator[tuple[Periods, np.ndarray]]:
    """Yield the rows that share a matrix of moves, with that matrix."""
    overall = reader.moves.get("all", reader.chain.moves)
    names = periods.index.get_level_values("unit_id")
    of_row = pd.Series("all", index=names) if personas is None else personas.reindex(names).astype(object)
    own = np.array([name if name in reader.moves else "all" for name in of_row], dtype=object)
    for name in sorted(set(own)):
        rows = np.flatnonzero(own == name)
        for some in np.split(rows, range(ROWS_AT_A_TIME, len(rows), ROWS_AT_A_TIME)):
            yield periods.take(some), reader.moves.get(name, overall)


def draw_states(model: StageChain, periods: Periods, random: np.random.Generator) -> np.ndarray:
    """Return rows × periods of states, drawn from the posterior; -1 before a row's first contact."""
    seen = model.filtered(periods)
    states = np.full(seen.shape[:2], -1)
    states[:, -1] = _drawn(seen[:, -1], random)
    for period in range(periods.width - 2, -1, -1):
        chances = seen[:, period] * model.moves[:, states[:, period + 1]].T
        states[:, period] = _drawn(chances, random)
    states[~periods.under_way] = -1
    return states


def _drawn(chances: np.ndarray, random: np.random.Generator) -> np.ndarray:
    reached = chances.cumsum(axis=1)
    aim = random.random((len(chances), 1)) * reached[:, -1:]
    return np.minimum((reached <= aim).sum(axis=1), chances.shape[1] - 1)


def _stretches(
    periods: Periods, states: np.ndarray, names: tuple[str, ...], moment: pd.Timestamp
) -> pd.DataFrame:
    begins = np.ones_like(states, dtype=bool)
    begins[:, 1:] = states[:, 1:] != states[:, :-1]
    row, period = np.nonzero(begins & (states >= 0))
    last = np.r_[row[1:] != row[:-1], True] if len(row) else np.zeros(0, bool)
    until = np.where(last, periods.width, np.r_[period[1:], 0][: len(period)])
    step = pd.Timedelta(days=PERIOD_DAYS)
    return pd.DataFrame(
        {
            "unit_id": periods.index.get_level_values("unit_id").to_numpy(str)[row],
            "from_at": moment - (periods.width - period) * step,
            "until_at": moment - (periods.width - until) * step,
            "stage": np.array(names, dtype=object)[states[row, period]],
        }
    )
