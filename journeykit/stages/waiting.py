"""Waiting: how long somebody stays silent before the next contact, and when silence means that they have left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit, ndtr

__all__ = ["Waiting", "fit_waiting"]

OWN = (1.0, 3.0, 10.0)  # gaps of everybody's by which somebody's own pace is drawn to the usual one
MOST_ROWS = 6000
HELD = 1.0  # how strongly stages are alike unless the log says otherwise, as a standard deviation of logs
SHORTEST = 0.02  # days
SUREST = 0.999  # that somebody has left: nobody is gone for certain
TINY = 1e-12


@dataclass
class Waiting:
    """A waiting time in units of the own pace, and the chance that there is anything to wait for.

    After a day with contacts in stage s, with chance c(s) another one comes, after a time W; otherwise the unit leaves,
    after a time of the same distribution. Somebody silent for d days has left by then with the probability

        (1 − c) F(d) / (1 − c F(d)),    F(d) = P(W ≤ d),

    W / (own pace · scale(s)) being lognormal or Weibull; whichever explains the log better.

    Attributes
    ----------
    family : int
        0 lognormal, 1 Weibull.
    shape : float
        The standard deviation of log W, or the Weibull's shape.
    own : float
        How many usual gaps the own ones are drawn by.
    usual : float
        The usual gap, in days.
    scale, comes : numpy.ndarray
        Per stage, and last for who showed none.
    """

    family: int
    shape: float
    own: float
    usual: float
    scale: np.ndarray
    comes: np.ndarray

    def passed(self, place: np.ndarray, gap: np.ndarray, days: np.ndarray, span: np.ndarray) -> np.ndarray:
        """Return F: how much of the waiting time lies within a gap.

        Parameters
        ----------
        place : numpy.ndarray of int
            The stage.
        gap : numpy.ndarray
            Days.
        days, span : numpy.ndarray
            Days with contacts so far, and the days from the first to the last of them.
        """
        return _passed(
            self.family, self.shape, np.maximum(gap, SHORTEST) / (self._pace(days, span) * self.scale[place])
        )

    def left(
        self,
        place: np.ndarray,
        silent: np.ndarray,
        days: np.ndarray,
        span: np.ndarray,
        until: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the probability of having left after so many silent days, and how much of the waiting time has passed.

        With `until`, it is known that the silence lasted so long; missing says that it ended by a contact.
        """
        passed = self.passed(place, silent, days, span)
        known = passed if until is None else self.passed(place, np.nan_to_num(until), days, span)
        comes = self.comes[place]
        left = np.minimum((1 - comes) * passed / np.maximum(1 - comes * known, TINY), SUREST)
        return (left if until is None else np.where(np.isnan(until), 0.0, left)), passed

    def _pace(self, days: np.ndarray, span: np.ndarray) -> np.ndarray:
        return _paces(days, span, self.own, self.usual)


def fit_waiting(gaps: pd.DataFrame, places: int) -> Waiting:
    """Learn the waiting time by maximum likelihood.

    Parameters
    ----------
    gaps : DataFrame
        ``place, gap`` (days), ``came`` (whether a contact ended it), ``days, span`` (so far).
    places : int
        How many stages there are, with one more for who showed none.

    Notes
    -----
    A mixture cure model (Berkson and Gage, 1952; Farewell, 1982). The family, and how much the own pace counts, are
    those that explain the log best with all stages alike. Stages are drawn to the mean of all by a normal prior on the
    logs of their scales and the log-odds of their chances.
    """
    some = gaps if len(gaps) <= MOST_ROWS else gaps.iloc[np.linspace(0, len(gaps) - 1, MOST_ROWS).astype(int)]
    ended = some.loc[some["came"], "gap"]
    usual = float(ended.mean()) if len(ended) else max(float(some["gap"].mean()), SHORTEST)
    alike, usual = some.assign(place=0), max(usual, SHORTEST)
    fits = [_fitted(alike, 1, family, own, usual) for family in (0, 1) for own in OWN]
    best = max(fits, key=lambda fit: fit[0])[1]
    return _fitted(some, places, best.family, best.own, usual)[1]


def _fitted(gaps: pd.DataFrame, places: int, family: int, own: float, usual: float) -> tuple[float, Waiting]:
    place, came = gaps["place"].to_numpy(int), gaps["came"].to_numpy(bool)
    pace = _paces(gaps["days"].to_numpy(), gaps["span"].to_numpy(), own, usual)
    gap = np.maximum(gaps["gap"].to_numpy(float), SHORTEST) / pace
    end = np.log(pace) * came  # densities are of days, not of paces

    def loss(told: np.ndarray) -> float:
        shape, scale, comes = _parameters(told, places)
        ratio = gap / scale[place]
        chance = comes[place]
        seen = np.log(chance) + _density(family, shape, ratio) - np.log(scale[place])
        unseen = np.log(1 - chance * _passed(family, shape, ratio) + TINY)
        held = ((told[3 : 3 + places] ** 2).sum() + (told[3 + places :] ** 2).sum()) / (2 * HELD**2)
        return float(
            -np.where(came, seen - end, unseen).sum() + held + 0.5 * (told[0] ** 2 + 0.1 * told[1] ** 2)
        )

    found = minimize(
        loss, np.r_[0.0, 0.0, 1.5, np.zeros(2 * places)], method="L-BFGS-B", options={"maxiter": 40}
    )
    shape, scale, comes = _parameters(found.x, places)
    return -float(found.fun), Waiting(family, float(shape), own, usual, scale, comes)


def _parameters(told: np.ndarray, places: int) -> tuple[float, np.ndarray, np.ndarray]:
    shape, scale, odds = np.exp(np.clip(told[0], -2.0, 2.0)), told[1], told[2]
    each = told[3:].reshape(2, places)
    comes = np.clip(expit(odds + each[1]), 0.001, 0.999)
    return shape, np.exp(np.clip(scale + each[0], -6, 6)), comes


def _paces(days: np.ndarray, span: np.ndarray, own: float, usual: float) -> np.ndarray:
    return np.maximum((span + own * usual) / (np.maximum(days - 1, 0) + own), SHORTEST)


def _passed(family: int, shape: float, ratio: np.ndarray) -> np.ndarray:
    return ndtr(np.log(ratio) / shape) if family == 0 else -np.expm1(-np.minimum(ratio**shape, 700))


def _density(family: int, shape: float, ratio: np.ndarray) -> np.ndarray:
    """Return the log-density of a waiting time in units of its scale."""
    if family == 0:
        return -0.5 * (np.log(ratio) / shape) ** 2 - np.log(ratio * shape * np.sqrt(2 * np.pi))
    return np.log(shape) + (shape - 1) * np.log(ratio) - np.minimum(ratio**shape, 700)
