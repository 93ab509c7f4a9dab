"""The teacher: what stage a unit was in, judged with hindsight, as probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeykit.stages.weeks import Weeks

__all__ = ["HINDSIGHT_WEEKS", "hindsight_labels", "voted_labels"]

HINDSIGHT_WEEKS = 6
SILENT_WEEKS = 4
HALF_WEEKS = 0.7
FROM_VOTES = 0.25


def hindsight_labels(
    smoothed: np.ndarray, weeks: Weeks, votes: pd.DataFrame, back: int, observable: np.ndarray
) -> np.ndarray:
    """Return soft labels for the moment some weeks before the end, with later weeks in view.

    Parameters
    ----------
    smoothed : numpy.ndarray
        Rows × weeks × states, from the hidden Markov model.
    weeks : Weeks
        What the units did.
    votes : DataFrame
        Touchpoints × stages.
    back : int
        How many weeks before the end the moment lies.
    observable : numpy.ndarray of bool
        Which states can be inferred.

    Returns
    -------
    numpy.ndarray
        Rows × states; rows sum to 1: three parts smoothed model, one part votes of the weeks around.
    """
    at = weeks.width - 1 - back
    mixed = (1 - FROM_VOTES) * smoothed[:, at] + FROM_VOTES * voted_labels(weeks, votes, back)
    mixed = mixed * observable
    return mixed / np.maximum(mixed.sum(axis=1, keepdims=True), 1e-12)


def voted_labels(weeks: Weeks, votes: pd.DataFrame, back: int) -> np.ndarray:
    """Return what the touchpoints around a moment vote for, and silence after it for ``lapsed``.

    Weeks up to six after the moment count, the nearer the more; each visit in the four weeks after it
    makes ``lapsed`` less likely.
    """
    at = weeks.width - 1 - back
    table = votes.reindex(list(weeks.steps)).fillna(0.0).to_numpy(float)
    cast = (weeks.counts @ table).reshape(len(weeks), weeks.width, -1)
    distance = np.arange(weeks.width) - at
    near = np.where(distance <= 0, 0.5 ** (-distance / HALF_WEEKS), 0.5 ** ((distance - 1) / HALF_WEEKS))
    stages = np.einsum("uws,w->us", cast, near * (distance <= HINDSIGHT_WEEKS)) + 0.02
    visits = weeks.visits[:, at + 1 : at + 1 + SILENT_WEEKS].sum(axis=1)
    telling = 1 - np.exp(-SILENT_WEEKS * weeks.pace(weeks.usual_pace))  # silence says little of somebody slow
    lapsed = 0.8 * np.exp(-1.2 * visits) * telling * (1 if back else 0)
    stages = stages / stages.sum(axis=1, keepdims=True) * (1 - lapsed)[:, None]
    return np.column_stack([stages, lapsed])
