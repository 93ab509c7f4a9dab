"""What customers say and bring: ratings, referrals and value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from journeykit.journeys.answering import chance_of_answering, weighted_mean
from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.statistics import bootstrap_mean
from journeykit.journeys.steps import hold_back, personas_of, units_of

__all__ = ["count_referrals", "measure_ratings", "measure_value", "say_nps"]

RATING_COLUMNS = (
    "persona stage touchpoint customers rating_mean nps low high answered_share corrected corrected_low corrected_high"
).split()
REFERRAL_COLUMNS = "persona customers referrers referrals referrals_per_referrer low high".split()
VALUE_COLUMNS = (
    "persona customers buyers value_total value_mean low high share_of_value share_of_customers top_tenth_share"
).split()


def say_nps(ratings: pd.Series) -> pd.Series:
    """Return 100, 0 or -100 per rating from 0 to 10: promoter, passive, detractor; their mean is the NPS.

    Examples
    --------
    >>> import pandas as pd
    >>> say_nps(pd.Series([9, 7, 3])).tolist()
    [100.0, 0.0, -100.0]
    """
    return 100.0 * ((ratings >= 9).astype(float) - (ratings <= 6).astype(float))


def measure_ratings(paths: Paths) -> pd.DataFrame:
    """Measure the ratings of each persona, in each stage and in all of them.

    A unit's latest rating counts. Ratings given as a recommendation score, on a scale of 0 to 10, are read as
    NPS: promoters (9, 10) minus detractors (0 to 6), times 100. Other ratings have a mean only.

    Returns
    -------
    pandas.DataFrame
        `persona, stage` (null: all), `touchpoint, customers, rating_mean, nps, low, high, answered_share,
        corrected, corrected_low, corrected_high, held_back`. The interval is a bootstrap over units, of the NPS
        where there is one and else of the mean. Of all stages together it is also said which share answered, and
        what the figure is once every answer stands for those like it who did not (`chance_of_answering`). That
        takes out who answers, as far as their behaviour tells; not that the pleased may answer more readily.
    """
    rated = paths.contacts.filter(paths.contacts.rating.notnull())
    latest = rated.group_by(["unit_id", "persona", "touchpoint", "here"]).aggregate(
        rating=rated.rating.argmax(rated.order), order=rated.order.max()
    )
    frame = latest.execute().sort_values(["touchpoint", "unit_id", "order"])
    rows = [
        row
        for touchpoint, given in frame.groupby("touchpoint")
        for row in _ratings_at(paths, touchpoint, given)
    ]
    table = pd.DataFrame(rows, columns=RATING_COLUMNS)
    order = {persona: place for place, persona in enumerate(personas_of(paths))}
    table = table.sort_values(
        "persona", key=lambda column: column.map(order), kind="stable", ignore_index=True
    )
    return hold_back(table, table["customers"] < paths.min_group, ("persona", "stage", "touchpoint"))


def _ratings_at(paths: Paths, touchpoint: str, frame: pd.DataFrame) -> Iterator[tuple]:
    """Yield the rows of one touchpoint: per persona of all stages, and of each."""
    is_nps = touchpoint == "nps_rating" and 5 < frame["rating"].max() <= 10
    chance = chance_of_answering(paths, pd.Index(frame["unit_id"]))
    for persona in personas_of(paths):
        given = frame if persona == ALL else frame[frame["persona"] == persona]
        if given.empty:
            continue
        newest = given.sort_values("order").drop_duplicates("unit_id", keep="last").set_index("unit_id")
        ratings = newest["rating"].sort_index()
        share = len(ratings) / max(len(units_of(paths, persona)), 1)
        corrected = weighted_mean(say_nps(ratings) if is_nps else ratings, chance)
        yield persona, None, touchpoint, *_rating_figures(ratings, is_nps), share, *corrected
        for here, part in given.groupby("here"):
            figures = _rating_figures(part["rating"], is_nps)
            yield persona, paths.stages[int(here)], touchpoint, *figures, *[np.nan] * 4


def _rating_figures(ratings: pd.Series, is_nps: bool) -> tuple[int, float, float, float, float]:
    centre, low, high = bootstrap_mean(say_nps(ratings) if is_nps else ratings)
    return len(ratings), float(ratings.mean()), centre if is_nps else np.nan, low, high


def count_referrals(paths: Paths) -> pd.DataFrame:
    """Count who brought in others: units named as the referrer of somebody's contact.

    Returns
    -------
    pandas.DataFrame
        `persona` (of the referrer), `customers, referrers, referrals` (units brought in), `referrals_per_referrer,
        low, high` (bootstrap over referrers), `held_back`. Empty when no contact names a referrer.
    """
    table = paths.contacts
    named = table.filter(table.referrer_id.notnull()).select("unit_id", "referrer_id").distinct()
    owners = table.select(referrer="unit_id", referrer_id="customer_id").distinct()
    pairs = named.inner_join(owners, "referrer_id").select("referrer", "unit_id").distinct()
    brought = (
        pairs.filter(pairs.referrer != pairs.unit_id).group_by("referrer").aggregate(n=lambda t: t.count())
    )
    counts = brought.execute().set_index("referrer")["n"]
    rows = []
    for persona in personas_of(paths) if len(counts) else ():
        units = units_of(paths, persona)
        mine = counts[counts.index.isin(units.index)]
        rows.append((persona, len(units), len(mine), int(mine.sum()), *bootstrap_mean(mine)))
    frame = pd.DataFrame(rows, columns=REFERRAL_COLUMNS)
    return hold_back(frame, frame["referrers"] < paths.min_group, ("persona",))


def measure_value(paths: Paths) -> pd.DataFrame:
    """Measure what each persona's customers brought in.

    Returns
    -------
    pandas.DataFrame
        `persona, customers, buyers` (units with a value), `value_total, value_mean` (per buyer, with its bootstrap
        interval in `low, high`), `share_of_value, share_of_customers, top_tenth_share` (value of the tenth of
        buyers with the highest value), `held_back`. Empty without values.
    """
    values = paths.units["value"].dropna()
    total = values.sum()
    rows = []
    for persona in personas_of(paths) if len(values) else ():
        units = units_of(paths, persona)
        own = units["value"].dropna().sort_values(ascending=False)
        top = own.iloc[: max(round(len(own) / 10), 1)].sum() if len(own) >= 10 else np.nan
        rows.append(
            (
                persona, len(units), len(own), own.sum(), *bootstrap_mean(own), own.sum() / total if total else np.nan,
                len(units) / len(paths.units), top / own.sum() if own.sum() > 0 else np.nan,
            )
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=VALUE_COLUMNS)
    return hold_back(frame, frame["buyers"] < paths.min_group, ("persona",))
