"""The law of every file, which tests/conftest.py holds all reading to: it would find a row that is lost."""

from __future__ import annotations

import pytest

from journeykit.events import read_events, reading
from tests.counting import held_to_the_law

LOG = "customer_id,timestamp,touchpoint\na,2026-01-01,search\n,2026-01-02,search\na,2026-01-01,search\na,x,search\n"


def test_all_reading_of_the_tests_is_held_to_the_law(write_client):
    assert hasattr(reading._read_file, "__wrapped__")
    log = read_events(write_client({"log.csv": LOG}, events={"path": "log.csv"}))
    assert log.sources[["rows", "used", "rejected", "merged"]].values.tolist() == [[4, 1, 2, 1]]
    assert sorted(log.rejects["reason"]) == ["duplicate", "no_customer", "time_unreadable"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"used": 0}, "4 rows read, 3 used, rejected or merged"),
        ({"rows": 3, "used": 0}, "a line is a row"),
        ({"merged": 0, "rejected": 3}, "log.csv"),
    ],
)
def test_a_row_that_is_lost_would_be_found(write_client, monkeypatch, change, told):
    real = reading._read_file.__wrapped__

    def losing(*given):
        name, rejects, facts = real(*given)
        return name, rejects, facts | change

    monkeypatch.setattr(reading, "_read_file", held_to_the_law(losing))
    with pytest.raises(AssertionError, match=told):
        read_events(write_client({"log.csv": LOG}, events={"path": "log.csv"}))


def test_a_row_without_a_reason_would_be_found(write_client, monkeypatch):
    real = reading._read_file.__wrapped__

    def silent(*given):
        name, rejects, facts = real(*given)
        return name, rejects.assign(reason=rejects["reason"].where(rejects["row"] > 2)), facts

    monkeypatch.setattr(reading, "_read_file", held_to_the_law(silent))
    with pytest.raises(AssertionError, match="without a reason"):
        read_events(write_client({"log.csv": LOG}, events={"path": "log.csv"}))
