"""The tables that answer questions, held against a plain reading, on random logs and one made by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeykit.events import EventLog
from journeykit.journeys import trace_paths
from journeykit.journeys.aha import find_aha
from journeykit.journeys.contrasts import compare_kinds_of_contact
from journeykit.journeys.magnets import weigh_lead_magnets
from journeykit.journeys.offers import compare_entry_offers, count_attendance
from journeykit.journeys.selling import count_sales
from journeykit.journeys.skips import count_skips
from journeykit.stage_models import load_stage_model, stage_model_ids
from tests.oracles import paths as ways
from tests.oracles import questions as oracle

KINDS = (
    "ad_impression content_view newsletter_signup generate_lead file_download webinar_sign_up webinar_attended "
    "trial_start demo_request chat feature_use purchase contract_signed upgrade cross_sell review email_sent"
).split()
GIVEN = "file_download"
START = pd.Timestamp("2026-01-01 09:00")
BY_HAND = {
    "guide": [
        (40, "ad_impression"), (41, "file_download"), (41, "generate_lead"), (50, "webinar_attended"),
        (52, "feature_use"), (60, "purchase"), (61, "upgrade"),
    ],
    "gated": [(40, "newsletter_signup"), (44, "file_download"), (200, "purchase"), (200, "cross_sell")],
    "silent": [(42, "webinar_sign_up"), (70, "webinar_attended"), (71, "chat"), (80, "webinar_attended")],
    "jumps": [(45, "ad_impression"), (46, "feature_use"), (49, "review")],
    "climbs": [
        (45, "ad_impression"), (46, "content_view"), (47, "newsletter_signup"), (48, "trial_start"), (100, "purchase"),
    ],
    "old": [(0, "ad_impression"), (1, "purchase")],
    "end": [(300, "content_view")],
}  # fmt: skip


def frame_of(people: dict[str, list[tuple[int, str]]]) -> pd.DataFrame:
    """Return a log of contacts on days; those of one day are a minute apart; every second download is a guide."""
    rows = [
        (who, START + pd.Timedelta(days=day, minutes=turn), name, "guide" if name == GIVEN and day % 2 else None)
        for who, contacts in people.items()
        for turn, (day, name) in enumerate(sorted(contacts, key=lambda contact: contact[0]))
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint", "content"])
    return frame.astype({"content": object}).where(frame.notna(), None)


def everyone(table: pd.DataFrame, key: str) -> dict:
    return {row[key]: row for row in table[table["persona"] == "all"].to_dict("records")}


def hold(people: dict[str, list[tuple[int, str]]], model_id: str) -> None:
    """Hold the tables against their plain reading."""
    events, model = frame_of(people), load_stage_model(model_id)
    log = EventLog.from_frame(events, stage_model=model_id)
    paths, moment = trace_paths(log, min_group=1), log.moment
    follow, opens = paths.follow_days, paths.enters_from
    known = ways.walks(events, model, moment)
    rows = everyone(count_skips(paths), "skipped_stages")
    told = {
        n: (row["customers"], row["later_stage_reached_share"])
        for n, row in rows.items()
        if row["customers"] > 0
    }
    expected = oracle.skips(known, moment, follow)
    assert told == {n: (of, pytest.approx(later / of)) for n, (of, later) in expected.items()}
    rows = everyone(weigh_lead_magnets(paths), "magnet")
    expected = oracle.magnets(events, model, known, moment, follow)
    assert {name: row["customers"] for name, row in rows.items()} == {
        name: n[0] for name, n in expected.items()
    }
    for name, (_, followed, reached, converted) in expected.items():
        if followed:
            assert tuple(rows[name][of] for of in ("followed", "reached", "converted")) == (
                followed,
                reached,
                converted,
            )
    _hold_commitments(events, model, paths)
    _hold_sales(events, paths, opens)
    rows = everyone(compare_kinds_of_contact(paths), "contrast")
    expected = oracle.talking(events, opens, moment, follow)
    if "conversation" in rows:
        row = rows["conversation"]
        assert (row["customers"], row["other_customers"]) == (expected[True][0], expected[False][0])
        assert row["share"] == pytest.approx(expected[True][1] / expected[True][0])
    rows = everyone(count_attendance(paths), "touchpoint")
    signed, came, wait = oracle.attending(events, moment, follow)
    if signed and "webinar_sign_up" in rows:
        row = rows["webinar_sign_up"]
        assert (row["customers"], row["attended"]) == (signed, came)
        assert wait is None or row["days_median"] == pytest.approx(wait, abs=1e-4)


def _hold_commitments(events: pd.DataFrame, model, paths) -> None:
    (of, bought), done, offers = oracle.after_commitment(events, model, paths.moment)
    table = find_aha(paths)
    rows = everyone(table[table["outcome"] == "buys"], "behaviour")
    if of >= 2 and 0 < bought < of:
        told = {name: (row["did"], row["buy_share"], row["other_buy_share"]) for name, row in rows.items()}
        assert told == {
            name: (n, pytest.approx(k / n), pytest.approx((bought - k) / (of - n)))
            for name, (n, k) in done.items() if n < of
        }  # fmt: skip
    rows = everyone(compare_entry_offers(paths), "offer")
    assert {name: (row["customers"], row["bought"]) for name, row in rows.items()} == offers


def _hold_sales(events: pd.DataFrame, paths, opens: pd.Timestamp) -> None:
    buyers, sold = oracle.sold(events, opens, paths.moment, paths.follow_days)
    rows = everyone(count_sales(paths), "kind")
    for kind, touchpoint in (("upsell", "upgrade"), ("cross_sell", "cross_sell")):
        if rows and buyers and (events["touchpoint"] == touchpoint).any():
            assert (rows[kind]["buyers"], rows[kind]["customers"]) == (buyers, sold[touchpoint])


QUICK = ("value-journey", "digital")  # each model takes a second or two
MODELS = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in stage_model_ids()]


@pytest.mark.parametrize("model", MODELS)
def test_the_tables_of_a_log_made_by_hand_are_what_a_plain_reading_says(model):
    hold(BY_HAND, model)


def test_the_plain_reading_itself_is_right():
    """Counted by hand: two took the document around leaving details; one bought after using a feature."""
    events, model = frame_of(BY_HAND), load_stage_model("value-journey")
    moment = START + pd.Timedelta(days=301)
    known = ways.walks(events, model, moment)
    found = oracle.magnets(events, model, known, moment, 90.0)
    assert found == {"guide": (1, 1, 1, 1), "file_download": (1, 1, 0, 0), "nothing": (1, 1, 1, 1)}
    assert oracle.skips(known, moment, 90.0)[3] == (
        1,
        1,
    )  # from aware to excite, past engage, subscribe and convert
    whole, done, offers = oracle.after_commitment(events, model, moment)
    assert whole == (3, 2) and done == {"feature_use": (1, 1), "chat": (1, 0), "webinar_attended": (1, 0)}
    assert offers == {"webinar_attended": (2, 1), "trial_start": (1, 1)}
    assert oracle.sold(events, START + pd.Timedelta(days=30), moment, 90.0)[1] == {
        "upgrade": 1,
        "cross_sell": 1,
    }


contacts = st.lists(st.tuples(st.integers(0, 260), st.sampled_from(KINDS)), min_size=1, max_size=8)


@pytest.mark.slow
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(contacts, min_size=2, max_size=7), st.sampled_from(stage_model_ids()))
def test_the_tables_of_random_logs_are_what_a_plain_reading_says(people, model):
    hold({f"c{number}": own for number, own in enumerate(people)}, model)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(contacts, min_size=2, max_size=10), st.sampled_from(stage_model_ids()))
def test_the_tables_of_many_random_logs_are_what_a_plain_reading_says(people, model):
    hold({f"c{number}": own for number, own in enumerate(people)}, model)
