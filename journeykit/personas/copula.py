"""People without groups who have the values of real ones, and whose traits hang together as theirs do."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata

from .space import TraitSpace

__all__ = ["reordered"]


def reordered(
    values: np.ndarray,
    strata: list[np.ndarray],
    blocks: np.ndarray,
    space: TraitSpace,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the values of each block in another order, drawn from a normal copula.

    Each block is summed up by one number, a random mixture of the directions of the space; a draw from a normal
    distribution with the correlations of these numbers says in which order the rows of the block come (Iman
    and Conover 1982).

    Parameters
    ----------
    values
        Rows x traits, with gaps.
    strata
        Positions of the rows that are reordered among each other.
    blocks
        Number of the block of each trait.
    space
        The space that was found of these values.
    rng
        Source of chance.

    Returns
    -------
    array, rows x traits
    """
    mixed = values.copy()
    sums, members = _summed(values, blocks, space, rng)
    for rows in strata:
        orders = _drawn_orders(sums[rows], rng)
        for summed, here, order in zip(sums.T, members, orders.T, strict=True):
            mixed[np.ix_(rows[order], here)] = values[
                np.ix_(rows[np.argsort(summed[rows], kind="stable")], here)
            ]
    return mixed


def _summed(
    values: np.ndarray, blocks: np.ndarray, space: TraitSpace, rng: np.random.Generator
) -> tuple[np.ndarray, list[np.ndarray]]:
    filled = np.nan_to_num(space.standardise(values) - space.mean, nan=0.0)
    mixture = space.directions @ (space.weights * rng.standard_normal(len(space.weights)))
    own = blocks[space.kept]
    members = [np.flatnonzero(blocks == block) for block in np.unique(own)]
    sums = [filled[:, own == block] @ mixture[own == block] for block in np.unique(own)]
    return np.column_stack(sums), members


def _drawn_orders(sums: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return per block the rows from low to high, of a normal draw with the correlations of the sums."""
    scores = norm.ppf((rankdata(sums, axis=0) - 0.5) / len(sums))
    scores -= scores.mean(axis=0)
    lowest, axes = np.linalg.eigh(scores.T @ scores / len(scores))
    root = axes * np.sqrt(np.clip(lowest, 0.0, None))
    return np.argsort(rng.standard_normal(sums.shape) @ root.T, axis=0, kind="stable")
