"""Several sources and ids: one person has one id, in one log, and nothing is counted twice."""

from __future__ import annotations

import pytest

from journeykit.checks import check_data
from journeykit.errors import ClientFileError
from journeykit.events import read_events

WEB = """visitor,user,at,event
v1,,2026-01-01 10:00,search
v1,ann,2026-01-02 10:00,login
v1,,2026-01-03 10:00,search
v2,ann,2026-01-04 10:00,login
v2,bob,2026-01-05 10:00,login
v2,,2026-01-06 10:00,search
v3,,2026-01-07 10:00,search
,,2026-01-08 10:00,search
"""
COLUMNS = {"customer_id": "user", "visitor_id": "visitor", "timestamp": "at", "touchpoint": "event"}
ORDERS = "customer_id,timestamp,touchpoint\nann@x.nl,2026-01-09,purchase\nzed,2026-01-10,purchase\n"


def who(log) -> list[str]:
    return log.to_pandas().sort_values("timestamp")["customer_id"].tolist()


def test_a_visitor_becomes_the_customer_with_whom_he_is_seen(write_client):
    """v2 is a shared device: its events are given to neither of the two."""
    log = read_events(write_client({"w.csv": WEB}, events={"path": "w.csv", "columns": COLUMNS}))
    assert who(log) == ["ann", "ann", "ann", "ann", "bob", "v2", "v3"]
    assert log.rejects["reason"].tolist() == ["no_customer"]
    assert log.identities.to_dict("records") == [
        {"link": "shared_events", "ids": 2, "joined": 1, "ambiguous": 1, "events": 2}
    ]


def test_links_are_followed_from_one_to_the_next_across_sources(write_client):
    """A visitor is a user, a user an address of the CRM, and the shop knows the address."""
    files = {
        "w.csv": WEB,
        "o.csv": ORDERS,
        "l.csv": "web id;crm id\nann;ann@x.nl\nann;ann@x.nl\nzed;z\nzed;q\n;x\n",
    }
    links = {"path": "l.csv", "columns": {"id": "web id", "customer_id": "crm id"}}
    sources = [{"path": "w.csv", "columns": COLUMNS}, {"path": "o.csv"}]
    log = read_events(write_client(files, events=sources, identities=links))
    assert who(log) == ["ann@x.nl"] * 4 + ["bob", "v2", "v3", "ann@x.nl", "zed"]
    facts = log.identities.set_index("link")
    assert facts.loc["file", ["ids", "joined", "ambiguous"]].tolist() == [2, 1, 1]
    assert check_data(log.as_of()).to_dict()["identities"][0]["link"] == "file"
    with pytest.raises(ClientFileError, match="unknown column 'crm'. Did you mean 'crm id'"):
        read_events(
            write_client(
                events=sources, identities=links | {"columns": {"id": "web id", "customer_id": "crm"}}
            )
        )


def test_a_circle_of_links_ends(write_client):
    links = "id,customer_id\na,b\nb,a\n"
    text = "customer_id,timestamp,touchpoint\na,2026-01-01,x\nb,2026-01-02,x\n"
    log = read_events(
        write_client({"o.csv": text, "l.csv": links}, events={"path": "o.csv"}, identities={"path": "l.csv"})
    )
    assert len(log.to_pandas()) == 2


def test_rows_of_an_export_that_overlaps_an_earlier_one_count_once(write_client):
    """March stands in all files; equal rows of sources that are read in different ways are another matter and stay."""
    head, march = "customer_id,timestamp,touchpoint\n", "a,2026-03-31 10:00,search\n"
    files = {
        "x-1.csv": head + "a,2026-02-01 10:00,search\n" + march,
        "x-2.csv": head + march + "a,2026-04-01 10:00,search\n" + march,
        "y.csv": head + march,
        "z.csv": head + march,
    }
    sources = [{"path": "x-*.csv"}, {"path": "y.csv"}, {"path": "z.csv", "constants": {"channel": "store"}}]
    log = read_events(write_client(files, events=sources))
    assert log.rejects[["source", "row", "reason"]].values.tolist() == [
        ["x-2.csv", 1, "duplicate"], ["x-2.csv", 3, "duplicate"], ["y.csv", 1, "duplicate"],
    ]  # fmt: skip
    assert log.count() == 4


def test_touchpoints_that_another_source_tells_better_are_left_out(write_client):
    source = {"path": "w.csv", "columns": COLUMNS, "leave_out": ["login"]}
    log = read_events(write_client({"w.csv": WEB}, events=source))
    assert log.rejects["reason"].value_counts().to_dict() == {"left_out": 3, "no_customer": 1}
