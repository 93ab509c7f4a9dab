"""Events: files read as they come, mapped, and a reason for every row that is left out."""

from __future__ import annotations

import gzip
import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from journeykit.errors import ClientFileError, DataError, JourneykitError
from journeykit.events import EventLog, read_events
from journeykit.events.expressions import evaluate
from journeykit.events.patterns import find_pattern
from tests.examples import examples

ORDERS = """klant;wat;wanneer;bedrag
187;winkelmand;04-03-2026 19:12;
187;gekocht;04-03-2026 19:30;12,50
187;gekocht;04-03-2026 19:30;12,50
188;gekocht;25-03-2026 10:00;9,95
188;gekocht;26-03-2026 10:00;abc
;gekocht;26-03-2026 10:00;1,00
190;gekocht;gisteren;1,00
191;gekocht;01-01-1960 10:00;1,00
192;gekocht;26-03-2026 10:00;1,00;te veel
193;;26-03-2026 10:00;1,00
194;gekocht;;1,00
"""
DUTCH = {
    "path": "orders.csv",
    "columns": {"customer_id": "klant", "timestamp": "wanneer", "touchpoint": "wat", "value": "bedrag"},
    "touchpoints": {"winkelmand": "add_to_cart", "gekocht": "purchase"},
}
PLAIN = "customer_id,timestamp,touchpoint\n"


def test_every_unusable_row_has_its_reason_and_its_row(write_client):
    """A row that vanishes without a word is the worst fault of a reader."""
    log = read_events(write_client({"orders.csv": ORDERS}, events=DUTCH, timezone="Europe/Amsterdam"))
    assert dict(zip(log.rejects["row"], log.rejects["reason"], strict=True)) == {
        3: "duplicate", 5: "not_a_number", 6: "no_customer", 7: "time_unreadable", 8: "before_1970",
        9: "malformed", 10: "no_touchpoint", 11: "no_time",
    }  # fmt: skip
    assert log.sources.loc[0, ["rows", "used", "rejected", "merged"]].tolist() == [11, 3, 7, 1]


def test_local_times_become_utc_and_decimal_commas_numbers(write_client):
    frame = read_events(
        write_client({"orders.csv": ORDERS}, events=DUTCH, timezone="Europe/Amsterdam")
    ).to_pandas()
    assert frame["timestamp"].astype(str).tolist()[0] == "2026-03-04 18:12:00"
    assert frame["value"].tolist()[1:] == [12.5, 9.95]
    assert frame["touchpoint"].tolist() == ["add_to_cart", "purchase", "purchase"]


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (["2026-03-04 19:12:00"], "%Y-%m-%d %H:%M:%S"),
        (["25/03/2026"], "%d/%m/%Y"),
        (["03/25/2026"], "%m/%d/%Y"),
        (["03/04/2026"], "%d/%m/%Y"),
        (["20260304"], "%Y%m%d"),
        (["1767225600"], "epoch seconds"),
        (["1767225600000"], "epoch milliseconds"),
        (["2026-03-04T19:12:00+01:00"], "with offset"),
        (["4 maart"], None),
        ([], None),
    ],
)
def test_the_way_in_which_times_are_written_is_found(texts, pattern):
    assert find_pattern(texts) == pattern


def test_a_month_first_country_reads_an_open_date_month_first():
    assert find_pattern(["03/04/2026"], month_first=True) == "%m/%d/%Y"


@pytest.mark.quick("t", "form2", "form4")
@pytest.mark.parametrize(
    ("form", "row", "moment"),
    [
        ("t", {"t": "2026-03-04 19:12"}, "2026-03-04 18:12:00"),
        ({"date": "d", "hour": "h"}, {"d": "2026-07-04", "h": "14"}, "2026-07-04 12:00:00"),
        ({"year": "y", "month": "m", "day": "d"}, {"y": 2026, "m": 1, "d": 2}, "2026-01-01 23:00:00"),
        (
            {"year": "y", "month": "m", "day": "d", "order": "o"},
            {"y": 2026, "m": 1, "d": 2, "o": 5},
            "2026-01-01 23:00:05",
        ),
        ({"offset": "o", "unit": "h", "start": "2018-01-01"}, {"o": 25}, "2018-01-02 00:00:00"),
        ({"column": "t", "format": "%d|%m|%Y"}, {"t": "04|03|2026"}, "2026-03-03 23:00:00"),
        ({"column": "t", "zone": "UTC"}, {"t": "2026-03-04 19:12"}, "2026-03-04 19:12:00"),
        ("t", {"t": 1767225600}, "2026-01-01 00:00:00"),
        ("t", {"t": "2026-03-04T19:12:00Z"}, "2026-03-04 19:12:00"),
    ],
)
def test_every_form_of_a_time_is_read(write_client, form, row, moment):
    line = json.dumps({"c": "a"} | row)
    source = {
        "path": "e.jsonl",
        "columns": {"customer_id": "c", "timestamp": form},
        "constants": {"touchpoint": "purchase"},
    }
    log = read_events(write_client({"e.jsonl": line}, events=source, timezone="Europe/Amsterdam"))
    assert str(log.to_pandas().loc[0, "timestamp"]) == moment


def test_sources_globs_and_formats_come_together(write_client, tmp_path):
    pd.DataFrame(
        {
            "customer_id": [1.0, 2.0, None],
            "timestamp": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]).astype("datetime64[us]"),
            "touchpoint": ["purchase", "View Item", "x"],
        }
    ).to_parquet(tmp_path / "a-1.parquet")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress((PLAIN + "1,2026-01-05,search\n").encode()))
    latin = "customer_id\ttimestamp\ttouchpoint\tpage\nÉva\t2026-01-06\tsearch\tcafé\n".encode("cp1252")
    sources = [{"path": "a-*.parquet"}, {"path": "b.csv.gz"}, {"path": "c.tsv"}]
    log = read_events(write_client({"c.tsv": latin}, events=sources))
    assert log.to_pandas()["customer_id"].tolist() == ["1", "1", "2", "Éva"]
    assert log.to_pandas()["touchpoint"].tolist() == ["purchase", "search", "view_item", "search"]
    assert log.sources["rejected"].tolist() == [1, 0, 0]


def test_an_expression_calculates_and_runs_nothing(write_client):
    source = {"path": "e.csv", "columns": {"value": "qty * `unit price`"}}
    log = read_events(
        write_client(
            {"e.csv": "customer_id,timestamp,touchpoint,qty,unit price\na,2026-01-01,purchase,3,2.5\n"},
            events=source,
        )
    )
    assert log.to_pandas().loc[0, "value"] == 7.5
    for dangerous in ("__import__('os').system('x') * 1", "a ** 2 + 1", "a.b + 1", "a + 'x'"):
        with pytest.raises(ClientFileError, match="cannot be calculated"):
            evaluate(dangerous, {"a": 1})


@pytest.mark.parametrize(
    ("files", "source", "message"),
    [
        ({}, {"path": "orders.csv"}, "no such file"),
        ({"orders.csv": ""}, {"path": "orders.csv"}, "the file is empty"),
        ({"order.csv": PLAIN}, {"path": "orders.csv"}, "Did you mean 'order.csv'"),
        ({"o.csv": PLAIN}, {"path": "o.csv"}, "the files hold no events"),
        ({"o.csv": PLAIN + "a,gisteren,x\n"}, {"path": "o.csv"}, "none of the times can be read"),
        ({"o.csv": PLAIN + ",2026-01-01,x\n"}, {"path": "o.csv"}, "rejected rows by reason: no_customer: 1"),
        ({"o.parquet": "a,b\n"}, {"path": "o.parquet"}, "not what its ending '.parquet' says"),
        ({"o.csv": b"PAR1\x00\x01"}, {"path": "o.csv"}, "it looks like parquet"),
        ({"o.csv": b"PK\x03\x04\x00"}, {"path": "o.csv"}, "it looks like excel or zip"),
        ({"o.csv": b"a\x00b\x00,\n"}, {"path": "o.csv"}, "the file is not text"),
        ({"o.json": "a,b\n1,2\n"}, {"path": "o.json"}, "not what its ending '.json' says"),
        ({"o.csv.gz": b"\x1f\x8b\x08\x00broken"}, {"path": "o.csv.gz"}, "cannot be opened"),
        ({"o.doc": "x"}, {"path": "o.doc"}, "files ending in '.doc' are not read"),
        ({"o.csv": PLAIN + "a,2026-01-01,x\n"}, {"path": "o.csv", "encoding": "utf-9"}, "unknown encoding 'utf-9'"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told(write_client, files, source, message):
    with pytest.raises(JourneykitError, match=message):
        read_events(write_client(files, events=source))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"customer_id": "custmer"}, "unknown column 'custmer'. Did you mean 'customer'"),
        ({}, "no column is named for 'customer_id'"),
        ({"customer_id": "customer", "value": "pric * 2"}, "unknown column 'pric'. Did you mean 'price'"),
    ],
)
def test_a_column_that_the_file_does_not_have_is_told(write_client, columns, message):
    text = "customer,timestamp,touchpoint,price\na,2026-01-01,x,1\n"
    with pytest.raises(ClientFileError, match=message):
        read_events(write_client({"o.csv": text}, events={"path": "o.csv", "columns": columns}))


def test_an_unknown_target_of_a_touchpoint_is_told(write_client):
    source = {"path": "o.csv", "touchpoints": {"x": "purchse"}}
    with pytest.raises(ClientFileError, match="unknown touchpoint 'purchse'. Did you mean 'purchase'"):
        read_events(write_client({"o.csv": PLAIN + "a,2026-01-01,x\n"}, events=source))


def test_a_client_without_events_is_told(write_client):
    with pytest.raises(ClientFileError, match="names no events"):
        read_events(write_client())


def test_accounts_are_needed_in_b2b(write_client):
    text = "customer_id,timestamp,touchpoint,account_id\na,2026-01-01,x,acc\nb,2026-01-01,x,\n"
    log = read_events(write_client({"o.csv": text}, events={"path": "o.csv"}, setting="b2b"))
    assert log.rejects["reason"].tolist() == ["no_account"]


def test_as_of_hides_what_came_later_and_counts_the_day_itself(make_log):
    log = make_log(
        [("a", "2026-03-31T21:30:00", "search"), ("a", "2026-03-31T22:30:00", "purchase")],
        timezone="Europe/Amsterdam",
    )
    assert (log.as_of("2026-03-31").count(), log.as_of("2026-03-31").later()) == (1, 1)
    assert log.as_of("latest").as_of_date.isoformat() == "2026-04-01"
    with pytest.raises(DataError, match="nothing had happened by 2026-03-30"):
        log.as_of("2026-03-30")
    with pytest.raises(JourneykitError, match="cannot be read"):
        log.as_of("yesterday-ish")


def test_attributes_and_labels_are_joined_by_customer(write_client):
    files = {
        "o.csv": PLAIN + "007,2026-01-01,x\n",
        "c.csv": "id;age;city;note\n007;118;Select;x\n008;44;Delft;\n",
        "l.csv": "customer_id,at,stage\n007,2026-01-01,action\n",
    }
    log = read_events(
        write_client(
            files,
            events={"path": "o.csv"},
            customers={"path": "c.csv", "columns": {"customer_id": "id"}, "exclude": ["note"],
                       "missing": {"age": [118], "city": ["Select"]}},
            labels={"path": "l.csv"},
        )
    )  # fmt: skip
    assert log.customers.index.tolist() == ["007", "008"]
    assert list(log.customers.columns) == ["age", "city"]
    assert pd.isna(log.customers.loc["007", "age"]) and log.customers.loc["008", "city"] == "Delft"
    assert log.labels["stage"].tolist() == ["action"]


def test_pseudonyms_hide_ids_everywhere_and_still_join(write_client):
    """The same person has the same pseudonym in events and attributes, and nobody's id is left."""
    files = {
        "o.csv": "customer_id,timestamp,touchpoint,referrer_id\nann@x.nl,2026-01-01,x,\n"
        "bob,2026-01-02,x,ann@x.nl\nbob,1950-01-01,x,\n",
        "c.csv": "customer_id,age\nann@x.nl,44\n",
        "l.csv": "customer_id,at,stage\nann@x.nl,2026-01-01,action\n",
    }
    client = write_client(
        files,
        events={"path": "o.csv"},
        customers={"path": "c.csv"},
        labels={"path": "l.csv"},
        privacy={"pseudonymise": True},
    )
    log = read_events(client)
    events = log.to_pandas()
    ann, bob = events.sort_values("timestamp")["customer_id"]
    assert log.customers.index.tolist() == [ann] and log.labels["customer_id"].tolist() == [ann]
    assert events["referrer_id"].dropna().tolist() == [ann] and log.rejects["customer_id"].tolist() == [bob]
    assert len(ann) == 16 and not {"ann@x.nl", "bob"} & set(events["customer_id"])
    assert read_events(client).to_pandas()["customer_id"].tolist() == events["customer_id"].tolist()
    key = client.folder / ".acme.key"
    assert key.stat().st_mode & 0o077 == 0
    key.unlink()
    assert ann not in set(read_events(client).to_pandas()["customer_id"])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("a,2026-01-01,acton", "line 2: unknown stage 'acton'. Did you mean 'action'"),
        ("a,soon,action", "date of a label"),
    ],
)
def test_a_wrong_label_is_told(write_client, labels, message):
    files = {"o.csv": PLAIN + "a,2026-01-01,x\n", "l.csv": f"customer_id,at,stage\n{labels}\n"}
    with pytest.raises(DataError, match=message):
        read_events(write_client(files, events={"path": "o.csv"}, labels={"path": "l.csv"}))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"customer_id": ["a"]}), "no column 'timestamp'"),
        (
            pd.DataFrame({"customer_id": ["a"], "timestamp": ["2026"], "touchpont": ["x"]}),
            "Did you mean 'touchpoint'",
        ),
        (pd.DataFrame({"customer_id": [], "timestamp": [], "touchpoint": []}), "no events"),
    ],
)
def test_a_frame_is_checked(frame, message):
    with pytest.raises(JourneykitError, match=message):
        EventLog.from_frame(frame)


cells = st.sampled_from(
    [
        "a",
        "b",
        "",
        "  ",
        "NaN",
        "2026-01-02",
        "1959-01-01",
        "31-12-2026",
        "purchase",
        "é",
        "9999-01-01",
        "=1+1",
    ]
)


@settings(
    max_examples=examples(5, 30),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=12))
def test_used_and_rejected_are_all_that_was_read(write_client, rows):
    good = ["z", "2026-01-01", "search"]
    text = PLAIN + "\n".join(",".join(row) for row in [good, *rows]) + "\n"
    log = read_events(write_client({"o.csv": text}, events={"path": "o.csv"}))
    assert log.sources["rows"].sum() == len(rows) + 1
    assert log.count() + len(log.rejects) == len(rows) + 1
