"""The workbook: every sheet can be read back, holds the tables' values, and nothing in it runs or names a person."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from export_report import FINDINGS, NASTY, hand_made, make_report, names_of

from journeykit.reports.dictionary import columns_of, is_of_people, table_names
from journeykit.reports.exports import cells, xlsx
from journeykit.reports.exports.sheets import TableSheet

TOP = TableSheet.TOP
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")  # openpyxl, bars


def read_back(folder, tables=None, **more):
    notebook = make_report(folder, tables, **more)
    xlsx.write(notebook, folder / "report.xlsx")
    return opened(folder)


def opened(folder):
    return openpyxl.load_workbook(io.BytesIO((folder / "report.xlsx").read_bytes()))


def values_of(sheet) -> list[list]:
    return [list(row) for row in sheet.iter_rows(min_row=TOP + 1, values_only=True)]


def heads_of(sheet) -> tuple[list, list]:
    return [cell.value for cell in sheet[TOP]], [cell.value for cell in sheet[TOP - 1]]


def all_text(book) -> str:
    return "\n".join(
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell
    )


def test_a_sheet_holds_the_table_with_words_for_ids_and_formats_by_kind(tmp_path):
    sheet = read_back(tmp_path)["Trechter"]
    heads, technical = heads_of(sheet)
    assert technical[:4] == ["persona", "stage", "reached", "share_of_start"]
    assert heads[:4] == ["Persona", "Fase", "Bereikt", "Aandeel van alle klanten"]
    assert heads[5] == "Aandeel van alle klanten, ondergrens"
    rows = values_of(sheet)
    assert rows[0][:4] == ["Alle klanten", "Fase awareness", 100, 1.0]
    assert rows[5][:4] == ["Groep 1", "Fase consideration", 80, 0.8]
    assert sheet.cell(TOP + 1, 4).number_format == "0.0%"
    assert sheet.cell(TOP + 1, 3).number_format == "#,##0"
    assert sheet.freeze_panes == "B5"
    assert sheet.auto_filter.ref == f"A4:M{TOP + len(rows)}"
    assert sheet.conditional_formatting


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_first_sheet_says_what_there_is_and_leads_there(tmp_path, language):
    book = read_back(tmp_path, language=language)
    first = book.worksheets[0]
    told = all_text(book)
    assert "Acme" in told and "31 maart 2026" in told
    links = {cell.hyperlink.location for row in first.iter_rows() for cell in row if cell.hyperlink}
    named = {place.split("!")[0].strip("'").replace("''", "'") for place in links}
    assert named == set(book.sheetnames[1:])
    assert ("per persoon" if language == "nl" else "per person") in told


def test_findings_have_their_figures_interval_and_evidence(tmp_path):
    book = read_back(tmp_path)
    rows = [list(row) for row in book["Bevindingen"].iter_rows(min_row=4, values_only=True)]
    assert len(rows) == len(FINDINGS)
    assert rows[2][1:] == [
        FINDINGS[2]["sentence"]["nl"],
        "Groep 1",
        "Fase purchase",
        412,
        0.25,
        0.2,
        0.3,
        0.01,
        "Afhaken",
    ]
    assert rows[4][5:8] == [31, None, None]
    assert rows[4][9] == "ratings"  # a table that this report does not have


def test_nobody_is_named(tmp_path):
    """A workbook is mailed about: tables with one row per person stay with the researcher."""
    tables = hand_made() | {"own": pd.DataFrame({"account_id": ["geheim-3"], "share": [0.5]})}
    book = read_back(tmp_path, tables)
    assert "geheim" not in all_text(book)
    assert "customers, next_actions, own" in all_text(book)
    with zipfile.ZipFile(tmp_path / "report.xlsx") as parts:
        assert not any(b"geheim" in parts.read(name) for name in parts.namelist())


def test_no_cell_is_a_formula_or_a_link_to_elsewhere(tmp_path):
    """A persona that is called =cmd() must not run on the client's machine."""
    book = read_back(tmp_path, hand_made(12, nasty=True), name="=HYPERLINK(1)")
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert all(
        not cell.hyperlink.target
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.hyperlink
    )
    names = [row[0] for row in values_of(book["Persona's"])]
    assert names == [cells.clean(name) for name in NASTY]
    assert "abc" in names


def test_values_of_every_kind_find_a_cell(tmp_path):
    moment = pd.Timestamp("2026-03-04 18:12:00", tz="Europe/Amsterdam")
    table = pd.DataFrame({
        "page": ["x" * 40_000, "😀" * 20_000, None], "share": [0.5, np.nan, np.inf], "when": [moment, pd.NaT, moment],
        "early": [dt.date(1850, 1, 1)] * 3, "list": [["a", "b"], [], None], "paid": [True, False, None],
        "big": [2**53, -1, 0],
    })  # fmt: skip
    folder = tmp_path / "tables"
    folder.mkdir(parents=True)
    notebook = make_report(tmp_path, {})
    table.to_parquet(folder / "own.parquet", index=False)
    xlsx.write(notebook, tmp_path / "report.xlsx")
    rows = values_of(opened(tmp_path)["own"])
    assert rows[0][0].endswith(" … [afgekapt]") and len(rows[0][0]) == cells.LONGEST
    assert cells._size(rows[1][0]) <= cells.LONGEST
    assert rows[0][1:] == [0.5, dt.datetime(2026, 3, 4, 17, 12), "1850-01-01", "a, b", "Ja", 2**53]
    assert rows[1][1:3] == [None, None] and rows[2][1] is None
    assert rows[2][5] is None


@pytest.mark.parametrize("personas", [0, 1, 12])
def test_any_number_of_personas(tmp_path, personas):
    book = read_back(tmp_path, hand_made(personas))
    rows = values_of(book["Fasen nu"])
    assert {row[0] for row in rows} == {"Alle klanten", *names_of(personas).values()}
    assert ("Persona's" in book.sheetnames) == (personas > 0)


def test_empty_tables_have_no_sheet_and_are_listed(tmp_path):
    tables = {name: table.head(0) for name, table in hand_made().items()}
    book = read_back(tmp_path, tables, findings=[])
    assert book.sheetnames == ["Leesmij", "Bevindingen", "Woordenboek"]
    assert "geen rijen in dit rapport" in all_text(book)


def test_a_report_without_tables_is_a_workbook(tmp_path):
    assert read_back(tmp_path, {}, findings=[]).sheetnames == ["Leesmij", "Bevindingen", "Woordenboek"]


def test_a_table_that_is_too_long_is_cut_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_ROWS", 10)
    book = read_back(tmp_path)
    assert len(values_of(book["Trechter"])) == 10
    assert "10 van 12 rijen: de rest staat in het bestand tables/funnel.parquet" in all_text(book)


def test_the_dictionary_explains_every_column_that_is_shown(tmp_path):
    book = read_back(tmp_path)
    told = {row[:2]: row for row in book["Woordenboek"].iter_rows(min_row=4, values_only=True)}
    assert all(all(row) for row in told.values())
    assert told["drop_off", "low"][4] == "Ondergrens van het 95%-interval van ‘Afhakers’"
    assert not any(is_of_people(table) for table, _ in told)


def test_accounts_are_called_accounts(tmp_path):
    assert "Accounts" in heads_of(read_back(tmp_path, setting="b2b")["Fasen nu"])[0]


def test_the_same_report_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        read_back(tmp_path / name)
    one, other = ((tmp_path / name / "report.xlsx").read_bytes() for name in ("a", "b"))
    assert one == other
    assert not list(tmp_path.rglob(".new-*"))


def test_a_failed_workbook_leaves_the_old_one(tmp_path, monkeypatch):
    notebook = make_report(tmp_path)
    (tmp_path / "report.xlsx").write_bytes(b"old")
    monkeypatch.setattr(xlsx._Workbook, "_findings", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        xlsx.write(notebook, tmp_path / "report.xlsx")
    assert (tmp_path / "report.xlsx").read_bytes() == b"old"
    assert not list(tmp_path.rglob(".new-*"))


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["a/b", "A_B"], ["a_b", "A_B (2)"]),
        (["x" * 40, "x" * 40], ["x" * 31, "x" * 27 + " (2)"]),
        (["'", "history", ""], ["_", "history_", "_ (2)"]),
        (["😀" * 20], ["😀" * 15]),
    ],
)
def test_names_of_sheets_are_valid_and_unique(given, found):
    assert list(cells.unique_names(dict(enumerate(given))).values()) == found


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_column_of_every_table_has_a_head_and_a_meaning(language):
    for table in (*table_names(), "long"):
        for column in columns_of(table):
            assert column.head(language) and column.meaning(language) and column.unit(language), column


def test_heads_of_a_sheet_are_never_alike():
    """Two columns called the same cannot be told apart in a pivot table."""
    for table in table_names():
        for language in ("nl", "en"):
            heads = [column.head(language) for column in columns_of(table)]
            assert len(set(heads)) == len(heads), (table, sorted(h for h in heads if heads.count(h) > 1))
