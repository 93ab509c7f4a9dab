"""Forecast: where somebody goes next within a horizon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from journeykit.stages.hmm import WeeklyStages, expected_moves
from journeykit.stages.weeks import WEEK_DAYS, Weeks

__all__ = ["first_moves", "forecast", "weekly_moves"]

STRENGTH = 60.0
ROUNDS = 3
FEWEST_IN_PERSONA = 50


def weekly_moves(
    weekly: WeeklyStages, weeks: Weeks, personas: pd.Series | None = None
) -> dict[str, np.ndarray]:
    """Return the weekly transition matrix of everyone (``all``) and of each persona that is large enough.

    Parameters
    ----------
    weekly : WeeklyStages
        The fitted model.
    weeks : Weeks
        The weeks of the units to count.
    personas : Series, optional
        The persona of each unit, indexed by unit.

    Returns
    -------
    dict of numpy.ndarray
        States × states, rows sum to 1. A persona's matrix is shrunk to the matrix of all by its counts.
    """
    for _ in range(ROUNDS):  # the fitted matrix leans on its prior; let the counts speak
        weekly = replace(weekly, moves=_shrunk(expected_moves(weekly, weeks), weekly.moves, 10.0))
    overall = weekly.moves
    moves = {"all": overall}
    if personas is None:
        return moves
    of_row = personas.reindex(weeks.index.get_level_values("unit_id"))
    for persona, rows in of_row.groupby(of_row.to_numpy()).indices.items():
        if len(rows) >= FEWEST_IN_PERSONA:
            moves[str(persona)] = _shrunk(expected_moves(weekly, weeks.take(rows)), overall, STRENGTH)
    return moves


def first_moves(moves: np.ndarray, days: float) -> np.ndarray:
    """Return states × (states + 1): where the first move within so many days goes; last column: none.

    Examples
    --------
    >>> first_moves(np.array([[0.5, 0.5], [0.0, 1.0]]), 14).round(2).tolist()
    [[0.0, 0.75, 0.25], [0.0, 0.0, 1.0]]
    """
    stay = np.diag(moves) ** (days / WEEK_DAYS)
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
        From `weekly_moves`.
    days : float
        The horizon in days.
    personas : Series, optional
        The persona of each unit.

    Returns
    -------
    DataFrame
        Units × (states, ``stay``); rows sum to 1.
    """
    of_row = pd.Series("all", nowcast.index) if personas is None else personas.reindex(nowcast.index)
    of_row = of_row.where(of_row.isin(list(moves)), "all").to_numpy()
    table = np.zeros((len(nowcast), nowcast.shape[1] + 1))
    for persona in np.unique(of_row.astype(str)):
        rows = of_row == persona
        table[rows] = nowcast.to_numpy()[rows] @ first_moves(moves[persona], days)
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1e-12)
    return pd.DataFrame(table, nowcast.index, [*nowcast.columns, "stay"])


def _shrunk(counted: np.ndarray, towards: np.ndarray, strength: float) -> np.ndarray:
    table = counted + strength * towards
    return table / table.sum(axis=1, keepdims=True)
