"""The two learners that StageClassifier blends, and how soft labels become rows for them."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

__all__ = ["Boosted", "Linear", "blend", "hide_markers", "usable_columns"]

FLOOR = 1e-3
LEAST = 0.1
MANY = 1500  # rows from which a linear model of sure labels is drawn to zero more


class _Learner(BaseEstimator):
    """A classifier of soft labels: a row becomes one row per plausible class, weighted."""

    def __init__(self, seed=0):
        self.seed = seed

    def fit(self, X, labels, weight):
        self.hard_ = bool((labels.max(axis=1) > 0.999).all())
        row, target, share = _spread(labels, weight)
        self.rows_ = len(row)
        self.width_ = labels.shape[1]
        self.found_ = np.unique(target)
        self.model_ = None
        if len(self.found_) > 1:
            rows = self._before(X, weight)[row]
            with warnings.catch_warnings():  # a blend does not need the last digit
                warnings.simplefilter("ignore", ConvergenceWarning)
                self.model_ = self._model().fit(rows, target, sample_weight=share)
        return self

    def logs(self, X) -> np.ndarray:
        """Return log-probabilities, rows × classes; classes that were never seen get 0 (minus infinity)."""
        table = np.full((len(X), self.width_), -np.inf)
        if self.model_ is None:
            table[:, self.found_] = 0.0
            return table
        found = np.maximum(self.model_.predict_proba(self._before(X)), FLOOR)
        table[:, self.found_] = np.log(found / found.sum(axis=1, keepdims=True))
        return table

    def _before(self, X, weight=None):
        return X


class Linear(_Learner):
    """Multinomial logistic regression on scaled signals, with indicators of what is missing."""

    def _model(self):
        exact = self.rows_ < 200
        strength = 0.02 if self.hard_ and self.rows_ >= MANY else 0.1
        return LogisticRegression(C=strength, max_iter=2000 if exact else 200, tol=1e-10 if exact else 1e-3)

    def _before(self, X, weight=None):
        squashed = np.sign(X) * np.log1p(np.abs(X))
        if weight is not None:
            self._scale(squashed, weight)
        filled = np.where(np.isfinite(squashed), squashed, self.mean_)
        scaled = np.clip((filled - self.mean_) / self.spread_, -8, 8)
        return np.hstack([scaled, ~np.isfinite(squashed[:, self.gappy_])])

    def _scale(self, X, weight):
        seen = np.isfinite(X) * weight[:, None]
        total = np.maximum(seen.sum(axis=0), 1e-12)
        self.mean_ = (np.nan_to_num(X) * seen).sum(axis=0) / total
        spread = np.sqrt((np.nan_to_num(X - self.mean_) ** 2 * seen).sum(axis=0) / total)
        self.spread_ = np.where(spread > 1e-9, spread, 1.0)
        self.gappy_ = np.flatnonzero(~np.isfinite(X[weight > 0]).all(axis=0))


class Boosted(_Learner):
    """Histogram gradient boosting."""

    def _model(self):
        return HistGradientBoostingClassifier(
            learning_rate=0.05 if self.hard_ else 0.1,
            max_iter=100 if self.hard_ else 50,
            max_leaf_nodes=8,
            min_samples_leaf=20,
            l2_regularization=5.0,
            max_features=0.3,
            max_bins=31,
            early_stopping=False,
            random_state=self.seed,
        )


def blend(left: np.ndarray, right: np.ndarray, share: float, temperature: float) -> np.ndarray:
    """Average two tables of log-probabilities as probabilities, then sharpen or soften them.

    Examples
    --------
    >>> half = np.log([[0.5, 0.5]])
    >>> blend(half, np.log([[0.9, 0.1]]), 0.5, 1.0).round(2).tolist()
    [[0.7, 0.3]]
    """
    mixed = (1 - share) * np.exp(left) + share * np.exp(right)
    mixed = mixed ** (1 / temperature)
    return mixed / mixed.sum(axis=1, keepdims=True)


def hide_markers(X, labels, weight, markers, share, seed):
    """Add a share of the rows a second time with one or all of their markers hidden."""
    if not len(markers) or share <= 0:
        return X, labels, weight
    random = np.random.RandomState(seed)
    twice = np.flatnonzero(random.uniform(size=len(X)) < share)
    hidden = X[twice].copy()
    away = random.uniform(size=(len(twice), len(markers))) < random.uniform(size=(len(twice), 1))
    hidden[:, markers] = np.where(away, np.nan, hidden[:, markers])
    return np.vstack([X, hidden]), np.vstack([labels, labels[twice]]), np.r_[weight, weight[twice]]


def usable_columns(X) -> np.ndarray:
    """Return the columns that hold at least one value and, unless all are constant, vary."""
    seen = np.isfinite(X).any(axis=0)
    return np.flatnonzero(seen) if seen.any() else np.arange(X.shape[1])


def _spread(labels, weight):
    """Return rows, classes and weights: the plausible classes of each row."""
    plausible = np.where(labels >= np.minimum(LEAST, labels.max(axis=1, keepdims=True)), labels, 0.0)
    plausible /= plausible.sum(axis=1, keepdims=True)
    row, target = np.nonzero(plausible)
    return row, target, plausible[row, target] * weight[row]
