"""Stages on another client: the verdict and its reasons, refusals, and files that were spoiled."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest
import skops.io

from journeykit.errors import JourneykitError
from journeykit.events import EventLog
from journeykit.simulate import simulate
from journeykit.stage_models import load_stage_model
from journeykit.stages import infer_with, load_stages, reuse_stages, save_stages
from journeykit.stages.drift import count_bins, drift_table, reference_bins
from journeykit.stages.saving import _plain

MONTH = pd.Timedelta(days=30)


@pytest.fixture(scope="module")
def reader(stage_world):
    return stage_world.inferred.reader


@pytest.fixture(scope="module")
def others():
    """Others of the same kind as those of `stage_world`."""
    return simulate(customers=250, seed=12, world_seed=11, pages=False, referrals=False, ratings=False).events


def test_people_of_the_same_kind_are_read_without_a_warning(reader, others):
    log = EventLog.from_frame(others)
    reuse = reuse_stages(reader, log)
    assert (reuse.verdict, reuse.known_share) == ("reuse", 1.0)
    assert reuse.reasons == ["the signals are spread as they were, and the touchpoints are known"]
    pd.testing.assert_frame_equal(reuse.table, infer_with(reader, log))
    assert set(reuse.touchpoints["state"]) == {"known"}


def renamed(events, share):
    usual = events["touchpoint"].value_counts()
    names = usual.index[: int((usual.cumsum() / usual.sum() < share).sum()) + 1]
    return events.assign(touchpoint=events["touchpoint"].replace({name: f"{name}_2" for name in names}))


def without(events, stage):
    votes = load_stage_model("universal").votes()
    return events[~events["touchpoint"].isin(votes.index[votes[stage] > 0])]


WARNED = ("reuse with warning",)
CHANGES = {
    "some renamed": (lambda e: renamed(e, 0.2), WARNED, "touchpoint that was seen when learning"),
    "the new name is told": (lambda e: renamed(e, 0.2), WARNED, "what the data call"),
    "most renamed": (lambda e: renamed(e, 0.6), ("refit",), "never occur"),
    "few people": (lambda e: e[e["customer_id"] < "c00020"], WARNED, "units to judge by"),
    "a month": (lambda e: e[e["timestamp"] < e["timestamp"].min() + MONTH], None, "signals have shifted"),
    "a stage less": (lambda e: without(e, "awareness"), None, "1 of the stages (awareness)"),
}


@pytest.mark.quick("some renamed", "most renamed", "a stage less")
@pytest.mark.parametrize(("change", "verdicts", "said"), CHANGES.values(), ids=CHANGES.keys())
def test_what_changed_is_told(reader, others, change, verdicts, said):
    reuse = reuse_stages(reader, EventLog.from_frame(change(others)))
    assert reuse.verdict in (verdicts or ("reuse with warning", "refit"))
    assert any(said in reason for reason in reuse.reasons), reuse.reasons


def test_row_order_and_other_ids_give_the_same_verdict(reader, others):
    shuffled = others.sample(frac=1, random_state=0)
    mixed = shuffled.assign(customer_id="x" + shuffled["customer_id"].str[::-1])
    one, two = (reuse_stages(reader, EventLog.from_frame(renamed(events, 0.2))) for events in (others, mixed))
    assert one.reasons == two.reasons
    pd.testing.assert_frame_equal(one.drift, two.drift)


def test_accounts_are_not_read_with_what_was_learned_of_customers(reader, others):
    accounts = others.assign(account_id=others["customer_id"].str[:-1])
    reuse = reuse_stages(reader, EventLog.from_frame(accounts, setting="b2b"))
    assert reuse.verdict == "refit"
    assert "learned of customers, and the units here are accounts" in reuse.reasons[0]


def test_another_stage_model_is_refused_with_what_differs(reader, make_log):
    log = make_log([("a", "2026-03-01", "search")], stage_model="digital")
    with pytest.raises(JourneykitError) as refused:
        reuse_stages(reader, log)
    named = (
        "'universal'",
        "'digital'",
        "only the first has awareness",
        "only the second has",
        "stages fit frame",
    )
    assert all(part in str(refused.value) for part in named)


def test_missing_values_have_a_bin_of_their_own():
    then = pd.DataFrame({"x": np.r_[np.arange(80.0), np.full(20, np.nan)], "chain.y": 0.0})
    reference = reference_bins(then)
    assert list(reference) == ["x"]
    assert reference["x"]["shares"][-1] == pytest.approx(0.2)
    for now, state in ((then, "ok"), (then.assign(x=np.nan), "absent"), (then[["x"]] + 500, "shifted")):
        assert drift_table(reference, count_bins(reference, now)).loc["x", "state"] == state


def spoiled(key, value):
    """Return what replaces a part, or takes it away when the value is None."""

    def spoil(content):
        at = content
        *way, last = key.split("/")
        for name in way:
            at = at[name]
        at.pop(last) if value is None else at.__setitem__(last, value)

    return spoil


def with_tree(content):
    content["student"].boosted_.model_._predictors[0][0].nodes["feature_idx"][0] = 9999


def with_circle(content):
    content["student"].boosted_.model_._predictors[0][0].nodes["left"][0] = 0


def with_columns(content):
    content["student"].usable_ = np.array([0, 5000])


def with_classes(content):
    content["student"].classes_ = content["student"].classes_[::-1]


def with_scale(content):
    content["student"].linear_.mean_ = np.full_like(content["student"].linear_.mean_, np.nan)


SPOILED = {
    "newer": (spoiled("version", 2), "version 2, and this journeykit reads version 1"),
    "another form": (spoiled("form", "other"), "no saved stages"),
    "a part gone": (spoiled("moves", None), "lacks the part 'moves'"),
    "a part renamed": (lambda c: c.update(state=c.pop("states")), "lacks the part 'states'; it has 'state'"),
    "another kind": (spoiled("states", "all"), "the part 'states' is a str"),
    "a chain part gone": (spoiled("chain/mix", None), "lacks the part 'chain.mix'"),
    "no moves of all": (spoiled("moves/all", None), "lacks the part 'moves.all'"),
    "a wrong shape": (spoiled("chain/moves", np.ones((2, 2))), "'chain.moves' has the shape"),
    "not a number": (spoiled("chain/start", np.full(6, np.nan)), "'chain.start' holds values that are missing"),
    "no probabilities": (spoiled("chain/start", np.full(6, 0.5)), "do not sum to 1"),
    "a share above 1": (spoiled("doubt", 3.0), "'doubt' holds a share above 1"),
    "nothing observable": (spoiled("observable", np.zeros(6, bool)), "no state"),
    "a state twice": (spoiled("states", ["a", "a", "b", "c", "d", "lapsed"]), "different names"),
    "odd bins": (spoiled("reference/signals/recency_days/edges", np.array([1.0])), "odd edges"),
    "a tree that points nowhere": (with_tree, "points outside its columns"),
    "a tree that goes round": (with_circle, "points outside its columns or nodes"),
    "columns that are not there": (with_columns, "points outside its columns"),
    "other classes": (with_classes, "other states"),
    "no length of a period": (spoiled("companion/period_days", None), "lacks the part 'companion.period_days'"),
    "another length of a period": (spoiled("companion/period_days", 4), "'companion.period_days' is 4 instead of 2"),
    "a scale without numbers": (with_scale, "the part 'student'"),
}  # fmt: skip


@pytest.mark.quick("newer", "a part gone", "not a number", "a share above 1", "a tree that goes round")
@pytest.mark.parametrize(("spoil", "said"), SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_file_is_refused_and_the_part_named(reader, tmp_path, spoil, said):
    path = save_stages(reader, tmp_path / "stages.skops")
    content = _plain(load_stages(path))
    spoil(content)
    skops.io.dump(content, path)
    with pytest.raises(JourneykitError, match=said):
        load_stages(path)


def test_types_that_are_not_trusted_are_named(reader, tmp_path):
    skops.io.dump(_plain(reader) | {"about": {"run": PurePosixPath("x").joinpath}}, tmp_path / "s.skops")
    with pytest.raises(JourneykitError, match="types that are not trusted"):
        load_stages(tmp_path / "s.skops")


def test_a_file_that_is_absent_is_told_with_the_nearest(reader, tmp_path):
    save_stages(reader, tmp_path / "stages.skops")
    with pytest.raises(JourneykitError, match=r"Did you mean 'stages\.skops'"):
        load_stages(tmp_path / "stage.skops")
    with pytest.raises(JourneykitError, match="a folder"):
        load_stages(tmp_path)
