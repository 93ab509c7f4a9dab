"""Personas over time: who is who, and who moved, where the truth is known."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from persona_people import QUICK, people

from journeykit.errors import JourneykitError
from journeykit.findings import control
from journeykit.findings.changes import change_findings
from journeykit.intervals import compare_shares
from journeykit.personas import PersonaClusterer, load_personas, match_personas, personas_of, save_personas
from journeykit.reports.changes import moves_table, persona_changes
from journeykit.reports.earlier import earlier_mark
from journeykit.reports.following import EarlierPersonas, follow_personas
from tests.examples import examples

DAY = "2026-01-31"


def members(**counts: int) -> pd.Series:
    """Return a persona per unit: so many of each, in order."""
    ids = [persona for persona, count in counts.items() for _ in range(count)]
    return pd.Series(ids, index=[f"c{place:04d}" for place in range(len(ids))])


def pairs(match) -> dict[str, str]:
    return dict(zip(match.pairs["before"], match.pairs["after"], strict=True))


def keys(match) -> set[str]:
    return {found.key for found in control(change_findings(match, DAY, {}, {}, 10))}


def test_the_same_people_under_other_ids_are_the_same_personas():
    before = members(p1=60, p2=50, p3=40)
    match = match_personas(before, before.replace({"p1": "p3", "p2": "p1", "p3": "p2"}))
    assert pairs(match) == {"p1": "p3", "p2": "p1", "p3": "p2"}
    assert match.ids() == {"p3": "p1", "p1": "p2", "p2": "p3"}
    assert match.births == match.deaths == () and match.moves.empty
    assert match.stays.set_index("persona").loc["all", "share"] == 1
    assert keys(match) == {"personas_again", "persona_stayed"}


def test_a_persona_that_splits_leaves_its_id_to_the_larger_part():
    before = members(p1=100, p2=50)
    after = before.copy()
    after.iloc[70:100] = "p3"
    match = match_personas(before, after)
    assert pairs(match) == {"p1": "p1", "p2": "p2"} and match.births == ("p3",)
    assert match.splits[["from", "to"]].values.tolist() == [["p1", "p1"], ["p1", "p3"]]
    row = match.splits.iloc[1]
    assert (row["customers"], row["of"], row["share"]) == (30, 30, 1.0) and row["low"] > 0.85
    assert "persona_split" in keys(match) and "persona_born" not in keys(match)


def test_a_persona_that_merges_into_another_is_gone():
    before = members(p1=100, p2=60, p3=40)
    match = match_personas(before, before.replace({"p3": "p1"}))
    assert pairs(match) == {"p1": "p1", "p2": "p2"} and match.deaths == ("p3",)
    assert match.merges[["from", "to", "customers"]].values.tolist() == [["p1", "p1", 100], ["p3", "p1", 40]]
    assert "persona_merged" in keys(match) and "persona_gone" not in keys(match)


def test_new_people_of_a_new_kind_are_a_birth_that_takes_no_old_id():
    before = members(p1=60, p2=50)
    after = pd.concat([before, pd.Series("p3", index=[f"n{place}" for place in range(40)])])
    match = match_personas(before, after)
    assert match.births == ("p3",) and match.splits.empty
    assert match.ids(last=7) == {"p1": "p1", "p2": "p2", "p3": "p8"}
    assert "persona_born" in keys(match)
    size = match.sizes.set_index("to").loc["p3"]
    assert (size["before"], size["after"]) == (0, 40 / 150) and size["low"] > 0


def test_people_who_left_are_a_death():
    before = members(p1=60, p2=50, p3=30)
    match = match_personas(before, before[before != "p3"])
    assert match.deaths == ("p3",) and match.merges.empty
    assert "persona_gone" in keys(match)
    assert match.ids() == {"p1": "p1", "p2": "p2"}


def test_strangers_are_matched_by_what_they_do():
    profile = pd.DataFrame({"email": [1.0, -0.8, 0.1], "evening": [-0.5, 0.1, 0.9]}, index=["p1", "p2", "p3"])
    others = (profile + 0.05).rename(index={"p1": "p2", "p2": "p3", "p3": "p1"})
    before, after = members(p1=20, p2=20, p3=20), members(p1=20, p2=20, p3=20).add_prefix("x")
    match = match_personas(before, after, profile_before=profile, profile_after=others)
    assert pairs(match) == {"p1": "p2", "p2": "p3", "p3": "p1"}
    assert match.pairs["overlap"].isna().all() and match.moves.empty
    unlike = match_personas(before, after, profile_before=profile, profile_after=-others)
    assert pairs(unlike) != pairs(match)
    nothing = match_personas(before, after)
    assert nothing.pairs.empty and nothing.births == nothing.deaths == ("p1", "p2", "p3")


def test_those_who_changed_do_not_blur_which_persona_is_which():
    """Most people of p1 do as p2 do now: as they are placed again today, p1 and p2 are what they were."""
    before = members(p1=100, p2=100)
    after = before.copy()
    after.iloc[:70] = "p2"
    match = match_personas(before, after, again=after)
    assert pairs(match) == {"p1": "p1", "p2": "p2"}
    moves = match.moves.iloc[0]
    assert (moves["from"], moves["to"], moves["share"], moves["returned"]) == ("p1", "p2", 0.7, 0)
    assert moves["low"] < 0.7 < moves["high"] and moves["p_value"] < 1e-9
    assert {"persona_moved", "persona_grown", "persona_shrunk"} <= keys(match)


def test_an_even_exchange_is_no_finding():
    before = members(p1=100, p2=100)
    after = before.copy()
    after.iloc[:15], after.iloc[100:115] = "p2", "p1"
    found = keys(match_personas(before, after))
    assert found == {"personas_again", "persona_stayed"}


def test_newcomers_in_the_place_of_those_who_left_are_another_persona():
    """The old model puts the newcomers where p2 was, for want of a better place; they do other things."""
    profile = pd.DataFrame({"email": [0.9, -0.9], "evening": [0.2, -0.2]}, index=["p1", "p2"])
    after_profile = pd.DataFrame({"email": [0.5, -0.3], "evening": [0.3, 0.9]}, index=["p1", "p2"])
    before = members(p1=60, p2=50)
    after = pd.concat([before[:60], pd.Series("p2", index=[f"n{place}" for place in range(50)])])
    match = match_personas(before, after, profile_before=profile, profile_after=after_profile, again=after)
    assert pairs(match) == {"p1": "p1"} and match.births == match.deaths == ("p2",)
    assert match.ids() == {"p1": "p1", "p2": "p3"}


@pytest.mark.slow
@settings(max_examples=examples(20, 60), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("wxyz")), min_size=8, max_size=60),
    st.permutations("wxyz"), st.randoms(use_true_random=False),
)  # fmt: skip
def test_other_labels_of_today_and_another_order_change_nothing_else(people_, names, random):
    ids = [f"c{place}" for place in range(len(people_))]
    before, after = (pd.Series([one[side] for one in people_], index=ids) for side in (0, 1))
    renamed = dict(zip("wxyz", names, strict=True))
    order = random.sample(ids, len(ids))
    one = match_personas(before, after)
    other = match_personas(before[order], after[order].map(renamed))
    assert {old: renamed[new] for old, new in pairs(one).items() if _sure(one, old)} == {
        old: new for old, new in pairs(other).items() if _sure(other, old)
    }
    assert match_personas(before[order], after[order]).pairs.equals(one.pairs)


def _sure(match, persona: str) -> bool:
    """More than half comes back: only one persona can be meant."""
    return bool(match.pairs.set_index("before").at[persona, "score"] > 0.5)


def test_a_unit_that_stands_twice_is_refused():
    twice = pd.Series(["p1", "p2"], index=["a", "a"])
    with pytest.raises(JourneykitError, match="'a' stands twice"):
        match_personas(twice, twice)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_the_interval_of_a_difference_covers_as_often_as_it_says(correlation):
    """Two shares of 30 % and 35 %, of the same people or of others: 95 of 100 intervals hold the difference."""
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(2000):
        first = rng.random(400) < 0.30
        again = np.where(first, rng.random(400) < 0.95, rng.random(400) < (0.35 - 0.285) / 0.70)
        second = again if correlation else rng.random(400) < 0.35
        phi = float(np.corrcoef(first, second)[0, 1]) if correlation else 0.0
        found = compare_shares(first.mean(), 400, second.mean(), 400, phi)
        covered.append(found["low"] <= 0.05 <= found["high"])
    assert 0.93 < np.mean(covered) < 0.97


def test_shares_of_the_same_people_are_compared_as_pairs():
    before = members(p1=200, p2=200)
    after = before.copy()
    after.iloc[:12] = "p2"
    same = match_personas(before, after).sizes.set_index("to").loc["p2"]
    others = compare_shares(0.5, 400, 212 / 400, 400)
    assert same["significant"] and not others["significant"]
    assert same["high"] - same["low"] < others["high"] - others["low"]


def test_rows_of_changes_hold_back_small_groups():
    before = members(p1=100, p2=60, p3=8)
    after = before.copy()
    after.iloc[:20], after.iloc[160:] = "p2", "p4"
    match = match_personas(before, after)
    rows = pd.DataFrame(persona_changes(match, min_group=10))
    assert set(rows["figure"]) == {"persona_share", "persona_moved"} and "p3" not in set(rows["persona"])
    left = rows[(rows["figure"] == "persona_moved") & (rows["persona"] == "p1")].iloc[0]
    assert left["after"] == pytest.approx(0.2) and left["low"] < 0.2 < left["high"]
    moves = moves_table(match_personas(before, after.replace({"p4": "p1"})), 10).set_index("from")
    assert moves.loc["p3", "held_back"] and np.isnan(moves.loc["p3", "customers"])
    assert moves.loc["p1", "customers"] == 20


def earlier_of(clusterer: PersonaClusterer, traits: pd.DataFrame) -> EarlierPersonas:
    placed = personas_of(clusterer.predict(traits), traits.index, clusterer.ids_)
    names = [f"Name of {one}" for one in clusterer.ids_]
    table = pd.DataFrame({"name_nl": names, "name_en": names}, index=pd.Index(clusterer.ids_, name="persona"))
    return EarlierPersonas(DAY, clusterer, placed, table)


def test_personas_learned_anew_keep_their_ids_through_a_file(tmp_path):
    """The smallest group grows into the largest: its id stays, though personas are numbered by size."""
    traits, truth = people(sizes=(160, 110, 80))
    old = PersonaClusterer(k=3, **QUICK).fit(traits).keep_ids({"p3": "p5"})
    path = save_personas(old, tmp_path / "personas.skops")
    grown = pd.concat(
        [traits, traits[truth == 2].add_prefix("n", axis=0), traits[truth == 2].add_prefix("m", axis=0)]
    )
    new = PersonaClusterer(k=3, **QUICK).fit(grown)
    profile = grown.drop(columns="evidence.contacts")
    match = follow_personas(earlier_of(load_personas(path), traits), new, grown, profile)
    assert new.ids_ == ("p5", "p1", "p2") and new.last_id_ == 5
    assert pairs(match) == {"p1": "p1", "p2": "p2", "p5": "p5"}
    assert personas_of(new.predict(traits), traits.index, new.ids_)[truth == 2].unique().tolist() == ["p5"]
    assert load_personas(save_personas(new, tmp_path / "next.skops")).ids_ == new.ids_


def test_the_number_of_a_persona_that_is_gone_is_not_given_again():
    traits, truth = people(sizes=(160, 110, 80))
    old = PersonaClusterer(k=3, **QUICK).fit(traits)
    old.keep_ids({}, last=6)
    less = traits[truth != 2]
    middle = PersonaClusterer(k=2, **QUICK).fit(less)
    follow_personas(earlier_of(old, traits), middle, less, less.drop(columns="evidence.contacts"))
    assert middle.ids_ == ("p1", "p2") and middle.last_id_ == 6
    back = PersonaClusterer(k=3, **QUICK).fit(traits)
    match = follow_personas(earlier_of(middle, less), back, traits, traits.drop(columns="evidence.contacts"))
    assert back.ids_ == ("p1", "p2", "p7") and match.births == ("p7",)


def test_saved_personas_keep_their_own_ids():
    traits, _ = people()
    old = PersonaClusterer(k=3, **QUICK).fit(traits).keep_ids({"p1": "p2", "p2": "p1"})
    new = PersonaClusterer(k=3, **QUICK).fit(traits)
    profile = traits.drop(columns="evidence.contacts")
    assert follow_personas(earlier_of(old, traits), new, traits, profile, fixed=True) is None
    assert new.ids_ == ("p1", "p2", "p3")
    same = follow_personas(earlier_of(new, traits), new, traits, profile, fixed=True)
    assert same is not None and same.births == ()


def test_a_report_is_made_again_when_an_earlier_one_changes(tmp_path):
    def leave(day: str, personas: list[str | None]) -> None:
        folder = tmp_path / day / "tables"
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / "run.json").write_text(json.dumps({"status": "ok"}))
        pd.DataFrame({"customer_id": ["a", "b"], "persona": personas}).to_parquet(
            folder / "customers.parquet"
        )

    marks = [earlier_mark(tmp_path, "2026-03-31")]
    for day, personas in (
        ("2026-01-31", ["p1", "p2"]),
        ("2026-02-28", [None, None]),
        ("2026-01-31", ["p2", "p1"]),
    ):
        leave(day, personas)
        marks.append(earlier_mark(tmp_path, "2026-03-31"))
    assert marks[0] == "" and len(set(marks)) == 4
    leave("2026-04-30", ["p1", "p1"])
    assert earlier_mark(tmp_path, "2026-03-31") == marks[-1], "a later report changes nothing"
    assert earlier_mark(tmp_path, "latest") == ""
