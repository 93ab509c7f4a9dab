"""Whom to ask about: customers whose stage would teach the most, and some drawn by chance."""

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

__all__ = ["BY_CHANCE", "choose", "pick_for_labelling", "spread", "uncertainty"]

SIGNAL_SHARE = 0.5  # how much all signals together count beside the probabilities
FLOOR = 1e-3
MOST_CANDIDATES = 20_000  # of more, as many are drawn by chance
APART_DAYS = 28  # a label nearer than this to the day says what another one would
BY_CHANCE, SEVERAL_STAGES, UNSURE_STAGE, TYPICAL = (
    "by_chance", "several_stages", "close_call", "stands_for_others",
)  # fmt: skip
CLOSE_CALL = 0.5


def pick_for_labelling(
    found: Any,
    n: int = 20,
    random_state: int = 0,
    *,
    log=None,
    labels: pd.DataFrame | None = None,
    by_chance: float = 0.5,
) -> pd.DataFrame:
    """Return customers to ask about: half drawn by chance, half unsure ones of whom each stands for others.

    For the second half everybody is grouped by probabilities and signals, in which the unsure weigh more, and of each
    group the one nearest to its centre is picked. Those drawn by chance are there because only they can tell how good
    the stages are. For learning, one kind is as good as the other (``benchmarks/labelling.py``).

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
    by_chance : float, default 0.5
        The share that is drawn by chance.

    Returns
    -------
    pandas.DataFrame
        ``unit_id``, ``at`` (the log's day, as text), ``p_<stage>``, ``set`` (stages that can't be ruled out),
        ``uncertainty`` (entropy, from 0 to 1) and ``reason``: ``by_chance``, ``several_stages`` (the set holds more
        than one), ``close_call`` (it holds one, and the uncertainty is above 0.5) or ``stands_for_others``. The most
        uncertain come first.

    Raises
    ------
    JourneykitError
        When n is below 1, the share is not from 0 to 1, or there is no log.

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
    if not 0 <= by_chance <= 1:
        raise JourneykitError(f"{by_chance} is no share", where="by_chance", remedy="give 0 to 1")
    stages, log = getattr(found, "stages", found), log if log is not None else getattr(found, "log", None)
    if log is None:
        raise JourneykitError("there is no log to pick from", where="log", remedy="give a study, or log=…")
    labels = log.labels if labels is None else labels
    free = stages.table[~stages.table.index.isin(_labelled(log, labels))]
    if free.empty:
        return _told(free, np.array([], bool), stages.states, log)
    free = _drawn(free, stages.states, random_state)
    signals = stages.reader.measure(log, log.moment, free.index.to_numpy(object)).droplevel("at")
    chances = free[[f"p_{state}" for state in stages.states]].to_numpy(float)
    rows, drawn = choose(chances, signals.reindex(free.index), n, random_state, by_chance)
    return _told(free.iloc[rows], drawn, stages.states, log)


def choose(
    chances: np.ndarray, signals: pd.DataFrame, n: int, random_state: int, by_chance: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of n rows, and which of them were drawn by chance; see `spread` for the others."""
    n = min(n, len(chances))
    order = _in_order(_space(chances, signals))
    mixed = check_random_state(random_state).permutation(order)
    drawn, left = mixed[: round(n * by_chance)], np.sort(mixed[round(n * by_chance) :])
    rest = spread(chances[left], signals.iloc[left], n - len(drawn), random_state) if len(drawn) < n else []
    rows = np.r_[drawn, left[rest]].astype(int)
    return rows, np.arange(n) < len(drawn)


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
    order = _in_order(space)
    if len(order) <= n:
        return order
    weight = np.maximum(uncertainty(chances), FLOOR)[order]
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    with threadpool_limits(1):
        groups = KMeans(n, n_init=4, random_state=seed).fit(space[order], sample_weight=weight)
    return order[_nearest(groups.transform(space[order]))]


def _in_order(space: np.ndarray) -> np.ndarray:
    """Return the rows in the order of their values, which no id and no order of rows can change."""
    return np.lexsort(np.round(space, 9).T[::-1])


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


def _told(picked: pd.DataFrame, drawn: np.ndarray, states: Sequence[str], log) -> pd.DataFrame:
    names = [f"p_{state}" for state in states]
    unsure = uncertainty(picked[names].to_numpy(float))
    several = picked["stage_set"].map(len).to_numpy(int) > 1
    told = picked[names].assign(
        set=picked["stage_set"],
        uncertainty=unsure,
        reason=np.select(
            [drawn, several, unsure > CLOSE_CALL], [BY_CHANCE, SEVERAL_STAGES, UNSURE_STAGE], TYPICAL
        ),
    )
    told.insert(0, "at", f"{log.as_of_date}")
    order = np.argsort(-unsure, kind="stable")
    return told.iloc[order].rename_axis("unit_id").reset_index()
