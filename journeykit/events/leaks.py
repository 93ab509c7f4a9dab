"""Leaks: attributes that tell how it ended, or were filled in because of it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

__all__ = ["outcomes_of", "suspect_leaks"]

_OUTCOMES = set(
    "converted conversion churn churned response responded outcome label target won purchased bought exited attrition "
    "cancelled canceled defaulted subscribed renewed revenue klant_geworden geconverteerd uitkomst gekocht opgezegd "
    "vertrokken gewonnen reactie".split()
)
_AFTERWARDS = set("tags notable quality score kwaliteit reason reden grade index outcome".split())
_STRONG, _TELLING, _DECIDES, _LEAST, _MOST_LEVELS = 0.8, 0.7, 0.97, 20, 60


def words_of(name: object) -> list[str]:
    """Return the words in a column's name, in small letters.

    Examples
    --------
    >>> words_of("LastNotable Activity"), words_of("CustomerID")
    (['last', 'notable', 'activity'], ['customer', 'id'])
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", str(name))
    return [word for word in re.split(r"[\W_]+", parted.lower()) if word]


def outcomes_of(frame: pd.DataFrame) -> list[str]:
    """Return the columns with two values that are named like an outcome.

    Examples
    --------
    >>> outcomes_of(pd.DataFrame({"Converted": [0, 1], "age": [30, 40], "Response rate": [1, 2]}))
    ['Converted']
    """
    return [
        str(name)
        for name in frame
        if frame[name].nunique() == 2
        and ("_".join(words_of(name)) in _OUTCOMES or words_of(name)[-1:] == ["won"])
    ]


def suspect_leaks(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the attributes that seem to tell an outcome: ``attribute, outcome, leak`` and ``strength``.

    Parameters
    ----------
    frame
        One row a customer.

    Returns
    -------
    DataFrame
        ``leak`` is ``outcome`` (named like one), ``predicts`` (it tells the outcome apart with an area under the curve
        of 0.8 or more; of 0.7 when one of its values decides it for 97 % of twenty people or more) or ``afterwards``
        (named like a judgement, in a table that has an outcome). ``strength`` is the area under the curve, 0.5 to 1:
        how well the shares of the outcome per value of the attribute tell it apart in the same rows; missing is a value
        too.
    """
    rows = []
    for outcome in outcomes_of(frame):
        rows.append((outcome, outcome, "outcome", 1.0))
        happened = frame[outcome].astype("str").rank(method="dense").to_numpy() > 1
        for name in frame:
            if name != outcome and (found := _leak(frame[name], happened, str(name))):
                rows.append((str(name), outcome, *found))
    table = pd.DataFrame(rows, columns=["attribute", "outcome", "leak", "strength"])
    return table.drop_duplicates("attribute", ignore_index=True)


def _leak(column: pd.Series, happened: np.ndarray, name: str) -> tuple[str, float] | None:
    strength, decides = _strength(column, happened)
    if strength >= (_TELLING if decides else _STRONG):
        return "predicts", strength
    return ("afterwards", strength) if _AFTERWARDS & set(words_of(name)) else None


def _strength(column: pd.Series, happened: np.ndarray) -> tuple[float, bool]:
    """Return the area under the curve of an attribute, and whether one of its values decides the outcome."""
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > _MOST_LEVELS:
        known = column.notna().to_numpy()
        area = _area(column[known].rank().to_numpy(), happened[known])
        return max(area, 1 - area), False
    levels = column.astype("str").fillna("")
    if levels.nunique() > _MOST_LEVELS:
        return 0.5, False
    grouped = pd.Series(happened, index=column.index).groupby(levels)
    share, count = grouped.mean(), grouped.size()
    base = happened.mean()
    large = count >= _LEAST
    decides = bool(
        (large & ((share >= _DECIDES) | (share <= 1 - _DECIDES)) & ((share - base).abs() > 0.3)).any()
    )
    score = levels.map(share.where(large, base)).rank().to_numpy()
    return _area(score, happened), decides and levels.nunique() > 2


def _area(rank: np.ndarray, happened: np.ndarray) -> float:
    """Return the area under the curve by ranks (Mann and Whitney)."""
    yes, no = int(happened.sum()), int((~happened).sum())
    if not yes or not no:
        return 0.5
    return float((rank[happened].sum() - yes * (yes + 1) / 2) / (yes * no))
