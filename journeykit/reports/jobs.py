"""What is to be made for each client, worked out before anything is run: notebook, parameters, inputs and key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from journeykit.clients import SET_BY_JOURNEYKIT, Client, read_client, read_day
from journeykit.documents import read_document
from journeykit.errors import ClientFileError, JourneykitError, unknown
from journeykit.reports.exports import FORMATS
from journeykit.reports.folders import sweep
from journeykit.reports.hashes import Hashes
from journeykit.reports.keys import input_files, report_key, up_to_date
from journeykit.reports.outcomes import Job, Outcome, read_run
from journeykit.reports.parameters import check_parameters, require_parameters

__all__ = ["Choices", "Desk", "default_notebook"]

HASHES = "hashes.json"


@dataclass(frozen=True)
class Choices:
    """What holds for every report of a batch; a client file's own where None."""

    out: Path
    as_of: str | None = None
    language: str | None = None
    formats: tuple[str, ...] = ("html",)
    kernel: bool = False
    notebook: Path | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    force: bool = False

    @classmethod
    def checked(
        cls, out: str | Path, *, as_of: str | None, formats: Iterable[str], notebook: str | Path | None,
        parameters: dict[str, Any] | None, **more: Any,
    ) -> Choices:  # fmt: skip
        """Return choices whose day, formats and parameters exist.

        Raises
        ------
        JourneykitError
        """
        day = None if as_of is None else read_day(as_of)
        book = Path(notebook).resolve() if notebook else None
        given = {name: _as_text(value) for name, value in (parameters or {}).items()}
        if book or given:
            require_parameters(book or default_notebook(), SET_BY_JOURNEYKIT)
            check_parameters(book or default_notebook(), given)
        return cls(Path(out).resolve(), day, formats=_known(formats), notebook=book, parameters=given, **more)


def default_notebook() -> Path:
    """Return the notebook of the client report: the project's, else the one beside the package."""
    name = Path("notebooks") / "90-client-report.ipynb"
    package = Path(__file__).parents[1]
    for place in (Path.cwd() / name, package.parent / name, package / name):
        if place.is_file():
            return place
    raise JourneykitError(
        "there is no notebook to make reports with", where=name, remedy="run from the project's root"
    )


def _known(formats: Iterable[str]) -> tuple[str, ...]:
    given = tuple(formats.split(",") if isinstance(formats, str) else formats)
    for name in given:
        if name not in FORMATS:
            raise unknown("format", name, FORMATS)
    return given


def _as_text(value: Any) -> Any:
    """Return days and paths as text: that is how a notebook is given them."""
    return str(value) if isinstance(value, (dt.date, dt.time, Path)) else value


class Desk:
    """Where clients come in and jobs go out; each file is hashed once, whoever of them reads it.

    Parameters
    ----------
    choices
        What holds for every report.
    folder
        The folder of client files.
    """

    def __init__(self, choices: Choices, folder: str | Path) -> None:
        self.choices, self.folder = choices, folder
        self.hashes = Hashes(choices.out / HASHES)
        self.taken: dict[str, Path | None] = {}

    def job(self, client: str | Path | Client) -> Job | Outcome:
        """Return the job of a client, or its outcome when there is nothing to run."""
        try:
            read = client if isinstance(client, Client) else read_client(client, folder=self.folder)
            self._check_id(read)
            notebook, parameters = self._notebook(read)
        except JourneykitError as error:
            name = client.id if isinstance(client, Client) else Path(str(client)).stem
            return Outcome(
                name, "failed", name=name, error=str(error), stage="reading the client file", refused=True
            )
        try:
            return self._job(read, notebook, parameters)
        except (OSError, JourneykitError) as error:
            stage = "looking up the client's files"
            return Outcome(read.id, "failed", name=read.name, error=str(error), stage=stage)

    def _check_id(self, client: Client) -> None:
        """Refuse a second client of the same id: their reports would stand in one folder."""
        if client.id in self.taken:
            problem = f"the id {client.id!r} is that of {self.taken[client.id]} too"
            remedy = "name each client once, by an id of its own"
            raise ClientFileError(problem, where=client.path, remedy=remedy)
        self.taken[client.id] = client.path

    def _notebook(self, client: Client) -> tuple[Path, dict[str, Any]]:
        """Return the notebook of a client and the values of its own parameters, each checked."""
        own, chosen = client.report, self.choices
        given = {name: _as_text(value) for name, value in own.parameters.items()}
        path = chosen.notebook or (client.resolve(own.notebook) if own.notebook else default_notebook())
        require_parameters(path, SET_BY_JOURNEYKIT)
        for name, value in given.items():
            try:
                check_parameters(path, {name: value})
            except JourneykitError as error:
                raise _in_client_file(error, client, name) from None
        check_parameters(path, chosen.parameters)
        return path.resolve(), given | chosen.parameters

    def _job(self, client: Client, notebook: Path, parameters: dict[str, Any]) -> Job | Outcome:
        chosen = self.choices
        as_of = str(chosen.as_of or client.period.as_of)
        language = chosen.language or client.language
        settings = {
            "as_of": as_of, "language": language, "formats": chosen.formats, "kernel": chosen.kernel,
        }  # fmt: skip
        inputs = input_files(client, self.hashes)
        key = report_key(client, inputs, notebook, settings | parameters)
        job = Job(
            client.id, str(client.path), client.name, as_of, language, str(chosen.out), chosen.formats,
            str(notebook), chosen.kernel, parameters, key, tuple(inputs),
        )  # fmt: skip
        sweep(job.home)
        ready = None if chosen.force else up_to_date(job.home, key, job.formats)
        return _skipped(job, ready) if ready else job


def _in_client_file(error: JourneykitError, client: Client, name: str) -> ClientFileError:
    """Return a fault of a parameter as one of the client file, with its line."""
    line = read_document(client.path).line_of(("report", "parameters", name)) if client.path else None
    problem = f"the notebook {error.where}: {error.problem}"
    return ClientFileError(problem, where=client.path, line=line, remedy=error.remedy)


def _skipped(job: Job, folder: Path) -> Outcome:
    run = read_run(folder)
    return Outcome(
        job.client, "skipped", run["as_of"], job.name, folder=folder, started=run["started"],
        finished=run["finished"], figures=run["figures"], language=job.language, key=job.key,
        parameters=run["parameters"],
    )  # fmt: skip
