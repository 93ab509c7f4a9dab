"""Leaning: a few given labels tilt and sharpen probabilities, knowing that some of the labels are wrong."""

from __future__ import annotations

import numpy as np

__all__ = ["lean", "learn_leaning"]

WRONG = 0.1  # the share of given labels that may be of any stage
HELD = 20.0  # how strongly nothing is changed unless the labels ask for it, as so many labels
FLOOR = 1e-4


def learn_leaning(taught: np.ndarray, stages: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Learn how probabilities should lean, from the stages of some rows.

    Parameters
    ----------
    taught : numpy.ndarray
        Rows × states, rows sum to 1.
    stages : numpy.ndarray of int
        The given state of each row.
    weight : numpy.ndarray, optional
        How much each row counts; all alike when None.

    Returns
    -------
    numpy.ndarray
        First the logarithm of the power to which probabilities are raised, then per state what is added to the
        logarithm of its probability; all 0 changes nothing.

    Notes
    -----
    Vector scaling (Guo et al., "On calibration of modern neural networks", 2017) by penalised likelihood; a tenth of
    the labels is taken to be drawn at random, so that a few wrong ones do not make everything doubtful.

    Examples
    --------
    >>> doubtful = np.full((400, 2), 0.5)
    >>> leaning = learn_leaning(doubtful, np.r_[np.zeros(300, int), np.ones(100, int)])
    >>> bool(lean(doubtful[:1], leaning)[0, 0] > 0.7)
    True
    """
    from scipy.optimize import minimize

    n, rows = taught.shape[1], np.arange(len(stages))
    weight = np.ones(len(stages)) if weight is None else np.asarray(weight, float)

    def loss(leaning: np.ndarray) -> float:
        right = (1 - WRONG) * lean(taught, leaning)[rows, stages] + WRONG / n
        return float(-(weight * np.log(right)).sum() + HELD * (leaning**2).sum() / 2)

    return minimize(loss, np.zeros(n + 1), method="L-BFGS-B").x


def lean(probabilities: np.ndarray, leaning: np.ndarray) -> np.ndarray:
    """Return the probabilities as they lean; what has none keeps none.

    Examples
    --------
    >>> lean(np.array([[0.8, 0.2, 0.0]]), np.array([0.0, 0.0, np.log(4), 0.0])).round(2).tolist()
    [[0.5, 0.5, 0.0]]
    """
    logs = np.exp(leaning[0]) * np.log(np.maximum(probabilities, FLOOR)) + leaning[1:]
    told = np.exp(logs - logs.max(axis=1, keepdims=True)) * (probabilities > 0)
    return told / told.sum(axis=1, keepdims=True)
