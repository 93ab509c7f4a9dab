"""What each channel contributed to moving on: Markov removal, Shapley and last touch.

All three describe which channels customers who moved on had met. None of them shows what a channel causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

__all__ = ["attribute_paths", "markov_removal", "removal_effects", "shapley_values", "to_shares"]


def removal_effects(moves: np.ndarray, worth: np.ndarray | None = None) -> np.ndarray:
    """Return the share of conversions, or of what they are worth, that is lost without each channel, by exact algebra.

    Parameters
    ----------
    moves : numpy.ndarray, shape (..., channels + 1, channels + 2)
        Counts of first-order moves. Rows: the start, then the channels. Columns: the channels, then
        *moved on*, then *gone*. Leading axes are separate chains (bootstrap draws).
    worth : numpy.ndarray, shape (..., channels + 1), optional
        What all who moved on from the start, and from each channel, are worth; without it each counts as 1.

    Returns
    -------
    numpy.ndarray, shape (..., channels)
        Removal effects between 0 and 1; null when nobody moves on.

    Notes
    -----
    Removing channel *c* sends whoever reaches it away. With the fundamental matrix N of the absorbing chain
    and h the probability to move on, what is lost is P(visit c) h(c) = N[start, c] / N[c, c] h(c).
    Anderl, E. et al. (2016). Mapping the customer journey. Int. J. of Research in Marketing 33.
    """
    moves = np.asarray(moves, dtype=float)
    totals = moves.sum(axis=-1, keepdims=True)
    shares = np.divide(moves, totals, out=np.zeros_like(moves), where=totals > 0)
    channels = moves.shape[-2] - 1
    between, start = shares[..., 1:, :channels], shares[..., 0, :channels]
    if worth is not None:  # the chance to move on becomes what is expected of it
        gained = np.divide(worth[..., None], totals, out=np.zeros_like(totals), where=totals > 0)[..., 0]
    else:
        gained = shares[..., channels]
    wins, direct = gained[..., 1:], gained[..., 0]
    fundamental = np.linalg.inv(np.eye(channels) - between) if channels else between
    hits = (fundamental @ wins[..., None])[..., 0]
    visits = (start[..., None, :] @ fundamental)[..., 0, :]
    diagonal = np.maximum(np.diagonal(fundamental, axis1=-2, axis2=-1), 1.0)
    converted = (start * hits).sum(axis=-1) + direct
    lost = visits / diagonal * hits
    safe = np.where(converted > 0, converted, np.nan)[..., None]
    return np.clip(lost / safe, 0, 1)


def to_shares(effects: np.ndarray) -> np.ndarray:
    """Return contributions as shares that sum to 1 over the channels (null when all are 0)."""
    total = effects.sum(axis=-1, keepdims=True)
    return effects / np.where(total > 0, total, np.nan)


def markov_removal(paths: Iterable[tuple[Sequence[str], bool, int]]) -> dict[str, float]:
    """Return each channel's Markov share over paths given as (channels, moved on, how many).

    Examples
    --------
    The textbook example:

    >>> paths = [(("c1", "c2", "c3"), True, 1), (("c1",), False, 1), (("c2", "c3"), False, 1)]
    >>> {channel: round(share, 3) for channel, share in markov_removal(paths).items()}
    {'c1': 0.2, 'c2': 0.4, 'c3': 0.4}
    """
    paths = list(paths)
    channels = sorted({channel for path, _, _ in paths for channel in path})
    moves = count_moves(paths, channels)
    return dict(zip(channels, to_shares(removal_effects(moves)).tolist(), strict=True))


def count_moves(paths: Iterable[tuple[Sequence[str], bool, int]], channels: Sequence[str]) -> np.ndarray:
    """Return the matrix of first-order moves of paths, shape (channels + 1, channels + 2)."""
    place = {channel: number for number, channel in enumerate(channels)}
    moves = np.zeros((len(channels) + 1, len(channels) + 2))
    for path, converted, count in paths:
        at = 0
        for channel in path:
            moves[at, place[channel]] += count
            at = place[channel] + 1
        moves[at, len(channels) + (0 if converted else 1)] += count
    return moves


def shapley_values(sets: Mapping[frozenset[str], float]) -> dict[str, float]:
    """Return Shapley shares from the number of customers who moved on per set of channels met.

    The worth of a coalition is the number of customers who moved on having met no other channels; its
    Shapley value divides each customer equally over the channels met.

    Notes
    -----
    Zhao, K., Mahboobi, S. H. & Bagheri, S. R. (2018). Shapley value methods for attribution modeling in
    online advertising. arXiv:1804.05327.

    Examples
    --------
    >>> shapley_values({frozenset({"email"}): 2, frozenset({"email", "search"}): 2})
    {'email': 0.75, 'search': 0.25}
    """
    credit: dict[str, float] = {}
    for channels, count in sets.items():
        for channel in channels:
            credit[channel] = credit.get(channel, 0.0) + count / len(channels)
    total = sum(credit.values())
    return {channel: credit[channel] / total for channel in sorted(credit)} if total else {}


def attribute_paths(moves: np.ndarray, random_state: int = 0, draws: int = 200) -> dict[str, np.ndarray]:
    """Return Markov shares with bootstrap intervals from moves counted in random groups of customers.

    Parameters
    ----------
    moves : numpy.ndarray, shape (groups, channels + 1, channels + 2)
        Moves per random group of customers (many groups of few customers).
    draws
        Number of times that the groups are drawn with replacement.

    Returns
    -------
    dict
        `share`, `low`, `high`: arrays of one number per channel.
    """
    share = to_shares(removal_effects(moves.sum(axis=0)))
    random = np.random.default_rng(random_state)
    weights = random.multinomial(len(moves), np.full(len(moves), 1 / len(moves)), size=draws).astype(float)
    drawn = np.tensordot(weights, moves, axes=1)
    drawn_shares = to_shares(removal_effects(drawn))
    drawn_shares = drawn_shares[np.isfinite(drawn_shares).all(axis=1)]
    if len(drawn_shares) < 20:
        return {"share": share, "low": np.full_like(share, np.nan), "high": np.full_like(share, np.nan)}
    low, high = np.quantile(drawn_shares, [0.025, 0.975], axis=0)
    return {"share": share, "low": low, "high": high}
