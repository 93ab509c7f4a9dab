"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import time
from pathlib import Path

from journeykit.reports.processes import birth_of

__all__ = ["place", "replace_file", "sweep", "workshop"]

PREFIX = ".making-"
MAKER = re.compile(r"\.making-(?P<host>\w*)-(?P<process>\d+)-(?P<birth>\d*)-")
KEPT = "trials"
ABANDONED = 2 * 86_400  # seconds without a change, after which another machine's folder counts as left behind


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file beside its place and move it there in one go."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def workshop(home: Path) -> Path:
    """Make a temporary folder beside a client's reports, in which the next one is made."""
    home.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=home, prefix=_mark()))
    made.chmod(0o755)
    return made


def place(made: Path, target: Path) -> None:
    """Move a finished folder to its place; the older one there goes only when the new one stands.

    Plans of trials that were made for the older one are kept: somebody may be carrying one out.
    """
    older = made.with_name(f"{made.name}-older")
    if target.exists():
        os.rename(target, older)
    try:
        os.rename(made, target)
    except BaseException:
        if older.exists():
            os.rename(older, target)
        raise
    if (older / KEPT).is_dir() and not (target / KEPT).exists():
        os.rename(older / KEPT, target / KEPT)
    shutil.rmtree(older, ignore_errors=True)


def sweep(home: Path) -> None:
    """Clear away what earlier runs left behind when they were cut off."""
    for folder in home.glob(f"{PREFIX}*"):
        if _left_behind(folder):
            _rescue(folder, home)
            shutil.rmtree(folder, ignore_errors=True)


def _mark() -> str:
    """Return the start of a folder's name, which tells who is making it: machine, process, and the latter's birth."""
    return f"{PREFIX}{_host()}-{os.getpid()}-{birth_of(os.getpid())}-"


def _host() -> str:
    return re.sub(r"\W", "_", platform.node())


def _left_behind(folder: Path) -> bool:
    """Return whether nobody is making a folder any more; of another machine only its silence tells."""
    maker = MAKER.match(folder.name)
    if maker is None or maker["host"] != _host():
        return time.time() - folder.stat().st_mtime > ABANDONED
    process = int(maker["process"])
    return not _alive(process) or birth_of(process) != maker["birth"]


def _rescue(folder: Path, home: Path) -> None:
    """Put a report back that was moved aside by a run that died before placing its own."""
    from journeykit.reports.outcomes import read_run

    date = read_run(folder).get("as_of") if folder.name.endswith("-older") else None
    if date and not (home / date).exists():
        os.rename(folder, home / date)


def _alive(process: int) -> bool:
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
