"""Drift of signals: how those of another log are spread beside those that stages were learned on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from journeykit.features.drift import stability_index

__all__ = ["count_bins", "drift_table", "reference_bins"]

BINS = 10
SHIFTED = 0.25  # population stability index above which a signal has shifted
SELDOM = 0.02  # of the units have a value: too few to speak of a shift


def reference_bins(signals: pd.DataFrame) -> dict[str, dict[str, np.ndarray]]:
    """Return per signal the edges of its bins and the shares in them; the last share is of what is missing.

    The chain's posterior is left out: it is inferred, not measured.
    """
    kept = {}
    for name in signals.columns:
        if str(name).startswith(("chain.", "personas.")):
            continue
        values = signals[name].to_numpy(float)
        seen = values[np.isfinite(values)]
        inner = np.quantile(seen, np.linspace(0, 1, BINS + 1)[1:-1]) if len(seen) else np.empty(0)
        edges = np.unique(inner)
        counts = _counted(values, edges)
        kept[str(name)] = {"edges": edges, "shares": counts / max(counts.sum(), 1)}
    return kept


def count_bins(reference: Mapping[str, Any], signals: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return per signal of the reference how many rows fall in each of its bins; an absent one is all missing."""
    table = signals.reindex(columns=list(reference))
    return {name: _counted(table[name].to_numpy(float), known["edges"]) for name, known in reference.items()}


def drift_table(reference: Mapping[str, Any], counts: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return how far each signal has drifted.

    Returns
    -------
    DataFrame
        Indexed by ``signal``: ``psi`` (population stability index over ten bins and what is missing),
        ``observed_then`` and ``observed_now`` (shares of the units that have a value), ``state``: ``absent``
        when nobody has a value where more than 2 % had one, ``shifted`` (an index above 0.25, with an allowance
        for small numbers) or ``ok``.
    """
    rows = {name: _row(known["shares"], counts[name]) for name, known in reference.items()}
    columns = ["psi", "observed_then", "observed_now", "state"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("signal")


def _counted(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    seen = np.isfinite(values)
    bins = np.where(seen, np.searchsorted(edges, values, side="right"), len(edges) + 1)
    return np.bincount(bins, minlength=len(edges) + 2)


def _row(shares: np.ndarray, counts: np.ndarray) -> tuple[float, float, float, str]:
    total = max(int(counts.sum()), 1)
    index = stability_index(shares, counts / total)
    then, now = float(1 - shares[-1]), float(1 - counts[-1] / total)
    if now == 0 and then > SELDOM:
        return index, then, now, "absent"
    shifted = index > SHIFTED + 20 / total and max(then, now) > SELDOM
    return index, then, now, "shifted" if shifted else "ok"
