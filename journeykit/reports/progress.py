"""How far a batch is: a bar per client on a terminal, plain lines in a log; both on standard error."""

from __future__ import annotations

import sys
from typing import Any

from journeykit.reports.outcomes import Outcome
from journeykit.reports.supervision import Watched

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

    def start(self, one: Watched) -> Watched:
        """Show that a report is begun."""
        if self.bars is not None and one.job.client not in self.tasks:
            self.tasks[one.job.client] = self.bars.add_task(one.job.client, total=None, state="starting")
        elif self.bars is None:
            self._line(f"{one.job.client}: started" + (" again after a crash" if one.attempt > 1 else ""))
        return one

    def update(self, one: Watched) -> None:
        """Show how far a report is."""
        if self.bars is not None and one.total:
            state = f"cell {one.done + 1} of {one.total}" if one.done < one.total else "writing"
            self.bars.update(self.tasks[one.job.client], total=one.total, completed=one.done, state=state)

    def finish(self, outcome: Outcome) -> Outcome:
        """Show how a report ended."""
        said = {"ok": f"ready in {outcome.seconds:.1f} s", "skipped": "up to date"}
        state = said.get(outcome.status, f"failed ({outcome.stage}): {outcome.error}")
        if self.bars is None:
            self._line(f"{outcome.client}: {state}")
        elif outcome.client in self.tasks:
            self.bars.update(self.tasks[outcome.client], total=1, completed=1, state=state)
        else:
            self.bars.console.print(f"{outcome.client}: {state}", markup=False, highlight=False)
        return outcome

    def say(self, text: str) -> None:
        """Show a remark on the whole batch."""
        self._line(text) if self.bars is None else self.bars.console.print(
            text, markup=False, highlight=False
        )

    def _line(self, text: str) -> None:
        if self.shown:
            print(text, file=self.stream, flush=True)
