"""Tables held against plain readings of their definitions, on random logs."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeykit.events import EventLog
from journeykit.journeys import trace_paths
from journeykit.journeys.accounts import count_account_people, count_account_roles
from journeykit.journeys.advocates import count_advocates, follow_referred
from journeykit.journeys.aftercare import weigh_aftercare
from journeykit.journeys.cohorts import count_activity, count_cohorts, count_retention
from journeykit.journeys.dissatisfaction import count_back_after_dissatisfaction
from journeykit.journeys.pages import measure_pages
from journeykit.journeys.returning import count_reactivations, count_returns
from journeykit.journeys.voices import count_referrals, measure_ratings, measure_value
from tests.oracles import after_buying, coming_in

START = pd.Timestamp("2025-01-01")
TOUCHPOINTS = (
    "ad_impression compare_items begin_checkout purchase review support_contact complaint help_article nps_rating "
    "view_item refund reactivation_campaign email_sent repeat_purchase"
).split()
PAGES = ["/", "/blog", "/cart"]


def random_log(seed: int, people: int = 45) -> pd.DataFrame:
    """Return contacts of people who come at their own pace, some of whom fall silent for months."""
    rng, rows = np.random.default_rng(seed), []
    for number in range(people):
        at, pace = rng.uniform(0, 420), rng.choice([0.01, 4.0, 20.0])
        for _ in range(rng.integers(1, 14)):
            touchpoint = str(rng.choice(TOUCHPOINTS))
            row = {
                "unit": f"c{number:02d}",
                "at": START + pd.Timedelta(seconds=int(at * 86400)),
                "touchpoint": touchpoint,
            }
            rated = touchpoint in ("nps_rating", "review") and rng.random() < 0.8
            row["rating"] = (
                float(rng.integers(0, 11) if touchpoint == "nps_rating" else rng.integers(1, 6))
                if rated
                else None
            )
            priced = (
                touchpoint in ("purchase", "repeat_purchase", "refund", "view_item") and rng.random() < 0.9
            )
            row["value"] = float(rng.integers(5, 50)) if priced else None
            row["referrer_id"] = f"c{rng.integers(0, people + 5):02d}" if rng.random() < 0.08 else None
            row["page"] = str(rng.choice(PAGES)) if rng.random() < 0.7 else None
            rows.append(row)
            at += max(rng.exponential(pace) + (rng.uniform(95, 180) if rng.random() < 0.12 else 0), 0.001)
    frame = pd.DataFrame(rows)
    frame = frame[frame["at"] < START + pd.Timedelta(days=500)]
    return frame.sort_values(["unit", "at"], kind="stable").drop_duplicates(["unit", "at"], ignore_index=True)


@cache
def read(seed: int) -> SimpleNamespace:
    """Return a random log as contacts and as paths, with what the readings take as given."""
    contacts = random_log(seed).astype({"rating": float, "value": float})
    events = contacts.rename(columns={"unit": "customer_id", "at": "timestamp"})
    paths = trace_paths(EventLog.from_frame(events, stage_model="universal"), min_group=1)
    entries = paths.entries.execute()
    back = entries[(entries["next_position"] < entries["position"]) & ~entries["next_paused"].astype(bool)]
    backs = back.groupby("unit_id")["next_at"].agg(list).to_dict()
    return SimpleNamespace(contacts=contacts, paths=paths, entries=entries, backs=backs, given={
        "moment": paths.moment, "follow": paths.follow_days,
    })  # fmt: skip


def everyone(table: pd.DataFrame, **where) -> dict:
    """Return the one row about everyone, of those asked for; empty when there is none."""
    rows = table[table["persona"] == "all"] if "persona" in table else table
    for name, value in where.items():
        rows = rows[rows[name].isna()] if value is None else rows[rows[name] == value]
    assert len(rows) <= 1
    return rows.iloc[0].to_dict() if len(rows) else {}


def agree(row: dict, expected: dict) -> None:
    assert {name: row.get(name) for name in expected} == pytest.approx(expected, nan_ok=True)


def pair(names: tuple[str, str], counted: tuple[int, int]) -> dict:
    """Return how many, and to how many it happened, under the names of a table; a group of nobody is not told."""
    of, happened = counted
    return {names[0]: of if of else np.nan, names[1]: happened if of else np.nan}


seeds = given(seed=st.integers(0, 9))  # few, so that the tests share their logs
few = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.slow
@few
@seeds
def test_value_ratings_and_referrals(seed):
    log = read(seed)
    agree(everyone(measure_value(log.paths)), after_buying.value(log.contacts))
    table = measure_ratings(log.paths)
    for touchpoint, told in after_buying.ratings(log.contacts).items():
        agree(everyone(table, touchpoint=touchpoint, stage=None), told)
    counted = after_buying.referrals(log.contacts)
    agree(everyone(count_referrals(log.paths)), counted if counted["referrers"] else {})
    kinds = count_advocates(log.paths).set_index("kind")["advocates"].to_dict()
    assert kinds == after_buying.advocates(log.contacts)


@pytest.mark.slow
@few
@seeds
def test_silence_and_former_customers(seed):
    log = read(seed)
    row = everyone(count_returns(log.paths))
    agree(row, after_buying.silent(log.contacts, **log.given))
    assert row["former_after"] == pytest.approx(
        after_buying.former_after(log.contacts, log.given["follow"]), abs=1e-3
    )
    sent = "reactivation_campaign"
    told = after_buying.former(log.contacts, **log.given, horizon=log.paths.horizon_days, sent=sent)
    agree(row, {"former": told["all"][0], "former_returned": told["all"][1]})
    called = everyone(count_reactivations(log.paths), touchpoint=sent, sent=True)
    if told["approached"][0]:
        agree(called, pair(("approached", "approached_returned"), told["approached"]))
        agree(called, pair(("other_customers", "other_returned"), told["other"]))


@few
@seeds
def test_help_and_dissatisfaction(seed):
    log = read(seed)
    helped, others = after_buying.aftercare(log.contacts, **log.given)
    row = everyone(weigh_aftercare(log.paths))
    if helped[0] and helped[1] + others[1]:
        agree(row, pair(("customers", "complained"), helped))
        agree(row, pair(("other_customers", "other_complained"), others))
    table = count_back_after_dissatisfaction(log.paths)
    for signal, touchpoint in [
        ("rating", "review"),
        ("rating", "nps_rating"),
        ("complaint", ""),
        ("return", ""),
        ("any", ""),
    ]:
        low, high = after_buying.dissatisfaction(
            log.contacts, log.backs, **log.given, signal=signal, touchpoint=touchpoint
        )
        row = everyone(table, signal=signal, touchpoint=touchpoint or None)
        if low[0]:
            agree(row, pair(("customers", "back"), low) | pair(("other_customers", "other_back"), high))


@pytest.mark.slow
@few
@seeds
def test_cohorts_retention_and_activity(seed):
    log = read(seed)
    horizon, levels = log.paths.horizon_days, log.paths.levels.execute()
    reached: dict = {}
    for row in levels.sort_values("at").itertuples():
        for position in range(int(row.position) + 1):
            reached.setdefault(row.unit_id, {}).setdefault(position, row.at)
    table = count_cohorts(log.paths)
    counted = coming_in.cohorts(log.contacts, reached, **log.given, horizon=horizon)
    for (month, position), (followed, came) in counted.items():
        if position in log.paths.seen:
            row = everyone(table, cohort=month, stage=log.paths.stages[position])
            agree(row, {"followed": followed, "reached": came})
    back = count_retention(log.paths)
    for period, (known, active) in coming_in.retention(log.contacts, log.paths.moment, horizon).items():
        agree(everyone(back, cohort="all", period=period), {"customers": known, "active": active})
    months = count_activity(log.paths)
    for month, (known, active, mean) in coming_in.activity(log.contacts).items():
        agree(everyone(months, month=month), {"customers": known, "active": active, "active_days": mean})


@few
@seeds
def test_pages_and_the_loop(seed):
    log = read(seed)
    table = measure_pages(log.paths).set_index("page")
    for page, told in coming_in.pages(log.contacts).items():
        agree(table.loc[page].to_dict(), told)
    firsts = log.entries[log.entries["place"] == 1].set_index("unit_id")["position"].to_dict()
    loop = follow_referred(log.paths)
    for position, (of, here) in coming_in.referred(log.contacts, firsts, log.paths.horizon_days).items():
        if len(loop) and of:
            agree(everyone(loop, stage=log.paths.stages[position]), {"referred": of, "customers": here})


@few
@seeds
def test_accounts(seed):
    """People of the file and people with a contact, roles, and who wins after asking for a quotation."""
    rng, rows, listed, people = np.random.default_rng(seed), [], {}, []
    for number in range(40):
        unit, size, at = f"a{number:02d}", int(rng.integers(1, 6)), rng.uniform(0, 300)
        listed[unit] = {f"{unit}-{one}" for one in range(size)}
        people += [
            {"customer_id": one, "account_id": unit, "job_title": str(rng.choice(["buyer", "user"]))}
            for one in listed[unit]
        ]
        for touchpoint in (
            "compare_items",
            "quote_request",
            *(["contract_signed"] if rng.random() < 0.2 * size else []),
        ):
            who = f"{unit}-{rng.integers(0, size + 1)}"
            rows.append(
                {
                    "unit": unit,
                    "customer": who,
                    "at": START + pd.Timedelta(seconds=int(at * 86400)),
                    "touchpoint": touchpoint,
                }
            )
            at += rng.uniform(1, 80)
    contacts = pd.DataFrame(rows).sort_values(["unit", "at"], ignore_index=True)
    customers = pd.DataFrame(people).sort_values("customer_id").set_index("customer_id")
    events = contacts.rename(columns={"unit": "account_id", "at": "timestamp", "customer": "customer_id"})
    log = EventLog.from_frame(events, stage_model="universal", setting="b2b", customers=customers)
    paths = trace_paths(log, min_group=1)
    told = coming_in.accounts(contacts, listed, paths.moment, paths.follow_days)
    row = everyone(count_account_people(paths, customers, "account"))
    every = [len(listed[unit] | set(own["customer"])) for unit, own in contacts.groupby("unit")]
    agree(
        row,
        {
            "accounts": 40,
            "people": sum(every),
            "people_mean": sum(every) / 40,
            "people_median": float(np.median(every)),
        },
    )
    many = [won for size, won in told.values() if size >= row["at_least"]]
    less = [won for size, won in told.values() if size < row["at_least"]]
    agree(
        row, {"customers": len(many), "won": sum(many), "other_customers": len(less), "other_won": sum(less)}
    )
    filled = {one["account_id"] for one in people if one["job_title"] == "buyer"}
    row = everyone(count_account_roles(paths, customers, "account"), role="buyer")
    has = [won for unit, (_, won) in told.items() if unit in filled]
    agree(row, {"accounts": len(filled), "customers": len(has), "won": sum(has)})
