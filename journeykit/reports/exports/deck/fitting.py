"""Texts that fit their place: how many lines they take, at which size, and where they are cut off."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Box", "first_sentence", "fit", "height_of", "lines_of", "longest", "short"]

EMU = 12_700  # of a point
LEADING = 1.22  # height of a line, of the size of its letters
GAP = 0.35  # between paragraphs, of a line
NARROW, BROAD = frozenset("iljtfr.,:;'|!()[]’‘ "), frozenset("mwMW@%&—")


@dataclass(frozen=True)
class Box:
    """A place on a slide, in points from the upper left corner.

    Examples
    --------
    >>> [part.left for part in Box(0, 0, 100, 50).columns(2, gap=10)]
    [0.0, 55.0]
    """

    left: float
    top: float
    width: float
    height: float

    def columns(self, count: int, gap: float = 10.0) -> list[Box]:
        """Return places beside each other, equally wide."""
        width = (self.width - gap * (count - 1)) / count
        return [
            Box(self.left + place * (width + gap), self.top, width, self.height) for place in range(count)
        ]

    def split(self, share: float, gap: float = 14.0) -> tuple[Box, Box]:
        """Return a left place with a share of the width, and the rest."""
        left = (self.width - gap) * share
        start = self.left + left + gap
        return Box(self.left, self.top, left, self.height), Box(
            start, self.top, self.width - left - gap, self.height
        )

    def rows(self, heights: Sequence[float], gap: float = 4.0) -> list[Box]:
        """Return places below each other, as high as asked for in relation to one another."""
        room = self.height - gap * (len(heights) - 1)
        found, top = [], self.top
        for height in heights:
            found.append(Box(self.left, top, self.width, room * height / sum(heights)))
            top += found[-1].height + gap
        return found

    def inset(self, by: float) -> Box:
        """Return the place within a margin."""
        return Box(self.left + by, self.top + by, self.width - 2 * by, self.height - 2 * by)

    def emu(self) -> tuple[int, int, int, int]:
        """Return the place as a presentation counts it."""
        return tuple(round(part * EMU) for part in (self.left, self.top, self.width, self.height))


def width_of(words: str, size: float) -> float:
    """Return about how wide a text is in one line, in points; rather too much than too little."""
    return size * 1.05 * sum(map(_em, words))


def _em(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF" or letter > "\uffff":
        return 1.05
    if unicodedata.combining(letter):
        return 0.0
    if letter in NARROW:
        return 0.3
    if letter in BROAD:
        return 0.88
    return 0.64 if letter.isupper() else 0.53


def lines_of(words: str, width: float, size: float) -> int:
    """Return over how many lines a text runs.

    Examples
    --------
    >>> lines_of("one two three", 1000, 12), lines_of("one two three", 30, 12)
    (1, 3)
    """
    return sum(_wrapped(line, width, size) for line in words.split("\n"))


def _wrapped(line: str, width: float, size: float) -> int:
    lines, at = 1, 0.0
    for word in re.findall(r"\S+\s*", _breakable(line)):
        wide = width_of(word.rstrip(), size)
        if at and at + wide > width:
            lines, at = lines + 1, 0.0
        if wide > width:
            lines += math.ceil(wide / max(width, 1.0)) - 1
            wide %= max(width, 1.0)
        at += wide + width_of(" ", size)
    return lines


def _breakable(line: str) -> str:
    """Return a line with a space behind letters after which a line may break, as in Chinese."""
    return "".join(f"{one} " if unicodedata.east_asian_width(one) in "WF" else one for one in line)


def longest(paragraphs: Sequence[str], size: float) -> float:
    """Return how wide the longest word is, in points: a narrower place would break it."""
    words = (word for one in paragraphs for word in _breakable(one).split())
    return max((width_of(word, size) for word in words), default=0.0)


def height_of(paragraphs: Sequence[str], width: float, size: float) -> float:
    """Return how high paragraphs are, in points."""
    lines = sum(lines_of(one, width, size) for one in paragraphs)
    return size * LEADING * (lines + GAP * max(len(paragraphs) - 1, 0))


def fit(
    paragraphs: Sequence[str], width: float, height: float, size: float, least: float = 9.0
) -> tuple[list[str], float, bool]:
    """Return paragraphs that fit a place, with the size of their letters, and whether anything was cut off.

    Examples
    --------
    >>> fit(["short"], 200, 40, 14)
    (['short'], 14, False)
    >>> fit(["word " * 100], 100, 40, 14)[2]
    True
    """
    while size > least and (height_of(paragraphs, width, size) > height or longest(paragraphs, size) > width):
        size = max(least, size - 0.5)
    if height_of(paragraphs, width, size) <= height:
        return list(paragraphs), size, False
    return _cut(list(paragraphs), width, height, size), size, True


def _cut(paragraphs: list[str], width: float, height: float, size: float) -> list[str]:
    """Return as many paragraphs as fit, the last one cut off."""
    while len(paragraphs) > 1 and height_of([*paragraphs[:-1], "…"], width, size) > height:
        paragraphs = paragraphs[:-1]
    *before, last = paragraphs
    low, high = 0, len(last)
    while low < high:
        middle = (low + high + 1) // 2
        fits = height_of([*before, _ended(last, middle)], width, size) <= height
        low, high = (middle, high) if fits else (low, middle - 1)
    return [*before, _ended(last, low)]


def _ended(words: str, letters: int) -> str:
    """Return the beginning of a text, ended after a whole word where that costs little."""
    cut = words[:letters].rstrip()
    whole = cut.rpartition(" ")[0]
    return f"{whole if len(whole) > 0.7 * len(cut) else cut}…".replace(".…", "…")


def short(words: str, width: float, size: float, lines: int = 1) -> str:
    """Return a text that takes at most some lines of a width, in points.

    Examples
    --------
    >>> short("Customers with large orders", 80, 12)
    'Customers…'
    """
    return fit([words], width, size * LEADING * lines, size, size)[0][0]


def first_sentence(words: str) -> str:
    """Return the first sentence of a text, without its full stop.

    Examples
    --------
    >>> first_sentence("Of all, 2.4% leave (1–3%). The others stay.")
    'Of all, 2.4% leave (1–3%)'
    """
    return re.split(r"(?<=[.!?])\s+(?=[A-ZÀ-Ý‘])", words.strip(), maxsplit=1)[0].removesuffix(".")
