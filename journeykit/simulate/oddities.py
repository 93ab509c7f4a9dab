"""Oddities: what real logs hold beside visits that come by themselves, one at a time.

Bursts and seasons of visits, people who come once, several stages in one visit, batches of imports that bear one
moment, and charges on a fixed day of the month. Each is off unless it is asked for, and then draws chances of its own.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeykit.stage_models import load_stage_model

from .settings import PHASES, Settings

if TYPE_CHECKING:
    from .contacts import Draws
    from .walks import Walks
    from .world import World

__all__ = [
    "Rush",
    "charges",
    "import_in_batches",
    "in_bursts",
    "leave_after_one_visit",
    "pass_through",
    "season_of",
]

BUSIEST_DAY = 340  # of the year
IMPORT_WEEKDAY, IMPORT_SECOND = 0, 3 * 3600  # Monday at three
CHARGED_SECOND = 6 * 3600
CHARGED_AFTER_DAYS = 42  # of being lapsed
CHARGE = 25.0
BUYING = ("purchase", "delivery", "use", "aftercare", "expansion", "loyalty", "advocacy")


def season_of(settings: Settings) -> np.ndarray:
    """Return by how much visits are multiplied on each day.

    Examples
    --------
    >>> season_of(Settings(days=3)).tolist()
    [1.0, 1.0, 1.0]
    """
    day = pd.date_range(settings.first_day, periods=settings.days, freq="D").day_of_year.to_numpy()
    return 1 + settings.season * np.cos(2 * np.pi * (day - BUSIEST_DAY) / 365.25)


def in_bursts(rate: np.ndarray, drawn: np.ndarray, burst: float) -> np.ndarray:
    """Return on which days somebody comes, unit x day: so many times likelier on the day after a visit.

    Parameters
    ----------
    rate
        Unit x day, visits a day; scaled down so that the mean number stays about the same.
    drawn
        Unit x day, uniform chances.
    burst
        1: days know nothing of each other.
    """
    if burst == 1:
        return drawn < -np.expm1(-rate)
    visits = np.zeros(rate.shape, bool)
    usual = -np.expm1(-rate).mean(axis=1)
    calm = rate / (1 + (burst - 1) * usual[:, None])
    for day in range(rate.shape[1]):
        after = visits[:, day - 1] if day else np.zeros(len(rate), bool)
        visits[:, day] = drawn[:, day] < -np.expm1(-calm[:, day] * np.where(after, burst, 1.0))
    return visits


def leave_after_one_visit(world: World, stage: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """Return who comes once; `stage` is changed so that they have lapsed from their second day."""
    settings = world.settings
    chance = (
        np.random.default_rng([settings.seed, 4]).random(len(begin))
        if settings.one_visit
        else np.ones(len(begin))
    )
    once = chance < settings.one_visit
    later = np.arange(stage.shape[1])[None, :] > begin[:, None]
    stage[once[:, None] & later] = len(world.stages)
    return once


class Rush:
    """Sends units who enter a stage on to the next one within the same visit, and keeps what they went through."""

    def __init__(self, world: World) -> None:
        self.chance, self.last = world.settings.rush, len(world.stages) - 1
        self.rng = np.random.default_rng([world.settings.seed, 5])
        self.rows: list[np.ndarray] = []

    def onward(self, went: np.ndarray, now: np.ndarray, unit: np.ndarray, day: int) -> np.ndarray:
        """Return the states in which units end the day, of those into which they went."""
        if not self.chance:
            return went
        to = went // PHASES
        going = (to > now // PHASES) & (went < (self.last + 1) * PHASES) & (now < (self.last + 1) * PHASES)
        while (going := going & (to < self.last) & (self.rng.random(len(to)) < self.chance)).any():
            self.rows.append(np.column_stack([unit[going], np.full(going.sum(), day), to[going]]))
            to = to + going
        return np.where(to > went // PHASES, to * PHASES, went)

    def passed(self) -> np.ndarray:
        """Return rows of unit, day and stage, in order of time within each unit."""
        return np.concatenate(self.rows) if self.rows else np.zeros((0, 3), int)


def pass_through(world: World, walks: Walks, draws: Draws, rng: np.random.Generator) -> Draws:
    """Return the events with the markers of stages that were gone through within a visit, before its other events."""
    from .contacts import Draws, pick

    tracked = walks.passed[rng.random(len(walks.passed)) >= world.missing[walks.passed[:, 2]]]
    if not len(tracked):
        return draws
    unit, day, stage = tracked[np.lexsort((tracked[:, 2], tracked[:, 1], tracked[:, 0]))].T
    visit, begin = _visits_of(draws, unit, day, rng)
    place = np.arange(len(unit))
    left = np.searchsorted(visit, visit, side="right") - place  # events of the visit that are still to come
    touchpoint = pick(
        world.marks.reshape(-1, len(world.touchpoints)), walks.persona[unit] * len(world.stages) + stage, rng
    )
    rows = walks.persona[unit] * len(world.touchpoints) + touchpoint
    channel = pick(world.channel_shares.reshape(-1, len(world.channels)), rows, rng)
    seconds = np.maximum(begin - 40 * left, 0)
    return _joined(draws, Draws(unit, day, visit, seconds, touchpoint, channel))


def _visits_of(draws: Draws, unit: np.ndarray, day: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return number and first second of the visit of a unit on a day; a new one where there is none."""
    width = int(max(draws.day.max(initial=0), day.max(initial=0))) + 1
    known, first = np.unique(draws.unit.astype(np.int64) * width + draws.day, return_index=True)
    wanted, of = np.unique(unit.astype(np.int64) * width + day, return_inverse=True)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    there = known[place] == wanted
    visit = np.where(
        there, draws.visit[first[place]], draws.visit.max(initial=0) + 1 + np.arange(len(wanted))
    )
    begin = np.where(there, draws.seconds[first[place]], rng.integers(8 * 3600, 22 * 3600, len(wanted)))
    return visit[of], begin[of]


def _joined(draws: Draws, more: Draws) -> Draws:
    both = {
        one.name: np.concatenate([getattr(more, one.name), getattr(draws, one.name)]) for one in fields(draws)
    }
    return _ordered(replace(draws, **both))


def _ordered(draws: Draws) -> Draws:
    order = np.lexsort((draws.seconds, draws.day, draws.unit))
    return replace(draws, **{one.name: getattr(draws, one.name)[order] for one in fields(draws)})


def import_in_batches(world: World, draws: Draws, rng: np.random.Generator) -> Draws:
    """Return the events, some visits of which bear the moment of the next import within the window."""
    if not world.settings.imported:
        return draws
    visits = int(draws.visit.max(initial=-1)) + 1
    chosen = (rng.random(visits) < world.settings.imported)[draws.visit]
    weekday = pd.date_range(
        world.settings.first_day, periods=world.settings.days, freq="D"
    ).day_of_week.to_numpy()
    wait = (IMPORT_WEEKDAY - weekday[draws.day] - 1) % 7 + 1
    day = draws.day + wait
    chosen &= day < world.settings.days
    return _ordered(
        replace(
            draws,
            day=np.where(chosen, day, draws.day),
            seconds=np.where(chosen, IMPORT_SECOND, draws.seconds),
        )
    )


def charges(
    world: World, walks: Walks, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return unit, moment and amount of the charges on the first day of each month."""
    model = load_stage_model(world.settings.stage_model)
    buying = np.array([stage.canonical in BUYING for stage in model.stages] + [False, False])
    bought = np.maximum.accumulate(buying[walks.stage], axis=1)
    chosen = (rng.random(len(bought)) < world.settings.billed)[:, None]
    lapsed = _days_lapsed(walks.stage == len(world.stages))
    day = pd.date_range(world.settings.first_day, periods=world.settings.days, freq="D")
    charged = bought & chosen & (np.asarray(day.day) == 1)[None, :] & (lapsed <= CHARGED_AFTER_DAYS)
    unit, at = np.nonzero(charged)
    amount = np.round(
        CHARGE * np.exp(world.basket[walks.persona] + 0.3 * rng.standard_normal(len(bought))), 2
    )
    moment = day.to_numpy()[at] + np.timedelta64(CHARGED_SECOND, "s")
    return unit, moment.astype("datetime64[us]"), amount[unit]


def _days_lapsed(lapsed: np.ndarray) -> np.ndarray:
    """Return how many days in a row each unit has been lapsed.

    Examples
    --------
    >>> _days_lapsed(np.array([[False, True, True, False, True]])).tolist()
    [[0, 1, 2, 0, 1]]
    """
    total = np.cumsum(lapsed, axis=1)
    before = np.maximum.accumulate(np.where(lapsed, 0, total), axis=1)
    return total - before
