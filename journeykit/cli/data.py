"""Commands that look at data and definitions, or make them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from journeykit.cli.applications import app
from journeykit.cli.options import CLIENTS, AsJson, AsOf, ClientsFolder, open_log
from journeykit.cli.showing import ask, on_terminal, print_frame, print_json, say


@app.command()
def check(
    client: Annotated[str, typer.Argument(metavar="CLIENT|FILE")],
    folder: ClientsFolder = CLIENTS,
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="Write the rejected rows to this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read, map and judge a client's data."""
    from journeykit.checks import check_data

    log = open_log(client, folder, as_of)
    judged = check_data(log)
    if out is not None:
        target = out / log.client.id / log.as_of_date.isoformat()
        target.mkdir(parents=True, exist_ok=True)
        log.rejects.astype({"row": "int64"}).to_parquet(target / "rejects.parquet", index=False)
        say(f"Rejected rows: {target / 'rejects.parquet'}")
    if as_json:
        print_json(judged.to_dict())
        return
    counts = judged.counts
    what = "customers without events" if log.profile_only else f"events of {counts['customers']:,} customers"
    count = counts["customers"] if log.profile_only else counts["events"]
    print(f"{log.client.name}: {count:,} {what}, as of {counts['as_of']}")
    if counts["first"]:
        print(f"{counts['first'][:10]} to {counts['last'][:10]}, {counts['days']:,} days")
    elif not log.profile_only:
        print("an order without times")
    print(
        f"{counts['rows_read']:,} rows read, {counts['rows_used']:,} used, {counts['rows_rejected']:,} rejected, "
        f"{counts['rows_merged']:,} merged\n"
    )
    for name, frame in judged.brief().items():
        if len(frame) or name in ("rejects", "touchpoints"):
            print_frame(frame, name)


@app.command()
def new(
    client: Annotated[str, typer.Argument(help="The client's id: a-z, 0-9 and '-'.")],
    events: Annotated[
        list[Path] | None, typer.Option(help="A file or folder of events or orders; may be given again.")
    ] = None,
    customers: Annotated[Path | None, typer.Option(help="A file of customers.")] = None,
    customer_id: Annotated[
        str | None,
        typer.Option(
            "--customer-id", help="The column that says who; 'row' when every row is another person."
        ),
    ] = None,
    folder: ClientsFolder = CLIENTS,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing client file.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; keep every guess.")] = False,
) -> None:
    """Draft a client file from raw files; every guess is marked with its evidence."""
    from journeykit.drafting import draft_client

    path = draft_client(
        client, events or [], customers=customers, folder=folder, force=force, customer_id=customer_id,
        ask=ask if on_terminal() and not yes else None,
    )  # fmt: skip
    print(path)
    doubtful = [line.strip() for line in path.read_text("utf-8").splitlines() if "# LOOK:" in line]
    say("Drafted." if not doubtful else f"Drafted. {len(doubtful)} guesses are doubtful; look at them first:")
    for line in doubtful:
        say(f"  {line}")
    _show(path)
    say(f"Then: journeykit check {client}")


def _show(path: Path) -> None:
    """Say what the draft makes of the data; where it makes nothing of them, why."""
    from journeykit.clients import read_client
    from journeykit.drafting.showing import understood
    from journeykit.errors import JourneykitError

    try:
        for line in understood(read_client(path), path.read_text("utf-8")):
            say(line)
    except JourneykitError as error:
        say(f"Nothing can be read with it as it stands: {error}")


@app.command()
def clients(folder: ClientsFolder = CLIENTS, as_json: AsJson = False) -> None:
    """List the clients."""
    import pandas as pd

    from journeykit.clients import client_paths, read_client

    read = [read_client(path) for path in client_paths(folder)]
    keys = ("id", "name", "language", "setting", "stage_model")
    rows = [{key: getattr(client, key) for key in keys} | {"file": str(client.path)} for client in read]
    print_json(rows) if as_json else print_frame(pd.DataFrame(rows), "clients")


@app.command("stage-models")
def stage_models(
    model: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="An id that ships, or a .yml file.")
    ] = None,
    language: Annotated[str, typer.Option(help="nl or en.")] = "en",
) -> None:
    """List the stage models, or show one with its playbook."""
    import pandas as pd

    from journeykit.stage_models import PLAYBOOK, load_stage_model, stage_model_ids

    if model is None:
        shipped = [load_stage_model(name) for name in stage_model_ids()]
        rows = [{"id": m.id, "name": m.name[language], "stages": ", ".join(m.ids)} for m in shipped]
        print_frame(pd.DataFrame(rows), "stage models")
        return
    chosen = load_stage_model(model)
    print(f"{chosen.name[language]} ({chosen.id})\n{chosen.description[language]}\n")
    for number, stage in enumerate((*chosen.stages, *chosen.components), start=1):
        label = (
            f"{number}. {stage.name[language]}"
            if number <= len(chosen.stages)
            else f"+ {stage.name[language]}"
        )
        print(f"{label} ({stage.id}, canonical phase {stage.canonical})\n   {stage.goal[language]}")
        print(f"   touchpoints: {', '.join(stage.touchpoints)}\n   markers: {', '.join(stage.markers)}")
        for part in PLAYBOOK:
            if told := stage.playbook(part, language):
                print(f"   {part.replace('_', ' ')}: {'; '.join(told)}")
        print()


@app.command()
def touchpoints(language: Annotated[str, typer.Option(help="nl or en.")] = "en") -> None:
    """List the touchpoint vocabulary."""
    import pandas as pd

    from journeykit.touchpoints import load_vocabulary

    known = load_vocabulary().values()
    rows = [
        {"id": t.id, "name": t.name[language], "interaction": t.interaction, "paid": t.paid, "group": t.group}
        for t in known
    ]
    print_frame(pd.DataFrame(rows).astype(object), "touchpoints")


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
    customers: Annotated[int, typer.Option(min=1)] = 2000,
    personas: Annotated[int, typer.Option(min=1)] = 5,
    stage_model: Annotated[str, typer.Option(help="An id that ships, or a .yml file.")] = "universal",
    days: Annotated[int, typer.Option(min=1)] = 180,
    missing_markers: Annotated[
        float, typer.Option(min=0, max=1, help="Share of markers that is not tracked.")
    ] = 0.15,
    seed: Annotated[int, typer.Option()] = 0,
    contacts: Annotated[
        float | None, typer.Option(min=3, max=300, help="Mean contacts of a unit.", show_default="some 50")
    ] = None,
    rush: Annotated[
        float, typer.Option(min=0, max=0.9, help="Chance to go on to the next stage within the visit.")
    ] = 0.0,
    one_visit: Annotated[float, typer.Option(min=0, max=1, help="Share of units that come once.")] = 0.0,
    burst: Annotated[
        float, typer.Option(min=1, max=1000, help="How many times likelier a visit is the day after one.")
    ] = 1.0,
    season: Annotated[
        float, typer.Option(min=0, max=1, help="Rise of visits in winter, fall in summer.")
    ] = 0.0,
    imported: Annotated[
        float, typer.Option(min=0, max=1, help="Share of visits with the moment of a weekly import.")
    ] = 0.0,
    billed: Annotated[
        float, typer.Option(min=0, max=1, help="Share of buyers who are charged on the first of each month.")
    ] = 0.0,
) -> None:
    """Write a population with known truth: events, customers, truth and a client file."""
    from journeykit.simulate import simulate as simulate_population

    population = simulate_population(
        customers=customers, personas=personas, stage_model=stage_model, days=days,
        missing_markers=missing_markers, seed=seed, contacts=contacts, rush=rush, one_visit=one_visit,
        burst=burst, season=season, imported=imported, billed=billed,
    )  # fmt: skip
    population.write(out)
    print(out)
    say(f"{len(population.events):,} events of {population.customers['customer_id'].nunique():,} customers.")
