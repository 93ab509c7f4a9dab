"""How much a notebook may print and show: what is more is left out, and that is said in its place."""

from __future__ import annotations

from typing import Any

from journeykit.reports.blocks import BLOCK

__all__ = ["Printed", "Shown", "bounded"]

PRINTED_MOST = 200_000  # characters of printed text that a cell keeps
SHOWN_MOST = 100_000_000  # characters of figures and tables that a notebook keeps, blocks of the report aside
PRINTED_MORE = "\n[more was printed and is left out]\n"
SHOWN_MORE = "[more was shown and is left out: the notebook is full]\n"


class Shown:
    """Counts what a notebook shows, and leaves out what is too much."""

    def __init__(self) -> None:
        self.kept, self.full = 0, False

    def add(self, output: Any, outputs: list) -> None:
        """Put an output to the others of its cell; the first that is too much becomes a remark."""
        from nbformat.v4 import new_output

        size = sum(len(value) for value in output.data.values() if isinstance(value, str))
        if BLOCK in output.data or self.kept + size <= SHOWN_MOST:
            self.kept += size
            outputs.append(output)
        elif not self.full:
            self.full = True
            outputs.append(new_output("stream", name="stderr", text=SHOWN_MORE))


class Printed:
    """A stream that collects printed text as one notebook output, up to a limit."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, name: str, outputs: list) -> None:
        self.name, self.outputs, self.kept = name, outputs, 0

    def write(self, text: str) -> int:
        """Keep the text as far as there is room."""
        room = PRINTED_MOST - self.kept
        if room > 0:
            shown = str(text)[:room]
            self.kept += len(shown)
            self._append(shown if self.kept < PRINTED_MOST else shown + PRINTED_MORE)
        return len(text)

    def _append(self, text: str) -> None:
        from nbformat.v4 import new_output

        last = self.outputs[-1] if self.outputs else None
        if last is not None and last.output_type == "stream" and last.name == self.name:
            last.text += text
        else:
            self.outputs.append(new_output("stream", name=self.name, text=text))

    def flush(self) -> None:
        """Do nothing: the text is in the notebook already."""

    def isatty(self) -> bool:
        """Say that it is no terminal."""
        return False

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True


def bounded(outputs: list, shown: Shown) -> list:
    """Return a cell's outputs, printed text and figures within bounds."""
    kept: list = []
    streams = {name: Printed(name, kept) for name in ("stdout", "stderr")}
    for output in outputs:
        if output.output_type == "stream":
            streams[output.name].write(output.text)
        elif "data" in output:
            shown.add(output, kept)
        else:
            kept.append(output)
    return kept
