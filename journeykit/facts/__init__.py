"""Facts: what a log recorded, in one meaning for everybody: which contact shows which stage, and what was bought."""

from journeykit.facts.evidence import (
    BEFORE_TOO,
    ON_THE_WAY,
    count_evidence,
    observable_states,
    stage_evidence,
    step_shares,
    telling_touchpoints,
)
from journeykit.facts.fidelity import FEWEST_TESTED, Reading, choose_reading, fit_noise
from journeykit.facts.money import measure_revenue, paying_touchpoints
from journeykit.facts.sales import in_one_money, list_sales, selling_touchpoints
from journeykit.facts.showing import (
    PURCHASES,
    buying_positions,
    has_purchases,
    marker_positions,
    recorded_stages,
    shown_positions,
)

__all__ = [
    "BEFORE_TOO",
    "FEWEST_TESTED",
    "ON_THE_WAY",
    "PURCHASES",
    "Reading",
    "buying_positions",
    "choose_reading",
    "count_evidence",
    "fit_noise",
    "has_purchases",
    "in_one_money",
    "list_sales",
    "marker_positions",
    "measure_revenue",
    "observable_states",
    "paying_touchpoints",
    "recorded_stages",
    "selling_touchpoints",
    "shown_positions",
    "stage_evidence",
    "step_shares",
    "telling_touchpoints",
]
