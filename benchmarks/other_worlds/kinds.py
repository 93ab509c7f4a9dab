"""The kinds of world, as changes to the settings of the dense one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

__all__ = ["KINDS", "OtherSettings", "settings_of"]


@dataclass(frozen=True)
class OtherSettings:
    """What a world of other rules is made from.

    Attributes
    ----------
    apart : how far personas differ in touchpoints, pace, moves and baskets; 0.7 low, 1 middle, 1.4 high
    apart_habits : the same in channels and hours
    groups : `personas` (a few kinds of people), `none` (one kind), `continuum` (traits vary without groups)
    own : how many contacts the persona's habits weigh in everybody's own; the lower, the more people differ
        by themselves
    activity_spread : standard deviation of the log of a person's activity
    noise, spill : shares of contacts from anywhere, and from the neighbouring stages
    contacts : fewest and most contacts a person, None: as many as come
    burst : how many times likelier a visit is on the day after one
    season : how far visits rise and fall over half a year, as a share of the mean
    people_seed : seed of the people alone, who then live by the rules of `seed`
    """

    customers: int = 2000
    seed: int = 0
    personas: int = 5
    stage_model: str = "universal"
    days: int = 180
    start: str = "2025-01-06"
    missing_markers: float = 0.15
    apart: float = 1.0
    apart_habits: float = 1.0
    groups: str = "personas"
    own: float = 45.0
    activity_spread: float = 0.6
    visits_per_day: float = 0.22
    burst: float = 2.5
    noise: float = 0.22
    spill: float = 0.3
    contacts: tuple[int, int] | None = None
    stage_days: float | None = None
    setting: str = "b2c"
    season: float = 0.0
    people_seed: int | None = None

    def days_in_stage(self, stages: int) -> float:
        """Return the mean days in a stage."""
        return self.stage_days or 28.0 * (5 / stages) ** 1.5


SPARSE = {"contacts": (7, 14), "apart": 0.0, "apart_habits": 5.0, "visits_per_day": 0.1}
KINDS: dict[str, dict[str, Any]] = {
    "dense": {},
    "low": {"apart": 0.7, "apart_habits": 0.7},
    "high": {"apart": 1.4, "apart_habits": 1.4},
    "untracked": {"missing_markers": 0.6},
    "7 stages": {"stage_model": "content"},
    "8 stages": {"stage_model": "value-journey"},
    "3 personas": {"personas": 3},
    "7 personas": {"personas": 7},
    "bursty": {"burst": 8.0, "visits_per_day": 0.16},
    "seasonal": {"season": 0.8},
    "sparse": SPARSE | {"personas": 2},
    "sparse, 3 groups": SPARSE | {"personas": 3},
    "null": {"groups": "none", "own": 1e6},
    "null, own habits": {"groups": "none", "own": 30.0},
    "null, activity": {"groups": "none", "activity_spread": 1.2},
    "null, sparse": SPARSE | {"groups": "none"},
    "continuous": {"groups": "continuum"},
    "continuous, habits": {"groups": "continuum", "apart": 0.0, "apart_habits": 2.0},
}


def settings_of(kind: str, seed: int = 0, customers: int = 2000, **changes: Any) -> OtherSettings:
    """Return the settings of a kind of world, changed where told.

    Raises
    ------
    KeyError
        There is no such kind.
    """
    if kind not in KINDS:
        raise KeyError(f"no kind of world {kind!r}; there are {', '.join(KINDS)}")
    return replace(OtherSettings(customers=customers, seed=seed), **{**KINDS[kind], **changes})


def as_parameters(settings: OtherSettings) -> dict[str, Any]:
    """Return the settings as plain values."""
    return asdict(settings)
