"""Lives: who is of which kind, with what habits of their own, and the stays of everybody in continuous time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kinds import OtherSettings
from .rules import LOG_SPREAD, SHAPE, Rules, shares

__all__ = ["OWN_BASKET", "People", "Stays", "draw_people", "live", "pick"]

UNDER_WAY, MIDWAY = 0.25, 0.2  # shares who were under way before the window, and who enter at the second stage
OWN_BASKET = 0.35  # spread of people's mean basket around that of their kind


@dataclass(frozen=True)
class People:
    """Facts of every person, one row each; `touch`, `channel` and `hour` are their own shares."""

    kind: np.ndarray
    activity: np.ndarray
    touch: np.ndarray
    channel: np.ndarray
    hour: np.ndarray
    basket: np.ndarray
    begin_day: np.ndarray
    under_way: np.ndarray


@dataclass(frozen=True)
class Stays:
    """Stays in stages, sorted by person and time; days since the window opened, `entered`: came from elsewhere."""

    person: np.ndarray
    stage: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    entered: np.ndarray

    def stage_at(self, person: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return the stage at a moment; -1 before the beginning."""
        wide = 1e6
        place = np.searchsorted(self.person * wide + self.begin, person * wide + day, side="right") - 1
        found = np.maximum(place, 0)
        return np.where((place >= 0) & (self.person[found] == person), self.stage[found], -1)


def draw_people(rules: Rules, settings: OtherSettings, rng: np.random.Generator) -> People:
    """Return people: habits are drawn around those of their kind."""
    n, own = settings.customers, settings.own
    kind = np.arange(n) if settings.groups == "continuum" else rng.choice(len(rules.share), n, p=rules.share)
    spread = settings.activity_spread
    under_way = rng.random(n) < UNDER_WAY
    last = np.where(under_way, settings.days / 6, 0.85 * settings.days)
    return People(
        kind, np.exp(spread * rng.standard_normal(n) - spread**2 / 2),
        _around(rules.touch[kind], own, rng), _around(rules.channel[kind], own, rng),
        _around(rules.hour[kind], own, rng), rules.basket[kind] + OWN_BASKET * rng.standard_normal(n),
        np.floor(rng.random(n) * last), under_way,
    )  # fmt: skip


def _around(mean: np.ndarray, weight: float, rng) -> np.ndarray:
    """Return shares drawn from Dirichlet distributions of these means."""
    if weight >= 1e6:
        return mean
    return shares(rng.gamma(np.maximum(weight * mean, 1e-12)) + 1e-300)


def pick(table: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a column of each row, drawn with the shares of the row."""
    ladder = table.cumsum(axis=-1)
    return (rng.random((*table.shape[:-1], 1)) * ladder[..., -1:] > ladder[..., :-1]).sum(axis=-1)


def live(rules: Rules, people: People, settings: OtherSettings, rng: np.random.Generator) -> Stays:
    """Return everybody's stays until the window closes; a stage is entered at an hour of one's own."""
    n, stages = settings.customers, len(rules.stages)
    now = np.where(people.under_way, rng.integers(0, stages, n), rng.random(n) < MIDWAY)
    at = people.begin_day + (pick(people.hour, rng) + rng.random(n)) / 24
    left = np.where(people.under_way, rng.random(n), 1.0)
    who, entered, parts = np.arange(n), ~people.under_way, []
    while len(who):
        length = _length(rules.stay_days[people.kind[who], now], now, stages, rng) * left
        end = np.floor(at + length) + (pick(people.hour[who], rng) + rng.random(len(who))) / 24
        end = np.where(end < at + 0.2, end + 1, end)
        parts.append((who, now, at, np.minimum(end, settings.days), entered & (now < stages)))
        to = pick(rules.onward[people.kind[who], now], rng)
        on = end < settings.days
        who, now, at, left, entered = who[on], to[on], end[on], np.ones(on.sum()), np.ones(on.sum(), bool)
    person, stage, begin, end, entered = map(np.concatenate, zip(*parts, strict=True))
    order = np.lexsort((begin, person))
    return Stays(person[order], stage[order], begin[order], end[order], entered[order])


def _length(mean: np.ndarray, stage: np.ndarray, stages: int, rng) -> np.ndarray:
    """Return days of a stay: gamma in even stages, lognormal in odd ones, exponential where silent."""
    gamma = rng.gamma(SHAPE, mean / SHAPE)
    lognormal = mean * np.exp(LOG_SPREAD * rng.standard_normal(len(mean)) - LOG_SPREAD**2 / 2)
    return np.where(stage == stages, rng.exponential(mean), np.where(stage % 2 == 0, gamma, lognormal))
