"""Findings that set a share beside the same share of others: dissatisfaction, aftercare, winning back, accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from journeykit.findings.finding import Finding

__all__ = ["link_findings", "pairs_of"]

ALL = "all"
LIGHT = 0.1  # weight of a description beside a difference
MOST_ROLES = 6


def link_findings(journeys) -> Iterator[Finding]:
    """Find what goes with what; where nothing was tested, nothing is said to differ."""
    for name in PAIRS:
        yield from pairs_of(name, getattr(journeys, name))
    yield from _mean_ratings(_everyone(journeys.ratings))
    yield from _people(_everyone(journeys.account_people))
    yield from _roles(_everyone(journeys.account_roles))


def pairs_of(name: str, table: pd.DataFrame) -> list[Finding]:
    """Return a finding per tested row about everyone of one of the tables in which two groups stand side by side.

    Parameters
    ----------
    name
        Of the table: `dissatisfaction`, `aftercare`, `reactivations`, `account_people` or `account_roles`.
    table
        Its rows.
    """
    rows = _everyone(table)
    tested = rows[rows["p_value"].notna() & rows["other_share"].notna()] if len(rows) else rows
    head = {"reactivations": "approached_share", "dissatisfaction": "back_share"}.get(name, "share")
    tested = tested[tested[head].notna()] if len(tested) else tested
    return [PAIRS[name](row) for row in tested.to_dict("records")]


def _everyone(table: pd.DataFrame) -> pd.DataFrame:
    if table.empty:
        return table
    return table[(table["persona"] == ALL) & ~table["held_back"].astype(bool)]


def _pair(
    key: str, row: dict[str, Any], table: str, head: str = "", base: str = "customers", **more: Any
) -> Finding:
    """Return the finding of a row; `head` is what its first share is called with."""
    share, other = row[f"{head}share"], row["other_share"]
    of = int(row[base])
    numbers = {
        "share": share,
        "other": other,
        "other_low": row["other_low"],
        "other_high": row["other_high"],
        **more,
    }
    numbers["at_stake"] = of * abs(share - other)
    return Finding(
        key, numbers, row[f"{head}low"], row[f"{head}high"], table, None, None, of, float(row["p_value"])
    )  # fmt: skip


def _dissatisfied(row: dict[str, Any]) -> Finding:
    row = row | {"share": row["back_share"]}
    if row["signal"] == "rating":
        key, more = "back_after_low_rating", {"touchpoint": row["touchpoint"]}
    else:
        key, more = "back_after_complaint", {"sign": row["signal"]}
    return _pair(key, row, "dissatisfaction", days=row["days"], **more)


def _helped(row: dict[str, Any]) -> Finding:
    return _pair("complaints_after_help", row, "aftercare", days=row["days"])


def _called(row: dict[str, Any]) -> Finding:
    more = {"touchpoint": row["touchpoint"]}
    return _pair("won_back", row, "reactivations", "approached_", "approached", **more)


def _crowded(row: dict[str, Any]) -> Finding:
    more = {"at_least": int(row["at_least"]), "since": row["since"], "days": row["days"]}
    return _pair("wins_with_people", row, "account_people", **more)


def _with_role(row: dict[str, Any]) -> Finding:
    more = {"role": row["role"], "since": row["since"], "days": row["days"]}
    return _pair("wins_with_role", row, "account_roles", **more)


PAIRS: dict[str, Callable[[dict[str, Any]], Finding]] = {
    "dissatisfaction": _dissatisfied, "aftercare": _helped, "reactivations": _called, "account_people": _crowded,
    "account_roles": _with_role,
}  # fmt: skip


def _mean_ratings(ratings: pd.DataFrame) -> Iterator[Finding]:
    """Name the mean of every touchpoint that carries ratings, where it is not told as an NPS."""
    rows = ratings[ratings["stage"].isna() & ratings["nps"].isna()] if len(ratings) else ratings
    for row in (
        rows.sort_values("customers", ascending=False, kind="stable").itertuples() if len(rows) else ()
    ):
        numbers = {"touchpoint": row.touchpoint, "mean": row.rating_mean, "at_stake": row.customers * LIGHT}
        numbers |= {"scale_low": row.scale_low, "scale_high": row.scale_high}
        yield Finding("mean_rating", numbers, row.low, row.high, "ratings", customers=int(row.customers))


def _people(people: pd.DataFrame) -> Iterator[Finding]:
    for row in people.itertuples():
        numbers = {"mean": row.people_mean, "median": row.people_median, "at_stake": row.accounts * LIGHT}
        numbers |= {"quartile_low": row.people_quartile_low, "quartile_high": row.people_quartile_high}
        yield Finding(
            "people_per_account", numbers, None, None, "account_people", customers=int(row.accounts)
        )


def _roles(roles: pd.DataFrame) -> Iterator[Finding]:
    """Name the roles, the commonest first, with the share of the accounts in which each is filled."""
    rows = (
        roles.sort_values(["accounts", "role"], ascending=[False, True]).head(MOST_ROLES)
        if len(roles)
        else roles
    )
    if len(rows):
        of = round(float((rows["accounts"] / rows["accounts_share"]).iloc[0]))
        numbers = {"roles": list(rows["role"]), "shares": [float(share) for share in rows["accounts_share"]]}
        numbers["at_stake"] = of * LIGHT
        yield Finding("roles_filled", numbers, None, None, "account_roles", customers=of)
