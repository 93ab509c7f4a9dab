"""Evidence: which stages of the model a log can show at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeykit.stage_models import CANONICAL_PHASES, Stage, StageModel

__all__ = [
    "BEFORE_TOO",
    "ON_THE_WAY",
    "observable_states",
    "stage_evidence",
    "step_shares",
    "telling_touchpoints",
]

ON_THE_WAY = frozenset({"add_to_cart", "begin_checkout", "add_payment_info", "quote_request", "appointment"})
BEFORE_TOO = frozenset({"email_open", "login", "help_article", "share", "survey_response"})
_AFTER = CANONICAL_PHASES[CANONICAL_PHASES.index("purchase") + 1 :]


def stage_evidence(log) -> pd.DataFrame:
    """Count what the log holds of every stage.

    A stage is observable when a touchpoint that is most typical of it occurs. What leads up to a purchase
    (a cart, a checkout) is no evidence of the purchase stage: where nothing was bought, nobody is in it. Neither
    are an opened email or a login evidence of what comes after it then: people do that before they buy, too.

    Parameters
    ----------
    log : EventLog
        The events.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``stage``, in order: ``touchpoints`` (list of those seen), ``contacts``, ``units``,
        ``markers_seen`` (list), ``missing`` (list of typical touchpoints that never occur) and ``observable``.
    """
    from journeykit.sessions import contacts

    table = contacts(log)
    pairs = table.group_by(["step", "unit_id"]).aggregate(n=table.count())
    seen = (
        pairs.group_by("step")
        .aggregate(contacts=pairs.n.sum(), units=pairs.count())
        .execute()
        .set_index("step")
    )
    return _evidence(log.client.model, seen)


def observable_states(evidence: pd.DataFrame) -> np.ndarray:
    """Return, for the stages in order and then ``lapsed``, whether the state can be inferred."""
    stages = evidence["observable"].to_numpy(bool)
    return np.r_[stages if stages.any() else np.ones(len(stages), bool), True]


def step_shares(log) -> pd.Series:
    """Return the share of the contacts per touchpoint."""
    from journeykit.sessions import contacts

    table = contacts(log)
    counts = table.group_by("step").aggregate(n=table.count()).execute().set_index("step")["n"].sort_index()
    return counts / counts.sum()


def telling_touchpoints(model: StageModel, stage: Stage, bought: bool = True) -> list[str]:
    """Return the touchpoints that show by themselves that somebody is in a stage, markers first.

    Parameters
    ----------
    model : StageModel
        The stage model; a touchpoint that is more typical of another stage of it tells nothing.
    stage : Stage
        One of its stages.
    bought : bool, default True
        Whether the data hold purchases. Without, what people do before a purchase too shows no stage after it.

    Examples
    --------
    >>> from journeykit.stage_models import load_stage_model
    >>> model = load_stage_model("content")
    >>> telling_touchpoints(model, model.stage("purchase"))
    ['purchase']
    """
    votes, typical = model.votes(), dict.fromkeys((*stage.markers, *stage.touchpoints))
    telling = [step for step in typical if votes.loc[step, stage.id] >= votes.loc[step].max() - 1e-9]
    if stage.canonical == "purchase":
        return [step for step in telling if step not in ON_THE_WAY]
    early = BEFORE_TOO if stage.canonical in _AFTER and not bought else ()
    return [step for step in telling if step not in early]


def _bought(model: StageModel, seen: pd.DataFrame) -> bool:
    """Return whether a purchase stage is shown; where the model has none, whether to ask for one at all."""
    buying = [stage for stage in model.stages if stage.canonical == "purchase"]
    shown = [step for stage in buying for step in telling_touchpoints(model, stage) if step in seen.index]
    return bool(shown) or not buying


def _evidence(model: StageModel, seen: pd.DataFrame) -> pd.DataFrame:
    bought, rows = _bought(model, seen), {}
    for stage in model.stages:
        typical = sorted({*stage.touchpoints, *stage.markers})
        found = [step for step in typical if step in seen.index]
        rows[stage.id] = {
            "touchpoints": found,
            "contacts": int(seen.loc[found, "contacts"].sum()),
            "units": int(seen.loc[found, "units"].max()) if found else 0,
            "markers_seen": [step for step in found if step in stage.markers],
            "missing": [step for step in typical if step not in seen.index],
            "observable": any(step in seen.index for step in telling_touchpoints(model, stage, bought)),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")
