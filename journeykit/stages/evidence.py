"""Evidence: which stages of the model a log can show at all; counted in `journeykit.facts`."""

from journeykit.facts.evidence import (
    BEFORE_TOO,
    ON_THE_WAY,
    observable_states,
    stage_evidence,
    step_shares,
    telling_touchpoints,
)

__all__ = [
    "BEFORE_TOO",
    "ON_THE_WAY",
    "observable_states",
    "stage_evidence",
    "step_shares",
    "telling_touchpoints",
]
