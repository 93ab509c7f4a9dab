"""Personas on other data: reused with a verdict, saved and loaded without running code."""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from persona_people import QUICK, people

from journeykit.errors import JourneykitError
from journeykit.models import load_model
from journeykit.personas import PersonaClusterer, align_traits, assign, load_personas, save_personas
from journeykit.personas.describing import personas_of


def test_the_same_people_are_reused(fitted):
    traits = people()[0]
    reuse = assign(fitted, traits)
    assert reuse.verdict == "reuse"
    assert reuse.table["persona"].tolist() == personas_of(fitted.labels_, traits.index).tolist()
    assert reuse.drift["psi"].max() < 0.01
    assert reuse.fitness > 0.95


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        (
            lambda t: t.assign(**{"new.trait": 1.0})[[*t.columns[::-1].tolist(), "new.trait"]],
            "reuse",
            "as they were",
        ),
        (lambda t: t.drop(columns="block.t0"), "reuse with warning", "absent .block.t0"),
        (lambda t: t[["block.t0", "evidence.contacts"]], "refit", "7 of 8 traits are absent"),
        (lambda t: t.assign(**{name: t[name] + 4 for name in t.columns[:5]}), "refit", "shifted"),
        (lambda t: t.iloc[::30], "reuse with warning", "only 12 people"),
    ],
    ids=["extra and reordered", "one absent", "one left", "shifted", "few people"],
)
def test_a_verdict_on_other_data(fitted, change, verdict, reason):
    reuse = assign(fitted, change(people()[0]))
    assert reuse.verdict == verdict, reuse.reasons
    assert any(re.search(reason, told) for told in reuse.reasons)


def test_other_personas_with_the_same_spread_are_noticed(fitted):
    """Every trait may be spread as before and the personas still be other ones."""
    other = people(seed=9)[0]
    assert assign(fitted, other).verdict == "refit"


def test_reuse_needs_common_traits(fitted):
    with pytest.raises(JourneykitError, match="none of the traits"):
        assign(fitted, pd.DataFrame({"x": [1.0]}))
    with pytest.raises(JourneykitError, match="without names"):
        align_traits(
            PersonaClusterer(2, **QUICK).fit(np.random.default_rng(0).normal(size=(30, 2))), people()[0]
        )


def test_saved_personas_come_back_the_same(fitted, tmp_path):
    traits = people()[0]
    path = save_personas(fitted, tmp_path / "models" / "personas.skops", {"client": "corner-grocer"})
    for back in (load_personas(path), load_model(path), PersonaClusterer.load(path)):
        assert (back.predict(traits) == fitted.labels_).all()
        assert back.certificate_.equals(fitted.certificate_)
        assert assign(back, traits).verdict == "reuse"
    card = path.with_suffix(".md").read_text()
    assert "corner-grocer" in card
    assert "| p1 | " in card
    assert not list(path.parent.glob(".*"))


def foreign(path):
    import skops.io

    path.write_bytes(skops.io.dumps({"form": "something else"}))


def newer(path):
    import skops.io

    path.write_bytes(skops.io.dumps({"form": "journeykit personas", "version": 99}))


def partial(path):
    import skops.io

    path.write_bytes(skops.io.dumps({"form": "journeykit personas", "version": 1}))


def untrusted(path):
    import skops.io

    path.write_bytes(skops.io.dumps(io.BytesIO))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.unlink(), "no such file"),
        (lambda path: path.write_bytes(path.read_bytes()[:400]), "cannot be read"),
        (lambda path: path.write_text("hello"), "cannot be read"),
        (foreign, "no saved personas"),
        (newer, "version 99"),
        (partial, "lacks the part .parameters"),
        (untrusted, "not trusted|cannot be read"),
    ],
)
def test_other_files_are_refused(fitted, tmp_path, spoil, said):
    path = save_personas(fitted, tmp_path / "personas.skops")
    assert zipfile.is_zipfile(path)
    spoil(path)
    with pytest.raises(JourneykitError, match=said):
        load_personas(path)


def test_traits_of_very_different_sizes_are_not_taken_for_each_other():
    traits, _ = people()
    sized = traits.assign(
        **{f"block.t{place}": traits[f"block.t{place}"] * 100.0 ** (7 - place) for place in range(8)}
    )
    again = assign(PersonaClusterer(**QUICK).fit(sized), sized)
    assert (again.drift["state"] == "ok").all()
    assert again.drift["times"].to_numpy() == pytest.approx(1, abs=0.05)
