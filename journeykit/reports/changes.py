"""What changed since the last report: shares of then and now, with intervals."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from journeykit.intervals import wilson
from journeykit.reports.outcomes import read_run

__all__ = ["compare_shares", "earlier_tables", "list_changes"]

COLUMNS = ["figure", "persona", "stage", "before", "after", "difference", "low", "high", "significant"]


def earlier_tables(home: Path, day: dt.date) -> Path | None:
    """Return the folder of tables of the last good report of an earlier day; None when there is none."""
    folders = [path for path in home.glob("????-??-??") if path.name < day.isoformat()]
    good = [path for path in sorted(folders) if (run := read_run(path)) and _is_good(run)]
    found = [path / "tables" for path in good if (path / "tables" / "customers.parquet").is_file()]
    return found[-1] if found else None


def _is_good(run: dict[str, Any]) -> bool:
    return run.get("status") == "ok" or bool(run.get("last_good"))


def list_changes(
    before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame], stages: tuple[str, ...]
) -> pd.DataFrame:
    """Compare two reports of a client.

    Parameters
    ----------
    before, after
        The tables ``customers`` and ``drop_off`` of both reports.
    stages
        The stages of the model, in order.

    Returns
    -------
    DataFrame
        One row a figure and stage, for everyone: ``stage_share`` (expected share of customers in the stage, or
        lapsed) and ``drop_off``; the difference with its 95 % interval, and whether that leaves out 0. Personas
        of two reports are not compared: they were found anew each time.
    """
    rows = [_stage_share(stage, before["customers"], after["customers"]) for stage in (*stages, "lapsed")]
    rows += [_drop_off(stage, before["drop_off"], after["drop_off"]) for stage in stages]
    return pd.DataFrame([row for row in rows if row is not None], columns=COLUMNS)


def compare_shares(before: float, n: float, after: float, m: float) -> dict[str, float | bool]:
    """Return the difference of two shares with its interval by Newcombe's method, and whether it leaves out 0.

    Examples
    --------
    >>> found = compare_shares(0.5, 100, 0.7, 100)
    >>> round(found["difference"], 2), round(found["low"], 3), round(found["high"], 3), found["significant"]
    (0.2, 0.064, 0.326, True)
    """
    (low_a, low_b), (high_a, high_b) = wilson([before * n, after * m], [n, m])
    difference = after - before
    low = difference - float(np.hypot(after - low_b, high_a - before))
    high = difference + float(np.hypot(high_b - after, before - low_a))
    return {"difference": difference, "low": low, "high": high, "significant": bool(low > 0 or high < 0)}


def _row(figure: str, stage: str, before: float, n: float, after: float, m: float) -> dict[str, Any] | None:
    if not (n > 0 and m > 0) or np.isnan(before) or np.isnan(after):
        return None
    named = {"figure": figure, "persona": "all", "stage": stage, "before": before, "after": after}
    return named | compare_shares(before, n, after, m)


def _stage_share(stage: str, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any] | None:
    name = f"p_{stage}"
    if name not in before or name not in after:
        return None
    old, new = before[name].dropna(), after[name].dropna()
    return _row("stage_share", stage, float(old.mean()), len(old), float(new.mean()), len(new))


def _drop_off(stage: str, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any] | None:
    pair = []
    for table in (before, after):
        own = table[(table["persona"] == "all") & (table["stage"] == stage)]
        if own.empty:
            return None
        pair += [float(own["drop_off"].iloc[0]), float(own["left"].iloc[0])]
    return _row("drop_off", stage, *pair)
