"""Return on spend: counted by hand, held against a plain reading, and read from files in any form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from journeykit.clients import client_from_dict
from journeykit.errors import JourneykitError
from journeykit.events import EventLog, read_events
from journeykit.events.spend import SPENT, Spend
from journeykit.facts import list_sales, measure_revenue
from journeykit.findings.money import return_findings
from journeykit.journeys.attribution import removal_effects
from journeykit.money import measure_returns
from tests.oracles import money as oracle

START = pd.Timestamp("2026-01-01 09:00")
CHANNELS = ("search", "social", "display")
CLIENT = {"id": "acme", "name": "Acme", "privacy": {"min_group": 1}, "currency": "EUR"}


def log_of(rows: list[tuple], **keys) -> EventLog:
    """Return a log of `(customer, day, touchpoint, channel, campaign, value)`; those of one day are a minute apart."""
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "touchpoint", "channel", "campaign", "value"])
    turn = frame.groupby(["customer_id", "day"]).cumcount()
    frame["timestamp"] = (
        START + pd.to_timedelta(frame.pop("day"), unit="D") + pd.to_timedelta(turn, unit="min")
    )
    client = client_from_dict(CLIENT | keys)
    return EventLog.from_frame(frame, client=client).as_of("latest")


def with_spend(log: EventLog, lines: list[tuple]) -> EventLog:
    """Return a log with what was spent: `(day, channel, campaign, cost)`."""
    table = pd.DataFrame(lines, columns=["date", "channel", "campaign", "cost"])
    dates = pd.to_timedelta(table["date"], unit="D") + START.normalize()
    return replace(log, spend=Spend(table.assign(date=dates).reindex(columns=SPENT)))


def row_of(table: pd.DataFrame, model: str, channel: str, campaign: str | None = None, persona: str = "all"):
    rows = table[(table["model"] == model) & (table["channel"] == channel) & (table["persona"] == persona)]
    rows = rows[rows["source"].isna()]
    rows = rows[rows["campaign"].isna() if campaign is None else rows["campaign"] == campaign]
    assert len(rows) == 1
    return rows.iloc[0]


BY_HAND = [
    ("a", 0, "ad_click", "search", "brand", None), ("a", 5, "ad_click", "social", "spring", None),
    ("a", 9, "purchase", "store", None, 40.0), ("a", 60, "purchase", None, None, 10.0),
    ("a", 70, "refund", None, None, 10.0),
    ("b", 0, "ad_click", "search", "brand", None), ("b", 95, "purchase", None, None, 30.0),
    ("c", 3, "view_item", None, None, None), ("c", 4, "purchase", None, None, 7.0),
    ("d", 50, "ad_click", "search", "wide", None), ("d", 120, "view_item", None, None, None),
]  # fmt: skip


def test_the_last_contact_before_a_sale_gets_all_of_it():
    """Neither its own row's channel, nor a contact of more than 90 days ago; and what was given back counts against."""
    log = with_spend(
        log_of(BY_HAND),
        [(0, "search", "brand", 60.0), (6, "social", "spring", 20.0), (7, "radio", None, 5.0)],
    )
    returns = measure_returns(log)
    got = returns.table
    assert row_of(got, "last", "social")[
        ["cost", "purchases", "revenue", "return", "new_customers"]
    ].tolist() == [20, 1, 40, 2, 1]
    assert row_of(got, "last", "store")[["purchases", "revenue"]].tolist() == [
        1,
        0,
    ]  # a sale in a shop is a contact, too
    assert row_of(got, "last", "search")[["cost", "purchases", "revenue", "return"]].tolist() == [60, 0, 0, 0]
    assert row_of(got, "last", "unknown")[["cost", "purchases", "revenue", "new_customers"]].tolist() == [
        0,
        2,
        37,
        2,
    ]
    assert row_of(got, "last", "social", "spring")["revenue"] == 40
    assert row_of(got, "last", "radio")[["cost", "purchases"]].tolist() == [5, 0]
    assert returns.about["unseen"] == {"radio": 5.0}
    assert returns.about["untracked_share"] == pytest.approx(1 / 4)


def test_every_model_divides_the_same_money():
    log = with_spend(log_of(BY_HAND), [(0, "search", "brand", 60.0)])
    table = measure_returns(log).table
    whole = (
        table[table["campaign"].isna() & table["source"].isna()]
        .groupby("model")[["revenue", "purchases", "new_customers"]]
        .sum()
    )
    assert np.allclose(whole, [[measure_revenue(log)["revenue"], 4, 3]] * 3)
    assert (table["revenue_low"] <= table["revenue"] + 1e-9).all()
    assert (table["revenue"] <= table["revenue_high"] + 1e-9).all()


@pytest.mark.slow
def test_what_chance_alone_gives_is_divided_by_how_often_a_channel_is_met():
    """A channel that stands at contacts drawn by chance gets no more of the money than its part of the ways."""
    random = np.random.default_rng(3)
    rows = [
        (f"c{who}", int(day), "ad_click", str(random.choice(["search", "social", "useless"])), None, None)
        for who in range(400) for day in random.integers(0, 60, 3)
    ]  # fmt: skip
    rows += [(f"c{who}", 61, "purchase", None, None, 10.0) for who in range(0, 400, 3)]
    table = measure_returns(with_spend(log_of(rows), [(0, "useless", None, 900.0)])).table
    for model in ("last", "markov", "shapley"):
        share = row_of(table, model, "useless")["revenue"] / table[table["model"] == model]["revenue"].sum()
        assert abs(share - 1 / 3) < 0.08, model


def some_people(seed: int) -> list[tuple]:
    """Return a random log: a few customers, contacts with and without a channel, and sales."""
    random = np.random.default_rng(seed)
    rows = []
    for who in "abcdefgh"[: random.integers(1, 9)]:
        for _ in range(random.integers(1, 9)):
            kind = str(random.choice(["ad_click", "view_item", "purchase"]))
            channel = str(random.choice([*CHANNELS, ""])) or None
            campaign = (str(random.choice(["one", "two", ""])) or None) if channel else None
            value = float(random.integers(1, 50)) if kind == "purchase" else None
            rows.append((who, int(random.integers(0, 200)), kind, channel, campaign, value))
    return rows


@pytest.mark.quick("0", "1")
@pytest.mark.parametrize("seed", range(12), ids=str)
def test_last_and_shapley_are_what_a_plain_reading_counts(seed):
    rows = some_people(seed)
    log = with_spend(log_of(sorted(rows, key=lambda row: row[:2])), [(0, "search", "one", 10.0)])
    events = log.to_pandas().astype({"channel": object, "campaign": object})
    events = events.where(events.notna(), None)
    table = measure_returns(log).table
    for model in ("last", "shapley"):
        for (channel, campaign), figures in getattr(oracle, model)(events).items():
            got = row_of(table, model, channel, campaign)[["purchases", "revenue", "new_customers"]].tolist()
            assert got == pytest.approx(figures), (model, channel, campaign)


def test_a_persona_pays_its_share_of_the_contacts_of_the_day():
    rows = [
        ("a", 0, "ad_click", "search", "brand", None), ("b", 0, "ad_click", "search", "brand", None),
        ("b", 0, "ad_click", "search", "brand", None), ("a", 1, "ad_click", "search", "brand", None),
        ("a", 3, "purchase", None, None, 9.0),
    ]  # fmt: skip
    spent = [
        (0, "search", "brand", 30.0),
        (1, "search", "brand", 8.0),
        (2, "search", "brand", 40.0),
        (0, "radio", "x", 5.0),
    ]
    personas = pd.Series({"a": "p1", "b": "p2"})
    log = with_spend(log_of(rows), spent)
    table = measure_returns(log, personas).table
    told = oracle.costs(log.spend.table, log.to_pandas(), personas.to_dict(), "p1")
    assert row_of(table, "last", "search", persona="p1")["cost"] == pytest.approx(told["search", None])
    assert row_of(table, "last", "search", persona="p1")["cost"] == pytest.approx(10 + 8 + 20)
    assert row_of(table, "last", "search", persona="p2")["cost"] == pytest.approx(20 + 0 + 20)
    assert np.isnan(row_of(table, "last", "radio", persona="p1")["cost"])  # no contact tells whose it was
    assert row_of(table, "last", "radio")["cost"] == 5


@pytest.mark.slow
def test_a_small_persona_is_in_no_row():
    log = with_spend(log_of(BY_HAND, privacy={"min_group": 2}), [(0, "search", "brand", 60.0)])
    table = measure_returns(log, pd.Series({"a": "p1", "b": "p1", "c": "p2"})).table
    assert set(table["persona"]) == {"all", "p1"}


def test_a_chain_with_worth_loses_what_walking_it_loses():
    paths = [(["x", "y"], 10.0), (["y"], 0.0), (["x", "y", "x"], 40.0), (["z"], 5.0)]
    names = ["x", "y", "z"]
    moves, worth = np.zeros((4, 5)), np.zeros(4)
    for steps, won in paths:
        at = 0
        for step in steps:
            moves[at, names.index(step)] += 1
            at = names.index(step) + 1
        moves[at, 3 if won else 4] += 1
        worth[at] += won
    told = [oracle.lost_without(paths, name) for name in names]
    expected = np.array(told) / (
        oracle.lost_without(paths, "x") + 0 * 1 if False else worth.sum() / len(paths)
    )
    assert removal_effects(moves, worth) == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_margin_and_prices_stand_beside_revenue():
    log = with_spend(log_of(BY_HAND, margin=0.25), [(6, "social", "spring", 20.0)])
    log.spend.table["impressions"], log.spend.table["clicks"] = 4000.0, 10.0
    row = row_of(measure_returns(log).table, "last", "social")
    assert row[["margin", "margin_return", "cpm", "cpc"]].tolist() == [10, 0.5, 5, 2]


@pytest.mark.slow
def test_costs_with_the_events_count_where_no_file_tells_of_the_channel():
    log = log_of(BY_HAND)
    table = log.to_pandas()
    table["cost"] = np.where(table["touchpoint"] == "ad_click", 2.0, np.nan)
    own = EventLog.from_frame(table, client=log.client).as_of("latest")
    assert row_of(measure_returns(own).table, "last", "search")["cost"] == 6
    beside = with_spend(own, [(0, "search", None, 50.0)])
    table = measure_returns(beside).table
    assert row_of(table, "last", "search")["cost"] == 50
    assert row_of(table, "last", "social")["cost"] == 2
    assert measure_returns(log) is None


@pytest.mark.slow
def test_best_and_worst_are_named_only_where_they_lie_apart():
    def found(values: tuple[float, float], touchpoint: str = "ad_click"):
        rows = []
        for place, channel in enumerate(("search", "social")):
            for who in range(40):
                name = f"{channel}{who}"
                rows += [
                    (name, 0, touchpoint, channel, None, None),
                    (name, 2, "purchase", None, None, values[place] + who % 5),
                ]
        log = with_spend(log_of(rows), [(0, "search", None, 100.0), (0, "social", None, 100.0)])
        return list(return_findings(measure_returns(log), 10))

    best, worst = found((10.0, 90.0))
    assert (best.key, best.numbers["channel"]) == ("spend_returns_most", "social")
    assert (worst.key, worst.numbers["channel"]) == ("spend_returns_least", "search")
    assert found((10.0, 10.5)) == []
    assert found((10.0, 90.0), "appointment") == []  # nobody paid for these contacts


def test_of_campaigns_that_no_contact_names_only_the_cost_is_known():
    plain = [(*row[:4], None, row[5]) for row in BY_HAND]
    for rows, known in ((BY_HAND, True), (plain, False)):
        found = measure_returns(with_spend(log_of(rows), [(0, "social", "spring", 20.0)])).table
        own = found[(found["channel"] == "social") & (found["persona"] == "all")]
        assert (own.loc[own["campaign"] == "spring", "cost"] == 20).all()
        assert own.loc[own["campaign"] == "spring", "purchases"].notna().all() == known
        assert own.loc[own["campaign"].isna(), "purchases"].notna().all()


def test_where_no_channel_has_enough_sales_none_is_named():
    log = with_spend(log_of(BY_HAND), [(0, "search", None, 100.0), (0, "social", None, 100.0)])
    assert list(return_findings(measure_returns(log), 10)) == []


def spend_of(folder: Path, text: str, costs: dict | None = None, **keys) -> Spend:
    (folder / "e.csv").write_text(
        "customer_id,timestamp,touchpoint,channel\na,2024-03-01 10:00,view_item,search\n"
    )
    (folder / "s.csv").write_text(text, encoding="utf-8")
    costs = {"path": "s.csv"} | (costs or {})
    told = {
        "id": "acme",
        "name": "Acme",
        "events": {"path": "e.csv"},
        "timezone": "Europe/Amsterdam",
        "costs": costs,
    }
    return read_events(client_from_dict(told | keys, folder)).spend


def test_a_file_of_spend_is_read_as_events_are(tmp_path):
    text = "dag;platform;uitgaven;kliks\n13-03-2024;Google / CPC;€ 1.234,50;123\n14-03-2024;facebook;7,-;\n"
    text += "Totaal;;1.241,50;\n"
    columns = {"date": "dag", "channel": "platform", "cost": "uitgaven", "clicks": "kliks"}
    spend = spend_of(tmp_path, text, {"columns": columns})
    assert spend.table["date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-03-13", "2024-03-14"]
    assert spend.table["channel"].tolist() == ["search", "social"]
    assert spend.table["cost"].tolist() == [1234.5, 7.0]
    assert spend.rejects[["row", "reason"]].values.tolist() == [[3, "no_time"]]


def test_the_clients_own_names_of_channels_hold_for_spend(tmp_path):
    own = {"folderactie": {"channel": "offline", "paid": True}}
    spend = spend_of(tmp_path, "date,channel,cost\n2024-03-01,folderactie,5\n", channels=own)
    assert spend.table["channel"].tolist() == ["offline"]


@pytest.mark.slow
def test_amounts_by_hand_are_of_the_whole_log(tmp_path):
    (tmp_path / "e.csv").write_text(
        "customer_id,timestamp,touchpoint,channel\na,2024-03-01 10:00,view_item,search\n"
    )
    told = {"id": "acme", "name": "Acme", "events": {"path": "e.csv"}, "costs": {"search": 1200}}
    log = read_events(client_from_dict(told, tmp_path)).as_of("latest")
    assert row_of(measure_returns(log).table, "last", "search")["cost"] == 1200


HEAD = "date,channel,cost"
WRONG = {
    "a cost that is none": (f"{HEAD}\n2024-03-01,search,5\n2024-03-02,search,abc\n", {}, "row 2.*'cost'"),
    "a date that is none": (f"{HEAD}\n2024-03-01,search,5\nsoon,search,6\n", {}, "row 2.*'date'"),
    "no cost": ("date,channel,out\n2024-03-01,search,5\n", {}, "no column of costs is named for 'cost'"),
    "a column that is not there": ("date,channel,cst\n", {"columns": {"cost": "csst"}}, "Did you mean 'cst'"),
    "a currency without a rate": (f"{HEAD},currency\n2024-03-01,search,5,USD\n", {}, "USD.*rate"),
    "a key that is none": (f"{HEAD}\n", {"columns": {"costs": "cost"}}, "Did you mean 'cost'"),
}  # fmt: skip


@pytest.mark.quick("a cost that is none", "a column that is not there")
@pytest.mark.parametrize(("text", "costs", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_costs_is_named(tmp_path, text, costs, told):
    with pytest.raises(JourneykitError, match=told):
        spend_of(tmp_path, text, costs, currency="EUR")


def test_money_back_goes_to_the_order_of_its_number_and_all_is_the_revenue():
    frame = pd.DataFrame({
        "customer_id": ["a", "a", "a", "b"], "timestamp": pd.date_range("2026-01-01", periods=4),
        "touchpoint": ["purchase", "purchase", "refund", "refund"], "value": [50.0, 20.0, 5.0, 3.0],
        "order_id": ["1", "2", "1", None],
    })  # fmt: skip
    log = EventLog.from_frame(frame)
    sales = list_sales(log)
    assert sales["value"].tolist() == [45.0, 20.0, -3.0]
    assert sales["sale"].tolist() == [True, True, False]
    assert sales["value"].sum() == measure_revenue(log)["revenue"]
