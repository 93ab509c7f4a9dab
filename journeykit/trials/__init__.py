"""Trials: groups that were treated differently by chance, read out when they have ended, and planned beforehand."""

from __future__ import annotations

from journeykit.trials.planning import POWER, SIGNIFICANCE, days_needed, size_per_arm, split_by_chance
from journeykit.trials.reading import (
    BETTER,
    MISMATCH,
    NO_DIFFERENCE,
    TRIAL_COLUMNS,
    WORSE,
    holm,
    mismatch_p_value,
    read_out,
)

__all__ = [
    "BETTER", "MISMATCH", "NO_DIFFERENCE", "POWER", "SIGNIFICANCE", "TRIAL_COLUMNS", "WORSE", "days_needed", "holm",
    "mismatch_p_value", "read_out", "size_per_arm", "split_by_chance",
]  # fmt: skip
