"""Comparing: today's figures beside those of the last report of an earlier day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.reports.changes import list_changes
from journeykit.reports.earlier import earlier_tables

__all__ = ["compare_reports"]

COMPARED = ("customers", "drop_off")


def compare_reports(study: Any, home: Path) -> pd.DataFrame | None:
    """Return what changed since the last good report in a client's folder; None when there is none.

    Returns
    -------
    DataFrame or None
        See `list_changes`; `attrs["day"]` is the day of that report.
    """
    earlier = earlier_tables(home, study.log.as_of_date)
    if earlier is None or not all((earlier / f"{name}.parquet").is_file() for name in COMPARED):
        return None
    before = {name: pd.read_parquet(earlier / f"{name}.parquet") for name in COMPARED}
    after = {"customers": study.customers, "drop_off": study.journeys.drop_off}
    least = study.client.privacy.min_group
    found = list_changes(before, after, study.client.model.ids, study.persona_match, least)
    found.attrs["day"] = earlier.parent.name
    return found
