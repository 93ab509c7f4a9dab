"""journeykit: measured personas, honest journey stages and finished client reports."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Client": "clients",
    "EventLog": "events",
    "Finding": "findings",
    "JourneyMap": "journey_maps",
    "JourneykitError": "errors",
    "PersonaClusterer": "personas",
    "StageClassifier": "stages",
    "StageModel": "stage_models",
    "draft_client": "drafting",
    "explain": "personas",
    "load_model": "models",
    "load_stage_model": "stage_models",
    "map_journeys": "journeys",
    "measure_signals": "features",
    "measure_traits": "features",
    "observe": "findings",
    "read_client": "clients",
    "read_events": "events",
    "recruit_rules": "personas",
    "run_report": "reports",
    "run_reports": "reports",
    "say": "wording",
    "simulate": "simulate",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'journeykit' has no attribute {name!r}")
    return getattr(import_module(f"journeykit.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
