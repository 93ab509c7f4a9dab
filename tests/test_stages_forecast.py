"""Forecast: which way, how soon, and how often the truth lies where it was said to lie."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from journeykit.events import EventLog
from journeykit.simulate import simulate
from journeykit.stages import infer_stages
from journeykit.stages.forecast import MOST_DAYS, days_to_move, directions, forecast
from journeykit.stages.periods import PERIOD_DAYS

STATES = ["one", "two", "three", "lapsed"]
WAYS = ["move_forward", "move_back", "move_return"]
DAYS = ["move_days_low", "move_days", "move_days_high"]
LADDER = np.array([[0.5, 0.4, 0.0, 0.1], [0.1, 0.8, 0.1, 0.0], [0.0, 0.2, 0.8, 0.0], [0.1, 0.0, 0.0, 0.9]])


def nowcast(*rows: list[float]) -> pd.DataFrame:
    return pd.DataFrame(np.array(rows), [f"u{n}" for n in range(len(rows))], STATES)


def rows_to_one(shape: tuple[int, int]):
    return arrays(float, shape, elements=st.floats(0.01, 1)).map(lambda t: t / t.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(
    ("now", "expected"),
    [([1, 0, 0, 0], [0.4, 0, 0]), ([0, 1, 0, 0], [0.1, 0.1, 0]), ([0, 0, 1, 0], [0, 0.2, 0]),
     ([0, 0, 0, 1], [0, 0, 0.1]), ([0.5, 0, 0.5, 0], [0.2, 0.1, 0])],
)  # fmt: skip
def test_the_way_is_read_from_the_order_of_the_stages(now, expected):
    assert directions(nowcast(now), {"all": LADDER}, PERIOD_DAYS).loc["u0", WAYS].tolist() == pytest.approx(
        expected
    )


@given(rows_to_one((5, 4)), rows_to_one((4, 4)), st.floats(1, 400))
def test_staying_the_three_ways_and_lapsing_are_everything(now, moves, days):
    known = pd.DataFrame(now, columns=STATES)
    ways, told = directions(known, {"all": moves}, days), forecast(known, {"all": moves}, days)
    assert (ways.sum(axis=1) + told["stay"] + told["lapsed"]).to_numpy() == pytest.approx(1)
    assert ways.min().min() >= 0


@given(rows_to_one((5, 4)), rows_to_one((4, 4)))
def test_days_are_in_order_and_the_share_that_moved_by_then_is_as_said(now, moves):
    known = pd.DataFrame(now, columns=STATES)
    told = days_to_move(known, {"all": moves})
    assert (told["move_days"].isna() == (known["lapsed"] >= 0.5)).all()
    told, weights = told.dropna(), now[:, :-1] / now[:, :-1].sum(axis=1, keepdims=True)
    assert (told[DAYS].diff(axis=1).iloc[:, 1:] > 0).all(axis=None)
    for name, share in zip(DAYS, (0.1, 0.5, 0.9), strict=True):
        left = (weights[told.index] * np.diag(moves)[:-1] ** (told[[name]].to_numpy() / PERIOD_DAYS)).sum(
            axis=1
        )
        assert left == pytest.approx(1 - share, abs=1e-3)


def test_what_takes_over_two_years_is_not_told():
    slow = np.array([[0.997, 0.003, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    told = days_to_move(nowcast([1, 0, 0, 0], [0, 1, 0, 0]), {"all": slow})
    assert told.loc["u0", "move_days_low"] == pytest.approx(
        PERIOD_DAYS * np.log(0.9) / np.log(0.997), rel=1e-3
    )
    assert told.loc["u0", "move_days"] > MOST_DAYS / 2 and np.isnan(told.loc["u0", "move_days_high"])
    assert told.loc["u1"].isna().all(), "nobody leaves that stage"


def test_a_persona_with_moves_of_its_own_has_its_own_days():
    fast = np.where(np.eye(4), 0.1, 0.3)
    now, personas = nowcast([1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]), {"u0": "p1", "u1": "p2"}
    told = days_to_move(now, {"all": LADDER, "p1": fast}, pd.Series(personas))["move_days"]
    assert told["u0"] < told["u1"] == told["u2"] == pytest.approx(PERIOD_DAYS, abs=1e-3)


def test_too_little_to_learn_from_gives_no_time(make_log):
    found = infer_stages(make_log([("a", "2026-03-01", "search"), ("a", "2026-03-04", "purchase")]))
    assert found.table[DAYS].isna().all(axis=None) and found.table[WAYS].notna().all(axis=None)


def true_moves(population, now: pd.Timestamp, units: pd.Index, stages: list[str]) -> pd.DataFrame:
    """Return the true state now, the first other state after it, and the week in which that was (inf: none yet)."""
    weeks = np.sort(population.truth["at"].unique())
    wide = population.truth.pivot(index="customer_id", columns="at", values="stage").reindex(units)
    place = wide[weeks[weeks >= now]].apply(pd.Index(stages).get_indexer).to_numpy()
    away = place != place[:, [0]]
    first = np.where(away.any(axis=1), away.argmax(axis=1), 0)
    return pd.DataFrame(
        {"now": place[:, 0], "next": place[np.arange(len(place)), first],
         "week": np.where(first > 0, first.astype(float), np.inf)}, units,
    )  # fmt: skip


@pytest.fixture(scope="module")
def ahead():
    """Return a forecast of half a year before the end, and what truly came."""
    made = simulate(customers=1500, days=364, seed=3, pages=False, referrals=False, ratings=False)
    now = pd.Timestamp(np.sort(made.truth["at"].unique())[25])
    log = EventLog.from_frame(made.events, stage_model="universal")
    found = infer_stages(log.as_of(f"{now:%Y-%m-%d}"), horizon_days=28)
    return found.table, true_moves(made, now, found.table.index, list(found.states)), len(found.states) - 1


@pytest.mark.slow
def test_on_the_truth_four_in_five_moves_lie_between_low_and_high(ahead):
    """A week holds a move somewhere: half a week is taken off. Somewhat wide, as time in a stage is not memoryless."""
    table, truth, lapsed = ahead
    told = table["move_days"].notna() & (truth["now"] < lapsed)
    assert told.sum() > 500
    at = truth.loc[told, "week"] * 7 - 3.5
    before = {name: (at <= table.loc[told, name]).mean() for name in DAYS}
    assert 0.02 <= before["move_days_low"] <= 0.13
    assert 0.44 <= before["move_days"] <= 0.62
    assert 0.78 <= before["move_days_high"] - before["move_days_low"] <= 0.93


@pytest.mark.slow
def test_on_the_truth_as_many_go_on_back_and_return_as_was_said(ahead):
    table, truth, lapsed = ahead
    soon, now, after = truth["week"] <= 4, truth["now"], truth["next"]
    came = {
        "move_forward": soon & (now < after) & (after < lapsed), "move_back": soon & (after < now) & (now < lapsed),
        "move_return": soon & (now == lapsed), "p_next_lapsed": soon & (now < lapsed) & (after == lapsed),
        "p_next_stay": ~soon,
    }  # fmt: skip
    for name, really in came.items():
        told = table[name] if name != "p_next_lapsed" else 1 - table[[*WAYS, "p_next_stay"]].sum(axis=1)
        assert told.mean() == pytest.approx(really.mean(), abs=0.06), name
        if really.sum() > 20:
            assert told[really].mean() > told[~really].mean(), f"{name} tells nothing apart"
