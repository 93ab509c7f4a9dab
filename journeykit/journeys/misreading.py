"""Misreading: intervals of shares that allow for stages being inferred, and not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from journeykit.intervals import wilson

if TYPE_CHECKING:
    from journeykit.journeys.paths import Paths

__all__ = ["MISREADING", "interval_as_read", "left_open", "widened_as_read"]

# squared error of a share that comes from inferring stages, in parts of share x (1 - share) x what the reading leaves
# open; measured on the truth of worlds that were made by other rules than the model's
MISREADING = {
    "drop_off": 0.045,
    "skipped": 0.03,
    "reached": 0.008,
    "now": 0.015,
    "moved": 0.06,
    "back": 0.035,
}
WIDER = 2.0  # variance that the reading adds to that of a bootstrap, where everything is left open


def left_open(stages: pd.DataFrame | None) -> float:
    """Return how much of who is where a stage table leaves open: 0, everybody's stage is known; 1, nobody's.

    It is the mean variance of everybody's own chances, in parts of the variance that the shares of the stages would
    have: what somebody who knows the totals alone is unsure of.

    Parameters
    ----------
    stages
        The stage table, with a column ``p_<stage>`` per stage; without one nothing is known of how sure the reading is.

    Examples
    --------
    >>> left_open(pd.DataFrame({"p_a": [1.0, 0.0], "p_b": [0.0, 1.0]}))
    0.0
    >>> left_open(pd.DataFrame({"p_a": [0.5, 0.5], "p_b": [0.5, 0.5]}))
    1.0
    """
    if stages is None:
        return 1.0
    names = [name for name in stages if str(name).startswith("p_") and not str(name).startswith("p_next_")]
    chances = stages[names].dropna().to_numpy(float)
    totals = chances.mean(axis=0) if len(chances) else np.zeros(len(names))
    unsure = float((totals * (1 - totals)).sum())
    return float((chances * (1 - chances)).mean(axis=0).sum()) / unsure if unsure > 0 else 0.0


def interval_as_read(
    paths: Paths, figure: str, successes: ArrayLike, totals: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of shares: Wilson's, with as many units as the reading is worth.

    Where stages were inferred, a share errs by the sample and by the reading. The second part does not shrink with more
    customers: with an error of 0.02 of which half is left open, a share is worth at most 1 / (0.02 x 0.5), a hundred
    customers, however many there are. Where all is known, it is Wilson's interval.

    Parameters
    ----------
    paths
        Whether stages were inferred, and how much that leaves open.
    figure
        `drop_off`, `skipped`, `reached`, `now` (who is in a stage), `moved` (transitions) or `back`.
    successes, totals
        Counts; expected ones are allowed.

    Notes
    -----
    `benchmarks/quality_intervals.py` measures how often such intervals hold the truth in worlds of other rules.
    """
    totals = np.asarray(totals, dtype=float)
    read = paths.inferred or (figure == "now" and paths.lapse_known)
    worth = 1.0 / (1.0 + totals * (MISREADING[figure] * paths.left_open if read else 0.0))
    return wilson(np.asarray(successes, dtype=float) * worth, totals * worth)


def widened_as_read(
    paths: Paths, share: ArrayLike, low: ArrayLike, high: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Return a bootstrap interval of shares, wider by what the reading leaves open; as it was where nothing is.

    Parameters
    ----------
    paths
        Whether stages were inferred, and how much that leaves open.
    share, low, high
        Shares between 0 and 1 and their intervals, which drew units and not their stages; nulls stay.
    """
    share, low, high = (np.asarray(one, dtype=float) for one in (share, low, high))
    times = np.sqrt(1 + WIDER * paths.left_open) if paths.inferred else 1.0
    return np.clip(share - times * (share - low), 0, 1), np.clip(share + times * (high - share), 0, 1)
