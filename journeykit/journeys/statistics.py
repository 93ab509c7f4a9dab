"""Intervals and tests that the journey tables share: Wilson, Kaplan-Meier, bootstrap, false discoveries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journeykit.intervals import wilson

__all__ = [
    "Survival",
    "adjust_p_values",
    "bootstrap_mean",
    "kaplan_meier",
    "risk_difference",
    "two_shares_p_value",
    "wilson",
]


def adjust_p_values(p_values: ArrayLike) -> np.ndarray:
    """Return Benjamini-Hochberg adjusted p-values; nulls stay null and are not counted as tests.

    Examples
    --------
    >>> adjust_p_values([0.01, 0.04, float("nan"), 0.03]).round(3).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    from scipy.stats import false_discovery_control

    p_values = np.asarray(p_values, dtype=float)
    adjusted = np.full(p_values.shape, np.nan)
    tested = np.isfinite(p_values)
    if tested.any():
        adjusted[tested] = false_discovery_control(p_values[tested], method="bh")
    return adjusted


@dataclass(frozen=True)
class Survival:
    """The median time to an event in days, with its interval, and how many were followed and moved.

    `median` is null when fewer than half are known to move; `high` is null when it lies past the data.
    """

    median: float
    low: float
    high: float
    followed: int
    moved: int


def kaplan_meier(days: ArrayLike, moved: ArrayLike, counts: ArrayLike | None = None) -> Survival:
    """Return the Kaplan-Meier median of times of which some are cut off by the end of the data.

    Parameters
    ----------
    days
        Time until the move, or until the end of the data for those still under way.
    moved
        True where the move was seen; False where the customer is still under way.
    counts
        How many customers share each row; one each when absent.

    Returns
    -------
    Survival
        Days. The interval inverts the log-log (exponential Greenwood) band.

    Notes
    -----
    Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53.

    Examples
    --------
    >>> kaplan_meier([1, 2, 3, 9, 9], [True, True, True, False, False]).median
    3.0
    """
    days, moved = np.asarray(days, dtype=float), np.asarray(moved, dtype=bool)
    if counts is not None:
        days, moved = np.repeat(days, counts), np.repeat(moved, counts)
    if not moved.any():
        return Survival(np.nan, np.nan, np.nan, len(days), 0)
    times, stays, low, high = _survival_curve(days, moved)
    medians = [_first_below_half(times, curve) for curve in (stays, low, high)]
    return Survival(*medians, followed=len(days), moved=int(moved.sum()))


def _survival_curve(days: np.ndarray, moved: np.ndarray):
    import warnings

    from scipy.stats import CensoredData, ecdf

    curve = ecdf(CensoredData(uncensored=days[moved], right=days[~moved])).sf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # the band is undefined once nobody is left
        band = curve.confidence_interval(method="log-log")
    return curve.quantiles, curve.probabilities, band.low.probabilities, band.high.probabilities


def _first_below_half(times: np.ndarray, curve: np.ndarray) -> float:
    below = np.flatnonzero(curve <= 0.5)
    return float(times[below[0]]) if len(below) else np.nan


def bootstrap_mean(
    values: ArrayLike, random_state: int = 0, draws: int = 500, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Return a mean and its percentile bootstrap interval, drawing customers with replacement.

    The same values give the same interval, in whatever order they come. Past 2,000 values the normal interval is used,
    which is the same to the shown digits.

    Examples
    --------
    >>> bootstrap_mean([1.0, 1.0, 1.0])
    (1.0, 1.0, 1.0)
    """
    values = np.asarray(values, dtype=float)
    values = np.sort(values[np.isfinite(values)])
    if not len(values):
        return np.nan, np.nan, np.nan
    mean = float(values.mean())
    if len(values) > 2000:
        half = 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5
        return mean, mean - half, mean + half
    random = np.random.default_rng(random_state)
    means = values[random.integers(0, len(values), (draws, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return mean, float(low), float(high)


def two_shares_p_value(successes: float, total: float, other_successes: float, other_total: float) -> float:
    """Return the two-sided p-value that two shares differ.

    Fisher's exact test; with at least 10 expected in every cell the chi-square test, which is then the same.

    Examples
    --------
    >>> round(two_shares_p_value(9, 10, 1, 10), 4)
    0.0011
    """
    from scipy.stats import chi2, fisher_exact

    table = np.rint([[successes, total - successes], [other_successes, other_total - other_successes]])
    if (table < 0).any() or not table.sum(axis=1).all():
        return np.nan
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    if expected.min() >= 10:
        return float(chi2.sf(((table - expected) ** 2 / expected).sum(), 1))
    return float(fisher_exact(table).pvalue)


def risk_difference(strata: ArrayLike) -> tuple[float, float, float, float]:
    """Return the difference between two shares, compared within strata (Mantel-Haenszel).

    Parameters
    ----------
    strata
        One row per stratum: successes and total of the one group, successes and total of the other.

    Returns
    -------
    tuple of float
        Difference (first minus second), low, high, and the Cochran-Mantel-Haenszel p-value. Null when no
        stratum holds both groups.

    Notes
    -----
    Sato, T. (1989). On the variance estimator for the Mantel-Haenszel risk difference. Biometrics 45.

    Examples
    --------
    >>> difference, low, high, p = risk_difference([[20, 40, 30, 40], [5, 20, 12, 24]])
    >>> round(difference, 3), p < 0.05
    (-0.25, True)
    """
    from scipy.stats import chi2

    a, n1, c, n0 = np.asarray(strata, dtype=float).reshape(-1, 4).T
    both = (n1 > 0) & (n0 > 0)
    a, n1, c, n0 = a[both], n1[both], c[both], n0[both]
    if not both.any():
        return np.nan, np.nan, np.nan, np.nan
    total, weight = n1 + n0, n1 * n0 / (n1 + n0)
    difference = float(((a * n0 - c * n1) / total).sum() / weight.sum())
    p_part = (n1**2 * c - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / total**2
    q_part = (a * (n0 - c) + c * (n1 - a)) / (2 * total)
    spread = np.sqrt(max(difference * p_part.sum() + q_part.sum(), 0)) / weight.sum()
    successes = a + c
    variance = n1 * n0 * successes * (total - successes) / (total**2 * np.maximum(total - 1, 1))
    excess = (a - n1 * successes / total).sum()
    p_value = float(chi2.sf(excess**2 / variance.sum(), 1)) if variance.sum() > 0 else np.nan
    return difference, difference - 1.96 * spread, difference + 1.96 * spread, p_value
