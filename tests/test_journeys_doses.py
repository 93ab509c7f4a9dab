"""Doses of channels: what goes with moving on, and not with staying long or with what is done."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.journeys.doses import compare_doses

UNITS, GROUPS = 400, 50


def compared(contacts: pd.DataFrame, min_group: int = 10) -> pd.DataFrame:
    """Return the comparison over contacts: unit, won, touchpoint, channel."""
    whole = contacts.groupby("unit")["channel"].transform("size")
    rows = contacts.assign(
        bucket=contacts["unit"] % GROUPS,
        touches=1,
        moved=contacts["won"] / whole,
        gone=(1 - contacts["won"]) / whole,
    )
    met = contacts.groupby("channel")["unit"].nunique()
    keys = ["bucket", "touchpoint", "channel"]
    return compare_doses(
        rows.groupby(keys, as_index=False)[["touches", "moved", "gone"]].sum(), met, min_group
    )


def drawn(seed: int, length, email, touchpoint=lambda won, rng: "search") -> pd.DataFrame:
    """Return units of whom half move on, with a number of contacts and a chance that each is by email."""
    rng = np.random.default_rng(seed)
    rows = []
    for unit in range(UNITS):
        won = unit % 2
        for _ in range(length(won)):
            what = touchpoint(won, rng)
            rows.append((unit, won, what, "email" if rng.random() < email(won, what) else "web"))
    return pd.DataFrame(rows, columns=["unit", "won", "touchpoint", "channel"])


def test_who_moves_on_through_a_channel_more_is_found():
    found = compared(drawn(0, lambda won: 6, lambda won, _: 0.3 + 0.15 * won)).loc["email"]
    assert found["lead"] == pytest.approx(0.15, abs=0.05) and found["p_value"] < 1e-6
    assert found["used_moved"] - found["used_gone"] == pytest.approx(found["lead"], abs=0.01)


def false_share(**world) -> float:
    return float(
        np.mean([compared(drawn(seed, **world)).loc["email", "p_value"] < 0.05 for seed in range(60)])
    )


def test_who_stays_longer_meets_more_channels_and_that_is_no_effect():
    """Nearly all who stay for 12 contacts met email, few of those who stay for 2: no channel is better for it."""
    assert false_share(length=lambda won: 12 if won else 2, email=lambda won, _: 0.3) <= 0.12


def test_what_is_done_decides_where_and_is_no_effect_of_the_channel():
    """Who moves on opens more newsletters, which are always read by email."""
    world = {
        "length": lambda won: 6, "email": lambda won, what: 0.9 if what == "news" else 0.1,
        "touchpoint": lambda won, rng: "news" if rng.random() < 0.3 + 0.3 * won else "search",
    }  # fmt: skip
    assert false_share(**world) <= 0.12
    found = compared(drawn(0, **world)).loc["email"]
    assert found["used_moved"] > found["used_gone"] + 0.1 and abs(found["lead"]) < 0.05


def test_too_few_who_left_or_met_the_channel_are_not_tested():
    contacts = drawn(0, lambda won: 3, lambda won, _: 0.5)
    assert compared(contacts, min_group=500)["lead"].isna().all()
    rare = contacts.assign(channel=np.where(contacts["unit"] < 20, contacts["channel"], "web"))
    assert np.isnan(compared(rare).loc["email", "p_value"])
