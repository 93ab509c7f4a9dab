"""Attributes of personas: what is known of the people besides their behaviour, as far as it is known."""

from __future__ import annotations

from typing import Any

import pandas as pd

__all__ = ["describe_attributes"]

MOST_LEVELS = 20  # an attribute with more different texts is an id or free text
MOST_SHOWN = 3  # levels of an attribute that are told, commonest first


def describe_attributes(
    attributes: pd.DataFrame | None, persona: pd.Series, name: str, min_group: int = 10
) -> list[dict[str, Any]]:
    """Describe what is known of the people in a persona, beside the others who have one.

    Parameters
    ----------
    attributes
        Attributes where observed, indexed like `persona`; None when there are none.
    persona
        Persona id per unit; missing for the unassigned.
    name
        The persona.
    min_group
        Groups and levels with fewer people are not told.

    Returns
    -------
    list of dict
        Per attribute that enough people have: ``attribute``, ``missing_share`` (0 to 1), ``known`` (people),
        and, of numbers, ``median, low, high`` (quartiles) and ``rest_median``; of anything else ``level`` and
        ``share`` (the commonest, among who have one), ``rest_share`` and ``levels`` (dicts of ``level, share,
        rest_share``; at most three). Dates and texts with more than twenty levels are left out.

    Examples
    --------
    >>> persona = pd.Series(["p1", "p1", "p2", "p2"])
    >>> known = pd.DataFrame({"region": ["north", "north", "south", None]})
    >>> fact = describe_attributes(known, persona, "p1", min_group=1)[0]
    >>> fact["level"], fact["share"], fact["rest_share"], fact["missing_share"]
    ('north', 1.0, 0.0, 0.0)
    """
    inside = (persona == name).to_numpy()
    if attributes is None or attributes.empty or inside.sum() < min_group:
        return []
    known = attributes.reindex(persona.index)
    rest = (persona.notna() & (persona != name)).to_numpy()
    facts = [
        _attribute(str(column), known[column][inside], known[column][rest], min_group) for column in known
    ]
    return [fact for fact in facts if fact is not None]


def _attribute(column: str, values: pd.Series, rest: pd.Series, min_group: int) -> dict | None:
    seen = values.dropna()
    if len(seen) < min_group:
        return None
    fact = {"attribute": column, "missing_share": float(values.isna().mean()), "known": len(seen)}
    others = rest.dropna() if rest.notna().sum() >= min_group else rest.iloc[:0]
    if pd.api.types.is_numeric_dtype(seen) and not pd.api.types.is_bool_dtype(seen):
        return fact | _numbers(seen.astype(float), others.astype(float))
    if pd.api.types.is_datetime64_any_dtype(seen) or seen.nunique() > MOST_LEVELS:
        return None
    levels = _levels(seen.astype(str), others.astype(str), min_group)
    return fact | levels[0] | {"levels": levels} if levels else None


def _numbers(seen: pd.Series, others: pd.Series) -> dict[str, float]:
    low, median, high = (float(value) for value in seen.quantile([0.25, 0.5, 0.75]))
    return {"median": median, "low": low, "high": high, "rest_median": float(others.median())}


def _levels(seen: pd.Series, others: pd.Series, min_group: int) -> list[dict[str, Any]]:
    counts = seen.value_counts()
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    told = counts[counts >= min_group].head(MOST_SHOWN)
    return [
        {
            "level": level,
            "share": float(count / len(seen)),
            "rest_share": float((others == level).mean()) if len(others) else float("nan"),
        }
        for level, count in told.items()
    ]
