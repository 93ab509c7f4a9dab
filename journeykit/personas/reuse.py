"""Reuse: give personas learned on one dataset to the people of another, and judge whether they still fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from .certificate import explained_by
from .clusterer import EVIDENCE, PersonaClusterer
from .describing import align_traits, personas_of
from .grouping import group

__all__ = ["Reuse", "assign", "stability_index"]

SHIFTED = 0.25  # population stability index above which a trait has shifted
FEW, MANY = 0.1, 0.34  # shares of the traits that are absent or shifted: a warning, a refit
STRANGE, STRANGER = 0.12, 0.25  # shares of people far from every persona; 0.05 were when learning
APT, INEPT = 0.8, 0.6  # spread explained by the old groups, of what new groups would explain
LEAST_UNITS = 30
MOST_STUDIED = 2000


@dataclass(frozen=True)
class Reuse:
    """Personas on a new dataset.

    Attributes
    ----------
    table : DataFrame
        Indexed by unit: ``persona`` (missing when unassigned), ``persona_confidence`` (0 to 1), ``novelty``
        (distance to the nearest persona; 1 is the edge beyond which nobody is placed).
    verdict : str
        ``reuse``, ``reuse with warning`` or ``refit``.
    reasons : list of str
        What the verdict rests on.
    drift : DataFrame
        Per trait: ``psi`` (population stability index), ``state`` (``ok``, ``shifted``, ``absent``).
    novelty_share : float
        Share of the people with enough contacts who are farther from every persona than 95 % of those on
        whom the personas were learned.
    fitness : float
        Spread between people that the old personas explain, as a share of what personas learned anew would.
    """

    table: pd.DataFrame = field(repr=False)
    verdict: str
    reasons: list[str]
    drift: pd.DataFrame = field(repr=False)
    novelty_share: float
    fitness: float


def assign(clusterer: PersonaClusterer, traits: pd.DataFrame) -> Reuse:
    """Assign the people of a new trait frame to personas that were learned before.

    Traits are aligned by name: one that is absent counts as the mean, one that is new is not used.

    Parameters
    ----------
    clusterer
        Fitted on a trait frame.
    traits
        One row per unit.

    Returns
    -------
    Reuse

    Raises
    ------
    JourneykitError
        When the personas were not learned on named traits, or not one of them is in the new frame.
    """
    aligned = align_traits(clusterer, traits)
    drift = _drift(clusterer, aligned)
    novelty = clusterer.novelty(aligned)
    strange = _strange_share(clusterer, aligned, novelty)
    fitness = _fitness(clusterer, aligned)
    verdict, reasons = _verdict(clusterer, drift, strange, fitness, int(_enough(clusterer, aligned).sum()))
    table = pd.DataFrame(
        {
            "persona": personas_of(clusterer.predict(aligned), aligned.index, clusterer.ids_),
            "persona_confidence": clusterer.predict_proba(aligned).max(axis=1, initial=0.0),
            "novelty": novelty,
        },
        index=aligned.index,
    )
    return Reuse(table, verdict, reasons, drift, strange, fitness)


def stability_index(before: Any, after: Any) -> float:
    """Return the population stability index of two sets of shares.

    The sum over the bins of (after - before) · log(after / before); below 0.1 is calm, above 0.25 a shift.

    Examples
    --------
    >>> round(stability_index([0.5, 0.5], [0.5, 0.5]), 3), round(stability_index([0.5, 0.5], [0.8, 0.2]), 3)
    (0.0, 0.416)
    """
    old, new = (np.maximum(np.asarray(shares, float), 1e-4) for shares in (before, after))
    return float(((new - old) * np.log(new / old)).sum())


def _enough(clusterer: PersonaClusterer, aligned: pd.DataFrame) -> np.ndarray:
    if EVIDENCE not in aligned:
        return np.ones(len(aligned), bool)
    return (aligned[EVIDENCE] >= clusterer.min_contacts).to_numpy()


def _drift(clusterer: PersonaClusterer, aligned: pd.DataFrame) -> pd.DataFrame:
    placed = aligned[_enough(clusterer, aligned)]
    rows = {}
    for name, known in clusterer.reference_.items():
        values = placed[name].to_numpy(float)
        values = values[np.isfinite(values)]
        if len(values) == 0:
            rows[name] = (np.nan, "absent")
            continue
        bins = np.searchsorted(np.asarray(known["edges"]), values, side="right")
        shares = np.bincount(bins, minlength=len(known["shares"])) / len(values)
        index = stability_index(known["shares"], shares)
        rows[name] = (index, "shifted" if index > SHIFTED + 20 / len(values) else "ok")
    return pd.DataFrame.from_dict(rows, orient="index", columns=["psi", "state"]).rename_axis("trait")


def _strange_share(clusterer: PersonaClusterer, aligned: pd.DataFrame, novelty: np.ndarray) -> float:
    enough = _enough(clusterer, aligned)
    return float((novelty[enough] > clusterer.usual_).mean()) if enough.any() else 1.0


def _fitness(clusterer: PersonaClusterer, aligned: pd.DataFrame) -> float:
    points = (
        clusterer.transform(aligned[_enough(clusterer, aligned)])
        if _enough(clusterer, aligned).any()
        else None
    )
    if points is None or clusterer.k_ < 2 or len(points) < 2 * clusterer.k_:
        return float("nan")
    points = points[np.random.default_rng(0).permutation(len(points))[:MOST_STUDIED]]
    anew = explained_by(points, group(points, clusterer.k_, 0, 3))
    return float(np.clip(explained_by(points, clusterer.centres_) / max(anew, 1e-9), 0.0, 1.0))


def _verdict(
    clusterer, drift: pd.DataFrame, strange: float, fitness: float, units: int
) -> tuple[str, list[str]]:
    """Return the verdict and its reasons, heaviest first."""
    total = max(len(drift), 1)
    absent, shifted = (list(drift.index[drift["state"] == state]) for state in ("absent", "shifted"))
    checks = [
        (2 if not clusterer.found_ else 0, "the data on which they were learned showed no personas"),
        (
            _weight(len(absent) / total, 0.0, MANY),
            f"{len(absent)} of {total} traits are absent{_some(absent)}",
        ),
    ]
    if units < LEAST_UNITS:
        checks.append((1, f"only {units} people have enough contacts to judge by"))
    else:
        checks += [
            (
                _weight(len(shifted) / total, FEW, MANY),
                f"{len(shifted)} of {total} traits have shifted{_some(shifted)}",
            ),
            (
                _weight(strange, STRANGE, STRANGER),
                f"{strange:.0%} of the people are far from every persona (usual: 5%)",
            ),
            (
                _weight(-fitness, -APT, -INEPT),
                f"they explain {fitness:.0%} of what personas learned here would",
            ),
        ]
    told = sorted((check for check in checks if check[0]), key=lambda check: -check[0])
    worst = told[0][0] if told else 0
    reasons = [reason for _, reason in told] or [
        "the traits are spread as they were, and the personas explain the people as they should"
    ]
    return ("reuse", "reuse with warning", "refit")[worst], reasons


def _weight(share: float, few: float, many: float) -> int:
    return 2 if share > many else 1 if share > few else 0


def _some(names: list[str]) -> str:
    return f" ({', '.join(names[:3])}{' …' if len(names) > 3 else ''})" if names else ""
