"""Contacts: the events that people leave behind on their walk, drawn all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .oddities import in_bursts, season_of
from .settings import STRONG_CHANNEL
from .walks import Walks
from .world import World, dates

__all__ = ["Draws", "draw_contacts"]


@dataclass(frozen=True)
class Draws:
    """Columns of equal length, one entry per event, sorted by unit and time.

    Attributes
    ----------
    unit, day, visit : positions; a visit is one unit on one day
    seconds : of the day
    touchpoint, channel : positions in the world's lists
    """

    unit: np.ndarray
    day: np.ndarray
    visit: np.ndarray
    seconds: np.ndarray
    touchpoint: np.ndarray
    channel: np.ndarray


def draw_contacts(world: World, walks: Walks, rng: np.random.Generator) -> Draws:
    """Return the events of all units; the marker of a stage opens the visit of its day."""
    marked = walks.entered & (rng.random(walks.entered.shape, np.float32) >= _missing(world, walks))
    visits = _visits(world, walks, marked, rng)
    ordinary = np.where(
        visits, 1 + rng.poisson(world.settings.contacts_per_visit - 1, visits.shape).astype(np.int16), 0
    )
    unit, day = np.nonzero(ordinary + marked)
    count = ordinary[unit, day] + marked[unit, day]
    visit = np.repeat(np.arange(len(unit)), count)
    start = np.cumsum(count) - count
    is_marker = np.zeros(len(visit), bool)
    is_marker[start[marked[unit, day]]] = True
    hour_seconds = _seconds(world, walks, unit, count, visit, rng)
    unit, day = unit[visit], day[visit]
    touchpoint = _touchpoints(world, walks, unit, day, is_marker, rng)
    row = walks.persona[unit] * len(world.touchpoints) + touchpoint
    channel = pick(world.channel_shares.reshape(-1, len(world.channels)), row, rng)
    strong = world.settings.effect("strong_channel")
    if strong:
        leads = leads_onward(walks.stage, len(world.stages))[unit, day] & (rng.random(len(unit)) < strong)
        channel = np.where(leads, world.channels.index(STRONG_CHANNEL), channel).astype(np.int16)
    return Draws(unit, day, visit, hour_seconds, touchpoint, channel)


def leads_onward(stage: np.ndarray, stages: int) -> np.ndarray:
    """Return for each unit and day whether the next stage that is entered is a later one.

    Examples
    --------
    >>> leads_onward(np.array([[-1, 0, 0, 1, 1, 0, 0]]), 3).astype(int).tolist()
    [[0, 1, 1, 0, 0, 0, 0]]
    """
    onward = np.zeros(stage.shape, bool)
    for day in range(stage.shape[1] - 2, -1, -1):
        now, then = stage[:, day], stage[:, day + 1]
        step = (then > now) & (then < stages)
        onward[:, day] = (now >= 0) & np.where(now == then, onward[:, day + 1], step)
    return onward


def pick(shares: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one column per entry of `rows`, drawn with the shares of that row of the table."""
    ladder = shares.cumsum(axis=1)
    ladder /= ladder[:, -1:]
    width = shares.shape[1]
    steps = (ladder + np.arange(len(shares))[:, None]).ravel()
    place = np.searchsorted(steps, rows + rng.random(len(rows)), side="right")
    return np.minimum(place - rows * width, width - 1).astype(np.int16)


def _missing(world: World, walks: Walks) -> np.ndarray:
    by_stage = np.concatenate([world.missing, [1.0, 1.0]]).astype(np.float32)  # lapsed; not begun
    return by_stage[walks.stage]


def _visits(world: World, walks: Walks, marked: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    rates = np.concatenate([world.rates, np.zeros((len(world.rates), 1))], axis=1).astype(np.float32)
    rate = rates[walks.persona[:, None], walks.stage]
    rate *= world.levels[walks.level].astype(np.float32)[:, None]
    rate *= world.weekdays.astype(np.float32)[walks.persona][:, dates(world.settings).day_of_week]
    rate *= season_of(world.settings).astype(np.float32)
    rate[walks.once] = 0.0
    drawn = rng.random(rate.shape, np.float32)
    everyone = np.arange(len(walks.begin))
    visits = in_bursts(rate, drawn, world.settings.burst)
    visits[everyone, walks.begin] |= ~marked[everyone, walks.begin]
    return visits


def _seconds(world: World, walks: Walks, unit, count, visit, rng) -> np.ndarray:
    """Return the second of the day: a visit starts within its hour and takes half an hour at most."""
    hour = pick(world.hours, walks.persona[unit], rng).astype(np.int64)
    begin = hour * 3600 + rng.integers(0, np.where(hour == 23, 1500, 3600))
    gaps = rng.integers(15, 150, len(visit))
    run = np.cumsum(gaps)
    first = (np.cumsum(count) - count).astype(np.int64)
    since = run - run[first][visit]
    return begin[visit] + np.minimum(since, 2000 + np.arange(len(visit)) - first[visit])


def _touchpoints(world: World, walks: Walks, unit, day, is_marker, rng) -> np.ndarray:
    persona, stage = walks.persona[unit], walks.stage[unit, day].astype(np.int64)
    wide = world.touches.shape[1]
    touchpoint = pick(world.touches.reshape(-1, len(world.touchpoints)), persona * wide + stage, rng)
    marks = world.marks.reshape(-1, len(world.touchpoints))
    marks = np.where(marks.sum(axis=1, keepdims=True) > 0, marks, 1.0)
    rows = persona[is_marker] * len(world.stages) + stage[is_marker]
    touchpoint[is_marker] = pick(marks, rows, rng)
    return touchpoint
