"""Touchpoints and channels: the vocabulary in which every log is read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from journeykit.documents import read_document

__all__ = [
    "GIVEN_BACK",
    "PAYMENT",
    "SOLD",
    "Channel",
    "Touchpoint",
    "Vocabulary",
    "load_channels",
    "load_vocabulary",
    "safe_identifier",
]

SOLD = ("purchase", "repeat_purchase", "contract_signed", "upgrade", "cross_sell", "subscription_renewal")
PAYMENT = "payment"  # of an order, or an order itself where nothing else tells of it
GIVEN_BACK = ("return_item", "refund")


@dataclass(frozen=True)
class Touchpoint:
    """A contact between a customer and the brand.

    ``interaction`` is *interactive* (two-way) or *passive* (one-way); ``paid`` is None when either can be.
    """

    id: str
    name: dict[str, str]
    interaction: str | None = None
    paid: bool | None = None
    group: str | None = None


@dataclass(frozen=True)
class Channel:
    """A place where touchpoints happen, with its character in words."""

    id: str
    name: dict[str, str]
    paid: bool | None = None
    character: dict[str, str] | None = None


class Vocabulary(Mapping[str, Touchpoint]):
    """Touchpoints by id.

    Examples
    --------
    >>> load_vocabulary()["purchase"].interaction
    'interactive'
    """

    def __init__(self, touchpoints: Iterable[Touchpoint]) -> None:
        self._by_id = {touchpoint.id: touchpoint for touchpoint in touchpoints}

    def __getitem__(self, key: str) -> Touchpoint:
        return self._by_id[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def extended(self, own: Mapping[str, Mapping[str, Any]]) -> Vocabulary:
        """Return a vocabulary with a client's own touchpoints added, or put in place of ours."""
        added = (Touchpoint(**{"id": key, **_named(key, dict(value))}) for key, value in own.items())
        return Vocabulary([*self._by_id.values(), *added])

    def name(self, touchpoint: str, language: str) -> str:
        """Return the name of a touchpoint; a raw name is made readable."""
        known = self._by_id.get(touchpoint)
        if known is None:
            return readable(touchpoint)
        return known.name.get(language) or next(iter(known.name.values()))


def readable(identifier: str) -> str:
    """Return an identifier as words.

    Examples
    --------
    >>> readable("offer_viewed")
    'Offer viewed'
    """
    words = re.sub(r"[_\-]+", " ", identifier).strip()
    return words[:1].upper() + words[1:]


def _named(key: str, fields: dict[str, Any]) -> dict[str, Any]:
    name = fields.get("name") or readable(key)
    fields["name"] = {"en": name, "nl": name} if isinstance(name, str) else both_languages(name)
    return fields


def both_languages(text: Mapping[str, Any]) -> dict[str, Any]:
    """Return a text in Dutch and English; one given in one language only serves for both.

    Examples
    --------
    >>> both_languages({"en": "Use"})
    {'en': 'Use', 'nl': 'Use'}
    """
    given = {language: value for language, value in text.items() if value}
    spare = next(iter(given.values()), "")
    return {"en": given.get("en", spare), "nl": given.get("nl", spare)}


def definitions(*parts: str) -> Path:
    """Return the path of a shipped definition."""
    return Path(str(files("journeykit.definitions").joinpath(*parts)))


@cache
def load_vocabulary() -> Vocabulary:
    """Return the touchpoints that ship with journeykit."""
    shipped = read_document(definitions("touchpoints.yml")).data["touchpoints"]
    return Vocabulary(()).extended(shipped)


@cache
def load_channels() -> dict[str, Channel]:
    """Return the channels that ship with journeykit, by id.

    Examples
    --------
    >>> load_channels()["email"].name["en"]
    'Email'
    """
    shipped = read_document(definitions("touchpoints.yml")).data["channels"]
    return {key: Channel(**{"id": key, **_named(key, dict(value))}) for key, value in shipped.items()}


def safe_identifier(raw: object) -> str:
    """Return a raw name as an identifier of letters, digits and '_'; '' when nothing is left of it.

    Examples
    --------
    >>> safe_identifier(" Offre: Reçue ")
    'offre_recue'
    """
    letters = unicodedata.normalize("NFKD", str(raw)).lower()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"\W+", "_", plain).strip("_")
