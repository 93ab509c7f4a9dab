"""What was recorded: which contact shows which stage, what is observable, and when contacts are taken at their word."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.checks import stage_evidence as evidence_of_checks
from journeykit.facts import (
    choose_reading,
    fit_noise,
    has_purchases,
    marker_positions,
    recorded_stages,
    shown_positions,
    stage_evidence,
)
from journeykit.stage_models import load_stage_model, stage_model_ids


@pytest.mark.parametrize("model_id", stage_model_ids())
@pytest.mark.parametrize("form", ["purchase", "contract_signed"])
def test_a_purchase_in_any_form_marks_the_purchase_stage_of_every_model(model_id, form):
    model = load_stage_model(model_id)
    assert model.stages[marker_positions(model)[form]].canonical == "purchase"


@pytest.mark.parametrize(
    ("model_id", "touchpoint", "bought", "stage"),
    [
        ("universal", "compare_items", True, "consideration"),  # a marker
        ("universal", "call", True, "decision"),  # typical of one stage alone
        ("value-journey", "email_open", False, "subscribe"),
        ("content", "email_open", True, "service_loyalty"),
        ("content", "email_open", False, None),  # people open mail before they buy, too
        ("content", "quote_request", True, "purchase"),
        ("content", "quote_request", False, None),  # asked for, and nothing was bought in these data
        ("content", "begin_checkout", False, "purchase"),  # a marker always shows its stage
        ("universal", "something_odd", True, None),
    ],
)
def test_a_touchpoint_shows_its_stage(model_id, touchpoint, bought, stage):
    model = load_stage_model(model_id)
    at = shown_positions(model, bought).get(touchpoint)
    assert (None if at is None else model.ids[at]) == stage


@pytest.mark.parametrize(
    ("steps", "bought"),
    [(["search"], False), (["begin_checkout"], False), (["upgrade"], True), (["contract_signed"], True)],
)
def test_whether_anything_was_bought(steps, bought):
    assert has_purchases(steps, load_stage_model("content")) == bought


def positions(log) -> dict[str, list]:
    table = recorded_stages(log).order_by(["unit_id", "order"]).execute()
    shown = table["marker"].astype(object).where(table["marker"].notna(), None)
    return shown.groupby(table["unit_id"]).apply(list).to_dict()


def test_markers_place_people_and_typical_touchpoints_take_nobody_back(make_log):
    """a: a newsletter opened after buying is no step back, an advertisement is. b: all stages within one minute."""
    log = make_log([
        ("a", "2026-03-01 10:00", "newsletter_signup"), ("a", "2026-03-02 10:00", "purchase"),
        ("a", "2026-03-03 10:00", "email_open"), ("a", "2026-03-04 10:00", "ad_impression"),
        ("b", "2026-03-01 10:00:00", "ad_impression"), ("b", "2026-03-01 10:00:10", "content_view"),
        ("b", "2026-03-01 10:00:20", "email_open"), ("b", "2026-03-01 10:00:30", "purchase"),
        ("b", "2026-03-01 10:00:40", "something_odd"),
    ], stage_model="value-journey")  # fmt: skip
    assert positions(log) == {"a": [2, 3, None, 0], "b": [0, 1, 2, 3, None]}


def test_there_is_one_meaning_of_observable(make_log):
    """A log with a checkout and no purchase: the check of the data and the models of stages say the same."""
    for model in stage_model_ids():
        log = make_log(
            [("a", "2026-03-01", "begin_checkout"), ("a", "2026-03-02", "login")], stage_model=model
        )
        checked = evidence_of_checks(log).set_index("stage")["observable"]
        assert checked.to_dict() == stage_evidence(log)["observable"].to_dict()
        marks = marker_positions(log.client.model)
        assert "begin_checkout" not in marks or checked.iloc[marks["begin_checkout"]]


def test_evidence_counts_units_once(make_log):
    log = make_log([
        ("a", "2026-03-01", "first_use"), ("a", "2026-03-02", "feature_use"), ("b", "2026-03-01", "first_use"),
    ], stage_model="value-journey")  # fmt: skip
    row = stage_evidence(log).loc["excite"]
    assert (row["contacts"], row["units"], row["marker_contacts"], row["marker_units"]) == (3, 2, 3, 2)


def way(rng: np.random.Generator, noise: float) -> list[str]:
    """Return a walk through four stages, some contacts each; a share of them shows any stage."""
    shows = ["ad_impression", "compare_items", "begin_checkout", "purchase"]
    steps = [stage for stage in range(4) for _ in range(rng.integers(2, 5))]
    return [shows[rng.integers(4)] if rng.random() < noise else shows[stage] for stage in steps]


@pytest.mark.parametrize("stray", [0.0, 0.2])
def test_the_way_somebody_came_is_no_misfit(make_log, stray):
    """Who went on from a stage as they came to it remembers the way; a hidden stage must not win by that alone."""
    rng = np.random.default_rng(0)
    ways = [
        ["ad_impression", "ad_click", "compare_items", "begin_checkout"],
        ["ad_impression", "ad_click", "begin_checkout", "compare_items", "purchase"],
        ["compare_items", "begin_checkout", "purchase", "review"],
    ]
    shows = ["ad_impression", "compare_items", "begin_checkout", "purchase", "review"]
    rows = [
        (f"c{number}", pd.Timestamp("2026-01-01") + pd.Timedelta(days=day), name)
        for number in range(150)
        for day, name in enumerate(
            shows[rng.integers(5)] if rng.random() < stray else name for name in ways[rng.integers(3)]
        )
    ]
    assert choose_reading(make_log(rows)).kind == ("inferred" if stray else "recorded")


@pytest.mark.parametrize(("noise", "kind"), [(0.0, "recorded"), (0.3, "inferred")])
def test_contacts_are_taken_at_their_word_where_they_fit(make_log, noise, kind):
    rng = np.random.default_rng(0)
    rows = [
        (f"c{number}", pd.Timestamp("2026-01-01") + pd.Timedelta(days=day), name)
        for number in range(120)
        for day, name in enumerate(way(rng, noise))
    ]
    reading = choose_reading(make_log(rows))
    assert reading.kind == kind
    assert (reading.gain > 2 * reading.gain_se) == (kind == "inferred")
    assert (reading.misfit.max() > 0.1) == (kind == "inferred")


def test_of_too_few_nothing_is_inferred(make_log):
    rng = np.random.default_rng(0)
    rows = [
        (f"c{number}", pd.Timestamp("2026-01-01") + pd.Timedelta(days=day), name)
        for number in range(15)
        for day, name in enumerate(way(rng, 0.4))
    ]
    assert choose_reading(make_log(rows)).kind == "recorded"


def test_the_share_that_does_not_fit_is_found_again():
    """A fifth of the contacts shows either of two stages: a tenth shows the other one."""
    rng = np.random.default_rng(1)
    hidden = (np.arange(20)[None, :] >= rng.geometric(0.15, (400, 1))).astype(int)
    rows = np.where(rng.random(hidden.shape) < 0.2, rng.integers(0, 2, hidden.shape), hidden)
    noise = fit_noise(rows, 2).noise
    overall = np.bincount(rows.ravel()) / rows.size
    assert noise * overall[::-1] == pytest.approx([0.1, 0.1], abs=0.02)
