"""The vocabulary: complete in both languages, and a home for raw names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeykit.stage_models import load_stage_model, stage_model_ids
from journeykit.touchpoints import load_channels, load_vocabulary, safe_identifier


@pytest.mark.parametrize("touchpoint", load_vocabulary().values(), ids=lambda touchpoint: touchpoint.id)
def test_a_touchpoint_is_complete(touchpoint):
    assert touchpoint.name["nl"] and touchpoint.name["en"]
    assert touchpoint.interaction in ("interactive", "passive")
    assert touchpoint.paid in (True, False, None)


@pytest.mark.parametrize("model", stage_model_ids())
def test_stage_models_use_the_vocabulary_only(model):
    chosen = load_stage_model(model)
    used = chosen.touchpoints | {name for part in chosen.components for name in part.touchpoints}
    assert used <= set(load_vocabulary())


def test_channels_are_named_in_both_languages():
    assert {"email", "search", "store", "phone"} <= set(load_channels())
    assert all(channel.name["nl"] and channel.name["en"] for channel in load_channels().values())


@given(st.text(max_size=60))
def test_a_safe_identifier_is_safe_and_stays_as_it_is(raw):
    safe = safe_identifier(raw)
    assert safe_identifier(safe) == safe
    assert not set(safe) & set(" ./\\<>\"'`;:&|$\n\t")


def test_own_touchpoints_join_the_vocabulary():
    own = load_vocabulary().extended({"wishlist": {"name": {"en": "Wish list"}, "paid": False}})
    assert own.name("wishlist", "nl") == "Wish list"
    assert own.name("never_heard", "nl") == "Never heard"
    assert len(own) == len(load_vocabulary()) + 1
