"""Pages: at which visits end more often than at other pages of the same step, or of those on which visits start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from journeykit.decisions.candidate import Candidate
from journeykit.decisions.recorded import Recorded
from journeykit.facts import has_purchases, shown_positions
from journeykit.journeys.pages import SALES

__all__ = ["page_candidates"]

LANDING = "landing"
NO_STEP = ("page_view",)  # every page has it, so it tells no step
BUYING_GROUPS = ("buy", "loyal")
ANY = 0.98  # of the visits with a page: one on which nearly nobody stops, or goes on, is no place to choose


def page_candidates(recorded: Recorded) -> Iterator[Candidate]:
    """Yield the pages at which visits may end without a sale more often than at all others that are the same step.

    Pages are the same step when most of their contacts are of the same kind; pages on which visits start are compared
    with each other. A page of whose visits more end in a sale than of the others' is none. What a visit that goes on
    brings is what was paid in it. A visit stands for itself; that visits of one unit are alike is in the errors
    (linearised ratios, units as clusters: Cochran, W. G. (1977). Sampling Techniques, 3rd ed., ch. 6).
    """
    visits = _visits(recorded)
    if visits.empty:
        return
    for step, own in visits.groupby("step", sort=True):
        if step in NO_STEP:
            continue
        pages = own["page"].value_counts()
        shown = sorted(pages.index[pages >= recorded.least])
        for page in shown if len(shown) > 1 else ():
            mine = own["page"] == page
            others = own["page"].isin(shown) & ~mine
            stopped = 1 - own.loc[mine, "went_on"].mean(), 1 - own.loc[others, "went_on"].mean()
            if all(share > ANY for share in stopped) or max(stopped) < 1 - ANY:
                continue
            if own.loc[mine, "sold"].mean() > own.loc[others, "sold"].mean():
                continue  # more of its visits end in a sale: who stops there had seen enough
            yield _candidate(recorded, own[mine], own[others], str(page), str(step))


def _visits(recorded: Recorded) -> pd.DataFrame:
    """Return one row per visit and page: `unit_id, page, step, went_on` (or bought), `paid` in it, `touchpoint`."""
    contacts = recorded.contacts
    contacts = contacts[~contacts["touchpoint"].isin(recorded.paths.pushed)]
    seen = contacts[contacts["page"].notna()]
    if seen.empty:
        return pd.DataFrame()
    keys = ["unit_id", "session"]
    whole = contacts.assign(sold=contacts["step"].isin(SALES)).groupby(keys)[["paid", "sold"]].sum()
    ends = seen.groupby(keys)["page"].agg(first="first", last="last", pages="nunique")
    pairs = seen.drop_duplicates([*keys, "page"])[[*keys, "page"]].merge(whole.join(ends), on=keys)
    kinds = seen.groupby("page")["touchpoint"].agg(lambda names: names.mode().iloc[0])
    pairs["touchpoint"] = pairs["page"].map(kinds)
    lands = pairs["page"] == pairs["first"]
    elsewhere = (pairs["page"] != pairs["last"]).mask(
        lands, pairs["pages"] > 1
    )  # who came back to it saw more
    pairs["sold"] = pairs["sold"] > 0
    pairs["went_on"] = elsewhere | pairs["sold"]
    pairs["step"] = pairs["touchpoint"].mask(lands, LANDING)
    within = lands & pairs["touchpoint"].isin(_steps_of_buying(recorded))
    return pairs[~within]  # who starts within an order took it up again: that is no landing


def _steps_of_buying(recorded: Recorded) -> list[str]:
    return [name for name, one in recorded.paths.vocabulary.items() if one.group in BUYING_GROUPS]


def _candidate(
    recorded: Recorded, mine: pd.DataFrame, others: pd.DataFrame, page: str, step: str
) -> Candidate:
    rate_error, other_error = _ratio_error(mine, "went_on"), _ratio_error(others, "went_on")
    worth, error = _worth(mine) if recorded.valued else (np.nan, np.nan)
    numbers = {"page": page, "visits": round(len(mine) * recorded.scale)}
    return Candidate(
        "landing_loses" if step == LANDING else "page_loses",
        float(mine["went_on"].sum()), float(len(mine)), float(others["went_on"].sum()), float(len(others)),
        recorded.per_year(len(mine)), worth, error, gap_error=float(np.hypot(rate_error, other_error)),
        about={"page": page, "stage": _stage_of(recorded, mine["touchpoint"].mode().iloc[0])}, numbers=numbers,
        units=frozenset(mine.loc[~mine["went_on"].astype(bool), "unit_id"]), follow_days=1.0,
    )  # fmt: skip


def _ratio_error(visits: pd.DataFrame, what: str) -> float:
    """Return the standard error of a share of visits, units as clusters."""
    sums = visits.groupby("unit_id")[what].agg(["sum", "size"]).astype(float)
    total, units = sums["size"].sum(), len(sums)
    if units < 2:
        return float("inf")
    spread = sums["sum"] - sums["size"] * sums["sum"].sum() / total
    of_one = 0.25 / total if sums["sum"].sum() in (0, total) else 0.0  # none or all: not as sure as that
    return float(np.sqrt((spread**2).sum() * units / (units - 1)) / total + of_one**0.5 * (of_one > 0))


def _worth(visits: pd.DataFrame) -> tuple[float, float]:
    """Return what visits that went on from the page paid, on the mean, and its standard error by unit."""
    on = visits[visits["went_on"].astype(bool)]
    sums = on.groupby("unit_id")["paid"].agg(["sum", "size"]).astype(float)
    if len(sums) < 10:
        return np.nan, np.nan
    mean = sums["sum"].sum() / sums["size"].sum()
    spread = sums["sum"] - sums["size"] * mean
    return float(mean), float(np.sqrt((spread**2).sum() * len(sums) / (len(sums) - 1)) / sums["size"].sum())


def _stage_of(recorded: Recorded, touchpoint: Any) -> str | None:
    model = recorded.paths.model
    bought = has_purchases(recorded.steps, model)
    place = shown_positions(model, bought).get(touchpoint)
    return None if place is None else recorded.paths.stages[place]
