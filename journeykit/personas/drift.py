"""Drift: how the traits of other people are spread, beside those from whom personas were learned."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from journeykit.features.drift import renamed, stability_index
from journeykit.features.tables import trait_names

from .clusterer import PersonaClusterer
from .space import robust_scale

__all__ = ["count_bins", "drift_table", "renamed", "stability_index"]

SHIFTED = 0.25  # population stability index above which a trait has shifted
OUTSIDE = 6.0  # robust standard deviations, or times as wide: farther than people differ, so another unit
LEAST_VALUES = 10  # to judge the unit of a trait by


def count_bins(clusterer: PersonaClusterer, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return, per used trait, how many of the people fall in each bin that was kept when learning.

    Parameters
    ----------
    values
        Rows x traits in the order of the clusterer, with gaps; a gap is not counted.
    """
    counts = {}
    for name, known in clusterer.reference_.items():
        column = values[:, clusterer._names.index(name)]
        bins = np.searchsorted(np.asarray(known["edges"]), column[np.isfinite(column)], side="right")
        counts[name] = np.bincount(bins, minlength=len(known["shares"]))
    return counts


def drift_table(
    clusterer: PersonaClusterer, counts: dict[str, np.ndarray], sample: np.ndarray
) -> pd.DataFrame:
    """Return how far each used trait has drifted.

    Parameters
    ----------
    counts
        As of `count_bins`, summed over all people who count.
    sample
        Some of those people x traits in the order of the clusterer.

    Returns
    -------
    DataFrame
        Indexed by ``trait``: ``psi`` (population stability index), ``moved`` (median less that when
        learning, in robust standard deviations of then), ``times`` (robust standard deviation over that of
        then), ``state``: ``absent`` when there is no value, ``range`` when the values lie so far outside, or
        so close together, that they must be in another unit, ``shifted`` or ``ok``. ``moved`` and ``times``
        are missing for fewer than ten values.
    """
    units = dict(zip(counts, _units(clusterer, sample, list(counts)), strict=True))
    rows = {name: _row(clusterer, name, seen, units[name]) for name, seen in counts.items()}
    columns = ["psi", "moved", "times", "state"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("trait")


def _row(clusterer, name: str, seen: np.ndarray, unit: tuple[float, float, float]) -> tuple:
    total, (start, moved, times) = int(seen.sum()), unit
    if total == 0:
        return np.nan, np.nan, np.nan, "absent"
    index = stability_index(clusterer.reference_[name]["shares"], seen / total)
    state = "shifted" if index > SHIFTED + 20 / total else "ok"
    return index, moved, times, "range" if _other_unit(start, moved, times) else state


def _other_unit(start: float, moved: float, times: float) -> bool:
    """Tell whether values must be in another unit.

    They lie far outside; or they lie far closer together, about where dividing by a factor puts them. A trait
    of which everybody has one value has merely lost its spread.
    """
    if not np.isfinite(times):
        return False
    outside = abs(moved) > OUTSIDE or times > OUTSIDE
    divided = 0 < times < 1 / OUTSIDE and abs(start + moved - start * times) <= max(times, 0.1) * OUTSIDE / 2
    return bool(outside or divided)


def _units(clusterer, sample: np.ndarray, names: list[str]) -> Iterable[tuple[float, float, float]]:
    """Yield, per trait, its median when learning, how far it moved, and how many times as wide it is."""
    space = clusterer.space_
    traits = trait_names(clusterer._names)
    places = {traits[place]: at for at, place in enumerate(space.kept)}
    for name in names:
        centre, scale = space.centre[places[name]], space.scale[places[name]]
        values = sample[:, clusterer._names.index(name)]
        values = values[np.isfinite(values)]
        if len(values) < LEAST_VALUES:
            yield np.nan, np.nan, np.nan
            continue
        middle, spread = (float(part[0]) for part in robust_scale(values[:, None]))
        yield float(centre / scale), float((middle - centre) / scale), float(spread / scale)
