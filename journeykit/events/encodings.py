"""Encodings: in which letters a text is written."""

from __future__ import annotations

import codecs
import io
from pathlib import Path

from charset_normalizer import from_bytes

from journeykit.errors import ClientFileError, DataError

__all__ = ["decoded", "find_encoding", "is_wide"]

_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")


def find_encoding(sample: bytes) -> str:
    """Return the encoding of a text by its beginning."""
    if wide := is_wide(sample):
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


def is_wide(sample: bytes) -> str | None:
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


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decoded(path: Path, sample: bytes, encoding: str) -> str:
    """Return the beginning of a text.

    Raises
    ------
    ClientFileError
        When there is no such encoding.
    DataError
        When there are only blanks.
    """
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ClientFileError(
            f"unknown encoding {encoding!r}", where=path, remedy="use utf-8 or cp1252"
        ) from None
    text = sample.decode(encoding, errors="ignore").lstrip("\ufeff")
    if not text.strip():
        raise DataError("the file is empty", where=path, remedy="export it again")
    return text
