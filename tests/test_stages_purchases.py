"""PurchaseModel: the published parameters and probabilities, laws of the model, and its row in the evaluation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeykit.errors import JourneykitError
from journeykit.stages import infer_stages
from journeykit.stages.purchases import PurchaseModel, count_purchases, purchase_share


def published() -> PurchaseModel:
    """Return the model with the parameters that Fader, Hardie and Lee (2005) found on CDNOW."""
    model = PurchaseModel()
    model.r_, model.alpha_, model.a_, model.b_ = 0.243, 4.414, 0.793, 2.426
    return model


def drawn(customers: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Return purchases drawn as the model says, with the published parameters."""
    random = np.random.default_rng(seed)
    rate, leave = random.gamma(0.243, 1 / 4.414, customers), random.beta(0.793, 2.426, customers)
    age, at = random.uniform(27, 39, customers), np.zeros(customers)
    count, last, active = np.zeros(customers), np.zeros(customers), np.ones(customers, bool)
    while active.any():
        at = at + random.exponential(1 / np.maximum(rate, 1e-12))
        active &= at <= age
        count, last = count + active, np.where(active, at, last)
        active &= random.uniform(size=customers) > leave
    return count, last, age


def test_it_tells_what_the_paper_tells_of_its_example():
    """The worked example: x = 2, t_x = 30.43, T = 38.86; 1.226 purchases in the next 39 weeks."""
    assert published().expected_purchases(39, [2], [30.43], [38.86])[0] == pytest.approx(1.226, abs=2e-3)


def test_it_finds_the_parameters_again():
    model = PurchaseModel().fit(*drawn(6000))
    assert [model.r_, model.alpha_] == pytest.approx([0.243, 4.414], rel=0.2)
    assert model.a_ / (model.a_ + model.b_) == pytest.approx(0.793 / (0.793 + 2.426), abs=0.06)


def test_another_unit_of_time_gives_the_same_people():
    count, last, age = drawn(1500)
    weeks, days = PurchaseModel().fit(count, last, age), PurchaseModel().fit(count, last * 7, age * 7)
    assert days.p_alive(count, last * 7, age * 7) == pytest.approx(weeks.p_alive(count, last, age), abs=1e-2)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.floats(0, 1), st.floats(1, 200))
def test_silence_lowers_the_chance_to_be_alive(count, share, age):
    early, late = published().p_alive([count, count], [share * age * 0.5, share * age], [age, age])
    assert 0 <= early <= late <= 1


WRONG = {
    "a fraction of a purchase": ([1.5], [1], [2], "line 1"),
    "later than now": ([0, 1], [0, 3], [2, 2], "line 2"),
    "a recency without a purchase": ([0], [1], [2], "recency 1"),
    "missing": ([1, np.nan], [1, 1], [2, 2], "line 2"),
    "no customer": ([], [], [], "a customer"),
    "other lengths": ([1], [1, 2], [2, 3], "one value per customer"),
}


@pytest.mark.parametrize(("x", "last", "age", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_is_refused(x, last, age, said):
    with pytest.raises(JourneykitError, match=said):
        PurchaseModel().fit(x, last, age)


def test_purchases_of_one_day_are_one(make_log):
    rows = [("a", "2026-03-01 10:00", "purchase"), ("a", "2026-03-01 12:00", "purchase"),
            ("a", "2026-03-15 12:00", "purchase"), ("b", "2026-03-29 12:00", "search")]  # fmt: skip
    log = make_log(rows)
    assert count_purchases(log).to_numpy().tolist() == [[1.0, 2.0, 4.0]]
    assert count_purchases(log, pd.Timestamp("2026-03-08 12:00")).to_numpy().tolist() == [[0.0, 0.0, 1.0]]
    assert purchase_share(log) == 0.75


def buyers(touchpoint: str) -> list[tuple]:
    count, last, age = drawn(900, seed=3)
    random, end = np.random.default_rng(1), pd.Timestamp("2026-06-01 12:00")
    rows = []
    for unit in range(len(count)):
        between = random.uniform(0, last[unit], max(int(count[unit]) - 1, 0))
        weeks = np.r_[0, between, last[unit] if count[unit] else []]
        rows += [(f"c{unit}", end - pd.Timedelta(weeks=age[unit] - week), touchpoint) for week in weeks]
    return [*rows, ("c0", end, touchpoint)]


@pytest.mark.slow
def test_a_log_of_purchases_is_judged_beside_the_model_of_purchases(make_log):
    scores = infer_stages(make_log(buyers("purchase"))).evaluation
    assert scores.index.tolist() == ["classifier", "last touchpoint", "marker rule", "BG/NBD", "base rate"]
    told = scores.loc["BG/NBD"]
    assert told[["lapsed_auc", "lapsed_log_loss", "rows"]].notna().all()
    assert scores.loc["base rate", "lapsed_auc"] == 0.5 != told["lapsed_auc"]
    assert np.isnan(told["macro_f1"])


def test_a_log_of_other_touchpoints_is_not(make_log):
    assert "BG/NBD" not in infer_stages(make_log(buyers("search"))).evaluation.index
