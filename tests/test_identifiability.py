"""What a log cannot show is inferred for nobody, and said with what would show it, under every stage model."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.facts import has_purchases, shown_positions, telling_touchpoints
from journeykit.findings import observe
from journeykit.findings.observing import _caveats
from journeykit.journeys import Journeys
from journeykit.stage_models import CANONICAL_PHASES, load_stage_model, stage_model_ids
from journeykit.stages import draw_paths, infer_stages
from journeykit.wording import say
from tests.lazy_journeys import map_journeys

BEFORE = (
    "ad_impression word_of_mouth search page_view content_view view_item compare_items read_reviews".split()
)
ON_THE_WAY = "newsletter_signup email_open login add_to_cart begin_checkout add_payment_info".split()
AFTER = "first_use product_use support_contact review referral upgrade delivery".split()
LOGS = {
    "purchases only": ["purchase"],
    "no purchases": BEFORE + ON_THE_WAY,
    "full": [*BEFORE, *ON_THE_WAY, "purchase", *AFTER],
}
AFTERWARDS = set(CANONICAL_PHASES[CANONICAL_PHASES.index("purchase") :])
# the canonical phases that each log can show, of those that the model has
SHOWN = {
    "purchases only": {
        "content": {"purchase", "loyalty"}, "digital": {"purchase", "use"}, "five-phase": {"purchase", "loyalty"},
        "universal": {"purchase", "loyalty"}, "value-journey": {"purchase", "expansion"},
    },
    "no purchases": {
        "content": {"awareness", "orientation", "consideration", "lead", "purchase"},  # to check out marks it
        "digital": {"need", "orientation", "consideration", "decision"},
        "five-phase": {"orientation", "consideration"},
        "universal": {"awareness", "consideration", "decision"},
        "value-journey": {"awareness", "orientation", "lead"},
    },
    "full": {
        model: {stage.canonical for stage in load_stage_model(model).stages} - {"reactivation"}
        for model in stage_model_ids()
    },
}  # fmt: skip
CASES = [(model, kind) for model in stage_model_ids() for kind in LOGS]


def make(model: str, kind: str, customers: int = 45) -> EventLog:
    random, first = np.random.default_rng(0), pd.Timestamp("2026-01-01")
    rows = [
        (
            f"c{n % customers}",
            first + pd.Timedelta(hours=int(random.integers(2600))),
            LOGS[kind][n % len(LOGS[kind])],
        )
        for n in range(customers * 9)
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint"])
    return EventLog.from_frame(frame, stage_model=model)


def shown(model: str, kind: str) -> set[str]:
    """Return the ids of the stages that a log can show."""
    return {stage.id for stage in load_stage_model(model).stages if stage.canonical in SHOWN[kind][model]}


class Case(NamedTuple):
    """A log, and its journeys through a stage model."""

    model: str
    kind: str
    log: EventLog
    journeys: Journeys


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request) -> Case:
    log = make(*request.param)
    return Case(*request.param, log, map_journeys(log, min_group=1))


@pytest.mark.quick(
    "content-no purchases",
    "digital-full",
    "five-phase-purchases only",
    "universal-no purchases",
    "value-journey-purchases only",
)
@pytest.mark.parametrize(("model", "kind"), CASES)
def test_a_stage_without_evidence_gets_nobody(model, kind):
    log = make(model, kind)
    found = infer_stages(log)
    seen = found.evidence.index[found.evidence["observable"]]
    assert set(seen) == shown(model, kind)
    hidden = [stage for stage in found.states[:-1] if stage not in seen]
    now = found.table[[f"p_{stage}" for stage in hidden]].to_numpy()
    following = found.table[[f"p_next_{stage}" for stage in hidden]].to_numpy()
    assert (now == 0).all() and (following == 0).all()
    assert not set(found.table["stage"].dropna()) & set(hidden)
    assert all(set(possible) <= {*seen, "lapsed"} for possible in found.table["stage_set"])
    assert set(draw_paths(found.reader, log)["stage"]) <= {*seen, "lapsed"}


@pytest.mark.quick(
    "content-no purchases",
    "digital-full",
    "five-phase-purchases only",
    "universal-no purchases",
    "value-journey-purchases only",
)
def test_markers_alone_put_nobody_there_either(case):
    model, kind, _, journeys = case
    observed = journeys.observable.set_index("stage")["observable"]
    assert set(observed.index[observed]) <= shown(model, kind)
    if kind == "no purchases":
        later = {
            stage.id
            for stage in load_stage_model(model).stages
            if stage.canonical in AFTERWARDS - SHOWN[kind][model]
        }
        assert not observed[list(later)].any()
        assert not set(journeys.transitions["to"]) & later


@pytest.mark.quick(
    "content-no purchases",
    "digital-full",
    "five-phase-purchases only",
    "universal-no purchases",
    "value-journey-purchases only",
)
def test_what_cannot_be_seen_is_said_with_what_would_show_it(case):
    model, kind, log, journeys = case
    stages = load_stage_model(model)
    told = {one.stage: one for one in _caveats(journeys, log) if one.key == "stage_not_observable"}
    hidden = set(stages.ids) - shown(model, kind)
    assert hidden <= set(told)
    listed = journeys.observable.set_index("stage")["missing_touchpoints"]
    for stage in hidden:
        named = told[stage].numbers["touchpoints"]
        assert named and set(named) <= set(telling_touchpoints(stages, stages.stage(stage)))
        assert not set(named) & set(LOGS[kind])
        assert set(named) <= set(listed[stage].split(", "))
        for language in ("nl", "en"):
            said = say(told[stage], language, log.client)
            assert stages.stage(stage).name[language] in said and "_" not in said


@pytest.mark.slow
def test_none_of_it_is_lost_among_the_other_findings(case):
    wanted = [one.stage for one in _caveats(case.journeys, case.log) if one.key == "stage_not_observable"]
    found = observe(case.journeys, log=case.log)
    assert sorted(one.stage for one in found if one.key == "stage_not_observable") == sorted(wanted)


@pytest.mark.parametrize("model", stage_model_ids())
def test_what_is_said_to_show_a_stage_does_show_it(model):
    """Advice that would not help is worse than none."""
    stages = load_stage_model(model)
    for stage in stages.stages:
        for name in telling_touchpoints(stages, stage, bought=False):
            shown = shown_positions(stages, has_purchases([name], stages))
            assert shown[name] == stages.position(stage.id), (stage.id, name)


@pytest.mark.parametrize(
    ("names", "loyal"),
    [(["search", "email_open"], False), (["purchase", "email_open"], True), (["loyalty_join"], True)],
)
def test_an_opened_email_is_loyalty_only_where_something_was_bought(names, loyal, make_log):
    from journeykit.stages import stage_evidence

    log = make_log([("a", f"2026-03-0{n + 1}", name) for n, name in enumerate(names)], stage_model="content")
    assert stage_evidence(log).at["service_loyalty", "observable"] == loyal


def test_a_model_without_a_purchase_asks_for_none(tmp_path, make_log):
    from journeykit.stages import stage_evidence

    path = tmp_path / "care.yml"
    path.write_text("stages: [{id: care, canonical: aftercare, touchpoints: [help_article]}]")
    log = make_log([("a", "2026-03-01", "help_article")], stage_model=str(path))
    assert stage_evidence(log)["observable"].all()


@pytest.mark.slow
def test_the_sentences_name_stage_and_touchpoints_in_both_languages():
    log = make("universal", "purchases only")
    told = {
        one.stage: one for one in observe(map_journeys(log), log=log) if one.key == "stage_not_observable"
    }
    assert say(told["awareness"], "en", log.client) == (
        "The Awareness stage cannot be seen: the data hold no touchpoint that shows it. "
        "These would show it: advertisement seen, content viewed or social post seen."
    )
    assert say(told["awareness"], "nl", log.client).startswith(
        "De fase Bewustwording is niet te zien: de gegevens bevatten geen contactmoment waaruit deze fase blijkt. "
        "Zij zou blijken uit: "
    )


@pytest.mark.slow
def test_data_that_show_no_stage_name_what_would_show_each(make_log):
    log = make_log([(f"c{n}", "2026-03-01", "something_odd") for n in range(12)])
    found = observe(map_journeys(log), log=log)
    assert "journeys_not_observable" in {one.key for one in found}
    assert [one.stage for one in found if one.key == "stage_not_observable"] == list(log.client.model.ids)
