"""Shuffled people: every block of counts is given to another person who is as active and came as far."""

from __future__ import annotations

import numpy as np

from .count_table import CountTable

__all__ = ["shuffled", "strata_of"]

STRATA = 5
LEAST_ROWS = 20  # in a stratum of activity


def strata_of(activity: np.ndarray, furthest: np.ndarray) -> list[np.ndarray]:
    """Return positions of people in strata of the same furthest stage, and about the same activity.

    What differs between strata alone, such as how far people came, is then the same in shuffled people, and is no
    ground for a persona.
    """
    furthest = np.nan_to_num(furthest, nan=-1.0)
    strata: list[np.ndarray] = []
    for stage in np.unique(furthest):
        here = np.flatnonzero(furthest == stage)
        parts = int(np.clip(len(here) // LEAST_ROWS, 1, STRATA))
        strata += np.array_split(here[np.argsort(activity[here], kind="stable")], parts)
    return strata


def shuffled(table: CountTable, strata: list[np.ndarray], rng: np.random.Generator) -> CountTable:
    """Return counts of which each block, as a row, is permuted within strata; of one block, drawn from one law."""
    counts, means, times = table.counts.copy(), table.means.copy(), table.times.copy()
    for rows in strata:
        for block in range(len(table.blocks)):
            cells = np.flatnonzero(table.block_of == block)
            counts[np.ix_(rows, cells)] = table.counts[np.ix_(rng.permutation(rows), cells)]
        for place in range(means.shape[1]):
            order = rng.permutation(rows)
            means[rows, place], times[rows, place] = table.means[order, place], table.times[order, place]
    return CountTable(counts, means, times, table.block_of, table.blocks)
