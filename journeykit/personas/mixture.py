"""A mixture of counts: classes of people who divide their contacts alike over channels, hours and touchpoints."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array
from scipy.special import digamma, gammaln, logsumexp
from sklearn.cluster import KMeans

from .count_table import CountTable

__all__ = ["CountMixture", "fit_mixture", "one_class", "responsibilities"]

PRIOR_CONTACTS = 3.0  # what the shares of everybody weigh in those of a class, in contacts
PRIOR_PEOPLE = 3.0  # the same for a mean
LEAST_PRECISION, MOST_PRECISION, FIRST_PRECISION = 2.0, 200.0, 15.0
LEAST_SPREAD = 1e-3  # of the variance of a mean over everybody
FEW_STEPS, MOST_STEPS, CHANGE = 15, 150, 1e-5
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

    @property
    def k(self) -> int:
        """The number of classes."""
        return len(self.shares)

    def logs(self, table: CountTable) -> np.ndarray:
        """Return log density of each person in each class, less what is the same in all models."""
        alpha = self.profile * self.precision[table.block_of]
        found = table.indicators @ _rising(alpha, table).T
        for block, precision in enumerate(self.precision):
            total = table.totals[:, block]
            found -= (gammaln(precision + total) - gammaln(precision))[:, None]
        return found + self._of_means(table)

    def _of_means(self, table: CountTable) -> np.ndarray:
        found = np.zeros((len(table), self.k))
        for place in range(self.means.shape[1]):
            seen = table.times[:, place] > 0
            variance = self.between[place] + self.within[place] / table.times[seen, place]
            away = table.means[seen, place][:, None] - self.means[:, place]
            found[seen] -= 0.5 * (away**2 / variance[:, None] + np.log(2 * np.pi * variance)[:, None])
        return found

    def likelihood(self, table: CountTable) -> np.ndarray:
        """Return the log likelihood of each person."""
        return logsumexp(self.logs(table) + np.log(self.shares), axis=1)

    def probabilities(self, table: CountTable) -> np.ndarray:
        """Return the probability of each class, people x classes; rows sum to 1."""
        return responsibilities(self.logs(table) + np.log(self.shares))[0]

    def ordered(self, order: np.ndarray) -> CountMixture:
        """Return the classes in another order."""
        return replace(
            self, shares=self.shares[order], profile=self.profile[order], means=self.means[order]
        )


def responsibilities(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of each class, and the log likelihood of each person."""
    whole = logsumexp(logs, axis=1)
    return np.exp(logs - whole[:, None]), whole


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
    return _climbed(table, start, start, MOST_STEPS, CHANGE)[0]


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
    kept: int = 3,
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
    tried = [_climbed(table, _moved(table, seed, everybody), everybody, few, CHANGE) for seed in seeds]
    best = sorted(range(starts), key=lambda place: -tried[place][1])[:kept]
    ended = [_climbed(table, tried[place][0], everybody, most, CHANGE) for place in best]
    return max(ended, key=lambda end: end[1])[0]


def _start(table: CountTable, k: int, rng: np.random.Generator, place: int) -> np.ndarray:
    """Return probabilities to begin with, people x classes."""
    if place % 3 == 2:
        return rng.dirichlet(np.ones(k), len(table))
    width = table.traits.shape[1]
    columns = np.sort(rng.permutation(width)[: max(min(width, 2), (width + 1) // 2)])
    labels = KMeans(k, n_init=1, max_iter=20, random_state=int(rng.integers(2**31)), algorithm="lloyd").fit(
        table.traits[:, columns]
    )
    return 0.1 / k + 0.9 * np.eye(k)[labels.labels_]


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


def _climbed(
    table: CountTable, model: CountMixture, everybody: CountMixture, most: int, change: float
) -> tuple[CountMixture, float]:
    before = -np.inf
    for _ in range(most):
        chances, whole = responsibilities(model.logs(table) + np.log(model.shares))
        now = float(whole.sum())
        if now - before <= change * abs(now) * 0.1:
            return model, now
        before = now
        model = _maximised(table, model, chances, everybody)
    return model, before


def _maximised(
    table: CountTable, model: CountMixture, chances: np.ndarray, everybody: CountMixture
) -> CountMixture:
    shares = np.maximum(chances.sum(axis=0), 1e-3)
    seen = table.indicators.T @ chances
    profile, precision = model.profile, model.precision
    for _ in range(ROUNDS):
        profile, precision = _fixed_point(table, profile, precision, seen, everybody.profile[0])
    means, between, within = _normal(table, model, chances, everybody)
    return CountMixture(shares / shares.sum(), profile, precision, means, between, within)


def _fixed_point(
    table: CountTable, profile: np.ndarray, precision: np.ndarray, seen: np.ndarray, pooled: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return shares and precision after one round (Minka 2000), the precision shared by the classes."""
    alpha = profile * precision[table.block_of]
    base = alpha[:, table.category_of]
    slope = (digamma(base + table.count_of) - digamma(base)) * seen.T
    summed = np.add.reduceat(slope, table.first_of, axis=1)  # classes x categories
    counted = alpha * summed + PRIOR_CONTACTS * pooled
    new = counted / table.block_sums(counted)[:, table.block_of]
    up = table.block_sums((profile * summed).sum(axis=0)[None])[0]
    down = np.array(
        [(digamma(a + table.totals[:, block]) - digamma(a)).sum() for block, a in enumerate(precision)]
    )
    moved = precision * up / np.maximum(down, 1e-12)
    return np.maximum(new, SMALLEST), np.clip(moved, LEAST_PRECISION, MOST_PRECISION)


def _normal(table: CountTable, model: CountMixture, chances: np.ndarray, everybody: CountMixture):
    means, between, within = model.means.copy(), model.between.copy(), model.within.copy()
    for place in range(table.means.shape[1]):
        seen = table.times[:, place] > 0
        if not seen.any():
            continue
        values, rarity, own = table.means[seen, place], 1 / table.times[seen, place], chances[seen]
        weight = 1 / (between[place] + within[place] * rarity)
        prior = PRIOR_PEOPLE * float(weight.mean())
        top = own.T @ (weight * values) + prior * everybody.means[0, place]
        means[:, place] = top / (own.T @ weight + prior)
        away = (own * (values[:, None] - means[:, place]) ** 2).sum(axis=1)
        between[place], within[place] = _spreads(away, rarity, weight, float(values.var()))
    return means, between, within


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


_ = csr_array
