"""Answering: what ratings would say if everybody had answered, as far as behaviour tells who answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeykit.journeys.paths import Paths

__all__ = ["chance_of_answering", "weighted_mean"]

LEAST_SIDE = 20  # units that answered, and that did not, before who answers can be learned
MOST_WEIGHT = 10.0  # times the median weight: no single answer counts for more


def chance_of_answering(paths: Paths, answered: pd.Index) -> pd.Series:
    """Return how probable it was that each unit answers, by what is known of it without the answer.

    A logistic regression on the number of contacts, the days since the last one, the value, the furthest stage
    (all of them without the contacts that carry a rating) and the persona. Where fewer than 20 units answered,
    or did not, everybody is taken to be as likely.

    Parameters
    ----------
    paths
        The paths of a log; its `units` are everybody who could have answered.
    answered
        Ids of the units that did.

    Returns
    -------
    pandas.Series
        Probabilities, 0 to 1, by `unit_id`.

    Notes
    -----
    Rosenbaum, P. R. (1987). Model-based direct adjustment. JASA 82.
    """
    given = paths.units.index.isin(answered)
    if min(given.sum(), (~given).sum()) < LEAST_SIDE:
        return pd.Series(max(given.mean(), 1e-9), index=paths.units.index)
    from sklearn.linear_model import LogisticRegression

    known = _known(paths)
    model = LogisticRegression(C=1.0, max_iter=500).fit(known, given)
    return pd.Series(model.predict_proba(known)[:, 1], index=paths.units.index)


def _known(paths: Paths) -> np.ndarray:
    """Return what is known of each unit without any contact that carries a rating."""
    units = paths.unrated
    silent = (paths.moment - units["last_at"]).dt.total_seconds() / 86400
    numbers = pd.DataFrame(
        {
            "contacts": np.log1p(units["contacts"].fillna(0).astype(float)),
            "silent": np.log1p(silent.fillna(silent.max()).clip(lower=0)),
            "value": np.log1p(units["value"].astype(float).fillna(0.0).clip(lower=0)),
        }
    ).fillna(0.0)
    numbers = (numbers - numbers.mean()) / numbers.std(ddof=0).replace(0.0, 1.0)
    groups = pd.get_dummies(
        pd.DataFrame({"stage": units["furthest"].astype(str), "persona": paths.units["persona"].astype(str)})
    )
    return np.column_stack([numbers.to_numpy(float), groups.to_numpy(float)])


def weighted_mean(
    scores: pd.Series, chance: pd.Series, random_state: int = 0, draws: int = 500
) -> tuple[float, float, float]:
    """Return the mean in which every answer stands for those like it who did not answer, with its interval.

    Parameters
    ----------
    scores
        One answer a unit.
    chance
        How probable it was that the unit answers.

    Returns
    -------
    tuple of float
        Mean, and the lower and upper bound of its percentile bootstrap interval (95 %); null without answers.

    Examples
    --------
    >>> scores = pd.Series([10.0, 10.0, 10.0, 2.0], index=list("abcd"))
    >>> mean, low, high = weighted_mean(scores, pd.Series([0.9, 0.9, 0.9, 0.3], index=list("abcd")))
    >>> round(float(scores.mean()), 2), round(mean, 2)
    (8.0, 6.0)
    """
    values = scores.to_numpy(float)
    if not len(values):
        return np.nan, np.nan, np.nan
    weights = 1.0 / np.clip(chance.reindex(scores.index).to_numpy(float), 1e-6, 1.0)
    weights = np.minimum(weights, MOST_WEIGHT * np.median(weights))
    mean = float(np.average(values, weights=weights))
    if len(values) > 2000:
        half = 1.96 * float(np.sqrt((weights**2 * (values - mean) ** 2).sum()) / weights.sum())
        return mean, mean - half, mean + half
    drawn = np.random.default_rng(random_state).integers(0, len(values), (draws, len(values)))
    means = (values[drawn] * weights[drawn]).sum(axis=1) / weights[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return mean, float(low), float(high)
