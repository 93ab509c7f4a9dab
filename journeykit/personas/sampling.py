"""Sampling: rows in blocks, drawn ones, and how their values are spread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from journeykit.features.tables import trait_names

from .space import TraitSpace

__all__ = ["MOST_AT_ONCE", "drawn", "in_blocks", "left_out", "references"]

MOST_AT_ONCE = 50_000  # rows that are labelled at a time, to spare memory


def in_blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows in blocks, to spare memory."""
    for start in range(0, len(values), MOST_AT_ONCE):
        yield values[start : start + MOST_AT_ONCE]


def _spread_over_bins(values: np.ndarray) -> dict[str, list[float]]:
    """Return the edges of ten bins of about as many values, and the share of the values in each."""
    edges = np.unique(np.quantile(values, np.arange(1, 10) / 10))
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return {"edges": edges.tolist(), "shares": (counts / len(values)).tolist()}


def drawn(rows: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Return positions of a sample of the rows, in random order."""
    return rng.permutation(rows)[:most]


def left_out(names: Sequence[str], space: TraitSpace) -> tuple[str, ...]:
    """Return the names of the traits that the space does not use."""
    used = set(space.kept.tolist())
    return tuple(name for place, name in enumerate(trait_names(names)) if place not in used)


def references(
    names: Sequence[str], space: TraitSpace, traits: np.ndarray
) -> dict[str, dict[str, list[float]]]:
    """Return how each used trait is spread over ten bins, for judging drift later."""
    known = trait_names(names)
    used = {known[place]: traits[:, place] for place in np.sort(space.kept)}
    return {name: _spread_over_bins(values[np.isfinite(values)]) for name, values in used.items()}
