"""The chapter of journey maps: figure and table say the same, and experience is said or said to be missing."""

from __future__ import annotations

import pandas as pd
import pytest
from fake_study import fake_client, fake_study

from journeykit.reports import Page, chapters


def shown(language: str = "en", model: str = "universal", experience: bool = True, **texts) -> list[dict]:
    """Return the blocks of the chapter, with ratings and friction measured in one stage."""
    study = fake_study(fake_client(language, stage_model=model))
    stage = study.client.model.ids[1]
    table = study.tables["journey_map"]
    at = table["stage"] == stage
    for row, text in {"edited": None, **texts}.items():
        table[row] = None
        table.loc[at, row] = text
    if experience:
        for name, mean in (("rating", 7.5), ("friction", 0.2)):
            table.loc[at, [name, f"{name}_low", f"{name}_high"]] = [mean, mean - 0.1, mean + 0.1]
        signals = ["rating", "support", "friction"]
        study.tables["experience"] = pd.DataFrame(
            {"persona": "all", "stage": stage, "signal": signals, "held_back": False}
        )
    page = Page(study.client, language)
    chapters.journey_maps(page, study)
    return page.blocks


def grids(blocks: list[dict]) -> list[dict]:
    return [block for block in blocks if block["block"] == "table" and block.get("folded")]


def test_every_figure_of_a_map_has_its_table_with_stages_as_columns():
    found = grids(shown())
    assert len(found) == 2, "one per persona"
    assert [column["header"] for column in found[0]["columns"]] == [
        "Stage", "Awareness", "Consideration", "Decision", "Action", "Loyalty",
    ]  # fmt: skip
    rows = {row[0]: row[1:] for row in found[0]["cells"]}
    assert rows["Drops out"][1] == "21% (16–27%)"
    assert rows["Rating, 0 to 10"] == ["–", "7.5 (7.4–7.6)", "–", "–", "–"]


@pytest.mark.parametrize(("language", "words"), [("nl", "klantenservice"), ("en", "customer service")])
def test_what_friction_counts_is_said_and_only_what_was_recorded(language, words):
    said = [p for block in shown(language) if block["block"] == "prose" for p in block["paragraphs"]]
    assert words in said[1] and "ret" not in said[1].split(":")[-1]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_without_signals_the_report_says_that_experience_is_not_measured(language):
    notes = [block["text"] for block in shown(language, experience=False) if block["block"] == "note"]
    assert any(
        "niet te meten" in note or "cannot therefore" in note or "therefore not" in note for note in notes
    )


def test_what_the_researcher_wrote_has_a_mark_and_a_row_that_nobody_wrote_is_absent():
    blocks = shown(edited="feeling", feeling="Curious", activity="Looks around")
    rows = {row[0]: row[1:] for row in grids(blocks)[0]["cells"]}
    assert rows["What they feel"][1] == "Curious *" and rows["What they do"][1] == "Looks around"
    assert any("*" in block["caption"] for block in blocks if block["block"] == "figure")
    assert "What they feel" not in {row[0] for row in grids(shown())[0]["cells"]}


def test_the_value_canvas_is_drawn_for_the_value_journey_alone():
    captions = [block.get("caption", "") for block in shown(model="value-journey")]
    assert sum("value canvas" in caption.lower() for caption in captions) == 4, "figure and table per persona"
    assert not any("canvas" in block.get("caption", "").lower() for block in shown())
