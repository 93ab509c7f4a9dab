"""Leads: the one thing that a figure shows, said before its caption."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.reports.page import Page
from journeykit.wording.texts import has_text

__all__ = ["lead_of", "lead_of_cells", "lead_of_way"]


def lead_of(page: Page, key: str, frame: pd.DataFrame, by: str, **said: Any) -> str:
    """Return the lead of a figure from the row with the largest value, of either sign; empty when there is none.

    Parameters
    ----------
    key
        Of the text, under `leads`; its blanks are filled from the row's columns. About everyone it is that with
        `_all`, if there is one.
    by
        The column that is compared; `value` in the text.
    said
        Further blanks.
    """
    known = frame[frame[by].notna()]
    if known.empty:
        return ""
    row = known.loc[known[by].abs().idxmax()].to_dict()
    if row.get("persona") == page.text("parts.everyone") and has_text(f"leads.{key}_all", page.language):
        key = f"{key}_all"
    return page.text(f"leads.{key}", **{**row, **said, "value": row[by]})


def lead_of_cells(page: Page, key: str, frame: pd.DataFrame, **said: Any) -> str:
    """Return the lead of a table of shares from its largest cell, whose `row` and `column` it names."""
    cells = frame.stack()
    if cells.dropna().empty:
        return ""
    row, column = cells.astype(float).idxmax()
    return page.text(f"leads.{key}", row=row, column=column, value=float(cells.max()), **said)


def lead_of_way(page: Page, key: str, moves: pd.DataFrame, name: Any) -> str:
    """Return the lead of a flow: from the stage in which most begin, each time along the widest band.

    Parameters
    ----------
    moves
        Columns `place`, `from`, `to`, `count`, of moves from stage to stage.
    name
        Gives the name of a stage.
    """
    if moves.empty:
        return ""
    first = moves[moves["place"] == moves["place"].min()]
    way = [first.groupby("from")["count"].sum().idxmax()]
    for _, own in moves.groupby("place", sort=True):
        onward = own[(own["from"] == way[-1]) & ~own["to"].isin(way)]
        if onward.empty:
            break
        way.append(onward.loc[onward["count"].idxmax(), "to"])
    return page.text(f"leads.{key}", way=" → ".join(name(stage) for stage in way)) if len(way) > 1 else ""
