"""The batch on a dask cluster: the same reports, the same limits, and nothing left when it is cut off."""

from __future__ import annotations

import sys
import threading

import pytest

from journeykit.errors import JourneykitError
from journeykit.reports import run_report, run_reports
from journeykit.reports.clusters import scheduler_address
from tests.processes import LAST_RESORT, end_left_over, left_over, until
from tests.small_notebook import write_client, write_notebook

DAY = "2026-03-31"


@pytest.fixture
def place(tmp_path):
    options = {"clients_folder": tmp_path, "out": tmp_path / "reports", "progress": False}
    yield tmp_path, options | {"notebook": write_notebook(tmp_path / "small.ipynb")}
    end_left_over(tmp_path)


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes, each watched by a nanny, as `dask worker` starts them."""
    import distributed

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=":0"
    ) as made:
        yield made.scheduler_address.replace("tcp", "dask")


@pytest.mark.parametrize("given", ["dask://", "dask://host", "local", "dask://:8786", "ray://host:1"])
def test_an_address_that_is_none_is_refused(given):
    with pytest.raises(JourneykitError, match="dask://host:port"):
        scheduler_address(given)


def test_without_distributed_the_remedy_is_named(place, monkeypatch):
    folder, options = place
    write_client(folder, "acme")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(JourneykitError, match=r"pip install journeykit\[dask\]"):
        run_report("acme", cluster="dask://127.0.0.1:1", **options)


@pytest.mark.slow
def test_reports_are_made_on_the_workers_and_failures_stay_apart(place, cluster):
    folder, options = place
    names = ["acme", "beta", "raise", "crash"]
    for name in [*names, "hang"]:
        write_client(folder, name)
    given = {"parameters": {"mode": "named"}, "cluster": cluster}
    outcomes = {one.client: one for one in run_reports(names, **given, **options)}
    outcomes["hang"] = run_report("hang", **given, timeout=3, **options)
    assert {name: one.status for name, one in outcomes.items()} == {
        "acme": "ok", "beta": "ok", "raise": "failed", "crash": "failed", "hang": "failed",
    }  # fmt: skip
    assert "the tills were closed" in outcomes["raise"].error
    assert "longer than the limit" in outcomes["hang"].error
    assert (folder / "reports" / "acme" / DAY / "report.html").is_file()
    assert "the tills were closed" in (folder / "reports" / "index.html").read_text()
    assert not list((folder / "reports").glob("*/.making-*")) and not left_over(folder)
    again = run_report("acme", **given, **options)
    assert again.status == "skipped", "a report of the cluster is up to date on this machine"
    assert run_report("acme", parameters={"mode": "named"}, **options).status == "skipped"


@pytest.mark.slow
def test_an_interrupted_batch_leaves_nothing_on_the_workers(place, cluster, monkeypatch):
    folder, options = place
    write_client(folder, "hang")
    at_work = threading.Event()

    class Interrupted:
        def __init__(self, **_):
            """Wait for nothing."""

        def add(self, future):
            self.future = future

        def __next__(self):
            at_work.wait(LAST_RESORT)
            raise KeyboardInterrupt

    def watch():
        until(lambda: left_over(folder))
        at_work.set()

    threading.Thread(target=watch, daemon=True).start()
    monkeypatch.setattr("distributed.as_completed", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_report("hang", parameters={"mode": "hang"}, cluster=cluster, **options)
    assert at_work.is_set(), "the report was being made"
    until(lambda: not left_over(folder) and not list((folder / "reports" / "hang").iterdir()))


@pytest.mark.slow
def test_a_worker_with_other_code_is_named(place, cluster, monkeypatch):
    from journeykit.reports import clusters

    folder, options = place
    write_client(folder, "acme")
    monkeypatch.setattr(clusters, "code_key", lambda: "another")
    outcome = run_report("acme", cluster=cluster, **options)
    assert outcome.status == "failed" and "another journeykit" in outcome.error


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_named(place, monkeypatch):
    from journeykit.reports import clusters

    folder, options = place
    write_client(folder, "acme")
    monkeypatch.setattr(clusters, "PATIENCE", "1s")
    with pytest.raises(JourneykitError, match="no scheduler answers"):
        run_report("acme", cluster="dask://127.0.0.1:9", **options)
