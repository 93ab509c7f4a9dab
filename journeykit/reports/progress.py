"""How far a batch is: a bar per client on a terminal, plain lines in a log; both on standard error."""

from __future__ import annotations

import sys
from typing import Any

from journeykit.reports.outcomes import Outcome

__all__ = ["Progress"]


class Progress:
    """Shows the reports that are being made.

    Parameters
    ----------
    shown
        Whether to show anything.
    stream
        Where to; standard error when None.
    """

    def __init__(self, shown: bool = True, stream: Any = None) -> None:
        self.stream = stream or sys.stderr
        self.shown, self.tasks = shown, {}
        self.bars: Any = None
        self.whole: Any = None

    def __enter__(self) -> Progress:
        if self.shown and self.stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bars

            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
            self.bars = Bars(*columns, TimeElapsedColumn(), console=Console(file=self.stream))
            self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bars is not None:
            self.bars.stop()

    def expect(self, reports: int) -> None:
        """Show a bar over the whole batch when there are several reports to make."""
        if self.bars is not None and reports > 1:
            self.whole = self.bars.add_task("all", total=reports, state=f"{reports} reports")

    def start(self, client: str, attempt: int = 1) -> None:
        """Show that a report is begun."""
        if self.bars is None:
            self._line(f"{client}: started" + (" again after a crash" if attempt > 1 else ""))
        elif client not in self.tasks:
            self.tasks[client] = self.bars.add_task(client, total=None, state="starting")

    def update(self, client: str, done: int, total: int) -> None:
        """Show how far a report is: cells done, of how many."""
        if self.bars is not None and total and client in self.tasks:
            state = f"cell {done + 1} of {total}" if done < total else "writing"
            self.bars.update(self.tasks[client], total=total, completed=done, state=state)

    def finish(self, outcome: Outcome) -> Outcome:
        """Show how a report ended: a line in place of its bar."""
        said = {"ok": f"ready in {outcome.seconds:.1f} s", "skipped": "up to date"}
        self.say(
            f"{outcome.client}: {said.get(outcome.status, f'failed ({outcome.stage}): {outcome.error}')}"
        )
        if self.bars is not None and outcome.client in self.tasks:
            self.bars.remove_task(self.tasks.pop(outcome.client))
            if self.whole is not None:
                self.bars.advance(self.whole)
        return outcome

    def say(self, text: str) -> None:
        """Show a remark above the bars."""
        self._line(text) if self.bars is None else self.bars.console.print(
            text, markup=False, highlight=False
        )

    def _line(self, text: str) -> None:
        if self.shown:
            print(text, file=self.stream, flush=True)
