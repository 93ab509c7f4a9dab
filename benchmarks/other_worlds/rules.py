"""The rules of one world: what each kind of person does in each stage, for how long, and where to next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from journeykit.stage_models import load_stage_model

from .kinds import OtherSettings

__all__ = ["CHANNELS", "FIXED_CHANNEL", "LOG_SPREAD", "SHAPE", "Rules", "draw_rules", "shares"]

CHANNELS = ("search", "social", "email", "direct", "web", "app", "store", "video")
FIXED_CHANNEL = {"email_click": "email", "email_open": "email", "social_view": "social", "store_visit": "store",
                 "social_engagement": "social"}  # fmt: skip
MONEY = ("purchase", "repeat_purchase", "contract_signed", "upgrade", "cross_sell", "subscription_renewal")
SHAPE, LOG_SPREAD = 2.2, 0.75  # of gamma stays (even stages) and of lognormal ones (odd stages)
ONWARD, SKIP, BACK, LEAVE = 0.72, 0.08, 0.11, 0.09
STRAY = 0.01  # visits a day of who has lapsed
LAPSED_DAYS = 150.0  # mean silence of those who come back


@dataclass(frozen=True)
class Rules:
    """Tables by type of person (a persona, or in a continuum one person); stages in order, then `lapsed`.

    Attributes
    ----------
    share : type; touch : type x stage+1 x touchpoint; mark : type x stage x touchpoint
    channel : type x channel; hour : type x 24; basket : type, mean of the log of an order's value
    stay_days : type x stage+1, means; onward : type x stage+1 x stage+1; visits : type x stage+1, a day
    """

    stages: tuple[str, ...]
    touchpoints: tuple[str, ...]
    share: np.ndarray
    touch: np.ndarray
    mark: np.ndarray
    channel: np.ndarray
    hour: np.ndarray
    basket: np.ndarray
    stay_days: np.ndarray
    onward: np.ndarray
    visits: np.ndarray

    @property
    def states(self) -> tuple[str, ...]:
        return (*self.stages, "lapsed")

    @property
    def money(self) -> np.ndarray:
        """Whether each touchpoint carries money."""
        return np.isin(self.touchpoints, MONEY)


class Leanings:
    """How types differ in one respect: rows of standard normal scores, one a type.

    Types that are personas lie as they are drawn; in a continuum every type is a mix of the same two directions,
    so that there is no gap anywhere; where there are no groups all scores are 0.
    """

    def __init__(self, settings: OtherSettings, types: int, rng: np.random.Generator) -> None:
        self.settings, self.types, self.rng = settings, types, rng
        self.place = rng.standard_normal((types, 2))

    def __call__(self, *width: int) -> np.ndarray:
        if self.settings.groups == "none":
            return np.zeros((self.types, *width))
        if self.settings.groups == "continuum":
            directions = self.rng.standard_normal((2, *width)) / np.sqrt(2)
            return np.tensordot(self.place, directions, 1)
        return self.rng.standard_normal((self.types, *width))


def draw_rules(settings: OtherSettings, rng: np.random.Generator) -> Rules:
    """Return the rules of a world."""
    model = load_stage_model(settings.stage_model)
    touchpoints = tuple(sorted(model.touchpoints))
    types = {"personas": settings.personas, "none": 1, "continuum": settings.customers}[settings.groups]
    lean, stages = Leanings(settings, types, rng), len(model.ids)
    touch, mark = _touch(model, touchpoints, settings, lean, rng)
    share = (
        rng.dirichlet(np.full(types, 25.0)) if settings.groups == "personas" else np.full(types, 1 / types)
    )
    return Rules(
        stages=model.ids, touchpoints=touchpoints, share=share, touch=touch, mark=mark,
        channel=_channels(settings, lean, rng), hour=_hours(settings, lean, rng),
        basket=3.5 + 0.35 * settings.apart * lean(1)[:, 0], stay_days=_stay_days(settings, stages, lean, rng),
        onward=_onward(settings, stages, lean), visits=_visits(settings, stages, lean, rng),
    )  # fmt: skip


def shares(weights: np.ndarray) -> np.ndarray:
    """Return weights divided by their sum over the last axis; zeros stay zeros."""
    total = weights.sum(axis=-1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def _touch(model, touchpoints, settings: OtherSettings, lean: Leanings, rng):
    """Return who does what in which stage: favourites of a type are done more, the others less."""
    place = {word: number for number, word in enumerate(touchpoints)}
    usual, marks = np.zeros((2, len(model.ids), len(touchpoints)))
    for s, stage in enumerate(model.stages):
        words = [place[word] for word in {*stage.touchpoints, *stage.markers}]
        usual[s, sorted(words)] = rng.gamma(2.0, size=len(words))
        for rank, word in enumerate(stage.markers):
            usual[s, place[word]] *= 0.4
            marks[s, place[word]] = 0.6**rank
    score = lean(len(model.ids), len(touchpoints))
    factor = np.exp(settings.apart * 1.1 * np.tanh(1.4 * score))
    own = shares(usual * factor)
    strays = ~np.isin(touchpoints, MONEY)  # who buys has come so far: what is paid strays nowhere
    near = np.zeros_like(own)
    near[:, 1:] += own[:, :-1] * strays
    near[:, :-1] += own[:, 1:] * strays
    anything = strays / strays.sum()
    mixed = (
        (1 - settings.noise - settings.spill) * own
        + settings.spill * shares(near)
        + settings.noise * anything
    )
    stray = 0.5 * own[:, :1] + 0.5 * anything
    return shares(np.concatenate([mixed, stray], axis=1)), shares(marks * factor)


def _channels(settings: OtherSettings, lean: Leanings, rng) -> np.ndarray:
    usual = rng.dirichlet(np.full(len(CHANNELS), 6.0))
    return shares(usual * np.exp(0.33 * settings.apart_habits * lean(len(CHANNELS))))


def _hours(settings: OtherSettings, lean: Leanings, rng) -> np.ndarray:
    """Return when people are active: a day of two humps, and a hump of the type's own."""
    hour = np.arange(24)
    usual = 0.3 + np.exp(-(((hour - 11) / 4) ** 2)) + 1.2 * np.exp(-(((hour - 20) / 3) ** 2))
    usual = usual / usual.sum()
    if settings.groups == "none":
        return usual[None]
    if settings.groups == "personas":
        peak = (rng.uniform(0, 24) + rng.permutation(lean.types) * 24 / lean.types)[:, None]
    else:
        peak = 15 + 3.5 * lean(1)
    away = np.abs((hour - peak + 12) % 24 - 12)
    own = shares(np.exp(-((away / 3.0) ** 2)) + 1e-3)
    mixed = np.minimum(0.16 * settings.apart_habits, 0.95)
    return (1 - mixed) * usual + mixed * own


def _stay_days(settings: OtherSettings, stages: int, lean: Leanings, rng) -> np.ndarray:
    usual = settings.days_in_stage(stages) * np.exp(0.25 * rng.standard_normal(stages))
    own = usual * np.exp(0.3 * settings.apart * lean(stages))
    return np.concatenate([own, np.full((lean.types, 1), LAPSED_DAYS)], axis=1)


def _onward(settings: OtherSettings, stages: int, lean: Leanings) -> np.ndarray:
    """Return where each type goes from each stage, and from silence."""
    usual = np.zeros((stages + 1, stages + 1))
    for s in range(stages):
        for to, share in ((s + 1, ONWARD), (s + 2, SKIP), (s - 1, BACK)):
            if 0 <= to < stages:
                usual[s, to] = share
        usual[s, -1] = (LEAVE if s < stages - 1 else 0.2) * (5 / stages) ** 1.5
    usual[-1, :2], usual[-1, stages - 1] = (0.4, 0.4), 0.2
    return shares(usual * np.exp(0.4 * settings.apart * lean(stages + 1, stages + 1)))


def _visits(settings: OtherSettings, stages: int, lean: Leanings, rng) -> np.ndarray:
    by_stage = settings.visits_per_day * np.exp(0.25 * rng.standard_normal(stages))
    own = by_stage * np.exp(0.25 * settings.apart * lean(1))
    return np.concatenate([own, np.full((lean.types, 1), STRAY)], axis=1)
