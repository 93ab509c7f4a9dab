"""A hidden Markov model that knows personas: stages last two phases, and who enters one may leave a mark."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import gammaln

from journeykit.stages.periods import PERIOD_DAYS, Periods

__all__ = ["ALL", "PersonaChain", "ahead", "parted", "phases_of", "to_states"]

ALL = "all"
PHASES = 2
OWN_PACE = 10.0  # periods by which a unit's pace is drawn towards that of its persona
ROWS_AT_A_TIME = 2000
MOST_VISITS = 100
TINY = 1e-12


@dataclass
class PersonaChain:
    """The parameters of the model: stages in order, each in two phases, then ``lapsed``.

    Attributes
    ----------
    steps : tuple of str
        The touchpoints.
    personas : tuple of str
        The personas; ``all`` alone where none are known.
    share : numpy.ndarray
        The share of each persona.
    start, moves : numpy.ndarray
        Personas × phases, and personas × phases × phases: probabilities of the first period's phase, and of the next
        period's given this one's.
    mix : numpy.ndarray
        Personas × states × touchpoints: what contacts consist of.
    mean, shape : numpy.ndarray
        Personas × states: mean visits a period of somebody with the persona's pace; per state the shape of its
        negative binomial.
    usual : numpy.ndarray
        Per persona the visits a period while active.
    marked : numpy.ndarray
        Per state the chance that entering it leaves a marker.
    marks : numpy.ndarray
        States × touchpoints: which marker that is.
    period_days : int
        The days of a period, in which moves and visits count.

    Notes
    -----
    Two phases in a row give a stage a typical length, which one has not (phase-type distributions: Neuts, 1981).
    A marker on entering is an emission of the move, not of the stage, so its absence tells too.
    """

    steps: tuple[str, ...]
    personas: tuple[str, ...]
    share: np.ndarray
    start: np.ndarray
    moves: np.ndarray
    mix: np.ndarray
    mean: np.ndarray
    shape: np.ndarray
    usual: np.ndarray
    marked: np.ndarray
    marks: np.ndarray
    period_days: int = PERIOD_DAYS
    _phases: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._phases = phases_of(len(self.shape))

    def latest(self, periods: Periods, personas: pd.Series | None = None) -> np.ndarray:
        """Return rows × states: the probability of each state in the last period.

        Parameters
        ----------
        periods : Periods
            What the rows did, in periods of `PERIOD_DAYS`.
        personas : Series, optional
            The persona of each unit; who has none, or one that is not known here, is read as each persona, weighed by
            how well it explains what was done.
        """
        told = np.zeros((len(periods), len(self.shape)))
        for persona, rows in self._by_persona(periods.index.get_level_values("unit_id"), personas):
            for some in np.split(rows, range(ROWS_AT_A_TIME, len(rows), ROWS_AT_A_TIME)):
                part = periods.take(some)
                told[some] = self._mixed(part) if persona is None else self.filtered(part, persona)[0]
        return told

    def filtered(self, part: Periods, persona: int) -> tuple[np.ndarray, np.ndarray]:
        """Return rows × states of the last period, and the log-likelihood of each row, given a persona."""
        seen, entered, scale = self.weights(part, persona)
        state, logs = _follow(
            seen, entered, self.start[persona], self.moves[persona], part.entry, self._phases
        )
        return state @ to_states(self._phases), logs + scale

    def weights(self, part: Periods, persona: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rows × periods × states: how likely is what was seen in each state, how much likelier on entry.

        The first is relative to the likeliest state; what was divided by, in logs and summed over a row, comes third.
        """
        usual, shape = self.usual[persona], self.shape
        mean = (part.pace(usual, OWN_PACE) / usual)[:, None] * self.mean[persona]
        none = shape * np.log(shape / (shape + mean))
        most = none.max(axis=1)
        table = np.repeat(np.exp(none - most[:, None])[:, None, :], part.width, axis=1)
        cells = np.flatnonzero(np.diff(part.counts.indptr))
        row, period = np.divmod(cells, part.width)
        visits = np.minimum(part.visits[row, period], MOST_VISITS).astype(int)
        logs = _padded(np.log(self.mix[persona] + TINY)).T[self._known(part.steps)]
        seen = part.counts[cells] @ logs + none[row] + _ways(shape)[visits]
        seen += visits[:, None] * np.log(mean / (shape + mean) + TINY)[row]
        peak = seen.max(axis=1)
        table[row, period] = np.exp(seen - peak[:, None])
        entered = np.broadcast_to(1 - self.marked, table.shape).copy()
        entered[row, period] += self.marked * self.likelier(part, persona, cells)
        scale = most * (part.width - part.entry) + np.bincount(row, peak - most[row], len(part))
        return table, entered, scale

    def likelier(self, part: Periods, persona: int, cells: np.ndarray) -> np.ndarray:
        """Return cells × states: how much likelier its contacts are when one of them marks the entry."""
        ratio = _padded(self.marks / np.maximum(self.mix[persona], TINY)).T[self._known(part.steps)]
        counts = part.counts[cells]
        return (counts @ ratio) / np.maximum(counts.sum(axis=1), 1)[:, None]

    def _known(self, steps: tuple[str, ...]) -> np.ndarray:
        """Return the place of each touchpoint; one that was never seen has the last, which says nothing."""
        place = pd.Index(self.steps).get_indexer(list(steps))
        return np.where(place < 0, len(self.steps), place)

    def _mixed(self, part: Periods) -> np.ndarray:
        """Return rows × states, read as each persona and weighed by its likelihood."""
        read = [self.filtered(part, persona) for persona in range(len(self.personas))]
        logs = np.column_stack([logs for _, logs in read]) + np.log(self.share + TINY)
        weight = np.exp(logs - logs.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        return np.einsum("rk,krs->rs", weight, np.array([state for state, _ in read]))

    def _by_persona(self, units: pd.Index, personas: pd.Series | None):
        """Yield the place of a persona, None for those without one, and its rows."""
        place = np.full(len(units), -1)
        if personas is not None:
            place = pd.Index(self.personas).get_indexer(personas.reindex(units).astype(object))
        for persona in np.unique(place):
            yield (None if persona < 0 else int(persona)), np.flatnonzero(place == persona)


def phases_of(states: int) -> np.ndarray:
    """Return the state of each phase: two of every stage, one of ``lapsed``.

    Examples
    --------
    >>> phases_of(3).tolist()
    [0, 0, 1, 1, 2]
    """
    return np.r_[np.repeat(np.arange(states - 1), PHASES), states - 1]


def to_states(phases: np.ndarray) -> np.ndarray:
    """Return phases × states: 1 where a phase is of a state."""
    return (phases[:, None] == np.arange(phases.max() + 1)).astype(float)


def _follow(seen, entered, start, moves, entry, phases) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's phases in the last period, and its log-likelihood, in lock-step."""
    stay, enter = parted(moves, phases)
    state, logs = np.broadcast_to(start, (len(seen), len(start))), np.zeros(len(seen))
    for period in range(seen.shape[1]):
        new = ahead(state, stay, enter, start, (entry >= period)[:, None], entered[:, period][:, phases])
        new = new * seen[:, period][:, phases]
        size = new.sum(axis=1)
        begun = entry <= period
        logs += np.where(begun, np.log(size + TINY), 0.0)
        state = np.where(begun[:, None], new / (size + TINY)[:, None], start)
    return state, logs


def ahead(state, stay, enter, start, new, entered) -> np.ndarray:
    """Return rows × phases before anything is seen: those who stay, those who enter, and those who begin."""
    return np.where(new, start * entered, state @ stay + (state @ enter) * entered)


def parted(moves: np.ndarray, phases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the moves within a state and those into another one."""
    same = phases[:, None] == phases[None, :]
    return moves * same, moves * ~same


def _padded(table: np.ndarray) -> np.ndarray:
    return np.pad(table, ((0, 0), (0, 1)))


def _ways(shape: np.ndarray) -> np.ndarray:
    """Return visits × states: the logarithm of the binomial coefficient of the negative binomial."""
    count = np.arange(MOST_VISITS + 1)[:, None]
    return gammaln(count + shape) - gammaln(shape) - gammaln(count + 1)
