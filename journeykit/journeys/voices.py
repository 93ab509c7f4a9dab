"""What customers say and bring: ratings, referrals and value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from journeykit.facts import paying_touchpoints
from journeykit.journeys.answering import chance_of_answering, weighted_mean
from journeykit.journeys.experience import scale_of
from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.referring import brought_in
from journeykit.journeys.statistics import bootstrap_mean
from journeykit.journeys.steps import hold_back, personas_of, units_of
from journeykit.touchpoints import GIVEN_BACK

__all__ = ["count_referrals", "measure_ratings", "measure_value", "paid", "say_nps"]

RATING_COLUMNS = (
    "persona stage touchpoint customers rating_mean nps low high scale_low scale_high answered_share corrected "
    "corrected_low corrected_high"
).split()
REFERRAL_COLUMNS = "persona customers referrers referrals referrals_per_referrer low high brought_in".split()
VALUE_COLUMNS = (
    "persona customers buyers value_total value_mean low high share_of_value share_of_customers top_tenth_share "
    "paid_nothing"
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

    Every touchpoint that carries ratings is measured. A unit's latest rating at it counts. Recommendation scores on a
    scale of 0 to 10 are read as NPS: promoters (9, 10) minus detractors (0 to 6), times 100. Other ratings have a mean
    only, on the scale that the data show (`scale_low` to `scale_high`).

    Returns
    -------
    pandas.DataFrame
        `persona, stage` (null: all), `touchpoint, customers, rating_mean, nps, low, high, scale_low,
        scale_high, answered_share, corrected, corrected_low, corrected_high, held_back`. The interval is a bootstrap
        over units, of the NPS where there is one and else of the mean. Of all stages together it is also said which
        share answered, and what the figure is once every answer stands for those like it who did not
        (`chance_of_answering`). That takes out who answers, as far as their behaviour tells; not that the pleased
        may answer more readily.
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
    scale = scale_of(frame["rating"])
    is_nps = touchpoint == "nps_rating" and scale == (0, 10)
    chance = chance_of_answering(paths, pd.Index(frame["unit_id"]))
    for persona in personas_of(paths):
        given = frame if persona == ALL else frame[frame["persona"] == persona]
        if given.empty:
            continue
        newest = given.sort_values("order").drop_duplicates("unit_id", keep="last").set_index("unit_id")
        ratings = newest["rating"].sort_index()
        share = len(ratings) / max(len(units_of(paths, persona)), 1)
        corrected = weighted_mean(say_nps(ratings) if is_nps else ratings, chance)
        yield persona, None, touchpoint, *_rating_figures(ratings, is_nps), *scale, share, *corrected
        for here, part in given.groupby("here"):
            figures = _rating_figures(part["rating"], is_nps)
            yield persona, paths.stages[int(here)], touchpoint, *figures, *scale, *[np.nan] * 4


def _rating_figures(ratings: pd.Series, is_nps: bool) -> tuple[int, float, float, float, float]:
    centre, low, high = bootstrap_mean(say_nps(ratings) if is_nps else ratings)
    return len(ratings), float(ratings.mean()), centre if is_nps else np.nan, low, high


def count_referrals(paths: Paths) -> pd.DataFrame:
    """Count who brought in others: units named as the referrer of somebody else (`brought_in`).

    Returns
    -------
    pandas.DataFrame
        `persona` (of the referrer), `customers, referrers, referrals` (units brought in by them),
        `referrals_per_referrer, low, high` (bootstrap over referrers), `brought_in` (units of the persona that name a
        referrer, known in the data or not), `held_back`. Empty when no contact names a referrer.
    """
    pairs = brought_in(paths).execute()
    known = pairs.dropna(subset="referrer")
    counts = known.groupby("referrer")["unit_id"].nunique().sort_index()
    rows = []
    for persona in personas_of(paths) if len(counts) else ():
        units = units_of(paths, persona)
        mine = counts[counts.index.isin(units.index)]
        came = known[known["referrer"].isin(mine.index)]["unit_id"].nunique()
        named = pairs.loc[pairs["unit_id"].isin(units.index), "unit_id"].nunique()
        rows.append((persona, len(units), len(mine), came, *bootstrap_mean(mine), named))
    frame = pd.DataFrame(rows, columns=REFERRAL_COLUMNS)
    return hold_back(frame, frame["referrers"] < paths.min_group, ("persona",))


def measure_value(paths: Paths) -> pd.DataFrame:
    """Measure who bought, and what each persona's customers brought in.

    What counts is `paid`: the values of orders, less what was paid back.

    Returns
    -------
    pandas.DataFrame
        `persona, customers, buyers` (units that ordered), `value_total, value_mean` (per buyer whose value is known,
        with its bootstrap interval in `low, high`), `share_of_value, share_of_customers, top_tenth_share` (of the
        value of buyers, what the tenth of them with the highest value brings), `paid_nothing` (buyers
        whose orders are known to come to 0), `held_back`. Empty where nobody orders.
    """
    frame = paid(paths)
    values, total = frame.loc[frame["ordered"], "paid"], frame["paid"].sum(min_count=1)
    rows = []
    for persona in personas_of(paths) if len(values) else ():
        units = units_of(paths, persona)
        own = values.reindex(values.index.intersection(units.index))
        known = own.dropna().sort_values(ascending=False)
        top = known.iloc[: max(round(len(known) / 10), 1)].sum() if len(known) >= 10 else np.nan
        of_all = frame.loc[frame.index.intersection(units.index), "paid"].sum(min_count=1)
        whole = of_all if len(known) else np.nan
        rows.append(
            (
                persona, len(units), len(own), whole, *bootstrap_mean(known), whole / total if total else np.nan,
                len(units) / len(paths.units), top / whole if whole > 0 else np.nan, int((known == 0).sum()),
            )
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=VALUE_COLUMNS)
    return hold_back(frame, frame["buyers"] < paths.min_group, ("persona",))


def paid(paths: Paths) -> pd.DataFrame:
    """Return by unit what it `paid` (null where it ordered and no value is known), and whether it `ordered`.

    Who only was paid back, for an order that the data do not hold, is no buyer, and counts against all the same.

    Orders are purchases in any form, and touchpoints of the client's own that mark the purchase and carry a value.
    Their values count, less those of refunds and returns, however their sign was written; a price that was only looked
    at, a basket, a lead or a quotation is no revenue, and a first step that costs time and no money is no order. Where
    no order is recorded, every value counts that is not of one of those.
    """
    table = paths.contacts.filter(paths.contacts.touchpoint.isin(_kinds(paths)))
    back = table.touchpoint.isin(GIVEN_BACK)
    table = table.mutate(paid=back.ifelse(-table.value.abs(), table.value), order_=~back)
    units = table.group_by("unit_id").aggregate(
        paid=table.paid.sum(), ordered=table.order_.any(), known=(table.order_ & table.paid.notnull()).any()
    )
    frame = units.execute().set_index("unit_id").sort_index()
    ordered, known = frame["ordered"].astype(bool), frame["known"].astype(bool)
    return pd.DataFrame({"paid": frame["paid"].astype(float).where(known | ~ordered), "ordered": ordered})


def _kinds(paths: Paths) -> list[str]:
    """Return the touchpoints of which the value is revenue, or counts against it."""
    there = (
        paths.contacts.group_by("touchpoint").aggregate(valued=paths.contacts.value.notnull().any()).execute()
    )
    return paying_touchpoints(
        there["touchpoint"], there.loc[there["valued"].astype(bool), "touchpoint"], paths.model
    )
