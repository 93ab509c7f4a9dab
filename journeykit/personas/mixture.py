"""A mixture of counts: classes of people who divide their contacts alike over channels, hours and touchpoints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.special import digamma, gammaln

from .count_table import CountTable
from .grouping import group, nearest

__all__ = ["CountMixture", "climbed", "fit_mixture", "one_class", "responsibilities"]

PRIOR_CONTACTS = 3.0  # what the shares of everybody weigh in those of a class, in contacts
PRIOR_PEOPLE = 3.0  # the same for a mean
LEAST_PRECISION, MOST_PRECISION, FIRST_PRECISION = 2.0, 200.0, 15.0
LEAST_SPREAD = 1e-3  # of the variance of a mean over everybody
FEW_STEPS, MOST_STEPS = 12, 120
CHANGE = 1e-3  # nats a person that a step must bring for another to follow
ROUNDS = 2  # of the fixed point in a step
SMALLEST = 1e-6  # of a share


@dataclass(frozen=True)
class CountMixture:
    """Classes, each a Dirichlet-multinomial per block of counts and a normal per mean.

    Attributes
    ----------
    shares : array, classes
        How many people belong to each.
    profile : array, classes x categories
        Shares of the categories in a class; those of a block sum to 1.
    precision : array, blocks
        How much alike people of one class are: the number of contacts that the class's shares are worth.
    means : array, classes x means
    between, within : array, means
        Variance between people of one class, and of one observation of a person.
    """

    shares: np.ndarray
    profile: np.ndarray
    precision: np.ndarray
    means: np.ndarray
    between: np.ndarray
    within: np.ndarray
    extremes: np.ndarray | None = None
    extreme_means: np.ndarray | None = None

    @property
    def k(self) -> int:
        """The number of classes."""
        return len(self.shares)

    def logs(self, table: CountTable) -> np.ndarray:
        """Return log density of each person in each class, less what is the same in all models."""
        alpha = self.profile * self.precision[table.block_of]
        found = table.indicators @ _rising(alpha, table).T
        seen = table.total_values
        precision = self.precision[seen.block]
        found -= (gammaln(precision + seen.total) - gammaln(precision))[seen.which].sum(axis=1)[:, None]
        return found + self._of_means(table) if self.means.shape[1] else found

    def _of_means(self, table: CountTable) -> np.ndarray:
        found = np.zeros((len(table), self.k))
        for place, (seen, values, rarity, _) in enumerate(table.observed):
            variance = self.between[place] + self.within[place] * rarity
            away = values[:, None] - self.means[:, place]
            found[seen] -= 0.5 * (away**2 / variance[:, None] + np.log(2 * np.pi * variance)[:, None])
        return found

    def likelihood(self, table: CountTable) -> np.ndarray:
        """Return the log likelihood of each person."""
        return responsibilities(self.logs(table) + np.log(self.shares))[1]

    def probabilities(self, table: CountTable) -> np.ndarray:
        """Return the probability of each class, people x classes; rows sum to 1."""
        return responsibilities(self.logs(table) + np.log(self.shares))[0]

    def ordered(self, order: np.ndarray) -> CountMixture:
        """Return the classes in another order."""
        return replace(self, shares=self.shares[order], profile=self.profile[order], means=self.means[order])


def responsibilities(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of each class, and the log likelihood of each person."""
    most = logs.max(
        axis=1, keepdims=True
    )  # scipy's logsumexp does the same, at ten times the time for small tables
    chances = np.exp(logs - most)
    sums = chances.sum(axis=1, keepdims=True)
    return chances / sums, (most + np.log(sums))[:, 0]


def _rising(alpha: np.ndarray, table: CountTable) -> np.ndarray:
    """Return log of the rising factorial of each value that a category takes, classes x values."""
    base = alpha[:, table.category_of]
    return gammaln(base + table.count_of) - gammaln(base)


def one_class(table: CountTable) -> CountMixture:
    """Return the law of everybody as one class."""
    pooled = table.pooled
    start = CountMixture(
        np.ones(1), pooled[None], np.full(len(table.blocks), FIRST_PRECISION), *_everybody(table)
    )
    return climbed(table, start, start, MOST_STEPS, CHANGE)[0]


def _everybody(table: CountTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, variance between and variance within of each mean, over everybody."""
    middles, spreads = np.zeros((1, table.means.shape[1])), np.ones(table.means.shape[1])
    for place in range(table.means.shape[1]):
        seen = table.means[table.times[:, place] > 0, place]
        if len(seen):
            middles[0, place], spreads[place] = seen.mean(), max(float(seen.var()), 1e-6)
    return middles, spreads / 2, spreads / 2


def fit_mixture(
    table: CountTable,
    k: int,
    rng: np.random.Generator,
    *,
    everybody: CountMixture | None = None,
    starts: int = 9,
    kept: int = 2,
    few: int = FEW_STEPS,
    most: int = MOST_STEPS,
) -> CountMixture:
    """Return the mixture of k classes that fits best (expectation-maximisation from several starts).

    Parameters
    ----------
    table
        The counts.
    k
        Number of classes.
    rng
        Source of chance.
    everybody
        The law of everybody (`one_class`), towards which classes are drawn; it is learned when None.
    starts
        How many; two in three from k-means on half of the categories, the others by chance.
    kept
        How many of them are followed to the end.
    few, most
        Steps of every start, and of those that are kept.
    """
    everybody = one_class(table) if everybody is None else everybody
    if k == 1:
        return everybody
    seeds = [_start(table, k, rng, place) for place in range(starts)]
    tried = [climbed(table, _moved(table, seed, everybody), everybody, few, CHANGE) for seed in seeds]
    best = sorted(range(starts), key=lambda place: -tried[place][1])[:kept]
    ended = [climbed(table, tried[place][0], everybody, most, CHANGE) for place in best]
    return max(ended, key=lambda end: end[1])[0]


def _start(table: CountTable, k: int, rng: np.random.Generator, place: int) -> np.ndarray:
    """Return probabilities to begin with, people x classes."""
    if place % 3 == 2:
        return rng.dirichlet(np.ones(k), len(table))
    width = table.traits.shape[1]
    columns = np.sort(rng.permutation(width)[: max(min(width, 2), (width + 1) // 2)])
    points = table.traits[:, columns]
    labels = nearest(points, group(points, k, int(rng.integers(2**31)), 1))
    return 0.1 / k + 0.9 * np.eye(k)[labels]


def _moved(table: CountTable, chances: np.ndarray, everybody: CountMixture) -> CountMixture:
    """Return the mixture that belongs to probabilities to begin with."""
    k = chances.shape[1]
    start = replace(
        everybody,
        shares=np.full(k, 1 / k),
        profile=np.repeat(everybody.profile, k, axis=0),
        means=np.repeat(everybody.means, k, axis=0),
    )
    return _maximised(table, start, chances, everybody)


def climbed(
    table: CountTable,
    model: CountMixture,
    everybody: CountMixture,
    most: int,
    change: float,
    grades: np.ndarray | None = None,
) -> tuple[CountMixture, float]:
    """Return the model after at most so many steps of expectation-maximisation, and its log likelihood.

    With `grades`, classes x extremes, each class is a fixed mixture of extremes, which are what is learned.
    """
    before = -np.inf
    for _ in range(most):
        chances, whole = responsibilities(model.logs(table) + np.log(model.shares))
        now = float(whole.sum())
        if now - before <= change * len(table):
            return model, now
        before = now
        model = _maximised(table, model, chances, everybody, grades)
    return model, before


def _maximised(
    table: CountTable,
    model: CountMixture,
    chances: np.ndarray,
    everybody: CountMixture,
    grades: np.ndarray | None = None,
) -> CountMixture:
    shares = np.maximum(chances.sum(axis=0), 1e-3)
    seen = table.indicated @ chances
    law = _Law(model.profile, model.precision, model.extremes)
    for _ in range(ROUNDS):
        law = _fixed_point(table, law, seen, everybody.profile[0], grades)
    means, extreme_means, between, within = _normal(table, model, chances, everybody, grades)
    shares = shares / shares.sum() if grades is None else model.shares
    return CountMixture(
        shares, law.profile, law.precision, means, between, within, law.extremes, extreme_means
    )


class _Law(NamedTuple):
    profile: np.ndarray
    precision: np.ndarray
    extremes: np.ndarray | None


def _fixed_point(
    table: CountTable, law: _Law, seen: np.ndarray, pooled: np.ndarray, grades: np.ndarray | None
) -> _Law:
    """Return shares and precision after one round (Minka 2000), the precision shared by the classes."""
    profile, precision, extremes = law
    alpha = profile * precision[table.block_of]
    base = alpha[:, table.category_of]
    slope = (digamma(base + table.count_of) - digamma(base)) * seen.T
    summed = np.add.reduceat(slope, table.first_of, axis=1)  # classes x categories
    if grades is None or extremes is None:
        new = _as_shares(table, alpha * summed + PRIOR_CONTACTS * pooled)
    else:  # what is counted at a point goes to its extremes by what each brings there
        counted = extremes * (grades.T @ (precision[table.block_of] * summed))
        extremes = _as_shares(table, counted + PRIOR_CONTACTS * pooled)
        new = grades @ extremes
    up = table.block_sums((profile * summed).sum(axis=0)[None])[0]
    totals = table.total_values
    own = precision[totals.block]
    down = np.add.reduceat((digamma(own + totals.total) - digamma(own)) * totals.people, totals.first)
    moved = precision * up / np.maximum(down, 1e-12)
    return _Law(new, np.clip(moved, LEAST_PRECISION, MOST_PRECISION), extremes)


def _as_shares(table: CountTable, counted: np.ndarray) -> np.ndarray:
    return np.maximum(counted / table.block_sums(counted)[:, table.block_of], SMALLEST)


def _normal(
    table: CountTable,
    model: CountMixture,
    chances: np.ndarray,
    everybody: CountMixture,
    grades: np.ndarray | None,
):
    means, between, within = model.means.copy(), model.between.copy(), model.within.copy()
    extremes = None if model.extreme_means is None else model.extreme_means.copy()
    for place, (seen, values, rarity, total) in enumerate(table.observed):
        if not len(seen):
            continue
        own = chances[seen]
        weight = 1 / (between[place] + within[place] * rarity)
        prior = PRIOR_PEOPLE * float(weight.mean())
        middle, summed, weighed = everybody.means[0, place], own.T @ (weight * values), own.T @ weight
        if grades is None or extremes is None:
            means[:, place] = (summed + prior * middle) / (weighed + prior)
        else:
            square = (grades * weighed[:, None]).T @ grades + prior * np.eye(grades.shape[1])
            extremes[:, place] = np.linalg.solve(square, grades.T @ summed + prior * middle)
            means[:, place] = grades @ extremes[:, place]
        away = (own * (values[:, None] - means[:, place]) ** 2).sum(axis=1)
        between[place], within[place] = _spreads(away, rarity, weight, total)
    return means, extremes, between, within


def _spreads(away: np.ndarray, rarity: np.ndarray, weight: np.ndarray, total: float) -> tuple[float, float]:
    """Return variance between and within people: of the squares, what does not and what does fall with n."""
    weights = weight**2
    middle = (weights * rarity).sum() / weights.sum()
    apart = (weights * (rarity - middle) ** 2).sum()
    slope = (weights * (rarity - middle) * away).sum() / apart if apart > 1e-12 else 0.0
    level = float((weights * away).sum() / weights.sum())
    slope = float(np.clip(slope, 0.0, level / max(middle, 1e-12)))
    least = max(LEAST_SPREAD * total, 1e-9)
    return max(level - slope * middle, least), max(slope, least)
