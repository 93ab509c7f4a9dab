"""Features: traits (who someone is), signals (where someone stands), the readable profile, and wide tables."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "StageAdjuster": "adjusting",
    "WideTraits": "wide",
    "learn_people": "people",
    "measure_as_before": "people",
    "measure_people": "people",
    "measure_profile": "profile",
    "measure_signals": "signals",
    "measure_stage_mix": "counts",
    "measure_traits": "traits",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'journeykit.features' has no attribute {name!r}")
    return getattr(import_module(f"journeykit.features.{_HOME[name]}"), name)
