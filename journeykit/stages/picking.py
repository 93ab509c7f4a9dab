"""Whom to ask about: the customers whose stage would teach the most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.preprocessing import quantile_transform
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from journeykit.errors import JourneykitError
from journeykit.stages.labels import first_contacts

__all__ = ["pick_for_labelling", "uncertainty"]

SIGNAL_SHARE = 0.5  # how much all signals together count beside the probabilities
FLOOR = 1e-3
MOST_CANDIDATES = 20_000  # of more, as many are drawn by chance
APART_DAYS = 28  # a label nearer than this to the day says what another one would
SEVERAL_STAGES, UNSURE_STAGE, TYPICAL = "several_stages", "close_call", "stands_for_others"
CLOSE_CALL = 0.5


def pick_for_labelling(
    found: Any,
    n: int = 20,
    random_state: int = 0,
    *,
    log=None,
    labels: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the customers whose stage would teach the most: unsure ones, each standing for others.

    Everybody is grouped into n groups by probabilities and signals, in which the unsure weigh more, and of each
    group the one nearest to its centre is picked.

    Parameters
    ----------
    found : Study or StageInference
        What was inferred. A study has its log and labels with it.
    n : int, default 20
        How many; fewer come back when fewer are left.
    random_state : int, default 0
        The seed.
    log : EventLog, optional
        The events that were read; needed beside a `StageInference`.
    labels : DataFrame, optional
        What is known already: ``customer_id, at``; default the log's labels. Who has a label within four weeks of the
        log's day is not picked.

    Returns
    -------
    pandas.DataFrame
        ``unit_id``, ``at`` (the log's day, as text), ``p_<stage>``, ``set`` (stages that can't be ruled out),
        ``uncertainty`` (entropy, from 0 to 1) and ``reason``: ``several_stages`` (the set holds more than one),
        ``close_call`` (one, and still less than even odds, as entropy has it) or ``stands_for_others``. The most
        uncertain come first.

    Raises
    ------
    JourneykitError
        When n is below 1, or there is no log.

    Notes
    -----
    Weighted k-means for batches that are informative and diverse: Zhdanov, "Diverse mini-batch active learning",
    2019. Rows are put in the order of their values first, so that neither their order nor their ids matter.

    Examples
    --------
    >>> from journeykit.events import EventLog
    >>> from journeykit.simulate import simulate
    >>> from journeykit.stages import infer_stages
    >>> log = EventLog.from_frame(simulate(customers=60, days=90, seed=1).events)
    >>> picked = pick_for_labelling(infer_stages(log), 5, log=log)
    >>> len(picked), picked["unit_id"].is_unique
    (5, True)
    """
    if n < 1:
        raise JourneykitError(f"{n} customers can't be picked", where="n", remedy="ask for 1 or more")
    stages, log = getattr(found, "stages", found), log if log is not None else getattr(found, "log", None)
    if log is None:
        raise JourneykitError("there is no log to pick from", where="log", remedy="give a study, or log=…")
    labels = log.labels if labels is None else labels
    free = stages.table[~stages.table.index.isin(_labelled(log, labels))]
    if free.empty:
        return _told(free, stages.states, log)
    free = _drawn(free, stages.states, random_state)
    signals = stages.reader.measure(log, log.moment, free.index.to_numpy(object)).droplevel("at")
    chances = free[[f"p_{state}" for state in stages.states]].to_numpy(float)
    rows = spread(chances, signals.reindex(free.index), n, random_state)
    return _told(free.iloc[rows], stages.states, log)


def uncertainty(chances: np.ndarray) -> np.ndarray:
    """Return the entropy of rows of probabilities, from 0 (one is sure) to 1 (all are alike).

    Examples
    --------
    >>> uncertainty(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist()
    [0.0, 1.0]
    """
    logs = np.log(np.where(chances > 0, chances, 1.0))
    return -(chances * logs).sum(axis=1) / np.log(chances.shape[1]) + 0.0


def spread(chances: np.ndarray, signals: pd.DataFrame, n: int, random_state: int) -> np.ndarray:
    """Return the places of n rows that are unsure and unlike each other.

    Parameters
    ----------
    chances : numpy.ndarray
        Rows × states, rows sum to 1.
    signals : DataFrame
        The same rows, of numbers; missing values are allowed.
    n : int
        How many.
    random_state : int
        The seed.
    """
    space = _space(chances, signals)
    order = np.lexsort(np.round(space, 9).T[::-1])
    if len(order) <= n:
        return order
    weight = np.maximum(uncertainty(chances), FLOOR)[order]
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    with threadpool_limits(1):
        groups = KMeans(n, n_init=4, random_state=seed).fit(space[order], sample_weight=weight)
    return order[_nearest(groups.transform(space[order]))]


def _space(chances: np.ndarray, signals: pd.DataFrame) -> np.ndarray:
    """Return probabilities (as square roots, in which they differ evenly) and signals, evened out."""
    known = signals.fillna(signals.median()).fillna(0.0)
    known = known.loc[:, known.nunique() > 1]
    if known.empty:
        return np.sqrt(chances)
    even = quantile_transform(
        known, n_quantiles=min(200, len(known)), output_distribution="normal", random_state=0
    )
    return np.c_[np.sqrt(chances), SIGNAL_SHARE * np.clip(even, -3, 3) / np.sqrt(known.shape[1])]


def _nearest(distances: np.ndarray) -> np.ndarray:
    """Return, for each centre, the row nearest to it that isn't taken."""
    taken: list[int] = []
    for centre in range(distances.shape[1]):
        own = distances[:, centre].copy()
        own[taken] = np.inf
        taken.append(int(own.argmin()))
    return np.array(taken)


def _drawn(free: pd.DataFrame, states: Sequence[str], random_state: int) -> pd.DataFrame:
    """Return as many rows as can be compared with each other, drawn by chance from rows in the order of values."""
    if len(free) <= MOST_CANDIDATES:
        return free
    ordered = free.sort_values([f"p_{state}" for state in states], kind="stable")
    rows = check_random_state(random_state).permutation(len(free))[:MOST_CANDIDATES]
    return ordered.iloc[np.sort(rows)]


def _labelled(log, labels: pd.DataFrame) -> np.ndarray:
    """Return the units with a label near the log's day."""
    if not len(labels):
        return np.array([], dtype=object)
    days = (pd.to_datetime(labels["at"]) - pd.Timestamp(log.as_of_date)).abs()
    ids = labels.loc[(days <= pd.Timedelta(days=APART_DAYS)).to_numpy(), "customer_id"].astype(str)
    people = first_contacts(log)
    return people.loc[people["customer_id"].isin(ids), "unit_id"].to_numpy(object)


def _told(picked: pd.DataFrame, states: Sequence[str], log) -> pd.DataFrame:
    names = [f"p_{state}" for state in states]
    unsure = uncertainty(picked[names].to_numpy(float))
    several = picked["stage_set"].map(len).to_numpy(int) > 1
    told = picked[names].assign(
        set=picked["stage_set"],
        uncertainty=unsure,
        reason=np.select([several, unsure > CLOSE_CALL], [SEVERAL_STAGES, UNSURE_STAGE], TYPICAL),
    )
    told.insert(0, "at", f"{log.as_of_date}")
    order = np.argsort(-unsure, kind="stable")
    return told.iloc[order].rename_axis("unit_id").reset_index()
