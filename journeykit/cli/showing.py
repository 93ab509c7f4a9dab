"""How results are shown: tables and JSON on standard output, words on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["print_frame", "print_json", "say", "told"]


def say(words: Any) -> None:
    print(words, file=sys.stderr)


def told(error: Any, status: int) -> int:
    say(f"Error: {error}")
    return status


def print_json(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2, default=str))


def print_frame(frame: Any, title: str | None = None) -> None:
    """Show a frame as a table on a terminal."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for name in frame.columns:
        table.add_column(str(name).replace("_", " "), overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*[cell(value) for value in row])
    Console().print(table, markup=False) if len(frame) else print(f"{title or 'table'}: empty")
    print()


def cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
