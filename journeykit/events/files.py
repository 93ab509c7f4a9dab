"""Files as they come: where they are, what they really are, their encoding and delimiter."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
from pathlib import Path

from journeykit.errors import DataError, nearest
from journeykit.events.archives import members, opened
from journeykit.events.formats import Asked, Format, formats
from journeykit.events.raw import RawFile

__all__ = ["expand", "file_digest", "find_files", "inspect", "zip_of"]

_MAGIC = {
    b"PAR1": "parquet", b"PK\x03\x04": "excel or zip", b"\xd0\xcf\x11\xe0": "old excel", b"%PDF": "pdf",
    b"\x1f\x8b": "gz", b"SQLite format 3": "a database",
}  # fmt: skip
_SAMPLE_BYTES = 262_144


def find_files(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
) -> list[RawFile]:
    """Return the files that a path, glob, folder or zip stands for, looked into.

    Raises
    ------
    DataError
        When nothing is there, or a file is not what its ending says.
    """
    found = []
    packed, pattern = zip_of(path)
    for file in expand(packed):
        inside = members(file) if file.suffix.lower() == ".zip" else [None]
        inside = [name for name in inside if pattern is None or fnmatch.fnmatch(name or "", pattern)]
        read = [name for name in inside if name is None or _ending(Path(name)) in formats()]
        if not read:
            problem = f"the zip holds no file that can be read, only {', '.join(map(str, inside[:5]))}"
            raise DataError(
                problem if inside else f"the zip holds no {pattern}",
                where=file,
                remedy="pack files of a kind that is read",
            )
        found += [
            inspect(file, encoding, delimiter, member=name, header=header, sheet=sheet) for name in read
        ]
    return found


def zip_of(path: Path) -> tuple[Path, str | None]:
    """Return the zip that a path leads into, and the name or pattern in it; else the path itself."""
    for folder in path.parents:
        if folder.suffix.lower() == ".zip" and folder.is_file():
            return folder, path.relative_to(folder).as_posix()
    return path, None


def expand(path: Path) -> list[Path]:
    """Return the files that a path, glob or folder stands for, in the order of their names.

    Raises
    ------
    DataError
        When nothing is there; the nearest name in the folder is given. When a folder or glob holds a link that
        leads out of it.
    """
    if path.is_dir():
        found = [file for file in sorted(path.iterdir()) if _is_readable(file)]
    elif glob.has_magic(str(path)) and not path.is_file():
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file())
    else:
        found = [path] if path.is_file() else []
        if path.exists() and not found:
            raise DataError(
                "this is not an ordinary file", where=path, remedy="save the data to a file first"
            )
        if found:
            return found
    for file in found:
        _check_link(file, _root(path))
    if found:
        return found
    beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, beside)
    hint = f". Did you mean {near!r}?" if near else ""
    problem = (
        f"there is no such file{hint}" if not path.is_dir() else "the folder holds no file that can be read"
    )
    raise DataError(problem, where=path, remedy="correct 'path' in the client file")


def _is_readable(file: Path) -> bool:
    return file.is_file() and (_ending(file) in formats() or file.suffix.lower() == ".zip")


def _root(path: Path) -> Path:
    """Return the folder that a path or a glob does not leave."""
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def _check_link(file: Path, root: Path) -> None:
    """Refuse a link, of the file or of a folder above it, that leads out of the folder that is read."""
    if not file.resolve().is_relative_to(root.resolve()):
        problem = "this is a link that leads out of its folder"
        raise DataError(problem, where=file, remedy="name the file itself under 'path', or copy it here")


def _ending(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else (suffixes or [""])[-1]


def inspect(
    path: Path,
    encoding: str | None = None,
    delimiter: str | None = None,
    *,
    member: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
) -> RawFile:
    """Look into a file and return how it is to be read.

    Raises
    ------
    DataError
        When the ending is not known, the file is empty, or it is not what its ending says.
    """
    ending = _ending(Path(member or path))
    known = formats().get(ending)
    if known is None:
        listed = ", ".join(sorted(formats()))
        raise DataError(f"files ending in {ending!r} are not read", where=path, remedy=f"save it as {listed}")
    sample = _sample(path, member)
    _check_content(path, known, ending, sample)
    if known.look is None:
        return RawFile(path, known.kind, member=member, sheet=sheet, header=header is not False)
    return known.look(path, ending, sample, Asked(encoding, delimiter, header, sheet, member))


def _sample(path: Path, member: str | None) -> bytes:
    with opened(path, member) as file:
        return file.read(_SAMPLE_BYTES)


def _check_content(path: Path, known: Format, ending: str, sample: bytes) -> None:
    """Refuse a file that is not what its ending says, by its first bytes."""
    if known.magic and sample.startswith(known.magic):
        return
    if not sample:
        raise DataError("the file is empty", where=path, remedy="export it again")
    really = next((name for magic, name in _MAGIC.items() if sample.startswith(magic)), None)
    if known.magic or really:
        problem = f"the file is not what its ending {ending!r} says"
        problem += f"; it looks like {really}" if really else ""
        raise DataError(problem, where=path, remedy="export it again, or correct its ending")
    wide = sample.startswith((b"\xff\xfe", b"\xfe\xff"))
    if known.starts and not wide and sample.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] not in known.starts:
        problem = f"the file is not what its ending {ending!r} says"
        raise DataError(problem, where=path, remedy="correct its ending")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
