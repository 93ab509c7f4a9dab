"""A hidden Markov model: which stage explains what a unit did, and did not do, in each period of two days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaln

from journeykit.stages.periods import PERIOD_DAYS, Periods

__all__ = [
    "FIRST_ROWS",
    "ROWS_AT_A_TIME",
    "StageChain",
    "contact_mix",
    "expected_moves",
    "first_moves_of",
    "fit_stage_chain",
]

TINY = 1e-12
MIX = 0.2
WIDE = 1.5
PRIOR = 3.0
STAY_LAPSED = 0.93 ** (PERIOD_DAYS / 7)
ROWS_AT_A_TIME = 2000
FIRST_ROWS = 1200  # on which learning begins
SILENT = 0.3  # most visits of somebody who lapsed, as a share of the least active stage
MOST_VISITS = 60


@dataclass
class StageChain:
    """The parameters of the model: states are the stages in order, then ``lapsed``.

    Attributes
    ----------
    steps : tuple of str
        The touchpoints.
    start, moves : numpy.ndarray
        Probabilities of the first period's state, and of the next period's given this period's.
    mix : numpy.ndarray
        States by touchpoints: what contacts consist of.
    mean, shape : numpy.ndarray
        Per state the mean number of visits a period of somebody with the usual pace, and the shape of its
        negative binomial.
    usual : float
        The usual pace, in visits a period.
    """

    steps: tuple[str, ...]
    start: np.ndarray
    moves: np.ndarray
    mix: np.ndarray
    mean: np.ndarray
    shape: np.ndarray
    usual: float = 1.0

    def filtered(self, periods: Periods) -> np.ndarray:
        """Return rows × periods × states: the probability of each state given the periods up to it."""
        return _forward(self._weights(periods), self.start, self.moves, periods.entry)

    def latest(self, periods: Periods) -> np.ndarray:
        """Return rows × states: the probability of each state in the last period, some rows at a time."""
        blocks = np.split(np.arange(len(periods)), range(ROWS_AT_A_TIME, len(periods), ROWS_AT_A_TIME))
        return np.concatenate([self.filtered(periods.take(rows))[:, -1] for rows in blocks])

    def smoothed(self, periods: Periods) -> np.ndarray:
        """Return rows × periods × states: the probability of each state given all periods, later ones too."""
        weights = self._weights(periods)
        return _backward(
            weights, _forward(weights, self.start, self.moves, periods.entry), self.moves, periods.entry
        )[0]

    def _weights(self, periods: Periods) -> np.ndarray:
        """Return rows × periods × states: the likelihood of what was seen in each period, the largest being 1.

        Most periods are empty, and all empty ones of a row are alike.
        """
        mean = (periods.pace(self.usual) / self.usual)[:, None] * self.mean
        none = self.shape * np.log(self.shape / (self.shape + mean))
        table = np.repeat(_relative(none)[:, None, :], periods.width, axis=1)
        cells = np.flatnonzero(np.diff(periods.counts.indptr))
        row, period = np.divmod(cells, periods.width)
        known = pd.Index(self.steps).get_indexer(list(periods.steps))
        logs = np.where(known[:, None] >= 0, np.log(self.mix.T[known] + TINY), 0.0)
        visits = np.minimum(periods.visits[row, period], MOST_VISITS)
        each = np.log(mean / (self.shape + mean) + TINY)
        seen = periods.counts[cells] @ logs + none[row] + visits[:, None] * each[row]
        table[row, period] = _relative(seen + _ways(self.shape)[visits.astype(int)])
        return table


def fit_stage_chain(
    periods: Periods,
    votes: pd.DataFrame,
    observable: np.ndarray,
    rounds: int = 15,
) -> StageChain:
    """Learn the model by expectation and maximisation, starting at the stage model's votes.

    Parameters
    ----------
    periods : Periods
        What the units did.
    votes : DataFrame
        Touchpoints × stages, rows sum to 1.
    observable : numpy.ndarray of bool
        Which states can occur at all.
    rounds : int
        Rounds of learning, the first two thirds on some of the units only.

    Returns
    -------
    StageChain
    """
    model = _Prior(periods, votes, observable).first()
    for part, times in ((periods.some(FIRST_ROWS), rounds * 2 // 3), (periods, rounds - rounds * 2 // 3)):
        prior = _Prior(part, votes, observable, model.usual)
        for _ in range(times):
            weights = model._weights(part)
            seen = _forward(weights, model.start, model.moves, part.entry)
            states, moved = _backward(weights, seen, model.moves, part.entry)
            states *= part.under_way[:, :, None]
            model = prior.update(states, moved)
    return model


def expected_moves(model: StageChain, periods: Periods) -> np.ndarray:
    """Return states × states: how many moves from period to period the rows are expected to have made."""
    weights = model._weights(periods)
    seen = _forward(weights, model.start, model.moves, periods.entry)
    return _backward(weights, seen, model.moves, periods.entry)[1]


class _Prior:
    """What is believed before counting: the votes say what a stage's contacts are."""

    def __init__(
        self, periods: Periods, votes: pd.DataFrame, observable: np.ndarray, usual: float = 0
    ) -> None:
        self.periods, self.observable = periods, observable.astype(float)
        self.n = len(observable)
        self.overall = np.asarray(periods.counts.sum(axis=0)).ravel() + 0.5
        self.overall /= self.overall.sum()
        self.mix = contact_mix(votes.reindex(periods.steps).fillna(0.0).to_numpy(float), self.overall)
        self.moves = first_moves_of(self.n, PERIOD_DAYS, self.observable)
        self.entered = periods.counts.sum()
        self.usual = usual or periods.usual_pace
        self.rate = periods.pace(self.usual) / self.usual

    def first(self) -> StageChain:
        mean = np.full(self.n, self.usual)
        mean[-1] = self.usual * 0.1
        start = np.r_[0.5 ** np.arange(self.n - 1), 0.01] * self.observable
        shape = np.full(self.n, 1.0)
        return StageChain(
            self.periods.steps, start / start.sum(), self.moves, self.mix, mean, shape, self.usual
        )

    def update(self, states: np.ndarray, moved: np.ndarray) -> StageChain:
        flat = states.reshape(-1, self.n)
        counted = (self.periods.counts.T @ flat).T
        strength = 20 + MIX * self.entered / self.n
        mix = _normal(counted + strength * self.mix)
        mix[-1] = self.overall
        visits, expected = self.periods.visits.reshape(-1), np.repeat(self.rate, self.periods.width)
        weight = flat.T @ expected + TINY
        mean = (flat.T @ visits + self.usual) / (weight + 1.0)
        means = expected[:, None] * mean
        spread = (flat * ((visits[:, None] - means) ** 2 - means)).sum(axis=0)
        shape = np.clip((flat * means**2).sum(axis=0) / np.maximum(spread, 1e-3), 0.3, WIDE)
        mean[-1] = min(mean[-1], SILENT * mean[:-1][self.observable[:-1] > 0].min(initial=np.inf))
        entry = states[np.arange(len(states)), np.minimum(self.periods.entry, self.periods.width - 1)]
        start = (entry.sum(axis=0) + self.observable) * self.observable
        moves = self._moves(moved)
        return StageChain(self.periods.steps, start / start.sum(), moves, mix, mean, shape, self.usual)

    def _moves(self, moved: np.ndarray) -> np.ndarray:
        strength = 20 + PRIOR * moved.sum(axis=1, keepdims=True)
        moves = _normal((moved + strength * self.moves) * self.observable)
        if moves[-1, -1] < STAY_LAPSED:
            moves[-1, :-1] *= (1 - STAY_LAPSED) / max(1 - moves[-1, -1], TINY)
            moves[-1, -1] = STAY_LAPSED
        return moves


def contact_mix(votes: np.ndarray, overall: np.ndarray) -> np.ndarray:
    """Return states × touchpoints: what contacts consist of by the votes alone, some of them stray."""
    own = (votes * overall[:, None]).T
    near = own.copy()
    near[1:] += own[:-1]
    near[:-1] += own[1:]
    return _normal(np.vstack([_normal(own) * 0.65 + _normal(near) * 0.15 + 0.2 * overall, overall[None, :]]))


def first_moves_of(n: int, days: float, possible: np.ndarray) -> np.ndarray:
    """Return states × states: moves in so many days before anything is learned, mostly to the next stage."""
    moves = np.full((n, n), 0.012)
    for state in range(n - 1):
        moves[state, state] = 0.8
        moves[state, min(state + 1, n - 2)] += 0.1
        moves[state, -1] = 0.03
    moves[-1, -1] = 0.95
    moves /= moves.sum(axis=1, keepdims=True)
    away = moves * (1 - np.eye(n)) * days / 7
    return _normal((away + np.diag(1 - away.sum(axis=1))) * possible)


def _forward(weights, start, moves, entry) -> np.ndarray:
    """Filter all rows in lock-step; a row begins at its entry."""
    rows, width, n = weights.shape
    seen = np.empty_like(weights)
    state = np.broadcast_to(start, (rows, n))
    for period in range(width):
        before = np.where((entry >= period)[:, None], start, state @ moves)
        state = before * weights[:, period]
        state /= state.sum(axis=1, keepdims=True) + TINY
        state = np.where((entry > period)[:, None], start, state)
        seen[:, period] = state
    return seen


def _backward(weights, seen, moves, entry) -> tuple[np.ndarray, np.ndarray]:
    """Smooth all rows in lock-step; return the states and the expected moves."""
    rows, width, n = weights.shape
    states, moved = np.empty_like(seen), np.zeros((n, n))
    states[:, -1], later = seen[:, -1], np.ones((rows, n))
    for period in range(width - 2, -1, -1):
        ahead = weights[:, period + 1] * later
        scale = ((seen[:, period] @ moves) * ahead).sum(axis=1, keepdims=True) + TINY
        begun = (entry <= period)[:, None]
        moved += (seen[:, period] * begun / scale).T @ ahead * moves
        later = ahead @ moves.T / scale
        state = seen[:, period] * later
        states[:, period] = state / (state.sum(axis=1, keepdims=True) + TINY)
    return states, moved


def _ways(shape: np.ndarray) -> np.ndarray:
    """Return visits × states: the logarithm of the binomial coefficient of the negative binomial."""
    n = np.arange(MOST_VISITS + 1)[:, None]
    return gammaln(n + shape) - gammaln(shape) - gammaln(n + 1)


def _relative(logs: np.ndarray) -> np.ndarray:
    return np.exp(logs - logs.max(axis=-1, keepdims=True))


def _normal(table: np.ndarray) -> np.ndarray:
    return table / np.maximum(table.sum(axis=1, keepdims=True), TINY)
