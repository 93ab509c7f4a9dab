"""Pseudonyms: ids replaced by keyed hashes, so that tables and reports can be shared without them."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from journeykit import engine
from journeykit.clients import Client
from journeykit.events.texts import same_id

__all__ = ["known_as", "pseudonym", "pseudonymous", "secret_of"]

ID_COLUMNS = ("customer_id", "account_id", "referrer_id")
LENGTH = 16


def secret_of(client: Client) -> str | None:
    """Return the client's secret, made on first use beside the client file; None when ids stay as they are.

    The file ``.<id>.key`` is readable by its owner alone. Who has it can tell whether an id belongs to a
    pseudonym; without it nobody can. Deleting it gives everybody a new pseudonym.
    """
    if not client.privacy.pseudonymise:
        return None
    path = _key_of(client)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip()


def _key_of(client: Client) -> Path:
    return client.folder / f".{client.id}.key"


def known_as(client: Client, customer: str) -> str | None:
    """Return the pseudonym under which a client's tables know a customer; None when they hold ids as they are.

    No key is made: without one there are no pseudonyms yet.
    """
    made = client.privacy.pseudonymise and _key_of(client).exists()
    return pseudonym(str(secret_of(client)), same_id(customer)) if made else None


def pseudonym(secret: str, customer: str) -> str:
    """Return the pseudonym of an id: 16 hexadecimal digits of SHA-256 over the secret and the id.

    Examples
    --------
    >>> pseudonym("secret", "ann") == pseudonym("secret", "ann"), pseudonym("secret", "ann") == pseudonym("x", "ann")
    (True, False)
    """
    return hashlib.sha256(f"{secret}{customer}".encode()).hexdigest()[:LENGTH]


def pseudonymous(table: Any, secret: str | None) -> Any:
    """Return a table or frame with the ids in it replaced; the same one when there is no secret."""
    if secret is None:
        return table
    names = [name for name in ID_COLUMNS if name in table.columns]
    if isinstance(table, pd.DataFrame):
        return table.assign(**{name: [_or_none(secret, value) for value in table[name]] for name in names})
    return table.mutate(**{name: _hashed(table[name], secret) for name in names})


def _hashed(column: Any, secret: str) -> Any:
    return engine.sha256(ibis.literal(secret) + column).substr(0, LENGTH)


def _or_none(secret: str, value: Any) -> str | None:
    return None if value is None or value != value else pseudonym(secret, str(value))
