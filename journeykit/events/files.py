"""Files as they come: where they are, what they really are, their encoding and delimiter."""

from __future__ import annotations

import codecs
import csv
import fnmatch
import glob
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from journeykit.errors import ClientFileError, DataError, nearest
from journeykit.events.archives import members, opened

__all__ = ["ENDINGS", "RawFile", "expand", "file_digest", "find_files", "inspect", "zip_of"]

ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".xlsx": "excel", ".xlsm": "excel", ".xes": "xes",
}  # fmt: skip
WHITESPACE = "whitespace"
_MAGIC = {
    b"PAR1": "parquet", b"PK\x03\x04": "excel or zip", b"\xd0\xcf\x11\xe0": "old excel", b"%PDF": "pdf",
    b"\x1f\x8b": "gz", b"SQLite format 3": "a database",
}  # fmt: skip
_BEGINS = {
    "a web page": ("<!doctype html", "<html", "<table"), "XML": ("<?xml",), "JSON": ('{"', "[{", '[ {', "[\n", "{\n")
}  # fmt: skip
_IS = {"excel": "excel or zip"}
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_LETTERS = bytes(code for code in range(256) if code >= 32 or code in b"\t\n\r\f\v\x1b")
_LONGEST_HEAD = 100_000
_MOST_CONTROL = 0.02  # of what is text with a stray byte
_SAMPLE_BYTES = 262_144
_DELIMITERS = ",;\t|"
_LOOKED_AT, _MOST_ABOVE, _HALF, _MOST = 60, 15, 0.5, 0.8
_VALUE = re.compile(r"[-+]?[\d.,:/ T-]*\d[\d.,:/ TZ-]*")


@dataclass(frozen=True)
class RawFile:
    """A file, or one in a zip, and how it is to be read."""

    path: Path
    kind: str
    encoding: str = "utf-8"
    delimiter: str = ","
    member: str | None = None
    header: bool = True
    sheet: str | None = None
    above: int = 0  # lines above the head: a title, the delimiter, notes of the program
    ascii: bool = False  # so far as it was looked into: what comes later may be in another encoding

    @property
    def name(self) -> str:
        """The name by which the file is spoken of."""
        return f"{self.path.name}/{self.member}" if self.member else self.path.name

    @property
    def where(self) -> str:
        """The path by which the file is found."""
        return f"{self.path}/{self.member}" if self.member else str(self.path)


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
        read = [name for name in inside if name is None or _ending(Path(name)) in ENDINGS]
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
    return file.is_file() and (_ending(file) in ENDINGS or file.suffix.lower() == ".zip")


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
    kind = ENDINGS.get(ending)
    if kind is None:
        known = ", ".join(sorted(ENDINGS))
        raise DataError(f"files ending in {ending!r} are not read", where=path, remedy=f"save it as {known}")
    sample = _sample(path, member)
    _check_content(path, kind, ending, sample)
    if kind in ("parquet", "excel", "xes"):
        return RawFile(path, kind, member=member, sheet=sheet, header=header is not False)
    encoding = encoding or _encoding(sample)
    text = _decoded(path, sample, encoding).lstrip("\ufeff")
    if not text.strip():
        raise DataError("the file is empty", where=path, remedy="export it again")
    if kind == "json":
        return RawFile(path, kind, encoding, member=member)
    above = 0 if header is False else lines_above(text, delimiter)
    text = "".join(text.splitlines(keepends=True)[above:])
    delimiter = delimiter or ("\t" if ending == ".tsv" else _delimiter(text, ending))
    _check_head(path, text, delimiter, ending)
    if header is None:
        header = not _has_no_header(text, delimiter)
    return RawFile(path, kind, encoding, delimiter, member, header, above=above, ascii=sample.isascii())


def _sample(path: Path, member: str | None) -> bytes:
    with opened(path, member) as file:
        return file.read(_SAMPLE_BYTES)


def _check_content(path: Path, kind: str, ending: str, sample: bytes) -> None:
    really = next((name for magic, name in _MAGIC.items() if sample.startswith(magic)), None)
    if really is not None and really == _IS.get(kind, kind):
        return
    if not sample:
        raise DataError("the file is empty", where=path, remedy="export it again")
    if kind in ("parquet", "excel") or really:
        problem = f"the file is not what its ending {ending!r} says"
        problem += f"; it looks like {really}" if really else ""
        raise DataError(problem, where=path, remedy="export it again, or correct its ending")
    if kind == "csv":
        _check_text(path, ending, sample)
    starts = {"json": (b"{", b"["), "xes": (b"<",)}.get(kind, ())
    wide = sample.startswith((b"\xff\xfe", b"\xfe\xff"))
    if starts and not wide and sample.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] not in starts:
        problem = f"the file is not what its ending {ending!r} says"
        raise DataError(problem, where=path, remedy="correct its ending")


def _check_text(path: Path, ending: str, sample: bytes) -> None:
    """Refuse what is no text, or text of another kind than a table."""
    control = len(sample.translate(None, _LETTERS))
    if control > _MOST_CONTROL * len(sample) and _wide(sample) is None:
        raise DataError("the file is not text", where=path, remedy="export it again as CSV in UTF-8")
    start = sample[:200].lstrip(b"\xef\xbb\xbf \r\n\t").decode("ascii", "ignore").lower()
    looks = next((name for name, begins in _BEGINS.items() if start.startswith(begins)), None)
    if looks:
        problem = f"the file is not what its ending {ending!r} says; it looks like {looks}"
        raise DataError(problem, where=path, remedy="export it again, or correct its ending")


def _check_head(path: Path, text: str, delimiter: str, ending: str) -> None:
    """Refuse a title above the head: none of the rows would fit it."""
    lines = [line for line in _first_lines(text) if line.strip()]
    if "\x00" in lines[0]:
        raise DataError("the head holds a NUL byte", where=path, remedy="export it again as CSV in UTF-8")
    if len(lines) < 3 or delimiter == WHITESPACE or any(sign in lines[0] for sign in _DELIMITERS):
        return
    below = _delimiter("\n".join(lines[1:]), ending)
    widths = {line.count(below) for line in lines[1:]}
    if below != WHITESPACE and len(widths) == 1 and widths != {0}:
        problem = f"the first line is no head: it has 1 column, and those below it {widths.pop() + 1}"
        raise DataError(problem, where=path, line=1, remedy="remove the lines above the head")


def _wide(sample: bytes) -> str | None:
    """Return the encoding of letters of two or four bytes, with or without a mark that says so."""
    if sample.startswith(_UTF32):
        return "utf-32"
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = sample[:2_000]
    for encoding, end, letters in (("utf-16-le", b"\n\x00", 0), ("utf-16-be", b"\x00\n", 1)):
        empty = start[1 - letters :: 2].count(b"\x00")
        if end in start and not start[letters::2].count(b"\x00") and empty > len(start) / 4:
            return encoding
    return None


def _encoding(sample: bytes) -> str:
    if wide := _wide(sample):
        return wide
    try:
        io.TextIOWrapper(io.BytesIO(sample[:-4] or sample), encoding="utf-8").read()
        return "utf-8"
    except UnicodeDecodeError as error:
        if error.start > len(sample) - 8:  # the sample cut a letter in two
            return "utf-8"
    if any(_is_utf8(line) for line in sample.splitlines()[:-1] if not line.isascii()):
        return "cp1252"  # and the lines that are UTF-8 are read as that
    best = from_bytes(sample).best()
    guess = best.encoding if best else "cp1252"
    return "cp1252" if guess in ("latin_1", "ascii", "cp1250") or not best else guess


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decoded(path: Path, sample: bytes, encoding: str) -> str:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ClientFileError(
            f"unknown encoding {encoding!r}", where=path, remedy="use utf-8 or cp1252"
        ) from None
    return sample.decode(encoding, errors="ignore")


def lines_above(text: str, delimiter: str | None = None) -> int:
    r"""Return how many lines stand above the head: a title, ``sep=;``, or notes, of which the rows have not the width.

    Examples
    --------
    >>> lines_above("Orders of March\n\nid;day\n1;2026-03-01\n2;2026-03-02\n")
    2
    >>> lines_above("id;day\n1;2026-03-01\n")
    0
    """
    lines = text.splitlines()[:_LOOKED_AT]
    found = [
        _share_like_first(lines[at:], delimiter) for at in range(min(_MOST_ABOVE, max(len(lines) - 1, 0)))
    ]
    if (
        not found
        or found[0] > _HALF
        or (re.match(r"\s*sep=", lines[0]) is None and max(found, default=0) < _MOST)
    ):
        return 0
    above = next(at for at, share in enumerate(found) if share == max(found))
    width = max(len(re.split(re.escape(sign), lines[above])) for sign in _DELIMITERS)
    filled = [
        sum(bool(cell.strip()) for cell in re.split(f"[{_DELIMITERS}]", line)) for line in lines[:above]
    ]
    return above if all(cells <= width / 2 for cells in filled) else 0


def _share_like_first(lines: list[str], delimiter: str | None) -> float:
    """Return the share of lines that have as many cells as the first, which has two or more; 0 for a blank first."""
    if len(lines) < 2 or not any(sign in lines[0] for sign in _DELIMITERS) or _holds_values(lines[0]):
        return 0.0
    shares = []
    for sign in [delimiter] if delimiter else _DELIMITERS:
        try:
            widths = [
                len(row) for row in csv.reader(lines, delimiter=sign) if any(cell.strip() for cell in row)
            ]
        except csv.Error:
            continue
        alike = sum(width == widths[0] for width in widths[1:])
        shares.append(alike / max(len(widths) - 1, 1) if widths and widths[0] > 1 else 0.0)
    return max(shares, default=0.0)


def _holds_values(line: str) -> bool:
    """Tell whether any cell of a line is a number or a date, as the names of columns are not."""
    return any(_VALUE.fullmatch(cell.strip().strip('"')) for cell in re.split(f"[{_DELIMITERS}]", line))


def _delimiter(text: str, ending: str) -> str:
    """Return the delimiter that splits the first lines into equally many columns, most columns first."""
    lines = _first_lines(text)

    def quality(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:  # a very long cell
            return 0.0, 0
        width = widths[0] if widths else 1
        return (sum(w == width for w in widths) / len(widths) if width > 1 else 0.0, width)

    best = max(_DELIMITERS, key=quality)
    if quality(best)[0]:
        return best
    widths = {len(line.split()) for line in lines if line.strip()}
    aligned = ending == ".txt" and len(widths) == 1 and widths.pop() > 1
    return WHITESPACE if aligned and re.search(r"(^|\s)-?[\d.]+(\s|$)", lines[-1]) else best


def _first_lines(text: str, most: int = 50) -> list[str]:
    lines = text.splitlines()[:most]
    lines = lines[:-1] if len(lines) > 2 else lines
    return [line for line in lines if len(line) < _LONGEST_HEAD] or [line[:1_000] for line in lines[:1]]


def _has_no_header(text: str, delimiter: str) -> bool:
    """Tell whether the first line holds values already: numbers and dates only, in two columns or more."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    if len(line) > _LONGEST_HEAD:
        return False
    cells = line.split() if delimiter == WHITESPACE else next(csv.reader([line], delimiter=delimiter), [])
    return len(cells) > 1 and all(_VALUE.fullmatch(cell.strip()) for cell in cells)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
