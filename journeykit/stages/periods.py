"""Periods of two days: how often each unit came and what it met in each, counted back from a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from journeykit import engine
from journeykit.features.signals import contacts_until, units_and_moments

__all__ = ["PERIOD_DAYS", "Periods", "count_periods", "periods_of"]

PERIOD_DAYS = 2
MOST_PERIODS = 364  # two years
VISIT_GAP_MINUTES = 30
PACE_PERIODS = 14
LEAST_PACE = 0.006  # visits a period


@dataclass(frozen=True)
class Periods:
    """Counts of touchpoints per unit and period of `PERIOD_DAYS` days.

    Attributes
    ----------
    index : pandas.Index
        The rows: units, or units and moments.
    steps : tuple of str
        The touchpoints.
    counts : scipy.sparse.csr_array
        Rows × periods (unrolled, the oldest period of a row first) by touchpoints.
    visits : numpy.ndarray
        Rows × periods: the number of visits.
    width : int
        The number of periods; the last one ends at the row's moment.
    entry : numpy.ndarray
        Per row the first period with a contact.
    """

    index: pd.Index
    steps: tuple[str, ...]
    counts: sparse.csr_array
    visits: np.ndarray
    width: int
    entry: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    @property
    def under_way(self) -> np.ndarray:
        """Return, per row and period, whether the unit had been met by then."""
        return np.arange(self.width)[None, :] >= self.entry[:, None]

    @property
    def active(self) -> np.ndarray:
        """Return, per row, the number of periods from the first contact to the last."""
        last = np.where(self.visits > 0, np.arange(self.width)[None, :], -1).max(axis=1, initial=-1)
        return np.maximum(last - self.entry + 1, 1)

    @property
    def usual_pace(self) -> float:
        """The visits a period of everybody, while active."""
        return max(float(self.visits.sum() / max(self.active.sum(), 1)), LEAST_PACE)

    def pace(self, usual: float, strength: float = PACE_PERIODS) -> np.ndarray:
        """Return, per row, the visits a period while active, drawn towards the usual pace by so many periods."""
        return (self.visits.sum(axis=1) + strength * usual) / (self.active + strength)

    def some(self, most: int) -> Periods:
        """Return so many of the rows at most, spread evenly."""
        few = len(self) <= most
        return self if few else self.take(np.linspace(0, len(self) - 1, most).astype(int))

    def take(self, rows: np.ndarray, until: int | None = None) -> Periods:
        """Return some of the rows, and of these the periods before `until` (all)."""
        width = self.width if until is None else until
        lines = (np.asarray(rows)[:, None] * self.width + np.arange(width)).ravel()
        visits, entry = self.visits[rows][:, :width], self.entry[rows]
        return Periods(self.index[rows], self.steps, self.counts[lines], visits, width, entry)


def count_periods(log, moments, units=None) -> Periods:
    """Count the touchpoints of each unit per period up to a moment.

    Parameters
    ----------
    log : EventLog
        The events.
    moments : Timestamp or DataFrame
        One moment for everyone, or a frame with ``unit_id`` and ``at``.
    units : sequence of str, optional
        With one moment: only these units.

    Returns
    -------
    Periods
    """
    aged = contacts_until(log, moments, units)
    visit = (aged.gap_days.isnull() | (aged.gap_days * 1440 > VISIT_GAP_MINUTES)).cast("int64")
    aged = aged.mutate(back=(aged.age_days / PERIOD_DAYS).floor().cast("int64"), visit=visit)
    table = aged.filter(aged.back < MOST_PERIODS).group_by(["unit_id", "at", "back", "step"])
    counted = table.aggregate(n=lambda t: t.count(), visits=lambda t: t.visit.sum())
    return periods_of(engine.frame(counted))


def periods_of(counts: pd.DataFrame) -> Periods:
    """Arrange counts per unit, moment, period back and step as `Periods`."""
    row, index = units_and_moments(counts)
    column, steps = pd.factorize(counts["step"], sort=True)
    back = counts["back"].to_numpy(int)
    width = int(back.max(initial=0)) + 1
    period = width - 1 - back
    entry = np.full(len(index), width)
    np.minimum.at(entry, row, period)
    shape = (len(index) * width, len(steps))
    table = sparse.csr_array((counts["n"].to_numpy(float), (row * width + period, column)), shape=shape)
    visits = np.bincount(row * width + period, counts["visits"].to_numpy(float), shape[0]).reshape(-1, width)
    return Periods(index, tuple(map(str, steps)), table, visits, width, entry)
