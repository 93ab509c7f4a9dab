"""Findings: what the tables say that matters, without words."""

from __future__ import annotations

from journeykit.findings.finding import SECTIONS, Finding, control, headlines, rank
from journeykit.findings.observing import name_finding, observe
from journeykit.findings.people import contrast_personas

__all__ = [
    "SECTIONS",
    "Finding",
    "contrast_personas",
    "control",
    "headlines",
    "name_finding",
    "observe",
    "rank",
]
