"""Samples: enough rows of a raw file to guess from, without reading all of a large one."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path

import pandas as pd

from journeykit import engine
from journeykit.drafting.facts import Facts, facts_of
from journeykit.errors import DataError
from journeykit.events.archives import opened
from journeykit.events.files import find_files, zip_of
from journeykit.events.formats import kinds
from journeykit.events.formats.dialects import WHITESPACE
from journeykit.events.nested import explode
from journeykit.events.raw import RawFile
from journeykit.events.tables import read_raw, read_some
from journeykit.events.texts import ODD_DIGITS, plain_digits

__all__ = ["Sample", "sample_files"]

ROWS = 40_000
_SOME = 2_000
_LARGE_WHOLE = 4 * 2**20  # of which the format itself gives a sample
_LARGE, _HEAD, _PART, _PARTS = 24 * 2**20, 6 * 2**20, 2**19, 12


@dataclass(frozen=True)
class Sample:
    """Some rows of a file, and the facts of its columns."""

    path: Path
    frame: pd.DataFrame
    whole: bool = True
    notes: list[str] = field(default_factory=list)

    @cached_property
    def facts(self) -> dict[str, Facts]:
        """The facts of each column, by name."""
        return facts_of(self.frame)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [str(name) for name in self.frame]

    def exploded(self, column: str) -> Sample:
        """Return the sample with the elements of a list as rows."""
        connection = engine.connect()
        connection.create_table(
            "sample", self.frame.dropna(axis=1, how="all").assign(_row=range(1, len(self.frame) + 1))
        )
        explode(connection, "sample", column)
        frame = connection.table("sample").drop("_row", "_place").execute()
        connection.disconnect()
        return replace(self, frame=frame)


def sample_files(path: Path) -> list[Sample]:
    """Return a sample of a file, or of each kind of file in a folder, glob or zip.

    Files of a folder with the same columns are one kind: the first stands for all.

    Raises
    ------
    DataError
        When nothing is there, or nothing of it can be read.
    """
    if not zip_of(path)[0].exists() and not any(mark in path.name for mark in "*?["):
        raise DataError("there is no such file", where=path, remedy="name the file of events")
    files = find_files(path)
    if len(files) == 1:
        return [_sample(files[0], path)]
    found: dict[tuple[str, ...], list[tuple[RawFile, Sample]]] = {}
    for raw in files:
        sample = _sample(raw, raw.path)
        found.setdefault(tuple(sample.columns), []).append((raw, sample))
    if len(found) == 1:
        return [replace(next(iter(found.values()))[0][1], path=path)]
    tables = [same for columns, same in found.items() if len(columns) > 1]
    every = [raw.path / raw.member if raw.member else raw.path for raw in files]
    made = [replace(sample, path=path) for same in tables for path, sample in _paths(same, every)]
    texts = [same[0][0].name for columns, same in found.items() if len(columns) == 1]
    if made and texts:
        made[0].notes.extend(f"{name}: it holds no table" for name in texts)
    return made or [same[0][1] for same in found.values()]


def _paths(same: list[tuple[RawFile, Sample]], every: list[Path]) -> list[tuple[Path, Sample]]:
    """Return the paths of files with the same columns: a pattern for their common beginning, or one path each.

    A pattern that fits files of another kind too is none.
    """
    paths = [raw.path / raw.member if raw.member else raw.path for raw, _ in same]
    alike = takewhile(
        lambda letters: len(set(letters)) == 1, zip(*[path.name for path in paths], strict=False)
    )
    start = "".join(letters[0] for letters in alike)
    pattern = paths[0].with_name(f"{start}*{paths[0].suffix}")
    if len(paths) > 1 and {path for path in every if path.match(str(pattern))} == set(paths):
        return [(pattern, same[0][1])]
    return [(path, sample) for path, (_, sample) in zip(paths, same, strict=True)]


def _sample(raw: RawFile, path: Path) -> Sample:
    connection = engine.connect()
    with tempfile.TemporaryDirectory(prefix="journeykit-sample-") as folder:
        part = _part_of(raw, Path(folder))
        large = part is None and raw.member is None and raw.path.stat().st_size > _LARGE_WHOLE
        if large and read_some(connection, raw, "sample", ROWS):
            table, whole = connection.table("sample"), False
        else:
            table, _ = read_raw(connection, part or raw, "sample")
            whole = part is None
        frame = (
            table.drop("_row")
            .limit(None if whole and table.count().execute() <= 10 * ROWS else ROWS)
            .execute()
        )
    connection.disconnect()
    return Sample(path, _with_plain_digits(frame), whole, _left_out(raw))


def _with_plain_digits(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which digits of other scripts are the usual ones, as they are read."""
    odd = [name for name in frame.select_dtypes(["object", "str"]) if _has_odd_digits(frame[name])]
    plain = {name: frame[name].map(lambda text: plain_digits(str(text)), na_action="ignore") for name in odd}
    return frame.assign(**plain) if odd else frame


def _has_odd_digits(column: pd.Series) -> bool:
    return any(isinstance(text, str) and re.search(ODD_DIGITS, text) for text in column.head(_SOME))


def _left_out(raw: RawFile) -> list[str]:
    """Return what of a file is not read: the sheets of a workbook that have another form than the first."""
    left_out = kinds()[raw.kind].left_out
    packed = raw.member is not None or raw.path.suffix.lower() == ".gz"
    return [] if left_out is None or packed else left_out(raw.path)


def _part_of(raw: RawFile, folder: Path) -> RawFile | None:
    """Return a file with the beginning and some further parts of a large text file; None for one that is small."""
    size = raw.path.stat().st_size * (8 if raw.path.suffix.lower() in (".gz", ".zip") else 1)
    if not kinds()[raw.kind].lines or size < _LARGE or raw.delimiter == WHITESPACE:
        return None
    with opened(raw.path, raw.member) as file:
        head = file.read(_HEAD)
        if raw.kind == "json" and head.lstrip()[:1] == b"[":
            return None
        pieces = [head[: head.rfind(b"\n") + 1]]
        if raw.path.suffix.lower() not in (".gz", ".zip") and not raw.encoding.startswith("utf-16"):
            for place in range(1, _PARTS + 1):
                file.seek(_HEAD + (size - _HEAD - _PART) * place // _PARTS)
                piece = file.read(_PART)
                pieces.append(piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1])
    target = folder / f"sample.{'jsonl' if raw.kind == 'json' else raw.kind}"
    target.write_bytes(b"".join(pieces))
    return replace(raw, path=target, member=None)
