"""Forecast: where somebody goes next within a horizon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from journeykit.stages.hmm import FIRST_ROWS, StageChain, expected_moves
from journeykit.stages.periods import PERIOD_DAYS, Periods

__all__ = ["days_to_move", "directions", "first_moves", "forecast", "learn_moves", "without_forecast"]

STRENGTH = 60.0
ROUNDS = 8
FEWEST_IN_PERSONA = 50
MOST_DAYS = 728  # two years, as far as the chain looks back; what takes longer is not told
QUANTILES = {"move_days": 0.5, "move_days_low": 0.1, "move_days_high": 0.9}
HALVINGS = 24


def learn_moves(
    chain: StageChain, periods: Periods, personas: pd.Series | None = None
) -> dict[str, np.ndarray]:
    """Return the chain transition matrix of everyone (``all``) and of each persona that is large enough.

    Parameters
    ----------
    chain : StageChain
        The fitted model.
    periods : Periods
        The periods of the units to count.
    personas : Series, optional
        The persona of each unit, indexed by unit.

    Returns
    -------
    dict of numpy.ndarray
        States × states, rows sum to 1. A persona's matrix is shrunk to the matrix of all by its counts.
    """
    for part in [periods.some(FIRST_ROWS)] * (ROUNDS - 2) + [periods] * 2:
        # the fitted matrix leans on its prior; let the counts speak
        chain = replace(chain, moves=_shrunk(expected_moves(chain, part), chain.moves, 10.0))
    overall = chain.moves
    moves = {"all": overall}
    if personas is None:
        return moves
    of_row = personas.reindex(periods.index.get_level_values("unit_id"))
    for persona, rows in of_row.groupby(of_row.to_numpy()).indices.items():
        if len(rows) >= FEWEST_IN_PERSONA:
            moves[str(persona)] = _shrunk(expected_moves(chain, periods.take(rows)), overall, STRENGTH)
    return moves


def first_moves(moves: np.ndarray, days: float) -> np.ndarray:
    """Return states × (states + 1): where the first move within so many days goes; last column: none.

    Examples
    --------
    >>> first_moves(np.array([[0.5, 0.5], [0.0, 1.0]]), 4).round(2).tolist()
    [[0.0, 0.75, 0.25], [0.0, 0.0, 1.0]]
    """
    stay = np.diag(moves) ** (days / PERIOD_DAYS)
    away = moves * (1 - np.eye(len(moves)))
    total = away.sum(axis=1, keepdims=True)
    share = np.divide(away, total, out=np.zeros_like(away), where=total > 0)
    stay = np.where(total[:, 0] > 0, stay, 1.0)
    return np.column_stack([share * (1 - stay)[:, None], stay])


def forecast(
    nowcast: pd.DataFrame, moves: dict[str, np.ndarray], days: float, personas: pd.Series | None = None
) -> pd.DataFrame:
    """Return the probability of each first move within the horizon, and of none.

    Parameters
    ----------
    nowcast : DataFrame
        Units × states, rows sum to 1.
    moves : dict of numpy.ndarray
        From `learn_moves`.
    days : float
        The horizon in days.
    personas : Series, optional
        The persona of each unit.

    Returns
    -------
    DataFrame
        Units × (states, ``stay``); rows sum to 1.
    """
    table = np.zeros((len(nowcast), nowcast.shape[1] + 1))
    for rows, own in _by_persona(nowcast, moves, personas):
        table[rows] = nowcast.to_numpy()[rows] @ first_moves(own, days)
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1e-12)
    return pd.DataFrame(table, nowcast.index, [*nowcast.columns, "stay"])


def directions(
    nowcast: pd.DataFrame, moves: dict[str, np.ndarray], days: float, personas: pd.Series | None = None
) -> pd.DataFrame:
    """Return the probability that the first move within the horizon goes on, back, or returns from ``lapsed``.

    Parameters
    ----------
    nowcast, moves, days, personas
        As of `forecast`.

    Returns
    -------
    DataFrame
        Units × ``move_forward`` (to a later stage), ``move_back`` (to an earlier one), ``move_return`` (from
        lapsed to a stage). With the chances to stay and to lapse of `forecast` they sum to 1.

    Examples
    --------
    >>> now = pd.DataFrame([[0.5, 0.5, 0.0]], ["u"], ["search", "buy", "lapsed"])
    >>> moves = {"all": np.array([[0.5, 0.5, 0.0], [0.2, 0.8, 0.0], [0.0, 0.0, 1.0]])}
    >>> directions(now, moves, 2).round(2).loc["u"].tolist()
    [0.25, 0.1, 0.0]
    """
    n, table = nowcast.shape[1], np.zeros((len(nowcast), 3))
    for rows, own in _by_persona(nowcast, moves, personas):
        first = first_moves(own, days)[:, : n - 1]
        ways = np.zeros((n, 3))
        ways[:-1, 0] = np.triu(first[:-1], 1).sum(axis=1)
        ways[:-1, 1] = np.tril(first[:-1], -1).sum(axis=1)
        ways[-1, 2] = first[-1].sum()
        table[rows] = nowcast.to_numpy()[rows] @ ways
    return pd.DataFrame(table, nowcast.index, ["move_forward", "move_back", "move_return"])


def days_to_move(
    nowcast: pd.DataFrame, moves: dict[str, np.ndarray], personas: pd.Series | None = None
) -> pd.DataFrame:
    """Return after how many days the next move is expected, for who has not lapsed: to another stage or away.

    The chain gives each stage a chance to be still there two days later; time in a stage is then geometric,
    and the time until a unit's next move is the mixture over the stages that it may be in.

    Parameters
    ----------
    nowcast, moves, personas
        As of `forecast`.

    Returns
    -------
    DataFrame
        Units × ``move_days`` (the move is as likely before as after), ``move_days_low`` and ``move_days_high``
        (one in ten moves sooner, one in ten later), in days. Missing for who has more probably lapsed than not,
        and where it would take over two years.

    Examples
    --------
    >>> now = pd.DataFrame([[1.0, 0.0]], ["u"], ["search", "lapsed"])
    >>> days_to_move(now, {"all": np.array([[0.5, 0.5], [0.0, 1.0]])})["move_days"].round(1).tolist()
    [2.0]
    """
    stages = nowcast.to_numpy()[:, :-1]
    known = stages.sum(axis=1)
    table = np.full((len(nowcast), len(QUANTILES)), np.nan)
    for rows, own in _by_persona(nowcast, moves, personas):
        rows = rows[known[rows] > 0.5]
        weights = stages[rows] / known[rows, None]
        pace = np.log(np.clip(np.diag(own)[:-1], 1e-9, 1)) / PERIOD_DAYS
        table[rows] = np.column_stack([_when(weights, pace, 1 - part) for part in QUANTILES.values()])
    return pd.DataFrame(table, nowcast.index, list(QUANTILES))


def without_forecast(table: pd.DataFrame) -> pd.DataFrame:
    """Return a stage table in which nothing is said of what follows: the columns are there, and missing."""
    table = table.copy()
    ahead = [name for name in table if name.startswith(("p_next_", "move_"))]
    table[ahead] = np.nan
    table["next_stage"] = pd.Series(None, index=table.index, dtype="str")
    return table


def _when(weights: np.ndarray, pace: np.ndarray, left: float) -> np.ndarray:
    """Return per row the day on which just this share has not moved yet, by halving; missing beyond `MOST_DAYS`."""
    early, late = np.zeros(len(weights)), np.full(len(weights), float(MOST_DAYS))
    never = (weights * np.exp(pace * MOST_DAYS)).sum(axis=1) > left
    for _ in range(HALVINGS):
        day = (early + late) / 2
        still = (weights * np.exp(pace * day[:, None])).sum(axis=1) > left
        early, late = np.where(still, day, early), np.where(still, late, day)
    return np.where(never, np.nan, late)


def _by_persona(
    nowcast: pd.DataFrame, moves: dict[str, np.ndarray], personas: pd.Series | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows that share a matrix of moves, with that matrix."""
    of_row = pd.Series("all", nowcast.index) if personas is None else personas.reindex(nowcast.index)
    of_row = of_row.where(of_row.isin(list(moves)), "all").to_numpy().astype(str)
    for persona in np.unique(of_row):
        yield np.flatnonzero(of_row == persona), moves[persona]


def _shrunk(counted: np.ndarray, towards: np.ndarray, strength: float) -> np.ndarray:
    table = counted + strength * towards
    return table / table.sum(axis=1, keepdims=True)
