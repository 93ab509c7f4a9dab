"""Returns: what was spent on each channel, source and campaign, and what came back, under three models side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from journeykit.events import EventLog
from journeykit.facts import in_one_money
from journeykit.money.costs import AMOUNTS, costs_known, persona_costs, spent
from journeykit.money.credit import LEVELS, MODELS, credit_last, credit_markov, credit_shapley
from journeykit.money.ways import UNKNOWN, WAY_COLUMNS, Ways, find_ways
from journeykit.sessions import contacts

__all__ = ["MODELS", "RETURN_COLUMNS", "ChannelReturns", "measure_returns", "mostly_paid"]

ALL, HALF = "all", 0.5
RETURN_COLUMNS = (
    "model persona channel source campaign cost purchases revenue revenue_low revenue_high return cost_per_purchase "
    "new_customers cost_per_new_customer customers impressions clicks cpm cpc margin margin_return"
).split()
MONEY = ["revenue", "revenue_low", "revenue_high"]
CREDITED = ["purchases", *MONEY, "new_customers"]


@dataclass(frozen=True)
class ChannelReturns:
    """What came back of what was spent.

    Attributes
    ----------
    table
        The table `returns`: a row a model, persona (or `all`) and channel; of all its sources and campaigns (null), and
        of each.
    about
        ``purchases``; ``untracked_share`` (of purchases before which no contact with a channel was ever recorded);
        ``unknown_share`` (of revenue to which no model finds a way, null where no revenue is known); ``cost`` (of all
        channels), ``unseen`` (cost of each channel of which no contact is recorded) and ``unplaced`` (lines of the
        spend file that were left out); ``paid_share`` (of each channel, which share of its contacts was paid for).
    """

    table: pd.DataFrame
    about: dict[str, Any] = field(default_factory=dict)


def measure_returns(
    log: EventLog, personas: pd.Series | None = None, random_state: int = 0
) -> ChannelReturns | None:
    """Hold what was spent against what was sold, over the whole log up to its moment; None where no costs are known.

    Parameters
    ----------
    log
        The events, with what was spent.
    personas
        Persona by ``unit_id``; null: unassigned.

    Returns
    -------
    ChannelReturns or None
        Under ``last`` the whole of a purchase goes to the last contact with a channel before it (its own row's channel
        aside), at most 90 days back, else to the channel `unknown`, which costs nothing. Under ``shapley`` it is
        divided equally over the channels met in that time; under ``markov`` by what would be lost without each. All
        three divide the same revenue. A persona's cost is its share of the contacts, by day and campaign. Intervals
        are 95 % bootstrap intervals over units. They describe which channels buyers met; they show no effect.
    """
    if not costs_known(log) or log.client.in_order:
        return None
    ways = find_ways(log)
    lines = spent(log, ways.touches)
    units = pd.Series(dtype="str") if personas is None else personas
    everyone = pd.unique(pd.concat([ways.touches["unit_id"], ways.sales["unit_id"]]))
    groups = {ALL: everyone}
    for name in sorted(units.dropna().unique()):
        members = units.index[units == name]
        if len(members) >= log.client.privacy.min_group:
            groups[str(name)] = members
    costs = {ALL: lines} | persona_costs(log, lines, ways.touches, units)
    random = np.random.default_rng(random_state)
    parts = [_group(name, members, ways, costs.get(name), log, random) for name, members in groups.items()]
    table = pd.concat(parts, ignore_index=True)
    counts = {ALL: len(units) or len(everyone)} | units.value_counts().to_dict()
    table = _with_ratios(table.assign(customers=table["persona"].map(counts)), log)
    return ChannelReturns(table[RETURN_COLUMNS], _about(log, ways, lines))


def mostly_paid(about: dict[str, Any], channels: pd.Series) -> pd.Series:
    """Return for each channel whether at least half of its contacts were paid for; so it counts where nobody knows.

    Examples
    --------
    >>> known = {"paid_share": {"display": 1.0, "referral": 0.05}}
    >>> mostly_paid(known, pd.Series(["display", "referral", "search"])).tolist()
    [True, False, True]
    """
    shares = channels.map(about.get("paid_share", {})).astype(float)
    return shares.isna() | (shares >= HALF)


def _group(
    name: str, units: Any, ways: Ways, lines: pd.DataFrame | None, log: EventLog, random: np.random.Generator
) -> pd.DataFrame:
    """Return the rows of a persona, or of everyone, under all models."""
    shapley = credit_shapley(ways, units, random)
    credited = {
        "last": credit_last(ways, units, random),
        "markov": credit_markov(ways, units, shapley, random),
        "shapley": shapley,
    }
    rows = _rows(ways, lines)
    costs = _costs(rows, lines, log, name)
    parts = []
    for model in MODELS:
        joined = rows.merge(credited[model], "left", WAY_COLUMNS)  # what is null on both sides is the same
        joined = joined.fillna(dict.fromkeys(CREDITED, 0.0))  # counted: nothing came
        joined.loc[_untold(rows, ways), CREDITED] = np.nan
        parts.append(pd.concat([joined, costs], axis=1).assign(model=model, persona=name))
    return pd.concat(parts, ignore_index=True)


def _rows(ways: Ways, lines: pd.DataFrame | None) -> pd.DataFrame:
    """Return every channel, and every source and campaign of it, that contacts or spend name."""
    named = [ways.touches[WAY_COLUMNS]] + ([] if lines is None else [lines[WAY_COLUMNS]])
    named = pd.concat([part for part in named if len(part)], ignore_index=True).drop_duplicates()
    levels = [named.dropna(subset=list(level))[list(level)].drop_duplicates() for level in LEVELS]
    unknown = pd.DataFrame({"channel": [UNKNOWN]})
    rows = pd.concat([*levels, unknown], ignore_index=True).reindex(columns=WAY_COLUMNS)
    rows = rows[
        (rows["channel"] != UNKNOWN) | rows[["source", "campaign"]].isna().all(axis=1)
    ].drop_duplicates()
    return rows.astype(object).where(rows.notna(), None).reset_index(drop=True)


def _untold(rows: pd.DataFrame, ways: Ways) -> pd.Series:
    """Return the sources and campaigns of a channel whose contacts never name any: what came of them nobody knows."""
    touches = ways.touches
    untold = pd.Series(False, index=rows.index)
    for name in ("source", "campaign"):
        named = touches[name].notna().groupby(touches["channel"]).any()
        untold |= rows[name].notna() & rows["channel"].isin(named.index[~named.astype(bool)])
    return untold


def _costs(rows: pd.DataFrame, lines: pd.DataFrame | None, log: EventLog, persona: str) -> pd.DataFrame:
    """Return cost, impressions and clicks of each row; what is known to be unpaid, and `unknown`, cost nothing."""
    found = pd.DataFrame(np.nan, rows.index, AMOUNTS)
    lines = pd.DataFrame(columns=[*WAY_COLUMNS, *AMOUNTS]) if lines is None else lines
    for at, row in rows.iterrows():
        named = [name for name in WAY_COLUMNS if isinstance(row[name], str)]
        mine = lines[np.logical_and.reduce([lines[name] == row[name] for name in named])]
        if len(mine):
            # of a persona one line of which nobody's share is known leaves the sum unknown
            found.loc[at, "cost"] = mine["cost"].sum(skipna=persona == ALL)
            found.loc[at, ["impressions", "clicks"]] = (
                mine[["impressions", "clicks"]].sum(min_count=1).to_numpy()
            )
    free = rows["channel"].isin([UNKNOWN, *_unpaid(log)]) & found["cost"].isna()
    found.loc[free & ~rows["channel"].isin(lines["channel"].unique()), "cost"] = 0.0
    return found


def _unpaid(log: EventLog) -> set[str]:
    """Return the channels that the client file says are not paid for."""
    told = getattr(log.client, "channels", None) or {}
    paid = {one.channel for one in told.values() if one.paid}
    return {one.channel for one in told.values() if one.paid is False and one.channel} - paid


def _with_ratios(table: pd.DataFrame, log: EventLog) -> pd.DataFrame:
    table[MONEY] = table[MONEY].astype(float) if in_one_money(log) else np.nan
    cost = table["cost"].astype(float)
    paid = cost.where(cost > 0)
    share = np.nan if log.client.margin is None else log.client.margin
    margin = table["revenue"] * share
    return table.assign(**{
        "cost": cost,
        "return": table["revenue"] / paid,
        "cost_per_purchase": paid / table["purchases"].where(table["purchases"] > 0),
        "cost_per_new_customer": paid / table["new_customers"].where(table["new_customers"] > 0),
        "cpm": 1000 * paid / table["impressions"].where(table["impressions"] > 0),
        "cpc": paid / table["clicks"].where(table["clicks"] > 0),
        "margin": margin,
        "margin_return": margin / paid,
    })  # fmt: skip


def _paid_shares(log: EventLog) -> dict[str, float]:
    """Return per channel the share of its contacts that were paid for, of those of which that is known."""
    table = contacts(log)
    table = table.filter(table["channel"].notnull() & table["paid"].notnull())
    each = table.group_by("channel").aggregate(share=table["paid"].cast("float64").mean()).execute()
    return {str(row.channel): float(row.share) for row in each.itertuples()}


def _about(log: EventLog, ways: Ways, lines: pd.DataFrame) -> dict[str, Any]:
    sold = ways.sales[ways.sales["sale"].astype(bool)]
    money = ways.sales["value"].sum(min_count=1) if in_one_money(log) else np.nan
    unseen = lines[~lines["channel"].isin(ways.touches["channel"].unique())].groupby("channel")["cost"].sum()
    unknown = ways.sales.loc[ways.sales["last"] < 0, "value"].sum()
    return {
        "purchases": len(sold),
        "untracked_share": float(1 - sold["tracked"].mean()) if len(sold) else np.nan,
        "unknown_share": float(unknown / money) if money and money > 0 else np.nan,
        "cost": float(lines["cost"].sum()),
        "paid_share": _paid_shares(log),
        "unseen": {str(name): float(cost) for name, cost in unseen.items() if cost > 0},
        "unplaced": 0 if log.spend is None else len(log.spend.rejects),
    }
