"""What was bought and paid: orders and revenue by hand, whatever else carries a price."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import yaml

from journeykit.checks import check_data
from journeykit.clients import client_from_dict
from journeykit.drafting import draft_client
from journeykit.events import read_events

HEAD = "customer_id,timestamp,touchpoint,value"


def counts_of(folder: Path, text: str, **keys) -> dict:
    (folder / "e.csv").write_text(textwrap.dedent(text).strip() + "\n", encoding="utf-8")
    events = {"path": "e.csv"} | keys.pop("source", {})
    client = client_from_dict({"id": "acme", "name": "Acme", "events": events} | keys, folder)
    judged = check_data(read_events(client))
    return judged.counts | {
        "doubts": judged.doubts["doubt"].tolist(),
        "reasons": dict(judged.rejects[["reason", "rows"]].values),
    }


def drafted(folder: Path, text: str) -> tuple[str, dict]:
    """Return the draft of a file as it comes, and what is counted with it."""
    raw = folder / "orders.csv"
    raw.write_text(textwrap.dedent(text).strip() + "\n", encoding="utf-8")
    path = draft_client("acme", raw, folder=folder / "clients")
    client = client_from_dict(yaml.safe_load(path.read_text("utf-8")), path.parent)
    return path.read_text("utf-8"), check_data(read_events(client)).counts


MEANT = {
    "a viewed price is none": ("view_item,50\nadd_to_cart,50\npurchase,20", 1, 20.0),
    "a refund counts against, however signed": ("purchase,20\nrefund,5\nreturn_item,-4", 1, 11.0),
    "a signed deal and a renewal": ("contract_signed,100\nsubscription_renewal,30", 2, 130.0),
    "upgrade and cross-sell": ("upgrade,5\ncross_sell,6", 2, 11.0),
    "a lead's and a lost deal's amount": ("generate_lead,900\ndeal_lost,900\npurchase,7", 1, 7.0),
    "payments alone": ("payment,9\npayment,9", 2, 18.0),
    "a payment of an order that has a value": ("purchase,9\npayment,9", 1, 9.0),
    "a payment of an order without one": ("purchase,\npayment,9", 1, 9.0),
    "an order of which no value is known": ("purchase,", 1, None),
    "views alone": ("view_item,50", 0, None),
    "a quotation": ("quote_request,80", 0, None),
}  # fmt: skip


@pytest.mark.quick(
    "a refund counts against, however signed",
    "a payment of an order that has a value",
    "an order of which no value is known",
    "views alone",
)
@pytest.mark.parametrize(("rows", "orders", "revenue"), MEANT.values(), ids=MEANT)
def test_revenue_is_what_was_paid_and_an_order_what_was_bought(tmp_path, rows, orders, revenue):
    text = "\n".join([HEAD, *(f"a,2026-01-0{at},{row}" for at, row in enumerate(rows.split("\n"), start=1))])
    counts = counts_of(tmp_path, text)
    assert (counts["orders"], counts["revenue"]) == (orders, revenue)


def test_the_lines_of_an_order_are_one_and_of_two_people_two(tmp_path):
    text = """
        customer_id,timestamp,touchpoint,value,order_id
        a,2026-01-01 10:00,purchase,5,1
        a,2026-01-01 10:07,purchase,6,1
        a,2026-01-01 10:07,purchase,7,2
        b,2026-01-01 10:00,purchase,8,1
    """
    counts = counts_of(tmp_path, text)
    assert (counts["orders"], counts["revenue"], counts["sessions"], counts["accounts"]) == (3, 26.0, 2, 0)


STANDING = {
    "betaald": (1, 10.0), "PAID": (1, 10.0), "wc-completed": (1, 10.0), "Closed Won": (1, 10.0), "succeeded": (1, 10.0),
    "pending": (0, None), "openstaand": (0, None), "voided": (0, None), "geannuleerd": (0, None), "Refunded": (0, None),
    "terugbetaald": (0, None), "requires_payment_method": (0, None), "closedlost": (0, None), "zomaar": (1, 10.0),
}  # fmt: skip


@pytest.mark.quick("PAID", "terugbetaald", "zomaar")
@pytest.mark.parametrize(("status", "orders", "revenue"), [(word, *told) for word, told in STANDING.items()])
def test_a_status_says_what_is_a_sale(tmp_path, status, orders, revenue):
    counts = counts_of(tmp_path, f"{HEAD},status\na,2026-01-01,purchase,10,{status}\na,2026-01-02,search,,x")
    assert (counts["orders"], counts["revenue"], counts["rows_used"]) == (orders, revenue, 2)


def test_a_test_is_rejected_and_own_words_count(tmp_path):
    text = f"{HEAD},status\na,2026-01-01,purchase,10,test\na,2026-01-02,purchase,9,Klaar\na,2026-01-03,purchase,8,Weg"
    counts = counts_of(tmp_path, text, source={"statuses": {"klaar": "paid", "weg": "cancelled"}})
    assert (counts["orders"], counts["revenue"], counts["reasons"]) == (1, 9.0, {"test_order": 1})


CURRENCIES = {
    "none named": ({}, None, {"EUR": 10.0, "JPY": 5000.0}, ["currencies", "currencies"]),
    "one named, no rate": ({"currency": "EUR"}, 10.0, {"EUR": 10.0, "JPY": 5000.0}, ["currencies"]),
    "one named and a rate": (
        {"currency": "EUR", "rates": {"JPY": 0.006}},
        40.0,
        {"EUR": 10.0, "JPY": 5000.0},
        [],
    ),
}


@pytest.mark.parametrize(("keys", "revenue", "split", "doubts"), CURRENCIES.values(), ids=CURRENCIES)
def test_currencies_are_never_added_up(tmp_path, keys, revenue, split, doubts):
    text = f"{HEAD},currency\na,2026-01-01,purchase,10,€\na,2026-01-02,purchase,5000,jpy"
    counts = counts_of(tmp_path, text, **keys)
    assert (counts["revenue"], counts["revenue_by_currency"], counts["orders"]) == (revenue, split, 2)
    assert [name for name in counts["doubts"] if name == "currencies"] == doubts


def test_an_event_told_twice_is_merged_and_rows_add_up(tmp_path):
    text = """
        customer_id,timestamp,touchpoint,event_id,arrived
        a,2026-01-01 10:00,search,1,11
        a,2026-01-01 10:00,search,1,12
        a,2026-01-02 10:00,search,1,12
        b,2026-01-01 10:00,search,1,12
        b,2026-01-01 10:00,search,,13
        b,2026-01-01 10:00,search,,13
        ,2026-01-01 10:00,search,9,13
    """
    counts = counts_of(tmp_path, text)
    assert counts["reasons"] == {"event_twice": 1, "duplicate": 1, "no_customer": 1}
    assert [counts[f"rows_{name}"] for name in ("read", "used", "rejected", "merged")] == [7, 4, 1, 2]


@pytest.mark.slow
def test_the_lines_of_one_event_are_lines(tmp_path):
    text = """
        customer_id,timestamp,touchpoint,event_id,product,value,arrived
        a,2026-01-01 10:00,purchase,1,mug,5,11
        a,2026-01-01 10:00,purchase,1,cup,5,11
        a,2026-01-01 10:00,purchase,1,cup,5,12
    """
    counts = counts_of(tmp_path, text)
    assert (counts["orders"], counts["revenue"], counts["rows_merged"]) == (1, 10.0, 1)


@pytest.mark.slow
def test_a_total_on_each_line_is_drafted_to_count_once(tmp_path):
    rows = [
        f"{order},c{order % 7},2026-01-{order % 28 + 1:02},{10 + order},{line}"
        for order in range(40)
        for line in (1, 2, 3)
    ]
    text, counts = drafted(tmp_path, "\n".join(["order_no,klant,datum,totaalbedrag,regel", *rows]))
    assert "value_per: order" in text
    assert (counts["orders"], counts["revenue"]) == (40, float(sum(10 + order for order in range(40))))


@pytest.mark.slow
def test_a_shop_s_export_is_drafted_with_what_was_paid(tmp_path):
    head = ("Name,Email,Financial Status,Fulfilled at,Currency,Total,Created at,Lineitem quantity,Lineitem name,"
            "Lineitem price,Lineitem sku,Cancelled at,Refunded Amount,Source")  # fmt: skip
    rows = [
        "#1,p@x.nl,paid,,EUR,36.00,2026-01-03 10:00:00 +0100,1,MUG,20.00,m,,0.00,web",
        "#1,p@x.nl,,,,,2026-01-03 10:00:00 +0100,1,CUP,20.00,c,,,",
        "#2,q@x.nl,voided,,EUR,40.00,2026-01-04 10:00:00 +0100,2,MUG,20.00,m,,0.00,web",
        "#3,q@x.nl,partially_refunded,,EUR,40.00,2026-01-05 10:00:00 +0100,2,MUG,20.00,m,,5.00,web",
        "#4,q@x.nl,refunded,,EUR,40.00,2026-01-06 10:00:00 +0100,2,MUG,20.00,m,,40.00,web",
    ]
    _, counts = drafted(tmp_path, "\n".join([head, *rows]))
    assert (counts["orders"], counts["revenue"], counts["currencies"]) == (2, 71.0, ["EUR"])


WRITTEN = {
    "€ 1.234,50": 1234.5, "12,50 EUR": 12.5, "-€ 5,00": -5.0, "€ -5,00": -5.0, "(5,00)": -5.0, "5,00-": -5.0,
    "\u22125,00": -5.0, '="12,50"': 12.5, "1\u202f234,50": 1234.5, "CHF 3,25": 3.25, "zł 3,25": 3.25, "7,-": 7.0,
}  # fmt: skip


@pytest.mark.quick("12,50 EUR", "(5,00)", '="12,50"', "7,-")
@pytest.mark.parametrize(("text", "number"), WRITTEN.items())
def test_an_amount_is_read_as_people_write_it(tmp_path, text, number):
    (tmp_path / "e.csv").write_text(
        f"customer_id;timestamp;touchpoint;value\na;2026-01-01;purchase;'{text}'\n".replace("'", "")
        + "a;2026-01-02;purchase;9,95\n",
        encoding="utf-8",
    ) if '"' not in text else (tmp_path / "e.csv").write_text(
        'customer_id;timestamp;touchpoint;value\na;2026-01-01;purchase;"=""12,50"""\na;2026-01-02;purchase;9,95\n'
    )
    client = client_from_dict({"id": "a", "name": "A", "events": {"path": "e.csv"}}, tmp_path)
    assert read_events(client).to_pandas()["value"].tolist() == [number, 9.95]


def test_signs_beside_values_are_currencies(tmp_path):
    text = "customer_id;timestamp;touchpoint;value\na;2026-01-01;purchase;€ 10,00\na;2026-01-02;purchase;$ 9,00\n"
    counts = counts_of(tmp_path, text)
    assert (counts["revenue"], counts["revenue_by_currency"]) == (None, {"EUR": 10.0, "USD": 9.0})


def test_deals_that_are_not_won_are_no_sales(tmp_path):
    stages = ["Closed Won", "Closed Lost", "Kennismaking", "Negotiation"] * 15
    rows = [f"D{at},c{at % 9},2026-01-{at % 28 + 1:02},{stage},100" for at, stage in enumerate(stages)]
    _, counts = drafted(tmp_path, "\n".join(["deal_id,customer_id,close_date,deal_stage,amount", *rows]))
    assert (counts["orders"], counts["revenue"]) == (15, 1500.0)


@pytest.mark.slow
def test_a_day_of_an_order_is_not_its_number(tmp_path):
    rows = [f"2026-01-{at // 3 % 28 + 1:02},c{at // 3 % 9},{at // 3},{at % 3 + 1},2.50" for at in range(120)]
    text, counts = drafted(tmp_path, "\n".join(["invoice_date,klant,invoice_no,aantal,stukprijs", *rows]))
    assert "order_id: invoice_no" in text
    assert (counts["orders"], counts["revenue"]) == (40, 600.0)


AMBIGUOUS = {
    "thousands or decimals": ("bedrag", [f"{at}.500" for at in range(1, 61)], "thousands"),
    "day or month": (
        "datum2",
        [f"0{at * 7 % 9 + 1}/0{at * 5 % 8 + 1}/2026" for at in range(60)],
        "day or month first",
    ),
}


@pytest.mark.quick("thousands or decimals")
@pytest.mark.parametrize(("name", "column", "told"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_fits_both_ways_is_to_be_looked_at(tmp_path, name, column, told):
    dated = name == "datum2"
    rows = [
        f"k{at % 7},{value if dated else f'2026-01-{at % 28 + 1:02}'},{'1' if dated else value}"
        for at, value in enumerate(column)
    ]
    text, _ = drafted(tmp_path, "\n".join(["klant,datum,bedrag", *rows]))
    assert [line for line in text.splitlines() if "LOOK" in line and told in line]
