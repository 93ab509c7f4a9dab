"""Decisions: what is worth acting on, by what is at stake in a year, with what to do and how to know that it worked."""

from __future__ import annotations

from journeykit.decisions.deciding import (
    DECISION_COLUMNS,
    MEASURE_FIRST,
    Decisions,
    decide,
    nothing_to_decide,
)
from journeykit.decisions.weighing import MATERIAL, weigh

__all__ = [
    "DECISION_COLUMNS",
    "MATERIAL",
    "MEASURE_FIRST",
    "Decisions",
    "decide",
    "nothing_to_decide",
    "weigh",
]
