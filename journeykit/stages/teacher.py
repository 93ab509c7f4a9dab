"""The teacher: what stage a unit was in, judged with hindsight, as probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeykit.stages.periods import PERIOD_DAYS, Periods

__all__ = ["HINDSIGHT_PERIODS", "hindsight_labels", "voted_labels"]

HINDSIGHT_PERIODS = 42 // PERIOD_DAYS
SILENT_PERIODS = 28 // PERIOD_DAYS
HALF_LIFE = 5 / PERIOD_DAYS
FROM_VOTES = 0.25


def hindsight_labels(
    smoothed: np.ndarray, periods: Periods, votes: pd.DataFrame, back: int, observable: np.ndarray
) -> np.ndarray:
    """Return soft labels for the moment some periods before the end, with later periods in view.

    Parameters
    ----------
    smoothed : numpy.ndarray
        Rows × periods × states, from the hidden Markov model.
    periods : Periods
        What the units did.
    votes : DataFrame
        Touchpoints × stages.
    back : int
        How many periods before the end the moment lies.
    observable : numpy.ndarray of bool
        Which states can be inferred.

    Returns
    -------
    numpy.ndarray
        Rows × states; rows sum to 1: three parts smoothed model, one part votes of the periods around.
    """
    at = periods.width - 1 - back
    mixed = (1 - FROM_VOTES) * smoothed[:, at] + FROM_VOTES * voted_labels(periods, votes, back)
    mixed = mixed * observable
    return mixed / np.maximum(mixed.sum(axis=1, keepdims=True), 1e-12)


def voted_labels(periods: Periods, votes: pd.DataFrame, back: int) -> np.ndarray:
    """Return what the touchpoints around a moment vote for, and silence after it for ``lapsed``.

    Six weeks after the moment count, the nearer the more; each visit in the four weeks after it makes
    ``lapsed`` less likely.
    """
    at = periods.width - 1 - back
    table = votes.reindex(list(periods.steps)).fillna(0.0).to_numpy(float)
    cast = (periods.counts @ table).reshape(len(periods), periods.width, -1)
    distance = np.arange(periods.width) - at
    near = np.where(distance <= 0, 0.5 ** (-distance / HALF_LIFE), 0.5 ** ((distance - 1) / HALF_LIFE))
    stages = np.einsum("uws,w->us", cast, near * (distance <= HINDSIGHT_PERIODS)) + 0.02
    visits = periods.visits[:, at + 1 : at + 1 + SILENT_PERIODS].sum(axis=1)
    telling = 1 - np.exp(
        -SILENT_PERIODS * periods.pace(periods.usual_pace)
    )  # silence says little of somebody slow
    lapsed = 0.8 * np.exp(-1.2 * visits) * telling * (1 if back else 0)
    stages = stages / stages.sum(axis=1, keepdims=True) * (1 - lapsed)[:, None]
    return np.column_stack([stages, lapsed])
