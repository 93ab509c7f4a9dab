"""Experience: how a stage is lived through, by what customers rate and by what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.journeys.answering import chance_of_answering, weighted_mean
from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.steps import hold_back, personas_of
from journeykit.touchpoints import Vocabulary

__all__ = ["FRICTION", "RETURNS", "mean_of_counts", "measure_experience", "on_ten"]

EXPERIENCE_COLUMNS = "persona stage signal touchpoint customers mean low high scale_low scale_high".split()
RETURNS = ("return_item", "refund", "cancel")
FRICTION = ("returns", "support", "repeats")
NO_EVENT = 3.69  # -log(0.025): the mean count of a Poisson that shows nothing at all once in forty times


def measure_experience(paths: Paths, vocabulary: Vocabulary) -> pd.DataFrame:
    """Measure how each stage is experienced, per persona: ratings, and signals of friction per customer.

    Parameters
    ----------
    paths : Paths
        The paths of a log.
    vocabulary
        The client's touchpoints; those of the group `service` are contacts with customer service.

    Returns
    -------
    pandas.DataFrame
        `persona, stage, signal, touchpoint, customers, mean, low, high, scale_low, scale_high, held_back`. `signal`
        is one of

        `rating`
            One row per touchpoint that carries ratings. A unit's latest rating in the stage, brought to 0 to 10
            from the scale that the data show (`scale_low`, `scale_high`: 1 to 5, 0 to 5, 0 to 10, 0 to 100); every
            answer stands for those like it who did not answer (`chance_of_answering`). `customers` answered.
        `returns`, `support`, `repeats`
            Contacts per unit that has been in the stage: products returned, money paid back and cancellations (and
            any contact of a negative value); contacts with customer service; and the same contact (step, page,
            product and content) again, right after itself in one visit. `customers` have been in the stage.
        `friction`
            These three together.

        A signal that the log cannot show has no row: no return seen is 0, returns not recorded is nothing. The
        interval is a percentile bootstrap over units; where nothing was seen, up to the mean that would show nothing
        once in forty times.
    """
    rows = [*_rating_rows(paths), *_friction_rows(paths, vocabulary)]
    table = pd.DataFrame(rows, columns=EXPERIENCE_COLUMNS)
    return hold_back(
        table, table["customers"] < paths.min_group, ("persona", "stage", "signal", "touchpoint")
    )


def on_ten(ratings: pd.Series, low: float, high: float) -> pd.Series:
    """Return ratings of a scale from `low` to `high` as 0 to 10.

    Examples
    --------
    >>> on_ten(pd.Series([1.0, 3.0, 5.0]), 1, 5).tolist()
    [0.0, 5.0, 10.0]
    """
    return 10.0 * (ratings - low) / (high - low)


def scale_of(ratings: pd.Series) -> tuple[float, float]:
    """Return the ends of the scale on which ratings were given, by the highest and the lowest of them.

    Examples
    --------
    >>> scale_of(pd.Series([2, 5])), scale_of(pd.Series([0, 9])), scale_of(pd.Series([88.0]))
    ((1.0, 5.0), (0.0, 10.0), (0.0, 100.0))
    >>> scale_of(pd.Series([0, 1, 1])), scale_of(pd.Series([1, 4, 7]))
    ((0.0, 1.0), (1.0, 7.0))
    """
    most, least = float(ratings.max()), float(ratings.min())
    if (least, most) in ((0.0, 1.0), (1.0, 7.0)):
        return least, most
    high = next((end for end in (5.0, 10.0, 100.0) if most <= end), most)
    low = 1.0 if high == 5.0 and least >= 1 else 0.0
    return min(low, least), high


def _rating_rows(paths: Paths) -> Iterator[tuple]:
    rated = paths.contacts.filter(paths.contacts.rating.notnull() & paths.contacts.here.notnull())
    latest = rated.group_by(["unit_id", "persona", "touchpoint", "here"]).aggregate(
        rating=rated.rating.argmax(rated.order)
    )
    frame = latest.execute().sort_values(["touchpoint", "here", "unit_id"])
    for touchpoint, given in frame.groupby("touchpoint", sort=False):
        low, high = scale_of(given["rating"])
        if high <= low:
            continue
        chance = chance_of_answering(paths, pd.Index(given["unit_id"].unique()))
        for persona in personas_of(paths):
            own = given if persona == ALL else given[given["persona"] == persona]
            for here, part in own.groupby("here"):
                score = on_ten(part.set_index("unit_id")["rating"], low, high)
                figures = weighted_mean(score, chance)
                yield persona, paths.stages[int(here)], "rating", touchpoint, len(score), *figures, low, high


def _friction_rows(paths: Paths, vocabulary: Vocabulary) -> Iterator[tuple]:
    """Yield contacts per unit of each signal that the log can show, and of all of them together."""
    support = [key for key, known in vocabulary.items() if known.group == "service" and key not in RETURNS]
    could = _could_show(paths.contacts, support)
    shown = paths.contacts.aggregate(**{name: mark.cast("int64").max() for name, mark in could.items()})
    found = shown.execute().iloc[0]
    signals = [name for name in FRICTION if found[name] > 0]
    if not signals:
        return
    signs = _signs(paths.contacts, support)
    placed = signs.filter(signs.here.notnull())
    counts = placed.group_by(["persona", "here", "unit_id"]).aggregate(
        **{name: placed[name].sum() for name in signals}
    )
    own = counts.group_by(["persona", "here", *signals]).aggregate(units=counts.count()).execute()
    spread = pd.concat([own.assign(persona=ALL), own[own["persona"].notna()]], ignore_index=True)
    spread["friction"] = spread[signals].sum(axis=1)
    cells = dict(iter(spread.groupby(["persona", "here"])))
    for signal in [*signals, "friction"]:
        for persona in personas_of(paths):
            for at, stage in enumerate(paths.stages):
                if (persona, at) in cells:
                    units = cells[persona, at].groupby(signal)["units"].sum()
                    figures = mean_of_counts(units.index.to_numpy(float), units.to_numpy())
                    yield persona, stage, signal, None, int(units.sum()), *figures, np.nan, np.nan


def _could_show(table, support: list[str]) -> dict[str, Any]:
    """Return, per signal of friction, whether a contact shows it, or for repeats whether it could."""
    given_back = table.touchpoint.isin(RETURNS) | (table.value < 0).fill_null(False)
    asked = table.touchpoint.isin(support) if support else ibis.literal(False)
    told = table.page.notnull() | table.product.notnull() | table.content.notnull()
    return {"returns": given_back, "support": asked, "repeats": told}


def _signs(table, support: list[str]):
    """Return the contacts with a 0 or a 1 per signal of friction."""
    visit = ibis.window(group_by=["unit_id", "session"], order_by="order")
    marks = _could_show(table, support)
    same = marks["repeats"]
    for name in ("step", "page", "product", "content"):
        same = same & table[name].identical_to(table[name].lag().over(visit))
    marks["repeats"] = same
    return table.select(
        "unit_id", "persona", "here", **{name: mark.cast("int64") for name, mark in marks.items()}
    )


def mean_of_counts(
    counts: np.ndarray, units: np.ndarray, random_state: int = 0, draws: int = 500
) -> tuple[float, float, float]:
    """Return the mean count per unit and its percentile bootstrap interval, from how many units have each count.

    Examples
    --------
    >>> mean, low, high = mean_of_counts(np.array([0.0, 1.0, 2.0]), np.array([60, 30, 10]))
    >>> round(mean, 2), 0.3 < low < 0.45 < 0.55 < high < 0.7
    (0.5, True)
    >>> tuple(round(one, 3) for one in mean_of_counts(np.array([0.0]), np.array([100])))
    (0.0, 0.0, 0.037)
    """
    total = int(units.sum())
    mean = float((counts * units).sum() / total)
    if mean == 0:
        return 0.0, 0.0, NO_EVENT / total
    drawn = np.random.default_rng(random_state).multinomial(total, units / total, draws)
    low, high = np.quantile(drawn @ counts / total, [0.025, 0.975])
    return mean, float(low), float(high)
