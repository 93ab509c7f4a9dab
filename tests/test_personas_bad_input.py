"""Bad input to personas: odd traits, too few people, other units, and files that are no saved personas."""

from __future__ import annotations

import io
import json
import pickle
import re
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from persona_people import QUICK, people
from sklearn.metrics import adjusted_rand_score

from journeykit.errors import JourneykitError
from journeykit.models import load_model
from journeykit.personas import (
    PersonaClusterer,
    align_traits,
    assign,
    describe_personas,
    load_personas,
    save_personas,
)
from journeykit.personas.space import robust_scale

T = "block.t1"
FAST = {"n_bootstrap": 2, "n_null": 0}


# --- traits that say nothing, or say it oddly ----------------------------------------------------------------------


@pytest.mark.quick("constant", "missing", "twice")
@pytest.mark.parametrize(
    "extra",
    [
        lambda t: 3.0,
        lambda t: np.nan,
        lambda t: t["block.t3"],
        lambda t: t["block.t3"].astype("Float64"),
        lambda t: pd.array([True] * len(t), "boolean"),
        lambda t: pd.Categorical([7] * len(t)),
        lambda t: [1.0] + [np.nan] * (len(t) - 1),
    ],
    ids=["constant", "missing", "twice", "twice, nullable", "one boolean", "one category", "one value"],
)
def test_a_trait_that_says_nothing_is_left_out_and_noted(fitted, extra):
    traits = people()[0]
    again = PersonaClusterer(**QUICK).fit(traits.assign(**{"block.z": extra(traits)}))
    assert (again.labels_ == fitted.labels_).all()
    assert again.notes_ == ("block.z",)


@pytest.mark.quick("Int64", "float32", "double[pyarrow]", "category")
@pytest.mark.parametrize(
    "kind",
    [
        "Int64",
        "Float64",
        "int32",
        "float32",
        "int64[pyarrow]",
        "double[pyarrow]",
        "object",
        "str",
        "category",
    ],
)
def test_numbers_of_any_kind_give_the_same_personas(kind):
    traits = people()[0]
    traits[T] = (traits[T] * 10).round()
    plain = PersonaClusterer(3, **FAST).fit(traits)
    odd = traits.assign(**{T: traits[T].astype("Int64").astype(kind)})
    assert odd[T].dtype != np.float64
    assert (PersonaClusterer(3, **FAST).fit(odd).labels_ == plain.labels_).all()
    assert (plain.predict(odd) == plain.labels_).all()
    assert (assign(plain, odd).table["novelty"] == plain.novelty(traits)).all()


@pytest.mark.parametrize(
    "kind", ["Int64", "boolean", "Float64", "int64[pyarrow]", "bool[pyarrow]", "category"]
)
def test_a_missing_value_of_any_kind_is_a_gap(kind):
    traits = people()[0]
    plain = (traits[T] > 0).astype(float).mask(np.arange(len(traits)) % 9 == 0)
    odd = plain.astype(object).where(plain.notna(), None).astype("Int64").astype(kind)
    assert odd.isna().sum() == plain.isna().sum() > 0
    given = [PersonaClusterer(3, **FAST).fit(traits.assign(**{T: one})).labels_ for one in (plain, odd)]
    assert (given[0] == given[1]).all()


REFUSED = {
    "infinite": (lambda t: t.assign(**{T: np.inf}), "'block.t1' holds an infinite value; make it missing"),
    "one infinite": (lambda t: t.assign(**{T: [-np.inf] + [0.0] * (len(t) - 1)}), "'block.t1' .*infinite"),
    "infinite, nullable": (lambda t: t.assign(**{T: pd.array([np.inf] * len(t), "Float64")}), "block.t1.*infinite"),
    "text": (lambda t: t.assign(**{T: "much"}), "'block.t1' holds text, such as 'much'.*give numbers"),
    "text among numbers": (lambda t: t.assign(**{T: [1, 2.5, "x"] * 116 + [1, 2]}), "'block.t1' .*such as 'x'"),
    "decimal comma": (lambda t: t.assign(**{T: "1,5"}), "'block.t1' .*'1,5'"),
    "lists": (lambda t: t.assign(**{T: [[1]] * len(t)}), "'block.t1' "),
    "dates": (lambda t: t.assign(**{T: pd.Timestamp("2026-01-01")}), "'block.t1' holds dates.*such as days"),
    "durations": (lambda t: t.assign(**{T: pd.Timedelta(days=1)}), "'block.t1' holds dates or times"),
    "months": (lambda t: t.assign(**{T: pd.Period("2026-01")}), "'block.t1' holds dates or times"),
    "complex": (lambda t: t.assign(**{T: 1j}), "'block.t1' holds complex"),
    "text as evidence": (lambda t: t.assign(**{"evidence.contacts": "many"}), "'evidence.contacts' .*'many'"),
    "a column twice": (lambda t: pd.concat([t, t[[T]]], axis=1), "'block.t1' occurs 2 times; rename or drop"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("use", ["fit", "align", "assign"])
def test_a_trait_that_is_no_number_is_named(fitted, case, use):
    change, said = REFUSED[case]
    work = {
        "fit": PersonaClusterer(**QUICK).fit,
        "align": lambda traits: align_traits(fitted, traits),
        "assign": lambda traits: assign(fitted, traits),
    }
    with pytest.raises(ValueError, match=said):
        work[use](change(people()[0]))


def test_names_that_are_no_text_are_named():
    with pytest.raises(ValueError, match="trait 5 has a name that is no text"):
        PersonaClusterer(**QUICK).fit(people()[0].rename(columns={T: 5}))


# --- too few people, or all alike ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("evidence", [True, False])
def test_one_two_and_three_people_have_no_personas(rows, evidence):
    traits = people()[0].iloc[:rows]
    traits = traits if evidence else traits.drop(columns="evidence.contacts")
    refused = PersonaClusterer(**QUICK).fit(traits)
    assert (refused.found_, refused.k_) == (False, 1)
    assert refused.labels_.tolist() == [-1 if evidence else 0] * rows
    assert refused.predict_proba(traits).tolist() == [[1.0]] * rows


def test_fewer_people_than_personas():
    with pytest.raises(ValueError, match="k is 4, but there are only 3 rows"):
        PersonaClusterer(4, **QUICK).fit(people()[0].iloc[:3])


def test_fewer_people_with_enough_contacts_than_personas():
    traits = people()[0].iloc[::30].copy()
    traits.iloc[2:, -1] = 1.0
    assert PersonaClusterer(4, **QUICK).fit(traits).k_ <= 2


@pytest.mark.parametrize("k", ["auto", 3])
def test_people_who_are_all_alike_have_no_personas(k):
    traits = people()[0]
    traits.iloc[:] = traits.iloc[0].to_numpy()
    refused = PersonaClusterer(k, **QUICK).fit(traits)
    assert (refused.found_, refused.k_, refused.reason_) == (False, 1, "no_traits")
    assert describe_personas(refused, traits, traits)["customers"].sum() == (
        0 if k == "auto" else len(traits)
    )


@pytest.mark.parametrize("use", [lambda c, t: c.fit(t), lambda c, t: c.predict(t), assign])
def test_no_rows(fitted, use):
    with pytest.raises(ValueError, match="no rows|0 sample"):
        use(fitted if use is assign else PersonaClusterer(**QUICK).fit(people()[0]), people()[0].iloc[:0])


@pytest.mark.quick("0-1000000000000.0", "-1-1e+300")
@pytest.mark.parametrize("sizes", [(160, 110, 80), (20, 15, 10)])
@pytest.mark.parametrize("value", [1e12, -1e12, 1e300])
@pytest.mark.parametrize("row", [0, -1])
def test_one_huge_outlier_changes_nobody_else(sizes, value, row):
    traits, truth = people(sizes)
    plain = PersonaClusterer(3, **FAST).fit(traits).labels_
    traits.iloc[row, 2] = value
    again = PersonaClusterer(3, **FAST).fit(traits).labels_
    others = np.delete(np.arange(len(traits)), row)
    assert adjusted_rand_score(plain[others], again[others]) > 0.97
    assert adjusted_rand_score(truth[others], again[others]) > 0.9


def test_one_huge_outlier_leaves_the_scale_as_it_was():
    """Else the trait would say nothing about the others."""
    for rows in (8, 20, 60, 300):
        values = np.random.default_rng(0).normal(size=(rows, 1))
        spoiled = np.vstack([values, [[1e12]]])
        (_, plain), (_, scale) = robust_scale(values), robust_scale(spoiled)
        assert scale[0] == pytest.approx(plain[0], rel=0.5), rows


# --- describing ----------------------------------------------------------------------------------------------------


def test_an_attribute_with_a_thousand_levels_is_not_told(fitted):
    traits, _ = people((1500, 1200, 900))
    clusterer = PersonaClusterer(3, **FAST).fit(traits)
    codes = [f"code {place % 1000}" for place in range(len(traits))]
    attributes = pd.DataFrame({"postcode": codes, "city": "Ede"}, index=traits.index)
    told = describe_personas(clusterer, traits, traits, attributes)["attributes"]
    assert [[fact["attribute"] for fact in facts] for facts in told] == [["city"]] * 3


@pytest.mark.parametrize("what", ["traits", "profile", "attributes"])
def test_a_unit_that_is_there_twice_is_named(fitted, what):
    frames = {"traits": people()[0], "profile": people()[0], "attributes": people()[0][[T]]}
    frames[what] = pd.concat([frames[what], frames[what].iloc[[5]]])
    with pytest.raises(ValueError, match=f"{what}: the unit 'c0005' stands on 2 rows; give one row per unit"):
        describe_personas(fitted, **frames)
    if what == "traits":
        with pytest.raises(ValueError, match="the unit 'c0005' stands on 2 rows"):
            assign(fitted, frames[what])


# --- other data: renamed traits, other units -----------------------------------------------------------------------


def times(names: list[str], factor: float, plus: float = 0.0):
    return lambda traits: traits.assign(**{name: traits[name] * factor + plus for name in names})


@pytest.mark.parametrize("factor", [1000.0, 86_400.0, 100.0, 7.0, 1 / 7, 0.01, 1 / 86_400])
def test_another_unit_is_recognised(fitted, factor):
    reuse = assign(fitted, times([T], factor)(people()[0]))
    assert reuse.drift.loc[T, "state"] == "range"
    assert reuse.drift["state"].drop(T).eq("ok").all()
    assert reuse.drift.loc[T, "times"] == pytest.approx(factor, rel=1e-6)
    said = r"1 of 8 traits have values far outside.*other unit\? \(block.t1: median"
    assert reuse.verdict != "reuse" and any(re.search(said, reason) for reason in reuse.reasons)


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_another_unit_of_what_lies_far_from_zero(factor):
    """Percentages are far from zero, and lie close together when they are read as shares."""
    usual = times([T], 0.05, 1.0)(people()[0])
    clusterer = PersonaClusterer(3, **FAST).fit(usual)
    assert assign(clusterer, times([T], factor)(usual)).drift.loc[T, "state"] == "range"


def test_units_of_many_traits_are_a_refit(fitted):
    reuse = assign(fitted, times([f"block.t{place}" for place in range(5)], 1000.0)(people()[0]))
    assert reuse.verdict == "refit"


@pytest.mark.parametrize(
    "change",
    [times([T], 1.5), times([T], 0.6), times([T], 1.0, 3.0), lambda t: t.assign(**{T: 0.0}), lambda t: t.iloc[::60]],
    ids=["wider", "narrower", "moved", "constant", "six people"],
)  # fmt: skip
def test_a_shift_is_no_other_unit(fitted, change):
    assert "range" not in set(assign(fitted, change(people()[0])).drift["state"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda t: t.rename(columns={T: "block.T-1"}),
            "absent .block.t1.; is 'block.t1' what .* call 'block.T-1'",
        ),
        (lambda t: t.rename(columns={T: "quite.other"}), r"absent \(block.t1\)$"),
        (lambda t: t.assign(**{T: np.nan}), r"absent \(block.t1\)$"),
        (lambda t: t.drop(columns="evidence.contacts"), "'evidence.contacts' is absent"),
        (lambda t: t.iloc[:5], "only 5 people have enough contacts"),
        (lambda t: t.assign(**{"evidence.contacts": 1.0}), "only 0 people have enough contacts"),
    ],
)
def test_what_is_odd_about_other_data_is_a_reason(fitted, change, reason):
    reuse = assign(fitted, change(people()[0]))
    assert reuse.verdict != "reuse"
    assert any(re.search(reason, told) for told in reuse.reasons), reuse.reasons


def test_traits_that_are_all_renamed_are_refused_with_the_nearest(fitted):
    with pytest.raises(JourneykitError, match=r"none of the traits.*'block.t0' .* 'block_t0'.*Remedy"):
        assign(fitted, people()[0].rename(columns=lambda name: name.replace(".t", "_t")))


@pytest.mark.parametrize("blocks", [50, 7])
def test_people_in_blocks_and_in_another_order_are_assigned_alike(fitted, monkeypatch, blocks):
    traits = people(seed=4)[0]
    whole = assign(fitted, traits)
    for module in ("reuse", "sampling"):
        monkeypatch.setattr(f"journeykit.personas.{module}.MOST_AT_ONCE", blocks)
    monkeypatch.setattr("journeykit.personas.reuse.MOST_STUDIED", 100)
    small = assign(fitted, traits)
    mixed = assign(fitted, traits.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(whole.table, small.table)
    pd.testing.assert_frame_equal(whole.table, mixed.table.loc[traits.index])
    pd.testing.assert_frame_equal(whole.drift, mixed.drift)
    assert (small.verdict, small.reasons) == (mixed.verdict, mixed.reasons)
    assert (whole.table["persona"].isna() == (fitted.predict(traits) == -1)).all()


# --- saved personas ------------------------------------------------------------------------------------------------

RAN = "ran.txt"


class Evil:
    """Writes a file as soon as it is made, set up or unpickled."""

    def __init__(self) -> None:
        Path(RAN).write_text("ran")

    def __setstate__(self, state: dict) -> None:
        Path(RAN).write_text("ran")

    def __reduce__(self):
        return Evil, ()


def evil() -> Evil:
    return object.__new__(Evil)


def content_of(path: Path) -> dict:
    return skops.io.load(path, trusted=[])


def changed(*keys, to=None, drop=False):
    """Return what changes one part of saved personas, given by its keys."""

    def spoil(path: Path) -> None:
        content = part = content_of(path)
        for key in keys[:-1]:
            part = part[key]
        if drop:
            del part[keys[-1]]
        else:
            part[keys[-1]] = to(part[keys[-1]]) if callable(to) else to
        path.write_bytes(skops.io.dumps(content))

    return spoil


def with_nan(values: np.ndarray) -> np.ndarray:
    spoiled = values.astype(float).copy()
    spoiled.flat[0] = np.nan
    return spoiled


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.txt", "hello")


def odd_schema(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "schema.json", json.dumps({"__class__": "system", "__module__": "os", "__loader__": "x"})
        )


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(200, min(len(data), 6000), 17):
        data[place] ^= 0xFF
    path.write_bytes(bytes(data))


SPOILED = {
    "gone": (Path.unlink, "no such (file|model)"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "folder|no such model"),
    "empty": (lambda path: path.write_bytes(b""), "empty|no saved model"),
    "in half": (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "cut off"),
    "spoiled bytes": (flipped, "cannot be read|no saved model"),
    "text": (lambda path: path.write_text("persona,share\np1,0.4\n"), "cannot be read|no saved model"),
    "a pickle": (lambda path: path.write_bytes(pickle.dumps(evil())), "cannot be read|no saved model"),
    "a joblib file": (lambda path: joblib.dump(evil(), path), "cannot be read|no saved model"),
    "another zip": (zipped, "cannot be read|no saved model"),
    "an odd schema": (odd_schema, "cannot be read"),
    "foreign type": (lambda path: path.write_bytes(skops.io.dumps(evil())), "not trusted: .*Evil"),
    "foreign type inside": (changed("facts", "picks_", to=lambda _: evil()), "not trusted: .*Evil"),
    "foreign function": (changed("about", to=lambda _: io.BytesIO), "not trusted|cannot be read"),
    "other content": (lambda path: path.write_bytes(skops.io.dumps([1, 2])), "no saved personas"),
    "newer": (changed("version", to=99), "version 99, and this journeykit reads versions up to 2"),
    "no version": (changed("version", drop=True), "version None"),
    "no groups": (changed("groups", drop=True), "lacks the part 'groups'"),
    "no edge": (changed("edge", drop=True), "lacks the part 'edge'"),
    "no scale": (changed("space", "scale", drop=True), "lacks the part 'space.scale'"),
    "no reference": (changed("facts", "reference_", drop=True), "lacks the part 'facts.reference_'"),
    "no stability": (changed("certificate", "columns", "stability", drop=True), "'certificate.columns.stability'"),
    "centres missing": (changed("groups", "centres", to=with_nan), "'groups.centres' holds values that are missing"),
    "directions infinite": (changed("space", "directions", to=lambda v: v * np.inf), "'space.directions' holds"),
    "too few centres": (changed("groups", "centres", to=lambda v: v[:1]), "'groups.centres' has the shape"),
    "too few directions": (changed("space", "directions", to=lambda v: v[:3]), "'space.directions' has the shape"),
    "too few medians": (changed("space", "centre", to=lambda v: v[1:]), "'space.centre' has the shape"),
    "text as shares": (changed("groups", "shares", to=lambda v: v.astype(str)), "'groups.shares' holds"),
    "no scale at all": (changed("space", "scale", to=lambda v: v * 0), "'space.scale' holds a value that is not"),
    "outside the traits": (changed("space", "kept", to=lambda v: v + 50), "'space.kept' points outside"),
    "other personas": (changed("facts", "k_", to=2), "'certificate.index' does not hold the 2 personas"),
    "no number": (changed("facts", "k_", to="three"), "'facts.k_' is 'three'"),
    "a name twice": (changed("names", to=lambda v: [v[0], v[0], *v[2:]]), "'names' does not hold"),
    "other traits": (changed("names", to=lambda v: [f"a.{name}" for name in v]), "not about the traits"),
    "groups of a kind": (changed("groups", to=[1, 2]), "'groups' is a list"),
    "edge of a kind": (changed("edge", to=float("nan")), "'edge' is nan"),
    "odd reference": (changed("facts", "reference_", T, to=[1, 2]), "no edges and shares for the trait 'block.t1'"),
    "odd parameters": (changed("parameters", to={"many": 3}), "do not belong together .*many"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILED)
@pytest.mark.parametrize("load", [load_personas, load_model])
def test_a_file_that_is_no_saved_personas_is_refused_and_runs_nothing(
    fitted, tmp_path, monkeypatch, case, load
):
    monkeypatch.chdir(tmp_path)
    path = save_personas(fitted, tmp_path / "personas.skops")
    spoil, said = SPOILED[case]
    spoil(path)
    assert not Path(RAN).exists(), "else the test itself wrote it"
    with pytest.raises(JourneykitError, match=said) as told:
        load(path)
    assert "personas.skops" in str(told.value) and "Remedy: " in str(told.value)
    assert not Path(RAN).exists(), "code of the file ran"


def test_the_evil_type_would_have_run(tmp_path, monkeypatch):
    """Else the test above could not fail."""
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(evil()))
    assert Path(RAN).exists()


def test_a_file_that_is_not_there_names_the_nearest(fitted, tmp_path):
    save_personas(fitted, tmp_path / "personas.skops")
    with pytest.raises(
        JourneykitError, match="persona.skops: there is no such file. Did you mean 'personas.skops'"
    ):
        load_personas(tmp_path / "persona.skops")


@pytest.mark.parametrize("settings", [{}, {"k": 3, "n_bootstrap": 0}, {"k": 2, "n_null": 0}])
def test_sound_personas_of_any_kind_come_back(tmp_path, settings):
    """What the checks of files refuse must not include what can be learned."""
    frames = [people()[0], people()[0].iloc[:3].assign(**{T: 1.0}), people()[0][["evidence.contacts"]]]
    for frame in frames:
        clusterer = PersonaClusterer(**QUICK | settings).fit(frame)
        back = load_personas(save_personas(clusterer, tmp_path / "any.skops"))
        assert (back.predict(frame) == clusterer.labels_).all()
