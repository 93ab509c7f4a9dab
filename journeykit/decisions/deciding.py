"""Deciding: the candidates that are worth acting on, as findings and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from journeykit.decisions.after import dissatisfied_candidates, has_contracts, renewal_candidates
from journeykit.decisions.candidate import Candidate
from journeykit.decisions.pages import page_candidates
from journeykit.decisions.recorded import Recorded, recorded_of
from journeykit.decisions.steps import stage_candidates
from journeykit.decisions.weighing import MATERIAL, weigh, worth_acting_on
from journeykit.findings import Finding, name_finding
from journeykit.intervals import wilson
from journeykit.journey_maps.advice import TESTED, pick_action
from journeykit.journeys.paths import Paths
from journeykit.trials import days_needed, size_per_arm
from journeykit.wording import say_about
from journeykit.wording.formats import LANGUAGES
from journeykit.wording.names import in_sentence

__all__ = ["DECISION_COLUMNS", "MEASURE_FIRST", "Decisions", "decide", "nothing_to_decide"]

MEASURE_FIRST = "measure_first"
MOST, MOST_OF_A_KIND = 10, 4
HALF = 0.5  # of a gap: what a trial is to show
ARMS = 2
DECISION_COLUMNS = (
    "rank finding persona stage channel page content campaign action_nl action_en finding_id at_stake at_stake_low "
    "at_stake_high certainty kpi kpi_now trial_customers trial_days kpi_others customers_more customers_more_low "
    "customers_more_high per_year worth margin_at_stake p_adjusted"
).split()
COUNTED = {
    "page_loses": "visits",
    "landing_loses": "visits",
    "renews_less": "contracts",
    "unused_renews_less": "contracts",
}


@dataclass(frozen=True)
class Decisions:
    """What is worth acting on.

    Attributes
    ----------
    table
        One row a decision, by rank, with the columns of `DECISION_COLUMNS`; where nothing is worth acting on, one row
        with `measure_first`.
    findings
        What they rest on, in the same order.
    looked
        How many comparisons were made.
    yearly
        The revenue of a year, by what the log holds; null where no values are known.
    paid_from
        The day on which anything was first paid; none where no values are known.
    """

    table: pd.DataFrame
    findings: list[Finding] = field(default_factory=list)
    looked: int = 0
    yearly: float = float("nan")
    paid_from: date | None = None

    @property
    def any(self) -> bool:
        """Whether anything is worth acting on."""
        return bool(self.findings)


def decide(
    paths: Paths, client, advice: pd.DataFrame | None = None, names: Any = None, random_state: int = 0
) -> Decisions:
    """Return what is worth acting on, most at stake first.

    Parameters
    ----------
    paths : Paths
        The paths of a log, with personas.
    client : Client
        Whose words and stages are used.
    advice
        What `advise` returned, for the channel that those who go on use more; without it none is named.
    names
        Per persona its name in `nl` and `en`.
    random_state
        Seed of folds and draws.

    Returns
    -------
    Decisions
        What is at stake is the difference between the group's share that goes on and that of comparable others, shrunk
        for chance, times how many come by in a year, times what one who goes on brings more. See `weigh`.
    """
    recorded = recorded_of(paths, random_state)
    candidates = list(_candidates(recorded, random_state))
    weighed = weigh(candidates, random_state)
    yearly = recorded.paid_per_year if recorded.valued else np.nan
    least = MATERIAL * (yearly if recorded.valued else recorded.per_year(len(recorded.personas)))
    places = worth_acting_on(candidates, weighed, least, MOST, MOST_OF_A_KIND)
    findings = [_finding(candidates[at], weighed.loc[at], recorded, client, names) for at in places]
    if not findings:
        nothing = _nothing(client, _buys(recorded), compared=bool(candidates))
        return Decisions(
            nothing, looked=len(candidates), yearly=yearly, paid_from=_paid_from(recorded, client)
        )
    rows = [
        {"rank": rank} | _row(candidates[at], weighed.loc[at], found, client, advice)
        for rank, (at, found) in enumerate(zip(places, findings, strict=True), start=1)
    ]
    table = _typed(pd.DataFrame(rows, columns=DECISION_COLUMNS))
    return Decisions(table, findings, len(candidates), yearly, _paid_from(recorded, client))


def nothing_to_decide(client) -> Decisions:
    """Return what is decided where nothing can be compared: measure first."""
    return Decisions(_nothing(client, np.nan, compared=False))


def _candidates(recorded: Recorded, random_state: int) -> Iterator[Candidate]:
    yield from stage_candidates(recorded, has_contracts(recorded), random_state)
    yield from page_candidates(recorded)
    yield from dissatisfied_candidates(recorded, random_state)
    yield from renewal_candidates(recorded, random_state)


def _paid_from(recorded: Recorded, client) -> date | None:
    """Return the day, by the client's clock, on which anything was first paid."""
    first = recorded.contacts.loc[recorded.contacts["paid"].notna(), "timestamp"].min()
    return None if pd.isna(first) else first.tz_localize("UTC").tz_convert(client.timezone).date()


def _buys(recorded: Recorded) -> float:
    """Return the share of the units that bought."""
    buyers = recorded.contacts.loc[recorded.contacts["paid"].gt(0), "unit_id"].nunique()
    return buyers / len(recorded.personas) if recorded.valued else np.nan


def _finding(one: Candidate, weighed: pd.Series, recorded: Recorded, client, names: Any) -> Finding:
    customers = round(one.of * recorded.scale)
    numbers = {"share": one.rate, "other": one.other_rate, **one.numbers, "at_stake": float(weighed["more"])}
    numbers |= {"channel": one.about["channel"]} if one.about.get("channel") else {}
    numbers |= {"contracts": customers} if COUNTED.get(one.key) == "contracts" else {}
    if weighed["at_stake"] == weighed["at_stake"]:
        numbers["value_at_stake"] = float(weighed["at_stake"])
    low, high = wilson(one.took, one.of)
    rest = ("decisions", one.about.get("persona"), one.about.get("stage"), customers, one.p_value)
    found = Finding(
        one.key, numbers | {"p_adjusted": float(weighed["p_adjusted"])}, float(low), float(high), *rest
    )
    return name_finding(found, names, client)


def _row(
    one: Candidate, weighed: pd.Series, found: Finding, client, advice: pd.DataFrame | None
) -> dict[str, Any]:
    channel = one.about.get("channel") or _tested_channel(advice, one)
    actions = {f"action_{language}": _action(one, found, channel, client, language) for language in LANGUAGES}
    margin = client.margin
    at_stake = float(weighed["at_stake"])
    row = {
        "finding": one.key,
        "finding_id": found.id,
        "channel": channel,
        "kpi_now": one.rate,
        "kpi_others": one.other_rate,
    }
    row |= {name: one.about.get(name) for name in ("persona", "stage", "page", "content", "campaign")}
    row |= {
        name: float(weighed[name])
        for name in ("at_stake", "at_stake_low", "at_stake_high", "certainty", "p_adjusted")
    }
    row |= {f"customers_{name}": float(weighed[name]) for name in ("more", "more_low", "more_high")}
    row |= {
        "per_year": one.per_year,
        "worth": one.worth,
        "margin_at_stake": at_stake * margin if margin else np.nan,
    }
    row["kpi"] = _lower(say_about(f"decision_kpis.{one.key}", found, client.language, client))
    return row | actions | _trial(one, float(weighed["gap"]))


def _trial(one: Candidate, gap: float) -> dict[str, float]:
    """Return how large a trial has to be to show that half of the gap has closed, and how long it takes."""
    per_arm = size_per_arm(one.rate, min(one.rate + HALF * gap, 1.0))
    customers = ARMS * per_arm
    return {"trial_customers": customers, "trial_days": days_needed(customers, one.per_year, one.follow_days)}


def _tested_channel(advice: pd.DataFrame | None, one: Candidate) -> str | None:
    """Return the channel that those who go on from the stage use more, where that was tested."""
    if advice is None or one.key != "goes_on_less":
        return None
    own = advice[(advice["persona"] == one.about["persona"]) & (advice["stage"] == one.about["stage"])]
    tested = own[own["basis"] == TESTED].sort_values("place")
    return str(tested["channel"].iloc[0]) if len(tested) else None


def _action(one: Candidate, found: Finding, channel: str | None, client, language: str) -> str:
    """Return what to do: what follows from the finding, by which channel, and one of the playbook's means."""
    parts = [say_about(f"decision_actions.{one.key}", found, language, client)]
    if one.key != "goes_on_less":
        return parts[0]
    if channel:
        with_channel = Finding(
            found.key, {**found.numbers, "channel": channel}, names=found.names, stage=found.stage
        )
        parts.append(say_about("decision_actions.via", with_channel, language, client))
    means = pick_action(client.model.stage(found.stage), channel, language)
    if means:
        parts.append(
            say_about("decision_actions.means", found, language, client, means=in_sentence(means.rstrip(".")))
        )
    return " ".join(parts)


def _nothing(client, buys: float, *, compared: bool) -> pd.DataFrame:
    """Return the one row of a table without anything worth acting on."""
    found = Finding(MEASURE_FIRST)
    action = f"decision_actions.{MEASURE_FIRST}" if compared else "decision_actions.measure_first_alone"
    row = dict.fromkeys(DECISION_COLUMNS) | {"rank": 1, "finding": MEASURE_FIRST, "finding_id": MEASURE_FIRST}
    row |= {f"action_{language}": say_about(action, found, language, client) for language in LANGUAGES}
    row |= {
        "kpi": _lower(say_about(f"decision_kpis.{MEASURE_FIRST}", found, client.language, client)),
        "kpi_now": buys,
    }
    return _typed(pd.DataFrame([row], columns=DECISION_COLUMNS))


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    texts = (
        "finding persona stage channel page content campaign action_nl action_en finding_id kpi rank".split()
    )
    return table.astype({name: "float64" for name in table if name not in texts})


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
