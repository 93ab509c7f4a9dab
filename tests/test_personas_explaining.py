"""Why somebody belongs: contributions that add up to the odds, and honest refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from persona_people import QUICK, people

from journeykit.errors import JourneykitError
from journeykit.personas import PersonaClusterer, explain


def row(values: list[float | None], contacts: float = 50.0) -> pd.DataFrame:
    frame = pd.DataFrame([[np.nan if value is None else value for value in values]], index=["x"])
    return frame.set_axis([f"block.t{place}" for place in range(8)], axis=1).assign(
        **{"evidence.contacts": contacts}
    )


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.floats(-6, 6), min_size=8, max_size=8))
def test_contributions_and_base_are_the_log_odds(fitted, values):
    """The law: base plus all contributions is the log of the odds of the two best personas."""
    frame = row(values)
    why = explain(fitted, frame, strongest=None)
    if why["persona"].isna().all():
        assert why["reason"].tolist() == ["far"]
        return
    odds = np.sort(np.log(np.maximum(fitted.predict_proba(frame)[0], 1e-300)))
    assert why["base"].iloc[0] + why["contribution"].sum() == pytest.approx(odds[-1] - odds[-2], abs=1e-6)
    assert why["log_odds"].iloc[0] == pytest.approx(odds[-1] - odds[-2], abs=1e-6)
    assert why["log_odds"].iloc[0] >= 0


def test_what_is_not_shown_is_in_the_rest(fitted):
    frame = people()[0]
    why = explain(fitted, frame, strongest=2)
    sums = why.groupby("unit_id")["contribution"].sum() + why.groupby("unit_id")[
        ["base", "rest"]
    ].first().sum(axis=1)
    pd.testing.assert_series_equal(sums, why.groupby("unit_id")["log_odds"].first(), check_names=False)
    assert why.groupby("unit_id").size().max() == 2


def test_the_average_and_the_unseen_add_nothing(fitted):
    middle = pd.DataFrame([fitted.space_.centre + fitted.space_.scale * fitted.space_.mean], index=["x"])
    middle = middle.set_axis([f"block.t{place}" for place in fitted.space_.kept], axis=1).assign(
        **{"evidence.contacts": 50.0}
    )
    for frame in (middle, row([None] * 8)):
        why = explain(fitted, frame, strongest=None)
        assert why["contribution"].to_numpy() == pytest.approx(0, abs=1e-9)
        assert why["log_odds"].to_numpy() == pytest.approx(why["base"].to_numpy())


def test_a_contribution_follows_its_trait(fitted):
    frame = people()[0].iloc[[0]]
    why = explain(fitted, frame, strongest=None)
    first = why.iloc[0]
    moved = frame.copy()
    moved[first["trait"]] -= 0.1 * np.sign(first["standing"])
    then = explain(fitted, moved, strongest=None).set_index("trait").loc[first["trait"]]
    assert first["contribution"] > 0
    assert then["contribution"] < first["contribution"]


def test_rows_name_the_persona_the_rival_and_their_probabilities(fitted):
    frame = people()[0]
    why = explain(fitted, frame).dropna(subset=["persona"]).drop_duplicates("unit_id").set_index("unit_id")
    sure = pd.DataFrame(fitted.predict_proba(frame), index=frame.index, columns=["p1", "p2", "p3"]).loc[
        why.index
    ]
    assert (sure.idxmax(axis=1) == why["persona"]).all()
    assert np.allclose(np.sort(sure)[:, -1], why["probability"])
    assert np.allclose(np.sort(sure)[:, -2], why["against_probability"])
    assert (why["persona"] != why["against"]).all()


def test_blocks_add_up_and_traits_point_to_whom_they_speak_for(fitted):
    frame = people()[0].rename(columns={"block.t0": "other.t0", "block.t1": "other.t1"})
    clusterer = PersonaClusterer(**QUICK).fit(frame)
    why = explain(clusterer, frame.iloc[:20], strongest=None)
    sums = why.groupby(["unit_id", "block"])["contribution"].transform("sum")
    assert np.allclose(sums, why["block_contribution"])
    assert set(why["block"]) == {"block", "other"}
    assert (why["toward"] == np.where(why["contribution"] >= 0, why["persona"], why["against"])).all()
    size = why["contribution"].abs().groupby(why["unit_id"])
    assert size.apply(lambda sizes: sizes.is_monotonic_decreasing).all()


def test_who_is_not_placed_has_a_reason(fitted):
    frame = pd.concat(
        [row([0.0] * 8, contacts=3).rename({"x": "few"}), row([90.0, -90.0] * 4).rename({"x": "far"})]
    )
    why = explain(fitted, frame).set_index("unit_id")
    assert why["reason"].to_dict() == {"few": "too_few_contacts", "far": "far"}
    assert why.drop(columns="reason").isna().all(axis=None)


def test_where_there_are_no_personas_nobody_belongs():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(80, 4)), columns=list("abcd")).assign(**{"evidence.contacts": 40.0})
    why = explain(PersonaClusterer(**QUICK).fit(frame), frame)
    assert set(why["reason"]) == {"no_personas"}
    assert len(why) == 80


def test_units_come_in_the_order_asked_and_do_not_depend_on_the_others(fitted):
    frame = people()[0]
    asked = ["c0300", "c0004", "c0170"]
    why = explain(fitted, frame, asked)
    assert why["unit_id"].drop_duplicates().tolist() == asked
    alone = explain(fitted, frame.iloc[::-1], ["c0004"])
    pd.testing.assert_frame_equal(alone, why[why["unit_id"] == "c0004"].reset_index(drop=True))


def test_an_unknown_unit_names_the_nearest(fitted):
    with pytest.raises(JourneykitError, match=r"c03000"):
        explain(fitted, people()[0], ["c03000"])
    with pytest.raises(JourneykitError, match="none of the traits"):
        explain(fitted, pd.DataFrame({"x": [1.0]}))


def test_nobody_asked_nobody_told(fitted):
    assert explain(fitted, people()[0], []).empty
