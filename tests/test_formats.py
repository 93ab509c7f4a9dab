"""Formats and shapes: every kind of export read as the same few events, counted by hand."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import os
import sqlite3
import zipfile
from pathlib import Path

import pytest
from exports import HUBSPOT, SHOPIFY, XES, ga4_rows, json_lines, matomo_visits, write_excel

from journeykit.clients import read_client
from journeykit.errors import ClientFileError, DataError, JourneykitError
from journeykit.events import read_events

LINES = "customer_id,timestamp,touchpoint\na,2026-01-01 10:00,search\nb,2026-01-02 10:00,purchase\n"


def told(log, *columns: str) -> list[tuple]:
    frame = log.to_pandas()[["customer_id", "touchpoint", *columns]]
    return [
        tuple(None if value != value else value for value in row) for row in frame.itertuples(index=False)
    ]


# Formats ---------------------------------------------------------------------------------------------------------


def test_excel_is_read_from_its_head_on_with_dates_numbers_and_serials(write_client, tmp_path):
    """A title above the head, an empty row, and a date that Excel wrote as a number."""
    rows = [
        ["Export of March", None, None, None],
        ["klant", "wanneer", "wat", "bedrag"],
        [7, dt.datetime(2026, 3, 4, 19, 12), "gekocht", 12.5],
        [None, None, None, None],
        ["x8", 46085.8, "gekocht", "=1+1"],
    ]
    write_excel(tmp_path / "o.xlsx", {"Notes": [["only a note"]], "Orders": rows})
    source = {
        "path": "o.xlsx", "touchpoints": {"gekocht": "purchase"},
        "columns": {"customer_id": "klant", "timestamp": "wanneer", "touchpoint": "wat", "value": "bedrag"},
    }  # fmt: skip
    log = read_events(write_client(events=source, timezone="Europe/Amsterdam"))
    assert told(log, "value") == [("7", "purchase", 12.5), ("x8", "purchase", None)]
    assert log.to_pandas()["timestamp"].astype(str).tolist() == ["2026-03-04 18:12:00", "2026-03-04 18:12:00"]
    with pytest.raises(DataError, match=r"unknown sheet 'Ordres'. Did you mean 'Orders'"):
        read_events(write_client(events={"path": "o.xlsx", "sheet": "Ordres"}))


def test_xes_is_read_with_the_names_of_its_standard(write_client):
    source = {"path": "o.xes.gz", "lifecycle": "lifecycle:transition", "columns": {"cost": "cost"}}
    log = read_events(write_client({"o.xes.gz": gzip.compress(XES.encode())}, events=source))
    assert told(log, "cost") == [("c1", "purchase", 2.5), ("c2", "search", None)]
    assert log.to_pandas()["timestamp"].astype(str).tolist()[0] == "2026-03-04 18:12:00", "the start counts"
    assert log.rejects[["row", "reason"]].values.tolist() == [[2, "end_of_pair"]]


@pytest.mark.parametrize(("change", "message"), [
    (("<log ", '<!DOCTYPE log [<!ENTITY a "aaaa">]><log '), "defines entities or a document type"),
    (("</trace>\n</log>", ""), "the XML is broken"),
    (("<log ", "<html "), "the XML is broken|no XES log"),
])  # fmt: skip
def test_xml_that_is_no_log_is_refused(write_client, change, message):
    with pytest.raises(DataError, match=message):
        read_events(write_client({"o.xes": XES.replace(*change)}, events={"path": "o.xes"}))


def test_ga4_is_read_from_its_bigquery_export(write_client, tmp_path):
    columns = {
        "customer_id": "user_pseudo_id", "timestamp": "event_timestamp", "touchpoint": "event_name",
        "page": "event_params.page_location", "session_id": "event_params.ga_session_id",
        "channel": "traffic_source.medium", "value": "ecommerce.purchase_revenue", "content": "device.web_info.browser",
    }  # fmt: skip
    client = write_client({"e.jsonl": json_lines(ga4_rows())}, events={"path": "e.jsonl", "columns": columns})
    log = read_events(client)
    assert told(log, "session_id", "value", "content") == [
        ("12.34", "session_start", "77", None, "Chrome"), ("12.34", "view_item", "77", None, "Chrome"),
        ("12.34", "purchase", "77", 24.5, "Chrome"), ("56.78", "page_view", "5", None, "Chrome"),
    ]  # fmt: skip
    assert log.to_pandas()["timestamp"].astype(str).tolist()[0] == "2026-03-04 19:12:00"
    import duckdb

    duckdb.sql(f"COPY (SELECT * FROM read_json('{tmp_path}/e.jsonl')) TO '{tmp_path}/e.parquet'")
    as_parquet = read_events(write_client(events={"path": "e.parquet", "columns": columns}))
    assert told(as_parquet, "page", "session_id") == told(log, "page", "session_id")


def test_matomo_visits_are_taken_apart_into_actions(write_client):
    columns = {
        "customer_id": "visitorId", "timestamp": "actionDetails.timestamp", "touchpoint": "actionDetails.type",
        "channel": "referrerType", "session_id": "idVisit", "page": "actionDetails.url",
        "value": "actionDetails.revenue",
    }  # fmt: skip
    names = {"action": "page_view", "ecommerceOrder": "purchase", "download": "file_download"}
    source = {"path": "v.json", "explode": "actionDetails", "columns": columns, "touchpoints": names}
    log = read_events(write_client({"v.json": json.dumps(matomo_visits())}, events=source))
    assert told(log, "session_id", "value") == [
        ("a1b2", "page_view", "9", None), ("a1b2", "search", "9", None), ("a1b2", "purchase", "9", 24.5),
        ("c3d4", "file_download", "10", None),
    ]  # fmt: skip
    assert log.sources.loc[0, ["rows", "lines"]].tolist() == [4, 2]


def test_shopify_lines_get_the_customer_of_their_order_and_never_its_total_twice(write_client):
    source = {
        "path": "s.csv", "fill_by": "Name", "orders": "Name",
        "columns": {"customer_id": "Email", "timestamp": "Created at", "channel": "Source", "product": "Lineitem sku",
                    "value": "`Lineitem quantity` * `Lineitem price`"},
        "moments": [{"touchpoint": "purchase"}, {"touchpoint": "cancel", "timestamp": "Cancelled at"}],
    }  # fmt: skip
    log = read_events(write_client({"s.csv": SHOPIFY}, events=source))
    assert told(log, "channel", "product", "value") == [
        ("ann@example.nl", "purchase", "web", "CH", 20.0), ("ann@example.nl", "purchase", "web", "TA", 15.0),
        ("bob@example.nl", "purchase", "store", "CH", 10.0), ("bob@example.nl", "cancel", "store", "CH", 10.0),
    ]  # fmt: skip
    assert log.rejects[["row", "reason"]].values.tolist() == [[4, "no_customer"]]
    assert log.to_pandas()["session_id"].tolist()[0] == "#1001"


def test_deals_become_the_moments_of_their_dates(write_client):
    """A deal that is open has no second moment, and one that was lost was not won."""
    source = {
        "path": "d.csv",
        "columns": {"customer_id": "Record ID", "account_id": "Associated Company IDs", "value": "Amount"},
        "moments": [
            {"touchpoint": "generate_lead", "timestamp": "Create Date"},
            {"touchpoint": "contract_signed", "timestamp": "Close Date", "when": {"Deal Stage": "Closed Won"}},
            {"touchpoint": "deal_lost", "timestamp": "Close Date", "when": {"Deal Stage": ["* Lost"]}},
        ],
    }  # fmt: skip
    log = read_events(write_client({"d.csv": HUBSPOT}, events=source, setting="b2b"))
    assert told(log, "account_id") == [
        ("11", "generate_lead", "C1"), ("11", "contract_signed", "C1"), ("12", "generate_lead", "C2"),
        ("12", "deal_lost", "C2"), ("13", "generate_lead", "C1"),
    ]  # fmt: skip


@pytest.mark.parametrize(("by", "path"), [(">", "home > pricing > checkout"), ("-", "home-pricing-checkout")])
def test_a_path_has_an_order_and_no_times(write_client, by, path):
    source = {"path": "p.csv", "split": {"column": "path", "by": by}, "columns": {"customer_id": "row"}}
    log = read_events(write_client({"p.csv": f"path,n\n{path},1\nhome,2\n"}, events=source))
    assert told(log) == [("p-1", "home"), ("p-1", "pricing"), ("p-1", "checkout"), ("p-2", "home")]
    assert log.client.in_order
    assert log.to_pandas().groupby("customer_id")["timestamp"].max().nunique() == 1, "nobody is silent longer"


def test_an_order_without_times_is_followed(write_client):
    source = {"path": "p.csv", "columns": {"timestamp": {"order": "step"}}}
    text = "customer_id,step,touchpoint\na,10,purchase\na,9,search\nb,x,search\n"
    log = read_events(write_client({"p.csv": text}, events=source))
    assert told(log) == [("a", "search"), ("a", "purchase")]
    assert log.rejects["reason"].tolist() == ["time_unreadable"]


def test_sources_with_and_without_times_are_not_mixed(write_client):
    sources = [{"path": "a.csv"}, {"path": "p.csv", "columns": {"timestamp": {"order": "n"}}}]
    with pytest.raises(ClientFileError, match="some sources have times and others only an order"):
        write_client(events=sources)


def test_a_database_is_read_through_its_url(write_client, tmp_path, monkeypatch):
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE o (who TEXT, at TEXT, paid REAL)")
        shop.execute("INSERT INTO o VALUES ('007', '2026-01-01 10:00:00', 3.5)")
    shop.close()
    source = {
        "path": "sqlite:///shop.db", "query": "SELECT who, at, paid FROM o", "constants": {"touchpoint": "purchase"},
        "columns": {"customer_id": "who", "timestamp": "at", "value": "paid"},
    }  # fmt: skip
    log = read_events(write_client(events=source))
    assert told(log, "value") == [("007", "purchase", 3.5)]
    for change, message in (
        ({"query": "SELECT nothing FROM o"}, "the query cannot be read"),
        ({"path": "sqlite:///shpo.db"}, "there is no such database"),
        ({"path": "postgres://${SHOP_USER}@nowhere/shop"}, "'SHOP_USER' is not set"),
    ):
        with pytest.raises(JourneykitError, match=message):
            read_events(write_client(events=source | change))
    with pytest.raises(ClientFileError, match="a database needs its 'query'"):
        write_client(events={"path": "duckdb:///shop.db"})
    with pytest.raises(ClientFileError, match="a query needs a database"):
        write_client(events={"path": "shop.csv", "query": "SELECT 1"})


QUERIES = {
    "duckdb": [
        "COPY o TO '{made}'", "ATTACH '{made}' AS other", "SELECT 1; DROP TABLE o", "PRAGMA database_list",
        "INSTALL httpfs", "LOAD httpfs", "SET threads = 1", "EXPORT DATABASE '{made}'", "DELETE FROM o", "CALL x()",
        "SELECT * FROM read_csv('{secret}')", "SELECT * FROM '{secret}'", "SELECT * FROM glob('*')",
        "SELECT read_text('{secret}') AS who", "SELECT (SELECT content FROM read_text('{secret}'))",
        "WITH s AS (SELECT * FROM parquet_scan('x')) SELECT * FROM s", "SELECT getenv('HOME')",
        "SELECT * FROM query('SELECT 1')", "CREATE TABLE x AS SELECT 1", "SELECT FROM WHERE (",
    ],
    "sqlite": [
        "ATTACH '{made}' AS other", "VACUUM INTO '{made}'", "PRAGMA journal_mode = wal", "UPDATE o SET who = ''",
        "SELECT load_extension('x')", "SELECT 1; SELECT 2", "WITH d AS (SELECT 1) INSERT INTO o SELECT * FROM d",
        "SELECT writefile('{made}', 'x')",
    ],
    "postgres": [
        "COPY o TO PROGRAM 'x'", "WITH d AS (DELETE FROM o RETURNING *) SELECT * FROM d", "SELECT * INTO n FROM o",
        "SELECT pg_read_file('{secret}')", "SELECT lo_export(1, '{made}')", "SELECT * FROM dblink('x', 'y')",
        "SELECT set_config('default_transaction_read_only', 'off', false)", "SELECT nextval('s')", "DO $$ BEGIN END $$",
    ],
}  # fmt: skip
EACH_QUERY = [(kind, query) for kind, queries in QUERIES.items() for query in queries]


@pytest.fixture
def databases(tmp_path):
    """A database of each embedded kind, with a table of one row, beside a file that no query may read."""
    import duckdb

    rows = "CREATE TABLE o AS SELECT '007' AS who, '2026-01-01 10:00:00' AS day, 3.5 AS paid"
    with duckdb.connect(tmp_path / "shop.duckdb") as shop:
        shop.execute(rows)
    shop = sqlite3.connect(tmp_path / "shop.sqlite")
    shop.execute(rows)
    shop.commit()
    shop.close()
    (tmp_path / "secret.csv").write_text("who\nsecret\n")
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "query"), EACH_QUERY, ids=[f"{kind}: {query}" for kind, query in EACH_QUERY]
)
def test_a_query_that_does_more_than_read_its_tables_is_refused(kind, query, databases):
    """The error names file, line, key and remedy, and nothing is opened."""
    filled = query.format(made=databases / "made", secret=databases / "secret.csv")
    text = f"id: a\nname: A\nevents:\n  path: {kind}:///shop.{kind}\n  query: {json.dumps(filled)}\n"
    (databases / "a.yml").write_text(text)
    with pytest.raises(ClientFileError, match="query") as caught:
        read_client(databases / "a.yml")
    assert str(caught.value).startswith(f"{databases / 'a.yml'}, line 5: 'events.query': ")
    assert "Remedy: write one SELECT" in str(caught.value)
    assert not (databases / "made").exists()


@pytest.mark.quick("SELECT who, day, paid FROM o;", "query2")
@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
@pytest.mark.parametrize("query", [
    "SELECT who, day, paid FROM o;", "WITH r AS (SELECT * FROM o) SELECT upper(who) AS who, day, paid FROM r -- all",
    "SELECT who, day, paid FROM o WHERE who GLOB '0*' UNION ALL SELECT who, day, paid FROM o WHERE who = ';'",
    "SELECT who, day, sum(paid) OVER (PARTITION BY who) AS paid FROM o",
])  # fmt: skip
def test_a_query_that_only_reads_is_answered(kind, query, databases, write_client):
    columns = {"customer_id": "who", "timestamp": "day", "value": "paid"}
    source = {"path": f"{kind}:///shop.{kind}", "query": query, "columns": columns}
    log = read_events(write_client(events=source | {"constants": {"touchpoint": "purchase"}}))
    assert told(log, "value") == [("007", "purchase", 3.5)]


@pytest.mark.parametrize(("kind", "statement"), [
    ("duckdb", "COPY o TO '{made}'"), ("duckdb", "ATTACH '{made}'"), ("duckdb", "INSERT INTO o SELECT * FROM o"),
    ("duckdb", "SELECT * FROM '{secret}'"), ("duckdb", "SELECT * FROM read_csv('{secret}')"),
    ("duckdb", "SET enable_external_access = true"), ("duckdb", "INSTALL httpfs"),
    ("sqlite", "ATTACH '{made}' AS other"), ("sqlite", "VACUUM INTO '{made}'"), ("sqlite", "UPDATE o SET who = ''"),
    ("sqlite", "PRAGMA journal_mode = wal"), ("sqlite", "SELECT load_extension('x')"),
    ("sqlite", "CREATE TABLE x (y)"), ("sqlite", "UPDATE sqlite_master SET name = 'x'"),
])  # fmt: skip
def test_a_connection_neither_writes_nor_reaches_another_file(kind, statement, databases):
    """The second lock: what a check of words would have let through, the database itself refuses."""
    from journeykit.events.databases import Database, _opened

    file = databases / f"shop.{kind}"
    connection, before = _opened(Database(f"{kind}:///{file.name}", "", databases), file), file.read_bytes()
    with pytest.raises(
        Exception, match=r"(?i)authoriz|disabled|read-only|readonly|configuration|may not be modified"
    ):
        connection.raw_sql(statement.format(made=databases / "made", secret=databases / "secret.csv"))
    connection.disconnect()
    assert not (databases / "made").exists() and file.read_bytes() == before


def test_a_password_is_not_printed(write_client):
    source = {"path": "postgres://ann:secret@127.0.0.1:1/shop", "query": "SELECT 1"}
    with pytest.raises(DataError) as error:
        read_events(write_client(events=source))
    assert "secret" not in str(error.value)


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return packed.getvalue()


def test_a_zip_is_every_file_in_it(write_client):
    more = LINES.replace("a,", "c,")
    packed = zipped(**{"in/1.csv": LINES, "in/2.csv": more, "__MACOSX/in/._1.csv": "x", "read.me": "x"})
    log = read_events(write_client({"e.zip": packed}, events={"path": "e.zip"}))
    assert log.sources["path"].map(lambda path: path.split("e.zip")[1]).tolist() == ["/in/1.csv", "/in/2.csv"]
    assert log.count() == 3 and log.sources["lines"].sum() == 4
    assert log.rejects[["source", "reason"]].values.tolist() == [["e.zip/in/2.csv", "duplicate"]]


@pytest.mark.parametrize(("place", "number"), [(8, 9), (4, 99)], ids=["Deflate64", "a later version of zip"])
def test_a_zip_that_is_packed_otherwise_is_named(write_client, place, number):
    """The method of packing, and the version that is needed, stand in the list at its end too (two bytes later)."""
    packed = bytearray(zipped(**{"1.csv": LINES}))
    listed = packed.index(b"PK\x01\x02")
    packed[place] = packed[listed + place + 2] = number
    with pytest.raises(DataError, match="packed in a way that is not read"):
        read_events(write_client({"e.zip": bytes(packed)}, events={"path": "e.zip"}))


def test_a_folder_is_every_file_in_it_that_can_be_read(write_client, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "1.csv").write_text(LINES)
    (tmp_path / "raw" / "2.csv.gz").write_bytes(gzip.compress(LINES.replace("a,", "c,").encode()))
    (tmp_path / "raw" / "notes.docx").write_text("x")
    assert read_events(write_client(events={"path": "raw"})).sources["used"].tolist() == [2, 1]


def test_columns_that_are_only_aligned_and_have_no_head(write_client):
    text = " 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n 00002 19970112  5   77.00\n"
    columns = {"customer_id": "column0", "timestamp": "column1", "quantity": "column2", "value": "column3"}
    source = {"path": "c.txt", "constants": {"touchpoint": "purchase"}, "columns": columns}
    log = read_events(write_client({"c.txt": text}, events=source))
    assert told(log, "value") == [
        ("00001", "purchase", 11.77),
        ("00002", "purchase", 12.0),
        ("00002", "purchase", 77.0),
    ]


def test_a_head_that_comes_again_is_no_event(write_client):
    log = read_events(write_client({"o.csv": LINES + LINES}, events={"path": "o.csv"}))
    assert log.rejects["reason"].tolist() == ["head_again", "duplicate", "duplicate"] and log.count() == 2


def test_without_a_customer_it_is_said_what_is_needed_and_rows_may_be_people(write_client):
    text = "at,touchpoint\n2026-01-01,search\n2026-01-01,search\n"
    source = {"path": "s.csv", "columns": {"timestamp": "at"}}
    with pytest.raises(ClientFileError, match="the same in all rows of one person.*'customer_id: row'"):
        read_events(write_client({"s.csv": text}, events=source))
    source["columns"]["customer_id"] = "row"
    assert told(read_events(write_client(events=source))) == [("s-1", "search"), ("s-2", "search")]


def test_counts_in_a_session_become_events_with_a_quantity(write_client):
    text = (
        "visitor,day,product pages,bought\na,2026-01-01,3,FALSE\nb,2026-01-01,0,TRUE\nc,2026-01-01,0,FALSE\n"
    )
    source = {
        "path": "s.csv", "columns": {"customer_id": "visitor", "timestamp": "day"},
        "moments": [{"touchpoint": "view_item", "quantity": "product pages"},
                    {"touchpoint": "purchase", "when": {"bought": True}}],
    }  # fmt: skip
    log = read_events(write_client({"s.csv": text}, events=source))
    assert told(log, "quantity") == [("a", "view_item", 3.0), ("b", "purchase", None)]
    assert log.rejects[["row", "reason"]].values.tolist() == [[3, "no_moment"]]
    assert log.sources.loc[0, ["rows", "used", "rejected", "lines"]].tolist() == [3, 2, 1, 3]


@pytest.mark.quick("C*", "< 0", "None")
@pytest.mark.parametrize(("wanted", "rows"), [
    ("C*", [1]), ("< 0", [2]), (">= 1.5", [0, 1]), (None, [3]), (["A1", "C7"], [0, 1]), (2, [0]),
])  # fmt: skip
def test_conditions(write_client, wanted, rows):
    column = "number" if (isinstance(wanted, str) and wanted[0] in "<>") or wanted in (None, 2) else "invoice"
    rows_of = ["0,2026-01-01,A1,2", "1,2026-01-01,C7,1.5", "2,2026-01-01,B,-1", "3,2026-01-01,D,"]
    text = "\n".join(["customer_id,timestamp,invoice,number", *rows_of])
    source = {"path": "s.csv", "moments": [{"touchpoint": "purchase", "when": {column: wanted}}]}
    log = read_events(write_client({"s.csv": text}, events=source))
    assert [int(who) for who, _ in told(log)] == rows


# What must not be read -------------------------------------------------------------------------------------------


def test_bombs_links_pipes_and_locks_are_refused(write_client, tmp_path, monkeypatch):
    monkeypatch.setattr("journeykit.events.archives.LEAST_BYTES", 2**20)
    bomb = gzip.compress(b"customer_id,timestamp,touchpoint\n" + b"a" * 2**22)
    with pytest.raises(DataError, match="unpacks to more than 200 times its size"):
        read_events(write_client({"b.csv.gz": bomb}, events={"path": "b.csv.gz"}))
    (tmp_path / "raw").mkdir()
    (tmp_path / "o.csv").write_text(LINES)
    (tmp_path / "raw" / "link.csv").symlink_to(tmp_path / "o.csv")
    for path in ("raw", "raw/*.csv"):
        with pytest.raises(DataError, match="a link that leads out of its folder"):
            read_events(write_client(events={"path": path}))
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="not an ordinary file"):
        read_events(write_client(events={"path": "pipe.csv"}))


@pytest.mark.parametrize(("name", "content", "message"), [
    ("e.zip", zipped(**{"a.doc": "x"}), "holds no file that can be read, only a.doc"),
    ("e.zip", zipped(**{"a.csv": LINES})[:60], "cannot be opened"),
    ("e.zip", b"x", "cannot be opened"),
    ("e.csv.gz", gzip.compress(LINES.encode() * 1000)[:-20], "cut off"),
    ("e.xlsx", zipped(**{"a.csv": LINES}), "cannot be read as excel"),
    ("e.xls", b"\xd0\xcf\x11\xe0", "files ending in '.xls' are not read"),
    ("e.xlsx", LINES.encode(), "is not what its ending '.xlsx' says"),
], ids=["nothing to read", "zip cut off", "no zip", "gz cut off", "zip as xlsx", "xls", "text as xlsx"])  # fmt: skip
def test_broken_packing_is_told(write_client, name, content, message):
    with pytest.raises(DataError, match=message):
        read_events(write_client({name: content}, events={"path": name}))
    assert not list(Path("/tmp").glob("journeykit-xes-*"))
