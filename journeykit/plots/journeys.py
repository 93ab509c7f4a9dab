"""Figures of the journey: how far it goes, where it leaks, how long it takes and through which channels."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from journeykit.plots.theme import (
    GREY,
    INK,
    LINE,
    SOFT,
    accent,
    canvas,
    legend,
    percent_axis,
    stage_colours,
    tidy,
)  # fmt: skip

__all__ = [
    "drop_off",
    "funnel",
    "journey_canvas",
    "pages_bounce",
    "shares_map",
    "time_in_stage",
    "transition_map",
]


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


def time_in_stage(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw the median days until the next stage; columns as in `drop_off`, in days."""
    ax = dots(frame, "stage", ax, xlabel)
    ax.set_xlim(left=0)
    return ax


def pages_bounce(frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "") -> Axes:
    """Draw the share of visits that land on a page and end there; columns `page`, `value`, `low`, `high`."""
    shown = frame.assign(persona="", colour=accent())
    ax = dots(shown, "page", ax, xlabel)
    ax.set_xlim(left=0)
    percent_axis(ax.xaxis)
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


def transition_map(
    frame: pd.DataFrame, ax: Axes | None = None, *, xlabel: str = "", ylabel: str = ""
) -> Axes:
    """Draw where customers go from each stage: rows from, columns to (labels), shares that sum to 1 along a row."""
    return shares_map(frame, ax, xlabel=xlabel, ylabel=ylabel)


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
    percent = frame.map(lambda share: "" if pd.isna(share) or share < 0.005 else f"{100 * share:.0f}")
    shown = percent if words is None else words
    colours = sns.light_palette(accent(), as_cmap=True)
    most = float(np.nanmax(frame.to_numpy(dtype=float))) if frame.size else 1.0
    sns.heatmap(
        frame.astype(float), ax=ax, annot=shown, fmt="", cmap=colours, vmin=0, vmax=max(most, 0.01), cbar=False,
        linewidths=2, linecolor="white", annot_kws={"size": 9.5},
    )  # fmt: skip
    _write_legibly(ax)
    ax.set_xticklabels([_wrapped(name, 12) for name in frame.columns], rotation=0)
    ax.set_yticklabels(frame.index, rotation=0)
    ax.tick_params(axis="x", labelsize=8.5 if frame.shape[1] > 8 else 9.5)
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.tick_params(length=0, colors=INK)
    return ax


def _write_legibly(ax: Axes) -> None:
    """Write each figure of a heat map in white only on cells that are dark enough for it."""
    grounds = ax.collections[0].get_facecolors()
    columns = round(ax.get_xlim()[1])
    for words in ax.texts:
        x, y = words.get_position()
        red, green, blue, _ = grounds[int(y) * columns + int(x)]
        words.set_color("white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else INK)


def _wrapped(words: object, width: int, lines: int = 9) -> str:
    cut = textwrap.wrap(str(words), width, break_long_words=False)
    kept = cut[:lines]
    return "\n".join([*kept[:-1], f"{kept[-1]} …"] if len(cut) > lines else kept)


def journey_canvas(
    cells: Mapping[str, Sequence[str]], stages: Sequence[str], levels: Sequence[float], *,
    width: float = 13.5, height_label: str = "", emphasis: Sequence[str] = (),
) -> Axes:  # fmt: skip
    """Draw the journey map of one persona: stages as columns, what was measured and what helps as rows.

    Parameters
    ----------
    cells
        Row label to one text per stage.
    stages
        Labels of the stages in order.
    levels
        Share of the persona now in each stage: the line above the columns.
    emphasis
        Rows whose texts are figures: larger, and not wrapped.
    """
    letters = max(11, int(140 / len(stages)))
    wrapped = {row: [_wrapped(words, letters) for words in texts] for row, texts in cells.items()}
    heights = [0.36 + 0.2 * _lines([_wrapped(row, 17), *texts]) for row, texts in wrapped.items()]
    size = _fitting(wrapped, letters)
    ax = canvas(None, 2.1 + sum(heights), width=width)
    ax.set(xlim=(-1.02, len(stages)), ylim=(2.0 + sum(heights), 0))
    ax.axis("off")
    _levels(ax, levels, height_label)
    _stage_heads(ax, stages, levels)
    top = 2.0
    for height, (row, texts) in zip(heights, wrapped.items(), strict=True):
        ax.plot([-1.02, len(stages)], [top, top], color=LINE, linewidth=1)
        ax.text(-1.0, top + 0.17, _wrapped(row, 17), va="top", weight="bold", size=10, linespacing=1.25)
        for number, words in enumerate(texts):
            strong = row in emphasis
            at = (number + 0.06, top + 0.15)
            ax.text(*at, words, va="top", size=13 if strong else size, color=INK, linespacing=1.3)
        top += height
    return ax


def _fitting(wrapped: Mapping[str, Sequence[str]], letters: int) -> float:
    """Return the size of type at which the longest word fits in its column."""
    longest = max(
        len(word) for texts in wrapped.values() for words in texts for word in (words.split() or [""])
    )
    return max(7.5, 9.8 * min(1.0, 1.1 * letters / max(longest, 1)))


def _lines(texts: Sequence[str]) -> int:
    return max(words.count("\n") + 1 for words in texts)


def _stage_heads(ax: Axes, stages: Sequence[str], levels: Sequence[float]) -> None:
    """Draw the names of the stages; a stage of which nothing is known is grey."""
    colours = [
        colour if level == level else LINE
        for colour, level in zip(stage_colours(len(stages)), levels, strict=True)
    ]
    for number, (stage, colour) in enumerate(zip(stages, colours, strict=True)):
        dark = sum(int(colour[at : at + 2], 16) for at in (1, 3, 5)) < 400
        ax.add_patch(Rectangle((number + 0.02, 1.32), 0.96, 0.56, color=colour))
        ink = "white" if dark else INK
        letters = max(10, int(115 / len(stages)))
        name = _wrapped(stage, letters, 2)
        ax.text(number + 0.08, 1.6, name, va="center", color=ink, weight="bold", size=10.5, linespacing=1.1)


def _levels(ax: Axes, levels: Sequence[float], label: str) -> None:
    """Draw the share of customers per stage as a line over the columns."""
    most = max([0.01, *(level for level in levels if level == level)])
    x = [number + 0.5 for number in range(len(levels))]
    y = [1.15 - 0.7 * (0.0 if level != level else level) / most for level in levels]
    known = [height if level == level else np.nan for height, level in zip(y, levels, strict=True)]
    ax.plot(x, known, color=accent(), linewidth=2, marker="o", markersize=6)
    ax.fill_between(x, known, 1.15, color=accent(), alpha=0.10, linewidth=0)
    ax.plot([-0.02, len(levels)], [1.15, 1.15], color=GREY, linewidth=0.8)
    for at, height, level in zip(x, y, levels, strict=True):
        shown = "–" if level != level else f"{100 * level:.0f}%"
        ax.annotate(shown, (at, height), xytext=(0, 8), textcoords="offset points", ha="center", size=10)
    ax.text(-1.0, 0.85, _wrapped(label, 17), va="center", size=9.5, color=SOFT, linespacing=1.25)
