"""A client reported twice: the personas keep their ids and names, and what changed is said."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
import yaml

import journeykit as jk
from journeykit.personas import load_personas

FIRST, SECOND = "2025-05-31", "2025-07-31"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The reports of one client at two days; those of the kind C come after the first only."""
    folder = tmp_path_factory.mktemp("twice")
    population = jk.simulate(
        customers=500, days=210, personas=3, separation=2, noise=0.1, pages=False, seed=5
    )
    kind = population.truth.drop_duplicates("customer_id").set_index("customer_id")["persona"]
    late = population.events["customer_id"].map(kind).eq("C")
    early = population.events["timestamp"] < pd.Timestamp(FIRST)
    path = replace(population, events=population.events[~(late & early)]).write(folder, client_id="twice")
    described = yaml.safe_load(path.read_text()) | {"privacy": {"min_group": 5}}
    for day, wanted in ((FIRST, 2), (SECOND, 3)):
        path.write_text(yaml.safe_dump(described | {"personas": {"k": wanted}}))
        outcome = jk.run_report(path, as_of=day, out=folder / "reports", progress=False)
        assert outcome.status == "ok", outcome.error
    return folder / "reports" / "twice"


def table(home, day: str, name: str) -> pd.DataFrame:
    return pd.read_parquet(home / day / "tables" / f"{name}.parquet")


@pytest.mark.slow
def test_personas_keep_ids_and_names_and_a_new_one_gets_a_new_number(home):
    first, second = (table(home, day, "personas").set_index("persona") for day in (FIRST, SECOND))
    assert set(first.index) == {"p1", "p2"} and set(second.index) == {"p1", "p2", "p3"}
    names = ["name_nl", "name_en"]
    assert second.loc[first.index, names].equals(first[names])
    assert second["name_en"].is_unique
    model = load_personas(home / SECOND / "models" / "personas.skops")
    assert set(model.ids_) == set(second.index) and model.last_id_ == 3


@pytest.mark.slow
def test_changes_and_findings_say_what_became_of_them(home):
    changes = table(home, SECOND, "changes")
    personas = changes[changes["figure"].str.startswith("persona")].set_index(["figure", "persona"])
    assert (
        personas.loc[("persona_born", "p3"), "before"] == 0
        and personas.loc[("persona_born", "p3"), "significant"]
    )
    assert {("persona_share", "p1"), ("persona_share", "p2"), ("persona_moved", "p1")} <= set(personas.index)
    assert {"all", "p1", "p2"} <= set(changes.loc[changes["figure"] == "stage_share", "persona"])
    told = json.loads((home / SECOND / "findings.json").read_text())
    found = {one["key"]: one for one in told}
    assert {"personas_again", "persona_stayed", "persona_born"} <= set(found)
    assert (
        found["persona_born"]["persona"] == "p3" and "31 May 2025" in found["persona_born"]["sentence"]["en"]
    )
    assert found["persona_stayed"]["interval"][0] > 0.8
    assert set(table(home, SECOND, "persona_moves")) >= {"from", "to", "share", "low", "high", "held_back"}
    assert "Since the last report" in (home / SECOND / "report.html").read_text()
    assert "Since the last report" not in (home / FIRST / "report.html").read_text()


@pytest.mark.slow
def test_a_report_made_again_is_the_same_and_up_to_date(home):
    path = home.parents[1] / "client.yml"
    assert path.is_file()
    before = {name: table(home, SECOND, name) for name in ("personas", "customers", "changes")}
    assert jk.run_report(path, as_of=SECOND, out=home.parent, progress=False).status == "skipped"
    outcome = jk.run_report(path, as_of=SECOND, out=home.parent, progress=False, force=True)
    assert outcome.status == "ok"
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, table(home, SECOND, name))
