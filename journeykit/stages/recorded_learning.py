"""Learning what a reader needs to take contacts at their word, and what hindsight says of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from journeykit.stages.conformal import class_thresholds
from journeykit.stages.naming import HINDSIGHT, name_from, naming_threshold
from journeykit.stages.periods import PERIOD_DAYS
from journeykit.stages.reader import StageReader
from journeykit.stages.recorded import Recorded, fit_recorded, measure_recorded, read_days
from journeykit.stages.recorded_moves import recorded_moves
from journeykit.stages.snapshots import Plan, Snapshots

__all__ = ["learn_recorded"]

COVERAGE = 0.9


def learn_recorded(
    reader: StageReader, log, plan: Plan, personas: pd.Series | None = None
) -> Snapshots | None:
    """Let a reader take contacts at their word; return what it can be judged by, None where the log is too short.

    Who has left, and how fast people move, is learned from the learning units; who is named, and what is in a set, on
    the same units at earlier moments, of which only later contacts tell whether they had left.
    """
    units = plan.learning if len(plan.learning) else plan.held
    days = read_days(log, units)
    reader.recorded = fit_recorded(days, log.moment, reader.observable)
    reader.moves = recorded_moves(log, reader.recorded, days, reader.observable, personas)
    if not plan.possible:
        return None
    seen = _with_hindsight(reader, log, units, plan.moments, measure_recorded)
    told, labels = reader.read(seen.signals).nowcast.to_numpy(), seen.labels.to_numpy()
    reader.thresholds = class_thresholds(told, labels, COVERAGE)
    right = labels[np.arange(len(told)), told.argmax(axis=1)]
    threshold = naming_threshold(told.max(axis=1), right, seen.units)
    reader.naming = name_from(threshold)
    reader.about |= {} if threshold is None else {"named_against": HINDSIGHT}
    return _with_hindsight(reader, log, plan.held, (plan.held_moment,), reader.measure)


def _with_hindsight(
    reader: StageReader,
    log,
    units: np.ndarray,
    moments: tuple[int, ...],
    measure: Callable[..., pd.DataFrame],
) -> Snapshots:
    """Measure units at moments, so many periods back, and say where they were, knowing who came again."""
    at = [log.moment - pd.Timedelta(days=PERIOD_DAYS * back) for back in moments]
    signals = [measure(log, moment, units) for moment in at]
    table = pd.concat([part for part in signals if len(part)] or signals)
    last = read_days(log, units).groupby("unit_id")["at"].last()
    labels = _labels(reader.recorded, table, last, log.moment) * reader.observable
    labels = labels / np.maximum(labels.sum(axis=1, keepdims=True), 1e-12)
    return Snapshots(table, pd.DataFrame(labels, table.index, list(reader.states)))


def _labels(recorded: Recorded, table: pd.DataFrame, last: pd.Series, moment: pd.Timestamp) -> np.ndarray:
    """Return rows × states: where everybody was, knowing whether a contact came after the moment."""
    units, at = (table.index.get_level_values(name) for name in ("unit_id", "at"))
    later = last.reindex(units).to_numpy() > at.to_numpy()
    silent = table["recorded.silent"].to_numpy(float) + (moment - at) / pd.Timedelta(days=1)
    return recorded.chances(table, np.where(later, np.nan, silent))
