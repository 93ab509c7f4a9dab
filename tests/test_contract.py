"""What others rely on: files, columns, names and options, read one by one from finished reports."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
import yaml

import journeykit as jk
from journeykit.clients import client_paths

PROJECT = Path(__file__).parents[1]
STAGES = {
    "shop": "awareness search research engagement purchase service_loyalty experience".split(),
    "soft": "need orientation consideration decision purchase delivery use aftercare".split(),
}
TEXT, NUMBER, FLAG, LIST, MOMENT = "text", "number", "flag", "list", "moment"
COLUMNS = {
    "personas": {"persona": TEXT, "name_nl": TEXT, "name_en": TEXT, "customers": NUMBER, "share": NUMBER,
                 "stability": NUMBER, "certified": FLAG, "value_mean": NUMBER, "traits": LIST},
    "journey_map": {"persona": TEXT, "stage": TEXT, "customers": NUMBER, "share": NUMBER, "drop_off": NUMBER,
                    "drop_off_low": NUMBER, "drop_off_high": NUMBER, "days_median": NUMBER, "days_low": NUMBER,
                    "days_high": NUMBER, "top_channels": TEXT, "top_touchpoints": TEXT, "skipped_share": NUMBER,
                    "back_share": NUMBER, "activity": TEXT, "question": TEXT, "asset": TEXT, "strategy": TEXT,
                    "tool": TEXT, "kpi": TEXT, "recommendation": TEXT},
    "transitions": {"persona": TEXT, "from": TEXT, "to": TEXT, "count": NUMBER, "share": NUMBER, "low": NUMBER,
                    "high": NUMBER, "days_median": NUMBER},
    "funnel": {"persona": TEXT, "stage": TEXT, "reached": NUMBER, "share_of_start": NUMBER,
               "share_of_previous": NUMBER, "low": NUMBER, "high": NUMBER, "days_median": NUMBER},
    "skips": {"persona": TEXT, "skipped_stages": NUMBER, "customers": NUMBER, "later_stage_reached_share": NUMBER,
              "low": NUMBER, "high": NUMBER, "effect": NUMBER, "p_value": NUMBER},
    "channels": {"persona": TEXT, "stage": TEXT, "channel": TEXT, "touches": NUMBER, "paid": NUMBER,
                 "attribution_markov": NUMBER, "attribution_shapley": NUMBER, "attribution_last": NUMBER,
                 "low": NUMBER, "high": NUMBER},
    "pages": {"page": TEXT, "landings": NUMBER, "bounce_share": NUMBER, "exit_share": NUMBER,
              "continue_share": NUMBER, "sales_completed": NUMBER, "low": NUMBER, "high": NUMBER},
    "decisions": {"rank": NUMBER, "finding": TEXT, "persona": TEXT, "stage": TEXT, "channel": TEXT, "page": TEXT,
                  "content": TEXT, "campaign": TEXT, "action_nl": TEXT, "action_en": TEXT, "finding_id": TEXT,
                  "at_stake": NUMBER, "at_stake_low": NUMBER, "at_stake_high": NUMBER, "certainty": NUMBER,
                  "kpi": TEXT, "kpi_now": NUMBER, "trial_customers": NUMBER, "trial_days": NUMBER},
    "next_actions": {"customer_id": TEXT, "persona": TEXT, "stage": TEXT, "next_stage": TEXT, "channel": TEXT,
                     "content": TEXT, "message_key": TEXT, "expected_effect": NUMBER, "low": NUMBER, "high": NUMBER},
}  # fmt: skip
ESTIMATES = [
    ("transitions", "share"),
    ("skips", "later_stage_reached_share"),
    ("channels", "attribution_markov"),
]


class Reports(dict):
    """By name a small client and the folder of its report, which is made when it is first asked for."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __missing__(self, name: str) -> tuple[jk.Client, Path]:
        path = _written(jk.simulate(**WORLDS[name]), self.home / name, name, LANGUAGES[name])
        outcome = jk.run_report(path, out=self.home / "reports", progress=False)
        assert (outcome.status, outcome.error) == ("ok", None)
        self[name] = jk.read_client(path), outcome.folder
        return self[name]


WORLDS = {
    "shop": {"customers": 240, "days": 100, "personas": 3, "separation": 2, "noise": 0.1,
             "stage_model": "content", "seed": 5},
    "soft": {"customers": 200, "days": 120, "setting": "b2b", "stage_model": "digital", "seed": 6},
}  # fmt: skip
LANGUAGES = {"shop": "nl", "soft": "en"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Reports:
    """Two small clients and the folders of their reports: a shop with personas, and a software house."""
    return Reports(tmp_path_factory.mktemp("contract"))


def _written(population, folder: Path, name: str, language: str) -> Path:
    path = population.write(folder, client_id=name)
    described = yaml.safe_load(path.read_text()) | {"privacy": {"min_group": 5}, "language": language}
    path.write_text(yaml.safe_dump(described))
    return path


@pytest.fixture(params=["shop", pytest.param("soft", marks=pytest.mark.slow)])
def report(request, made) -> tuple[jk.Client, Path]:
    return made[request.param]


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / "tables" / f"{name}.parquet")


def kind_of(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return FLAG
    if pd.api.types.is_numeric_dtype(column.dtype):
        return NUMBER
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return MOMENT
    return TEXT if pd.api.types.is_string_dtype(column.dtype) and column.dtype != object else LIST


@pytest.mark.parametrize("name", COLUMNS)
def test_tables_hold_their_columns_in_their_types(report, name):
    """Also where a table is empty: whoever joins the tables of many clients must not meet other types."""
    found = table(report[1], name)
    assert {column: kind_of(found[column]) for column in COLUMNS[name]} == COLUMNS[name]


def test_the_columns_of_customers_stand_in_the_order_of_the_stages(report):
    client, folder = report
    stages = STAGES[client.id]
    assert list(client.model.ids) == stages
    assert list(table(folder, "customers")) == [
        "customer_id", "account_id", "persona", "persona_confidence", "stage", "stage_likely",
        "stage_confidence", "stage_basis",
        *(f"p_{stage}" for stage in [*stages, "lapsed"]), "stage_set", "next_stage",
        *(f"p_next_{stage}" for stage in [*stages, "stay", "lapsed"]), "last_touchpoint_at", "value_total",
        "move_forward", "move_back", "move_return", "move_days", "move_days_low", "move_days_high",
    ]  # fmt: skip


def test_probabilities_of_customers_sum_to_one(report):
    found = table(report[1], "customers")
    following = found.filter(regex="^p_next_").to_numpy()
    now = found.filter(regex="^p_(?!next_)").to_numpy()
    for chances in (now, following):
        assert np.isfinite(chances).all() and (chances >= 0).all()
        assert np.abs(chances.sum(axis=1) - 1).max() < 1e-6


def test_each_customer_stands_there_once_with_known_words(report):
    client, folder = report
    found, states = table(folder, "customers"), [*client.model.ids, "lapsed"]
    types = [
        kind_of(found[name]) for name in ("customer_id", "account_id", "stage_set", "last_touchpoint_at")
    ]
    assert types == [TEXT, TEXT, LIST, MOMENT] and found["customer_id"].is_unique
    assert set(found["stage"].dropna()) <= set(states)
    assert set(found["next_stage"]) <= {*states, "stay"}
    assert found["stage_set"].map(lambda ids: len(ids) >= 1 and set(ids) <= set(states)).all()
    named = found[found["stage"].notna()]
    assert all(stage in ids for ids, stage in zip(named["stage_set"], named["stage"], strict=True))
    assert (named["stage"] == named["stage_likely"]).all() and set(found["stage_likely"]) <= set(states)
    assert ((found["stage_basis"] == "unsure") == found["stage"].isna()).all()
    assert set(found["stage_basis"]) <= {"recorded", "likely", "unsure"}
    assert found["stage_confidence"].between(0, 1).all()


@pytest.mark.slow
def test_a_customer_has_an_account_only_where_accounts_travel(made):
    """The people of an account are at its stage: it is the account that makes the journey."""
    shop, soft = (table(made[name][1], "customers") for name in ("shop", "soft"))
    assert shop["account_id"].isna().all() and soft["account_id"].notna().all()
    assert (soft.groupby("account_id")[["p_need", "p_next_stay"]].nunique() == 1).all(axis=None)
    assert soft["account_id"].nunique() < len(soft)


def test_personas_are_numbered_by_size_and_named_in_both_languages(made):
    found, customers = table(made["shop"][1], "personas"), table(made["shop"][1], "customers")
    assert found["persona"].tolist() == ["p1", "p2", "p3"] and found["certified"].all()
    assert found["customers"].is_monotonic_decreasing and found["share"].sum() == pytest.approx(1)
    assert found["stability"].between(0.6, 1).all()
    assert found[["name_nl", "name_en"]].notna().all(axis=None) and found["name_en"].is_unique
    assert customers["persona"].value_counts().to_dict() == found.set_index("persona")["customers"].to_dict()
    assert found.filter(like="effect.").notna().any().any()
    assert all({"trait", "effect"} <= set(trait) for traits in found["traits"] for trait in traits)


@pytest.mark.parametrize(("name", "share"), ESTIMATES)
def test_shares_lie_within_their_intervals(report, name, share):
    found = table(report[1], name)
    found = found[found[share].notna() & found["low"].notna()]
    assert len(found) and found[[share, "low", "high"]].stack().between(0, 1).all()
    slack = 0.02 if name == "channels" else 1e-9  # the interval of an attribution comes from resampling
    assert (found["low"] <= found[share] + slack).all() and (found[share] <= found["high"] + slack).all()


def test_steps_from_a_stage_sum_to_one(report):
    client, folder = report
    found = table(folder, "transitions")
    assert set(found["from"]) <= {"start", *client.model.ids} and set(found["to"]) <= {
        *client.model.ids,
        "lapsed",
    }
    assert (found["from"] != found["to"]).all()
    whole = found.groupby(["persona", "from"])["share"].agg(lambda shares: shares.sum(skipna=False)).dropna()
    assert len(whole) and np.allclose(whole, 1)


def test_all_stands_beside_every_persona(report):
    client, folder = report
    personas = {"all", *table(folder, "personas")["persona"]}
    for name in ("journey_map", "funnel", "transitions", "channels"):
        found = table(folder, name)
        assert "all" in set(found["persona"]) and set(found["persona"]) <= personas, name
    for name in ("journey_map", "funnel"):
        everyone = table(folder, name).query("persona == 'all'")
        assert everyone["stage"].tolist() == list(client.model.ids)


def test_pages_are_shares_of_visits(report):
    found = table(report[1], "pages")
    shares = found[["bounce_share", "exit_share", "continue_share"]].stack()
    assert len(found) > 5 and found["page"].is_unique and shares.between(0, 1).all()


def test_next_actions_go_to_known_customers(made):
    found, customers = table(made["shop"][1], "next_actions"), table(made["shop"][1], "customers")
    assert len(found) and set(found["customer_id"]) <= set(customers["customer_id"])
    assert found["message_key"].notna().all()


def test_findings_carry_their_evidence_and_a_sentence_in_both_languages(report):
    _, folder = report
    findings = json.loads((folder / "findings.json").read_text("utf-8"))
    tables = {path.stem for path in (folder / "tables").glob("*.parquet")}
    assert len(findings) > 5
    for finding in findings:
        assert {"key", "numbers", "interval", "evidence", "sentence"} <= set(finding)
        assert finding["evidence"] in tables, finding["key"]
        assert len(finding["interval"]) == 2 and isinstance(finding["numbers"], dict)
        for language in ("nl", "en"):
            sentence = finding["sentence"][language]
            assert sentence.strip().endswith((".", "?", "!")) and "{" not in sentence, sentence


def test_run_json_says_what_was_done(report):
    client, folder = report
    run = json.loads((folder / "run.json").read_text("utf-8"))
    assert set(run) >= {"client", "as_of", "status", "started", "finished", "seconds", "journeykit", "inputs",
                        "parameters", "steps", "figures", "error"}  # fmt: skip
    assert (run["client"], run["status"], run["error"]) == (client.id, "ok", None)
    assert run["as_of"] == folder.name and re.fullmatch(r"\d{4}-\d\d-\d\d", run["as_of"])
    assert run["journeykit"] == jk.__version__ and run["started"] <= run["finished"]
    assert all({"name", "seconds"} <= set(step) for step in run["steps"])
    read = {Path(entry["path"]).name: entry for entry in run["inputs"]}
    assert set(read) == {"events.parquet", "customers.parquet"}
    assert all(re.fullmatch("[0-9a-f]{64}", entry["sha256"]) for entry in read.values())
    assert all(entry["rows"] == len(pd.read_parquet(entry["path"])) for entry in read.values())
    assert run["figures"]["customers"] == len(table(folder, "customers"))


def test_models_can_be_loaded_and_have_a_card(report):
    models = report[1] / "models"
    personas, stages = (jk.load_model(models / f"{name}.skops") for name in ("personas", "stages"))
    assert isinstance(personas, jk.PersonaClusterer) and stages.states == (*report[0].model.ids, "lapsed")
    for name in ("personas", "stages"):
        assert len((models / f"{name}.md").read_text("utf-8")) > 200


def test_the_report_is_one_file_that_asks_for_nothing_from_outside(report):
    client, folder = report
    page = (folder / "report.html").read_text("utf-8")
    assert f'<html lang="{client.language}"' in page
    assert page.count("<script") == page.count("<script>") == 1, "that of the drawings, in the page itself"
    assert not re.findall(r"<iframe|@import|url\((?!#|[\"']?data:)", page)
    named = re.findall(r"""(?:src|href|xlink:href|action|srcset)\s*=\s*["']([^"']*)""", page)
    assert [name for name in named if not name.startswith(("#", "data:"))] == []
    assert "http://" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page) and "https://" not in page


@pytest.mark.parametrize("name", ["report.html", "report.ipynb", "findings.json"])
def test_a_report_names_nobody(report, name):
    """Reports are passed on; who is who stands in the tables alone."""
    _, folder = report
    customers = table(folder, "customers")
    ids = {*customers["customer_id"], *customers["account_id"].dropna()}
    words = set(re.findall(r"\b[ac]\d{5}\b", (folder / name).read_text("utf-8")))
    assert ids & words == set()


@pytest.mark.slow
def test_the_index_links_every_report(made):
    out = made["shop"][1].parents[1]
    page = (out / "index.html").read_text("utf-8")
    for _, folder in (made[name] for name in WORLDS):
        assert f'href="{folder.relative_to(out).as_posix()}/report.html"' in page
    assert not [path for path in out.rglob(".*") if path.name != ".gitignore"]


def test_python_names():
    named = {
        "read_client", "draft_client", "Client", "read_events", "EventLog", "load_stage_model", "StageModel",
        "measure_traits", "measure_signals", "PersonaClusterer", "StageClassifier", "load_model", "map_journeys",
        "JourneyMap", "observe", "Finding", "say", "simulate", "run_report", "run_reports", "JourneykitError",
    }  # fmt: skip
    assert named <= set(jk.__all__) and len(jk.__all__) <= 25
    assert all(callable(getattr(jk, name)) for name in jk.__all__)


OPTIONS = {
    "report": "clients out as-of formats language jobs engine kernel timeout memory force resume keep-going json",
    "check": "clients out json", "new": "events customers clients force", "clients": "clients json",
    "stage-models": "", "touchpoints": "", "forget": "client",
    "personas fit": "save clients", "personas assign": "out clients",
    "stages fit": "save clients", "stages infer": "out clients",
    "plan-trial": "decision clients out",
    "simulate": "out customers personas stage-model days missing-markers seed", "demo": "",
}  # fmt: skip


@pytest.mark.parametrize("command", OPTIONS)
def test_commands_have_their_options(command):
    from journeykit.cli import app

    found = typer.main.get_command(app)
    for word in command.split():
        found = found.commands[word]
    options = {name for parameter in found.params for name in parameter.opts}
    assert {f"--{name}" for name in OPTIONS[command].split()} <= options


EXAMPLE = """
id: corner-grocer
name: Corner Grocer
language: nl
setting: b2c
stage_model: value-journey
timezone: Europe/Amsterdam
events:
  - path: ../raw/grocer/orders-*.parquet
    columns:
      customer_id: household_id
      timestamp: transaction_timestamp
      value: quantity * unit_price
      product: product_id
    constants: {touchpoint: purchase, channel: store}
  - path: ../raw/grocer/campaigns.csv
    columns: {customer_id: household_id, timestamp: start_date, touchpoint: event, channel: campaign_type}
    touchpoints: {contacted: campaign_received, redeemed: coupon_redeemed}
customers:
  path: ../raw/grocer/demographics.csv
  columns: {customer_id: household_id}
  attributes: [age, income, household_size]
  missing: {age: [118], city: [Select]}
labels:
  path: labels.csv
  columns: {customer_id: id, at: date, stage: stage}
markers: {convert: [purchase, trial_start]}
personas: {k: auto, reuse: null}
period: {as_of: latest, report_days: 90, horizon_days: 30}
privacy: {min_group: 10, pseudonymise: false}
brand: {logo: null, colour: "#0b5fa5"}
touchpoints: {wishlist: {name: {en: Wish list, nl: Verlanglijst}, interaction: interactive, paid: false}}
levers: {delivery: [levering, bezorgd]}
consent: {column: opt_in, allowed: [true, "ja"]}
trials:
  - id: winback-mail
    start: 2026-02-01
    end: "2026-03-15"
    group: {path: groups.csv, columns: {customer_id: id, group: arm}}
    primary: purchase
    planned: 800
  - {id: gift, start: 2026-04-01, end: 2026-04-15, group: gift_group, control: none, ratio: {none: 1, gift: 2}}
"""


def test_a_client_file_with_every_key_is_read(tmp_path):
    path = tmp_path / "corner-grocer.yml"
    path.write_text(EXAMPLE)
    client = jk.read_client(path)
    assert set(yaml.safe_load(EXAMPLE)) <= client.model_fields_set
    assert client.model.markers()["trial_start"] == "convert" and "wishlist" in client.vocabulary
    assert jk.read_client("corner-grocer", tmp_path).id == "corner-grocer"


@pytest.mark.parametrize("form", [
    "{date: d, hour: h}", "{year: y, month: m, day: d, order: o}", "{offset: time, unit: h, start: 2018-01-01}",
])  # fmt: skip
def test_every_form_of_time_is_read(tmp_path, form):
    path = tmp_path / "acme.yml"
    columns = f"{{customer_id: c, timestamp: {form}}}"
    path.write_text(f"id: acme\nname: Acme\nevents: {{path: a.csv, columns: {columns}}}\n")
    assert isinstance(jk.read_client(path).events[0].columns["timestamp"], dict)


def test_the_demo_clients_are_read():
    read = [jk.read_client(path) for path in client_paths(PROJECT / "data" / "clients")]
    assert {client.id for client in read} >= {"corner-grocer", "cd-shop", "web-shop", "saas-b2b"}
    assert all(client.path.stem == client.id and client.model.ids for client in read)
