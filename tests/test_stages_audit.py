"""The audit of stage models: what is counted, which conclusions hold, flip or cannot be seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from journeykit.clients import client_from_dict
from journeykit.errors import ClientFileError
from journeykit.events import EventLog
from journeykit.findings import observe
from journeykit.journeys import audit_stage_models, map_journeys
from journeykit.journeys.auditing import _conclusions, _Reading
from journeykit.reports import Page, chapters
from journeykit.sessions import contacts, contacts_frame
from journeykit.simulate import simulate
from journeykit.stage_models import CANONICAL_PHASES, load_stage_model, stage_model_ids
from journeykit.stages import infer_stages
from tests.fake_study import fake_client, fake_study

pytestmark = pytest.mark.slow
MODELS = ["universal", "digital"]


@pytest.fixture(scope="module")
def log():
    events = simulate(customers=150, seed=5, days=160, pages=False, referrals=False, ratings=False).events
    return EventLog.from_frame(events)


@pytest.fixture(scope="module")
def made(log):
    return {model: infer_stages(log.read_through(model), pd.DataFrame()) for model in MODELS}


@pytest.fixture(scope="module")
def audit(log, made):
    units = made["universal"].table.index
    personas = pd.Series(["p1"] * 60 + ["p2"] * 60, units[:120])
    return audit_stage_models(log, MODELS, personas, known=made)


def test_the_shares_are_those_of_the_inference(made, audit):
    own = audit.shares.query("model == 'universal' and persona == 'all'").set_index("phase")["share"]
    assert own["purchase"] == pytest.approx(made["universal"].table["p_action"].mean())
    assert own["lapsed"] == pytest.approx(made["universal"].table["p_lapsed"].mean())
    sums = audit.shares.groupby(["model", "persona"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(1)
    assert set(audit.shares["persona"]) == {"all", "p1", "p2"}
    inside = audit.shares.dropna(subset="share")
    assert ((inside["low"] <= inside["share"]) & (inside["share"] <= inside["high"])).all()


def test_losses_add_up_to_the_lapsed(audit):
    shares = audit.shares[audit.shares["persona"] == "all"]
    for _, own in shares.groupby("model"):
        lapsed = own.set_index("phase").at["lapsed", "customers"]
        assert own["leaves"].sum() <= lapsed + 1e-6
        assert own["leaves"].sum() > 0.8 * lapsed


def test_models_are_compared_in_pairs(audit):
    (pair,) = audit.agreement.to_dict("records")
    assert (pair["model"], pair["other_model"], pair["customers"]) == ("universal", "digital", 150)
    assert pair["low"] <= pair["agreement"] <= pair["high"]
    assert pair["agreement"] <= pair["part_agreement"]
    assert 0.5 < pair["kappa"] <= 1


def test_an_inference_that_was_made_before_is_not_made_again(log, made, audit, monkeypatch):
    pd.testing.assert_frame_equal(audit_stage_models(log, MODELS).models, audit.models)
    monkeypatch.setattr("journeykit.journeys.auditing.infer_stages", None)
    pd.testing.assert_frame_equal(audit_stage_models(log, MODELS, known=made).models, audit.models)


def test_the_client_s_own_model_comes_first_and_labels_are_left_out(make_log):
    rows = [
        (f"c{n}", f"2026-03-{1 + n % 20:02d}", name) for n in range(20) for name in ("search", "purchase")
    ]
    labelled = replace(make_log(rows), labels=pd.DataFrame({"stage": ["no such stage"]}))
    audit = audit_stage_models(labelled, ["five-phase", "universal"])
    assert audit.models["model"].tolist() == ["universal", "five-phase"]
    assert audit.conclusions.columns.tolist() == ["conclusion", "phase", "universal", "five-phase", "outcome"]
    assert {"model", "verdict"} <= set(audit.tables()["audit_conclusions"])


def test_an_unknown_model_is_named(log):
    with pytest.raises(ClientFileError, match=r"no stage model 'univrsal'.*Did you mean 'universal'"):
        audit_stage_models(log, ["univrsal"])


def test_below_the_smallest_group_nothing_is_shown(make_log):
    log = make_log([("a", "2026-03-01", "search"), ("b", "2026-03-02", "purchase")])
    audit = audit_stage_models(log, MODELS)
    assert audit.shares["held_back"].all() and audit.shares["share"].isna().all()
    assert audit.models[["customers", "largest_phase", "lapsed_share", "unsure_share"]].isna().all(axis=None)
    assert audit.agreement.empty and audit.conclusions.empty
    assert all(isinstance(table, pd.DataFrame) for table in audit.tables().values())


# Reading through another model ---------------------------------------------------------------------


def test_reading_through_another_model_leaves_the_log_as_it_was(log):
    before = contacts_frame(log)
    other = log.read_through("value-journey")
    assert other.client.model.id == "value-journey" and log.client.model.id == "universal"
    contacts(other)
    pd.testing.assert_frame_equal(contacts_frame(log), before)


def test_a_model_that_tells_no_repeat_purchases_apart_gets_contacts_of_its_own(make_log, tmp_path):
    path = tmp_path / "short.yml"
    path.write_text(
        "stages: [{id: look, touchpoints: [search]}, {id: buy, canonical: purchase, markers: [purchase]}]"
    )
    log = make_log([("a", "2026-03-01", "purchase"), ("a", "2026-03-09", "purchase")])
    assert contacts_frame(log)["step"].tolist() == ["purchase", "repeat_purchase"]
    assert contacts_frame(log.read_through(str(path)))["step"].tolist() == ["purchase", "purchase"]
    assert contacts_frame(log)["step"].tolist() == ["purchase", "repeat_purchase"]


@pytest.mark.parametrize("model", stage_model_ids())
def test_own_markers_go_along_to_the_same_phase(model):
    own = {"action": ["first_parcel"], "loyalty": ["club_card"]}
    client = client_from_dict({"id": "acme", "name": "Acme", "markers": own}).with_stage_model(model)
    phases = {client.model.stage(stage).canonical: names for stage, names in client.markers.items()}
    lacking = {"loyalty"} - {stage.canonical for stage in load_stage_model(model).stages}
    assert phases == {"purchase": ["first_parcel"]} | ({} if lacking else {"loyalty": ["club_card"]})
    assert client.model.markers()["first_parcel"] in client.markers


# Conclusions, on chances that are written by hand --------------------------------------------------


def reading(model: str, units: int = 400, noise: float = 0.0, losses=None, **means: float) -> _Reading:
    random = np.random.default_rng(0)
    wanted = {phase: means[phase] for phase in (*CANONICAL_PHASES, "lapsed") if phase in means}
    chances = pd.DataFrame(
        {p: np.full(units, m) + noise * random.normal(size=units) for p, m in wanted.items()}
    )
    lost = {p: np.full(units, (losses or wanted).get(p, 0.0)) for p in wanted if p != "lapsed"}
    return _Reading(load_stage_model(model), chances, pd.DataFrame(lost), 0.0)


BEFORE = {"orientation": 0.6, "purchase": 0.1, "loyalty": 0.2, "lapsed": 0.1}
AFTER = {"orientation": 0.2, "purchase": 0.1, "loyalty": 0.6, "lapsed": 0.1}
EVEN = {"orientation": 0.41, "purchase": 0.08, "loyalty": 0.41, "lapsed": 0.1}
GONE = {"orientation": 0.2, "purchase": 0.1, "loyalty": 0.1, "lapsed": 0.6}
BLIND = {"purchase": 0.9, "lapsed": 0.1}
OTHER = {"need": 0.6, "purchase": 0.1, "use": 0.2, "lapsed": 0.1}


@pytest.mark.parametrize(
    ("first", "second", "conclusion", "verdicts"),
    [
        (BEFORE, BEFORE, "largest_phase", ["yes", "yes", "holds"]),
        (BEFORE, AFTER, "largest_phase", ["yes", "no", "flips"]),
        (BEFORE, EVEN, "largest_phase", ["yes", "unsure", "unsure"]),
        (BEFORE, BLIND, "largest_phase", ["yes", "not observable", "not observable"]),
        (BEFORE, OTHER, "largest_phase", ["yes", "not observable", "not observable"]),
        (AFTER, BEFORE, "leaves_most_at", ["yes", "no", "flips"]),
        (BEFORE, BLIND, "leaves_most_at", ["yes", "not observable", "not observable"]),
        (BEFORE, BLIND, "mostly_active", ["yes", "yes", "holds"]),
        (BEFORE, GONE, "mostly_active", ["yes", "no", "flips"]),
        (GONE, GONE, "mostly_lapsed", ["yes", "yes", "holds"]),
        (BEFORE, OTHER, "more_before", ["yes", "yes", "holds"]),
        (AFTER, OTHER, "more_after", ["yes", "no", "flips"]),
        (BEFORE, BLIND, "more_before", ["yes", "not observable", "not observable"]),
        (BEFORE, AFTER, "leave_before", ["yes", "no", "flips"]),
        (AFTER, AFTER, "leave_after", ["yes", "yes", "holds"]),
    ],
)
def test_a_conclusion_holds_flips_or_cannot_be_seen(first, second, conclusion, verdicts):
    readings = {
        "universal": reading("universal", noise=0.02, **first),
        "digital": reading("digital", noise=0.02, **second),
    }
    table = _conclusions(readings, 10).set_index("conclusion")
    assert table.loc[conclusion, ["universal", "digital", "outcome"]].tolist() == verdicts


def test_a_log_that_shows_no_stage_supports_no_conclusion():
    empty = _Reading(
        load_stage_model("universal"), pd.DataFrame(index=range(50)), pd.DataFrame(index=range(50)), 1.0
    )
    assert _conclusions({"universal": empty, "digital": empty}, 10).empty


# In words and in the report ------------------------------------------------------------------------


@pytest.mark.quick("nl")
@pytest.mark.parametrize(
    ("language", "heading", "told"),
    [
        (
            "en",
            "Does the stage model matter?",
            "The 2 stage models that can show it agree that at most half of the",
        ),
        (
            "nl",
            "Maakt het fasemodel uit?",
            "De 2 fasemodellen waarin dit te zien is, zijn het erover eens dat hooguit de helft",
        ),
    ],
)
def test_the_report_shows_the_shares_and_a_sentence_per_conclusion(log, made, audit, language, heading, told):
    study = fake_study(fake_client(language))
    found = observe(map_journeys(log, stages=made["universal"].table), log=log, audit=audit)
    study.findings, study.tables = found, study.tables | audit.tables()
    page = Page(study.client)
    chapters.appendix(page, study)
    assert heading in [block.get("text") for block in page.blocks]
    points = [said for block in page.blocks if block["block"] == "points" for said in block["points"]]
    keys = ("holds_under_all_models", "flips_with_model", "unsure_under_models", "seen_under_few_models")
    assert sum(one.key in keys for one in found) == len(audit.conclusions) > 3
    assert sum(said.startswith(told) for said in points) == 1
    table = next(
        block for block in page.blocks if block["block"] == "table" and block["columns"][0]["id"] == "phase"
    )
    assert len(table["columns"]) == 3 and table["rows"][-1][0] == page.text("parts.lapsed")


def test_a_report_that_is_not_asked_for_it_has_no_audit():
    page = Page(fake_client("en"))
    chapters.appendix(page, fake_study(fake_client("en")))
    assert "Does the stage model matter?" not in [block.get("text") for block in page.blocks]
    assert client_from_dict({"id": "acme", "name": "Acme"}).audit is False
