"""Figures: a finished frame and an axes in, the axes out; nothing is computed."""

from journeykit.plots.canvases import journey_canvas, value_canvas
from journeykit.plots.changes import differences
from journeykit.plots.flows import Drawing, draw, lay_out_arcs, lay_out_flows
from journeykit.plots.journeys import (
    amounts,
    drop_off,
    funnel,
    pages_bounce,
    shares_map,
    time_in_stage,
    transition_map,
)
from journeykit.plots.personas import (
    persona_candidates,
    persona_map,
    persona_profile,
    persona_sizes,
    persona_worth,
)
from journeykit.plots.stages import (
    confusion_map,
    forecast,
    reliability,
    signal_importance,
    stage_distribution,
)
from journeykit.plots.theme import PERSONA_COLOURS, accent_theme, persona_colours, theme

__all__ = [
    "Drawing", "PERSONA_COLOURS", "accent_theme", "amounts", "confusion_map", "differences", "draw", "drop_off",
    "forecast", "funnel", "journey_canvas", "lay_out_arcs", "lay_out_flows", "pages_bounce",
    "persona_candidates", "persona_colours", "persona_map", "persona_profile", "persona_sizes", "persona_worth",
    "reliability", "shares_map", "signal_importance", "stage_distribution", "theme",
    "time_in_stage", "transition_map", "value_canvas",
]  # fmt: skip
