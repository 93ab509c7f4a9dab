"""Grouping: whether customers buy alike, or apart by where they came in or by persona; months held out tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from journeykit.forecasts import buying
from journeykit.forecasts.posterior import Fitted, Prior

__all__ = [
    "GROUPINGS",
    "HeldOut",
    "Models",
    "choose_groupings",
    "draw_models",
    "group_of",
    "hold_out",
    "missed",
]

GROUPINGS = {"all": (), "channel": ("channel",), "persona": ("persona",), "both": ("channel", "persona")}
PART, LONGEST_DAYS = 1 / 3, 365.0  # of the time that is seen, held out
CHECKED = (1 / 4, PART, 1 / 2)  # parts on which sums are held against what came
FEWEST = 100  # customers who had bought before the months held out, or bought in them
LARGEST = 5_000  # customers on whom a grouping is judged: of more, a sample


class HeldOut(NamedTuple):
    """The customers as they were before the last months, and what they bought in them."""

    history: pd.DataFrame
    groups: pd.DataFrame  # ``channel`` and ``persona`` as they were known then
    later: pd.DataFrame  # ``purchases``, ``paid``, ``spent``
    days: float


class Models(NamedTuple):
    """Likeliest parameters of everybody and of each group of a grouping."""

    grouping: str
    everyone: Fitted
    prior: Prior
    of: dict[str, Fitted]


def group_of(groups: pd.DataFrame, grouping: str) -> pd.Series:
    """Return the group of each customer in a grouping; who misses what it needs is in none (an empty text)."""
    columns = list(GROUPINGS[grouping])
    if not columns:
        return pd.Series("", groups.index)
    known = groups[columns].notna().all(axis=1)
    named = groups[columns[0]].astype("str")
    for column in columns[1:]:
        named = named + " | " + groups[column].astype("str")
    return named.where(known, "")


def hold_out(
    sales: pd.DataFrame,
    moment: pd.Timestamp,
    timezone: str,
    groups_at: Callable[[pd.Timestamp], pd.DataFrame],
    part: float = PART,
) -> HeldOut | None:
    """Return customers as they were before the last months, and what they bought then; None where too few did.

    Held out is a part of the time that is seen, at most a year.
    """
    seen = (moment - sales["timestamp"].min()) / pd.Timedelta(days=1)
    start = moment - pd.Timedelta(days=min(part * seen, LONGEST_DAYS))
    history = buying.tell_history(sales, start, timezone)
    after = sales[sales["timestamp"] > start]
    later = buying.tell_history(after, moment, timezone).reindex(history.index)
    bought = later["x"].notna()
    if len(history) < FEWEST or bought.sum() < FEWEST:
        return None
    told = pd.DataFrame(
        {
            "purchases": (later["x"] + 1).fillna(0.0),
            "paid": later["paid"].fillna(0.0),
            "spent": later["spent"].fillna(0.0),
        }
    )
    days = (moment - start) / pd.Timedelta(days=1)
    return HeldOut(history, groups_at(start).reindex(history.index), told, days)


Fit = Callable[[pd.DataFrame, Prior], Fitted]


def fit_models(history: pd.DataFrame, groups: pd.DataFrame, grouping: str, fit: Fit, prior: Prior) -> Models:
    """Fit everybody, and each group of a grouping drawn to everybody."""
    everyone = fit(history, prior)
    alike = Prior(everyone.logs, buying.ALIKE)
    place = group_of(groups, grouping)
    of = {str(name): fit(history.loc[own.index], alike) for name, own in place.groupby(place) if name}
    return Models(grouping, everyone, prior, of)


def choose_groupings(held: HeldOut | None) -> tuple[str, str]:
    """Return the groupings in which how often, and how much, is foretold best for the months held out.

    The one is taken that foretells best: purchases by Poisson deviance, money by the density of what was paid. Groups
    are drawn to everybody, so that one that is told apart for nothing costs little; one that is not is foretold
    as everybody, which no interval allows for.
    """
    if held is None:
        return "all", "all"
    chosen = (
        held.history.index
        if len(held.history) <= LARGEST
        else held.history.sample(LARGEST, random_state=0).index
    )
    held = held._replace(
        history=held.history.loc[chosen], groups=held.groups.loc[chosen], later=held.later.loc[chosen]
    )
    often = _best(held, buying.fit_buying, buying.buying_prior(held.history), _frequency_score)
    paid = held.later["paid"] > 0
    if not (held.history["paid"] > 0).any() or paid.sum() < FEWEST:
        return often, "all"
    return often, _best(held, buying.fit_spending, buying.spending_prior(held.history), _spending_score)


def _best(held: HeldOut, fit: Fit, prior: Prior, score) -> str:
    scores = {
        name: score(held, fit_models(held.history, held.groups, name, fit, prior))
        for name in GROUPINGS
        if name == "all" or _several(held.groups, name)
    }
    gains = {name: float((scores[name] - scores["all"]).mean()) for name in scores}
    return max(gains, key=lambda name: gains[name])  # a tie goes to the first, which is everybody


def _several(groups: pd.DataFrame, grouping: str) -> bool:
    """Return whether a grouping tells anybody apart, in each of its columns."""
    return all(groups[column].nunique() > 1 for column in GROUPINGS[grouping])


def _frequency_score(held: HeldOut, models: Models) -> np.ndarray:
    expected = pd.Series(0.0, held.history.index)
    place = group_of(held.groups, models.grouping)
    for name, own in place.groupby(place):
        fitted = models.of.get(str(name), models.everyone)
        expected[own.index] = buying.expected_purchases(fitted.logs, held.history.loc[own.index], held.days)
    mean, count = np.maximum(expected.to_numpy(), 1e-9), held.later["purchases"].to_numpy()
    return count * np.log(mean) - mean


def _spending_score(held: HeldOut, models: Models) -> np.ndarray:
    paid = held.later[held.later["paid"] > 0]
    score = pd.Series(0.0, paid.index)
    place = group_of(held.groups.loc[paid.index], models.grouping)
    for name, own in place.groupby(place):
        logs, mine = models.of.get(str(name), models.everyone).logs, paid.loc[own.index]
        before = held.history.loc[own.index]
        score[own.index] = buying.predict_spending(
            logs, before, mine["paid"].to_numpy(), mine["spent"].to_numpy()
        )
    return score.to_numpy()


def draw_models(
    history: pd.DataFrame,
    groups: pd.DataFrame,
    grouping: str,
    kind: str,
    draws: int,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return draws of the parameters of each group, and the place of each customer's group among them.

    Parameters
    ----------
    kind
        ``buying`` or ``spending``.

    Returns
    -------
    parameters, place
        Shapes (parameters, groups, draws) and (customers,).
    """
    fit, draw = getattr(buying, f"fit_{kind}"), getattr(buying, f"draw_{kind}")
    models = fit_models(history, groups, grouping, fit, getattr(buying, f"{kind}_prior")(history))
    place = group_of(groups, grouping)
    names = sorted(place.unique())
    drawn = []
    for name in names:
        known = name in models.of
        mine = history.loc[place.index[place == name]] if known else history
        prior = Prior(models.everyone.logs, buying.ALIKE) if known else models.prior
        drawn.append(draw(mine, prior, models.of.get(name, models.everyone), draws, random).T)
    return np.stack(drawn, axis=1), place.map({name: at for at, name in enumerate(names)}).to_numpy()


def missed(
    helds: list[HeldOut | None], grouping: str, random: np.random.Generator
) -> tuple[float, float | None]:
    """Return how far sums of purchases in months held out lay from those told, beyond what chance explains, as logs.

    It is the root of the mean squared miss over several lengths of time, less the mean squared standard error (0 where
    that is more): by so much a sum may be wrong that follows the same way for longer.

    Returns
    -------
    off, days
        The miss; and how many days were missed by more than chance explains, several tries allowed for, else None.
    """
    tried = [(*_away(held, grouping, random), held.days) for held in helds if held is not None]
    if not tried:
        return 0.0, None
    limit = float(norm.isf(0.025 / len(tried)))
    days = next(
        (
            days
            for away, error, days in sorted(tried, key=lambda one: -one[0] / one[1])
            if away > limit * error
        ),
        None,
    )
    beyond = float(np.mean([away**2 - error**2 for away, error, _ in tried]))
    return float(np.sqrt(max(beyond, 0.0))), days


def _away(held: HeldOut, grouping: str, random: np.random.Generator) -> tuple[float, float]:
    """Return how far the sum of purchases lies from the one told, and the standard error of that, as logs."""
    draws = 100
    parameters, place = draw_models(held.history, held.groups, grouping, "buying", draws, random)
    total = np.zeros(draws)
    for part in np.array_split(np.arange(len(held.history)), max(1, len(held.history) // 2_000)):
        how = held.history.iloc[part], parameters[:, place[part]]
        total += buying.buy_from(*how, None, random, held.days)["count"].sum(axis=0)
    logs, real = np.log(np.maximum(total, 0.5)), np.log(held.later["purchases"].sum())
    return float(abs(real - logs.mean())), float(logs.std(ddof=1))
