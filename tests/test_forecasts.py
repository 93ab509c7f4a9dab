"""Value of the year ahead: beside a plain simulation, beside what then came, and where nothing can be foretold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from journeykit.clients import client_from_dict
from journeykit.events import EventLog
from journeykit.findings.money import ahead_findings
from journeykit.forecasts import ValueForecast, find_contracts, forecast_value
from journeykit.forecasts.buying import (
    buy_from,
    buying_prior,
    expected_purchases,
    fit_buying,
    fit_spending,
    spending_prior,
    tell_history,
)
from journeykit.forecasts.contracts import renew_from
from journeykit.forecasts.grouping import HeldOut, choose_groupings, group_of
from journeykit.reports.small_cells import blank_small_cells
from journeykit.stages.purchases import PurchaseModel
from tests.oracles import money as oracle

BUYING, SPENDING = (1.2, 60.0, 0.9, 3.5), (5.0, 5.0, 80.0)
END = pd.Timestamp("2026-01-01")


def bought(count: int, seed: int, buying=BUYING, spending=SPENDING, days: float = 400) -> pd.DataFrame:
    """Return the sales of customers who buy as BG/NBD and gamma-gamma say, up to a year after `END`."""
    random = np.random.default_rng(seed)
    (r, alpha, a, b), (p, q, scale) = buying, spending
    rows = []
    for who in range(count):
        at, rate, leaves = random.uniform(-days, -1), random.gamma(r, 1 / alpha), random.beta(a, b)
        of_value, first = random.gamma(q, 1 / scale), True
        while at < 365:
            rows.append((f"c{who:04}", END + pd.Timedelta(days=at), random.gamma(p, 1 / of_value)))
            if not first and random.random() < leaves:
                break
            at, first = at + random.exponential(1 / rate), False
    table = pd.DataFrame(rows, columns=["unit_id", "timestamp", "value"])
    return table.assign(sale=True, timestamp=table["timestamp"].astype("datetime64[us]"))


def log_of(sales: pd.DataFrame, channel: str | pd.Series = "search", **keys) -> EventLog:
    frame = sales.rename(columns={"unit_id": "customer_id"}).drop(columns="sale")
    frame = frame.assign(touchpoint="purchase", channel=channel)
    client = client_from_dict({"id": "acme", "name": "Acme", "privacy": {"min_group": 10}} | keys)
    return EventLog.from_frame(frame, client=client).as_of(END - pd.Timedelta(microseconds=1))


def draws_of(parameters: tuple[float, ...], draws: int) -> np.ndarray:
    return np.repeat(np.array(parameters)[:, None, None], draws, axis=2)


def test_a_history_is_told_in_days_on_which_was_bought():
    """Two orders of one day are one purchase; what was given for nothing is no money."""
    rows = [("a", "2025-12-01 09:00", 10.0), ("a", "2025-12-01 15:00", 5.0), ("a", "2025-12-11 09:00", 0.0)]
    sales = pd.DataFrame(rows, columns=["unit_id", "timestamp", "value"]).assign(sale=True)
    sales["timestamp"] = pd.to_datetime(sales["timestamp"])
    told = tell_history(sales, pd.Timestamp("2025-12-21 09:00"))
    assert told.loc["a"].to_dict() == {"x": 1, "last": 10, "age": 20, "orders": 3, "paid": 1, "spent": 15}


def test_draws_are_what_buying_one_by_one_gives():
    """A number of purchases is the smaller of a Poisson and a geometric one, and their sum one gamma draw."""
    history = pd.DataFrame(
        {
            "x": [0.0, 3.0, 8.0],
            "last": [0.0, 90.0, 180.0],
            "age": [50.0, 100.0, 200.0],
            "paid": [1.0, 4.0, 9.0],
        }
    ).assign(spent=lambda table: 20 * table["paid"])
    found = buy_from(history, draws_of(BUYING, 4000), draws_of(SPENDING, 4000), np.random.default_rng(1))
    plain = oracle.year_ahead(history, BUYING, SPENDING, 365, 1500, 2)
    assert found["value"].mean(axis=1) == pytest.approx(plain.mean(axis=1), rel=0.12)
    assert found["worth"] == pytest.approx(found["value"].mean(axis=1), rel=0.12)
    assert (found["value"] == 0).mean(axis=1) == pytest.approx((plain == 0).mean(axis=1), abs=0.05)


def test_expected_purchases_and_being_there_are_those_of_the_formula():
    """The same model, whose expectation Fader, Hardie and Lee write with a hypergeometric function."""
    history = pd.DataFrame({"x": [0.0, 4.0, 2.0], "last": [0.0, 30.0, 80.0], "age": [60.0, 90.0, 90.0]})
    model = PurchaseModel()
    model.r_, model.alpha_, model.a_, model.b_ = BUYING
    known = (history["x"], history["last"], history["age"])
    assert expected_purchases(np.log(BUYING), history, 200.0, 20_000) == pytest.approx(
        model.expected_purchases(200.0, *known), rel=0.03
    )
    found = buy_from(history, draws_of(BUYING, 10), None, np.random.default_rng(0))
    assert found["alive"] == pytest.approx(model.p_alive(*known))


def test_parameters_are_found_again():
    sales = bought(1500, 4)
    history = tell_history(sales, END)
    r, alpha, a, b = np.exp(fit_buying(history, buying_prior(history)).logs)
    p, q, scale = np.exp(fit_spending(history, spending_prior(history)).logs)
    assert r / alpha == pytest.approx(BUYING[0] / BUYING[1], rel=0.2)
    assert a / (a + b) == pytest.approx(BUYING[2] / (BUYING[2] + BUYING[3]), rel=0.25)
    assert p * scale / (q - 1) == pytest.approx(5 * 80 / 4, rel=0.1)


@pytest.mark.slow
def test_what_came_lies_in_the_intervals():
    sales = bought(1200, 5)
    found = forecast_value(log_of(sales))
    later = sales[sales["timestamp"] >= END].groupby("unit_id")["value"].sum()
    table = found.table.set_index("customer_id")
    real = later.reindex(table.index).fillna(0.0)
    whole = found.outlook.iloc[0]
    assert whole["low"] <= real.sum() <= whole["high"]
    assert ((table["value_low"] <= real + 1e-9) & (real <= table["value_high"] + 1e-9)).mean() > 0.92
    assert table["p_alive"].between(0, 1).all()


@pytest.mark.slow
def test_groups_that_buy_differently_are_told_apart_where_held_out_months_say_so():
    some, others = bought(400, 6, (2.0, 40.0, 0.6, 5.0)), bought(400, 7, (0.6, 150.0, 0.9, 3.0))
    both = pd.concat([some, others.assign(unit_id="d" + others["unit_id"].str[1:])])
    channel = both["unit_id"].str[0].map({"c": "search", "d": "social"})
    apart = forecast_value(log_of(both, channel))
    alike = forecast_value(log_of(bought(800, 8), both["unit_id"].iloc[0]))
    assert apart.about["often"] == "channel"
    assert [found for found in ahead_findings(alike, 10) if not found.key.startswith("_")] == []
    keys = [found.numbers["channel"] for found in ahead_findings(apart, 10) if not found.key.startswith("_")]
    assert keys == ["search"]


def test_groups_sum_to_everyone():
    found = forecast_value(
        log_of(bought(60, 9)), pd.Series({f"c{who:04}": f"p{who % 2}" for who in range(60)}), draws=60
    )
    outlook = found.outlook.set_index(["persona", "acquisition_channel"])
    of_personas = outlook.loc[["p0", "p1"]].xs("all", level="acquisition_channel")
    assert outlook.loc[("all", "all"), "customers"] == of_personas["customers"].sum() == len(found.table)
    assert outlook.loc[("all", "all"), "value_expected"] == pytest.approx(of_personas["value_expected"].sum())
    assert outlook.loc[("all", "all"), "value_expected"] == pytest.approx(found.table["value_expected"].sum())


def test_a_group_of_few_is_blank_where_it_leaves_the_study():
    table = pd.DataFrame(
        [
            ("all", "all", 50, 9.0, 1.0, 20.0),
            ("p1", "all", 46, 8.0, 1.0, 19.0),
            ("p2", "all", 4, 1.0, 0.0, 3.0),
        ],
        columns=["persona", "acquisition_channel", "customers", "value_expected", "low", "high"],
    )
    shown = blank_small_cells("value_outlook", table, 10)
    assert shown.loc[2, ["customers", "value_expected", "low", "high"]].isna().all()
    assert shown.loc[:1, "customers"].tolist() == [50, 46]


def held(seed: int, effect: float) -> HeldOut:
    """Return customers of two channels of whom those of one bought more, and went on doing so."""
    random = np.random.default_rng(seed)
    index = pd.Index([f"c{who}" for who in range(400)])
    more = np.arange(400) % 2 * effect
    x = random.poisson(0.8 * np.exp(more)).astype(float)
    last = np.where(x > 0, random.uniform(20, 100, 400), 0.0)
    history = pd.DataFrame({"x": x, "last": last, "age": 120.0, "paid": x + 1, "spent": 20 * (x + 1)}, index)
    later = pd.DataFrame({"purchases": random.poisson(0.8 * np.exp(more)).astype(float)}, index)
    later["paid"], later["spent"] = later["purchases"], 20.0 * later["purchases"]
    groups = pd.DataFrame(
        {"channel": np.where(np.arange(400) % 2, "search", "social"), "persona": None}, index
    )
    return HeldOut(history, groups, later, 120.0)


def test_a_grouping_is_taken_where_it_foretells_better():
    assert choose_groupings(held(1, 1.2))[0] == "channel"
    lured = held(1, 1.2)  # who bought more so far buys as much as the others later
    swapped = lured.later.iloc[np.random.default_rng(0).permutation(len(lured.later))].set_axis(
        lured.later.index
    )
    assert choose_groupings(lured._replace(later=swapped))[0] == "all"
    assert choose_groupings(None) == ("all", "all")


def test_who_has_no_persona_is_in_no_group_of_it():
    groups = pd.DataFrame({"channel": ["search", "search"], "persona": ["p1", None]})
    assert group_of(groups, "both").tolist() == ["search | p1", ""]


def renewals(
    count: int, seed: int, stays=(0.95, 0.5), period: float = 365
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return contracts that come back after a period, and use: those who use much stay more often."""
    random = np.random.default_rng(seed)
    sales, use = [], []
    for who in range(count):
        uses, at = who % 2, random.uniform(-3.4 * period, -10)
        while at < 0:
            when = END + pd.Timedelta(days=at)
            sales.append((f"a{who}", when, 100.0, True))
            for _ in range(random.poisson(8 if uses else 1)):
                used = when + pd.Timedelta(days=random.uniform(1, 0.95 * period))
                if used < END:
                    use.append((f"a{who}", used, "t feature_use"))
            if random.random() > stays[0 if uses else 1]:
                break
            at += period + random.uniform(-5, 5) * period / 365
    columns = ["unit_id", "timestamp", "value", "sale"]
    return pd.DataFrame(sales, columns=columns), pd.DataFrame(use, columns=["unit_id", "timestamp", "what"])


def test_contracts_are_told_by_their_period():
    sales, _ = renewals(60, 1)
    found = find_contracts(sales, END)
    assert found.share > 0.99
    assert found.terms["days"].median() == pytest.approx(365, abs=2)
    assert find_contracts(bought(100, 2), END) is None


def test_a_contract_that_may_still_be_renewed_is_no_loss():
    """Nobody knows yet of one that fell due a week ago; of one of two months ago everybody does."""
    ends = [END - pd.Timedelta(days=days) for days in (365 + 7, 365 + 60, 100)]
    rows = [(f"a{at}", end, 10.0, True) for at, end in enumerate(ends)]
    rows += [
        (f"b{unit}", END - pd.Timedelta(days=365 * year + 1), 10.0, True)
        for unit in range(10)
        for year in range(4)
    ]
    terms = find_contracts(pd.DataFrame(rows, columns=["unit_id", "timestamp", "value", "sale"]), END).terms
    last = terms[terms["unit_id"].str.startswith("a")].set_index("unit_id")["renewed"]
    assert last.isna().tolist() == [True, False, True]
    assert not last["a1"]


def test_use_tells_who_renews():
    sales, use = renewals(300, 3)
    found = find_contracts(sales, END)
    told, value = renew_from(found, use, END, np.random.default_rng(0), draws=200)
    last = found.terms.drop_duplicates("unit_id", keep="last").set_index("unit_id")
    running = told[last["ends"] > END + pd.Timedelta(days=20)]
    much = running.index.str[1:].astype(int) % 2 == 1
    assert running.loc[much, "purchases"].mean() == pytest.approx(0.95, abs=0.1)
    assert running.loc[~much, "purchases"].mean() == pytest.approx(0.5, abs=0.12)
    gone = told[last["ends"] < END - pd.Timedelta(days=40)]
    assert (gone["alive"] == 0).all() and (value[told.index.get_indexer(gone.index)] == 0).all()


def test_monthly_contracts_are_renewed_many_times_a_year():
    sales, use = renewals(80, 4, stays=(0.97, 0.97), period=30)
    told, _ = renew_from(find_contracts(sales, END), use, END, np.random.default_rng(0), draws=100)
    running = told[told["alive"] > 0.9]
    assert running["purchases"].mean() == pytest.approx(sum(0.97**month for month in range(1, 13)), rel=0.12)


REASONS = {
    "few": lambda sales: sales.head(20),
    "values": lambda sales: sales.assign(value=np.nan),
    "currencies": lambda sales: sales.assign(currency=np.where(np.arange(len(sales)) % 2, "EUR", "USD")),
}


@pytest.mark.parametrize("reason", REASONS)
def test_where_nothing_can_be_foretold_that_is_said(reason):
    found = forecast_value(log_of(REASONS[reason](bought(80, 10))))
    assert found.reason == reason
    assert found.table.empty and found.outlook.empty


def test_a_year_after_a_long_silence_is_not_foretold():
    log = log_of(bought(80, 11))
    assert forecast_value(log, silent=True).reason == "silence"


def test_findings_name_who_is_worth_more_and_not_who_is_worth_as_much():
    columns = ["persona", "acquisition_channel", "customers", "value_expected", "low", "high"]
    rows = [
        ("all", "all", 200, 4000.0, 3800.0, 4200.0), ("p1", "all", 100, 3000.0, 2850.0, 3150.0),
        ("p2", "all", 100, 1000.0, 900.0, 1100.0), ("all", "search", 100, 2010.0, 1900.0, 2100.0),
        ("all", "social", 100, 1990.0, 1900.0, 2100.0),
    ]  # fmt: skip
    ahead = ValueForecast(pd.DataFrame(), pd.DataFrame(rows, columns=columns), None, "purchases")
    found = {(one.key, one.persona): one for one in ahead_findings(ahead, 10)}
    best = found["ahead_more_persona", "p1"]
    assert (best.numbers["value"], best.numbers["other"], best.p_value < 1e-6) == (30.0, 10.0, True)
    assert ("_ahead_more_persona", "p2") in found
    assert all(one.p_value > 0.5 for one in found.values() if one.persona is None)
    assert list(ahead_findings(replace(ahead, reason="few"), 10)) == []
