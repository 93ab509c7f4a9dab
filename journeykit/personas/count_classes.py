"""Classes in the counts of a trait frame, as the clusterer keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from journeykit.features.tables import COUNT, EVIDENCE, FURTHEST

from .classes import Classes, learn_classes, least_contacts
from .count_table import CountColumns, CountTable, learn_columns
from .mixture import CountMixture, fit_mixture, one_class

__all__ = ["CountClasses", "classes_fitness", "columns_in", "learn_counts"]

MOST_LEARNED = 10_000  # rows on which the final classes are learned
MOST_HALVED = 2500  # rows on which number and certificate are studied


@dataclass
class CountClasses:
    """Classes of people by their counts.

    Attributes
    ----------
    columns : CountColumns
        Which columns of the frame they are about.
    mixture : CountMixture
    """

    columns: CountColumns
    mixture: CountMixture

    def table(self, values: np.ndarray, names: Sequence[str]) -> CountTable:
        """Return the counts of the rows of a frame."""
        return self.columns.table(values, names)

    def chances(self, values: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """Return the probability of each class, rows x classes."""
        return self.mixture.probabilities(self.table(values, names))

    def seen(self, values: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """Return which rows have any contact that is counted."""
        return self.table(values, names).totals.sum(axis=1) > 0


def classes_fitness(classes: CountClasses, values: np.ndarray, names: Sequence[str]) -> float:
    """Return what classes foretell of people beyond one class, as a share of what classes learned of these would.

    1 where as much; 0 where one class, learned of these people, tells more.
    """
    table = classes.table(values, names)
    everybody = one_class(table)
    anew = fit_mixture(
        table, classes.mixture.k, np.random.default_rng(0), everybody=everybody, starts=4, kept=1
    )
    gains = [
        float((model.likelihood(table) - everybody.likelihood(table)).mean())
        for model in (classes.mixture, anew)
    ]
    return float(np.clip(gains[0] / max(gains[1], 1e-9), 0.0, 1.0))


def columns_in(values: np.ndarray, names: Sequence[str]) -> CountColumns | None:
    """Return the counts of a frame from which classes are learned; None without evidence, or where none tells."""
    if EVIDENCE not in names or not any(name.startswith(COUNT) and name.count(".") > 1 for name in names):
        return None
    return learn_columns(names, values)


def learn_counts(
    values: np.ndarray,
    names: Sequence[str],
    columns: CountColumns,
    asked: Any,
    rng: np.random.Generator,
    tell: Callable[[str], None],
) -> tuple[CountClasses, Classes, int, np.ndarray]:
    """Learn classes of the rows of a frame, with the parameters of a clusterer.

    Returns
    -------
    CountClasses
    Classes
        With the grounds.
    int
        Contacts from which somebody can be placed.
    array of int
        Rows from whom the classes were learned.
    """
    whole = columns.table(values, names)
    active = np.flatnonzero(whole.totals.sum(axis=1) > 0)
    active = active[_in_order(whole, active)]
    rows = _spread_over(values[active, list(names).index(EVIDENCE)], MOST_LEARNED, rng)
    table, rows = whole.rows(active[rows]), active[rows]
    activity, furthest = _covariates(values[rows], names)
    studied = rng.permutation(_spread_over(activity, MOST_HALVED, rng))
    most = max(1, min(asked.k_max, len(table) // 4, len(np.unique(table.counts, axis=0))))
    numbers = list(range(1, most + 1)) if asked.k == "auto" else [min(int(asked.k), len(table))]
    found = learn_classes(
        table, studied, activity, furthest, numbers,
        given=asked.k != "auto", n_bootstrap=asked.n_bootstrap, n_null=asked.n_null, rng=rng, tell=tell,
    )  # fmt: skip
    least = least_contacts(table.rows(studied), found.mixture, activity[studied], rng)
    return CountClasses(columns, found.mixture), found, least, rows


def _in_order(table: CountTable, rows: np.ndarray) -> np.ndarray:
    """Return an order of the rows that hangs on what they hold alone."""
    keys = np.column_stack([table.counts[rows], table.means[rows], table.times[rows]])
    return np.lexsort(keys.T[::-1])


def _spread_over(activity: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Return positions of at most so many rows, in order, drawn one of each stratum of about equal activity."""
    if len(activity) <= most:
        return np.arange(len(activity))
    strata = np.array_split(np.argsort(activity, kind="stable"), most)
    return np.sort([part[int(rng.integers(len(part)))] for part in strata])


def _covariates(values: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return contacts of each row, and the furthest stage, -1 where none is known."""
    place = {name: at for at, name in enumerate(names)}
    furthest = values[:, place[FURTHEST]] if FURTHEST in place else np.full(len(values), np.nan)
    return np.nan_to_num(values[:, place[EVIDENCE]], nan=0.0), np.nan_to_num(furthest, nan=-1.0)
