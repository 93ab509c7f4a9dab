"""Reports: a notebook run for a client, its page, a batch of them, and the index above."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Labelling": "labelling",
    "NoPersonasFound": "cards",
    "Outcome": "outcomes",
    "Page": "page",
    "PersonaCards": "cards",
    "Progress": "progress",
    "Study": "study",
    "Timeline": "timeline",
    "label_customers": "labelling",
    "open_study": "profiles",
    "persona_cards": "cards",
    "run_report": "batch",
    "run_reports": "batch",
    "show_timeline": "timeline",
    "write_formats": "exports",
    "write_index": "index",
}

__all__ = sorted([*_HOME, "chapters"])


def __getattr__(name: str) -> Any:
    """Load a name when it is asked for: papermill imports this package for its engine alone."""
    if name == "chapters":
        return import_module("journeykit.reports.chapters")
    if name not in _HOME:
        raise AttributeError(f"module 'journeykit.reports' has no attribute {name!r}")
    return getattr(import_module(f"journeykit.reports.{_HOME[name]}"), name)
