"""The exported data: plain files that other tools read, tidy figures, and a description of every column."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from export_report import NASTY, STAGES, hand_made, make_report

from journeykit.reports.dictionary import OF_PEOPLE, columns_of, is_tidy, table_names
from journeykit.reports.exports import data
from journeykit.reports.exports.cells import clean, neutral


def export(folder, tables=None, **more):
    notebook = make_report(folder, tables, **more)
    data.write(notebook, folder / "data")
    return folder / "data"


def read_csv(folder, name) -> list[dict[str, str]]:
    text = (folder / f"{name}.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_figures_are_told_one_a_row_with_interval_and_unit(tmp_path):
    made = pd.read_parquet(export(tmp_path) / "long.parquet")
    assert list(made) == [column.name for column in columns_of("long")]
    row = made.query(
        "table == 'drop_off' and measure == 'drop_off' and persona == 'p1' and stage == 'purchase'"
    ).iloc[0]
    assert row[["value", "low", "high"]].tolist() == pytest.approx([0.45, 0.2, 0.6])
    assert row[["measure_name", "persona_name", "stage_name"]].tolist() == [
        "Afhakers",
        "Groep 1",
        "Fase purchase",
    ]
    assert (row["stage_order"], row["unit"]) == (3, "aandeel, 0 tot 1")
    email = made.query("measure == 'attribution_markov' and persona == 'all' and channel == 'email'")
    assert email["value"].tolist() == [0.6] * len(STAGES)
    assert email["channel_name"].unique().tolist() == ["E-mail"]


def test_every_figure_of_a_tidy_table_is_there_once(tmp_path):
    made = pd.read_parquet(export(tmp_path) / "long.parquet")
    keys = ["table", "measure", "persona", "stage", "channel"]
    assert not made.duplicated(keys).any()
    for name, table in hand_made().items():
        wanted = [column.name for column in columns_of(name, table.columns) if is_tidy(column)]
        found = made[made["table"] == name]["measure"].value_counts().to_dict()
        assert found == {one: int(table[one].notna().sum()) for one in wanted if table[one].notna().any()}


def test_what_is_not_known_is_no_row_and_limits_are_of_95_percent_only(tmp_path):
    tables = hand_made()
    tables["drop_off"].loc[0, "drop_off"] = np.nan
    made = pd.read_parquet(export(tmp_path, tables) / "long.parquet")
    assert made["value"].notna().all()
    days = made.query("table == 'outlook' and measure == 'days_median'")
    assert days[["low", "high"]].isna().all().all()  # its limits are of one in ten, not of an interval


def test_names_stand_beside_ids(tmp_path):
    made = pd.read_parquet(export(tmp_path) / "channels.parquet")
    assert list(made)[:7] == [
        "persona",
        "persona_name",
        "stage",
        "stage_name",
        "stage_order",
        "channel",
        "channel_name",
    ]
    assert made["stage_order"].tolist()[:4] == [1, 2, 3, 4]


def test_text_files_are_plain(tmp_path):
    folder = export(tmp_path)
    raw = (folder / "stages_now.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\r\n") == raw.count(b"\n")
    row = read_csv(folder, "stages_now")[0]
    assert (row["share"], row["held_back"], row["persona_name"]) == ("0.4", "false", "Alle klanten")
    assert read_csv(folder, "outlook")[0]["stage"] == ""
    assert read_csv(folder, "evidence")[0]["touchpoints"] == "view_item"


def test_moments_are_iso(tmp_path):
    tables = {"own": pd.DataFrame({"last_touchpoint_at": [pd.Timestamp("2026-03-04 18:12"), pd.NaT]})}
    rows = read_csv(export(tmp_path, tables), "own")
    assert [row["last_touchpoint_at"] for row in rows] == ["2026-03-04T18:12:00", ""]


def test_no_text_is_run_as_a_formula(tmp_path):
    folder = export(tmp_path, hand_made(12, nasty=True))
    read = [row["name_nl"] for row in read_csv(folder, "personas")]
    assert read == [neutral(clean(name)) for name in NASTY]
    for path in folder.glob("*.csv"):
        for row in read_csv(folder, path.stem):
            assert not any(cell[:1] in ("=", "@", "\t") for cell in row.values()), path
    assert (
        pd.read_parquet(folder / "personas.parquet")["name_nl"].tolist()[4] == NASTY[4]
    )  # only text files are read so


def test_negative_numbers_stay_numbers(tmp_path):
    tables = {"persona_traits": hand_made()["persona_traits"].assign(effect=-1.5)}
    assert read_csv(export(tmp_path, tables), "persona_traits")[0]["effect"] == "-1.5"


def test_nobody_is_named(tmp_path):
    folder = export(tmp_path, hand_made() | {"own": pd.DataFrame({"unit_id": ["geheim-3"]})})
    assert not {"customers", "next_actions", "own"} & {path.stem for path in folder.iterdir()}
    assert not any(b"geheim" in path.read_bytes() for path in folder.iterdir())
    for path in folder.glob("*.parquet"):
        assert not OF_PEOPLE & set(pd.read_parquet(path).columns)


def test_the_dictionary_describes_every_column_of_every_file_in_both_languages(tmp_path):
    folder = export(tmp_path)
    told = pd.read_csv(folder / "dictionary.csv").set_index(["table", "column"])
    assert not told.isna().any().any()
    for path in folder.glob("*.parquet"):
        if path.stem != "dictionary":
            assert {(path.stem, name) for name in pd.read_parquet(path)} <= set(told.index), path.stem
    assert told.loc[("funnel", "share_of_start"), "type"] == "number"
    assert told.loc[("funnel", "held_back"), "type"] == "boolean"
    assert told.loc[("funnel", "stage_order"), "type"] == "integer"


@pytest.mark.parametrize("tables", [{}, {name: table.head(0) for name, table in hand_made().items()}])
def test_nothing_measured_leaves_files_with_heads(tmp_path, tables):
    folder = export(tmp_path, tables, findings=[])
    assert read_csv(folder, "long") == []
    assert list(pd.read_parquet(folder / "long.parquet")) == data.LONG


@pytest.mark.parametrize("personas", [1, 12])
def test_any_number_of_personas(tmp_path, personas):
    made = pd.read_parquet(export(tmp_path, hand_made(personas)) / "long.parquet")
    assert made["persona"].nunique() == personas + 1


def test_long_tables_come_whole(tmp_path):
    rows = 10_000
    pages = pd.DataFrame(
        {"page": [f"/p/{number}" for number in range(rows)], "landings": range(rows), "bounce_share": 0.5}
    )
    assert len(read_csv(export(tmp_path, {"pages": pages}), "pages")) == rows


def test_the_folder_is_replaced_whole(tmp_path):
    folder = export(tmp_path)
    (folder / "stale.csv").write_text("x")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "stale.csv"}
    again = export(tmp_path)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"tables", "findings.json", "data"}


def test_a_tidy_table_is_counted_per_persona_stage_and_channel_only():
    """A figure per touchpoint or month would stand several times under one persona and stage."""
    for name in table_names():
        columns = columns_of(name)
        if any(map(is_tidy, columns)):
            keys = {
                one.name
                for one in columns
                if one.form in ("persona", "stage", "canonical", "channel", "touchpoint", "month")
            }
            keys -= {"back_to", "rated_at", "touchpoint"} if name in ("back_steps", "journey_map") else set()
            assert keys <= {"persona", "stage", "channel"}, name
