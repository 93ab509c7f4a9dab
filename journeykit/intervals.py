"""Intervals of shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["compare_shares", "wilson"]


def wilson(
    successes: ArrayLike, totals: ArrayLike, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Return the Wilson score interval of shares; null where nothing was counted.

    Parameters
    ----------
    successes, totals
        Counts; expected counts (not whole) are allowed.
    confidence
        Coverage of the interval.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper bound, each as long as `totals`, between 0 and 1.

    Notes
    -----
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22.

    Examples
    --------
    >>> low, high = wilson([8], [10])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.49], [0.943])
    """
    from scipy.stats import norm

    totals = np.asarray(totals, dtype=float)
    totals = np.where(totals > 0, totals, np.nan)
    share = np.clip(np.asarray(successes, dtype=float) / totals, 0, 1)
    z = norm.ppf(0.5 + confidence / 2)
    centre = (share + z**2 / (2 * totals)) / (1 + z**2 / totals)
    half = z / (1 + z**2 / totals) * np.sqrt(share * (1 - share) / totals + z**2 / (4 * totals**2))
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    return np.where(share == 0, 0.0, low), np.where(share == 1, 1.0, high)


def compare_shares(
    before: float, n: float, after: float, m: float, correlation: float = 0.0
) -> dict[str, float | bool]:
    """Return the difference of two shares with its 95 % interval, and whether that leaves out 0.

    Parameters
    ----------
    before, n
        The first share, and of how many.
    after, m
        The second.
    correlation
        Between the two estimates: 0 where other people were counted each time, the correlation of belonging (phi)
        where the same were.

    Returns
    -------
    dict
        ``difference`` (after - before), ``low``, ``high``, ``significant``, and ``p_value`` (two-sided, normal).

    Notes
    -----
    Wilson limits of both shares, squared and added: Newcombe's methods for independent and for paired shares
    (1998, Statistics in Medicine 17), in the form for any correlation of Zou & Donner (2008, ibid. 27).

    Examples
    --------
    >>> found = compare_shares(0.5, 100, 0.7, 100)
    >>> round(found["difference"], 2), round(found["low"], 3), round(found["high"], 3), found["significant"]
    (0.2, 0.064, 0.326, True)
    >>> paired = compare_shares(0.5, 100, 0.7, 100, correlation=0.6)
    >>> round(paired["low"], 3), round(paired["high"], 3)
    (0.114, 0.28)
    """
    (low_a, low_b), (high_a, high_b) = wilson([before * n, after * m], [n, m])
    difference = after - before
    low = difference - _joined(after - low_b, high_a - before, correlation)
    high = difference + _joined(high_b - after, before - low_a, correlation)
    spread = _joined((before * (1 - before) / n) ** 0.5, (after * (1 - after) / m) ** 0.5, correlation)
    found = {"difference": difference, "low": low, "high": high, "significant": bool(low > 0 or high < 0)}
    return found | {"p_value": _two_sided(difference, spread)}


def _joined(one: float, other: float, correlation: float) -> float:
    return float(max(one**2 - 2 * correlation * one * other + other**2, 0.0) ** 0.5)


def _two_sided(difference: float, spread: float) -> float:
    from scipy.stats import norm

    return float(2 * norm.sf(abs(difference) / spread)) if spread > 1e-12 else float(abs(difference) < 1e-12)
