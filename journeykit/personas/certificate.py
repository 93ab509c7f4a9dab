"""The certificate: are the groups more than what shuffled or shapeless people give?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.isotonic import isotonic_regression

from .copula import reordered
from .grouping import group, squares
from .space import TraitSpace

__all__ = ["LEAST_DISTANCE", "LEAST_OF_MIXED", "against_chance", "beats_chance", "explained", "explained_by"]

LEAST_DISTANCE = 3.0  # standard deviations of the null that the observed figure must lie above its mean
LEAST_OF_MIXED = 5.0  # the same for traits of mixed types, of which the null worlds are less exact
STRATA = 5
MOST_BINS = 40  # of the histogram from which a spread with one peak is drawn


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
    *,
    skewed: bool = False,
    blocks: np.ndarray | None = None,
) -> dict[str, float]:
    """Compare the groups with those of people whose traits are shuffled, and of people without groups.

    *Shuffled*: each trait is permuted over people with about as many contacts, and the space is found again.
    *Shapeless*: normal clouds with the spread of the data in every direction, per stratum of contacts, so
    that traits that merely hang together do not pass for groups. When they are *skewed*, each direction has
    the nearest spread with one peak in place of the normal one, so that a long tail, such as that of activity,
    does not pass for a group. With *blocks* there is a third world, *reordered*: every block keeps the values
    that it has, and blocks hang together as they do, but by a normal copula (Iman and Conover 1982). The
    levels of one category, beside numbers that hang together, then do not pass for groups.

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
    skewed
        Whether shapeless people are as skewed as these.
    blocks
        Per trait the number of its block, such as the category of which it is a level: what is in one block
        is permuted together. Each trait by itself when None.

    Returns
    -------
    dict
        ``observed`` and ``null_mean``, ``null_high`` (share explained, 0 to 1), ``distance`` (standard
        deviations above the nearest null), ``p_value`` (Monte Carlo, the largest) and ``draws``.
    """
    strata = _strata(evidence, len(values))
    space = fit(values)
    points = space.project(values)
    used = space.kept  # a trait that repeats another, when shuffled apart from it, would pass for a new one
    values = np.where(np.isin(np.arange(values.shape[1]), used), values, np.nan)
    observed = explained(points, k)
    shapeless = _one_peaked(points, strata) if skewed else _normal(points, strata)
    nulls = {
        "shuffled": [_shuffled(values, used, strata, blocks, k, fit, rng) for _ in range(n_null)],
        "shapeless": [explained(shapeless(rng), k) for _ in range(n_null)],
    }
    if blocks is not None:
        worlds = (reordered(values, strata, blocks, fit(values), rng) for _ in range(n_null))
        nulls["reordered"] = [explained(fit(world).project(world), k) for world in worlds]
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


def beats_chance(null: dict[str, float], least: float = LEAST_DISTANCE) -> bool:
    """Tell whether the groups are more than chance: above every draw of every null, and well above."""
    if null["draws"] == 0:
        return True
    beaten = null["p_value"] <= 1.5 / (null["draws"] + 1)
    return bool(beaten and null["distance"] >= least)


def _strata(evidence: np.ndarray | None, rows: int) -> list[np.ndarray]:
    """Return the rows in strata of about equal evidence."""
    if evidence is None or rows < 20 * STRATA:
        return [np.arange(rows)]
    return np.array_split(np.argsort(evidence, kind="stable"), STRATA)


def _shuffled(
    values: np.ndarray,
    used: np.ndarray,
    strata: list[np.ndarray],
    blocks: np.ndarray | None,
    k: int,
    fit,
    rng: np.random.Generator,
) -> float:
    mixed = values.copy()
    for rows in strata:
        if blocks is None:
            cells = np.ix_(rows, used)
            mixed[cells] = rng.permuted(values[cells], axis=0)
            continue
        for block in np.unique(blocks):
            here = np.flatnonzero(blocks == block)
            mixed[np.ix_(rows, here)] = values[np.ix_(rng.permutation(rows), here)]
    return explained(fit(mixed).project(mixed), k)


def _normal(points: np.ndarray, strata: list[np.ndarray]) -> Callable[[np.random.Generator], np.ndarray]:
    def draw(rng: np.random.Generator) -> np.ndarray:
        cloud = np.empty_like(points)
        for rows in strata:
            part = points[rows]
            cloud[rows] = part.mean(axis=0) + part.std(axis=0) * rng.standard_normal(part.shape)
        return cloud

    return draw


def _one_peaked(points: np.ndarray, strata: list[np.ndarray]) -> Callable[[np.random.Generator], np.ndarray]:
    spreads = [[_with_one_peak(column) for column in points[rows].T] for rows in strata]

    def draw(rng: np.random.Generator) -> np.ndarray:
        cloud = np.empty_like(points)
        for rows, directions in zip(strata, spreads, strict=True):
            for place, (edges, shares) in enumerate(directions):
                drawn = np.interp(rng.random(len(rows)), np.concatenate([[0.0], shares.cumsum()]), edges)
                own = points[rows, place]
                cloud[rows, place] = own.mean() + (drawn - drawn.mean()) * own.std() / max(drawn.std(), 1e-12)
        return cloud

    return draw


def _with_one_peak(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return edges and shares of the histogram with one peak that is nearest to that of the values."""
    counts, edges = np.histogram(values, bins=int(np.clip(np.sqrt(len(values)), 2, MOST_BINS)))
    risen = [isotonic_regression(counts[: peak + 1]) for peak in range(len(counts))]
    fallen = [isotonic_regression(counts[peak:], increasing=False) for peak in range(len(counts))]
    fits = [np.concatenate([up[:-1], [max(up[-1], down[0])], down[1:]])
            for up, down in zip(risen, fallen, strict=True)]  # fmt: skip
    nearest = min(fits, key=lambda fit: float(((fit - counts) ** 2).sum()))
    return edges, nearest / nearest.sum()
