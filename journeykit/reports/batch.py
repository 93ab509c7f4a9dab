"""Reports for one client or three hundred: each in a process of its own, failures kept apart."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from journeykit.clients import Client
from journeykit.reports.exports import FORMATS
from journeykit.reports.index import write_index
from journeykit.reports.jobs import Choices, Desk, default_notebook
from journeykit.reports.making import attend, begin, give_up, unplaced
from journeykit.reports.outcomes import Job, Outcome
from journeykit.reports.progress import Progress
from journeykit.reports.supervision import Limits, Watched, wait_for

__all__ = ["FORMATS", "default_notebook", "run_report", "run_reports"]


def run_report(client: str | Path | Client, **options: Any) -> Outcome:
    """Make the report of one client; see `run_reports` for the options.

    Returns
    -------
    Outcome
    """
    return run_reports([client], **options)[0]


def run_reports(
    clients: Iterable[str | Path | Client],
    *,
    jobs: int | None = None,
    clients_folder: str | Path = "data/clients",
    as_of: str | None = None,
    out: str | Path = "reports",
    language: str | None = None,
    formats: Iterable[str] = ("html",),
    kernel: bool = False,
    timeout: float | None = None,
    memory: float | None = None,
    force: bool = False,
    notebook: str | Path | None = None,
    parameters: dict[str, Any] | None = None,
    cluster: str | None = None,
    progress: Progress | bool | None = None,
) -> list[Outcome]:
    """Make the reports of clients, several at a time, each in its own process.

    Parameters
    ----------
    clients
        Ids in the folder of client files, paths of client files, or clients that were read.
    jobs
        Processes at a time; as many as the machine has cores, or the cluster threads, when None.
    as_of
        The day of the reports, or ``latest``; the client file's when None.
    out
        The folder of the reports; `<out>/<client>/<day>/` holds one, `<out>/index.html` shows all.
    language
        ``nl`` or ``en``; the client file's when None.
    kernel
        Run the notebook in an ordinary Jupyter kernel instead of in the process itself.
    timeout, memory
        Limits per client: seconds and GB. A report past either is ended and counts as failed.
    force
        Make reports again that are up to date.
    notebook, parameters
        Another notebook than the client files', and further values for its parameters.
    cluster
        Make the reports on the workers of a dask cluster, ``dask://host:port``; see `journeykit.reports.clusters`.

    Returns
    -------
    list of Outcome
        In the order of the clients. A failure never stops the others.

    Raises
    ------
    JourneykitError
        When a parameter or format is unknown, or the cluster cannot be reached.
    KeyboardInterrupt
        When interrupted; what was being made is cleared away, finished reports stay.
    """
    choices = Choices.checked(
        out, as_of=as_of, formats=formats, notebook=notebook, parameters=parameters, language=language,
        kernel=kernel, force=force,
    )  # fmt: skip
    limits = Limits(timeout, memory)
    bars = progress if isinstance(progress, Progress) else Progress(shown=progress is not False)
    with bars:
        outcomes, waiting = _sorted(clients, Desk(choices, clients_folder), bars)
        if cluster is not None and waiting:
            from journeykit.reports.clusters import run_on_cluster

            run_on_cluster(cluster, waiting, outcomes, bars, jobs, limits)
        else:
            _run_all(waiting, outcomes, bars, jobs or os.cpu_count() or 1, limits)
        try:
            write_index(Path(out))
        except OSError as error:
            bars.say(f"the index could not be written: {error}")
    return [outcomes[number] for number in sorted(outcomes)]


def _sorted(
    clients: Iterable[str | Path | Client], desk: Desk, bars: Progress
) -> tuple[dict[int, Outcome], deque[tuple[int, Job]]]:
    """Return the outcomes that are known at once, by the number of the client, and the jobs to be run."""
    outcomes: dict[int, Outcome] = {}
    waiting: deque[tuple[int, Job]] = deque()
    for number, client in enumerate(clients):
        found = desk.job(client)
        if isinstance(found, Job):
            waiting.append((number, found))
        else:
            outcomes[number] = bars.finish(found)
    desk.hashes.keep()
    bars.expect(len(waiting))
    return outcomes, waiting


def _run_all(
    waiting: deque[tuple[int, Job]], outcomes: dict[int, Outcome], bars: Progress, most: int, limits: Limits
) -> None:
    """Keep as many processes going as allowed, until every job has its outcome."""
    going: dict[int, Watched] = {}
    try:
        while waiting or going:
            while waiting and len(going) < most:
                _begin_next(waiting, going, outcomes, bars)
            wait_for(going.values())
            for number, one in list(going.items()):
                outcome = attend(one, limits)
                bars.update(one.job.client, one.done, one.total)
                if outcome is not None:
                    del going[number]
                    again = one.crashed and one.attempt == 1
                    if again:
                        waiting.appendleft((number, one.job))
                        _begin_next(waiting, going, outcomes, bars, attempt=2)
                    else:
                        outcomes[number] = bars.finish(outcome)
    finally:
        for one in going.values():
            give_up(one)


def _begin_next(
    waiting: deque[tuple[int, Job]], going: dict[int, Watched], outcomes: dict[int, Outcome], bars: Progress,
    attempt: int = 1,
) -> None:  # fmt: skip
    number, job = waiting.popleft()
    bars.start(job.client, attempt)
    try:
        going[number] = begin(job, attempt)
    except OSError as error:
        outcomes[number] = bars.finish(unplaced(job, error))
