"""Small cells: counts of few people are blank in the tables that leave a study, with what would tell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from journeykit.documents import read_document
from journeykit.touchpoints import definitions

__all__ = ["blank_small_cells", "is_small", "tables_of_counts"]


def tables_of_counts() -> tuple[str, ...]:
    """Return the names of the tables that hold counts of people."""
    return tuple(_rules())


def blank_small_cells(name: str, table: pd.DataFrame, least: int) -> pd.DataFrame:
    """Return a table without the counts of people from 1 to the smallest group less one, and what tells them.

    With a count go its share and interval; where rows add up to a total that is known and one alone is blank, the
    smallest other one goes too; and so does the other part of a sum that stands in its row. A number that is
    expected (a sum of probabilities), or that counts moves, goes, its share stays: it counts nobody. 0 stays, and so
    do visits, contacts, purchases and money. Which columns count people is data: `definitions/small_cells.yml`.

    Parameters
    ----------
    name
        The table's name; one that holds no counts of people, or a row per person, comes back as it is.
    table
        The table, as it was counted.
    least
        The smallest group that is shown; 1 shows all.

    Notes
    -----
    Primary and secondary suppression: Hundepool, A. et al. (2012). Statistical Disclosure Control, ch. 4. Wiley.

    Examples
    --------
    >>> rows = pd.DataFrame({"persona": "all", "stage": ["a", "b"], "back": [3, 40], "back_share": [0.06, 0.4]})
    >>> blank_small_cells("back_steps", rows, 10)["back_share"].tolist()
    [nan, 0.4]
    """
    rules = _rules().get(name)
    if rules is None or table.empty or least <= 1:
        return table
    within = (
        [column for column in rules.get("adds_up", ()) if column in table] if "adds_up" in rules else None
    )
    told = {count: str(names).split() for count, names in rules.get("counts", {}).items()}
    told |= {count: [] for count in rules.get("expected", ())}
    counted = [count for count in told if count in table]
    adding = {count: within if count in rules.get("counts", {}) else None for count in counted}
    small = {count: _small(table, count, adding[count], least) for count in counted}
    for part, whole in _parts(rules.get("sums", ()), small):
        small[part] = small[part] | small[whole]
    blank = table.copy()
    for count, cells in small.items():
        for column in (count, *told[count]):
            if column in blank and cells.any():
                blank[column] = blank[column].astype(object).mask(cells, None) if _is_text(blank[column]) else (
                    blank[column].astype("float64").mask(cells)
                )  # fmt: skip
    return blank


def is_small(numbers: pd.Series, least: int) -> pd.Series:
    """Mark the numbers of people that are too small to show: from 1 to the smallest group less one, rounded.

    Examples
    --------
    >>> is_small(pd.Series([0, 0.4, 1, 9, 10]), 10).tolist()
    [False, False, True, True, False]
    """
    return pd.to_numeric(numbers, errors="coerce").astype("float64").round().between(1, least - 1)


def _small(table: pd.DataFrame, count: str, within: list[str] | None, least: int) -> pd.Series:
    """Mark the cells to blank: those of few people, and one more where a single one could be told from a total."""
    numbers = pd.to_numeric(table[count], errors="coerce").astype("float64")
    small = is_small(numbers, least)
    if within is None or not small.any():
        return small
    groups = table[within].astype(str).agg("|".join, axis=1) if within else pd.Series("", table.index)
    alone = small.groupby(groups).transform("sum") == 1
    others = numbers.where(alone & ~small & (numbers.round() >= least))
    smallest = others.groupby(groups).transform("min")
    extra = others.notna() & (others == smallest)
    return small | (extra & ~extra.groupby(groups).cumsum().gt(1))


def _parts(columns: Iterable[str], small: Mapping[str, pd.Series]) -> list[tuple[str, str]]:
    """Return the pairs of columns of which each gives the other away."""
    there = [column for column in columns if column in small]
    return [(one, other) for one in there for other in there if one != other]


def _is_text(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column) and column.dropna().map(type).eq(str).any()


@cache
def _rules() -> Mapping[str, Mapping[str, Any]]:
    return read_document(definitions("small_cells.yml")).data["tables"]
