"""Counts: contacts per unit, half of its log, stage and category; all that the traits are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.features.baskets import pieces_of
from journeykit.sessions import SESSION_GAP_MINUTES, contacts

__all__ = ["Block", "count_blocks", "covariates", "measure_pace", "measure_stage_mix", "stage_mix"]

MOST_LEVELS = 12  # of content and product: more than that is a catalogue, not a trait
ONCE_A_SESSION = ("daypart", "weekday")


@dataclass(frozen=True)
class Block:
    """Counts of one kind of category.

    Attributes
    ----------
    name : str
        Such as ``channel``.
    seen : DataFrame
        (unit_id, half) x category, contacts.
    steps : DataFrame
        (unit_id, half) x touchpoint, the same contacts.
    stage_shares : DataFrame
        Stage x category, rows sum to 1: what everybody does in a stage.
    votes : DataFrame
        Touchpoint x stage, rows sum to 1; contacts without a stage form a group of their own.
    pooled, users : Series
        Per category: contacts of everybody; share of the units that have any.
    """

    name: str
    seen: pd.DataFrame
    steps: pd.DataFrame
    stage_shares: pd.DataFrame
    votes: pd.DataFrame
    pooled: pd.Series
    users: pd.Series

    @property
    def rows(self) -> pd.MultiIndex:
        """The (unit_id, half) of the counts; half is -1 for a whole log."""
        return self.seen.index

    def whole(self) -> Block:
        """Return the counts with the halves of each unit added up."""
        return replace(self, seen=_joined(self.seen), steps=_joined(self.steps))

    def total(self) -> pd.Series:
        """Return the number of contacts per unit (of a whole log)."""
        return self.seen.sum(axis=1).droplevel("half")

    def shares(self) -> pd.DataFrame:
        """Return the stage mix per row, rows sum to 1."""
        mix = self.steps @ self.votes
        return mix.div(mix.sum(axis=1).clip(lower=1e-12), axis=0)

    def expected(self) -> pd.DataFrame:
        """Return the shares that everybody would have with the row's mix of stages."""
        return self.shares() @ self.stage_shares


def count_blocks(log: Any) -> list[Block]:
    """Return the counts of every kind of category that the log carries."""
    table = _with_halves(contacts(log))
    table = table.mutate(
        daypart=(table["hour"] // 4).cast("int64").cases(*_PARTS.items(), else_=ibis.null("string")),
        weekday=table["weekday"].cast("string"),
        content=_if_few(table, "content"),
        product=_if_few(table, "product"),
    )
    kinds = ("channel", "daypart", "weekday", "content", "product", "touchpoint")
    blocks = [_block(log, table, name, name) for name in kinds]
    return [block for block in blocks if block is not None]


def stage_mix(log: Any) -> Block:
    """Return the counts of all contacts by touchpoint."""
    block = _block(log, _with_halves(contacts(log)), "step", "step")
    assert block is not None  # a log holds at least one contact
    return block


def measure_stage_mix(log: Any) -> pd.DataFrame:
    """Measure in which stages every unit was active, how much and how long: what traits are adjusted for.

    Join it to measures of your own, and `StageAdjuster` takes out of them what stage and activity explain.

    Parameters
    ----------
    log : EventLog
        The events, read through the client's stage model.

    Returns
    -------
    pandas.DataFrame
        One row per unit, indexed by ``unit_id``: ``stage_share.<stage>`` (shares of the contacts, 0 to 1; those
        without a stage are ``stage_share.none``), ``pace.contacts`` (log of the number of contacts) and
        ``pace.span`` (log of one more than the days between the first and the last).

    Examples
    --------
    >>> from journeykit.simulate import simulate
    >>> from journeykit.events import EventLog
    >>> mix = measure_stage_mix(EventLog.from_frame(simulate(customers=40, days=90, seed=1).events))
    >>> float(mix.filter(like="stage_share.").sum(axis=1).min())
    1.0
    """
    pace = measure_pace(log).query("half < 0").set_index(["unit_id", "half"]).sort_index()
    return covariates(pace, stage_mix(log).whole()).droplevel("half")


def covariates(pace: pd.DataFrame, mix: Block) -> pd.DataFrame:
    """Return stage mix, contacts and span per row of the pace."""
    shares = mix.shares().reindex(pace.index).fillna(0.0)
    shares.columns = [f"stage_share.{name or 'none'}" for name in shares.columns]
    activity = {
        "pace.contacts": np.log(pace["contacts"].clip(lower=1)),
        "pace.span": np.log1p(pace["span_days"]),
    }
    return shares.assign(**activity)


_PARTS = {part: f"{part * 4:02d}_{part * 4 + 3:02d}" for part in range(6)}


def _if_few(table: Any, column: str) -> Any:
    few = table[column].nunique().execute() <= MOST_LEVELS
    return table[column].cast("string") if few else ibis.null("string")


def _with_halves(table: Any) -> Any:
    last = table["order"].max().over(ibis.window(group_by="unit_id"))
    return table.mutate(half=(table["order"] * 2 > last).cast("int64"))


def _starts_session(table: Any) -> Any:
    return table["gap_days"].isnull() | (table["gap_days"] * 1440 > SESSION_GAP_MINUTES)


def _block(log: Any, table: Any, name: str, column: str) -> Block | None:
    table = table.filter(table[column].notnull())
    if name in ONCE_A_SESSION:
        table = table.filter(_starts_session(table))
    seen = _counted(table, column)
    if seen.empty:
        return None
    steps = seen if column == "step" else _counted(table, "step")
    pooled = (
        table.group_by(["step", column] if column != "step" else ["step"])
        .aggregate(n=table.count())
        .execute()
    )
    both = pooled.assign(category=pooled[column].astype(str)).pivot_table(
        "n", "step", "category", "sum", fill_value=0
    )
    votes = _votes(log, steps.columns)
    by_stage = (votes.T @ both.reindex(votes.index).fillna(0.0)) + 0.5
    used = seen.groupby(level="unit_id").sum() > 0
    return Block(
        name, seen, steps, by_stage.div(by_stage.sum(axis=1), axis=0), votes, both.sum(), used.mean()
    )


def _counted(table: Any, column: str) -> pd.DataFrame:
    long = table.group_by(["unit_id", "half", column]).aggregate(n=table.count()).execute()
    rows, places = pd.MultiIndex.from_frame(long[["unit_id", "half"]]).factorize(sort=True)
    places = places.set_names(["unit_id", "half"])
    columns, names = pd.factorize(long[column].astype(str), sort=True)
    counts = np.zeros((len(places), len(names)))
    np.add.at(counts, (rows, columns), long["n"].to_numpy(float))
    return pd.DataFrame(counts, index=places, columns=list(names))


def _joined(counts: pd.DataFrame) -> pd.DataFrame:
    whole = counts.groupby(level="unit_id", sort=True).sum()
    whole.index = pd.MultiIndex.from_arrays([whole.index, np.full(len(whole), -1)], names=["unit_id", "half"])
    return whole


def _votes(log: Any, steps: Any) -> pd.DataFrame:
    """Return the stage votes of the touchpoints that occur, with a column for those without a stage."""
    votes = log.client.model.votes().reindex([str(step) for step in steps]).fillna(0.0)
    votes[""] = (votes.sum(axis=1) == 0).astype(float)
    return votes


def measure_pace(log: Any) -> pd.DataFrame:
    """Return rhythm and orders per unit and half (-1 for the whole log): one row each, raw."""
    table = _with_halves(contacts(log))
    whole = table.mutate(half=ibis.literal(-1, type="int64"))
    frames = [_pace(part).execute() for part in (whole, table)]
    return pd.concat(frames, ignore_index=True).astype({"half": int})


def _pace(table: Any) -> Any:
    ordered = (table["value"] > 0).fill_null(False)
    basket = pieces_of(table)
    gap = _starts_session(table) & table["gap_days"].notnull()
    gap_log = gap.ifelse(table["gap_days"], ibis.null("float64")).ln()
    moments = table["local_timestamp"]
    return table.group_by(["unit_id", "half"]).aggregate(
        contacts=table.count(),
        sessions=table["session"].nunique(),
        active_days=moments.date().nunique(),
        span_days=moments.max().delta(moments.min(), unit="millisecond") / 86_400_000.0,
        gaps=gap.sum(),
        gap_log_mean=gap_log.mean(),
        gap_log_std=gap_log.std(how="sample"),
        orders=ordered.sum(),
        value_log_mean=ordered.ifelse(table["value"].cast("float64"), ibis.null("float64")).ln().mean(),
        basket_log_mean=(ordered & (basket > 0)).ifelse(basket, ibis.null("float64")).ln().mean(),
        people=table["customer_id"].nunique(),
    )
