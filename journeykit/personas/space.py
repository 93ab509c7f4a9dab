"""The space of traits: standardised, gaps filled, turned so that what stays within a person counts most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import eigh

from journeykit.features.tables import EVIDENCE, robust_scale, trait_names, usable_columns

__all__ = [
    "TraitSpace",
    "blocks_of",
    "fit_space",
    "in_order",
    "knows_all",
    "part_evidence",
    "plain_space",
    "unaligned",
    "within_matrix",
]

EXCLUSIVE = 0.5  # variance of a sum beside that of independent terms: below it they exclude each other
BOUND = 4.0  # robust standard deviations: an outlier counts as this far and no farther


@dataclass
class TraitSpace:
    """Where a person stands, as coordinates in a few directions.

    Attributes
    ----------
    kept : array of int
        Positions of the traits that are used.
    centre, scale : array
        Median and robust standard deviation of each used trait.
    mean : array
        Mean of the standardised traits, taken off before turning.
    directions : array, used traits x directions
    weights : array
        Between-person over within-person variance of each direction (largest first).
    bound : float
        Robust standard deviations at which a trait is cut.
    """

    kept: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    mean: np.ndarray
    directions: np.ndarray
    weights: np.ndarray
    bound: float = BOUND

    def standardise(self, values: np.ndarray) -> np.ndarray:
        """Return the used traits in robust standard deviations; a gap stays a gap."""
        standard = values[:, self.kept] - self.centre
        standard /= self.scale
        return np.clip(standard, -self.bound, self.bound, out=standard)

    def project(self, values: np.ndarray) -> np.ndarray:
        """Return coordinates, rows x directions. A gap stands at the mean, so it moves nobody in any direction."""
        filled = self.standardise(values)
        filled -= self.mean
        filled[np.isnan(filled)] = 0.0
        return filled @ self.directions


def fit_space(
    values: np.ndarray,
    within: np.ndarray | None,
    n_directions: int,
    ridge: float,
    *,
    scale: bool = True,
) -> TraitSpace:
    """Find the directions in which people differ most for what varies within a person.

    Solves T v = λ (W + r I) v for the total covariance T and the within-person covariance W of the
    standardised traits; r is the ridge times the mean variance in W. Without W the directions are those
    of the largest total variance.

    Parameters
    ----------
    values
        Rows x traits, with gaps.
    within
        Within-person covariance of the traits, in their own units, or None. It is used when that of every
        trait in use is known.
    n_directions
        Most directions that are kept.
    ridge
        How much a direction with little within-person variance is distrusted.
    scale
        Whether traits are brought to one scale, and cut, first.
    """
    known = None if within is None else np.isfinite(np.diag(within))
    space = _unturned(values, scale, known)
    if len(space.kept) == 0:
        return space
    total = _total(space, values)
    noise = None
    if within is not None and knows_all(within, space.kept):
        noise = within[np.ix_(space.kept, space.kept)] / np.outer(space.scale, space.scale)
    space.weights, space.directions = _turned(total, noise, n_directions, ridge)
    return space


def knows_all(within: np.ndarray | None, kept: np.ndarray) -> bool:
    """Tell whether the within-person covariance of all traits that are used is known."""
    return within is not None and bool(np.isfinite(within[np.ix_(kept, kept)]).all())


def plain_space(values: np.ndarray) -> TraitSpace:
    """Return the space in which columns are coordinates already: from their mean, in their own units."""
    space = _unturned(values, scale=False)
    if len(space.kept):
        space.weights = np.diag(_total(space, values))[np.argsort(space.kept)]
        space.directions = np.eye(len(space.kept))[:, np.argsort(space.kept)]  # in the order of the columns
    return space


def unaligned(
    points: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, Callable[[np.ndarray], TraitSpace]]:
    """Return coordinates turned at random, and what finds their principal axes again.

    One coordinate may set the groups apart by itself, and shuffling coordinates would then leave the groups as
    they are. Once turned, no coordinate does; distances stay what they were.
    """
    directions = points.shape[1]
    turn = np.linalg.qr(rng.standard_normal((directions, directions)))[0]

    def fit(values: np.ndarray) -> TraitSpace:
        return fit_space(values, None, directions, 0.0, scale=False)

    return points @ turn, fit


def blocks_of(names: Sequence[str], values: np.ndarray) -> np.ndarray:
    """Return per trait, in the order of their names, the number of its block.

    The levels of one category are a block: where one is, no other can be. They have the beginning of their
    name in common, up to the full stop, and their sum, each in standard deviations, hardly varies. Every other
    trait is a block by itself.

    Examples
    --------
    >>> pro = np.array([1.0, 1.0, 0.0, 0.0])
    >>> blocks_of(["plan.pro", "age", "plan.free"], np.column_stack([[30, 41, 58, 62], 1 - pro, pro])).tolist()
    [0, 1, 1]
    """
    starts = [name.split(".")[0] for name in sorted(names)]
    blocks = np.arange(len(starts))
    for start in set(starts):
        here = np.flatnonzero([other == start for other in starts])
        if len(here) > 1 and _exclude_each_other(values[:, here]):
            blocks[here] = here[0]
    return np.unique(blocks, return_inverse=True)[1]


def _exclude_each_other(values: np.ndarray) -> bool:
    seen = np.isfinite(values)
    if not seen.any(axis=0).all():
        return False
    standard = np.where(seen, values - np.nanmean(values, axis=0), 0.0)
    standard /= np.maximum(standard.std(axis=0), 1e-12)
    return bool(standard.sum(axis=1).var() <= EXCLUSIVE * values.shape[1])


def _unturned(values: np.ndarray, scale: bool, preferred: np.ndarray | None = None) -> TraitSpace:
    kept = usable_columns(values, preferred)
    nothing = np.zeros(len(kept))
    centre, spread = robust_scale(values[:, kept]) if scale else (nothing, nothing + 1.0)
    bound = BOUND if scale else np.inf
    space = TraitSpace(kept, centre, spread, nothing, np.empty((len(kept), 0)), np.empty(0), bound)
    if len(kept):
        space.mean = np.nanmean(space.standardise(values), axis=0)
    return space


def _total(space: TraitSpace, values: np.ndarray) -> np.ndarray:
    filled = np.nan_to_num(space.standardise(values) - space.mean, nan=0.0)
    return filled.T @ filled / len(filled)


def _turned(total: np.ndarray, noise: np.ndarray | None, n_directions: int, ridge: float):
    if noise is None:
        weights, directions = eigh(total)
    else:
        lowest, axes = np.linalg.eigh((noise + noise.T) / 2)
        noise = (axes * np.clip(lowest, 0.0, None)) @ axes.T
        level = max(float(np.trace(noise)) / len(noise), 1e-6)
        weights, directions = eigh(total, noise + max(ridge, 1e-6) * level * np.eye(len(noise)))
    best = np.argsort(-weights, kind="stable")[:n_directions]
    weights, directions = weights[best], directions[:, best]
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    return weights, directions * np.where(signs == 0, 1.0, signs)


def part_evidence(values: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Part the traits, in the order of their names, from the evidence (None where there is none)."""
    place = {name: at for at, name in enumerate(names)}
    order = [place[name] for name in trait_names(names)]
    evidence = values[:, list(names).index(EVIDENCE)] if EVIDENCE in names else None
    return values[:, order], evidence


def in_order(values: np.ndarray, evidence: np.ndarray | None, least: int):
    """Return the rows that shape the personas, in an order that does not depend on the order given."""
    if evidence is not None:
        enough = evidence >= least
        if not enough.any():
            enough = np.ones(len(values), bool)
        values, evidence = values[enough], evidence[enough]
    keys = values[:, usable_columns(values)].T
    order = np.lexsort(keys[::-1]) if len(keys) else np.arange(len(values))
    return values[order], None if evidence is None else evidence[order]


def within_matrix(given: Any, names: Sequence[str], *, strict: bool = False) -> np.ndarray | None:
    """Return the within-person covariance of the traits, in the order of their names.

    Parameters
    ----------
    given
        A DataFrame, ``{"columns": [...], "matrix": [...]}``, an array in the order of the columns, or None.
    names
        The columns of the table; the evidence is no trait.
    strict
        Whether a trait that is absent is an error; otherwise what is unknown of it is missing in the matrix.
    """
    traits = trait_names(map(str, names))
    if given is None:
        return None
    frame = _as_frame(given, traits)
    absent = sorted(set(traits) - set(frame.columns) | set(traits) - set(frame.index))
    if absent and strict:
        raise ValueError(
            f"the covariance within a person lacks {', '.join(absent[:5])}; give it for every trait"
        )
    return frame.reindex(index=sorted(traits), columns=sorted(traits)).to_numpy(float)


def _as_frame(given: Any, traits: list[str]) -> pd.DataFrame:
    if isinstance(given, pd.DataFrame):
        return given
    if isinstance(given, Mapping):
        return pd.DataFrame(given["matrix"], index=given["columns"], columns=given["columns"], dtype=float)
    matrix = np.asarray(given, dtype=float)
    if matrix.shape != (len(traits), len(traits)):
        raise ValueError(
            f"the covariance within a person has shape {matrix.shape}; give {len(traits)} x {len(traits)}, "
            "a row and a column for every trait"
        )
    return pd.DataFrame(matrix, index=traits, columns=traits)
