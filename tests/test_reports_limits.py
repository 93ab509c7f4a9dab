"""What goes wrong with one report: it is named, bounded and cleared away, and the last good report stays."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from journeykit.reports import run_report, run_reports
from tests.processes import LAST_RESORT, end_left_over, ended, left_over, until
from tests.small_notebook import write_client, write_notebook

DAY = "2026-03-31"
ROOT = Path(__file__).parents[1]


@pytest.fixture
def place(tmp_path):
    """A folder with a notebook and a client, and the options to run them with."""
    write_client(tmp_path, "acme")
    options = {"clients_folder": tmp_path, "out": tmp_path / "reports", "progress": False}
    yield tmp_path, options | {"notebook": write_notebook(tmp_path / "small.ipynb")}
    end_left_over(tmp_path)


def with_mode(mode: str, **more) -> dict:
    return {"parameters": {"mode": mode}, "force": True, **more}


def test_a_flood_of_printing_is_cut_in_the_log_and_in_the_notebook(place, monkeypatch):
    folder, options = place
    outcome = run_report("acme", **with_mode("flood"), **options)
    home = folder / "reports" / "acme" / "latest"
    assert outcome.status == "failed" and "drowned" in outcome.error
    log = home / "failed.log"
    assert log.stat().st_size < 25_000_000 and (home / "failed.ipynb").stat().st_size < 1_000_000
    assert log.read_text().startswith("[more was printed and is left out]")
    assert "the end of the flood" in log.read_text(), "the end is what tells the cause"
    assert sum(map(len, outcome.log_tail)) < 25_000


@pytest.mark.slow
def test_a_kernel_that_floods_is_cut_too(place):
    folder, options = place
    outcome = run_report("acme", **with_mode("chatter", kernel=True), **options)
    assert outcome.status == "ok", outcome
    notebook = folder / "reports" / "acme" / DAY / "report.ipynb"
    assert notebook.stat().st_size < 1_000_000 and "is left out" in notebook.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["figures", "open figures"])
def test_ten_thousand_figures_end_at_a_limit_or_are_kept_within_bounds(place, mode):
    folder, options = place
    write_client(folder, "beta")
    outcomes = run_reports(["acme", "beta"], jobs=2, **with_mode(mode, memory=1.2, timeout=60), **options)
    for outcome in outcomes:
        assert outcome.status == "ok" or "limit of" in outcome.error, outcome
        kept = outcome.folder / "report.ipynb"
        assert not kept.is_file() or kept.stat().st_size < 150_000_000


@pytest.mark.parametrize(("mode", "cause"), [("full", "No space left"), ("small files", "File too large")])
def test_a_full_disk_is_named_and_the_last_good_report_stays(place, mode, cause):
    folder, options = place
    run_report("acme", as_of=DAY, **options)
    home = folder / "reports" / "acme"
    before = {path: path.read_bytes() for path in (home / DAY).rglob("*") if path.is_file()}
    outcome = run_report("acme", as_of=DAY, **with_mode(mode), **options)
    assert outcome.status == "failed" and cause in outcome.error, outcome
    kept = {path: path.read_bytes() for path in before if path.name != "run.json"}
    assert kept == {path: content for path, content in before.items() if path.name != "run.json"}
    assert json.loads((home / DAY / "run.json").read_text())["last_good"]["status"] == "ok"
    assert [path.name for path in home.iterdir()] == [DAY], "nothing half-written"


def test_a_disk_that_is_full_for_the_parent_too_is_an_outcome(place, monkeypatch):
    from journeykit.reports import making

    def full(*_):
        raise OSError(28, os.strerror(28))

    folder, options = place
    monkeypatch.setattr(making, "write_run", full)
    outcome = run_report("acme", **options)
    assert outcome.status == "failed" and "No space left" in outcome.error
    assert not list((folder / "reports" / "acme").glob("*/report.html"))


def test_no_room_for_a_folder_is_an_outcome_of_each(place, monkeypatch):
    from journeykit.reports import making

    def refuse(_):
        raise OSError(30, os.strerror(30))

    folder, options = place
    write_client(folder, "beta")
    monkeypatch.setattr(making, "workshop", refuse)
    outcomes = run_reports(["acme", "beta"], **options)
    assert ["Read-only" in one.error for one in outcomes] == [True, True]


def test_what_a_finished_report_left_running_is_ended(place):
    folder, options = place
    assert run_report("acme", **with_mode("strays"), **options).status == "ok"
    assert not left_over(folder)


@pytest.mark.slow
def test_a_kernel_that_hangs_is_ended_with_all_that_it_started(place):
    folder, options = place
    outcome = run_report("acme", **with_mode("hang", kernel=True, timeout=20), **options)
    assert "longer than the limit" in outcome.error and not left_over(folder)


def from_a_pool(options: dict) -> str:
    return run_report("acme", **options).status


@pytest.mark.slow
def test_a_worker_of_a_pool_may_make_reports(place):
    _, options = place
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(from_a_pool, (options,)) == "ok"


@contextmanager
def started_batch(folder: Path, *names: str) -> Iterator[subprocess.Popen]:
    """Start the command in a project of its own, and go on when one report is finished and the other hangs."""
    with ended(run_command(folder, *names)) as batch:
        finished = folder / "reports" / "acme" / DAY / "run.json"
        until(lambda: batch.poll() is not None or (finished.is_file() and left_over(folder / "hang.yml")))
        assert batch.poll() is None, "it ended by itself"
        yield batch


def run_command(folder: Path, *words: str) -> subprocess.Popen:
    """Run `journeykit report` on clients whose own notebook behaves as the client's name says."""
    for file in folder.glob("*.yml"):
        told = file.read_text().partition("report:")[0]
        file.write_text(told + "report: {notebook: small.ipynb, parameters: {mode: named}}\n")
    options = ("--project", str(folder), "--clients", ".", "--jobs", "2")
    return subprocess.Popen(
        [sys.executable, "-m", "journeykit", "report", *words, *options], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True, preexec_fn=heed_ctrl_c,
    )  # fmt: skip


def heed_ctrl_c() -> None:
    """Let a process heed Ctrl-C although whoever started the tests ignores it, as a shell's background jobs do."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_a_batch_killed_in_the_middle_goes_on_where_it_was(place):
    folder, _ = place
    write_client(folder, "hang")
    with started_batch(folder, "acme", "hang") as batch:
        batch.kill()
        batch.wait(LAST_RESORT)
        until(lambda: not left_over(folder / "hang.yml"))
    assert list((folder / "reports" / "hang").glob(".making-*")), "half-made when it was killed"
    with ended(run_command(folder, "acme", "hang", "--timeout", "3", "--json")) as rest:
        said, _ = rest.communicate(timeout=LAST_RESORT)
    assert [one["status"] for one in json.loads(said)] == ["skipped", "failed"]
    assert rest.returncode == 1 and not list((folder / "reports").glob("*/.making-*"))


@pytest.mark.slow
def test_ctrl_c_ends_the_batch_with_130_and_leaves_nothing(place):
    folder, _ = place
    write_client(folder, "hang")
    with started_batch(folder, "acme", "hang") as batch:
        batch.send_signal(signal.SIGINT)
        _, said = batch.communicate(timeout=LAST_RESORT)
        until(lambda: not left_over(folder / "hang.yml"))
    assert batch.returncode == 130 and said.endswith("Interrupted.\n") and "Traceback" not in said
    assert not list((folder / "reports").glob("*/.making-*"))
    assert (folder / "reports" / "acme" / DAY / "report.html").is_file()
