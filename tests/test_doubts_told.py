"""What a report tells of doubtful data: kinds and names, and nobody's id."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from journeykit.clients import client_from_dict
from journeykit.reports.chapters.doubting import TOLD, show_doubts
from journeykit.wording import label, text

CLIENT = client_from_dict(
    {"id": "a", "name": "A", "values": {"type_a": {"en": "Campaign A", "nl": "Campagne A"}}}
)


IDS = {"one_id": "jan@example.org", "bot": "jan@example.org"}


class Told:
    """A page that keeps what it is told to say."""

    def __init__(self, language: str) -> None:
        self.language, self.said = language, []

    def text(self, key: str, **values: object) -> str:
        return text(key, self.language, **values)

    def value(self, value: object, form: str) -> str:
        return str(value)

    def say(self, *said: object) -> None:
        self.said += said


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_kind_is_said_once_and_no_id_is_named(language):
    doubts = pd.DataFrame(
        {
            "doubt": list(TOLD),
            "what": [IDS.get(one, "search") for one in TOLD],
            "share": 0.2,
        }
    )
    page = Told(language)
    read = SimpleNamespace(
        study=SimpleNamespace(doubts=doubts), language=language, client=CLIENT, joined=", ".join
    )
    show_doubts(page, read)
    assert len(page.said[1]) == len(TOLD) and "jan" not in " ".join(page.said[1])


def test_without_doubts_nothing_is_said():
    page = Told("en")
    show_doubts(page, SimpleNamespace(study=SimpleNamespace(doubts=pd.DataFrame({"doubt": ["rejected"]}))))
    assert page.said == []


def test_levels_have_the_words_of_the_client_then_the_common_ones_then_their_own():
    assert label("channel", "type_a", "nl", CLIENT) == "Campagne A"
    assert label("level", "female", "nl", CLIENT) == "Vrouw"
    assert label("level", "decision_maker", "en", CLIENT) == "Decision maker"
    assert (
        label("level", "50-249", "nl", CLIENT) == "50-249" and label("level", "MegaCorp", "en") == "MegaCorp"
    )
