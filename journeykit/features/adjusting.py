"""Adjusting: taking out of each trait what stage mix, activity or other covariates explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from journeykit.errors import nearest

from .tables import EVIDENCE, column_names, read_numbers

__all__ = ["StageAdjuster"]

LEAST_ROWS = 3  # rows per coefficient; with fewer only the mean is taken off


class StageAdjuster(TransformerMixin, BaseEstimator):
    """Takes out of each trait what its covariates explain, by linear least squares.

    Somebody who is about to buy does other things than somebody who looks around, and whoever does much does
    more of everything. What is left after a regression on stage mix and activity tells people apart. The
    coefficients are learned in `fit` and applied in `transform`, so that new people are measured as the old.

    A gap in a trait stays a gap. A gap in a covariate counts as its mean, so somebody without any covariates
    loses the mean of the trait and no more. The covariates leave the table, and the column
    ``evidence.contacts`` passes as it is, a covariate or not. A table without covariates passes as it is.

    Parameters
    ----------
    by
        The covariates: names of columns, and beginnings of names, which end in a full stop. Those of
        `measure_stage_mix` by default. The columns of an array are named ``x0``, ``x1`` …

    Attributes
    ----------
    covariates_ : list of str
        The columns on which the traits are adjusted.
    coefficients_ : DataFrame
        Traits x (``intercept`` and covariates).

    Examples
    --------
    >>> people = pd.DataFrame({"calls": [1.0, 3.0, 2.0, 4.0, 9.0, 3.0, 5.0], "pace.days": [1, 3, 2, 4, 5, 3, 5]})
    >>> StageAdjuster().set_output(transform="pandas").fit_transform(people)["calls"].round(1).tolist()
    [0.6, -0.4, 0.1, -0.9, 2.6, -0.4, -1.4]
    """

    def __init__(self, by: Sequence[str] = ("stage_share.", "pace.")) -> None:
        self.by = by

    def fit(self, X: Any, y: Any = None) -> StageAdjuster:
        """Learn what the covariates explain of each trait.

        Parameters
        ----------
        X
            Rows x columns; gaps are allowed.
        y
            Not used.

        Raises
        ------
        ValueError
            When a covariate that is named in full is absent, or a value is text or infinite.
        """
        values = read_numbers(self, X, reset=True)
        names = column_names(self)
        places = _matching(names, self.by)
        self._covariates = np.array(places, dtype=int)
        self._kept = np.array([n for n in range(len(names)) if n not in places or names[n] == EVIDENCE], int)
        self.covariates_ = [names[place] for place in places]
        self._means = _means(values[:, self._covariates])
        self.coefficients_ = self._learned(values, names)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return what the covariates do not explain, rows x (traits and evidence), in the units of the traits."""
        check_is_fitted(self)
        values = read_numbers(self, X)
        left = values[:, self._kept]
        if self.covariates_:
            basis = _basis(values[:, self._covariates], self._means)
            left = left - basis @ self.coefficients_.to_numpy().T
        return left

    def learned(self) -> dict[str, Any]:
        """Return what `fit` has learned, in plain numbers and texts; `restored` makes an adjuster of it again."""
        check_is_fitted(self)
        return {
            "by": list(self.by), "covariates": self.covariates_, "places": self._covariates.tolist(),
            "kept": self._kept.tolist(), "means": np.asarray(self._means).tolist(), "width": self.n_features_in_,
            "coefficients": self.coefficients_.to_numpy().tolist(), "traits": list(self.coefficients_.index),
        }  # fmt: skip

    @classmethod
    def restored(cls, told: Mapping[str, Any]) -> StageAdjuster:
        """Return the adjuster of which `learned` told."""
        adjuster = cls(by=list(told["by"]))
        adjuster.covariates_, adjuster.n_features_in_ = list(told["covariates"]), int(told["width"])
        adjuster._covariates, adjuster._kept = (
            np.array(told[part], dtype=int) for part in ("places", "kept")
        )
        adjuster._means = np.array(told["means"], dtype=float)
        columns = ["intercept", *adjuster.covariates_]
        adjuster.coefficients_ = pd.DataFrame(
            told["coefficients"], index=told["traits"], columns=columns, dtype=float
        )
        return adjuster

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns of `transform`: all but the covariates."""
        check_is_fitted(self)
        return np.asarray(_check_feature_names_in(self, input_features), dtype=object)[self._kept]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _learned(self, values: np.ndarray, names: list[str]) -> pd.DataFrame:
        covariates = values[:, self._covariates]
        rows = {
            names[place]: np.zeros(1 + covariates.shape[1])
            if names[place] == EVIDENCE
            else _coefficients(values[:, place], covariates)
            for place in self._kept
        }
        columns = ["intercept", *self.covariates_]
        return pd.DataFrame(list(rows.values()), index=list(rows), columns=columns, dtype=float)


def _matching(names: list[str], by: Sequence[str]) -> list[int]:
    """Return the positions of the columns that are meant, in the order of the table."""
    wanted = [by] if isinstance(by, str) else list(by)
    for name in wanted:
        if not name.endswith(".") and name not in names:
            near = nearest(name, names)
            guess = f"; did you mean {near!r}?" if near else f"; the columns are {', '.join(names[:20])}"
            raise ValueError(f"covariate {name!r} is no column of the table{guess}")
    full = {name for name in wanted if not name.endswith(".")}
    starts = tuple(name for name in wanted if name.endswith("."))
    return [place for place, name in enumerate(names) if name in full or (starts and name.startswith(starts))]


def _means(covariates: np.ndarray) -> np.ndarray:
    seen = np.isfinite(covariates)
    return np.where(seen, covariates, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)


def _basis(covariates: np.ndarray, means: np.ndarray) -> np.ndarray:
    filled = np.where(np.isfinite(covariates), covariates, means)
    return np.column_stack([np.ones(len(filled)), filled])


def _coefficients(trait: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    """Return intercept and slopes, learned on the rows where nothing is missing."""
    seen = np.isfinite(trait) & np.isfinite(covariates).all(axis=1)
    basis = np.column_stack([np.ones(int(seen.sum())), covariates[seen]])
    found = np.zeros(basis.shape[1])
    used = basis.shape[1] if len(basis) > LEAST_ROWS * basis.shape[1] else 1
    if len(basis):
        found[:used] = np.linalg.lstsq(basis[:, :used], trait[seen], rcond=None)[0]
    return found
