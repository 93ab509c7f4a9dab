"""StageClassifier: an estimator like any other, sets that cover, and rows with gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from journeykit.stages.classifier import StageClassifier
from journeykit.stages.conformal import class_thresholds, prediction_sets
from journeykit.stages.learners import hide_markers, usable_columns

STAGES = ["aware", "use", "lapsed"]


def example(rows: int = 400, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, rows)
    signals = pd.DataFrame(
        {"recency_days": truth * 10 + random.normal(0, 4, rows), "other": random.normal(size=rows)}
    )
    signals["furthest_marker"] = np.where(random.uniform(size=rows) < 0.5, truth, np.nan)
    signals["never_seen"] = np.nan
    return signals, np.array(STAGES)[truth]


def test_it_passes_the_checks_of_scikit_learn():
    check_estimator(StageClassifier(), on_skip=None)


def test_lapsed_is_always_the_last_class():
    signals, truth = example()
    assert StageClassifier().fit(signals, truth).classes_.tolist() == STAGES


def test_a_column_without_any_value_does_no_harm():
    signals, truth = example()
    classifier = StageClassifier(stages=STAGES).fit(signals, truth)
    assert (classifier.predict(signals) == truth).mean() > 0.8


def test_soft_labels_are_learned_as_probabilities():
    signals = pd.DataFrame({"x": np.zeros(500)})
    soft = pd.DataFrame({"aware": 0.7, "use": 0.3}, index=signals.index)
    chances = StageClassifier().fit(signals, soft).predict_proba(signals)
    assert chances[0].tolist() == pytest.approx([0.7, 0.3], abs=0.02)


def test_sets_hold_every_class_as_often_as_promised():
    signals, truth = example(1200)
    classifier = StageClassifier(stages=STAGES).fit(signals, truth)
    fresh, answer = example(1200, seed=1)
    sets = classifier.predict_set(fresh)
    hit = sets[np.arange(len(answer)), [STAGES.index(stage) for stage in answer]]
    assert all(hit[answer == stage].mean() > 0.82 for stage in STAGES)
    assert (classifier.abstain(fresh) == (sets.sum(axis=1) > 1)).all()


def test_the_same_seed_gives_the_same_probabilities():
    signals, truth = example()
    one, two = (StageClassifier(random_state=3).fit(signals, truth).predict_proba(signals) for _ in range(2))
    assert (one == two).all()


def test_it_works_in_a_pipeline():
    signals, truth = example(80)
    keep = FunctionTransformer().set_output(transform="pandas")
    assert make_pipeline(keep, StageClassifier()).fit(signals, truth).predict(signals).shape == (80,)


@pytest.mark.parametrize("rows", [2, 5, 70])
def test_a_class_with_two_examples_and_tiny_tables_work(rows):
    signals, truth = example(max(rows, 2))
    truth[:2] = "use"
    chances = StageClassifier(stages=STAGES).fit(signals, truth).predict_proba(signals)
    assert chances.sum(axis=1) == pytest.approx(1)


def test_labels_outside_the_stages_are_refused():
    signals, truth = example(80)
    with pytest.raises(ValueError, match="not among the stages: lapsed"):
        StageClassifier(stages=["aware", "use"]).fit(signals, truth)


def test_soft_labels_without_weight_are_refused():
    with pytest.raises(ValueError, match="weights of at least 0"):
        StageClassifier().fit(np.zeros((2, 1)), pd.DataFrame({"a": [1, 0], "b": [0, 0]}))


def test_a_class_with_too_few_examples_is_in_the_set_unless_it_is_unlikely():
    chances = np.array([[0.9, 0.1]] * 20)
    thresholds = class_thresholds(chances, np.eye(2)[[0] * 19 + [1]])
    assert thresholds[1] == 0.05
    assert (
        prediction_sets(chances, thresholds, np.array([True, False])).sum() == 20
    )  # unless it is impossible


def test_hidden_markers_are_a_copy_beside_the_rows():
    rows = np.arange(20.0).reshape(10, 2)
    more, labels, weights = hide_markers(rows, np.eye(2)[[0] * 10], np.ones(10), np.array([1]), 1.0, 0)
    assert len(more) == len(labels) == len(weights) == 20
    assert np.isfinite(more[:10]).all()
    assert np.isfinite(more[:, 0]).all()
    assert np.isnan(more[10:, 1]).any()


def test_usable_columns_leave_out_the_empty_ones():
    assert usable_columns(np.array([[np.nan, 1.0], [np.nan, 2.0]])).tolist() == [1]
