"""The PDF: everything that the blocks say is in it, tagged and linked, and nothing in them is run as markup."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from pypdf import PdfReader

from journeykit.errors import JourneykitError
from journeykit.reports import Page, chapters
from journeykit.reports.blocks import BLOCK
from journeykit.reports.exports import MADE
from journeykit.reports.exports.columns import laid_out
from journeykit.reports.exports.images import Images
from journeykit.reports.exports.own import own_blocks
from journeykit.reports.exports.pdf import as_pdf, write
from tests.fake_study import fake_client, fake_study

ORDER = ("cover", "summary", "personas", "stages", "forecast", "journey_maps", "leaks", "entering", "channels", "pages",
         "after_purchase", "actions", "measure", "changes", "appendix")  # fmt: skip
A4 = (595, 842)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#c00"/></svg>'


def notebook_of(blocks, *cells):
    outputs = [new_output("display_data", data={BLOCK: block}) for block in blocks]
    return new_notebook(cells=[new_code_cell("", outputs=outputs), *cells])


def read(blocks, *cells) -> PdfReader:
    return PdfReader(io.BytesIO(as_pdf(notebook_of(blocks, *cells))))


def squeezed(words: str) -> str:
    """Return a text without what setting it in lines changes: blanks, hyphens and ligatures."""
    for ligature, letters in {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"}.items():
        words = words.replace(ligature, letters)
    return re.sub(r"[\s\-\u00ad\u2010\u2060]", "", words)


def said(reader: PdfReader) -> str:
    """Return what stands on the pages, without their heads and feet: a paragraph may run over two pages."""
    first, *rest = (page.extract_text().split("\n") for page in reader.pages)
    inside = [lines[1:-1] for lines in rest] if rest else []
    return squeezed(" ".join(first) + " ".join(line for lines in inside for line in lines))


def page_of(language: str = "en") -> Page:
    return Page(fake_client(language))


def picture() -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(SVG.encode()).decode()


def figure(number: int, width: int = 800, **more) -> dict:
    return {"block": "figure", "number": number, "name": "Figure", "caption": f"Caption of {number}",
            "alt": "A red bar", "image": picture(), "width": width, "height": width // 2} | more  # fmt: skip


def table(number: int, cells, **more) -> dict:
    columns = [{"id": name, "header": name, "form": "text", "numeric": n > 0} for n, name in enumerate("abc")]
    return {"block": "table", "number": number, "name": "Table", "caption": f"Rows of {number}", "columns": columns,
            "rows": cells, "cells": cells, "more": ""} | more  # fmt: skip


def heading(words: str, level: int = 1, number: str = "") -> dict:
    return {"block": "heading", "key": words, "id": words, "level": level, "number": number, "text": words}


def titles(outline) -> list[str]:
    return [item["/Title"] for item in outline if not isinstance(item, list)]


def links_of(reader: PdfReader) -> list:
    found = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    return [note for note in found if note["/Subtype"] == "/Link"]


@pytest.fixture(scope="module", params=["nl", pytest.param("en", marks=pytest.mark.slow)])
def whole(request):
    study = fake_study(fake_client(request.param))
    page = Page(study.client)
    for name in ORDER:
        getattr(chapters, name)(page, study)
    page.blocks.append({"block": "record", "as_of": "2026-03-31", "figures": {}, "inputs": []})
    made = as_pdf(notebook_of(page.blocks))
    return page, made, PdfReader(io.BytesIO(made))


@pytest.fixture(scope="module")
def words(whole) -> str:
    return said(whole[2])


def test_every_word_of_the_report_is_in_the_pdf(whole, words):
    page, _, _ = whole
    for block in page.blocks:
        texts = [block.get("text", ""), *block.get("paragraphs", ()), *block.get("points", ())]
        texts += [*block.get("facts", {}), *block.get("terms", {}).values(), block.get("caption", "")]
        texts += [card["title"] for card in block.get("cards", ())]
        texts += [row["name"] for row in block.get("files", ())]
        for each in texts:
            assert squeezed(each) in words, each


def test_every_cell_of_every_table_is_in_the_pdf(whole, words):
    page, _, _ = whole
    cells = {
        cell for block in page.blocks if block["block"] == "table" for row in block["cells"] for cell in row
    }
    assert len(cells) > 100 and not [cell for cell in cells if squeezed(cell) not in words]


def test_bookmarks_are_the_chapters_and_the_contents(whole):
    page, _, reader = whole
    chapters_of = [
        f"{block['number']} {block['text']}".strip()
        for block in page.blocks
        if block["block"] == "heading" and block["level"] == 1
    ]
    contents, back = page.text("parts.contents"), page.text("parts.figures_as_tables")
    assert titles(reader.outline) == [chapters_of[0], contents, *chapters_of[1:], back]
    assert any(isinstance(item, list) for item in reader.outline), "sections stand under the chapters"


def test_it_tells_title_language_and_day_and_is_tagged(whole):
    page, _, reader = whole
    root = reader.trailer["/Root"]
    assert reader.metadata.title == f"Acme & Zoon <b> · {page.text('parts.title')}"
    assert reader.metadata.author == "journeykit"
    assert f"{reader.metadata.creation_date:%Y-%m-%d}" == "2026-03-31"
    assert root["/Lang"] == page.language
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()


def tagged(element, kind: str) -> list:
    element = element.get_object()
    if not hasattr(element, "get"):
        return []
    kids = element.get("/K", [])
    inside = [found for kid in (kids if isinstance(kids, list) else [kids]) for found in tagged(kid, kind)]
    return [element, *inside] if element.get("/S") == kind else inside


def test_every_figure_is_there_with_its_text(whole):
    page, _, reader = whole
    figures = [block for block in page.blocks if block["block"] == "figure"]
    alts = [
        str(one["/Alt"])
        for one in tagged(reader.trailer["/Root"]["/StructTreeRoot"], "/Figure")
        if "/Alt" in one
    ]
    assert len(figures) > 8 and {block["alt"] for block in figures} == set(alts)


def test_links_lead_somewhere(whole):
    page, _, reader = whole
    links = links_of(reader)
    notes = [note for block in page.blocks if block["block"] == "points" for note in block["notes"] if note]
    pages = {page.indirect_reference.idnum for page in reader.pages}
    for link in links:
        place = link["/Dest"] if "/Dest" in link else link["/A"]["/D"]
        assert place[0].idnum in pages
    assert len(links) > len(notes) > 5


def test_pages_are_a4_and_counted_in_the_language(whole):
    page, _, reader = whole
    sizes = {tuple(sorted(round(float(side)) for side in one.mediabox[2:])) for one in reader.pages}
    on_side = [n for n, one in enumerate(reader.pages) if one.mediabox.width > one.mediabox.height]
    assert sizes == {A4} and on_side
    last = page.text("parts.page_of", page=len(reader.pages), pages=len(reader.pages))
    assert squeezed(last) in squeezed(reader.pages[-1].extract_text())
    assert squeezed(page.text("parts.made_by")) in squeezed(reader.pages[0].extract_text())
    assert not [n for n, one in enumerate(reader.pages) if len(one.get_contents().get_data()) < 900], (
        "a page is empty"
    )


def test_the_same_notebook_gives_the_same_bytes(whole):
    page, made, _ = whole
    assert as_pdf(notebook_of(page.blocks)) == made


HARD = {
    "markup": "#panic() $x$ *b* _i_ @ref <tag> `c` \\ // [x] #import \"@preview/x:1.0.0\" &amp; 100 %",
    "long": "Kopers-die-altijd-terugkomen " * 7,
    "emoji": "Fans 😀 and more",
    "arabic": "مرحبا بالعملاء",
    "hebrew": "לקוחות חדשים",
    "chinese": "客户旅程",
    "surrogate": "half \ud83d of one",
    "control": "a\u0001b\u0000c",
    "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("words", HARD.values(), ids=HARD)
def test_words_are_words_whatever_they_hold(words):
    page = page_of()
    page.cover("2026-03-31", {words: words})
    page.title(words, "one")
    page.say(words, [words])
    page.note(words)
    page.facts({words: words})
    page.terms({words: words})
    page.cards([{"title": words, "colour": words, "lead": words, "rows": {words: words}}])
    page.table(pd.DataFrame({"persona": [words]}, dtype=object), words, {"persona": "text"})
    page.blocks.append(figure(1, caption=words, alt=words))
    reader = read(page.blocks)
    if words and words.isprintable() and words.isascii():
        assert said(reader).count(squeezed(words)) >= 10


def test_an_unknown_block_is_named():
    with pytest.raises(JourneykitError, match="'figur'.*'figure'"):
        as_pdf(notebook_of([{"block": "figur"}]))


def test_nothing_gives_a_page_that_says_so():
    reader = read([])
    assert len(reader.pages) == 1 and reader.metadata.title == "journeykit"


def test_a_figure_that_is_none_is_an_error_and_a_logo_is_left_out(tmp_path):
    broken = "data:image/png;base64,aGFsbG8="
    with pytest.raises(JourneykitError, match="no image"):
        as_pdf(notebook_of([figure(1, image=broken)]))
    assert Images(tmp_path).logo(broken) is None and Images(tmp_path).logo(None) is None


@pytest.mark.parametrize("kind", ["svg", "png", "jpeg", "gif", "webp", "tiff"])
def test_logos_of_every_kind_are_shown(kind, tmp_path):
    from PIL import Image

    made = io.BytesIO()
    if kind == "svg":
        made.write(SVG.encode())
    else:
        Image.new("RGB", (30, 20), "#c00").save(made, kind)
    packed = base64.b64encode(made.getvalue()).decode()
    mime = {"svg": "image/svg+xml"}.get(kind, f"image/{kind}")
    assert Images(tmp_path).logo(f"data:{mime};base64,{packed}")


def test_a_wide_figure_lies_on_its_side_with_its_heading_and_the_table_behind_it_is_at_the_back():
    grid = table(1, [["stage", "cell"]], folded=True, columns=table(1, [])["columns"][:2])
    blocks = [heading("One", number="1"), {"block": "prose", "paragraphs": ["Word " * 400]}, heading("Map", 2),
              figure(1, 1600), grid, heading("Two", number="2"), {"block": "note", "text": "End"}]  # fmt: skip
    reader = read(blocks)
    on_side = [page for page in reader.pages if page.mediabox.width > page.mediabox.height]
    assert len(on_side) == 1
    words = on_side[0].extract_text()
    assert "Map" in words and "Table 1, page" in words and "Caption of 1" in words
    last = reader.pages[-1].extract_text()
    assert "The figures as tables" in last and "Rows of 1" in last


def test_what_a_note_leads_to_is_linked_only_when_it_is_there():
    note = {"number": 1, "table": "funnel", "name": "Funnel"}
    points = {"block": "points", "points": ["So many"], "notes": [note]}
    row = {
        "table": "funnel",
        "number": 1,
        "name": "Funnel",
        "file": "f",
        "shown": [{"words": "Figure 9", "at": "figure-9"}],
    }
    assert not links_of(read([points]))
    assert len(links_of(read([points, {"block": "files", "files": [row]}]))) == 1


def test_the_same_block_twice_and_a_section_without_chapter_are_no_trouble():
    blocks = [heading("Deep", 2), figure(1), figure(1), heading("Deep", 2), {"block": "cards", "cards": []}]
    assert len(read(blocks).pages) == 1


@pytest.mark.slow
def test_ten_thousand_rows_repeat_their_head():
    reader = read([heading("Long"), table(1, [[f"row {n}", str(n), "x"] for n in range(10_000)])])
    assert len(reader.pages) > 100
    text = reader.pages[50].extract_text()
    assert re.search(r"a\s+b\s+c", text) and "row 9999" in reader.pages[-1].extract_text()


def test_what_a_cell_tagged_report_shows_is_in_it():
    shown = [
        new_output("display_data", data={"text/html": pd.DataFrame({"size": [12]}, index=["big"]).to_html()}),
        new_output("display_data", data={"image/svg+xml": SVG}),
        new_output("display_data", data={"text/plain": "never"}),
    ]
    tagged_cell = new_code_cell("", outputs=shown, metadata={"tags": ["report"]})
    reader = read([heading("One")], tagged_cell)
    assert "size" in reader.pages[0].extract_text() and "12" in reader.pages[0].extract_text()
    assert len(tagged(reader.trailer["/Root"]["/StructTreeRoot"], "/Figure")) >= 1
    assert "12" not in read([heading("One")], new_code_cell("", outputs=shown)).pages[0].extract_text()


def test_own_html_is_read_in_its_order():
    html = ("<style>p {}</style><h3>Head</h3><p>One <b>bold</b> word</p><ul><li>a<li>b</ul><table><thead><tr>"
            "<th></th><th colspan=2>n</th></tr></thead><tr><th>x</th><td>1.5</td><td>2</td></tr></table>"
            "<script>no()</script>")  # fmt: skip
    blocks = own_blocks({"text/html": html})
    assert [block["block"] for block in blocks] == ["prose", "prose", "points", "table"]
    assert blocks[1]["paragraphs"] == ["One bold word"] and blocks[2]["points"] == ["a", "b"]
    assert blocks[3]["cells"] == [["x", "1.5", "2"]]
    assert [column["numeric"] for column in blocks[3]["columns"]] == [False, True, True]


def test_a_table_of_many_long_words_gets_a_wide_page():
    columns = [{"header": "Aanbeveling", "numeric": False}] * 9
    assert laid_out(columns, [["Klantenservice"] * 9])["wide"]
    assert not laid_out(columns[:4], [["Klantenservice"] * 4])["wide"]


@pytest.mark.slow
def test_a_whole_report_from_its_notebook(tmp_path: Path):
    """The report's own notebook on a simulated population: every heading is in the PDF, and no figure is missing."""
    from journeykit.reports import run_report
    from journeykit.reports.blocks import blocks_of
    from journeykit.simulate import simulate

    client = simulate(customers=300, days=200, seed=7).write(tmp_path / "shop")
    done = run_report(client, out=tmp_path / "reports", formats=("html", "pdf"), progress=False)
    import nbformat

    folder = Path(done.folder)
    blocks = blocks_of(nbformat.read(folder / "report.ipynb", 4))
    reader = PdfReader(folder / "report.pdf")
    words = said(reader)
    assert not [b["text"] for b in blocks if b["block"] == "heading" and squeezed(b["text"]) not in words]
    figures = [block for block in blocks if block["block"] == "figure"]
    assert len(tagged(reader.trailer["/Root"]["/StructTreeRoot"], "/Figure")) >= len(figures) > 5


def test_the_file_appears_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / MADE["pdf"]
    write(notebook_of([heading("One")]), path)
    before = path.read_bytes()
    with pytest.raises(JourneykitError):
        write(notebook_of([{"block": "?"}]), path)
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == ["report.pdf"]
