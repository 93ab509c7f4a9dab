"""Texts as data: sections of keys, the same in every language, with blanks that are filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from journeykit.documents import read_document
from journeykit.errors import JourneykitError, unknown
from journeykit.touchpoints import definitions
from journeykit.wording.formats import LANGUAGES, is_missing, say_value

__all__ = ["blanks", "fill", "keys", "load_texts", "text"]

_BLANK = re.compile(r"\{(\w+)(?::([a-z_]+))?(?:\|([^{}|]*)\|([^{}|]*))?\}")


def text(key: str, language: str, **values: Any) -> str:
    """Return a text by its section and key, with its blanks filled.

    Parameters
    ----------
    key
        `section.key`, such as `headings.summary`; deeper keys have more dots.
    language
        `nl` or `en`.
    **values
        What goes into the blanks.

    Raises
    ------
    JourneykitError
        When there is no such text, or a blank has no value.

    Examples
    --------
    >>> text("headings.personas", "en")
    'Who they are'
    """
    found: Any = load_texts(language)
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            options = [
                f"{section}.{name}" for section, names in load_texts(language).items() for name in names
            ]
            raise unknown("text", key, options, where=f"texts/{language}", remedy="add the text in nl and en")
        found = found[part]
    if not isinstance(found, str):
        raise JourneykitError(f"{key!r} is a section, not a text", where=f"texts/{language}")
    return fill(found, values, language)


def has_text(key: str, language: str) -> bool:
    """Return whether there is a text under a key."""
    found: Any = load_texts(language)
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return False
        found = found[part]
    return isinstance(found, str)


def keys(language: str = "nl") -> tuple[str, ...]:
    """Return the keys of all texts, `section.key`."""
    return tuple(sorted(_flat(load_texts(language))))


def blanks(template: str) -> set[str]:
    """Return the names of a text's blanks.

    Examples
    --------
    >>> sorted(blanks("{count:whole|klant|klanten} en {share:percent}"))
    ['count', 'share']
    """
    return {match[1] for match in _BLANK.finditer(template)}


def fill(template: str, values: Mapping[str, Any], language: str) -> str:
    """Return a text with its blanks filled.

    A blank is `{name}`, `{name:form}` (a form of `say_value`), `{name:whole|klant|klanten}` (the number and
    the noun that goes with it) or `{name:choose|haakt|haken}` (only the word that goes with the number).
    `{name:units}` is the number and what is counted: the pair in `values["_units"]`, customers or accounts. Amounts
    are in the currency `values["_currency"]`, where it is given.

    Examples
    --------
    >>> fill("{n:whole|klant|klanten} {n:choose|haakt|haken} af", {"n": 1}, "nl")
    '1 klant haakt af'
    """

    def put(match: re.Match) -> str:
        name, form, one, many = match.groups()
        if name not in values:
            raise JourneykitError(f"the text {template!r} asks for {name!r}, which is not given")
        value = values[name]
        if form == "choose":
            return one if is_one(value) else many
        if form == "units":
            one, many, form = *values.get("_units", ("", "")), "whole"
        written = say_value(value, form or "plain", language, values.get("_currency"))
        return written if one is None else f"{written} {one if is_one(value) else many}"

    return re.sub(r" {2,}", " ", _BLANK.sub(put, template)).strip()


def is_one(value: Any) -> bool:
    """Return whether a number is written as 1, and so takes the singular."""
    return not is_missing(value) and round(float(value), 1) == 1


@cache
def load_texts(language: str) -> Mapping[str, Any]:
    """Return all texts of a language as nested mappings, section by section."""
    if language not in LANGUAGES:
        raise unknown("language", language, LANGUAGES)
    merged: dict[str, Any] = {}
    for path in _text_files(language):
        _merge(merged, read_document(path).data)
    return merged


def _text_files(language: str) -> list[Path]:
    folder = definitions("texts")
    single = folder / f"{language}.yml"
    return [*([single] if single.exists() else []), *sorted((folder / language).glob("*.yml"))]


def _merge(into: dict[str, Any], added: Mapping[str, Any]) -> None:
    for key, value in added.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def _flat(section: Mapping[str, Any], above: str = "") -> dict[str, str]:
    found = {}
    for key, value in section.items():
        found |= _flat(value, f"{above}{key}.") if isinstance(value, Mapping) else {f"{above}{key}": value}
    return found
