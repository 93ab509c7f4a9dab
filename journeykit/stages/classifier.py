"""StageClassifier: from signals to probabilities of stages, with sets that admit doubt."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from journeykit.stages.conformal import class_thresholds, prediction_sets
from journeykit.stages.learners import Boosted, Linear, blend, hide_markers, usable_columns

__all__ = ["LAPSED", "StageClassifier", "allowing", "sharpened"]

LAPSED = "lapsed"
FEW, SOME, MANY = 60, 300, 1500
SHARPEN = 1.8
ALLOWANCE = 0.25  # of the misses that coverage permits, kept for how stages differ between two moments


class StageClassifier(ClassifierMixin, BaseEstimator):
    """Infer journey stages from signals; abstain where more than one stage is plausible.

    Logistic regression and histogram gradient boosting are blended; how much each counts, and how
    sharp the probabilities are, is learned on rows (of other units) that neither was trained on.

    Parameters
    ----------
    stages : sequence of str, optional
        The classes in order; default the sorted labels, with ``lapsed`` last.
    coverage : float, default 0.9
        The share of each class that `predict_set` must hold.
    marker_dropout : float, default 0.5
        The share of rows that is trained on a second time with the markers hidden, so that an untracked
        marker does not break the classifier. Markers are the columns named ``since_marker_days.…`` and
        ``furthest_marker``.
    random_state : int, RandomState or None, default 0
        The seed.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The classes in order.
    thresholds_ : numpy.ndarray
        Per class the smallest probability that still belongs in a set.
    boosted_share_ : float
        How much gradient boosting counts in the blend (0 for little data).
    apart_ : dict
        ``rows`` that were held out of learning for a while, and their ``probabilities``.
    temperature_ : float
        What the blended log-probabilities are divided by; 1 for soft labels.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> signals = pd.DataFrame({"recency_days": np.r_[np.arange(40.0), np.arange(100.0, 140)]})
    >>> stages = np.repeat(["use", "lapsed"], 40)
    >>> StageClassifier().fit(signals, stages).predict(signals.iloc[[0, -1]]).tolist()
    ['use', 'lapsed']
    """

    def __init__(self, stages=None, coverage=0.9, marker_dropout=0.5, random_state=0):
        self.stages = stages
        self.coverage = coverage
        self.marker_dropout = marker_dropout
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, groups=None):
        """Learn from signals and stages.

        Parameters
        ----------
        X : DataFrame or array of shape (n, features)
            Signals; missing values are allowed.
        y : array of shape (n,) or DataFrame of shape (n, classes)
            Stages, or per class the probability that it is the stage.
        sample_weight : array of shape (n,), optional
            How much a row counts.
        groups : array of shape (n,), optional
            The units; rows of one unit are never both learned from and calibrated on.

        Returns
        -------
        StageClassifier

        Raises
        ------
        ValueError
            When there is nothing to learn from, or labels are not among `stages`.
        """
        names = getattr(X, "columns", None)
        soft = isinstance(y, pd.DataFrame) and y.shape[1] > 1
        if soft:
            X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        else:
            X, y = validate_data(self, X, y, dtype=float, ensure_all_finite="allow-nan")
            check_classification_targets(y)
        self.classes_, labels = self._labels(y, soft)
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
        self.markers_ = _marker_columns(names)
        with threadpool_limits(1):  # threads of several fits at once wait for each other
            self._learn(X, labels, weight, np.arange(len(X)) if groups is None else np.asarray(groups))
        return self

    def predict_proba(self, X) -> np.ndarray:
        """Return the probability of each class, rows × classes in the order of `classes_`."""
        check_is_fitted(self)
        return blend(*self._logs(X), self.boosted_share_, self.temperature_)

    def predict(self, X) -> np.ndarray:
        """Return the likeliest class of each row."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_set(self, X) -> np.ndarray:
        """Return rows × classes of bool: the classes that cannot be ruled out at `coverage`."""
        return self.sets(self.predict_proba(X))

    def sets(self, probabilities: np.ndarray, possible: np.ndarray | None = None) -> np.ndarray:
        """Return the sets that belong to probabilities, among the classes that are possible."""
        possible = self.learned_ if possible is None else possible
        return prediction_sets(probabilities, self.thresholds_, possible)

    def abstain(self, X) -> np.ndarray:
        """Return where more than one class is plausible, so that none should be named."""
        return self.predict_set(X).sum(axis=1) > 1

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _labels(self, y, soft: bool) -> tuple[np.ndarray, np.ndarray]:
        found = np.asarray(y.columns if soft else np.unique(y))
        order = list(found) if self.stages is None else list(self.stages)
        if self.stages is None and LAPSED in order:
            order = [stage for stage in order if stage != LAPSED] + [LAPSED]
        strange = [str(stage) for stage in found if stage not in order]
        if strange:
            raise ValueError(f"labels that are not among the stages: {', '.join(strange)}")
        classes = np.asarray(order, dtype=found.dtype if self.stages is None else None)
        if soft:
            return classes, _rows_to_one(y.reindex(columns=order).fillna(0.0).to_numpy(float))
        return classes, (np.asarray(y)[:, None] == classes[None, :]).astype(float)

    def _learn(self, X, labels, weight, groups) -> None:
        random = check_random_state(self.random_state)
        self.learned_ = (labels * weight[:, None]).sum(axis=0) > 0
        self.usable_ = usable_columns(X)
        apart, left, right = [], [], []
        sure = bool((labels.max(axis=1) > 0.999).all())
        for train, held in _folds(groups, random, few=sure or len(labels) < MANY):
            self._fit_both(X[train], labels[train], weight[train], random)
            logs = self._both(X[held])
            apart.append(held)
            left.append(logs[0])
            right.append(logs[1])
        self._calibrate(apart, left, right, labels, weight)
        if len(apart) != 1:
            self._fit_both(X, labels, weight, random)

    def _fit_both(self, X, labels, weight, random) -> None:
        seed = int(random.randint(2**31 - 1))
        rows, targets, weights = hide_markers(X, labels, weight, self.markers_, self.marker_dropout, seed)
        rows = rows[:, self.usable_]
        self.linear_ = Linear(seed).fit(rows, targets, weights)
        enough = len(X) >= FEW
        self.boosted_ = Boosted(seed).fit(rows, targets, weights) if enough else self.linear_

    def _both(self, X) -> tuple[np.ndarray, np.ndarray]:
        X = X[:, self.usable_]
        return self.linear_.logs(X), self.boosted_.logs(X)

    def _logs(self, X) -> tuple[np.ndarray, np.ndarray]:
        return self._both(validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False))

    def _calibrate(self, apart, left, right, labels, weight) -> None:
        self.boosted_share_, self.temperature_ = 0.5 if len(labels) >= SOME else 0.0, 1.0
        self.thresholds_ = np.zeros(labels.shape[1])
        self.calibrated_on_ = int(sum(map(len, apart)))
        self.apart_ = {"rows": np.array([], int), "probabilities": np.empty((0, labels.shape[1]))}
        if not apart:
            return
        rows = np.concatenate(apart)
        truth = labels[rows] * weight[rows, None]
        left, right = np.vstack(left), np.vstack(right)
        if len(labels) >= SOME:
            self.boosted_share_ = _best(
                (0.0, 0.25, 0.5, 0.75, 1.0), lambda s: blend(left, right, s, 1.0), truth
            )
        share = self.boosted_share_
        hard = labels.max(axis=1).min() > 0.999
        if hard and self.calibrated_on_ >= SOME:
            warm = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
            self.temperature_ = _best(warm, lambda t: blend(left, right, share, t), truth)
        probabilities = blend(left, right, share, self.temperature_)
        truth = sharpened(labels[rows]) * (weight[rows] / max(weight.mean(), 1e-12))[:, None]
        wanted = allowing(self.coverage) if hard else self.coverage
        self.thresholds_ = class_thresholds(probabilities, truth, wanted)
        self.apart_ = {"rows": rows, "probabilities": probabilities}


def sharpened(labels: np.ndarray) -> np.ndarray:
    """Return soft labels as they are held against probabilities: an average of two opinions is too doubtful.

    Examples
    --------
    >>> sharpened(np.array([[0.8, 0.2]])).round(2).tolist()
    [[0.92, 0.08]]
    """
    sharp = labels**SHARPEN
    return sharp / sharp.sum(axis=1, keepdims=True)


def allowing(coverage: float) -> float:
    """Return the coverage for which sets are made from sure labels, so that it still holds at another moment.

    Examples
    --------
    >>> allowing(0.9)
    0.925
    """
    return 1 - (1 - coverage) * (1 - ALLOWANCE)


def _best(options, predict, truth) -> float:
    losses = [-(truth * np.log(predict(option) + 1e-9)).sum() for option in options]
    return options[int(np.argmin(losses))]


def _folds(groups: np.ndarray, random, few: bool):
    """Yield rows to learn from and rows held out, by unit: three folds where labels are few or dear, else one.

    There is none where there are too few units.
    """
    units, unit = np.unique(groups, return_inverse=True)
    if len(units) < FEW:
        return
    fold = random.permutation(len(units)) % (3 if few else 4)
    for held in range(3 if few else 1):
        out = fold[unit] == held
        yield np.flatnonzero(~out), np.flatnonzero(out)


def _marker_columns(names) -> np.ndarray:
    names = [] if names is None else [str(name) for name in names]
    return np.array(
        [k for k, n in enumerate(names) if n.startswith("since_marker_days.") or n == "furthest_marker"], int
    )


def _rows_to_one(table: np.ndarray) -> np.ndarray:
    total = table.sum(axis=1, keepdims=True)
    if (total <= 0).any() or (table < 0).any():
        raise ValueError("every row of soft labels needs weights of at least 0 and one above 0")
    return table / total
