"""Observe: all findings about a log, controlled for false discoveries and ranked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from journeykit.findings.advising import advice_findings
from journeykit.findings.after import after_findings
from journeykit.findings.changes import change_findings, figure_findings
from journeykit.findings.cohorts import cohort_findings
from journeykit.findings.comparing import comparison_findings
from journeykit.findings.content import content_findings
from journeykit.findings.contrasts import contrast_findings
from journeykit.findings.finding import Finding, control, rank
from journeykit.findings.linking import link_findings
from journeykit.findings.money import ahead_findings, return_findings
from journeykit.findings.people import persona_findings, value_findings
from journeykit.findings.travel import journey_findings
from journeykit.findings.trying import trial_findings
from journeykit.journeys.pages import SALES

__all__ = ["name_finding", "observe"]

FEW = 200
MOST_PER_KIND = 6


def observe(
    journeys,
    *,
    log=None,
    personas: pd.Series | None = None,
    certificate: pd.DataFrame | None = None,
    found: bool | None = None,
    profile: pd.DataFrame | None = None,
    names: pd.DataFrame | Mapping[str, Mapping[str, str]] | None = None,
    client=None,
    since=None,
    changes: pd.DataFrame | None = None,
    audit=None,
    advice: pd.DataFrame | None = None,
    returns=None,
    outlook=None,
    trials: pd.DataFrame | None = None,
    decided: Iterable[Finding] = (),
    alpha: float = 0.05,
) -> list[Finding]:
    """Return what matters in the tables, largest stake first and caveats last.

    Parameters
    ----------
    journeys : Journeys
        What was counted.
    log : EventLog
        For what was left out, and when the data begin.
    personas, certificate, found
        Persona per unit; the certificate of `PersonaClusterer`; whether it found any.
    profile
        One row per unit of readable measures, for what sets personas apart.
    names
        Per persona its name in `nl` and `en`.
    client
        The client; the log's by default.
    since
        What became of the personas of an earlier report (`PersonaMatch`), and those personas, with `day` and `names`.
    changes
        Figures of now beside those of the last report (`list_changes`), with the day of that report in `attrs["day"]`.
    audit
        What other stage models say (`StageModelAudit`), for which conclusions depend on the stage model.
    advice
        What to do per persona and stage (`advise`), for what is recommended and what is at stake there.
    returns
        What came back of what was spent (`measure_returns`).
    outlook
        What customers will bring in the year ahead (`forecast_value`).
    trials
        What the trials showed (`read_out`), corrected among themselves.
    decided
        What decisions rest on (`decide`), corrected among themselves.
    alpha
        Expected share of false discoveries among the tested findings that are returned.

    Returns
    -------
    list of Finding
        At most six of a kind; groups below the client's smallest group are never named.
    """
    client = client or getattr(log, "client", None)
    min_group = client.privacy.min_group if client is not None else 10
    horizon = client.period.horizon_days if client is not None else 30
    candidates = [
        *persona_findings(personas, certificate, found, profile, min_group),
        *value_findings(journeys.value, min_group),
        *journey_findings(journeys, horizon, min_group),
        *cohort_findings(journeys),
        *content_findings(journeys),
        *after_findings(journeys),
        *contrast_findings(journeys),
        *link_findings(journeys),
        *comparison_findings(journeys.comparisons, journeys.follow_days),
        *advice_findings(advice, journeys, client),
        *return_findings(returns, min_group),
        *ahead_findings(outlook, min_group),
        *_changes(since, names, min_group),
        *(() if changes is None else figure_findings(changes, changes.attrs["day"])),
        *_caveats(journeys, log),
        *_audited(audit),
    ]
    if any(one.key == "window_opens_late" for one in candidates):
        candidates = [
            one for one in candidates if one.key not in ("entry_point", "entry_goes_on", "entry_stays")
        ]  # the first contact is not in the data
    candidates = [one for one in candidates if _large_enough(one, min_group)]
    sure = [*control(candidates, alpha), *trial_findings(trials, min_group), *decided]
    standing = rank(map(_with_value(journeys), sure), len(journeys.units), _value(journeys))
    return [name_finding(found_one, names, client) for found_one in _not_too_many(standing)]


def _changes(since, names: Any, min_group: int) -> Iterator[Finding]:
    if since is not None:
        match, earlier = since
        yield from change_findings(match, earlier.day, earlier.names, _by_persona(names), min_group)


def _large_enough(found: Finding, least: int) -> bool:
    """Return whether a finding rests on enough units to be stated; a caveat is about the data, not about people."""
    return found.section == "caveats" or found.customers is None or found.customers >= least


def _value(journeys) -> float:
    """Return what all units brought together; 0 where that is not known."""
    everyone = journeys.value[journeys.value["persona"] == "all"] if len(journeys.value) else journeys.value
    total = everyone["value_total"].sum() if len(everyone) else 0.0
    return float(total) if total == total else 0.0


def _by_persona(names: Any) -> Mapping[str, Mapping[str, str]]:
    return names.to_dict("index") if isinstance(names, pd.DataFrame) else names or {}


def _with_value(journeys):
    """Return a function that adds the value that is at stake, where customers' value is known."""
    value = journeys.value
    known = value[~value["held_back"].astype(bool)] if len(value) else value
    each = (
        dict(zip(known["persona"], known["value_total"] / known["customers"], strict=True))
        if len(known)
        else {}
    )

    def add(found: Finding) -> Finding:
        worth = each.get(found.persona or "all", each.get("all"))
        known = "at_stake" in found.numbers and "value_at_stake" not in found.numbers
        if worth is None or not known or not worth > 0:
            return found
        return replace(
            found, numbers={**found.numbers, "value_at_stake": float(found.numbers["at_stake"] * worth)}
        )

    return add


def _not_too_many(findings: list[Finding]) -> list[Finding]:
    """Keep the first of each kind, and number them again."""
    counts: dict[str, int] = {}
    kept = []
    for found in findings:
        counts[found.key] = counts.get(found.key, 0) + 1
        limit = (
            20
            if found.key in ("persona_size", "persona_stands_out", "stage_not_observable")
            or found.section == "actions"
            else MOST_PER_KIND
        )
        if counts[found.key] <= limit:
            kept.append(replace(found, rank=len(kept) + 1))
    return kept


def name_finding(found: Finding, names: Any, client) -> Finding:
    """Return a finding with the names of its personas and its stage, in both languages."""
    given: dict[str, Mapping[str, str]] = {}
    if found.persona is not None:
        table = _by_persona(names)
        if found.persona in table:
            given["persona"] = {language: table[found.persona][language] for language in ("nl", "en")}
        to = found.numbers.get("to")
        if isinstance(to, str) and to in table and "to" not in found.names:
            given["to"] = {language: table[to][language] for language in ("nl", "en")}
    if found.stage is not None and client is not None and found.stage in client.model.ids:
        given["stage"] = dict(client.model.stage(found.stage).name)
    numbers = found.numbers
    if client is not None and client.setting == "b2b":
        numbers = {**numbers, "unit": "account"}
    return replace(found, names={**found.names, **given}, numbers=numbers)


def _caveats(journeys, log) -> Iterator[Finding]:
    units = journeys.units
    if len(units) < FEW:
        yield Finding("few_customers", {}, evidence="customers", customers=len(units))
    if not journeys.observable["observable"].any():
        yield Finding("journeys_not_observable", {}, evidence="observable", customers=len(units))
    for row in journeys.observable[~journeys.observable["observable"]].itertuples():
        missing = [name for name in row.missing_touchpoints.split(", ") if name][:3]
        if missing:
            yield Finding(
                "stage_not_observable", {"touchpoints": missing}, evidence="observable", stage=row.stage
            )
    if log is not None:
        yield from _about_the_log(journeys, log)


def _about_the_log(journeys, log) -> Iterator[Finding]:
    entries = journeys.entry_points
    bought_first = entries[(entries["persona"] == "all") & entries["touchpoint"].isin(SALES)]["share"].sum()
    if bought_first > 0.5:
        begin = log.span()[0]
        yield Finding(
            "window_opens_late",
            {"date": str(begin.date())},
            evidence="entry_points",
            customers=len(journeys.units),
        )
    rejected = len(log.rejects)
    if rejected:
        rows = int(log.sources["rows"].sum()) if "rows" in log.sources else rejected + log.count()
        numbers = {
            "rejected": rejected,
            "share": rejected / max(rows, 1),
            "reason": log.rejects["reason"].mode().iloc[0],
        }
        yield Finding("rejects", numbers, evidence="rejects")
    elif len(log.sources):
        yield Finding("nothing_left_out", {}, evidence="rejects")
    yield from _outside_the_model(log)


_OUTCOMES = {
    "holds": "holds_under_all_models", "flips": "flips_with_model", "unsure": "unsure_under_models",
    "not observable": "seen_under_few_models",
}  # fmt: skip


def _audited(audit) -> Iterator[Finding]:
    """Say of each conclusion of the client's stage model whether it holds under the others."""
    for row in audit.conclusions.to_dict("records") if audit is not None else ():
        verdicts = [row[model] for model in audit.models["model"]]
        numbers = {"conclusion": row["conclusion"], "phase": row["phase"], "agree": verdicts.count("yes")}
        numbers["models"] = len(verdicts) - verdicts.count("not observable")
        customers = int(audit.models["customers"].iloc[0])
        yield Finding(_OUTCOMES[row["outcome"]], numbers, evidence="audit_conclusions", customers=customers)


def _outside_the_model(log) -> Iterator[Finding]:
    known = log.touchpoints()
    outside = known[~known["touchpoint"].isin(log.client.model.touchpoints)]
    share = outside["events"].sum() / max(known["events"].sum(), 1)
    if share > 0.05:
        numbers = {"contacts": int(outside["events"].sum()), "share": float(share)}
        numbers["touchpoints"] = list(outside["touchpoint"].head(3))
        yield Finding("unmapped_touchpoints", numbers, evidence="touchpoints")
