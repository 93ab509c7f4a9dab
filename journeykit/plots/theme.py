"""The one look of all figures: type, lines, and colours that are fixed and safe for the colour-blind."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text

from journeykit.letters import legible

__all__ = [
    "GREY", "INK", "PERSONA_COLOURS", "SOFT", "accent", "accent_theme", "as_written", "canvas", "legend",
    "percent_axis", "persona_colours", "stage_colours", "theme", "tidy", "wrapped",
]  # fmt: skip

INK, SOFT, LINE, GREY = "#1c2127", "#57606a", "#dfe3e8", "#b4bbc3"
PERSONA_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#aa4499", "#b8860b", "#332288",
    "#cc6677", "#44aa99", "#882255", "#6b8e23", "#5f9ed1", "#7a5c3e",
)  # fmt: skip
WIDTH = 9.0  # inches; the page's column
_HOUSE = {"accent": "#0b5fa5", "decimal": "."}


def theme() -> dict[str, Any]:
    """Return the settings of matplotlib that all figures share; text is text, never mathematics."""
    import seaborn as sns

    base = sns.axes_style("white")
    return base | {
        "figure.dpi": 96, "figure.facecolor": "white", "axes.facecolor": "white", "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"], "font.size": 10, "axes.labelsize": 9.5, "axes.labelcolor": SOFT,
        "xtick.color": SOFT, "ytick.color": INK, "text.color": INK, "axes.edgecolor": LINE, "axes.linewidth": 1.0,
        "grid.color": LINE, "grid.linewidth": 0.8, "xtick.labelsize": 9.5, "ytick.labelsize": 10,
        "legend.fontsize": 9.5, "legend.frameon": False, "axes.grid": False, "axes.unicode_minus": True,
        "axes.prop_cycle": mpl.cycler(color=PERSONA_COLOURS), "lines.solid_capstyle": "butt", "text.parse_math": False,
    }  # fmt: skip


def accent_theme(colour: str, decimal: str = ".") -> None:
    """Set the look for all figures that follow, with the client's colour as the accent and a decimal mark."""
    mpl.rcParams.update(theme())
    _HOUSE.update(accent=colour, decimal=decimal)


def as_written(plot: Callable[..., Axes]) -> Callable[..., Axes]:
    """Make of a plot one whose texts stand as they are written, whoever's axes they are drawn on.

    Between two dollar signs matplotlib otherwise sets mathematics, or stops: a page may be called `$5 off $10`.
    Control characters, which would make of an SVG no XML, are left out.
    """

    @wraps(plot)
    def drawn(*args: Any, **kwargs: Any) -> Axes:
        with mpl.rc_context({"text.parse_math": False}):
            ax = plot(*args, **kwargs)
            for axis in (ax.xaxis, ax.yaxis):
                names = [
                    tick.get_text() for tick in axis.get_ticklabels()
                ]  # made now, not when a figure is saved
                if any(name != legible(name) for name in names):
                    axis.set_ticks(axis.get_ticklocs(), [legible(name) for name in names])
        for shown in [*ax.findobj(Text), *(text for one in ax.figure.legends for text in one.get_texts())]:
            shown.set_parse_math(False)
            shown.set_text(legible(shown.get_text()))
        return ax

    return drawn


def accent() -> str:
    """Return the accent of the figures."""
    return _HOUSE["accent"]


def persona_colours(personas: Iterable[str]) -> dict[str, str]:
    """Return the colour of each persona, the same throughout a report, and in the next one for the same id.

    A persona takes the colour of the number in its id, or the next one that is free.

    Examples
    --------
    >>> persona_colours(["p1", "all"])
    {'p1': '#0072b2', 'all': '#57606a'}
    >>> persona_colours(["p2", "p1"])["p1"]
    '#0072b2'
    """
    personas = list(personas)
    named = [persona for persona in personas if persona not in ("all", "unassigned")]
    chosen: dict[str, int] = {}
    for persona in sorted(named, key=_place_of):
        places = range(_place_of(persona), _place_of(persona) + len(PERSONA_COLOURS))
        wrapped = [place % len(PERSONA_COLOURS) for place in places]
        chosen[persona] = next((one for one in wrapped if one not in chosen.values()), wrapped[0])
    found = {persona: PERSONA_COLOURS[chosen[persona]] for persona in named}
    return found | {
        persona: SOFT if persona == "all" else GREY for persona in personas if persona not in found
    }


def _place_of(persona: str) -> int:
    digits = persona.removeprefix("p")
    return int(digits) - 1 if digits.isdigit() else 0


def stage_colours(count: int) -> list[str]:
    """Return colours for stages in order, light to dark."""
    import seaborn as sns

    palette = sns.color_palette("mako_r", n_colors=count + 2)[1:-1]
    return [mpl.colors.to_hex(colour) for colour in palette]


def wrapped(words: object, width: int, lines: int = 9) -> str:
    """Return words over lines of at most a number of letters, cut off after some lines."""
    cut = textwrap.wrap(str(words), width, break_long_words=False)
    kept = cut[:lines]
    return "\n".join([*kept[:-1], f"{kept[-1]} …"] if len(cut) > lines else kept)


def canvas(ax: Axes | None, height: float, width: float = WIDTH) -> Axes:
    """Return the axes that was given, or a new one of the page's width (inches) in the house style."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    with mpl.rc_context(theme()):
        return Figure(figsize=(width, height), layout="constrained").subplots()


def tidy(ax: Axes, grid: str | None = "x") -> Axes:
    """Take away the frame and leave thin lines to read values by."""
    for side in ("top", "right", "left" if grid == "x" else "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(length=0)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(axis=grid)
    return ax


def percent_axis(axis: Any) -> None:
    """Write an axis of shares as percentages."""
    axis.set_major_locator(mpl.ticker.MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{100 * value:.0f}%"))


def number_axis(axis: Any, digits: int = 1) -> None:
    """Write an axis of numbers with the decimal mark of the report's language."""
    axis.set_major_locator(mpl.ticker.MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: _number(value, digits)))


def _number(value: float, digits: int) -> str:
    written = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    return (
        written.replace("-0", "0")
        if float(written) == 0
        else written.replace("-", "−").replace(".", _HOUSE["decimal"])
    )


def _by_row(count: int, columns: int) -> list[int]:
    """Return the order in which a legend that fills column by column reads row by row.

    Examples
    --------
    >>> _by_row(4, 3)
    [0, 3, 1, 2]
    """
    rows = -(-count // columns)
    grid = [[row * columns + column for row in range(rows)] for column in range(columns)]
    return [at for column in grid for at in column if at < count]


def legend(ax: Axes, columns: int = 4, **handles: Any) -> None:
    """Put the legend above the figure, on the left."""
    found = handles.get("handles") or ax.get_legend_handles_labels()[0]
    if found:
        names = [handle.get_label() for handle in found]
        fits = sum(len(str(name)) + 6 for name in names) < 105
        columns = len(found) if fits else columns
        rows = int(np.ceil(len(found) / columns))
        handles["handles"] = [found[at] for at in _by_row(len(found), columns)]
        alone = len(ax.figure.axes) == 1 and ax.figure.get_layout_engine() is not None
        place = {"loc": "outside upper left"} if alone else {"loc": "lower left", "bbox_to_anchor": (0, 1.01)}
        (ax.figure if alone else ax).legend(
            **handles, **place, ncols=min(columns, len(found)), borderaxespad=0.2,
            handlelength=1.0, handletextpad=0.5, columnspacing=1.6, labelspacing=0.35 if rows > 1 else 0.5,
        )  # fmt: skip
