"""What a persona can be named by: what sets it apart by a margin that a reader would see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .count_classes import CountClasses

__all__ = ["LEVEL", "unique_keys"]

SHARES = ("channel_share.", "daypart_share.", "touchpoint_share.")
NAMED_ALSO = (
    "weekend_share",
    "order_value_mean",
    "basket_mean",
    "gap_days",
    "contacts_per_session",
    "people",
)
LEVEL = "level_share."  # measures that say whether somebody has a level of an attribute
OF_PEOPLE = ("attribute.", LEVEL, "date_days.")  # measures of a table of customers
LEAST_USE = 0.02  # mean share below which a category cannot give a persona its name
LEAST_TIMES = 1.25  # how many times the others' level a named one is, or the reverse
LEAST_POINTS = 0.05  # the same for shares, as a difference
Z = 1.96  # of the interval of the difference, which must not hold 0


@dataclass(frozen=True)
class _Levels:
    """Mean, squared error of the mean and number of people, personas x measures."""

    mean: pd.DataFrame
    error: pd.DataFrame

    def apart(self, one: str, other: str, measure: str) -> int:
        """Return 1 where one lies visibly above the other, -1 where below, else 0."""
        own, beside = float(self.mean.loc[one, measure]), float(self.mean.loc[other, measure])
        if not np.isfinite(own) or not np.isfinite(beside):
            return 0
        high, low = max(own, beside), min(own, beside)
        error = float(self.error.loc[one, measure]) + float(self.error.loc[other, measure])
        sure = high - low > Z * np.sqrt(error)
        seen = high >= LEAST_TIMES * low and (high - low >= LEAST_POINTS or not _is_share(measure))
        return int(np.sign(own - beside)) if sure and seen else 0


def unique_keys(
    contrasts: dict[str, pd.DataFrame],
    profile: pd.DataFrame,
    persona: pd.Series,
    classes: CountClasses | None = None,
) -> dict[str, str]:
    """Return keys of the strongest traits, as long as it takes for no two to be alike.

    A trait is in a key only where the persona lies above (or below) everybody else by a margin that a reader would
    see: by a quarter, shares by five points as well, and by more than chance. Traits in which it lies so beside
    every other persona come first. A touchpoint names who does it more *within* its stage, and a marker nobody:
    these tell how far people came. A key is empty where there is no such trait.

    Parameters
    ----------
    contrasts
        Per persona a table of measures with their ``effect``, strongest first.
    profile
        The readable measures by unit.
    persona
        Persona of each unit of the profile; missing for the unassigned.
    classes
        The classes that the personas are, in the order of `contrasts`, where they were found by counts.
    """
    levels, rest = _levels(profile, persona, list(contrasts))
    signed = {}
    for place, (name, table) in enumerate(contrasts.items()):
        within = None if classes is None else _within_stage(classes, place)
        signed[name] = list(_signed(name, table, profile, levels, rest, within))
    keys: dict[str, str] = {}
    for length in range(1, 1 + max((len(traits) for traits in signed.values()), default=0)):
        keys = {name: "|".join(traits[:length]) for name, traits in signed.items()}
        if len(set(keys.values())) == len(keys):
            break
    return keys or dict.fromkeys(contrasts, "")


def _levels(profile: pd.DataFrame, persona: pd.Series, names: list[str]) -> tuple[_Levels, _Levels]:
    """Return the levels of the personas, and of each beside everybody else (``rest``)."""
    numbers = profile.select_dtypes("number")
    groups = {name: (persona == name).to_numpy() for name in names}
    others = {name: (persona.notna() & (persona != name)).to_numpy() for name in names}
    return _of(numbers, groups), _of(numbers, others)


def _of(numbers: pd.DataFrame, groups: dict[str, np.ndarray]) -> _Levels:
    parts = {name: numbers[rows] for name, rows in groups.items()}
    mean = pd.DataFrame({name: part.mean() for name, part in parts.items()}).T
    error = pd.DataFrame({name: part.var() / part.count().clip(lower=1) for name, part in parts.items()}).T
    return _Levels(mean, error.fillna(np.inf))


def _signed(
    name: str,
    table: pd.DataFrame,
    profile: pd.DataFrame,
    levels: _Levels,
    rest: _Levels,
    within: dict[str, float] | None,
) -> Iterator[str]:
    """Yield the traits that can name a persona: its own first, what it does more before what it does less."""
    if len(table) and all(str(trait).startswith(OF_PEOPLE) for trait in table["trait"]):
        yield from _signed_by_size(table)
        return
    others = [other for other in levels.mean.index if other != name]
    found: dict[tuple[bool, bool], list[str]] = {}
    for trait in (str(trait) for trait in table["trait"] if _nameable(str(trait), profile)):
        side = _side(name, trait, levels, rest)
        if not side or (within is not None and not _so_within(trait, side, within)):
            continue
        own = all(levels.apart(name, other, trait) == side for other in others)
        found.setdefault((side < 0, not own), []).append(f"{trait}{'+' if side > 0 else '-'}")
    for group in sorted(found):
        yield from found[group]


def _side(name: str, trait: str, levels: _Levels, rest: _Levels) -> int:
    """Return on which side of everybody else a persona visibly lies; 0 where it does not."""
    both = pd.concat([levels.mean.loc[[name]], rest.mean.loc[[name]].set_axis(["rest"])])
    errors = pd.concat([levels.error.loc[[name]], rest.error.loc[[name]].set_axis(["rest"])])
    return _Levels(both, errors).apart(name, "rest", trait)


def _within_stage(classes: CountClasses, place: int) -> dict[str, float]:
    """Return how many times as often as everybody a class does each touchpoint within its stage; markers left out."""
    if place >= classes.mixture.k:
        return {}
    usual = classes.mixture.shares @ classes.mixture.profile
    times = classes.mixture.profile[place] / usual
    split = (
        (name.split(".", 2)[1:], ratio) for name, ratio in zip(classes.columns.categories, times, strict=True)
    )
    return {category: float(ratio) for (block, category), ratio in split if block.startswith("touchpoint:")}


def _so_within(trait: str, side: int, within: dict[str, float]) -> bool:
    if not trait.startswith("touchpoint_share."):
        return True
    times = within.get(trait.removeprefix("touchpoint_share."), 1.0)
    return times >= LEAST_TIMES if side > 0 else times <= 1 / LEAST_TIMES


def _nameable(trait: str, profile: pd.DataFrame) -> bool:
    return trait in NAMED_ALSO or (trait.startswith(SHARES) and profile[trait].mean() >= LEAST_USE)


def _is_share(trait: str) -> bool:
    return "_share" in trait


def _signed_by_size(table: pd.DataFrame) -> Iterator[str]:
    """Yield traits of people without events, strongest first; a level only where most have it, or fewer than others."""
    for row in table.itertuples():
        if row.effect < 0 or not str(row.trait).startswith(LEVEL) or row.median > 0.5:
            yield f"{row.trait}{'+' if row.effect > 0 else '-'}"
