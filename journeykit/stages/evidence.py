"""Evidence: which stages of the model a log can show at all."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["ON_THE_WAY", "observable_states", "stage_evidence", "step_shares"]

ON_THE_WAY = frozenset({"add_to_cart", "begin_checkout", "add_payment_info", "quote_request", "appointment"})


def stage_evidence(log) -> pd.DataFrame:
    """Count what the log holds of every stage.

    A stage is observable when a touchpoint that is most typical of it occurs. What leads up to a purchase
    (a cart, a checkout) is no evidence of the purchase stage: where nothing was bought, nobody is in it.

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


def _evidence(model, seen: pd.DataFrame) -> pd.DataFrame:
    votes, rows = model.votes(), {}
    for stage in model.stages:
        typical = sorted({*stage.touchpoints, *stage.markers})
        found = [step for step in typical if step in seen.index]
        telling = [step for step in found if votes.loc[step, stage.id] >= votes.loc[step].max() - 1e-9]
        if stage.canonical == "purchase":
            telling = [step for step in telling if step not in ON_THE_WAY]
        rows[stage.id] = {
            "touchpoints": found,
            "contacts": int(seen.loc[found, "contacts"].sum()),
            "units": int(seen.loc[found, "units"].max()) if found else 0,
            "markers_seen": [step for step in found if step in stage.markers],
            "missing": [step for step in typical if step not in seen.index],
            "observable": bool(telling),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("stage")
