"""Misreading: intervals of shares that allow for stages being inferred, and not seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from journeykit.intervals import wilson
from journeykit.journeys.paths import Paths

__all__ = ["MISREADING", "interval_as_read"]

# squared error of a share that comes from inferring stages, in parts of share x (1 - share); measured on the truth of
# worlds that were made by other rules than the model's
MISREADING = {"drop_off": 0.007, "skipped": 0.006, "reached": 0.001, "now": 0.0, "moved": 0.0, "back": 0.0}


def interval_as_read(
    paths: Paths, figure: str, successes: ArrayLike, totals: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of shares: Wilson's, with as many units as the reading is worth.

    Where stages were inferred, a share errs by the sample and by the reading. The second part does not shrink with more
    customers: an inferred drop-off is worth at most 1 / 0.007, some 140 customers, however many there are.

    Parameters
    ----------
    paths
        Whether stages were inferred.
    figure
        `drop_off`, `skipped` or `reached`.
    successes, totals
        Counts; expected ones are allowed.

    Notes
    -----
    `benchmarks/quality_journeys.py --parts coverage` measures how often such intervals hold the truth.
    """
    totals = np.asarray(totals, dtype=float)
    error = MISREADING[figure] if paths.inferred else 0.0
    worth = 1.0 / (1.0 + totals * error)
    return wilson(np.asarray(successes, dtype=float) * worth, totals * worth)
