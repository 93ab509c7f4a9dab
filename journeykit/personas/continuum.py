"""A continuum: people who are mixtures of a few extremes, in every measure, and no groups."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from .count_table import CountTable
from .mixture import CountMixture, climbed

__all__ = ["fit_continuum", "lattice"]

MOST_NODES = 40
STEPS, CHANGE = 60, 2e-3


def lattice(k: int, most: int = MOST_NODES) -> np.ndarray:
    """Return points spread evenly over all mixtures of k extremes, points x extremes.

    Examples
    --------
    >>> lattice(2, 3).tolist()
    [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]
    """
    order = 2
    while order < 10 and comb(order + k, k - 1) <= most:
        order += 1
    bars = np.array(list(combinations(range(order + k - 1), k - 1)), dtype=int).reshape(-1, k - 1)
    edges = np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), order + k - 1)])
    return (np.diff(edges, axis=1) - 1) / order


def fit_continuum(table: CountTable, classes: CountMixture, everybody: CountMixture) -> CountMixture:
    """Return the law of people who are spread evenly over the mixtures of as many extremes as there are classes.

    It is a grade-of-membership model (Woodbury, Clive and Garson 1978) with a flat distribution over the grades,
    taken at the points of a lattice, and begun from the classes. Where it foretells people as well as classes do,
    there is no gap between these.
    """
    grades = lattice(classes.k)
    start = classes.ordered(np.arange(classes.k))
    return climbed(table, _spread(start, grades), everybody, STEPS, CHANGE, grades)[0]


def _spread(classes: CountMixture, grades: np.ndarray) -> CountMixture:
    return CountMixture(
        np.full(len(grades), 1 / len(grades)), grades @ classes.profile, classes.precision,
        grades @ classes.means, classes.between, classes.within, classes.profile, classes.means,
    )  # fmt: skip
