"""Findings about money: the best and the worst return on spend, and groups that are worth more in the year ahead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from journeykit.findings.finding import Finding
from journeykit.money.returns import mostly_paid

__all__ = ["ahead_findings", "return_findings"]

ALL, UNKNOWN = "all", "unknown"
LIGHT = 0.1  # weight of a description beside a difference
BETWEEN = 2 * 1.959964  # standard errors between the ends of an interval


def return_findings(returns: Any, min_group: int) -> Iterator[Finding]:
    """Name the paid channels that return most and least, where their intervals lie apart.

    Only channels count with as many sales as the smallest group: of others there is nothing to compare. A channel of
    which less than half of the contacts were paid for is none of them: its sales are mostly not of the spend. That two
    of several were picked is allowed for by the number of pairs.
    """
    if returns is None:
        return
    table = returns.table
    rows = table[(table["model"] == "last") & (table["persona"] == ALL) & table["campaign"].isna()]
    rows = rows[rows["source"].isna() & (rows["cost"] > 0) & (rows["purchases"] >= min_group)]
    rows = rows[mostly_paid(returns.about, rows["channel"])]
    rows = rows[rows["return"].notna()].sort_values("return", ascending=False)
    if len(rows) < 2:
        return
    ends = rows.assign(low=rows["revenue_low"] / rows["cost"], high=rows["revenue_high"] / rows["cost"])
    best, worst = ends.iloc[0], ends.iloc[-1]
    if not best["low"] > worst["high"]:
        return
    errors = [(row["high"] - row["low"]) / BETWEEN for row in (best, worst)]
    apart = (best["return"] - worst["return"]) / max(float(np.hypot(*errors)), 1e-12)
    p = min(1.0, float(2 * norm.sf(apart)) * len(rows) * (len(rows) - 1) / 2)
    for key, one, other in (("most", best, worst), ("least", worst, best)):
        numbers = {
            "channel": one["channel"],
            "other_channel": other["channel"],
            "one": 1,
            "value": one["return"],
        }
        numbers |= {
            "other": other["return"],
            "cost": one["cost"],
            "at_stake": float(one["purchases"]) * LIGHT,
        }
        ends, base = (one["low"], one["high"]), int(one["purchases"])
        yield Finding(f"spend_returns_{key}", numbers, *ends, "returns", customers=base, p_value=p)


def ahead_findings(ahead: Any, min_group: int) -> Iterator[Finding]:
    """Name the personas and channels whose customers are each worth more in the year ahead than the others."""
    if ahead is None or ahead.reason is not None or ahead.outlook.empty:
        return
    table = ahead.outlook
    whole = table[(table["persona"] == ALL) & (table["acquisition_channel"] == ALL)].iloc[0]
    parted = table[(table["persona"] == ALL) != (table["acquisition_channel"] == ALL)]
    for row in parted.to_dict("records"):
        rest = whole["customers"] - row["customers"]
        named = row["acquisition_channel"] != UNKNOWN
        if row["customers"] >= min_group and rest >= min_group and named:
            yield from _worth_more(row, whole, rest)


def _worth_more(row: dict[str, Any], whole: pd.Series, rest: float) -> Iterator[Finding]:
    each, other = (
        row["value_expected"] / row["customers"],
        (whole["value_expected"] - row["value_expected"]) / rest,
    )
    errors = (
        (row["high"] - row["low"]) / BETWEEN / row["customers"],
        (whole["high"] - whole["low"]) / BETWEEN / rest,
    )
    p = float(2 * norm.sf(abs(each - other) / max(float(np.hypot(*errors)), 1e-12)))
    of_persona = row["persona"] != ALL
    key = ("" if each > other else "_") + f"ahead_more_{'persona' if of_persona else 'channel'}"
    numbers = {"value": each, "other": other, "at_stake": row["customers"] * LIGHT}
    numbers |= {} if of_persona else {"channel": row["acquisition_channel"]}
    low, high = row["low"] / row["customers"], row["high"] / row["customers"]
    persona = row["persona"] if of_persona else None
    yield Finding(key, numbers, low, high, "value_outlook", persona, None, int(row["customers"]), p)
