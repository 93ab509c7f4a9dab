"""Learning a `PersonaChain`: expectation and maximisation, from the stage model's votes, with personas given."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from journeykit.stages.hmm import contact_mix, first_moves_of
from journeykit.stages.periods import PERIOD_DAYS, Periods
from journeykit.stages.persona_chain import (
    ALL,
    OWN_PACE,
    PHASES,
    TINY,
    PersonaChain,
    ahead,
    parted,
    phases_of,
    to_states,
)

__all__ = ["fit_persona_chain"]

ROUNDS = 10
UNTILTED = 2  # rounds in which all personas have the same touchpoints
MOST_UNITS = 1200
FEWEST_IN_PERSONA = 50
PRIOR_MIX = 50.0  # contacts a stage that say what the votes say
PRIOR_MOVES = 0.2  # of the moves counted, beside them, that go as at first
PRIOR_TILT = 30.0  # contacts a persona that are like everybody's
PRIOR_MARKED = 0.3  # of the entries counted, beside them, of which half leave a marker
SHARED_MOVES, SHARED_VISITS = 60.0, 20.0  # by which a persona's are drawn to everybody's
SCALINGS = 8
MOST_EVEN = 4.0  # the shape above which visits are as even as chance
STAY_LAPSED = 0.93  # a week
SILENT = 0.3  # most visits of somebody who lapsed, as a share of the least active stage


def fit_persona_chain(
    periods: Periods,
    votes: pd.DataFrame,
    markers: dict[str, int],
    observable: np.ndarray,
    personas: pd.Series | None = None,
) -> PersonaChain:
    """Learn the model.

    Parameters
    ----------
    periods : Periods
        What the units did, in periods of `PERIOD_DAYS`.
    votes : DataFrame
        Touchpoints × stages, rows sum to 1.
    markers : dict
        The position of the stage that each marker shows.
    observable : numpy.ndarray of bool
        Which states can occur at all.
    personas : Series, optional
        The persona of each unit. Personas of fewer than 50 units are left out, and so are units without one where there
        are two personas or more.

    Returns
    -------
    PersonaChain
    """
    units = periods.index.get_level_values("unit_id")
    names, place = _known(units, personas)
    kept = np.flatnonzero(place >= 0)
    kept = kept[np.linspace(0, len(kept) - 1, min(len(kept), MOST_UNITS)).astype(int)]
    part, place = periods.take(kept), place[kept]
    learner = _Learner(part, place, votes, markers, observable, names)
    chain = learner.first()
    for turn in range(ROUNDS):
        chain = learner.update(chain, tilted=turn >= UNTILTED)
    return chain


def _known(units: pd.Index, personas: pd.Series | None) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the personas that are large enough, and the place of each unit's; one for all where they are too few."""
    of_unit = None if personas is None else personas.reindex(units).astype(object)
    sizes = pd.Series(dtype=int) if of_unit is None else of_unit.value_counts()
    names = tuple(sorted(str(name) for name in sizes.index[sizes >= FEWEST_IN_PERSONA]))
    if of_unit is None or len(names) < 2:
        return (ALL,), np.zeros(len(units), int)
    return names, pd.Index(names).get_indexer(of_unit)


@dataclass
class _Counted:
    """What one round expects, summed over the units of a persona."""

    contacts: np.ndarray  # states × touchpoints
    moves: np.ndarray
    start: np.ndarray
    visits: np.ndarray
    pace: np.ndarray
    entries: np.ndarray
    marks: np.ndarray  # states × touchpoints
    spread: np.ndarray  # two rows: of the negative binomial's moments


class _Learner:
    """What is believed before counting, and the rounds of counting."""

    def __init__(self, part, place, votes, markers, observable, names) -> None:
        self.names, self.n = names, len(observable)
        self.possible, self.phases = observable.astype(float), phases_of(len(observable))
        self.parts = [part.take(np.flatnonzero(place == k)) for k in range(len(names))]
        self.steps, self.usual = part.steps, part.usual_pace
        overall = np.asarray(part.counts.sum(axis=0)).ravel() + 0.5
        self.overall = overall / overall.sum()
        self.mix = contact_mix(votes.reindex(part.steps).fillna(0.0).to_numpy(float), self.overall)
        places = np.array([markers.get(step, -1) for step in part.steps])
        self.is_mark = places[None, :] == np.arange(self.n)[:, None]
        self.marks = _rows(self.is_mark * self.overall)
        self.moves = _in_phases(first_moves_of(self.n, PERIOD_DAYS, self.possible))
        self.begins = np.zeros(len(self.phases))
        self.begins[np.unique(self.phases, return_index=True)[1]] = self.possible
        self.tilt = np.zeros((len(names), len(self.steps)))

    def first(self) -> PersonaChain:
        many, share = len(self.names), np.array([len(one) for one in self.parts], float)
        usual = np.array([_pace(one, self.usual) for one in self.parts])
        mean = np.repeat(usual[:, None], self.n, axis=1)
        mean[:, -1] *= 0.05
        early = np.r_[0.5 ** np.arange(self.n - 1), 0.01]
        start = _rows((self.begins * early[self.phases])[None]).repeat(many, axis=0)
        moves, mix = (np.repeat(one[None], many, axis=0) for one in (self.moves, self.mix))
        marked = 0.5 * self.is_mark.any(axis=1)
        return PersonaChain(
            self.steps, self.names, share / share.sum(), start, moves, mix, mean, np.ones(self.n), usual,
            marked, self.marks,
        )  # fmt: skip

    def update(self, chain: PersonaChain, tilted: bool) -> PersonaChain:
        """Return the chain after one more round."""
        counted = [_count(chain, part, k) for k, part in enumerate(self.parts)]
        marks = sum(one.marks for one in counted)
        entries = sum(one.entries for one in counted)
        mix = self._mix(np.array([one.contacts for one in counted]), marks, tilted)
        mean, shape = self._visits(counted)
        some = 2 + PRIOR_MARKED * entries
        marked = (marks.sum(axis=1) + 0.5 * some) / (entries + some) * self.is_mark.any(axis=1)
        start = np.array([one.start for one in counted])
        start = start + 20 * start.sum(axis=0) / max(start.sum(), 1) + self.begins
        moves = self._moves(np.array([one.moves for one in counted]))
        return replace(
            chain, start=_rows(start * (self.begins > 0)), moves=moves, mix=mix, mean=mean, shape=shape,
            marked=marked, marks=_rows(marks + 5 * self.marks),
        )  # fmt: skip

    def _mix(self, contacts: np.ndarray, marks: np.ndarray, tilted: bool) -> np.ndarray:
        """Return what contacts consist of: of every stage, tilted by persona."""
        base = _rows(np.maximum(contacts.sum(axis=0) - marks, 0) + PRIOR_MIX * self.mix)
        if tilted and len(self.names) > 1:
            self._scale(base, contacts)
        mix = _rows(base[None] * np.exp(self.tilt)[:, None, :])
        mix[:, -1] = _rows(self.overall * np.exp(self.tilt))
        return mix

    def _scale(self, base: np.ndarray, contacts: np.ndarray) -> None:
        """Tilt the touchpoints of each persona until as many are expected as were counted (iterative scaling)."""
        living, like_all = contacts[:, :-1], PRIOR_TILT * self.overall
        seen = living.sum(axis=1) + like_all
        for _ in range(SCALINGS):
            tilted = _rows(base[None, :-1] * np.exp(self.tilt)[:, None, :])
            expected = np.einsum("ks,ksj->kj", living.sum(axis=2), tilted) + like_all
            self.tilt += np.log(seen / expected)
            self.tilt -= (self.tilt * self.overall).sum(axis=1, keepdims=True)

    def _visits(self, counted: list[_Counted]) -> tuple[np.ndarray, np.ndarray]:
        visits, pace = (np.array([getattr(one, name) for one in counted]) for name in ("visits", "pace"))
        together = (visits.sum(axis=0) + self.usual) / (pace.sum(axis=0) + 1)
        mean = (visits + SHARED_VISITS * together) / (pace + SHARED_VISITS)
        living = self.possible[:-1] > 0
        mean[:, -1] = np.minimum(mean[:, -1], SILENT * mean[:, :-1][:, living].min(axis=1, initial=np.inf))
        square, more = sum(one.spread for one in counted)
        return mean, np.clip(square / np.maximum(more, 1e-3), 0.1, MOST_EVEN)

    def _moves(self, moves: np.ndarray) -> np.ndarray:
        possible = self.possible[self.phases]
        whole = moves.sum(axis=0)
        base = _rows((whole + (20 + PRIOR_MOVES * whole.sum(axis=1, keepdims=True)) * self.moves) * possible)
        believed = PRIOR_MOVES * moves.sum(axis=2, keepdims=True) * self.moves
        own = _rows((moves + SHARED_MOVES * base + believed) * possible) if len(moves) > 1 else base[None]
        least = STAY_LAPSED ** (PERIOD_DAYS / 7)
        stay = np.maximum(own[:, -1, -1], least)
        own[:, -1, :-1] *= ((1 - stay) / np.maximum(1 - own[:, -1, -1], TINY))[:, None]
        own[:, -1, -1] = stay
        return own


def _count(chain: PersonaChain, part: Periods, persona: int) -> _Counted:
    """Return what the units of a persona are expected to have done."""
    phases, n = chain._phases, len(chain.shape)
    seen, entered, _ = chain.weights(part, persona)
    states, moves, entries = _smoothed(chain, part, persona, seen, entered)
    states = states * part.under_way[:, :, None]
    first = states[np.arange(len(part)), part.entry]
    entries[np.arange(len(part)), part.entry] += first
    flat, entries = ((one.reshape(-1, len(phases)) @ to_states(phases)) for one in (states, entries))
    visits = part.visits.ravel()
    pace = np.repeat(part.pace(chain.usual[persona], OWN_PACE) / chain.usual[persona], part.width)
    means = pace[:, None] * chain.mean[persona]
    spread = np.array(
        [(flat * means**2).sum(axis=0), (flat * ((visits[:, None] - means) ** 2 - means)).sum(axis=0)]
    )
    return _Counted(
        (part.counts.T @ flat).T, moves, first.sum(axis=0), flat.T @ visits, flat.T @ pace,
        entries.sum(axis=0), _marks(chain, part, persona, entries), spread.reshape(2, n),
    )  # fmt: skip


def _marks(chain: PersonaChain, part: Periods, persona: int, entries: np.ndarray) -> np.ndarray:
    """Return states × touchpoints: how many of each are expected to have marked an entry."""
    cells = np.flatnonzero(np.diff(part.counts.indptr))
    by_mark = chain.marked * chain.likelier(part, persona, cells)
    left = entries[cells] * by_mark / np.maximum(1 - chain.marked + by_mark, TINY)
    counts = part.counts[cells]
    ratio = chain.marks / np.maximum(chain.mix[persona], TINY)
    each = np.divide(left, counts @ ratio.T, out=np.zeros_like(left), where=by_mark > 0)
    return (counts.T @ each).T * ratio


def _smoothed(chain: PersonaChain, part: Periods, persona: int, seen, entered):
    """Return phases given everything, expected moves, and expected entries into another state; rows in lock-step."""
    phases, entry = chain._phases, part.entry
    stay, enter = parted(chain.moves[persona], phases)
    before = _forward(seen, entered, chain.start[persona], stay, enter, entry, phases)
    states, entries, later = before.copy(), np.zeros_like(before), np.ones_like(before[:, 0])
    moves = np.zeros_like(stay)
    for period in range(part.width - 2, -1, -1):
        to_stay = seen[:, period + 1][:, phases] * later
        to_enter = to_stay * entered[:, period + 1][:, phases]
        now = before[:, period]
        came = (now @ enter) * to_enter
        scale = ((now @ stay) * to_stay + came).sum(axis=1, keepdims=True) + TINY
        counted = (entry <= period)[:, None] / scale
        moves += (now * counted).T @ to_stay * stay + (now * counted).T @ to_enter * enter
        entries[:, period + 1] = came * counted
        later = (to_stay @ stay.T + to_enter @ enter.T) / scale
        states[:, period] = _rows(now * later)
    return states, moves, entries


def _forward(seen, entered, start, stay, enter, entry, phases) -> np.ndarray:
    table = np.empty((*seen.shape[:2], len(start)))
    state = np.broadcast_to(start, (len(seen), len(start)))
    for period in range(seen.shape[1]):
        new = ahead(state, stay, enter, start, (entry >= period)[:, None], entered[:, period][:, phases])
        state = np.where((entry > period)[:, None], start, _rows(new * seen[:, period][:, phases]))
        table[:, period] = state
    return table


def _in_phases(moves: np.ndarray) -> np.ndarray:
    """Return moves between states as moves between phases: a stage is left from its last phase, seldom before."""
    n, phases = len(moves), phases_of(len(moves))
    first = np.unique(phases, return_index=True)[1]
    table = np.zeros((len(phases), len(phases)))
    for state in range(n - 1):
        leaves = 1 - moves[state, state]
        to = np.where(np.arange(n) == state, 0.0, moves[state]) / max(leaves, TINY)
        going = min(PHASES * leaves, 0.9)
        for phase in range(PHASES):
            row, last = state * PHASES + phase, phase == PHASES - 1
            table[row, first] = going * to * (1.0 if last else 0.1)
            if not last:
                table[row, row + 1] = 0.9 * going
            table[row, row] += 1 - table[row].sum()
    table[-1, first] = moves[-1]
    return table


def _pace(part: Periods, usual: float) -> float:
    """Return the visits a period of some units while active, drawn towards the usual pace by twenty periods."""
    return float((part.visits.sum() + 20 * usual) / (part.active.sum() + 20))


def _rows(table: np.ndarray) -> np.ndarray:
    return table / np.maximum(table.sum(axis=-1, keepdims=True), TINY)
