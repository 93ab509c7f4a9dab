"""The limit: what the best possible observer, who knows the world, believes about personas and stages.

The hidden state of a unit is (persona, activity, stage x phase). Persona and activity never change; stage x phase is
a Markov chain in steps of a day. For day t with observations o(t), the forward algorithm gives

    a(t, j) = Σ_i a(t-1, i) [ stay(i, j) P(o(t) | j) + enter(i, j) P(o(t) | j, entered) ]

where, with the chance m that a marker is missed and q the shares of markers,

    P(o | j, entered) = m P(o | j) + (1 - m) q(first event) P(other events | j).

Summing a over what is not asked for, and dividing by its total, gives the exact posterior. Used are days, touchpoints,
channels, hours and the values of orders. Left out are ratings and attributes. It reads nothing after the day `at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeykit.errors import JourneykitError

from .details import SPREAD, usual_values
from .oddities import season_of
from .settings import PHASES, Settings
from .walks import begin_days
from .world import UNDER_WAY, World, build_world, dates

if TYPE_CHECKING:
    from .population import Population

__all__ = ["limit", "limit_of_moves"]

BLOCK = 500  # units at a time


def limit(population: Population, at: str | pd.Timestamp | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the exact posterior of persona and of stage at the end of a day, from what was seen until then.

    No method that reads the same events can do better on average; quality is shown beside it.

    Parameters
    ----------
    population
        What `simulate` made; its parameters give the world.
    at
        A day of the window; default the last one.

    Returns
    -------
    personas, stages : DataFrame
        Indexed by unit_id (b2b: account, else customer), for every unit that has begun; a column per persona, and
        per stage then `lapsed`; rows sum to 1.
    """
    world, units, joint = _joint(population, at)
    by_stage = np.zeros((len(joint), len(world.stages) + 1))
    np.add.at(by_stage.T, world.stage_of_state, joint.sum(axis=1).T)
    personas = pd.DataFrame(joint.sum(axis=2), units, list(world.personas))
    return personas, pd.DataFrame(by_stage, units, list(world.stage_ids))


def limit_of_moves(
    population: Population, at: str | pd.Timestamp | None = None, days: int = 28
) -> pd.DataFrame:
    """Return the exact probability of each first move within so many days after a day, and of none.

    Parameters
    ----------
    population, at
        As of `limit`.
    days
        The horizon in days.

    Returns
    -------
    DataFrame
        Indexed by unit_id; a column per stage, ``lapsed``, and ``stay``; rows sum to 1. Unlike a nowcast times a
        matrix of moves it knows how long somebody has been in a stage: time in a stage is not memoryless here.
    """
    world, units, joint = _joint(population, at)
    stages, n = world.stage_of_state, len(world.stages) + 1
    same = stages[:, None] == stages[None, :]
    to_stage = stages[:, None] == np.arange(n)[None, :]
    told = np.zeros((len(joint), n + 1))
    for persona, moves in enumerate(world.moves):
        inside, out = moves * same, (moves * ~same) @ to_stage
        staying, first = np.eye(len(stages)), np.zeros((len(stages), n))
        for _ in range(days):
            first += staying @ out
            staying = staying @ inside
        told += joint[:, persona] @ np.column_stack([first, staying.sum(axis=1)])
    return pd.DataFrame(told, units, [*world.stage_ids, "stay"])


def _joint(population: Population, at) -> tuple[World, pd.Index, np.ndarray]:
    """Return the world, the units, and the posterior of persona and state together: units x personas x states."""
    world = build_world(Settings(**population.parameters))
    _check_known(world.settings)
    days = dates(world.settings)
    last = len(days) - 1 if at is None else int((pd.Timestamp(at).normalize() - days[0]).days)
    seen = _read(world, population.events, last)
    blocks = [
        _filter(world, seen.block(start, start + BLOCK), last) for start in range(0, len(seen.units), BLOCK)
    ]
    return world, seen.units.rename("unit_id"), np.concatenate(blocks)


def _check_known(settings: Settings) -> None:
    if settings.odd:
        raise JourneykitError(
            f"the exact posterior of a population with {', '.join(settings.odd)} is not known",
            remedy="simulate one without, or compare with the truth alone",
        )


@dataclass(frozen=True)
class _Seen:
    """What was seen: arrays per event (unit, day, first of its day, touchpoint) and per unit.

    `leaning` is the log-likelihood per unit and persona of all that depends on the persona alone.
    """

    units: pd.Index
    unit: np.ndarray
    day: np.ndarray
    first: np.ndarray
    touchpoint: np.ndarray
    leaning: np.ndarray
    begin: np.ndarray
    referred: np.ndarray

    def block(self, start: int, stop: int) -> _Seen:
        """Return the part of some units."""
        low, high = np.searchsorted(self.unit, [start, stop])
        return _Seen(
            self.units[start:stop],
            self.unit[low:high] - start,
            self.day[low:high],
            self.first[low:high],
            self.touchpoint[low:high],
            self.leaning[start:stop],
            self.begin[start:stop],
            self.referred[start:stop],
        )


def _read(world: World, events: pd.DataFrame, last: int) -> _Seen:
    key = "account_id" if world.settings.setting == "b2b" else "customer_id"
    day = (events["timestamp"].dt.normalize() - dates(world.settings)[0]).dt.days
    events = events.assign(day=day)[day <= last].sort_values([key, "timestamp"], kind="stable")
    unit, units = pd.factorize(events[key], sort=True)
    day = events["day"].to_numpy()
    first = np.r_[True, (unit[1:] != unit[:-1]) | (day[1:] != day[:-1])][: len(unit)]
    touchpoint = pd.Index(world.touchpoints).get_indexer(events["touchpoint"])
    begin = np.full(len(units), last)
    np.minimum.at(begin, unit, day)
    referred = np.zeros(len(units), bool)
    if "referrer_id" in events:
        referred[unit[events["referrer_id"].notna().to_numpy()]] = True
    leaning = _leaning(world, events, unit, first, touchpoint, len(units))
    return _Seen(pd.Index(units), unit, day, first, touchpoint, leaning, begin, referred)


def _leaning(world: World, events: pd.DataFrame, unit, first, touchpoint, units: int) -> np.ndarray:
    """Return the log-likelihood, unit x persona, of channels, hours and values."""
    with np.errstate(divide="ignore"):
        channel_logs, hour_logs = np.log(world.channel_shares), np.log(world.hours)
    channel = pd.Index(world.channels).get_indexer(events["channel"])
    brought = (
        events["referrer_id"].notna().to_numpy() if "referrer_id" in events else np.zeros(len(events), bool)
    )
    logs = np.where(brought[:, None], 0.0, channel_logs[:, touchpoint, channel].T)
    logs += np.where(first[:, None], hour_logs[:, events["timestamp"].dt.hour.to_numpy()].T, 0.0)
    away = np.log(events["value"].to_numpy(float) / usual_values(world)[touchpoint])[:, None] - world.basket
    logs -= np.nan_to_num(away**2) / (2 * SPREAD**2)
    total = np.zeros((units, len(world.shares)))
    np.add.at(total, unit, logs)
    return total


def _filter(world: World, seen: _Seen, last: int) -> np.ndarray:
    """Return the posterior of persona and state together for a block of units."""
    stages = world.stage_of_state
    enter = (stages[:, None] != stages[None, :]) & (stages[None, :] < len(world.stages))
    stay_moves, enter_moves = world.moves * ~enter, world.moves * enter
    count = np.bincount(seen.unit * (last + 1) + seen.day, minlength=len(seen.units) * (last + 1))
    count = count.reshape(-1, last + 1)
    words = _day_words(world, seen, last)
    alpha = np.zeros((len(seen.units), len(world.shares), len(world.levels), len(stages)))
    scale = np.zeros(len(seen.units))
    for day in range(last + 1):
        plain, entered = _emission(world, count[:, day], words.of(day), day)
        plain, entered = plain[..., stages], entered[..., stages]
        moved = np.einsum("ukli,kij->uklj", alpha, stay_moves, optimize=True) * plain
        moved += np.einsum("ukli,kij->uklj", alpha, enter_moves, optimize=True) * entered
        starts = np.flatnonzero(seen.begin == day)
        if len(starts):
            moved[starts] = _beginning(
                world, count[starts, day], words.of(day, starts), day, seen.referred[starts]
            )
        size = moved.max(axis=(1, 2, 3))
        size[size == 0] = 1.0
        alpha = moved / size[:, None, None, None]
        scale += np.log(size)
    weight = np.exp(seen.leaning - seen.leaning.max(axis=1, keepdims=True))
    joint = alpha.sum(axis=2) * weight[:, :, None]
    return joint / joint.sum(axis=(1, 2), keepdims=True)


@dataclass(frozen=True)
class _Words:
    """Likelihood of a day's touchpoints per persona and stage: all, all but the first, the first as a marker."""

    place: np.ndarray
    every: np.ndarray
    rest: np.ndarray
    marker: np.ndarray

    def of(self, day: int, units=slice(None)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        row = self.place[units, day]
        return self.every[row], self.rest[row], self.marker[row]


def _day_words(world: World, seen: _Seen, last: int) -> _Words:
    """Return likelihoods per visit; row 0 stands for a day without events."""
    visit = np.cumsum(seen.first)
    shape = (int(visit[-1]) + 1 if len(visit) else 1, *world.touches.shape[:2])
    with np.errstate(divide="ignore"):
        logs = np.log(world.touches)[:, :, seen.touchpoint].transpose(2, 0, 1)
    rest, every = np.zeros(shape), np.zeros(shape)
    np.add.at(every, visit, logs)
    np.add.at(rest, visit[~seen.first], logs[~seen.first])
    marker = np.zeros(shape)
    marker[visit[seen.first], :, :-1] = world.marks[:, :, seen.touchpoint[seen.first]].transpose(2, 0, 1)
    place = np.zeros((len(seen.units), last + 1), int)
    place[seen.unit, seen.day] = visit
    return _Words(place, np.exp(every), np.exp(rest), marker)


def _chances(world: World, count: np.ndarray, day: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the chance of so many ordinary events, with visits at their rate and with a certain visit."""
    weekday = dates(world.settings)[day].day_of_week
    rate = world.rates[:, None, :] * world.levels[None, :, None] * world.weekdays[:, weekday][:, None, None]
    rate = rate * season_of(world.settings)[day]
    more = _poisson(np.maximum(count - 1, 0), world.settings.contacts_per_visit - 1)[:, None, None, None]
    some = (count > 0)[:, None, None, None]
    usual = np.where(
        some, -np.expm1(-rate)[None] * more, np.where((count == 0)[:, None, None, None], np.exp(-rate), 0)
    )
    return usual, np.where(some, more, 0.0)


def _poisson(number: np.ndarray, mean: float) -> np.ndarray:
    factorial = np.cumprod(np.r_[1.0, np.arange(1, 1 + number.max(initial=0))])
    return np.exp(-mean) * mean**number / factorial[number]


def _emission(world: World, count: np.ndarray, words, day: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the likelihood of a day, unit x persona x activity x stage: without entry, and on entering the stage."""
    every, rest, marker = (part[:, :, None, :] for part in words)
    usual, _ = _chances(world, count, day)
    fewer, _ = _chances(world, count - 1, day)
    missing = np.append(world.missing, 1.0)
    plain = usual * every
    return plain, missing * plain + (1 - missing) * marker * fewer * rest


def _beginning(world: World, count: np.ndarray, words, day: int, referred: np.ndarray) -> np.ndarray:
    """Return the joint chance of the first day: persona, activity, state, and what was seen."""
    every, rest, marker = (part[:, :, None, :] for part in words)
    _, certain = _chances(world, count, day)
    fewer, _ = _chances(world, count - 1, day)
    missing = np.append(world.missing, 1.0)
    sure = certain * every
    new = (missing * sure + (1 - missing) * marker * fewer * rest)[..., world.stage_of_state]
    old = sure[..., world.stage_of_state]
    new_until, old_until = begin_days(world.settings.days)
    states = np.arange(len(world.stage_of_state))
    start_new = (states == 0) * (1 - UNDER_WAY) / new_until
    start_old = (
        (states < len(states) - 1) / (PHASES * len(world.stages)) * UNDER_WAY / old_until * (day < old_until)
    )
    told = new * start_new + np.where(referred, 0.0, 1.0)[:, None, None, None] * old * start_old
    return told * world.shares[:, None, None] * world.level_shares[:, None]
