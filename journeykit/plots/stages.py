"""Figures of where customers are and where they go."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from journeykit.plots.journeys import dots, shares_map
from journeykit.plots.theme import (
    GREY,
    INK,
    SOFT,
    accent,
    as_written,
    canvas,
    legend,
    number_axis,
    percent_axis,
    stage_colours,
    tidy,
)

__all__ = ["confusion_map", "forecast", "reliability", "signal_importance", "stage_distribution"]

LEAST = 0.045  # a part of a bar narrower than this gets no figure


@as_written
def stage_distribution(frame: pd.DataFrame, ax: Axes | None = None, *, apart: int = 1) -> Axes:
    """Draw how each persona is spread over the stages, as bars that add up to 100 %.

    Parameters
    ----------
    frame
        A row per persona, a column per stage in order (labels), shares that sum to 1 along a row.
    apart
        How many of the last columns are no stages (lapsed, unsure): they are grey.
    """
    stages = frame.shape[1] - apart
    colours = [*stage_colours(stages), *["#8d96a0", "#d7dbe0"][:apart]]
    return _stacked(frame, colours, canvas(ax, 1.35 + 0.5 * len(frame)), columns=4)


@as_written
def forecast(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what is expected within the horizon: a row per persona; columns stay, move and lapse (labels)."""
    return _stacked(frame, ["#c9ced4", accent(), "#3b434c"], canvas(ax, 1.1 + 0.5 * len(frame)), columns=3)


def _stacked(frame: pd.DataFrame, colours: list[str], ax: Axes, columns: int) -> Axes:
    left = pd.Series(0.0, index=frame.index)
    places = range(len(frame))
    for name, colour in zip(frame.columns, colours, strict=False):
        ax.barh(
            places,
            frame[name],
            left=left,
            height=0.66,
            color=colour,
            label=name,
            edgecolor="white",
            linewidth=1,
        )
        for place, (start, share) in enumerate(zip(left, frame[name], strict=True)):
            if share >= LEAST:
                ink = "white" if _dark(colour) else INK
                ax.text(
                    start + share / 2,
                    place,
                    f"{100 * share:.0f}",
                    ha="center",
                    va="center",
                    color=ink,
                    size=9,
                )
        left = left + frame[name].fillna(0)
    ax.set_yticks(places, frame.index)
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    percent_axis(ax.xaxis)
    legend(ax, columns)
    return tidy(ax, None)


def _dark(colour: str) -> bool:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


@as_written
def reliability(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "", ylabel: str = "") -> Axes:
    """Draw stated probabilities against what came true; on the line, they are honest.

    Parameters
    ----------
    frame
        Columns `predicted`, `observed` (shares) and optionally `customers` (the size of the dot).
    """
    ax = canvas(ax, 4.6, width=5.2)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1.2)
    most = frame["customers"].max() if "customers" in frame else 1
    size = 30 + 140 * frame["customers"] / most if "customers" in frame else 60
    ax.plot(frame["predicted"], frame["observed"], color=accent(), linewidth=1.2, alpha=0.5)
    ax.scatter(frame["predicted"], frame["observed"], s=size, color=accent(), zorder=3, edgecolor="white")
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel=xlabel, ylabel=ylabel)
    percent_axis(ax.xaxis)
    percent_axis(ax.yaxis)
    ax.tick_params(colors=SOFT)
    return tidy(ax, "y")


@as_written
def confusion_map(
    frame: pd.DataFrame, words: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "", ylabel: str = ""
) -> Axes:
    """Draw where those of each stage are placed, as a heat map.

    Parameters
    ----------
    frame
        A row per stage that they were in, a column per stage where they are placed (labels), shares along a row.
    words
        What is written in each cell.
    """
    return shares_map(frame, ax, words=words, xlabel=xlabel, ylabel=ylabel)


@as_written
def signal_importance(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw how much each group of signals brings, a dot with its interval.

    Parameters
    ----------
    frame
        Columns `group` (labels, in the order of drawing), `value`, `low` and `high` (drop in skill).
    """
    ax = dots(frame.assign(persona="", colour=accent()), "group", ax, xlabel)
    ax.axvline(0, color=GREY, linewidth=1.2, zorder=0)
    number_axis(ax.xaxis, 2)
    return ax
