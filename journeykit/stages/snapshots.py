"""Snapshots: units as they were at several moments, with what hindsight says about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeykit.features.signals import signals_at
from journeykit.stages.hmm import StageChain, fit_stage_chain
from journeykit.stages.periods import PERIOD_DAYS, count_periods
from journeykit.stages.teacher import HINDSIGHT_PERIODS, hindsight_labels

__all__ = ["COMPANION", "Plan", "Snapshots", "plan_snapshots", "posterior_columns", "take_snapshots"]

COMPANION = "personas"  # before the columns of the chain that knows personas
LEARNING_UNITS = 4500
HELD_SHARE = 0.25
FEWEST_UNITS = 40
LEARNING_ROWS = 6500
SPREAD = (4, 14, 28, 46)  # periods before the last moment that hindsight reaches


@dataclass(frozen=True)
class Plan:
    """Which units are learned from, which are held out, and how many periods back.

    Attributes
    ----------
    learning, held : numpy.ndarray of str
        Units; none is in both.
    moments : tuple of int
        Periods before the log's end at which is learned; all earlier than `held_moment`.
    held_moment : int
        Periods before the log's end at which the held-out units are judged.
    """

    learning: np.ndarray
    held: np.ndarray
    moments: tuple[int, ...]
    held_moment: int

    @property
    def possible(self) -> bool:
        """Whether there is enough to learn from."""
        return len(self.learning) >= FEWEST_UNITS and len(self.moments) > 0


@dataclass(frozen=True)
class Snapshots:
    """Signals and soft labels, rows by unit and moment."""

    signals: pd.DataFrame
    labels: pd.DataFrame

    @property
    def enough(self) -> bool:
        """Whether there are units enough to learn from."""
        return len(np.unique(self.units)) >= FEWEST_UNITS

    @property
    def units(self) -> np.ndarray:
        """The unit of each row."""
        return self.signals.index.get_level_values("unit_id").to_numpy()


def plan_snapshots(log, random: np.random.RandomState) -> Plan:
    """Choose units and moments: learned moments lie before the held-out one, units are never in both."""
    from journeykit.sessions import contacts

    table = contacts(log)
    units = np.sort(table.select("unit_id").distinct().execute()["unit_id"].to_numpy(str))
    first = pd.Timestamp(table.timestamp.min().execute())
    width = int((log.moment - first) / pd.Timedelta(days=PERIOD_DAYS)) + 1
    chosen = random.permutation(units)[: int(LEARNING_UNITS / (1 - HELD_SHARE))]
    held = int(len(chosen) * HELD_SHARE)
    hindsight = min(HINDSIGHT_PERIODS, width // 3)
    steps = [hindsight + more for more in (SPREAD if hindsight == HINDSIGHT_PERIODS else _close(width))]
    moments = tuple(step for step in steps if step < width - 1) if hindsight else ()
    return Plan(np.sort(chosen[held:]), np.sort(chosen[:held]), moments, hindsight)


def _close(width: int) -> tuple[int, ...]:
    """Return how many periods earlier is learned where a log is too short for `SPREAD`."""
    return tuple(sorted({max(width * twelfths // 12, 1) for twelfths in (1, 2, 3)}))


def fit_chain(log, plan: Plan, votes: pd.DataFrame, observable: np.ndarray, rounds: int = 15):
    """Fit the chain on the learning units; return it and their periods."""
    units = plan.learning if len(plan.learning) else plan.held
    periods = count_periods(log, log.moment, units)
    return fit_stage_chain(periods, votes, observable, rounds), periods


def take_snapshots(
    log, units, moments, chain: StageChain, observable, random=None, companion=None, personas=None
) -> Snapshots:
    """Measure units at moments (periods back) and label them with hindsight.

    Parameters
    ----------
    log : EventLog
        The events, later ones included.
    units : array of str
        The units.
    moments : sequence of int
        Periods before the log's end.
    chain : StageChain
        The fitted hidden Markov model.
    observable : numpy.ndarray of bool
        Which states can be inferred.
    random : RandomState, optional
        Draws the rows when there are more than needed.
    companion : PersonaChain, optional
        A chain whose posterior is measured too, given the persona of each unit.
    personas : Series, optional
        The persona of each unit.

    Returns
    -------
    Snapshots
    """
    periods, states = count_periods(log, log.moment, units), [*log.client.model.ids, "lapsed"]
    smoothed, filtered = chain.smoothed(periods), chain.filtered(periods)
    names, votes = periods.index.get_level_values("unit_id"), log.client.model.votes()
    signals, labels = [], []
    for back in moments:
        at = log.moment - pd.Timedelta(days=PERIOD_DAYS * back)
        met = pd.Index(names[periods.entry <= periods.width - 1 - back])
        if random is not None and len(met) > LEARNING_ROWS // len(moments):
            met = pd.Index(
                np.sort(random.choice(met.to_numpy(), LEARNING_ROWS // len(moments), replace=False))
            )
        if not len(met):
            continue
        measured = signals_at(log, at, met)
        row = names.get_indexer(measured.index.get_level_values("unit_id"))
        soft = hindsight_labels(smoothed, periods, votes, back, observable)[row]
        labels.append(pd.DataFrame(soft, measured.index, states))
        known = posterior_columns(filtered[row, periods.width - 1 - back], measured.index, states)
        if companion is not None:
            told = companion.latest(periods.take(row, periods.width - back), personas)
            known = known.join(posterior_columns(told, measured.index, states, COMPANION))
        signals.append(pd.concat([measured, known], axis=1))
    if not signals:  # nobody had come within the periods that count
        return Snapshots(pd.DataFrame(index=periods.index[:0]), pd.DataFrame(columns=states, dtype=float))
    return Snapshots(pd.concat(signals), pd.concat(labels))


def posterior_columns(posterior: np.ndarray, index: pd.Index, states, name: str = "chain") -> pd.DataFrame:
    """Return the filtered posterior of a chain as columns ``chain.<state>`` (log scale).

    Logs keep small probabilities apart, which a linear model needs.
    """
    return pd.DataFrame(np.log(np.maximum(posterior, 1e-4)), index, [f"{name}.{state}" for state in states])
