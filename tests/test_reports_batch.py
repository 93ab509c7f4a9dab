"""The batch: failures stay apart, folders are whole, and what is up to date is not made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from journeykit.errors import JourneykitError
from journeykit.reports import run_report, run_reports
from tests.processes import end_left_over, left_over
from tests.small_notebook import write_client, write_notebook

DAY = "2026-03-31"


@pytest.fixture
def place(tmp_path):
    """A folder with a notebook and a client, and the options to run them with."""
    write_client(tmp_path, "acme")
    options = {"clients_folder": tmp_path, "out": tmp_path / "reports", "progress": False}
    yield tmp_path, options | {"notebook": write_notebook(tmp_path / "small.ipynb")}
    end_left_over(tmp_path)


def run_json(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


def test_a_report_leaves_what_the_contract_names_and_is_not_made_twice(place):
    folder, options = place
    outcome = run_report("acme", **options)
    home = folder / "reports" / "acme" / DAY
    assert (outcome.status, outcome.as_of, outcome.folder) == ("ok", DAY, home), outcome
    assert {path.name for path in home.iterdir()} >= {
        "report.html",
        "report.ipynb",
        "run.json",
        "tables",
        "findings.json",
    }
    run = run_json(home)
    assert set(run) >= {"client", "as_of", "status", "started", "finished", "seconds", "journeykit", "inputs",
                        "parameters", "steps", "figures", "error"}  # fmt: skip
    assert run["error"] is None and run["figures"]["customers"] == 600
    assert set(run["inputs"][0]) == {"path", "rows", "sha256"}
    assert [step["name"] for step in run["steps"]] == ["Settings", "Work", "Page", "html"]
    assert not list(home.parent.glob(".*")), "nothing half-made is left"
    assert (folder / "reports" / "index.html").read_text().count("acme/2026-03-31/report.html") == 1
    made = (home / "report.html").stat().st_mtime_ns
    again = run_report("acme", **options)
    assert (again.status, again.seconds, again.cpu_seconds, again.figures) == (
        "skipped",
        0,
        0,
        run["figures"],
    )
    assert (again.folder, again.started, again.finished) == (home, run["started"], run["finished"])
    assert (home / "report.html").stat().st_mtime_ns == made
    write_client(folder, "acme", rows=4)
    assert run_report("acme", **options).status == "ok", "other data: made again"


def test_failures_stay_apart_and_are_named(place):
    folder, options = place
    for name in ("raise", "crash", "chatter"):
        write_client(folder, name)
    (folder / "typo.yml").write_text("id: typo\nnaam: Typo\n")
    names = ["acme", "raise", "crash", "chatter", "typo"]
    outcomes = {
        one.client: one for one in run_reports(names, jobs=2, parameters={"mode": "named"}, **options)
    }
    assert {name: one.status for name, one in outcomes.items()} == {
        "acme": "ok", "raise": "failed", "crash": "failed", "chatter": "ok", "typo": "failed",
    }  # fmt: skip
    assert "the tills were closed" in outcomes["raise"].error and "behave" in outcomes["raise"].stage
    assert outcomes["typo"].refused and "naam" in outcomes["typo"].error
    failed = run_json(folder / "reports" / "raise" / "latest")
    assert failed["status"] == "failed" and "tills" in failed["error"] and failed["log_tail"]
    assert (folder / "reports" / "raise" / "latest" / "failed.ipynb").is_file()
    assert (folder / "reports" / "chatter" / DAY / "report.ipynb").stat().st_size < 1_000_000
    assert "the tills were closed" in (folder / "reports" / "index.html").read_text()


def test_a_failed_run_leaves_the_last_good_report_as_it_was(place):
    folder, options = place
    run_report("acme", as_of=DAY, **options)
    home = folder / "reports" / "acme" / DAY
    before = (home / "report.html").read_bytes()
    outcome = run_report("acme", as_of=DAY, parameters={"mode": "raise"}, **options)
    assert outcome.status == "failed" and (home / "report.html").read_bytes() == before
    assert run_json(home)["status"] == "failed" and run_json(home)["last_good"]["figures"]["customers"] == 600
    assert "older report kept" in (folder / "reports" / "index.html").read_text()
    assert run_report("acme", as_of=DAY, **options).status == "ok"


@pytest.mark.parametrize(("mode", "limits", "cause"), [
    ("hang", {"timeout": 4}, "longer than the limit"), ("eat", {"memory": 0.8}, "more memory"),
])  # fmt: skip
def test_limits_end_a_report_and_all_that_it_started(place, mode, limits, cause):
    folder, options = place
    outcome = run_report("acme", parameters={"mode": mode}, **limits, **options)
    assert outcome.status == "failed" and cause in outcome.error
    assert not left_over(folder), "no process is left behind"


def test_an_interruption_clears_away_what_was_being_made(place, monkeypatch):
    from journeykit.reports import batch

    def interrupt(*_):
        raise KeyboardInterrupt

    folder, options = place
    monkeypatch.setattr(batch, "attend", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_report("acme", **options)
    assert list((folder / "reports" / "acme").iterdir()) == []


@pytest.mark.parametrize(("given", "said"), [
    ({"parameters": {"mod": "ok"}}, "Did you mean 'mode'"),
    ({"parameters": {"size": "3"}}, "must be of type int"),
    ({"parameters": {"size": True}}, "must be of type int"),
    ({"formats": ("htm",)}, "unknown format 'htm'"),
])  # fmt: skip
def test_unknown_and_mistyped_parameters_are_refused(place, given, said):
    _, options = place
    with pytest.raises(JourneykitError, match=said):
        run_report("acme", **given, **options)


def test_a_notebook_without_parameters_is_refused(place, tmp_path):
    _, options = place
    (tmp_path / "bare.ipynb").write_text('{"cells": []}')
    with pytest.raises(JourneykitError, match="no cell is tagged"):
        run_report("acme", **options | {"notebook": tmp_path / "bare.ipynb"})


@pytest.mark.slow
def test_an_ordinary_kernel_makes_the_same_report(place):
    folder, options = place
    outcome = run_report("acme", kernel=True, **options)
    assert outcome.status == "ok", outcome
    assert (folder / "reports" / "acme" / DAY / "report.html").stat().st_size > 10_000


def test_a_place_that_cannot_be_written_is_a_failure_with_its_cause(place):
    folder, options = place
    (folder / "reports").write_text("a file, not a folder")
    outcome = run_report("acme", **options)
    assert outcome.status == "failed" and "reports" in outcome.error


def test_data_that_are_missing_are_told_in_a_sentence(place):
    folder, options = place
    (folder / "gone.yml").write_text("id: gone\nname: Gone\nevents: {path: gone.csv}\n")
    outcome = run_report("gone", parameters={"mode": "read"}, **options)
    assert outcome.status == "failed" and "gone.csv" in outcome.error and "Traceback" not in outcome.error


def with_report(folder: Path, name: str, lines: str) -> Path:
    """Write a client file that ends with a block `report`."""
    path = write_client(folder, name)
    path.write_text(f"{path.read_text()}report:\n{lines}")
    return path


@pytest.mark.slow
def test_a_client_file_names_its_own_notebook_and_values_for_its_parameters(place):
    folder, options = place
    del options["notebook"]
    (folder / "own").mkdir()
    write_notebook(folder / "own" / "changed.ipynb")
    with_report(folder, "acme", "  notebook: own/changed.ipynb\n  parameters: {mode: print size, size: 41}\n")
    outcome = run_report("acme", **options)
    assert outcome.status == "ok", outcome
    assert outcome.parameters["size"] == 41
    assert "working print size 41" in (outcome.folder / "report.ipynb").read_text()
    assert run_report("acme", **options).status == "skipped"
    notebook = folder / "own" / "changed.ipynb"
    notebook.write_text(notebook.read_text().replace("working", "at work"))
    assert run_report("acme", **options).status == "ok", "another notebook: made again"
    assert (
        run_report("acme", parameters={"size": 5}, **options | {"notebook": notebook}).parameters["size"] == 5
    )


@pytest.mark.parametrize(("lines", "line", "said"), [
    ("  parameters: {sise: 3}\n", 6, "the notebook small.ipynb: unknown parameter 'sise'"),
    ("  parameters: {sise: 3}\n", 6, "Did you mean 'size'"),
    ("  parameters:\n    size: three\n", 7, "must be of type int"),
    ("  parameters:\n    size: 3\n    mode: 2026-01-01\n    client: other\n", 9, "'client' is set by journeykit"),
    ("  notebok: small.ipynb\n", 6, "Did you mean 'notebook'"),
    ("  notebook: smal.ipynb\n", 6, "there is no notebook 'smal.ipynb'"),
])  # fmt: skip
def test_a_mistake_in_the_block_report_is_told_with_its_line(place, lines, line, said):
    folder, options = place
    with_report(folder, "acme", lines)
    outcome = run_report("acme", **options)
    assert outcome.refused and said in outcome.error and f"line {line}" in outcome.error, outcome.error


def test_a_day_in_the_parameters_reaches_the_notebook_as_text(place):
    folder, options = place
    with_report(folder, "acme", "  parameters: {mode: 2026-01-01}\n")
    outcome = run_report("acme", **options)
    assert outcome.status == "ok" and outcome.parameters["mode"] == "2026-01-01"


def test_a_notebook_that_lacks_what_journeykit_tells_is_refused(place):
    folder, options = place
    text = (folder / "small.ipynb").read_text().replace("folder: str", "place: str")
    (folder / "small.ipynb").write_text(text)
    with_report(folder, "acme", "  notebook: small.ipynb\n")
    del options["notebook"]
    outcome = run_report("acme", **options)
    assert outcome.refused and "lacks the parameter 'folder'" in outcome.error
