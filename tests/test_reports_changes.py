"""What changed: only between good reports of different days, and significant only when it is."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
import pytest
from fake_study import fake_client, fake_study

from journeykit.findings.changes import figure_findings
from journeykit.reports import Page, chapters
from journeykit.reports.changes import _controlled, list_changes
from journeykit.reports.earlier import earlier_tables
from journeykit.wording import say


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


def test_one_in_twenty_is_not_called_a_change():
    """Of a hundred figures some differ by chance: what is called a change is controlled for how many there are."""
    rows = pd.DataFrame({"figure": "stage_share", "persona": "all", "p_value": [0.03] + [0.5] * 40, "difference": 0.1,
                         "significant": [True] + [False] * 40})  # fmt: skip
    assert not _controlled(rows)["significant"].any()
    assert _controlled(rows.head(1))["significant"].all()


def test_significant_changes_come_first_and_the_largest_before_the_smaller():
    rows = pd.DataFrame({"figure": ["a", "b", "c"], "p_value": [0.9, 0.001, 0.001], "difference": [0.5, -0.1, 0.2],
                         "significant": [False, True, True]})  # fmt: skip
    assert _controlled(rows)["figure"].tolist() == ["c", "b", "a"]


def test_who_is_new_was_not_tested_and_keeps_its_own_verdict():
    rows = pd.DataFrame({"figure": ["persona_born", "x"], "p_value": [None, 0.04], "difference": [0.2, 0.1],
                         "significant": [True, True]})  # fmt: skip
    found = _controlled(rows).set_index("figure")
    assert found.loc["persona_born", "significant"] and pd.isna(found.loc["persona_born", "p_adjusted"])
    assert found.loc["x", "p_adjusted"] == 0.04, "the untested one is no test"


def test_small_groups_are_not_compared():
    assert list_changes(tables(0.2, 0.3, n=9), tables(0.5, 0.3, n=9), ("action",))["figure"].tolist() == [
        "drop_off"
    ]


@pytest.mark.parametrize(
    ("figure", "stage", "difference", "key"),
    [("stage_share", "action", 0.1, "stage_share_risen"), ("stage_share", "lapsed", -0.1, "lapsed_fallen"),
     ("drop_off", "action", -0.2, "drop_off_fallen")],
)  # fmt: skip
@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_change_is_a_finding_with_then_and_now(figure, stage, difference, key, language):
    row = {"figure": figure, "persona": "all", "stage": stage, "before": 0.4, "after": 0.4 + difference,
           "difference": difference, "low": difference - 0.05, "high": difference + 0.05, "p_value": 0.001,
           "customers": 200}  # fmt: skip
    (found,) = figure_findings(pd.DataFrame([row]), "2026-01-31")
    assert found.key == key and found.p_value == 0.001 and found.section == "changes"
    said = say(found, language)
    assert "40%" in said and "2026" in said and ("procentpunt" in said or "percentage points" in said)


def chapter(table: pd.DataFrame | None, language: str = "en") -> list[dict]:
    study = fake_study(fake_client(language))
    study.changes = table
    page = Page(study.client, language)
    chapters.changes(page, study)
    return page.blocks


def compared(after: float, n: int = 200) -> pd.DataFrame:
    found = list_changes(tables(0.2, 0.3, n), tables(after, 0.31, n), ("action",))
    found.attrs["day"] = "2026-01-31"
    return found


def test_the_chapter_says_how_many_figures_changed_and_which_most():
    blocks = chapter(compared(0.5))
    said = " ".join(p for block in blocks if block["block"] == "prose" for p in block["paragraphs"])
    assert "Of the 3 compared figures, 2 differ from 31 January 2026" in said and "from 80% to 50%" in said
    (table,) = [block for block in blocks if block["block"] == "table"]
    assert table["cells"][0][0] == "Share in the stage · Lapsed"


@pytest.mark.parametrize(
    ("table", "words"),
    [(None, "first report"), (compared(0.21), "None of the 3 compared figures"),
     (compared(0.5, n=3).head(0), "cannot be compared")],
)  # fmt: skip
def test_the_chapter_says_it_when_nothing_changed_or_nothing_can_be_compared(table, words):
    if table is not None:
        table.attrs["day"] = "2026-01-31"
    said = [block.get("text", " ".join(block.get("paragraphs", []))) for block in chapter(table)]
    assert any(words in one for one in said)


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
