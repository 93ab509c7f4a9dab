"""What a cell tagged `report` shows of its own, as blocks: tables, images and words out of its HTML."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

__all__ = ["own_blocks"]

SILENT = ("style", "script", "head", "title", "template")
BREAKS = ("p", "div", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "ul", "ol", "dl", "dt",
          "dd", "figure", "figcaption", "blockquote", "pre", "details", "summary", "header", "footer")  # fmt: skip
NUMBER = re.compile(r"[-−+]?[\d.,\s]*\d\s?%?")


def own_blocks(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what one output shows, as blocks of a report.

    Parameters
    ----------
    data
        The output's content by its kind, as a notebook holds it.

    Examples
    --------
    >>> shown = own_blocks({"text/html": "<p>Half of them.</p><table><tr><th>n</th></tr><tr><td>2</td></tr></table>"})
    >>> [block["block"] for block in shown], shown[1]["cells"]
    (['prose', 'table'], [['2']])
    """
    if "text/html" in data:
        return _Reader(str(data["text/html"])).blocks
    if "image/svg+xml" in data:
        packed = base64.b64encode(str(data["image/svg+xml"]).encode("utf-8", "replace")).decode()
        return [_figure(f"data:image/svg+xml;base64,{packed}")]
    return [_figure(f"data:image/png;base64,{data['image/png'].strip()}")] if "image/png" in data else []


def _figure(address: str, alt: str = "") -> dict[str, Any]:
    return {"block": "figure", "image": address, "alt": alt, "number": None, "name": "", "caption": ""}


class _Reader(HTMLParser):
    """Collects paragraphs, lists, tables and images, in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.blocks: list[dict[str, Any]] = []
        self.silent = 0
        self.words, self.point = "", False
        self.rows: list[list[list[Any]]] | None = None
        self.feed(html)
        self.close()
        self._flush()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in SILENT:
            self.silent += 1
        elif tag == "table" and self.rows is None:
            self._flush()
            self.rows = []
        elif self.rows is not None:
            self._start_in_table(tag, given)
        elif tag == "img" and given.get("src", "").startswith("data:"):
            self._flush()
            self.blocks.append(_figure(given["src"], given.get("alt", "")))
        elif tag == "li":
            self._flush()
            self.point = True
        elif tag in BREAKS:
            self._flush()

    def _start_in_table(self, tag: str, given: dict[str, str]) -> None:
        if self.rows is None:
            return
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            span = given.get("colspan", "1")
            self.rows[-1].append([tag, "", int(span) if span.isdigit() else 1])
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "table" and self.rows is not None:
            self._end_table()
        elif self.rows is None and (tag == "li" or tag in BREAKS):
            self._flush()

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if self.rows is None:
            self.words += data
        elif self.rows and self.rows[-1]:
            self.rows[-1][-1][1] += data

    def _flush(self) -> None:
        words, point = " ".join(self.words.split()), self.point
        self.words, self.point = "", False
        if not words:
            return
        if point and self.blocks and self.blocks[-1]["block"] == "points":
            self.blocks[-1]["points"].append(words)
            self.blocks[-1]["notes"].append(None)
        elif point:
            self.blocks.append({"block": "points", "points": [words], "notes": [None]})
        else:
            self.blocks.append({"block": "prose", "paragraphs": [words]})

    def _end_table(self) -> None:
        rows, self.rows = [row for row in self.rows or () if row], None
        if rows:
            self.blocks.append(_table(rows))


def _table(rows: list[list[list[Any]]]) -> dict[str, Any]:
    """Return a table of cells [tag, words, columns it takes]; its head is the rows of nothing but heads."""
    heads = next((n for n, row in enumerate(rows) if any(tag != "th" for tag, *_ in row)), len(rows))
    texts = [_row(row) for row in rows]
    width = max(map(len, texts))
    texts = [row + [""] * (width - len(row)) for row in texts]
    named = [" ".join(filter(None, column)) for column in zip(*texts[:heads], strict=True)] or [""] * width
    cells = texts[heads:]
    numeric = [_is_numeric([row[place] for row in cells]) for place in range(width)]
    columns = [{"header": head, "numeric": numbers} for head, numbers in zip(named, numeric, strict=True)]
    return {
        "block": "table",
        "number": None,
        "name": "",
        "caption": "",
        "columns": columns,
        "cells": cells,
        "more": "",
    }


def _row(cells: list[list[Any]]) -> list[str]:
    found = []
    for _, words, span in cells:
        found += [" ".join(words.split()), *[""] * (min(span, 100) - 1)]
    return found


def _is_numeric(cells: list[str]) -> bool:
    known = [cell for cell in cells if cell and cell not in ("NaN", "–")]
    return bool(known) and all(NUMBER.fullmatch(cell) for cell in known)
