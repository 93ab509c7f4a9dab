"""Posterior: parameters that fit, and draws of those that could be, from any likelihood of a few parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

__all__ = ["Fitted", "Prior", "draw_parameters", "fit_parameters"]

STEP = 1e-3  # of the differences from which the curvature is reckoned
FREEDOM = 5  # degrees of freedom of the proposals: their tails are longer than the posterior's
PROPOSALS = 2  # per draw that is wanted
FURTHEST = 12.0  # from the prior's middle, in its standard deviations


class Prior(NamedTuple):
    """A normal distribution of each parameter on its log scale."""

    middle: np.ndarray
    spread: float


class Fitted(NamedTuple):
    """The likeliest parameters, on the log scale, and the curvature of the log posterior there."""

    logs: np.ndarray
    information: np.ndarray


LogLikelihood = Callable[[np.ndarray], np.ndarray]  # of logs (k,) or (k, draws, 1): (n,) or (draws, n)


def fit_parameters(likelihood: LogLikelihood, prior: Prior) -> Fitted:
    """Return the parameters at which likelihood times prior is highest.

    Parameters
    ----------
    likelihood
        Each customer's log-likelihood at the logs of the parameters.
    prior
        What is held of them before; it keeps a direction about which the data say nothing in reach.

    Examples
    --------
    >>> counts = np.array([2.0, 4.0, 3.0])
    >>> poisson = lambda logs: counts * logs[0] - np.exp(logs[0])
    >>> found = fit_parameters(poisson, Prior(np.zeros(1), 100.0))
    >>> round(float(np.exp(found.logs[0])), 3), round(float(found.information[0, 0]), 1)
    (3.0, 9.0)
    """

    def loss(logs: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            value = -float(likelihood(logs).sum()) + 0.5 * float(
                (((logs - prior.middle) / prior.spread) ** 2).sum()
            )
        return value if np.isfinite(value) else 1e300

    reach = FURTHEST * prior.spread
    bounds = [(middle - reach, middle + reach) for middle in prior.middle]
    best = minimize(loss, prior.middle, method="L-BFGS-B", bounds=bounds)
    return Fitted(best.x, _curvature(loss, best.x))


def _curvature(loss: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    """Return the matrix of second derivatives, by differences, made positive where it is not."""
    size = len(at)
    steps = np.eye(size) * STEP
    found = np.empty((size, size))
    for i in range(size):
        for j in range(i, size):
            ends = [loss(at + one * steps[i] + other * steps[j]) for one in (1, -1) for other in (1, -1)]
            found[i, j] = found[j, i] = (ends[0] - ends[1] - ends[2] + ends[3]) / (4 * STEP * STEP)
    values, vectors = np.linalg.eigh(found)
    least = max(values.max(), 1.0) * 1e-6
    return (vectors * np.maximum(values, least)) @ vectors.T


def draw_parameters(
    likelihood: LogLikelihood,
    prior: Prior,
    fitted: Fitted,
    draws: int,
    random: np.random.Generator,
    weight: float = 1.0,
) -> np.ndarray:
    """Return draws of the parameters from their posterior, by sampling and importance resampling.

    Proposals come from a Student distribution with the curvature at the fit; those that the data and the prior make
    likelier are taken more often.

    Parameters
    ----------
    weight
        For how many customers each stands, where the likelihood is that of a sample.

    Returns
    -------
    numpy.ndarray, shape (draws, parameters)
        On the natural scale.

    Notes
    -----
    Rubin, D. B. (1988). Using the SIR algorithm to simulate posterior distributions. Bayesian Statistics 3.
    """
    size, count = len(fitted.logs), PROPOSALS * draws
    normal = random.standard_normal((count, size))
    stretched = normal / np.sqrt(random.chisquare(FREEDOM, count) / FREEDOM)[:, None]
    root = np.linalg.cholesky(np.linalg.inv(fitted.information))
    logs = fitted.logs + stretched @ root.T
    away = ((logs - prior.middle) / prior.spread) ** 2
    reached = (away < FURTHEST**2).all(axis=1)
    proposed = -0.5 * (FREEDOM + size) * np.log1p((stretched**2).sum(axis=1) / FREEDOM)
    wanted = np.full(count, -np.inf)
    for part in np.array_split(np.flatnonzero(reached), max(1, count // 50)):
        with np.errstate(all="ignore"):
            wanted[part] = weight * likelihood(logs[part].T[:, :, None]).sum(axis=-1)
    wanted -= 0.5 * away.sum(axis=1)
    score = np.where(np.isfinite(wanted), wanted - proposed, -np.inf)
    chances = np.exp(score - score.max())
    return np.exp(logs[random.choice(count, draws, p=chances / chances.sum())])
