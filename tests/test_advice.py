"""What to do: channels in order of what was measured, the researcher first, and what is at stake, counted by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from journeykit.clients import MapEdits, client_from_dict
from journeykit.findings import Finding, observe
from journeykit.findings.advising import advice_findings
from journeykit.journey_maps import ADVICE_COLUMNS, advise, next_actions, weigh_drop_off
from journeykit.journey_maps.advice import pick_action
from journeykit.stage_models import load_stage_model
from journeykit.wording import say

CLIENT = client_from_dict({"id": "acme", "name": "Acme", "language": "en", "stage_model": "universal"})
STAGES = CLIENT.model.ids


def units(moved: float = 100.0, lost: float = 20.0) -> pd.DataFrame:
    """Return 200 units of each persona: half went on from the first stage and brought `moved`, half are gone."""
    on = np.tile([True, False], 200)
    return pd.DataFrame({
        "persona": np.repeat(["p1", "p2"], 200), "furthest": np.where(on, 1, 0), "here": np.where(on, 1, 0),
        "p_lapsed": np.where(on, 0.0, 1.0), "value": np.where(on, moved, lost),
    }, index=[f"c{n}" for n in range(400)])  # fmt: skip


def drop_off(shares: dict[str, float], half: float = 0.01, left: float = 100) -> pd.DataFrame:
    rows = [
        {"persona": who, "stage": stage, "left": left, "lapsed": left * share, "drop_off": share,
         "low": share - half, "high": share + half, "held_back": False}
        for who, share in {"all": 0.3, **shares}.items() for stage in STAGES
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    later = (table["stage"] != STAGES[0]) & (table["persona"] != "all")
    return table.assign(held_back=later)  # personas are measured in the first stage only


def channels(rows: list[tuple]) -> pd.DataFrame:
    columns = ["persona", "channel", "attribution_markov", "lead", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    share = table["attribution_markov"]
    return table.assign(stage=STAGES[0], low=share - 0.05, high=share + 0.05)


def measured(rows: list[tuple] = (), shares: dict[str, float] | None = None, **more):
    table = drop_off({"p1": 0.1, "p2": 0.5} if shares is None else shares, **more)
    seen = pd.DataFrame({"stage": list(STAGES), "observable": True})
    cells = table[["persona", "stage"]]
    return SimpleNamespace(
        channels=channels(list(rows)), drop_off=table, funnel=cells, units=units(), observable=seen
    )


def cell(table: pd.DataFrame, persona: str) -> pd.DataFrame:
    return table[(table["persona"] == persona) & (table["stage"] == STAGES[0])].set_index("place")


def test_what_it_would_have_brought_to_drop_out_as_rarely_as_the_best():
    """Of 100 that left 50 dropped out; had it been 10, 40 more would have gone on, each worth 80 more."""
    row = weigh_drop_off(measured(), 10).set_index("persona").loc["p2"]
    assert row["best_persona"] == "p1"
    assert row["customers_more"] == pytest.approx(40, abs=0.1)
    assert row["customers_more_low"] < 40 < row["customers_more_high"]
    assert row["customers_more_high"] - row["customers_more_low"] == pytest.approx(
        2 * 100 * np.hypot(0.01, 0.01)
    )
    assert row["value_each"] == pytest.approx(80)
    assert row["value_more_low"] < row["value_more"] < row["value_more_high"]
    assert row["value_more"] == pytest.approx(3200, rel=0.01)


def test_the_best_of_several_alike_is_no_example_to_the_others():
    """Two shares that differ by less than chance: nothing is at stake, however low the lowest happens to be."""
    rows = weigh_drop_off(measured(shares={"p1": 0.28, "p2": 0.32}, half=0.1), 10)
    assert rows["customers_more"].tolist() == [0, 0]
    assert (rows["customers_more_low"] == 0).all()


def test_one_persona_has_no_other_to_be_held_against():
    assert weigh_drop_off(measured(shares={"p1": 0.3}), 10).empty


def test_without_values_the_stake_is_in_customers_only():
    journeys = measured()
    journeys.units["value"] = np.nan
    row = weigh_drop_off(journeys, 10).set_index("persona").loc["p2"]
    assert row["customers_more"] > 30 and np.isnan(row["value_more"]) and np.isnan(row["value_more_low"])


def test_a_channel_that_was_tested_comes_before_a_larger_one_and_a_bad_one_is_left_out():
    rows = [
        ("p1", "social", 0.5, 0.01, 0.9), ("p1", "email", 0.2, 0.2, 1e-6), ("p1", "display", 0.3, -0.2, 1e-6),
        ("all", "search", 0.9, 0.1, 0.5),
    ]  # fmt: skip
    table = advise(measured(rows), CLIENT)
    assert list(table.columns) == ADVICE_COLUMNS
    own = cell(table, "p1")
    assert own["channel"].tolist() == ["email", "social"]
    assert own["basis"].tolist() == ["tested", "measured"]
    assert own.loc[1, ["effect", "low", "high"]].tolist() == pytest.approx([0.2, 0.15, 0.25])


def test_a_persona_without_measurements_takes_those_of_everyone_and_says_so():
    own = cell(advise(measured([("all", "search", 0.9, 0.1, 0.5)]), CLIENT), "p2")
    assert own.loc[1, ["channel", "measured_of", "basis"]].tolist() == ["search", "all", "measured"]


def test_where_nothing_was_measured_the_playbook_speaks_without_an_effect():
    second = CLIENT.model.stages[0].channels[1]
    there = measured()
    there.entry_points = pd.DataFrame({"channel": [None, second]})
    own = cell(advise(there, CLIENT), "p2")
    assert own.loc[1, "channel"] == second  # the first is not in the data
    assert own.loc[1, "basis"] == "playbook" and np.isnan(own.loc[1, "effect"])


def test_no_channel_is_advised_that_the_data_do_not_hold():
    journeys = measured()
    advice = advise(journeys, CLIENT)
    assert advice["channel"].isna().all() and advice["action"].notna().all()
    said = [one for one in advice_findings(advice, journeys, CLIENT) if one.key.startswith("advise")]
    assert {one.key for one in said} == {"advise_no_channel"}
    assert "channel" not in say(said[0], "en").split(".")[0]


def test_an_action_that_names_another_channel_comes_after_one_that_names_none():
    stage = load_stage_model("five-phase").stage("loyalty")
    assert "e-mail" in stage.playbook("brand_actions", "en")[0]
    assert "e-mail" not in pick_action(stage, "web", "en") and "e-mail" not in pick_action(stage, None, "en")
    assert "e-mail" in pick_action(stage, "email", "nl")


def test_one_channel_alone_is_credited_with_nothing():
    """All steps onward go with it because there is no other: nothing was compared."""
    own = cell(advise(measured([("all", "email", 1.0, 0.0, 0.5)]), CLIENT), "all")
    assert own.loc[1, "channel"] == "email" and own.loc[1, "basis"] == "playbook"
    assert np.isnan(own.loc[1, "effect"])


def edits(persona: str = "p1") -> MapEdits:
    return MapEdits(texts={(persona, STAGES[0], "recommendation"): {"nl": "Bel eerst", "en": "Call first"}})


def test_what_the_researcher_wrote_comes_first_and_the_measured_channel_stays():
    own = cell(advise(measured([("p1", "email", 0.4, 0.1, 0.5)]), CLIENT, edits=edits()), "p1")
    assert own["basis"].tolist() == ["written", "measured"]
    assert own.loc[1, "action"] == "Call first" and pd.isna(own.loc[1, "channel"])
    assert own.loc[2, "channel"] == "email"


def test_a_customer_gets_the_written_words_with_the_measured_channel():
    journeys = measured([("p1", "email", 0.4, 0.1, 0.5)])
    advice = advise(journeys, CLIENT, edits=edits())
    stages = pd.DataFrame({"stage": STAGES[0], "next_stage": "stay"}, index=["c0", "c399"])
    actions = next_actions(journeys, CLIENT, stages, advice=advice).set_index("customer_id")
    assert actions.loc["c0", ["recommendation", "channel", "basis"]].tolist() == [
        "Call first",
        "email",
        "written",
    ]
    assert actions.loc["c0", "expected_effect"] == pytest.approx(0.4)
    assert actions.loc["c399", "recommendation"] != "Call first"


def test_findings_name_the_channel_and_what_is_at_stake_in_both_languages():
    journeys = measured([("p2", "email", 0.4, 0.1, 1e-5)])
    found = list(advice_findings(advise(journeys, CLIENT), journeys, CLIENT))
    first = next(one for one in found if one.persona == "p2" and one.stage == STAGES[0])
    assert first.key == "advise_tested" and first.evidence == "recommendations"
    stake = next(one for one in found if one.key == "what_if_value")
    assert (stake.persona, stake.numbers["to"]) == ("p2", "p1")
    said = say(stake, "en", CLIENT)
    assert "40 customers more would have gone on" in said and "be worth 3,199" in said
    assert "40 klanten meer verdergegaan" in say(stake, "nl", CLIENT)
    assert "not a proven cause" in say(first, "en", CLIENT)


@pytest.mark.slow
def test_a_finding_about_too_few_is_not_stated(monkeypatch):
    """A tested difference among four people is a story about four people."""
    from journeykit.findings import observing

    few = [
        Finding("leaks_at", {"share": 0.5, "at_stake": 2}, 0.1, 0.9, "drop_off", None, "awareness", n)
        for n in (4, 40)
    ]
    monkeypatch.setattr(observing, "journey_findings", lambda *_: iter(few))
    from journeykit.events import EventLog
    from journeykit.journeys import map_journeys

    events = pd.DataFrame({"customer_id": ["a"], "timestamp": ["2026-01-01"], "touchpoint": ["search"]})
    log = EventLog.from_frame(events)
    stated = [one for one in observe(map_journeys(log), log=log) if one.key == "leaks_at"]
    assert [one.customers for one in stated] == [40]
