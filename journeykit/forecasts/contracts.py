"""Contracts: sales that come back after a fixed period, and how likely each is renewed (survival in whole periods)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

__all__ = ["Contracts", "find_contracts", "renew_from"]

PERIODS_DAYS = (7.0, 14.0, 28.0, 30.44, 91.31, 182.62, 365.25, 730.5)
NEAR = 0.1  # part of the period by which a renewal may come sooner or later
MOSTLY, FEWEST = 0.8, 20  # share of the times between sales that are a whole period; such times
MOST_FEATURES, SEEN = (
    20,
    0.05,
)  # touchpoints and channels that are looked at, and the share of units that show one
STRENGTHS = (0.01, 0.1, 1.0)  # of what is learned of each, beside none
FOLDS = 5


class Contracts(NamedTuple):
    """Contracts one by one: when each began and was due, and whether it was renewed.

    ``terms`` has a row a contract: ``unit_id, number`` (1 is the first), ``began, ends`` (naive UTC), ``days`` (the
    period), ``value``, ``renewed`` (True, False, or missing while nobody can know), ``late`` (part of the period by
    which the renewal came later), ``ratio`` (value of the renewal to that of the contract). ``share`` of the times
    between sales are a whole period.
    """

    terms: pd.DataFrame
    share: float


def find_contracts(sales: pd.DataFrame, moment: pd.Timestamp) -> Contracts | None:
    """Return the contracts that sales tell of, where most of them come back after a fixed period; else None.

    Parameters
    ----------
    sales
        ``unit_id, timestamp`` (naive UTC), ``value``, ``sale`` (`journeykit.facts.list_sales`).

    Examples
    --------
    >>> when = pd.date_range("2023-01-01", periods=4, freq="365D")
    >>> sales = pd.DataFrame([(unit, at, 10.0, True) for unit in range(8) for at in when],
    ...                      columns=["unit_id", "timestamp", "value", "sale"])
    >>> found = find_contracts(sales, pd.Timestamp("2026-06-01"))
    >>> found.share, int(found.terms["renewed"].sum()), int(found.terms["renewed"].isna().sum())
    (1.0, 24, 8)
    """
    sold = sales[sales["sale"].astype(bool) & (sales["timestamp"] <= moment)]
    days = sold.assign(day=sold["timestamp"].dt.normalize()).groupby(["unit_id", "day"], sort=True)
    terms = days.agg(began=("timestamp", "min"), value=("value", "sum")).reset_index().drop(columns="day")
    terms["next"] = terms.groupby("unit_id")["began"].shift(-1)
    terms["number"] = terms.groupby("unit_id").cumcount() + 1
    gaps = (terms["next"] - terms["began"]) / pd.Timedelta(days=1)
    if gaps.notna().sum() < FEWEST:
        return None
    terms["days"] = _periods(terms["unit_id"], gaps)
    near = (gaps / terms["days"] - 1).abs() <= NEAR
    share = float(near[gaps.notna()].mean())
    if share < MOSTLY:
        return None
    return Contracts(_followed(terms, gaps, near, moment), share)


def _periods(units: pd.Series, gaps: pd.Series) -> pd.Series:
    """Return the period of each unit: the one nearest to its usual time between sales; without one the commonest."""
    known = np.array(PERIODS_DAYS)
    usual = gaps.groupby(units).median()
    nearest = np.abs(np.log(usual.to_numpy()[:, None] / known)).argmin(axis=1, keepdims=False)
    periods = pd.Series(known[nearest], usual.index).where(usual.notna())
    periods = periods.fillna(periods.mode().iloc[0])
    exact = gaps.groupby(
        units.map(periods)
    ).median()  # 30 days rather than a twelfth of a year, where it is so
    return units.map(periods).map(exact)


def _followed(terms: pd.DataFrame, gaps: pd.Series, near: pd.Series, moment: pd.Timestamp) -> pd.DataFrame:
    """Add whether each contract was renewed, where it could be known, how late and at what value."""
    period = pd.to_timedelta(terms["days"], unit="D")
    over = terms["began"] + (1 + NEAR) * period <= moment
    renewed = pd.Series(pd.NA, terms.index, dtype="boolean").mask(over, False).mask(near, True)
    later = terms.groupby("unit_id")["value"].shift(-1)
    return pd.DataFrame(
        {
            "unit_id": terms["unit_id"],
            "number": terms["number"],
            "began": terms["began"],
            "ends": terms["began"] + period,
            "days": terms["days"],
            "value": terms["value"],
            "renewed": renewed,
            "late": (gaps / terms["days"] - 1).where(near),
            "ratio": (later / terms["value"].where(terms["value"] > 0)).where(near),
        }
    )


class Renewal(NamedTuple):
    """Chances of renewal: draws of the coefficients, and how features are made."""

    draws: np.ndarray  # (1 + features, draws)
    features: list[str]
    middle: np.ndarray
    spread: np.ndarray
    rates: dict[str, tuple[float, float]]


def learn_renewal(
    contracts: Contracts, use: pd.DataFrame, moment: pd.Timestamp, draws: int, random: np.random.Generator
) -> Renewal:
    """Learn how likely a contract is renewed, from those that fell due; from use too, where that foretells better.

    Use is how often a unit had each kind of contact in the time since it first signed, drawn to everybody's as far as
    that time is short. Each contract is looked at as far from its end as today's contracts are.

    Parameters
    ----------
    use
        ``unit_id, timestamp, what``: contacts beside sales, each under its touchpoint and under its channel.
    """
    terms = contracts.terms
    done = terms[terms["renewed"].notna()].reset_index(drop=True)
    seen_at = done["began"] + pd.to_timedelta(
        done["days"] * _elapsed(terms, moment, len(done), random), unit="D"
    )
    names = _usual(terms, use, moment)
    counts, years = _used(done["unit_id"], seen_at, terms, use, names)
    rates = {name: _spread_of_rates(counts[name], years) for name in names}
    table = _features(counts, years, done["number"], rates)
    middle, spread = table.mean().to_numpy(), np.maximum(table.std(ddof=0).to_numpy(), 1e-9)
    x, y = (table.to_numpy() - middle) / spread, done["renewed"].astype(int).to_numpy()
    strength = _strength(x, y, done["unit_id"].to_numpy())
    coefficients = _draw_coefficients(x, y, strength, draws, random)
    return Renewal(coefficients, list(table.columns), middle, spread, rates)


def _elapsed(
    terms: pd.DataFrame, moment: pd.Timestamp, count: int, random: np.random.Generator
) -> np.ndarray:
    """Return parts of the period after which contracts are looked at: those of the contracts that run now."""
    running = terms[terms["renewed"].isna()]
    parts = (
        ((moment - running["began"]) / pd.to_timedelta(running["days"], unit="D")).clip(0, 1).to_numpy(float)
    )
    return random.choice(parts, count) if len(parts) else np.ones(count)


def _usual(terms: pd.DataFrame, use: pd.DataFrame, moment: pd.Timestamp) -> list[str]:
    first = terms.groupby("unit_id")["began"].min()
    after = use[(use["timestamp"] > use["unit_id"].map(first)) & (use["timestamp"] <= moment)]
    units = after.groupby("what")["unit_id"].nunique().sort_values(ascending=False, kind="stable")
    return list(units.index[units >= SEEN * len(first)][:MOST_FEATURES])


def _used(units: pd.Series, at: pd.Series, terms: pd.DataFrame, use: pd.DataFrame, names: list[str]):
    """Return how often each unit had each kind of contact from its first contract on, and in how many years."""
    first = units.map(terms.groupby("unit_id")["began"].min())
    counts = pd.DataFrame(0.0, index=units.index, columns=names)
    rows = pd.DataFrame(
        {"row": units.index, "unit_id": units.to_numpy(), "at": at.to_numpy(), "first": first}
    )
    mine = rows.merge(use[use["what"].isin(names)], on="unit_id")
    mine = mine[(mine["timestamp"] > mine["first"]) & (mine["timestamp"] <= mine["at"])]
    found = mine.groupby(["row", "what"]).size().unstack(fill_value=0.0)
    counts.loc[found.index, found.columns] = found
    return counts, ((at - first) / pd.Timedelta(days=365.25)).clip(lower=1 / 365.25)


def _spread_of_rates(counts: pd.Series, years: pd.Series) -> tuple[float, float]:
    """Return shape and rate of the gamma distribution of a rate over units, by moments."""
    mean = counts.sum() / years.sum()
    beyond = ((counts - mean * years) ** 2).sum() - counts.sum()
    varied = max(beyond / (years**2).sum(), 1e-3 * max(mean, 1e-9) ** 2)
    return mean**2 / varied, mean / varied


def _features(counts: pd.DataFrame, years: pd.Series, number: pd.Series, rates: dict) -> pd.DataFrame:
    """Return the log of each rate, drawn to everybody's, and of the contract's number."""
    table = {name: np.log((shape + counts[name]) / (rate + years)) for name, (shape, rate) in rates.items()}
    return pd.DataFrame(table | {"": np.log(number.astype(float))}, index=counts.index)


def _model(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=1_000)


def _strength(x: np.ndarray, y: np.ndarray, units: np.ndarray) -> float:
    """Return how strongly to learn from use: 0 where contracts of units held out aren't foretold better with it."""
    if len(np.unique(units)) < FOLDS or min(np.bincount(y, minlength=2)) < FOLDS:
        return 0.0
    losses = {strength: np.zeros(len(y)) for strength in (0.0, *STRENGTHS)}
    for train, test in GroupKFold(FOLDS).split(x, y, units):
        if len(np.unique(y[train])) < 2:
            return 0.0
        share = (y[train].sum() + 0.5) / (len(train) + 1)
        for strength, loss in losses.items():
            p = _model(strength).fit(x[train], y[train]).predict_proba(x[test])[:, 1] if strength else share
            p = np.clip(p, 1e-6, 1 - 1e-6)
            loss[test] = -np.where(y[test] == 1, np.log(p), np.log1p(-p))
    best = min(STRENGTHS, key=lambda strength: losses[strength].mean())
    gain = losses[0.0] - losses[best]
    return best if gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)) else 0.0


def _draw_coefficients(
    x: np.ndarray, y: np.ndarray, strength: float, draws: int, random: np.random.Generator
) -> np.ndarray:
    """Return draws of the intercept and coefficients from a normal posterior about the fit (1 + features x draws)."""
    size = x.shape[1]
    if not strength:  # a share alone: its exact posterior under Jeffreys' prior
        share = np.clip(random.beta(y.sum() + 0.5, len(y) - y.sum() + 0.5, draws), 1e-9, 1 - 1e-9)
        return np.vstack([np.log(share / (1 - share)), np.zeros((size, draws))])
    fitted = _model(strength).fit(x, y)
    at = np.concatenate([fitted.intercept_, fitted.coef_[0]])
    design = np.column_stack([np.ones(len(x)), x])
    p = 1 / (1 + np.exp(-design @ at))
    information = design.T @ (design * (p * (1 - p))[:, None])
    information += np.diag([1e-6, *np.full(size, 1 / strength)])
    root = np.linalg.cholesky(np.linalg.inv(information))
    return at[:, None] + root @ random.standard_normal((size + 1, draws))


def renew_from(
    contracts: Contracts,
    use: pd.DataFrame,
    moment: pd.Timestamp,
    random: np.random.Generator,
    *,
    days: float = 365.0,
    draws: int = 500,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw what each unit will renew in so many days, every draw at chances of its own.

    Returns
    -------
    table, value
        By unit: ``alive`` (whether a contract runs, and if it is overdue how likely it is renewed still),
        ``purchases`` and ``worth`` (expected); and draws of the value, units x draws.

    Notes
    -----
    Fader and Hardie, "How to project customer retention", Journal of Interactive Marketing 21, 2007, for survival in
    whole periods; here the chance depends on use, and differs by unit.
    """
    renewal = learn_renewal(contracts, use, moment, draws, random)
    now = contracts.terms.drop_duplicates("unit_id", keep="last").reset_index(drop=True)
    counts, years = _used(
        now["unit_id"], pd.Series(moment, now.index), contracts.terms, use, list(renewal.rates)
    )
    table = _features(counts, years, now["number"], renewal.rates).to_numpy()
    scaled = np.column_stack([np.ones(len(now)), (table - renewal.middle) / renewal.spread])
    chance = 1 / (1 + np.exp(-scaled @ renewal.draws))
    late = contracts.terms["late"].dropna().to_numpy(float)
    ratio = contracts.terms["ratio"].dropna().to_numpy(float)
    gone = ((moment - now["ends"]) / pd.to_timedelta(now["days"], unit="D")).to_numpy(float)
    still = (late[None, :] > gone[:, None]).mean(axis=1)[
        :, None
    ]  # share of renewals that come later than now
    alive = np.where(gone[:, None] < late.min(), 1.0, chance * still / (chance * still + 1 - chance))
    alive = np.where(still > 0, alive, 0.0)
    first = np.where(gone[:, None] < late.min(), chance, alive)
    count, value = _walk(
        now, chance, first, gone, late, ratio if len(ratio) else np.ones(1), moment, days, random
    )
    told = pd.DataFrame(
        {"alive": alive.mean(axis=1), "purchases": count.mean(axis=1), "worth": value.mean(axis=1)},
        index=pd.Index(now["unit_id"], name="unit_id"),
    )
    return told, value


def _walk(now, chance, first, gone, late, ratio, moment, days, random) -> tuple[np.ndarray, np.ndarray]:
    """Return draws of how often each contract is renewed in the days ahead, and of their value."""
    period = now["days"].to_numpy(float)[:, None]
    price = now["value"].fillna(now["value"].mean()).to_numpy(float)[:, None] * np.ones(chance.shape)
    ordered = np.sort(late)
    least = np.searchsorted(ordered, gone, side="right")[:, None]  # who is overdue renews later than now
    picked = least + (random.random(chance.shape) * (len(ordered) - least)).astype(int)
    due = (ordered[np.minimum(picked, len(ordered) - 1)] - gone[:, None]) * period
    there = (random.random(chance.shape) < first) & (least < len(ordered))
    count, value = np.zeros(chance.shape), np.zeros(chance.shape)
    while True:
        there &= due <= days
        if not there.any():
            return count, value
        price = price * ratio[random.integers(len(ratio), size=chance.shape)]
        count += there
        value += np.where(there, price, 0.0)
        due = due + period * (1 + late[random.integers(len(late), size=chance.shape)])
        there &= random.random(chance.shape) < chance
