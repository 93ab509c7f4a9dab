"""Conditions that a person can read: a measure, and a threshold as somebody would write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from journeykit.errors import JourneykitError, unknown

__all__ = ["OPERATORS", "meets_rule", "readable_parts", "thresholds"]

OPERATORS = ("at_least", "at_most", "less_than", "in", "known", "missing")
MOST_MISSING = 0.5  # share of the units beyond which a measure says nothing of most
TINY = 1e-9  # a number nearer to 0 is written as 0
MOST_LEVELS = 20  # of an attribute in words
LEVELS_AT = np.array([0.02, *np.arange(0.05, 0.96, 0.05), 0.98])  # quantiles tried as thresholds
_NOT_MEASURES = ("evidence.contacts", "persona")
_DAYS = np.array(
    [*np.array([1, 2, 3, 4, 6, 8, 12, 18]) / 24, *range(1, 11), 14, 21, 28, 35, 42, 56, 70, 91, 122, 152, 183, 274,
     365, 548, 730, 1096, 1826]
)  # fmt: skip


def meets_rule(
    profile: pd.DataFrame, rule: Sequence[dict[str, Any]], *, attributes: pd.DataFrame | None = None
) -> pd.Series:
    """Return whether each unit meets all conditions of a rule.

    Parameters
    ----------
    profile
        Readable measures (`measure_profile`), indexed by ``unit_id``.
    rule
        Conditions: dicts of ``measure``, ``op`` (``at_least``, ``at_most``, ``less_than`` or ``in``),
        ``threshold`` (a number; for ``in`` a list of levels) and, from a tree, ``or_missing``. A tree also asks
        whether a measure is ``known`` or ``missing``, without a threshold.
    attributes
        Attributes of the units, where the rule speaks of them.

    Returns
    -------
    Series of bool
        Indexed as the profile. A measure that is missing meets no condition, unless it says ``or_missing``.
        A rule without conditions is met by nobody.

    Raises
    ------
    JourneykitError
        When a measure of the rule is in neither table.

    Examples
    --------
    >>> profile = pd.DataFrame({"orders": [1, 4, None]}, index=["a", "b", "c"])
    >>> meets_rule(profile, [{"measure": "orders", "op": "at_least", "threshold": 3}]).tolist()
    [False, True, False]
    """
    met = np.full(len(profile), bool(rule))
    for condition in rule:
        met &= holds(condition, _column(condition["measure"], profile, attributes))
    return pd.Series(met, index=profile.index, name="meets_rule")


def _column(measure: str, profile: pd.DataFrame, attributes: pd.DataFrame | None) -> pd.Series:
    if measure in profile:
        return profile[measure]
    if attributes is not None and measure in attributes:
        return attributes[measure].reindex(profile.index)
    known = [*profile.columns, *(() if attributes is None else attributes.columns)]
    raise unknown("measure of a rule", measure, known, remedy="give the tables from which the rule was made")


def holds(condition: dict[str, Any], values: pd.Series) -> np.ndarray:
    """Return whether each value meets a condition."""
    operator, threshold = condition["op"], condition.get("threshold")
    missing = values.isna().to_numpy()
    if operator in ("known", "missing"):
        return missing if operator == "missing" else ~missing
    if operator == "in":
        met = level_names(values).isin([str(level) for level in threshold]).to_numpy()
    else:
        number = pd.to_numeric(values, errors="coerce").to_numpy(float, na_value=np.nan)
        compare = {"at_least": np.greater_equal, "at_most": np.less_equal, "less_than": np.less}
        if operator not in compare:
            raise unknown("operator of a condition", operator, OPERATORS)
        met = compare[operator](number, threshold)
    return np.where(missing, bool(condition.get("or_missing", False)), met)


def answers(node: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the conditions that belong to the two answers to a question, ``yes`` and ``no``."""
    if node["threshold"] is None:
        return {
            name: {"measure": node["measure"], "op": op} for name, op in (("yes", "known"), ("no", "missing"))
        }
    found = {}
    for name, operator in (("yes", "at_least"), ("no", "less_than")):
        found[name] = {"measure": node["measure"], "op": operator, "threshold": node["threshold"]}
        if node["missing"] == name:
            found[name]["or_missing"] = True
    return found


def level_names(values: pd.Series) -> pd.Series:
    """Return the levels of an attribute as text; missing stays missing."""
    return (
        values.astype(object)
        .where(values.notna(), None)
        .map(lambda level: level if level is None else str(level))
    )


def readable_parts(
    profile: pd.DataFrame, attributes: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the measures that conditions may use: numbers, and levels as text, columns by name.

    Moments, measures that are missing for most, those that never vary and attributes with more than twenty
    levels are left out.
    """
    table = profile.drop(columns=list(_NOT_MEASURES), errors="ignore")
    if attributes is not None:
        added = attributes.reindex(table.index)
        table = table.join(added[[name for name in added if name not in table]])
    seen = table.notna().mean() >= MOST_MISSING
    table = table[sorted(name for name in table if seen[name])]
    numbers, levels = {}, {}
    for name, values in table.items():
        if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
            if not pd.api.types.is_datetime64_any_dtype(values) and 1 < values.nunique() <= MOST_LEVELS:
                levels[name] = level_names(values)
        elif values.nunique() > 1:
            numbers[name] = values.astype(float).replace([np.inf, -np.inf], np.nan)
    return pd.DataFrame(numbers, index=table.index), pd.DataFrame(levels, index=table.index)


def placed(profile: pd.DataFrame, personas: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Return the profile and persona of the units that have both."""
    personas = personas[personas.notna()]
    units = profile.index[profile.index.isin(personas.index)]
    if len(personas) and not len(units):
        raise JourneykitError(
            "profile and personas have no unit in common", remedy="measure both on the same log"
        )
    return profile.loc[units], personas.reindex(units).astype(str)


def in_order(numbers: pd.DataFrame, levels: pd.DataFrame, personas: pd.Series) -> np.ndarray:
    """Return positions of the units in an order that does not depend on the order or the ids given."""
    codes = [pd.factorize(levels[name], sort=True)[0] for name in levels]
    return np.lexsort([*codes, *(numbers[name].to_numpy() for name in numbers), personas.to_numpy(dtype=str)])


def drawn(who: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Return positions of a sample that holds the same share of every persona, in order."""
    members = [np.flatnonzero(who == persona) for persona in np.unique(who)]
    chosen = [rng.permutation(places)[: int(np.ceil(share * len(places)))] for places in members]
    return np.sort(np.concatenate(chosen)) if chosen else np.empty(0, int)


def thresholds(measure: str, values: np.ndarray) -> np.ndarray:
    """Return thresholds for a measure, each as a person would write it.

    Shares in whole percents below 10 % and above 95 %, and in fives between; times in hours, days, weeks or
    months; other numbers in two digits, of which the second is 0 or 5 from 20 on; whole where all values are.

    Examples
    --------
    >>> thresholds("channel_share.email", np.array([0.0, 0.034, 0.413, 0.448])).tolist()
    [0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.35, 0.4, 0.45]
    """
    seen = values[np.isfinite(values)]
    if not len(seen):
        return np.empty(0)
    return np.unique(_written(measure, np.quantile(seen, LEVELS_AT), bool((seen == np.round(seen)).all())))


def _written(measure: str, values: np.ndarray, whole: bool) -> np.ndarray:
    if "_share" in measure:
        percent = 100 * values
        step = np.where((percent < 9.5) | (percent > 95.5), 1.0, 5.0)
        return np.round(np.round(percent / step) * step / 100, 4)
    if measure.endswith("_days") and measure != "active_days":
        return _DAYS[np.abs(np.log(np.maximum(values, 1e-3)[:, None] / _DAYS)).argmin(axis=1)]
    values = np.where(np.abs(values) < TINY, 0.0, values)
    size = np.abs(values)
    power = 10.0 ** np.floor(np.log10(np.where(size > 0, size, 1.0)))
    step = power * np.where(size < 2 * power, 0.1, 0.5)
    rounded = np.round(values / step) * step
    return np.round(rounded) if whole else np.array([float(f"{value:.6g}") for value in rounded])
