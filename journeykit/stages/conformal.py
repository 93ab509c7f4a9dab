"""Sets of stages that hold the true one in a stated share of the cases, for every stage separately."""

from __future__ import annotations

import numpy as np

__all__ = ["class_thresholds", "prediction_sets"]

FEWEST = 8
LEAST = 0.05  # a class less likely than this is in no set, however rare the class


def class_thresholds(probabilities: np.ndarray, labels: np.ndarray, coverage: float = 0.9) -> np.ndarray:
    """Return, per class, the smallest probability with which a class still belongs in the set.

    Parameters
    ----------
    probabilities : numpy.ndarray
        Rows × classes, of rows that were not trained on.
    labels : numpy.ndarray
        Rows × classes, the weight of each class as the truth of the row (one-hot for hard labels).
    coverage : float
        The share of each class that its set must hold.

    Returns
    -------
    numpy.ndarray
        One threshold per class, at least `LEAST`, which is also that of a class with too few examples.

    Notes
    -----
    Class-conditional (Mondrian) split conformal prediction: Vovk, "Conditional validity of inductive
    conformal predictors", 2013.

    Examples
    --------
    >>> p = np.c_[np.linspace(0.5, 0.9, 41), np.linspace(0.5, 0.1, 41)]
    >>> class_thresholds(p, np.c_[np.ones(41), np.zeros(41)]).round(2).tolist()
    [0.53, 0.05]
    """
    each = zip(probabilities.T, labels.T, strict=True)
    return np.maximum([_threshold(p, w, coverage) for p, w in each], LEAST)


def prediction_sets(probabilities: np.ndarray, thresholds: np.ndarray, possible: np.ndarray) -> np.ndarray:
    """Return rows × classes of bool: which classes are in the set; the likeliest always is.

    Examples
    --------
    >>> prediction_sets(np.array([[0.7, 0.3]]), np.array([0.5, 0.2]), np.array([True, True])).tolist()
    [[True, True]]
    """
    inside = (probabilities >= thresholds) & possible
    inside[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
    return inside


def _threshold(probability: np.ndarray, weight: np.ndarray, coverage: float) -> float:
    total = weight.sum()
    if total < FEWEST:
        return 0.0
    order = np.argsort(-probability)
    reached = np.cumsum(weight[order]) / (total + 1)
    place = np.searchsorted(reached, coverage)
    return float(probability[order][place]) if place < len(order) else 0.0
