"""The presentation: charts hold the tables' values, nothing leaves its slide, words are of the language."""

from __future__ import annotations

import io
import re

import nbformat
import pptx
import pytest
from export_report import FINDINGS, NASTY, STAGES, blocks_for, hand_made, make_report, names_of
from nbformat.v4 import new_code_cell, new_notebook, new_output
from pptx.util import Pt

from journeykit.clients import client_from_dict
from journeykit.errors import ClientFileError
from journeykit.reports.blocks import BLOCK
from journeykit.reports.exports import pptx as export
from journeykit.reports.exports.cells import clean
from journeykit.reports.exports.deck.fitting import EMU, fit, height_of, short
from journeykit.reports.page import Page
from journeykit.wording.texts import load_texts

CARD = {"title": "Groep 1", "colour": "#0072b2", "lead": "", "rows": {"Aantal": "100"}}
TRAIT = {
    "title": "Kenmerken",
    "header": [],
    "rows": [["Via e-mail", "40%", "30–50%", "10%", "+1,5"]],
    "points": [],
}
CARD["parts"] = [TRAIT]


def with_blocks(notebook, *blocks):
    """Return a notebook with more blocks before its last two."""
    kept = [output["data"][BLOCK] for output in notebook.cells[0].outputs]
    outputs = [new_output("display_data", {BLOCK: block}) for block in (*kept[:-2], *blocks, *kept[-2:])]
    return nbformat.from_dict(new_notebook(cells=[new_code_cell("", outputs=outputs)]))


def heading(key: str, level: int = 1) -> dict:
    return {"block": "heading", "key": key, "id": key, "level": level, "number": "", "text": key}


def present(folder, tables=None, blocks=(), **more):
    notebook = make_report(folder, tables, **more)
    export.write(with_blocks(notebook, *blocks) if blocks else notebook, folder / "report.pptx")
    return pptx.Presentation(folder / "report.pptx")


def titles(made) -> list[str]:
    return [slide.shapes.title.text for slide in made.slides]


def notes(made) -> str:
    return "\n".join(
        slide.notes_slide.notes_text_frame.text for slide in made.slides if slide.has_notes_slide
    )


def charts(made) -> list:
    return [shape.chart for slide in made.slides for shape in slide.shapes if shape.has_chart]


def values(chart) -> dict:
    return {one.name: list(one.values) for one in chart.plots[0].series}


def texts(made) -> list[str]:
    found = []
    for slide in made.slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                found.append(shape.text_frame.text)
            if shape.has_table:
                found += [cell.text for row in shape.table.rows for cell in row.cells]
            if shape.has_chart:
                found += [*shape.chart.plots[0].categories, *values(shape.chart)]
    return [one for one in found if one.strip()]


def check_places(made) -> None:
    """Fail when something leaves its slide, a text its frame, or a table its place."""
    for number, slide in enumerate(made.slides, 1):
        for shape in slide.shapes:
            assert shape.left >= 0 and shape.top >= 0, (number, shape.name)
            assert shape.left + shape.width <= made.slide_width + EMU, (number, shape.name)
            assert shape.top + shape.height <= made.slide_height + EMU, (number, shape.name)
            if shape.has_table:
                assert sum(row.height for row in shape.table.rows) <= made.slide_height - shape.top, number
            if shape.has_text_frame and shape.text_frame.text and not shape.is_placeholder:
                check_fits(shape, number)


def check_fits(shape, number) -> None:
    frame = shape.text_frame
    size = frame.paragraphs[0].runs[0].font.size.pt if frame.paragraphs[0].runs else 10
    width = (shape.width - frame.margin_left - frame.margin_right) / EMU
    room = (shape.height - frame.margin_top - frame.margin_bottom) / EMU
    told = [paragraph.text for paragraph in frame.paragraphs]
    assert height_of(told, width, size) <= room + 1 or len(frame.text) < 3, (number, frame.text)


def test_charts_are_native_and_hold_the_tables_values(tmp_path):
    made, tables = present(tmp_path), hand_made()
    by_title = {slide.shapes.title.text: slide for slide in made.slides}
    slide = by_title["Van alle klanten bereikt 40% de fase Fase loyalty of een latere"]
    (funnel,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    every = tables["funnel"].query("persona == 'all'")
    assert values(funnel) == {"Alle klanten": pytest.approx(every["share_of_start"].tolist())}
    assert list(funnel.plots[0].categories) == [f"Fase {stage}" for stage in STAGES]
    stacked = [values(chart) for chart in charts(made)]
    now = {f"Fase {stage}": pytest.approx([0.4 - 0.1 * place] * 3) for place, stage in enumerate(STAGES)}
    assert now in stacked
    assert {
        "Blijft": pytest.approx([0.6] * 3),
        "Gaat naar een andere fase": pytest.approx([0.3] * 3),
        "Haakt af": pytest.approx([0.1] * 3),
    } in stacked
    assert {"E-mail": [0.6] * 4, "Website": [0.4] * 4} in stacked
    assert not any(shape.shape_type == 13 for slide in made.slides for shape in slide.shapes)  # no pictures


def test_a_figure_that_is_missing_leaves_a_gap(tmp_path):
    tables = hand_made()
    tables["drop_off"].loc[1, "drop_off"] = None
    found = [values(chart) for chart in charts(present(tmp_path, tables))]
    assert {"Alle klanten": [0.25, None, 0.45, 0.55]} in [_rounded(one) for one in found]


def _rounded(series: dict) -> dict:
    return {name: [one if one is None else round(one, 9) for one in given] for name, given in series.items()}


def test_titles_state_what_was_found_and_notes_give_the_evidence(tmp_path):
    stages = (
        heading("stages"),
        {"block": "points", "points": [FINDINGS[1]["sentence"]["nl"]], "notes": [None]},
    )
    made = present(tmp_path, blocks=stages)
    assert "Zin over stage_largest in het Nederlands" in titles(made)
    assert (
        "Nergens gaan er meer verloren dan in de fase Fase loyalty: 55% van wie die fase verlaat haakt af"
        in titles(made)
    )
    told = notes(made)
    assert (
        "[Volgt uit: Hoeveel er nu in elke fase zijn (tables/stages_now.parquet); n = 412; 95%-interval 20–30%]"
        in told
    )
    assert "Groep 1, Fase purchase: 45% (20–60%)" in told
    assert all(slide.has_notes_slide for slide in made.slides)


def test_a_map_has_its_stages_as_chevrons_and_rows_below(tmp_path):
    made = present(tmp_path)
    slide = next(
        slide
        for slide in made.slides
        if slide.shapes.title.text.startswith("Groep 1: de meeste uitval is in de fase")
    )
    arrows = [shape for shape in slide.shapes if "Chevron" in shape.name]
    assert [shape.text_frame.text for shape in arrows] == [f"Fase {stage}" for stage in STAGES]
    told = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    assert told.count("Bel terug") == 4 and "nu: 20%\vhaakt af: 45%" in [
        one.replace("\n", "\v") for one in told
    ]
    (line,) = [shape.chart for shape in slide.shapes if shape.has_chart]
    assert list(values(line).values()) == [[7.0] * 4]


def test_long_journeys_take_several_slides(tmp_path):
    tables = hand_made(1)
    more = [f"step{number}" for number in range(13)]
    row = tables["journey_map"].query("persona == 'p1'").head(1)
    tables["journey_map"] = row.loc[row.index.repeat(13)].assign(stage=more)
    made = present(tmp_path, tables, stages=[[stage, stage.title()] for stage in more])
    parts = [slide for slide in made.slides if re.search(r"\(\d/2\)$", slide.shapes.title.text)]
    assert [sum("Chevron" in shape.name for shape in slide.shapes) for slide in parts] == [7, 6]
    check_places(made)


@pytest.mark.quick("0-False-nl", "2-True-en", "12-True-nl")
@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize(("personas", "nasty"), [(0, False), (1, False), (2, True), (12, True)])
def test_whatever_the_personas_are_called_nothing_leaves_its_place(tmp_path, personas, nasty, language):
    cards = [CARD | {"title": name} for name in names_of(personas, nasty).values()]
    blocks = (
        (heading("personas"), heading("personas_cards", 2), {"block": "cards", "cards": cards})
        if cards
        else ()
    )
    made = present(
        tmp_path, hand_made(personas, nasty), blocks, language=language, name=NASTY[0] if nasty else "Acme"
    )
    check_places(made)
    if nasty:
        assert clean(NASTY[0]) in notes(made)  # what was cut off stands whole in the notes


@pytest.mark.parametrize(("language", "other"), [("nl", "en"), ("en", "nl")])
def test_every_word_is_of_the_reports_language(tmp_path, language, other):
    made = present(tmp_path, language=language)
    foreign = set(load_texts(other)["slides"].values()) - set(load_texts(language)["slides"].values())
    foreign |= {load_texts(other)["parts"][key] for key in ("stay", "move", "lapse")}
    told = texts(made)
    assert not [one for one in told if one in foreign]
    own = load_texts(language)["slides"]
    assert own["row_recommendation"] in told and own["row_figures"] in told


def test_slides_are_wide_numbered_and_in_the_clients_colour(tmp_path):
    made = present(tmp_path)
    assert (made.slide_width, made.slide_height) == (Pt(960), Pt(540))
    for slide in list(made.slides)[1:]:
        assert any('type="slidenum"' in shape._element.xml for shape in slide.shapes if shape.is_placeholder)
    theme = made.slide_master.part.part_related_by(
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/theme"
    )
    assert b'<a:accent1><a:srgbClr val="' in theme.blob and b"Calibri" in theme.blob


def test_what_the_data_lack_has_no_slide_and_is_said(tmp_path):
    """A client with profiles alone has no journey: its slides say so, and are not empty."""
    tables = {
        name: table.head(0) if name not in ("personas", "customers") else table
        for name, table in hand_made().items()
    }
    remark = {"block": "note", "text": "Niet te zien: er is geen tijd bekend."}
    made = present(tmp_path, tables, (heading("forecast"), remark), findings=[])
    assert titles(made)[-1] == "Wat deze gegevens niet laten zien"
    assert remark["text"] in "\n".join(texts(made))
    assert all(len(list(slide.shapes)) > 1 for slide in made.slides)
    check_places(made)


def test_a_report_without_anything_is_a_presentation(tmp_path):
    bare = blocks_for("nl", "Acme")[:1]
    outputs = [new_output("display_data", {BLOCK: block}) for block in bare]
    make_report(tmp_path, {}, findings=[])
    export.write(
        nbformat.from_dict(new_notebook(cells=[new_code_cell("", outputs=outputs)])), tmp_path / "report.pptx"
    )
    assert titles(pptx.Presentation(tmp_path / "report.pptx")) == ["Acme"]


def test_the_same_report_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        present(tmp_path / name)
    one, other = ((tmp_path / name / "report.pptx").read_bytes() for name in ("a", "b"))
    assert one == other
    assert not list(tmp_path.rglob(".new-*"))


def test_what_changed_is_a_table_when_there_was_an_earlier_report(tmp_path):
    columns = [
        {"header": head, "id": head, "form": "text", "numeric": False} for head in ("Wat", "Toen", "Nu")
    ]
    rows = [["Aandeel in de fase", "20%", "31%"]] * 60
    table = {
        "block": "table",
        "caption": "Vergeleken.",
        "columns": columns,
        "rows": rows,
        "cells": rows,
        "more": "",
    }
    prose = {"block": "prose", "paragraphs": ["Dit rapport is naast dat van 1 januari gelegd."]}
    made = present(tmp_path, blocks=(heading("changes"), prose, table))
    (shown,) = [shape.table for shape in made.slides[-1].shapes if shape.has_table]
    assert [cell.text for cell in shown.rows[1].cells] == rows[0]
    assert len(shown.rows) < 60 and "verdere rijen staan in het rapport" in notes(made)
    check_places(made)


def test_what_to_measure_is_listed(tmp_path):
    told = ["Leg de bezorging vast.", "Leg de beoordeling vast."]
    made = present(
        tmp_path, blocks=(heading("measure"), {"block": "points", "points": told, "notes": [None] * 2})
    )
    assert set(told) <= set(texts(made))


def test_no_person_is_named(tmp_path):
    made = present(tmp_path)
    assert "geheim" not in "\n".join([*texts(made), notes(made)])


# Templates -------------------------------------------------------------------------------------------


def save_template(path) -> None:
    made = pptx.Presentation()
    made.slide_width, made.slide_height = Pt(800), Pt(500)
    made.slides.add_slide(made.slide_layouts[0]).shapes.title.text = "Voorbeelddia"
    made.save(path)


def test_a_template_gives_its_masters_and_none_of_its_slides(tmp_path):
    save_template(tmp_path / "house.pptx")
    made = present(tmp_path, template=str(tmp_path / "house.pptx"))
    assert (made.slide_width, made.slide_height) == (Pt(800), Pt(500))
    assert "Voorbeelddia" not in titles(made)
    assert {layout.name for layout in made.slide_layouts} >= {"Title Slide", "Title Only", "Two Content"}


@pytest.mark.parametrize(("content", "message"), [(None, "no such template"), (b"x", "no presentation")])
def test_a_template_that_cannot_be_used_is_named(tmp_path, content, message):
    if content:
        (tmp_path / "house.pptx").write_bytes(content)
    given = {"id": "acme", "name": "Acme", "brand": {"template": "house.pptx"}}
    page = Page(client_from_dict(given, tmp_path), "nl")
    with pytest.raises(ClientFileError, match=message):
        page.cover("2026-03-31", {})


def test_another_zip_is_no_template(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "house.pptx", "w") as parts:
        parts.writestr("word/document.xml", "<x/>")
    page = Page(
        client_from_dict({"id": "acme", "name": "Acme", "brand": {"template": "house.pptx"}}, tmp_path), "nl"
    )
    with pytest.raises(ClientFileError, match="no presentation"):
        page.cover("2026-03-31", {})


def test_a_logo_stands_on_the_first_slide(tmp_path):
    import base64

    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (300, 100), "#c2571a").save(content, format="PNG")
    logo = "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
    notebook = make_report(tmp_path)
    notebook.cells[0].outputs[0]["data"][BLOCK]["logo"] = logo
    export.write(notebook, tmp_path / "report.pptx")
    (picture,) = [
        shape
        for shape in pptx.Presentation(tmp_path / "report.pptx").slides[0].shapes
        if shape.shape_type == 13
    ]
    assert picture.width / picture.height == pytest.approx(3, rel=0.01)


# Fitting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["word " * 300, "x" * 900, "晚间访客" * 200, "😀" * 300, "", "a\nb\nc"])
@pytest.mark.parametrize(("width", "height"), [(60, 20), (200, 80), (800, 30)])
def test_what_fit_returns_fits(words, width, height):
    told, size, cut = fit([words], width, height, 14)
    assert height_of(told, width, size) <= height or told == ["…"]
    assert cut == (told != [words])


def test_short_keeps_what_fits():
    assert short("short", 100, 12) == "short"
    assert short("a longer name than fits", 60, 12).endswith("…")
