"""What the record of a report tells of its client, so that exports can name what stands in the tables."""

from __future__ import annotations

from typing import Any

from journeykit.clients import Client

__all__ = ["tell_client"]


def tell_client(client: Client, language: str) -> dict[str, Any]:
    """Return what exports need to know of a client: whose journeys, smallest group, and the names of its own things.

    Returns
    -------
    dict
        `setting`, `least` (the smallest group that is shown), `currency` (or null), `template` (the path of a
        presentation, or null), `stages` (id and name, in order: keys of a notebook are sorted) and `touchpoints` (id to
        name).

    Examples
    --------
    >>> from journeykit.clients import client_from_dict
    >>> tell_client(client_from_dict({"id": "acme", "name": "Acme"}), "nl")["least"]
    10
    """
    template = client.brand.template
    own = {name: client.vocabulary.name(name, language) for name in client.touchpoints}
    return {
        "setting": client.setting,
        "least": client.privacy.min_group,
        "currency": client.currency,
        "template": str(client.resolve(template)) if template else None,
        "stages": [[stage.id, stage.name[language]] for stage in client.model.stages],
        "touchpoints": own,
    }
