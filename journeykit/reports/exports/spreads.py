"""Spreads: which blocks stand on which pages, upright or on their side, and which go to the back."""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import pairwise
from typing import Any

__all__ = ["going_on", "spread"]

Block = dict[str, Any]
LEAD = 700  # letters that may go along above a wide figure
LITTLE = 297 * 0.42  # millimetres from the top of a page that is mostly empty
HALF_PAGE = 110  # millimetres
LINE = 150  # letters on a line of a page on its side
SHORT = 1500  # letters of a chapter that doesn't begin a page of its own
WORDS = ("prose", "note", "points")


def spread(blocks: Iterable[Block], back_title: str) -> list[Block]:
    """Return the report's spreads, each with `wide` and its `blocks`.

    A figure or table that needs it gets a page on its side, along with its heading. A folded table goes to the back
    under a heading, and the figure before it says where. Contents come after the first chapter. A short chapter goes
    on where the one before it ends.

    Parameters
    ----------
    blocks
        The blocks, as `Paper` makes them.
    back_title
        The heading of the tables at the back.
    """
    front, back = _unfold(blocks)
    _let_flow(front)
    placed = _with_contents([*front, *_back(back, back_title)])
    return _turned(placed)


def going_on(edges: Iterable[Block], moved: Container[int] = ()) -> list[int]:
    """Return which chapters go on under the one before, where that leaves most of its last page empty.

    Parameters
    ----------
    edges
        Per chapter: how it `begins`, its number (`chapter`), and at what height the one before ends (`y`, in
        millimetres).
    moved
        The chapters that went on when this was measured. Where a chapter ends that goes on only now is not known: the
        next begins a page.

    Examples
    --------
    >>> edges = [{"begins": "page", "chapter": n, "y": y} for n, y in enumerate([200, 80, 80, 80])]
    >>> going_on(edges), going_on(edges, [1, 3])
    ([1, 3], [1, 2])
    """
    found, known = [], True
    for edge in edges:
        if edge["begins"] == "flow":
            continue
        goes_on = known and edge["begins"] == "page" and edge["y"] < LITTLE
        known = not goes_on or (known and edge["chapter"] in moved)
        if goes_on:
            found.append(edge["chapter"])
    return found


def _unfold(blocks: Iterable[Block]) -> tuple[list[Block], list[Block]]:
    """Take the folded tables out, and leave word of where they are."""
    front: list[Block] = []
    back: list[Block] = []
    for block in blocks:
        if not block.get("folded"):
            front.append(block)
            continue
        back.append(block)
        word = {"words": f"{block['name']} {block['number']}", "at": block["anchor"]}
        if not front or front[-1]["block"] not in ("figure", "refer"):
            front.append({"block": "refer", "tables": [], "number": None, "caption": block["caption"]})
        front[-1]["tables"].append(word)
    return front, back


def _back(tables: list[Block], title: str) -> list[Block]:
    if not tables:
        return []
    heading = {"block": "heading", "level": 1, "number": "", "text": title, "anchor": None, "begins": "page"}
    on_side = any(table["wide"] for table in tables)
    return [heading, *(table | {"wide": on_side} for table in tables)]


def _is_chapter(block: Block) -> bool:
    return block["block"] == "heading" and block["level"] == 1


def _is_wide(block: Block) -> bool:
    return bool(block.get("broad") or block.get("wide"))


def _let_flow(blocks: list[Block]) -> None:
    """Let short chapters begin on the page of the one before, and list their sections when these are on their side."""
    starts = [n for n, block in enumerate(blocks) if _is_chapter(block)]
    for start, end in reversed(list(pairwise([*starts, len(blocks)]))):
        inside = blocks[start + 1 : end]
        wide = next((n for n, block in enumerate(inside) if _is_wide(block)), len(inside))
        told = all(block["block"] in (*WORDS, "heading") for block in inside[:wide])
        short = told and sum(map(_letters, inside[:wide])) <= SHORT
        blocks[start]["begins"] = "flow" if short else "page"
        words = next((n for n, block in enumerate(inside) if block["block"] not in WORDS), len(inside))
        if short and words and wide < len(inside):
            blocks.insert(start + 1 + words, {"block": "sections"})
            blocks[start]["begins"] = "page"


def _fill_up(spreads: list[Block]) -> None:
    """Let a chapter go on under the little that follows pages on their side."""
    for before, after in pairwise(spreads):
        chapter = next((n for n, block in enumerate(after["blocks"]) if _is_chapter(block)), 0)
        little = sum(map(_height, after["blocks"][:chapter])) < HALF_PAGE
        if chapter and little and before["wide"] and not after["wide"]:
            after["blocks"][chapter]["begins"] = "flow"


def _with_contents(blocks: list[Block]) -> list[Block]:
    chapters = [n for n, block in enumerate(blocks) if _is_chapter(block)]
    if len(chapters) < 2:
        return blocks
    blocks[chapters[1]]["begins"] = "apart"
    return [*blocks[: chapters[1]], {"block": "contents"}, *blocks[chapters[1] :]]


def _turned(blocks: Iterable[Block]) -> list[Block]:
    """Put what is wide on pages on their side, along with what leads to it."""
    spreads: list[Block] = [{"wide": False, "blocks": []}]
    for block in blocks:
        if _is_wide(block):
            lead = _lead(spreads[-1]["blocks"])
            if lead or not spreads[-1]["wide"] or block["block"] == "figure":
                spreads.append({"wide": True, "blocks": []})
            for one in lead[:1]:
                one["begins"] = "flow"
            block["above"] = sum(map(_height, lead))
            spreads[-1]["blocks"] += [*lead, block]
        else:
            if spreads[-1]["wide"]:
                spreads.append({"wide": False, "blocks": []})
            spreads[-1]["blocks"].append(block)
    spreads = [one for one in spreads if one["blocks"]]
    _fill_up(spreads)
    chapters = [block for one in spreads for block in one["blocks"] if _is_chapter(block)]
    for number, block in enumerate(chapters):
        block["chapter"] = number
    return spreads


def _lead(before: list[Block]) -> list[Block]:
    """Take the heading above a wide block, and a few words under it, from the end of what stands before."""
    start = len(before)
    while start and before[start - 1]["block"] in WORDS:
        start -= 1
    if not start or before[start - 1]["block"] != "heading" or sum(map(_letters, before[start:])) > LEAD:
        return []
    start -= 1
    if before[start]["level"] == 1 and start + 1 < len(before):
        return []
    while start and before[start - 1]["block"] == "heading":
        start -= 1
    lead = before[start:]
    del before[start:]
    return lead


def _letters(block: Block) -> int:
    said = [block.get("text", ""), *block.get("paragraphs", ()), *block.get("points", ())]
    return sum(map(len, said))


def _height(block: Block) -> float:
    """Return about how many millimetres a block takes; more than a page when that is hard to tell."""
    if block["block"] == "heading":
        return 22 if block["level"] == 1 else 10
    if block["block"] == "table":
        return 20 + 7 * len(block["cells"])
    if block["block"] not in (*WORDS, "refer"):
        return 1000
    return 4 + 5.2 * (1 + _letters(block) // LINE)
