"""What became of a report: its state, its place, and the run.json that says so."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Job", "Outcome", "now", "read_run", "runs_of", "write_json", "write_run"]


@dataclass(frozen=True)
class Job:
    """One report to be made: everything that the process making it needs to know."""

    client: str
    client_file: str
    name: str
    as_of: str
    language: str
    out: str
    formats: tuple[str, ...]
    notebook: str
    kernel: bool
    parameters: dict[str, Any]
    key: str
    inputs: tuple[dict[str, Any], ...] = ()

    @property
    def home(self) -> Path:
        """The folder of this client's reports."""
        return Path(self.out) / self.client


@dataclass(frozen=True)
class Outcome:
    """What became of one report.

    Attributes
    ----------
    client, name, as_of
        The client's id and name, and the day of the report (``latest`` when it was never reached).
    status
        ``ok``, ``failed`` or ``skipped`` (up to date already).
    folder
        Where the report, or the account of its failure, stands.
    seconds, cpu_seconds
        Wall time, and the processor time of the report's own process.
    error, stage, log_tail
        The cause of a failure, the part of the work in which it happened, and the end of the log.
    earlier
        A hash of what it takes from earlier reports of the client; empty when nothing.
    refused
        Whether it failed on the client file itself, before any work.
    """

    client: str
    status: str
    as_of: str = "latest"
    name: str = ""
    _: KW_ONLY
    folder: Path | None = None
    started: str = ""
    finished: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)
    steps: tuple[dict[str, Any], ...] = ()
    inputs: tuple[dict[str, Any], ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    language: str = ""
    key: str = ""
    earlier: str = ""
    error: str | None = None
    stage: str | None = None
    log_tail: tuple[str, ...] = ()
    refused: bool = False

    @property
    def report(self) -> Path | None:
        """The HTML report, when there is one."""
        page = self.folder / "report.html" if self.folder else None
        return page if page and page.is_file() else None

    def as_dict(self) -> dict[str, Any]:
        """Return the content of run.json."""
        shown = (
            "client",
            "name",
            "as_of",
            "status",
            "started",
            "finished",
            "seconds",
            "cpu_seconds",
            "language",
        )
        kept = {name: getattr(self, name) for name in shown}
        kept |= {"journeykit": version(), "inputs": list(self.inputs), "parameters": self.parameters}
        kept |= {"steps": list(self.steps), "figures": self.figures, "key": self.key, "earlier": self.earlier}
        return kept | {"error": self.error, "stage": self.stage, "log_tail": list(self.log_tail)}


def version() -> str:
    """Return the version of journeykit that is running."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("journeykit")
    except PackageNotFoundError:
        return "0.1.0"


def now() -> str:
    """Return the time of the clock, in UTC, to the second."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def write_json(path: Path, content: Any) -> None:
    """Write JSON whole or not at all."""
    from journeykit.reports.folders import replace_file

    replace_file(path, json.dumps(content, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    """Return numpy's numbers, dates and paths as JSON knows them."""
    return value.item() if hasattr(value, "item") else str(value)


def write_run(outcome: Outcome, folder: Path) -> None:
    """Write run.json; an account of a failure keeps what the last good report said of itself."""
    content = outcome.as_dict()
    if outcome.status == "failed":
        before = read_run(folder)
        content["last_good"] = before.get("last_good") if before.get("status") == "failed" else before or None
    write_json(folder / "run.json", content)


def read_run(folder: Path) -> dict[str, Any]:
    """Return a run.json, or an empty dict when there is none that can be read."""
    try:
        found = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def runs_of(home: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Return a client's dated report folders with their run.json, oldest first."""
    folders = [path for path in home.glob("*") if path.is_dir() and not path.name.startswith(".")]
    return [(path, run) for path in sorted(folders) if (run := read_run(path))]
