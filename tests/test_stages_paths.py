"""Inferred paths: drawn as often as the model believes, whole per unit, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.journeys import trace_paths
from journeykit.journeys.steps import count_funnel
from journeykit.simulate import simulate
from journeykit.stages import draw_paths, infer_stages
from tests.lazy_journeys import map_journeys


@pytest.fixture(scope="module")
def world():
    population = simulate(customers=250, days=150, seed=4)
    log = EventLog.from_frame(population.events).as_of()
    return population, log, infer_stages(log)


def test_stretches_follow_on_each_other_up_to_the_moment(world):
    _, log, inference = world
    paths = draw_paths(inference.reader, log)
    for _, own in paths.groupby("unit_id"):
        assert own["until_at"].iloc[-1] == log.moment
        assert (own["from_at"].iloc[1:].to_numpy() == own["until_at"].iloc[:-1].to_numpy()).all()
        assert (own["stage"].iloc[1:].to_numpy() != own["stage"].iloc[:-1].to_numpy()).all()
    pd.testing.assert_frame_equal(paths, draw_paths(inference.reader, log))


def truth_of(population, ids: list[str]) -> np.ndarray:
    truth = population.truth.sort_values(["customer_id", "at"])
    place = truth["stage"].map({stage: number for number, stage in enumerate(ids)})
    before = place.groupby(truth["customer_id"]).shift()
    moved = before.notna() & place.notna() & (before != place)
    return (
        pd.crosstab(before[moved], place[moved])
        .reindex(index=range(5), columns=range(5), fill_value=0)
        .to_numpy(float)
    )


def error(counted: pd.DataFrame, truth: np.ndarray, ids: list[str]) -> float:
    own = counted[counted["persona"] == "all"].pivot_table(index="from", columns="to", values="count")
    found = own.reindex(index=ids, columns=ids).fillna(0).to_numpy(float)
    shares = [table / np.maximum(table.sum(axis=1, keepdims=True), 1) for table in (truth, found)]
    return float(np.abs(shares[0] - shares[1]).sum(axis=1).mean() / 2)


def test_inferred_moves_are_nearer_to_the_truth_than_markers(world):
    """Every stray marker counts as a visit to its stage: markers alone show four times too many back-steps."""
    population, log, inference = world
    ids = list(log.client.model.ids)
    truth = truth_of(population, ids)
    by_markers = map_journeys(log, stages=inference.table).transitions
    inferred = map_journeys(
        log, stages=inference.table, inferred=draw_paths(inference.reader, log)
    ).transitions
    assert error(inferred, truth, ids) < 0.5 * error(by_markers, truth, ids)


def test_who_bought_has_been_in_the_purchase_stage_whatever_was_inferred(make_log):
    """Of a and b it was inferred that they never came so far; b only looked."""
    log = make_log([
        ("a", "2026-03-01", "search"), ("a", "2026-03-02", "contract_signed"), ("a", "2026-03-03", "search"),
        ("b", "2026-03-01", "search"), ("c", "2026-03-01", "purchase"), ("c", "2026-03-05", "purchase"),
    ])  # fmt: skip
    inferred = pd.DataFrame({
        "unit_id": ["a", "b", "c"], "from_at": pd.Timestamp("2026-02-01"), "until_at": pd.Timestamp("2026-04-01"),
        "stage": ["awareness", "awareness", "action"],
    })  # fmt: skip
    paths = trace_paths(log, min_group=1, inferred=inferred)
    steps = paths.entries.order_by(["unit_id", "place"]).execute()
    assert steps.groupby("unit_id")["position"].apply(list).to_dict() == {"a": [0, 3, 0], "b": [0], "c": [3]}
    rows = count_funnel(paths).set_index("stage")
    assert tuple(rows.loc["action", ["reached", "recorded"]]) == (2, 2)
