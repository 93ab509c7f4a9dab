"""The portfolio: phases counted by hand, and benchmarks that never tell what one client is like."""

from __future__ import annotations

import pandas as pd
import pytest
from test_journeys import log_of
from test_reports_index import make_run

from journeykit.events import EventLog
from journeykit.reports.index import write_index
from journeykit.reports.portfolio import benchmark, beside, read_phases
from tests.lazy_journeys import map_journeys


def phases(
    share: float, drop_off: float | None = 0.2, phase: str = "purchase", unit: str = "customer", **more
):
    row = {
        "persona": "all",
        "phase": phase,
        "unit": unit,
        "share": share,
        "drop_off": drop_off,
        "held_back": False,
    }
    return pd.DataFrame([row | more])


def test_a_phase_joins_the_stages_that_share_it_and_moves_within_it_are_no_departure():
    """advocate and promote are both advocacy: who goes from the one to the other has not left it.

    Four have fallen silent for good; x, seen on the last day, has not left. A page seen takes nobody back.
    """
    steps = {f"c{n}": [(0, "review"), (5, "referral")] for n in range(4)}
    log = log_of({**steps, "x": [(0, "ad_impression"), (1, "review"), (200, "page_view")]})
    model = map_journeys(log, min_group=1).phases
    assert model["phase"].tolist() == ["awareness", "consideration", "decision", "purchase", "loyalty"]
    again = EventLog.from_frame(log.visible.execute(), stage_model="value-journey")
    table = map_journeys(again, min_group=1).phases.set_index(["persona", "phase"])
    row = table.loc[("all", "advocacy")]
    assert row["stages"] == "advocate, promote" and row["left"] == 4


def test_a_phase_that_the_data_cannot_show_is_null_and_not_zero():
    table = map_journeys(log_of({"a": [(0, "aw")], "b": [(0, "aw"), (90, "aw")]}), min_group=1).phases
    row = table[table["phase"] == "loyalty"].iloc[0]
    assert not row["observable"] and pd.isna(row["left"]) and pd.isna(row["drop_off"])


def test_benchmarks_are_the_median_and_range_over_clients_each_counting_once():
    clients = {name: phases(share) for name, share in zip("abc", (0.1, 0.4, 0.2), strict=True)}
    row = benchmark(clients).iloc[0]
    assert (row["share_median"], row["share_low"], row["share_high"], row["share_clients"]) == (
        0.2,
        0.1,
        0.4,
        3,
    )


@pytest.mark.parametrize(
    "clients",
    [
        {"a": phases(0.1), "b": phases(0.4)},
        {"a": phases(0.1), "b": phases(0.4), "c": phases(float("nan"), float("nan"))},
        {"a": phases(0.1), "b": phases(0.4), "c": phases(0.3, phase="use")},
        {"a": phases(0.1), "b": phases(0.4), "c": phases(0.3, unit="account")},
    ],
    ids=["two clients", "one cannot show it", "another phase", "accounts are no customers"],
)
def test_a_cell_of_fewer_than_three_clients_is_held_back(clients):
    usual = benchmark(clients)
    assert usual["share_median"].isna().all() and usual["share_high"].isna().all()
    assert beside(clients, usual).empty


def test_phases_stand_in_the_order_of_the_journey():
    clients = {"a": pd.concat([phases(0.1, phase=name) for name in ("loyalty", "need", "purchase")])}
    assert benchmark(clients)["phase"].tolist() == ["need", "purchase", "loyalty"]


def test_nothing_of_no_clients():
    assert benchmark({}).empty


def write_phases(out, client: str, table: pd.DataFrame) -> None:
    make_run(out, client, "2026-01-31")
    folder = out / client / "2026-01-31" / "tables"
    folder.mkdir()
    table.to_parquet(folder / "phases.parquet")


def test_the_index_shows_the_portfolio_and_each_client_beside_the_median(tmp_path):
    for name, drop in zip(("acme", "beta", "core"), (0.1, 0.2, 0.4), strict=True):
        write_phases(tmp_path, name, phases(0.3, drop))
    write_phases(tmp_path, "thin", phases(0.9, 0.9, held_back=True))
    (tmp_path / "core" / "2026-01-31" / "tables" / "other.parquet").write_bytes(b"spoiled")
    write_index(tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert "Portfolio: journeys of customers" in page and "10.0% to 40.0%" in page and "40.0% (+20.0)" in page
    assert "90.0%" not in page, "a client's small group is held back"


def test_a_spoiled_table_is_left_out(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "phases.parquet").write_bytes(b"spoiled")
    assert read_phases(tmp_path) is None and read_phases(tmp_path / "none") is None
