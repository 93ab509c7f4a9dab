"""Dissatisfaction: whether those who are not pleased go back to an earlier stage, beside those who are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import pandas as pd

from journeykit.journeys.experience import scale_of
from journeykit.journeys.kin import kin_of
from journeykit.journeys.pairs import set_beside
from journeykit.journeys.paths import ALL, Paths
from journeykit.journeys.steps import hold_back, personas_of
from journeykit.journeys.voices import GIVEN_BACK

__all__ = ["HIGH", "LOW", "count_back_after_dissatisfaction", "limits_of", "signs_of"]

ANY = "any"
COLUMNS = (
    "persona signal touchpoint days customers back back_share low high other_customers other_back other_share "
    "other_low other_high p_value"
).split()
LOW, HIGH = "low", "high"


def limits_of(touchpoint: str, low: float, high: float) -> tuple[float, float]:
    """Return up to where a rating is low, and from where it is high.

    A recommendation score from 0 to 10 is low up to 6 and high from 9 (as in NPS); any other rating is low below the
    middle of its scale and high above it.

    Examples
    --------
    >>> limits_of("nps_rating", 0, 10), limits_of("review", 1, 5)
    ((6.0, 9.0), (2.999, 3.001))
    """
    if touchpoint == "nps_rating" and (low, high) == (0, 10):
        return 6.0, 9.0
    middle, nearly = (low + high) / 2, (high - low) / 4000
    return middle - nearly, middle + nearly


def count_back_after_dissatisfaction(paths: Paths) -> pd.DataFrame:
    """Count who goes back to an earlier stage after a sign of dissatisfaction, beside those who rated highly.

    A sign is a low rating (`limits_of`; at any touchpoint that carries ratings), a complaint, or a return or refund.
    What counts is a unit's first sign or high rating of the kind that the row is about, and whether it went back
    within equally many days after it: a step back that came before does not count, nor does a return after a pause.
    Who gave neither a low nor a high rating is in neither group, and neither is whose sign came too recently to be
    followed.

    Returns
    -------
    pandas.DataFrame
        `persona, signal` (`rating`, with its `touchpoint`; `complaint`; `return`; `any` of them), `touchpoint, days`
        (followed), `customers` (gave the sign), `back` (of those, went back), `back_share, low, high` (Wilson),
        `other_customers` (gave a high rating: at the same touchpoint, and else at any, first), `other_back,
        other_share, other_low, other_high, p_value, held_back`. Empty where nobody gives a sign.
    """
    signs = _followed_signs(paths)
    rows = [row for persona in personas_of(paths) for row in _rows(paths, signs, persona)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return hold_back(table, table["customers"] < paths.min_group, ("persona", "signal", "touchpoint", "days"))


def _rows(paths: Paths, signs: pd.DataFrame, persona: str) -> Iterator[list]:
    own = signs if persona == ALL else signs[signs["persona"] == persona]
    rated = own[own["signal"] == "rating"]
    kinds = [("rating", touchpoint, part, part) for touchpoint, part in rated.groupby("touchpoint")]
    pleased = rated[rated["level"] == HIGH]
    kinds += [(kind, None, own[own["signal"] == kind], pleased) for kind in ("complaint", "return")]
    kinds += (
        [(ANY, None, own, own)] if own["signal"].nunique() > 1 or rated["touchpoint"].nunique() > 1 else []
    )
    for signal, touchpoint, low_in, high_in in kinds:
        given = pd.concat([low_in[low_in["level"] == LOW], high_in[high_in["level"] == HIGH]])
        first = given.sort_values("at", kind="stable").drop_duplicates("unit_id")
        first = first[first["followed"]]
        groups = [first.loc[first["level"] == level, "back"] for level in (LOW, HIGH)]
        if len(groups[0]):
            one, other = ((int(group.sum()), len(group)) for group in groups)
            pair = set_beside(one, other, paths.min_group)
            yield [persona, signal, touchpoint, paths.follow_days, *pair.values()]


def _followed_signs(paths: Paths) -> pd.DataFrame:
    """Return each unit's first low and first high sign of each kind, and whether it then went back in time."""
    signs = signs_of(paths)
    backs = paths.entries.filter(paths.entries.next_position < paths.entries.position)
    backs = backs.filter(~backs.next_paused)
    backs = backs.select("unit_id", back_at="next_at").execute()
    pairs = signs.reset_index().merge(backs, on="unit_id")
    days = (pairs["back_at"] - pairs["at"]).dt.total_seconds() / 86400
    went = pairs.loc[(days > 0) & (days <= paths.follow_days), "index"].unique()
    known = (paths.moment - signs["at"]).dt.total_seconds() / 86400 >= paths.follow_days
    return signs.assign(back=signs.index.isin(went), followed=known.astype(bool))


def signs_of(paths: Paths) -> pd.DataFrame:
    """Return each unit's first sign of each kind and level: `unit_id, persona, touchpoint, signal, level, at`."""
    table = paths.contacts
    there = table.select("touchpoint").distinct().execute()["touchpoint"]
    complaints = ["complaint", *kin_of(there, paths.vocabulary, "complaint")]
    returned = table.touchpoint.isin(GIVEN_BACK) | (table.value < 0).fill_null(False)
    levels = _levels(paths)
    parts = [
        _told(table.filter(table.touchpoint.isin(complaints)), "complaint"),
        _told(table.filter(returned), "return"),
        *([] if levels is None else [levels]),
    ]  # fmt: skip
    firsts = [
        part.group_by(["unit_id", "persona", "touchpoint", "signal", "level"]).aggregate(
            at=part.timestamp.min()
        )
        for part in parts
    ]
    frame = ibis.union(*firsts).execute()
    return frame.sort_values(["unit_id", "at", "signal", "touchpoint"], ignore_index=True)


def _told(contacts: Any, signal: str) -> Any:
    return contacts.mutate(signal=ibis.literal(signal), level=ibis.literal(LOW))


def _levels(paths: Paths) -> Any | None:
    """Return the contacts with a rating that is low or high."""
    rated = paths.contacts.filter(paths.contacts.rating.notnull())
    ends = rated.group_by("touchpoint").aggregate(least=rated.rating.min(), most=rated.rating.max()).execute()
    cases: list[tuple[Any, str]] = []
    for row in ends.itertuples():
        low, high = scale_of(pd.Series([row.least, row.most]))
        if high > low:
            up_to, up_from = limits_of(row.touchpoint, low, high)
            here = rated.touchpoint == row.touchpoint
            cases += [(here & (rated.rating <= up_to), LOW), (here & (rated.rating >= up_from), HIGH)]
    if not cases:
        return None
    told = rated.mutate(signal=ibis.literal("rating"), level=ibis.cases(*cases, else_=ibis.null("string")))
    return told.filter(told.level.notnull())
