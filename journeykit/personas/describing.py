"""Describing personas: size, value and what sets each apart, as facts without words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from journeykit.errors import JourneykitError
from journeykit.features.reading import numbers, refuse_repeated_units
from journeykit.features.tables import FURTHEST, trait_names
from journeykit.intervals import wilson

from .attributes import describe_attributes
from .clusterer import EVIDENCE, PersonaClusterer
from .drift import renamed
from .naming import LEVEL, unique_keys

__all__ = ["align_traits", "describe_personas", "personas_of"]

STRONGEST = 10


def personas_of(labels: Any, index: pd.Index, ids: Sequence[str] | None = None) -> pd.Series:
    """Return the persona ids of units, missing for the unassigned.

    Parameters
    ----------
    labels
        Label of each unit, -1 for the unassigned.
    index
        The units.
    ids
        Id of each label (`PersonaClusterer.ids_`); ``p1``, ``p2`` … when None.

    Examples
    --------
    >>> personas_of([0, 1, -1], pd.Index(["a", "b", "c"])).tolist()
    ['p1', 'p2', None]
    >>> personas_of([0, 1], pd.Index(["a", "b"]), ids=["p4", "p2"]).tolist()
    ['p4', 'p2']
    """
    named = dict(enumerate(ids or ()))
    names = [
        named.get(label, f"p{label + 1}") if label >= 0 else None
        for label in np.asarray(labels, int).tolist()
    ]
    return pd.Series(names, index=index, name="persona", dtype=object)


def align_traits(clusterer: PersonaClusterer, traits: pd.DataFrame) -> pd.DataFrame:
    """Return the traits that the clusterer knows, in its order; one that is absent is missing for everybody.

    Raises
    ------
    JourneykitError
        When the personas were not learned on named traits, or not one of them is in the frame.
    ValueError
        When one of these traits is no number, is infinite or occurs twice.
    """
    wanted = [str(name) for name in getattr(clusterer, "feature_names_in_", [])]
    if not wanted:
        raise JourneykitError(
            "these personas were learned without names of traits", remedy="learn them on a frame"
        )
    known = set(trait_names(wanted))
    have = set(traits.columns)
    if known and not known & have:
        near = next(iter(renamed(sorted(known), have - set(wanted)).items()), None)
        raise JourneykitError(
            "the data have none of the traits of these personas"
            + (f"; is {near[0]!r} what the data call {near[1]!r}?" if near else ""),
            remedy="rename the columns, or learn personas anew",
        )
    aligned = numbers(traits[[name for name in wanted if name in have]]).reindex(columns=wanted)
    if EVIDENCE in wanted and EVIDENCE not in have:
        aligned[EVIDENCE] = float(clusterer.min_contacts_)
    return aligned


def describe_personas(
    clusterer: PersonaClusterer,
    traits: pd.DataFrame,
    profile: pd.DataFrame,
    attributes: pd.DataFrame | None = None,
    min_group: int = 10,
) -> pd.DataFrame:
    """Describe each persona against everybody else.

    Parameters
    ----------
    clusterer
        A fitted clusterer.
    traits
        The trait frame whose units are described, indexed by ``unit_id``.
    profile
        Readable measures of the same units (`measure_profile`).
    attributes
        Attributes of the units where observed, indexed by ``unit_id``.
    min_group
        Smaller personas get no attributes, and no quartiles of their traits.

    Returns
    -------
    DataFrame
        One row per persona, in the order of the clusterer: ``persona``, ``customers``, ``share`` (of the assigned)
        with ``share_low`` and ``share_high`` (Wilson, 95 %), ``stability``, ``certified``,
        ``value_mean``, ``key`` (the traits that name it, with their direction, joined by ``|``; see `unique_keys`),
        ``traits`` (the ten strongest: dicts of ``trait, effect`` (standardised mean difference),
        ``median, low, high`` (quartiles), ``rest_median``; of a level of an attribute shares), ``attributes``
        (see `describe_attributes`). Empty where no personas were found.

    Raises
    ------
    JourneykitError
        When no unit of the traits is in the profile.
    ValueError
        When a unit stands on two rows of a frame.
    """
    if len(traits) and not traits.index.isin(profile.index).any():
        raise JourneykitError(
            "traits and profile have no unit in common", remedy="measure both on the same log"
        )
    refuse_repeated_units(traits.index, "traits")
    refuse_repeated_units(profile.index, "profile")
    if attributes is not None:
        refuse_repeated_units(attributes.index, "attributes")
    persona = personas_of(clusterer.predict(align_traits(clusterer, traits)), traits.index, clusterer.ids_)
    profile = profile.reindex(traits.index)
    found = [name for name in clusterer.certificate_.index if (persona == name).any()]
    contrasts = {name: _contrasts(profile, persona, name, min_group) for name in found}
    keys = unique_keys(contrasts, profile, persona, clusterer.classes_)
    rows = [
        _row(clusterer, profile, persona, name, contrasts[name], keys[name])
        | {"attributes": describe_attributes(attributes, persona, name, min_group)}
        for name in found
    ]
    columns = ["persona", "customers", "share", "share_low", "share_high", "stability", "certified",
               "value_mean", "key", "traits", "attributes"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _row(
    clusterer, profile: pd.DataFrame, persona: pd.Series, name: str, contrasts: pd.DataFrame, key: str
) -> dict:
    inside, assigned = persona == name, int(persona.notna().sum())
    customers = int(inside.sum())
    low, high = (float(bound) for bound in wilson(customers, assigned))
    value = profile.loc[inside, "value_total"].mean() if "value_total" in profile else np.nan
    return {
        "persona": name,
        "customers": customers,
        "share": customers / assigned,
        "share_low": low,
        "share_high": high,
        "stability": float(clusterer.certificate_.loc[name, "stability"]),
        "certified": bool(clusterer.certificate_.loc[name, "certified"]),
        "value_mean": float(value),
        "key": key,
        "traits": contrasts.head(STRONGEST).to_dict("records"),
    }


def _contrasts(profile: pd.DataFrame, persona: pd.Series, name: str, min_group: int) -> pd.DataFrame:
    """Return every readable trait of a persona against everyone else, strongest first."""
    measures = profile.select_dtypes("number").drop(
        columns=[EVIDENCE, FURTHEST, "value_total"], errors="ignore"
    )
    inside, rest = measures[persona == name], measures[persona.notna() & (persona != name)]
    low, median, high = inside.quantile([0.25, 0.5, 0.75]).to_numpy()
    levels = _are_levels(measures)
    median = np.where(levels, inside.mean(), median)
    low, high = (np.where(levels, np.nan, quartile) for quartile in (low, high))
    table = pd.DataFrame(
        {
            "trait": measures.columns,
            "effect": _effect(inside, rest).to_numpy(),
            "median": median,
            "low": low,
            "high": high,
            "rest_median": np.where(levels, rest.mean(), rest.median()),
        }
    ).dropna(subset=["effect"])
    if len(inside) < min_group:
        table[["low", "high"]] = np.nan
    return table.sort_values("effect", key=abs, ascending=False, kind="stable").reset_index(drop=True)


def _are_levels(measures: pd.DataFrame) -> np.ndarray:
    """Return which measures are 0 or 1 for having a level: a share tells of them, a median does not."""
    return np.array([str(name).startswith(LEVEL) for name in measures], dtype=bool)


def _effect(inside: pd.DataFrame, rest: pd.DataFrame) -> pd.Series:
    """Return the standardised mean difference (Cohen's d with the pooled variance)."""
    n, m = inside.count(), rest.count()
    pooled = (
        (n - 1).clip(lower=0) * inside.var().fillna(0) + (m - 1).clip(lower=0) * rest.var().fillna(0)
    ) / (n + m - 2).clip(lower=1)
    difference = inside.mean() - rest.mean()
    return difference.where(difference.abs() > 1e-12, 0.0) / np.sqrt(pooled.where(pooled > 1e-18))
