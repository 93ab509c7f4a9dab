"""Evidence: what a log holds of every stage, and which stages can be seen in it at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journeykit.facts.showing import (
    BEFORE_TOO,
    ON_THE_WAY,
    has_purchases,
    marker_positions,
    shown_positions,
)
from journeykit.sessions import contacts
from journeykit.stage_models import Stage, StageModel

__all__ = [
    "BEFORE_TOO",
    "ON_THE_WAY",
    "count_evidence",
    "observable_states",
    "stage_evidence",
    "step_shares",
    "telling_touchpoints",
]


def stage_evidence(log) -> pd.DataFrame:
    """Count what the log holds of every stage.

    A stage is observable when any contact shows it: a marker of it, or a touchpoint that is typical of it
    alone (see `shown_positions`).

    Parameters
    ----------
    log : EventLog
        The events.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``stage``, in order: ``touchpoints`` (list of those seen that are typical of it), ``contacts``
        with these, ``units``, ``markers_seen`` (list), ``marker_contacts``, ``marker_units``, ``missing`` (list of
        typical touchpoints that never occur) and ``observable``.
    """
    return count_evidence(log.client.model, contacts(log))


def count_evidence(model: StageModel, table: Any) -> pd.DataFrame:
    """Return what a table of contacts (``step, unit_id``) holds of every stage; see `stage_evidence`."""
    steps = sorted(table.select("step").distinct().execute()["step"])
    named = _named(model)
    counted = {
        f"{what}_{at}_{kind}": table.unit_id.nunique(where=table.step.isin(names))
        if what == "units"
        else table.step.isin(names).cast("int64").sum()
        for at, sets in enumerate(named)
        for kind, names in sets.items()
        for what in ("contacts", "units")
        if names
    }
    sums = table.aggregate(**counted).execute().iloc[0] if counted else pd.Series(dtype=float)
    return _evidence(model, steps, sums.fillna(0).astype("int64"))


def _named(model: StageModel) -> list[dict[str, list[str]]]:
    """Return, per stage, the touchpoints that are typical of it, and its markers."""
    marks = marker_positions(model)
    mine = [[name for name, place in marks.items() if place == at] for at in range(len(model.stages))]
    return [
        {"typical": sorted({*stage.touchpoints, *stage.markers, *own}), "marker": sorted(own)}
        for stage, own in zip(model.stages, mine, strict=True)
    ]


def _evidence(model: StageModel, steps: list[str], sums: pd.Series) -> pd.DataFrame:
    seen, rows = set(steps), {}
    shown = shown_positions(model, has_purchases(seen, model))
    for at, (stage, named) in enumerate(zip(model.stages, _named(model), strict=True)):
        rows[stage.id] = {
            "touchpoints": [name for name in named["typical"] if name in seen],
            "contacts": int(sums.get(f"contacts_{at}_typical", 0)),
            "units": int(sums.get(f"units_{at}_typical", 0)),
            "markers_seen": [name for name in named["marker"] if name in seen],
            "marker_contacts": int(sums.get(f"contacts_{at}_marker", 0)),
            "marker_units": int(sums.get(f"units_{at}_marker", 0)),
            "missing": [name for name in named["typical"] if name not in seen],
            "observable": any(shown.get(name) == at for name in seen),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")


def observable_states(evidence: pd.DataFrame) -> np.ndarray:
    """Return, for the stages in order and then ``lapsed``, whether the state can be inferred."""
    stages = evidence["observable"].to_numpy(bool)
    return np.r_[stages if stages.any() else np.ones(len(stages), bool), True]


def step_shares(log) -> pd.Series:
    """Return the share of the contacts per touchpoint."""
    table = contacts(log)
    counts = table.group_by("step").aggregate(n=table.count()).execute().set_index("step")["n"].sort_index()
    return counts / counts.sum()


def telling_touchpoints(model: StageModel, stage: Stage, bought: bool = True) -> list[str]:
    """Return the touchpoints that show by themselves that somebody has been in a stage, markers first.

    Parameters
    ----------
    model : StageModel
        The stage model.
    stage : Stage
        One of its stages.
    bought : bool, default True
        Whether the data hold purchases; see `shown_positions`.

    Examples
    --------
    >>> from journeykit.stage_models import load_stage_model
    >>> model = load_stage_model("content")
    >>> telling_touchpoints(model, model.stage("purchase"), bought=False)
    ['purchase', 'begin_checkout', 'contract_signed']
    """
    shown, at = shown_positions(model, bought), model.position(stage.id)
    named = dict.fromkeys((*stage.markers, *marker_positions(model), *stage.touchpoints))
    return [name for name in named if shown.get(name) == at]
