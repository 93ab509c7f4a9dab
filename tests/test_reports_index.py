"""The index, the folders and the progress: what a reader sees of a batch."""

from __future__ import annotations

import io
import os

import pytest

from journeykit.reports.folders import _host, place, replace_file, sweep, workshop
from journeykit.reports.index import write_index
from journeykit.reports.outcomes import Outcome, read_run, write_json, write_run
from journeykit.reports.progress import Progress


def make_run(out, client: str, day: str, status: str = "ok", **figures) -> None:
    folder = out / client / day
    folder.mkdir(parents=True, exist_ok=True)
    if status == "ok":
        (folder / "report.html").write_text("x")
    error = None if status == "ok" else "no <such> file"
    write_run(Outcome(client, status, day, client.title(), figures=figures, error=error, stage="reading",
                      finished=f"{day}T10:00:00"), folder)  # fmt: skip


def test_the_index_shows_state_figures_and_the_last_two_reports_compared(tmp_path):
    make_run(tmp_path, "acme", "2026-01-31", customers=100, unsure_share=0.25)
    make_run(tmp_path, "acme", "2026-02-28", customers=120, unsure_share=0.2)
    make_run(tmp_path, "acme", "2026-03-31", customers=1150, unsure_share=0.15)
    make_run(tmp_path, "zeta", "latest", status="failed")
    write_index(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert 'href="acme/2026-03-31/report.html"' in page and "2026-01-31" not in page
    assert "+1,030" in page and "-5.0 points" in page and "15.0%" in page and "1,150" in page
    assert "no &lt;such&gt; file" in page and "2 clients, 1 failed" in page


def test_an_index_of_nothing_is_written_too(tmp_path):
    write_index(tmp_path / "none")
    assert "0 clients" in (tmp_path / "none" / "index.html").read_text()


def test_a_failure_keeps_what_the_last_good_report_said(tmp_path):
    for status in ("ok", "failed", "failed"):
        make_run(tmp_path, "acme", "2026-01-31", status, customers=3 if status == "ok" else 0)
    assert read_run(tmp_path / "acme" / "2026-01-31")["last_good"]["figures"] == {"customers": 3}


def test_a_finished_folder_takes_the_place_of_the_older_one(tmp_path):
    (tmp_path / "2026-01-31").mkdir()
    (tmp_path / "2026-01-31" / "old.txt").write_text("old")
    made = workshop(tmp_path)
    (made / "new.txt").write_text("new")
    place(made, tmp_path / "2026-01-31")
    assert [path.name for path in tmp_path.iterdir()] == ["2026-01-31"]
    assert [path.name for path in (tmp_path / "2026-01-31").iterdir()] == ["new.txt"]


def test_what_a_run_that_died_left_is_cleared_away_and_its_report_put_back(tmp_path):
    left, moved = tmp_path / f".making-{_host()}-999999-1-x", tmp_path / f".making-{_host()}-999999-1-x-older"
    mine = workshop(tmp_path)
    for folder in (left, moved):
        folder.mkdir()
    write_json(moved / "run.json", {"as_of": "2026-01-31"})
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"2026-01-31", mine.name}


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("before")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        replace_file(tmp_path / "a.txt", "after")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "before"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_progress_names_every_client_and_the_cause_of_a_failure(stream):
    with Progress(stream=stream) as shown:
        shown.finish(Outcome("acme", "ok", seconds=2.5))
        shown.finish(Outcome("zeta", "failed", stage="reading", error="no such file"))
    said = stream.getvalue()
    assert "acme: ready in 2.5 s" in said and "zeta: failed (reading): no such file" in said
