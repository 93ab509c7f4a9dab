"""Comparing: how far two groups get and where they go next, with the difference and whether it is more than chance."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import ibis
import pandas as pd

from journeykit.errors import DataError, unknown
from journeykit.intervals import compare_shares
from journeykit.journeys.paths import Paths
from journeykit.journeys.statistics import adjust_p_values, two_shares_p_value
from journeykit.journeys.steps import hold_back

__all__ = ["compare_groups", "compare_largest", "compare_periods", "compare_personas"]

MOST_PERSONAS = 3  # the largest ones, of which a report compares each pair
BEFORE, AFTER = "before", "after"
COLUMNS = (
    "group other measure from to customers share other_customers other_share difference low high p_value p_adjusted "
    "significant"
).split()
_SHOWN = ("group", "other", "measure", "from", "to")


def compare_personas(paths: Paths, one: str, other: str) -> pd.DataFrame:
    """Compare two personas; see `compare_groups`.

    Raises
    ------
    JourneykitError
        When a persona is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> from journeykit.events import EventLog
    >>> from journeykit.journeys import trace_paths
    >>> days = {"old": "2026-01-01", **{f"c{n}": "2026-02-10" for n in range(40)}, "end": "2026-07-20"}
    >>> rows = [(who, day, "ad_impression") for who, day in days.items()]
    >>> rows += [(f"c{n}", "2026-02-15", "compare_items") for n in range(20)]
    >>> log = EventLog.from_frame(pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint"]))
    >>> personas = pd.Series({f"c{n}": "p1" if n < 20 else "p2" for n in range(40)})
    >>> table = compare_personas(trace_paths(log, personas), "p1", "p2")
    >>> table.query("measure == 'reaches'").set_index("to").loc["consideration", ["share", "other_share"]].tolist()
    [1.0, 0.0]
    """
    return compare_groups(paths, paths.units["persona"], one, other)


def compare_periods(paths: Paths, day: str) -> pd.DataFrame:
    """Compare those who came in before a day with those who came in on it or later; see `compare_groups`.

    Raises
    ------
    JourneykitError
        When it is no day, or nobody came in on one of the two sides.
    """
    first = paths.units["first_at"]
    cut = _day(day)
    groups = pd.Series(BEFORE, index=first.index).where(first < cut, AFTER)
    came = groups[first >= paths.enters_from]
    if came.nunique() < 2:
        begin, end = paths.enters_from.date(), paths.moment.date()
        problem = f"nobody came in {'before' if AFTER in set(came) else 'on or after'} {cut.date()}"
        raise DataError(problem, where="compare_periods", remedy=f"give a day between {begin} and {end}")
    return compare_groups(paths, groups, BEFORE, AFTER)


def _day(day: str) -> pd.Timestamp:
    try:
        return pd.Timestamp(day).normalize()
    except ValueError:
        remedy = "write it as 2026-04-01"
        raise DataError(f"{day!r} is no day", where="compare_periods", remedy=remedy) from None


def compare_groups(paths: Paths, groups: pd.Series, one: str, other: str) -> pd.DataFrame:
    """Compare how far two groups get, and where they go next from each stage.

    Everybody is followed for equally long: who could not be followed for the report's period (the horizon where the
    data are short) counts in neither. Only units whose journey begins in the data count.

    Parameters
    ----------
    paths
        The paths of a log.
    groups
        A name per `unit_id`; null for who belongs to neither.
    one, other
        The two groups.

    Returns
    -------
    pandas.DataFrame
        `group, other, measure` (`reaches`: came to the stage `to` or a later one after the first contact; `moves`: of
        those who entered the stage `from`, went to `to` next, each unit's first stay only), `from, to, customers,
        share, other_customers, other_share, difference` (`other_share` minus `share`), `low, high` (Newcombe),
        `p_value` (chi-square or Fisher), `p_adjusted` (Benjamini-Hochberg over the rows), `significant` (adjusted
        below .05), `held_back`.

    Raises
    ------
    JourneykitError
        When a group is not known, or both are the same.
    """
    known = groups.dropna().astype(str)
    for name in (one, other):
        if name not in set(known):
            raise unknown("group", name, sorted(set(known)), where="compare_groups")
    if one == other:
        raise DataError(f"{one!r} is compared with itself", where="compare_groups", remedy="name two groups")
    return _finished(list(_pair(paths, _counts(paths, known), one, other)), paths)


def compare_largest(paths: Paths) -> pd.DataFrame:
    """Compare each pair of the largest personas; see `compare_groups`. Empty with fewer than two.

    The p-values are adjusted over all pairs together.
    """
    sizes = paths.units["persona"].value_counts()
    sizes = sizes[sizes >= paths.min_group].sort_index().sort_values(ascending=False, kind="stable")
    if len(sizes) < 2:
        return _finished([], paths)
    known = paths.units["persona"].dropna().astype(str)
    counts = _counts(paths, known)
    pairs = combinations(sizes.index[:MOST_PERSONAS], 2)
    return _finished([row for one, other in pairs for row in _pair(paths, counts, one, other)], paths)


def _counts(paths: Paths, groups: pd.Series) -> dict[str, pd.DataFrame]:
    """Return per group how many reached at furthest which stage, and went from which stage to which, in equal time."""
    named = ibis.memtable(pd.DataFrame({"unit_id": groups.index.astype(str), "group": groups.to_numpy()}))
    first = paths.contacts.filter(paths.contacts.order == 0).select("unit_id", first_at="timestamp")
    start = ibis.literal(paths.enters_from.to_pydatetime()).cast("timestamp(6)")
    units = first.filter(first.first_at >= start).inner_join(named, "unit_id")
    return {"reaches": _reached(paths, units).execute(), "moves": _moved(paths, units).execute()}


def _reached(paths: Paths, units: Any) -> Any:
    units = units.filter(paths.days_since(units, "first_at") >= paths.follow_days)
    joined = units.left_join(paths.levels.select("unit_id", "position", "at"), "unit_id")
    days = joined["at"].delta(joined.first_at, unit="millisecond") / 86_400_000.0
    joined = joined.mutate(days=days)
    best = joined.group_by(["unit_id", "group"]).aggregate(
        best=joined.position.max(where=joined.days <= paths.follow_days)
    )
    return best.group_by(["group", "best"]).aggregate(n=best.count())


def _moved(paths: Paths, units: Any) -> Any:
    """Return the next stage after the first stay of each unit in each stage; null where it did not move in time."""
    entries = paths.entries
    begun = entries["at"]
    stays = entries.group_by(["unit_id", "position"]).aggregate(
        begun_at=begun.min(), to=entries.next_position.argmin(begun), moved_at=entries.next_at.argmin(begun)
    )
    stays = stays.filter(paths.days_since(stays, "begun_at") >= paths.follow_days)
    days = stays.moved_at.delta(stays.begun_at, unit="millisecond") / 86_400_000.0
    stays = stays.mutate(to=(days <= paths.follow_days).ifelse(stays.to, ibis.null("int64")))
    joined = stays.inner_join(units.select("unit_id", "group"), "unit_id")
    return joined.group_by(["group", "position", "to"]).aggregate(n=joined.count())


def _pair(paths: Paths, counts: dict[str, pd.DataFrame], one: str, other: str) -> Iterator[tuple]:
    reach = {name: own.set_index("best")["n"] for name, own in counts["reaches"].groupby("group")}
    sides = [reach.get(name, pd.Series(dtype="int64")) for name in (one, other)]
    totals = [int(side.sum()) for side in sides]
    for at in paths.seen:
        hits = [int(side[side.index >= at].sum()) for side in sides]
        yield _row(paths, (one, other, "reaches", None, paths.stages[at]), hits, totals)
    moves = counts["moves"]
    for begin in paths.seen:
        here = moves[moves["position"] == begin]
        sides = [here[here["group"] == name].set_index("to")["n"] for name in (one, other)]
        totals = [int(side.sum()) for side in sides]
        for end in paths.seen:
            hits = [int(side.get(end, 0)) for side in sides]
            if end != begin and sum(hits):
                yield _row(paths, (one, other, "moves", paths.stages[begin], paths.stages[end]), hits, totals)


def _row(paths: Paths, named: tuple, hits: list[int], totals: list[int]) -> tuple:
    """Return one comparison; without figures where one of the two groups is too small."""
    (mine, theirs), (n, m) = hits, totals
    if min(n, m) < max(paths.min_group, 1):
        return (*named, n, None, m, None, None, None, None, None)
    found = compare_shares(mine / n, n, theirs / m, m)
    p_value = two_shares_p_value(mine, n, theirs, m) if 0 < mine + theirs < n + m else None
    return (*named, n, mine / n, m, theirs / m, found["difference"], found["low"], found["high"], p_value)


def _finished(rows: list[tuple], paths: Paths) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=COLUMNS[:-2])
    numbers = [name for name in table if name not in _SHOWN]
    table[numbers] = table[numbers].astype(float)
    table["p_adjusted"] = adjust_p_values(table["p_value"])
    table["significant"] = table["p_adjusted"] < 0.05
    small = table[["customers", "other_customers"]].min(axis=1) < paths.min_group
    return hold_back(table, small, _SHOWN)
