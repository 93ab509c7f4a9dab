"""Recorded: everybody is where the last contact that shows a stage says, unless they have left since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from journeykit import engine
from journeykit.facts import marker_positions, recorded_stages
from journeykit.sessions import contacts
from journeykit.stages.waiting import Waiting, fit_waiting

__all__ = ["Recorded", "fit_recorded", "last_markers", "measure_recorded", "read_days"]

DAY_MS = 86_400_000.0
UNSEEN = 0.5  # of the stages that somebody jumped over, taken as been in and not recorded
COLUMNS = ["recorded.here", "recorded.silent", "recorded.days", "recorded.span"]


@dataclass
class Recorded:
    """Where people are by what was recorded last, and how long they are silent before it means that they left.

    Attributes
    ----------
    waiting : Waiting
        How long it takes until the next day with a contact, and who has one.
    unseen : numpy.ndarray
        Stages × stages: the chance that the way on from a stage leads through another one without a record of it.
    first : numpy.ndarray
        The share of people whose first recorded stage it is: where somebody is of whom no stage was recorded.
    """

    waiting: Waiting
    unseen: np.ndarray
    first: np.ndarray

    def chances(self, signals: pd.DataFrame, silent_until: np.ndarray | None = None) -> np.ndarray:
        """Return rows × states, from `measure_recorded`.

        With `silent_until`, the days after the last contact within which nothing came, missing for those who came
        again: what hindsight says.
        """
        here, silent, days, span = signals[COLUMNS].to_numpy(float).T
        place = np.where(np.isnan(here), len(self.first), here).astype(int)
        left, passed = self.waiting.left(place, silent, days, span, silent_until)
        where = np.vstack([np.eye(len(self.first)), self.first])[place]
        moved = np.vstack([self.unseen, np.zeros(len(self.first))])[place] * passed[:, None]
        where = where * (1 - moved.sum(axis=1, keepdims=True)) + moved
        return np.column_stack([where * (1 - left)[:, None], left])


def fit_recorded(days: pd.DataFrame, moment: pd.Timestamp, possible: np.ndarray) -> Recorded:
    """Learn from the days of `read_days` up to a moment.

    Parameters
    ----------
    days : DataFrame
        One row per unit and day with contacts.
    moment : Timestamp
        The end of the data.
    possible : numpy.ndarray of bool
        Which states can occur.
    """
    stages = len(possible) - 1
    gaps = gaps_of(days, moment, stages)
    shown = days[days["here"].notna()]
    first = np.bincount(shown.groupby("unit_id")["here"].first().astype(int), minlength=stages) + 0.5
    first = first * possible[:-1]
    return Recorded(fit_waiting(gaps, stages + 1), _unseen(gaps, possible[:-1]), first / first.sum())


def read_days(log, units=None) -> pd.DataFrame:
    """Return the days on which each unit had contacts, in order.

    Returns
    -------
    DataFrame
        ``unit_id, at`` (the day's last contact), ``here`` (position of the last stage recorded by then, missing where
        there is none).
    """
    import ibis

    table = recorded_stages(log)
    if units is not None:
        table = table.semi_join(
            ibis.memtable(pd.DataFrame({"unit_id": np.array(list(units), str)})), "unit_id"
        )
    days = table.group_by(["unit_id", table.local_timestamp.truncate("D").name("day")])
    counted = days.aggregate(
        at=table.timestamp.max(), shown=table.marker.argmax(table.order, where=table.marker.notnull())
    )
    frame = engine.frame(counted).sort_values(["unit_id", "day"], ignore_index=True)
    return frame.assign(here=frame.groupby("unit_id")["shown"].ffill().astype(float)).drop(
        columns=["day", "shown"]
    )


def gaps_of(days: pd.DataFrame, moment: pd.Timestamp, stages: int) -> pd.DataFrame:
    """Return one row per day with contacts: how long until the next one, or how long silent since.

    Returns
    -------
    DataFrame
        ``unit_id, place`` (of the stage, or the number of stages where none was recorded), ``gap`` (days), ``came``,
        ``days`` and ``span`` so far, ``next_place``.
    """
    units = days.groupby("unit_id")
    following, first = units["at"].shift(-1), units["at"].transform("first")
    place = days["here"].fillna(stages).astype(int)
    after = place.groupby(days["unit_id"]).shift(-1)
    return pd.DataFrame(
        {
            "unit_id": days["unit_id"], "place": place, "came": following.notna(),
            "gap": _days(following.fillna(moment) - days["at"]).clip(lower=0), "days": units.cumcount() + 1.0,
            "span": _days(days["at"] - first), "next_place": after,
        }
    )  # fmt: skip


def measure_recorded(log, moments, units=None) -> pd.DataFrame:
    """Return what `Recorded` reads, indexed by ``unit_id`` and ``at``.

    Returns
    -------
    DataFrame
        ``recorded.here`` (position of the last stage recorded), ``recorded.silent`` (days since the last contact),
        ``recorded.days`` (with contacts), ``recorded.span`` (days from the first to the last).
    """
    table = _until(recorded_stages(log), moments, units)
    day = table.local_timestamp.truncate("D")
    told = table.group_by(["unit_id", "at"]).aggregate(
        here=table.marker.argmax(table.order, where=table.marker.notnull()),
        last=table.timestamp.max(), first=table.timestamp.min(), days=day.nunique(),
    )  # fmt: skip
    frame = engine.frame(told).set_index(["unit_id", "at"]).sort_index()
    at = frame.index.get_level_values("at").to_series(index=frame.index)
    values = [frame["here"].astype(float), _days(at - frame["last"]), frame["days"].astype(float),
              _days(frame["last"] - frame["first"])]  # fmt: skip
    return pd.concat(values, axis=1).set_axis(COLUMNS, axis=1)


def last_markers(log) -> pd.Series:
    """Return, by unit, the stage of which the last contact is a marker; missing where it is none."""
    table, model = contacts(log), log.client.model
    last = engine.frame(table.group_by("unit_id").aggregate(step=table.step.argmax(table.order)))
    shows = {step: model.ids[place] for step, place in marker_positions(model).items()}
    return last.set_index("unit_id")["step"].map(shows)


def _until(table: Any, moments, units) -> Any:
    """Return the contacts up to their moment, with ``at``."""
    import ibis

    if isinstance(moments, pd.DataFrame):
        asked = moments[["unit_id", "at"]].drop_duplicates().astype({"at": "datetime64[us]"})
        table = table.inner_join(ibis.memtable(asked), "unit_id")
    else:
        table = table.mutate(at=ibis.literal(pd.Timestamp(moments).to_pydatetime()).cast("timestamp(6)"))
    if units is not None:
        table = table.semi_join(
            ibis.memtable(pd.DataFrame({"unit_id": np.array(list(units), str)})), "unit_id"
        )
    return table.filter(table.timestamp <= table["at"])


def _unseen(gaps: pd.DataFrame, possible: np.ndarray) -> np.ndarray:
    """Return stages × stages: of the ways on from a stage to the next day, half of those that jump over one."""
    stages, table = len(possible), np.zeros((len(possible), len(possible)))
    moved = gaps[gaps["came"] & (gaps["place"] < stages) & (gaps["next_place"] < stages)]
    for (start, end), count in moved.groupby(["place", "next_place"]).size().items():
        between = [stage for stage in range(int(start) + 1, int(end)) if possible[stage]]
        table[int(start), between] += UNSEEN * count / max(len(between), 1)
    onward = np.bincount(moved["place"], minlength=stages) + 1.0
    return table / onward[:, None]


def _days(gap: pd.Series) -> pd.Series:
    return gap / pd.Timedelta(days=1)
