"""Features: traits (who someone is), signals (where someone stands) and the readable profile."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {"measure_profile": "profile", "measure_signals": "signals", "measure_traits": "traits"}

__all__ = ["measure_profile", "measure_signals", "measure_traits"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'journeykit.features' has no attribute {name!r}")
    return getattr(import_module(f"journeykit.features.{_HOME[name]}"), name)
