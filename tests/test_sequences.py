"""Events with an order and no times: what came after what is told, and no duration is made up."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from journeykit.clients import client_from_dict
from journeykit.events import read_events
from journeykit.journeys import Journeys
from journeykit.reports import Page, chapters, open_study
from journeykit.reports.sequences import COLUMNS_OF_TIME, TABLES_OF_TIME, SequenceStudy
from tests.test_profiles import CHAPTERS

STEPS = ("ad_click", "search", "view_item", "add_to_cart", "purchase", "review")
UNTIMED = ("forecast", "leaks", "entering", "channels", "after_purchase")
DAY = dt.date(2026, 3, 31)


def written(folder: Path) -> Path:
    """Write paths of two kinds of people: who come by email from an advertisement, and who buy in a store."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(110):
        kind = number % 2
        chances = np.array([[0.3, 0.3, 0.2, 0.1, 0.08, 0.02], [0.05, 0.1, 0.35, 0.2, 0.2, 0.1]][kind])
        for step in range(int(rng.integers(14, 26))):
            what = rng.choice(STEPS, p=chances)
            channel = rng.choice([["email", "web"], ["store", "app"]][kind])
            rows.append((f"c{number}", step, what, channel, 20.0 if what == "purchase" else None))
    table = pd.DataFrame(rows, columns=["who", "step", "what", "channel", "spent"])
    table.to_csv(folder / "paths.csv", index=False)
    moment = dt.datetime(DAY.year, DAY.month, DAY.day, 12).timestamp()
    os.utime(folder / "paths.csv", (moment, moment))
    return folder / "paths.csv"


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> SequenceStudy:
    folder = tmp_path_factory.mktemp("paths")
    written(folder)
    columns = {"customer_id": "who", "timestamp": {"order": "step"}, "touchpoint": "what", "value": "spent"}
    events = {"path": "paths.csv", "columns": columns}
    given = {"id": "acme", "name": "Acme", "stage_model": "content", "events": events, "personas": {"k": 2}}
    client = client_from_dict(given, folder)
    found = open_study(client, read_events(client).as_of("latest"))
    assert isinstance(found, SequenceStudy)
    return found


@pytest.fixture(scope="module", params=["nl", "en"])
def told(request, study) -> dict[str, list[dict]]:
    page, found = Page(study.client, request.param), {"language": request.param}
    for name in CHAPTERS:
        before = len(page.blocks)
        getattr(chapters, name)(page, study)
        found[name] = page.blocks[before:]
    return found


def words(value) -> str:
    """Return all that a block says, its pictures left out."""
    if isinstance(value, dict):
        return " ".join(
            words(part) for key, part in value.items() if key not in ("png", "svg", "image", "id", "key")
        )
    if isinstance(value, list):
        return " ".join(map(words, value))
    return value if isinstance(value, str) and len(value) < 5000 else ""


def test_no_duration_stands_in_the_report(told):
    """A step counts as a day in the arithmetic: a report that said `5 days` would have made them up."""
    blocks = [block for name in CHAPTERS if name not in ("appendix", "cover") for block in told[name]]
    said = " ".join(words(block) for block in blocks if block["block"] != "note")
    pattern = {"nl": r"\b\d+ (dag|week|maand|uur)|2000", "en": r"\b\d+ (day|week|month|hour)|2000"}
    assert not re.findall(pattern[told["language"]], said)


def test_what_needs_times_is_said_to_be_unobservable(told):
    start = {"nl": "Niet waarneembaar in deze gegevens", "en": "Not observable in this data"}[
        told["language"]
    ]
    for name in UNTIMED:
        assert any(block["block"] == "note" and block["text"].startswith(start) for block in told[name]), name


def test_what_an_order_tells_is_there(study):
    """Order is enough for who reaches, skips and goes back, for channels and for value."""
    tables = study.tables
    for name in ("funnel", "transitions", "channels", "value", "entry_points", "journey_map", "skips"):
        assert len(tables[name]), name
    everyone = tables["funnel"][tables["funnel"]["persona"] == "all"].set_index("stage")
    seen = tables["observable"].set_index("stage")["observable"].astype(bool)
    assert everyone["share_of_start"].notna().to_dict() == seen.to_dict() and seen.sum() > 3


def test_columns_of_time_are_missing_and_never_zero(study):
    tables = study.tables
    for name in TABLES_OF_TIME:
        assert len(tables[name]) == 0, name
    for name, columns in COLUMNS_OF_TIME.items():
        assert tables[name][list(columns)].isna().all(axis=None), name
    for name in ("transitions", "transitions_by_markers", "journey_map", "funnel"):
        days = [column for column in tables[name] if "days" in column or "drop_off" in column]
        assert tables[name][days].isna().all(axis=None), name
    customers = tables["customers"]
    ahead = [name for name in customers if name.startswith(("p_next", "move_")) or "touchpoint_at" in name]
    assert customers[[*ahead, "p_lapsed", "next_stage"]].isna().all(axis=None)
    chances = customers[[f"p_{stage}" for stage in study.client.model.ids]].sum(axis=1)
    assert np.allclose(chances, 1)
    assert "lapsed" not in set(tables["stages_now"]["stage"]) | set(tables["transitions"]["to"])


def test_names_of_tables_and_columns_are_those_of_journeys(study):
    """A table that is renamed there must not come back here with durations in it."""
    parts = set(Journeys.__dataclass_fields__)
    assert {*TABLES_OF_TIME, *COLUMNS_OF_TIME} <= parts


def test_traits_hold_no_pace_and_no_hours(study):
    """Without times every step is a day after the one before: its weekday and pace are arithmetic."""
    names = [*study.traits, *study.profile]
    assert not [
        name for name in names if re.search("weekday|weekend|daypart|rhythm|gap|session|span|_at$", name)
    ]


def test_the_day_is_that_of_the_file_or_as_given_and_hides_nothing(study):
    log = study.log
    assert log.as_of_date == DAY
    assert log.as_of("2020-01-01").as_of_date == dt.date(2020, 1, 1)
    assert log.as_of("2020-01-01").count() == log.count()
    assert not {"first_day", "last_day"} & set(study.size)
