"""Contacts: lines of one order together, in order, and nothing that looks ahead."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from journeykit.events import EventLog
from journeykit.sessions import contacts_frame
from tests.examples import examples


def test_lines_of_one_order_are_one_contact(make_log):
    """An order of three products is one purchase, not three."""
    rows = [("a", "2026-01-01T10:00", "purchase", p, v) for p, v in (("x", 1.0), ("y", 5.0), ("z", None))]
    frame = contacts_frame(make_log(rows, "product value").as_of())
    assert frame[["lines", "value", "product"]].values.tolist() == [[3, 6.0, "y"]]


def test_a_later_purchase_is_a_repeat_where_the_model_knows_it(make_log):
    rows = [("a", "2026-01-01", "purchase"), ("a", "2026-02-01", "purchase"), ("b", "2026-02-01", "purchase")]
    steps = contacts_frame(make_log(rows, stage_model="universal").as_of())["step"]
    assert steps.tolist() == ["purchase", "repeat_purchase", "purchase"]


def test_a_model_without_repeat_purchases_keeps_the_touchpoint(make_log, tmp_path):
    path = tmp_path / "m.yml"
    path.write_text("stages: [{id: a, touchpoints: [purchase]}]\n")
    rows = [("a", "2026-01-01", "purchase"), ("a", "2026-02-01", "purchase")]
    assert contacts_frame(make_log(rows, stage_model=str(path)).as_of())["step"].tolist() == ["purchase"] * 2


def test_sessions_gaps_and_local_hours(make_log):
    times = ["2026-07-01T21:50", "2026-07-01T22:10", "2026-07-01T23:00"]
    frame = contacts_frame(make_log([("a", t, "search") for t in times], timezone="Europe/Amsterdam").as_of())
    assert frame["session"].tolist() == [1, 1, 2]
    assert frame["hour"].tolist() == [23, 0, 1]
    assert frame["weekday"].tolist() == [2, 3, 3]
    assert pd.isna(frame["gap_days"][0]) and abs(frame["gap_days"][1] - 20 / 1440) < 1e-9


def test_people_of_one_account_make_one_journey(make_log):
    rows = [("ann", "2026-01-01", "search", "acme"), ("bob", "2026-01-02", "purchase", "acme")]
    frame = contacts_frame(make_log(rows, "account_id", setting="b2b").as_of())
    assert frame["unit_id"].tolist() == ["acme", "acme"] and frame["order"].tolist() == [0, 1]


def test_the_vocabulary_fills_what_the_data_do_not_say(make_log):
    rows = [
        ("a", "2026-01-01", "ad_impression", None),
        ("a", "2026-01-02", "ad_impression", False),
        ("a", "2026-01-03", "odd", None),
    ]
    frame = contacts_frame(make_log(rows, "paid").as_of())
    assert frame["paid"].tolist()[:2] == [True, False] and pd.isna(frame["paid"][2])
    assert frame["interaction"].tolist()[:2] == ["passive", "passive"]


events = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.integers(0, 20), st.sampled_from(["search", "purchase", "view_item"])
    ),
    min_size=2,
    max_size=20,
)


@settings(max_examples=examples(5, 30), deadline=None)
@given(events, st.integers(0, 20))
def test_a_contact_does_not_change_when_later_events_arrive(rows, day):
    start = pd.Timestamp("2026-01-01")
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "touchpoint"])
    frame["timestamp"] = start + pd.to_timedelta(frame.pop("day"), unit="D")
    moment = start + pd.Timedelta(days=day)
    before = frame[frame["timestamp"] <= moment]
    if before.empty:
        return
    alone = contacts_frame(EventLog.from_frame(before).as_of(moment))
    hidden = contacts_frame(EventLog.from_frame(frame).as_of(moment))
    pd.testing.assert_frame_equal(alone, hidden)
