"""The aha moment: what goes with buying after a first commitment, and the early behaviour that best tells who stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit import engine
from journeykit.intervals import compare_shares
from journeykit.journeys.buying import find_buying_behaviours
from journeykit.journeys.paths import Paths, per_persona
from journeykit.journeys.selling import ORDERS
from journeykit.journeys.statistics import two_shares_p_value
from journeykit.journeys.steps import hold_back, personas_of

__all__ = ["ACTIVE_DAYS", "STAYS", "find_aha"]

ACTIVE_DAYS = "active_days"  # on how many days anything was done, whatever it was
EARLY_DAYS = 14.0
MOST_TIMES = 5
LEAST_SHARE = 0.05  # of the units, that must have done it and not have done it, for it to be a candidate
COLUMNS = (
    "persona behaviour at_least days since customers did did_share stay_from stay_to stay_share other_stay_share "
    "effect low high p_value learned_effect candidates outcome buy_share other_buy_share active_other_share"
).split()
STAYS = "stays"


def find_aha(paths: Paths) -> pd.DataFrame:
    """Find the behaviour that goes with buying after a first commitment, and the early one that goes with staying.

    Buying is measured by `find_buying_behaviours`: what is done between a first commitment and the core purchase. For
    staying the clock starts at a unit's first order, or at its first contact where fewer than twice the smallest group
    ordered. Candidates are doing something at least once to five times, and being active on as many days, within the
    first fourteen days (a sixth of the time of following, where that is less). Who stays did something in the last
    third of the time of following. The candidate with the largest standardised difference is chosen on one random half
    of the units; all figures are of the other half, which had no say in the choice.

    Returns
    -------
    pandas.DataFrame
        `persona, behaviour` (a touchpoint, or `active_days`), `at_least` (times), `days` (within how many), `since`
        (`commitment`, `order` or `contact`), `customers` (of staying: in the checking half), `did, did_share,
        stay_from, stay_to` (days that tell who stays), `stay_share` (of those who did), `other_stay_share, effect` (the
        difference) with its interval `low, high` (Newcombe), `p_value, learned_effect` (on the half that it was chosen
        on), `candidates` (how many were compared), `outcome` (`stays`, `buys`, or `buys_again`), `buy_share` (of those
        who did), `other_buy_share` (of all others), `active_other_share` (of the others who did something else),
        `held_back`. One row a persona for staying, and one per behaviour for buying. Empty where too few units can be
        followed, or nothing sets them apart.
    """
    rows = [*_staying(paths), *find_buying_behaviours(paths)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    small = (
        np.minimum(table["did"], table["customers"] - table["did"]) < paths.min_group if len(table) else []
    )
    return hold_back(table, small, ("persona", "behaviour", "at_least", "days", "since", "outcome"))


def _staying(paths: Paths) -> Iterator[dict[str, Any]]:
    """Yield per persona the early behaviour that goes with staying."""
    since, starts = _starts(paths)
    early = min(EARLY_DAYS, paths.follow_days / 6)
    stay = (2 * paths.follow_days / 3, paths.follow_days)
    units = _units(paths, starts, stay)
    sizes = _counted(units, ["half"])
    done = _counted(_behaviours(paths, starts, early).inner_join(units, "unit_id"), ["half", "step", "times"])
    fixed = {"outcome": STAYS, "days": early, "since": since, "stay_from": stay[0], "stay_to": stay[1]}
    for persona in personas_of(paths):
        row = _row(persona, sizes, done, paths.min_group)
        if row:
            yield {"persona": persona, **fixed, **row}


def _starts(paths: Paths) -> tuple[str, Any]:
    """Return from what the clock runs, and its start per unit that can be followed."""
    table = paths.contacts
    inside = ibis.literal(paths.enters_from.to_pydatetime()).cast("timestamp(6)")
    each = table.group_by(["unit_id", "persona"]).aggregate(
        first_at=table.timestamp.min(), bought_at=table.timestamp.min(where=table.touchpoint.isin(ORDERS))
    )
    each = each.filter(each.first_at >= inside)
    bought, came = (_followed(paths, each, column) for column in ("bought_at", "first_at"))
    since, known = "order", bought
    if bought.count().execute() < 2 * paths.min_group:
        since, known = "contact", came
    return since, known.mutate(half=(engine.row_hash([known.unit_id]) % 2).cast("int64"))


def _followed(paths: Paths, each: Any, column: str) -> Any:
    known = each.filter(each[column].notnull())
    known = known.select("unit_id", "persona", start_at=known[column])
    return known.filter(paths.days_since(known, "start_at") >= paths.follow_days)


def _after(paths: Paths, starts: Any) -> Any:
    """Return what each unit did after its start, with the days since."""
    joined = paths.acts.select("unit_id", "timestamp", "step").inner_join(starts, "unit_id")
    days = joined.timestamp.delta(joined.start_at, unit="millisecond") / 86_400_000.0
    return joined.mutate(days=days).filter(lambda t: t.days > 0)


def _units(paths: Paths, starts: Any, stay: tuple[float, float]) -> Any:
    """Return per unit its half, and whether it stays."""
    after = _after(paths, starts)
    late = after.filter((after.days > stay[0]) & (after.days <= stay[1])).select("unit_id").distinct()
    late = late.mutate(stays=ibis.literal(1))
    joined = starts.left_join(late, "unit_id")
    return joined.select("unit_id", "persona", "half", stays=joined.stays.fill_null(0))


def _counted(table: Any, keys: list[str]) -> pd.DataFrame:
    """Return per persona, and of each kind, how many there are and how many of them stay."""
    each = per_persona(table.select("persona", "stays", *keys))
    return each.group_by(["persona", *keys]).aggregate(n=each.count(), kept=each.stays.sum()).execute()


def _behaviours(paths: Paths, starts: Any, early: float) -> Any:
    """Return how often each unit did what in its first days; at most five times count."""
    after = _after(paths, starts).filter(lambda t: t.days <= early)
    steps = after.group_by(["unit_id", "step"]).aggregate(times=after.count())
    days = after.mutate(day=after.days.floor()).group_by("unit_id").aggregate(times=lambda t: t.day.nunique())
    days = days.select("unit_id", step=ibis.literal(ACTIVE_DAYS), times=days.times)
    both = steps.union(days)
    return both.mutate(times=ibis.least(both.times, MOST_TIMES))


def _row(persona: str, sizes: pd.DataFrame, done: pd.DataFrame, least: int) -> dict[str, Any] | None:
    own = (
        sizes[sizes["persona"] == persona]
        .set_index("half")[["n", "kept"]]
        .reindex([0, 1])
        .fillna(0)
        .astype(int)
    )
    mine = done[done["persona"] == persona]
    if own["n"].min() < 2 * least:
        return None
    options = list(_options(mine[mine["half"] == 0], own.loc[0], least))
    if not options:
        return None
    _, behaviour, times, learned = max(options)
    checked = mine[(mine["half"] == 1) & (mine["step"] == behaviour) & (mine["times"] >= times)]
    did, stayed, of = int(checked["n"].sum()), int(checked["kept"].sum()), int(own.at[1, "n"])
    named = {"behaviour": behaviour, "at_least": times, "learned_effect": learned, "candidates": len(options)}
    figures = _check(did, stayed, of, int(own.at[1, "kept"]))
    return named | {"customers": of, "did": did, "did_share": did / of, **figures}


def _options(done: pd.DataFrame, whole: pd.Series, least: int) -> Iterator[tuple[float, str, int, float]]:
    """Yield, per candidate that goes with staying: how clearly, what, how often, and the difference."""
    of, stayed = whole["n"], whole["kept"]
    base = stayed / of
    for times in range(1, MOST_TIMES + 1):
        groups = done[done["times"] >= times].groupby("step")[["n", "kept"]].sum()
        for step, did, kept in groups.itertuples():
            if min(did, of - did) < max(least, LEAST_SHARE * of):
                continue
            effect = kept / did - (stayed - kept) / (of - did)
            if effect > 0 and 0 < base < 1:
                yield effect * (did * (of - did) / of / (base * (1 - base))) ** 0.5, step, times, effect


def _check(did: int, stayed: int, of: int, stayed_all: int) -> dict[str, float]:
    """Return the two shares that stay and their difference, with its interval and p-value."""
    rest, kept = of - did, stayed_all - stayed
    if not did or not rest:
        return {}
    found = compare_shares(kept / rest, rest, stayed / did, did)
    return {
        "stay_share": stayed / did, "other_stay_share": kept / rest, "effect": found["difference"], "low": found["low"],
        "high": found["high"], "p_value": two_shares_p_value(stayed, did, kept, rest),
    }  # fmt: skip
