"""Signals: where someone stands, read from their contacts up to a moment and never later."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeykit import engine
from journeykit.errors import JourneykitError
from journeykit.features.buying_group import measure_group

__all__ = ["HALF_LIVES", "RECENT", "WINDOWS", "contacts_until", "measure_signals", "signals_at"]

HALF_LIVES = (3, 10, 30)
WINDOWS = (7, 30, 90)
RECENT = 3
SHARES = 10
MOST_STEPS = 60
DAY_MS = 86_400_000.0


def measure_signals(log, at=None) -> pd.DataFrame:
    """Measure where every unit stands at a moment.

    Only contacts up to the moment count, so that nothing that happens later can change a value.

    Parameters
    ----------
    log : EventLog
        The events, read through the client's stage model.
    at : Timestamp or str, optional
        The moment (naive UTC); default the log's own moment.

    Returns
    -------
    pandas.DataFrame
        One row per unit with a contact up to the moment, indexed by ``unit_id``, of floats:
        ``recency_days``, ``tenure_days``, ``gap_days`` (mean), ``gap_recent_days`` (weighted to the present),
        ``recency_in_gaps``, ``contacts``, ``sessions``, ``contacts_7d`` … ``contacts_90d``,
        ``decayed_3d`` … (decayed numbers of contacts), ``share_10d.<touchpoint>`` (decayed shares),
        ``vote_3d.<stage>`` … (decayed stage votes), ``last1.<stage>`` … ``last3.<stage>`` (votes of the last
        touchpoints), ``since_marker_days.<stage>``, ``furthest_marker`` (position from 0), and for a
        business log the columns of `measure_group`. A missing value means that it was not observed.

    Examples
    --------
    >>> import pandas as pd
    >>> from journeykit.events import EventLog
    >>> events = pd.DataFrame({"customer_id": ["a", "a"], "touchpoint": ["search", "purchase"],
    ...                        "timestamp": pd.to_datetime(["2026-03-01 12:00", "2026-03-05 12:00"])})
    >>> signals = measure_signals(EventLog.from_frame(events))
    >>> signals.loc["a", ["contacts", "gap_days", "furthest_marker"]].tolist()
    [2.0, 4.0, 3.0]
    """
    moment = pd.Timestamp(log.moment if at is None else at)
    if pd.isna(moment):
        raise JourneykitError(
            "the moment of the signals is not a date", remedy="give a date such as 2026-04-01"
        )
    return signals_at(log, moment).droplevel("at")


def signals_at(log, moments, units=None) -> pd.DataFrame:
    """Measure signals at one moment for everyone, or at given moments for given units.

    Parameters
    ----------
    log : EventLog
        The events.
    moments : Timestamp or DataFrame
        One moment, or a frame with the columns ``unit_id`` and ``at``.
    units : sequence of str, optional
        With one moment: only these units.

    Returns
    -------
    pandas.DataFrame
        Signals as of `measure_signals`, indexed by ``unit_id`` and ``at``.
    """
    contacts = contacts_until(log, moments, units)
    tally = _Tally(engine.frame(_per_step(contacts)), log.client.model)
    signals = tally.signals()
    if log.client.unit == "account":
        signals = signals.join(measure_group(contacts, log.customers))
    return settled(signals)


def settled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return numbers in single precision: sums made in another order are equal again, so that trees split alike."""
    return frame.astype("float32").astype("float64")


def units_and_moments(counts: pd.DataFrame) -> tuple[np.ndarray, pd.MultiIndex]:
    """Return, per line, the position of its unit and moment among all of them, and these in order.

    Examples
    --------
    >>> counts = pd.DataFrame({"unit_id": ["b", "a", "b"], "at": pd.Timestamp("2026-03-01")})
    >>> row, index = units_and_moments(counts)
    >>> row.tolist(), index.get_level_values("unit_id").tolist()
    ([1, 0, 1], ['a', 'b'])
    """
    (unit, units), (at, moments) = (pd.factorize(counts[name], sort=True) for name in ("unit_id", "at"))
    pairs, row = np.unique(unit * max(len(moments), 1) + at, return_inverse=True)
    place, when = np.divmod(pairs, max(len(moments), 1))
    return row, pd.MultiIndex.from_arrays([units[place], moments[when]], names=["unit_id", "at"])


def contacts_until(log, moments, units=None):
    """Return the contacts up to their moment with ``at`` and ``age_days``."""
    import ibis

    from journeykit.sessions import contacts

    table = contacts(log)
    if isinstance(moments, pd.DataFrame):
        asked = moments[["unit_id", "at"]].drop_duplicates().astype({"at": "datetime64[us]"})
        table = table.inner_join(ibis.memtable(asked), "unit_id")
    else:
        table = table.mutate(at=ibis.literal(pd.Timestamp(moments).to_pydatetime()).cast("timestamp(6)"))
    if units is not None:
        asked = pd.DataFrame({"unit_id": np.array(list(units), dtype=str)})
        between = (
            asked["unit_id"].min(),
            asked["unit_id"].max(),
        )  # leaves out most rows before they are joined
        table = table.filter(table.unit_id.between(*between)) if len(asked) else table
        table = table.semi_join(ibis.memtable(asked), "unit_id")
    table = table.filter(table.timestamp <= table.at)
    return table.mutate(age_days=table.at.delta(table.timestamp, unit="millisecond") / DAY_MS)


def _per_step(contacts):
    """Return one row per unit, moment and step: everything that the signals need."""
    import ibis

    newest = ibis.window(
        group_by=["unit_id", "at"],
        order_by=[ibis.desc("order")],
    )
    ranked = contacts.mutate(rank=ibis.row_number().over(newest))
    weight = (ranked.age_days * (-np.log(2) / 30)).exp()
    decays = {f"d{h}": (ranked.age_days * (-np.log(2) / h)).exp().sum() for h in HALF_LIVES}
    windows = {f"n{w}": (ranked.age_days < w).cast("int64").sum() for w in WINDOWS}
    recent = {f"last{k + 1}": (ranked["rank"] == k).cast("int64").sum() for k in range(RECENT)}
    return ranked.group_by(["unit_id", "at", "step"]).aggregate(
        n=ranked.count(),
        newest=ranked.age_days.min(),
        oldest=ranked.age_days.max(),
        session=ranked.session.max(),
        first_session=ranked.session.min(),
        gaps=ranked.gap_days.count(),
        gap_sum=ranked.gap_days.sum(),
        gap_weight=weight.sum(where=ranked.gap_days.notnull()),
        gap_weighted=(weight * ranked.gap_days).sum(),
        **decays,
        **windows,
        **recent,
    )


class _Tally:
    """The counts per unit, moment and step, and the signals that follow from them."""

    def __init__(self, counts: pd.DataFrame, model) -> None:
        self.counts, self.model = counts, model
        self.row, self.index = units_and_moments(counts)
        usual = (
            counts.groupby("step")["n"].sum().sort_values(ascending=False, kind="stable").index[:MOST_STEPS]
        )
        self.steps = sorted(usual)
        self.column = pd.Index(self.steps).get_indexer(counts["step"])

    def total(self, name: str) -> np.ndarray:
        """Return a sum per row."""
        values = self.counts[name].fillna(0).to_numpy(float)
        return np.bincount(self.row, values, len(self.index))

    def matrix(self, name: str) -> np.ndarray:
        """Return a table of rows by steps."""
        table = np.zeros((len(self.index), len(self.steps)))
        kept = self.column >= 0
        table[self.row[kept], self.column[kept]] = self.counts[name].to_numpy(float)[kept]
        return table

    def extreme(self, name: str, kind: np.ufunc, kept: np.ndarray | None = None) -> np.ndarray:
        """Return the smallest or largest value per row; missing where there is none."""
        start = np.inf if kind is np.minimum else -np.inf
        values = np.full(len(self.index), start)
        chosen = slice(None) if kept is None else kept
        kind.at(values, self.row[chosen], self.counts[name].to_numpy(float)[chosen])
        return np.where(np.isfinite(values), values, np.nan)

    def signals(self) -> pd.DataFrame:
        columns = self._rhythm() | self._shares() | self._markers()
        return pd.DataFrame(columns, index=self.index)

    def _rhythm(self) -> dict[str, np.ndarray]:
        recency, gap = self.extreme("newest", np.minimum), _ratio(self.total("gap_sum"), self.total("gaps"))
        recent_gap = _ratio(self.total("gap_weighted"), self.total("gap_weight"))
        columns = {
            "recency_days": recency,
            "tenure_days": self.extreme("oldest", np.maximum),
            "gap_days": gap,
            "gap_recent_days": recent_gap,
            "recency_in_gaps": _ratio(recency, gap + 0.5),
            "recency_in_recent_gaps": _ratio(recency, recent_gap + 0.5),
            "contacts": self.total("n"),
            "sessions": self.extreme("session", np.maximum) - self.extreme("first_session", np.minimum) + 1,
        }
        columns |= {f"contacts_{w}d": self.total(f"n{w}") for w in WINDOWS}
        return columns | {f"decayed_{h}d": self.total(f"d{h}") for h in HALF_LIVES}

    def _shares(self) -> dict[str, np.ndarray]:
        votes = self.model.votes().reindex(self.steps).to_numpy(float)
        columns = {}
        for h in HALF_LIVES:
            decayed = self.matrix(f"d{h}")
            share = _ratio(decayed, decayed.sum(axis=1, keepdims=True))
            if h == SHARES:
                columns |= {f"share_{h}d.{step}": share[:, j] for j, step in enumerate(self.steps)}
            columns |= self._voted(f"vote_{h}d", decayed, votes)
        for k in range(1, RECENT + 1):
            columns |= self._voted(f"last{k}", self.matrix(f"last{k}"), votes)
        return columns

    def _voted(self, name: str, weights: np.ndarray, votes: np.ndarray) -> dict[str, np.ndarray]:
        known = np.isfinite(votes).all(axis=1)
        cast = weights[:, known] @ votes[known]
        share = _ratio(cast, weights[:, known].sum(axis=1, keepdims=True))
        return {f"{name}.{stage}": share[:, j] for j, stage in enumerate(self.model.ids)}

    def _markers(self) -> dict[str, np.ndarray]:
        shown = self.counts["step"].map(self.model.markers())
        columns, furthest = {}, np.full(len(self.index), np.nan)
        for position, stage in enumerate(self.model.ids):
            since = self.extreme("newest", np.minimum, (shown == stage).to_numpy(bool))
            furthest[np.isfinite(since)] = position
            columns[f"since_marker_days.{stage}"] = since
        return columns | {"furthest_marker": furthest}


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide; missing where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below > 0)
