"""Halves: how many classes there are, by what one half of the people foretells of the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .continuum import fit_continuum
from .count_table import CountTable
from .grouping import jaccard
from .mixture import CountMixture, fit_mixture, one_class

__all__ = ["Halves", "choose_by_halves"]

LEAST_OVERLAP = 0.5  # Jaccard of a class between the halves
ERRORS = 2.0  # standard errors by which a further class must foretell better
HALF_FIT = {"starts": 5, "kept": 2, "few": 8, "most": 60}
PATIENCE = 2  # numbers in a row that bring nothing before no more are tried


@dataclass
class Halves:
    """Two halves of the people, and what is learned of each.

    Attributes
    ----------
    table : CountTable
        Everybody.
    sides : array of int
        Half of each person, 0 or 1.
    """

    table: CountTable
    sides: np.ndarray
    fits: dict[int, Sequence[CountMixture]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = [self.table.rows(np.flatnonzero(self.sides == side)) for side in (0, 1)]
        self.everybody = tuple(one_class(part) for part in self.parts)
        self.fits[1] = self.everybody

    def fit(self, k: int, rng: np.random.Generator) -> None:
        """Learn k classes of each half."""
        self.fits[k] = tuple(
            fit_mixture(part, k, rng, everybody=one, **HALF_FIT)
            for part, one in zip(self.parts, self.everybody, strict=True)
        )

    def foretold(self, models: Sequence[CountMixture]) -> np.ndarray:
        """Return the log likelihood of each person under what was learned of the other half."""
        found = np.empty(len(self.table))
        for side in (0, 1):
            found[self.sides == side] = models[1 - side].likelihood(self.parts[side])
        return found

    def labels(self, k: int) -> list[np.ndarray]:
        """Return the likeliest class of everybody by each half."""
        return [model.probabilities(self.table).argmax(axis=1) for model in self.fits[k]]

    def continuum(self, k: int) -> np.ndarray:
        """Return what k classes foretell of each person more than a continuum with as many extremes."""
        flat = tuple(
            fit_continuum(part, model, one)
            for part, model, one in zip(self.parts, self.fits[k], self.everybody, strict=True)
        )
        return self.foretold(self.fits[k]) - self.foretold(flat)


def choose_by_halves(
    halves: Halves, numbers: list[int], rng: np.random.Generator
) -> tuple[pd.DataFrame, int]:
    """Return the scores of each number of classes, and the number that is chosen.

    A number is taken when it foretells the people of the other half better than the number taken before, by more
    than two standard errors, and the halves agree on every class.

    Returns
    -------
    DataFrame
        Indexed by ``k``: ``gain`` (log likelihood a person beyond one class, held out) and ``gain_error``,
        ``jaccard_min`` and ``jaccard_mean`` (overlap of the classes of both halves).
    int
    """
    rows: dict[int, dict[str, float]] = {}
    alone = halves.foretold(halves.fits[1])
    held, best, idle = {1: alone}, 1, 0
    for k in numbers:
        if k == 1:
            rows[1] = {"gain": 0.0, "gain_error": 0.0, "jaccard_min": 1.0, "jaccard_mean": 1.0}
            continue
        halves.fit(k, rng)
        held[k] = halves.foretold(halves.fits[k])
        rows[k] = _gain(held[k] - alone) | _overlap(halves, k)
        more = _gain(held[k] - held[best])
        better = more["gain"] > ERRORS * more["gain_error"]
        if better and rows[k]["jaccard_min"] >= LEAST_OVERLAP:
            best = k
        idle = 0 if better else idle + 1
        if idle >= PATIENCE:
            break
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("k"), best


def _gain(difference: np.ndarray) -> dict[str, float]:
    error = difference.std() / np.sqrt(max(len(difference), 1))
    return {"gain": float(difference.mean()), "gain_error": float(error)}


def _overlap(halves: Halves, k: int) -> dict[str, float]:
    first, second = halves.labels(k)
    found = jaccard(first, second, k)
    return {"jaccard_min": float(found.min()), "jaccard_mean": float(found.mean())}
