"""Valuing: the year ahead, the return on spend and what to decide, as a study has them made."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.decisions import Decisions, decide, nothing_to_decide
from journeykit.features import measure_traits
from journeykit.forecasts import ValueForecast, forecast_value
from journeykit.journeys.paths import trace_paths
from journeykit.personas import align_traits, personas_of
from journeykit.sessions import contacts

__all__ = ["decide_for", "foretell_value", "value_tables"]

MOST_CONTACTS = (
    1_000_000  # of more, nobody's persona of earlier is looked up: it takes as long as personas do
)


def foretell_value(study: Any) -> ValueForecast:
    """Return what a study's customers will bring in the year ahead."""
    log = study.log
    if log.profile_only or log.client.in_order:
        return forecast_value(log)
    found = bool(study.personas.found_) and int(contacts(log).count().execute()) <= MOST_CONTACTS
    return forecast_value(
        log,
        study.membership["persona"],
        (lambda moment: _personas_at(study, moment)) if found else None,
        silent=study.silence is not None,
        random_state=study.random_state,
    )


def _personas_at(study: Any, moment: pd.Timestamp) -> pd.Series:
    """Return the persona of each unit by what was known of it at an earlier moment."""
    traits = align_traits(study.personas, measure_traits(study.log.as_of(moment)))
    names = personas_of(study.personas.predict(traits), traits.index, study.personas.ids_)
    return pd.Series(names, index=traits.index)


def value_tables(study: Any) -> dict[str, pd.DataFrame]:
    """Return the tables of the year ahead, where purchases are known, and of returns, where costs are."""
    ahead, returns = study.value_forecast, study.returns
    tables = {} if ahead.reason else {"value_forecast": ahead.table, "value_outlook": ahead.outlook}
    return tables | ({} if returns is None else {"returns": returns.table})


def decide_for(study: Any) -> Decisions:
    """Return what is worth acting on for a study's client, by what is at stake."""
    client = study.client
    if client.in_order or client.profile_only:
        return nothing_to_decide(client)
    personas = study.membership["persona"]
    traced = trace_paths(study.log, personas, study.stages.table, inferred=study.paths)
    return decide(traced, client, study.journey_map.advice, study.persona_names, study.random_state)
