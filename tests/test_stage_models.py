"""Stage models: the five that ship are complete, and a researcher's own is checked."""

from __future__ import annotations

import pytest

from journeykit.errors import ClientFileError, JourneykitError
from journeykit.stage_models import CANONICAL_PHASES, PLAYBOOK, load_stage_model, stage_model_ids

ORDER = {
    "value-journey": "aware engage subscribe convert excite ascend advocate promote",
    "five-phase": "orientation evaluation purchase use loyalty",
    "universal": "awareness consideration decision action loyalty",
    "content": "awareness search research engagement purchase service_loyalty experience",
    "digital": "need orientation consideration decision purchase delivery use aftercare",
}
STAGES = [
    pytest.param(stage, id=f"{name}-{stage.id}")
    for name in stage_model_ids()
    for stage in (*load_stage_model(name).stages, *load_stage_model(name).components)
]


def test_the_five_models_have_their_stages_in_order():
    assert {name: " ".join(load_stage_model(name).ids) for name in stage_model_ids()} == ORDER


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_is_left_thin(stage):
    assert stage.canonical in CANONICAL_PHASES and not stage.canonical_guessed
    assert stage.markers and set(stage.markers) <= set(stage.touchpoints) and stage.channels
    for language in ("nl", "en"):
        assert stage.name[language] and stage.goal[language] and stage.message[language]
        for part in PLAYBOOK:
            assert len(stage.playbook(part, language)) >= 3, (part, language)


@pytest.mark.parametrize("stage", STAGES)
def test_both_languages_say_as_much(stage):
    for part in PLAYBOOK:
        assert len(stage.playbook(part, "nl")) == len(stage.playbook(part, "en"))


def test_the_rules_of_the_models_differ():
    assert load_stage_model("value-journey").rules.order == "strict"
    assert load_stage_model("universal").rules.back_steps == "normal"
    assert [part.id for part in load_stage_model("five-phase").components] == ["aftercare", "reactivation"]


def test_votes_are_shares_and_markers_count_double(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(
        "id: mine\nstages:\n  - {id: a, touchpoints: [x, y], markers: [x]}\n  - {id: b, touchpoints: [x]}\n"
    )
    votes = load_stage_model(path).votes()
    assert votes.loc["x"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert votes.loc["y"].tolist() == [1, 0]


def test_one_language_serves_for_both_and_the_phase_is_guessed(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(
        "stages:\n  - {id: aankoop, name: {nl: Aankoop}}\n  - {id: purchase, activities: {nl: [koopt]}}\n"
    )
    model = load_stage_model(path)
    assert model.id == "mine" and model.stages[0].name["en"] == "Aankoop"
    assert model.stages[1].canonical == "purchase" and model.stages[1].canonical_guessed
    assert model.stages[1].playbook("activities", "en") == ("koopt",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("stages: [{id: a}, {id: a}]", "two stages have the id 'a'"),
        ("id: x", "the model has no stages"),
        ("stages:\n  - {id: a, marker: [x]}", r"line 2: unknown key 'marker'. Did you mean 'markers'"),
        ("stages: [{name: a}]", "a stage needs an 'id'"),
        ("stages: [{id: lapsed}]", "cannot be the id of a stage"),
        ("stages: [{id: 'a b'}]", "cannot be the id of a stage"),
        (
            "stages: [{id: a, canonical: purchse}]",
            "unknown canonical phase 'purchse'. Did you mean 'purchase'",
        ),
        ("stages: [{id: a, markers: x}]", "'markers' must be a list of names"),
        ("stages: {a: b}", "'stages' must be a list"),
        ("stages: [{id: a}]\nrules: {order: stricct}", "unknown order 'stricct'. Did you mean 'strict'"),
        ("stages: [{id: a}]\nrule: {}", "unknown key 'rule'"),
    ],
)
def test_a_broken_model_is_told(tmp_path, content, message):
    path = tmp_path / "mine.yml"
    path.write_text(content)
    with pytest.raises(ClientFileError, match=message):
        load_stage_model(path)


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(ClientFileError, match=r"has no stage model 'univrsal'. Did you mean 'universal'"):
        load_stage_model("univrsal")


def test_a_clients_markers_are_added():
    model = load_stage_model("value-journey").with_markers({"convert": ["sample_taken"]})
    assert model.markers()["sample_taken"] == "convert"
    with pytest.raises(ClientFileError, match="unknown stage 'convertt'. Did you mean 'convert'"):
        model.with_markers({"convertt": ["x"]})
    with pytest.raises(JourneykitError, match="unknown stage"):
        model.stage("nowhere")
