"""Channels of a client file: what a raw name of a channel is."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from journeykit.clients.faults import unknown_word
from journeykit.clients.settings import Part
from journeykit.touchpoints import load_channels, safe_identifier

__all__ = ["OwnChannel", "OwnChannels"]

_SLIP = 0.8  # how alike a name is to one of the vocabulary, from which on it is a slip of it


class OwnChannel(Part):
    """What the client says of a raw name: the channel, whether it was paid for, and the platform."""

    channel: str | None = None
    paid: bool | None = None
    source: str | None = None


def _with_channel(value: Any) -> Any:
    """Take a name alone for the channel: ``facebook: social``."""
    return {"channel": value} if isinstance(value, str) else value


def _known_channels(given: dict[str, OwnChannel]) -> dict[str, OwnChannel]:
    """Refuse a channel that seems to be one of the vocabulary's with a slip; any other is the client's own."""
    known = [*load_channels(), *sorted({safe_identifier(name) for name in given} - set(load_channels()))]
    for name, said in given.items():
        if said.channel is None or said.channel in known:
            continue
        own = said.channel == safe_identifier(said.channel)
        if not own or get_close_matches(said.channel, load_channels(), 1, _SLIP):
            remedy = f"use one of: {', '.join(load_channels())}; or a name of your own, such as print_ad"
            raise unknown_word(f"channel of {name!r}:", said.channel, known, remedy)
    return given


_Own = Annotated[OwnChannel, BeforeValidator(_with_channel)]
OwnChannels = Annotated[dict[str | int | float | bool, _Own], AfterValidator(_known_channels)]
