"""Tables of traits as estimators take them: numbers with gaps, named columns, the evidence apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from .reading import numbers

__all__ = ["EVIDENCE", "column_names", "read_numbers", "robust_scale", "usable_columns"]

EVIDENCE = "evidence.contacts"
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


def usable_columns(values: np.ndarray) -> np.ndarray:
    """Return the positions of columns that vary and do not repeat an earlier one."""
    seen: dict[bytes, int] = {}
    for place in range(values.shape[1]):
        column = values[:, place]
        observed = column[np.isfinite(column)]
        if len(observed) and np.ptp(observed) > 1e-12 * max(1.0, float(np.abs(observed).max())):
            seen.setdefault(np.round(np.clip(column, -HUGE, HUGE), 12).tobytes(), place)
    return np.array(sorted(seen.values()), dtype=int)


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
