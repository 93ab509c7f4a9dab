"""Findings about the largest personas beside each other."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from journeykit.findings.finding import Finding

__all__ = ["comparison_findings"]


def comparison_findings(comparisons: pd.DataFrame, days: float) -> Iterator[Finding]:
    """Name the stage in which two personas differ most; the other stages count as tested.

    How far two groups come in one stage is bound up with the next, so each pair gets one sentence.
    """
    known = comparisons[(comparisons["measure"] == "reaches") & comparisons["p_value"].notna()]
    for (one, other), own in known.groupby(["group", "other"], sort=False):
        most = own["difference"].abs().idxmax()
        for row in own.itertuples():
            key = "persona_differs" if row.Index == most else "_persona_differs"
            numbers = {"to": other, "share": row.share, "other": row.other_share, "effect": row.difference}
            numbers |= {
                "days": days,
                "at_stake": min(row.customers, row.other_customers) * abs(row.difference),
            }
            yield Finding(
                key, numbers, row.low, row.high, "comparisons", one, row.to, int(row.customers), row.p_value
            )
