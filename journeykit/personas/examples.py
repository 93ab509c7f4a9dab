"""Examples: the customers who stand for a persona, and those at its edge; and a map with everybody on it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from .clusterer import EVIDENCE, PersonaClusterer
from .describing import align_traits, personas_of

__all__ = ["draw_map", "pick_examples"]

MOST_DRAWN = 2000  # customers on the map


def pick_examples(
    clusterer: PersonaClusterer,
    traits: pd.DataFrame,
    *,
    typical: int = 3,
    edge: int = 2,
    min_group: int = 10,
) -> pd.DataFrame:
    """Pick the customers closest to the middle of each persona, and those who nearly belong to another.

    Parameters
    ----------
    clusterer
        A fitted clusterer.
    traits
        The trait frame from which is picked, indexed by ``unit_id``.
    typical, edge
        How many of each.
    min_group
        No examples are given of a smaller persona.

    Returns
    -------
    DataFrame
        ``persona, unit_id, role`` (``typical``, ``edge``), ``probability`` (of the persona), ``second`` (the next
        probable persona; missing where there is one persona) and ``second_probability``. Typical customers are
        those nearest the centre of whom at least the usual number of contacts is known.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> people = pd.DataFrame(np.vstack([rng.normal(0, 1, (60, 3)), rng.normal(6, 1, (40, 3))]), columns=list("abc"))
    >>> clusterer = PersonaClusterer(n_bootstrap=5, n_null=9).fit(people)
    >>> pick_examples(clusterer, people, typical=1, edge=1)[["persona", "role"]].to_numpy().tolist()
    [['p1', 'typical'], ['p1', 'edge'], ['p2', 'typical'], ['p2', 'edge']]
    """
    aligned = align_traits(clusterer, traits)
    persona = personas_of(clusterer.predict(aligned), traits.index, clusterer.ids_)
    chances = clusterer.predict_proba(aligned)
    points = clusterer.transform(aligned)
    known = aligned[EVIDENCE].to_numpy() if EVIDENCE in aligned else np.ones(len(aligned))
    rows = []
    for place, name in enumerate(clusterer.certificate_.index):
        members = np.flatnonzero((persona == name).to_numpy())
        if len(members) < max(min_group, 1):
            continue
        away = ((points[members] - clusterer.centres_[place]) ** 2).sum(axis=1)
        chosen = _chosen(members, away, chances[members, place], known[members], typical, edge)
        rows += [_row(clusterer, traits.index, chances, place, *one) for one in chosen]
    columns = ["persona", "unit_id", "role", "probability", "second", "second_probability"]
    return pd.DataFrame(rows, columns=columns)


def _chosen(
    members: np.ndarray, away: np.ndarray, sure: np.ndarray, known: np.ndarray, typical: int, edge: int
) -> Iterator[tuple[int, str]]:
    usual = known >= np.median(known)
    nearest = np.lexsort([away, ~usual])[:typical]
    yield from ((int(members[place]), "typical") for place in nearest)
    doubtful = [place for place in np.argsort(sure, kind="stable") if place not in set(nearest)]
    yield from ((int(members[place]), "edge") for place in doubtful[:edge])


def _row(clusterer, index: pd.Index, chances: np.ndarray, place: int, unit: int, role: str) -> dict:
    names = clusterer.certificate_.index
    others = np.delete(np.arange(len(names)), place)
    second = others[chances[unit, others].argmax()] if len(others) else None
    return {
        "persona": names[place],
        "unit_id": index[unit],
        "role": role,
        "probability": float(chances[unit, place]),
        "second": None if second is None else names[second],
        "second_probability": float("nan") if second is None else float(chances[unit, second]),
    }


def draw_map(
    clusterer: PersonaClusterer, traits: pd.DataFrame, *, most: int = MOST_DRAWN, random_state: int = 0
) -> pd.DataFrame:
    """Lay out everybody in two dimensions, such that the personas lie as far apart as two dimensions allow.

    The first axes are the principal components of the centres of the personas; what is left of two is filled by
    the principal components of the people within them. Distances on the map are those of the trait space, seen
    from one side: personas that overlap here may still differ in a third direction.

    Parameters
    ----------
    clusterer
        A fitted clusterer.
    traits
        The trait frame, indexed by ``unit_id``.
    most
        A sample of this size is laid out when there are more.

    Returns
    -------
    DataFrame
        Indexed by unit: ``x, y`` (standard deviations within a persona), ``persona`` (missing: unassigned) and
        ``persona_confidence``; ``attrs["centres"]`` has ``persona, x, y``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> people = pd.DataFrame(np.vstack([rng.normal(0, 1, (60, 3)), rng.normal(6, 1, (40, 3))]), columns=list("abc"))
    >>> clusterer = PersonaClusterer(n_bootstrap=5, n_null=9).fit(people)
    >>> drawn = draw_map(clusterer, people)
    >>> drawn.groupby("persona")["x"].mean().diff().abs().round().iloc[-1] > 2
    np.True_
    """
    aligned = align_traits(clusterer, traits)
    if len(aligned) > most:
        chosen = np.sort(np.random.default_rng(random_state).permutation(len(aligned))[:most])
        aligned = aligned.iloc[chosen]
    points = clusterer.transform(aligned)
    axes, middle = _axes(clusterer, points)
    spread = float(np.sqrt(clusterer._groups.variance))
    places = (points - middle) @ axes / spread
    persona = personas_of(clusterer.predict(aligned), aligned.index, clusterer.ids_)
    sure = clusterer.predict_proba(aligned).max(axis=1, initial=0.0)
    drawn = pd.DataFrame(
        {"x": places[:, 0], "y": places[:, 1], "persona": persona, "persona_confidence": sure},
        index=aligned.index,
    )
    centres = (clusterer.centres_ - middle) @ axes / spread
    drawn.attrs["centres"] = {
        "persona": list(clusterer.certificate_.index), "x": centres[:, 0].tolist(), "y": centres[:, 1].tolist()
    }  # fmt: skip
    return drawn


def _axes(clusterer: PersonaClusterer, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two axes, directions x 2, and the point that lies at the origin of the map."""
    centres = clusterer.centres_
    middle = centres.mean(axis=0)
    between = np.linalg.svd(centres - middle, full_matrices=False)
    axes = between[2][: min(2, len(centres) - 1)]
    rest = points - middle
    rest = rest - rest @ axes.T @ axes
    within = np.linalg.svd(rest, full_matrices=False)[2] if rest.size else np.zeros((0, centres.shape[1]))
    axes = np.vstack([axes, within])[:2]
    padded = np.zeros((2, centres.shape[1]))
    padded[: len(axes)] = axes
    signs = np.sign(padded[np.arange(2), np.abs(padded).argmax(axis=1)]) if padded.size else np.ones(2)
    return (padded * np.where(signs == 0, 1.0, signs)[:, None]).T, middle
