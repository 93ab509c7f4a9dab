"""Canvases: one persona's whole journey on one wide figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from journeykit.plots.theme import GREY, INK, LINE, SOFT, accent, as_written, canvas, stage_colours, wrapped

__all__ = ["journey_canvas", "value_canvas"]

BAND = 0.95  # inches of a line over the stages


@as_written
def journey_canvas(
    cells: Mapping[str, Sequence[str]], stages: Sequence[str], levels: Sequence[float], *,
    width: float | None = None, height_label: str = "", emphasis: Sequence[str] = (),
    bands: Mapping[str, pd.DataFrame] | None = None,
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
    width
        Inches; by default as wide as the stages ask for.
    bands
        Label to a row per stage of `value, low, high` (null where unknown) and `shown`: lines with intervals, between
        the heads and the rows. A column `most` is the top of the scale; without it, the highest bound is.
    """
    bands = bands or {}
    width = width or max(13.5, 1.5 + 1.95 * len(stages))
    letters = max(11, int(10.4 * width / len(stages)))
    folded = {row: [wrapped(words, letters) for words in texts] for row, texts in cells.items()}
    heights = [0.28 + 0.175 * _lines([wrapped(row, 17), *texts]) for row, texts in folded.items()]
    size = _fitting(folded, letters)
    bottom = 2.0 + BAND * len(bands) + sum(heights)
    ax = canvas(None, 0.1 + bottom, width=width)
    ax.set(xlim=(-1.02, len(stages)), ylim=(bottom, 0))
    ax.axis("off")
    _levels(ax, levels, height_label)
    _stage_heads(ax, stages, levels)
    top = 2.0
    for label, frame in bands.items():
        _band(ax, top, label, frame)
        top += BAND
    for height, (row, texts) in zip(heights, folded.items(), strict=True):
        ax.plot([-1.02, len(stages)], [top, top], color=LINE, linewidth=1)
        ax.text(-1.0, top + 0.17, wrapped(row, 17), va="top", weight="bold", size=10, linespacing=1.25)
        for number, words in enumerate(texts):
            strong = row in emphasis
            at = (number + 0.06, top + 0.15)
            ax.text(*at, words, va="top", size=13 if strong else size, color=INK, linespacing=1.3)
        top += height
    return ax


def _band(ax: Axes, top: float, label: str, frame: pd.DataFrame) -> None:
    """Draw a line over the stages with its intervals, from the lowest to the highest of its scale."""
    ax.plot([-1.02, len(frame)], [top, top], color=LINE, linewidth=1)
    ax.text(-1.0, top + 0.17, wrapped(label, 17), va="top", weight="bold", size=10, linespacing=1.25)
    most = float(frame["most"].max() if "most" in frame else frame[["value", "high"]].max().max()) or 1.0
    x = np.arange(len(frame)) + 0.5
    value, low, high = (
        top + BAND - 0.12 - 0.55 * frame[name].to_numpy(float) / most for name in ("value", "low", "high")
    )
    ax.vlines(x, low, high, color=accent(), linewidth=5, alpha=0.25)
    ax.plot(x, value, color=accent(), linewidth=2, marker="o", markersize=6)
    ax.plot([-0.02, len(frame)], [top + BAND - 0.12] * 2, color=GREY, linewidth=0.8)
    for at, height, shown in zip(x, np.fmin(value, high), frame["shown"], strict=True):
        place = (at, height) if np.isfinite(height) else (at, top + BAND - 0.12)
        ax.annotate(shown, place, xytext=(0, 6), textcoords="offset points", ha="center", size=10)


@as_written
def value_canvas(frame: pd.DataFrame, *, width: float = 13.5, columns: int = 4) -> Axes:
    """Draw the customer value canvas of one persona: a box per stage, in the order in which they are read.

    Parameters
    ----------
    frame
        A row per stage: `stage`, `figure` and `remark` (what was measured, in short), `lines` (texts).
    """
    rows = -(-len(frame) // columns)
    letters = 38
    folded = [[wrapped(words, letters) for words in texts if words] for texts in frame["lines"]]
    tall = 1.28 + max((sum(0.14 + 0.2 * _lines([words]) for words in texts) for texts in folded), default=0)
    ax = canvas(None, rows * (tall + 0.15), width=width)
    ax.set(xlim=(0, columns), ylim=(rows * (tall + 0.15), 0))
    ax.axis("off")
    colours = stage_colours(len(frame))
    for number, row in enumerate(frame.itertuples()):
        left, top = number % columns, (number // columns) * (tall + 0.15)
        _box(ax, left, top, tall, colours[number], f"{number + 1}  {row.stage}")
        ax.text(left + 0.06, top + 0.88, row.figure, va="center", size=17, weight="bold", color=INK)
        ax.text(
            left + 0.34, top + 0.88, wrapped(row.remark, 26), va="center", size=9, color=SOFT, linespacing=1.2
        )
        height = top + 1.2
        for words in folded[number]:
            ax.text(left + 0.06, height, words, va="top", size=9.5, color=INK, linespacing=1.3)
            height += 0.14 + 0.2 * _lines([words])
    return ax


def _box(ax: Axes, left: float, top: float, tall: float, colour: str, name: str) -> None:
    ax.add_patch(Rectangle((left + 0.02, top), 0.96, tall, facecolor="white", edgecolor=LINE, linewidth=1))
    ax.add_patch(Rectangle((left + 0.02, top), 0.96, 0.5, color=colour))
    ink = "white" if _is_dark(colour) else INK
    ax.text(left + 0.06, top + 0.26, wrapped(name, 32, 1), va="center", color=ink, weight="bold", size=11)


def _is_dark(colour: str) -> bool:
    return sum(int(colour[at : at + 2], 16) for at in (1, 3, 5)) < 400


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
        ax.add_patch(Rectangle((number + 0.02, 1.32), 0.96, 0.56, color=colour))
        ink = "white" if _is_dark(colour) else INK
        letters = max(10, int(115 / len(stages)))
        name = wrapped(stage, letters, 2)
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
    ax.text(-1.0, 0.85, wrapped(label, 17), va="center", size=9.5, color=SOFT, linespacing=1.25)
