"""What changed: only between good reports of different days, and significant only when it is."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd

from journeykit.reports.changes import list_changes
from journeykit.reports.earlier import earlier_tables


def tables(share: float, drop: float, n: int = 200) -> dict[str, pd.DataFrame]:
    customers = pd.DataFrame({"p_action": [share] * n, "p_lapsed": [1 - share] * n})
    drop_off = pd.DataFrame({"persona": ["all"], "stage": ["action"], "drop_off": [drop], "left": [100.0]})
    return {"customers": customers, "drop_off": drop_off}


def test_a_change_is_significant_when_its_interval_leaves_out_zero():
    found = list_changes(tables(0.2, 0.30), tables(0.5, 0.31), ("action",)).set_index(["figure", "stage"])
    assert found["significant"].to_dict() == {
        ("stage_share", "action"): True, ("stage_share", "lapsed"): True, ("drop_off", "action"): False,
    }  # fmt: skip
    row = found.loc[("stage_share", "action")]
    assert row["low"] < row["difference"] < row["high"] and row["persona"] == "all"


def test_a_stage_of_another_model_is_not_compared():
    assert list_changes(tables(0.2, 0.3), tables(0.5, 0.3), ("wishes",))["stage"].tolist() == ["lapsed"]


def test_the_last_good_report_of_an_earlier_day_is_taken(tmp_path):
    for day, status in (("2026-01-31", "ok"), ("2026-02-28", "failed"), ("2026-03-31", "ok")):
        folder = tmp_path / day / "tables"
        folder.mkdir(parents=True)
        (folder.parent / "run.json").write_text(json.dumps({"status": status}))
        pd.DataFrame({"customer_id": ["a"]}).to_parquet(folder / "customers.parquet")
    found = earlier_tables(tmp_path, dt.date(2026, 3, 31))
    assert found == tmp_path / "2026-01-31" / "tables"
    assert earlier_tables(tmp_path, dt.date(2026, 1, 31)) is None
