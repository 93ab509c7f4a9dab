"""Who is named: the risk of the named, on tables that can be counted by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from journeykit.stages.labels import _naming
from journeykit.stages.naming import GIVEN, HINDSIGHT, NOBODY, most_wrong, name_from, naming_threshold


def test_all_are_named_where_all_are_right():
    chances = np.linspace(0.3, 0.9, 150)
    assert (chances > naming_threshold(chances, np.ones(150))).all()


def test_nobody_is_named_where_the_surest_are_wrong_too_often():
    assert naming_threshold(np.linspace(0.3, 0.9, 150), np.tile([1, 1, 1, 0, 1], 30)) == NOBODY


def test_too_few_rows_tell_nothing():
    assert naming_threshold(np.full(99, 0.9), np.ones(99)) is None
    assert name_from(None) == 0.85


def test_the_bound_is_the_share_at_which_so_few_wrong_ones_are_seen_once_in_twenty():
    bound = most_wrong(np.r_[np.ones(10), np.zeros(90)], np.arange(100))
    assert binom.cdf(10, 100, bound) == pytest.approx(0.05, abs=0.01)


def test_rows_of_one_unit_count_for_fewer():
    wrong = np.r_[np.ones(10), np.zeros(90)]
    assert most_wrong(wrong, np.arange(100) // 5) > most_wrong(wrong, np.arange(100))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_of_the_named_enough_are_right_in_nineteen_of_twenty_logs(seed):
    random = np.random.RandomState(seed)
    broken = 0
    for _ in range(20):
        chances = random.uniform(0.3, 1.0, 400)
        threshold = naming_threshold(chances, random.uniform(size=400) < chances)
        named = np.linspace(max(threshold, 0.3), 1.0, 1000)
        broken += threshold < NOBODY and named.mean() < 0.85 - 1e-3
    assert broken <= 5  # of 20; one is expected, more than 5 comes once in 3,000


@dataclass
class Reader:
    """As much of a reader as naming needs."""

    naming: float = 0.8
    about: dict = field(default_factory=lambda: {"named_against": HINDSIGHT})


@pytest.mark.parametrize(("wrong", "kept"), [(0.14, True), (0.5, False)])
def test_labels_that_prove_nobody_s_stage_leave_what_hindsight_allows_unless_they_disprove_it(wrong, kept):
    """Of 300 who are told 90 %, so many labels say another stage: by chance 85 % may be right, or they may not."""
    told = np.c_[np.full(300, 0.9), np.full(300, 0.1)]
    named = (np.arange(300) < 300 * wrong).astype(int)
    found = _naming(Reader(), told, named, np.arange(300), np.ones(300, bool))
    assert (found.naming, found.about["named_against"]) == ((0.8, HINDSIGHT) if kept else (NOBODY, GIVEN))
