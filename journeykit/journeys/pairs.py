"""Pairs: a share among some units set beside the same share among others, with intervals and a test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journeykit.journeys.statistics import two_shares_p_value, wilson

__all__ = ["set_beside", "switch_test"]


def set_beside(
    one: tuple[float, float], other: tuple[float, float], least: int, p_value: float | None = None
) -> dict[str, float]:
    """Return how often something happened in one group and in another.

    Parameters
    ----------
    one, other
        How many it happened to, and of how many.
    least
        The smallest group of which a share is told.
    p_value
        Of the difference, where it is known; else it is tested (Fisher or chi-square).

    Returns
    -------
    dict
        `customers, happened, share, low, high` (Wilson) of the one group, `other_customers, other_happened,
        other_share, other_low, other_high` of the other, and `p_value`, null where a group is too small.

    Examples
    --------
    >>> pair = set_beside((9, 10), (1, 10), least=5)
    >>> pair["share"], pair["other_share"], round(pair["p_value"], 4)
    (0.9, 0.1, 0.0011)
    """
    row: dict[str, Any] = {}
    for head, (happened, of) in (("", one), ("other_", other)):
        told = float(of) if of >= max(least, 1) else np.nan
        low, high = wilson(happened, told)
        row |= {
            f"{head}customers": told if head else of,
            f"{head}happened": happened if told == told else np.nan,
        }
        row |= {f"{head}share": happened / told, f"{head}low": float(low), f"{head}high": float(high)}
    both = min(one[1], other[1]) >= max(least, 1)
    tested = p_value if p_value is not None else two_shares_p_value(*one, *other) if both else np.nan
    return row | {"p_value": tested if both else np.nan}


def switch_test(days: pd.Series, happened: pd.Series, switched: pd.Series) -> float:
    """Return the two-sided p-value that something happens sooner or later to those who switched groups on the way.

    Who is helped, or called, only later has until then been one of the others: whoever it happened to before counts
    among those. That takes out that one has to wait, without it having happened, in order to be helped at all.

    Parameters
    ----------
    days
        From the start until it happened, or until a unit was no longer followed.
    happened
        Whether it happened.
    switched
        Days from the start until the unit came into the group; null: never.

    Returns
    -------
    float
        Null where nothing happened, or nobody could have switched by then.

    Notes
    -----
    Mantel, N. & Byar, D. P. (1974). Evaluation of response-time data involving transient states. JASA 69.

    Examples
    --------
    >>> days, never = pd.Series([5.0] * 20 + [9.0] * 20), np.nan
    >>> switched = pd.Series([2.0] * 20 + [never] * 20)
    >>> switch_test(days, pd.Series([True] * 20 + [False] * 20), switched) < 0.001
    True
    """
    from scipy.stats import chi2

    end, at = days.to_numpy(float), switched.to_numpy(float)
    at = np.where(np.isnan(at) | (at >= end), np.inf, at)
    moments, deaths = np.unique(end[happened.to_numpy(bool)], return_counts=True)
    died_in = np.array([((end == one) & happened.to_numpy(bool) & (at < one)).sum() for one in moments])
    at_risk = len(end) - np.searchsorted(np.sort(end), moments, side="left")
    entered = np.searchsorted(np.sort(at[np.isfinite(at)]), moments, side="left")
    left = np.searchsorted(np.sort(end[np.isfinite(at)]), moments, side="left")
    inside = entered - left
    part = inside / np.maximum(at_risk, 1)
    spread = deaths * part * (1 - part) * (at_risk - deaths) / np.maximum(at_risk - 1, 1)
    if not spread.sum() > 0:
        return np.nan
    return float(chi2.sf((died_in - deaths * part).sum() ** 2 / spread.sum(), 1))
