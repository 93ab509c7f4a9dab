"""What if: how many more would have moved on, had a persona dropped out as rarely as the best one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["WHAT_IF_COLUMNS", "weigh_drop_off"]

WHAT_IF_COLUMNS = (
    "persona stage left drop_off drop_off_low drop_off_high best_persona best_drop_off customers_more "
    "customers_more_low customers_more_high what_if_p_value value_each value_more value_more_low value_more_high"
).split()
DRAWS = 4000
Z = 1.96


def weigh_drop_off(journeys, least: int, random_state: int = 0) -> pd.DataFrame:
    """Return, per persona and stage, what it would have brought to drop out as rarely as the best persona.

    Parameters
    ----------
    journeys : Journeys
        What was measured.
    least
        The smallest group that is shown.
    random_state
        Seed of the draws for the interval of the value.

    Returns
    -------
    pandas.DataFrame
        `persona, stage, left` (those who left the stage, the base of `drop_off`), `drop_off` with its interval,
        `best_persona, best_drop_off`, `customers_more` (that many more would have moved on) with its interval
        and p-value, `value_each` (what a unit that moved on brought more than one that was lost there) and
        `value_more` with its interval. Stages in which fewer than two personas were measured have no row; values are
        null where no contact has a value or too few were lost.

    Notes
    -----
    The lowest of several measured shares is partly low by chance. So each is first drawn towards the mean of
    its stage by as much as chance explains (DerSimonian & Laird 1986, Controlled Clinical Trials 7: the variance
    between groups by moments); with no more than chance between them nothing is at stake. The interval keeps
    the full sampling error of both shares, so it is on the wide side. A what-if is no forecast: nobody knows
    whether the persona can be brought to do as another one does.
    """
    table = journeys.drop_off
    own = table[(table["persona"] != "all") & ~table["held_back"].astype(bool) & table["drop_off"].notna()]
    places = {stage: at for at, stage in enumerate(dict.fromkeys(table["stage"]))}
    rng = np.random.default_rng(random_state)
    rows = [
        row
        for stage, group in own.groupby("stage", sort=False)
        if len(group) > 1
        for row in _stage_rows(group, journeys.units, places[stage], least, rng)
    ]
    return pd.DataFrame(rows, columns=WHAT_IF_COLUMNS)


def _stage_rows(
    group: pd.DataFrame, units: pd.DataFrame, place: int, least: int, rng
) -> list[dict[str, Any]]:
    share = group["drop_off"].to_numpy(float)
    error = ((group["high"] - group["low"]).to_numpy(float) / (2 * Z)) ** 2
    drawn = shrink(share, error)
    best = int(drawn.argmin())
    rows = []
    for at, row in enumerate(group.itertuples()):
        gap, spread = drawn[at] - drawn[best], float(np.sqrt(error[at] + error[best]))
        gap, spread = (0.0, 0.0) if at == best else (gap, spread)
        worth = _worth(units[units["persona"] == row.persona], place, least)
        rows.append({
            "persona": row.persona, "stage": row.stage, "left": row.left, "drop_off": row.drop_off,
            "drop_off_low": row.low, "drop_off_high": row.high, "best_persona": group["persona"].iloc[best],
            "best_drop_off": drawn[best], "what_if_p_value": _p_value(gap, spread),
            **_gained(row.left, gap, spread, worth, rng),
        })  # fmt: skip
    return rows


def shrink(share: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return shares drawn towards their mean by as much as chance explains.

    Examples
    --------
    >>> shrink(np.array([0.2, 0.6]), np.array([0.0001, 0.0001])).round(2).tolist()
    [0.2, 0.6]
    >>> shrink(np.array([0.38, 0.42]), np.array([0.01, 0.01])).round(2).tolist()
    [0.4, 0.4]
    """
    error = np.maximum(error, 1e-9)
    weight = 1 / error
    mean = float((weight * share).sum() / weight.sum())
    excess = (weight * (share - mean) ** 2).sum() - (len(share) - 1)
    between = max(float(excess / (weight.sum() - (weight**2).sum() / weight.sum())), 0.0)
    return mean + between / (between + error) * (share - mean)


def _p_value(gap: float, spread: float) -> float:
    from scipy.stats import norm

    return float(2 * norm.sf(gap / spread)) if spread > 0 else np.nan


def _worth(units: pd.DataFrame, place: int, least: int) -> tuple[float, float]:
    """Return how much more a unit that moved on brought than one that was lost in the stage, and its error.

    Who has no contact with a value brought nothing; where nobody has one, nothing is known.
    """
    if units["value"].isna().all():
        return np.nan, np.nan
    value = units["value"].fillna(0.0).to_numpy(float)
    last = place == units["furthest"].max()
    stayed = (units["furthest"] == place) * (1 - units["p_lapsed"]) if last else units["furthest"] > place
    lost = (units["here"] == place) * units["p_lapsed"]
    kept, gone = (_mean(value, weight.to_numpy(float)) for weight in (stayed, lost))
    if min(stayed.sum(), lost.sum()) < least:
        return np.nan, np.nan
    return kept[0] - gone[0], float(np.hypot(kept[1], gone[1]))


def _mean(value: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    total = weight.sum()
    if total <= 0:
        return np.nan, np.nan
    mean = float((weight * value).sum() / total)
    return mean, float(np.sqrt((weight**2 * (value - mean) ** 2).sum()) / total)


def _gained(left: float, gap: float, spread: float, worth: tuple[float, float], rng) -> dict[str, float]:
    low, high = max(gap - Z * spread, 0.0), min(max(gap + Z * spread, 0.0), 1.0)
    found = {
        "customers_more": left * gap,
        "customers_more_low": left * low,
        "customers_more_high": left * high,
    }
    each, error = worth
    values = left * np.maximum(rng.normal(gap, spread, DRAWS), 0) * rng.normal(each, error, DRAWS)
    low, high = np.quantile(values, [0.025, 0.975]) if each == each else (np.nan, np.nan)
    more = {"value_each": each, "value_more": left * gap * each}
    return found | more | {"value_more_low": float(low), "value_more_high": float(high)}
