"""The hash of a file, computed once: kept under what the file system tells of the file."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path

from journeykit.reports.folders import replace_file

__all__ = ["Hashes", "hash_file"]

SETTLED = (
    2_000_000_000  # nanoseconds without a change; sooner, one more change may leave no trace in the times
)
MOST = 20_000  # files that are kept; past it only those of the last run


def hash_file(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Hashes:
    """The sha256 of files, each read once while its size, times and inode stay the same.

    Several clients that read one file have it hashed once, and so have the runs that follow: a large file is
    not read again to find that it is the same. A file that was changed less than two seconds before is hashed
    each time.

    Parameters
    ----------
    place
        The file in which they are kept from run to run; nowhere when None.

    Examples
    --------
    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile() as file:
    ...     Hashes().of(Path(file.name))[:8]
    'e3b0c442'
    """

    def __init__(self, place: Path | None = None) -> None:
        self.place = place
        self.kept = _read(place) if place else {}
        self.used: dict[str, list] = {}
        self.changed = False

    def of(self, path: Path) -> str:
        """Return the sha256 of a file.

        Raises
        ------
        OSError
            When it cannot be read.
        """
        name, state, began = str(path), _state(path), time.time_ns()
        found = self.used.get(name) or self.kept.get(name)
        if found and found[:-1] == state:
            self.used[name] = found
            return found[-1]
        sha256 = hash_file(path)
        if _state(path) == state and began - max(state[1:3]) > SETTLED:
            self.used[name] = [*state, sha256]
            self.changed = True
        return sha256

    def keep(self) -> None:
        """Write them to their place, whole or not at all; where that cannot be done they are computed again."""
        if self.place is None or not self.changed:
            return
        everything = _read(self.place) | self.used
        chosen = everything if len(everything) <= MOST else self.used
        with suppress(OSError):
            self.place.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.place, json.dumps(chosen))
            self.changed = False


def _state(path: Path) -> list[int]:
    """Return what changes with a file: size, times of content and of status, inode and device."""
    told = path.stat()
    return [told.st_size, told.st_mtime_ns, told.st_ctime_ns, told.st_ino, told.st_dev]


def _read(place: Path) -> dict[str, list]:
    """Return what was kept; nothing where it cannot be read or has another form."""
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        return {name: entry for name, entry in found.items() if _whole(entry)}
    except (OSError, ValueError, AttributeError):
        return {}


def _whole(entry: object) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) == 6
        and all(isinstance(part, int) for part in entry[:5])
        and isinstance(entry[5], str)
        and len(entry[5]) == 64
    )
