"""Worlds in which something is missing: each makes a report, in Dutch or English, that says what it can."""

from __future__ import annotations

import base64
import re
from html import unescape

import pytest
from defusedxml.ElementTree import fromstring

from tests.bad_worlds import BAD_WORLDS, NAME
from tests.test_bad_input import Made, make_report, write_client

MODELS = ("universal", "value-journey", "digital", "content")
DAYS = {"long silence": "2027-06-01"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The report of each world, made once."""
    known: dict[str, Made] = {}

    def make(name: str) -> Made:
        if name not in known:
            at = list(BAD_WORLDS).index(name)
            keys = {"language": language_of(name), "stage_model": MODELS[at % len(MODELS)], "name": name}
            keys |= {"name": NAME, "privacy": {"min_group": 10}} if name == "odd names" else {}
            folder = tmp_path_factory.mktemp("world")
            client = write_client(folder, "world", BAD_WORLDS[name](), **keys)
            known[name] = make_report(client, as_of=DAYS.get(name, ""))
        return known[name]

    return make


def language_of(name: str) -> str:
    return ("nl", "en")[list(BAD_WORLDS).index(name) % 2]


def words_of(made: Made) -> str:
    """Return what a reader reads, in one line."""
    shown = re.sub(r"<(script|style|svg).*?</\1>", " ", made.page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", shown)))


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD_WORLDS)
def test_a_report_is_made_and_holds_together(made, name):
    report = made(name)
    words = words_of(report)
    assert len(words) > 3000 and "{" not in words.replace(NAME, "").replace("\\frac{", "")
    assert not re.search(r"<tbody>\s*</tbody>", report.page), "a table without rows"
    customers = report.tables("customers")
    assert len(customers) == BAD_WORLDS[name]()["customer_id"].nunique()
    for begins in ("p_", "p_next_"):
        names = [
            one for one in customers if one.startswith(begins) and (begins == "p_next_") == ("next" in one)
        ]
        sums = customers[names].sum(axis=1, min_count=len(names)).dropna()
        assert (abs(sums - 1) < 1e-6).all()
    for share in re.findall(r"(\d+(?:[.,]\d+)?)\s?%", words):
        assert float(share.replace(",", ".")) <= 100


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one visit", "one visit of several", "all in a minute", "long silence"])
def test_nothing_is_forecast_where_nothing_tells_what_comes_next(made, name):
    """Nobody came a second day, or the day of the report is more than a year after the last event."""
    customers = made(name).tables("customers")
    ahead = customers.filter(like="p_next_")
    assert ahead.shape[1] and ahead.isna().all(axis=None) and customers["next_stage"].isna().all()
    assert made(name).tables("outlook").empty
    words = words_of(made(name))
    told = (
        {
            "nl": "Er is geen verwachting te geven",
            "en": "No expectation can be given",
        }
        if name != "long silence"
        else {"en": "not forecast", "nl": "niet te voorspellen"}
    )
    assert told[language_of(name)] in words


@pytest.mark.slow
def test_odd_letters_stand_in_the_report_as_they_are(made):
    """Mathematics, markup and control characters in names: shown as text, in drawings that are XML."""
    report = made("odd names")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", report.page)
    drawings = re.findall(r'data:image/svg\+xml;base64,([^"]+)', report.page)
    texts = " ".join("".join(fromstring(base64.b64decode(one)).itertext()) for one in drawings)
    assert "$5 off $10" in re.sub(r"\s+", " ", texts + words_of(report))
    assert "<b>" not in words_of(report).replace(NAME.replace("\x07", ""), "")
