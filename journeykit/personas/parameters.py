"""The parameters of the clusterer, checked before anything is learned."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_parameters"]


def check_parameters(clusterer: Any, rows: int) -> None:
    """Raise a ValueError that names the parameter of a clusterer that is wrong, for so many rows."""
    if not isinstance(clusterer.whiten, bool | np.bool_) and clusterer.whiten != "turn":
        raise ValueError(f"whiten is {clusterer.whiten!r}; give True, False or 'turn'")
    least = clusterer.min_contacts
    if least != "auto" and (isinstance(least, bool | str) or least < 0):
        raise ValueError(f"min_contacts is {least!r}; give 'auto' or a number of at least 0")
    if clusterer.k == "auto":
        return
    if isinstance(clusterer.k, bool) or not isinstance(clusterer.k, int | np.integer) or clusterer.k < 1:
        raise ValueError(f"k is {clusterer.k!r}; give 'auto' or a whole number of at least 1")
    if clusterer.k > rows:
        raise ValueError(f"k is {clusterer.k}, but there are only {rows} rows")
