"""A study of events that have an order and no times: what came after what, and nothing of how long it took."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from journeykit.features import measure_profile, measure_traits
from journeykit.findings import Finding
from journeykit.journeys import Journeys, map_journeys
from journeykit.reports.study import Study
from journeykit.stage_models import LAPSED
from journeykit.stages import UNSURE, StageInference
from journeykit.stages.forecast import without_forecast

__all__ = ["SequenceStudy"]

TRAITS_OF_TIME = ("daypart.", "weekday.", "rhythm.", "count.daypart.")
MEASURES_OF_TIME = (
    "sessions", "contacts_per_session", "active_days", "span_days", "gap_days", "weekend_share",
    "first_contact_at", "last_touchpoint_at",
)  # fmt: skip
TABLES_OF_TIME = (
    "time_in_stage", "drop_off", "comparisons", "cohorts", "retention", "activity", "first_interactions",
    "lead_magnets", "lapsed", "reactivations", "sales", "levers", "aha", "contrasts",
    "entry_offers", "attendance", "referred", "outlook",
)  # fmt: skip
COLUMNS_OF_TIME = {
    "phases": ("left", "lapsed", "drop_off", "drop_off_low", "drop_off_high"),
    "transitions": ("days_median",), "funnel": ("days_median",),
    "entry_points": ("followed", "went_on", "went_on_share", "went_on_low", "went_on_high", "other_share", "p_value"),
}  # fmt: skip
FINDINGS_OF_TIME = ("window_opens_late", "lapsed_share")


class SequenceStudy(Study):
    """The measurements of customers of whom is known what they did after what, and not when.

    Left out, as missing or as tables without rows: traits of pace and hours, days, forecasts, who has lapsed or
    dropped out, and all that counts who was followed for long enough.
    """

    @cached_property
    def traits(self) -> pd.DataFrame:
        """Who the units are: one row a unit, adjusted for stage, without pace and hours."""
        traits = measure_traits(self.log)
        return traits[[name for name in traits if not name.startswith(TRAITS_OF_TIME)]]

    @cached_property
    def profile(self) -> pd.DataFrame:
        """The same in measures that can be read."""
        profile = measure_profile(self.log).drop(columns=list(MEASURES_OF_TIME), errors="ignore")
        return profile[[name for name in profile if not name.startswith("daypart_share.")]]

    @cached_property
    def stages(self) -> StageInference:
        """Everybody's stage at the end of the path. Nothing of what follows, and nobody has lapsed."""
        found = super().stages
        table = found.table.copy()
        chances = [f"p_{stage}" for stage in self.client.model.ids]
        table[chances] = table[chances].div(table[chances].sum(axis=1).replace(0.0, np.nan), axis=0)
        table[f"p_{LAPSED}"] = np.nan
        table["stage"] = table["stage"].where(table["stage"] != LAPSED)
        table["stage_basis"] = table["stage_basis"].where(table["stage"].notna(), UNSURE)
        table["stage_likely"] = table[chances].fillna(0.0).idxmax(axis=1).str.removeprefix("p_")
        table["stage_confidence"] = table[chances].max(axis=1)
        table["stage_set"] = [[one for one in own if one != LAPSED] for own in table["stage_set"]]
        return replace(found, table=without_forecast(table))

    @cached_property
    def paths(self) -> pd.DataFrame | None:
        """The stages that everybody went through, as inferred; None where too little could be learned."""
        drawn = super().paths
        return None if drawn is None else drawn[drawn["stage"] != LAPSED].reset_index(drop=True)

    @cached_property
    def journeys(self) -> Journeys:
        """What happened on the way, per persona and stage, as far as an order tells it."""
        table = self.stages.table.fillna({f"p_{LAPSED}": 0.0}).drop(columns=self._ahead(self.stages.table))
        found = map_journeys(
            self.log, self.membership["persona"], table, inferred=self.paths, random_state=self.random_state
        )
        counted: dict[str, Any] = {name: getattr(found, name).head(0) for name in TABLES_OF_TIME}
        for name, columns in COLUMNS_OF_TIME.items():
            counted[name] = getattr(found, name).assign(**dict.fromkeys(columns, np.nan))
        counted["transitions"] = counted["transitions"].loc[lambda moves: moves["to"] != LAPSED]
        counted["stages_now"] = found.stages_now.loc[lambda now: now["stage"] != LAPSED]
        return replace(found, **counted)

    def _ahead(self, table: pd.DataFrame) -> list[str]:
        return [name for name in table if name.startswith(("p_next_", "move_")) or name == "next_stage"]

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name, as far as an order tells them."""
        tables = super().tables
        moves = tables["transitions_by_markers"]
        return tables | {"transitions_by_markers": moves[moves["to"] != LAPSED].assign(days_median=np.nan)}

    @cached_property
    def findings(self) -> list[Finding]:
        """What matters, most telling first, as far as an order tells it."""
        kept = [found for found in super().findings if found.key not in FINDINGS_OF_TIME]
        return [replace(found, rank=place) for place, found in enumerate(kept, start=1)]

    @cached_property
    def audit(self) -> None:
        """Nothing: the conclusions that other stage models are asked for are of time."""
        return None

    @cached_property
    def people(self) -> pd.DataFrame:
        return super().people.assign(last_touchpoint_at=pd.NaT)

    @cached_property
    def size(self) -> dict[str, Any]:
        """How much data there is: customers, units and contacts; no days."""
        return {name: count for name, count in super().size.items() if not name.endswith("_day")}

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The headline figures, for ``run.json`` and the index."""
        return {name: value for name, value in super().figures.items() if name != "lapsed_share"}
