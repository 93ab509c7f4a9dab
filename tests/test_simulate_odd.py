"""Sparse and odd populations: each oddity is there when asked for, is no other, and leaves the ordinary world alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.errors import JourneykitError
from journeykit.events import EventLog
from journeykit.simulate import limit, simulate
from journeykit.simulate.amounts import with_contacts
from journeykit.simulate.oddities import in_bursts
from journeykit.simulate.settings import Settings
from journeykit.stage_models import load_stage_model

SMALL = {"customers": 300, "seed": 3}
ODD = {"rush": 0.6, "one_visit": 0.5, "burst": 6.0, "imported": 0.4, "billed": 0.8}


def day_of(population) -> pd.Series:
    return population.events["timestamp"].dt.normalize()


def contacts_of(population) -> pd.Series:
    return population.events.groupby("customer_id").size()


@pytest.mark.parametrize("wanted", [3, 10, 50, 300])
def test_units_have_as_many_contacts_as_was_asked_for(wanted):
    made = simulate(**SMALL, contacts=wanted)
    assert contacts_of(made).mean() == pytest.approx(wanted, rel=0.12)
    markers = made.events["touchpoint"].isin(load_stage_model("universal").markers())
    assert made.parameters["contacts"] is None and (wanted > 3 or markers.mean() < 0.75)


def test_what_was_set_to_reach_the_contacts_makes_the_same_population_again():
    made = simulate(**SMALL, contacts=8)
    pd.testing.assert_frame_equal(simulate(**made.parameters).events, made.events)
    assert with_contacts(Settings(**made.parameters)) == Settings(**made.parameters)


def test_the_posterior_of_a_sparse_and_seasonal_world_believes_as_often_as_it_is_right():
    made = simulate(customers=300, seed=4, contacts=9, season=0.7)
    stage = limit(made)[1]
    truth = made.truth[made.truth["at"] == made.truth["at"].max()].set_index("customer_id")["stage"]
    right = (stage.idxmax(axis=1) == truth.loc[stage.index]).mean()
    assert right == pytest.approx(stage.max(axis=1).mean(), abs=0.08)


@pytest.mark.parametrize("name", ODD)
def test_the_posterior_refuses_what_it_does_not_know(name):
    with pytest.raises(JourneykitError, match=name):
        limit(simulate(customers=20, days=40, **{name: ODD[name]}))


def test_in_a_rush_several_stages_stand_in_one_visit_in_their_order():
    """With all markers tracked and no noise, who ends a visit far along left a marker of each stage on the way."""
    made = simulate(**SMALL, rush=0.7, noise=0.0, missing_markers=0.0, referrals=False)
    place = {stage: number for number, stage in enumerate(load_stage_model("universal").ids)}
    of = load_stage_model("universal").markers()
    marks = made.events.assign(day=day_of(made), place=made.events["touchpoint"].map(of).map(place))
    by_day = marks.dropna(subset=["place"]).groupby(["customer_id", "day"])["place"]
    wide = by_day.agg(["nunique", lambda one: one.is_monotonic_increasing])
    assert (wide["nunique"] >= 3).sum() > 50
    usual = simulate(**SMALL, noise=0.0, missing_markers=0.0, referrals=False)
    days = usual.events.assign(day=day_of(usual), place=usual.events["touchpoint"].map(of).map(place))
    several = days.dropna(subset=["place"]).groupby(["customer_id", "day"])["place"].nunique() >= 3
    assert several.sum() < 5


def test_who_comes_once_has_one_visit_and_has_lapsed():
    made = simulate(**SMALL, one_visit=0.5, referrals=False)
    days = made.events.assign(day=day_of(made)).groupby("customer_id")["day"].nunique()
    once = days[days == 1].index
    assert 0.4 < len(once) / len(days) < 0.62
    late = made.truth[made.truth["customer_id"].isin(once) & (made.truth["at"] == made.truth["at"].max())]
    assert (late["stage"] == "lapsed").mean() > 0.85


def test_bursts_put_visits_on_consecutive_days_without_many_more_of_them():
    even, bursty = (simulate(**SMALL, burst=burst, noise=0.0) for burst in (1.0, 8.0))

    def next_day(made) -> float:
        days = made.events.assign(day=day_of(made)).drop_duplicates(["customer_id", "day"])
        return float((days.groupby("customer_id")["day"].diff() == pd.Timedelta(days=1)).mean())

    assert next_day(bursty) > 1.5 * next_day(even)
    assert contacts_of(bursty).mean() == pytest.approx(contacts_of(even).mean(), rel=0.3)


def test_bursts_of_hand_made_chances():
    """A visit of 0.4 chance a day, drawn at 0.5: none alone, and after the first, which chance 0.1 gives, each."""
    rate, drawn = np.full((1, 4), 0.5), np.array([[0.05, 0.5, 0.5, 0.5]])
    assert in_bursts(rate, drawn, 1.0).tolist() == [[True, False, False, False]]
    assert in_bursts(rate, drawn, 9.0).tolist() == [[True, True, True, True]]


def test_a_season_is_high_in_december_and_low_in_june():
    made = simulate(customers=600, days=365, seed=3, season=0.9, start="2025-01-01")
    month = made.events["timestamp"].dt.month.value_counts()
    plain = (
        simulate(customers=600, days=365, seed=3, start="2025-01-01")
        .events["timestamp"]
        .dt.month.value_counts()
    )
    assert month[6] / plain[6] < 0.4 < 1.2 < month[12] / plain[12]


def test_imports_bear_one_moment_a_week_and_lose_nothing():
    plain, made = simulate(**SMALL, referrals=False), simulate(**SMALL, imported=0.4, referrals=False)
    moments = made.events["timestamp"].value_counts()
    batches = moments[moments > 20]
    assert len(batches) > 15 and set(batches.index.day_of_week) == {0} and set(batches.index.hour) == {3}
    assert batches.sum() / len(made.events) == pytest.approx(0.4, abs=0.06)
    assert contacts_of(made).eq(contacts_of(plain)).all()
    first = made.truth.groupby("customer_id")["at"].min() + pd.Timedelta(days=1)
    begun = made.events.groupby("customer_id")["timestamp"].min().loc[first.index]
    assert (begun < first).all()  # nobody's stage is told before something of them is known


@pytest.mark.parametrize("stage_model", ["universal", "value-journey", "content"])
def test_charges_fall_on_the_first_of_the_month_on_buyers(stage_model):
    plain, made = (simulate(**SMALL, stage_model=stage_model, billed=share) for share in (0.0, 1.0))
    charged = made.events[
        made.events["channel"].eq("direct") & made.events["timestamp"].dt.strftime("%d %T").eq("01 06:00:00")
    ]
    assert len(made.events) - len(plain.events) == len(charged) > 100
    assert set(charged["touchpoint"]) == {"subscription_renewal"} and (charged["value"] > 0).all()
    assert (charged.groupby("customer_id")["value"].nunique() == 1).all()
    assert 0.2 < charged["customer_id"].nunique() / 300 < 1


def test_all_oddities_together_of_accounts_are_read_without_a_reject():
    made = simulate(
        customers=80, seed=3, **ODD, setting="b2b", contacts=12, season=0.5, stage_model="digital"
    )
    assert len(EventLog.from_frame(made.events, customers=made.customers).to_pandas()) == len(made.events)
    assert made.events["account_id"].notna().all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"contacts": 2}, "contacts is 2"), ({"contacts": 1000}, "contacts is 1000"), ({"rush": 1.0}, "rush is 1.0"),
     ({"one_visit": -1}, "one_visit is -1"), ({"burst": 0.5}, "burst is 0.5"), ({"season": 2}, "season is 2"),
     ({"imported": "some"}, "imported is 'some'"), ({"billed": 1.1}, "billed is 1.1")],
)  # fmt: skip
def test_a_wrong_oddity_is_named(wrong, said):
    with pytest.raises(JourneykitError) as raised:
        simulate(**wrong)
    assert said in str(raised.value)
