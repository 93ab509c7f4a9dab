"""Classes of people by what they count: their number, whether they are real, and who can be placed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from .count_table import CountTable
from .grouping import jaccard
from .halves import Halves, choose_by_halves
from .mixture import CountMixture, fit_mixture, one_class
from .shuffling import shuffled, strata_of

__all__ = ["LEAST_CHANCE", "Classes", "learn_classes", "least_contacts"]

LEAST_CHANCE = 0.8  # probability from which somebody is placed
LEAST_GAIN = 0.1  # nats a person that classes must foretell beyond those of shuffled people
LEAST_AGREEMENT = 0.5  # adjusted Rand index between what the halves make of everybody
STABLE = 0.6  # mean Jaccard of the classes
ERRORS = 2.0  # standard errors by which classes must foretell better than a continuum
BOOTSTRAP_FIT = {"starts": 2, "kept": 1, "few": 6, "most": 25}
NULL_FIT = {"starts": 3, "kept": 1, "few": 8, "most": 25}
HALF_CONTACTS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50)
LEAST_ROWS = 4  # people a class, for halves to say anything
LEAST_PEOPLE = 30  # who are placed by both halves, for their agreement to say anything


@dataclass
class Classes:
    """What was learned of counts: the mixture, and the grounds for its number and its certificate."""

    mixture: CountMixture
    reason: str
    candidates: pd.DataFrame
    picks: dict[str, int]
    null: dict[str, float]
    stability: np.ndarray


def learn_classes(
    table: CountTable,
    studied: np.ndarray,
    activity: np.ndarray,
    furthest: np.ndarray,
    numbers: list[int],
    *,
    given: bool,
    n_bootstrap: int,
    n_null: int,
    rng: np.random.Generator,
    tell: Callable[[str], None],
) -> Classes:
    """Learn how many classes there are, test them, and learn them.

    Parameters
    ----------
    table
        Counts of those from whom the classes are learned.
    studied
        Positions of those on whom number and certificate are studied, in random order.
    activity, furthest
        Contacts of each person, and how far they came: people are shuffled among their equals in both.
    numbers
        Numbers of classes that are tried.
    given
        Whether the number was given.
    n_bootstrap, n_null
        Samples for the stability, and draws of shuffled people.
    rng
        Source of chance.
    tell
        Is told which part is begun.
    """
    tell("number")
    if len(studied) < LEAST_ROWS * max(numbers[-1] if given else 2, 2):
        return _too_few(table, numbers[-1] if given else 1, rng, given)
    halves = Halves(table.rows(studied), np.arange(len(studied)) % 2)
    candidates, best = choose_by_halves(halves, numbers, rng)
    k = numbers[-1] if given else best
    tell("chance")
    null = _nothing()
    reason = "one_group" if k < 2 else "found"
    if k >= 2:
        strata = strata_of(activity[studied], furthest[studied])
        null = _against_chance(halves, strata, k, float(candidates.loc[k, "gain"]), n_null, rng)
        reason = _reason(halves, candidates.loc[k], null, k)
    tell("stability")
    kept = 1 if reason != "found" and not given else k
    mixture = _by_size(fit_mixture(table, kept, rng, everybody=one_class(table)))
    stability = _stability(halves.table, mixture, n_bootstrap, rng)
    picks = (
        {"given": k} if given else {"foretold": max(best, int(candidates["gain"].idxmax())), "overlap": best}
    )
    return Classes(mixture, reason, candidates, picks, null, stability)


def _too_few(table: CountTable, k: int, rng: np.random.Generator, given: bool) -> Classes:
    """Return the classes that were asked for of people too few to be divided into halves; one where none were."""
    mixture = _by_size(fit_mixture(table, min(k, max(len(table), 1)), rng, everybody=one_class(table)))
    scores = {"gain": 0.0, "gain_error": 0.0, "jaccard_min": np.nan, "jaccard_mean": np.nan}
    candidates = pd.DataFrame(scores, index=pd.Index([k], name="k"))
    picks = {"given": k} if given else {"foretold": k, "overlap": k}
    unknown = np.full(mixture.k, 1.0 if mixture.k == 1 else np.nan)
    return Classes(mixture, "too_few", candidates, picks, _nothing(), unknown)


def _nothing() -> dict[str, float]:
    return {
        "observed": 0.0,
        "null_mean": np.nan,
        "null_high": np.nan,
        "distance": 0.0,
        "p_value": 1.0,
        "draws": 0,
    }


def _reason(halves: Halves, scores: pd.Series, null: dict[str, float], k: int) -> str:
    first, second = halves.labels(k)
    if null["draws"] and scores["gain"] - null["null_high"] < LEAST_GAIN:
        return "chance"
    if scores["jaccard_mean"] < STABLE or adjusted_rand_score(first, second) < LEAST_AGREEMENT:
        return "unstable"
    beyond = halves.continuum(k)
    if beyond.mean() <= ERRORS * beyond.std() / np.sqrt(len(beyond)):
        return "continuum"
    return "found"


def _against_chance(
    halves: Halves, strata: list[np.ndarray], k: int, observed: float, n_null: int, rng: np.random.Generator
) -> dict[str, float]:
    """Compare what the classes foretell with what those of shuffled people do (a third of the draws is enough here)."""
    draws = -(-n_null // 3)
    gains = np.array([_shuffled_gain(halves, strata, k, rng) for _ in range(draws)])
    if not draws:
        return _nothing() | {"observed": observed, "distance": np.inf, "p_value": np.nan}
    return {
        "observed": observed,
        "null_mean": float(gains.mean()),
        "null_high": float(gains.max()),
        "distance": float((observed - gains.mean()) / max(gains.std(), 1e-9)),
        "p_value": float((1 + (gains >= observed).sum()) / (draws + 1)),
        "draws": draws,
    }


def _shuffled_gain(halves: Halves, strata: list[np.ndarray], k: int, rng: np.random.Generator) -> float:
    """Return what classes of shuffled people foretell of others, learned on one half."""
    mixed = shuffled(halves.table, strata, rng)
    learned, held = (mixed.rows(np.flatnonzero(halves.sides == side)) for side in (0, 1))
    everybody = one_class(learned)
    classes = fit_mixture(learned, k, rng, everybody=everybody, **NULL_FIT)
    return float((classes.likelihood(held) - everybody.likelihood(held)).mean())


def _by_size(mixture: CountMixture) -> CountMixture:
    """Return the classes, largest first."""
    return mixture.ordered(np.lexsort([*mixture.profile.T[::-1], -mixture.shares.round(6)]))


def _stability(
    table: CountTable, mixture: CountMixture, n_bootstrap: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the mean overlap of each class with its likeness in classes learned on bootstrap samples."""
    if mixture.k == 1:
        return np.ones(1)
    labels, found = mixture.probabilities(table).argmax(axis=1), []
    for _ in range(-(-n_bootstrap // 2)):
        drawn = table.rows(np.sort(rng.integers(0, len(table), len(table))))
        again = fit_mixture(drawn, mixture.k, rng, **BOOTSTRAP_FIT)
        found.append(jaccard(labels, again.probabilities(table).argmax(axis=1), mixture.k))
    return np.mean(found, axis=0) if found else np.full(mixture.k, np.nan)


def least_contacts(
    table: CountTable, mixture: CountMixture, contacts: np.ndarray, rng: np.random.Generator
) -> int:
    """Return the smallest number of contacts at which placements from two halves of the log agree in 0.8.

    Every contact falls to one of two halves by chance. Of the people with about so many contacts in a half who are
    placed by both, the share is counted whom both place alike; from the number that is returned on it is at least
    0.8. It is 1 where that holds for everybody, or too few are placed by both to tell.
    """
    half = rng.binomial(table.counts.round().astype(int), 0.5).astype(float)
    nothing = np.zeros_like(table.times)
    chances = [
        mixture.probabilities(CountTable(part, table.means, nothing, table.block_of, table.blocks))
        for part in (half, table.counts.round() - half)
    ]
    sure = np.logical_and(*(chance.max(axis=1) >= LEAST_CHANCE for chance in chances))
    same = chances[0].argmax(axis=1) == chances[1].argmax(axis=1)
    size, least = contacts / 2, 1
    for low, high in zip(HALF_CONTACTS, (*HALF_CONTACTS[1:], np.inf), strict=True):
        here = sure & (size >= low) & (size < high)
        if here.sum() >= LEAST_PEOPLE and same[here].mean() < LEAST_CHANCE:
            least = int(min(high, 2 * low))
    return least
