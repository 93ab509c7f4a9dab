"""Grouping: k-means, its soft membership, and how well two groupings agree."""

from __future__ import annotations

from warnings import catch_warnings, simplefilter

import numpy as np
from scipy.special import logsumexp
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

__all__ = ["SoftGroups", "group", "jaccard", "nearest", "soft_groups", "weighted_groups"]


def group(points: np.ndarray, k: int, seed: int, starts: int = 5) -> np.ndarray:
    """Return the centres of k groups (k-means, the best of several starts)."""
    if k == 1:
        return points.mean(axis=0, keepdims=True)
    with catch_warnings():  # a sample drawn with replacement may hold fewer different points than groups
        simplefilter("ignore", ConvergenceWarning)
        return KMeans(k, n_init=starts, random_state=seed, algorithm="lloyd").fit(points).cluster_centers_


def nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the position of the centre nearest to each point."""
    return squares(points, centres).argmin(axis=1)


def squares(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return squared distances, points x centres."""
    apart = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
    return np.maximum(apart, 0.0)


def jaccard(before: np.ndarray, after: np.ndarray, k: int) -> np.ndarray:
    """Return, for each of k groups, its best overlap with a group of the other grouping (0 to 1)."""
    both = np.zeros((k, int(after.max()) + 1))
    np.add.at(both, (before, after), 1.0)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return (both / np.maximum(either, 1.0)).max(axis=1)


class SoftGroups:
    """A mixture of round groups of one width.

    Attributes
    ----------
    centres : array, groups x directions
    variance : float
        Within a group, per direction.
    shares : array
        Of the groups.
    """

    def __init__(self, centres: np.ndarray, variance: float, shares: np.ndarray) -> None:
        self.centres, self.variance, self.shares = centres, variance, shares

    def probabilities(self, points: np.ndarray) -> np.ndarray:
        """Return the probability of each group, points x groups; rows sum to 1."""
        logs = self._logs(points)
        return np.exp(logs - logsumexp(logs, axis=1, keepdims=True))

    def distances(self, points: np.ndarray) -> np.ndarray:
        """Return the distance to the nearest centre, in standard deviations of a group."""
        if points.shape[1] == 0:
            return np.zeros(len(points))
        return np.sqrt(squares(points, self.centres).min(axis=1) / self.variance / points.shape[1])

    def _logs(self, points: np.ndarray) -> np.ndarray:
        return -squares(points, self.centres) / (2 * self.variance) + np.log(np.maximum(self.shares, 1e-12))


def soft_groups(points: np.ndarray, centres: np.ndarray) -> SoftGroups:
    """Return the soft membership that belongs to groups: shares and variance are those of the nearest points."""
    labels = nearest(points, centres)
    shares = np.bincount(labels, minlength=len(centres)) / len(labels)
    variance = squares(points, centres).min(axis=1).mean() / max(points.shape[1], 1)
    return SoftGroups(centres, max(float(variance), 1e-12), shares)


def weighted_groups(points: np.ndarray, chances: np.ndarray) -> SoftGroups:
    """Return the groups of people who belong to each with a probability: where its people are on the whole."""
    sizes = np.maximum(chances.sum(axis=0), 1e-9)
    centres = chances.T @ points / sizes[:, None]
    away = (chances * squares(points, centres)).sum() / max(len(points), 1) / max(points.shape[1], 1)
    return SoftGroups(centres, max(float(away), 1e-12), sizes / sizes.sum())
