"""The command line's applications, to which the commands are added."""

from __future__ import annotations

import typer

__all__ = ["app", "personas_app", "stages_app"]

app = typer.Typer(
    help="Measured personas, honest journey stages and finished client reports.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
personas_app = typer.Typer(help="Learn personas, and use them on another dataset.", no_args_is_help=True)
stages_app = typer.Typer(
    help="Learn a stage classifier, and use it on another dataset.", no_args_is_help=True
)
app.add_typer(personas_app, name="personas")
app.add_typer(stages_app, name="stages")
