"""Stages of poor data: what can be inferred is, without claims; what cannot be used is refused with its row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.errors import JourneykitError
from journeykit.events import EventLog
from journeykit.simulate import simulate
from journeykit.stages import infer_stages

STATES = ["awareness", "consideration", "decision", "action", "loyalty", "lapsed"]


@pytest.fixture(scope="module")
def population():
    return simulate(customers=90, days=120, seed=1, pages=False, referrals=False, ratings=False)


@pytest.fixture(scope="module")
def labels(population):
    truth = population.truth
    known = truth[truth["at"] == sorted(truth["at"].unique())[-3]]
    return known[["customer_id", "at", "stage"]].head(80).reset_index(drop=True)


def marked_on_the_first_day(events):
    first = events.groupby("customer_id", as_index=False)["timestamp"].min()
    return pd.concat([events, first.assign(touchpoint="add_to_cart")])


def without_markers(events):
    return events[~events["touchpoint"].isin(EventLog.from_frame(events).client.model.markers())]


def in_the_future(events):
    return pd.concat([events, events.head(1).assign(timestamp=pd.Timestamp("2099-01-01"))])


POOR = {
    "one stage only": lambda e: e[e["touchpoint"] == "search"],
    "one marker only": lambda e: e[e["touchpoint"] == "purchase"],
    "no markers at all": without_markers,
    "a marker of everybody on the first day": marked_on_the_first_day,
    "one day": lambda e: e[e["timestamp"] < e["timestamp"].min() + pd.Timedelta(days=1)],
    "an event in the future": in_the_future,
    "every event twice": lambda e: pd.concat([e, e]),
    "one customer": lambda e: e[e["customer_id"] == e["customer_id"].iloc[0]],
}


@pytest.mark.quick("one stage only", "no markers at all", "one day", "one customer")
@pytest.mark.parametrize("change", POOR.values(), ids=POOR.keys())
def test_poor_events_give_probabilities_for_everybody(population, change):
    events = change(population.events)
    found = infer_stages(EventLog.from_frame(events))
    chances = found.table[[f"p_{state}" for state in STATES]]
    assert sorted(found.table.index) == sorted(events["customer_id"].unique())
    assert np.allclose(chances.sum(axis=1), 1)
    assert (chances >= 0).all().all()
    ahead = found.table[[f"p_next_{state}" for state in [*STATES, "stay"]]]
    if (
        events["timestamp"].dt.normalize().nunique() == 1
    ):  # nobody was seen on a second day: nothing is forecast
        assert ahead.isna().all(axis=None)
    else:
        assert np.allclose(ahead.sum(axis=1), 1)


def test_an_event_in_the_future_makes_nobody_sure(population):
    found = infer_stages(EventLog.from_frame(in_the_future(population.events)))
    assert found.classifier is None
    assert found.table["stage"].isna().all()


@pytest.mark.slow
def test_a_marker_of_everybody_changes_little(population):
    one, two = (
        infer_stages(EventLog.from_frame(change(population.events))).table["p_lapsed"].mean()
        for change in (lambda e: e, marked_on_the_first_day)
    )
    assert one == pytest.approx(two, abs=0.05)


def fourth(labels, **values):
    changed = labels.copy()
    for name, value in values.items():
        changed[name] = changed[name].astype(object).where(changed.index != 3, value)
    return changed


REFUSED = {
    "an unknown stage": (lambda b: fourth(b, stage="decison"), r"labels, line 4: .*Did you mean 'decision'"),
    "no stage": (lambda b: fourth(b, stage=None), "labels, line 4: unknown stage"),
    "a date that is none": (lambda b: fourth(b, at="soon"), "labels, line 4: the date 'soon'"),
    "no date": (lambda b: fourth(b, at=pd.NaT), "labels, line 4: the date"),
    "after the end": (lambda b: b.assign(at=pd.Timestamp("2030-01-01")), "2030-01-01 is after the events end"),
    "before the first contact": (lambda b: b.assign(at=pd.Timestamp("2001-01-01")), "first contact"),
    "unknown customers": (lambda b: b.assign(customer_id="c0001x"), r"'c0001x' is not in the events; 'c0\d+' is"),
    "no such column": (lambda b: b.rename(columns={"stage": "stages"}), "Did you mean 'stages'"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_labels_that_cannot_be_used_are_refused_with_their_row(population, labels, change, said):
    with pytest.raises(JourneykitError, match=said):
        infer_stages(EventLog.from_frame(population.events), change(labels))


def few_of_a_class(labels):
    return pd.concat([labels[labels["stage"] == "decision"].head(2), labels[labels["stage"] == "lapsed"]])


USED = {
    "of one stage": (lambda b: b.assign(stage="decision"), 80),
    "a class with two examples": (few_of_a_class, None),
    "one label": (lambda b: b.head(1), 1),
    "one unknown customer": (lambda b: fourth(b, customer_id="nobody"), 79),
    "each twice": (lambda b: pd.concat([b, b]), 80),
    "with a time zone": (lambda b: b.assign(at=b["at"].dt.tz_localize("Europe/Amsterdam")), 80),
    "other columns beside": (lambda b: b.assign(note="x"), 80),
}


@pytest.mark.quick("a class with two examples", "one unknown customer")
@pytest.mark.parametrize(("change", "kept"), USED.values(), ids=USED.keys())
def test_labels_that_are_odd_are_used_where_they_can_be(population, labels, change, kept):
    given = change(labels)
    found = infer_stages(EventLog.from_frame(population.events), given)
    assert found.reader.about["labels"] == (len(given) if kept is None else kept)
    assert found.table["p_lapsed"].between(0, 1).all()


@pytest.mark.slow
def test_labels_twice_are_labels_once(population, labels):
    log = EventLog.from_frame(population.events)
    once, twice = (infer_stages(log, given).table for given in (labels, pd.concat([labels, labels])))
    pd.testing.assert_frame_equal(once, twice)


@pytest.mark.quick("nan")
@pytest.mark.parametrize("days", [-5, float("nan"), float("inf")])
def test_a_horizon_that_is_none_is_refused(make_log, days):
    with pytest.raises(JourneykitError, match="horizon of the forecast"):
        infer_stages(make_log([("a", "2026-03-01", "search")]), horizon_days=days)
