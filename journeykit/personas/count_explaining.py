"""Why somebody belongs to a class of counts: what each category adds to the odds."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from .count_classes import CountClasses
from .count_table import CountTable

__all__ = ["log_odds_of_counts", "readable_names"]

ORDERS = {"mean.basket": "value.basket", "mean.order_value": "value.order_value"}


def readable_names(classes: CountClasses) -> list[str]:
    """Return the names of categories and means as those of traits, such as ``channel.email``."""
    columns = classes.columns
    parts = (name.split(".", 2)[1:] for name in columns.categories)
    words = {"marker": "touchpoint"}
    named = [f"{words.get(kind, kind)}.{category}" for kind, category in
             ((block.partition(":")[0], category) for block, category in parts)]  # fmt: skip
    return named + [ORDERS.get(name, name) for name in columns.means]


def log_odds_of_counts(
    classes: CountClasses, table: CountTable, labels: np.ndarray, against: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return standings and contributions, units x categories and means, and the base of each unit.

    The precision of a block is that of all classes, so that the log of the odds of classes a and b is a sum over
    the categories j of log of the ratio of Γ(α_aj + n_j) / Γ(α_aj) and the same of b. From each term is taken what
    it would be at the unit's number of contacts in the block times everybody's share of j; the sum of these, and
    the log of the ratio of the classes' shares, are the base.
    """
    mixture = classes.mixture
    usual = (mixture.shares @ mixture.profile)[None]
    total, precision = table.totals[:, table.block_of], mixture.precision[table.block_of]
    expected = total * usual
    alpha = mixture.profile * precision
    odds = [_ratio(alpha, counts, labels, against) for counts in (table.counts, expected)]
    variance = expected * (1 - usual) * (total + precision) / (1 + precision)
    standing = (table.counts - expected) / np.sqrt(np.where(variance > 0, variance, 1.0))
    base = np.log(mixture.shares[labels] / mixture.shares[against]) + odds[1].sum(axis=1)
    means, away, level = _of_means(classes, table, labels, against)
    return np.column_stack([standing, away]), np.column_stack([odds[0] - odds[1], means]), base + level


def _ratio(alpha: np.ndarray, counts: np.ndarray, labels: np.ndarray, against: np.ndarray) -> np.ndarray:
    own, other = alpha[labels], alpha[against]
    return gammaln(own + counts) - gammaln(own) - gammaln(other + counts) + gammaln(other)


def _of_means(classes: CountClasses, table: CountTable, labels: np.ndarray, against: np.ndarray):
    mixture = classes.mixture
    usual, seen = mixture.shares @ mixture.means, table.times > 0
    variance = mixture.between + mixture.within / np.maximum(table.times, 1e-12)
    slope = np.where(seen, (mixture.means[labels] - mixture.means[against]) / variance, 0.0)
    middle = (mixture.means[labels] + mixture.means[against]) / 2
    level = (slope * (usual - middle)).sum(axis=1)
    away = np.where(seen, (table.means - usual) / np.sqrt(variance), 0.0)
    return slope * np.where(seen, table.means - usual, 0.0), away, level
