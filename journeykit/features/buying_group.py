"""The buying group: how many people of an account took part up to a moment, and in which roles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["ROLE", "measure_group"]

ROLE = "role"
WINDOWS = (30, 90)
MOST_ROLES = 8


def measure_group(contacts: Any, customers: pd.DataFrame | None = None) -> pd.DataFrame:
    """Measure the people of each account who had contacts.

    Parameters
    ----------
    contacts : ibis.Table
        Contacts up to their moment, with ``at`` and ``age_days``.
    customers : DataFrame, optional
        Attributes indexed by ``customer_id``; where one is called ``role``, roles are counted.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``unit_id`` and ``at``: ``people``, ``people_30d`` and ``people_90d`` (how many had contacts, ever
        and in the last days); with roles also ``roles_90d`` (how many different ones) and ``role_90d.<role>``
        (whether somebody of that role had contacts; the eight commonest roles). Where no role of the people who
        had contacts is known, these are missing.
    """
    keys = ["unit_id", "at", "customer_id"]
    newest = contacts.group_by(keys).aggregate(age=contacts.age_days.min()).execute()
    rows = pd.MultiIndex.from_frame(newest[["unit_id", "at"]]).drop_duplicates().sort_values()
    counts = {"people": _count(newest, rows)}
    counts |= {f"people_{days}d": _count(newest[newest["age"] < days], rows) for days in WINDOWS}
    if customers is not None and ROLE in customers:
        counts |= _roles(newest, customers[ROLE].dropna().astype(str), rows)
    return pd.DataFrame(counts, index=rows).astype(float)


def _count(people: pd.DataFrame, rows: pd.MultiIndex) -> pd.Series:
    return people.groupby(["unit_id", "at"]).size().reindex(rows, fill_value=0)


def _roles(people: pd.DataFrame, roles: pd.Series, rows: pd.MultiIndex) -> dict[str, pd.Series]:
    people = people[people["age"] < WINDOWS[-1]]
    known = people.assign(role=people["customer_id"].map(roles)).dropna(subset=ROLE)
    met = known.groupby(["unit_id", "at"])[ROLE].nunique().reindex(rows)
    usual = roles.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[:MOST_ROLES]
    columns = {"roles_90d": met}
    for role in sorted(usual):
        there = _count(known[known[ROLE] == role], rows).clip(upper=1)
        columns[f"role_90d.{role}"] = there.where(met.notna(), np.nan)
    return columns
