"""The map file: what a researcher writes in the cells of the journey map, kept from report to report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from journeykit.clients.form import Client
from journeykit.documents import Document, read_document
from journeykit.errors import ClientFileError, unknown
from journeykit.touchpoints import both_languages

__all__ = ["EVERYONE", "MAP_ROWS", "MapEdits", "read_map_edits"]

EVERYONE = "all"
MAP_ROWS = "activity question touchpoint asset strategy tool kpi feeling recommendation".split()
_LANGUAGES = ("nl", "en")
_MEASURED = (
    "customers share drop_off drop_off_low drop_off_high days_median days_low days_high top_channels top_touchpoints "
    "skipped_share back_share rating rating_low rating_high friction friction_low friction_high"
).split()

Cell = tuple[str, str, str]


@dataclass(frozen=True)
class MapEdits:
    """The cells of the journey map that a researcher has written.

    Attributes
    ----------
    path
        The file in which they stand; None without one.
    texts
        Text in `nl` and `en` per persona (or `all`), stage and row.
    lines
        The line of each persona in the file.
    """

    path: Path | None = None
    texts: Mapping[Cell, Mapping[str, str]] = field(default_factory=dict)
    lines: Mapping[str, int | None] = field(default_factory=dict, repr=False)

    def text(self, persona: str, stage: str, row: str, language: str) -> str | None:
        """Return what stands in a cell: what was written for the persona, else for everyone, else nothing."""
        found = self.texts.get((persona, stage, row)) or self.texts.get((EVERYONE, stage, row))
        return found[language] if found else None

    def absent(self, personas: Iterable[str], last_id: int = 0) -> list[str]:
        """Return the personas of the file that this report does not have.

        Parameters
        ----------
        personas
            Those of the report.
        last_id
            The highest number that a persona of this client ever had. Who had a number and is gone stays in the file
            without harm; a name that never was one is a mistake.

        Raises
        ------
        ClientFileError
            When a persona of the file never was one of this client.
        """
        known = [EVERYONE, *personas]
        gone = [persona for persona in self.lines if persona not in known]
        for persona in gone:
            digits = persona.removeprefix("p")
            if not (digits.isdigit() and 0 < int(digits) <= last_id):
                at = {"where": self.path, "line": self.lines[persona], "kind": ClientFileError}
                raise unknown("persona", persona, known, **at)
        return gone


def read_map_edits(client: Client) -> MapEdits:
    """Return the cells of the journey map that the file under `map` in the client file holds; none without one.

    Raises
    ------
    ClientFileError
        When the file cannot be read, or names a stage, a row or a language that is unknown: with file, line,
        nearest known one and remedy.

    Examples
    --------
    >>> read_map_edits(Client(id="acme", name="Acme")).texts
    {}
    """
    if client.map is None:
        return MapEdits()
    document = read_document(client.resolve(client.map))
    texts = dict(_cells(document, client.model.ids))
    return MapEdits(document.path, texts, {str(name): document.line_of((name,)) for name in document.data})


def _cells(document: Document, stages: tuple[str, ...]) -> Iterator[tuple[Cell, Mapping[str, str]]]:
    for persona, by_stage in document.data.items():
        for stage, by_row in _inner(document, (persona,), by_stage, "a stage").items():
            if stage not in stages:
                raise unknown("stage", stage, stages, **_at(document, (persona, stage)))
            for row, words in _inner(document, (persona, stage), by_row, "a row").items():
                _check_row(document, (persona, stage, row))
                yield (str(persona), stage, row), _both(document, (persona, stage, row), words)


def _at(document: Document, keys: tuple) -> dict[str, Any]:
    return {"where": document.path, "line": document.line_of(keys), "kind": ClientFileError}


def _fault(document: Document, keys: tuple, problem: str, remedy: str) -> ClientFileError:
    return ClientFileError(problem, where=document.path, line=document.line_of(keys), remedy=remedy)


def _inner(document: Document, keys: tuple, value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        name = ".".join(map(str, keys))
        raise _fault(
            document, keys, f"{name!r} holds no keys", f"write {what} and its content under it, indented"
        )
    return value


def _check_row(document: Document, keys: tuple) -> None:
    row = keys[-1]
    if row in _MEASURED:
        problem = f"the row {row!r} is measured and cannot be written"
        raise _fault(document, keys, problem, f"write one of: {', '.join(MAP_ROWS)}")
    if row not in MAP_ROWS:
        raise unknown("row of the journey map", row, MAP_ROWS, **_at(document, keys))


def _both(document: Document, keys: tuple, words: Any) -> Mapping[str, str]:
    """Return a text in both languages; one that is given without a language serves for both."""
    given = dict.fromkeys(_LANGUAGES, words) if isinstance(words, str) else words
    name = ".".join(map(str, keys))
    remedy = "write a text, or {nl: …, en: …}"
    if not isinstance(given, dict) or not given:
        raise _fault(document, keys, f"{name!r} holds no text", remedy)
    for language, text in given.items():
        if language not in _LANGUAGES:
            raise unknown("language", language, _LANGUAGES, **_at(document, (*keys, language)))
        if not isinstance(text, str) or not text.strip():
            raise _fault(document, (*keys, language), f"{name!r} holds no text in {language!r}", remedy)
    return both_languages({language: text.strip() for language, text in given.items()})
