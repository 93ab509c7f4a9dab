"""People of whom there are no events: traits and readable measures of a table with one row a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from .columns import OTHER, Column, encode_column
from .wide import WideTraits

__all__ = ["NO_TRAIT", "learn_people", "measure_as_before", "measure_people"]

NO_TRAIT = "nothing_measured"  # stands for traits where nothing tells people apart, and never varies


def measure_people(
    people: pd.DataFrame, activity: Sequence[str] = (), categories: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return traits that group people, and measures that describe them.

    Parameters
    ----------
    people
        Attributes, one row a unit.
    activity
        Columns that measure how active somebody was; what they explain is taken out of the traits.
    categories
        Columns of which the numbers are codes.

    Returns
    -------
    traits : DataFrame
        As `WideTraits` makes them, for ``PersonaClusterer(whiten="turn")``.
    profile : DataFrame
        The same columns in their own units, those of `activity` too: ``attribute.<column>`` of a number,
        ``level_share.<column>: <level>`` of a level or of a flag (0 or 1: a mean is a share), and
        ``date_days.<column>``, the days before the latest date.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [30, 41, None, 58], "plan": ["free", "pro", "free", "free"]})
    >>> traits, profile = measure_people(people)
    >>> traits.columns.tolist(), profile.columns.tolist()
    (['age', 'plan.pro'], ['attribute.age', 'level_share.plan: pro', 'level_share.plan: free'])
    """
    traits, profile, _ = learn_people(people, activity, categories)
    return traits, profile


def learn_people(
    people: pd.DataFrame, activity: Sequence[str] = (), categories: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame, WideTraits | None]:
    """Return what `measure_people` does, and how the traits were measured; None where there are none."""
    known = people.dropna(axis="columns", how="all")
    by, codes = ([name for name in given if name in known] for given in (activity, categories))
    wide = WideTraits(by=by, categories=codes).set_output(transform="pandas")
    traits = wide.fit_transform(known) if len(known.columns) else pd.DataFrame(index=people.index)
    columns = wide.columns_ if len(known.columns) else []
    parts = [_readable(known[column.name], column) for column in columns if column.kind != "left_out"]
    profile = pd.concat([pd.DataFrame(index=people.index), *parts], axis=1)
    if not len(traits.columns):
        return pd.DataFrame({NO_TRAIT: 0.0}, index=people.index), profile, None
    return traits, profile, wide


def measure_as_before(people: pd.DataFrame, wide: WideTraits) -> pd.DataFrame:
    """Return traits of other people, measured as those of whom `wide` was learned; none of a column that is absent."""
    wanted = people.reindex(columns=list(wide.feature_names_in_))
    traits = wide.set_output(transform="pandas").transform(wanted)
    absent = [column for column in wide.columns_ if column.name not in people]
    gone = {name for column in absent for name in column.names}
    return traits.drop(columns=[name for name in traits if name in gone])


def _readable(values: pd.Series, column: Column) -> pd.DataFrame:
    if column.kind == "category":
        return _levels(values, column)
    plain = replace(column, kind="number") if column.kind == "log" else column
    numbers = encode_column(values, plain)[:, 0]
    if column.kind == "date":
        name = f"date_days.{column.name}"
    else:
        flag = set(np.unique(numbers[np.isfinite(numbers)])) == {0.0, 1.0}
        name = f"level_share.{column.name}" if flag else f"attribute.{column.name}"
    return pd.DataFrame({name: numbers}, index=values.index)


def _levels(values: pd.Series, column: Column) -> pd.DataFrame:
    """Return whether each has a level, 1 or 0, of every level with a trait, and of the other one of two."""
    levels = [level for level in column.levels if level != OTHER]
    if len(column.levels) == 1:
        levels += sorted(set(values.dropna().astype(str).str.strip()) - set(levels))[:1]
    shown = encode_column(values, replace(column, levels=(*levels, OTHER)))[:, : len(levels)]
    return pd.DataFrame(
        shown, index=values.index, columns=[f"level_share.{column.name}: {level}" for level in levels]
    )
