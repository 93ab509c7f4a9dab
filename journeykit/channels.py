"""Channels: what a raw name of a channel, a platform or a medium is, and whether it was paid for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from journeykit.documents import read_document
from journeykit.touchpoints import definitions, load_channels, safe_identifier

__all__ = ["NamedChannel", "channel_of", "channel_words"]

_REFERRAL = (
    "referral"  # a channel, and what programs write as the medium of a sender that they did not recognise
)
_PART = re.compile(
    r"\s+/\s+|(?<=\))/|/(?=\()"
)  # between a source and a medium: "google / cpc", "(direct)/(none)"
_ADDRESS = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:[/:?].*)?", re.IGNORECASE)
_SECOND = ("co", "com", "org", "net", "ac", "gov")  # before a country: google.co.uk
_ENDINGS = ("s", "en", "n")  # of plurals
_AS_IT_IS = "as_it_is"  # of media that are no channel of the vocabulary
_PAID = {"paid": True, "unpaid": False, "either": None}


@dataclass(frozen=True)
class NamedChannel:
    """What a raw name is: a channel, the platform as ``source``, and whether it was paid for (None: not told).

    ``known`` is False where neither journeykit nor the client file knows the name: it is kept as it is.
    """

    channel: str | None
    source: str | None = None
    paid: bool | None = None
    known: bool = True


@dataclass(frozen=True)
class _Platform:
    """A platform: the name that it keeps, its category as a source, and what it is alone."""

    source: str
    kind: str
    named: NamedChannel


def channel_of(
    name: str | None,
    *,
    source: str | None = None,
    medium: str | None = None,
    own: Mapping[str, Mapping[str, Any]] | None = None,
) -> NamedChannel:
    """Return what a raw name of a channel is.

    What the client says comes first. A name of the vocabulary stays as it is. Where a source and a medium are known,
    Google Analytics 4's default channel group is followed; else the words that are known for platforms and media.

    Parameters
    ----------
    name
        A channel, a platform, a medium, or a source and a medium as ``google / cpc``.
    source, medium
        The platform and the medium, where they stand apart. Beside a source, a name that is known as a medium is one.
    own
        The client's ``channels``: per raw name ``channel``, ``paid`` and ``source``, each of which may be absent.

    Returns
    -------
    NamedChannel
        A name that is not known is its own channel, as a safe identifier, and ``known`` is False.

    Examples
    --------
    >>> channel_of("Facebook Ads")
    NamedChannel(channel='social', source='facebook', paid=True, known=True)
    >>> channel_of("google / cpc").channel, channel_of("cpc", source="m.facebook.com").channel
    ('search', 'social')
    >>> channel_of("winkelvloer", own={"winkelvloer": {"channel": "store"}}).channel
    'store'
    """
    found = _shipped(name, source, medium)
    said = _said(name, source, medium, own or {})
    if said is None:
        return found
    paid = found.paid if said.get("paid") is None else said["paid"]
    return NamedChannel(said.get("channel") or found.channel, said.get("source") or found.source, paid)


@cache
def channel_words() -> dict[str, str]:
    """Return every name that is known, without signs, and what it is: a platform or a channel.

    Examples
    --------
    >>> channel_words()["nieuwsbrief"], channel_words()["fb"]
    ('email', 'facebook')
    """
    platforms = {key: platform.source for key, platform in _platforms().items()}
    return {key: named.channel or key for key, named in _media().items()} | platforms


def _said(
    name: str | None, source: str | None, medium: str | None, own: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """Return what the client says of a name: of a source and a medium together before either alone."""
    plain = {_squashed(key): said for key, said in own.items()}
    both = [f"{source} / {second}" for second in (medium, name) if source and second]
    keys = [_squashed(key) for key in (*both, name, medium, source) if key]
    return next((plain[key] for key in keys if key in plain), None)


def _shipped(name: str | None, source: str | None, medium: str | None) -> NamedChannel:
    """Return what a name is by what journeykit knows."""
    kept = (safe_identifier(name) or "unnamed") if name else None
    if kept in load_channels() and medium is None and not (kept == _REFERRAL and source):
        return NamedChannel(kept, _source(source))
    parts = _PART.split(name.strip()) if name else []
    if len(parts) == 2 and not source and not medium:
        source, medium = parts
    if source and medium:
        return _kept(_grouped(source, medium), kept)
    if source and name:
        grouped = _grouped(source, name) if _is_medium(name) else None
        return _kept(grouped, kept, _source(source))
    return _kept(_worded(name or medium or source or ""), kept, _source(source))


def _kept(named: NamedChannel | None, raw: str | None, source: str | None = None) -> NamedChannel:
    """Return what is known, or the raw name where nothing is."""
    if named is None:
        return NamedChannel(raw, source, known=raw is None and source is None)
    return named if named.channel or raw is None else NamedChannel(raw, named.source, named.paid, named.known)


def _grouped(source: str, medium: str) -> NamedChannel:
    """Return what a source and a medium are together, by the default channel group; what it leaves, by their words."""
    platform, by_source, by_medium = _platform(source), _worded(source), _worded(medium)
    bought = bool(re.fullmatch(_shipped_data()["paid_medium"], medium.lower())) or _told_paid(medium) is True
    rule = _rule(platform.kind if platform else None, source.lower(), medium.lower(), bought)
    own = by_source if rule else by_medium or by_source
    channel = (rule or {}).get("channel") or (own.channel if own else None)
    paid = rule["paid"] if rule else own.paid if own else None
    sender = platform.source if platform else by_medium.source if by_medium else None
    told = None if channel == "direct" else sender or source.strip()
    return NamedChannel(channel or safe_identifier(medium) or None, told, paid, bool(rule or own))


def _rule(kind: str | None, source: str, medium: str, bought: bool) -> dict[str, Any] | None:
    """Return the first rule of the default channel group that fits a source and a medium."""
    for rule in _shipped_data()["default_channel_group"]:
        tests = [kind == rule["kind"]] if "kind" in rule else []
        tests += [bool(re.fullmatch(rule["source"], source))] if "source" in rule else []
        tests += [bool(re.fullmatch(rule["medium"], medium))] if "medium" in rule else []
        tests += [bought] if "bought" in rule else []
        if (any if rule.get("any") else all)(tests):
            return rule
    return None


def _is_medium(name: str) -> bool:
    """Tell whether a name that stands beside a source is a medium, and not a channel of the client's own."""
    plain = name.strip().lower()
    rules = [rule["medium"] for rule in _shipped_data()["default_channel_group"] if "medium" in rule]
    known = any(re.fullmatch(rule, plain) for rule in [*rules, _shipped_data()["paid_medium"]])
    return known or _worded(name) is not None or any(key in _beside() for key in _forms(name))


def _told_paid(word: str) -> bool | None:
    """Return whether a word such as "betaald" tells of payment; None of one that doesn't."""
    return next((_PAID[_beside()[key]] for key in _forms(word) if key in _beside()), None)


def _source(source: str | None) -> str | None:
    """Return a source as the name of its platform, or as it is written; None of what is no sender."""
    if not source or (_worded(source) or NamedChannel(None)).channel == "direct":
        return None
    platform = _platform(source)
    return platform.source if platform else source.strip()


def _worded(name: str) -> NamedChannel | None:
    """Return what a name is by the words that are known; None of another."""
    platform = _platform(name)
    if platform is not None:
        return platform.named
    known = next((_media()[key] for key in _forms(name) if key in _media()), None)
    return known or _compound(name)


def _platform(name: str) -> _Platform | None:
    """Return the platform of a name or an address."""
    found = next((_platforms()[key] for key in _forms(name) if key in _platforms()), None)
    address = _ADDRESS.fullmatch(name.strip())
    if found is not None or address is None:
        return found
    labels = address[1].lower().split(".")[:-1]
    own = labels[-2] if len(labels) > 1 and labels[-1] in _SECOND else labels[-1]
    return _platforms().get(_squashed(own))


def _compound(name: str) -> NamedChannel | None:
    """Return what a platform with words beside it is: "Facebook ads", "betaald instagram"."""
    words = safe_identifier(name).split("_")
    spans = [(first, last) for first in range(len(words)) for last in range(len(words), first, -1)]
    for first, last in spans:
        platform = _platforms().get("".join(words[first:last]))
        beside = words[:first] + words[last:]
        if platform is not None and all(any(key in _beside() for key in _forms(word)) for word in beside):
            told = [paid for word in beside if (paid := _told_paid(word)) is not None]
            return NamedChannel(
                platform.named.channel, platform.source, told[0] if told else platform.named.paid
            )
    return None


def _squashed(name: str) -> str:
    return safe_identifier(name).replace("_", "")


def _forms(name: str) -> Iterator[str]:
    """Yield a name without case, accents and signs, and in the singular."""
    key = _squashed(name)
    yield key
    yield from (key.removesuffix(ending) for ending in _ENDINGS if key.endswith(ending))


@cache
def _shipped_data() -> dict[str, Any]:
    return read_document(definitions("channels.yml")).data


@cache
def _platforms() -> dict[str, _Platform]:
    """Return the platforms by each of their words."""
    kinds, found = _shipped_data()["kinds"], {}
    for name, entry in _shipped_data()["platforms"].items():
        alone = kinds[entry["kind"]] | entry
        source = entry.get("source", name)
        named = NamedChannel(alone["channel"], source, alone.get("paid"))
        platform = _Platform(source, entry.get("as_source", entry["kind"]), named)
        words = (name, *entry.get("words", ()), *entry.get("domains", ()))
        found |= {_squashed(word): platform for word in words}
    return found


@cache
def _media() -> dict[str, NamedChannel]:
    """Return media and ways in by each of their words, the names of the channels in both languages among them."""
    names = {
        _squashed(word): NamedChannel(key, None, channel.paid)
        for key, channel in load_channels().items()
        for word in (key, *channel.name.values())
    }
    said = {
        _squashed(word): NamedChannel(None if channel == _AS_IT_IS else channel, None, _PAID[paid])
        for channel, listed in _shipped_data()["media"].items()
        for paid, words in listed.items()
        for word in words
    }
    return names | said


@cache
def _beside() -> dict[str, str]:
    """Return the words that stand beside a platform's name: ``paid``, ``unpaid`` or ``either``."""
    return {_squashed(word): paid for paid, words in _shipped_data()["beside"].items() for word in words}
