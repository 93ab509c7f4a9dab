"""The formats of a report: each a module with `write(notebook, path)`, made of the same blocks and tables."""

from __future__ import annotations

import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["FORMATS", "MADE", "write_formats"]

MADE = {  # format: the file or folder that it leaves beside the tables
    "html": "report.html",
    "pdf": "report.pdf",
    "xlsx": "report.xlsx",
    "pptx": "report.pptx",
    "data": "data",
}
FORMATS = tuple(MADE)


def write_formats(notebook: Any, folder: Path, formats: Iterable[str]) -> list[dict[str, Any]]:
    """Write an executed notebook's report in each format to a folder, and return the seconds that each took.

    Parameters
    ----------
    notebook
        The executed notebook, as nbformat reads it; its blocks are what the report shows.
    folder
        Where the report goes; `tables/` and `findings.json` stand in it already.
    formats
        Names in `FORMATS`.

    Returns
    -------
    list of dict
        `name` and `seconds`, one per format.
    """
    return [_write(name, notebook, folder) for name in formats]


def _write(name: str, notebook: Any, folder: Path) -> dict[str, Any]:
    began = time.perf_counter()
    import_module(f"journeykit.reports.exports.{name}").write(notebook, folder / MADE[name])
    return {"name": name, "seconds": round(time.perf_counter() - began, 3)}
