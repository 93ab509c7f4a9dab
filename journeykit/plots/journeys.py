"""Figures of the journey: how far it goes, where it leaks, how long it takes and through which channels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from journeykit.letters import legible
from journeykit.plots.theme import (
    INK,
    LINE,
    accent,
    as_written,
    canvas,
    legend,
    percent_axis,
    tidy,
    wrapped,
)  # fmt: skip

__all__ = [
    "amounts",
    "drop_off",
    "funnel",
    "pages_bounce",
    "shares_map",
    "time_in_stage",
    "transition_map",
]


@as_written
def funnel(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw which share of those who began reaches each stage: bars for everyone, a dot per persona.

    Parameters
    ----------
    frame
        Columns `stage`, `persona` (labels), `share`, `colour`, `everyone` (bool), `shown` (text for the bar).
    """
    stages = list(dict.fromkeys(frame["stage"]))
    ax = canvas(ax, 1.2 + 0.52 * len(stages))
    place = {stage: number for number, stage in enumerate(stages)}
    everyone = frame[frame["everyone"]]
    ax.barh(everyone["stage"].map(place), everyone["share"], height=0.62, color="#d5dae0")
    for _, row in everyone.iterrows():
        ax.annotate(
            row["shown"], (1.02, place[row["stage"]]), xycoords=("axes fraction", "data"), va="center"
        )
    for persona, rows in frame[~frame["everyone"]].groupby("persona", sort=False):
        colour = rows["colour"].iloc[0]
        y = rows["stage"].map(place)
        ax.scatter(rows["share"], y, s=56, color=colour, label=persona, zorder=3, edgecolor="white")
    ax.set_yticks(range(len(stages)), stages)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.02), xlabel=xlabel)
    percent_axis(ax.xaxis)
    legend(ax, 3)
    return tidy(ax)


@as_written
def drop_off(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw the share that drops out in each stage, a dot with its interval per persona.

    Parameters
    ----------
    frame
        Columns `stage`, `persona` (labels), `value`, `low`, `high` (shares) and `colour`.
    """
    ax = dots(frame, "stage", ax, xlabel)
    ax.set_xlim(left=0)
    percent_axis(ax.xaxis)
    return ax


@as_written
def time_in_stage(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw the median days until the next stage; columns as in `drop_off`, in days."""
    ax = dots(frame, "stage", ax, xlabel)
    ax.set_xlim(left=0)
    return ax


@as_written
def pages_bounce(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw the share of visits that land on a page and end there; columns `page`, `value`, `low`, `high`."""
    shown = frame.assign(persona="", colour=accent())
    ax = dots(shown, "page", ax, xlabel)
    ax.set_xlim(left=0)
    percent_axis(ax.xaxis)
    return ax


@as_written
def amounts(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw an amount with its interval per row; columns `label`, `value`, `low`, `high`."""
    ax = dots(frame.assign(persona="", colour=accent()), "label", ax, xlabel)
    ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
    return ax


def dots(frame: pd.DataFrame, by: str, ax: Axes | None, xlabel: str) -> Axes:
    """Draw dots with intervals: a band per row of `by`, the personas under each other within it."""
    rows, personas = list(dict.fromkeys(frame[by])), list(dict.fromkeys(frame["persona"]))
    ax = canvas(ax, 1.1 + len(rows) * (0.24 + 0.17 * len(personas)))
    shifts = np.linspace(-0.3, 0.3, len(personas)) if len(personas) > 1 else [0.0]
    for shift, persona in zip(shifts, personas, strict=True):
        part = frame[frame["persona"] == persona]
        y = part[by].map({row: number for number, row in enumerate(rows)}) + shift
        colour = part["colour"].iloc[0]
        ax.hlines(y, part["low"], part["high"], color=colour, linewidth=2.2, alpha=0.55)
        ax.scatter(part["value"], y, s=44, color=colour, label=persona or None, zorder=3, edgecolor="white")
    for number in range(len(rows) - 1):
        ax.axhline(number + 0.5, color=LINE, linewidth=0.8)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
    if personas != [""]:
        legend(ax, 3)
    return tidy(ax)


@as_written
def transition_map(
    frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "", ylabel: str = ""
) -> Axes:
    """Draw where customers go from each stage: rows from, columns to (labels), shares that sum to 1 along a row."""
    return shares_map(frame, ax, xlabel=xlabel, ylabel=ylabel)


@as_written
def shares_map(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    words: pd.DataFrame | None = None,
    xlabel: str = "",
    ylabel: str = "",
) -> Axes:
    """Draw a table of shares as a heat map with the percentages, or other words, in it."""
    import seaborn as sns

    ax = canvas(ax, 1.5 + 0.46 * len(frame))
    frame = frame.rename(index=_named, columns=_named)  # seaborn measures the names at once
    percent = frame.map(lambda share: "" if pd.isna(share) or share < 0.005 else f"{100 * share:.0f}")
    shown = percent if words is None else words
    colours = sns.light_palette(accent(), as_cmap=True)
    most = float(np.nanmax(frame.to_numpy(dtype=float))) if frame.size else 1.0
    sns.heatmap(
        frame.astype(float), ax=ax, annot=shown, fmt="", cmap=colours, vmin=0, vmax=max(most, 0.01), cbar=False,
        linewidths=2, linecolor="white", annot_kws={"size": 9.5},
    )  # fmt: skip
    _write_legibly(ax)
    ax.set_xticklabels([wrapped(name, 12) for name in frame.columns], rotation=0)
    ax.set_yticklabels(frame.index, rotation=0)
    ax.tick_params(axis="x", labelsize=8.5 if frame.shape[1] > 8 else 9.5)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.tick_params(length=0, colors=INK)
    return ax


def _named(label: object) -> str:
    return legible(str(label))


def _write_legibly(ax: Axes) -> None:
    """Write each figure of a heat map in white only on cells that are dark enough for it."""
    grounds = ax.collections[0].get_facecolors()
    columns = round(ax.get_xlim()[1])
    for words in ax.texts:
        x, y = words.get_position()
        red, green, blue, _ = grounds[int(y) * columns + int(x)]
        words.set_color("white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else INK)
