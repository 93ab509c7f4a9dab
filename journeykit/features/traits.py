"""Traits: who someone is, measured so that activity and stage do not show through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .adjusting import StageAdjuster
from .count_columns import count_columns, furthest_stage
from .counts import Block, count_blocks, covariates, measure_pace, stage_mix
from .tables import EVIDENCE, FURTHEST

__all__ = ["EVIDENCE", "measure_traits"]

SHRINKAGE = 16.0  # contacts that the average person is worth when a share is estimated
LEAST_SHARE = 0.005  # of the contacts: a category below it is used by nobody
LEAST_USERS = 0.01  # of the units
MOST_CLIPPED = 4.0  # robust standard deviations beyond which a difference between halves is cut
LEAST_HALVES = 30  # contacts of a unit whose halves are compared


def measure_traits(log: Any, *, shrinkage: float = SHRINKAGE) -> pd.DataFrame:
    """Measure the slow traits of every unit of a log.

    The shares of channels, parts of the day, weekdays, touchpoints, content and products are logs of the
    ratio between what a unit did and what everybody does in the same mix of stages. They are shrunk towards
    0 by the number of contacts and centred within their block. A category that nearly nobody uses leaves its
    block; a block with one category vanishes. Rhythm is what remains after a regression on stage mix, number
    of contacts and span. Parts of the day and weekdays count once a session.

    Parameters
    ----------
    log : EventLog
        The events, read through the client's stage model.
    shrinkage
        How many contacts the average person is worth when a share is estimated.

    Returns
    -------
    pandas.DataFrame
        One row per unit, indexed by ``unit_id``; columns ``block.category`` (log ratios, no unit):
        ``channel.*``, ``daypart.*`` (four hours each), ``weekday.*`` (0 is Monday), ``touchpoint.*``,
        ``content.*``, ``product.*``, ``rhythm.*``, ``value.order_value``, ``value.basket``,
        ``account.people`` (business logs). Beside the traits: ``count.block.category`` (numbers of contacts, in
        blocks of which none tells how far somebody came; `PersonaClusterer` seeks its classes in these),
        ``mean.basket`` and ``mean.order_value`` (in logs, beside orders at the same touchpoint; of ``times.*`` orders),
        ``evidence.contacts`` and ``evidence.furthest_stage`` (position in the stage model of the last stage of
        which there is a marker, from 0).
        A missing value means that it was not observed. ``attrs["within_customer"]`` holds the covariance
        of the traits within a unit, measured between the two halves of each log.

    Examples
    --------
    >>> from journeykit.simulate import simulate
    >>> from journeykit.events import EventLog
    >>> events = simulate(customers=40, days=90, seed=1).events
    >>> traits = measure_traits(EventLog.from_frame(events))
    >>> traits.shape[0], bool(traits["evidence.contacts"].min() >= 1)
    (40, True)
    """
    halves, blocks, mix, pace = _measured(log)
    traits = _all_traits(
        _whole(halves), [b.whole() for b in blocks], mix.whole(), pace.query("half < 0"), shrinkage
    )
    traits = _usable(traits)
    by_half = _all_traits(halves, blocks, mix, pace.query("half >= 0"), shrinkage)
    contacts = mix.whole().total().reindex(traits.index).fillna(0.0)
    traits.attrs["within_customer"] = _within(by_half.reindex(columns=traits.columns), contacts, traits)
    if traits.attrs["within_customer"] is None:
        del traits.attrs["within_customer"]
    attrs = traits.attrs
    counts = count_columns(log, blocks, mix).reindex(traits.index)
    traits = pd.concat([traits, counts], axis=1)
    traits = traits.assign(**{EVIDENCE: contacts, FURTHEST: furthest_stage(log, mix).reindex(traits.index)})
    traits.attrs = attrs
    return traits


def _measured(log: Any) -> tuple[pd.MultiIndex, list[Block], Block, pd.DataFrame]:
    blocks = count_blocks(log)
    mix = stage_mix(log)
    return mix.rows, blocks, mix, measure_pace(log)


def _whole(halves: pd.MultiIndex) -> pd.MultiIndex:
    units = halves.get_level_values("unit_id").unique()
    return pd.MultiIndex.from_arrays([units, np.full(len(units), -1)], names=["unit_id", "half"])


def _all_traits(rows: pd.MultiIndex, blocks: list[Block], mix: Block, pace: pd.DataFrame, shrinkage: float):
    """Return all traits of units (half -1) or halves of units, over the same rows."""
    parts = [adjusted_shares(block, shrinkage).reindex(rows) for block in blocks]
    pace = pace.set_index(["unit_id", "half"]).reindex(rows)
    parts.append(_rhythm(pace, mix))
    parts.append(_value(pace))
    traits = pd.concat(parts, axis=1)
    return traits.droplevel("half") if (rows.get_level_values("half") < 0).all() else traits


def adjusted_shares(block: Block, shrinkage: float = SHRINKAGE) -> pd.DataFrame:
    """Return the log of observed over expected shares, shrunk by the counts and centred.

    With O contacts of n in a category and a share q expected of the unit's stage mix, the trait is
    log((O + a q) / ((n + a) q)), less its mean over the categories; a is the shrinkage.
    """
    kept = _kept(block)
    if len(kept) < 2:
        return pd.DataFrame(index=block.rows)
    seen = block.seen[kept].to_numpy(float)
    total = seen.sum(axis=1, keepdims=True)
    expected = block.expected()[kept].to_numpy(float)
    expected = expected / np.maximum(expected.sum(axis=1, keepdims=True), 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log((seen + shrinkage * expected) / ((total + shrinkage) * expected))
    ratio[(total[:, 0] == 0) | ~np.isfinite(ratio).all(axis=1)] = np.nan
    ratio -= ratio.mean(axis=1, keepdims=True)
    return pd.DataFrame(ratio, index=block.rows, columns=[f"{block.name}.{name}" for name in kept])


def _kept(block: Block) -> list[str]:
    share = block.pooled / max(block.pooled.sum(), 1.0)
    return [str(name) for name in share.index[(share >= LEAST_SHARE) & (block.users >= LEAST_USERS)]]


def _rhythm(pace: pd.DataFrame, mix: Block) -> pd.DataFrame:
    """Return what stage mix, contacts and span do not explain of the rhythm."""
    rhythm = {
        "rhythm.gap_days": _shrunk(pace["gap_log_mean"], pace["gaps"], 2.0),
        "rhythm.gap_spread": _shrunk(pace["gap_log_std"], pace["gaps"], 4.0),
        "rhythm.session_length": np.log(pace["contacts"] / pace["sessions"]),
        "rhythm.active_share": np.log(pace["active_days"] / (pace["span_days"] + 1.0)).where(
            pace["contacts"] > 1
        ),
    }
    if pace["people"].max() > 1:
        rhythm["account.people"] = np.log(pace["people"])
    explaining = covariates(pace, mix)
    first = explaining.columns[0]  # the shares add up to 1, so the intercept stands for one of them
    measured = pd.DataFrame(rhythm, index=pace.index).replace([np.inf, -np.inf], np.nan)
    adjuster = StageAdjuster().set_output(transform="pandas")
    return adjuster.fit_transform(measured.join(explaining.drop(columns=first)))


def _value(pace: pd.DataFrame) -> pd.DataFrame:
    value = {
        "value.order_value": _shrunk(pace["value_log_mean"], pace["orders"], 1.5),
        "value.basket": _shrunk(pace["basket_log_mean"], pace["orders"], 1.5),
    }
    return pd.DataFrame(value, index=pace.index)


def _shrunk(values: pd.Series, count: pd.Series, worth: float) -> pd.Series:
    """Return values drawn towards their mean; fewer observations, closer to it."""
    return (values - values.mean()) * count / (count + worth)


def _usable(traits: pd.DataFrame) -> pd.DataFrame:
    """Drop traits that nobody has or that are the same for everybody."""
    spread = traits.max() - traits.min()
    usable = traits.notna().any() & ((spread > 1e-9) | (len(traits) == 1))
    return traits.loc[:, usable]


def _within(by_half: pd.DataFrame, contacts: pd.Series, traits: pd.DataFrame) -> dict[str, list] | None:
    """Return the covariance within a unit, or None when too few units have two halves."""
    halves = by_half.index.get_level_values("half")
    first, second = (by_half[halves == half].droplevel("half").reindex(traits.index) for half in (0, 1))
    difference = (first - second)[contacts >= LEAST_HALVES].dropna(how="all")
    if len(difference) < 20 or traits.shape[1] < 2:
        return None
    scale = (
        ((traits.quantile(0.75) - traits.quantile(0.25)) / 1.349).replace(0.0, np.nan).fillna(traits.std())
    )
    bound = 2 * MOST_CLIPPED * scale.to_numpy()
    values = np.clip(difference.to_numpy(float), -bound, bound)
    seen = np.isfinite(values).astype(float)
    values = np.where(seen > 0, values, 0.0)
    matrix = values.T @ values / np.maximum(seen.T @ seen, 1.0) / 2
    return {"columns": [str(name) for name in traits.columns], "matrix": matrix.tolist()}
