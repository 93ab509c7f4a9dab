"""Figures of who the customers are."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from journeykit.plots.theme import LINE, SOFT, canvas, legend, number_axis, percent_axis, tidy

__all__ = ["persona_profile", "persona_sizes"]


def persona_sizes(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw how many customers each persona holds, as bars.

    Parameters
    ----------
    frame
        Columns `label`, `share`, `shown` (the text behind the bar) and `colour`; optionally `low` and `high`.
    """
    ax = canvas(ax, 0.75 + 0.5 * len(frame))
    places = range(len(frame))
    ax.barh(places, frame["share"], height=0.62, color=frame["colour"])
    if {"low", "high"} <= set(frame):
        ax.hlines(places, frame["low"], frame["high"], color="#1c2127", linewidth=1.4)
    ends = frame[[name for name in ("share", "high") if name in frame]].max(axis=1)
    for place, (end, shown) in enumerate(zip(ends, frame["shown"], strict=True)):
        ax.annotate(shown, (end, place), xytext=(7, 0), textcoords="offset points", va="center")
    ax.set_yticks(places, frame["label"])
    ax.invert_yaxis()
    ax.set_xlim(0, ends.max() * 1.22 if len(frame) else 1)
    ax.set_xlabel(xlabel)
    percent_axis(ax.xaxis)
    return tidy(ax)


def persona_profile(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw by which traits the personas differ: a dot per persona on a line per trait.

    Parameters
    ----------
    frame
        Columns `trait`, `persona` (labels), `effect` (standard deviations from everyone) and `colour`.
    """
    traits = list(dict.fromkeys(frame["trait"]))
    ax = canvas(ax, 1.3 + 0.42 * len(traits))
    place = {trait: number for number, trait in enumerate(traits)}
    ends = frame.groupby("trait", sort=False)["effect"].agg(["min", "max"])
    ax.axvline(0, color=SOFT, linewidth=1)
    ax.hlines([place[trait] for trait in ends.index], ends["min"], ends["max"], color=LINE, linewidth=5)
    for persona, rows in frame.groupby("persona", sort=False):
        y = rows["trait"].map(place)
        ax.scatter(
            rows["effect"], y, s=72, color=rows["colour"].iloc[0], label=persona, zorder=3, edgecolor="white"
        )
    ax.set_yticks(range(len(traits)), traits)
    ax.invert_yaxis()
    ax.set_xlabel(xlabel)
    number_axis(ax.xaxis)
    legend(ax, 3)
    return tidy(ax)
