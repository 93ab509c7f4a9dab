"""Files in gz and zip: which there are, a look into them, and a copy of one that is not packed."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from journeykit.errors import DataError

__all__ = ["MOST_TIMES", "is_packed", "members", "opened", "unpacked"]

MOST_TIMES, LEAST_BYTES = 200, 256 * 2**20  # beyond both, a packed file is a bomb rather than data
_CHUNK = 2**20
_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile)


def is_packed(path: Path) -> bool:
    """Tell whether a file is a gz or a zip, by its ending."""
    return path.suffix.lower() in (".gz", ".zip")


def members(path: Path) -> list[str]:
    """Return the files in a zip, in the order of their names; hidden ones and folders are left out.

    Raises
    ------
    DataError
        When it is no zip, is cut off, or holds nothing.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            names = [info.filename for info in packed.infolist() if not info.is_dir()]
    except NotImplementedError:
        raise _unknown_packing(path) from None
    except (OSError, *_BROKEN) as error:
        raise _broken(path, error) from None
    found = sorted(name for name in names if not any(part.startswith((".", "__")) for part in _parts(name)))
    if not found:
        problem = (
            f"the zip holds no file that can be read, only {', '.join(names[:5])}"
            if names
            else "the zip is empty"
        )
        raise DataError(problem, where=path, remedy="pack it again")
    return found


def _parts(name: str) -> list[str]:
    return name.replace("\\", "/").split("/")


@contextmanager
def opened(path: Path, member: str | None = None) -> Iterator[IO[bytes]]:
    """Open a file, a gz, or a member of a zip, as bytes that are not packed.

    Raises
    ------
    DataError
        When it cannot be opened or read to its end.
    """
    try:
        if member is not None:
            with zipfile.ZipFile(path) as packed, packed.open(member) as file:
                yield file
        elif path.suffix.lower() == ".gz":
            with gzip.open(path) as file:
                yield file
        else:
            with path.open("rb") as file:
                yield file
    except NotImplementedError:
        raise _unknown_packing(path) from None
    except RuntimeError as error:
        if "password" not in str(error):
            raise
        raise DataError("the zip is locked with a password", where=path, remedy="unpack it first") from None
    except (OSError, *_BROKEN) as error:
        raise _broken(path, error) from None


@contextmanager
def unpacked(path: Path, member: str | None = None, suffix: str = "") -> Iterator[Path]:
    """Give a copy of a packed file, unpacked in the temporary folder for as long as it is used.

    Raises
    ------
    DataError
        When it is cut off, or unpacks to far more than data do.
    """
    with tempfile.NamedTemporaryFile(suffix=suffix, delete=False) as copy:
        target = Path(copy.name)
        try:
            _copy(path, member, copy)
        except BaseException:
            target.unlink()
            raise
    try:
        yield target
    finally:
        target.unlink(missing_ok=True)


def _copy(path: Path, member: str | None, copy: Any) -> None:
    most, size = max(LEAST_BYTES, MOST_TIMES * path.stat().st_size), 0
    with opened(path, member) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > most:
                problem = f"the file unpacks to more than {MOST_TIMES} times its size, which data do not"
                raise DataError(problem, where=path, remedy="unpack it first, if it is to be trusted")
            copy.write(chunk)


def _unknown_packing(path: Path) -> DataError:
    """Return what is told of a zip that is packed otherwise, such as by Deflate64, as Windows packs large files."""
    problem = "the zip is packed in a way that is not read"
    return DataError(problem, where=path, remedy="unpack it first, or pack it again in the usual way")


def _broken(path: Path, error: Exception) -> DataError:
    problem = f"the file cannot be opened ({error.__class__.__name__})"
    if isinstance(error, _BROKEN):
        problem += "; it is cut off or is not what its ending says"
    return DataError(problem, where=path, remedy="copy or export it again")
