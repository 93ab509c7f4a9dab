"""A drafted client file is valid as it stands, and shows its evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeykit.clients import read_client
from journeykit.drafting import draft_client
from journeykit.errors import ClientFileError, DataError
from journeykit.events import read_events

FILES = {
    "dutch": (
        "klant;wat;wanneer;bedrag\n1;winkelmand;25-03-2026 10:00;1,50\n1;gekocht;25-03-2026 10:05;1,50\n",
        "nl",
    ),
    "ga4": ("user_pseudo_id,event_name,event_timestamp,page_location\nx,view_item,1767225600000,/a\n", "en"),
    "orders": ("CustomerID,InvoiceDate,Amount\n5,2026-01-01 10:00:00,3.5\n", "en"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_draft_reads_its_own_file(tmp_path, name):
    text, language = FILES[name]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "export.csv").write_text(text)
    path = draft_client("yes", tmp_path / "raw" / "export.csv", folder=tmp_path / "clients")
    client = read_client(path)
    assert client.language == language and client.id == "yes"
    assert read_events(client).count() == len(text.splitlines()) - 1


def test_a_draft_maps_the_words_it_knows(tmp_path):
    (tmp_path / "e.csv").write_text(FILES["dutch"][0])
    client = read_client(draft_client("acme", tmp_path / "e.csv", folder=tmp_path))
    assert client.events[0].touchpoints == {"winkelmand": "add_to_cart", "gekocht": "purchase"}


def test_the_sample_is_read_as_drafted(tmp_path):
    """The README's walk for who has no file at hand."""
    sample = Path(__file__).parents[1] / "data" / "sample" / "events.csv"
    client = read_client(draft_client("sample", sample, folder=tmp_path))
    log = read_events(client)
    assert client.stage_model == "universal" and client.language == "nl"
    assert log.sources["rejected"].tolist() == [0] and log.touchpoints()["known"].all()


def test_a_draft_overwrites_nothing(tmp_path):
    (tmp_path / "e.csv").write_text(FILES["orders"][0])
    (tmp_path / "acme.yml").write_text("mine")
    with pytest.raises(ClientFileError, match="there already"):
        draft_client("acme", tmp_path / "e.csv", folder=tmp_path)
    assert (tmp_path / "acme.yml").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n1,2\n", "holds times"), ("day,b\n2026-01-01,2\n", "named like a customer")],
)
def test_what_cannot_be_guessed_is_told(tmp_path, text, message):
    (tmp_path / "e.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        draft_client("acme", tmp_path / "e.csv", folder=tmp_path)
    with pytest.raises(ClientFileError, match="cannot be a client's id"):
        draft_client("A b", tmp_path / "e.csv", folder=tmp_path)
