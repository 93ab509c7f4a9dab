"""Moves that were recorded: how fast people go from stage to stage, leave and come back, counted in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import expm

from journeykit import engine
from journeykit.facts import recorded_stages
from journeykit.stages.forecast import FEWEST_IN_PERSONA
from journeykit.stages.periods import PERIOD_DAYS
from journeykit.stages.recorded import Recorded, gaps_of

__all__ = ["recorded_moves"]

ALIKE = 20.0  # moves by which a persona's rates are drawn to everybody's
TINY = 1e-9


@dataclass
class _Counted:
    """Moves between states, and days spent in them."""

    moves: np.ndarray
    days: np.ndarray


def recorded_moves(
    log, recorded: Recorded, days: pd.DataFrame, possible: np.ndarray, personas: pd.Series | None = None
) -> dict[str, np.ndarray]:
    """Return the transition matrix from one period of two days to the next, of ``all`` and of large personas.

    Parameters
    ----------
    log : EventLog
        The events.
    recorded : Recorded
        What tells who has left.
    days : DataFrame
        From `read_days`: the units that are counted.
    possible : numpy.ndarray of bool
        Which states can occur.
    personas : Series, optional
        The persona of each unit.

    Returns
    -------
    dict of numpy.ndarray
        States × states, rows sum to 1.

    Notes
    -----
    To have lapsed is to be silent for good, so nobody comes back from it: who may still come is not called lapsed.
    Moves divided by the time at risk are the rates of a Markov chain in continuous time (maximum likelihood); the
    exponential of their matrix gives the probabilities of a period, so several stages within a day all count.
    """
    units = days["unit_id"].unique()
    stays = _stays(log, units, days)
    gaps = gaps_of(days, log.moment, len(possible) - 1)
    whole = _count(stays, gaps, recorded, len(possible))
    rates = _rates(whole, possible, None)
    found = {"all": expm(rates * PERIOD_DAYS)}
    of_unit = pd.Series(dtype=object) if personas is None else personas.reindex(units).dropna()
    for persona, own in of_unit.groupby(of_unit):
        if len(own) >= FEWEST_IN_PERSONA:
            some = [part[part["unit_id"].isin(own.index)] for part in (stays, gaps)]
            mine = _count(*some, recorded, len(possible))
            found[str(persona)] = expm(_rates(mine, possible, rates) * PERIOD_DAYS)
    return {name: matrix / matrix.sum(axis=1, keepdims=True) for name, matrix in found.items()}


def _stays(log, units, days: pd.DataFrame) -> pd.DataFrame:
    """Return one row per stay in a recorded stage: ``unit_id, place, next_place, days`` until the next or the end."""
    import ibis

    table = recorded_stages(log).filter(ibis._.marker.notnull())
    asked = ibis.memtable(pd.DataFrame({"unit_id": np.array(list(units), str)}))
    frame = engine.frame(table.semi_join(asked, "unit_id").select("unit_id", "order", "timestamp", "marker"))
    frame = frame.sort_values(["unit_id", "order"])
    frame = frame[frame["marker"] != frame.groupby("unit_id")["marker"].shift()]
    rows = frame.groupby("unit_id")
    ends = rows["timestamp"].shift(-1).fillna(frame["unit_id"].map(days.groupby("unit_id")["at"].last()))
    return pd.DataFrame(
        {
            "unit_id": frame["unit_id"], "place": frame["marker"].astype(int),
            "next_place": rows["marker"].shift(-1), "days": (ends - frame["timestamp"]) / pd.Timedelta(days=1),
        }
    )  # fmt: skip


def _count(stays: pd.DataFrame, gaps: pd.DataFrame, recorded: Recorded, states: int) -> _Counted:
    moves, days = np.zeros((states, states)), np.zeros(states)
    on = stays[stays["next_place"].notna()]
    np.add.at(moves, (on["place"].to_numpy(int), on["next_place"].to_numpy(int)), 1.0)
    np.add.at(days, stays["place"].to_numpy(int), stays["days"].to_numpy(float))
    gaps = gaps[gaps["place"] < states - 1]
    place, gap = gaps["place"].to_numpy(int), gaps["gap"].to_numpy(float)
    left, _ = recorded.waiting.left(place, gap, gaps["days"].to_numpy(float), gaps["span"].to_numpy(float))
    came = gaps["came"].to_numpy(bool)
    np.add.at(moves[:, -1], place[~came], left[~came])
    np.add.at(days, place[~came], (gap * (1 - left))[~came])
    return _Counted(moves, days)


def _rates(counted: _Counted, possible: np.ndarray, towards: np.ndarray | None) -> np.ndarray:
    """Return moves a day, drawn to given rates by as much time as `ALIKE` moves take there."""
    rates = counted.moves * possible * possible[:, None]
    days = np.maximum(counted.days, TINY)
    if towards is not None:
        usual = ALIKE / np.maximum(-np.diag(towards), TINY)
        usual = np.where(-np.diag(towards) > TINY, usual, 0.0)
        rates = rates + usual[:, None] * towards * (1 - np.eye(len(days)))
        days = days + usual
    rates = (
        rates / np.maximum(days, 1.0)[:, None]
    )  # who is in a stage for less than a day together tells no rate
    np.fill_diagonal(rates, 0.0)
    return rates - np.diag(rates.sum(axis=1))
