"""Amounts: the pace of visits at which units have so many contacts on average."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from .oddities import season_of
from .people import form_accounts
from .settings import Settings
from .walks import Walks, walk
from .world import World, build_world, dates

__all__ = ["with_contacts"]

USUAL = 50.0  # contacts of a unit, of which two fall in a visit
RARELY, OFTEN = 1e-5, 50.0  # visits a day between which the pace lies


def with_contacts(settings: Settings) -> Settings:
    """Return settings whose units have as many contacts on average as was asked for.

    Few contacts: visits are shorter, and so many markers are missed that at most half of the contacts are markers.
    Many: visits are longer. Then the pace of visits is set so that the expected number is met, or the nearest that
    visits of at most one a day allow.
    """
    if settings.contacts is None:
        return settings
    world = build_world(settings)
    rng = np.random.default_rng([settings.seed, 2])  # as the population will begin
    walks = walk(world, len(form_accounts(settings, rng).size), rng)
    per_visit = min(2.0, max(1.0, settings.contacts / 5)) * max(1.0, (settings.contacts / USUAL) ** 0.5)
    entries = _entries(world, walks)
    missing = max(settings.missing_markers, 1 - 0.5 * settings.contacts / max(entries, 1e-9))
    told = replace(settings, contacts_per_visit=per_visit, missing_markers=missing)
    rates = _rates(world, walks) / max(settings.sessions_per_day, 1e-12)
    marked = (1 - missing) * entries
    sure = 1 - (1 - missing) * walks.entered[np.arange(len(walks.begin)), walks.begin]

    def away(pace: float) -> float:
        visits = -np.expm1(-rates * pace)
        first = visits[np.arange(len(visits)), walks.begin]
        count = visits.sum(axis=1) + (1 - first) * sure
        return float(per_visit * count.mean() + marked - settings.contacts)

    return replace(told, sessions_per_day=_pace(away), contacts=None)


def _pace(away) -> float:
    """Return the visits a day at which nothing is lacking, or the nearest."""
    if away(RARELY) >= 0:
        return RARELY
    return OFTEN if away(OFTEN) <= 0 else float(brentq(away, RARELY, OFTEN, rtol=1e-4))


def _entries(world: World, walks: Walks) -> float:
    """Return how many stages that have markers a unit enters on average."""
    has = np.array([bool(stage.markers) for stage in world.stages] + [False, False])
    own = (walks.entered & has[walks.stage]).sum()
    return float(own + has[walks.passed[:, 2]].sum()) / len(walks.begin)


def _rates(world: World, walks: Walks) -> np.ndarray:
    """Return the expected visits of units on days, at the pace of the settings."""
    rates = np.concatenate([world.rates, np.zeros((len(world.rates), 1))], axis=1)
    told = rates[walks.persona[:, None], walks.stage] * world.levels[walks.level][:, None]
    told *= world.weekdays[walks.persona][:, dates(world.settings).day_of_week] * season_of(world.settings)
    told[walks.once] = 0.0
    return told
