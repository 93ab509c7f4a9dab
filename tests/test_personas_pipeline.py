"""The parts of the persona method as scikit-learn knows them: each by itself, and in a pipeline."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from persona_people import QUICK, people
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from journeykit.events import EventLog
from journeykit.features import StageAdjuster, measure_profile, measure_stage_mix, measure_traits
from journeykit.features.tables import trait_names
from journeykit.personas import PersonaClusterer, WithinCustomerWhitener
from journeykit.simulate import simulate

COORDINATES = PersonaClusterer(n_bootstrap=2, n_null=5, k_max=4, whiten=False)
TURNED = PersonaClusterer(n_bootstrap=2, n_null=5, k_max=4, whiten="turn")


@parametrize_with_checks([StageAdjuster(), WithinCustomerWhitener()])
def test_follows_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([COORDINATES, TURNED])
def test_other_ways_to_whiten_follow_them_too(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def world():
    population = simulate(customers=400, separation=1.3, days=180, personas=3, seed=3)
    log = EventLog.from_frame(population.events)
    truth = population.truth.drop_duplicates("customer_id").set_index("customer_id")["persona"]
    return log, measure_traits(log), truth


def mixed(rows=120, seed=0) -> pd.DataFrame:
    """Return calls that hang on stage and span, beside a taste that does not."""
    rng = np.random.default_rng(seed)
    share, span, taste = rng.random(rows), rng.normal(3, 1, rows), rng.normal(size=rows)
    return pd.DataFrame(
        {
            "calls": 5 + 4 * share - 2 * span + 0.1 * rng.normal(size=rows),
            "taste": taste,
            "stage_share.early": share,
            "pace.span": span,
            "evidence.contacts": rng.integers(5, 90, rows).astype(float),
        }
    )


# The adjuster ------------------------------------------------------------------------------------


def test_what_the_covariates_explain_is_taken_out():
    frame = mixed()
    adjuster = StageAdjuster().set_output(transform="pandas").fit(frame)
    left = adjuster.transform(frame)
    assert left.columns.tolist() == ["calls", "taste", "evidence.contacts"]
    assert adjuster.covariates_ == ["stage_share.early", "pace.span"]
    assert adjuster.coefficients_.loc["calls"].tolist() == pytest.approx([5, 4, -2], abs=0.2)
    assert left["calls"].std() < 0.05 * frame["calls"].std()
    assert left["taste"].std() > 0.9 * frame["taste"].std()
    assert left["evidence.contacts"].equals(frame["evidence.contacts"])


def test_new_people_are_adjusted_with_what_was_learned():
    """Learning anew on two people would make both of them average."""
    old, new = mixed(), mixed(2, seed=1)
    adjuster = StageAdjuster().fit(old)
    slopes = adjuster.coefficients_.loc["calls"]
    expected = new["calls"] - slopes["intercept"] - new[adjuster.covariates_] @ slopes[adjuster.covariates_]
    assert adjuster.transform(new)[:, 0] == pytest.approx(expected.to_numpy())


def test_somebody_without_covariates_loses_only_the_mean():
    frame = mixed()
    frame.loc[0, ["stage_share.early", "pace.span"]] = np.nan
    left = StageAdjuster().fit(frame).transform(frame)
    assert np.isfinite(left[0]).all()
    assert left[0, 0] == pytest.approx(frame["calls"][0] - frame["calls"][1:].mean(), abs=0.05)


def test_gaps_stay_gaps():
    frame = mixed()
    frame.loc[3, "calls"] = np.nan
    assert np.isnan(StageAdjuster().fit(frame).transform(frame)[3, 0])


def test_without_covariates_nothing_changes():
    values = mixed().to_numpy()
    assert (StageAdjuster().fit_transform(values) == values).all()


def test_the_evidence_may_explain_and_still_passes():
    frame = mixed()
    adjuster = StageAdjuster(by=["evidence.contacts"]).set_output(transform="pandas")
    left = adjuster.fit_transform(frame)
    assert left["evidence.contacts"].equals(frame["evidence.contacts"])
    assert abs(np.corrcoef(left["taste"], frame["evidence.contacts"])[0, 1]) < 1e-9


def test_columns_of_an_array_can_be_covariates():
    values = mixed().to_numpy()[:, :4]
    left = StageAdjuster(by=["x2", "x3"]).fit_transform(values)
    assert left.shape == (120, 2)
    assert left[:, 0].std() < 0.2


def test_few_people_lose_the_mean_only():
    frame = mixed(5)
    left = StageAdjuster().fit(frame).transform(frame)
    assert left[:, 0] == pytest.approx(frame["calls"] - frame["calls"].mean())


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    slope=st.floats(-100, 100),
    shift=st.floats(-1000, 1000),
)
def test_laws_of_what_is_left(seed, scale, slope, shift):
    """What is left has mean 0, hangs on no covariate, and does not see a covariate's share in the trait."""
    frame = mixed(60, seed)
    left = StageAdjuster().fit(frame).transform(frame)[:, 0]
    covariates = frame[["stage_share.early", "pace.span"]].to_numpy()
    assert left.mean() == pytest.approx(0, abs=1e-9)
    assert covariates.T @ left == pytest.approx(np.zeros(2), abs=1e-7)
    again = frame.assign(
        calls=frame["calls"] + slope * frame["pace.span"] + shift, **{"pace.span": frame["pace.span"] * scale}
    )
    order = np.random.default_rng(seed).permutation(60)
    changed = StageAdjuster().fit(again.iloc[order]).transform(again)[:, 0]
    assert changed == pytest.approx(left, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "by", "said"),
    [
        (lambda f: f, ["pace.spam"], "'pace.spam' is no column.*'pace.span'"),
        (lambda f: f.assign(taste=np.inf), ("pace.",), "taste.*infinite"),
        (lambda f: f.assign(taste="sweet"), ("pace.",), "taste.*text"),
        (lambda f: f.iloc[:0], ("pace.",), "0 sample"),
    ],
)
def test_bad_tables_for_the_adjuster_are_named(change, by, said):
    with pytest.raises(ValueError, match=said):
        StageAdjuster(by=by).fit(change(mixed()))


def test_raw_shares_lose_their_stage(world):
    """The mix of stages and the raw shares of one log, joined: what is left does not tell the stage."""
    log, _, _ = world
    mix = measure_stage_mix(log)
    assert mix.filter(like="stage_share.").sum(axis=1).to_numpy() == pytest.approx(np.ones(len(mix)))
    shares = measure_profile(log).filter(like="touchpoint_share.")
    left = StageAdjuster().set_output(transform="pandas").fit_transform(shares.join(mix))
    assert left.columns.tolist() == shares.columns.tolist()
    for name in shares:
        assert abs(np.corrcoef(left[name], mix.iloc[:, 0])[0, 1]) < 1e-6


# The whitener ------------------------------------------------------------------------------------


def whitened_forms(traits: pd.DataFrame) -> dict[str, object]:
    names = [name for name in traits if name != "evidence.contacts"]
    matrix = np.diag(np.linspace(0.1, 2, len(names)))
    frame = pd.DataFrame(matrix, index=names, columns=names)
    back = frame.iloc[::-1, ::-1]
    return {
        "array": matrix,
        "frame": frame,
        "frame in another order": back,
        "dict": {"columns": list(back), "matrix": back.to_numpy().tolist()},
    }


@pytest.mark.parametrize("form", ["array", "frame in another order", "dict"])
def test_the_covariance_within_a_person_may_be_given_in_any_form(form):
    traits, _ = people()
    forms = whitened_forms(traits)
    expected = WithinCustomerWhitener(forms["frame"]).fit_transform(traits)
    assert WithinCustomerWhitener(forms[form]).fit_transform(traits) == pytest.approx(expected)


def test_the_covariance_may_travel_with_the_frame():
    traits, _ = people()
    plain = WithinCustomerWhitener().fit(traits)
    carried = traits.copy()
    carried.attrs["within_customer"] = whitened_forms(traits)["dict"]
    whitener = WithinCustomerWhitener().fit(carried)
    assert (plain.within_used_, whitener.within_used_) == (False, True)
    given = WithinCustomerWhitener(whitened_forms(traits)["frame"])
    assert whitener.transform(traits) == pytest.approx(given.fit_transform(traits))


def test_directions_are_named_and_the_evidence_passes():
    traits, _ = people()
    whitener = WithinCustomerWhitener(n_directions=3).set_output(transform="pandas")
    points = whitener.fit_transform(traits)
    assert points.columns.tolist() == ["direction0", "direction1", "direction2", "evidence.contacts"]
    assert points.index.equals(traits.index)
    assert points["evidence.contacts"].equals(traits["evidence.contacts"])


def test_thin_units_are_turned_but_not_learned_from():
    traits, _ = people()
    thin = traits.iloc[:40] * 50
    thin["evidence.contacts"] = 3.0
    both = pd.concat([traits, thin.set_axis([f"thin{n}" for n in range(40)])])
    expected = WithinCustomerWhitener().fit(traits).transform(traits)
    assert WithinCustomerWhitener().fit(both).transform(traits) == pytest.approx(expected)


def test_traits_on_one_scale_keep_it():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 2)) * [1.0, 20.0]
    loud = WithinCustomerWhitener(scale=False).fit(values).space_
    even = WithinCustomerWhitener().fit(values).space_
    assert loud.weights[0] > 100 * loud.weights[1]
    assert even.weights[0] < 2 * even.weights[1]


@pytest.mark.parametrize(
    ("within", "said"),
    [
        (np.eye(3), r"shape \(3, 3\); give 8 x 8"),
        (pd.DataFrame(np.eye(2), index=["block.t0", "b"], columns=["block.t0", "b"]), "lacks block.t1"),
        ({"columns": ["block.t0"], "matrix": [[1.0]]}, "lacks block.t1"),
    ],
)
def test_a_covariance_of_other_traits_is_refused(within, said):
    with pytest.raises(ValueError, match=said):
        WithinCustomerWhitener(within).fit(people()[0])


# The clusterer on coordinates --------------------------------------------------------------------


def test_the_parts_together_are_the_whole(world):
    """The parts are those of personas by traits: counts pass the adjuster and leave at the whitener."""
    _, traits, truth = world
    within = traits.attrs["within_customer"]
    without_counts = traits[[*trait_names(traits), "evidence.contacts"]]
    without_counts.attrs["within_customer"] = within
    whole = PersonaClusterer(**QUICK).fit(without_counts)
    parts = Pipeline(
        [
            ("adjust", StageAdjuster()),
            ("whiten", WithinCustomerWhitener(within)),
            ("group", PersonaClusterer(whiten=False, **QUICK)),
        ]
    ).set_output(transform="pandas")
    labels = parts.fit_predict(traits)
    assert parts[-1].found_ and whole.found_
    assert parts[-1].k_ == whole.k_
    assert adjusted_rand_score(labels, whole.labels_) > 0.98
    assert ((labels == -1) == (whole.labels_ == -1)).mean() > 0.99
    assert adjusted_rand_score(truth.reindex(traits.index)[labels >= 0], labels[labels >= 0]) > 0.8


@pytest.mark.parametrize("whiten", [False, "turn"])
def test_coordinates_are_grouped_as_they_are(whiten):
    """Scaling would let the noise of the second column drown the first."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], [120, 80])
    values = np.column_stack([20.0 * truth + rng.normal(size=200), rng.normal(size=(200, 6))])
    labels = PersonaClusterer(2, whiten=whiten, **QUICK).fit(values).labels_
    assert adjusted_rand_score(truth, labels) == 1.0


def test_coordinates_come_back_from_their_mean():
    values = people()[0].to_numpy()[:, :3] + 7
    clusterer = PersonaClusterer(2, whiten=False, **QUICK).fit(values)
    assert clusterer.transform(values) == pytest.approx(values - values.mean(axis=0))


@pytest.mark.quick("0")
@pytest.mark.parametrize("whiten", [False, "turn"])
@pytest.mark.parametrize("seed", range(3))
def test_coordinates_without_groups_are_refused(whiten, seed):
    """Skewed coordinates too: a long tail is no group."""
    rng = np.random.default_rng(seed)
    for values in (rng.normal(size=(400, 4)) * [3, 2, 1, 1], rng.exponential(size=(400, 4)) * [3, 2, 1, 1]):
        refused = PersonaClusterer(whiten=whiten, n_bootstrap=6, n_null=19).fit(values)
        assert (refused.found_, refused.k_) == (False, 1)


def test_groups_along_one_coordinate_are_found():
    """Shuffling that coordinate by itself would keep the groups, and chance could not be beaten."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 4))
    values[:140, 0] += 7
    found = PersonaClusterer(whiten=False, **QUICK).fit(values)
    assert (found.found_, found.k_) == (True, 2)


@pytest.mark.quick("turn")
@pytest.mark.parametrize("whiten", [False, "turn"])
def test_order_ids_and_repetition_change_nothing(whiten):
    traits, _ = people()
    points = (
        traits if whiten else WithinCustomerWhitener().set_output(transform="pandas").fit_transform(traits)
    )
    labels = PersonaClusterer(whiten=whiten, **QUICK).fit(points).labels_
    order = np.random.default_rng(1).permutation(len(points))
    changed = points.iloc[order, ::-1].set_axis([f"n{n}" for n in range(len(points))])
    changed["z.copy"], changed["z.constant"] = changed[points.columns[0]], 3.0
    assert (PersonaClusterer(whiten=whiten, **QUICK).fit(changed).labels_ == labels[order]).all()


@pytest.mark.parametrize("whiten", ["yes", None, 2])
def test_a_way_of_whitening_that_is_not_there(whiten):
    with pytest.raises(ValueError, match="give True, False or 'turn'"):
        PersonaClusterer(whiten=whiten).fit(people()[0])


@pytest.mark.parametrize("whiten", [True, False, "turn"])
def test_saved_personas_keep_how_they_were_whitened(whiten, tmp_path):
    traits, _ = people()
    clusterer = PersonaClusterer(3, whiten=whiten, **QUICK).fit(traits)
    clusterer.save(tmp_path / "personas.skops")
    loaded = PersonaClusterer.load(tmp_path / "personas.skops")
    assert loaded.whiten == whiten
    assert (loaded.predict(traits * 3) == clusterer.predict(traits * 3)).all()


def test_files_from_before_the_parameter_still_load(tmp_path):
    import skops.io

    traits, _ = people()
    clusterer = PersonaClusterer(3, **QUICK).fit(traits)
    path = clusterer.save(tmp_path / "personas.skops")
    content = skops.io.load(path, trusted=[])
    del content["parameters"]["whiten"], content["space"]["bound"]
    skops.io.dump(content, path)
    loaded = PersonaClusterer.load(path)
    assert loaded.whiten is True
    assert (loaded.predict(traits) == clusterer.predict(traits)).all()


def test_a_pipeline_of_arrays():
    values = people()[0].drop(columns="evidence.contacts").to_numpy()
    pipeline = make_pipeline(
        StageAdjuster(), WithinCustomerWhitener(), PersonaClusterer(whiten=False, **QUICK)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(pipeline.fit_predict(values)) == {0, 1, 2}
