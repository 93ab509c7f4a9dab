"""The certificate: are the groups more than what shuffled or shapeless people give?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .grouping import group, squares
from .space import TraitSpace

__all__ = ["against_chance", "beats_chance", "explained", "explained_by"]

LEAST_DISTANCE = 3.0  # standard deviations of the null that the observed figure must lie above its mean
STRATA = 5


def explained(points: np.ndarray, k: int) -> float:
    """Return the share of the spread that k groups explain."""
    return explained_by(points, group(points, k, 0, 3))


def explained_by(points: np.ndarray, centres: np.ndarray) -> float:
    """Return the share of the spread that given centres explain; below 0 when they are worse than the mean."""
    total = ((points - points.mean(axis=0)) ** 2).sum()
    return float(1 - squares(points, centres).min(axis=1).sum() / total) if total > 0 else 0.0


def against_chance(
    values: np.ndarray,
    evidence: np.ndarray | None,
    k: int,
    fit: Callable[[np.ndarray], TraitSpace],
    n_null: int,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Compare the groups with those of people whose traits are shuffled, and of people without groups.

    *Shuffled*: each trait is permuted over people with about as many contacts, and the space is found again.
    *Shapeless*: normal clouds with the spread of the data in every direction, per stratum of contacts, so
    that traits that merely hang together do not pass for groups.

    Parameters
    ----------
    values
        Rows x traits, with gaps.
    evidence
        Number of contacts per row, or None.
    k
        Number of groups.
    fit
        Finds the space of traits.
    n_null
        Draws per null.
    rng
        Source of chance.

    Returns
    -------
    dict
        ``observed`` and ``null_mean``, ``null_high`` (share explained, 0 to 1), ``distance`` (standard
        deviations above the nearer null), ``p_value`` (Monte Carlo, the larger of both) and ``draws``.
    """
    strata = _strata(evidence, len(values))
    space = fit(values)
    points = space.project(values)
    used = space.kept  # a trait that repeats another, when shuffled apart from it, would pass for a new one
    values = np.where(np.isin(np.arange(values.shape[1]), used), values, np.nan)
    observed = explained(points, k)
    nulls = {
        "shuffled": [_shuffled(values, used, strata, k, fit, rng) for _ in range(n_null)],
        "shapeless": [explained(_shapeless(points, strata, rng), k) for _ in range(n_null)],
    }
    return _compared(observed, {name: np.array(draws) for name, draws in nulls.items()}, n_null)


def _compared(observed: float, nulls: dict[str, np.ndarray], n_null: int) -> dict[str, float]:
    if n_null == 0:
        return {"observed": observed, "null_mean": np.nan, "null_high": np.nan, "distance": np.inf,
                "p_value": np.nan, "draws": 0}  # fmt: skip
    distances = {name: (observed - draws.mean()) / max(draws.std(), 1e-9) for name, draws in nulls.items()}
    harder = nulls[min(distances, key=lambda name: distances[name])]
    return {
        "observed": observed,
        "null_mean": float(harder.mean()),
        "null_high": float(harder.max()),
        "distance": float(min(distances.values())),
        "p_value": float(max((1 + (draws >= observed).sum()) / (n_null + 1) for draws in nulls.values())),
        "draws": n_null,
    }


def beats_chance(null: dict[str, float]) -> bool:
    """Tell whether the groups are more than chance: above every draw of both nulls, and well above."""
    if null["draws"] == 0:
        return True
    beaten = null["p_value"] <= 1.5 / (null["draws"] + 1)
    return bool(beaten and null["distance"] >= LEAST_DISTANCE)


def _strata(evidence: np.ndarray | None, rows: int) -> list[np.ndarray]:
    """Return the rows in strata of about equal evidence."""
    if evidence is None or rows < 20 * STRATA:
        return [np.arange(rows)]
    return np.array_split(np.argsort(evidence, kind="stable"), STRATA)


def _shuffled(
    values: np.ndarray, used: np.ndarray, strata: list[np.ndarray], k: int, fit, rng: np.random.Generator
) -> float:
    mixed = values.copy()
    for rows in strata:
        cells = np.ix_(rows, used)
        mixed[cells] = rng.permuted(values[cells], axis=0)
    return explained(fit(mixed).project(mixed), k)


def _shapeless(points: np.ndarray, strata: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    cloud = np.empty_like(points)
    for rows in strata:
        part = points[rows]
        cloud[rows] = part.mean(axis=0) + part.std(axis=0) * rng.standard_normal(part.shape)
    return cloud
