"""Limits: how well an observer who knows the rules could tell personas and stages.

`persona_limit` is the posterior of the persona given the rules and, which nobody has, the true stage of every contact
and all stays; it leaves out how active people are. It is meant as an upper bound. `stage_limit` is the posterior of
the stage at the end of a day by exact filtering on a grid of days, of somebody who knows the rules and everybody's own
habits, persona and activity; days on which a stage is entered are read as if spent in it wholly, and of what was left
out to make a log sparse nothing is known. Both are approximate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import gamma, lognorm, norm

from .contacts import season_of, visit_chance
from .lives import OWN_BASKET
from .rules import FIXED_CHANNEL, LOG_SPREAD, SHAPE

__all__ = ["persona_limit", "stage_limit"]

LONGEST = 120  # days in a stage beyond which the chance of leaving is taken as constant
TINY = 1e-12


def persona_limit(world) -> pd.DataFrame:
    """Return the posterior of each persona, customers x personas."""
    rules, made = world.rules, world.made
    kinds, plain = len(rules.share), ~world.made.marker
    logs = np.log(rules.share)[None].repeat(world.settings.customers, axis=0)
    free = ~np.isin(rules.touchpoints, list(FIXED_CHANNEL))[made.touchpoint]
    visits = np.unique(np.column_stack([made.person, made.visit]), return_index=True, axis=0)[1]
    hour = (made.day[visits] % 1 * 24).astype(int)
    for k in range(kinds):
        touch = _counted(
            world, (made.stage[plain], made.touchpoint[plain]), made.person[plain], rules.touch[k].shape
        )
        logs[:, k] += _polya(touch, rules.touch[k], world.settings.own)
        logs[:, k] += _polya(_counted(world, (made.channel[free],), made.person[free], rules.channel[k].shape),
                             rules.channel[k], world.settings.own)  # fmt: skip
        logs[:, k] += _polya(
            _counted(world, (hour,), made.person[visits], (24,)), rules.hour[k], world.settings.own
        )
        logs[:, k] += _markers(world, k)
        logs[:, k] += _baskets(world, k) + _stays(world, k)
    chances = np.exp(logs - logs.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    names = [f"u{number:05d}" for number in range(len(logs))]
    return pd.DataFrame(chances, index=names, columns=[chr(65 + k) for k in range(kinds)])


def _counted(world, columns, person, shape) -> np.ndarray:
    counts = np.zeros((world.settings.customers, *shape))
    np.add.at(counts, (person, *columns), 1)
    return counts


def _added(world, person, values) -> np.ndarray:
    return np.bincount(person, values, world.settings.customers)


def _polya(counts: np.ndarray, mean: np.ndarray, weight: float) -> np.ndarray:
    """Return the log-likelihood of counts of which everybody's own shares are Dirichlet around the mean."""
    alpha = np.maximum(weight * mean, TINY)
    one = (gammaln(alpha + counts) - gammaln(alpha)).sum(axis=-1)
    one += gammaln(alpha.sum(axis=-1)) - gammaln(alpha.sum(axis=-1) + counts.sum(axis=-1))
    return one.reshape(len(counts), -1).sum(axis=1)


def _markers(world, k: int) -> np.ndarray:
    marked = world.made.of(world.made.marker)
    return _added(world, marked.person, np.log(world.rules.mark[k, marked.stage, marked.touchpoint] + TINY))


def _baskets(world, k: int) -> np.ndarray:
    paid = np.isfinite(world.made.value)
    n = _added(world, world.made.person[paid], None)
    mean = _added(world, world.made.person[paid], np.log(world.made.value[paid])) / np.maximum(n, 1)
    spread = np.sqrt(OWN_BASKET**2 + 0.25 / np.maximum(n, 1))
    return np.where(n > 0, norm.logpdf(mean, world.rules.basket[k], spread), 0.0)


def _stays(world, k: int) -> np.ndarray:
    """Return the log-likelihood of how long people stayed and where they went."""
    lived, rules = world.lived, world.rules
    last = np.r_[lived.person[1:] != lived.person[:-1], True]
    length = np.maximum(lived.end - lived.begin, 0.1)
    mean = rules.stay_days[k, lived.stage]
    even, silent = lived.stage % 2 == 0, lived.stage == len(rules.stages)
    a, b = gamma(SHAPE, scale=mean / SHAPE), lognorm(LOG_SPREAD, scale=mean * np.exp(-(LOG_SPREAD**2) / 2))
    stayed = np.where(even, a.logsf(length), b.logsf(length))
    left = np.where(even, a.logpdf(length), b.logpdf(length))
    told = np.where(silent, 0.0, np.where(last, stayed, left))
    told[:-1] += np.where(last[:-1], 0.0, np.log(rules.onward[k, lived.stage[:-1], lived.stage[1:]] + TINY))
    return _added(world, lived.person, np.maximum(told, -50))


def stage_limit(world, at: pd.Timestamp | None = None, customers: pd.Index | None = None) -> pd.DataFrame:
    """Return the posterior of each stage and `lapsed` at the end of a day, customers x states."""
    at = pd.Timestamp(world.truth["at"].max() if at is None else at)
    last = int((at - pd.Timestamp(world.settings.start)).days)
    names = pd.Index([f"u{number:05d}" for number in range(world.settings.customers)])
    who = np.arange(len(names)) if customers is None else names.get_indexer(customers)
    told = np.concatenate([_filtered(world, part, last) for part in np.array_split(who, len(who) // 400 + 1)])
    return pd.DataFrame(told, index=names[who], columns=world.states)


def _filtered(world, who: np.ndarray, last: int) -> np.ndarray:
    people, states = world.people, len(world.states)
    log_touch, marked, active = _seen(world, who, last)
    missing = world.settings.missing_markers
    leaves = _leaving(world)[people.kind[who]] if len(world.rules.share) == 1 or world.settings.groups == "personas" \
        else _leaving(world, who)  # fmt: skip
    onward = world.rules.onward[people.kind[who]]
    rates = world.rules.visits[people.kind[who]] * people.activity[who, None]
    chance, begin = np.zeros((len(who), states, LONGEST)), people.begin_day[who].astype(int)
    yesterday = np.zeros(len(who), bool)
    for day in range(last + 1):
        new = begin == day
        comes = visit_chance(rates * season_of(world.settings, day), yesterday[:, None], world.settings.burst)
        told = np.where(active[:, day, None], comes, 1 - comes)
        ordinary = told * np.exp(log_touch[:, day])
        opening = missing * ordinary + active[:, day, None] * np.exp(log_touch[:, day]) * marked[:, day]
        opening[:, -1] = ordinary[:, -1]
        chance = _stepped(chance, leaves, onward, ordinary, opening)
        chance[new] = _started(world, who[new], np.exp(log_touch[new, day]), marked[new, day])
        chance /= np.maximum(chance.sum(axis=(1, 2), keepdims=True), 1e-300)
        yesterday = active[:, day]
    return chance.sum(axis=2)


def _stepped(chance, leaves, onward, ordinary, opening) -> np.ndarray:
    gone = (chance * leaves).sum(axis=2)
    stay = chance * (1 - leaves) * ordinary[:, :, None]
    after = np.zeros_like(chance)
    after[:, :, 1:] = stay[:, :, :-1]
    after[:, :, -1] += stay[:, :, -1]
    after[:, :, 0] = np.einsum("ns,nst->nt", gone, onward) * opening
    return after


def _started(world, who, ordinary, marked) -> np.ndarray:
    """Return the chances on the first day, which holds a visit: of who was under way, any stage for any time."""
    opening = ordinary * (world.settings.missing_markers + marked)
    people, states = world.people, len(world.states)
    chance = np.zeros((len(who), states, LONGEST))
    old = people.under_way[who]
    spread = np.exp(-np.arange(LONGEST) / 20.0)
    chance[:, :-1] = old[:, None, None] * spread / spread.sum() / (states - 1) * ordinary[:, :-1, None]
    chance[:, 0, 0] += ~old * 0.8 * opening[:, 0]
    chance[:, 1, 0] += ~old * 0.2 * opening[:, 1]
    return chance


def _leaving(world, who: np.ndarray | None = None) -> np.ndarray:
    """Return the chance to leave on the next day, types x states x days in the stage."""
    mean = world.rules.stay_days if who is None else world.rules.stay_days[world.people.kind[who]]
    day = np.arange(LONGEST + 1)
    stays = np.empty((*mean.shape, LONGEST + 1))
    for s in range(mean.shape[1]):
        of = mean[:, s, None]
        even = gamma.sf(day, SHAPE, scale=of / SHAPE)
        stays[:, s] = (
            even if s % 2 == 0 else lognorm.sf(day, LOG_SPREAD, scale=of * np.exp(-(LOG_SPREAD**2) / 2))
        )
    stays[:, -1] = np.exp(-day / mean[:, -1:])
    return 1 - stays[..., 1:] / np.maximum(stays[..., :-1], TINY)


def _seen(world, who: np.ndarray, last: int):
    """Return by day and state the log-likelihood of what was done, how much likelier a marker makes it, who came."""
    rules, people, made = world.rules, world.people, world.made
    states = len(world.states)
    place = np.full(world.settings.customers, -1)
    place[who] = np.arange(len(who))
    rows = (place[made.person] >= 0) & (made.day < last + 1)
    n, day, v = place[made.person[rows]], made.day[rows].astype(int), made.touchpoint[rows]
    shape = (len(who), last + 1, states)
    logs = np.log(people.touch[who][n, :, v] + TINY)
    log_touch, ratio, count = np.zeros(shape), np.zeros(shape), np.zeros(shape[:2])
    np.add.at(log_touch, (n, day), logs)
    mark = np.concatenate([rules.mark, np.zeros((len(rules.mark), 1, len(rules.touchpoints)))], axis=1)
    np.add.at(ratio, (n, day), mark[people.kind[who][n], :, v] / np.exp(logs))
    np.add.at(count, (n, day), 1)
    marked = (1 - world.settings.missing_markers) * ratio / np.maximum(count, 1)[..., None]
    return log_touch, marked, count > 0
