"""Worlds of other rules: their truth must be true, for what is measured on them to mean something."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from journeykit.clients import read_client
from journeykit.events import read_events
from journeykit.stage_models import load_stage_model

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from other_worlds import KINDS, make_world, persona_limit, stage_limit

MODEL = load_stage_model("universal")


@pytest.fixture(scope="module")
def dense():
    return make_world("dense", seed=2, customers=200)


def test_stays_follow_each_other_without_a_gap_until_the_window_closes(dense):
    stays = dense.stays
    same = stays["customer_id"].eq(stays["customer_id"].shift())
    assert (stays["from_at"][same] == stays["until_at"].shift()[same]).all()
    assert (stays["stage"][same] != stays["stage"].shift()[same]).all()
    last = stays.groupby("customer_id")["until_at"].last()
    assert set(last) == {pd.Timestamp(dense.settings.start) + pd.Timedelta(days=dense.settings.days)}
    assert len(dense.moves) == same.sum()


def test_everybody_begins_with_a_first_contact(dense):
    first = dense.events.groupby("customer_id")["timestamp"].min()
    begun = dense.stays.groupby("customer_id")["from_at"].min()
    assert (first == begun.loc[first.index]).all() and len(first) == 200


def test_the_weekly_truth_is_that_of_the_stays(dense):
    joined = dense.truth.merge(dense.stays, on="customer_id", suffixes=("", "_of_stay"))
    end = joined["at"] + pd.Timedelta(days=1)
    now = joined[
        (joined["from_at"] <= end) & ((joined["until_at"] > end) | (joined["at"] == dense.truth["at"].max()))
    ]
    now = now.drop_duplicates(["customer_id", "at"], keep="last")
    assert len(now) == len(dense.truth) and (now["stage"] == now["stage_of_stay"]).mean() > 0.99


def test_what_is_bought_is_bought_in_a_stage_of_buying(dense):
    bought = dense.events[dense.events["touchpoint"].eq("purchase")]
    held = bought.merge(dense.stays, on="customer_id")
    held = held[(held["from_at"] <= held["timestamp"]) & (held["timestamp"] < held["until_at"])]
    assert len(held) > 50 and (held["stage"] == "action").mean() > 0.99


@pytest.mark.parametrize("kind", ["sparse", "sparse, 3 groups", "null, sparse"])
def test_sparse_worlds_have_at_most_fourteen_contacts(kind):
    made = make_world(kind, seed=1, customers=200)
    assert made.events.groupby("customer_id").size().max() == 14
    assert made.truth["persona"].nunique() == made.settings.personas if kind != "null, sparse" else 1


@pytest.mark.parametrize(
    "kind", [kind for kind, one in KINDS.items() if one.get("groups") in ("none", "continuum")]
)
def test_worlds_without_groups_have_one_persona(kind):
    assert set(make_world(kind, seed=1, customers=60).truth["persona"]) == {"A"}


def test_who_is_untracked_leaves_fewer_markers():
    marked = [
        int(make_world(kind, seed=3, customers=200).made.marker.sum()) for kind in ("dense", "untracked")
    ]
    assert marked[1] < 0.65 * marked[0]


def test_one_seed_one_world_and_other_people_of_it_live_by_the_same_rules():
    one, again = (make_world("dense", seed=4, customers=50) for _ in range(2))
    pd.testing.assert_frame_equal(one.events, again.events)
    others = make_world("dense", seed=4, customers=80, people_seed=9)
    np.testing.assert_array_equal(one.rules.touch, others.rules.touch)
    assert len(others.people.kind) == 80


@pytest.mark.parametrize("kind", ["dense", "untracked", "sparse"])
def test_the_limits_are_about_as_right_as_they_say(kind):
    made = make_world(kind, seed=5, customers=120)
    at = made.truth["at"].max()
    stage, truth = stage_limit(made), made.stages_at(at)
    right = (stage.idxmax(axis=1).loc[truth.index] == truth).mean()
    assert right > 0.6 and right == pytest.approx(stage.max(axis=1).mean(), abs=0.15)
    persona = persona_limit(made)
    assert (persona.idxmax(axis=1) == made.personas().loc[persona.index]).mean() > 0.8
    assert persona.sum(axis=1).to_numpy() == pytest.approx(1.0) == stage.sum(axis=1).to_numpy()


def test_what_is_written_is_an_ordinary_client(dense, tmp_path):
    log = read_events(read_client(dense.write(tmp_path)))
    assert len(log.rejects) == 0 and log.count() == len(dense.events)


def test_an_unknown_kind_is_named():
    with pytest.raises(KeyError, match="no kind of world 'dens'"):
        make_world("dens")
