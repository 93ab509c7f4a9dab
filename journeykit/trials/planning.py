"""Planning a trial: how many, how long, and who is in which arm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["POWER", "SIGNIFICANCE", "days_needed", "size_per_arm", "split_by_chance"]

POWER = 0.8
SIGNIFICANCE = 0.05  # two-sided
ARMS = 2


def size_per_arm(
    rate: float, rate_to: float, power: float = POWER, significance: float = SIGNIFICANCE
) -> float:
    """Return how many customers each of two arms needs to show that one share differs from another.

    Parameters
    ----------
    rate, rate_to
        The share today, and the one that is to be told from it; between 0 and 1.
    power
        How probable it is then that the difference is shown.
    significance
        Of a two-sided test.

    Returns
    -------
    float
        A whole number; infinite where the shares are equal.

    Notes
    -----
    Fleiss, J. L., Levin, B. & Paik, M. C. (2003). Statistical Methods for Rates and Proportions, 3rd ed., eq. 4.14,
    without the correction for continuity.

    Examples
    --------
    >>> size_per_arm(0.5, 0.6)
    388.0
    """
    from scipy.stats import norm

    gap = abs(rate_to - rate)
    if gap == 0:
        return float("inf")
    mean = (rate + rate_to) / 2
    chance = norm.isf(significance / 2) * np.sqrt(2 * mean * (1 - mean))
    spread = norm.ppf(power) * np.sqrt(rate * (1 - rate) + rate_to * (1 - rate_to))
    return float(max(np.ceil(((chance + spread) / gap) ** 2), 1.0))


def days_needed(customers: float, per_year: float, follow_days: float) -> float:
    """Return how many days a trial takes: until enough customers came by, and the last of them was followed.

    Parameters
    ----------
    customers
        In all arms together.
    per_year
        How many come by in a year.
    follow_days
        How long each is followed.

    Examples
    --------
    >>> days_needed(200, 730, 30)
    130.0
    """
    return float(np.ceil(customers / per_year * 365 + follow_days)) if per_year > 0 else float("inf")


def split_by_chance(
    people: pd.DataFrame, strata: Sequence[str], arms: Sequence[str] = ("control", "treated"), seed: int = 0
) -> pd.Series:
    """Return an arm for everyone, by chance, arms being as equal as can be within each stratum.

    Parameters
    ----------
    people
        One row each.
    strata
        The columns whose values form strata; a missing value is one of them.
    arms
        The names of the arms.
    seed
        The same people and seed give the same arms.

    Notes
    -----
    Blocks that fill all arms are drawn within each stratum; what is left over is dealt out over the strata in turn, so
    that the whole differs by at most one too (Kernan, W. N. et al. (1999). Stratified randomization for clinical
    trials. J Clin Epidemiol 52).

    Examples
    --------
    >>> people = pd.DataFrame({"persona": list("aaaabbb")})
    >>> arms = split_by_chance(people, ["persona"], seed=1)
    >>> arms.value_counts().sort_index().tolist(), arms[:4].value_counts().tolist()
    ([4, 3], [2, 2])
    """
    random, many = np.random.default_rng(seed), len(arms)
    keys = (
        people[list(strata)]
        .astype("object")
        .where(people[list(strata)].notna(), "")
        .astype(str)
        .agg("|".join, axis=1)
        if strata
        else pd.Series("", people.index)
    )
    placed = pd.Series(-1, index=people.index, dtype="int64")
    turn = int(random.integers(many))  # the arm that gets the next one who is left over
    for _, own in keys.groupby(keys, sort=True):
        shuffled = random.permutation(own.index.to_numpy())
        placed.loc[shuffled] = (turn + np.arange(len(shuffled))) % many
        turn = (turn + len(shuffled)) % many
    return placed.map(dict(enumerate(arms)))
