"""Importance: how much worse the stages are inferred when a group of signals is shuffled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

__all__ = ["SIGNAL_GROUPS", "group_importance", "signal_group"]

REPEATS = 20
MOST_ROWS = 300
FLOOR = 1e-3
SIGNAL_GROUPS = {
    "recency_gaps": ("recency_", "tenure_days", "gap_", "recorded.silent", "recorded.days", "recorded.span"),
    "frequency": ("contacts", "sessions", "decayed_", "people"),
    "touchpoint_shares": ("share_",),
    "stage_votes": ("vote_",),
    "last_touchpoints": ("last",),
    "markers": ("since_marker_days.", "furthest_marker", "recorded.here"),
    "stage_chain": ("chain.", "personas."),
}
COLUMNS = ["group", "drop", "low", "high", "skill", "signals", "rows", "repeats"]


def signal_group(name: str) -> str:
    """Return the group that a signal belongs to, ``other`` for one that is in none.

    Examples
    --------
    >>> [signal_group(name) for name in ("gap_days", "vote_10d.use", "furthest_marker", "weather")]
    ['recency_gaps', 'stage_votes', 'markers', 'other']
    """
    return next((group for group, begins in SIGNAL_GROUPS.items() if name.startswith(begins)), "other")


def group_importance(
    read: Callable[[pd.DataFrame], np.ndarray],
    signals: pd.DataFrame,
    truth: np.ndarray,
    base: np.ndarray,
    random_state: int = 0,
) -> pd.DataFrame:
    """Measure, for each group of signals, how far log-loss skill drops when its columns are shuffled together.

    Each repeat draws `MOST_ROWS` rows at most, with replacement, and gives each the group's values of another
    one: the interval holds the chance of who was drawn, and that of the shuffling.

    Parameters
    ----------
    read : callable
        Signals to probabilities, rows × states.
    signals : DataFrame
        Rows that nothing was learned from.
    truth : numpy.ndarray of int
        The position of the state of each row.
    base : numpy.ndarray
        The share of each state, against which skill is measured.
    random_state : int
        The seed.

    Returns
    -------
    DataFrame
        A row per group, the largest drop first: ``group``, ``drop`` (mean over repeats), ``low, high`` (2.5 % and
        97.5 % of the repeats), ``skill`` (with nothing shuffled), ``signals`` (how many), ``rows`` (how many a
        repeat draws), ``repeats``. Empty where the base rate cannot be wrong.

    Notes
    -----
    Permutation importance: Breiman, "Random forests", 2001; of groups: Gregorutti, Michel and Saint-Pierre, 2015.
    What two groups both tell is lost with neither, and counts for neither.

    Examples
    --------
    >>> signals = pd.DataFrame({"recency_days": np.tile([0.0, 1.0], 40), "sessions": 1.0})
    >>> read = lambda told: np.column_stack([0.9 - 0.8 * told["recency_days"], 0.1 + 0.8 * told["recency_days"]])
    >>> found = group_importance(read, signals, np.tile([0, 1], 40), np.array([0.5, 0.5]))
    >>> found["group"].tolist(), found["drop"].round(0).tolist()
    (['recency_gaps', 'frequency'], [2.0, 0.0])
    """
    if not len(signals):
        return pd.DataFrame(columns=COLUMNS)
    random, rows = np.random.RandomState(random_state), min(MOST_ROWS, len(signals))
    drawn = random.randint(len(signals), size=(REPEATS, rows))
    other = np.take_along_axis(drawn, np.argsort(random.uniform(size=drawn.shape), axis=1), axis=1)
    usual = -np.log(np.clip(base, FLOOR, 1)[truth[drawn]]).mean(axis=1)
    if usual.min() < 1e-9:
        return pd.DataFrame(columns=COLUMNS)
    with threadpool_limits(1):  # trees this small are read sooner by one thread than by many
        loss = _losses(read(signals), truth)[drawn].mean(axis=1)
        found = {
            group: (_shuffled(read, signals, columns, truth, drawn, other) - loss) / usual
            for group, columns in _groups(signals).items()
        }
    return _ranked(found, _groups(signals), float(1 - loss.mean() / usual.mean()), rows)


def _shuffled(read, signals, columns: list[str], truth, drawn, other) -> np.ndarray:
    """Return the log-loss of each repeat when rows have these columns of other rows."""
    rows = signals.iloc[drawn.ravel()].reset_index(drop=True)
    rows[columns] = signals[columns].to_numpy()[other.ravel()]
    return _losses(read(rows), truth[drawn.ravel()]).reshape(drawn.shape).mean(axis=1)


def _ranked(
    found: dict[str, np.ndarray], groups: dict[str, list[str]], skill: float, rows: int
) -> pd.DataFrame:
    """Arrange the drops of all repeats as a table, the largest first."""
    lines = [
        (group, drops.mean(), *np.quantile(drops, (0.025, 0.975)), skill, len(groups[group]), rows, REPEATS)
        for group, drops in found.items()
    ]
    table = pd.DataFrame(lines, columns=COLUMNS)
    return table.sort_values("drop", ascending=False, kind="stable", ignore_index=True)


def _groups(signals: pd.DataFrame) -> dict[str, list[str]]:
    """Return the columns of each group that has any, in the order of `SIGNAL_GROUPS`."""
    groups: dict[str, list[str]] = {group: [] for group in [*SIGNAL_GROUPS, "other"]}
    for name in signals.columns:
        groups[signal_group(str(name))].append(name)
    return {group: columns for group, columns in groups.items() if columns}


def _losses(chances: np.ndarray, truth: np.ndarray) -> np.ndarray:
    chances = np.clip(np.asarray(chances, float), FLOOR, 1)
    chances = chances / chances.sum(axis=1, keepdims=True)
    return -np.log(chances[np.arange(len(truth)), truth])
