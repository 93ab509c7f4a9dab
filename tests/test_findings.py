"""Findings: counted by hand, controlled, ranked."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.findings import SECTIONS, Finding, contrast_personas, control, headlines, observe, rank
from journeykit.journeys import map_journeys
from journeykit.wording import tell

START = pd.Timestamp("2026-01-01")


def shop(leaky: str | None = "p1", customers: int = 200) -> tuple[EventLog, pd.Series]:
    """Return a log of two equally large personas; in the leaky one, most stop in consideration."""
    random, rows, personas = np.random.default_rng(5), [], {}
    for n in range(customers):
        who, persona = f"c{n}", f"p{1 + n % 2}"
        personas[who] = persona
        rows += [(who, 0.1 * n, "ad_impression"), (who, 0.1 * n + 1, "compare_items")]
        if random.random() > (0.8 if persona == leaky else 0.2):
            rows.append((who, 0.1 * n + 3, "purchase"))
    rows.append(("late", 200, "search"))
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "touchpoint"])
    frame["timestamp"] = START + pd.to_timedelta(frame.pop("day"), "D")
    frame["channel"] = "web"
    return EventLog.from_frame(frame), pd.Series(personas)


@pytest.fixture(scope="module")
def found():
    log, personas = shop()
    return observe(map_journeys(log, personas), log=log, personas=personas, found=True)


def test_the_planted_leak_is_named_with_persona_and_stage(found):
    leaks = [one for one in found if one.key == "leaks_more_at" and one.stage == "consideration"]
    assert [one.persona for one in leaks] == ["p1"]
    assert leaks[0].low < leaks[0].numbers["share"] < leaks[0].high
    assert leaks[0].numbers["share"] > 0.6
    assert leaks[0].numbers["p_adjusted"] < 0.05
    assert leaks[0].evidence == "drop_off"


def test_without_a_difference_no_persona_is_said_to_leak_more():
    log, personas = shop(leaky=None)
    keys = [one.key for one in observe(map_journeys(log, personas), log=log, personas=personas, found=True)]
    assert "leaks_more_at" not in keys


def test_at_most_few_of_many_worlds_without_effects_give_a_false_finding():
    """200 worlds of 20 tests without any effect: without control most worlds would have one."""
    random = np.random.default_rng(0)
    worlds = [[Finding("leaks_more_at", p_value=p) for p in random.uniform(size=20)] for _ in range(200)]
    assert np.mean([len(control(world)) > 0 for world in worlds]) < 0.09


def test_candidates_count_as_tests_and_are_left_out():
    tested = [Finding("leaks_more_at", p_value=0.03), *[Finding("_leaks_less_at", p_value=0.9)] * 9]
    assert control(tested) == []
    assert [one.key for one in control(tested[:1])] == ["leaks_more_at"]
    assert [one.key for one in control([Finding("_channel", p_value=0.001), Finding("nps")])] == ["nps"]


def test_rank_puts_what_is_at_stake_first_and_caveats_last():
    ranked = rank(
        [
            Finding("rejects"),
            Finding("nps", {"at_stake": 3}),
            Finding("leaks_at", {"at_stake": 9, "value_at_stake": 1}),
        ]
    )
    assert [(one.key, one.rank) for one in ranked] == [("leaks_at", 1), ("nps", 2), ("rejects", 3)]


def test_customers_and_value_at_stake_count_alike():
    """Three customers are not worth less than two euros because three euros is a larger number."""
    found = [
        Finding("nps", {"at_stake": 10}),  # a tenth of all customers; their value is not known
        Finding("leaks_at", {"at_stake": 1, "value_at_stake": 900.0}),  # 1 % of customers, 90 % of the value
        Finding("lapsed_share", {"at_stake": 8, "value_at_stake": 10.0}),
    ]
    assert [one.key for one in rank(found, 100, 1000.0)] == ["leaks_at", "nps", "lapsed_share"]


def test_headlines_are_few_and_of_different_kinds(found):
    chosen = headlines(found)
    assert 3 <= len(chosen) <= 5
    assert len({one.key for one in chosen}) == len(chosen)
    assert all(one.section != "caveats" for one in chosen)


def test_every_kind_belongs_to_one_section():
    kinds = [key for keys in SECTIONS.values() for key in keys]
    assert len(set(kinds)) == len(kinds)
    assert Finding("leaks_at").section == "leaks"


@pytest.mark.slow
def test_refused_personas_are_said_and_nothing_else_is_said_about_them():
    log, personas = shop()
    keys = [one.key for one in observe(map_journeys(log), log=log, personas=personas, found=False)]
    assert "no_personas" in keys
    assert "persona_size" not in keys


@pytest.mark.slow
def test_small_groups_are_never_named():
    log, personas = shop(customers=24)
    few = personas.where(personas.index.isin(["c0", "c2", "c4"]) | (personas == "p2"))
    named = observe(map_journeys(log, few), log=log, personas=few, found=True)
    assert "p1" not in {one.persona for one in named}
    assert "few_customers" in {one.key for one in named}


def test_what_cannot_be_seen_is_said_with_what_to_measure(found):
    unseen = {one.stage: one.numbers["touchpoints"] for one in found if one.key == "stage_not_observable"}
    assert set(unseen) == {"decision", "loyalty"}
    assert "begin_checkout" in unseen["decision"]


@pytest.mark.slow
def test_data_that_begin_after_the_first_purchase_are_said_to():
    frame = pd.DataFrame(
        {"customer_id": [f"c{n}" for n in range(20)], "timestamp": START, "touchpoint": "purchase"}
    )
    log = EventLog.from_frame(frame)
    late = [one for one in observe(map_journeys(log), log=log) if one.key == "window_opens_late"]
    assert late[0].numbers["date"] == "2026-01-01"


def test_contrasts_need_no_test_and_skip_what_does_not_vary():
    profile = pd.DataFrame(
        {"weekend_share": [0.9, 0.8, 0.1, 0.2], "orders": [1, 1, 1, 1]}, index=list("abcd")
    )
    table = contrast_personas(profile, pd.Series(["p1", "p1", "p2", "p2"], index=list("abcd")), min_group=1)
    assert table["trait"].tolist() == ["weekend_share", "weekend_share"]
    assert (table["effect"] > 0).tolist() == [True, False]


def test_without_personas_contrasts_are_empty_and_still_numbers():
    table = contrast_personas(pd.DataFrame({"orders": [1.0]}, index=["a"]), pd.Series([None], index=["a"]))
    assert table.empty
    assert table["effect"].dtype == "float64"


@pytest.mark.slow
def test_names_and_units_travel_with_the_finding(found):
    log, personas = shop()
    names = pd.DataFrame({"nl": ["Zoekers", "Kopers"], "en": ["Seekers", "Buyers"]}, index=["p1", "p2"])
    named = observe(map_journeys(log, personas), log=log, personas=personas, found=True, names=names)
    leak = next(one for one in named if one.key == "leaks_more_at")
    assert leak.names["persona"] == {"nl": "Zoekers", "en": "Seekers"}
    assert leak.names["stage"]["nl"] == "Overweging"


def test_findings_can_be_written_as_json(found):
    told = json.loads(json.dumps(tell(found), allow_nan=False))
    assert [one["rank"] for one in told] == list(range(1, len(told) + 1))
    assert {"key", "numbers", "interval", "evidence", "sentence"} <= set(told[0])


def test_a_finding_keeps_its_id_while_it_is_about_the_same_thing():
    before = Finding(
        "channel_contributes", {"channel": "email", "share": 0.2}, persona="p1", stage="decision"
    )
    after = Finding(
        "channel_contributes", {"share": 0.9, "channel": "email"}, persona="p1", stage="decision", rank=4
    )
    other = Finding(
        "channel_contributes", {"channel": "social", "share": 0.2}, persona="p1", stage="decision"
    )
    assert before.id == after.id == "channel_contributes:p1:decision:email"
    assert other.id != before.id and before.to_dict()["id"] == before.id
