"""The portfolio: all clients beside each other, on the phases that their stage models share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from journeykit.stage_models import CANONICAL_PHASES

__all__ = ["LEAST_CLIENTS", "benchmark", "beside", "read_phases"]

LEAST_CLIENTS = 3
FIGURES = ("share", "drop_off")
NEEDED = ("persona", "phase", "unit", "held_back", *FIGURES)


def read_phases(folder: Path) -> pd.DataFrame | None:
    """Return everyone's phases of a report, without those that are held back; None where the report has none."""
    path = folder / "tables" / "phases.parquet"
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError):
        return None
    if not set(NEEDED) <= set(table.columns):
        return None
    shown = table[(table["persona"] == "all") & ~table["held_back"].fillna(True).astype(bool)]
    return shown if len(shown) else None


def benchmark(clients: Mapping[str, pd.DataFrame], least: int = LEAST_CLIENTS) -> pd.DataFrame:
    """Return what is usual per phase, over clients whose journeys have the same unit.

    Parameters
    ----------
    clients
        The phases of each client (`read_phases`).
    least
        A cell of fewer clients is held back: it would tell what one of them is like.

    Returns
    -------
    DataFrame
        `unit, phase`, and for `share` (of all customers, in the phase now) and `drop_off` (of those who left it, the
        share that left for good) `…_clients, …_median, …_low, …_high`: how many clients can show it, their median
        and their range, each client counting once. Null where held back. In the order of the phases.
    """
    together = pd.concat(clients, names=["client"]).reset_index("client") if clients else pd.DataFrame()
    rows = []
    for (unit, phase), own in together.groupby(["unit", "phase"]) if len(together) else ():
        row = {"unit": unit, "phase": phase}
        for figure in FIGURES:
            known = own[figure].astype(float).dropna()
            shown = len(known) >= least
            row[f"{figure}_clients"] = len(known)
            for name, value in (("median", known.median()), ("low", known.min()), ("high", known.max())):
                row[f"{figure}_{name}"] = float(value) if shown else float("nan")
        rows.append(row)
    columns = ["unit", "phase"]
    columns += [f"{figure}_{part}" for figure in FIGURES for part in ("clients", "median", "low", "high")]
    table = pd.DataFrame(rows, columns=columns)
    order = {phase: place for place, phase in enumerate(CANONICAL_PHASES)}
    return table.sort_values(
        ["unit", "phase"], key=lambda c: c.map(order) if c.name == "phase" else c
    ).reset_index(drop=True)


def beside(
    clients: Mapping[str, pd.DataFrame], usual: pd.DataFrame, figure: str = "drop_off"
) -> pd.DataFrame:
    """Return each client's figure and how far it is from the median, for phases that enough clients can show.

    Returns
    -------
    DataFrame
        `client, unit, phase, value, difference`.
    """
    median = usual.set_index(["unit", "phase"])[f"{figure}_median"].dropna().to_dict()
    rows = [
        (
            client,
            row["unit"],
            row["phase"],
            float(row[figure]),
            float(row[figure]) - median[row["unit"], row["phase"]],
        )
        for client, table in clients.items()
        for row in table.to_dict("records")
        if (row["unit"], row["phase"]) in median and row[figure] == row[figure] and row[figure] is not None
    ]
    return pd.DataFrame(rows, columns=["client", "unit", "phase", "value", "difference"])
