"""One report: begun, held to its limits, and put in its place; or its failure accounted for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from journeykit.reports.earlier import earlier_mark
from journeykit.reports.folders import place, sweep, workshop
from journeykit.reports.logs import tail
from journeykit.reports.outcomes import Job, Outcome, now, write_run
from journeykit.reports.supervision import Limits, Watched, context, wait_for

__all__ = ["attend", "begin", "give_up", "make", "unplaced"]


def make(
    job: Job, limits: Limits, tell: Callable[[int, int], None], wanted: Callable[[], bool]
) -> Outcome | None:
    """Make one report from start to end, once more after a crash.

    Parameters
    ----------
    job, limits
        What to make, and what it may take.
    tell
        Called with (cell, number of cells) as the notebook goes on.
    wanted
        Asked a few times a second whether the report still is; when it is not, all is cleared away.

    Returns
    -------
    Outcome or None
        None when it was no longer wanted.
    """
    for attempt in (1, 2):
        try:
            one = begin(job, attempt)
        except OSError as error:
            return unplaced(job, error)
        outcome = _see_out(one, limits, tell, wanted)
        if outcome is None or not (one.crashed and attempt == 1):
            return outcome
    return outcome


def _see_out(one: Watched, limits: Limits, tell, wanted) -> Outcome | None:
    told = None
    try:
        while wanted():
            wait_for([one])
            outcome = attend(one, limits)
            if (one.done, one.total) != told:
                told = (one.done, one.total)
                tell(*told)
            if outcome is not None:
                return outcome
    finally:
        if not one.closed:
            give_up(one)
    return None


def begin(job: Job, attempt: int = 1) -> Watched:
    """Start the process of a report.

    Raises
    ------
    OSError
        When there is no room or no right to make it.
    """
    if attempt == 1:
        sweep(job.home)
    made = workshop(job.home)
    try:
        return Watched.start(job, made, context(), attempt)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def unplaced(job: Job, error: OSError) -> Outcome:
    """Return the outcome of a report that could not be begun."""
    stage = "making the folder of the report"
    return Outcome(job.client, "failed", job.as_of, job.name, error=str(error), stage=stage, key=job.key)


def give_up(one: Watched) -> None:
    """End a report that is no longer wanted, and clear away what there is of it."""
    one.end("interrupted")
    one.close()
    shutil.rmtree(one.folder, ignore_errors=True)


def attend(one: Watched, limits: Limits) -> Outcome | None:
    """Listen to a process, hold it to its limits, and return its outcome when it is over."""
    one.listen()
    if not one.over:
        one.hold_to(limits)
        if not one.over:
            return None
    one.listen()
    one.close()
    return _finished(one) if one.result is not None and one.fault is None else _failed(one)


def _common(one: Watched) -> dict[str, Any]:
    job = one.job
    given = {"as_of": job.as_of, "language": job.language, "formats": list(job.formats), "kernel": job.kernel}
    return {
        "client": job.client, "name": job.name, "started": one.started, "finished": now(),
        "seconds": round(one.seconds, 2), "parameters": given | job.parameters, "language": job.language,
        "key": job.key,
    }  # fmt: skip


def _finished(one: Watched) -> Outcome:
    """Move the finished report to its place."""
    said, home = one.result or {}, one.job.home
    day = str(said.get("as_of") or one.job.as_of)
    outcome = Outcome(
        status="ok", as_of=day, folder=home / day, figures=said.get("figures", {}),
        cpu_seconds=said.get("cpu_seconds", 0.0), earlier=earlier_mark(home, day),
        steps=tuple(said.get("steps", ())), inputs=_inputs(one.job, said.get("inputs", ())), **_common(one),
    )  # fmt: skip
    try:
        (one.folder / "log.txt").unlink(missing_ok=True)
        write_run(outcome, one.folder)
        place(one.folder, home / day)
        shutil.rmtree(home / "latest", ignore_errors=True)
    except OSError as error:
        one.fault = {"error": str(error), "stage": "writing the report"}
        return _failed(one)
    return outcome


def _inputs(job: Job, told: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Join the rows that the notebook read from each file to the file's hash."""
    rows = {str(entry.get("path")): entry.get("rows") for entry in told}
    return tuple({**entry, "rows": rows.get(entry["path"])} for entry in job.inputs)


def _failed(one: Watched) -> Outcome:
    """Leave an account of the failure; the last good report stays as it was."""
    fault = one.fault or {
        "error": f"the process ended by itself ({one.process.exitcode})", "stage": one.place,
    }  # fmt: skip
    target = one.job.home / one.job.as_of
    outcome = Outcome(
        status="failed", as_of=one.job.as_of, folder=target, error=fault["error"], stage=fault["stage"],
        log_tail=tail(one.folder / "log.txt"), inputs=_inputs(one.job, ()), **_common(one),
    )  # fmt: skip
    if not (one.crashed and one.attempt == 1):
        with suppress(OSError):  # where that can't be written, the outcome itself says what went wrong
            _leave_account(one.folder, target, outcome)
    shutil.rmtree(one.folder, ignore_errors=True)
    return outcome


def _leave_account(made: Path, target: Path, outcome: Outcome) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name, kept in (("report.ipynb", "failed.ipynb"), ("log.txt", "failed.log")):
        if (made / name).is_file():
            os.replace(made / name, target / kept)
    write_run(outcome, target)
