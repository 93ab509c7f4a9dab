"""Traits: who someone is, and not how much or how far along they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.features import measure_profile, measure_traits
from journeykit.features.counts import Block
from journeykit.features.tables import trait_names
from journeykit.features.traits import adjusted_shares


def block(seen, steps, stage_shares, votes) -> Block:
    seen = pd.DataFrame(seen, dtype=float)
    units = [f"u{place}" for place in range(len(seen))]
    rows = pd.MultiIndex.from_arrays([units, [-1] * len(units)], names=["unit_id", "half"])
    seen = seen.set_axis(rows)
    return Block(
        "channel", seen, pd.DataFrame(steps, dtype=float).set_axis(rows), stage_shares, votes, seen.sum(),
        (seen > 0).mean(),
    )  # fmt: skip


def log_of(rows, **more) -> EventLog:
    names = ["customer_id", "timestamp", "touchpoint", "channel", "value"]
    frame = pd.DataFrame([(*row, *[None] * (5 - len(row))) for row in rows], columns=names)
    frame["timestamp"] = pd.to_datetime(frame["timestamp"])
    frame["value"] = frame["value"].astype(float)
    return EventLog.from_frame(frame.dropna(axis=1, how="all"), **more)


def shop(customers=60, orders=20, seed=0, times=True) -> EventLog:
    """Return a log of purchases only: one touchpoint, one channel."""
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 300, (customers, orders))
    hours = rng.integers(8, 22, (customers, orders)) if times else 0 * days
    start = pd.Timestamp("2025-01-01")
    rows = [
        (f"c{who:03d}", start + pd.Timedelta(days=int(days[who, n]), hours=int(hours[who, n])), "purchase", "store",
         float(np.exp(rng.normal(3 + 0.5 * (who % 2), 0.3))))
        for who in range(customers)
        for n in range(orders)
    ]  # fmt: skip
    return log_of(rows)


def test_a_share_is_measured_against_the_stage_by_hand():
    """Search is what everybody does in the first stage: somebody early is no 'searcher' for that."""
    votes = pd.DataFrame({"early": [1.0, 0.0], "late": [0.0, 1.0]}, index=["look", "buy"])
    stages = pd.DataFrame({"search": [0.8, 0.2], "email": [0.2, 0.8]}, index=["early", "late"])
    counted = block(
        {"search": [80, 20, 50, 20], "email": [20, 80, 50, 80]},
        {"look": [100, 0, 0, 100], "buy": [0, 100, 100, 0]},
        stages,
        votes,
    )
    traits = adjusted_shares(counted, 16)
    assert traits.iloc[0].abs().max() == pytest.approx(0)
    assert traits.iloc[1].abs().max() == pytest.approx(0)
    seeks = np.log((50 + 16 * 0.2) / (116 * 0.2)), np.log((50 + 16 * 0.8) / (116 * 0.8))
    assert traits.iloc[2]["channel.search"] == pytest.approx((seeks[0] - seeks[1]) / 2)
    assert traits.iloc[3]["channel.search"] < -0.5


def test_few_contacts_are_drawn_to_the_mean():
    votes = pd.DataFrame({"one": [1.0]}, index=["look"])
    stages = pd.DataFrame({"search": [0.5], "email": [0.5]}, index=["one"])
    counted = block({"search": [2, 80], "email": [0, 0]}, {"look": [2, 80]}, stages, votes)
    counted = Block(**{**counted.__dict__, "pooled": pd.Series({"search": 50, "email": 50}),
                       "users": pd.Series({"search": 1.0, "email": 1.0})})  # fmt: skip
    few, many = adjusted_shares(counted)["channel.search"]
    assert 0 < few < 0.3 * many


def test_a_category_that_nobody_uses_leaves_the_block():
    """Its log ratio would vary with the number of contacts alone: activity in disguise."""
    votes = pd.DataFrame({"one": [1.0]}, index=["look"])
    shares = pd.DataFrame({"search": [0.6], "email": [0.399], "fax": [0.001]}, index=["one"])
    counted = block(
        {"search": [60, 599] * 60, "email": [40, 400] * 60, "fax": [0, 1] + [0, 0] * 59},
        {"look": [100, 1000] * 60}, shares, votes,
    )  # fmt: skip
    assert adjusted_shares(counted).columns.tolist() == ["channel.search", "channel.email"]


def test_a_shop_with_one_touchpoint_and_one_channel():
    traits = measure_traits(shop())
    blocks = {name.split(".")[0] for name in trait_names(traits)}
    assert blocks == {"daypart", "weekday", "rhythm", "value"}
    assert not [name for name in traits if name.startswith("count.channel.")]
    assert "rhythm.gap_days" in traits
    by_spending = traits["value.order_value"].groupby(np.arange(60) % 2).mean()
    assert by_spending[1] - by_spending[0] == pytest.approx(0.5 * 20 / 21.5, abs=0.1)
    assert (traits["evidence.contacts"] > 10).all()


def test_days_without_times_have_no_parts_of_the_day():
    traits = measure_traits(shop(times=False))
    assert not [name for name in traits if name.startswith("daypart.")]
    assert not [name for name in measure_profile(shop(times=False)) if name.startswith("daypart_share.")]


def test_missing_is_not_zero():
    rows = [(f"c{n}", f"2026-01-{d + 1:02d} 10:00", "page_view", "web") for n in range(5) for d in range(4)]
    rows += [
        ("c0", "2026-02-01 10:00", "purchase", "web", 50.0),
        ("c1", "2026-02-01 10:00", "purchase", "web", 90.0),
    ]
    traits, profile = measure_traits(log_of(rows)), measure_profile(log_of(rows))
    assert traits["value.order_value"].notna().tolist() == [True, True, False, False, False]
    assert profile["order_value_mean"].notna().tolist() == [True, True, False, False, False]
    assert profile["orders"].tolist() == [1, 1, 0, 0, 0]
    assert profile["rating_mean"].isna().all()


def test_the_covariance_within_people_travels_along():
    within = measure_traits(shop(orders=40)).attrs["within_customer"]
    matrix = np.array(within["matrix"])
    assert matrix.shape == (len(within["columns"]),) * 2
    assert (np.diag(matrix) > 0).all()
    assert np.allclose(matrix, matrix.T)


def test_traits_do_not_follow_activity():
    """Everybody draws from the same shares; the busy must not look different from the calm."""
    rng = np.random.default_rng(0)
    rows = []
    for who in range(150):
        times = pd.Timestamp("2026-01-01") + pd.to_timedelta(
            rng.uniform(0, 200, rng.integers(15, 120)), unit="D"
        )
        rows += [
            (f"c{who:03d}", time, "page_view", str(rng.choice(["web", "app", "email"]))) for time in times
        ]
    traits = measure_traits(log_of(rows))
    busy = traits["evidence.contacts"].rank()
    assert traits[trait_names(traits)].corrwith(busy, method="spearman").abs().max() < 0.3


@pytest.mark.quick("one event", "no stage, no channel")
@pytest.mark.parametrize(
    "rows",
    [
        [("a", "2026-01-01 10:00", "purchase", "web", 5.0)],
        [("a", f"2026-01-{day:02d} 10:00", "purchase", "web", 5.0) for day in range(1, 9)],
        [(who, "2026-01-01 10:00", "page_view", "web") for who in "abc"],
        [(who, "2026-01-01 10:00", "strange_thing", None) for who in "abc"],
    ],
    ids=["one event", "one customer", "all times equal", "no stage, no channel"],
)
def test_little_data_is_no_crash(rows):
    log = log_of(rows)
    traits, profile = measure_traits(log), measure_profile(log)
    assert traits.index.equals(profile.index)
    assert traits["evidence.contacts"].tolist() == profile["contacts"].tolist()
    assert np.isfinite(traits.to_numpy(float)[~traits.isna().to_numpy()]).all()


def test_accounts_are_the_units_of_a_business():
    days = pd.date_range("2026-01-01", periods=12, freq="3D")
    frame = pd.DataFrame(
        [(f"p{n % (2 + a)}-{a}", f"a{a}", day, "page_view") for a in range(3) for n, day in enumerate(days)],
        columns=["customer_id", "account_id", "timestamp", "touchpoint"],
    )
    log = EventLog.from_frame(frame, setting="b2b")
    assert measure_traits(log).index.tolist() == ["a0", "a1", "a2"]
    assert "account.people" in measure_traits(log)
    assert measure_profile(log)["people"].tolist() == [2, 3, 4]


def test_the_profile_counts_what_happened():
    rows = [
        ("a", "2026-03-02 09:00", "search", "search"),
        ("a", "2026-03-02 09:10", "page_view", "web"),
        ("a", "2026-03-07 20:00", "purchase", "web", 40.0),
        ("a", "2026-03-08 20:00", "purchase", "web", 60.0),
    ]
    profile = measure_profile(log_of(rows)).loc["a"]
    counted = {"contacts": 4, "sessions": 3, "active_days": 3, "orders": 2, "order_value_mean": 50.0,
               "value_total": 100.0, "weekend_share": 0.5, "channel_share.web": 0.75,
               "daypart_share.evening": 0.5, "touchpoint_share.search": 0.25}  # fmt: skip
    assert {name: profile[name] for name in counted} == counted
    assert profile["first_contact_at"] == pd.Timestamp("2026-03-02 09:00")
    assert profile["last_touchpoint_at"] == pd.Timestamp("2026-03-08 20:00")
    assert "people" not in profile
