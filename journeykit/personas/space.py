"""The space of traits: standardised, gaps filled, turned so that what stays within a person counts most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

__all__ = ["TraitSpace", "fit_space"]

HUGE = 1e150  # a standard deviation that can still be squared
BOUND = 4.0  # robust standard deviations: an outlier counts as this far and no farther


@dataclass
class TraitSpace:
    """Where a person stands, as coordinates in a few directions.

    Attributes
    ----------
    kept : array of int
        Positions of the traits that are used.
    centre, scale : array
        Median and robust standard deviation of each used trait.
    mean : array
        Mean of the standardised traits, taken off before turning.
    directions : array, used traits x directions
    weights : array
        Between-person over within-person variance of each direction (largest first).
    """

    kept: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    mean: np.ndarray
    directions: np.ndarray
    weights: np.ndarray

    def standardise(self, values: np.ndarray) -> np.ndarray:
        """Return the used traits in robust standard deviations; a gap stays a gap."""
        standard = values[:, self.kept] - self.centre
        standard /= self.scale
        return np.clip(standard, -BOUND, BOUND, out=standard)

    def project(self, values: np.ndarray) -> np.ndarray:
        """Return coordinates, rows x directions. A gap stands at the mean, so it moves nobody in any direction."""
        filled = self.standardise(values)
        filled -= self.mean
        filled[np.isnan(filled)] = 0.0
        return filled @ self.directions


def fit_space(values: np.ndarray, within: np.ndarray | None, n_directions: int, ridge: float) -> TraitSpace:
    """Find the directions in which people differ most for what varies within a person.

    Solves T v = λ (W + r I) v for the total covariance T and the within-person covariance W of the
    standardised traits; r is the ridge times the mean variance in W. Without W the directions are those
    of the largest total variance.

    Parameters
    ----------
    values
        Rows x traits, with gaps.
    within
        Within-person covariance of the traits, in their own units, or None.
    n_directions
        Most directions that are kept.
    ridge
        How much a direction with little within-person variance is distrusted.
    """
    kept = usable_columns(values)
    centre, scale = robust_scale(values[:, kept])
    space = TraitSpace(kept, centre, scale, np.zeros(len(kept)), np.empty((len(kept), 0)), np.empty(0))
    standard = space.standardise(values)
    if len(kept) == 0:
        return space
    space.mean = np.nanmean(standard, axis=0)
    filled = np.nan_to_num(standard - space.mean, nan=0.0)
    total = filled.T @ filled / len(filled)
    noise = None if within is None else within[np.ix_(kept, kept)] / np.outer(scale, scale)
    space.weights, space.directions = _turned(total, noise, n_directions, ridge)
    return space


def _turned(total: np.ndarray, noise: np.ndarray | None, n_directions: int, ridge: float):
    if noise is None:
        weights, directions = eigh(total)
    else:
        lowest, axes = np.linalg.eigh((noise + noise.T) / 2)
        noise = (axes * np.clip(lowest, 0.0, None)) @ axes.T
        level = max(float(np.trace(noise)) / len(noise), 1e-6)
        weights, directions = eigh(total, noise + max(ridge, 1e-6) * level * np.eye(len(noise)))
    best = np.argsort(-weights, kind="stable")[:n_directions]
    weights, directions = weights[best], directions[:, best]
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    return weights, directions * np.where(signs == 0, 1.0, signs)


def usable_columns(values: np.ndarray) -> np.ndarray:
    """Return the positions of columns that vary and do not repeat an earlier one."""
    seen: dict[bytes, int] = {}
    for place in range(values.shape[1]):
        column = values[:, place]
        observed = column[np.isfinite(column)]
        if len(observed) and np.ptp(observed) > 1e-12 * max(1.0, float(np.abs(observed).max())):
            seen.setdefault(np.round(np.clip(column, -HUGE, HUGE), 12).tobytes(), place)
    return np.array(sorted(seen.values()), dtype=int)


def robust_scale(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return median and robust standard deviation.

    Where nearly everybody has the same value, the standard deviation of all but the outermost 2 % at each
    end stands in for it, and that of all where these too are equal.
    """
    if values.shape[1] == 0:
        return np.empty(0), np.empty(0)
    edge = min(25.0, max(2.0, 150 / len(values)))  # of few rows, at least the outermost one at each end
    least, low, centre, high, most = np.nanpercentile(values, [edge, 25, 50, 75, 100 - edge], axis=0)
    with np.errstate(over="ignore"):
        robust, plain = (high - low) / 1.349, np.minimum(np.nanstd(values, axis=0), HUGE)
    trimmed = np.nanstd(np.clip(values, least, most), axis=0)
    spread = np.where(robust > 0.1 * trimmed, robust, trimmed)
    return centre, np.where(spread > 0, spread, plain)
