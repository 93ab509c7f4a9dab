"""Drift: how far measures of other people are spread otherwise than those that were learned from."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import numpy as np

__all__ = ["renamed", "stability_index"]

ALIKE = 0.75  # how alike two names must be for one to be taken for the other


def stability_index(before: Any, after: Any) -> float:
    """Return the population stability index of two sets of shares.

    The sum over the bins of (after - before) · log(after / before); below 0.1 is calm, above 0.25 a shift.

    Examples
    --------
    >>> round(stability_index([0.5, 0.5], [0.5, 0.5]), 3), round(stability_index([0.5, 0.5], [0.8, 0.2]), 3)
    (0.0, 0.416)
    """
    old, new = (np.maximum(np.asarray(shares, float), 1e-4) for shares in (before, after))
    return float(((new - old) * np.log(new / old)).sum())


def renamed(absent: Iterable[str], extra: Iterable[Any]) -> dict[str, str]:
    """Return, per absent trait, the column that is in the data and is nearest to it in name, if any is near.

    Examples
    --------
    >>> renamed(["channel.email", "rhythm.gap"], ["channel.e-mail", "age"])
    {'channel.email': 'channel.e-mail'}
    """
    known = {str(name).lower(): str(name) for name in extra}
    near = {name: get_close_matches(name.lower(), known, n=1, cutoff=ALIKE) for name in absent}
    return {name: known[found[0]] for name, found in near.items() if found}
