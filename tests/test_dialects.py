"""Ids, moments, heads and paths as people and programs write them, each read to the value counted by hand."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from journeykit.clients import client_from_dict, read_client
from journeykit.drafting import draft_client
from journeykit.events import read_events
from journeykit.sessions import contacts_frame

UUID = "0F8FAD5B-D9CB-469F-A165-70867728950E"


def log_of(folder: Path, text: str, **keys):
    (folder / "e.csv").write_text(text, encoding="utf-8")
    source = {"path": "e.csv"} | keys.pop("source", {})
    return read_events(client_from_dict({"id": "a", "name": "A", "events": source} | keys, folder))


def drafted(folder: Path, name: str, content: str | bytes):
    raw = folder / name
    raw.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_events(read_client(draft_client("a", raw, folder=folder / "clients")))


SAME = {
    "letter case of an address": ("Ann@Example.org", "ann@example.ORG", "ann@example.org"),
    "letter case of a UUID": (UUID, UUID.lower(), UUID.lower()),
    "a point that means nothing": ("123.0", "123", "123"),
}


@pytest.mark.parametrize(("one", "other", "kept"), SAME.values(), ids=SAME)
def test_ids_of_one_person_are_one(tmp_path, one, other, kept):
    text = f"customer_id,timestamp,touchpoint\n{one},2026-01-01,search\n{other},2026-01-02,search\n"
    (tmp_path / "p.csv").write_text(f"customer_id,age\n{other},31\n", encoding="utf-8")
    log = log_of(tmp_path, text, customers={"path": "p.csv"})
    assert log.to_pandas()["customer_id"].unique().tolist() == [kept] == log.customers.index.tolist()


@pytest.mark.quick("NULL", "n.v.t.", "(blank)")
@pytest.mark.parametrize("nobody", ["NULL", "\\N", "-", "n.v.t.", "#N/A", "(blank)", "nan", "--"])
def test_a_word_for_nothing_is_nobody(tmp_path, nobody):
    text = f"customer_id,timestamp,touchpoint,value\n{nobody},2026-01-01,purchase,1\nc,2026-01-01,purchase,{nobody}\n"
    log = log_of(tmp_path, text)
    assert log.rejects["reason"].tolist() == ["no_customer"] and log.to_pandas()["value"].isna().all()


def test_letters_of_other_ids_count(tmp_path):
    text = "customer_id,timestamp,touchpoint\nAb1,2026-01-01,search\nab1,2026-01-01,search\n"
    assert log_of(tmp_path, text).to_pandas()["customer_id"].nunique() == 2


def test_rows_of_one_moment_keep_the_order_of_the_file(tmp_path):
    steps = ["view_item", "add_to_cart", "begin_checkout", "purchase"]
    rows = [f"{who},2026-01-01,{step}" for who in "ba" for step in steps]
    frame = contacts_frame(log_of(tmp_path, "\n".join(["customer_id,timestamp,touchpoint", *rows])))
    assert [part.tolist() for _, part in frame.groupby("unit_id")["touchpoint"]] == [steps, steps]


def test_paths_with_counts_are_as_many_journeys_as_they_say(tmp_path):
    log = drafted(
        tmp_path, "paths.csv", "path,conversions,value,nulls\nsearch > email,2,30,1\nemail > email,0,0,3\n"
    )
    frame = contacts_frame(log)
    paths = Counter(" > ".join(part) for _, part in frame.groupby("unit_id")["touchpoint"])
    assert paths == {"search > email > purchase": 2, "search > email": 1, "email > email": 3}
    assert frame.groupby("touchpoint")["value"].sum(min_count=1).dropna().to_dict() == {"purchase": 30.0}


SURVEY = '''StartDate,ResponseId,Q1
Start Date,Response ID,"How likely, 0 to 10?"
"{""ImportId"":""startDate""}","{""ImportId"": ""_recordId""}","{""ImportId"":""QID1""}"
2026-01-13 02:49:00,R_1,9
2026-01-14 02:49:00,R_2,7
'''  # fmt: skip
ANSWERS = "Respondent ID,Collector ID,Q1\n,,Open-Ended Response\n1,7,9\n2,7,8\n"


@pytest.mark.parametrize(
    ("text", "who"), [(SURVEY, "ResponseId"), (ANSWERS, "Respondent ID")], ids=["qualtrics", "surveymonkey"]
)
def test_the_further_lines_of_a_head_are_no_customers(tmp_path, text, who):
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    client = client_from_dict(
        {"id": "a", "name": "A", "customers": {"path": "s.csv", "columns": {"customer_id": who}}}, tmp_path
    )
    log = read_events(client)
    assert (
        len(log.customers) == 2
        and log.customers["Q1"].dtype == "float64"
        and log.sources["rows"].tolist() == [2]
    )


def test_an_export_that_delivers_twice_is_read_once(tmp_path):
    line = '{{"event":"{}","properties":{{"time":{},"distinct_id":"u{}","$insert_id":"i{}","city":"{}"}}}}'
    lines = [
        line.format("Page Viewed", 1773550873 + at, at % 3, at, city)
        for at in range(60)
        for city in ("x", "y")[: 1 + at % 2]
    ]
    log = drafted(tmp_path, "export.jsonl", "\n".join(lines))
    assert log.sources[["rows", "used", "merged"]].values.tolist() == [[90, 60, 30]]
    assert log.to_pandas()["customer_id"].nunique() == 3


def test_a_gz_of_several_parts_with_a_head_each(tmp_path):
    head = "customer_id,timestamp,touchpoint\n"
    parts = [
        gzip.compress((head + "".join(f"c{at},2026-01-{at + 1:02},search\n" for at in days)).encode())
        for days in (range(9), range(9, 20))
    ]
    log = drafted(tmp_path, "events.csv.gz", b"".join(parts))
    assert log.rejects["reason"].tolist() == ["head_again"] and log.count() == 20


def test_all_sheets_of_one_form_are_read_and_others_are_named(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    sheets = {
        "2025": [("c1", "2025-01-01", "search"), ("c2", "2025-01-02", "purchase")],
        "2026": [("c3", "2026-01-01", "search")],
    }
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in [("customer_id", "timestamp", "touchpoint"), *rows]:
            sheet.append(row)
    other = book.create_sheet("Uitleg")
    other.append(("code", "meaning"))
    other.append(("s", "search"))
    book.save(tmp_path / "book.xlsx")
    draft = draft_client("a", tmp_path / "book.xlsx", folder=tmp_path / "clients")
    log = read_events(read_client(draft))
    assert sorted(log.to_pandas()["customer_id"]) == ["c1", "c2", "c3"] and log.sources["rows"].tolist() == [
        3
    ]
    assert "# left out: book.xlsx: sheet 'Uitleg'" in draft.read_text("utf-8")


def test_days_of_a_workbook_that_counts_from_1904(tmp_path):
    import datetime as dt

    import openpyxl
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in [
        ("customer_id", "timestamp", "touchpoint"),
        ("c1", dt.datetime(2026, 1, 2, 10), "search"),
        ("c1", 44563.5, "search"),
    ]:
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    source = {"path": "b.xlsx"}
    log = read_events(client_from_dict({"id": "a", "name": "A", "events": source}, tmp_path))
    assert log.to_pandas()["timestamp"].astype(str).tolist() == ["2026-01-02 10:00:00", "2026-01-03 12:00:00"]
