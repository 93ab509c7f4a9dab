"""The tables of a study: all of them by name, as they are written to a report's folder."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.journey_maps import next_actions
from journeykit.journeys import count_transitions, trace_paths
from journeykit.personas import PersonaMatch
from journeykit.reports.changes import moves_table
from journeykit.reports.portraits import (
    list_attributes,
    list_candidates,
    list_examples,
    list_rules,
    list_traits,
    list_tree,
)
from journeykit.reports.valuing import value_tables

__all__ = ["list_customers", "list_tables"]

MARKERS = "transitions_by_markers"


def list_tables(study: Any, **given: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return all tables of a study by name; those that are given are not made."""
    counted = study.journeys.tables()
    if counted["pages"].empty:
        del counted["pages"]
    return {
        **counted,
        "customers": study.customers,
        "personas": study.persona_table,
        "persona_traits": list_traits(study.described),
        "persona_attributes": list_attributes(study.described),
        "persona_examples": list_examples(study.examples, study.profile),
        "candidates": list_candidates(study.personas),
        "recruit_rules": list_rules(study.rules, study.client),
        "persona_tree": list_tree(study.rule_tree, study.client),
        "journey_map": study.journey_map.frame,
        "recommendations": study.journey_map.advice,
        "next_actions": given["next_actions"] if "next_actions" in given else _actions(study),
        "evidence": study.stages.evidence.reset_index(),
        "evaluation": study.stages.evaluation.rename_axis("method").reset_index(),
        "reliability": study.stages.reliability.reset_index(drop=True),
        "confusion": study.stages.confusion,
        "importance": study.stages.importance,
        "transitions_by_markers": given[MARKERS] if MARKERS in given else _by_markers(study),
        **({} if study.client.profile_only else {"decisions": study.decided.table}),
        **({"trials": study.trials} if len(study.trials) else {}),
        "rejects": _rejects(study),
        **value_tables(study),
        **({} if study.audit is None else study.audit.tables()),
        **({} if study.changes is None else {"changes": study.changes}),
        **_moves(study.persona_match, study.client.privacy.min_group),
    }


def _actions(study: Any) -> pd.DataFrame:
    """Return the next action of each customer who may be contacted; the people of an account get the account's."""
    actions = next_actions(study.journeys, study.client, study.stages.table, None, study.journey_map.advice)
    people = study.people[["customer_id", "unit_id"]]
    joined = people.merge(actions.rename(columns={"customer_id": "unit_id"}), "inner", "unit_id")
    may = study.log.contactable
    if may is not None:
        joined = joined[joined["customer_id"].map(may).fillna(False).astype(bool)]
    return joined.drop(columns="unit_id").reset_index(drop=True)


def _by_markers(study: Any) -> pd.DataFrame:
    """Return the transitions as markers alone show them, to hold beside the inferred ones."""
    return count_transitions(trace_paths(study.log, study.membership["persona"], study.stages.table))


def _rejects(study: Any) -> pd.DataFrame:
    """Return the rejected rows without the ids in them, which belong to the raw data."""
    rejects = study.log.rejects
    return rejects[[name for name in ("source", "row", "reason", "touchpoint") if name in rejects]]


def _moves(match: PersonaMatch | None, least: int) -> dict[str, pd.DataFrame]:
    """Return who went from which persona to which since the last report, when it had any."""
    return {} if match is None else {"persona_moves": moves_table(match, least)}


def list_customers(study: Any) -> pd.DataFrame:
    """Return one row a customer: persona, stage, forecast and value; people of an account share the account's."""
    people = study.people
    table = people.merge(study.membership, "left", left_on="unit_id", right_index=True)
    table = table.merge(study.stages.table, "left", left_on="unit_id", right_index=True)
    b2b = study.client.unit == "account"
    account = table["unit_id"] if b2b else pd.Series(None, index=table.index, dtype="str")
    ahead = [name for name in table if name.startswith("move_")]
    last = ["last_touchpoint_at", "value_total", *ahead]
    table.insert(1, "account_id", account)
    table = table[[*(name for name in table if name not in ("unit_id", *last)), *last]]
    return table.sort_values("customer_id", ignore_index=True)
