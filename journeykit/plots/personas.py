"""Figures of who the customers are."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes

from journeykit.plots.theme import (
    INK,
    LINE,
    SOFT,
    accent,
    as_written,
    canvas,
    legend,
    number_axis,
    percent_axis,
    tidy,
)

__all__ = ["persona_candidates", "persona_map", "persona_profile", "persona_sizes", "persona_worth"]


@as_written
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


@as_written
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


@as_written
def persona_candidates(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw how each criterion scores each number of groups, and which number was chosen.

    Parameters
    ----------
    frame
        One row a criterion and number: `criterion` (label), `k`, `score` (0 to 1 within the criterion: the better,
        the darker), `shown` (the text in the cell), `picked` and `chosen` (whether this number was).
    """
    criteria, numbers = list(dict.fromkeys(frame["criterion"])), sorted(frame["k"].unique())
    ax = canvas(ax, 1.3 + 0.55 * len(criteria))
    place = {number: at for at, number in enumerate(numbers)}
    row = {criterion: at for at, criterion in enumerate(criteria)}
    fade = mpl.colors.LinearSegmentedColormap.from_list("fade", ["#f3f5f7", accent()])
    for cell in frame.itertuples():
        x, y, shade = place[cell.k], row[cell.criterion], 0.0 if pd.isna(cell.score) else 0.75 * cell.score
        colour = fade(shade)
        ax.add_patch(mpl.patches.Rectangle((x - 0.47, y - 0.44), 0.94, 0.88, color=colour, linewidth=0))
        ax.annotate(cell.shown, (x, y), ha="center", va="center", color=INK if _is_light(colour) else "white",
                    fontweight="bold" if cell.picked else "normal")  # fmt: skip
        if cell.picked:
            edge = mpl.patches.Rectangle(
                (x - 0.45, y - 0.42), 0.9, 0.84, fill=False, edgecolor=INK, linewidth=1.6
            )
            ax.add_patch(edge)
    for number in frame.loc[frame["chosen"].astype(bool), "k"].unique():
        ax.axvspan(place[number] - 0.5, place[number] + 0.5, color=LINE, zorder=0)
    ax.set_xticks(range(len(numbers)), [str(number) for number in numbers])
    ax.set_yticks(range(len(criteria)), criteria)
    ax.set_xlim(-0.6, len(numbers) - 0.4)
    ax.set_ylim(len(criteria) - 0.4, -0.6)
    ax.set_xlabel(xlabel)
    ax.spines[:].set_visible(False)
    return tidy(ax, grid=None)


def _is_light(colour: tuple[float, ...]) -> bool:
    """Return whether dark words read better than white ones on a colour (relative luminance, gamma of 2.2)."""
    red, green, blue = (channel**2.2 for channel in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.2


@as_written
def persona_map(frame: pd.DataFrame, ax: Axes | None = None, *, centres: pd.DataFrame | None = None) -> Axes:
    """Draw everybody as a dot, close to who is alike, in the colour of the persona.

    Parameters
    ----------
    frame
        `x, y, colour` and `sure` (0 to 1: who is less certain is drawn lighter).
    centres
        `x, y, label, colour`: where the name of each persona stands.
    """
    ax = canvas(ax, 5.6)
    alpha = (0.15 + 0.6 * frame["sure"].clip(0, 1)).to_numpy()
    ax.scatter(frame["x"], frame["y"], s=13, c=list(frame["colour"]), alpha=alpha, linewidths=0)
    centres = frame.iloc[:0] if centres is None else centres
    for centre in centres.itertuples():
        ax.scatter(
            [centre.x], [centre.y], s=120, color=centre.colour, edgecolor="white", linewidth=1.8, zorder=4
        )
    handles = [
        mpl.lines.Line2D(
            [], [], marker="o", linestyle="", markersize=8, color=centre.colour, label=centre.label
        )
        for centre in centres.itertuples()
    ]
    if handles:
        legend(ax, 3, handles=handles)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_aspect("equal", adjustable="datalim")
    ax.spines[:].set_visible(False)
    return ax


@as_written
def persona_worth(
    frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "", customers: str = "", value: str = ""
) -> Axes:
    """Draw what part of the customers, and what part of the value, each persona is: two dots on a line.

    Parameters
    ----------
    frame
        `label, share` (of the customers), `worth` (share of the value), `shown` (text on the right) and `colour`.
    customers, value
        What the hollow and the full dot mean.
    """
    ax = canvas(ax, 1.2 + 0.5 * len(frame))
    places = list(range(len(frame)))
    low, high = frame[["share", "worth"]].min(axis=1), frame[["share", "worth"]].max(axis=1)
    ax.hlines(places, low, high, color=LINE, linewidth=5)
    ax.scatter(
        frame["share"],
        places,
        s=84,
        facecolor="white",
        edgecolor=list(frame["colour"]),
        linewidth=2,
        zorder=3,
    )
    ax.scatter(frame["worth"], places, s=84, color=list(frame["colour"]), edgecolor="white", zorder=4)
    for place, (end, shown) in enumerate(zip(high, frame["shown"], strict=True)):
        ax.annotate(shown, (end, place), xytext=(12, 0), textcoords="offset points", va="center")
    hollow = mpl.lines.Line2D([], [], marker="o", linestyle="", markersize=8, markerfacecolor="white",
                              markeredgewidth=2, color=SOFT, label=customers)  # fmt: skip
    full = mpl.lines.Line2D([], [], marker="o", linestyle="", markersize=8, color=SOFT, label=value)
    legend(ax, 2, handles=[hollow, full])
    ax.set_yticks(places, frame["label"])
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.set_xlim(0, max(float(high.max()) if len(frame) else 1.0, 0.05) * 1.3)
    ax.set_xlabel(xlabel)
    percent_axis(ax.xaxis)
    return tidy(ax)
