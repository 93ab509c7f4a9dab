"""A raw file, or one in a zip, and how it is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["RawFile"]


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
