"""The commands: what is asked is handed to the functions of the package, and what comes back is shown."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from journeykit.cli import data, models, reporting
from journeykit.cli.applications import app
from journeykit.cli.options import DONE, FAILED, INTERRUPTED, REFUSED
from journeykit.cli.showing import say, told
from journeykit.errors import ClientFileError, JourneykitError

__all__ = ["app", "data", "main", "models", "reporting"]


def main() -> None:
    """Run the command line; any error becomes one sentence and an exit status."""
    arguments = _enter_project(sys.argv[1:])
    try:
        status = app(args=arguments, prog_name="journeykit", standalone_mode=False)
    except typer.Exit as left:
        status = left.exit_code
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except ClientFileError as error:
        status = told(error, REFUSED)
    except JourneykitError as error:
        status = told(error, FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = DONE
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        status = told(error.format_message(), REFUSED)
    if status == INTERRUPTED:
        say("Interrupted.")
    sys.exit(status if isinstance(status, int) else DONE)


def _enter_project(arguments: list[str]) -> list[str]:
    """Take ``--project DIR`` out of the arguments and work from that folder."""
    for place, word in enumerate(arguments):
        name, _, folder = word.partition("=")
        if name != "--project":
            continue
        inline = bool(folder)
        folder = folder or (arguments[place + 1] if place + 1 < len(arguments) else "")
        if not Path(folder).is_dir() or not folder:
            sys.exit(
                told(f"--project: there is no folder {folder!r}. Remedy: name the project's root.", REFUSED)
            )
        rest = arguments[:place] + arguments[place + (1 if inline else 2) :]
        os.chdir(folder)
        return rest
    return arguments
