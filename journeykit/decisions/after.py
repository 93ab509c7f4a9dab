"""After a purchase: the dissatisfied who buy no more, and contracts that are not renewed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from journeykit.decisions.candidate import Candidate, mean_and_error, paid_after, part_paid_soon, time_weight
from journeykit.decisions.recorded import Recorded, personas_before
from journeykit.forecasts.contracts import MOSTLY
from journeykit.journeys.dissatisfaction import HIGH, LOW, signs_of
from journeykit.touchpoints import SOLD

__all__ = ["dissatisfied_candidates", "has_contracts", "renewal_candidates"]

RENEWAL = "subscription_renewal"
CONTRACTS = ("contract_signed", RENEWAL)
USE = "use"
ROOM = 1.05  # of the term: so long after it was signed a contract is known to be renewed or not
LATE = 1.25  # of the term: a contract that is renewed later than that is a new one


def dissatisfied_candidates(recorded: Recorded, random_state: int = 0) -> Iterator[Candidate]:
    """Yield whether those who complain or rate low buy less often afterwards than those who rate high.

    Compared is who gave the sign after buying, since their first low or high sign. What it is worth is what the pleased
    paid more afterwards, compared within the likeliest persona by what came before the sign.
    """
    signs = _first_signs(recorded)
    if signs.empty:
        return
    persona = personas_before(recorded, signs["order"], random_state).fillna("")
    signs["stratum"] = _strata(signs, persona, recorded.least)
    followed = signs[signs["left"] >= recorded.paths.follow_days]
    low, high = followed[followed["level"] == LOW], followed[followed["level"] == HIGH]
    if min(len(low), len(high)) < recorded.least:
        return
    all_low = signs[signs["level"] == LOW]
    soon = part_paid_soon(followed["paid"], followed["soon"])
    weight = time_weight(signs["left"], recorded.paths.follow_days, soon)[all_low.index].sum()
    gap, error = _standardised(followed, "again")
    worth, worth_error = _standardised(followed, "paid") if recorded.valued else (np.nan, np.nan)
    if recorded.valued and gap > 0:
        worth, worth_error = worth / gap, worth_error / gap  # per buyer who is kept
    elif recorded.valued:
        worth, worth_error = 0.0, 0.0
    rate = low["again"].mean()
    pleased = (rate + gap) * len(
        high
    )  # of as many pleased ones, spread over the strata as the dissatisfied are
    yield Candidate(
        "dissatisfied_silent", float(low["again"].sum()), float(len(low)), float(pleased), float(len(high)),
        recorded.per_year(weight), worth, worth_error, error, about={"stage": _usual_stage(recorded, all_low)},
        units=frozenset(all_low.index[~all_low["again"]]), follow_days=recorded.paths.follow_days,
    )  # fmt: skip


def _first_signs(recorded: Recorded) -> pd.DataFrame:
    """Return each unit's first low or high sign after it bought, with what followed, by `unit_id`."""
    signs = signs_of(recorded.paths)
    contacts = recorded.contacts
    bought = contacts[contacts["touchpoint"].isin(SOLD) | contacts["step"].isin(SOLD)]
    first_bought = bought.groupby("unit_id")["timestamp"].min()
    signs = signs[signs["unit_id"].isin(first_bought.index)]
    if signs.empty:
        return signs.set_index("unit_id")
    signs = signs[signs["at"] >= signs["unit_id"].map(first_bought)]
    signs = signs.sort_values("at", kind="stable").drop_duplicates("unit_id").set_index("unit_id")
    if signs.empty:
        return signs
    at = contacts[contacts["timestamp"] <= contacts["unit_id"].map(signs["at"])]
    signs["order"] = at.groupby("unit_id")["order"].max().reindex(signs.index)
    last_bought = bought.groupby("unit_id")["order"].max().reindex(signs.index)
    signs["again"] = last_bought > signs["order"]
    signs["left"] = (recorded.paths.moment - signs["at"]).dt.total_seconds() / 86400
    signs["paid"] = paid_after(contacts, signs["order"], including=False)
    until = recorded.days - signs["left"] + recorded.paths.follow_days
    signs["soon"] = paid_after(contacts, signs["order"], including=False, until_day=until)
    return signs.copy()


def _strata(signs: pd.DataFrame, persona: pd.Series, least: int) -> pd.Series:
    """Return the persona as a stratum where enough of both are in it, and one stratum for all the others."""
    sizes = pd.crosstab(persona, signs["level"]).reindex(columns=[LOW, HIGH], fill_value=0).min(axis=1)
    large = persona.isin(sizes.index[sizes >= least])
    return persona.where(large, "")


def _standardised(signs: pd.DataFrame, what: str) -> tuple[float, float]:
    """Return how much more the pleased have of something than the dissatisfied, within strata, and its error.

    Strata count by how many of the dissatisfied are in them.
    """
    parts = []
    for _, own in signs.groupby("stratum"):
        low, high = (own.loc[own["level"] == level, what].astype(float) for level in (LOW, HIGH))
        if min(len(low), len(high)) > 1:
            (mine, my_error), (theirs, their_error) = mean_and_error(low), mean_and_error(high)
            parts.append((len(low), theirs - mine, np.hypot(my_error, their_error)))
    if not parts:
        return 0.0, 0.0
    n, gaps, errors = np.array(parts).T
    weights = n / n.sum()
    return float((weights * gaps).sum()), float(np.sqrt(((weights * errors) ** 2).sum()))


def _usual_stage(recorded: Recorded, signs: pd.DataFrame) -> str | None:
    """Return the stage in which most of them stand when they give the sign."""
    contacts = recorded.contacts
    at = contacts[contacts["order"] == contacts["unit_id"].map(signs["order"])]["here"].dropna()
    return recorded.paths.stages[int(at.mode().iloc[0])] if len(at) else None


def has_contracts(recorded: Recorded) -> bool:
    """Return whether contracts are renewed in the data, after a usual term."""
    return _term(recorded, _signed(recorded)) is not None


def _signed(recorded: Recorded) -> pd.DataFrame:
    """Return the contracts that were signed or renewed, with the day and the kind of what came after each."""
    contacts = recorded.contacts
    own = contacts[contacts["touchpoint"].isin(CONTRACTS)].copy()
    after = own.groupby("unit_id")
    own["next_day"], own["next_kind"] = after["day"].shift(-1), after["touchpoint"].shift(-1)
    return own


def _term(recorded: Recorded, own: pd.DataFrame) -> float | None:
    """Return the usual term in days; None where most contracts follow each other after no fixed time."""
    gaps = (own["next_day"] - own["day"])[own["next_kind"] == RENEWAL]
    if len(gaps) < recorded.least:
        return None
    term = float(gaps.median())
    return term if term > 0 and float(((gaps / term - 1).abs() <= LATE - 1).mean()) >= MOSTLY else None


def renewal_candidates(recorded: Recorded, random_state: int = 0) -> Iterator[Candidate]:
    """Yield the personas, and those who hardly use what they bought, that may renew contracts less often than others.

    A contract falls due a usual term after it was signed or renewed; due ones count when they could be renewed before
    the data end. What a renewal brings is what the contract brought before.
    """
    due = _due(recorded)
    if len(due) < 2 * recorded.least:
        return
    last = due.drop_duplicates("unit_id", keep="last").set_index("unit_id")["until"]
    persona = due["unit_id"].map(personas_before(recorded, last, random_state))
    little = _hardly_used(recorded, due)
    known = pd.Series(np.where(little, "little", None), index=due.index, dtype="str")
    for key, groups in (("renews_less", persona), ("unused_renews_less", known)):
        for group in sorted(groups.dropna().unique()):
            about = {"persona": str(group)} if key == "renews_less" else {}
            yield from _renewing(recorded, due, groups == group, key, about)


def _due(recorded: Recorded) -> pd.DataFrame:
    """Return the contracts that fell due: `unit_id, order` and `until` (orders), `day, paid, renewed, term`."""
    contacts = recorded.contacts
    own = _signed(recorded)
    term = _term(recorded, own)
    if term is None:
        return own.head(0)
    own["renewed"] = (own["next_kind"] == RENEWAL) & (own["next_day"] <= own["day"] + LATE * term)
    own = own[own["day"] + ROOM * term <= recorded.days].copy()
    own["term"] = term
    own["until"] = _order_before(contacts, own)
    return own


def _order_before(contacts: pd.DataFrame, due: pd.DataFrame) -> pd.Series:
    """Return the order of the last contact of each unit before its contract fell due."""
    joined = (
        due[["unit_id", "day", "order", "term"]]
        .reset_index()
        .merge(contacts[["unit_id", "day", "order"]], on="unit_id", suffixes=("", "_seen"))
    )
    before = joined[joined["day_seen"] < joined["day"] + 0.9 * joined["term"]]
    return before.groupby("index")["order_seen"].max().reindex(due.index)


def _hardly_used(recorded: Recorded, due: pd.DataFrame) -> pd.Series:
    """Tell which contracts were used less than half as often, in the term before they fell due, as is usual."""
    model = recorded.paths.model
    using = {name for stage in model.stages if stage.canonical == USE for name in stage.touchpoints}
    uses = recorded.contacts[recorded.contacts["touchpoint"].isin(using)]
    joined = (
        due[["unit_id", "order", "until"]]
        .reset_index()
        .merge(uses[["unit_id", "order"]], on="unit_id", suffixes=("", "_use"))
    )
    within = joined[(joined["order_use"] > joined["order"]) & (joined["order_use"] <= joined["until"])]
    count = within.groupby("index").size().reindex(due.index, fill_value=0)
    return count < count.median() / 2 if len(uses) else pd.Series(False, index=due.index)


def _renewing(
    recorded: Recorded, due: pd.DataFrame, mine: pd.Series, key: str, about: dict[str, Any]
) -> Iterator[Candidate]:
    own, others = due[mine], due[~mine]
    if min(len(own), len(others)) < recorded.least:
        return
    worth, error = mean_and_error(own["paid"].fillna(0.0)) if recorded.valued else (np.nan, np.nan)
    years = max((recorded.days - own["term"].iloc[0]) / 365, 1 / 12)
    took, other_took = own["renewed"].mean(), others["renewed"].mean()
    gap_error = np.sqrt(
        _variance(took, own["unit_id"].nunique()) + _variance(other_took, others["unit_id"].nunique())
    )
    yield Candidate(
        key, float(own["renewed"].sum()), float(len(own)), float(others["renewed"].sum()), float(len(others)),
        len(own) * recorded.scale / years, worth, error, gap_error=float(gap_error),
        about={"stage": _stage_before_due(recorded, own), **about},
        units=frozenset(own.loc[~own["renewed"], "unit_id"]), follow_days=float(own["term"].iloc[0]),
    )  # fmt: skip


def _variance(share: float, units: int) -> float:
    smooth = (share * units + 0.5) / (units + 1)
    return smooth * (1 - smooth) / units


def _stage_before_due(recorded: Recorded, due: pd.DataFrame) -> str | None:
    """Return the stage in which the product is used, where people are seen in it; else where most stand then."""
    stages = recorded.paths.model.stages
    shown = set(recorded.contacts["marker"].dropna().astype(int))
    use = [at for at, stage in enumerate(stages) if stage.canonical == USE and at in shown]
    if use:
        return recorded.paths.stages[use[0]]
    contacts = recorded.contacts
    at = contacts.merge(
        due[["unit_id", "until"]], left_on=["unit_id", "order"], right_on=["unit_id", "until"]
    )["here"]
    return recorded.paths.stages[int(at.dropna().mode().iloc[0])] if at.notna().any() else None
