"""Reports for one client or three hundred: each in a process of its own, failures kept apart."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from journeykit.clients import Client, read_client, read_day
from journeykit.errors import ClientFileError, JourneykitError
from journeykit.reports.earlier import earlier_mark
from journeykit.reports.exports import FORMATS
from journeykit.reports.folders import place, sweep, workshop
from journeykit.reports.index import write_index
from journeykit.reports.keys import input_files, report_key, up_to_date
from journeykit.reports.outcomes import Job, Outcome, now, read_run, write_run
from journeykit.reports.parameters import check_parameters
from journeykit.reports.progress import Progress
from journeykit.reports.supervision import Watched, context

__all__ = ["FORMATS", "default_notebook", "run_report", "run_reports"]

TAIL = 30  # lines of the log that run.json keeps


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
    progress: Progress | bool | None = None,
) -> list[Outcome]:
    """Make the reports of clients, several at a time, each in its own process.

    Parameters
    ----------
    clients
        Ids in the folder of client files, paths of client files, or clients that were read.
    jobs
        Processes at a time; as many as the machine has cores when None.
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
        Another notebook than the client report, and further values for its parameters.

    Returns
    -------
    list of Outcome
        In the order of the clients. A failure never stops the others.

    Raises
    ------
    JourneykitError
        When a parameter or format is unknown.
    KeyboardInterrupt
        When interrupted; what was being made is cleared away, finished reports stay.
    """
    book = Path(notebook) if notebook else default_notebook()
    chosen = {
        "out": str(Path(out).resolve()),
        "as_of": None if as_of is None else read_day(as_of),
        "language": language,
        "formats": _known(formats),
    }
    chosen |= {"kernel": kernel, "notebook": book.resolve(), "parameters": parameters or {}}
    check_parameters(book, {"client": "", "as_of": "", "language": "", "folder": "", **chosen["parameters"]})
    outcomes: dict[int, Outcome] = {}
    waiting: deque[tuple[int, Job]] = deque()
    taken: dict[str, Path | None] = {}
    for number, client in enumerate(clients):
        found = _prepare(client, clients_folder, force, chosen, taken)
        waiting.append((number, found)) if isinstance(found, Job) else outcomes.update({number: found})
    bars = progress if isinstance(progress, Progress) else Progress(shown=progress is not False)
    with bars:
        for outcome in outcomes.values():
            bars.finish(outcome)
        _run_all(waiting, outcomes, bars, jobs or os.cpu_count() or 1, timeout, memory)
        try:
            write_index(Path(out))
        except OSError as error:
            bars.say(f"the index could not be written: {error}")
    return [outcomes[number] for number in sorted(outcomes)]


def default_notebook() -> Path:
    """Return the notebook of the client report: the project's, else the one beside the package."""
    name = Path("notebooks") / "90-client-report.ipynb"
    package = Path(__file__).parents[1]
    for place_ in (Path.cwd() / name, package.parent / name, package / name):
        if place_.is_file():
            return place_
    raise JourneykitError(
        "there is no notebook to make reports with", where=name, remedy="run from the project's root"
    )


def _known(formats: Iterable[str]) -> tuple[str, ...]:
    from journeykit.errors import unknown

    given = tuple(formats.split(",") if isinstance(formats, str) else formats)
    for name in given:
        if name not in FORMATS:
            raise unknown("format", name, FORMATS)
    return given


def _prepare(
    client: Any, folder: str | Path, force: bool, chosen: dict[str, Any], taken: dict[str, Path | None]
) -> Job | Outcome:
    """Return the job of a client, or its outcome when there is nothing to run."""
    try:
        read = client if isinstance(client, Client) else read_client(client, folder=folder)
        _check_id(read, taken)
    except JourneykitError as error:
        name = Path(str(client)).stem
        return Outcome(
            name, "failed", name=name, error=str(error), stage="reading the client file", refused=True
        )
    try:
        return _job(read, force, chosen)
    except (OSError, JourneykitError) as error:
        return Outcome(
            read.id, "failed", name=read.name, error=str(error), stage="looking up the client's files"
        )


def _check_id(client: Client, taken: dict[str, Path | None]) -> None:
    """Refuse a second client of the same id: their reports would stand in one folder."""
    if client.id in taken:
        problem = f"the id {client.id!r} is that of {taken[client.id]} too"
        raise ClientFileError(problem, where=client.path, remedy="name each client once, by an id of its own")
    taken[client.id] = client.path


def _job(client: Client, force: bool, chosen: dict[str, Any]) -> Job | Outcome:
    as_of = str(chosen["as_of"] or client.period.as_of)
    language = chosen["language"] or client.language
    settings = {
        "as_of": as_of,
        "language": language,
        "formats": chosen["formats"],
        "kernel": chosen["kernel"],
    }
    inputs = input_files(client)
    key = report_key(client, inputs, chosen["notebook"], settings | chosen["parameters"])
    job = Job(
        client.id, str(client.path), client.name, as_of, language, chosen["out"], chosen["formats"],
        str(chosen["notebook"]), chosen["kernel"], chosen["parameters"], key, tuple(inputs),
    )  # fmt: skip
    sweep(job.home)
    ready = None if force else up_to_date(job.home, key, job.formats)
    return _skipped(job, ready) if ready else job


def _skipped(job: Job, folder: Path) -> Outcome:
    run = read_run(folder)
    return Outcome(
        job.client, "skipped", run["as_of"], job.name, folder, run["started"], run["finished"], 0.0,
        run["figures"], language=job.language, key=job.key, parameters=run["parameters"],
    )  # fmt: skip


def _run_all(waiting, outcomes, bars, limit, timeout, memory) -> None:
    """Keep as many processes going as allowed, until every job has its outcome."""
    chosen, going = context(), {}
    try:
        while waiting or going:
            while waiting and len(going) < limit:
                number, job = waiting.popleft()
                try:
                    going[number] = bars.start(_start(job, chosen))
                except OSError as error:
                    outcomes[number] = bars.finish(_unplaced(job, error))
            wait(
                [each for one in going.values() for each in (one.process.sentinel, one.channel)], timeout=0.25
            )
            for number, one in list(going.items()):
                outcome = _attend(one, timeout, memory)
                bars.update(one)
                if outcome is not None:
                    del going[number]
                    again = one.crashed and one.attempt == 1
                    going.update({number: bars.start(_start(one.job, chosen, 2))}) if again else None
                    outcomes.update({} if again else {number: bars.finish(outcome)})
    finally:
        for one in going.values():
            one.end("interrupted")
            shutil.rmtree(one.folder, ignore_errors=True)


def _unplaced(job: Job, error: OSError) -> Outcome:
    """Return the outcome of a report for which no folder could be made."""
    place_ = "making the folder of the report"
    return Outcome(job.client, "failed", job.as_of, job.name, error=str(error), stage=place_, key=job.key)


def _start(job: Job, chosen, attempt: int = 1) -> Watched:
    return Watched.start(job, workshop(job.home), chosen, attempt)


def _attend(one: Watched, timeout: float | None, memory: float | None) -> Outcome | None:
    """Listen to a process, hold it to its limits, and return its outcome when it is over."""
    one.listen()
    if not one.over:
        one.hold_to(timeout, memory)
        if not one.over:
            return None
    one.listen()
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
        "error": f"the process ended by itself ({one.process.exitcode})",
        "stage": one._place(),
    }
    target = one.job.home / one.job.as_of
    outcome = Outcome(
        status="failed", as_of=one.job.as_of, folder=target, error=fault["error"], stage=fault["stage"],
        log_tail=_tail(one.folder / "log.txt"), inputs=_inputs(one.job, ()), **_common(one),
    )  # fmt: skip
    if one.crashed and one.attempt == 1:
        shutil.rmtree(one.folder, ignore_errors=True)
        return outcome
    with suppress(OSError):  # where the folder can't be written to, the outcome itself says what went wrong
        _leave_account(one.folder, target, outcome)
    shutil.rmtree(one.folder, ignore_errors=True)
    return outcome


def _leave_account(made: Path, target: Path, outcome: Outcome) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name, kept in (("report.ipynb", "failed.ipynb"), ("log.txt", "failed.log")):
        if (made / name).is_file():
            os.replace(made / name, target / kept)
    write_run(outcome, target)


def _tail(log: Path) -> tuple[str, ...]:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 20_000))
            return tuple(file.read().decode("utf-8", "replace").splitlines()[-TAIL:])
    except OSError:
        return ()
