"""How results are shown: tables and JSON on standard output, words on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["ask", "on_terminal", "print_frame", "print_json", "say", "told"]

_SHOWN = 40  # options


def say(words: Any) -> None:
    print(words, file=sys.stderr)


def on_terminal() -> bool:
    """Tell whether somebody is there to answer questions."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, guess: Any, options: list[str]) -> str | None:
    """Ask about a doubtful guess; an empty answer, or one that is no option, keeps it."""
    say(f"\n{question}")
    if options:
        more = f" … ({len(options)} in all)" if len(options) > _SHOWN else ""
        say(f"  there are: {', '.join(options[:_SHOWN])}{more}")
    say(f"  guess: {guess.value} ({guess.why}). Enter keeps it.")
    sys.stderr.write("> ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if answer and options and answer not in options:
        say(f"  there is no {answer!r}; the guess is kept")
        return None
    return answer or None


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
