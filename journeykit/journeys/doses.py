"""Doses: how much of their contact came through each channel, for who moved on and for who left for good."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

__all__ = ["DOSE_COLUMNS", "compare_doses", "count_doses"]

DOSE_COLUMNS = ["used_moved", "used_gone", "lead", "p_value"]
LEAST = 30  # units that met a channel, moved on and left, before a test of the shares can be trusted


def count_doses(path: Any) -> pd.DataFrame:
    """Return each unit's contact in a stage, divided over touchpoints and channels, summed by random group of units.

    Parameters
    ----------
    path : ibis.Table
        Contacts on the way through a stage: `unit_id, persona, stage_at, bucket, touchpoint, channel, won, weight`.

    Returns
    -------
    pandas.DataFrame
        `persona, stage_at, bucket, touchpoint, channel, touches, moved, gone`. Each unit weighs 1, divided over its
        contacts: `moved` sums it over who moved on, `gone` over who left, by the probability that they did.
    """
    whole = path.count().over(ibis.window(group_by=["unit", "stage_at"]))
    path = path.mutate(part=1.0 / whole)
    path = path.mutate(moved=path.part * path.won, gone=path.part * path.weight * (1 - path.won))
    keys = ["persona", "stage_at", "bucket", "touchpoint", "channel"]
    return (
        path.group_by(keys)
        .aggregate(touches=path.count(), moved=path.moved.sum(), gone=path.gone.sum())
        .execute()
    )


def compare_doses(doses: pd.DataFrame, met: pd.Series, min_group: int) -> pd.DataFrame:
    """Compare the share of contact through each channel between who moved on from a stage and who left for good.

    What somebody does decides for a good part through which channel (a store visit is in a store), and who is about to
    move on does other things. So a unit's share is held against the share that its touchpoints would give anyone:
    the difference of the differences is `lead`.

    Parameters
    ----------
    doses
        The rows of one persona and stage (`count_doses`).
    met
        Units that met each channel; of fewer than 30, and where fewer than 30 moved on or left, there is no `p_value`.
    min_group
        Fewer who moved on, or left, are not compared.

    Returns
    -------
    pandas.DataFrame
        By channel: `used_moved, used_gone` (mean share of the contacts), `lead` (their difference beyond what the
        touchpoints explain) and `p_value` (two-sided). Null where too few.

    Notes
    -----
    A score test: the standard error is that of no difference, from how much random groups of units vary that hold who
    moved on and who left together. Estimated for each side apart it is too small where, by chance, few on one side
    used a channel: Agresti, A. & Coull, B. (1998). Approximate is better than "exact". American Statistician 52.

    Examples
    --------
    >>> doses = pd.DataFrame({"bucket": [0, 0, 1, 1] * 2, "channel": ["email", "web"] * 4, "touchpoint": "search",
    ...                       "touches": 9, "moved": [6.0, 4, 7, 3] * 2, "gone": [3.0, 7, 2, 8] * 2})
    >>> float(compare_doses(doses, pd.Series({"email": 99, "web": 99}), 10).round(2).loc["email", "lead"])
    0.4
    """
    from scipy.stats import t

    channels = list(met.index)
    moved, gone, touches = (_cube(doses, name, channels) for name in ("moved", "gone", "touches"))
    table = pd.DataFrame(np.nan, index=channels, columns=DOSE_COLUMNS)
    if min(moved.sum(), gone.sum()) < min_group:
        return table
    usual = touches.sum(axis=0)
    usual = usual / np.maximum(usual.sum(axis=1, keepdims=True), 1.0)
    parts = [_excess(part, usual) for part in (moved, gone)]
    table["used_moved"], table["used_gone"] = (part.sum(axis=(0, 1)) / part.sum() for part in (moved, gone))
    table["lead"] = _means(parts, slice(None))
    spread, groups = _spread(parts)
    z = np.divide(table["lead"], spread, out=np.full(len(channels), np.nan), where=spread > 1e-12)
    table["p_value"] = 2 * t.sf(np.abs(z), max(groups - 1, 1))
    few = min(moved.sum(), gone.sum()) < LEAST
    table.loc[(met.to_numpy(float) < max(min_group, LEAST)) | few, "p_value"] = np.nan
    return table


def _cube(doses: pd.DataFrame, column: str, channels: list[str]) -> np.ndarray:
    """Return a column as groups of units x touchpoints x channels."""
    buckets, touchpoints = pd.factorize(doses["bucket"])[0], pd.factorize(doses["touchpoint"])[0]
    places = doses["channel"].map({channel: at for at, channel in enumerate(channels)}).to_numpy(int)
    cube = np.zeros((buckets.max() + 1, touchpoints.max() + 1, len(channels)))
    np.add.at(cube, (buckets, touchpoints, places), doses[column].to_numpy(float))
    return cube


def _excess(part: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, per group of units, the contact through each channel beyond what the touchpoints give, and the units."""
    by_touchpoint = part.sum(axis=2)
    return part.sum(axis=1) - by_touchpoint @ usual, by_touchpoint.sum(axis=1)


def _spread(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, int]:
    """Return the standard error per channel were there no difference, and how many groups of units it rests on."""
    (moved, n_moved), (gone, n_gone) = parts
    excess, units = moved + gone, n_moved + n_gone
    excess, units = excess[units > 0], units[units > 0]
    mean = excess.sum(axis=0) / units.sum()
    variance = ((excess - units[:, None] * mean) ** 2 / units[:, None]).sum(axis=0) / max(len(units) - 1, 1)
    return np.sqrt(variance * (1 / max(n_moved.sum(), 1e-12) + 1 / max(n_gone.sum(), 1e-12))), len(units)


def _means(parts: list[tuple[np.ndarray, np.ndarray]], groups: Any) -> np.ndarray:
    moved, gone = (excess[groups].sum(axis=0) / max(units[groups].sum(), 1e-12) for excess, units in parts)
    return moved - gone
