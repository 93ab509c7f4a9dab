"""Intervals, tests and attribution against textbook numbers and other libraries."""

from __future__ import annotations

from dataclasses import asdict
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact

from journeykit.journeys.attribution import (
    attribute_paths,
    count_moves,
    markov_removal,
    removal_effects,
    shapley_values,
)
from journeykit.journeys.statistics import (
    adjust_p_values,
    bootstrap_mean,
    kaplan_meier,
    risk_difference,
    two_shares_p_value,
    wilson,
)


@pytest.mark.parametrize(("successes", "total"), [(0, 10), (1, 10), (5, 10), (10, 10), (412, 500)])
def test_wilson_agrees_with_scipy(successes, total):
    expected = binomtest(successes, total).proportion_ci(method="wilson")
    low, high = wilson(successes, total)
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high))


def test_wilson_of_nothing_is_null_and_not_zero():
    low, high = wilson([0], [0])
    assert np.isnan(low[0])
    assert np.isnan(high[0])


def test_untested_findings_do_not_count_as_tests():
    adjusted = adjust_p_values([0.02, np.nan, np.nan, 0.04])
    assert adjusted[[0, 3]].tolist() == pytest.approx([0.04, 0.04])
    assert np.isnan(adjusted[[1, 2]]).all()


def test_customers_under_way_lengthen_the_median_instead_of_leaving_it():
    """A median over those who moved only would say 2 days."""
    result = kaplan_meier([1, 2, 3, 10, 10, 10], [True, True, True, False, False, False])
    assert (result.median, result.followed, result.moved) == (3.0, 6, 3)
    assert np.isnan(kaplan_meier([1, 9, 9], [True, False, False]).median)
    assert np.isnan(kaplan_meier([9, 9], [False, False]).median)


def test_kaplan_meier_of_the_remission_data():
    """Freireich 1963, 6-MP arm: the published median is 23 weeks."""
    weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    relapsed = [True] * 9 + [False] * 12
    assert kaplan_meier(weeks, relapsed).median == 23


def test_counts_stand_for_repeated_rows():
    counted = kaplan_meier([1, 5], [True, False], [3, 2])
    repeated = kaplan_meier([1, 1, 1, 5, 5], [True] * 3 + [False] * 2)
    np.testing.assert_equal(asdict(counted), asdict(repeated))  # here a gap equals a gap


def test_bootstrap_interval_holds_the_mean_and_narrows():
    random = np.random.default_rng(1)
    mean, low, high = bootstrap_mean(random.normal(5, 2, 100))
    _, low_many, high_many = bootstrap_mean(random.normal(5, 2, 5000))
    assert low < mean < high
    assert high_many - low_many < high - low
    assert np.isnan(bootstrap_mean([np.nan])).all()


def test_shares_within_strata_are_not_fooled_by_who_is_where():
    """Simpson: pooled, the first group looks better (.52 against .48); within each stratum there is no difference."""
    strata = [[72, 80, 18, 20], [4, 20, 16, 80]]
    difference, low, high, p_value = risk_difference(strata)
    assert difference == pytest.approx(0)
    assert low < 0 < high
    assert p_value > 0.9
    assert np.isnan(risk_difference([[1, 2, 0, 0]])).all()


def test_two_shares_of_many_agree_with_the_exact_test():
    exact = fisher_exact([[420, 580], [380, 620]]).pvalue
    assert two_shares_p_value(420, 1000, 380, 1000) == pytest.approx(exact, rel=0.1)


def test_two_shares():
    assert two_shares_p_value(50, 100, 50, 100) == pytest.approx(1)
    assert two_shares_p_value(90, 100, 10, 100) < 1e-9
    assert np.isnan(two_shares_p_value(1, 1, 0, 0))


TEXTBOOK = [(("c1", "c2", "c3"), True, 1), (("c1",), False, 1), (("c2", "c3"), False, 1)]


def test_removal_effects_of_the_textbook_example():
    assert markov_removal(TEXTBOOK) == pytest.approx({"c1": 0.2, "c2": 0.4, "c3": 0.4})


def test_removal_by_algebra_equals_removal_by_walking():
    """Each channel is taken out of the matrix and the chain is walked to its end."""
    paths = [
        (("a", "b", "a", "c"), True, 3),
        (("b", "c"), False, 4),
        (("c", "a"), True, 2),
        (("a",), False, 5),
        (("b",), True, 1),
    ]
    moves = count_moves(paths, ["a", "b", "c"])
    assert removal_effects(moves).tolist() == pytest.approx(
        [_removed_by_walking(moves, channel) for channel in range(3)]
    )


def _removed_by_walking(moves: np.ndarray, removed: int) -> float:
    def reach(without: int | None) -> float:
        shares = moves / moves.sum(axis=1, keepdims=True)
        at, won = np.array([1.0, 0, 0, 0]), 0.0
        for _ in range(500):
            out = at @ shares
            won += out[3]
            at = np.r_[0.0, out[:3]]
            if without is not None:
                at[without + 1] = 0.0
        return won

    return 1 - reach(removed) / reach(None)


def test_repeats_of_a_channel_in_a_row_change_nothing():
    twice = [(("a", "a", "b"), True, 2), (("b",), False, 1)]
    once = [(("a", "b"), True, 2), (("b",), False, 1)]
    assert markov_removal(twice) == pytest.approx(markov_removal(once))


def test_nobody_moves_on_gives_null():
    assert np.isnan(removal_effects(count_moves([(("a",), False, 3)], ["a"]))).all()


def test_shapley_equals_its_definition():
    sets = {frozenset("a"): 4.0, frozenset("ab"): 3.0, frozenset("abc"): 6.0, frozenset("bc"): 2.0}
    assert shapley_values(sets) == pytest.approx(_by_definition(sets))
    assert shapley_values({}) == {}


def _by_definition(sets: dict) -> dict[str, float]:
    players = sorted(set().union(*sets))
    worth = lambda who: sum(count for met, count in sets.items() if met <= who)  # noqa: E731
    values = {}
    for player in players:
        others = [other for other in players if other != player]
        values[player] = sum(
            factorial(size) * factorial(len(others) - size) / factorial(len(players))
            * (worth(frozenset(team) | {player}) - worth(frozenset(team)))
            for size in range(len(others) + 1)
            for team in combinations(others, size)
        )  # fmt: skip
    return {player: value / sum(values.values()) for player, value in values.items()}


def test_attribution_intervals_hold_the_share():
    one = count_moves(TEXTBOOK, ["c1", "c2", "c3"])
    measured = attribute_paths(np.repeat(one[None], 30, axis=0))
    assert measured["share"].tolist() == pytest.approx([0.2, 0.4, 0.4])
    mixed = np.stack([count_moves([path], ["c1", "c2", "c3"]) for path in TEXTBOOK * 20])
    measured = attribute_paths(mixed)
    assert (measured["low"] < measured["share"] + 1e-9).all()
    assert (measured["share"] < measured["high"] + 1e-9).all()
    assert (measured["high"] - measured["low"])[0] > 0.05
