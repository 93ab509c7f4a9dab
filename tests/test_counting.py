"""The law of every file, which tests/conftest.py holds all reading to: it would find a row that is lost."""

from __future__ import annotations

import duckdb
import pytest

from journeykit.checks import find_doubts
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


def test_rows_whose_hashes_are_the_same_by_chance_are_two_rows(write_client):
    """The engine's hash of the first two lines is one number, though an amount and a time differ."""
    row = "51.0,{},2014-05-31,9d972fbd7faf433ebbb70d8ac7200ecb,transaction,Male,33000.0,{}"
    rows = [row.format("2.87", 360), row.format("4.87", 366), row.format("2.87", 360)]
    hashes = [duckdb.execute("SELECT hash(?)", [one.replace(",", "␟")]).fetchone() for one in rows]
    assert len(set(hashes)) == 1, "else this tests nothing"
    head = "age,amount,became_member_on,customer_id,event,gender,income,time"
    columns = {"touchpoint": "event", "timestamp": {"offset": "time", "unit": "h", "start": "2026-01-01"}}
    files = {"log.csv": "\n".join([head, *rows])}
    for path in ("log.csv", "*.csv"):
        log = read_events(write_client(files, events={"path": path, "columns": columns}))
        assert log.sources[["rows", "used", "merged"]].sum().tolist() == [
            3 * len(files),
            2,
            3 * len(files) - 2,
        ]
        files["more.csv"] = files["log.csv"]


def test_equal_rows_of_one_day_are_said_where_no_number_tells_them_apart(write_client):
    log = "customer_id,timestamp,touchpoint\na,2026-01-01,purchase\na,2026-01-01,purchase\nb,2026-01-02,purchase\n"
    found = find_doubts(read_events(write_client({"log.csv": log}, events={"path": "log.csv"})))
    assert found.set_index("doubt").loc["equal_rows", ["level", "events"]].tolist() == ["note", 1]
    at_once = log.replace("2026-01-01", "2026-01-01 10:15")
    found = find_doubts(read_events(write_client({"log.csv": at_once}, events={"path": "log.csv"})))
    assert "equal_rows" not in set(found["doubt"])
