"""The process that makes one report: run the notebook, read what it says of itself, write the page."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

from journeykit.reports.exports import write_formats
from journeykit.reports.outcomes import Job
from journeykit.reports.processes import descendants

__all__ = ["make_report", "run_notebook"]


SEED = 20_240_229
KERNEL = "journeykit-kernel"  # papermill's name for the engine that keeps a kernel's outputs within bounds


def make_report(job: Job, folder: str, channel) -> None:
    """Make one report in a folder, and tell the parent how it goes through a connection."""
    _stand_alone(Path(folder) / "log.txt")
    try:
        channel.send(("done", _make(job, Path(folder), channel)))
    except BaseException as error:
        import traceback

        traceback.print_exc()
        channel.send(("failed", {"stage": _stage_of(error), "error": _told(error)}))
    finally:
        channel.send(("left", descendants(os.getpid())))
        sys.stdout.flush()
        sys.stderr.flush()
        channel.close()


def _stand_alone(log: Path) -> None:
    """Become a process group of its own, write to a log, and end when the parent does."""
    if hasattr(os, "setsid"):
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.killpg(0, signal.SIGKILL) if hasattr(os, "killpg") else os._exit(1)


def _make(job: Job, folder: Path, channel) -> dict[str, Any]:
    import random

    import numpy as np

    random.seed(SEED)
    np.random.seed(SEED)

    def on_cell(number: int, total: int) -> None:
        channel.send(("cell", number, total))

    notebook = run_notebook(job, folder, on_cell)
    channel.send(("export", 0, 0))
    record = read_record(notebook)
    steps = [*_steps(notebook), *write_formats(notebook, folder, job.formats)]
    return {**record, "steps": steps, "cpu_seconds": round(time.process_time(), 3)}


def run_notebook(job: Job, folder: Path, on_cell=None):
    """Run the job's notebook with papermill into a folder and return it."""
    from journeykit.reports.warm import lighten

    lighten()
    import papermill
    from papermill.engines import papermill_engines

    _register(papermill_engines)
    chosen = (
        {"kernel_name": "python3", "engine_name": KERNEL} if job.kernel else {"engine_name": "journeykit"}
    )
    given = {"client": job.client_file, "as_of": job.as_of, "language": job.language, "folder": str(folder)}
    return papermill.execute_notebook(
        job.notebook, str(folder / "report.ipynb"), given | job.parameters,
        progress_bar=False, request_save_on_cell_execute=False, on_cell=on_cell, **chosen,
    )  # fmt: skip


def _register(engines) -> None:
    """Tell papermill of both engines; the first is known to it where journeykit was installed."""
    from journeykit.reports.engine import InProcessEngine, KernelEngine

    engines.register("journeykit", InProcessEngine)
    engines.register(KERNEL, KernelEngine)


def read_record(notebook) -> dict[str, Any]:
    """Return what the notebook says of itself: its day, headline figures and inputs."""
    from journeykit.errors import JourneykitError
    from journeykit.reports.blocks import blocks_of

    records = [block for block in blocks_of(notebook) if block["block"] == "record"]
    if not records:
        raise JourneykitError(
            "the notebook leaves no record of the report", remedy="end it with 'page.record(study, folder)'"
        )
    plain = json.loads(json.dumps(records[-1]))  # a node of a notebook would have its reader import nbformat
    return {name: value for name, value in plain.items() if name != "block"}


def _chapters(notebook) -> list[str]:
    """Return, cell by cell, the last heading above it."""
    titles, title = [], "start"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            title = cell.source.splitlines()[0].strip("# ").strip()
        titles.append(title)
    return titles


def _steps(notebook) -> list[dict[str, Any]]:
    seconds: dict[str, float] = {}
    for title, cell in zip(_chapters(notebook), notebook.cells, strict=True):
        took = cell.metadata.get("papermill", {}).get("duration") or 0.0
        if cell.cell_type == "code":
            seconds[title] = seconds.get(title, 0.0) + took
    return [{"name": name, "seconds": round(took, 3)} for name, took in seconds.items()]


def _told(error: Any) -> str:
    if hasattr(error, "ename"):
        known = error.ename in ("JourneykitError", "ClientFileError", "DataError")
        return error.evalue if known else f"{error.ename}: {error.evalue}"
    return f"{type(error).__name__}: {error}"


def _stage_of(error: Any) -> str:
    if not hasattr(error, "ename"):
        return "writing the report"
    first = error.source.strip().splitlines() if error.source else []
    return f"cell {error.cell_index + 1} of the notebook: {first[0] if first else ''}"
