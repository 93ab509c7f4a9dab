"""How many personas: three criteria, their median, and the range between them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from .grouping import group, jaccard, nearest, squares

__all__ = ["choose_number", "score_candidates"]

SPLITS, REFERENCES = 5, 5
STABLE = 0.6  # least Jaccard of the least stable group


def score_candidates(
    points: np.ndarray, numbers: list[int], n_bootstrap: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Score each number of groups.

    Parameters
    ----------
    points
        Rows x directions.
    numbers
        Numbers of groups to try, ascending, from 1.
    n_bootstrap
        Samples drawn with replacement per number.
    rng
        Source of chance.

    Returns
    -------
    DataFrame
        Indexed by ``k``: ``gap`` and ``gap_error`` (Tibshirani, Walther and Hastie 2001, against a normal
        cloud of the same spread), ``split_half`` (adjusted Rand index between groupings learned on two
        halves), ``jaccard_min`` and ``jaccard_mean`` (Hennig 2007).
    """
    clouds = [rng.standard_normal(points.shape) * points.std(axis=0) for _ in range(REFERENCES)]
    rows = {k: _scores(points, clouds, k, n_bootstrap, rng) for k in numbers}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("k")


def _scores(points: np.ndarray, clouds: list[np.ndarray], k: int, n_bootstrap: int, rng) -> dict[str, float]:
    centres = group(points, k, 0)
    expected = np.array([_log_spread(cloud, group(cloud, k, 0, 2)) for cloud in clouds])
    gap = {
        "gap": float(expected.mean() - _log_spread(points, centres)),
        "gap_error": float(expected.std() * np.sqrt(1 + 1 / REFERENCES)),
    }
    if k == 1:
        return gap | {"split_half": np.nan, "jaccard_min": 1.0, "jaccard_mean": 1.0}
    overlap = bootstrap_jaccard(points, centres, n_bootstrap, rng)
    return gap | {
        "split_half": float(np.mean([_split_half(points, k, rng) for _ in range(SPLITS)])),
        "jaccard_min": float(overlap.min()),
        "jaccard_mean": float(overlap.mean()),
    }


def bootstrap_jaccard(points: np.ndarray, centres: np.ndarray, n_bootstrap: int, rng) -> np.ndarray:
    """Return the mean overlap of each group with its likeness in groupings learned on bootstrap samples."""
    labels, k = nearest(points, centres), len(centres)
    found = []
    for _ in range(n_bootstrap):
        drawn = rng.integers(0, len(points), len(points))
        again = group(points[drawn], k, int(rng.integers(2**31)), 3)
        found.append(jaccard(labels, nearest(points, again), k))
    return np.mean(found, axis=0) if found else np.full(k, np.nan)


def _log_spread(points: np.ndarray, centres: np.ndarray) -> float:
    return float(np.log(max(squares(points, centres).min(axis=1).sum(), 1e-300)))


def _split_half(points: np.ndarray, k: int, rng: np.random.Generator) -> float:
    """Return how alike everybody is grouped by two halves of the people."""
    order = rng.permutation(len(points))
    halves = np.array_split(order, 2)
    if min(map(len, halves)) < k:
        return 0.0
    labels = [nearest(points, group(points[half], k, int(rng.integers(2**31)), 3)) for half in halves]
    return float(adjusted_rand_score(*labels))


def choose_number(scores: pd.DataFrame) -> dict[str, int]:
    """Return the number that each criterion picks, and their median as ``chosen``.

    Gap: the smallest number whose gap is within one error of the largest. Split half: the number with the
    highest agreement, beyond one. Jaccard: the largest number of which every group is stable.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"gap": [0.0, 0.5, 0.9, 0.85], "gap_error": 0.01, "split_half": [None, 0.8, 0.9, 0.6],
    ...                        "jaccard_min": [1.0, 0.9, 0.8, 0.3]}, index=[1, 2, 3, 4])
    >>> choose_number(scores)
    {'gap': 3, 'split_half': 3, 'jaccard': 3, 'chosen': 3}
    """
    numbers = list(scores.index)
    best = scores["gap"].idxmax()
    enough = scores.index[scores["gap"] >= scores.loc[best, "gap"] - scores.loc[best, "gap_error"]]
    stable = scores.index[scores["jaccard_min"] > STABLE]
    agreed = scores["split_half"].astype(float)
    picks = {
        "gap": int(enough[0]),
        "split_half": int(agreed.idxmax()) if agreed.notna().any() else int(numbers[0]),
        "jaccard": int(stable[-1]) if len(stable) else int(numbers[0]),
    }
    return picks | {"chosen": int(np.median(list(picks.values())))}
