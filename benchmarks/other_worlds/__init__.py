"""Worlds of other rules: populations with a known truth that share no rule, and no code, with `journeykit.simulate`.

What differs: time is continuous and stays are gamma or lognormal; personas have favourite touchpoints, their own hours,
channels, pace and baskets instead of tilted logarithms; everybody has habits of their own around those of the persona;
visits come in bursts; who lapses is silent but for a stray contact. `KINDS` lists the kinds of world.
"""

from __future__ import annotations

from .kinds import KINDS, settings_of
from .limits import persona_limit, stage_limit
from .world import OtherWorld, make_world

__all__ = ["KINDS", "OtherWorld", "make_world", "persona_limit", "settings_of", "stage_limit"]
