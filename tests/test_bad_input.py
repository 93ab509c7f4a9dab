"""Bad input, end to end: clear errors, stated rejections, whole folders; odd logs give a report without a warning."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import yaml

from journeykit.cli import main
from journeykit.reports import run_reports
from journeykit.reports.exports.html import write as write_html
from journeykit.reports.outcomes import Job
from journeykit.reports.worker import run_notebook

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "90-client-report.ipynb"
EVIL = '<script>alert("é&\'")</script>'
SAME_STAGE = "id: twice\nstages:\n  - id: buy\n  - id: use\n  - id: buy\n"


def orders(customers: int = 14, days: int = 50) -> pd.DataFrame:
    """Return a small log of a shop: a week of looking, then buying, over and over."""
    rng = np.random.default_rng(1)
    rows = [
        (f"k{who}", pd.Timestamp("2026-01-01 10:00") + pd.Timedelta(days=int(day)), word, "email", 12.5)
        for who in range(customers)
        for day, word in zip(
            sorted(rng.integers(0, days, 4)), ["view_item", "compare", "add_to_cart", "purchase"], strict=True
        )
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint", "channel", "value"])
    return frame.astype({"timestamp": "str"})


def write_client(folder: Path, id_: str, given: pd.DataFrame | bytes | None = None, **keys: Any) -> Path:
    """Write a client file, and its events beside it when they are given."""
    if isinstance(given, bytes):
        (folder / f"{id_}.csv").write_bytes(given)
    elif given is not None:
        given.to_csv(folder / f"{id_}.csv", index=False)
    described = {"id": id_, "name": id_.title(), "events": {"path": f"{id_}.csv"}}
    described |= {"privacy": {"min_group": 5}} | keys
    path = folder / f"{id_}.yml"
    path.write_text(yaml.safe_dump(described, allow_unicode=True, sort_keys=False), "utf-8")
    return path


class Done(NamedTuple):
    status: int
    out: str
    err: str


def command(*arguments: object) -> Done:
    """Run a command in this process, and return its status and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as left,
    ):
        patch.setattr(sys, "argv", ["journeykit", *map(str, arguments)])
        main()
    return Done(int(left.value.code or 0), out.getvalue(), err.getvalue())


# --- a batch of good and bad clients -------------------------------------------------------------------------------

DATA_FAILURES = {
    "gone": ("gone.csv: there is no such file", "Remedy: correct 'path'"),
    "column": ("unknown column 'valeu'", "Did you mean 'value'?"),
    "void": ("void.csv: the file is empty", "Remedy: export it again"),
    "header": (
        "header.csv: the files hold no events: there is nothing under the head",
        "Remedy: export it again",
    ),
    "disguised": (
        "disguised.csv: the file is not what its ending '.csv' says; it looks like parquet",
        "Remedy",
    ),
    "nobody": ("no event can be used; rejected rows by reason: no_customer: 56", "nobody.yml"),
    "early": ("nothing had happened by 2019-12-31", "Remedy: choose a later as-of date"),
    "many": ("many.yml: the client file asks for 30 personas, and there are only 14", "Remedy: set k"),
    "kept": ("kept.csv: the file is empty", "Remedy"),
}
REFUSALS = {
    "typo": ("typo.yml, line 2: unknown key 'naam'. Did you mean 'name'?", "Remedy: use one of"),
    "twice": ("twice-model.yml, line 5", "'buy'"),
    "model": ("model.yml, line 7: ", "Did you mean 'universal'?"),
    "nomodel": ("nomodel.yml, line 7: there is no stage model", "Remedy: correct the path"),
    "notyaml": ("notyaml.yml, line 2: this is not valid YAML", "Remedy"),
}


@pytest.fixture(scope="module")
def batch(tmp_path_factory) -> tuple[Path, Done, Done, dict[str, bytes]]:
    """One client that had a good report, one that is good now, and every kind of bad one."""
    home = tmp_path_factory.mktemp("batch")
    write_client(home, "kept", orders())
    assert command("report", "kept", "--clients", home, "--out", home / "reports").status == 0
    before = _files(home / "reports" / "kept" / "2026-02-19")
    _write_data_failures(home)
    _write_refusals(home)
    write_client(home, "good", orders())
    common = ("--clients", home, "--out", home / "reports", "--jobs", 2)
    failed = command("report", "good", *DATA_FAILURES, *common)
    refused = command("report", *REFUSALS, "good", *common, "--json")
    return home, failed, refused, before


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "run.json"
    }


def _write_data_failures(home: Path) -> None:
    parquet = io.BytesIO()
    orders().to_parquet(parquet)
    write_client(home, "gone")
    write_client(home, "column", orders(), events={"path": "column.csv", "columns": {"value": "valeu"}})
    write_client(home, "void", b"")
    write_client(home, "header", b"customer_id,timestamp,touchpoint\n")
    write_client(home, "disguised", parquet.getvalue())
    write_client(home, "nobody", orders().assign(customer_id=None))
    write_client(home, "early", orders(), period={"as_of": "2019-12-31"})
    write_client(home, "many", orders(), personas={"k": 30})
    write_client(home, "kept", b"", period={"as_of": "2026-02-19"})


def _write_refusals(home: Path) -> None:
    (home / "typo.yml").write_text("id: typo\nnaam: Typo\nevents: {path: good.csv}\n")
    (home / "notyaml.yml").write_text("id: [notyaml\n")
    (home / "twice-model.yml").write_text(SAME_STAGE)
    write_client(home, "twice", stage_model="twice-model.yml")
    write_client(home, "model", stage_model="univrsal")
    write_client(home, "nomodel", stage_model="nowhere.yml")


@pytest.mark.parametrize("name", DATA_FAILURES)
def test_data_that_fail_are_named_with_their_cause(batch, name):
    home, failed, _, _ = batch
    said = [line for line in failed.err.splitlines() if line.startswith(f"{name}: ")][-1]
    assert all(part in said for part in DATA_FAILURES[name]), said
    run = json.loads(next((home / "reports" / name).glob("*/run.json")).read_text("utf-8"))
    assert run["status"] == "failed" and run["error"] in said and run["stage"] and run["client"] == name


def test_some_failed_is_status_one_and_the_others_are_finished(batch):
    home, failed, _, _ = batch
    assert failed.status == 1 and "Traceback" not in failed.err
    assert re.search(r"^ok +good ", failed.out, re.MULTILINE)
    assert (home / "reports" / "good" / "2026-02-19" / "report.html").is_file()
    assert len(re.findall(r"^failed ", failed.out, re.MULTILINE)) == len(DATA_FAILURES)


@pytest.mark.parametrize("name", REFUSALS)
def test_client_files_that_cannot_be_read_are_named_with_file_line_and_remedy(batch, name):
    _, _, refused, _ = batch
    said = {one["client"]: one for one in json.loads(refused.out)}[name]
    assert said["status"] == "failed" and all(part in said["error"] for part in REFUSALS[name]), said["error"]


def test_an_unreadable_client_file_is_status_two_and_the_others_are_finished(batch):
    _, _, refused, _ = batch
    states = {one["client"]: one["status"] for one in json.loads(refused.out)}
    assert refused.status == 2 and states.pop("good") == "skipped"
    assert states == dict.fromkeys(REFUSALS, "failed")


def test_nothing_half_made_is_left_and_the_last_good_report_is_as_it_was(batch):
    home, _, _, before = batch
    left = [path for path in (home / "reports").rglob("*") if path.name.startswith(".")]
    assert left == []
    pages = {path.parts[-3] for path in (home / "reports").glob("*/*/report.html")}
    assert pages == {"good", "kept"}
    folder = home / "reports" / "kept" / "2026-02-19"
    assert {name: data for name, data in _files(folder).items() if not name.startswith("failed.")} == before
    run = json.loads((folder / "run.json").read_text("utf-8"))
    assert run["status"] == "failed" and run["last_good"]["status"] == "ok"
    index = (home / "reports" / "index.html").read_text("utf-8")
    assert "older report kept" in index and "there is no such file" in index


def test_two_clients_of_one_id_do_not_write_into_one_folder(batch, tmp_path):
    """Else the later one would silently replace the report of the other."""
    home, *_ = batch
    other = write_client(tmp_path, "good", orders(8))
    made, second = run_reports([home / "good.yml", other], out=home / "reports", progress=False)
    assert made.status == "skipped" and second.status == "failed" and second.refused
    assert "the id 'good'" in second.error and str(home / "good.yml") in second.error


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "../../elsewhere", "01-02-2026"])
def test_an_as_of_that_is_no_day_is_wrong_usage(batch, day):
    home, *_ = batch
    done = command("report", "good", "--clients", home, "--out", home / "reports", "--as-of", day)
    assert done.status == 2 and f"the as-of day {day!r} cannot be read" in done.err
    assert command("check", "good", "--clients", home, "--as-of", day).status == 2


# --- logs that must give a report, without a warning ---------------------------------------------------------------


class Made(NamedTuple):
    folder: Path
    page: str
    tables: Callable[[str], pd.DataFrame]


def make_report(client: Path, **given: str) -> Made:
    """Run the notebook of the report in this process, where every warning is an error."""
    folder = client.parent / f"report-{client.stem}"
    folder.mkdir()
    job = Job(
        client=client.stem, client_file=str(client), name=client.stem, as_of=given.get("as_of", ""), language="",
        out=str(folder), formats=("html",), notebook=str(NOTEBOOK), kernel=False, parameters={}, key="",
    )  # fmt: skip
    write_html(run_notebook(job, folder), folder / "report.html")
    page = (folder / "report.html").read_text("utf-8")
    assert "nan" not in re.sub(r"<(svg|style).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL).lower().split()
    return Made(folder, page, lambda name: pd.read_parquet(folder / "tables" / f"{name}.parquet"))


def stage_model(folder: Path, stages: dict[str, list[str]]) -> str:
    """Write a stage model with odd names, and return its file's name."""
    names = [f"{EVIL} $x_{at}$ of a very long name indeed" for at in range(len(stages))]
    described = [
        {"id": key, "name": name, "touchpoints": words, "markers": words}
        for name, (key, words) in zip(names, stages.items(), strict=True)
    ]
    path = folder / "odd-model.yml"
    path.write_text(yaml.safe_dump({"id": "odd", "name": EVIL, "stages": described}), "utf-8")
    return path.name


def test_one_event(tmp_path):
    """One person: nothing about her is shown, whatever can be computed."""
    made = make_report(write_client(tmp_path, "one", orders()[:1]))
    customers = made.tables("customers")
    assert len(customers) == 1 and made.tables("personas").empty
    assert set(customers["stage_basis"]) <= {"recorded", "unsure"}
    assert not re.search(
        r"\d%", re.sub(r"<style.*?</style>|95%|95 %|85%|85 %", "", made.page, flags=re.DOTALL)
    )


@pytest.mark.slow
def test_all_at_one_moment_and_nothing_but_the_required_columns(tmp_path):
    """Gaps of zero, no channel, no value, and a stage model of two stages."""
    frame = orders().assign(timestamp="2026-01-05 09:00")[["customer_id", "timestamp", "touchpoint"]]
    model = stage_model(tmp_path, {"look": ["view_item", "compare"], "buy": ["purchase"]})
    made = make_report(write_client(tmp_path, "bare", frame, stage_model=model))
    assert made.tables("funnel")["stage"].unique().tolist() == ["look", "buy"]
    assert made.tables("customers")["value_total"].isna().all(), "missing is not nothing"
    assert made.tables("channels").empty


@pytest.mark.slow
def test_times_out_of_bounds_and_values_that_are_no_numbers_are_stated(tmp_path):
    """A customers file that lacks some of the people, and knows others."""
    frame = orders().astype({"value": object})
    frame.loc[:2, "timestamp"] = ["1969-07-20", "0001-01-01", "9999-12-31"]
    frame.loc[3:4, "value"] = ["a lot", "-"]  # a lone dash is nothing, and no fault
    (tmp_path / "people.csv").write_text("customer_id,age,city\nk5,31,Ede\nk6,118,Select\nk99,5,Rhenen\n")
    people = {"path": "people.csv", "missing": {"age": [118], "city": ["Select"]}}
    made = make_report(write_client(tmp_path, "odd", frame, customers=people), as_of="2026-02-10")
    rejects = made.tables("rejects").set_index("row")["reason"].to_dict()
    assert rejects == {
        1: "before_1970",
        2: "before_1970",
        3: "after_2099",
        4: "not_a_number",
    }
    assert made.tables("customers")["last_touchpoint_at"].max() < pd.Timestamp("2026-02-11")
    later = command("check", tmp_path / "odd.yml", "--as-of", "2026-02-10", "--json")
    counts = json.loads(later.out)["counts"]
    assert (
        later.status == 0
        and counts["rows_used"] + counts["rows_rejected"] + counts["rows_merged"] == counts["rows_read"] == 56
    )
    assert counts["events"] < counts["rows_used"], "later events are hidden, not lost"


@pytest.mark.slow
def test_markup_in_names_is_shown_as_text(tmp_path):
    """Ids, touchpoints, channels, pages, the client and its stages; twelve stages of odd names."""
    frame = orders().assign(
        page=f"/<blink>{EVIL}</blink>", session_id="s", campaign=EVIL, product=EVIL, content=EVIL
    )
    frame["customer_id"] += EVIL
    frame.loc[::3, "touchpoint"], frame.loc[::2, "channel"] = f"Ünïcode 🎉 {EVIL}", EVIL
    words = ["view_item", "compare", *(f"word {n}" for n in range(8)), "add_to_cart", "purchase"]
    model = stage_model(tmp_path, {f"stage-{at}": [word] for at, word in enumerate(words)})
    keys = {"name": f"{EVIL} & Zn", "note": EVIL, "stage_model": model, "language": "nl"}
    made = make_report(write_client(tmp_path, "evil", frame, **keys))
    assert (
        made.page.count("<script") <= made.page.count("<script>// Drawings") <= 1
        and "<blink" not in made.page
        and "&lt;script&gt;alert(" in made.page
    )
    assert 'lang="nl"' in made.page and not re.search(r"\bk\d+&lt;", made.page)
    customers = made.tables("customers")
    assert len(customers) == 14 and [name for name in customers if name.startswith("p_stage")] == [
        f"p_stage-{at}" for at in range(12)
    ]
    assert np.allclose(customers.filter(regex="^p_(?!next)").sum(axis=1), 1)


@pytest.mark.slow
@pytest.mark.parametrize(("change", "keys"), [
    ({"customer_id": "k1"}, {}),
    ({"touchpoint": "view_item"}, {}),
    ({"touchpoint": "purchase", "value": -5.0}, {}),
    ({"touchpoint": "something else", "channel": None}, {}),
    ({"value": 1e300, "channel": ""}, {"privacy": {"min_group": 1}}),
    ({}, {"personas": {"k": 12}}),
    ({}, {"period": {"horizon_days": 100_000, "report_days": 100_000}, "timezone": "Pacific/Apia"}),
    ({"account_id": "only one"}, {"setting": "b2b", "stage_model": "digital"}),
    ({"rating": 250, "cost": 3, "paid": "maybe", "referrer_id": "k1"}, {}),
])  # fmt: skip
def test_odd_logs_give_a_report(tmp_path, change, keys):
    made = make_report(write_client(tmp_path, "odd", orders().assign(**change), **keys))
    assert len(made.tables("customers")) in (1, 14)
