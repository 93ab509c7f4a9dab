"""Figures of change: differences between two moments, with their intervals."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from journeykit.plots.theme import GREY, LINE, SOFT, accent, as_written, canvas, legend, number_axis, tidy

__all__ = ["differences"]


@as_written
def differences(
    frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "", sure: str = "", unsure: str = ""
) -> Axes:
    """Draw differences as dots with their intervals, on either side of no difference.

    Parameters
    ----------
    frame
        Columns `label`, `value`, `low`, `high` (percentage points) and `significant`; drawn from top to bottom.
    sure, unsure
        What the two colours mean.
    """
    ax = canvas(ax, 1.3 + 0.4 * len(frame))
    colours = {True: accent(), False: GREY}
    ax.axvline(0, color=SOFT, linewidth=1)
    for place, row in enumerate(frame.itertuples()):
        colour = colours[bool(row.significant)]
        ax.hlines(place, row.low, row.high, color=colour, linewidth=2.4, alpha=0.6)
        ax.scatter([row.value], [place], s=60, color=colour, edgecolor="white", zorder=3)
        ax.axhline(place + 0.5, color=LINE, linewidth=0.6)
    ax.set_yticks(range(len(frame)), list(frame["label"]))
    ax.set_ylim(len(frame) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
    number_axis(ax.xaxis)
    shown = [known for known in (True, False) if known in set(frame["significant"].astype(bool))]
    handles = [
        Line2D([], [], marker="o", linestyle="", color=colours[one], label=sure if one else unsure)
        for one in shown
    ]
    legend(ax, 2, handles=handles)
    return tidy(ax)
