"""Phases: the journey in the phases that stage models share, so that clients can be compared."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.misreading import interval_as_read
from journeykit.journeys.paths import Paths, per_persona
from journeykit.journeys.steps import hold_back, personas_of, units_of
from journeykit.stage_models import CANONICAL_PHASES

__all__ = ["count_phases"]

PHASE_COLUMNS = (
    "persona phase stages unit observable total customers share low high left lapsed drop_off drop_off_low "
    "drop_off_high"
).split()


def count_phases(paths: Paths, stages: pd.DataFrame | None, unit: str = "customer") -> pd.DataFrame:
    """Count who is in each canonical phase, and who leaves for good from it.

    Parameters
    ----------
    paths : Paths
        The paths of a log.
    stages
        The stage table, for who is where now; without it that is null.
    unit
        Who travels, `customer` or `account`.

    Returns
    -------
    pandas.DataFrame
        `persona, phase, stages` (those of the model in the phase, joined by commas), `unit, observable` (anybody was
        seen in it), `total` (units), `customers` (expected number in the phase now), `share` of all units with its
        interval in `low, high`, `left` and `lapsed` (units that left the phase, and the expected number of
        them that left for good), `drop_off, drop_off_low, drop_off_high, held_back`. A phase that the model does not
        have has no row; one that the data cannot show has nulls. A move between two stages of one phase is no
        departure from it.
    """
    places = _places(paths)
    been = _been(paths, places)
    rows = []
    for persona in personas_of(paths):
        units = units_of(paths, persona)
        for phase, positions in places.items():
            ids = [paths.stages[at] for at in positions]
            observable = any(at in paths.seen for at in positions)
            now = _now(units, stages, ids) if observable else np.nan
            here = units[units["here"].isin(positions)]
            n, lapsed = int(been.get((persona, phase), 0)), float(here["p_lapsed"].sum())
            left = max(n - len(here), 0) + lapsed
            row = (persona, phase, ", ".join(ids), unit, observable, len(units), now)
            rows.append((*row, left, lapsed) if observable else (*row, np.nan, np.nan))
    counted = "persona phase stages unit observable total customers left lapsed".split()
    table = pd.DataFrame(rows, columns=counted)
    table["share"] = table["customers"] / table["total"].where(table["total"] > 0)
    table["low"], table["high"] = interval_as_read(paths, "now", table["customers"], table["total"])
    table["drop_off"] = table["lapsed"] / table["left"].where(table["left"] >= paths.min_group)
    table["drop_off_low"], table["drop_off_high"] = interval_as_read(
        paths, "drop_off", table["lapsed"], table["left"].where(table["drop_off"].notna())
    )
    small = table["total"] < paths.min_group
    return hold_back(table[PHASE_COLUMNS], small, ("persona", "phase", "stages", "unit", "observable"))


def _places(paths: Paths) -> dict[str, list[int]]:
    """Return the positions of the model's stages per phase, in the order of the phases."""
    stages = list(enumerate(paths.model.stages))
    found = {phase: [at for at, stage in stages if stage.canonical == phase] for phase in CANONICAL_PHASES}
    return {phase: positions for phase, positions in found.items() if positions}


def _been(paths: Paths, places: dict[str, list[int]]) -> dict[tuple[str, str], int]:
    """Return how many units have been in each phase, by persona and phase."""
    entries = per_persona(paths.entries)
    cases = [(entries.position.isin(positions), phase) for phase, positions in places.items()]
    entries = entries.mutate(phase=ibis.cases(*cases, else_=ibis.null("string")))
    counted = entries.group_by(["persona", "phase"]).aggregate(n=entries.unit_id.nunique()).execute()
    return {(row.persona, row.phase): row.n for row in counted.itertuples()}


def _now(units: pd.DataFrame, stages: pd.DataFrame | None, ids: list[str]) -> float:
    if stages is None:
        return np.nan
    chances = stages.reindex(units.index.intersection(stages.index))
    return float(chances[[f"p_{stage}" for stage in ids]].sum(axis=1).sum())
