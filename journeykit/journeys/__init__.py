"""Journeys: what happened, counted per persona and stage, with intervals."""

from __future__ import annotations

from journeykit.journeys.attribution import markov_removal, shapley_values
from journeykit.journeys.mapping import Journeys, map_journeys

__all__ = ["Journeys", "map_journeys", "markov_removal", "shapley_values"]
