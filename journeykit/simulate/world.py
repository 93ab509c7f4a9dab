"""The world: how every persona moves and what it leaves behind, as tables of probabilities.

For persona k, stage s, touchpoint v and channel c:

- time in stage: Erlang, 2 phases, mean d[s] · pace[k] days, in steps of one day;
- leaving a stage: to the next one, one further (skip), one back, or `lapsed`, in shares of k; the share that
  leaves for good differs by stage, too;
- a visit on a day: 1 - exp(-rate[s] · activity · activity[k] · weekday[k] · season), activity differing between people;
- events of a visit: 1 + Poisson(contacts_per_visit - 1);
- touchpoint: (1 - spill - noise) · own[s, v] + spill · own of the neighbouring stages + noise · anything[v],
  tilted by k; anything holds all touchpoints of the model, those that carry money less than others;
- channel: P(c | v, k) over the channels of v, tilted by k; hour: P(h | k).

Every tilt is exp(separation · size · contrast[k]), with contrasts of equal distance between personas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .settings import PHASES, Settings, StageFacts, definitions, read_stages

__all__ = ["World", "build_world"]

LAPSED = "lapsed"
TILT = {"channel": 0.44, "hour": 0.44, "weekday": 0.24, "touchpoint": 0.28, "pace": 0.28, "habit": 0.48,
        "activity": 0.32, "basket": 0.3}  # fmt: skip
ACTIVITY_SPREAD = 0.7  # standard deviation of the log of a person's activity
ACTIVITY_LEVELS = 5
SPILL = 1.4  # share from the neighbouring stages, as a multiple of the noise
UNDER_WAY = 0.25  # share of customers who were under way before the window opens


@dataclass(frozen=True)
class World:
    """Tables of one simulated world. States are stage x phase in order, then `lapsed`.

    Attributes
    ----------
    shares : persona; levels, level_shares : activity of people
    moves : persona x state x state; rates : persona x stage+1; weekdays : persona x 7
    touches : persona x stage+1 x touchpoint; marks : persona x stage x touchpoint
    missing : stage (1 where a stage has no marker)
    channel_shares : persona x touchpoint x channel; hours : persona x 24
    basket : persona, mean of the log of an order's value relative to the usual
    """

    settings: Settings
    stages: tuple[StageFacts, ...]
    touchpoints: tuple[str, ...]
    channels: tuple[str, ...]
    shares: np.ndarray
    levels: np.ndarray
    level_shares: np.ndarray
    moves: np.ndarray
    rates: np.ndarray
    weekdays: np.ndarray
    touches: np.ndarray
    marks: np.ndarray
    missing: np.ndarray
    channel_shares: np.ndarray
    hours: np.ndarray
    basket: np.ndarray
    satisfaction: np.ndarray

    @property
    def stage_of_state(self) -> np.ndarray:
        """Position of the stage of every state; `lapsed` comes last."""
        return np.append(np.repeat(np.arange(len(self.stages)), PHASES), len(self.stages))

    @property
    def stage_ids(self) -> tuple[str, ...]:
        """Ids of the stages in order, then `lapsed`."""
        return (*(stage.id for stage in self.stages), LAPSED)

    @property
    def personas(self) -> tuple[str, ...]:
        """Labels of the personas: A, B, C …"""
        return tuple(_label(k) for k in range(len(self.shares)))


def build_world(settings: Settings) -> World:
    """Return the world that the settings describe; the same settings give the same world."""
    seed = settings.seed if settings.world_seed is None else settings.world_seed
    rng = np.random.default_rng([seed, 1])
    stages = read_stages(settings.stage_model)
    touchpoints = tuple(dict.fromkeys(word for s in stages for word in (*s.touchpoints, *s.markers)))
    channels = tuple(definitions()["popularity"])
    levels, level_shares = _activity_levels()
    tilt = _Tilts(rng, settings)
    touches, marks = _touch_tables(rng, tilt, settings, stages, touchpoints)
    return World(
        settings=settings,
        stages=stages,
        touchpoints=touchpoints,
        channels=channels,
        shares=_persona_shares(settings),
        levels=levels,
        level_shares=level_shares,
        moves=_moves(rng, tilt, settings, len(stages)),
        rates=_rates(rng, tilt, settings, len(stages)),
        weekdays=_weekdays(tilt),
        touches=touches,
        marks=marks,
        missing=np.array([settings.missing_markers if s.markers else 1.0 for s in stages]),
        channel_shares=_channel_shares(tilt, touchpoints, channels),
        hours=_hours(tilt),
        basket=tilt("basket", 1)[:, 0],
        satisfaction=7.2 + _pleased(settings) * contrasts(rng, settings.personas, 1)[:, 0],
    )


def _pleased(settings: Settings) -> float:
    """Return by how many points personas differ in their satisfaction."""
    return 1.2 if settings.effects is None else 1.2 * min(settings.separation, 1.0)


def contrasts(rng: np.random.Generator, personas: int, width: int) -> np.ndarray:
    """Return rows of equal length and, where the width allows, equal distance (mean square 1)."""
    if personas == 1:
        return np.zeros((1, width))
    drawn = rng.standard_normal((personas, width))
    if width == 1:
        return rng.permutation(np.linspace(-1.4, 1.4, personas))[:, None]
    drawn -= drawn.mean(axis=0)
    left, _, right = np.linalg.svd(drawn, full_matrices=False)
    rank = min(personas - 1, width)
    rows = left[:, :rank] @ right[:rank]
    return rows / np.sqrt((rows**2).mean(axis=1, keepdims=True))


class _Tilts:
    """Log weights by which personas differ: separation x size x contrast."""

    def __init__(self, rng: np.random.Generator, settings: Settings) -> None:
        self.rng, self.settings = rng, settings

    def __call__(self, kind: str, width: int) -> np.ndarray:
        rows = contrasts(self.rng, self.settings.personas, width)
        return self.settings.separation * TILT[kind] * rows


def _label(k: int) -> str:
    return chr(65 + k % 26) * (1 + k // 26)


def _persona_shares(settings: Settings) -> np.ndarray:
    shares = settings.shares or np.linspace(1.25, 0.75, settings.personas)
    return np.asarray(shares, float) / np.sum(shares)


def _activity_levels() -> tuple[np.ndarray, np.ndarray]:
    points, weights = np.polynomial.hermite_e.hermegauss(ACTIVITY_LEVELS)
    spread = ACTIVITY_SPREAD
    return np.exp(spread * points - spread**2 / 2), weights / weights.sum()


def _moves(rng: np.random.Generator, tilt: _Tilts, settings: Settings, stages: int) -> np.ndarray:
    """Return the state x state matrices; where people leave differs by stage, and by persona within it."""
    mean_days = settings.days_in_stage(stages) * np.exp(tilt("pace", stages))
    mean_days[:, -1] *= 1.5
    skip, back = (np.clip(0.1 * np.exp(tilt("habit", 1)[:, 0]), 0, 0.3) for _ in range(2))
    leak = 0.075 * np.exp(0.4 * contrasts(rng, stages, 1)[:, 0])
    leave = np.clip(leak * np.exp(tilt("habit", stages)), 0, 0.3)
    return np.stack([_moves_of(mean_days[k], skip[k], back[k], leave[k]) for k in range(len(skip))])


def _moves_of(mean_days: np.ndarray, skip: float, back: float, leave: np.ndarray) -> np.ndarray:
    """Return the state x state matrix of one persona."""
    stages = len(mean_days)
    matrix = np.zeros((stages * PHASES + 1,) * 2)
    for s in range(stages):
        exit_share = min(0.9, PHASES / mean_days[s])
        for phase in range(PHASES):
            state = s * PHASES + phase
            matrix[state, state] = 1 - exit_share
            if phase < PHASES - 1:
                matrix[state, state + 1] = exit_share
        matrix[state] += exit_share * _destinations(s, stages, skip, back, leave[s])
    back_again = np.zeros(stages)
    np.add.at(back_again, [0, min(1, stages - 1), stages - 1], [0.4, 0.4, 0.2])
    wake = 0.3 / mean_days.mean()
    matrix[-1, -1] = 1 - wake
    matrix[-1, : stages * PHASES : PHASES] = wake * back_again
    return matrix


def _destinations(s: int, stages: int, skip: float, back: float, leave: float) -> np.ndarray:
    """Return where somebody goes who leaves stage s, over the states."""
    to = np.zeros(stages * PHASES + 1)
    last = s == stages - 1
    to[-1] = 0.6 if last else leave
    if s > 0:
        to[(s - 1) * PHASES] = 0.4 if last else back
    if s + 2 < stages:
        to[(s + 2) * PHASES] = skip
    if not last:
        to[(s + 1) * PHASES] = 1 - to.sum()
    return to / to.sum()


def _rates(rng: np.random.Generator, tilt: _Tilts, settings: Settings, stages: int) -> np.ndarray:
    by_stage = np.exp(0.3 * contrasts(rng, stages, 1)[:, 0]) if stages > 1 else np.ones(1)
    by_stage = np.append(by_stage, 0.05) * settings.sessions_per_day
    if settings.setting == "b2b":
        by_stage = by_stage * 0.8
    return np.exp(tilt("activity", 1)) * by_stage


def _weekdays(tilt: _Tilts) -> np.ndarray:
    usual = np.array([1.05, 1.05, 1.05, 1.05, 1.0, 0.9, 0.9])
    weights = usual * np.exp(tilt("weekday", 7))
    return 7 * weights / weights.sum(axis=1, keepdims=True)


def _hours(tilt: _Tilts) -> np.ndarray:
    usual = np.array([.3, .15, .1, .1, .15, .3, .7, 1.3, 1.6, 1.8, 1.9, 1.9, 1.9, 1.8, 1.7, 1.7, 1.7, 1.8,
                      1.9, 2.3, 2.5, 2.2, 1.4, .7])  # fmt: skip
    parts = tilt("hour", 6)  # six parts of the day of four hours each
    weights = usual * np.exp(np.repeat(parts, 4, axis=1))
    return weights / weights.sum(axis=1, keepdims=True)


def _channel_shares(tilt: _Tilts, touchpoints: tuple[str, ...], channels: tuple[str, ...]) -> np.ndarray:
    facts = definitions()
    base = np.zeros((len(touchpoints), len(channels)))
    for row, touchpoint in enumerate(touchpoints):
        for channel in facts["channels"].get(touchpoint, facts["anywhere"]):
            base[row, channels.index(channel)] = facts["popularity"][channel]
    weights = base[None] * np.exp(tilt("channel", len(channels)))[:, None, :]
    return weights / weights.sum(axis=2, keepdims=True)


def _touch_tables(
    rng, tilt: _Tilts, settings: Settings, stages, touchpoints
) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of touchpoints by persona and stage, and of markers."""
    leaning = np.exp(tilt("touchpoint", len(touchpoints)))
    usual = np.exp(0.3 * rng.standard_normal(len(touchpoints)))
    usual *= _ease(settings, touchpoints)
    own = np.zeros((len(stages), len(touchpoints)))
    mark = np.zeros_like(own)
    for s, stage in enumerate(stages):
        own[s, _places(stage.touchpoints, touchpoints)] = 1
        own[s, _places(stage.markers, touchpoints)] *= 0.5
        for rank, place in enumerate(_places(stage.markers, touchpoints)):
            mark[s, place] = 1 / (1 + rank)
    own = _shares(own[None] * usual * leaning[:, None])
    return _mix(own, settings, np.array(_ease(settings, touchpoints))), _shares(mark[None] * leaning[:, None])


def _ease(settings: Settings, touchpoints: tuple[str, ...]) -> list[float]:
    """Return how easily each touchpoint is made of one's own accord."""
    rare = definitions()["rare"] | ({} if settings.ratings else {"nps_rating": 0.0})
    return [rare.get(word, 1.0) for word in touchpoints]


def _mix(own: np.ndarray, settings: Settings, ease: np.ndarray) -> np.ndarray:
    noise = settings.noise
    spill = min(SPILL * noise, 0.6 * (1 - noise))
    near = np.zeros_like(own)
    near[:, 1:] += own[:, :-1]
    near[:, :-1] += own[:, 1:]
    near = _shares(near)
    anything = ease / ease.sum()
    mixed = (1 - noise - spill) * own + spill * near + noise * anything
    lapsed = (1 - min(1, 2.5 * noise)) * own[:, :1] + min(1, 2.5 * noise) * anything
    return _shares(np.concatenate([mixed, lapsed], axis=1))


def _places(words: tuple[str, ...], touchpoints: tuple[str, ...]) -> list[int]:
    return [touchpoints.index(word) for word in words]


def _shares(weights: np.ndarray) -> np.ndarray:
    total = weights.sum(axis=-1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def dates(settings: Settings) -> pd.DatetimeIndex:
    """Return the days of the window."""
    return pd.date_range(settings.first_day, periods=settings.days, freq="D")
