"""Laws of personas: what must not matter does not matter, also where only a sample of the people is studied."""

from __future__ import annotations

import io
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from persona_people import people

from journeykit.personas import PersonaClusterer, describe_personas
from journeykit.personas.progress import PARTS, telling
from tests.examples import examples

SMALL = {"k_max": 4, "n_bootstrap": 4, "n_null": 5}
FEW = settings(
    max_examples=examples(2, 4), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
WORLDS = {"groups": {"sizes": (60, 45, 30), "apart": 3.0}, "no groups": {"sizes": (90,), "apart": 0.0},
          "blurred": {"sizes": (60, 50, 40), "apart": 1.2}}  # fmt: skip


def world(name: str, seed: int) -> pd.DataFrame:
    """Return people with gaps, some of them hardly known, and what varies within a person."""
    traits, _ = people(traits=5, seed=seed, **WORLDS[name])
    rng = np.random.default_rng(seed)
    traits.iloc[:, :5] = traits.iloc[:, :5].mask(rng.random((len(traits), 5)) < 0.03)
    traits.loc[rng.random(len(traits)) < 0.05, "evidence.contacts"] = 3.0
    names = list(traits.columns[:5])
    traits.attrs["within_customer"] = {"columns": names, "matrix": np.diag(rng.uniform(0.3, 2, 5)).tolist()}
    return traits


def in_another_order(traits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return traits.iloc[rng.permutation(len(traits))]


def with_other_ids(traits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return traits.set_axis([f"{number:x}" for number in rng.permutation(10**6)[: len(traits)]])


def with_other_columns(traits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return traits[traits.columns[rng.permutation(traits.shape[1])]]


def with_a_trait_twice(traits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The copy covaries within a person as the original does."""
    name, copy = traits.columns[int(rng.integers(5))], str(rng.choice(["a.copy", "block.z"]))
    known = traits.attrs["within_customer"]
    matrix = pd.DataFrame(known["matrix"], known["columns"], known["columns"])
    matrix.loc[copy] = matrix.loc[name]
    matrix[copy] = matrix[name]
    twice = traits.assign(**{copy: traits[name]})
    twice.attrs["within_customer"] = {"columns": list(matrix), "matrix": matrix.to_numpy().tolist()}
    return twice


def with_an_unknown_copy(traits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """How the copy varies within a person was not measured."""
    name, copy = traits.columns[int(rng.integers(5))], str(rng.choice(["a.copy", "block.z"]))
    return traits.assign(**{copy: traits[name]})


def with_other_names(traits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    names = dict(
        zip(traits.columns[:5], rng.permutation([f"new.{letter}" for letter in "vwxyz"]), strict=True)
    )
    renamed = traits.rename(columns=names)
    known = traits.attrs["within_customer"]
    renamed.attrs["within_customer"] = known | {"columns": [names[name] for name in known["columns"]]}
    return renamed


CHANGES = [
    in_another_order,
    with_other_ids,
    with_other_columns,
    with_a_trait_twice,
    with_an_unknown_copy,
    with_other_names,
]


def same_personas(
    before: PersonaClusterer, first: pd.DataFrame, after: PersonaClusterer, other: pd.DataFrame
):
    """Compare label per unit, number, verdict and certificate; a unit is known by its values."""
    keys = [
        frame.apply(lambda row: repr(sorted({repr(value) for value in row})), axis=1)
        for frame in (first, other)
    ]
    labels = [
        pd.Series(one.labels_, key.to_numpy()).sort_index()
        for one, key in zip((before, after), keys, strict=True)
    ]
    pd.testing.assert_series_equal(*labels)
    assert (before.k_, before.k_range_, before.reason_) == (after.k_, after.k_range_, after.reason_)
    assert before.null_ == pytest.approx(after.null_, nan_ok=True)
    pd.testing.assert_frame_equal(before.certificate_, after.certificate_)
    pd.testing.assert_frame_equal(before.candidates_, after.candidates_)


@pytest.mark.quick("in_another_order", "with_an_unknown_copy", "with_other_names")
@pytest.mark.parametrize("change", CHANGES)
@given(name=st.sampled_from(list(WORLDS)), seed=st.integers(0, 1000))
@example(name="groups", seed=0)
@example(name="no groups", seed=1)
@FEW
def test_what_must_not_matter_does_not(change, name, seed):
    traits = world(name, seed)
    other = change(traits, np.random.default_rng(seed))
    same_personas(PersonaClusterer(**SMALL).fit(traits), traits, PersonaClusterer(**SMALL).fit(other), other)


@pytest.mark.quick(
    "limits0-in_another_order",
    "limits0-with_other_ids",
    "limits1-with_a_trait_twice",
    "limits1-with_an_unknown_copy",
    "limits2-in_another_order",
    "limits2-with_other_columns",
)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("limits", [(1000, 60), (100, 60), (100, 1000)])
def test_nor_where_only_a_sample_is_studied(monkeypatch, change, limits):
    """Above these numbers people are drawn: whom, must not depend on their order or ids."""
    for name, most in zip(("MOST_FITTED", "MOST_STUDIED"), limits, strict=True):
        monkeypatch.setattr(f"journeykit.personas.clusterer.{name}", most)
    traits = world("groups", 5)
    assert len(traits) > min(limits)
    other = change(traits, np.random.default_rng(3))
    same_personas(PersonaClusterer(**SMALL).fit(traits), traits, PersonaClusterer(**SMALL).fit(other), other)


def test_people_with_the_same_values_have_the_same_persona():
    traits = world("groups", 2)
    again = pd.concat([traits, traits.set_axis(traits.index + "-again")])
    labels = PersonaClusterer(**SMALL).fit(again).labels_
    assert (labels[: len(traits)] == labels[len(traits) :]).all()
    assert labels.max() == 2


@pytest.mark.parametrize("change", [in_another_order, with_other_ids])
def test_descriptions_do_not_depend_on_order_or_ids(change):
    traits = world("groups", 7)
    told = []
    for frame in (traits, change(traits, np.random.default_rng(0))):
        clusterer = PersonaClusterer(3, **SMALL).fit(frame)
        told.append(describe_personas(clusterer, frame, frame.drop(columns="evidence.contacts")))
    plain = [table.drop(columns=["traits", "attributes"]) for table in told]
    pd.testing.assert_frame_equal(*plain)
    facts = [pd.DataFrame([fact for facts in table["traits"] for fact in facts]) for table in told]
    pd.testing.assert_frame_equal(*facts)


# --- progress ------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("k", ["auto", 2])
def test_the_parts_are_told_in_order_on_standard_error(capsys, k):
    PersonaClusterer(k, verbose=1, **SMALL).fit(world("groups", 0))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [f"personas: {at + 1}/4 {part}" for at, part in enumerate(PARTS)]


def test_nothing_is_told_unasked(capsys):
    PersonaClusterer(**SMALL).fit(world("groups", 0))
    assert capsys.readouterr() == ("", "")


def test_a_terminal_keeps_nothing_of_it(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(ZeroDivisionError), telling(True) as tell:
        tell("chance")
        raise ZeroDivisionError
    assert "3/4 chance" in stream.getvalue() and "\n" not in stream.getvalue()
    assert stream.getvalue().rsplit("\r", 2)[1].strip() == ""


def test_telling_changes_nothing():
    traits = world("groups", 1)
    told, silent = (PersonaClusterer(verbose=verbose, **SMALL).fit(traits) for verbose in (1, 0))
    same_personas(silent, traits, told, traits)
