"""Commands that make reports, or take a person out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from journeykit.cli.applications import app
from journeykit.cli.options import CLIENTS, DONE, FAILED, REFUSED, AsJson, AsOf, ClientsFolder
from journeykit.cli.showing import print_json, say
from journeykit.errors import ClientFileError, unknown


@app.command("plan-trial")
def plan_trial_command(
    client: str,
    decision: Annotated[int, typer.Option(min=1, help="The decision's rank.")],
    folder: ClientsFolder = CLIENTS,
    out: Annotated[Path, typer.Option(help="Where the reports are.")] = Path("reports"),
    seed: Annotated[int, typer.Option(help="The same report and seed give the same list.")] = 0,
) -> None:
    """Plan a trial for a decision of the client's last report: the plan, and a list of customers split by chance."""
    from journeykit.clients import read_client
    from journeykit.reports.planning import plan_trial

    made = plan_trial(read_client(client, folder), decision, out, seed)
    print(made / "plan.md")
    print(made / "customers.csv")


@app.command()
def report(
    clients: Annotated[
        list[str] | None, typer.Argument(metavar="[CLIENT]...", help="All, when none is named.")
    ] = None,
    folder: ClientsFolder = CLIENTS,
    out: Annotated[Path, typer.Option(help="Where the reports go.")] = Path("reports"),
    as_of: AsOf = None,
    formats: Annotated[str, typer.Option(help="Comma-separated.")] = "html",
    language: Annotated[
        str | None, typer.Option(help="nl or en; default: what the client file says.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Reports at a time; default: one per core.")] = None,
    engine: Annotated[str, typer.Option(help="duckdb or spark.")] = "duckdb",
    kernel: Annotated[bool, typer.Option("--kernel", help="Use ordinary Jupyter kernels.")] = False,
    timeout: Annotated[float | None, typer.Option(min=0, help="Seconds per client.")] = None,
    memory: Annotated[float | None, typer.Option(min=0, help="GB per client.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also make reports that are up to date.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a batch stopped (the default).")
    ] = True,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Finish the others when one fails (the default).")
    ] = True,
    cluster: Annotated[
        str | None, typer.Option(metavar="dask://HOST:PORT", help="Make them on a dask cluster's workers.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Render the report of the named clients, or of all."""
    from journeykit.clients import client_paths
    from journeykit.engine import ENGINES
    from journeykit.reports import run_reports

    if language not in (None, "nl", "en"):
        raise unknown("language", language, ("nl", "en"), kind=ClientFileError)
    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES, kind=ClientFileError)
    if engine != "duckdb":
        from journeykit.engine import connect

        connect(engine)
    chosen = _formats(formats)
    wanted = list(clients) if clients else client_paths(folder)
    outcomes = run_reports(
        wanted, clients_folder=folder, out=out, as_of=as_of, formats=chosen, language=language,
        jobs=jobs, kernel=kernel, timeout=timeout, memory=memory, force=force, cluster=cluster,
    )  # fmt: skip
    if as_json:
        print_json([outcome.as_dict() for outcome in outcomes])
    else:
        _show_outcomes(outcomes, out)
    raise typer.Exit(_status(outcomes))


def _formats(given: str) -> tuple[str, ...]:
    from journeykit.reports.exports import FORMATS

    chosen = tuple(dict.fromkeys(word.strip() for word in given.split(",") if word.strip()))
    for word in chosen:
        if word not in FORMATS:
            raise unknown("format", word, FORMATS, kind=ClientFileError)
    return chosen or ("html",)


def _show_outcomes(outcomes: list[Any], out: Path) -> None:
    for outcome in outcomes:
        place = outcome.report or outcome.folder or ""
        print(f"{outcome.status:8} {outcome.client:24} {place}")
        if outcome.error:
            say(f"{outcome.client}: {outcome.error}")
    print(f"index    {Path(out) / 'index.html'}")


def _status(outcomes: list[Any]) -> int:
    if any(outcome.refused for outcome in outcomes):
        return REFUSED
    return FAILED if any(outcome.status == "failed" for outcome in outcomes) else DONE


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the reports go.")] = Path("reports"),
    force: Annotated[bool, typer.Option("--force", help="Also make reports that are up to date.")] = False,
) -> None:
    """Build the demo clients from installed packages and the simulator, and report on them."""
    from journeykit.demo import DEMO_CLIENTS, export_demo_data
    from journeykit.reports import run_reports

    say("Writing the demo data to data/raw/ …")
    export_demo_data(Path.cwd())
    outcomes = run_reports([CLIENTS / f"{name}.yml" for name in DEMO_CLIENTS], out=out, force=force)
    _show_outcomes(outcomes, out)
    raise typer.Exit(_status(outcomes))


@app.command()
def forget(
    customer: Annotated[str, typer.Argument(help="The customer's id, as in the data.")],
    client: Annotated[str, typer.Option(help="The client of whom the person is a customer.")],
    folder: ClientsFolder = CLIENTS,
    out: Annotated[Path, typer.Option(help="Where the reports are.")] = Path("reports"),
) -> None:
    """Remove a person from what journeykit keeps."""
    from journeykit.clients import read_client
    from journeykit.reports.forgetting import forget_customer, learned_with

    name = Path(client).stem if client.endswith((".yml", ".yaml")) else client
    known = client if name != client else folder / f"{client}.yml"
    changed = forget_customer(customer, read_client(known) if Path(known).is_file() else name, out)
    for path in changed:
        print(path)
    say(f"{customer!r} was removed from {len(changed)} tables. The raw files were not changed.")
    say(f"Delete the person's rows in data/raw, then run 'journeykit report {name} --force'.")
    for path in learned_with(changed):
        say(f"Learned with them, and to be learned again: {path}")
