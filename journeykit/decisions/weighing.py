"""Weighing candidates: what is at stake, shrunk for chance, with its interval, and how sure it is that there is any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from journeykit.decisions.candidate import Candidate
from journeykit.journeys.statistics import adjust_p_values

__all__ = ["shrinkage", "weigh", "worth_acting_on"]

DRAWS = 4000
ALPHA = 0.05
MATERIAL = 0.002  # of a year's revenue (or of all customers): less is not worth a decision
SAME = 0.5  # of those who did not go on: from so many on, two candidates are about the same loss
COLUMNS = (
    "at_stake at_stake_low at_stake_high more more_low more_high certainty p_adjusted gap expected".split()
)


def weigh(candidates: Sequence[Candidate], random_state: int = 0) -> pd.DataFrame:
    """Return, per candidate in the given order, what is at stake in a year.

    Returns
    -------
    pandas.DataFrame
        `at_stake, at_stake_low, at_stake_high` (95 %; null without values), `more` with its interval (how many more a
        year would take the step), `certainty` (the probability that it is more than 0, and not a false discovery),
        `p_adjusted` (Benjamini-Hochberg over all candidates), `gap` (shrunk) and `expected` (stake, or customers, times
        certainty: what candidates are ranked by).

    Notes
    -----
    The largest of several differences is partly so by chance. Each is drawn towards 0 by as much as chance explains
    among the candidates of its kind: gaps are taken as normal about 0 with a variance by moments (DerSimonian & Laird
    1986, Controlled Clinical Trials 7), and the posterior is drawn from, with the errors of what a step is worth and of
    how many come by (Efron, B. & Morris, C. (1975). Data analysis using Stein's estimator. JASA 70).
    """
    rng = np.random.default_rng(random_state)
    adjusted = adjust_p_values([one.p_value for one in candidates]) if candidates else []
    shrunk = shrinkage(candidates)
    rows = [_row(one, k, p, rng) for one, k, p in zip(candidates, shrunk, adjusted, strict=True)]
    return pd.DataFrame(rows, columns=COLUMNS)


def shrinkage(candidates: Sequence[Candidate]) -> np.ndarray:
    """Return by what part of each difference chance does not explain it: 0 (all of it is chance) to 1."""
    gaps = np.array([one.gap for one in candidates], dtype=float)
    errors = np.array([one.gap_error for one in candidates], dtype=float)
    kinds = np.array([one.key for one in candidates])
    factors = np.zeros(len(gaps))
    for kind in dict.fromkeys(kinds):
        own = (kinds == kind) & np.isfinite(errors)
        between = max(float((gaps[own] ** 2 - errors[own] ** 2).mean()), 0.0) if own.any() else 0.0
        factors[own] = between / (between + errors[own] ** 2) if between > 0 else 0.0
    return factors


def _row(one: Candidate, k: float, p_adjusted: float, rng: np.random.Generator) -> dict[str, float]:
    spread = one.gap_error * np.sqrt(k) if k > 0 else 0.0
    gap = k * one.gap + spread * rng.standard_normal(DRAWS)
    many = one.per_year * (1 + rng.standard_normal(DRAWS) / np.sqrt(max(one.of, 1.0)))
    more = gap * many
    row = {"gap": k * one.gap, "more": k * one.gap * one.per_year, "p_adjusted": float(p_adjusted)}
    row |= dict(zip(("more_low", "more_high"), np.quantile(more, (0.025, 0.975)), strict=True))
    stake, point = more, row["more"]
    if np.isfinite(one.worth):
        stake = more * (one.worth + one.worth_error * rng.standard_normal(DRAWS))
        point = row["more"] * one.worth
        low, high = np.quantile(stake, (0.025, 0.975))
        row |= {"at_stake": point, "at_stake_low": min(low, point), "at_stake_high": max(high, point)}
    certainty = min(float((stake > 0).mean()), 1 - float(p_adjusted)) if k > 0 else 0.0
    return row | {"certainty": certainty, "expected": point * certainty}


def worth_acting_on(
    candidates: Sequence[Candidate], weighed: pd.DataFrame, least: float, most: int, most_of_a_kind: int
) -> list[int]:
    """Return the places of the candidates that are worth acting on, most expected first.

    Left out are those that chance may explain, those of which too little is at stake, and those about people whom a
    candidate before them is about already.

    Parameters
    ----------
    least
        What has to be at stake, in the unit of `expected`.
    most, most_of_a_kind
        How many are returned at most.
    """
    sure = weighed[(weighed["p_adjusted"] <= ALPHA) & (weighed["expected"] > max(least, 0.0))]
    chosen: list[int] = []
    for place in sure.sort_values("expected", ascending=False, kind="stable").index:
        one = candidates[place]
        alike = [candidates[other] for other in chosen if candidates[other].key == one.key]
        told = any(_same_loss(one, candidates[other]) for other in chosen)
        if not told and len(alike) < most_of_a_kind and len(chosen) < most:
            chosen.append(int(place))
    return chosen


def _same_loss(one: Candidate, other: Candidate) -> bool:
    return len(one.units & other.units) > SAME * min(len(one.units), len(other.units)) > 0
