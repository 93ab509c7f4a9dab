"""Accounts as units: the contacts of their people together, the buying group, and long horizons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from journeykit.events import EventLog
from journeykit.features import measure_signals
from journeykit.simulate import simulate
from journeykit.stages import infer_stages

EVENTS = [
    ("ann", "2026-01-01 10:00", "search", "x"),
    ("bob", "2026-03-20 10:00", "view_item", "x"),
    ("cas", "2026-03-28 10:00", "view_item", "x"),
    ("dee", "2026-03-28 10:00", "search", None),
]

pytestmark = pytest.mark.slow


def group_of(make_log, roles=None):
    customers = None if roles is None else pd.DataFrame({"role": roles})
    return measure_signals(make_log(EVENTS, "account_id", setting="b2b", customers=customers))


def test_the_people_of_an_account_are_counted_once_and_up_to_the_moment(make_log):
    signals = group_of(make_log)
    assert signals.index.tolist() == ["dee", "x"]
    assert signals.loc["x", ["contacts", "people", "people_30d", "people_90d"]].tolist() == [3, 3, 2, 3]
    assert not [name for name in signals if "role" in name]


def test_roles_are_counted_where_they_are_known(make_log):
    signals = group_of(make_log, {"ann": "user", "bob": "sponsor", "cas": "sponsor", "dee": None})
    assert signals.loc["x", ["roles_90d", "role_90d.sponsor", "role_90d.user"]].tolist() == [2, 1, 1]
    assert signals.loc["dee", ["roles_90d", "role_90d.user"]].isna().all()


@pytest.fixture(scope="module")
def world():
    settings = {"pages": False, "referrals": False, "ratings": False}
    population = simulate(customers=1300, days=365, setting="b2b", stage_model="digital", seed=1, **settings)
    people = population.customers
    people = people.set_index("customer_id") if "customer_id" in people else people
    log = EventLog.from_frame(population.events, stage_model="digital", setting="b2b", customers=people)
    return population, log, infer_stages(log, horizon_days=90)


def test_accounts_have_a_stage_that_is_nearer_to_the_truth_than_the_last_touchpoint(world):
    population, log, found = world
    states, last = np.array(found.states), population.truth["at"].max()
    truth = population.truth[population.truth["at"] == last].drop_duplicates("account_id")
    truth = truth.set_index("account_id")["stage"].reindex(found.table.index)
    named = states[found.table[[f"p_{state}" for state in states]].to_numpy().argmax(axis=1)]
    recent = measure_signals(log)[[f"last1.{state}" for state in states[:-1]]].fillna(0).to_numpy()
    by_last = states[recent.argmax(axis=1)]
    scores = [f1_score(truth, told, average="macro") for told in (named, by_last)]
    assert scores[0] > scores[1] + 0.1
    assert scores[0] > 0.55


def test_a_longer_horizon_holds_more_moves(world):
    _, log, quarter = world
    year = infer_stages(log, horizon_days=365).table
    columns = [f"p_next_{state}" for state in [*quarter.states, "stay"]]
    assert (year["p_next_stay"] <= quarter.table["p_next_stay"] + 1e-9).all()
    assert year["p_next_stay"].mean() < quarter.table["p_next_stay"].mean() - 0.1
    assert np.allclose(year[columns].sum(axis=1), 1)


def test_the_buying_group_is_among_what_is_learned_from(world):
    names = set(world[2].classifier.feature_names_in_)
    assert {"people", "people_30d", "roles_90d", "role_90d.procurement"} <= names
