"""Kin: which of a client's own names stand for help, a complaint, a win-back offer or a role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from journeykit.documents import read_document
from journeykit.touchpoints import definitions, load_vocabulary, safe_identifier

__all__ = ["is_kin", "kin_of"]


@cache
def _words() -> Mapping[str, list[str]]:
    return read_document(definitions("kin.yml")).data["words"]


def is_kin(name: object, kind: str) -> bool:
    """Return whether a name speaks of a kind of thing: whether one of its words begins as that kind is known to.

    Examples
    --------
    >>> is_kin("Handleiding remmen", "help"), is_kin("Prijslijst", "help"), is_kin("Job title", "role")
    (True, False, True)
    """
    told = f"_{safe_identifier(name)}"
    return any(f"_{word}" in told for word in _words()[kind])


def kin_of(touchpoints: Iterable[str], vocabulary: Mapping[str, Any], kind: str) -> list[str]:
    """Return the client's own touchpoints, in the order given, whose id or name speaks of a kind of thing.

    Examples
    --------
    >>> kin_of(["klacht_online", "purchase", "complaint"], {}, "complaint")
    ['klacht_online']
    """
    own = [one for one in touchpoints if one not in load_vocabulary()]
    return [one for one in own if any(is_kin(name, kind) for name in _names_of(one, vocabulary))]


def _names_of(touchpoint: str, vocabulary: Mapping[str, Any]) -> list[str]:
    known = vocabulary.get(touchpoint)
    return [touchpoint, *(known.name.values() if known is not None else ())]
