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


def choose_reading(log, random_state: int = 0) -> Reading:
    """Choose between reading stages from what was recorded and inferring them, on the log's own held-out units.

    Two models tell which stage the next contact shows. In the one everybody is where the last contact says, and
    moves by a Markov chain. In the other the stage is hidden, and a share of the contacts (learned per stage) shows any
    stage. Each is learned on one half of the units and scored on the other. Where the second is no better, contacts
    are taken at their word.

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
    half = random.permutation(units) < units // 2
    gains, noises = np.zeros(units), []
    for fitted in (half, ~half):
        gain, noise = _held_out(rows[fitted], rows[~fitted], len(ids))
        gains[~fitted] = gain
        noises.append(noise)
    shown = int((rows >= 0).sum())
    gain, error = gains.sum() / shown, gains.std(ddof=1) * units**0.5 / shown
    kind = "inferred" if gain > max(2 * error, LEAST_GAIN) else "recorded"
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


def _held_out(fitted: np.ndarray, held: np.ndarray, stages: int) -> tuple[np.ndarray, np.ndarray]:
    """Return per held-out row what allowing for noise gains in log-likelihood, and the noise per stage."""
    start, moves, overall = count_moves(fitted, stages)
    plain = _likelihoods(held, start, moves, np.eye(stages))
    start, moves, noise = fit_noise(fitted, stages)
    return _likelihoods(held, start, moves, _emission(noise, overall)) - plain, noise


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


def fit_noise(rows: np.ndarray, stages: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Learn a hidden Markov chain whose contacts show the stage, but for a share per stage that shows any.

    Parameters
    ----------
    rows : numpy.ndarray of int
        Units × contacts: the position of the stage that each contact shows, -1 beyond the last.
    stages : int
        How many stages there are.

    Returns
    -------
    start, moves, noise : numpy.ndarray
        Probabilities of the first stage, of the next given this one, and per stage the share of contacts that are drawn
        from all stages.

    Examples
    --------
    >>> rows = np.array([[0, 0, 1, 1], [0, 1, 1, 1]] * 20)
    >>> bool((fit_noise(rows, 2)[2] < 0.02).all())
    True
    """
    start, moves, overall = count_moves(rows, stages)
    noise = np.full(stages, FIRST_NOISE)
    for _ in range(ROUNDS):
        emission = _emission(noise, overall)
        firsts, moved, stray, whole = _expected(
            rows, start, moves, emission, noise[:, None] * overall / emission
        )
        noise = np.clip((stray + 0.05) / (whole + 1.0), 1e-4, 0.95)
        moves = moved + overall + 1e-3
        moves /= moves.sum(axis=1, keepdims=True)
        start = (firsts + 1.0) / (firsts + 1.0).sum()
    return start, moves, noise


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


def _likelihoods(rows, start, moves, emission) -> np.ndarray:
    return np.log(_forward(rows, start, moves, emission)[1] + TINY).sum(axis=1)


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
