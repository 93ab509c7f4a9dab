"""Customers of whom there is one row each: who they are is told, and nothing of a journey is made up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from journeykit.clients import client_from_dict
from journeykit.errors import DataError, JourneykitError
from journeykit.events import read_events
from journeykit.features import measure_people
from journeykit.models import load_model
from journeykit.personas import assign, save_personas
from journeykit.reports import NoPersonasFound, Page, Study, chapters, open_study
from journeykit.wording import label, name_persona
from journeykit.wording.conditions import say_conditions
from tests.test_notebooks import FOLDER

CHAPTERS = ("cover", "summary", "personas", "stages", "forecast", "journey_maps", "leaks", "entering", "channels",
            "pages", "after_purchase", "actions", "measure", "changes", "appendix")  # fmt: skip
JOURNEY = (
    "transitions",
    "funnel",
    "skips",
    "channels",
    "journey_map",
    "next_actions",
    "drop_off",
    "value",
    "outlook",
)


def people(rows: int = 240) -> str:
    """Return a table in which two kinds of people differ in age and plan; the rest is chance."""
    rng = np.random.default_rng(0)
    kind = np.arange(rows) % 2
    frame = pd.DataFrame({
        "id": [f"c{number}" for number in range(rows)], "firm": [f"f{number // 2}" for number in range(rows)],
        "age": rng.normal(30 + 30 * kind, 4).round(), "plan": np.where(kind, "team", "free"),
        "points": rng.normal(5 + 20 * kind, 3).round(1), "mail": rng.integers(0, 2, rows),
        "phase": rng.choice(["new", "paying", "gone", ""], rows),
        "since": pd.Timestamp("2026-01-01") - pd.to_timedelta(rng.integers(1, 900, rows), "D"),
    })  # fmt: skip
    return frame.to_csv(index=False)


def described(**more) -> dict:
    return {"path": "people.csv", "columns": {"customer_id": "id"}, "exclude": ["firm"], **more}


def studied(folder: Path, customers: dict | None = None, table: str = "", **keys) -> Study:
    keys = {"personas": {"k": 2}} | keys if not table else keys  # two are in the data; choosing takes longer
    (folder / "people.csv").write_text(table or people())
    given = {"id": "acme", "name": "Acme", "customers": customers or described()}
    client = client_from_dict(given | keys, folder)
    return open_study(client, read_events(client).as_of("latest"))


def written(study: Study, language: str = "en") -> dict[str, list[dict]]:
    """Return the blocks of the report by the chapter that they stand in."""
    page, found = Page(study.client, language), {}
    for name in CHAPTERS:
        before = len(page.blocks)
        getattr(chapters, name)(page, study)
        found[name] = page.blocks[before:]
    return found


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    return studied(tmp_path_factory.mktemp("people"), described(exclude=["firm", "phase"]))


def test_personas_are_of_what_tells_people_apart(study):
    """Without events there still are groups; that they are groups of habits would be a lie."""
    assert study.personas.found_ and len(study.persona_table) == 2
    kinds = study.customers.assign(kind=[int(name[1:]) % 2 for name in study.customers["customer_id"]])
    assert (kinds.groupby("kind")["persona"].nunique() == 1).all()
    strongest = {row.traits[0]["trait"] for row in study.persona_table.itertuples()}
    assert strongest <= {"attribute.age", "attribute.points"}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_journey_section_says_that_it_cannot_be_seen(study, language):
    told = written(study, language)
    words = {"nl": "Niet waarneembaar in deze gegevens", "en": "Not observable in this data"}[language]
    unseen = (
        "stages",
        "forecast",
        "journey_maps",
        "leaks",
        "entering",
        "channels",
        "pages",
        "after_purchase",
    )
    unseen += ("actions",)
    for name in unseen:
        kinds = [block["block"] for block in told[name]]
        assert kinds == ["heading", "note"], name
        assert told[name][1]["text"].startswith(words), name
    assert [block["block"] for block in told["measure"]] == ["heading", "note"]
    assert "contacts" not in json.dumps(told["summary"])


def test_tables_of_journeys_have_columns_and_no_rows(study):
    """Who reads all reports of a batch finds the same columns in each; a zero would be a measurement."""
    tables = study.tables
    for name in JOURNEY:
        assert len(tables[name]) == 0 and len(tables[name].columns) > 5, name
    customers = tables["customers"]
    ahead = [name for name in customers if name.startswith(("p_", "move_"))]
    assert len(customers) == 240 and {"p_lapsed", "p_next_stay"} <= set(ahead)
    assert (
        customers[["stage", "next_stage", "value_total", "last_touchpoint_at", *ahead]].isna().all(axis=None)
    )


def test_nobody_is_shown_as_an_example(study):
    """Age, plan and place of one person together tell who it is."""
    assert study.examples.empty and study.tables["persona_examples"].empty


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Study:
    stages = {"new": "awareness", "paying": "action", "gone": "lapsed"}
    columns = {"customer_id": "id", "stage": "phase"}
    return studied(tmp_path_factory.mktemp("told"), described(columns=columns, stages=stages))


def test_a_stage_is_what_a_column_says(told):
    raw = pd.read_csv(told.client.folder / "people.csv").set_index("id")["phase"]
    found = told.customers.set_index("customer_id")
    wanted = raw.map({"new": "awareness", "paying": "action", "gone": "lapsed"})
    assert (found["stage"].reindex(raw.index).fillna("") == wanted.fillna("")).all()
    known = found[found["stage"].notna()]
    states = [f"p_{stage}" for stage in (*told.client.model.ids, "lapsed")]
    assert (known[states].sum(axis=1) == 1).all() and found.loc[found["stage"].isna(), states].isna().all(
        axis=None
    )
    assert not [name for name in told.profile if "phase" in name]


@pytest.mark.slow
def test_shares_of_stages_are_of_those_whose_stage_is_told(told):
    """Counting the unknown in the base would make every stage look smaller than it is."""
    now = told.tables["stages_now"]
    everyone = now[(now["persona"] == "all") & now["stage"].notna()]
    assert everyone["share"].sum() == pytest.approx(1)
    assert everyone["customers"].sum() == told.customers["stage"].notna().sum()
    shown = written(told)["stages"]
    assert [block["block"] for block in shown] == ["heading", "prose", "figure", "table"]
    assert "nothing was inferred" in shown[1]["paragraphs"][0]
    assert not [found for found in told.findings if found.section == "stages"]


def test_an_account_is_one_unit(tmp_path: Path):
    """Two people of one firm are one account: counting both would count its attributes twice."""
    columns = {"customer_id": "id", "account_id": "firm"}
    study = studied(tmp_path, described(columns=columns, exclude=["phase"]), setting="b2b")
    assert study.size == {"customers": 240, "units": 120, "contacts": 0}
    assert study.customers.groupby("account_id")["persona"].nunique(dropna=False).eq(1).all()


@pytest.mark.quick("id,plan\\na,x\\n", "id,age\\na,30\\nb,41\\nc,52\\n")
@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("id,plan\na,x\n", "no_traits"),
        ("id\n" + "\n".join("abcdefgh") + "\n", "no_traits"),
        ("id,age\na,30\nb,41\nc,52\n", "too_few"),
        ("id,age\n" + "".join(f"c{number},{number % 7}\n" for number in range(60)), None),
    ],
)
def test_too_little_is_no_persona_and_still_a_report(tmp_path: Path, table, reason):
    study = studied(tmp_path, {"path": "people.csv", "columns": {"customer_id": "id"}}, table)
    assert reason is None or study.personas.reason_ == reason
    told = written(study)
    assert study.personas.found_ or told["personas"][1]["block"] == "note"
    assert len(study.tables["customers"]) == len(table.strip().splitlines()) - 1


def test_a_study_of_journeys_refuses_people_without_events(study):
    with pytest.raises(DataError, match="journeys need events"):
        Study(study.client, study.log)


def test_measures_are_in_their_own_units():
    frame = pd.DataFrame({"age": [30, 40, None, 58], "plan": ["a", "b", "a", "b"], "mail": [0, 1, 1, 0],
                          "since": pd.to_datetime(["2026-01-11", "2026-01-01", None, "2026-01-10"])})  # fmt: skip
    _, profile = measure_people(frame)
    assert profile["attribute.age"].tolist()[:2] == [30, 40] and np.isnan(profile["attribute.age"][2])
    assert profile["level_share.plan: a"].tolist() == [1, 0, 1, 0]
    assert profile["level_share.mail"].tolist() == [0, 1, 1, 0]
    assert profile["date_days.since"].tolist()[:2] == [0, 10]


def test_activity_describes_and_does_not_group():
    frame = pd.DataFrame(
        {"orders": np.arange(40.0) % 11, "age": np.arange(40.0) % 7, "plan": ["a", "b"] * 20}
    )
    traits, profile = measure_people(frame, ["orders", "absent"])
    assert "orders" not in traits and "attribute.orders" in profile


@pytest.mark.parametrize(
    ("key", "nl", "en"),
    [
        ("attribute.Income+", "Klanten met een hoge waarde voor “Income”", "Customers high in “Income”"),
        ("level_share.plan: pro+", "Klanten met “Plan: pro”", "Customers with “Plan: pro”"),
        ("date_days.since-", "Klanten met “Since” korter geleden", "Customers with “Since” more recently"),
    ],
)
def test_names_are_of_columns(key, nl, en):
    assert (name_persona(key, "nl"), name_persona(key, "en")) == (nl, en)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"measure": "attribute.MntWines", "op": "at_least", "threshold": 80}, "MntWines: at least 80"),
        ({"measure": "level_share.plan: pro", "op": "at_least", "threshold": 1.0}, "‘Plan: pro’"),
        ({"measure": "level_share.plan: pro", "op": "less_than", "threshold": 0.5}, "not ‘Plan: pro’"),
        ({"measure": "date_days.since", "op": "at_most", "threshold": 21}, "since: at most 3 weeks"),
    ],
)
def test_conditions_are_of_columns(condition, said):
    told = say_conditions([condition], "en")
    assert told == said or told == "at most 3 weeks since ‘since’"


def test_a_trait_that_is_called_like_ours_is_theirs():
    """A column `weekend` of the client is not the share of contacts in the weekend."""
    assert label("trait", "attribute.weekend", "en") == "‘Weekend’"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["10-check-events", "90-client-report"])
def test_notebooks_work_on_people_without_events(write_client, tmp_path: Path, name):
    from journeykit.reports.warm import lighten

    lighten()
    import papermill
    from papermill.engines import papermill_engines

    from journeykit.reports.engine import InProcessEngine

    if "journeykit" not in papermill_engines._engines:
        papermill_engines.register("journeykit", InProcessEngine)
    client = write_client({"people.csv": people()}, customers=described())
    given = {"client": str(client.path)} | ({"folder": str(tmp_path / "out")} if name[0] == "9" else {})
    papermill.execute_notebook(
        FOLDER / f"{name}.ipynb", tmp_path / "out.ipynb", given, engine_name="journeykit", progress_bar=False
    )
    if name[0] == "9":
        assert (tmp_path / "out" / "tables" / "funnel.parquet").is_file()
        assert (tmp_path / "out" / "models" / "personas.skops").is_file()


def test_saved_personas_are_given_to_other_people_measured_as_before(tmp_path: Path):
    """Measured anew, half of the people would be another age than when the personas were learned."""
    known = described(exclude=["firm", "phase"], activity=["mail"])
    first = studied(tmp_path, known)
    first.save_personas(tmp_path / "personas.skops")
    table = pd.read_csv(tmp_path / "people.csv")
    old = table[table["plan"] == "team"].drop(columns=["points"])
    again = studied(tmp_path, known, table.to_csv(index=False), personas={"reuse": "personas.skops"})
    assert np.allclose(again.traits, first.traits)
    assert again.membership["persona"].tolist() == first.membership["persona"].tolist()
    of_old = studied(tmp_path, known, old.to_csv(index=False), personas={"reuse": "personas.skops"})
    assert of_old.membership["persona"].dropna().nunique() == 1
    reuse = assign(load_model(tmp_path / "personas.skops"), of_old.traits)
    assert reuse.drift["state"]["points"] == "absent" and reuse.verdict != "reuse"


def test_personas_of_journeys_are_refused_for_people_without(tmp_path: Path):
    model = studied(tmp_path, described(exclude=["firm", "phase"])).personas
    del model.measure_
    save_personas(model, tmp_path / "old.skops")
    with pytest.raises(JourneykitError, match="do not say how a table of customers is measured. Remedy"):
        _ = studied(tmp_path, personas={"reuse": "old.skops"}).traits


@pytest.mark.parametrize(("measure", "said"), [("Year_Birth", "at least 1970"), ("points", "at least 1,970")])
def test_a_year_is_no_number_of_thousands(measure, said):
    condition = {"measure": f"attribute.{measure}", "op": "at_least", "threshold": 1970.0}
    assert say_conditions([condition], "en").endswith(said)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_small_p_of_groups_that_are_none_is_no_contradiction(language):
    """`no clearer than chance (p = 0.033)` reads as proof of the opposite."""
    told = [str(NoPersonasFound("chance", 3, 0.2, 0.1, p, "customers", language)) for p in (0.033, 0.60)]
    no_clearer = {"nl": "niet duidelijker dan", "en": "no clearer than"}[language]
    assert no_clearer not in told[0] and no_clearer in told[1]
