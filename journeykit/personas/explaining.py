"""Why somebody belongs to a persona: what each trait adds to the odds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from journeykit.errors import unknown
from journeykit.features.tables import trait_names

from .clusterer import EVIDENCE, PersonaClusterer
from .count_explaining import log_odds_of_counts, readable_names
from .describing import align_traits
from .space import part_evidence

__all__ = ["explain"]

_COLUMNS = [
    "unit_id", "persona", "probability", "against", "against_probability", "reason", "trait", "block", "standing",
    "contribution", "toward", "block_contribution", "rest", "base", "log_odds",
]  # fmt: skip
_WORDS = ("unit_id", "persona", "against", "reason", "trait", "block", "toward")


def explain(
    clusterer: PersonaClusterer,
    traits: pd.DataFrame,
    unit_ids: Iterable[Any] | None = None,
    *,
    strongest: int | None = 5,
) -> pd.DataFrame:
    """Explain, trait by trait, why units belong to their persona rather than to the next best.

    The log of the odds of two personas is a sum over the standardised traits, because all personas have one
    width; of personas by counts a sum over the categories, because all have one precision a block. A trait on
    which a unit stands at the average, or that was not observed, adds 0. The sum of a unit's contributions, its
    rest and its base is its log-odds, exactly.

    Parameters
    ----------
    clusterer
        A fitted clusterer.
    traits
        The trait frame, indexed by ``unit_id``.
    unit_ids
        Whom to explain, in that order; default everybody.
    strongest
        Traits per unit, those that weigh most; None for all.

    Returns
    -------
    DataFrame
        One row per unit and trait, strongest first: ``unit_id``, ``persona`` and its ``probability``, ``against``
        (the next best persona) and its ``against_probability``, ``reason``, ``trait``, ``block`` (its part before the
        dot), ``standing`` (where the unit stands on it, in robust standard deviations from the average),
        ``contribution`` (log-odds; above 0 speaks for the persona), ``toward`` (the persona that it speaks for),
        ``block_contribution`` (sum over the block's traits), ``rest`` (sum over the traits not shown), ``base`` (the
        log-odds of somebody average in everything) and ``log_odds``. A unit that is not placed has one row with
        its ``reason`` (``too_few_contacts``, ``unsure``, ``far`` or ``no_personas``) and no figures. Speaks of
        single people: for the analyst, not for reports.

    Raises
    ------
    JourneykitError
        When a unit is not in the frame, or the personas were not learned on these traits.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = np.vstack([rng.normal(0, 1, (60, 3)), rng.normal(6, 1, (40, 3))])
    >>> people = pd.DataFrame(values, columns=["channel.app", "channel.email", "channel.web"])
    >>> clusterer = PersonaClusterer(n_bootstrap=5, n_null=9).fit(people)
    >>> why = explain(clusterer, people, [99])
    >>> why["persona"].tolist(), bool((why["contribution"] > 0).all())
    (['p2', 'p2', 'p2'], True)
    """
    aligned = align_traits(clusterer, traits)
    chosen = list(traits.index) if unit_ids is None else list(unit_ids)
    for unit in chosen:
        if unit not in traits.index:
            raise unknown("unit", unit, traits.index, where="traits")
    if not chosen:
        return _refusals(traits.index[:0], np.empty(0, dtype=object))
    aligned = aligned.loc[chosen]
    labels, reasons = _placed(clusterer, aligned)
    explained = labels >= 0
    parts = [_refusals(aligned.index[~explained], reasons[~explained])]
    if explained.any():
        parts.insert(0, _contributions(clusterer, aligned[explained], labels[explained], strongest))
    return _as_asked(pd.concat([part for part in parts if len(part)] or parts), aligned.index)


def _placed(clusterer: PersonaClusterer, aligned: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the persona of each unit as a number, and the reason of who has none."""
    labels = clusterer.predict(aligned)
    reasons = np.full(len(labels), "", dtype=object)
    if clusterer.k_ < 2:
        return np.full(len(labels), -1), np.full(len(labels), "no_personas", dtype=object)
    few = np.zeros(len(labels), bool)
    if EVIDENCE in aligned:
        few = ~(aligned[EVIDENCE] >= clusterer.min_contacts_).to_numpy()
    reasons[labels < 0] = "far" if clusterer.classes_ is None else "unsure"
    reasons[(labels < 0) & (clusterer.novelty(aligned) > 1)] = "far"
    reasons[(labels < 0) & few] = "too_few_contacts"
    return labels, reasons


def _refusals(units: pd.Index, reasons: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame({"unit_id": units, "reason": reasons})
    return table.reindex(columns=_COLUMNS).astype(dict.fromkeys(set(_COLUMNS) - set(_WORDS), "float64"))


def _contributions(
    clusterer: PersonaClusterer, aligned: pd.DataFrame, labels: np.ndarray, strongest: int | None
) -> pd.DataFrame:
    """Return the strongest traits of units that have a persona, one row each."""
    units, against = _rivals(clusterer, aligned, labels)
    standing, added, base = _log_odds_parts(clusterer, aligned, labels, against)
    names = _names(clusterer)
    blocks, block = np.unique([name.partition(".")[0] for name in names], return_inverse=True)
    by_block = added @ np.equal.outer(block, np.arange(len(blocks)))
    shown = np.argsort(-np.abs(added), axis=1, kind="stable")[:, :strongest]
    contribution = np.take_along_axis(added, shown, axis=1)
    units = units.assign(base=base, log_odds=base + added.sum(axis=1))
    units["rest"] = added.sum(axis=1) - contribution.sum(axis=1)
    table = units.loc[units.index.repeat(shown.shape[1])].assign(
        trait=names[shown].ravel(),
        block=blocks[block[shown]].ravel(),
        standing=np.take_along_axis(standing, shown, axis=1).ravel(),
        contribution=contribution.ravel(),
        block_contribution=np.take_along_axis(by_block, block[shown], axis=1).ravel(),
    )
    table["toward"] = table["persona"].where(table["contribution"] >= 0, table["against"])
    return table[_COLUMNS]


def _rivals(
    clusterer: PersonaClusterer, aligned: pd.DataFrame, labels: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return each unit's persona and the next best with their probabilities, and the next best as a number."""
    sure, rows = clusterer.predict_proba(aligned), np.arange(len(labels))
    others = sure.copy()
    others[rows, labels] = -1.0
    against = others.argmax(axis=1)
    personas = np.array(clusterer.ids_, dtype=object)
    units = pd.DataFrame(
        {"unit_id": aligned.index, "persona": personas[labels], "probability": sure[rows, labels]}
    )
    units["against"], units["against_probability"] = personas[against], sure[rows, against]
    return units.assign(reason=""), against


def _log_odds_parts(
    clusterer: PersonaClusterer, aligned: pd.DataFrame, labels: np.ndarray, against: np.ndarray
):
    """Return standings and contributions, units x traits, and the base of each unit.

    With z the standardised traits (0 for a gap), V the directions, c the centres, s² the variance and π the shares:
    log p_a / p_b = Σ_j z_j (V (c_a - c_b))_j / s² + (|c_b|² - |c_a|²) / 2 s² + log π_a / π_b.
    """
    space, groups, classes = clusterer.space_, clusterer._groups, clusterer.classes_
    if classes is not None:
        return log_odds_of_counts(
            classes, classes.table(aligned.to_numpy(float), clusterer._names), labels, against
        )
    values = part_evidence(aligned.to_numpy(float), clusterer._names)[0]
    standing = np.nan_to_num(space.standardise(values) - space.mean, nan=0.0)
    lean = groups.centres @ space.directions.T / groups.variance
    norms = (groups.centres**2).sum(axis=1) / (2 * groups.variance)
    level = np.log(np.maximum(groups.shares, 1e-12)) - norms
    return standing, standing * (lean[labels] - lean[against]), level[labels] - level[against]


def _names(clusterer: PersonaClusterer) -> np.ndarray:
    """Return the names of what contributes, in order."""
    if clusterer.classes_ is not None:
        return np.array(readable_names(clusterer.classes_), dtype=object)
    return np.array(trait_names(clusterer._names), dtype=object)[clusterer.space_.kept]


def _as_asked(table: pd.DataFrame, units: pd.Index) -> pd.DataFrame:
    """Return the rows in the order of the units."""
    place = pd.Series(np.arange(len(units)), index=units)
    rank = table["unit_id"].map(place)
    return table.iloc[np.argsort(rank.to_numpy(), kind="stable")].reset_index(drop=True)
