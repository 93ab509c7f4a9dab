"""The journey map: the contract's columns, and measured figures beside the right playbook."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.journey_maps import ACTION_COLUMNS, MAP_COLUMNS, chart_journey, next_actions, recommend
from journeykit.stage_models import load_stage_model
from tests.lazy_journeys import map_journeys

START = pd.Timestamp("2026-01-01")


@pytest.fixture(scope="module")
def study():
    rows = []
    for n in range(40):
        rows += [
            (f"c{n}", 0, "ad_impression", "social"),
            (f"c{n}", 1, "search", "email" if n % 2 else "display"),
        ]
        if n % 2:
            rows += [(f"c{n}", 2, "compare_items", "web")]
    rows.append(("late", 200, "odd_contact", "web"))
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "touchpoint", "channel"])
    frame["timestamp"] = START + pd.to_timedelta(frame.pop("day"), "D")
    log = EventLog.from_frame(frame)
    personas = pd.Series({f"c{n}": f"p{1 + n % 4 // 2}" for n in range(40)})
    return log, map_journeys(log, personas)


def test_the_map_has_exactly_the_columns_of_the_contract_and_a_row_per_persona_and_stage(study):
    log, journeys = study
    table = chart_journey(journeys, log.client).frame
    assert list(table.columns) == MAP_COLUMNS
    assert MAP_COLUMNS[20] == "recommendation", "the contract ends here; what follows was added"
    assert len(table) == 3 * 5
    assert list(dict.fromkeys(table["persona"])) == ["all", "p1", "p2"]
    assert tuple(table["stage"][:5]) == log.client.model.ids


def test_measured_figures_stand_in_the_right_cell(study):
    log, journeys = study
    cell = (
        chart_journey(journeys, log.client, "en")
        .frame.set_index(["persona", "stage"])
        .loc[("all", "awareness")]
    )
    assert cell["drop_off"] == 0.5
    assert cell["drop_off_low"] < 0.5 < cell["drop_off_high"]
    assert cell["customers"] == 20
    assert cell["top_channels"].split(", ")[0] == "social"
    assert "ad_impression" in cell["top_touchpoints"]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_texts_come_from_the_playbook_in_the_asked_language(study, language):
    log, journeys = study
    cell = chart_journey(journeys, log.client, language).frame.iloc[0]
    stage = log.client.model.stage("awareness")
    assert cell["activity"] == stage.playbook("activities", language)[0]
    assert cell["question"] == stage.playbook("questions", language)[0]
    assert cell["kpi"] == stage.playbook("kpis", language)[0]


def test_the_recommended_channel_is_the_one_with_the_highest_measured_contribution(study):
    log, journeys = study
    cell = chart_journey(journeys, log.client, "en").frame.iloc[0]
    assert cell["recommendation"].split(":")[0] in ("Email", "Social media")
    assert "Display" not in cell["recommendation"]


def test_without_a_measured_channel_the_playbook_speaks(study):
    log, _ = study
    stage = log.client.model.stage("loyalty")
    assert recommend(stage, None, "nl") == stage.playbook("brand_actions", "nl")[0]


def test_a_bare_stage_of_an_own_model_leaves_texts_null(tmp_path):
    (tmp_path / "own.yml").write_text(
        "id: own\nstages: [{id: see, markers: [search]}, {id: buy, markers: [purchase]}]\n"
    )
    frame = pd.DataFrame({"customer_id": ["a"], "timestamp": [START], "touchpoint": ["search"]})
    log = EventLog.from_frame(frame, stage_model=str(tmp_path / "own.yml"))
    table = chart_journey(map_journeys(log, min_group=1), log.client).frame
    assert table["activity"].isna().all()
    assert table["recommendation"].isna().all()


def test_one_persona_reads_as_a_canvas(study):
    log, journeys = study
    canvas = chart_journey(journeys, log.client).of("p1")
    assert list(canvas.columns) == list(log.client.model.ids)
    assert "drop_off" in canvas.index


def test_next_actions_leave_out_who_is_unsure_or_gone(study):
    log, journeys = study
    stages = pd.DataFrame(
        {"stage": ["awareness", "lapsed", None, "consideration"], "next_stage": "stay"},
        index=["c1", "c2", "c3", "late"],
    )
    actions = next_actions(journeys, log.client, stages)
    assert list(actions.columns) == ACTION_COLUMNS
    assert set(actions["customer_id"]) == {"c1", "late"}
    first = actions.set_index("customer_id").loc["c1"]
    assert first["channel"] in ("email", "social")
    assert first["low"] <= first["expected_effect"] <= first["high"]
    assert first["message_key"] == "universal.awareness.p1"
    assert np.isnan(actions.set_index("customer_id").loc["late", "expected_effect"])


def test_every_shipped_playbook_has_what_a_cell_shows():
    for model in ("value-journey", "five-phase", "universal", "content", "digital"):
        for stage in load_stage_model(model).stages:
            for language in ("nl", "en"):
                assert recommend(stage, None, language)
                assert stage.playbook("content", language)
