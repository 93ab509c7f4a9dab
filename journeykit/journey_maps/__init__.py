"""Journey maps: persona × stage, what was measured beside the playbook, and what to do next."""

from journeykit.journey_maps.advice import (
    ACTION_COLUMNS,
    ADVICE_COLUMNS,
    advise,
    next_actions,
    pick_action,
    recommend,
)
from journeykit.journey_maps.charting import MAP_COLUMNS, JourneyMap, chart_journey
from journeykit.journey_maps.whatif import WHAT_IF_COLUMNS, weigh_drop_off

__all__ = [
    "ACTION_COLUMNS", "ADVICE_COLUMNS", "MAP_COLUMNS", "WHAT_IF_COLUMNS", "JourneyMap", "advise", "chart_journey",
    "next_actions", "pick_action", "recommend", "weigh_drop_off",
]  # fmt: skip
