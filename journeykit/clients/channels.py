"""Channels of a client file: what a raw name of a channel is."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from journeykit.clients.faults import unknown_word
from journeykit.clients.settings import Part
from journeykit.touchpoints import load_channels, safe_identifier

__all__ = ["OwnChannel", "OwnChannels"]


class OwnChannel(Part):
    """What the client says of a raw name: the channel, whether it was paid for, and the platform."""

    channel: str | None = None
    paid: bool | None = None
    source: str | None = None


def _with_channel(value: Any) -> Any:
    """Take a name alone for the channel: ``facebook: social``."""
    return {"channel": value} if isinstance(value, str) else value


def _known_channels(given: dict[str, OwnChannel]) -> dict[str, OwnChannel]:
    """Refuse a channel that is neither the vocabulary's nor one of the names given here."""
    known = [*load_channels(), *sorted({safe_identifier(name) for name in given} - set(load_channels()))]
    for name, said in given.items():
        if said.channel is not None and said.channel not in known:
            remedy = f"use one of: {', '.join(load_channels())}; or give it a line of its own under channels"
            raise unknown_word(f"channel of {name!r}:", said.channel, known, remedy)
    return given


_Own = Annotated[OwnChannel, BeforeValidator(_with_channel)]
OwnChannels = Annotated[dict[str | int | float | bool, _Own], AfterValidator(_known_channels)]
