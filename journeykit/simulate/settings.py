"""What a population is made from: the arguments of `simulate`, checked, and the stages of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from math import isfinite
from numbers import Real
from typing import Any

import pandas as pd
import yaml

from journeykit.errors import JourneykitError, unknown
from journeykit.stage_models import load_stage_model

__all__ = [
    "EFFECTS",
    "LEAKING_PAGE",
    "STRONG_CHANNEL",
    "Settings",
    "StageFacts",
    "definitions",
    "read_stages",
]

EFFECTS = ("leaking_page", "strong_channel", "skip_penalty", "referral_loop")
LEAKING_PAGE, STRONG_CHANNEL = "/landing/spring-offer", "email"
PHASES = 2  # of an Erlang-distributed time in stage


@dataclass(frozen=True)
class StageFacts:
    """What the simulator needs to know of one stage."""

    id: str
    touchpoints: tuple[str, ...]
    markers: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """The arguments of `simulate`; the same settings always give the same population."""

    customers: int = 2000
    personas: int = 5
    stage_model: str = "universal"
    days: int = 180
    missing_markers: float = 0.15
    noise: float = 0.2
    separation: float = 1.0
    setting: str = "b2c"
    start: str = "2025-01-06"
    pages: bool = True
    referrals: bool = True
    ratings: bool = True
    seed: int = 0
    world_seed: int | None = None
    shares: tuple[float, ...] | None = None
    stage_days: float | None = None
    sessions_per_day: float = 0.3
    effects: Mapping[str, float] | None = None
    contacts: float | None = None
    contacts_per_visit: float = 2.0
    rush: float = 0.0
    one_visit: float = 0.0
    burst: float = 1.0
    season: float = 0.0
    imported: float = 0.0
    billed: float = 0.0

    def __post_init__(self) -> None:
        _check_counts(self)
        _check_shares(self)
        _check_words(self)
        _check_effects(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values that YAML and JSON can hold."""
        return asdict(self)

    def effect(self, name: str) -> float:
        """Return the size of a planted effect; 0 where it is not planted."""
        return float((self.effects or {}).get(name, 0.0))

    @property
    def odd(self) -> tuple[str, ...]:
        """Names of what is asked for that the exact posterior does not know of."""
        usual = {"rush": 0.0, "one_visit": 0.0, "burst": 1.0, "imported": 0.0, "billed": 0.0}
        return tuple(name for name, value in usual.items() if getattr(self, name) != value)

    @property
    def first_day(self) -> pd.Timestamp:
        """The day on which the window opens."""
        return pd.Timestamp(self.start).normalize()

    def days_in_stage(self, stages: int) -> float:
        """Return the mean number of days in a stage of a model of so many stages."""
        usual = 29.0 if self.setting == "b2c" else 90.0
        return self.stage_days or max(4.0, usual * (5 / stages) ** 1.5)


def _check_counts(settings: Settings) -> None:
    for name, low in {"customers": 1, "personas": 1, "days": 1, "seed": 0}.items():
        value = getattr(settings, name)
        if not _is_number(value) or int(value) != value or value < low:
            raise JourneykitError(
                f"{name} is {value!r}, which is not a whole number of at least {low}",
                remedy=f"give {name}={low} or more",
            )


def _check_shares(settings: Settings) -> None:
    _check_between(settings, ("missing_markers", "noise", "one_visit", "imported", "billed"), 0, 1)
    _check_between(settings, ("season",), 0, 1)
    _check_between(settings, ("rush",), 0, 0.9)
    _check_between(settings, ("burst", "contacts_per_visit"), 1, 1000)
    if settings.contacts is not None:
        _check_between(settings, ("contacts",), 3, 300)
    _check_between(settings, ("separation", "sessions_per_day"), 0)
    if settings.stage_days is not None:
        _check_between(settings, ("stage_days",), 2)
    shares = settings.shares
    if shares is not None and (len(shares) != settings.personas or min(shares) < 0 or sum(shares) <= 0):
        raise JourneykitError(
            f"shares holds {len(shares)} values for {settings.personas} personas or a negative one",
            remedy="give one share of 0 or more per persona",
        )


def _check_effects(settings: Settings) -> None:
    for name, size in (settings.effects or {}).items():
        if name not in EFFECTS:
            raise unknown("effect", name, EFFECTS)
        if not _is_number(size) or not 0 <= size <= 1:
            raise JourneykitError(
                f"the effect {name} is {size!r}, which is out of bounds", remedy="give a number from 0 to 1"
            )


def _check_between(settings: Settings, names: tuple[str, ...], low: float, high: float | None = None) -> None:
    for name in names:
        value = getattr(settings, name)
        if not _is_number(value) or value < low or (high is not None and value > high):
            bounds = f"from {low} to {high}" if high is not None else f"of {low} or more"
            raise JourneykitError(
                f"{name} is {value!r}, which is out of bounds", remedy=f"give a number {bounds}"
            )


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)


def _check_words(settings: Settings) -> None:
    if settings.setting not in ("b2c", "b2b"):
        raise unknown("setting", settings.setting, ["b2c", "b2b"])
    try:
        moment = pd.Timestamp(settings.start)
    except (ValueError, TypeError):
        moment = pd.NaT
    if pd.isna(moment):
        raise JourneykitError(
            f"start is {settings.start!r}, which is no date",
            remedy="write it as 2025-01-06",
        )


@cache
def definitions() -> Mapping[str, Any]:
    """Return the data of the simulated world: channels, pages, products, roles."""
    return yaml.safe_load((files("journeykit") / "definitions" / "simulation.yml").read_text("utf-8"))


def read_stages(stage_model: str) -> tuple[StageFacts, ...]:
    """Return the stages of a stage model that ships, or of a file.

    A stage that lists no touchpoints takes its markers, or else those of the whole model.
    """
    stages = load_stage_model(stage_model).stages
    whole = tuple(dict.fromkeys(word for s in stages for word in (*s.touchpoints, *s.markers)))
    whole = whole or tuple(definitions()["touchpoints"])
    return tuple(StageFacts(s.id, s.touchpoints or s.markers or whole, s.markers) for s in stages)
