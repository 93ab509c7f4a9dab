"""Signals: small logs that can be counted by hand, and the proof that later events change nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeykit.errors import JourneykitError
from journeykit.events import EventLog
from journeykit.features import measure_signals
from journeykit.features.signals import signals_at
from tests.examples import examples

ROWS = [
    ("a", "2026-03-01 12:00", "search"),
    ("a", "2026-03-03 12:00", "compare_items"),
    ("a", "2026-03-09 12:00", "purchase"),
    ("b", "2026-03-05 12:00", "search"),
]


def test_rhythm_is_counted_up_to_the_moment(make_log):
    signals = measure_signals(make_log(ROWS), "2026-03-11 12:00").loc["a"]
    assert signals["recency_days"] == pytest.approx(2)
    assert signals["tenure_days"] == pytest.approx(10)
    assert signals["gap_days"] == pytest.approx(4)  # gaps of 2 and 6 days
    assert signals["contacts_7d"] == 1
    assert signals["contacts_30d"] == 3
    assert signals["recency_in_gaps"] == pytest.approx(2 / 4.5)


def test_a_gap_that_was_never_seen_is_missing_and_not_zero(make_log):
    signals = measure_signals(make_log(ROWS), "2026-03-11 12:00").loc["b"]
    assert np.isnan(signals["gap_days"])
    assert np.isnan(signals["since_marker_days.action"])


def test_markers_say_how_far_and_how_long_ago(make_log):
    signals = measure_signals(make_log(ROWS), "2026-03-11 12:00").loc["a"]
    assert signals["since_marker_days.consideration"] == pytest.approx(8)
    assert signals["since_marker_days.action"] == pytest.approx(2)
    assert signals["furthest_marker"] == 3  # awareness 0, consideration 1, decision 2, action 3


def test_votes_of_the_last_touchpoints_are_in_order(make_log):
    signals = measure_signals(make_log(ROWS), "2026-03-11 12:00").loc["a"]
    assert signals["last1.action"] == 1
    assert signals["last2.consideration"] == 1
    assert signals["last3.awareness"] == 1


def test_decayed_shares_halve_by_half_life(make_log):
    rows = [("a", "2026-03-01 12:00", "search"), ("a", "2026-03-11 12:00", "purchase")]
    signals = measure_signals(make_log(rows), "2026-03-11 12:00").loc["a"]
    assert signals["share_10d.search"] == pytest.approx(1 / 3)  # half a contact beside a whole one
    assert signals["share_10d.purchase"] == pytest.approx(2 / 3)


def test_units_without_a_contact_yet_have_no_row(make_log):
    assert measure_signals(make_log(ROWS), "2026-03-02").index.tolist() == ["a"]


def test_accounts_pool_their_people(make_log):
    rows = [("p", "2026-03-01", "search", "x"), ("q", "2026-03-02", "demo_request", "x")]
    signals = measure_signals(make_log(rows, "account_id", setting="b2b"))
    assert signals.index.tolist() == ["x"]
    assert signals.loc["x", ["contacts", "people_30d"]].tolist() == [2, 2]


def test_each_unit_may_have_its_own_moments(make_log):
    asked = pd.DataFrame(
        {"unit_id": ["a", "a"], "at": pd.to_datetime(["2026-03-02 12:00", "2026-03-11 12:00"])}
    )
    assert signals_at(make_log(ROWS), asked)["contacts"].tolist() == [1, 3]


def test_a_moment_that_is_no_date_is_refused(make_log):
    with pytest.raises(JourneykitError, match="not a date"):
        measure_signals(make_log(ROWS), pd.NaT)


events = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(0, 400),
        st.sampled_from(["search", "purchase", "review", "odd"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=examples(4, 24), deadline=None, suppress_health_check=list(HealthCheck))
@given(before=events, after=events)
def test_events_after_the_moment_change_no_signal(before, after):
    first, moment = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-20")

    def log(rows):
        frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint"])
        return EventLog.from_frame(frame)

    past = [(who, first + pd.Timedelta(hours=hours), what) for who, hours, what in before]
    future = [(who, moment + pd.Timedelta(hours=1 + hours), what) for who, hours, what in after]
    alone, together = (measure_signals(log(rows), moment) for rows in (past, past + future))
    pd.testing.assert_frame_equal(alone, together)
