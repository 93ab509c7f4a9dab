"""Rules that recognise the people of a persona: readable, honest about strangers, silent about the few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journeykit.errors import JourneykitError
from journeykit.personas import meets_rule, recruit_rules, rule_tree
from journeykit.personas.conditions import holds, readable_parts, thresholds


def customers(sizes=(150, 100, 80), seed=0) -> tuple[pd.DataFrame, pd.Series]:
    """Return the profile and personas of email readers, evening visitors and the rest."""
    rng = np.random.default_rng(seed)
    persona = pd.Series(np.repeat(["p1", "p2", "p3"], sizes))
    profile = pd.DataFrame(
        {
            "channel_share.email": np.where(
                persona == "p2", rng.beta(6, 5, sum(sizes)), rng.beta(2, 9, sum(sizes))
            ),
            "daypart_share.evening": np.where(
                persona == "p3", rng.beta(7, 4, sum(sizes)), rng.beta(2, 7, sum(sizes))
            ),
            "gap_days": rng.lognormal(2, 1, sum(sizes)),
            "orders": rng.poisson(3, sum(sizes)),
            "order_value_mean": rng.lognormal(4, 0.5, sum(sizes)),
            "rating_mean": np.where(rng.random(sum(sizes)) < 0.8, np.nan, 8.0 + (persona == "p2")),
            "first_contact_at": pd.Timestamp("2026-01-01"),
        }
    )
    index = pd.Index([f"c{place:03d}" for place in range(len(persona))], name="unit_id")
    return profile.set_index(index), persona.set_axis(index)


@pytest.fixture(scope="module")
def rules() -> pd.DataFrame:
    return recruit_rules(*customers()).set_index("persona")


def test_a_rule_says_what_sets_the_persona_apart(rules):
    first = rules.loc["p2", "rule"][0]
    assert (first["measure"], first["op"]) == ("channel_share.email", "at_least")
    assert 0.2 <= first["threshold"] <= 0.5
    assert rules.loc["p2", "precision"] > 0.8
    assert rules.loc["p2", "recall"] > 0.5


def test_the_figures_of_a_rule_hang_together(rules):
    profile, personas = customers()
    for persona, row in rules.iterrows():
        assert row["precision_low"] <= row["precision"] <= row["precision_high"]
        assert row["recall_low"] <= row["recall"] <= row["recall_high"]
        assert row["precision_low"] > row["base_rate"]
        assert row["customers"] == meets_rule(profile, row["rule"]).sum()
        assert row["base_rate"] == pytest.approx((personas == persona).mean())


def test_a_rule_has_at_most_three_conditions_on_different_measures(rules):
    for rule in rules["rule"]:
        measures = [condition["measure"] for condition in rule]
        assert 1 <= len(measures) <= 3
        assert len(set(measures)) == len(measures)


def test_no_condition_asks_for_what_most_lack(rules):
    """The rating tells p2 apart, but four in five never gave one."""
    assert all(condition["measure"] != "rating_mean" for rule in rules["rule"] for condition in rule)


def test_a_rule_is_judged_on_strangers():
    """On noise alone, whoever judges a rule on its own makers finds one."""
    rng = np.random.default_rng(1)
    profile = pd.DataFrame(rng.random((120, 40)), columns=[f"channel_share.c{place}" for place in range(40)])
    found = recruit_rules(profile, pd.Series(rng.permutation(np.repeat(["p1", "p2"], 60))))
    assert found["rule"].tolist() == [[], []]
    assert set(found["reason"]) == {"no_better"}
    assert found[["precision", "recall"]].isna().all(axis=None)
    assert found["customers"].isna().all()


def test_small_personas_get_no_rule_and_no_figures():
    profile, personas = customers(sizes=(150, 100, 9))
    row = recruit_rules(profile, personas).set_index("persona").loc["p3"]
    assert (row["rule"], row["reason"]) == ([], "too_small")
    assert row.drop(["rule", "reason"]).isna().all()


@pytest.mark.parametrize("min_group", [5, 30, 90])
def test_no_rule_describes_fewer_than_the_smallest_group(min_group):
    profile, personas = customers()
    found = recruit_rules(profile, personas, min_group=min_group)
    tree = rule_tree(profile, personas, min_group=min_group)
    assert (found["customers"].dropna() >= min_group).all()
    assert (tree.frame["customers"] >= min_group).all()


def test_no_level_of_an_attribute_with_few_customers_is_used():
    profile, personas = customers()
    rare = pd.Series("common", index=profile.index).mask(np.arange(len(profile)) % 50 == 0, "rare")
    attributes = pd.DataFrame({"kind": rare.where(personas != "p2", "other")})
    found = recruit_rules(profile, personas, attributes=attributes)
    levels = [c["threshold"] for rule in found["rule"] for c in rule if c["op"] == "in"]
    assert levels
    assert all("rare" not in level for level in levels)


@pytest.mark.parametrize("levels", [["north", "south", "east"], [True, False, False]])
def test_attributes_in_words_become_levels(levels):
    profile, personas = customers()
    attributes = pd.DataFrame({"place": personas.map(dict(zip(["p1", "p2", "p3"], levels, strict=True)))})
    rule = recruit_rules(profile, personas, attributes=attributes)["rule"].iloc[0]
    assert rule == [{"measure": "place", "op": "in", "threshold": [str(levels[0])]}]
    assert meets_rule(profile, rule, attributes=attributes).equals((personas == "p1").rename("meets_rule"))


def test_customers_without_a_persona_are_left_out():
    profile, personas = customers()
    half = personas.where(np.arange(len(personas)) % 3 > 0, None)
    found = recruit_rules(profile, half)
    assert found["base_rate"].sum() == pytest.approx(1)
    assert found["customers"].max() < half.notna().sum()


@pytest.mark.parametrize("seed", range(3))
def test_other_order_and_other_ids_give_the_same(seed):
    profile, personas = customers()
    order = np.random.default_rng(seed).permutation(len(profile))
    ids = pd.Index([f"z{place}" for place in np.random.default_rng(seed).permutation(len(profile))])
    others = profile.iloc[order].set_index(ids), personas.iloc[order].set_axis(ids)
    pd.testing.assert_frame_equal(recruit_rules(*others), recruit_rules(profile, personas))
    here, there = rule_tree(profile, personas), rule_tree(*others)
    pd.testing.assert_frame_equal(here.frame, there.frame)
    assert here.fidelity == there.fidelity


def test_nothing_in_common_is_an_error():
    profile, personas = customers()
    with pytest.raises(JourneykitError, match="no unit in common"):
        recruit_rules(profile.add_prefix("x", axis=0), personas)
    with pytest.raises(JourneykitError, match="no persona has 10 customers"):
        rule_tree(profile, personas.where(personas.isna(), None))
    with pytest.raises(JourneykitError, match="Did you mean 'orders'"):
        meets_rule(profile, [{"measure": "order", "op": "at_least", "threshold": 1}])


def test_nobody_placed_gives_an_empty_table():
    profile, personas = customers()
    assert recruit_rules(profile, personas.where(personas.isna(), None)).empty


@pytest.mark.parametrize(
    ("operator", "threshold", "expected"),
    [("at_least", 2, [False, True, True, False]), ("at_most", 2, [True, True, False, False]),
     ("less_than", 2, [True, False, False, False]), ("in", ["2.0"], [False, True, False, False])],
)  # fmt: skip
def test_conditions_hold_as_they_read(operator, threshold, expected):
    values = pd.Series([1.0, 2.0, 3.0, np.nan])
    condition = {"measure": "orders", "op": operator, "threshold": threshold}
    assert holds(condition, values).tolist() == expected
    assert holds(condition | {"or_missing": True}, values).tolist() == [*expected[:3], True]


@pytest.mark.parametrize(
    ("measure", "value", "expected"),
    [("channel_share.email", 0.0342, 0.03), ("channel_share.email", 0.432, 0.45), ("weekend_share", 0.978, 0.98),
     ("gap_days", 20.2, 21), ("gap_days", 0.51, 0.5), ("span_days", 171.0, 183), ("orders", 7, 7), ("orders", 43, 45),
     ("orders", 17, 17), ("order_value_mean", 52.3, 50), ("order_value_mean", 8.61, 8.5), ("active_days", 45, 45),
     ("value_total", 0, 0)],
)  # fmt: skip
def test_thresholds_are_written_as_a_person_would(measure, value, expected):
    assert thresholds(measure, np.full(9, value)).tolist() == [expected]


@settings(max_examples=40, deadline=None)
@example([5e-324], "value_total")
@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
    st.sampled_from(["value_total", "gap_days", "orders"]),
)
def test_thresholds_are_few_and_stay_near_the_values(values, measure):
    steps = thresholds(measure, np.array(values))
    assert 0 < len(steps) <= 21
    if measure == "value_total":
        assert max(values) * 1.13 + 1 >= steps.max()
        assert min(values) * 0.87 - 1 <= steps.min()


def test_moments_constants_and_long_lists_are_not_readable():
    profile, _ = customers()
    attributes = pd.DataFrame({"name": profile.index, "same": 1, "member": True}, index=profile.index)
    attributes.loc["c000", "member"] = False
    numbers, levels = readable_parts(profile, attributes)
    assert sorted(numbers) == [
        "channel_share.email", "daypart_share.evening", "gap_days", "order_value_mean", "orders",
    ]  # fmt: skip
    assert list(levels) == ["member"]


@pytest.fixture(scope="module")
def tree():
    return rule_tree(*customers())


def test_the_tree_is_faithful_where_personas_are_clear(tree):
    assert tree.fidelity_low < tree.fidelity < tree.fidelity_high
    assert tree.balanced_low < tree.balanced < tree.balanced_high
    assert tree.fidelity > 0.85 > tree.base_rate


def test_the_ends_of_the_tree_part_all_customers(tree):
    profile, personas = customers()
    frame = tree.frame
    assert frame["customers"].sum() == len(profile)
    for row in frame.itertuples():
        here = meets_rule(profile, row.conditions)
        assert here.sum() == row.customers
        assert (personas[here] == row.persona).mean() == pytest.approx(row.purity)
        assert (here & (personas == row.persona)).sum() / (personas == row.persona).sum() == pytest.approx(
            row.share_of_persona
        )
        assert len(row.conditions) <= 3


def test_the_tree_predicts_what_its_ends_say(tree):
    profile, personas = customers()
    right = (tree.predict(profile) == personas).mean()
    assert right == pytest.approx((tree.frame["customers"] * tree.frame["purity"]).sum() / len(profile))
    assert right >= tree.fidelity - 0.05


def test_a_gap_has_its_own_branch():
    profile, personas = customers()
    profile["order_value_mean"] = np.where(personas == "p1", np.nan, np.where(personas == "p2", 20.0, 80.0))
    found = rule_tree(profile[["order_value_mean"]], personas)
    assert found.fidelity > 0.5
    assert found.predict(profile).notna().all()
    told = [condition for row in found.frame["conditions"] for condition in row]
    assert any(condition["op"] == "missing" or condition.get("or_missing") for condition in told)


def test_a_large_log_is_sampled_and_small_personas_stay(monkeypatch):
    monkeypatch.setattr("journeykit.personas.rule_trees.MOST_LEARNT", 60)
    profile, personas = customers(sizes=(200, 100, 12))
    found = rule_tree(profile, personas)
    assert found.frame["customers"].sum() == len(profile)
    assert 0.5 < found.fidelity <= 1


def test_noise_is_no_better_than_the_largest_persona():
    rng = np.random.default_rng(2)
    profile = pd.DataFrame(rng.random((200, 5)), columns=[f"channel_share.c{place}" for place in range(5)])
    found = rule_tree(profile, pd.Series(rng.permutation(np.repeat(["p1", "p2"], 100))))
    assert found.fidelity_low < found.base_rate


def test_a_tree_without_measures_is_one_end():
    _, personas = customers()
    found = rule_tree(pd.DataFrame(index=personas.index), personas)
    assert found.frame["persona"].tolist() == ["p1"]
    assert found.frame["conditions"].tolist() == [[]]
    assert set(found.predict(pd.DataFrame(index=personas.index))) == {"p1"}
