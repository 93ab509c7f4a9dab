"""The researcher's cells of the journey map: kept, in the right cell and language; mistakes are told by line."""

from __future__ import annotations

import pandas as pd
import pytest

from journeykit.clients import client_paths, read_map_edits
from journeykit.errors import ClientFileError
from journeykit.events import EventLog
from journeykit.journey_maps import chart_journey
from journeykit.reports.keys import input_files
from tests.lazy_journeys import map_journeys

WRITTEN = """\
all:
  awareness:
    feeling: {nl: Nieuwsgierig, en: Curious}
    question: Who are they?
p1:
  awareness:
    question: {nl: "Wat kost het?", en: "What does it cost?"}
"""


def edits(write_client, text: str):
    return read_map_edits(write_client({"acme.map.yml": text}, map="acme.map.yml"))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (("p1", "awareness", "question", "nl"), "Wat kost het?"),
        (
            ("p2", "awareness", "question", "nl"),
            "Who are they?",
        ),  # given once, for both languages and everyone
        (("p1", "awareness", "feeling", "en"), "Curious"),
        (("p1", "decision", "question", "en"), None),
    ],
)
def test_a_cell_holds_what_was_written_for_the_persona_else_for_everyone(write_client, cell, text):
    assert edits(write_client, WRITTEN).text(*cell) == text


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("all:\n  awarenes:\n    question: x\n", 2, "unknown stage 'awarenes'. Did you mean 'awareness'?"),
        ("all:\n  awareness:\n    questoin: x\n", 3, "Did you mean 'question'?"),
        ("all:\n  awareness:\n    drop_off: x\n", 3, "is measured and cannot be written"),
        ("all:\n  awareness:\n    question: {fr: x}\n", 3, "unknown language 'fr'"),
        ("all:\n  awareness:\n    question: {nl: 3}\n", 3, "holds no text in 'nl'"),
        ("all:\n  awareness: x\n", 2, "holds no keys"),
        ("all: x\n", 1, "holds no keys"),
        ("all:\n  awareness:\n    question: []\n", 3, "holds no text"),
    ],
)
def test_a_mistake_is_told_with_file_line_nearest_and_remedy_when_the_client_is_read(
    write_client, text, line, said
):
    with pytest.raises(ClientFileError) as caught:
        edits(write_client, text)
    told = str(caught.value)
    assert f"acme.map.yml, line {line}" in told and said in told and "Remedy: " in told


def test_an_absent_map_file_is_told_by_the_line_of_the_client_file(write_client):
    with pytest.raises(ClientFileError, match=r"acme\.yml, line 3: there is no map file"):
        write_client(map="gone.map.yml")


def test_a_persona_that_never_was_is_a_mistake_and_one_that_is_gone_is_kept(write_client):
    found = edits(write_client, WRITTEN + "p4:\n  decision:\n    tool: x\n")
    with pytest.raises(ClientFileError, match=r"line 8: unknown persona 'p4'\. Did you mean 'p2'\?"):
        found.absent(["p1", "p2"], last_id=2)
    assert found.absent(["p1", "p2"], last_id=4) == ["p4"]


def test_a_map_file_beside_the_client_files_is_no_client(write_client):
    client = write_client({"acme.map.yml": WRITTEN}, map="acme.map.yml")
    assert [path.name for path in client_paths(client.folder)] == ["acme.yml"]


def test_a_changed_map_file_makes_a_report_anew(write_client):
    client = write_client({"acme.map.yml": WRITTEN}, map="acme.map.yml")
    before = input_files(client)
    client.resolve("acme.map.yml").write_text(WRITTEN.replace("cost", "weigh"), encoding="utf-8")
    assert before != input_files(client)


def test_the_map_shows_what_was_written_and_says_which_cells(write_client):
    client = write_client({"acme.map.yml": WRITTEN}, map="acme.map.yml")
    frame = pd.DataFrame(
        {"customer_id": ["a", "b"], "touchpoint": "search", "timestamp": pd.Timestamp("2026-01-01")}
    )
    journeys = map_journeys(EventLog.from_frame(frame), pd.Series({"a": "p1", "b": "p2"}), min_group=1)
    table = chart_journey(journeys, client, "en").frame.set_index(["persona", "stage"])
    assert table.loc[("p1", "awareness"), ["question", "feeling"]].tolist() == [
        "What does it cost?",
        "Curious",
    ]
    assert table.loc[("p1", "awareness"), "edited"] == "question, feeling"
    plain = client.model.stage("decision").playbook("questions", "en")[0]
    assert table.loc[("p1", "decision"), "question"] == plain and pd.isna(
        table.loc[("p1", "decision"), "edited"]
    )
