"""Naming: from which probability on a stage is named, so that of the named enough are right."""

from __future__ import annotations

import numpy as np
from scipy.stats import beta

__all__ = ["GIVEN", "HINDSIGHT", "NAMED_RIGHT", "NOBODY", "are_disproved", "name_from", "naming_threshold"]

HINDSIGHT, GIVEN = "held-out hindsight labels", "given labels"  # what is held against
NAMED_RIGHT = 0.85  # of the named, at least so many are right
SURE = 0.95  # with this probability, over who happened to be held out
FEWEST = 100  # held-out rows from which naming is learned at all, and on which the search begins
STEPS = 60
NOBODY = 1.0


def naming_threshold(
    chances: np.ndarray, right: np.ndarray, units: np.ndarray | None = None, wanted: float = NAMED_RIGHT
) -> float | None:
    """Return the probability above which the likeliest state is named, so that enough of the named are right.

    From the surest rows on, ever more are named; the search ends at the first number of rows of which the share of
    right ones could, at 95 %, be less than wanted. The order of the tests is fixed beforehand, so their number asks no
    correction.

    Parameters
    ----------
    chances : numpy.ndarray
        The probability of the likeliest state of each row that nothing was learned from.
    right : numpy.ndarray
        Whether it is the true one, or how probable that is.
    units : numpy.ndarray, optional
        The unit of each row: rows of one unit are not independent, and count for fewer.
    wanted : float
        The share of the named that must be right.

    Returns
    -------
    float or None
        None with fewer than 100 rows; 1 (nobody is named) where not even the surest are right often enough.

    Notes
    -----
    Selective classification: Geifman and El-Yaniv, 2017; fixed-sequence testing: Angelopoulos, Bates, Candès, Jordan
    and Lei, "Learn then test", 2021. The bound is that of Clopper and Pearson, for as many independent rows as tell
    as much.

    Examples
    --------
    Of 200 rows the surer half is always right, the other half every second time. Of the surest 122 rows 11 are
    wrong, and at 95 % fewer than 15 % could be; of the surest 124 rows 12 are, which could be more.

    >>> chances = np.linspace(0.9, 0.5, 200)
    >>> right = np.r_[np.ones(100), np.tile([1, 0], 50)]
    >>> threshold = naming_threshold(chances, right)
    >>> bool(0.6 < threshold < 0.7), int((chances > threshold).sum())
    (True, 122)
    """
    if len(chances) < FEWEST:
        return None
    order = np.argsort(-chances, kind="stable")
    wrong, units = (
        1 - np.asarray(right, float)[order],
        np.arange(len(order)) if units is None else units[order],
    )
    sizes = np.unique(np.linspace(FEWEST, len(order), STEPS).round().astype(int))
    named = 0
    for size in sizes:
        if most_wrong(wrong[:size], units[:size]) > 1 - wanted:
            break
        named = size
    if not named:
        return NOBODY
    ordered = chances[order]
    return float(ordered[named] if named < len(ordered) else np.nextafter(ordered[-1], 0))


def most_wrong(wrong: np.ndarray, units: np.ndarray) -> float:
    """Return the upper bound, at 95 %, of the share that is wrong.

    Examples
    --------
    >>> round(most_wrong(np.r_[1, np.zeros(99)], np.arange(100)), 3)
    0.047
    """
    rows = _independent(wrong, units)
    count = wrong.mean() * rows
    return 1.0 if count >= rows else float(beta.ppf(SURE, count + 1, rows - count))


def are_disproved(right: np.ndarray, units: np.ndarray, wanted: float = NAMED_RIGHT) -> bool:
    """Tell whether the named are, at 95 %, right less often than wanted, so that not even chance explains it.

    Examples
    --------
    Of 100 named 80 are right: that may be 85 % by chance. 60 may not.

    >>> [are_disproved(np.arange(100) < number, np.arange(100)) for number in (80, 60)]
    [False, True]
    """
    wrong = 1 - np.asarray(right, float)
    rows = _independent(wrong, units)
    count = wrong.mean() * rows
    return bool(count > 0 and beta.ppf(1 - SURE, count, rows - count + 1) > 1 - wanted)


def name_from(threshold: float | None) -> float:
    """Return from which probability on is named; where nothing could be learned, that which must be right itself."""
    return NAMED_RIGHT if threshold is None else threshold


def _independent(wrong: np.ndarray, units: np.ndarray) -> float:
    """Return how many independent rows of right or wrong tell as much as these (by the variance between units)."""
    mean, off = wrong.mean(), wrong - wrong.mean()
    together = np.bincount(np.unique(units, return_inverse=True)[1], off)
    spread = (together**2).sum() / len(wrong) ** 2
    if spread <= 0 or mean <= 0:
        return float(len(np.unique(units)))
    return float(mean * (1 - mean) / spread)
