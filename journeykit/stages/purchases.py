"""PurchaseModel: how likely a customer still buys, and how often, from repeat purchases alone (BG/NBD)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, expit, gammaln, hyp2f1
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from journeykit.errors import JourneykitError
from journeykit.features.signals import contacts_until

__all__ = [
    "BOUGHT",
    "PurchaseModel",
    "count_purchases",
    "lapsed_by_purchases",
    "log_likelihood",
    "purchase_share",
]

BOUGHT = ("purchase", "repeat_purchase", "contract_signed")
WEEK = pd.Timedelta(days=7)
MOSTLY, FEWEST = 0.5, 30  # share of the contacts that are purchases; units that bought
STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.0, 1.0, -0.5, 1.0))


class PurchaseModel(BaseEstimator):
    """Infer from repeat purchases whether somebody is still a customer.

    While active, a customer buys at a steady rate (rates differ as a gamma distribution); after any purchase the
    customer may drop out for good (chances differ as a beta distribution). Times are in one unit of your choice,
    such as weeks, and so are the results.

    Attributes
    ----------
    r_, alpha_ : float
        Shape and rate of the gamma distribution of purchase rates.
    a_, b_ : float
        The beta distribution of the chance to drop out after a purchase.
    log_likelihood_ : float
        Of the purchases that were learned from.

    Notes
    -----
    Fader, Hardie and Lee, "Counting your customers the easy way: an alternative to the Pareto/NBD model",
    Marketing Science 24, 2005.

    Examples
    --------
    >>> model = PurchaseModel().fit([0, 1, 5, 0, 3, 8], [0, 10, 30, 0, 5, 34], [38, 38, 38, 30, 36, 35])
    >>> late, early = model.p_alive([3, 3], [30, 5], [38, 38])
    >>> bool(late > early)
    True
    """

    def fit(self, frequency, recency, age) -> PurchaseModel:
        """Learn the four parameters by maximum likelihood.

        Parameters
        ----------
        frequency : array of shape (n,)
            Repeat purchases: moments of purchase after the first.
        recency : array of shape (n,)
            Time from the first to the last purchase; 0 without a repeat purchase.
        age : array of shape (n,)
            Time from the first purchase to now.

        Returns
        -------
        PurchaseModel

        Raises
        ------
        ValueError
            When the arrays differ in length, are empty, or hold something that cannot be, naming the row.
        """
        x, last, age = _checked(frequency, recency, age)
        scale = max(float(age.mean()), 1e-9)
        found = [
            minimize(_loss, start, (x, last / scale, age / scale), method="L-BFGS-B", bounds=[(-9, 9)] * 4)
            for start in STARTS
        ]
        best = min(found, key=lambda one: one.fun)
        self.r_, self.alpha_, self.a_, self.b_ = (float(value) for value in np.exp(best.x) * [1, scale, 1, 1])
        logs = np.log([self.r_, self.alpha_, self.a_, self.b_])
        self.log_likelihood_ = -float(_loss(logs, x, last, age)) * len(x)
        return self

    def p_alive(self, frequency, recency, age) -> np.ndarray:
        """Return the probability that each customer will still buy; 1 without a repeat purchase."""
        check_is_fitted(self, "r_")
        x, last, age = _checked(frequency, recency, age)
        odds = np.log(self.a_ / (self.b_ + np.maximum(x, 1) - 1))
        odds += (self.r_ + x) * np.log((self.alpha_ + age) / (self.alpha_ + last))
        return np.where(x > 0, expit(-odds), 1.0)

    def expected_purchases(self, horizon: float, frequency, recency, age) -> np.ndarray:
        """Return how many purchases each customer is expected to make in so much time from now."""
        x, last, age = _checked(frequency, recency, age)
        alive, z = self.p_alive(x, last, age), horizon / (self.alpha_ + age + horizon)
        a = self.a_ if abs(self.a_ - 1) > 1e-6 else 1 + 1e-6  # the formula divides by a - 1
        kept = (1 - z) ** (self.r_ + x) * hyp2f1(self.r_ + x, self.b_ + x, a + self.b_ + x - 1, z)
        return (a + self.b_ + x - 1) / (a - 1) * (1 - kept) * alive


def count_purchases(log: Any, moments: Any = None) -> pd.DataFrame:
    """Count repeat purchases up to a moment; those of one day are one.

    Parameters
    ----------
    log : EventLog
        The events.
    moments : Timestamp or DataFrame, optional
        One moment for everybody, or a frame with ``unit_id`` and ``at``; default the log's own moment.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``unit_id`` and ``at``, rows of units that had bought: ``frequency`` (repeat purchases),
        ``recency`` and ``age`` in weeks.
    """
    table = contacts_until(log, log.moment if moments is None else moments)
    bought = table.filter(table.step.isin(BOUGHT))
    days = bought.select("unit_id", "at", day=bought.local_timestamp.truncate("D")).distinct()
    counts = days.group_by(["unit_id", "at"]).aggregate(
        n=days.count(), first=days.day.min(), last=days.day.max()
    )
    found = counts.execute().set_index(["unit_id", "at"]).sort_index()
    now = found.index.get_level_values("at").tz_localize("UTC").tz_convert(log.client.timezone)
    age = (now.tz_localize(None).normalize() - pd.DatetimeIndex(found["first"])) / WEEK
    columns = {"frequency": found["n"] - 1, "recency": (found["last"] - found["first"]) / WEEK, "age": age}
    return pd.DataFrame(columns, index=found.index).astype(float)


def lapsed_by_purchases(log: Any, rows: pd.MultiIndex) -> np.ndarray | None:
    """Return how likely each row has lapsed by its purchases alone; None where they aren't most of the contacts.

    The model learns from everybody's purchases up to the earliest moment of the rows. Missing for who had not bought.
    """
    if purchase_share(log) <= MOSTLY:
        return None
    asked = rows.to_frame(index=False)
    known = count_purchases(log, asked["at"].min())
    if len(known) < FEWEST:
        return None
    model = PurchaseModel().fit(*known.to_numpy().T)
    counts = count_purchases(log, asked)
    lapsed = pd.Series(1 - model.p_alive(*counts.to_numpy().T), counts.index)
    return lapsed.reindex(rows).to_numpy()


def purchase_share(log: Any) -> float:
    """Return the share of the contacts that are purchases, 0 to 1."""
    from journeykit.sessions import contacts

    table = contacts(log)
    return float(table.step.isin(BOUGHT).cast("int64").mean().execute())


def log_likelihood(logs, x, last, age) -> np.ndarray:
    """Return each customer's log-likelihood at the logs of r, alpha, a and b.

    Parameters
    ----------
    logs : array of shape (4,) or (4, draws, 1)
        One set of parameters, or draws of them against the customers.
    x, last, age : array of shape (n,)
        Repeat purchases, time from the first to the last, and time from the first to now.

    Returns
    -------
    numpy.ndarray
        Of shape (n,), or (draws, n).
    """
    r, alpha, a, b = np.exp(logs)
    counts, place = np.unique(x, return_inverse=True)  # few: the slow functions are reckoned once for each
    again = np.maximum(counts, 1)
    drawn = (gammaln(r + counts) - gammaln(r) + r * np.log(alpha))[..., place]
    stayed = (betaln(a, b + counts) - betaln(a, b))[..., place] - (r + x) * np.log(alpha + age)
    left = (betaln(a + 1, b + again - 1) - betaln(a, b))[..., place] - (r + x) * np.log(alpha + last)
    return drawn + np.logaddexp(stayed, np.where(x > 0, left, -np.inf))


def _loss(logs, x, last, age) -> float:
    """Return minus the mean log-likelihood at the logs of r, alpha, a and b."""
    return -float(log_likelihood(logs, x, last, age).mean())


def _checked(frequency, recency, age) -> list[np.ndarray]:
    arrays = [np.asarray(values, float).ravel() for values in (frequency, recency, age)]
    if len({len(values) for values in arrays}) > 1 or not len(arrays[0]):
        raise JourneykitError("frequency, recency and age need one value per customer, and a customer")
    x, last, total = arrays
    wrong = (
        ~np.isfinite(arrays).all(axis=0) | (x < 0) | (x != np.round(x)) | (last < 0) | (last > total + 1e-9)
    )
    wrong |= (x == 0) & (last > 0)
    if wrong.any():
        row = int(wrong.argmax())
        shown = f"frequency {x[row]:g}, recency {last[row]:g}, age {total[row]:g}"
        remedy = "count repeat purchases; recency lies between 0 and age, and is 0 without any"
        raise JourneykitError(f"{shown} cannot be", where="purchases", line=row + 1, remedy=remedy)
    return arrays
