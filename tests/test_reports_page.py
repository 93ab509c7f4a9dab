"""The page: every value escaped, numbered and aligned; nothing is asked for from outside; no section is empty."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from journeykit.errors import ClientFileError
from journeykit.reports import Page, chapters
from journeykit.reports.blocks import BLOCK, as_html, plain
from journeykit.reports.chapters.leads import lead_of
from journeykit.reports.chapters.reading import Reader as Told
from journeykit.reports.chapters.steps import recommendations
from journeykit.reports.colours import contrast, readable, writing_on
from journeykit.reports.exports.html import as_page
from journeykit.reports.pictures import read_logo
from tests.fake_study import NAMES, fake_client, fake_study

ORDER = ("cover", "summary", "personas", "stages", "forecast", "journey_maps", "leaks", "entering", "channels", "pages",
         "after_purchase", "actions", "measure", "changes", "appendix")  # fmt: skip


def whole(language: str, **study) -> tuple[Page, str]:
    found = fake_study(fake_client(language), **study)
    page = Page(found.client)
    for name in ORDER:
        getattr(chapters, name)(page, found)
    outputs = [new_output("display_data", data={BLOCK: block}) for block in page.blocks]
    return page, as_page(new_notebook(cells=[new_code_cell("", outputs=outputs)]))


@pytest.fixture(scope="module", params=["nl", "en"])
def report(request):
    return whole(request.param)


class Reader(HTMLParser):
    """Collects tags, ids, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.open, self.faults = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img", "br", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def test_the_page_is_whole_and_asks_for_nothing(report):
    _, html = report
    read = Reader(html)
    assert not read.open and not read.faults
    assert not [tag for tag, _ in read.tags if tag in ("iframe", "object")]
    assert [attrs for tag, attrs in read.tags if tag == "script"] == [{}], "one script, in the page itself"
    asked = [value for _, attrs in read.tags for name, value in attrs.items() if name in ("src", "href")]
    assert all(value.startswith(("#", "data:")) for value in asked)
    assert "http://" not in re.sub(r"data:[^\"]+", "", html) and "url(" not in html


def test_no_control_character_reaches_the_page():
    page = Page(fake_client("en", name="Ac\x07me\x1b"))
    page.cover(pd.Timestamp("2026-03-31"), {"Da\x0by": "1\x9f"})
    page.note("a\x08b")
    outputs = [new_output("display_data", data={BLOCK: block}) for block in page.blocks]
    html = as_page(new_notebook(cells=[new_code_cell("", outputs=outputs)]))
    assert "ab" in html and not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", html)


def test_one_stage_is_not_called_the_worst_of_all():
    study = fake_study(fake_client("en"))
    whole_map = study.tables["journey_map"]
    for stages, leads in ((1, 0), (2, 1)):
        kept = whole_map["stage"].isin(study.client.model.ids[:stages]) & (whole_map["persona"] == "p1")
        study.tables["journey_map"] = whole_map[kept]
        page = Page(study.client)
        chapters.leaks(page, study)
        captions = " ".join(block["caption"] for block in page.blocks if block["block"] == "figure")
        assert captions.count("drop-off is highest") == leads


def test_the_chapter_says_no_less_than_the_summary_of_what_to_do():
    """Where nobody is in a stage in numbers that may be shown, what was found to do is told without the table."""
    study = fake_study(fake_client("en"))
    study.tables["journey_map"] = study.tables["journey_map"].assign(customers=3)
    page = Page(study.client)
    chapters.actions(page, study)
    told = [block for block in page.blocks if block["block"] == "points"]
    none = page.text("prose.actions_none")
    assert told and all(block.get("text") != none for block in page.blocks)


def test_nothing_is_advised_of_a_stage_that_holds_nobody_beside_those_that_hold_people():
    study = fake_study(fake_client("en"))
    whole_map = study.tables["journey_map"]
    read = Told(Page(study.client), study)
    first = read.findings("actions", most=1)[0]
    assert recommendations(read, most=1)[0][0] is first
    mine = (whole_map["persona"] == (first.persona or "all")) & (whole_map["stage"] == first.stage)
    study.tables["journey_map"] = whole_map.assign(customers=whole_map["customers"].mask(mine, 0))
    assert all(
        one[0].stage != first.stage or one[0].persona != first.persona
        for one in recommendations(read, most=9)
    )


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_was_written_for_a_stage_without_playbook_is_told(language):
    """No channel was measured there and the playbook names none: what the researcher wrote stands alone."""
    study = fake_study(fake_client(language))
    advice = study.tables["recommendations"]
    bare = (advice["stage"] == study.client.model.ids[1]) & (advice["basis"] != "written")
    study.tables["recommendations"] = advice[~bare]
    page = Page(study.client)
    chapters.actions(page, study)
    rows = [row for block in page.blocks if block["block"] == "table" for row in block["cells"]]
    told = next(row for row in rows if any("Bel eerst de winkel" in cell for cell in row))
    assert told[3:6] == ["–", "–", "Kom maar kijken"]


def test_only_the_script_of_the_drawings_may_run(report):
    script = re.search(r"<script>(.*?)</script>", report[1], re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in report[1]
    assert "script-src" not in as_page(new_notebook(cells=[])), "a page without drawings runs nothing"


def test_drawings_tell_everyone_and_each_persona_and_hide_small_groups(report):
    page, html = report
    flows = next(block for block in page.blocks if len(block.get("views", ())) > 1)
    everyone = {"nl": "Iedereen", "en": "Everyone"}[page.language]
    assert [view["name"] for view in flows["views"]] == [everyone, NAMES["p1"][page.language]]
    told = [mark["told"] for view in flows["views"] for mark in (*view["nodes"], *view["bands"])]
    expected = {
        "nl": {
            "Bewustwording → Overweging: 500 van de 600 klanten (83%)",
            "Afgehaakt, Stap 2: minder dan 10 klanten",
        },
        "en": {
            "Awareness → Consideration: 500 of the 600 customers (83%)",
            "Lapsed, Step 2: fewer than 10 customers",
        },
    }
    assert expected[page.language] <= set(told)
    assert not any(re.search(r": [1-9] (van|of)", words) for words in told), (
        "four people are too few to count"
    )
    assert all(words in unescape(html) for words in told)


def test_links_resolve_ids_are_single_and_headings_in_order(report):
    read = Reader(report[1])
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"][1:] for tag, attrs in read.tags if tag == "a" and attrs["href"].startswith("#")]
    assert links and set(links) <= set(ids)
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in pairwise(levels))


def test_every_finding_leads_to_its_table(report):
    """Who doubts a sentence is one click away from the figures, and from the place where the report shows them."""
    page, html = report
    notes = [note for block in page.blocks if block["block"] == "points" for note in block["notes"] if note]
    assert {note["table"] for note in notes} >= {"journey_map", "customers", "recommendations", "rejects"}
    assert all(f'href="#evidence-{note["table"]}"' in html for note in notes)
    (files,) = [block["files"] for block in page.blocks if block["block"] == "files"]
    numbers = [row["number"] for row in files if row["number"]]
    assert numbers == list(range(1, len(numbers) + 1)) and {note["table"] for note in notes} <= {
        row["table"] for row in files
    }
    shown = {row["table"]: [place["at"] for place in row["shown"]] for row in files}
    assert shown["funnel"] and shown["funnel"][0].startswith("figure-")


def test_what_the_researcher_wrote_stands_in_what_to_do(report):
    page, _ = report
    cells = [row for block in page.blocks if block["block"] == "table" for row in block["cells"]]
    assert any("Bel eerst de winkel *" in row for row in cells)


def test_names_from_the_data_are_escaped(report):
    assert "Acme &amp; Zoon &lt;b&gt;" in report[1] and "Zoon <b>" not in report[1]


def test_figures_and_tables_are_numbered_and_described(report):
    page, html = report
    for kind in ("figure", "table"):
        numbers = [block["number"] for block in page.blocks if block["block"] == kind]
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 8
    assert all(attrs.get("alt") for tag, attrs in Reader(html).tags if tag == "img")
    assert len(html) < 2_000_000


def test_nothing_unfinished_is_shown(report):
    text = re.sub(r"data:[^\"]+", "", report[1]).split("</style>")[1]
    shown = re.sub(r"tables/\w+\.parquet", "", re.sub(r"<[^>]+>", " ", text))
    assert not re.findall(r"\bnan\b|\bNone\b|\bNaN\b|NaT|\{\w+\}|\bp\d\b|\b[a-z]+_[a-z]+\b", shown)


def test_both_languages_say_as_much():
    dutch, english = (whole(language)[0].blocks for language in ("nl", "en"))
    assert [block["block"] for block in dutch] == [block["block"] for block in english]


@pytest.mark.parametrize(
    "study", [{"personas": False}, {"journeys": False}, {"personas": False, "journeys": False}]
)
def test_what_cannot_be_shown_is_said(study):
    page, _ = whole("nl", **study)
    headings = [n for n, block in enumerate(page.blocks) if block["block"] == "heading"]
    after = [page.blocks[n + 1]["block"] if n + 1 < len(page.blocks) else "nothing" for n in headings]
    for place, kind in zip(headings, after, strict=True):
        deeper = page.blocks[place + 1].get("level", 9) if kind == "heading" else 9
        assert kind != "heading" or deeper > page.blocks[place]["level"], page.blocks[place]["text"]
    assert "nothing" not in after


def test_a_stage_that_the_data_cannot_show_is_left_out_and_named():
    """A stage without touchpoints is no stage that everybody skips, or that nobody is in."""
    page, _ = whole("en", unseen=("awareness",))
    stated = [block["text"] for block in page.blocks if block["block"] == "note"]
    assert sum("1 stage cannot be seen" in note and "Awareness" in note for note in stated) == 2
    counted = [row[0] for block in page.blocks if block["block"] == "table" for row in block["rows"]]
    assert counted and "Awareness" not in counted
    alts = [block["alt"] for block in page.blocks if block["block"] == "figure"]
    assert any("cannot be seen" in alt and "Awareness" in alt for alt in alts), "the map keeps the stage"


def test_a_table_is_written_and_aligned_by_its_forms():
    page = Page(fake_client("nl"))
    frame = pd.DataFrame(
        {"page": ["/a", "/b"], "share": [0.123, None], "count": [12345, 2], "certified": [True, False]}
    )
    page.table(
        frame, "x", {"page": "text", "share": "percent", "count": "whole", "certified": "text"}, limit=2
    )
    block = page.blocks[-1]
    assert block["cells"] == [["/a", "12%", "12.345", "Ja"], ["/b", "–", "2", "Nee"]]
    assert block["rows"] == [["/a", 0.123, 12345, True], ["/b", None, 2, False]], "typed, for other formats"
    assert [column["numeric"] for column in block["columns"]] == [False, True, True, False]
    assert as_html(block).count('class="n"') == 6


def test_a_long_table_says_how_much_is_left_out():
    page = Page(fake_client("en"))
    page.table(pd.DataFrame({"page": [f"/{n}" for n in range(50)]}), "x", {"page": "text"}, limit=40)
    assert len(page.blocks[-1]["cells"]) == 40 and "10 more rows" in page.blocks[-1]["more"]


@pytest.mark.parametrize("colour", ["#ffff00", "#ffffff", "#000000", "#0b5fa5", "#ff7f0e"])
def test_every_brand_colour_is_made_readable(colour):
    assert contrast(readable(colour), "#ffffff") >= 4.5
    assert contrast(writing_on(colour), colour) >= 4.5


@pytest.mark.parametrize(
    ("content", "said"), [(b"no picture", "no image"), (b"\x89PNG" + b"0" * 3_000_000, "larger")]
)
def test_a_logo_that_is_none_is_refused(tmp_path, content, said):
    (tmp_path / "logo.png").write_bytes(content)
    with pytest.raises(ClientFileError, match=said):
        read_logo(tmp_path / "logo.png")
    with pytest.raises(ClientFileError, match="no such logo"):
        read_logo(tmp_path / "other.png")


def test_what_a_researcher_adds_to_a_copy_is_shown_and_printed_lines_are_not():
    outputs = [
        new_output("display_data", data={"text/html": "<p>my own</p>"}),
        new_output("stream", text="a warning"),
    ]
    cells = [
        new_code_cell("secret_code()", outputs=outputs, metadata={"tags": tags}) for tags in (["report"], [])
    ]
    html = as_page(new_notebook(cells=cells))
    assert html.count("my own") == 1 and "a warning" not in html and "secret_code" not in html


def test_the_day_of_a_report_is_the_client_s_day():
    page = Page(fake_client("nl"))
    assert page.day(pd.Timestamp("2026-03-31 22:00")) == "2026-03-31", "22:00 UTC is midnight in Amsterdam"


def test_plain_values_for_json():
    assert plain(pd.Timestamp("2026-01-02")) == "2026-01-02 00:00:00"
    assert plain(float("inf")) is None and plain([1.0, float("nan")]) == [1.0, None]


@pytest.mark.parametrize(("persona", "said"), [
    ("Everyone", "Before the last stage, drop-off is highest in Use: 64%."),
    ("Readers", "Before the last stage, drop-off is highest for Readers in Use: 64%."),
])  # fmt: skip
def test_a_lead_speaks_of_the_largest_and_of_everyone_without_a_name(persona, said):
    frame = pd.DataFrame({"stage": ["Need", "Use"], "persona": persona, "value": [0.1, 0.64]})
    assert lead_of(Page(fake_client("en")), "drop_off", frame, "value") == said
    assert lead_of(Page(fake_client("en")), "drop_off", frame.head(0), "value") == ""


def test_what_groups_foretell_is_said_as_no_share():
    from types import SimpleNamespace

    from journeykit.reports.chapters.people import _measure
    from journeykit.wording.texts import load_texts

    assert _measure(SimpleNamespace(classes_=None)) == "prose.personas_beat"
    assert _measure(SimpleNamespace(classes_=object())) == "prose.personas_foretell"
    assert all(
        "percent" not in load_texts(language)["prose"]["personas_foretell"] for language in ("nl", "en")
    )
