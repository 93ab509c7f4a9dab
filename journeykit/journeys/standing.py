"""Where everyone stands and what is expected next, added up from everyone's probabilities."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from journeykit.facts import count_evidence, has_purchases, telling_touchpoints
from journeykit.journeys.misreading import interval_as_read
from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.steps import hold_back, personas_of, units_of
from journeykit.stage_models import LAPSED

__all__ = ["count_stages_now", "list_observable_stages", "sum_outlook"]

NOW_COLUMNS = "persona stage customers share low high named likely likely_confidence".split()
AHEAD = "move_forward move_back move_return move_days move_days_low move_days_high".split()
AHEAD_COLUMNS = "forward_share back_share return_share days_median days_low days_high".split()
OUTLOOK_COLUMNS = "persona stage customers moves move_share lapses lapse_share".split() + AHEAD_COLUMNS
OBSERVED_COLUMNS = "stage contacts customers markers marker_contacts observable missing_touchpoints".split()


def count_stages_now(paths: Paths, stages: pd.DataFrame | None) -> pd.DataFrame:
    """Count the expected number of units in each stage, and in `lapsed`.

    Returns
    -------
    pandas.DataFrame
        `persona, stage` (`lapsed` last; null for units without a named stage), `customers` (sum of the
        probabilities), `share, low, high` (allowing for inferring), `named` (units for which the stage was named),
        `likely` (units without a named stage for which it is the likeliest), `likely_confidence` (its mean
        probability), `held_back`. The row with a null stage counts in `named` the units for which the model abstains.
        Empty without a stage table.
    """
    rows = []
    for persona in personas_of(paths) if stages is not None else ():
        own = stages.reindex(units_of(paths, persona).index.intersection(stages.index))
        names, likely = own["stage"].value_counts(), _likely(own)
        for stage in (*paths.stages, LAPSED):
            named = int(names.get(stage, 0))
            rows.append((persona, stage, float(own[f"p_{stage}"].sum()), len(own), named, *likely(stage)))
        unsure = int(own["stage"].isna().sum())
        rows.append((persona, None, float(unsure), len(own), unsure, *likely(None)))
    columns = ["persona", "stage", "customers", "total", "named", "likely", "likely_confidence"]
    table = pd.DataFrame(rows, columns=columns)
    table["share"] = table["customers"] / table["total"].where(table["total"] > 0)
    table["low"], table["high"] = interval_as_read(paths, "now", table["customers"], table["total"])
    return hold_back(table[NOW_COLUMNS], table["total"] < paths.min_group, ("persona", "stage"))


def _likely(own: pd.DataFrame) -> Callable[[str | None], tuple[int, float]]:
    """Return what counts the units without a named stage that are likeliest in one (any), and how likely on average."""
    unsure = own[own["stage"].isna()]

    def counted(stage: str | None) -> tuple[int, float]:
        if "stage_likely" not in own:
            return 0, np.nan
        there = unsure if stage is None else unsure[unsure["stage_likely"] == stage]
        return len(there), float(there["stage_confidence"].mean()) if len(there) else np.nan

    return counted


def sum_outlook(paths: Paths, stages: pd.DataFrame | None) -> pd.DataFrame:
    """Add up the expected moves within the horizon, per persona and the stage in which units are named.

    Returns
    -------
    pandas.DataFrame
        `persona, stage` (`all` for every unit), `customers, moves` (expected number that goes to another stage),
        `move_share, lapses` (expected number of units, not lapsed now, that lapse), `lapse_share`,
        `forward_share, back_share, return_share` (expected to go on, back, and to return from lapsed),
        `days_median, days_low, days_high` (days to the next move of the unit in the middle, and of one move in
        ten sooner and later; missing where most have lapsed), `held_back`. Empty without a stage table or a
        forecast in it.
    """
    if stages is None or "p_next_stay" not in stages or stages["p_next_stay"].isna().all():
        return hold_back(pd.DataFrame(columns=OUTLOOK_COLUMNS), np.zeros(0, bool), ("persona", "stage"))
    lapses = _expected_lapses(stages)
    moves = (1 - stages["p_next_stay"] - stages[f"p_next_{LAPSED}"]).clip(lower=0)
    rows = []
    for persona in personas_of(paths):
        index = units_of(paths, persona).index.intersection(stages.index)
        named = stages["stage"].reindex(index)
        groups = [("all", index), *((stage, index[named == stage]) for stage in paths.stages)]
        rows += [
            (
                persona,
                stage,
                len(at),
                float(moves[at].sum()),
                float(lapses[at].sum()),
                *_ahead(stages.loc[at]),
            )
            for stage, at in groups
        ]
    counted = ["persona", "stage", "customers", "moves", "lapses", *AHEAD_COLUMNS]
    table = pd.DataFrame(rows, columns=counted)
    size = table["customers"].where(table["customers"] > 0)
    table = table.assign(move_share=table["moves"] / size, lapse_share=table["lapses"] / size)
    return hold_back(table[OUTLOOK_COLUMNS], table["customers"] < paths.min_group, ("persona", "stage"))


def _ahead(stages: pd.DataFrame) -> list[float]:
    """Return the mean chance of each way to go, and the middle unit's days; missing where not told."""
    told = stages.reindex(columns=AHEAD).astype(float)
    days = told.loc[told["move_days"].notna(), AHEAD[3:]].fillna(np.inf)  # inf: too far ahead to tell
    middle = days.median().replace(np.inf, np.nan) if 2 * len(days) >= len(told) else np.full(3, np.nan)
    return [*told[AHEAD[:3]].mean(), *middle]


def _expected_lapses(stages: pd.DataFrame) -> pd.Series:
    """Return the chance to lapse for those who are not expected to have lapsed already."""
    now = stages[f"p_{LAPSED}"].fillna(0) if f"p_{LAPSED}" in stages else 0.0
    return stages[f"p_next_{LAPSED}"].where(now < 0.5, 0.0)


def list_observable_stages(paths: Paths) -> pd.DataFrame:
    """List which stages the data can show.

    Returns
    -------
    pandas.DataFrame
        `stage, contacts` (with touchpoints typical of the stage), `customers` (who had one), `markers` (touchpoints in
        the data that mark the stage), `marker_contacts, observable` (a contact shows it: a marker of it, or a
        touchpoint that is typical of it alone), `missing_touchpoints` (what would show it and is not in the data: its
        markers, or where it has no other, its touchpoints).
    """
    evidence = count_evidence(paths.model, paths.contacts)
    steps = {name for names in evidence["touchpoints"] for name in names}
    rows = []
    for stage, seen in zip(paths.model.stages, evidence.itertuples(index=False), strict=True):
        telling = telling_touchpoints(paths.model, stage, has_purchases(steps, paths.model))
        absent = [name for name in telling if name not in steps]
        missing = [name for name in absent if name in stage.markers] or absent
        found = ", ".join(seen.markers_seen)
        rows.append(
            (
                stage.id,
                seen.contacts,
                seen.units,
                found,
                seen.marker_contacts,
                seen.observable,
                ", ".join(missing),
            )
        )
    return pd.DataFrame(rows, columns=OBSERVED_COLUMNS)


def personas_total(paths: Paths) -> dict[str, int]:
    """Return the number of units of each persona, and of everyone under `all`."""
    return {persona: len(units_of(paths, persona)) for persona in [ALL, *personas_of(paths)[1:]]}
