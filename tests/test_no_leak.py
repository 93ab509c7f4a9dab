"""Nothing that happens after the moment changes what is known at it: not the features, nor the inferred stages."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeykit.events import EventLog
from journeykit.features import measure_profile, measure_signals, measure_traits
from journeykit.simulate import simulate
from journeykit.stages import infer_stages
from tests.examples import examples

DAY = "2025-04-20"
FEATURES = {"signals": measure_signals, "traits": measure_traits, "profile": measure_profile}
FEW = settings(max_examples=examples(2, 24), deadline=None, suppress_health_check=list(HealthCheck))


@cache
def events() -> pd.DataFrame:
    """Return what happened to some customers, on both sides of the day."""
    made = simulate(customers=80, days=160, personas=2, seed=8).events
    return made.sort_values("timestamp", ignore_index=True)


def log_of(frame: pd.DataFrame) -> EventLog:
    return EventLog.from_frame(frame, stage_model="universal").as_of(DAY)


@cache
def known(name: str) -> pd.DataFrame:
    return FEATURES[name](log_of(events()))


def later(frame: pd.DataFrame) -> pd.Series:
    """Return which events lie after the day, on a clock in UTC."""
    return frame["timestamp"] >= pd.Timestamp(DAY) + pd.Timedelta(days=1)


def added(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Let anybody, also somebody new, do more after the day."""
    first = pd.Timestamp(DAY) + pd.Timedelta(days=1)
    more = frame.iloc[random.integers(len(frame), size=200)].copy()
    more["timestamp"] = first + pd.to_timedelta(random.integers(0, 60 * 86_400, 200), unit="s")
    more["touchpoint"] = random.choice(["purchase", "search", "referral", "unheard_of"], 200)
    more.loc[more.index[:40], "customer_id"] = "newcomer"
    return pd.concat([frame, more], ignore_index=True)


def deleted(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Take away a part of what came after the day, or all of it."""
    away = later(frame) & (random.random(len(frame)) < random.choice([0.2, 0.7, 1.0]))
    return frame[~away].reset_index(drop=True)


def changed(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Let other things happen after the day, to other people, for other sums."""
    frame, rows = frame.copy(), np.flatnonzero(later(frame))
    for name in ("touchpoint", "channel", "customer_id"):
        frame[name] = frame[name].astype(object)
        frame.loc[rows, name] = frame.loc[rows, name].to_numpy()[random.permutation(len(rows))]
    frame.loc[rows, "value"] = random.random(len(rows)) * 1000
    return frame


CHANGES = [added, deleted, changed]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_changes_do_change_the_events(change):
    assert later(events()).sum() > 500
    other = change(events(), np.random.default_rng(0))
    assert not other.reset_index(drop=True).astype(object).equals(events().astype(object))


@pytest.mark.parametrize("name", FEATURES)
@FEW
@given(changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3), seed=st.integers(0, 2**32 - 1))
def test_no_feature_knows_what_comes_after_the_day(name, changes, seed):
    frame, random = events(), np.random.default_rng(seed)
    for change in changes:
        frame = change(frame, random)
    pd.testing.assert_frame_equal(FEATURES[name](log_of(frame)), known(name))


@pytest.mark.quick("changed")
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_no_inferred_stage_knows_what_comes_after_the_day(change, inferred):
    found = infer_stages(log_of(change(events(), np.random.default_rng(1))))
    pd.testing.assert_frame_equal(found.table, inferred.table)
    pd.testing.assert_frame_equal(found.evaluation, inferred.evaluation)


@pytest.fixture(scope="module")
def inferred():
    found = infer_stages(log_of(events()))
    assert found.classifier is not None, "the classifier must be among what is tested"
    return found


def test_an_event_before_the_day_does_change_them(inferred):
    """Otherwise the tests above could not fail."""
    frame = events().copy()
    last = frame.index[~later(frame)][-1]
    frame.loc[last, "timestamp"] -= pd.Timedelta(days=9)
    log = log_of(frame)
    assert not infer_stages(log).table.equals(inferred.table)
    for name, measure in FEATURES.items():
        assert not measure(log).equals(known(name)), name
