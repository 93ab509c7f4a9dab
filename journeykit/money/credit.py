"""Credit: which part of each sale goes to which channel, source and campaign, under three models."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from journeykit.journeys.attribution import removal_effects, to_shares
from journeykit.money.ways import UNKNOWN, WAY_COLUMNS, Ways

__all__ = ["LEVELS", "MODELS", "credit_last", "credit_markov", "credit_shapley"]

MODELS = ("last", "markov", "shapley")
LEVELS = (("channel",), ("channel", "source"), ("channel", "campaign"), ("channel", "source", "campaign"))
FIGURES = ["purchases", "revenue", "new_customers"]
DRAWS, BUCKETS = 400, 400
MARKOV_DRAWS, MARKOV_BUCKETS, MOST_STATES = (
    200,
    100,
    300,
)  # with more states than this, a channel's is split as Shapley


class _Sold(NamedTuple):
    """The sales of a group: which units (by place), and the figures of each sale."""

    unit: np.ndarray
    figures: np.ndarray  # sales x (purchases, revenue, new customers)


def _sold(sales: pd.DataFrame) -> _Sold:
    figures = np.column_stack(
        [sales["sale"].astype(float), sales["value"].astype(float).fillna(0.0), sales["new"].astype(float)]
    )
    return _Sold(pd.factorize(sales["unit_id"])[0], figures)


def _keys(touches: pd.DataFrame, level: tuple[str, ...]) -> pd.DataFrame:
    """Return what touches are at a level; what the level does not tell is null."""
    return touches[[*level]].reindex(columns=WAY_COLUMNS).astype(object)


def credit_last(ways: Ways, units: Any, random: np.random.Generator) -> pd.DataFrame:
    """Credit the whole of a sale to the last touch before it; without one, to `unknown`."""
    sales = ways.sales[ways.sales["unit_id"].isin(units)]
    got = sales["last"].to_numpy() >= 0
    touch = ways.touches.iloc[sales.loc[got, "last"]]
    parts = []
    for level in LEVELS:
        keys = _keys(touch, level).reset_index(drop=True)
        whole = keys.assign(way=np.flatnonzero(got), weight=1.0)
        parts.append(_summed(whole, sales, level, random))
    return _together([*parts, _unknown(sales, ~got, random)])


def credit_shapley(ways: Ways, units: Any, random: np.random.Generator) -> pd.DataFrame:
    """Credit a sale in equal parts to the channels met on its way; a channel's part to its sources or campaigns.

    Notes
    -----
    Zhao, K., Mahboobi, S. H. & Bagheri, S. R. (2018). Shapley value methods for attribution modeling in
    online advertising. arXiv:1804.05327.
    """
    sales = ways.sales[ways.sales["unit_id"].isin(units)]
    place = pd.Series(np.arange(len(sales)), sales.index)
    steps = ways.steps[ways.steps["way"].isin(sales.index)]
    met = ways.touches.iloc[steps["touch"]][WAY_COLUMNS].assign(way=steps["way"].map(place).to_numpy())
    met = met.drop_duplicates()
    channels = met.drop_duplicates(["way", "channel"]).groupby("way").size()
    parts = []
    for level in LEVELS:
        own = met.drop_duplicates(["way", *level])
        within = own.groupby(["way", "channel"])["way"].transform("size")
        shared = _keys(own, level).assign(way=own["way"], weight=1 / (own["way"].map(channels) * within))
        parts.append(_summed(shared, sales, level, random))
    none = ~np.isin(np.arange(len(sales)), met["way"].unique())
    return _together([*parts, _unknown(sales, none, random)])


def _summed(
    parts: pd.DataFrame, sales: pd.DataFrame, level: tuple[str, ...], random: np.random.Generator
) -> pd.DataFrame:
    """Return figures and intervals of each key from parts of sales; rows without the level's own name are left out."""
    sold = _sold(sales)
    parts = parts.dropna(subset=list(level))
    if parts.empty:
        return pd.DataFrame(columns=[*WAY_COLUMNS, *FIGURES, "revenue_low", "revenue_high"], dtype=object)
    codes, keys = pd.factorize(pd.MultiIndex.from_frame(parts[list(level)]))
    way, weight = parts["way"].to_numpy(), parts["weight"].to_numpy(float)
    figures = np.zeros((len(keys), len(FIGURES)))
    np.add.at(figures, codes, sold.figures[way] * weight[:, None])
    rows = pd.DataFrame(figures, columns=FIGURES)
    names = pd.DataFrame(list(keys), columns=list(level), dtype=object).reindex(columns=WAY_COLUMNS)
    bucket = _buckets(sold.unit, BUCKETS)
    money = np.zeros((min(BUCKETS, max(sold.unit.max() + 1, 1)), len(keys)))
    np.add.at(money, (bucket[way], codes), sold.figures[way, 1] * weight)
    low, high = _interval(_weights(len(money), DRAWS, random) @ money, rows["revenue"].to_numpy())
    rows = pd.concat([names, rows, pd.DataFrame({"revenue_low": low, "revenue_high": high})], axis=1)
    return rows.astype(dict.fromkeys(WAY_COLUMNS, object))


def _unknown(sales: pd.DataFrame, none: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """Return the row of sales to which no model finds a way."""
    way = np.flatnonzero(none)
    if not len(way):
        row = {"channel": UNKNOWN, **dict.fromkeys([*FIGURES, "revenue_low", "revenue_high"], 0.0)}
        return pd.DataFrame([row]).reindex(columns=[*WAY_COLUMNS, *FIGURES, "revenue_low", "revenue_high"])
    whole = pd.DataFrame({"channel": UNKNOWN, "way": way, "weight": 1.0}).reindex(
        columns=[*WAY_COLUMNS, "way", "weight"]
    )
    return _summed(whole, sales, ("channel",), random)


def _buckets(unit: np.ndarray, most: int) -> np.ndarray:
    """Return the bucket of each unit: its own, or one of many that are filled by chance."""
    count = int(unit.max()) + 1 if len(unit) else 0
    if count <= most:
        return unit
    return (np.random.default_rng(0).permutation(count) % most)[unit]


def _weights(buckets: int, draws: int, random: np.random.Generator) -> np.ndarray:
    return random.multinomial(buckets, np.full(buckets, 1 / buckets), size=draws).astype(float)


def _interval(drawn: np.ndarray, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    return np.minimum(low, point), np.maximum(high, point)


def credit_markov(ways: Ways, units: Any, shapley: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Credit sales by what would be lost without a channel, in a chain of first-order moves between channels.

    Purchases, revenue and new customers each by a chain in which a way ends with what it is worth; ways without a sale
    end in nothing. A channel's part goes to its sources and campaigns as the chain of those divides it.

    Parameters
    ----------
    shapley
        Of the same units: by it a channel is divided where its sources and campaigns are too many for a chain.

    Notes
    -----
    Anderl, E. et al. (2016). Mapping the customer journey. Int. J. of Research in Marketing 33.
    """
    sales = ways.sales[ways.sales["unit_id"].isin(units)]
    lost = ways.lost[ways.lost.isin(units)]
    steps = ways.steps[ways.steps["way"].isin([*sales.index, *lost.index])]
    owner = pd.concat([sales["unit_id"], lost])
    met = np.isin(np.arange(len(sales)), sales.index.get_indexer(steps["way"]))
    figures = pd.DataFrame(_sold(sales).figures, sales.index)
    parts, totals = [], None
    for level in LEVELS:
        touch = ways.touches.iloc[steps["touch"]][list(level)]
        states, names = pd.factorize(pd.MultiIndex.from_frame(touch.fillna("")))
        names = pd.DataFrame(list(names), columns=list(level), dtype=object).replace("", None)
        if names.empty:
            continue
        if level != ("channel",) and len(names) > MOST_STATES:
            parts.append(_as_shapley(shapley, level, totals))
            continue
        rows = _chain(steps["way"].to_numpy(), states, len(names), figures, owner, random)
        rows = pd.concat([names.reindex(columns=WAY_COLUMNS), rows], axis=1)
        totals = rows if level == ("channel",) else totals
        parts.append(
            rows if level == ("channel",) else _within_channel(rows, totals).dropna(subset=list(level))
        )
    return _together([*parts, _unknown(sales, ~met, random)])


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return rows of all levels as one frame."""
    rows = pd.concat([part.astype(dict.fromkeys(WAY_COLUMNS, object)) for part in parts if len(part)])
    return rows.astype(dict.fromkeys(WAY_COLUMNS, object)).reset_index(drop=True)


def _chain(
    way: np.ndarray,
    state: np.ndarray,
    count: int,
    figures: pd.DataFrame,
    owner: pd.Series,
    random: np.random.Generator,
) -> pd.DataFrame:
    """Return what each state gets of the figures of all ways that have a touch, with the interval of revenue."""
    same = np.zeros(len(way), bool)
    same[1:] = (way[1:] == way[:-1]) & (state[1:] == state[:-1])
    way, state = way[~same], state[~same]
    begins, ends = np.ones(len(way), bool), np.ones(len(way), bool)
    begins[1:] = way[1:] != way[:-1]
    ends[:-1] = begins[1:]
    before = np.where(begins, 0, np.concatenate([[0], state[:-1] + 1]))
    unit = pd.factorize(owner.loc[way])[0]
    bucket = _buckets(unit, MARKOV_BUCKETS)
    size = int(bucket.max()) + 1
    moves = np.zeros((size, count + 1, count + 2))
    np.add.at(moves, (bucket, before, state), 1.0)
    won = figures.reindex(way[ends]).to_numpy(float)
    sold = ~np.isnan(won[:, 0])
    np.add.at(moves, (bucket[ends], state[ends] + 1, np.where(sold, count, count + 1)), 1.0)
    worth = np.zeros((size, count + 1, len(FIGURES)))
    np.add.at(worth, (bucket[ends][sold], state[ends][sold] + 1), won[sold])
    whole = np.nan_to_num(
        np.stack(
            [_divided(moves.sum(axis=0), worth[:, :, at].sum(axis=0)) for at in range(len(FIGURES))], axis=1
        )
    )
    weights = _weights(size, MARKOV_DRAWS, random)
    drawn = _divided(np.tensordot(weights, moves, axes=1), weights @ worth[:, :, 1])
    low, high = _interval(np.nan_to_num(drawn), whole[:, 1])
    return pd.DataFrame(whole, columns=FIGURES).assign(revenue_low=low, revenue_high=high)


def _divided(moves: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Return what is won in a chain (or in several), divided over its states by what would be lost without each."""
    return to_shares(removal_effects(moves, worth)) * worth.sum(axis=-1, keepdims=True)


def _within_channel(rows: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a finer level, made to add up to their channels'."""
    figures = [*FIGURES, "revenue_low", "revenue_high"]
    whole = totals.set_index("channel")[FIGURES].reindex(rows["channel"]).to_numpy()
    own = rows.groupby("channel")[FIGURES].transform("sum").to_numpy()
    factor = np.divide(whole, own, out=np.zeros_like(whole), where=own > 0)
    revenue = factor[:, [1]]
    return rows.assign(
        **dict(
            zip(figures, (rows[figures].to_numpy() * np.hstack([factor, revenue, revenue])).T, strict=True)
        )
    )


def _as_shapley(shapley: pd.DataFrame, level: tuple[str, ...], totals: pd.DataFrame) -> pd.DataFrame:
    told = [name for name in WAY_COLUMNS if name in level]
    mine = shapley[shapley[told].notna().all(axis=1)]
    mine = mine[mine[[name for name in WAY_COLUMNS if name not in level]].isna().all(axis=1)]
    return _within_channel(mine[mine["channel"].isin(totals["channel"])], totals)
