"""The tables of the way through the stages, held against a plain reading, on random logs and one made by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeykit.events import EventLog
from journeykit.journeys import trace_paths
from journeykit.journeys.flows import count_flows
from journeykit.journeys.standing import list_observable_stages
from journeykit.journeys.steps import (
    count_back_steps,
    count_drop_off,
    count_funnel,
    count_transitions,
    time_in_stages,
)
from journeykit.stage_models import load_stage_model, stage_model_ids
from tests.examples import examples
from tests.oracles import paths as oracle

KINDS = (
    "ad_impression content_view email_open newsletter_signup compare_items begin_checkout add_to_cart purchase "
    "contract_signed feature_use repeat_purchase review referral support_contact something_odd"
).split()
START = pd.Timestamp("2026-01-01 09:00")
BY_HAND = {
    "a": [
        (0, "ad_impression"),
        (1, "compare_items"),
        (2, "ad_impression"),
        (3, "purchase"),
        (200, "purchase"),
    ],
    "b": [(0, "purchase")],
    "c": [(190, "begin_checkout"), (190, "purchase"), (190, "review"), (199, "email_open")],
    "d": [(5, "review"), (120, "ad_impression")],
    "e": [(day, "content_view") for day in range(60)],  # the log's usual silence is a day
}


def frame_of(people: dict[str, list[tuple[int, str]]]) -> pd.DataFrame:
    """Return a log of contacts on days; those of one day are a minute apart, in their order."""
    rows = [
        (who, START + pd.Timedelta(days=day, minutes=turn), name)
        for who, contacts in people.items()
        for turn, (day, name) in enumerate(sorted(contacts, key=lambda contact: contact[0]))
    ]
    return pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint"])


def hold(people: dict[str, list[tuple[int, str]]], model_id: str) -> None:
    """Hold every table against its plain reading."""
    events, model = frame_of(people), load_stage_model(model_id)
    log = EventLog.from_frame(events, stage_model=model_id)
    paths = trace_paths(log, min_group=1)
    known, ids = oracle.walks(events, model, log.moment), model.ids
    assert paths.pause_days == pytest.approx(oracle.pause_of(events), abs=1e-3)
    moves = {
        (row["from"], row["to"]): (row["count"], row["share"], row["days_median"], row["after_pause"])
        for row in count_transitions(paths).to_dict("records")
    }
    expected = oracle.transitions(known, ids)
    assert set(moves) == set(expected)
    for pair, (count, share, days, paused) in expected.items():
        assert moves[pair][:2] == pytest.approx((count, share))
        assert days is None or moves[pair][2] == pytest.approx(days, abs=1e-4)
        assert days is None or moves[pair][3] == paused
    rows = count_funnel(paths).set_index("stage")
    shown = oracle.observable(events, model)
    for stage, (reached, been, skipped) in oracle.funnel(known, ids).items():
        if not shown[stage][0]:
            assert rows.loc[stage, ["reached", "recorded", "been", "skipped_share"]].isna().all()
            continue
        assert tuple(rows.loc[stage, ["reached", "recorded", "been"]]) == (reached, reached, been)
        assert skipped is None or rows.at[stage, "skipped_share"] == pytest.approx(skipped)
    rows = count_drop_off(paths).set_index("stage")
    for stage, (been, left, gone) in oracle.drop_off(known, ids).items():
        if left:
            assert tuple(rows.loc[stage, ["been", "left", "lapsed"]]) == (been, left, gone)
            assert rows.at[stage, "drop_off"] == pytest.approx(gone / left)
    rows = count_back_steps(paths).set_index("stage")
    for stage, (been, back, returned) in oracle.back_steps(known, ids).items():
        if been:
            assert tuple(rows.loc[stage, ["customers", "back", "returned"]]) == (been, back, returned)
    rows = count_flows(paths)
    told = {(row["place"], row["from"], row["to"]): row["count"] for row in rows.to_dict("records")}
    assert told == oracle.flows(known, ids)
    rows = time_in_stages(paths).set_index("stage")
    for stage, (whole, moved) in oracle.stays(known, ids).items():
        assert (tuple(rows.loc[stage, ["stays", "moved_on"]]) if stage in rows.index else (0, 0)) == (
            whole,
            moved,
        )
    rows = list_observable_stages(paths).set_index("stage")
    for stage, expected in oracle.observable(events, model).items():
        assert tuple(rows.loc[stage, ["observable", "customers"]]) == expected


@pytest.mark.quick("digital", "universal", "value-journey")
@pytest.mark.parametrize("model", stage_model_ids())
def test_the_tables_of_a_log_made_by_hand_are_what_a_plain_reading_says(model):
    hold(BY_HAND, model)


def test_the_plain_reading_itself_is_right():
    """Counted by hand: a steps back once and buys again; d comes back to an earlier stage after a pause."""
    events, model = frame_of(BY_HAND), load_stage_model("universal")
    known = oracle.walks(events, model, events["timestamp"].max().normalize() + pd.Timedelta(days=1))
    ways = {who: [model.ids[step.stage] for step in walk.steps] for who, walk in known.items()}
    assert ways["a"] == ["awareness", "consideration", "awareness", "action", "loyalty"]
    assert ways["c"] == ["decision", "action", "loyalty"]
    assert ways["d"] == ["loyalty", "awareness"]
    assert oracle.back_steps(known, model.ids)["consideration"] == (1, 1, 0)
    assert oracle.back_steps(known, model.ids)["loyalty"] == (3, 0, 1)
    assert oracle.funnel(known, model.ids)["action"][:2] == (4, 3)


contacts = st.lists(st.tuples(st.integers(0, 220), st.sampled_from(KINDS)), min_size=1, max_size=7)


@settings(
    max_examples=examples(3, 6), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(st.lists(contacts, min_size=1, max_size=6), st.sampled_from(stage_model_ids()))
def test_the_tables_of_random_logs_are_what_a_plain_reading_says(people, model):
    hold({f"c{number}": own for number, own in enumerate(people)}, model)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(contacts, min_size=1, max_size=9), st.sampled_from(stage_model_ids()))
def test_the_tables_of_many_random_logs_are_what_a_plain_reading_says(people, model):
    hold({f"c{number}": own for number, own in enumerate(people)}, model)
