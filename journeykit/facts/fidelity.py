"""Fidelity: how well contacts fit the stage that they show, and so how the way through the stages is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from journeykit.facts.evidence import stage_evidence
from journeykit.facts.showing import has_purchases, shown_positions
from journeykit.sessions import contacts

__all__ = ["FEWEST_TESTED", "Reading", "choose_reading", "fit_noise"]

MOST_UNITS, MOST_CONTACTS = 600, 60  # on which the two readings are compared
FEWEST_TESTED = 20  # units: of fewer everyone is where contacts show them to be
ROUNDS, FIRST_NOISE = 20, 0.1
BACK_OFF = 5.0  # moves by which one that hangs on two stages is drawn to that which hangs on the last
LEAST_GAIN = 0.005  # nat a contact: what the eye would not see is no reason to distrust a record
TINY = 1e-12


@dataclass(frozen=True)
class Reading:
    """How the way through the stages is read from a log, and why.

    Attributes
    ----------
    kind : str
        ``recorded``: everybody is where the last contact that shows a stage says. ``inferred``: contacts often do not
        fit the stage that somebody is in, and a hidden Markov model tells where people are.
    gain : float
        Held-out log-likelihood of allowing for contacts that do not fit, less that of taking each at its word, in nat a
        contact.
    gain_se : float
        Its standard error, over units.
    misfit : pandas.Series
        Per stage the estimated share of the contacts made in it that would show another stage.
    units, contacts : int
        What was compared.
    """

    kind: Literal["recorded", "inferred"]
    gain: float
    gain_se: float
    misfit: pd.Series
    units: int
    contacts: int


@dataclass(frozen=True)
class Noisy:
    """A hidden Markov chain whose contacts may be strays.

    Attributes
    ----------
    start, moves : numpy.ndarray
        Probabilities of the first hidden state, and of the next given this one. A state is a stage, or a stage and the
        one before it.
    noise : numpy.ndarray
        Per stage the share of contacts that are drawn from all stages.
    emission : numpy.ndarray
        States × stages: what contacts show.
    """

    start: np.ndarray
    moves: np.ndarray
    noise: np.ndarray
    emission: np.ndarray

    def likelihoods(self, rows: np.ndarray) -> np.ndarray:
        """Return the log-likelihood of each row."""
        return np.log(_forward(rows, self.start, self.moves, self.emission)[1] + TINY).sum(axis=1)


def choose_reading(log, random_state: int = 0) -> Reading:
    """Choose between reading stages from what was recorded and inferring them, on the log's own held-out units.

    Two models tell which stage the next contact shows. In the one everybody is where the last contact says, and
    moves by a Markov chain. In the other the stage is hidden, and a share of the contacts (learned per stage) shows any
    stage. Each is learned on one half of the units and scored on the other. Where the second is no better, contacts
    are taken at their word. Where the second wins, but not from a chain that remembers the last two stages shown, it
    may have won as a memory of the way somebody came; then both are given that memory, and compared once more.

    Parameters
    ----------
    log : EventLog
        The events; the choice is kept with it.
    random_state : int, default 0
        Seed of the halves, and of the units that are taken of many.

    Returns
    -------
    Reading

    Notes
    -----
    Held-out likelihood: Smyth, "Model selection for probabilistic clustering using cross-validated likelihood", 2000.
    """
    name = f"reading_{log.moment:%Y%m%d%H%M%S%f}_{log.client.model.id}_{random_state}"
    if name not in log.cache:
        log.cache[name] = _chosen(log, random_state)
    return log.cache[name]


def _chosen(log, random_state: int) -> Reading:
    ids, random = log.client.model.ids, np.random.default_rng(random_state)
    rows = _shown_stages(log, random)
    seen = np.flatnonzero(stage_evidence(log)["observable"].to_numpy(bool))
    none = pd.Series(0.0, index=list(ids))
    units = len(rows)
    if units < FEWEST_TESTED or len(seen) < 2:
        return Reading("recorded", 0.0, 0.0, none, units, int((rows >= 0).sum()))
    half, shown = random.permutation(units) < units // 2, int((rows >= 0).sum())
    halves = [(rows[fitted], rows[~fitted]) for fitted in (half, ~half)]
    gain, error, noises = _gain(halves, shown, len(ids))
    kind = "inferred" if _clear(gain, error) else "recorded"
    misfit = pd.Series(np.mean(noises, axis=0), index=list(ids)).where(
        np.isin(np.arange(len(ids)), seen), 0.0
    )
    return Reading(kind, float(gain), float(error), misfit, units, shown)


def _shown_stages(log, random: np.random.Generator) -> np.ndarray:
    """Return units × contacts of the positions that contacts show, -1 beyond a unit's last."""
    table, model = contacts(log), log.client.model
    counted = table.group_by("step").aggregate(n=table.count()).execute()
    shown = shown_positions(model, has_purchases(set(counted["step"]), model))
    names = [name for name in counted["step"] if name in shown]
    table = table.filter(table.step.isin(names)) if names else table.limit(0)
    units = np.sort(table.select("unit_id").distinct().execute()["unit_id"].to_numpy(str))
    taken = random.permutation(units)[:MOST_UNITS]
    if len(units) > MOST_UNITS:
        table = table.filter(table.unit_id.isin(taken.tolist()))
    frame = table.select("unit_id", "order", "step").order_by(["unit_id", "order"]).execute()
    turn = frame.groupby("unit_id").cumcount()
    frame, turn = frame[turn < MOST_CONTACTS], turn[turn < MOST_CONTACTS]
    rows = np.full((frame["unit_id"].nunique(), int(turn.max()) + 1 if len(turn) else 1), -1)
    rows[pd.factorize(frame["unit_id"], sort=True)[0], turn] = frame["step"].map(shown)
    return rows


def _gain(halves: list[tuple[np.ndarray, np.ndarray]], shown: int, stages: int):
    """Return what allowing for noise gains, in nat a contact, its standard error, and the noise per stage."""
    hidden = [fit_noise(fitted, stages) for fitted, _ in halves]
    noises = [one.noise for one in hidden]
    allowing = np.concatenate([one.likelihoods(held) for one, (_, held) in zip(hidden, halves, strict=True)])
    of_one = np.concatenate([_plain(fitted, held, stages) for fitted, held in halves])
    gain, error = _mean(allowing - of_one, shown)
    if not _clear(gain, error):
        return gain, error, noises
    of_two = np.concatenate([_plain(fitted, held, stages, two=True) for fitted, held in halves])
    if of_two.sum() > of_one.sum() and not _clear(*_mean(allowing - of_two, shown)):
        with_memory = [
            fit_noise(fitted, stages, one).likelihoods(held)
            for one, (fitted, held) in zip(hidden, halves, strict=True)
        ]
        gain, error = _mean(np.concatenate(with_memory) - of_two, shown)
    return gain, error, noises


def _mean(gains: np.ndarray, shown: int) -> tuple[float, float]:
    """Return the gain per contact and its standard error, over units."""
    return gains.sum() / shown, gains.std(ddof=1) * len(gains) ** 0.5 / shown


def _clear(gain: float, error: float) -> bool:
    return bool(gain > max(2 * error, LEAST_GAIN))


def _plain(fitted: np.ndarray, held: np.ndarray, stages: int, two: bool = False) -> np.ndarray:
    """Return the log-likelihood of held-out rows at their word, moving by the last stage shown or by the last two."""
    start, moves, _ = count_moves(fitted, stages)
    by_pair = np.repeat(moves[None], stages + 1, axis=0)  # the last place: there was none before
    if two:
        by_pair *= BACK_OFF
        np.add.at(by_pair, _triples(fitted, stages), 1.0)
        by_pair /= by_pair.sum(axis=2, keepdims=True)
    row = np.nonzero(held[:, 1:] >= 0)[0]
    first = np.where(held[:, 0] >= 0, np.log(start)[held[:, 0]], 0.0)
    return first + np.bincount(row, np.log(by_pair)[_triples(held, stages)], len(held))


def _triples(rows: np.ndarray, stages: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of each contact but the first, row by row, the stage before the last, the last and its own."""
    earlier = np.column_stack([np.full(len(rows), stages), rows[:, :-1]])[:, :-1]
    there = rows[:, 1:] >= 0
    return earlier[there], rows[:, :-1][there], rows[:, 1:][there]


def count_moves(rows: np.ndarray, stages: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the shares of first stages, of moves from one contact to the next, and of stages overall."""
    overall = np.bincount(rows[rows >= 0], minlength=stages) + 1.0
    overall /= overall.sum()
    start = np.bincount(rows[:, 0][rows[:, 0] >= 0], minlength=stages) + 1.0
    moves = np.zeros((stages, stages))
    before, after = rows[:, :-1], rows[:, 1:]
    both = after >= 0
    np.add.at(moves, (before[both], after[both]), 1.0)
    moves += overall + 1e-3
    return start / start.sum(), moves / moves.sum(axis=1, keepdims=True), overall


def fit_noise(rows: np.ndarray, stages: int, first: Noisy | None = None) -> Noisy:
    """Learn a hidden Markov chain whose contacts show the stage, but for a share per stage that shows any.

    Parameters
    ----------
    rows : numpy.ndarray of int
        Units × contacts: the position of the stage that each contact shows, -1 beyond the last.
    stages : int
        How many stages there are.
    first : Noisy, optional
        What was learned without a memory; given, moves hang on the last two stages, drawn to those of the last.

    Returns
    -------
    Noisy

    Examples
    --------
    >>> rows = np.array([[0, 0, 1, 1], [0, 1, 1, 1]] * 20)
    >>> bool((fit_noise(rows, 2).noise < 0.02).all())
    True
    """
    start, moves, overall = count_moves(rows, stages)
    here, noise = np.arange(stages), np.full(stages, FIRST_NOISE)
    begins, believed = np.ones(stages), np.broadcast_to(overall + 1e-3, moves.shape)
    if first is not None:
        noise, (here, begins, believed) = first.noise, _pairs(first)
        start, moves = begins / begins.sum(), _rows(believed)
    for _ in range(ROUNDS):
        emission = _emission(noise, overall)
        strays = noise[:, None] * overall / emission
        firsts, moved, stray, whole = _expected(rows, start, moves, emission[here], strays[here])
        stray, whole = np.bincount(here, stray, stages), np.bincount(here, whole, stages)
        noise = np.clip((stray + 0.05) / (whole + 1.0), 1e-4, 0.95)
        moves, start = _rows(moved + believed), firsts + begins
        start = start / start.sum()
    return Noisy(start, moves, noise, _emission(noise, overall)[here])


def _pairs(first: Noisy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the stage of each pair of stages, where rows begin, and how pairs are believed to move."""
    stages = len(first.noise)
    before, here = (one.ravel() for one in np.indices((stages + 1, stages)))
    begins = np.where(before == stages, first.start[here], 0.0)
    follows = here[:, None] == before[None, :]
    return here, begins, BACK_OFF * follows * first.moves[here][:, here]


def _rows(table: np.ndarray) -> np.ndarray:
    return table / table.sum(axis=1, keepdims=True)


def _emission(noise: np.ndarray, overall: np.ndarray) -> np.ndarray:
    return np.diag(1.0 - noise) + noise[:, None] * overall


def _weights(rows: np.ndarray, emission: np.ndarray, at: int) -> np.ndarray:
    """Return rows × stages: how likely each stage makes the contact at a place; 1 beyond a row's last."""
    shown = rows[:, at]
    return np.where((shown >= 0)[:, None], emission[:, np.maximum(shown, 0)].T, 1.0)


def _forward(rows, start, moves, emission) -> tuple[np.ndarray, np.ndarray]:
    seen, scales = np.empty((*rows.shape, len(start))), np.ones(rows.shape)
    state = np.broadcast_to(start, (len(rows), len(start)))
    for at in range(rows.shape[1]):
        state = (state if at == 0 else state @ moves) * _weights(rows, emission, at)
        scale = state.sum(axis=1) + TINY
        state = state / scale[:, None]
        seen[:, at], scales[:, at] = state, np.where(rows[:, at] >= 0, scale, 1.0)
    return seen, scales


def _expected(rows, start, moves, emission, strays) -> tuple[np.ndarray, ...]:
    """Return the expected first stages, moves, stray contacts and contacts per stage (Baum-Welch)."""
    seen, _ = _forward(rows, start, moves, emission)
    stages = len(start)
    later, moved = np.ones((len(rows), stages)), np.zeros((stages, stages))
    stray, whole, state = np.zeros(stages), np.zeros(stages), seen[:, 0]
    for at in range(rows.shape[1] - 1, -1, -1):
        there = (rows[:, at] >= 0)[:, None]
        state = seen[:, at] * later
        state = state / (state.sum(axis=1, keepdims=True) + TINY) * there
        stray += (state * strays[:, np.maximum(rows[:, at], 0)].T).sum(axis=0)
        whole += state.sum(axis=0)
        if at:
            ahead = _weights(rows, emission, at) * later
            scale = ((seen[:, at - 1] @ moves) * ahead).sum(axis=1, keepdims=True) + TINY
            moved += (seen[:, at - 1] * there / scale).T @ ahead * moves
            later = ahead @ moves.T / scale
    return state.sum(axis=0), moved, stray, whole
