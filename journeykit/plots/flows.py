"""Flows: bands from stage to stage, laid out once and drawn the same on paper and on a screen."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from journeykit.plots.theme import INK, SOFT, as_written, theme, wrapped

__all__ = ["Drawing", "draw", "lay_out_arcs", "lay_out_flows"]

WIDTH = 864.0  # pixels; the page's column
PIXEL = 0.75  # points
BAR, GAP, LEAST = (
    11.0,
    9.0,
    13.0,
)  # a node's width, the space between two, and the least height that bears a name
TOP = 26.0
LETTER, LINE = 6.1, 14.0  # the width of a letter, and the height of a line
BACKWARD = "#d55e00"


@dataclass(frozen=True)
class Node:
    """A stage at a place: a box with its name beside or below it, and what is told of it."""

    id: str
    x: float
    y: float
    width: float
    height: float
    colour: str
    words: list[str]
    at: tuple[float, float]
    anchor: str
    told: str


@dataclass(frozen=True)
class Band:
    """A curve from one node to another, as wide as it counts; `tip` is the point of an arrow, or empty."""

    start: str
    to: str
    points: tuple[tuple[float, float], ...]
    thickness: float
    colour: str
    told: str
    tip: tuple[tuple[float, float], ...] = ()

    @property
    def curve(self) -> str:
        """The curve as SVG writes it."""
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = self.points
        return f"M{x0:.1f} {y0:.1f}C{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f} {x3:.1f} {y3:.1f}"


@dataclass(frozen=True)
class Drawing:
    """Nodes, bands and heads with their places in pixels."""

    width: float
    height: float
    nodes: list[Node] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    heads: list[tuple[float, float, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it, curves as SVG writes them."""
        bands = [
            {"start": band.start, "to": band.to, "curve": band.curve, "thickness": round(band.thickness, 2),
             "colour": band.colour, "told": band.told,
             "tip": " ".join(f"{x:.1f},{y:.1f}" for x, y in band.tip)}
            for band in self.bands
        ]  # fmt: skip
        nodes = [
            {
                name: round(value, 1) if isinstance(value, float) else value
                for name, value in asdict(node).items()
            }
            for node in self.nodes
        ]
        return {
            "width": self.width, "height": round(self.height, 1), "nodes": nodes, "bands": bands,
            "heads": [list(head) for head in self.heads],
        }  # fmt: skip


def lay_out_flows(
    nodes: pd.DataFrame, bands: pd.DataFrame, heads: dict[int, str], most: float = 430.0
) -> Drawing:
    """Lay out paths as columns of stages with bands between them (a Sankey diagram).

    Parameters
    ----------
    nodes
        Columns `place` (the column, from 1), `stage`, `count`, `words` and `share` (the name beside it and how much it
        is; empty: no name), `colour`, `told`; in each place in the order from top to bottom.
    bands
        Columns `place`, `stage`, `to` (a stage of the next place), `count`, `told`.
    heads
        What stands above each place.
    most
        The most height, in pixels.
    """
    tall = nodes.groupby("place")["count"].agg(["sum", "size"])
    height = min(most, TOP + 90 + 42 * tall["size"].max())
    scale = min((height - TOP - GAP * (row["size"] - 1)) / row["sum"] for _, row in tall.iterrows())
    step = (WIDTH - 130.0) / max(len(heads) - 1, 1)
    laid, boxes = [], {}
    for place, own in nodes.groupby("place", sort=True):
        x, y = (place - 1) * step, TOP
        for row in own.itertuples():
            box = Node(
                f"{place}-{row.stage}", x, y, BAR, row.count * scale, row.colour,
                *_named(row, row.count * scale, x, y, step, row.Index == own.index[-1]), "start", row.told,
            )  # fmt: skip
            laid.append(box)
            boxes[box.id] = box
            y += box.height + GAP
    above = [((place - 1) * step, 12.0, words) for place, words in heads.items()]
    return Drawing(WIDTH, height + LINE / 2, laid, _bands(bands, boxes, scale), above)


def _named(
    row: Any, height: float, x: float, y: float, step: float, last: bool
) -> tuple[list[str], tuple[float, float]]:
    """Return the lines of a node's name as far as there is room for them, and where the first one stands."""
    if not row.share:
        return [], (x, y)
    letters = max(int((step - BAR - 8) / LETTER), 6)
    lines = [*wrapped(row.words, letters - 4).split("\n"), row.share]
    if LINE * len(lines) > height or len(" ".join(lines)) <= letters:
        name, room = str(row.words), letters - len(row.share) - 1
        lines = [f"{name if len(name) <= room else name[: room - 1].rstrip() + '…'} {row.share}"]
    lines = lines if height >= LEAST or last else []
    return lines, (x + BAR + 5, y + height / 2 - LINE * (len(lines) - 1) / 2)


def _bands(bands: pd.DataFrame, boxes: dict[str, Node], scale: float) -> list[Band]:
    """Stack the bands along both sides of the nodes, those to higher nodes first."""
    order = {name: at for at, name in enumerate(boxes)}
    keys = [(f"{row.place}-{row.stage}", f"{row.place + 1}-{row.to}", row) for row in bands.itertuples()]
    keys = sorted(
        (key for key in keys if key[0] in boxes and key[1] in boxes), key=lambda k: (order[k[0]], order[k[1]])
    )
    out, into = dict.fromkeys(boxes, 0.0), dict.fromkeys(boxes, 0.0)
    made = []
    for one, other, row in keys:
        a, b, thick = boxes[one], boxes[other], row.count * scale
        x0, y0, x1, y1 = a.x + BAR, a.y + out[one] + thick / 2, b.x, b.y + into[other] + thick / 2
        out[one], into[other] = out[one] + thick, into[other] + thick
        middle = (x0 + x1) / 2
        points = ((x0, y0), (middle, y0), (middle, y1), (x1, y1))
        made.append(Band(one, other, points, max(thick, 0.6), a.colour, row.told))
    return made


def lay_out_arcs(stages: pd.DataFrame, moves: pd.DataFrame) -> Drawing:
    """Lay out stages on a line, with arcs above it for steps onward and below it for steps back.

    Parameters
    ----------
    stages
        Columns `stage`, `count`, `words` (its name), `more` (a second line, or empty), `colour`, `told`; in order.
    moves
        Columns `from`, `to`, `count`, `told`.
    """
    place = {stage: at for at, stage in enumerate(stages["stage"])}
    step = WIDTH / max(len(place), 1)
    most, widest = max(stages["count"].max(), 1), max(moves["count"].max(), 1) if len(moves) else 1
    above = max(
        [
            abs(place[b] - place[a])
            for a, b in zip(moves["from"], moves["to"], strict=True)
            if place[b] > place[a]
        ],
        default=1,
    )
    below = max(
        [
            abs(place[b] - place[a])
            for a, b in zip(moves["from"], moves["to"], strict=True)
            if place[b] < place[a]
        ],
        default=0,
    )
    rise, fall = min(62.0, 190.0 / above), min(48.0, 120.0 / max(below, 1))
    line = 14 + rise * above
    nodes = []
    for row in stages.itertuples():
        x, size = step * (place[row.stage] + 0.5), 10 + 26 * (row.count / most) ** 0.5
        words = [*wrapped(row.words, max(int(step / 6.4), 8)).split("\n"), *([row.more] if row.more else [])]
        nodes.append(
            Node(
                f"1-{row.stage}",
                x - size / 2,
                line - 7,
                size,
                14.0,
                row.colour,
                words,
                (x, line + 26),
                "middle",
                row.told,
            )
        )
    tallest = max(len(node.words) for node in nodes)
    under = line + 22 + 14 * tallest  # steps back run below the names
    bands = []
    for row in moves.sort_values("count", ascending=False, kind="stable").to_dict("records"):
        onward = place[row["to"]] > place[row["from"]]
        far, thick = abs(place[row["to"]] - place[row["from"]]), max(12 * row["count"] / widest, 0.8)
        shift = 5 if onward else -5
        x0, x1 = step * (place[row["from"]] + 0.5) + shift, step * (place[row["to"]] + 0.5) - shift
        y0, bend = (line - 9, -rise * far * 1.25) if onward else (under, fall * far * 1.25)
        back = 5.0 if onward else -5.0
        tip = ((x1 - 4, y0 - back), (x1 + 4, y0 - back), (x1, y0 + back * 0.5))
        points = ((x0, y0), (x0, y0 + bend), (x1, y0 + bend), (x1, y0 - back))
        colour = stages["colour"].iloc[place[row["from"]]] if onward else BACKWARD
        bands.append(Band(f"1-{row['from']}", f"1-{row['to']}", points, thick, colour, row["told"], tip))
    return Drawing(WIDTH, under + (fall * below * 0.95 + 12 if below else 4), nodes, bands)


@as_written
def draw(drawing: Drawing) -> Axes:
    """Draw a lay-out with matplotlib, a pixel of it being one of the figure's."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch, Polygon, Rectangle
    from matplotlib.path import Path

    with mpl.rc_context(theme()):
        figure = Figure(figsize=(drawing.width / 96, drawing.height / 96))
        ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-1, drawing.width), ylim=(drawing.height, 0))
    ax.axis("off")
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    for band in drawing.bands:
        ax.add_patch(
            PathPatch(
                Path(band.points, codes), fill=False, edgecolor=band.colour, alpha=0.42,
                linewidth=band.thickness * PIXEL, capstyle="butt",
            )
        )  # fmt: skip
        if band.tip:
            ax.add_patch(Polygon(band.tip, closed=True, facecolor=band.colour, edgecolor="none"))
    for node in drawing.nodes:
        ax.add_patch(
            Rectangle((node.x, node.y), node.width, node.height, facecolor=node.colour, edgecolor="none")
        )
        for number, words in enumerate(node.words):
            side = "left" if node.anchor == "start" else "center"
            ax.text(
                node.at[0], node.at[1] + LINE * number, words, ha=side, va="center", fontsize=8.2, color=INK
            )
    for x, y, words in drawing.heads:
        ax.text(x, y, words, ha="left", va="center", fontsize=8.6, color=SOFT)
    return ax
