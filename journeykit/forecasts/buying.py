"""Buying: how often customers will buy again (BG/NBD) and for how much (gamma-gamma), with all that is uncertain."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, gammaln

from journeykit.forecasts.posterior import Fitted, Prior, draw_parameters, fit_parameters
from journeykit.stages.purchases import log_likelihood

__all__ = [
    "YEAR_DAYS", "buy_from", "buying_prior", "draw_buying", "draw_spending", "expected_purchases", "fit_buying",
    "fit_spending", "predict_spending", "spending_prior", "tell_history",
]  # fmt: skip

YEAR_DAYS = 365.0
WIDE, ALIKE = 2.0, 1.0  # spread of the logs of parameters: of anybody's, and of a group's about everybody's
LARGEST = 5_000  # customers from whom parameters are learned: of more, a sample


def tell_history(sales: pd.DataFrame, moment: pd.Timestamp, timezone: str = "UTC") -> pd.DataFrame:
    """Return what a customer's sales tell of buying: one row a unit that bought up to a moment.

    Sales of one day are one purchase.

    Parameters
    ----------
    sales
        ``unit_id, timestamp`` (naive UTC), ``value``, ``sale`` (`journeykit.facts.list_sales`).

    Returns
    -------
    pandas.DataFrame
        By ``unit_id``: ``x`` (purchases after the first), ``last`` (days from the first to the last), ``age`` (days
        from the first to the moment), ``orders``, ``paid`` (days on which something above 0 was paid) and ``spent``
        (their sum).
    """
    sold = sales[sales["sale"].astype(bool) & (sales["timestamp"] <= moment)]
    local = sold["timestamp"].dt.tz_localize("UTC").dt.tz_convert(timezone).dt.tz_localize(None)
    days = sold.assign(day=local.dt.normalize()).groupby(["unit_id", "day"], sort=True)
    days = days.agg(
        at=("timestamp", "min"), orders=("timestamp", "size"), value=("value", "sum")
    ).reset_index()
    days["value"] = days["value"].clip(lower=0).fillna(0.0)
    own = days.assign(paid=days["value"] > 0).groupby("unit_id")
    first, last = own["at"].min(), own["at"].max()
    day = pd.Timedelta(days=1)
    return pd.DataFrame(
        {
            "x": (own.size() - 1).astype(float),
            "last": (last - first) / day,
            "age": (moment - first) / day,
            "orders": own["orders"].sum().astype(float),
            "paid": own["paid"].sum().astype(float),
            "spent": own["value"].sum(),
        }
    )


def buying_prior(history: pd.DataFrame) -> Prior:
    """Return what is held of anybody's buying before it is seen: about once in that time, nearly anything."""
    return Prior(np.log([1.0, max(float(history["age"].mean()), 1.0), 1.0, 3.0]), WIDE)


def spending_prior(history: pd.DataFrame) -> Prior:
    """Return what is held of anybody's spending before it is seen: about the mean purchase, nearly anything."""
    paid = history[history["paid"] > 0]
    mean = float(paid["spent"].sum() / paid["paid"].sum()) if len(paid) else 1.0
    return Prior(np.log([3.0, 3.0, mean]), WIDE)


def _some(history: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Return the customers from whom parameters are learned, always the same, and for how many each stands."""
    if len(history) <= LARGEST:
        return history, 1.0
    return history.sample(LARGEST, random_state=0), len(history) / LARGEST


def _buying(history: pd.DataFrame):
    x, last, age = (history[name].to_numpy(float) for name in ("x", "last", "age"))
    return lambda logs: log_likelihood(logs, x, last, age)


def fit_buying(history: pd.DataFrame, prior: Prior) -> Fitted:
    """Return the parameters r, alpha, a, b of buying (BG/NBD), in days, at which the history is likeliest.

    Notes
    -----
    Fader, Hardie and Lee, "Counting your customers the easy way: an alternative to the Pareto/NBD model",
    Marketing Science 24, 2005.
    """
    return fit_parameters(_buying(_some(history)[0]), prior)


def draw_buying(
    history: pd.DataFrame, prior: Prior, fitted: Fitted, draws: int, random: np.random.Generator
) -> np.ndarray:
    """Return draws of the parameters of buying, shape (draws, 4)."""
    return draw_parameters(_buying(_some(history)[0]), prior, fitted, draws, random)


def _spending(history: pd.DataFrame):
    paid = history[history["paid"] > 0]
    n, spent = paid["paid"].to_numpy(float), paid["spent"].to_numpy(float)

    def likelihood(logs: np.ndarray) -> np.ndarray:
        p, q, scale = np.exp(logs)
        shape = p * n
        found = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(scale)
        return found + (shape - 1) * np.log(spent) - (shape + q) * np.log(scale + spent)

    return likelihood


def fit_spending(history: pd.DataFrame, prior: Prior) -> Fitted:
    """Return the parameters p, q, gamma of spending (gamma-gamma) at which what was paid is likeliest.

    A customer's purchases are gamma with shape p and a rate of his own, which is gamma with shape q and rate gamma.

    Notes
    -----
    Fader, Hardie and Lee, "RFM and CLV: using iso-value curves for customer base analysis", Journal of Marketing
    Research 42, 2005.
    """
    return fit_parameters(_spending(_some(history)[0]), prior)


def draw_spending(
    history: pd.DataFrame, prior: Prior, fitted: Fitted, draws: int, random: np.random.Generator
) -> np.ndarray:
    """Return draws of the parameters of spending, shape (draws, 3)."""
    return draw_parameters(_spending(_some(history)[0]), prior, fitted, draws, random)


def predict_spending(
    logs: np.ndarray, before: pd.DataFrame, paid: np.ndarray, spent: np.ndarray
) -> np.ndarray:
    """Return the log density of what customers spent later in so many purchases, given what they spent before."""
    p, q, scale = np.exp(logs)
    shape, known = p * paid, q + p * before["paid"].to_numpy(float)
    scale = scale + before["spent"].to_numpy(float)
    found = gammaln(shape + known) - gammaln(shape) - gammaln(known) + known * np.log(scale)
    return found + (shape - 1) * np.log(spent) - (shape + known) * np.log(scale + spent)


def _alive(parameters: np.ndarray, x: np.ndarray, last: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Return the probability that each customer still buys; 1 without a repeat purchase."""
    r, alpha, a, b = parameters
    odds = np.log(a / (b + np.maximum(x, 1) - 1)) + (r + x) * np.log((alpha + age) / (alpha + last))
    return np.where(x > 0, expit(-odds), 1.0)


def expected_purchases(logs: np.ndarray, history: pd.DataFrame, days: float, draws: int = 200) -> np.ndarray:
    """Return how many purchases each customer is expected to make in so many days, at given parameters."""
    parameters = np.exp(np.repeat(np.asarray(logs, float)[:, None], draws, axis=1))[:, None, :]
    random = np.random.default_rng(0)
    alive, rate, leaving = _lives(parameters, history, random)
    return (alive * -np.expm1(-rate * leaving * days) / leaving).mean(axis=1)


def _lives(
    parameters: np.ndarray, history: pd.DataFrame, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the chance to be there still, and draws of the rate a day and of the chance to leave after a purchase."""
    x, last, age = (history[name].to_numpy(float)[:, None] for name in ("x", "last", "age"))
    r, alpha, a, b = parameters
    rate = random.gamma(r + x, 1 / (alpha + age))
    leaving = np.clip(random.beta(a + 0 * x, b + x), 1e-9, 1.0)
    return _alive(parameters, x, last, age), rate, leaving


def buy_from(
    history: pd.DataFrame,
    buying: np.ndarray,
    spending: np.ndarray | None,
    random: np.random.Generator,
    days: float = YEAR_DAYS,
    paying: float = 1.0,
) -> dict[str, np.ndarray]:
    """Draw what each customer will buy in so many days, every draw at parameters of its own.

    While a customer is there, purchases are Poisson; after each, who is there leaves with a chance of his own. So the
    number is the smaller of a Poisson and a geometric one.

    Parameters
    ----------
    history
        As `tell_history` gives it.
    buying, spending
        Draws of the parameters, shapes (4, customers or 1, draws) and (3, customers or 1, draws).
    paying
        Share of the purchases for which something was paid.

    Returns
    -------
    dict
        ``alive`` and ``purchases`` (expected, shape customers), ``count`` and ``value`` (draws, customers x draws),
        ``worth`` (expected value); the last two without ``spending`` are missing.
    """
    alive, rate, leaving = _lives(buying, history, random)
    there = random.random(rate.shape) < alive
    count = np.where(there, np.minimum(random.poisson(rate * days), random.geometric(leaving)), 0)
    expected = alive * -np.expm1(-rate * leaving * days) / leaving
    found = {"alive": alive.mean(axis=1), "purchases": expected.mean(axis=1), "count": count}
    if spending is None:
        return found
    p, q, scale = spending
    shape = q + p * history["paid"].to_numpy(float)[:, None]
    scale = scale + history["spent"].to_numpy(float)[:, None]
    of_each = scale / random.gamma(shape, 1.0)  # the mean of a purchase is p times this
    bought = random.binomial(count, paying) if paying < 1 else count
    value = np.where(bought > 0, random.gamma(np.maximum(p * bought, 1e-9)) * of_each, 0.0)
    mean = np.where(shape > 1, p * scale / np.maximum(shape - 1, 1e-9), p * of_each)
    return found | {"value": value, "worth": (expected * paying * mean).mean(axis=1)}
