"""A candidate: a group that goes on less often than comparable others, and what that costs in a year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Candidate", "mean_and_error", "paid_after", "part_paid_soon", "time_weight", "worth_of_step"]


@dataclass(frozen=True)
class Candidate:
    """A group that may go on less often than comparable others who could have taken the step.

    Attributes
    ----------
    key
        The kind of finding.
    took, of
        How many of the group took the step, of those who could and were followed.
    other_took, other_of
        The same of the others.
    per_year
        How many of the group could take the step in a year.
    worth, worth_error
        What who takes the step brings more, and its standard error; null where no values are known.
    gap_error
        The standard error of the difference of the shares, where those counted are not independent.
    worth_p_value
        How probable such a worth, or a higher one, would be by chance.
    about
        What it is about: `persona, stage, channel, page`.
    numbers
        What its sentence says besides.
    units
        Who of the group did not take the step, to tell which candidates are about the same loss.
    follow_days
        How long it takes to see whether somebody takes the step.
    """

    key: str
    took: float
    of: float
    other_took: float
    other_of: float
    per_year: float
    worth: float
    worth_error: float
    gap_error: float
    about: Mapping[str, str | None] = field(default_factory=dict)
    numbers: Mapping[str, Any] = field(default_factory=dict)
    units: frozenset[str] = frozenset()
    follow_days: float = 90.0

    @property
    def rate(self) -> float:
        """The share of the group that takes the step."""
        return self.took / self.of

    @property
    def other_rate(self) -> float:
        """The share of the others that does."""
        return self.other_took / self.other_of

    @property
    def gap(self) -> float:
        """How much larger the share of the others is."""
        return self.other_rate - self.rate

    @property
    def p_value(self) -> float:
        """How probable it would be by chance that the step is as much behind and worth as much (one-sided).

        Both have to be so, hence the larger of the two (an intersection-union test: Berger, R. L. (1982).
        Multiparameter hypothesis testing and acceptance sampling. Technometrics 24).
        """
        behind = _above_nothing(self.gap, self.gap_error)
        return (
            max(behind, _above_nothing(self.worth, self.worth_error)) if np.isfinite(self.worth) else behind
        )


def _above_nothing(value: float, error: float) -> float:
    """Return the one-sided p-value that something is more than 0; without an error (a fixed price) it is known."""
    from scipy.stats import norm

    return float(norm.sf(value / error)) if error > 0 else float(not value > 0)


def paid_after(
    contacts: pd.DataFrame, since: pd.Series, *, including: bool = True, until_day: pd.Series | None = None
) -> pd.Series:
    """Return, per unit, what it paid from a place in its order on; 0 where it paid nothing.

    Parameters
    ----------
    contacts
        `unit_id, order, paid`.
    since
        Per `unit_id`, the order from which on payments count.
    including
        Whether the contact at that place counts.
    until_day
        Per `unit_id`, the last `day` that counts; all of them without it.
    """
    contacts = contacts[contacts["paid"].notna()]
    if since.empty or contacts.empty:  # a map of nothing is one of texts
        return pd.Series(0.0, index=since.index)
    place = contacts["unit_id"].map(since)
    later = contacts["order"] >= place if including else contacts["order"] > place
    if until_day is not None:
        later &= contacts["day"] <= contacts["unit_id"].map(until_day)
    sums = contacts[later].groupby("unit_id")["paid"].sum()
    return sums.reindex(since.index, fill_value=0.0)


def time_weight(days_left: pd.Series, follow_days: float, soon: float = 0.0) -> pd.Series:
    """Return how far each counts beside those who were followed, by the time that it had.

    What is paid soon (within the days of following) was paid by all who had that time; what is paid later comes with
    time, as it did to those who were followed on the mean.

    Parameters
    ----------
    days_left
        Days until the end of the data.
    follow_days
        From how many days on somebody was followed.
    soon
        Which part of what the followed paid they paid soon, 0 to 1.

    Examples
    --------
    >>> days = pd.Series([300.0, 100.0, 20.0])
    >>> time_weight(days, 90).tolist(), time_weight(days, 100, soon=1.0).tolist()
    ([1.0, 0.5, 0.1], [1.0, 1.0, 0.2])
    """
    mean = days_left[days_left >= follow_days].mean()
    if not mean > 0:
        return pd.Series(0.0, index=days_left.index)
    in_time = (days_left / mean).clip(upper=1.0)
    return soon * (days_left / follow_days).clip(upper=1.0) + (1 - soon) * in_time


def part_paid_soon(paid: pd.Series, paid_soon: pd.Series) -> float:
    """Return which part of what was paid was paid soon; all of it where nothing was paid."""
    total = float(paid.sum())
    return min(max(float(paid_soon.sum()) / total, 0.0), 1.0) if total > 0 else 1.0


def mean_and_error(values: pd.Series) -> tuple[float, float]:
    """Return a mean and its standard error; null of fewer than two."""
    n = len(values)
    return (float(values.mean()), float(values.std(ddof=1) / n**0.5)) if n > 1 else (np.nan, np.nan)


def worth_of_step(paid: pd.Series, took: pd.Series, least: int = 10) -> tuple[float, float]:
    """Return what those who took a step paid more than those who did not, and its standard error.

    Null where fewer than `least` took it. Where hardly anybody did not, nothing is taken off.

    Examples
    --------
    >>> worth, error = worth_of_step(pd.Series([90.0, 110.0] * 10 + [0.0] * 20), pd.Series([True] * 20 + [False] * 20))
    >>> worth, round(error, 2)
    (100.0, 2.29)
    """
    took = took.astype(bool)
    if took.sum() < least:
        return np.nan, np.nan
    mean, error = mean_and_error(paid[took])
    if (~took).sum() < 2:
        return mean, error
    other, other_error = mean_and_error(paid[~took])
    return mean - other, float(np.hypot(error, other_error))
