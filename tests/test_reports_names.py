"""Names in any script, of any length, and any number of personas: every chapter of the page takes them."""

from __future__ import annotations

import subprocess
import sys
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from journeykit.errors import ClientFileError
from journeykit.reports import Page, chapters
from journeykit.reports.blocks import BLOCK
from journeykit.reports.exports.html import as_page
from journeykit.reports.pictures import read_logo
from tests.fake_study import fake_client, fake_study
from tests.test_reports_page import ORDER, Reader

PER_PERSONA = ("journey_map", "funnel", "recommendations")
NAMES = {
    "emoji": "Kadoshop 🎁🛒",
    "right to left": "متجر الهدايا",
    "mixed direction": "חנות Acme 24",
    "chinese": "礼品商店",
    "combining": "Zoë's Cafe\u0301 ﬁ",
    "long": "Zoekers die " * 16 + "wachten",
}


def rewritten(study, names: list[str]):
    """Return the study with other personas: as many as there are names."""
    first = study.persona_table.iloc[[0]]
    rows = [first.assign(persona=f"p{n}", name_nl=name, name_en=name) for n, name in enumerate(names, 1)]
    share = {"customers": 540 // len(names), "share": 0.9 / len(names)}
    study.persona_table = pd.concat(rows, ignore_index=True).assign(**share)
    people = [f"p{1 + n % len(names)}" for n in range(540)]
    study.tables["customers"]["persona"] = [*people, *[None] * 60]
    for table in PER_PERSONA:
        frame = study.tables[table]
        own = [frame[frame["persona"] == "p1"].assign(persona=f"p{n}") for n in range(1, len(names) + 1)]
        study.tables[table] = pd.concat([frame[frame["persona"] == "all"], *own], ignore_index=True)
    study.figures["personas"] = len(names)
    study.findings = [finding for finding in study.findings if finding.persona == "all"]
    return study


def page_of(study) -> str:
    page = Page(study.client)
    for name in ORDER:
        getattr(chapters, name)(page, study)
    outputs = [new_output("display_data", data={BLOCK: block}) for block in page.blocks]
    return as_page(new_notebook(cells=[new_code_cell("", outputs=outputs)]))


@pytest.mark.quick("emoji", "right to left", "long")
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_any_script_stands_in_the_page_as_it_was_given(name):
    client = fake_client("en", name=name[:200])
    html = page_of(rewritten(fake_study(client), [f"{name} {number}" for number in (1, 2)]))
    read = Reader(html)
    assert not read.open and not read.faults
    assert name[:200] in unescape(html) and f"{name} 1" in unescape(html)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 12])
def test_one_persona_and_twelve_make_a_whole_page(count):
    html = page_of(
        rewritten(fake_study(fake_client("nl")), [f"Groep {number + 1}" for number in range(count)])
    )
    read = Reader(html)
    assert not read.open and not read.faults
    assert all(f"Groep {number + 1}" in html for number in range(count))


def test_a_table_of_ten_thousand_rows_is_whole_where_all_rows_are_asked_for_and_cut_where_not():
    study = fake_study(fake_client("en"))
    page = Page(study.client)
    rows = pd.DataFrame({"page": [f"/p/{number}" for number in range(10_000)], "landings": 12})
    page.table(rows, "Pages", {"page": "text", "landings": "whole"}, limit=None)
    outputs = [new_output("display_data", data={BLOCK: block}) for block in page.blocks]
    html = as_page(new_notebook(cells=[new_code_cell("", outputs=outputs)]))
    assert "/p/9999" in html and not Reader(html).open
    page.table(rows, "Pages", {"page": "text", "landings": "whole"})
    assert len(page.blocks[-1]["rows"]) == 40 and "9,960" in page.blocks[-1]["more"]


def test_a_logo_of_fifty_megabytes_is_refused_unread(tmp_path, monkeypatch):
    logo = tmp_path / "logo.png"
    with logo.open("wb") as file:
        file.truncate(50_000_000)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("it was read"))
    with pytest.raises(ClientFileError, match="larger than 2 MB"):
        read_logo(logo)


@pytest.mark.slow
def test_a_machine_without_the_page_s_fonts_draws_all_the_same():
    """The figures name fonts that a server lacks; matplotlib's own stands in."""
    code = (
        "import matplotlib as mpl, matplotlib.font_manager as fonts, matplotlib.pyplot as plt\n"
        "own = [f for f in fonts.fontManager.ttflist if mpl.get_data_path() in f.fname]\n"
        "fonts.fontManager.ttflist = own\n"
        "from tests.fake_study import fake_client, fake_study\n"
        "from journeykit.reports import Page, chapters\n"
        "study = fake_study(fake_client('en')); page = Page(study.client)\n"
        "chapters.leaks(page, study)\n"
        "print(len([b for b in page.blocks if b['block'] == 'figure']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and int(done.stdout) > 0, done.stderr
