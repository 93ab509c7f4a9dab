"""Stages from end to end: what is inferred, what is refused, and how good it is against the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from journeykit.errors import JourneykitError
from journeykit.facts import marker_positions
from journeykit.sessions import contacts_frame
from journeykit.stages import infer_stages, load_stages, read_stages, save_stages, stage_evidence
from journeykit.stages.forecast import first_moves, forecast
from journeykit.stages.labels import given_labels

STATES = ["awareness", "consideration", "decision", "action", "loyalty", "lapsed"]
NEXT = [*STATES[:-1], "stay", "lapsed"]
AHEAD = ["move_forward", "move_back", "move_return", "move_days", "move_days_low", "move_days_high"]


@pytest.fixture
def population(stage_world):
    return stage_world.population


@pytest.fixture
def log(stage_world):
    return stage_world.log


@pytest.fixture(scope="module")
def truth(stage_world):
    known = stage_world.population.truth
    last = known[known["at"] == known["at"].max()]
    return last.set_index("customer_id")["stage"]


@pytest.fixture
def inferred(stage_world):
    return stage_world.inferred


def sums(table: pd.DataFrame, prefix: str, names: list[str]) -> pd.Series:
    return table[[f"{prefix}{name}" for name in names]].sum(axis=1)


def test_the_table_has_the_columns_of_the_contract(inferred):
    table = inferred.table
    named = [f"p_{state}" for state in STATES], [f"p_next_{state}" for state in NEXT]
    told = ["stage", "stage_likely", "stage_confidence", "stage_basis"]
    expected = [*told, *named[0], "stage_set", "next_stage", *named[1], *AHEAD]
    assert table.columns.tolist() == expected
    assert table.index.name == "unit_id"
    assert (sums(table, "p_", STATES) - 1).abs().max() < 1e-9
    assert (sums(table, "p_next_", NEXT) - 1).abs().max() < 1e-9
    assert set(table["next_stage"]) <= {*NEXT}


def test_a_stage_is_named_above_the_threshold_and_the_likeliest_always_told(inferred):
    table = inferred.table
    likeliest = table[[f"p_{state}" for state in STATES]].to_numpy().argmax(axis=1)
    assert (table["stage_likely"] == np.array(STATES)[likeliest]).all()
    named = table["stage"].notna()
    assert (named == (table["stage_confidence"] > inferred.reader.naming)).all()
    assert (table.loc[named, "stage"] == table.loc[named, "stage_likely"]).all()
    assert (named == (table["stage_basis"] != "unsure")).all()


def test_of_the_named_enough_are_right(inferred, truth):
    named = inferred.table["stage"].dropna()
    assert len(named) > 0.5 * len(inferred.table)
    assert (named == truth.reindex(named.index)).mean() >= 0.85


def test_the_basis_is_recorded_where_the_last_contact_is_a_marker_of_the_stage(inferred, log):
    last = contacts_frame(log, ["unit_id", "order", "step"]).groupby("unit_id")["step"].last()
    marks = {step: log.client.model.ids[at] for step, at in marker_positions(log.client.model).items()}
    table = inferred.table
    marked = last.reindex(table.index).map(marks) == table["stage"]
    assert (marked == (table["stage_basis"] == "recorded")).all()


def test_without_labels_it_beats_the_last_touchpoint_on_the_truth(inferred, log, truth):
    chances = inferred.table[[f"p_{state}" for state in STATES]].to_numpy()
    named = np.array(STATES)[chances.argmax(axis=1)]
    truth = truth.reindex(inferred.table.index)
    assert f1_score(truth, named, average="macro") > 0.62  # the last touchpoint scores about .43
    held = np.array([stage in set_ for stage, set_ in zip(truth, inferred.table["stage_set"], strict=True)])
    assert held.mean() > 0.84


def test_the_evaluation_says_against_what_and_beside_what(inferred):
    scores = inferred.evaluation
    assert scores.index.tolist() == ["classifier", "last touchpoint", "marker rule", "base rate"]
    assert set(scores["against"]) == {"held-out hindsight labels"}
    assert scores.loc["classifier", "log_loss_skill"] > scores["log_loss_skill"].drop("classifier").max()
    counted = inferred.confusion.groupby("method")["rows"].sum()
    assert counted.index.tolist() == ["classifier", "last touchpoint", "marker rule"]
    assert inferred.reliability["rows"].sum() == scores["rows"].iloc[0] == counted["classifier"]


@pytest.mark.slow
def test_given_labels_are_judged_as_such(log, population, truth):
    known = population.truth[population.truth["at"] == sorted(population.truth["at"].unique())[-3]]
    found = infer_stages(log, known[["customer_id", "at", "stage"]].sample(250, random_state=0))
    assert found.against == "given labels"
    assert found.reader.about["labels"] == 250
    named = found.table[[f"p_{state}" for state in STATES]].to_numpy().argmax(axis=1)
    assert f1_score(truth.reindex(found.table.index), np.array(STATES)[named], average="macro") > 0.62


@pytest.mark.slow
def test_personas_have_moves_of_their_own_and_the_same_seed_gives_the_same(log, population, inferred):
    personas = population.truth.drop_duplicates("customer_id").set_index("customer_id")["persona"]
    found = infer_stages(log, personas=personas)
    assert set(found.moves) >= {"all", "A"}
    assert np.abs(found.moves["A"] - found.moves["all"]).max() < 0.3
    assert found.moves["A"].sum(axis=1) == pytest.approx(1)
    pd.testing.assert_frame_equal(infer_stages(log).table, inferred.table)


def test_saved_stages_read_the_log_as_before(inferred, log, tmp_path):
    path = save_stages(inferred, tmp_path / "stages.skops")
    again = read_stages(load_stages(path), log)
    pd.testing.assert_frame_equal(again.table, inferred.table)
    assert "held-out hindsight labels" in path.with_suffix(".md").read_text()


def test_another_stage_model_is_refused(inferred, make_log):
    other = make_log([("a", "2026-03-01", "search")], stage_model="digital")
    with pytest.raises(JourneykitError, match=r"learned for the stage model 'universal'.*'digital'"):
        read_stages(inferred.reader, other)


@pytest.mark.parametrize("content", [b"", b"no model", "cut"])
def test_a_foreign_or_cut_file_is_an_error(inferred, tmp_path, content):
    path = save_stages(inferred, tmp_path / "stages.skops")
    path.write_bytes(path.read_bytes()[:5000] if content == "cut" else content)
    with pytest.raises(JourneykitError, match="cannot be read"):
        load_stages(path)
    with pytest.raises(JourneykitError, match="no such file"):
        load_stages(tmp_path / "absent.skops")


def test_a_file_of_another_kind_is_an_error(tmp_path):
    import skops.io

    skops.io.dump({"form": "something else"}, tmp_path / "other.skops")
    with pytest.raises(JourneykitError, match="holds no saved stages"):
        load_stages(tmp_path / "other.skops")


TINY = {
    "one event": [("a", "2026-03-01", "search")],
    "one customer": [("a", "2026-03-01", "search"), ("a", "2026-03-04", "purchase")],
    "all at the same time": [(f"c{i}", "2026-03-01 10:00", "search") for i in range(60)],
    "one day": [(f"c{i}", f"2026-03-01 {i % 24:02d}:00", "search") for i in range(60)],
    "unknown touchpoints": [(f"c{i}", f"2026-{1 + i % 9:02d}-01", "odd") for i in range(60)],
}


@pytest.mark.quick("one event", "one day")
@pytest.mark.parametrize("rows", TINY.values(), ids=TINY.keys())
def test_a_log_that_is_too_small_gives_wide_sets_and_no_claims(make_log, rows):
    found = infer_stages(make_log(rows))
    assert found.classifier is None
    named = found.table[found.table["stage"].notna()]
    assert (named["stage_confidence"] > 0.85).all(), "what was recorded and nothing speaks against"
    assert (sums(found.table, "p_", STATES) - 1).abs().max() < 1e-9
    assert found.evaluation.empty


def long_log(make_log, touchpoints):
    random = np.random.default_rng(0)
    first = pd.Timestamp("2026-01-01")
    rows = [
        (
            f"c{i % 120}",
            first + pd.Timedelta(hours=int(random.integers(4000))),
            str(random.choice(touchpoints)),
        )
        for i in range(600)
    ]
    return make_log(rows)


def test_without_purchases_nobody_is_in_the_purchase_stage(make_log):
    found = infer_stages(long_log(make_log, ["search", "view_item", "add_payment_info"]))
    assert not found.evidence.loc["action", "observable"]
    assert (found.table[["p_action", "p_loyalty", "p_next_action", "p_next_loyalty"]] == 0).all().all()
    assert found.transitions.loc["action"].isna().all()


def test_with_purchases_only_the_stages_before_cannot_be_seen(make_log):
    found = infer_stages(long_log(make_log, ["purchase"]))
    assert found.evidence.index[found.evidence["observable"]].tolist() == ["action", "loyalty"]
    assert (found.table[["p_awareness", "p_consideration", "p_decision"]] == 0).all().all()


def test_evidence_counts_what_is_there_and_names_what_is_not(make_log):
    rows = [("a", "2026-03-01", "search"), ("a", "2026-03-02", "purchase"), ("b", "2026-03-01", "search")]
    evidence = stage_evidence(make_log(rows))
    assert evidence.loc["awareness", ["contacts", "units", "observable"]].tolist() == [2, 2, True]
    assert evidence.loc["action", "markers_seen"] == ["purchase"]
    assert "review" in evidence.loc["loyalty", "missing"]


def test_labels_of_unknown_stages_or_customers_are_not_used(make_log):
    log, random = make_log([("a", "2026-03-01 10:00", "search")]), np.random.RandomState(0)
    labels = pd.DataFrame({"customer_id": ["a", "z"], "at": "2026-03-01", "stage": "awareness"})
    kept = given_labels(log, labels, random)
    assert kept["unit_id"].tolist() == ["a"]
    assert kept.attrs["dropped"] == 1
    with pytest.raises(JourneykitError, match=r"unknown stage 'awarenes'\. Did you mean 'awareness'"):
        given_labels(log, labels.assign(stage="awarenes"), random)
    with pytest.raises(JourneykitError, match="no label is of a customer"):
        given_labels(log, labels.assign(customer_id="z"), random)
    with pytest.raises(JourneykitError, match="unknown column 'at'"):
        given_labels(log, labels.drop(columns="at"), random)


def test_first_moves_leave_once_and_stay_otherwise():
    moves = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert first_moves(moves, 4)[0].tolist() == pytest.approx([0, 0.375, 0.375, 0.25])
    nowcast = pd.DataFrame([[1.0, 0, 0]], ["u"], ["one", "two", "lapsed"])
    told = forecast(nowcast, {"all": moves}, 4)
    assert told.loc["u"].to_dict() == pytest.approx({"one": 0, "two": 0.375, "lapsed": 0.375, "stay": 0.25})
