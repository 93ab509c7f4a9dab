"""Intervals of shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["wilson"]


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
