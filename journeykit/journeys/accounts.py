"""Accounts: how many people take part in each, in which roles, and what that goes with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeykit.journeys.kin import is_kin
from journeykit.journeys.pairs import set_beside
from journeykit.journeys.paths import Paths
from journeykit.journeys.selling import ORDERS
from journeykit.journeys.statistics import two_shares_p_value, wilson
from journeykit.journeys.steps import hold_back, personas_of, units_of

__all__ = ["count_account_people", "count_account_roles"]

QUOTES = ("quote_request",)
PEOPLE_COLUMNS = (
    "persona accounts people people_mean people_median people_quartile_low people_quartile_high since days at_least "
    "customers won share low high other_customers other_won other_share other_low other_high p_value"
).split()
ROLE_COLUMNS = (
    "persona role accounts accounts_share accounts_low accounts_high since days customers won share low high "
    "other_customers other_won other_share other_low other_high p_value"
).split()
MOST_LEVELS, LONGEST = 30, 60  # a column with more levels, or longer ones, holds no roles


def count_account_people(paths: Paths, customers: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Count the people of each account, and whether accounts with many of them buy more often than those with few.

    The people of an account are those that the customers' file lists under it, and everybody else who had a contact for
    it. An account wins when it orders within the report's period after it first asked for a quotation, or, where nobody
    does, after its first contact; who began too late to be followed for so long is left out, and so is who bought
    before. *Many* is from the number on at which the two shares differ most, and the p-value allows for having chosen
    it (Bonferroni). Where the file lists nobody, only those count who had a contact by the start of those days.

    Parameters
    ----------
    paths
        The paths of a log.
    customers
        The customers' attributes, indexed by ``customer_id``, with ``account_id``.
    unit
        `account` or `customer`, what a journey is of; other than of accounts nothing is counted.

    Returns
    -------
    pandas.DataFrame
        `persona, accounts, people` (in all), `people_mean, people_median, people_quartile_low, people_quartile_high`
        (per account), `since` (`quote` or `contact`), `days, at_least` (how many are many), `customers` (accounts with
        so many, followed), `won, share, low, high` (Wilson), `other_customers` (accounts with fewer),
        `other_won, other_share, other_low, other_high, p_value, held_back`.
    """
    rows = []
    if unit == "account":
        sizes = _people(paths, customers).groupby("unit_id")["customer_id"].nunique()
        outcomes = _outcomes(paths)
        early = outcomes["people"] if not _lists_people(customers) else sizes
        for persona in personas_of(paths):
            accounts = units_of(paths, persona).index
            rows.append(_people_row(persona, sizes.reindex(accounts).dropna(), early, outcomes, paths))
    table = pd.DataFrame(rows, columns=PEOPLE_COLUMNS)
    small = table["accounts"] < paths.min_group
    return hold_back(table, small, ("persona", "since", "days"))


def _people_row(
    persona: str, sizes: pd.Series, early: pd.Series, outcomes: pd.DataFrame, paths: Paths
) -> list:
    own = outcomes.reindex(sizes.index.intersection(outcomes.index))
    least, p_value = _best_split(early.reindex(own.index), own["won"], paths.min_group)
    many = early.reindex(own.index) >= least
    groups = [own.loc[many == one, "won"] for one in (True, False)]
    one, other = ((int(group.sum()), len(group)) for group in groups)
    pair = (
        set_beside(one, other, paths.min_group, p_value)
        if least == least
        else dict.fromkeys(range(11), np.nan)
    )
    middle = sizes.quantile([0.5, 0.25, 0.75]).tolist()
    told = [persona, len(sizes), int(sizes.sum()), float(sizes.mean()), *middle]
    return [*told, outcomes.attrs["since"], paths.follow_days, least, *pair.values()]


def _best_split(sizes: pd.Series, won: pd.Series, least: int) -> tuple[float, float]:
    """Return from which size on accounts win most differently from smaller ones, and the p-value for that choice.

    Miller, R. & Siegmund, D. (1982). Maximally selected chi square statistics. Biometrics 38; here bounded by the
    number of sizes that could have been chosen.
    """
    tried = []
    for size in sorted(sizes.dropna().unique())[1:]:
        many = sizes >= size
        if min(many.sum(), (~many).sum()) >= max(least, 1):
            p = two_shares_p_value(won[many].sum(), many.sum(), won[~many].sum(), (~many).sum())
            tried.append((p, float(size)))
    if not tried:
        return np.nan, np.nan
    p_value, size = min(tried)
    return size, min(1.0, p_value * len(tried))


def count_account_roles(paths: Paths, customers: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Count in how many accounts each role is filled, and whether accounts with the role buy more often.

    Roles are the levels of the first column of the customers' file whose name speaks of a role (role, function, job,
    department …), with at most thirty levels.

    Returns
    -------
    pandas.DataFrame
        `persona, role, accounts` (with somebody in it), `accounts_share` (of those of the persona of which any role is
        known), `accounts_low, accounts_high` (Wilson), `since, days`, then as in `count_account_people`, of accounts
        with the role beside those without it:
        `customers, won, share, low, high, other_customers, other_won, other_share, other_low, other_high, p_value`;
        and `held_back`. The commonest role first; empty where no role is known.
    """
    column = _role_column(customers)
    rows = []
    if unit == "account" and column is not None:
        people = _people(paths, customers)
        people = people.assign(role=people["customer_id"].map(customers[column].dropna().astype(str)))
        filled = people.dropna(subset="role")[["unit_id", "role"]].drop_duplicates()
        outcomes = _outcomes(paths)
        for persona in personas_of(paths):
            own = filled[filled["unit_id"].isin(units_of(paths, persona).index)]
            rows += [
                _role_row(persona, role, own, outcomes, paths) for role in own["role"].value_counts().index
            ]
    table = pd.DataFrame(rows, columns=ROLE_COLUMNS)
    return hold_back(table, table["accounts"] < paths.min_group, ("persona", "role", "since", "days"))


def _role_row(persona: str, role: str, own: pd.DataFrame, outcomes: pd.DataFrame, paths: Paths) -> list:
    accounts = own["unit_id"].unique()
    filled = set(own.loc[own["role"] == role, "unit_id"])
    followed = outcomes.reindex(pd.Index(accounts).intersection(outcomes.index))
    has = followed.index.isin(filled)
    groups = [followed.loc[has == one, "won"] for one in (True, False)]
    one, other = ((int(group.sum()), len(group)) for group in groups)
    low, high = wilson(len(filled), len(accounts))
    told = [persona, role, len(filled), len(filled) / len(accounts), float(low), float(high)]
    pair = set_beside(one, other, paths.min_group)
    return [*told, outcomes.attrs["since"], paths.follow_days, *pair.values()]


def _role_column(customers: pd.DataFrame) -> str | None:
    for name in customers.columns:
        levels = customers[name].dropna().astype(str)
        if is_kin(name, "role") and 1 < levels.nunique() <= MOST_LEVELS and levels.str.len().max() <= LONGEST:
            return str(name)
    return None


def _lists_people(customers: pd.DataFrame) -> bool:
    return "account_id" in customers and bool(customers["account_id"].notna().any())


def _people(paths: Paths, customers: pd.DataFrame) -> pd.DataFrame:
    """Return unit and person, once each: those of the file and those with a contact, of accounts with any contact."""
    met = paths.contacts.select("unit_id", "customer_id").distinct().execute()
    if not _lists_people(customers):
        return met
    listed = customers["account_id"].dropna().astype(str)
    listed = pd.DataFrame({"unit_id": listed.to_numpy(), "customer_id": listed.index.astype(str)})
    listed = listed[listed["unit_id"].isin(paths.units.index)]
    return pd.concat([met, listed], ignore_index=True).drop_duplicates(ignore_index=True)


def _outcomes(paths: Paths) -> pd.DataFrame:
    """Return, per account that could be followed, whether it then won, and how many people had met it by the start."""
    table = paths.contacts
    asked = table.filter(table.touchpoint.isin(QUOTES))
    quoted = bool(asked.limit(1).count().execute())
    starts = (asked if quoted else table).group_by("unit_id")
    starts = starts.aggregate(start_at=(asked if quoted else table).timestamp.min()).execute()
    orders = table.filter(table.touchpoint.isin(ORDERS)).group_by("unit_id")
    orders = orders.aggregate(bought_at=table.filter(table.touchpoint.isin(ORDERS)).timestamp.min()).execute()
    frame = starts.merge(orders, "left", "unit_id").set_index("unit_id").sort_index()
    known = (paths.moment - frame["start_at"]).dt.total_seconds() / 86400 >= paths.follow_days
    fresh = ~(frame["bought_at"] < frame["start_at"])
    frame = frame[known & fresh]
    days = (frame["bought_at"] - frame["start_at"]).dt.total_seconds() / 86400
    met = table.group_by(["unit_id", "customer_id"]).aggregate(met_at=table.timestamp.min()).execute()
    met = met.merge(frame["start_at"], left_on="unit_id", right_index=True)
    people = met[met["met_at"] <= met["start_at"]].groupby("unit_id")["customer_id"].nunique()
    found = frame.assign(won=days <= paths.follow_days, people=people.reindex(frame.index))[["won", "people"]]
    found.attrs["since"] = "quote" if quoted else "contact"
    return found
