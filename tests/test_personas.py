"""Personas: found where there are groups, refused where there are none, the same in any order, reusable."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from persona_people import QUICK, people
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from journeykit.errors import JourneykitError
from journeykit.features import measure_profile, measure_traits
from journeykit.intervals import wilson
from journeykit.personas import PersonaClusterer, describe_personas
from journeykit.personas.choosing import choose_number
from journeykit.personas.grouping import jaccard
from journeykit.personas.reuse import stability_index
from journeykit.personas.space import fit_space, usable_columns


def shuffled(traits: pd.DataFrame, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    mixed = traits.apply(lambda column: rng.permutation(column.to_numpy()))
    mixed.attrs = traits.attrs
    return mixed


@pytest.fixture(scope="module")
def simulated():
    from journeykit.events import EventLog
    from journeykit.simulate import simulate

    population = simulate(customers=700, separation=1.2, days=180, personas=3, seed=3)
    log = EventLog.from_frame(population.events)
    truth = population.truth.drop_duplicates("customer_id").set_index("customer_id")["persona"]
    return measure_traits(log), measure_profile(log), truth


@parametrize_with_checks([PersonaClusterer(n_bootstrap=2, n_null=5, k_max=4)])
def test_follows_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


def test_finds_the_groups_that_are_there(fitted):
    _traits, truth = people()
    assert (fitted.k_, fitted.found_, fitted.reason_) == (3, True, "found")
    assert adjusted_rand_score(truth, fitted.labels_) > 0.95
    assert fitted.certificate_["certified"].all()
    assert fitted.certificate_["customers"].is_monotonic_decreasing
    assert fitted.certificate_.index.tolist() == ["p1", "p2", "p3"]
    assert fitted.null_["p_value"] <= 0.1
    assert set(fitted.candidates_.columns) == {
        "gap",
        "gap_error",
        "split_half",
        "jaccard_min",
        "jaccard_mean",
    }
    assert fitted.k_range_[0] <= 3 <= fitted.k_range_[1]


@pytest.mark.quick("0", "1")
@pytest.mark.parametrize("seed", range(4))
def test_refuses_shuffled_people(seed):
    """A method that always answers would call the pieces of a shapeless cloud personas."""
    refused = PersonaClusterer(**QUICK).fit(shuffled(people()[0], seed))
    assert not refused.found_
    assert refused.k_ == 1
    assert set(refused.labels_) == {-1}
    assert not refused.certificate_["certified"].any()


def test_refuses_traits_that_only_hang_together():
    """Correlated traits without groups beat shuffled ones; they are still no personas."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 8)) + 0.5 * rng.normal(size=(500, 8))
    frame = pd.DataFrame(values).add_prefix("block.t").assign(**{"evidence.contacts": 50.0})
    assert not PersonaClusterer(**QUICK).fit(frame).found_


def test_a_number_that_is_given_is_obeyed_but_not_believed():
    forced = PersonaClusterer(4, **QUICK).fit(shuffled(people()[0], 0))
    assert forced.k_ == 4
    assert not forced.found_
    assert set(forced.labels_) - {-1} == {0, 1, 2, 3}


def test_rows_in_another_order_give_the_same_personas(fitted):
    traits, _ = people()
    order = np.random.default_rng(5).permutation(len(traits))
    again = PersonaClusterer(**QUICK).fit(traits.iloc[order])
    assert (again.labels_ == fitted.labels_[order]).all()


@pytest.mark.quick("a trait twice", "other order of traits")
@pytest.mark.parametrize(
    "change",
    [
        lambda traits: traits.set_axis([f"other{place}" for place in range(len(traits))]),
        lambda traits: traits.assign(**{"block.z_copy": traits["block.t3"]}),
        lambda traits: traits.assign(**{"block.z_constant": 1.0, "block.z_missing": np.nan}),
        lambda traits: traits[traits.columns[::-1]],
    ],
    ids=["other ids", "a trait twice", "a constant and an empty trait", "other order of traits"],
)
def test_what_says_nothing_changes_nothing(fitted, change):
    again = PersonaClusterer(**QUICK).fit(change(people()[0]))
    assert (again.labels_ == fitted.labels_).all()


def test_traits_that_say_nothing_are_noted():
    traits = people()[0].assign(**{"block.z_constant": 1.0, "block.z_missing": np.nan})
    assert PersonaClusterer(2, **QUICK).fit(traits).notes_ == ("block.z_constant", "block.z_missing")


def test_whoever_has_few_contacts_is_not_placed_but_has_a_probability(fitted):
    traits = people()[0].assign(**{"evidence.contacts": [5.0] + [60.0] * 349})
    clusterer = PersonaClusterer(**QUICK).fit(traits)
    assert clusterer.labels_[0] == -1
    assert (clusterer.labels_[1:] >= 0).mean() > 0.98
    assert clusterer.predict_proba(traits)[0].sum() == pytest.approx(1.0)


def test_whoever_is_far_from_everybody_is_not_placed(fitted):
    stranger = people()[0].iloc[[0]].copy()
    stranger.iloc[0, :8] = [30.0, -30.0] * 4
    assert fitted.predict(stranger).tolist() == [-1]
    assert fitted.novelty(stranger)[0] > 1


def test_one_outlier_does_not_move_the_personas(fitted):
    traits = people()[0]
    traits.iloc[-1, 0] = 1e9
    again = PersonaClusterer(**QUICK).fit(traits)
    assert adjusted_rand_score(again.labels_[:-1], fitted.labels_[:-1]) > 0.98


def test_gaps_are_no_values():
    """Filling with 0 would gather everybody with a gap in one group."""
    traits, truth = people()
    holes = np.random.default_rng(2).random((len(traits), 8)) < 0.15
    traits.iloc[:, :8] = traits.iloc[:, :8].mask(holes) + 100
    clusterer = PersonaClusterer(**QUICK).fit(traits)
    assert adjusted_rand_score(truth, clusterer.labels_) > 0.85


def test_whitening_ignores_what_changes_within_a_person():
    """Two traits swing widely within everybody: without whitening they drown the groups."""
    traits, truth = people(sizes=(200, 150), apart=1.6, traits=6)
    rng = np.random.default_rng(3)
    mood = rng.normal(size=(len(traits), 1))
    loud = pd.DataFrame(mood + 0.3 * rng.normal(size=(len(traits), 6)), index=traits.index).add_prefix(
        "mood.m"
    )
    both = pd.concat([loud, traits], axis=1)
    within = np.diag([1.0] * 6 + [0.1] * 6)
    within[:6, :6] = 0.95
    np.fill_diagonal(within, np.diag(within) + 0.05)
    names = [*loud.columns, *traits.columns[:-1]]
    both.attrs["within_customer"] = {"columns": names, "matrix": within.tolist()}
    whitened = adjusted_rand_score(truth, PersonaClusterer(2, n_directions=1, **QUICK).fit(both).labels_)
    both.attrs = {}
    plain = adjusted_rand_score(truth, PersonaClusterer(2, n_directions=1, **QUICK).fit(both).labels_)
    assert whitened > plain + 0.2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.assign(**{"block.t1": np.inf}), "block.t1.*infinite"),
        (lambda t: t.assign(**{"block.t1": "much"}), "block.t1.*text"),
        (lambda t: t.iloc[:0], "0 sample"),
    ],
)
def test_bad_numbers_are_named(change, said):
    with pytest.raises(ValueError, match=said):
        PersonaClusterer(**QUICK).fit(change(people()[0]))


@pytest.mark.parametrize("k", [0, 2.5, "many", True])
def test_a_number_of_personas_is_a_whole_number(k):
    with pytest.raises(ValueError, match="whole number"):
        PersonaClusterer(k, **QUICK).fit(people()[0])


def test_more_personas_than_people():
    with pytest.raises(ValueError, match="only 3 rows"):
        PersonaClusterer(5, **QUICK).fit(people()[0].iloc[:3])


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (pd.DataFrame({"evidence.contacts": [20.0, 30.0]}), "no_traits"),
        (pd.DataFrame({"a.b": [1.0, 1.0, 1.0], "evidence.contacts": [20.0] * 3}), "no_traits"),
        (pd.DataFrame({"a.b": [1.0], "evidence.contacts": [20.0]}), "no_traits"),
        (pd.DataFrame({"a.b": [1.0, 2.0, 5.0], "evidence.contacts": [20.0] * 3}), "too_few"),
        (pd.DataFrame({"a.b": [1.0, 2.0, 5.0], "evidence.contacts": [2.0] * 3}), "too_few"),
    ],
    ids=["no traits", "everybody alike", "one customer", "three customers", "all thin"],
)
def test_too_little_is_refused_and_no_crash(frame, reason):
    refused = PersonaClusterer(**QUICK).fit(frame)
    assert (refused.found_, refused.reason_, set(refused.labels_)) == (False, reason, {-1})
    assert refused.predict_proba(frame).shape == (len(frame), 1)


def test_works_in_a_pipeline_and_names_its_columns():
    traits = people()[0]
    pipeline = make_pipeline(FunctionTransformer(), PersonaClusterer(3, **QUICK)).set_output(
        transform="pandas"
    )
    coordinates = pipeline.fit(traits).transform(traits)
    assert coordinates.columns[:2].tolist() == ["direction0", "direction1"]
    assert coordinates.index.equals(traits.index)


def test_tables_without_evidence_label_everybody():
    values = people()[0].drop(columns="evidence.contacts").to_numpy()
    assert set(PersonaClusterer(**QUICK).fit_predict(values)) == {0, 1, 2}


def test_personas_of_a_simulated_world(simulated):
    traits, profile, truth = simulated
    clusterer = PersonaClusterer(**QUICK).fit(traits)
    placed = clusterer.labels_ >= 0
    assert clusterer.found_
    assert adjusted_rand_score(truth.reindex(traits.index)[placed], clusterer.labels_[placed]) > 0.8
    table = describe_personas(clusterer, traits, profile)
    assert table["persona"].tolist() == [f"p{n + 1}" for n in range(clusterer.k_)]
    assert table["customers"].sum() == placed.sum()
    assert ((table["share_low"] < table["share"]) & (table["share"] < table["share_high"])).all()
    assert table["key"].is_unique
    strongest = table["traits"].iloc[0]
    assert len(strongest) == 10
    assert [abs(t["effect"]) for t in strongest] == sorted(
        [abs(t["effect"]) for t in strongest], reverse=True
    )
    assert set(strongest[0]) == {"trait", "effect", "median", "low", "high", "rest_median"}


def test_descriptions_hold_what_was_counted(fitted):
    traits = people()[0]
    email = np.where(fitted.labels_ == 0, 0.8, 0.2) + np.linspace(0, 0.02, len(traits))
    profile = pd.DataFrame({"channel_share.email": email, "value_total": 10.0}, index=traits.index)
    attributes = pd.DataFrame({"age": 40.0, "city": "Ede"}, index=traits.index)
    attributes.loc[attributes.index[:80], "age"] = np.nan
    table = describe_personas(fitted, traits, profile, attributes)
    first = table.iloc[0]
    assert first["key"] == "channel_share.email+"
    assert table["key"].iloc[1:].str.startswith("channel_share.email-").all()
    assert first["traits"][0]["rest_median"] < 0.25 < 0.75 < first["traits"][0]["median"]
    assert first["value_mean"] == 10.0
    assert first["attributes"][0]["median"] == 40.0
    assert first["attributes"][0]["missing_share"] == pytest.approx(
        attributes["age"][fitted.labels_ == 0].isna().mean()
    )
    assert first["attributes"][1]["level"] == "Ede"


def test_small_personas_keep_their_attributes_to_themselves(fitted):
    traits = people()[0]
    attributes = pd.DataFrame({"city": "Ede"}, index=traits.index)
    profile = pd.DataFrame({"contacts": np.arange(350.0)}, index=traits.index)
    table = describe_personas(fitted, traits, profile, attributes, min_group=200)
    assert table["attributes"].map(len).sum() == 0


def test_traits_and_profile_of_different_people(fitted):
    with pytest.raises(JourneykitError, match="no unit in common"):
        describe_personas(fitted, people()[0], pd.DataFrame({"contacts": [1]}, index=["x"]))


def test_nothing_found_is_described_as_nothing():
    traits = shuffled(people()[0], 0)
    refused = PersonaClusterer(**QUICK).fit(traits)
    assert describe_personas(refused, traits, traits).empty


def test_small_sums_by_hand():
    assert np.isnan(wilson(0, 0)).all()
    assert float(wilson(5, 10)[0]) == pytest.approx(0.2366, abs=1e-4)
    assert stability_index([0.5, 0.5], [0.8, 0.2]) == pytest.approx(0.3 * np.log(1.6) + 0.3 * np.log(2.5))
    assert jaccard(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2).tolist() == pytest.approx(
        [2 / 3, 1 / 2]
    )
    columns = np.array([[1.0, 1.0, 2.0, np.nan], [2.0, 2.0, 2.0, np.nan]])
    assert usable_columns(columns).tolist() == [0]


def test_the_direction_that_stays_within_a_person_comes_first():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 2)) * [1.0, 1.0]
    space = fit_space(values, np.diag([0.1, 0.9]), 2, 0.1)
    assert abs(space.directions[0, 0]) > 5 * abs(space.directions[1, 0])
    assert space.weights[0] > space.weights[1]


def test_the_median_of_three_criteria_decides():
    scores = pd.DataFrame(
        {"gap": [0.0, 0.2, 0.5, 0.45, 0.4], "gap_error": 0.02, "split_half": [np.nan, 0.9, 0.7, 0.6, 0.5],
         "jaccard_min": [1.0, 0.9, 0.8, 0.7, 0.3]}, index=[1, 2, 3, 4, 5],
    )  # fmt: skip
    assert choose_number(scores) == {"gap": 3, "split_half": 2, "jaccard": 4, "chosen": 3}
