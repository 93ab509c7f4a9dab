"""Journeys: what happened, counted per persona and stage, with intervals."""

from __future__ import annotations

from journeykit.journeys.attribution import markov_removal, shapley_values
from journeykit.journeys.auditing import StageModelAudit, audit_stage_models
from journeykit.journeys.comparing import compare_groups, compare_periods, compare_personas
from journeykit.journeys.mapping import Journeys, map_journeys
from journeykit.journeys.paths import trace_paths
from journeykit.journeys.steps import count_transitions

__all__ = [
    "Journeys", "StageModelAudit", "audit_stage_models", "compare_groups", "compare_periods", "compare_personas",
    "count_transitions", "map_journeys", "markov_removal",
    "shapley_values", "trace_paths",
]  # fmt: skip
