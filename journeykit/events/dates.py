"""Dates of which the day and the month can change places: which stands first is told by all rows of a file."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = [
    "DAY_FIRST",
    "MONTH_FIRST",
    "DateOrder",
    "judge_dates",
    "judge_texts",
    "order_of_dates",
    "swapped_pattern",
]

DAY_FIRST, MONTH_FIRST = "day first", "month first"
_DATE = r"^(\d{4}-\d{2}-\d{2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4})"
_FORM = re.compile(r"^%([dm])([/.-])%([dm])\2(%[yY].*)$")
_SWAP_DATES = 8  # different days, none of which is above 12: by chance one time in two thousand
_TELLING = 4  # more different days up to 12 in one place than in the other: by chance one time in fifty
_IN_ORDER = 6  # different days from which on an order of rows tells: by chance one time in 360


@dataclass(frozen=True)
class DateOrder:
    """What all dates of a column say of their form.

    ``first`` is `DAY_FIRST` or `MONTH_FIRST`; ``sure`` whether only that fits; ``mixed`` the rows that fit the other
    alone; ``swapped`` whether the dates with the year first had their day and month exchanged by a program.
    """

    first: str
    sure: bool
    why: str
    mixed: int = 0
    swapped: bool = False

    @property
    def told(self) -> str:
        """How the dates were read, in few words."""
        return (
            self.first + (", swapped back" if self.swapped else "") + ("" if self.sure else ", either fits")
        )


def swapped_pattern(pattern: str, first: str) -> str:
    """Return a pattern with its day or its month first; one of another form as it is.

    Examples
    --------
    >>> swapped_pattern("%d/%m/%Y %H:%M", MONTH_FIRST)
    '%m/%d/%Y %H:%M'
    >>> swapped_pattern("%Y-%m-%d", MONTH_FIRST)
    '%Y-%m-%d'
    """
    form = _FORM.match(pattern)
    if form is None:
        return pattern
    one, other = ("d", "m") if first == DAY_FIRST else ("m", "d")
    return f"%{one}{form[2]}%{other}{form[2]}{form[4]}"


def order_of_dates(
    text: ir.StringValue, pattern: str | None, *, month_first: bool = False
) -> DateOrder | None:
    """Return what all rows of a column say; None of a pattern in which nothing can change places.

    Parameters
    ----------
    text
        The column, bound to its table, which has ``_row``.
    pattern
        The way in which most of it is written.
    month_first
        What counts where nothing tells.
    """
    if pattern is None or not _FORM.match(pattern):
        return None
    date = text.re_extract(_DATE, 1)
    rows = _rows(text)
    if rows is None:
        return None
    table = rows.select(date=date, row="_row")
    found = table.group_by("date").aggregate(rows=table.count(), first=table["row"].min()).execute()
    return judge_dates(found[found["date"] != ""], month_first=month_first)


def _rows(text: ir.StringValue):
    """Return the table that a column is of, where its rows have a number."""
    tables = text.op().relations
    found = next(iter(tables), None)
    return found.to_expr() if found is not None and "_row" in found.schema else None


def judge_texts(texts: pd.Series) -> DateOrder:
    """Return what the texts of a sample say of the form of their dates."""
    date = texts.dropna().astype(str).str.strip().str.extract(_DATE)[0].dropna()
    rows = pd.DataFrame({"date": date, "row": range(len(date))}).groupby("date", as_index=False)
    return judge_dates(rows.agg(rows=("row", "size"), first=("row", "min")))


def judge_dates(found: pd.DataFrame, *, month_first: bool = False) -> DateOrder:
    """Return what dates say of their form: ``date`` as written, ``rows`` that have it, and the ``first`` of them.

    A number above 12 is a day. Where none is, the order in which the dates stand tells, then in which place the
    numbers up to 12 are so many that days above 12 would be among them.

    Examples
    --------
    >>> days = pd.DataFrame({"date": ["12/1/2025", "12/13/2025"], "rows": 1, "first": [1, 2]})
    >>> judge_dates(days).told
    'month first'
    """
    iso = found["date"].str.match(r"\d{4}-")
    parts = found.loc[~iso, "date"].str.extract(r"^(\d+)[/.-](\d+)[/.-](\d+)").astype(float)
    rows = found.loc[~iso, "rows"]
    days, months = int(rows[parts[0] > 12].sum()), int(rows[parts[1] > 12].sum())
    usual = MONTH_FIRST if month_first else DAY_FIRST
    if days or months:
        first = DAY_FIRST if days >= months else MONTH_FIRST
        swapped = not min(days, months) and _is_swapped(found.loc[iso, "date"], parts)
        return DateOrder(
            first, not min(days, months), "a number above 12 is a day", min(days, months), swapped
        )
    dates = parts.assign(row=found.loc[~iso, "first"]).sort_values("row")
    in_order = {first for first in (DAY_FIRST, MONTH_FIRST) if _is_in_order(dates, first)}
    if len(in_order) == 1:
        return DateOrder(in_order.pop(), True, "only so the rows are in the order of time")
    more = parts[0].nunique() - parts[1].nunique()
    if abs(more) >= _TELLING:
        first = MONTH_FIRST if more > 0 else DAY_FIRST
        return DateOrder(first, False, "else there were many days, and none after the 12th of a month")
    return DateOrder(usual, False, "no number is above 12")


def _is_in_order(dates: pd.DataFrame, first: str) -> bool:
    """Tell whether dates are in the order of time, or the other way around, read in one way."""
    day, month = (0, 1) if first == DAY_FIRST else (1, 0)
    read = [_date(row[2], row[month], row[day]) for row in dates[[0, 1, 2]].to_numpy()]
    moments = [moment for moment in read if moment is not None]
    if len(set(moments)) < _IN_ORDER or len(moments) < len(read):
        return False
    return moments == sorted(moments) or moments == sorted(moments, reverse=True)


def _date(year: float, month: float, day: float) -> dt.date | None:
    try:
        return dt.date(int(year) + (2000 if year < 100 else 0), int(month), int(day))
    except ValueError:
        return None


def _is_swapped(iso: pd.Series, parts: pd.DataFrame) -> bool:
    """Tell whether dates have a day up to 12 and texts all others: a program took day and month for each other."""
    above = (parts[[0, 1]] > 12).any(axis=1)
    return iso.nunique() >= _SWAP_DATES and len(parts) >= _SWAP_DATES and bool(
        above.all() and (iso.str[8:10].astype(int) <= 12).all()
    )  # fmt: skip
