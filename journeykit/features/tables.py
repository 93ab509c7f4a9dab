"""Tables of traits as estimators take them: numbers with gaps, named columns, the evidence apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from .reading import numbers

__all__ = [
    "COUNT",
    "EVIDENCE",
    "FURTHEST",
    "MEAN",
    "TIMES",
    "column_names",
    "read_numbers",
    "robust_scale",
    "trait_names",
    "usable_columns",
]

EVIDENCE = "evidence.contacts"
FURTHEST = "evidence.furthest_stage"  # position of the last stage of which a unit has a marker; no trait
COUNT = "count."  # count.<block>.<category>: how many contacts of a unit fall in a category
MEAN, TIMES = "mean.", "times."  # a mean over some observations of a unit, and how many they are
HUGE = 1e150  # a standard deviation that can still be squared


def read_numbers(estimator: Any, X: Any, *, reset: bool = False) -> np.ndarray:
    """Return a table as numbers in which gaps are allowed.

    Parameters
    ----------
    estimator
        Whose columns the table must have; with ``reset`` it learns them.
    X
        Rows x columns, a frame or an array.
    reset
        Whether this is the table to learn from.

    Returns
    -------
    array of float

    Raises
    ------
    ValueError
        When a value is text or infinite, or the columns are others than those learned.
    """
    if isinstance(X, pd.DataFrame):
        X = numbers(X)
    return validate_data(estimator, X, reset=reset, dtype=float, ensure_all_finite="allow-nan")


def column_names(estimator: Any) -> list[str]:
    """Return the names of the columns that an estimator has read; ``x0``, ``x1`` … for an array."""
    named: Sequence[Any] | None = getattr(estimator, "feature_names_in_", None)
    if named is None:
        return [f"x{place}" for place in range(estimator.n_features_in_)]
    return [str(name) for name in named]


def trait_names(names: Iterable[str]) -> list[str]:
    """Return the names of the traits of a table, sorted: without evidence, counts and what belongs to these.

    Examples
    --------
    >>> trait_names(["evidence.contacts", "channel.web", "count.channel.web", "channel.app"])
    ['channel.app', 'channel.web']
    """
    return sorted(
        name
        for name in names
        if name not in (EVIDENCE, FURTHEST) and not name.startswith((COUNT, MEAN, TIMES))
    )


def usable_columns(values: np.ndarray, preferred: np.ndarray | None = None) -> np.ndarray:
    """Return the positions of columns that vary and do not repeat another, in an order that is theirs.

    Parameters
    ----------
    values
        Rows x columns, with gaps.
    preferred
        Per column whether it is the one to keep of several that repeat each other; else the first is.

    Returns
    -------
    array of int
        Ordered by what the columns hold, whatever the order of rows and columns.

    Examples
    --------
    >>> usable_columns(np.array([[5.0, 1.0, 5.0, 0.0], [7.0, 1.0, 7.0, 2.0]])).tolist()
    [3, 0]
    """
    places = np.arange(values.shape[1])
    if preferred is not None:
        places = np.concatenate([places[preferred], places[~preferred]])
    seen: dict[bytes, int] = {}
    for place in places:
        column = values[:, place]
        observed = column[np.isfinite(column)]
        if len(observed) and np.ptp(observed) > 1e-12 * max(1.0, float(np.abs(observed).max())):
            seen.setdefault(_rounded(column).tobytes(), int(place))
    kept = np.array(list(seen.values()), dtype=int)
    held = [tuple(_rounded(np.sort(values[:, place]))[:: max(1, len(values) // 64)]) for place in kept]
    return kept[
        sorted(range(len(kept)), key=lambda at: (np.nan_to_num(held[at], nan=HUGE).tolist(), kept[at]))
    ]


def _rounded(column: np.ndarray) -> np.ndarray:
    return np.round(np.clip(column, -HUGE, HUGE), 12) + 0.0


def robust_scale(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return median and robust standard deviation.

    Where nearly everybody has the same value, the standard deviation of all but the outermost 2 % at each
    end stands in for it, and that of all where these too are equal.
    """
    if values.shape[1] == 0:
        return np.empty(0), np.empty(0)
    edge = min(25.0, max(2.0, 150 / len(values)))  # of few rows, at least the outermost one at each end
    least, low, centre, high, most = np.nanpercentile(values, [edge, 25, 50, 75, 100 - edge], axis=0)
    with np.errstate(over="ignore"):
        robust, plain = (high - low) / 1.349, np.minimum(np.nanstd(values, axis=0), HUGE)
    trimmed = np.nanstd(np.clip(values, least, most), axis=0)
    spread = np.where(robust > 0.1 * trimmed, robust, trimmed)
    return centre, np.where(spread > 0, spread, plain)
