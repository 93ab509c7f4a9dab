"""Referrals: the loop closes when a customer brings in another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .contacts import Draws
from .settings import definitions
from .walks import Walks
from .world import World

__all__ = ["refer"]

SUCCESS = 0.5  # share of referring events that are followed up
WITHIN_DAYS = 21


def refer(
    world: World,
    walks: Walks,
    draws: Draws,
    person: np.ndarray,
    events: pd.DataFrame,
    ids: np.ndarray,
    rng,
) -> pd.DataFrame:
    """Return the events with `referrer_id` at the first event of those who were brought in.

    A referring event is matched to somebody of another unit who begins within three weeks after it, each newcomer once;
    the newcomer's first event then comes through the channel `referral`.
    """
    sources = _sources(world, walks, draws)
    success = SUCCESS if world.settings.effects is None else world.settings.effect("referral_loop")
    sources = np.sort(rng.permutation(sources)[: round(success * len(sources))])
    sources = sources[np.argsort(draws.day[sources], kind="stable")]
    opening = _openings(walks, draws)
    referrer = pd.array([None] * len(events), dtype="str")
    source, newcomer = _match(draws, sources, opening, rng)
    referrer[newcomer] = ids[person[source]]
    channel = events["channel"].mask(np.isin(np.arange(len(events)), newcomer), "referral")
    return events.assign(channel=channel, referrer_id=referrer)


def _sources(world: World, walks: Walks, draws: Draws) -> np.ndarray:
    known = [at for at, word in enumerate(world.touchpoints) if word in definitions()["referring"][:2]]
    if known:
        return np.flatnonzero(np.isin(draws.touchpoint, known))
    late = walks.stage[draws.unit, draws.day] == len(world.stages) - 1
    return np.flatnonzero(late)[::8]


def _openings(walks: Walks, draws: Draws) -> np.ndarray:
    """Return the first event of every new unit, in order of the day."""
    first = np.flatnonzero(np.r_[True, draws.unit[1:] != draws.unit[:-1]][: len(draws.unit)])
    first = first[~walks.under_way[draws.unit[first]]]
    return first[np.argsort(draws.day[first], kind="stable")]


def _match(draws: Draws, sources: np.ndarray, opening: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Give every source the next free newcomer who begins after it, within three weeks."""
    days = draws.day[opening]
    pairs, taken = [], 0
    for source in sources[rng.random(len(sources)) < 1]:
        taken = max(taken, int(np.searchsorted(days, draws.day[source] + 1)))
        if taken >= len(opening):
            break
        if (
            days[taken] <= draws.day[source] + WITHIN_DAYS
            and draws.unit[opening[taken]] != draws.unit[source]
        ):
            pairs.append((source, opening[taken]))
            taken += 1
    matched = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return matched[:, 0], matched[:, 1]
