"""Commands that learn personas or stages, and use them on another dataset."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from journeykit.cli.applications import personas_app, stages_app
from journeykit.cli.options import CLIENTS, AsOf, ClientsFolder, open_log
from journeykit.cli.showing import print_frame


@personas_app.command("fit")
def personas_fit(
    client: str,
    save: Annotated[Path, typer.Option(help="The file to save the personas to (.skops).")],
    folder: ClientsFolder = CLIENTS,
    as_of: AsOf = None,
) -> None:
    """Learn a client's personas and save them, with a card beside."""
    from journeykit.reports import open_study

    log = open_log(client, folder, as_of)
    study = open_study(log.client, log, verbose=int(sys.stderr.isatty()))
    study.save_personas(save)
    print_frame(
        study.persona_table[["persona", "name_en", "customers", "share", "stability", "certified"]],
        "personas",
    )
    print(save)


@personas_app.command("assign")
def personas_assign(
    file: Annotated[Path, typer.Argument(help="Saved personas.")],
    client: str,
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    folder: ClientsFolder = CLIENTS,
    as_of: AsOf = None,
) -> None:
    """Use saved personas on another client's data, with a verdict on the drift."""
    from journeykit.models import load_model
    from journeykit.personas import assign
    from journeykit.reports import open_study

    model, log = load_model(file), open_log(client, folder, as_of)
    reuse = assign(model, open_study(log.client, log, personas=model).traits)
    out.parent.mkdir(parents=True, exist_ok=True)
    reuse.table.rename_axis("customer_id").reset_index().to_parquet(out, index=False)
    _tell(reuse)
    print(out)


@stages_app.command("fit")
def stages_fit(
    client: str,
    save: Annotated[Path, typer.Option(help="The file to save the classifier to (.skops).")],
    folder: ClientsFolder = CLIENTS,
    as_of: AsOf = None,
) -> None:
    """Learn a client's stages and save the classifier, with a card beside."""
    from journeykit.reports.study import Study

    log = open_log(client, folder, as_of)
    study = Study(log.client, log)
    study.save_stages(save)
    print_frame(study.stages.evaluation.reset_index(), "evaluation")
    print(save)


@stages_app.command("infer")
def stages_infer(
    file: Annotated[Path, typer.Argument(help="A saved stage classifier.")],
    client: str,
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    folder: ClientsFolder = CLIENTS,
    as_of: AsOf = None,
) -> None:
    """Use a saved stage classifier on another client's data, with a verdict on the drift."""
    from journeykit.models import load_model
    from journeykit.stages import reuse_stages

    reuse = reuse_stages(load_model(file), open_log(client, folder, as_of))
    out.parent.mkdir(parents=True, exist_ok=True)
    reuse.table.rename_axis("customer_id").reset_index().to_parquet(out, index=False)
    _tell(reuse)
    print(out)


def _tell(reuse: Any) -> None:
    print(f"verdict: {reuse.verdict}")
    for reason in reuse.reasons:
        print(f"  {reason}")
