"""Orders told again: the same sale told at another moment, or a number under which somebody is charged each month."""

from __future__ import annotations

from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.touchpoints import SOLD

__all__ = ["settle_orders", "settled"]

_KEYS = ("customer_id", "visitor_id", "touchpoint", "order_id", "product", "value", "quantity", "currency")
_LEAST_DAYS = 6  # nobody is charged more often than once a week
_ALIKE = 0.25  # of a period, by which gaps differ where months have 28 to 31 days
_MOST = 2 / 3  # of the gaps of one number
_NEARLY_ALL = 0.8  # of the gaps of a file, where no number comes often enough to tell by itself


def settle_orders(connection: Any, name: str) -> dict[str, int]:
    """Settle in a table of mapped rows which sales are told again, and return how many it concerns.

    What has an order's number, and tells the same of what was sold as an earlier row, is told again, as by a page of
    thanks that is loaded twice: it gets the reason ``order_twice``. Where a number comes back at regular distances of
    a week or more, it is that of a subscription: each of its charges is a sale, with the day added to its number.

    Returns
    -------
    dict
        ``charges``: sales under a number that comes back; ``told_late``: rows that were told again a day or more later.
    """
    table = connection.table(name)
    repeated = _repeated(table)
    if repeated is None or repeated.empty:
        return {"charges": 0, "told_late": 0}
    found = settled(repeated)
    changed = found[found["again"] | found["periodic"]]
    rows = ibis.memtable(changed[["_id", "again", "day"]])
    marked = table.mutate(_id=table.rowid()).left_join(rows, "_id")
    again = marked["again"].fill_null(False)
    dated = (marked["order_id"] + " " + marked["day"]).fill_null(marked["order_id"])
    made = marked.mutate(reason=again.ifelse("order_twice", marked["reason"]), order_id=dated)
    connection.create_table(f"{name}_settled", made.select(*table.columns))
    connection.raw_sql(f'DROP TABLE "{name}"; ALTER TABLE "{name}_settled" RENAME TO "{name}"')
    late = found["again"] & (found["since_first"] >= 1)
    return {"charges": int((found["periodic"] & ~found["again"]).sum()), "told_late": int(late.sum())}


def _repeated(table: Any) -> pd.DataFrame | None:
    """Return the sales that are told at several moments: ``_id, key, moment``; None where there are no numbers."""
    if "order_id" not in table.columns:
        return None
    keys = [name for name in _KEYS if name in table.columns]
    good = table["reason"].isnull() & table["order_id"].notnull() & table["touchpoint"].isin(SOLD)
    sales = table.select(*keys, "timestamp", _id=table.rowid(), _good=good).filter(ibis._["_good"])
    several = sales.group_by("order_id").aggregate(moments=ibis._["timestamp"].nunique())
    several = several.filter(several["moments"] > 1)
    found = sales.semi_join(several, "order_id").order_by("_id").execute()
    found = found.assign(
        key=found.groupby(keys, dropna=False, sort=False).ngroup(), moment=found["timestamp"]
    )
    return found.loc[found.groupby("key")["moment"].transform("nunique") > 1, ["_id", "key", "moment"]]


def settled(sales: pd.DataFrame) -> pd.DataFrame:
    """Return which sales are told again, and which are charges under a number that comes back.

    Parameters
    ----------
    sales
        ``key`` (equal where the same is told under the same number) and ``moment``.

    Returns
    -------
    DataFrame
        The same, with ``periodic`` (the number comes back), ``again`` (told again), ``since_first`` (days) and the
        ``day`` of the charge.

    Examples
    --------
    >>> moments = pd.to_datetime(["2026-01-05", "2026-02-05", "2026-03-05", "2026-03-06"])
    >>> settled(pd.DataFrame({"key": 1, "moment": moments}))["again"].tolist()
    [False, False, False, True]
    """
    moments = sales[["key", "moment"]].drop_duplicates().sort_values(["key", "moment"])
    gap = moments.groupby("key")["moment"].diff() / pd.Timedelta(days=1)
    period = moments["key"].map(_periods(moments["key"][gap >= _LEAST_DAYS], gap[gap >= _LEAST_DAYS]))
    charged = (gap > period / 2).fillna(False)
    turn = charged.groupby(moments["key"]).cumsum()
    first = moments.groupby([moments["key"], turn])["moment"].transform("min")
    start = moments.groupby("key")["moment"].transform("min")
    told = moments.assign(
        periodic=period.notna(),
        again=moments["moment"] > first,
        since_first=(moments["moment"] - start) / pd.Timedelta(days=1),
        day=first.dt.strftime("%Y-%m-%d").where(period.notna(), None),
    )
    return sales.merge(told, on=["key", "moment"])


def _periods(keys: pd.Series, gaps: pd.Series) -> pd.Series:
    """Return the days between the charges of each key that comes back at regular distances.

    With three charges or more a key tells it by itself. A key with two follows those, or all, where nearly all gaps of
    the file are alike.
    """
    median, count = gaps.groupby(keys).transform("median"), gaps.groupby(keys).transform("size")
    alike = _near(gaps, median).groupby(keys).mean()
    standing = median.groupby(keys).first()[(alike >= _MOST) & (count.groupby(keys).first() > 1)]
    known = np.sort(standing.unique())
    pairs = median.groupby(keys).first()[count.groupby(keys).first() == 1]
    if len(known):
        near = [bool(_near(gap, known).any()) for gap in pairs]
    else:
        same = len(pairs) > 2 and bool(_near(pairs, pairs.median()).mean() >= _NEARLY_ALL)
        near = [same and bool(_near(gap, pairs.median())) for gap in pairs]
    return pd.concat([standing, pairs[near]]) if len(pairs) else standing


def _near(gaps: Any, period: Any) -> Any:
    return np.abs(gaps / period - 1) <= _ALIKE
