"""Contacts: visits in bursts, what is done in them, and what of it is recorded."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from .kinds import OtherSettings
from .lives import People, Stays, pick
from .rules import CHANNELS, FIXED_CHANNEL, Rules

__all__ = ["EXTRA", "Contacts", "make_contacts", "season_of", "visit_chance"]

EXTRA = 1.0  # mean contacts of a visit beyond the first


@dataclass(frozen=True)
class Contacts:
    """One entry per recorded contact, sorted by person and time; `day` is a fraction, `visit` a number."""

    person: np.ndarray
    day: np.ndarray
    visit: np.ndarray
    stage: np.ndarray
    touchpoint: np.ndarray
    channel: np.ndarray
    marker: np.ndarray
    value: np.ndarray

    def of(self, rows: np.ndarray) -> Contacts:
        """Return some of the contacts."""
        return Contacts(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})


def make_contacts(rules: Rules, people: People, stays: Stays, settings: OtherSettings, rng) -> Contacts:
    """Return the recorded contacts."""
    person, day, tracked = _visits(rules, people, stays, settings, rng)
    stage = stays.stage_at(person, day)
    count = 1 + rng.poisson(EXTRA, len(person))
    visit = np.repeat(np.arange(len(person)), count)
    start = (np.cumsum(count) - count)[visit]
    marker = tracked[visit] & (np.arange(len(visit)) == start)
    gaps = np.cumsum(rng.integers(20, 240, len(visit)))
    seconds = np.where(len(visit), gaps - gaps[start], 0)
    person, stage = person[visit], stage[visit]
    touchpoint = _touchpoints(rules, people, person, stage, marker, rng)
    made = Contacts(person, day[visit] + seconds / 86400, visit, stage, touchpoint,
                    _channels(rules, people, person, touchpoint, rng), marker,
                    _values(rules, people, person, touchpoint, rng))  # fmt: skip
    made = made.of((made.day < settings.days) & (made.stage >= 0))
    return _thinned(made, settings, rng)


def _first(person: np.ndarray) -> np.ndarray:
    return np.r_[True, person[1:] != person[:-1]] if len(person) else np.zeros(0, bool)


def visit_chance(rate: np.ndarray, yesterday: np.ndarray, burst: float) -> np.ndarray:
    """Return the chance of a visit on a day, which is higher on the day after one."""
    return -np.expm1(-rate * np.where(yesterday, burst, 1.0))


def season_of(settings: OtherSettings, day: int) -> float:
    """Return by how much visits are multiplied on a day: a wave of half a year."""
    return float(1 + settings.season * np.sin(2 * np.pi * day / 182.0))


def _visits(rules: Rules, people: People, stays: Stays, settings: OtherSettings, rng):
    """Return person and moment of every visit, and whether it opens with a marker."""
    n, days = settings.customers, settings.days
    everyone, first = np.arange(n), _first(stays.person)
    tracked = stays.entered & (rng.random(len(stays.person)) >= settings.missing_markers)
    opening = tracked | first
    entry = np.zeros((n, days), bool)
    entry[stays.person[opening], stays.begin[opening].astype(int)] = True
    found, yesterday = [], np.zeros(n, bool)
    for day in range(days):
        moment = day + (pick(people.hour, rng) + rng.random(n)) / 24
        stage = stays.stage_at(everyone, moment)
        rate = rules.visits[people.kind, stage] * people.activity * season_of(settings, day)
        comes = (rng.random(n) < visit_chance(rate, yesterday, settings.burst)) & (stage >= 0)
        found.append((everyone[comes], moment[comes]))
        yesterday = comes | entry[:, day]
    person = np.concatenate([stays.person[opening], *(who for who, _ in found)])
    moment = np.concatenate([stays.begin[opening], *(when for _, when in found)])
    marked = np.zeros(len(person), bool)
    marked[: opening.sum()] = tracked[opening]
    order = np.lexsort((moment, person))
    return person[order], moment[order], marked[order]


def _touchpoints(rules: Rules, people: People, person, stage, marker, rng) -> np.ndarray:
    touchpoint = np.empty(len(person), int)
    plain = np.flatnonzero(~marker)
    touchpoint[plain] = pick(people.touch[person[plain], stage[plain]], rng)
    touchpoint[marker] = pick(rules.mark[people.kind[person[marker]], stage[marker]], rng)
    return touchpoint


def _channels(rules: Rules, people: People, person, touchpoint, rng) -> np.ndarray:
    fixed = np.array([CHANNELS.index(FIXED_CHANNEL[word]) if word in FIXED_CHANNEL else -1
                      for word in rules.touchpoints])  # fmt: skip
    return np.where(fixed[touchpoint] >= 0, fixed[touchpoint], pick(people.channel[person], rng))


def _values(rules: Rules, people: People, person, touchpoint, rng) -> np.ndarray:
    value = np.exp(people.basket[person] + 0.5 * rng.standard_normal(len(person)))
    return np.where(rules.money[touchpoint], value.round(2), np.nan)


def _thinned(made: Contacts, settings: OtherSettings, rng) -> Contacts:
    """Return so few contacts a person as the settings say: the first, then markers, then any."""
    if settings.contacts is None:
        return made
    low, high = settings.contacts
    rank = np.where(_first(made.person), 0.0, np.where(made.marker, 1.0, 2.0) + rng.random(len(made.person)))
    order = np.lexsort((rank, made.person))
    start = np.flatnonzero(_first(made.person[order]))
    place = np.arange(len(order)) - np.repeat(start, np.diff(np.r_[start, len(order)]))
    most = rng.integers(low, high + 1, settings.customers)[made.person[order]]
    return made.of(np.sort(order[place < most]))
