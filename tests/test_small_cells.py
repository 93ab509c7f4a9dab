"""Small cells: counts of few people are blank in every table that leaves a study, with what tells them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.reports.dictionary import columns_of, is_of_people, table_names
from journeykit.reports.small_cells import _rules as rules
from journeykit.reports.small_cells import blank_small_cells, is_small, tables_of_counts

# counts of contacts, visits, orders, moments of a test, numbers of stages and of groups
NOT_PEOPLE = set(
    "touches views sessions landings sales_completed orders rows row contacts marker_contacts k signals repeats "
    "skipped_stages candidates place period at_least paid rank".split()
)
# bases that are held back, or left out, below the smallest group where they are counted
HELD = set(
    "customers total followed buyers stays been left accounts compared of known referred brought_in other_customers "
    "units marker_units silent_before recorded moves lapses referrers successes".split()
)


def test_a_small_count_goes_with_its_share_and_nothing_else():
    """3 of 50 went back: 6 % would tell it; 40 of 100 stand, and 0 does."""
    rows = pd.DataFrame(
        {
            "persona": "all",
            "stage": list("abc"),
            "customers": [50, 100, 80],
            "back": [3, 40, 0],
            "back_share": [0.06, 0.4, 0.0],
        }
    )
    shown = blank_small_cells("back_steps", rows, 10)
    assert shown["back"].tolist() == pytest.approx([np.nan, 40, 0], nan_ok=True)
    assert shown["back_share"].tolist() == pytest.approx([np.nan, 0.4, 0.0], nan_ok=True)
    assert shown["customers"].tolist() == [50, 100, 80]
    assert rows["back"].tolist() == [3, 40, 0]  # what was counted stays


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([4, 30, 66], [None, None, 66]),  # 100 less 96 would tell the 4
        ([4, 5, 91], [None, None, 91]),  # two are blank already
        ([0, 40, 60], [0, 40, 60]),
        ([4, 0, 96], [None, 0, None]),
        ([12, 30, 58], [12, 30, 58]),
    ],
)
def test_one_more_goes_where_a_total_would_tell(counts, shown):
    rows = pd.DataFrame({"persona": "all", "stage": list("abc"), "named": counts})
    found = blank_small_cells("stages_now", rows, 10)["named"]
    assert [None if pd.isna(one) else one for one in found] == shown


def test_two_parts_of_a_sum_in_a_row_go_together():
    rows = pd.DataFrame({"persona": "all", "stage": ["a"], "stays": [40], "moved_on": [37], "under_way": [3]})
    assert blank_small_cells("time_in_stage", rows, 10)[["moved_on", "under_way"]].isna().all(axis=None)


def test_of_what_is_expected_the_number_goes_and_the_estimate_stays():
    rows = pd.DataFrame({"persona": ["all"], "stage": ["a"], "customers": [4.2], "share": [0.02]})
    shown = blank_small_cells("journey_map", rows, 10)
    assert shown["customers"].isna().all() and shown["share"].tolist() == [0.02]


def test_a_smallest_group_of_one_shows_all():
    rows = pd.DataFrame({"persona": "all", "stage": ["a"], "back": [3], "back_share": [0.06]})
    pd.testing.assert_frame_equal(blank_small_cells("back_steps", rows, 1), rows)


def test_what_the_rules_name_stands_in_the_dictionary_of_tables():
    for name, own in rules().items():
        assert name in table_names()
        known = {column.name for column in columns_of(name)}
        named = {
            *own.get("counts", {}),
            *own.get("expected", ()),
            *own.get("adds_up", ()),
            *own.get("sums", ()),
        }
        named |= {one for told in own.get("counts", {}).values() for one in str(told).split()}
        assert named <= known, (name, named - known)


def test_every_count_of_people_in_the_dictionary_has_a_rule_or_a_base_that_is_held_back():
    for name in table_names():
        if is_of_people(name):
            continue
        whole = {column.name for column in columns_of(name) if column.form == "whole"} - NOT_PEOPLE
        own = rules().get(name, {})
        missing = whole - {*own.get("counts", {}), *own.get("expected", ())} - HELD
        assert not missing, (name, missing)
    assert set(tables_of_counts()) <= set(table_names())


def test_is_small_counts_rounded_people():
    assert is_small(pd.Series([0.6, None, 9.6]), 10).tolist() == [True, False, False]
