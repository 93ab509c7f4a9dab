"""Reuse: give personas learned on one dataset to the people of another, and judge whether they still fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from journeykit.errors import JourneykitError
from journeykit.features.reading import refuse_repeated_units

from .certificate import explained_by
from .clusterer import EVIDENCE, MOST_AT_ONCE, PersonaClusterer
from .count_classes import classes_fitness
from .describing import align_traits, personas_of
from .drift import count_bins, drift_table, renamed, stability_index
from .grouping import group

__all__ = ["Reuse", "assign", "stability_index"]

FEW, MANY = 0.1, 0.34  # shares of the traits that are absent or shifted: a warning, a refit
STRANGE, STRANGER = 0.12, 0.25  # shares of people far from every persona; 0.05 were when learning
APT, INEPT = 0.8, 0.6  # spread explained by the old groups, of what new groups would explain
LEAST_UNITS = 30
MOST_STUDIED = 2000
MOST_MEASURED = 20_000  # people on whom the median and the width of a trait are measured


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
        Per trait: ``psi`` (population stability index), ``moved`` and ``times`` (how far the median lies from
        that when learning, and how wide the trait is beside then), ``state`` (``ok``, ``shifted``, ``range``:
        so far outside that the unit must be another, ``absent``).
    novelty_share : float
        Share of the people with enough contacts who are farther from every persona than 95 % of those on
        whom the personas were learned.
    fitness : float
        Spread between people that the old personas explain, as a share of what personas learned anew would; of
        personas by counts, what they foretell of people beyond one class.
    """

    table: pd.DataFrame = field(repr=False)
    verdict: str
    reasons: list[str]
    drift: pd.DataFrame = field(repr=False)
    novelty_share: float
    fitness: float


def assign(clusterer: PersonaClusterer, traits: pd.DataFrame) -> Reuse:
    """Assign the people of a new trait frame to personas that were learned before.

    Traits are aligned by name: one that is absent counts as the mean, one that is new is not used. People are
    placed in blocks, so a million take little memory; the verdict is the same in whatever order they come.

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
        When the personas were not learned on named traits, or not one of them is in the new frame, or it has
        no rows.
    ValueError
        When a trait is no number, or occurs twice, or a unit stands on two rows.
    """
    traits = _checked(traits)
    table, counts, points = _placed(clusterer, traits)
    enough = np.flatnonzero(_enough(clusterer, traits))
    points = points[enough]
    measured = _evenly(points, MOST_MEASURED)
    drift = drift_table(clusterer, counts, align_traits(clusterer, traits.iloc[enough[measured]]).to_numpy())
    strange = _strange_share(clusterer, table["novelty"].to_numpy()[enough])
    judged = enough[_evenly(points, MOST_STUDIED)]
    fitness = _fitness(clusterer, points[_evenly(points, MOST_STUDIED)], traits.iloc[judged])
    verdict, reasons = _verdict(clusterer, drift, strange, fitness, len(enough), traits.columns)
    return Reuse(table, verdict, reasons, drift, strange, fitness)


def _checked(traits: pd.DataFrame) -> pd.DataFrame:
    if len(traits) == 0:
        raise JourneykitError("the traits have no rows", remedy="give one row per unit")
    refuse_repeated_units(traits.index, "traits")
    traits = traits.copy(deep=False)
    traits.attrs = {}
    return traits


def _placed(clusterer: PersonaClusterer, traits: pd.DataFrame) -> tuple[pd.DataFrame, dict, np.ndarray]:
    """Return the table of all people, their counts per bin and their coordinates, in one pass of blocks."""
    parts, counts = [], {}
    for start in range(0, len(traits), MOST_AT_ONCE):
        aligned = align_traits(clusterer, traits.iloc[start : start + MOST_AT_ONCE])
        values = aligned.to_numpy()
        parts.append(clusterer.place(values))
        for name, seen in count_bins(clusterer, values[_enough(clusterer, aligned)]).items():
            counts[name] = counts.get(name, 0) + seen
    labels, confidence, novelty, points = (np.concatenate(part) for part in zip(*parts, strict=True))
    columns = {
        "persona": personas_of(labels, traits.index, clusterer.ids_),
        "persona_confidence": confidence,
        "novelty": novelty,
    }
    return pd.DataFrame(columns, index=traits.index), counts, points


def _enough(clusterer: PersonaClusterer, traits: pd.DataFrame) -> np.ndarray:
    if EVIDENCE not in traits:
        return np.ones(len(traits), bool)
    return (traits[EVIDENCE].astype(float) >= clusterer.min_contacts_).to_numpy(bool)


def _evenly(points: np.ndarray, most: int) -> np.ndarray:
    """Return positions of at most so many people, spread evenly along the first direction; in any order the same."""
    order = np.lexsort(points.T[:2][::-1]) if points.shape[1] else np.arange(len(points))
    return order if len(order) <= most else order[np.linspace(0, len(order) - 1, most).round().astype(int)]


def _strange_share(clusterer: PersonaClusterer, novelty: np.ndarray) -> float:
    return float((novelty > clusterer.usual_).mean()) if len(novelty) else 1.0


def _fitness(clusterer: PersonaClusterer, points: np.ndarray, traits: pd.DataFrame) -> float:
    if clusterer.k_ < 2 or len(points) < 2 * clusterer.k_:
        return float("nan")
    if clusterer.classes_ is not None:
        with threadpool_limits(1):
            return classes_fitness(
                clusterer.classes_, align_traits(clusterer, traits).to_numpy(), clusterer._names
            )
    anew = explained_by(points, group(points, clusterer.k_, 0, 3))
    return float(np.clip(explained_by(points, clusterer.centres_) / max(anew, 1e-9), 0.0, 1.0))


def _verdict(
    clusterer, drift: pd.DataFrame, strange: float, fitness: float, units: int, columns: pd.Index
) -> tuple[str, list[str]]:
    """Return the verdict and its reasons, heaviest first."""
    checks = [
        (2 if not clusterer.found_ else 0, "the data on which they were learned showed no personas"),
        *_trait_checks(clusterer, drift, columns),
    ]
    if units < LEAST_UNITS:
        checks.append((1, f"only {units} people have enough contacts to judge by"))
    else:
        checks += _people_checks(drift, strange, fitness)
    told = sorted((check for check in checks if check[0]), key=lambda check: -check[0])
    worst = told[0][0] if told else 0
    reasons = [reason for _, reason in told] or [
        "the traits are spread as they were, and the personas explain the people as they should"
    ]
    return ("reuse", "reuse with warning", "refit")[worst], reasons


def _trait_checks(clusterer, drift: pd.DataFrame, columns: pd.Index) -> list[tuple[int, str]]:
    """Return what holds of any number of people: absent traits, and traits in another unit."""
    counted = () if clusterer.classes_ is None else clusterer.classes_.columns.categories
    total = max(len(drift) + len(counted), 1)
    absent, outside = (list(drift.index[drift["state"] == state]) for state in ("absent", "range"))
    absent += [name for name in counted if name not in columns]
    near = renamed(absent, set(columns) - set(clusterer._names))
    guesses = "".join(
        f"; is {name!r} what the data call {found!r}?" for name, found in list(near.items())[:3]
    )
    checks = [
        (
            _weight(len(absent) / total, 0.0, MANY),
            f"{len(absent)} of {total} traits are absent{_some(absent)}{guesses}",
        ),
        (
            _weight(len(outside) / total, 0.0, MANY),
            f"{len(outside)} of {total} traits have values far outside what was seen when learning: "
            f"other unit?{_some([_measured(drift, name) for name in outside])}",
        ),
    ]
    if EVIDENCE in clusterer._names and EVIDENCE not in columns:
        checks.append((1, f"{EVIDENCE!r} is absent, so everybody counts as having enough contacts"))
    return checks


def _measured(drift: pd.DataFrame, name: str) -> str:
    moved, times = drift.loc[name, ["moved", "times"]]
    return f"{name}: median {moved:+.3g} standard deviations away, {times:.3g} times as wide"


def _people_checks(drift: pd.DataFrame, strange: float, fitness: float) -> list[tuple[int, str]]:
    total, shifted = max(len(drift), 1), list(drift.index[drift["state"] == "shifted"])
    return [
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


def _weight(share: float, few: float, many: float) -> int:
    return 2 if share > many else 1 if share > few else 0


def _some(names: list[str]) -> str:
    return f" ({', '.join(names[:3])}{' …' if len(names) > 3 else ''})" if names else ""
