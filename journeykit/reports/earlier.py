"""Earlier reports of a client: which there are, and what a later one takes from them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from journeykit.reports.outcomes import read_run

__all__ = ["earlier_mark", "earlier_tables", "folders_with_personas", "good_folders"]

KEPT = ("customers", "drop_off", "personas")  # tables of the earlier report that the next one reads


def earlier_tables(home: Path, day: dt.date) -> Path | None:
    """Return the folder of tables of the last good report of an earlier day; None when there is none."""
    found = good_folders(home, day)
    return found[-1] / "tables" if found else None


def good_folders(home: Path, day: dt.date) -> list[Path]:
    """Return the folders of the good reports of earlier days that have their tables, oldest first."""
    folders = [path for path in home.glob("????-??-??") if path.name < day.isoformat()]
    good = [path for path in sorted(folders) if (run := read_run(path)) and _is_good(run)]
    return [path for path in good if (path / "tables" / "customers.parquet").is_file()]


def _is_good(run: dict[str, Any]) -> bool:
    return run.get("status") == "ok" or bool(run.get("last_good"))


def folders_with_personas(folders: Iterable[Path]) -> list[Path]:
    """Return the reports in which somebody has a persona."""
    import pyarrow.parquet as pq

    paths = {folder: folder / "tables" / "customers.parquet" for folder in folders}
    known = [folder for folder, path in paths.items() if "persona" in pq.read_schema(path).names]
    columns = {folder: pq.read_table(paths[folder], columns=["persona"])["persona"] for folder in known}
    return [folder for folder, column in columns.items() if column.null_count < len(column)]


def earlier_mark(home: Path, day: str) -> str:
    """Return a hash of what a report of a day takes from earlier ones; empty when there is nothing.

    A report of which the mark has changed is not up to date: an earlier report was added, or made anew with another
    outcome.
    """
    try:
        folders = good_folders(home, dt.date.fromisoformat(day))
    except ValueError:
        return ""
    used = dict.fromkeys([*folders[-1:], *folders_with_personas(folders)[-1:]])
    files = [folder / "tables" / f"{name}.parquet" for folder in used for name in KEPT]
    parts = [f"{path.parts[-3]}/{path.name} {_hash(path)}" for path in files if path.is_file()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else ""


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
