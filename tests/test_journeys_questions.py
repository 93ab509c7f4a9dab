"""Longest jumps, kinds of contact, entry offers and attendance, on logs that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from journeykit.findings.contrasts import contrast_findings
from journeykit.journeys import trace_paths
from journeykit.journeys.contrasts import compare_kinds_of_contact
from journeykit.journeys.offers import compare_entry_offers, count_attendance
from journeykit.journeys.skips import count_skips
from tests.test_journeys import cell, log_of

OLD, END = {f"old{n}": [(0, "search")] for n in range(10)}, {"end": [(300, "search")]}


def paths_of(journeys: dict, min_group: int = 1):
    return trace_paths(log_of({**OLD, **journeys, **END}), min_group=min_group)


JUMPS = {
    "none": [(40, "aw"), (41, "co"), (42, "de"), (43, "ac")],
    "later": [(40, "aw"), (41, "co"), (42, "ac"), (43, "lo")],  # skips the decision on its second step
    "twice": [(40, "aw"), (41, "de"), (42, "lo")],  # two jumps of one: the first of them
    "back": [(40, "aw"), (41, "de"), (42, "co"), (43, "ac")],  # a stage that was left out is shown afterwards
    "last": [(40, "aw"), (41, "lo")],  # skips three, and nothing is later than loyalty
    "young": [(280, "aw"), (281, "ac"), (282, "lo")],
}


def test_a_customer_stands_with_the_longest_jump_anywhere_on_the_way():
    skips = count_skips(paths_of(JUMPS)).set_index("skipped_stages")
    assert skips.loc[[0, 1], "customers"].tolist() == [1, 3]
    assert skips.loc[1, "later_stage_reached_share"] == 1
    assert skips.loc[1, "left_out_mean"] == pytest.approx((1 + 2 + 0) / 3)
    assert skips.loc[3, "held_back"]


def landing(k: int, on: bool) -> list[tuple]:
    """Leave awareness with k stages skipped, and go on or not."""
    step = ("co", "de", "ac")[k]
    return [(40, "aw"), (45, step), *([(50, "lo")] if on else [])]


@pytest.mark.parametrize(("none", "two"), [(30, 6), (6, 30)])
def test_where_nobody_else_lands_the_stage_that_both_left_is_compared(none, two):
    journeys = {f"n{n}": landing(0, n < none) for n in range(40)}
    journeys |= {f"s{n}": landing(2, n < two) for n in range(40)}
    skips = count_skips(paths_of({**journeys, "z": [(40, "de")]}, 10))
    assert cell(skips, "compared_within", persona="all", skipped_stages=2) == "left"
    assert cell(skips, "effect", persona="all", skipped_stages=2) == pytest.approx((two - none) / 40)


def test_stages_that_differ_are_no_effect_of_skipping():
    """Who goes from consideration to decision stops there, as its other visitors do not: both comparisons disagree."""
    journeys = {f"n{n}": [(40, "aw"), (45, "co"), (51, "de")] for n in range(40)}
    journeys |= {f"s{n}": [(40, "aw"), (51, "de"), *([(55, "lo")] if n < 20 else [])] for n in range(40)}
    skips = count_skips(paths_of(journeys, 10))
    assert np.isnan(cell(skips, "effect", persona="all", skipped_stages=1))


def chance(n: int, leave: float, on: float, seed: int) -> dict:
    """Return customers of whom each stage is left out, and going on decided, by chance alone."""
    random, journeys = np.random.default_rng(seed), {}
    for at in range(n):
        steps = [(40.0, "aw")]
        for stage in ("co", "de", "ac", "lo"):
            if random.random() > on:
                break
            if stage == "lo" or random.random() > leave:
                steps.append((steps[-1][0] + 2, stage))
        journeys[f"c{at}"] = steps
    return journeys


def test_leaving_out_by_chance_costs_nothing():
    """By customer the share differs: who never skips has stopped early more often. By step it does not."""
    found = count_skips(paths_of(chance(1500, 0.25, 0.7, 1), 10)).set_index("skipped_stages")
    assert found.loc[1, "p_value"] > 0.05 and found.loc[1, "effect_low"] < 0 < found.loc[1, "effect_high"]
    assert found.loc[0, "later_stage_reached_share"] < found.loc[1, "later_stage_reached_share"]


def talked(n: int, buys: int, kind: str) -> dict:
    return {
        f"{kind}{at}": [(40, "aw"), (41, kind), (42, "co"), *([(45, "purchase")] if at < buys else [])]
        for at in range(n)
    }


def test_talking_is_held_against_not_talking_among_those_who_came_as_far():
    paths = paths_of({**talked(40, 30, "meeting"), **talked(40, 10, "video_view")}, 10)
    row = compare_kinds_of_contact(paths).set_index("contrast").loc["conversation"]
    assert row[["customers", "share", "other_customers", "other_share"]].tolist() == [40, 0.75, 40, 0.25]
    assert row["effect"] == pytest.approx(0.5) and row["p_value"] < 1e-4


def test_paid_is_held_against_earned_and_what_is_not_known_counts_in_neither():
    def first(paid, n: int, on: int) -> dict:
        steps = [(40, "aw", "web", {"paid": paid})]
        return {f"{paid}{at}": steps + ([(42, "co")] if at < on else []) for at in range(n)}

    unknown = {f"u{at}": [(40, "search"), (42, "co")] for at in range(20)}
    paths = paths_of({**first(True, 20, 5), **first(False, 20, 15), **unknown}, 10)
    table = compare_kinds_of_contact(paths)
    row = table[table["contrast"] == "paid"].set_index("outcome").loc["goes_on"]
    assert row["share"] == 0.25 and row["other_customers"] == 20 and row["other_share"] == 0.75


def order(day: int, product: str, value: float) -> tuple:
    return (day, "purchase", "web", {"product": product, "value": value})


OFFERS = {
    **{f"demo{at}": [(40, "demo_request"), *([(50, "purchase")] if at < 8 else [])] for at in range(10)},
    "before": [(40, "purchase"), (50, "demo_request"), (55, "purchase")],  # had bought: no first commitment
    "late": [(40, "demo_request"), (120, "purchase")],
    "small": [order(40, "sample", 1.0), order(60, "set", 90.0)],
    "smaller": [order(40, "sample", 1.0), order(50, "sample", 2.0)],
    "large": [order(40, "set", 80.0), order(41, "set", 99.0)],
}  # fmt: skip


def test_an_entry_offer_leads_to_the_core_offer_or_does_not():
    table = compare_entry_offers(paths_of(OFFERS)).set_index("offer")
    assert table.loc["demo_request", ["kind", "customers", "bought"]].tolist() == ["commitment", 11, 8]
    assert table.loc["sample", ["kind", "customers", "bought"]].tolist() == ["first_order", 2, 1]
    assert "set" not in table.index


SIGNED = {
    "came": [(40, "webinar_sign_up"), (45, "webinar_attended")],
    "missed": [(40, "webinar_sign_up"), (200, "webinar_attended")],  # another one, 160 days later
    "early": [(40, "webinar_attended"), (50, "webinar_sign_up")],
    "young": [(290, "webinar_sign_up")],
}


def test_who_signed_up_is_followed_to_attending():
    row = count_attendance(paths_of(SIGNED)).iloc[0]
    assert row[["customers", "attended", "days_median"]].tolist() == [3, 1, 5]
    assert count_attendance(
        paths_of({"a": [(40, "webinar_sign_up")]})
    ).empty  # attending is not recorded at all


@pytest.mark.slow
def test_the_same_people_are_not_told_of_twice():
    """Where whoever talks is whoever acts, one sentence is enough."""
    from journeykit.journeys import map_journeys

    log = log_of({**OLD, **talked(40, 30, "meeting"), **talked(40, 10, "video_view"), **END})
    keys = [one.key for one in contrast_findings(map_journeys(log))]
    assert keys.count("talking_buys") == 1 and len(keys) == len(set(keys))
