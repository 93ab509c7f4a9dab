"""Wide tables: one row a customer, of mixed types, with gaps; what becomes of each column, and of the personas."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from journeykit.features import WideTraits
from journeykit.personas import PersonaClusterer, describe_personas

TURN = {"whiten": "turn", "n_bootstrap": 6, "n_null": 19, "k_max": 6}


@parametrize_with_checks([WideTraits()])
def test_follows_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


def mixture(k=3, rows=500, seed=0, gaps=0.1, apart=1.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return people of known groups: numbers, skewed amounts that share an activity, flags, categories, gaps."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, k, rows)
    active = rng.normal(0, 0.8, rows)
    table = {}
    for n in range(4):
        table[f"score{n}"] = 10.0**n * (rng.normal(0, apart, k)[group] + rng.normal(size=rows))
    for n in range(3):
        table[f"spend{n}"] = np.exp(
            2.5 + rng.normal(0, 0.8 * apart, k)[group] + active + rng.normal(0, 0.8, rows)
        )
    for n in range(3):
        chance = 1 / (1 + np.exp(-rng.normal(0, 1.3 * apart, k)))
        table[f"flag{n}"] = (rng.random(rows) < chance[group]).astype(object)
    for n, levels in enumerate((3, 5, 8)):
        chances = np.exp(rng.normal(0, 1.2 * apart, (k, levels)))
        chances /= chances.sum(axis=1, keepdims=True)
        table[f"kind{n}"] = np.array([f"l{rng.choice(levels, p=chances[g])}" for g in group], dtype=object)
    table["noise"] = np.array([f"l{level}" for level in rng.integers(0, 12, rows)], dtype=object)
    frame = pd.DataFrame(table)
    return frame.mask(rng.random(frame.shape) < gaps), group


def traits_of(frame: pd.DataFrame, **parameters) -> pd.DataFrame:
    return WideTraits(**parameters).set_output(transform="pandas").fit_transform(frame)


# What becomes of a column ------------------------------------------------------------------------

ROWS = 60
SPREAD = list(np.random.default_rng(0).normal(50, 10, ROWS).round(1))
AMOUNTS = list(np.random.default_rng(1).lognormal(3, 1.2, ROWS))
COLUMNS = [
    ("a number", SPREAD, "number", "", ["c"]),
    ("a skewed amount", AMOUNTS, "log", "", ["c"]),
    ("a skewed balance", [-5.0, *AMOUNTS[1:]], "number", "", ["c"]),
    ("a flag", [True, False, None] * 20, "flag", "", ["c"]),
    ("two numbers", [3, 8, 8] * 20, "flag", "", ["c"]),
    ("words", ["a", "b", "b", "c"] * 15, "category", "", ["c.b", "c.a", "c.c"]),
    ("two words", ["yes", "no", "no"] * 20, "category", "", ["c.yes"]),
    ("spaces and empty words", [" a", "a ", "b", "c", "", None] * 10, "category", "", ["c.a", "c.b", "c.c"]),
    ("rare levels", ["a", "b"] * 28 + ["p", "q", "r", "s"], "category", "", ["c.a", "c.b", "c.other"]),
    ("numbers as text", [str(value) for value in SPREAD], "number", "", ["c"]),
    ("decimal commas", [str(value).replace(".", ",") for value in SPREAD], "number", "", ["c"]),
    ("thousands or decimals", ["1,234", "2,500", "3,750"] * 20, "left_out", "ambiguous_number", []),
    ("thousandths", ["0,125", "2,500", "3,750"] * 20, "number", "", ["c"]),
    ("both marks", ["1.5", "1,5", "2.5"] * 20, "category", "", ["c.1,5", "c.1.5", "c.2.5"]),
    ("postcodes", ["0123", "0456", "0789"] * 20, "category", "", ["c.0123", "c.0456", "c.0789"]),
    ("free text", [f"this is remark {n // 2}" for n in range(ROWS)], "left_out", "many_levels", []),
    ("names of people", [f"u{n}" for n in range(ROWS)], "left_out", "identifier", []),
    ("row numbers", list(range(ROWS)), "left_out", "identifier", []),
    ("dates", list(pd.date_range("2025-01-01", periods=ROWS)), "date", "", ["c"]),
    ("days", [dt.date(2025, 1, 1 + n % 28) for n in range(ROWS)], "date", "", ["c"]),
    ("dates as text", [f"2025-0{1 + n % 9}-1{n % 7}" for n in range(ROWS)], "date", "", ["c"]),
    ("dates as numbers", [20250101 + n % 28 for n in range(ROWS)], "date", "", ["c"]),
    ("dates in zones", list(pd.date_range("2025-01-01", periods=ROWS, tz="UTC")), "date", "", ["c"]),
    ("durations", list(pd.to_timedelta(SPREAD, unit="D")), "number", "", ["c"]),
    ("always the same", [4.0] * ROWS, "left_out", "constant", []),
    ("nothing", [None] * ROWS, "left_out", "empty", []),
    ("nothing of a number", [np.nan] * ROWS, "left_out", "empty", []),
    ("nearly the same", ["a"] * 58 + ["b"] * 2, "left_out", "rare", []),
    ("a flag of few", [1] + [0] * 59, "left_out", "rare", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "kind", "note", "names"), [c[1:] for c in COLUMNS], ids=[c[0] for c in COLUMNS]
)
def test_what_becomes_of_a_column(values, kind, note, names):
    wide = WideTraits().set_output(transform="pandas").fit(pd.DataFrame({"c": values, "z": SPREAD[::-1]}))
    assert wide.notes_.loc["c"].tolist() == [kind, note, len(names)]
    assert sorted(wide.get_feature_names_out()) == sorted([*names, "z"])


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        ("Int64", "number"),
        ("Float64", "number"),
        ("category", "category"),
        ("string", "category"),
        ("float32", "number"),
    ],
)
def test_columns_of_the_types_of_pandas(dtype, kind):
    values = pd.Series([1, 2, 3, None] * 15, dtype="Int64")
    values = values.astype(str).where(values.notna()) + "x" if kind == "category" else values
    table = pd.DataFrame({"c": values.astype(dtype), "z": SPREAD})
    traits = traits_of(table)
    assert WideTraits().fit(table).notes_.loc["c", "kind"] == kind
    assert traits.filter(like="c").isna().any(axis=1).sum() == 15


def test_ordered_categories_are_measured_by_their_order():
    sizes = pd.Categorical(
        ["small", "large", "medium", None] * 15, ["small", "medium", "large"], ordered=True
    )
    traits = traits_of(pd.DataFrame({"size": sizes, "z": SPREAD}))
    assert traits["size"].iloc[0] < traits["size"].iloc[2] < traits["size"].iloc[1]
    assert np.isnan(traits["size"].iloc[3])


def test_codes_can_be_said_to_be_categories():
    table = pd.DataFrame({"region": [1, 2, 3, 2.0] * 15, "z": SPREAD})
    assert traits_of(table, categories=["region"]).columns.tolist() == [
        "region.2",
        "region.1",
        "region.3",
        "z",
    ]


def test_a_column_that_repeats_another_is_left_out():
    table = pd.DataFrame({"b": SPREAD, "kind": ["x", "y", "z"] * 20})
    wide = WideTraits().fit(table.assign(a_copy=SPREAD, kind_copy=table["kind"]))
    assert wide.notes_["note"].to_dict() == {
        "b": "repeated",
        "kind": "",
        "a_copy": "",
        "kind_copy": "repeated",
    }


def test_the_evidence_passes_and_excluded_columns_do_not():
    table = pd.DataFrame({"evidence.contacts": np.arange(ROWS) + 0.5, "a": SPREAD, "won": AMOUNTS})
    traits = traits_of(table, exclude=["won"])
    assert traits.columns.tolist() == ["a", "evidence.contacts"]
    assert traits["evidence.contacts"].equals(table["evidence.contacts"])


def test_gaps_stay_gaps():
    frame, _ = mixture()
    traits = traits_of(frame)
    for name in traits:
        assert (traits[name].isna() == frame[name.split(".")[0]].isna()).all()


def test_no_category_weighs_more_than_a_number():
    """In the direction where it counts most, a category of eight levels has the variance of one number."""
    frame, _ = mixture(gaps=0.0, rows=2000)
    traits = traits_of(frame)
    for name in ("kind0", "kind1", "kind2", "noise"):
        largest = np.linalg.eigvalsh(np.cov(traits.filter(like=f"{name}.").T.to_numpy()))[-1]
        assert largest == pytest.approx(1.0, abs=0.02)
    assert traits[["flag0", "score0"]].std().to_numpy() == pytest.approx([1.0, 1.0], abs=0.1)


# New people --------------------------------------------------------------------------------------


def test_new_people_are_measured_as_the_old_ones():
    frame, _ = mixture()
    wide = WideTraits().set_output(transform="pandas").fit(frame)
    assert wide.transform(frame.iloc[[3]]).equals(wide.transform(frame).iloc[[3]])


def test_what_new_people_bring_that_was_never_seen():
    table = pd.DataFrame(
        {"day": pd.date_range("2025-01-01", periods=ROWS), "kind": ["a", "b", "c"] * 20,
         "pool": ["a", "b"] * 27 + list("pqrstu"), "n": [f"{v}" for v in SPREAD]}
    )  # fmt: skip
    wide = WideTraits().set_output(transform="pandas").fit(table)
    new = pd.DataFrame(
        {"day": [pd.Timestamp("2025-03-11")], "kind": ["new"], "pool": ["new"], "n": ["a few"]}
    )
    row = wide.transform(new).iloc[0]
    assert (row.filter(like="kind.") < 0).all()
    assert row["pool.other"] > 0
    assert row["day"] < wide.transform(table)["day"].min()
    assert np.isnan(row["n"])


@pytest.mark.parametrize(
    ("change", "parameters", "said"),
    [
        (lambda f: f.assign(score0=np.inf), {}, "'score0' holds an infinite value"),
        (lambda f: f.assign(kind0=["-inf"] + [1.5] * (len(f) - 1)), {}, None),
        (lambda f: f.iloc[:0], {}, "0 sample"),
        (lambda f: f, {"by": ["spent0"]}, "by names 'spent0'.*did you mean 'spend0'"),
        (lambda f: f, {"exclude": ["nowhere at all"]}, "exclude names 'nowhere at all'.*the columns are"),
        (lambda f: f, {"categories": ["kind"]}, "categories names 'kind'"),
    ],
)
def test_bad_tables_are_named(change, parameters, said):
    table = change(mixture(rows=40)[0])
    if said is None:
        assert WideTraits(**parameters).fit(table)
        return
    with pytest.raises(ValueError, match=said):
        WideTraits(**parameters).fit(table)


def test_an_infinite_value_of_new_people_is_named():
    frame, _ = mixture(rows=60)
    with pytest.raises(ValueError, match="'score1' holds an infinite value"):
        WideTraits().fit(frame).transform(frame.assign(score1=-np.inf))


def test_columns_of_new_people_must_be_those_learned():
    frame, _ = mixture(rows=60)
    with pytest.raises(ValueError, match="feature names"):
        WideTraits().fit(frame).transform(frame.drop(columns="kind0"))


# Activity ----------------------------------------------------------------------------------------


def busy(rows=400, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    active = rng.lognormal(0, 1, rows)
    counts = {f"bought{n}": rng.poisson(active * rate) for n, rate in enumerate((2, 3, 4, 5, 6))}
    table = pd.DataFrame(counts).assign(region=rng.choice(list("abc"), rows))
    return table.assign(orders=table.filter(like="bought").sum(axis=1))


def test_what_activity_explains_is_taken_out():
    table = busy()
    loud, still = traits_of(table), traits_of(table, by=["orders"])
    assert set(loud) - set(still) == {"orders"}
    total = np.log1p(table["orders"])
    assert loud["bought0"].corr(total) > 0.6
    assert abs(still["bought0"].corr(total)) < 0.05
    assert still["bought0"].std() == pytest.approx(1.0, abs=0.25)
    assert WideTraits(by=["orders"]).fit(table).notes_.loc["orders", "kind"] == "activity"


def test_what_is_nothing_but_activity_is_left_out():
    table = busy().assign(visits=lambda t: t["orders"])
    notes = WideTraits(by=["orders"]).fit(table).notes_
    assert notes.loc["visits"].tolist() == ["left_out", "explained", 0]


# Laws --------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 500), scale=st.sampled_from([0.001, 1.0, 1000.0]), shift=st.floats(-1e3, 1e3))
def test_laws_of_wide_traits(seed, scale, shift):
    """Order of rows, units and zero of a number, and names of levels' neighbours do not matter."""
    frame, _ = mixture(rows=80, seed=seed)
    traits = traits_of(frame)
    order = np.random.default_rng(seed).permutation(len(frame))
    changed = frame.assign(score1=frame["score1"] * scale + shift * scale).iloc[order, ::-1]
    changed = changed.set_axis([f"id{n}" for n in range(len(frame))])
    again = traits_of(changed)[traits.columns]
    assert np.allclose(again.to_numpy(), traits.to_numpy()[order], atol=1e-6, equal_nan=True)


# Personas ----------------------------------------------------------------------------------------


def plain_groups(frame: pd.DataFrame, k: int) -> np.ndarray:
    """Return what everybody does: a column per level, standardised, gaps at the mean, k-means."""
    wide = pd.get_dummies(frame.infer_objects()).astype(float)
    wide = (wide - wide.mean()) / wide.std()
    return KMeans(k, n_init=10, random_state=0).fit_predict(wide.fillna(0.0))


@pytest.mark.slow
def test_groups_of_a_wide_table_are_found_and_better_than_by_plain_clusters():
    gains = []
    for k, seed in ((3, 1), (4, 2), (5, 3)):
        frame, truth = mixture(k, 700, seed)
        clusterer = PersonaClusterer(**TURN).fit(traits_of(frame))
        ours = adjusted_rand_score(truth, clusterer.labels_)
        assert clusterer.found_ and abs(clusterer.k_ - k) <= 1
        gains.append(ours - adjusted_rand_score(truth, plain_groups(frame, k)))
    assert np.mean(gains) > 0


@pytest.mark.quick("shuffled-0", "active-0")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("world", ["shuffled", "active"])
def test_a_wide_table_without_groups_has_no_personas(world, seed):
    """Neither levels of a category, nor activity, nor a long tail, nor gaps are personas."""
    frame, _ = mixture(apart=1.0 if world == "shuffled" else 0.0, seed=seed)
    if world == "shuffled":
        rng = np.random.default_rng(seed)
        frame = frame.apply(lambda column: rng.permutation(column.to_numpy()))
    refused = PersonaClusterer(**TURN).fit(traits_of(frame))
    assert (refused.found_, refused.k_) == (False, 1)


def test_personas_do_not_see_order_ids_or_repetition():
    frame, _ = mixture(3, 400, 1)
    labels = PersonaClusterer(3, **TURN).fit(traits_of(frame)).labels_
    order = np.random.default_rng(0).permutation(len(frame))
    changed = frame.iloc[order, ::-1].set_axis([f"id{n}" for n in range(len(frame))])
    changed = changed.assign(zz_copy=changed["score2"], zz_same=1, zz_none=None)
    again = PersonaClusterer(3, **TURN).fit(traits_of(changed)).labels_
    assert adjusted_rand_score(labels[order], again) == 1.0


@pytest.mark.slow
def test_wide_personas_are_saved_used_on_new_people_and_described(tmp_path):
    frame, truth = mixture(3, 600, 1)
    wide = WideTraits().set_output(transform="pandas").fit(frame.iloc[:400])
    clusterer = PersonaClusterer(3, **TURN).fit(wide.transform(frame.iloc[:400]))
    clusterer.save(tmp_path / "personas.skops")
    loaded = PersonaClusterer.load(tmp_path / "personas.skops")
    new = wide.transform(frame.iloc[400:])
    assert adjusted_rand_score(truth[400:], loaded.predict(new)) > 0.5
    traits = wide.transform(frame.iloc[:400]).assign(**{"evidence.contacts": 99.0})
    clusterer = PersonaClusterer(**TURN).fit(traits)
    table = describe_personas(clusterer, traits, frame.iloc[:400].filter(like="score").astype(float))
    assert table["customers"].sum() == (clusterer.labels_ >= 0).sum() > 380
