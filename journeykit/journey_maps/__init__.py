"""Journey maps: persona × stage, what was measured beside the playbook, and what to do next."""

from journeykit.journey_maps.advice import ACTION_COLUMNS, best_channel, next_actions, pick_action, recommend
from journeykit.journey_maps.charting import MAP_COLUMNS, JourneyMap, chart_journey

__all__ = [
    "ACTION_COLUMNS", "MAP_COLUMNS", "JourneyMap", "best_channel", "chart_journey", "next_actions", "pick_action",
    "recommend",
]  # fmt: skip
