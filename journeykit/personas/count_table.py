"""Counts in blocks: of each person how many contacts fall in each category, and means over a few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from journeykit.features.tables import COUNT, MEAN, TIMES

__all__ = ["CountColumns", "CountTable", "learn_columns"]

LEAST_SHARE = 0.005  # of the contacts of a block: a category below it says nothing
LEAST_USERS = 0.01  # of the people
WORTH = 16.0  # contacts that the average person is worth where somebody is placed by shares
BOUND = 4.0  # robust standard deviations at which a mean is cut


@dataclass(frozen=True)
class CountColumns:
    """Which columns of a table are counts, in which blocks, and which are means.

    Attributes
    ----------
    categories : tuple of str
        Names of the columns of counts that are used, block by block.
    blocks : tuple of str
        Names of the blocks.
    block_of : array of int
        Block of each category.
    means : tuple of str
        Names of the columns of means.
    low, high : array
        Between which values a mean is cut.
    """

    categories: tuple[str, ...]
    blocks: tuple[str, ...]
    block_of: np.ndarray
    means: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray

    def table(self, values: np.ndarray, names: Sequence[str]) -> CountTable:
        """Return the counts of people; a gap is a contact that was not seen."""
        place = {name: at for at, name in enumerate(names)}
        counts = np.nan_to_num(values[:, [place[name] for name in self.categories]], nan=0.0)
        means = values[:, [place[name] for name in self.means]]
        times = values[:, [place[TIMES + name.removeprefix(MEAN)] for name in self.means]]
        times = np.where(np.isfinite(means), np.nan_to_num(times, nan=0.0), 0.0)
        means = np.where(times > 0, np.clip(np.nan_to_num(means, nan=0.0), self.low, self.high), 0.0)
        return CountTable(np.maximum(counts, 0.0), means, times, self.block_of, self.blocks)


class TotalValues(NamedTuple):
    """Numbers of contacts in a block: value, block, people who have it; first of each block; that of each person."""

    total: np.ndarray
    block: np.ndarray
    people: np.ndarray
    first: np.ndarray
    which: np.ndarray


@dataclass(frozen=True)
class CountTable:
    """Counts of people.

    Attributes
    ----------
    counts : array, people x categories
    means, times : array, people x means
        Mean of some observations of a person, and the number of them; 0 where there are none.
    block_of : array of int
        Block of each category; categories of a block stand together.
    blocks : tuple of str
    """

    counts: np.ndarray
    means: np.ndarray
    times: np.ndarray
    block_of: np.ndarray
    blocks: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.counts)

    def rows(self, chosen: np.ndarray) -> CountTable:
        """Return the counts of some people."""
        return CountTable(
            self.counts[chosen], self.means[chosen], self.times[chosen], self.block_of, self.blocks
        )

    @cached_property
    def totals(self) -> np.ndarray:
        """Contacts per person and block."""
        return self.block_sums(self.counts)

    @cached_property
    def pooled(self) -> np.ndarray:
        """Share of each category in its block, of everybody's contacts, none of them 0."""
        summed = self.counts.sum(axis=0) + 0.5
        return summed / self.block_sums(summed[None])[0][self.block_of]

    def block_sums(self, values: np.ndarray) -> np.ndarray:
        """Return sums over the categories of each block, rows x blocks."""
        if not len(self.blocks):
            return np.zeros((len(values), 0))
        starts = np.searchsorted(self.block_of, np.arange(len(self.blocks)))
        return np.add.reduceat(values, starts, axis=1)

    @cached_property
    def _values(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, csr_array]:
        """Every value that a category takes, and who has which: most of the work is done once for all who share it."""
        category, count, place = [], [], []
        rows, width = [], 0
        first = np.zeros(self.counts.shape[1], dtype=int)
        for at, column in enumerate(self.counts.T):
            here = np.flatnonzero(column)
            values, codes = np.unique(column[here], return_inverse=True)
            values = values if len(values) else np.zeros(1)
            first[at] = width
            category.append(np.full(len(values), at))
            count.append(values)
            rows.append(here)
            place.append(codes + width)
            width += len(values)
        row, column = np.concatenate(rows), np.concatenate(place)
        seen = csr_array((np.ones(len(row)), (row, column)), shape=(len(self), width))
        return np.concatenate(category), np.concatenate(count), first, seen

    @property
    def category_of(self) -> np.ndarray:
        """Category of each value."""
        return self._values[0]

    @property
    def count_of(self) -> np.ndarray:
        """The value: a number of contacts."""
        return self._values[1]

    @property
    def first_of(self) -> np.ndarray:
        """Position of the first value of each category."""
        return self._values[2]

    @property
    def indicators(self) -> csr_array:
        """Who has which value, people x values."""
        return self._values[3]

    @cached_property
    def indicated(self) -> csr_array:
        """The same turned round, values x people."""
        return csr_array(self.indicators.T)

    @cached_property
    def total_values(self) -> TotalValues:
        """The different numbers of contacts that people have in a block, all blocks one after another."""
        parts = [np.unique(column, return_inverse=True, return_counts=True) for column in self.totals.T]
        lengths = np.array([len(part[0]) for part in parts], dtype=int)
        first = np.concatenate([[0], lengths.cumsum()[:-1]]).astype(int)
        which = np.column_stack([part[1] + start for part, start in zip(parts, first, strict=True)])
        block = np.repeat(np.arange(len(parts)), lengths)
        return TotalValues(
            np.concatenate([part[0] for part in parts]),
            block,
            np.concatenate([part[2] for part in parts]),
            first,
            which,
        )

    @cached_property
    def observed(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, float]]:
        """Per mean who has one, its value, one over the number of observations, and the variance of the values."""
        parts = []
        for value, times in zip(self.means.T, self.times.T, strict=True):
            seen = np.flatnonzero(times > 0)
            spread = float(value[seen].var()) if len(seen) else 0.0
            parts.append((seen, value[seen], 1 / times[seen], spread))
        return parts

    @cached_property
    def traits(self) -> np.ndarray:
        """Shares less those of everybody, in the metric of correspondence analysis, shrunk by the contacts."""
        total = self.totals[:, self.block_of]
        away = (self.counts - total * self.pooled) / ((total + WORTH) * np.sqrt(self.pooled))
        spread = self.means.std(axis=0)
        means = np.where(self.times > 0, self.means - _middle(self), 0.0) / np.where(spread > 0, spread, 1.0)
        return np.column_stack([away, 0.3 * means])


def _middle(table: CountTable) -> np.ndarray:
    return (table.means * table.times).sum(axis=0) / np.maximum(table.times.sum(axis=0), 1e-12)


def learn_columns(names: Sequence[str], values: np.ndarray) -> CountColumns | None:
    """Return the counts of a table that can tell people apart; None where it has none.

    Counts are the columns named ``count.<block>.<category>``; ``mean.<name>`` with ``times.<name>`` is a mean and
    the number of observations behind it. Categories that hold less than 0.5 % of the contacts of their block, or
    that fewer than 1 % of the people use, are left out, as are repeated ones and blocks with one category.
    """
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name.startswith(COUNT):
            found.setdefault(name.removeprefix(COUNT).partition(".")[0], []).append(place)
    kept = {block: _used(values, places) for block, places in found.items()}
    kept = _each_once({block: places for block, places in kept.items() if len(places) > 1}, values)
    blocks = sorted(kept, key=lambda block: (_held(values, kept[block]), block))
    if not blocks:
        return None
    order = [(at, place) for at, block in enumerate(blocks) for place in kept[block]]
    means, low, high = _means(names, values)
    return CountColumns(
        tuple(names[place] for _, place in order),
        tuple(blocks),
        np.array([at for at, _ in order], dtype=int),
        means,
        low,
        high,
    )


def _used(values: np.ndarray, places: list[int]) -> list[int]:
    """Return the categories of a block that are used, in an order that hangs on what they hold alone."""
    counts = np.nan_to_num(values[:, places], nan=0.0)
    share = counts.sum(axis=0) / max(counts.sum(), 1.0)
    users = (counts > 0).mean(axis=0)
    used = [
        place
        for place, s, u in zip(places, share, users, strict=True)
        if s >= LEAST_SHARE and u >= LEAST_USERS
    ]
    seen: dict[bytes, int] = {}
    for place in used:
        seen.setdefault(np.nan_to_num(values[:, place]).tobytes(), place)
    return sorted(seen.values(), key=lambda place: (_held(values, [place]), place))


def _each_once(blocks: dict[str, list[int]], values: np.ndarray) -> dict[str, list[int]]:
    """Return the blocks without those that repeat another."""
    seen: dict[bytes, str] = {}
    for block, places in blocks.items():
        seen.setdefault(np.nan_to_num(values[:, places]).tobytes(), block)
    return {block: blocks[block] for block in seen.values()}


def _held(values: np.ndarray, places: list[int]) -> list[float]:
    """Return what columns hold, whatever the order of the rows."""
    counts = np.nan_to_num(values[:, places], nan=0.0)
    return [-float((counts**power).sum()) for power in (1, 2, 3)]


def _means(names: Sequence[str], values: np.ndarray) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    kept, low, high = [], [], []
    for place, name in enumerate(names):
        times = TIMES + name.removeprefix(MEAN)
        if not name.startswith(MEAN) or times not in names:
            continue
        number = np.nan_to_num(values[:, list(names).index(times)], nan=0.0)
        seen = values[np.isfinite(values[:, place]) & (number > 0), place]
        if len(seen) < 10 or np.ptp(seen) < 1e-9:
            continue
        first, middle, third = np.quantile(seen, [0.25, 0.5, 0.75])
        spread = max((third - first) / 1.349, float(seen.std()) / 3, 1e-9)
        kept.append((-float(seen.sum()), name))
        low.append(middle - BOUND * spread)
        high.append(middle + BOUND * spread)
    order = sorted(range(len(kept)), key=lambda at: kept[at])
    return tuple(kept[at][1] for at in order), np.array(low)[order], np.array(high)[order]
