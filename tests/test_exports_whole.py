"""Exports of whole reports: of events, of an order without times, and of people without events."""

from __future__ import annotations

import io
import json
import re

import nbformat
import openpyxl
import pandas as pd
import pptx
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from test_exports_pptx import check_places, texts

from journeykit.clients import read_client
from journeykit.events import read_events
from journeykit.reports import Page, chapters, open_study
from journeykit.reports.blocks import BLOCK
from journeykit.reports.dictionary import OF_PEOPLE, columns_of
from journeykit.reports.exports import write_formats
from journeykit.reports.exports.chapters import Chapter
from journeykit.reports.exports.material import Material
from tests.test_profiles import CHAPTERS, studied
from tests.test_sequences import written as write_paths

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*extension is not supported")]
FORMATS = ("xlsx", "pptx", "data")


def of_events(folder):
    from journeykit.simulate import simulate

    world = simulate(customers=300, personas=2, stage_model="content", days=150, seed=3)
    world.write(folder)
    client = read_client(folder / "client.yml")
    return open_study(client, read_events(client).as_of("latest"))


def of_paths(folder):
    from journeykit.clients import client_from_dict

    write_paths(folder)
    columns = {"customer_id": "who", "timestamp": {"order": "step"}, "touchpoint": "what", "value": "spent"}
    given = {
        "id": "acme",
        "name": "Acme",
        "stage_model": "content",
        "events": {"path": "paths.csv", "columns": columns},
    }
    client = client_from_dict(given | {"personas": {"k": 2}}, folder)
    return open_study(client, read_events(client).as_of("latest"))


@pytest.fixture(scope="module", params=[of_events, of_paths, studied], ids=["events", "paths", "people"])
def study(request, tmp_path_factory):
    return request.param(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module", params=["nl", "en"])
def report(request, study, tmp_path_factory):
    """Return a folder with the exports of a report in a language."""
    folder, page = tmp_path_factory.mktemp("report"), Page(study.client, request.param)
    for name in CHAPTERS:
        getattr(chapters, name)(page, study)
    page.record(study, folder)
    blocks = json.loads(json.dumps(page.blocks))
    cell = new_code_cell("", outputs=[new_output("display_data", {BLOCK: block}) for block in blocks])
    steps = write_formats(nbformat.from_dict(new_notebook(cells=[cell])), folder, FORMATS)
    assert [step["name"] for step in steps] == list(FORMATS)
    return folder, Material(blocks, folder)


def test_slides_stay_within_their_places_and_none_is_empty(report):
    folder, _ = report
    made = pptx.Presentation(folder / "report.pptx")
    check_places(made)
    assert len(made.slides) > 3
    assert all(len(list(slide.shapes)) > 1 for slide in made.slides)
    assert not [one for one in texts(made) if re.search(r"\{\w+\}|\bnan\b|\bNone\b|_share\b", one)]


def test_findings_of_the_summary_stand_on_slides(report):
    folder, material = report
    told = "\n".join(texts(pptx.Presentation(folder / "report.pptx")))
    first = Chapter(material, "summary").points[:5]
    assert first and all(one in told for one in first)


def test_sheets_hold_the_tables_rows(report):
    folder, material = report
    book = openpyxl.load_workbook(io.BytesIO((folder / "report.xlsx").read_bytes()))
    rows = {sheet.cell(3, 1).value: sheet.max_row - 4 for sheet in book.worksheets[2:-1]}
    filled = [name for name in material.tables if len(material.table(name))]
    assert len(book.sheetnames) == len(filled) + 3
    assert sum(rows.values()) <= sum(len(material.table(name)) for name in filled)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


def test_every_column_of_every_table_is_described(report):
    folder, _ = report
    told = pd.read_csv(folder / "data" / "dictionary.csv")
    assert not told.isna().any().any(), told[told.isna().any(axis=1)]
    for path in (folder / "tables").glob("*.parquet"):
        columns = columns_of(path.stem, pd.read_parquet(path).columns)
        assert not [column.name for column in columns if not column.meaning("en")], path.stem


def test_numbers_are_numbers_and_texts_are_texts(report):
    """A column whose form does not go with what it holds would be shown in the wrong format."""
    _, material = report
    texts_of = {"text", "persona", "stage", "canonical", "channel", "touchpoint", "list", "month"}
    for name in material.tables:
        table = material.table(name)
        for column in columns_of(name, table.columns):
            numeric = pd.api.types.is_numeric_dtype(table[column.name]) and not pd.api.types.is_bool_dtype(
                table[column.name]
            )
            if numeric and table[column.name].notna().any():
                assert column.form not in texts_of - {"text"}, (name, column)
            if column.form in ("percent", "points") and table[column.name].notna().any():
                assert table[column.name].abs().max() <= 1.0 + 1e-9, (name, column.name)


def test_nobody_is_in_it(report, study):
    folder, material = report
    for path in (folder / "data").glob("*.parquet"):
        assert not OF_PEOPLE & set(pd.read_parquet(path).columns)
    assert not {"customers", "next_actions", "rejects"} & set(material.tables)
