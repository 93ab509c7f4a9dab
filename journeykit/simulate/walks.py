"""Walks: everybody's way through the states of the world, a day at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .oddities import Rush, leave_after_one_visit
from .settings import PHASES
from .world import UNDER_WAY, World

__all__ = ["Walks", "walk"]

NOT_BEGUN = -1


@dataclass(frozen=True)
class Walks:
    """Hidden facts of every unit.

    Attributes
    ----------
    persona, level : position of the persona and of the level of activity
    begin : first day, which always holds a contact
    under_way : True for those who were under way before the window opened
    stage : unit x day, position of the stage, -1 before the beginning
    entered : unit x day, True on the day on which a stage (not `lapsed`) is entered
    once : True for those who come once and never again
    passed : rows of unit, day and stage: stages that were gone through within the visit that entered a later one
    """

    persona: np.ndarray
    level: np.ndarray
    begin: np.ndarray
    under_way: np.ndarray
    stage: np.ndarray
    entered: np.ndarray
    once: np.ndarray
    passed: np.ndarray


def begin_days(days: int) -> tuple[int, int]:
    """Return until which day new units begin, and those under way are first seen."""
    return max(1, round(0.85 * days)), max(1, days // 6)


def walk(world: World, units: int, rng: np.random.Generator) -> Walks:
    """Return the walks of so many units through the world."""
    days = world.settings.days
    persona = rng.choice(len(world.shares), units, p=world.shares)
    level = rng.choice(len(world.levels), units, p=world.level_shares)
    under_way = rng.random(units) < UNDER_WAY
    new_until, old_until = begin_days(days)
    begin = (rng.random(units) * np.where(under_way, old_until, new_until)).astype(np.int32)
    rush = Rush(world)
    states = _states(world, persona, begin, under_way, rush, rng)
    stage = np.append(world.stage_of_state, NOT_BEGUN)[states].astype(np.int8)
    once = leave_after_one_visit(world, stage, begin)
    before = np.concatenate([np.full((units, 1), NOT_BEGUN, np.int8), stage[:, :-1]], axis=1)
    entered = (stage != before) & (stage >= 0) & (stage < len(world.stages))
    entered[under_way, begin[under_way]] = False
    passed = rush.passed()
    return Walks(persona, level, begin, under_way, stage, entered, once, passed[~once[passed[:, 0]]])


def _states(world: World, persona, begin, under_way, rush: Rush, rng) -> np.ndarray:
    days, last = world.settings.days, len(world.stages) * PHASES
    ladder = world.moves.cumsum(axis=2)[:, :, :-1]
    first = np.where(under_way, rng.integers(0, last, len(persona)), 0)
    states = np.full((len(persona), days), NOT_BEGUN, np.int8)
    now = np.full(len(persona), NOT_BEGUN)
    penalty, skipped = world.settings.effect("skip_penalty"), np.zeros(len(persona), bool)
    for day in range(days):
        going = np.flatnonzero(now >= 0)
        chance = rng.random(len(going))[:, None]
        went = (chance > ladder[persona[going], now[going]]).sum(axis=1)
        if penalty:
            went = _punish(went, now[going], skipped, going, penalty, last, rng)
        now[going] = rush.onward(went, now[going], going, day)
        starts = np.flatnonzero(begin == day)
        now[starts] = first[starts]
        new = starts[~under_way[starts]]
        now[new] = rush.onward(first[new], np.full(len(new), NOT_BEGUN * PHASES), new, day)
        states[:, day] = now
    return states


def _punish(went, now, skipped, going, penalty: float, last: int, rng) -> np.ndarray:
    """Return where units go when those who have skipped a stage lapse at some of their steps onward; mark who skips."""
    to, at = went // PHASES, now // PHASES
    onward = (to > at) & (now < last) & (went < last)
    lost = onward & skipped[going] & (rng.random(len(going)) < penalty)
    skipped[going] |= onward & (to - at > 1)
    return np.where(lost, last, went)
