"""Evaluation: where the stages err and what they rest on, counted by hand, and said with what was the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeykit.events import EventLog
from journeykit.features import measure_signals
from journeykit.reports import Page, chapters
from journeykit.stages.evaluation import confusion, score
from journeykit.stages.importance import SIGNAL_GROUPS, group_importance, signal_group
from tests.fake_study import fake_client, fake_study

STATES = ["search", "buy", "lapsed"]
SURE = np.eye(3) * 0.7 + 0.1
CELLS = ["rows", "share"]


def placed(named: list[int], truth: list[int], units=None, min_group: int = 0) -> pd.DataFrame:
    units = np.arange(len(truth)) if units is None else np.asarray(units)
    table = confusion({"classifier": SURE[named]}, np.array(truth), units, STATES, min_group)
    return table.set_index(["actual", "inferred"])


def test_confusion_counts_rows_of_the_truth_by_the_likeliest_state():
    table = placed([0, 1, 1, 1, 2], [0, 0, 0, 1, 2])
    assert table.loc[("search", "buy"), CELLS].tolist() == [2, pytest.approx(2 / 3)]
    assert table.loc[("search", "search"), CELLS].tolist() == [1, pytest.approx(1 / 3)]
    assert table.loc[("buy", "buy"), CELLS].tolist() == [1, 1]
    assert not table["held_back"].any()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60))
def test_shares_of_a_state_sum_to_one_and_counts_to_all(pairs):
    named, truth = (list(column) for column in zip(*pairs, strict=True))
    table = placed(named, truth)
    assert table["rows"].sum() == len(pairs)
    shares = table["share"].groupby("actual").sum(min_count=1).dropna()
    assert set(shares.index) == {STATES[one] for one in truth} and shares.to_numpy() == pytest.approx(1)


def test_a_state_that_few_units_were_in_is_held_back():
    """Four rows of two people are two people."""
    table = placed([0] * 5 + [1] * 4, [0] * 5 + [1] * 4, [*range(5), 7, 7, 8, 8], min_group=3)
    assert table.loc["buy", CELLS].isna().all(axis=None) and table.loc["buy", "held_back"].all()
    assert table.loc[("search", "search"), "rows"] == 5 and not table.loc["search", "held_back"].any()
    assert not table.loc["lapsed", "held_back"].any(), "nobody is no small group"


def told(signals: pd.DataFrame) -> np.ndarray:
    """Believe the first signal alone."""
    return SURE[signals["recency_days"].to_numpy(int)]


@pytest.fixture(scope="module")
def measured() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 600)
    names = [
        "recency_days",
        "sessions",
        "vote_3d.buy",
        "last1.buy",
        "furthest_marker",
        "chain.buy",
        "weather",
    ]
    signals = pd.DataFrame(random.random((600, 7)), columns=names)
    return signals.assign(recency_days=np.where(random.random(600) < 0.9, truth, 0)), truth


def test_only_what_is_believed_counts(measured):
    table = group_importance(told, *measured, np.full(3, 1 / 3)).set_index("group")
    assert table.index[0] == "recency_gaps" and table.loc["recency_gaps", "low"] > 0.5
    assert (table.drop("recency_gaps")[["drop", "low", "high"]] == 0).all(axis=None)
    assert set(table.index) == {*SIGNAL_GROUPS, "other"} - {"touchpoint_shares"}
    assert (table["low"] <= table["drop"]).all() and (table["drop"] <= table["high"]).all()


def test_the_skill_that_drops_is_the_skill_of_the_scores(measured):
    signals, truth = measured
    base = np.bincount(truth) / len(truth)
    table = group_importance(told, signals, truth, base)
    assert table["skill"].iloc[0] == pytest.approx(
        score(told(signals), truth, base)["log_loss_skill"], abs=0.03
    )


def test_the_same_seed_shuffles_the_same_and_the_rows_stay_as_they_were(measured):
    signals, truth = measured
    before, base = signals.copy(), np.full(3, 1 / 3)
    first, again = (group_importance(told, signals, truth, base, random_state=1) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(signals, before)
    assert (
        first["drop"].iloc[0] != group_importance(told, signals, truth, base, random_state=2)["drop"].iloc[0]
    )


@pytest.mark.parametrize("rows", [0, 5])
def test_nothing_to_be_wrong_about_gives_no_importance(measured, rows):
    one = np.array([1.0, 0.0, 0.0])
    assert group_importance(told, measured[0].head(rows), np.zeros(rows, int), one).empty


@pytest.fixture
def log(stage_world) -> EventLog:
    return stage_world.log


def test_every_signal_that_is_measured_is_in_a_group(log):
    assert not [name for name in measure_signals(log) if signal_group(name) == "other"]


@pytest.fixture
def inferred(stage_world):
    return stage_world.inferred


def test_an_inference_tells_where_it_errs_and_what_it_rests_on(inferred, log):
    table = inferred.importance
    assert set(table["against"]) == set(inferred.confusion["against"]) == {inferred.against}
    assert table.loc[0, "low"] > 0, "something is of use"
    shown = inferred.confusion[~inferred.confusion["held_back"]]
    counted = shown[shown["method"] == "classifier"].groupby("actual")["rows"].sum()
    assert (counted[counted > 0] >= log.client.privacy.min_group).all()
    right = shown[shown["actual"] == shown["inferred"]].groupby("method")["share"].mean()
    assert right["classifier"] > right[["last touchpoint", "marker rule"]].max()


def appendix(language: str, inferred) -> list[dict]:
    study = fake_study(fake_client(language))
    study.tables |= {
        "evaluation": inferred.evaluation.reset_index(), "reliability": inferred.reliability,
        "confusion": inferred.confusion, "importance": inferred.importance,
    }  # fmt: skip
    page = Page(study.client)
    chapters.appendix(page, study)
    return page.blocks


@pytest.mark.parametrize(
    ("language", "against"),
    [("nl", "achteraf afgeleide fasen van later, niet gebruikt bij het leren"),
     ("en", "later stages derived in hindsight, not used for learning")],
)  # fmt: skip
def test_the_appendix_shows_all_of_it_and_against_what(inferred, language, against):
    blocks = appendix(language, inferred)
    captions = [block["caption"] for block in blocks if block["block"] == "figure"]
    assert len(captions) == 3, "reliability, where it errs, what it rests on"
    assert sum(against in caption for caption in captions) == 2
    heads = [[column["id"] for column in block["columns"]] for block in blocks if block["block"] == "table"]
    scores = {"macro_f1", "log_loss_skill", "ece", "qwk", "accuracy_at_80", "coverage", "set_size"}
    assert any(scores <= set(ids) for ids in heads)
    assert ["stage", "count", "right_classifier", "right_last_touchpoint", "right_marker_rule"] in heads


@pytest.mark.parametrize(
    ("language", "said"), [("nl", "300 fasen die door mensen"), ("en", "300 stages that people")]
)
def test_the_appendix_says_how_many_labels_were_used_and_left_out(inferred, language, said):
    prose = [str(block["paragraphs"]) for block in appendix(language, inferred) if block["block"] == "prose"]
    told = next(text for text in prose if said in text)
    assert ("1 andere is" if language == "nl" else "1 other was") in told, "nothing is dropped without a word"


def test_what_is_held_back_is_not_drawn_and_said(inferred):
    table = inferred.confusion.copy()
    small = table["actual"] == "decision"
    table.loc[small, "held_back"] = True
    table.loc[small, ["rows", "share"]] = np.nan
    inferred_less = type(
        "Told", (), {name: getattr(inferred, name) for name in ("evaluation", "reliability")}
    )
    inferred_less.confusion, inferred_less.importance = table, inferred.importance
    blocks = appendix("en", inferred_less)
    assert any("are not shown here" in block["text"] for block in blocks if block["block"] == "note")
    (right,) = [b for b in blocks if b["block"] == "table" and b["columns"][0]["id"] == "stage"]
    assert "Decision" not in [row[0] for row in right["rows"]]
