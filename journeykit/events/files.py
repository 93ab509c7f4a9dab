"""Files as they come: what they really are, their encoding and delimiter, read as tables of text."""

from __future__ import annotations

import csv
import glob
import hashlib
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charset_normalizer import from_bytes

from journeykit.errors import ClientFileError, DataError, nearest

__all__ = ["RawFile", "expand", "file_digest", "inspect", "read_raw"]

ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip
_MAGIC = {b"PAR1": "parquet", b"PK\x03\x04": "excel or zip", b"\xd0\xcf\x11\xe0": "old excel", b"%PDF": "pdf"}
_SAMPLE_BYTES = 262_144
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class RawFile:
    """A file, and how it is to be read."""

    path: Path
    kind: str
    encoding: str = "utf-8"
    delimiter: str = ","


def expand(path: Path) -> list[Path]:
    """Return the files that a path, glob or folder stands for, in the order of their names.

    Raises
    ------
    DataError
        When nothing is there; the nearest name in the folder is given.
    """
    if path.is_dir():
        found = [file for file in sorted(path.iterdir()) if _ending(file) in ENDINGS]
    elif glob.has_magic(str(path)):
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))
    else:
        found = [path] if path.is_file() else []
    if found:
        return found
    beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, beside)
    hint = f". Did you mean {near!r}?" if near else ""
    problem = (
        f"there is no such file{hint}" if not path.is_dir() else "the folder holds no file that can be read"
    )
    raise DataError(problem, where=path, remedy="correct 'path' in the client file")


def _ending(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else (suffixes or [""])[-1]


def inspect(path: Path, encoding: str | None = None, delimiter: str | None = None) -> RawFile:
    """Look into a file and return how it is to be read.

    Raises
    ------
    DataError
        When the ending is not known, the file is empty, or it is not what its ending says.
    """
    kind = ENDINGS.get(_ending(path))
    if kind is None:
        known = ", ".join(sorted(ENDINGS))
        raise DataError(
            f"files ending in {_ending(path)!r} are not read", where=path, remedy=f"save it as {known}"
        )
    sample = _sample(path)
    _check_content(path, kind, sample)
    if kind == "parquet":
        return RawFile(path, kind)
    encoding = encoding or _encoding(sample)
    text = _decoded(path, sample, encoding)
    if not text.strip():
        raise DataError("the file is empty", where=path, remedy="export it again")
    return RawFile(path, kind, encoding, delimiter or _delimiter(text, path) if kind == "csv" else ",")


def _sample(path: Path) -> bytes:
    try:
        if path.suffix.lower() == ".gz":
            import gzip

            with gzip.open(path) as file:
                return file.read(_SAMPLE_BYTES)
        with path.open("rb") as file:
            return file.read(_SAMPLE_BYTES)
    except (OSError, EOFError) as error:
        raise DataError(f"the file cannot be opened ({error.__class__.__name__})", where=path) from None


def _check_content(path: Path, kind: str, sample: bytes) -> None:
    really = next((name for magic, name in _MAGIC.items() if sample.startswith(magic)), None)
    if really == kind:
        return
    if not sample:
        raise DataError("the file is empty", where=path, remedy="export it again")
    if kind == "parquet" or really:
        ending = _ending(path)
        problem = f"the file is not what its ending {ending!r} says" + (
            f"; it looks like {really}" if really else ""
        )
        raise DataError(problem, where=path, remedy="export it again, or correct its ending")
    if kind == "csv" and b"\x00" in sample and not sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError("the file is not text", where=path, remedy="export it again as CSV")
    if kind == "json" and sample.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] not in (b"{", b"["):
        raise DataError(
            "the file is not what its ending '.json' says", where=path, remedy="correct its ending"
        )


def _encoding(sample: bytes) -> str:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        io.TextIOWrapper(io.BytesIO(sample[:-4] or sample), encoding="utf-8").read()
        return "utf-8"
    except UnicodeDecodeError as error:
        if error.start > len(sample) - 8:  # the sample cut a letter in two
            return "utf-8"
    best = from_bytes(sample).best()
    guess = best.encoding if best else "cp1252"
    return "cp1252" if guess in ("latin_1", "ascii", "cp1250") or not best else guess


def _decoded(path: Path, sample: bytes, encoding: str) -> str:
    try:
        return sample.decode(encoding, errors="ignore")
    except LookupError:
        raise ClientFileError(
            f"unknown encoding {encoding!r}", where=path, remedy="use utf-8 or cp1252"
        ) from None


def _delimiter(text: str, path: Path) -> str:
    """Return the delimiter that splits the first lines into equally many columns, most columns first."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    lines = text.splitlines()[:50]
    lines = lines[:-1] if len(lines) > 2 else lines

    def quality(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        width = widths[0] if widths else 1
        return (sum(w == width for w in widths) / len(widths) if width > 1 else 0.0, width)

    return max(_DELIMITERS, key=quality)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_raw(connection: Any, raw: RawFile, name: str) -> tuple[Any, list[int]]:
    """Read a file as a table of the engine, all columns as they stand; text columns of CSV stay text.

    Returns
    -------
    table, malformed
        The ibis table with a column ``_row`` (from 1, the head not counted), and the lines of rows
        that have too few or too many fields.
    """
    path = _as_utf8(raw)
    quoted = f"'{_escaped(str(path))}'"
    try:
        if raw.kind == "csv":
            return _read_csv(connection, quoted, raw.delimiter, name)
        reader = f"read_parquet({quoted})" if raw.kind == "parquet" else _json_reader(connection, quoted)
        connection.raw_sql(
            f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER () AS _row, * FROM {reader}'
        )
    except Exception as error:
        raise _unreadable(raw, error) from None
    finally:
        if path != raw.path:
            path.unlink(missing_ok=True)
    return connection.table(name), []


def _json_reader(connection: Any, quoted: str) -> str:
    """Return the reader of a JSON file that leaves times as they are written: their offset counts."""
    size = "maximum_object_size=67108864"
    found = connection.raw_sql(f"DESCRIBE SELECT * FROM read_json_auto({quoted}, {size})").fetchall()
    kinds = {
        column: "VARCHAR" if kind.startswith(("TIMESTAMP", "DATE", "TIME")) else kind
        for column, kind, *_ in found
    }
    text = ", ".join(f"'{_escaped(column)}': '{_escaped(kind)}'" for column, kind in kinds.items())
    return f"read_json({quoted}, {size}, columns={{{text}}})"


def _escaped(text: str) -> str:
    return text.replace("'", "''")


def _read_csv(connection: Any, quoted: str, delimiter: str, name: str) -> tuple[Any, list[int]]:
    options = (
        f"delim='{delimiter}', quote='\"', escape='\"', header=true, all_varchar=true, auto_detect=true, "
        f"store_rejects=true, rejects_table='{name}_rejects', rejects_scan='{name}_scans', rejects_limit=0, "
        "max_line_size=16000000, null_padding=false"
    )
    connection.raw_sql(
        f'CREATE OR REPLACE TABLE "{name}" AS SELECT row_number() OVER () AS _row, * FROM read_csv({quoted}, {options})'
    )
    bad = connection.raw_sql(f'SELECT DISTINCT line FROM "{name}_rejects" ORDER BY line').fetchall()
    connection.raw_sql(f'DROP TABLE "{name}_rejects"; DROP TABLE "{name}_scans"')
    return connection.table(name), [line for (line,) in bad]


def _as_utf8(raw: RawFile) -> Path:
    """Return the file itself, or a copy in UTF-8 in the temporary folder."""
    if raw.encoding.replace("_", "-").lower() in ("utf-8", "ascii", "utf-8-sig") or raw.kind == "parquet":
        return raw.path
    import gzip
    import shutil

    opened = gzip.open if raw.path.suffix.lower() == ".gz" else open
    with (
        opened(raw.path, "rt", encoding=raw.encoding, errors="replace", newline="") as source,
        tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".txt", delete=False) as copy,
    ):
        shutil.copyfileobj(source, copy)
    return Path(copy.name)


def _unreadable(raw: RawFile, error: Exception) -> DataError:
    first_line = str(error).strip().splitlines()[0][:200]
    return DataError(
        f"the file cannot be read as {raw.kind} ({first_line})", where=raw.path, remedy="export it again"
    )
