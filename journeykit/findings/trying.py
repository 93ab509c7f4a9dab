"""Findings about trials: what they showed for everyone, and for which persona something was shown too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from journeykit.findings.finding import Finding

__all__ = ["trial_findings"]

ALL = "all"
KEYS = {
    "better": "trial_better",
    "worse": "trial_worse",
    "no_difference_shown": "trial_no_difference",
    "mismatch": "trial_mismatch",
}
LIGHT = 0.1  # weight of a trial that shows nothing, beside a customer whom a treatment moved


def trial_findings(trials: pd.DataFrame | None, least: int = 1) -> Iterator[Finding]:
    """Yield one finding per arm of a trial, and per persona where a difference was shown; one for an unsound split."""
    for _, own in trials.groupby("trial", sort=False) if trials is not None else ():
        everyone = own[own["persona"] == ALL]
        if (everyone["verdict"] == "mismatch").any():
            yield _unsound(everyone)
            continue
        for persona, rows in own.groupby("persona", sort=False):
            control = rows.iloc[0]
            told = rows[rows["verdict"].isin(KEYS) & (rows["customers"] >= least)]
            shown = told if persona == ALL else told[told["verdict"].isin(["better", "worse"])]
            yield from (_difference(row, control) for row in shown.itertuples())


def _difference(row: Any, control: pd.Series) -> Finding:
    numbers = {"trial": row.trial, "arm": row.arm, "control": control["arm"], "share": row.rate}
    numbers |= {"other": control["rate"], "effect": row.lift}
    numbers["at_stake"] = row.customers * (LIGHT if row.verdict == "no_difference_shown" else abs(row.lift))
    who = None if row.persona == ALL else row.persona
    rest = ("trials", who, None, int(row.customers), row.p_value)
    return Finding(KEYS[row.verdict], numbers, row.low, row.high, *rest)


def _unsound(arms: pd.DataFrame) -> Finding:
    sizes = " / ".join(f"{row.arm}: {row.customers:,}" for row in arms.itertuples()).replace(",", "\u202f")
    numbers = {"trial": arms["trial"].iloc[0], "sizes": sizes, "at_stake": arms["customers"].sum() * LIGHT}
    p_value = float(arms["mismatch_p"].iloc[0])
    return Finding(
        "trial_mismatch", numbers, evidence="trials", customers=int(arms["customers"].sum()), p_value=p_value
    )
