"""Channels per stage: touches, and what each contributed to moving on to a later stage."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.attribution import attribute_paths
from journeykit.journeys.doses import compare_doses, count_doses
from journeykit.journeys.misreading import widened_as_read
from journeykit.journeys.paths import ALL, Paths, per_persona
from journeykit.journeys.steps import hold_back

__all__ = ["CHANNEL_COLUMNS", "weigh_channels", "weigh_touchpoints"]

CHANNEL_COLUMNS = (
    "persona stage channel touches paid attribution_markov attribution_shapley attribution_last low high customers met "
    "moved_share other_moved_share used_moved used_gone lead p_value"
).split()
GROUPS = 100


def weigh_channels(paths: Paths, random_state: int = 0) -> pd.DataFrame:
    """Measure what each channel contributed to moving on from each stage.

    A unit's path through a stage holds its contacts from the moment it first shows the stage until it shows a
    later one. It ends in *moved on*, or in *gone* with the probability that the unit has lapsed; who is still
    under way weighs nothing there. Repeats of a channel in a row count once.

    Returns
    -------
    pandas.DataFrame
        `persona, stage, channel, touches, paid` (touches on paid media), `attribution_markov,
        attribution_shapley, attribution_last` (shares that sum to 1 over the channels of a persona and stage),
        `low, high` (95 % bootstrap interval of the Markov share, wider where stages are inferred), `customers` (units
        with a path), `met` (units
        that met the channel), `moved_share` (of those, moved on), `other_moved_share` (of the others),
        `used_moved, used_gone` (mean share of their contacts through the channel, of who moved on and of who left for
        good), `lead` (the difference beyond what their touchpoints explain), its `p_value` (`compare_doses`) and
        `held_back`. Who stays longer meets more channels, so that who met a channel says little; how much of the
        contact came through it does not depend on how long somebody stayed. Contributions are null where fewer units
        moved on than the smallest group. They describe; they do not show a cause.
    """
    with paths.kept("channels", _channel_paths(paths, random_state)) as path:
        touches, moves, ends, shares = _touches(path), _moves(path), _ends(path), _shared(path)
        doses = count_doses(path)
    if touches.empty:
        return pd.DataFrame(columns=[*CHANNEL_COLUMNS, "held_back"])
    doses = _both(doses, ["stage_at", "bucket", "touchpoint", "channel"])
    keys = ["persona", "stage_at"]
    moves, ends, shares, doses = (dict(list(frame.groupby(keys))) for frame in (moves, ends, shares, doses))
    parts = [
        _cell(key, cell, moves[key], ends[key], shares[key], doses[key], paths.min_group, random_state)
        for key, cell in touches.groupby(keys, sort=False)
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table.sort_values(
        ["order", "stage_at", "touches", "channel"], ascending=[True, True, False, True]
    )
    table["stage"] = paths.stage_names(table["stage_at"])
    table["low"], table["high"] = widened_as_read(
        paths, table["attribution_markov"], table["low"], table["high"]
    )
    held = hold_back(
        table[CHANNEL_COLUMNS], table["customers"] < paths.min_group, ("persona", "stage", "channel")
    )
    return held.reset_index(drop=True)


def _channel_paths(paths: Paths, random_state: int) -> Any:
    """Return contacts on the way through a stage, with how the unit's way through it ended."""
    units = paths.units
    bucket = np.random.default_rng(random_state).permutation(len(units)) % GROUPS
    facts = pd.DataFrame(
        {
            "unit_id": units.index,
            "unit": np.arange(len(units)),
            "bucket": bucket,
            "top": units["furthest"].to_numpy(),
            "gone": units["p_lapsed"].to_numpy(),
        }
    )
    on = paths.contacts.filter(paths.contacts.furthest.notnull() & paths.contacts.channel.notnull())
    on = on.select("unit_id", "persona", "channel", "order", "paid", "touchpoint", stage_at=on.furthest)
    on = on.inner_join(ibis.memtable(facts.dropna(subset=["top"])), "unit_id")
    won = (on.top > on.stage_at).cast("float64")
    return on.mutate(won=won, weight=(won > 0).ifelse(1.0, on.gone)).drop("unit_id", "top", "gone")


def _both(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return counts for everyone and per persona; they are sums, so everyone is the sum of all."""
    everyone = frame.drop(columns="persona").groupby(keys, as_index=False).sum().assign(persona=ALL)
    return pd.concat([everyone, frame[frame["persona"].notna()]], ignore_index=True)


def _touches(path: Any) -> pd.DataFrame:
    counted = path.group_by(["persona", "stage_at", "channel"]).aggregate(
        touches=path.count(), paid=path.paid.fill_null(False).cast("int64").sum()
    )
    return _both(counted.execute(), ["stage_at", "channel"])


def _moves(path: Any) -> pd.DataFrame:
    order = ibis.window(group_by=["unit", "stage_at"], order_by="order")
    steps = path.mutate(before=path.channel.lag().over(order))
    steps = steps.filter(steps.before.isnull() | (steps.before != steps.channel))
    keys = ["persona", "stage_at", "bucket", "before", "channel"]
    frame = steps.group_by(keys).aggregate(weight=steps.weight.sum()).execute()
    frame["before"] = frame["before"].fillna("")
    return _both(frame, ["stage_at", "bucket", "before", "channel"])


def _ends(path: Any) -> pd.DataFrame:
    last = path.group_by(["unit", "persona", "stage_at", "bucket"]).aggregate(
        channel=path.channel.argmax(path.order), weight=path.weight.max(), won=path.won.max()
    )
    counted = last.group_by(["persona", "stage_at", "bucket", "channel"]).aggregate(
        won=last.won.sum(), gone=(last.weight * (1 - last.won)).sum(), units=last.count()
    )
    return _both(counted.execute(), ["stage_at", "bucket", "channel"])


def _shared(path: Any) -> pd.DataFrame:
    """Return who met each channel and moved on, and its Shapley credit: who moved on, divided over the channels met."""
    met = path.group_by(["unit", "persona", "stage_at", "channel"]).aggregate(
        won=path.won.max(), weight=path.weight.max()
    )
    several = met.count().over(ibis.window(group_by=["unit", "stage_at"]))
    met = met.mutate(credit=met.won / several)
    counted = met.group_by(["persona", "stage_at", "channel"]).aggregate(
        credit=met.credit.sum(), met=met.count(), won=met.won.sum(), resolved=met.weight.sum()
    )
    return _both(counted.execute(), ["stage_at", "channel"])


def _cell(key, touches, moves, ends, shares, doses, min_group: int, random_state: int) -> pd.DataFrame:
    table = touches.set_index("channel")
    channels, won = list(table.index), ends["won"].sum()
    table = table.assign(customers=int(ends["units"].sum()), order=_order(key[0]))
    shares = shares.set_index("channel").reindex(channels)
    credit = shares["credit"]
    last = ends.groupby("channel")["won"].sum().reindex(channels).fillna(0.0)
    shown = won >= min_group
    measured = attribute_paths(_tensor(moves, ends, channels), random_state) if shown else {}
    for column, name in (("attribution_markov", "share"), ("low", "low"), ("high", "high")):
        table[column] = measured.get(name, np.nan)
    table["attribution_shapley"] = credit / credit.sum() if shown else np.nan
    table["attribution_last"] = last / won if shown else np.nan
    table = _moved(table, shares, float(won), float(won + ends["gone"].sum()), min_group)
    return table.join(compare_doses(doses, shares["met"], min_group)).rename_axis("channel").reset_index()


def _moved(
    table: pd.DataFrame, met: pd.DataFrame, won: float, resolved: float, min_group: int
) -> pd.DataFrame:
    """Add how often those who met a channel moved on, beside those who did not."""
    enough = (met["resolved"] >= min_group) & (resolved - met["resolved"] >= min_group)
    others = (resolved - met["resolved"]).where(enough)
    return table.assign(
        met=met["met"],
        moved_share=met["won"] / met["resolved"].where(met["resolved"] >= min_group),
        other_moved_share=(won - met["won"]) / others,
    )


def _order(persona: str) -> int:
    return 0 if persona == ALL else int("".join(filter(str.isdigit, persona)) or 1)


def _tensor(moves: pd.DataFrame, ends: pd.DataFrame, channels: list[str]) -> np.ndarray:
    """Return the moves per random group of units: groups × (start and channels) × (channels, moved on, gone)."""
    place, n = {channel: at for at, channel in enumerate(channels)}, len(channels)
    begun = {"": 0} | {channel: at + 1 for channel, at in place.items()}  # before the first there was none
    tensor = np.zeros((GROUPS, n + 1, n + 2))
    rows = moves["before"].map(begun).to_numpy(int)
    np.add.at(
        tensor,
        (moves["bucket"].to_numpy(int), rows, moves["channel"].map(place).to_numpy(int)),
        moves["weight"],
    )
    rows = ends["channel"].map(place).to_numpy(int) + 1
    np.add.at(tensor, (ends["bucket"].to_numpy(int), rows, n), ends["won"])
    np.add.at(tensor, (ends["bucket"].to_numpy(int), rows, n + 1), ends["gone"])
    return tensor


def weigh_touchpoints(paths: Paths) -> pd.DataFrame:
    """Count the touchpoints of each persona in each stage.

    Returns
    -------
    pandas.DataFrame
        `persona, stage, touchpoint, touches, customers`, most frequent first within persona and stage.
    """
    on = per_persona(
        paths.contacts.filter(paths.contacts.here.notnull()).select("unit_id", "persona", "here", "step")
    )
    counted = on.group_by(["persona", "here", "step"]).aggregate(
        touches=on.count(), customers=on.unit_id.nunique()
    )
    frame = counted.execute().rename(columns={"step": "touchpoint"})
    frame = frame[frame["customers"] >= paths.min_group]
    frame = frame.assign(stage=paths.stage_names(frame["here"]), order=frame["persona"].map(_order))
    frame = frame.sort_values(["order", "here", "touches", "touchpoint"], ascending=[True, True, False, True])
    return frame[["persona", "stage", "touchpoint", "touches", "customers"]].reset_index(drop=True)
