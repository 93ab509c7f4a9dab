"""The commands: what they print, where, and their exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import yaml

from journeykit.cli import main

ORDERS = "klant;wat;wanneer;bedrag\n1;winkelmand;25-03-2026 10:00;1,50\n"
ORDERS += "1;gekocht;25-03-2026 10:05;1,50\n;gekocht;26-03-2026 10:05;1,50\n"


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(capsys, monkeypatch):
    """Run a command in this process, from the working directory, and return what it printed."""
    here = Path.cwd()

    def command(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["journeykit", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        os.chdir(here)
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    yield command
    os.chdir(here)


def test_the_command_is_installed_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "journeykit", "stage-models"], capture_output=True, text=True, check=True
    )
    assert "universal" in done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "data" / "clients").mkdir(parents=True)
    (tmp_path / "orders.csv").write_text(ORDERS)
    return tmp_path


def test_from_a_raw_file_to_a_judgement(run, project):
    """The newcomer's walk: new, then check, from another folder."""
    drafted = run("new", "acme", "--events", "orders.csv", "--project", project)
    assert drafted.returncode == 0, drafted.stderr
    assert drafted.stdout.strip().endswith("acme.yml")
    judged = run("check", "acme", "--json", "--out", "reports", f"--project={project}")
    assert judged.returncode == 0, judged.stderr
    found = json.loads(judged.stdout)
    assert found["counts"]["rows_used"] == 2 and found["rejects"][0]["reason"] == "no_customer"
    rejects = pd.read_parquet(project / "reports" / "acme" / "2026-03-25" / "rejects.parquet")
    assert rejects["row"].tolist() == [3]
    assert "purchase" in run("check", "acme", "--project", project).stdout


def test_a_drafted_file_is_not_overwritten(run, project):
    run("new", "acme", "--events", "orders.csv", "--project", project)
    again = run("new", "acme", "--events", "orders.csv", "--project", project)
    assert again.returncode == 2 and "there already" in again.stderr
    assert run("new", "acme", "--events", "orders.csv", "--force", "--project", project).returncode == 0


def test_lists(run, project):
    run("new", "acme", "--events", "orders.csv", "--project", project)
    assert json.loads(run("clients", "--json", "--project", project).stdout)[0]["id"] == "acme"
    assert "value-journey" in run("stage-models").stdout
    assert "Webinar" in run("touchpoints", "--language", "nl").stdout
    shown = run("stage-models", "five-phase", "--language", "nl").stdout
    assert "Oriëntatie" in shown and "Heractivatie" in shown


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["check", "nobody"], 2, "unknown client 'nobody'"),
        (["chek"], 2, "chek"),
        (["report", "--formats", "htm"], 2, "unknown format 'htm'. Did you mean 'html'"),
        (["report", "--language", "de"], 2, "unknown language 'de'"),
        (["report", "--engine", "duckdbb"], 2, "Did you mean 'duckdb'"),
        (["report"], 2, "no client file"),
        (["stage-models", "univrsal"], 2, "Did you mean 'universal'"),
        (["simulate", "--out", "x", "--customers", "0"], 2, "--customers"),
        (["personas", "assign", "no.skops", "acme", "--out", "x.parquet"], 1, "no such model"),
        (["forget", "someone", "--client", "acme"], 1, "no reports of this client"),
    ],
)
def test_wrong_usage_is_one_sentence_and_a_status(run, project, arguments, status, message):
    done = run(*arguments, "--project", project)
    assert (done.returncode, message in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""


def test_a_project_that_is_not_there_is_told(run, tmp_path):
    done = run("clients", "--project", tmp_path / "nowhere")
    assert done.returncode == 2 and "there is no folder" in done.stderr


def test_missing_data_is_the_clients_failure_not_a_wrong_usage(run, project):
    described = {"id": "acme", "name": "Acme", "events": {"path": "gone.csv"}}
    (project / "data" / "clients" / "acme.yml").write_text(yaml.safe_dump(described))
    done = run("check", "acme", "--project", project)
    assert done.returncode == 1 and "no such file" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("terminal", [True, False])
def test_learning_personas_shows_progress_on_a_terminal_alone(run, project, monkeypatch, terminal):
    run("simulate", "--out", project / "made", "--customers", 40, "--days", 60)
    events = str(project / "made" / "events.parquet")
    described = {"id": "made", "name": "Made", "events": {"path": events}, "personas": {"k": 2}}
    described |= {"privacy": {"min_group": 5}}
    (project / "data" / "clients" / "made.yml").write_text(yaml.safe_dump(described))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    done = run("personas", "fit", "made", "--save", project / "p.skops", "--project", project)
    assert done.returncode == 0, done.stderr
    assert ("personas: 1/4" in done.stderr, "personas: 1/4" in done.stdout) == (terminal, False)


def test_a_simulated_population_is_written_with_its_truth(run, tmp_path):
    done = run(
        "simulate",
        "--out",
        tmp_path / "s",
        "--customers",
        30,
        "--days",
        60,
        "--seed",
        1,
        "--stage-model",
        "digital",
    )
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (tmp_path / "s").iterdir()}
    assert {"events.parquet", "customers.parquet", "truth.parquet", "client.yml"} <= written
    assert {"customer_id", "persona", "at", "stage"} <= set(pd.read_parquet(tmp_path / "s" / "truth.parquet"))
    assert run("check", tmp_path / "s" / "client.yml").returncode == 0
