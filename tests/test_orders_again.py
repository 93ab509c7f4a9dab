"""Orders told again: a page of thanks loaded twice is one sale; charges under one number are as many as there are."""

from __future__ import annotations

import pandas as pd
import pytest

from journeykit import facts
from journeykit.checks import find_doubts
from journeykit.clients import client_from_dict, read_client
from journeykit.drafting import draft_client
from journeykit.events import read_events
from journeykit.events.again import settled


def read(tmp_path, rows, **keys):
    text = "customer_id,timestamp,touchpoint,order_id,value\n" + "".join(
        f"{','.join(map(str, row))}\n" for row in rows
    )
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    return read_events(
        client_from_dict({"id": "acme", "name": "Acme", "events": {"path": "log.csv"} | keys}, tmp_path)
    )


def charges(who, number, days, value=10):
    start = pd.Timestamp("2026-01-05 09:00")
    return [(who, start + pd.Timedelta(days=day), "purchase", number, value) for day in days]


MONTHLY = [0, 31, 59, 90]
CASES = {
    "a page of thanks loaded again within minutes": (charges("a", "o1", [0, 0.01, 0.02]), 1, 2),
    "loaded again the next days": (charges("a", "o1", [0, 1, 2, 3]), 1, 3),
    "loaded again after a while, once": (charges("a", "o1", [0, 12]), 1, 1),
    "a subscription of four months": (charges("a", "s1", MONTHLY), 4, 0),
    "with a month that was left out": (charges("a", "s1", [0, 31, 59, 120, 151]), 5, 0),
    "weekly": (charges("a", "s1", [0, 7, 14]), 3, 0),
    "yearly": (charges("a", "s1", [0, 365, 731]), 3, 0),
    "a charge of which the page is loaded again": (charges("a", "s1", [*MONTHLY, 31.1, 62]), 4, 2),
    "two charges, as others are charged monthly": (charges("a", "s1", MONTHLY) + charges("b", "s2", [3, 33]), 6, 0),
    "two moments far from what others are charged": (charges("a", "s1", MONTHLY) + charges("b", "o2", [3, 12]), 5, 1),
    "only pairs, all a month apart": ([row for n in range(4) for row in charges(n, f"s{n}", [n, n + 30])], 8, 0),
    "only pairs, at all distances": (
        [row for n, gap in enumerate([6, 11, 25, 60]) for row in charges(n, f"o{n}", [0, gap])], 4, 4,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "orders", "merged"), CASES.values(), ids=CASES)
def test_what_is_told_again_is_told_from_what_is_charged_again(rows, orders, merged):
    sales = pd.DataFrame({"key": [row[3] for row in rows], "moment": [row[1] for row in rows]})
    again = settled(sales)["again"]
    assert (int((~again).sum()), int(again.sum())) == (orders, merged)


def test_lines_of_an_order_are_lines_and_another_value_is_another_sale(tmp_path):
    lines = charges("a", "o1", [0]) + charges("a", "o1", [0], 7)
    log = read(tmp_path, [*lines, *charges("b", "o2", [0]), *charges("b", "o2", [0.01], 12)])
    found = facts.measure_revenue(log)
    assert (found["orders"], found["revenue"], log.sources["merged"].sum()) == (2, 39, 0)


def test_revenue_counts_every_charge_and_a_doubt_says_so(tmp_path):
    log = read(tmp_path, charges("a", "s1", MONTHLY))
    assert facts.measure_revenue(log)["revenue"] == 40
    assert log.to_pandas()["order_id"].tolist() == [
        "s1 2026-01-05", "s1 2026-02-05", "s1 2026-03-05", "s1 2026-04-05",
    ]  # fmt: skip
    doubt = find_doubts(log).set_index("doubt").loc["charged_again"]
    assert (doubt["level"], doubt["events"]) == ("note", 4)


def test_what_is_told_again_days_later_is_said(tmp_path):
    log = read(tmp_path, charges("a", "o1", [0, 0.01, 12]))
    doubt = find_doubts(log).set_index("doubt").loc["told_late"]
    assert (doubt["level"], doubt["events"]) == ("note", 1)
    assert "charged_again" not in set(find_doubts(log)["doubt"])


def test_a_total_on_each_line_counts_once_for_every_charge(tmp_path):
    log = read(tmp_path, charges("a", "s1", MONTHLY), value_per="order")
    assert facts.measure_revenue(log)["revenue"] == 40


def test_a_draft_takes_a_number_that_comes_back_for_no_order_of_lines(tmp_path):
    rows = [
        (who, day, number, value)
        for who in range(8)
        for _, day, _, number, value in charges("a", f"s{who}", MONTHLY)
    ]
    text = "klantnr,datum,ordernummer,bedrag\n" + "".join(
        f"{w},{d:%Y-%m-%d},{n},{v}\n" for w, d, n, v in rows
    )
    (tmp_path / "charges.csv").write_text(text, encoding="utf-8")
    draft = draft_client("acme", tmp_path / "charges.csv", folder=tmp_path)
    assert "orders:" not in draft.read_text(encoding="utf-8")
    found = facts.measure_revenue(read_events(read_client(draft)))
    assert (found["orders"], found["revenue"]) == (32, 320)
