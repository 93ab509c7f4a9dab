"""Take a person out of what the reports keep."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq

from journeykit.clients import Client
from journeykit.errors import JourneykitError
from journeykit.events.pseudonyms import known_as
from journeykit.events.texts import same_id
from journeykit.reports.folders import replace_file

__all__ = ["forget_customer", "learned_with"]

NAMING = ("customer_id", "referrer_id")


def forget_customer(customer: str, client: Client | str, out: str | Path = "reports") -> list[Path]:
    """Remove a customer's rows from every table of a client's reports, and from what is kept beside them.

    That are the rejected rows of a check, and the lists of planned trials.

    Reports name no person and models hold no rows, so the tables are all that is kept of one.

    Parameters
    ----------
    customer
        The id, as it stands in the raw data.
    client
        The client, or only its id. Tables that know customers by pseudonyms can only be searched with the client, whose
        key stands beside its file.
    out
        The folder of the reports.

    Returns
    -------
    list of Path
        The tables that were changed.

    Raises
    ------
    JourneykitError
        When the client has no reports, or no table knows the customer.
    """
    home = Path(out) / (client.id if isinstance(client, Client) else client)
    tables = sorted({*home.glob("*/tables/*.parquet"), *home.rglob("rejects.parquet")})
    if not tables:
        raise JourneykitError(
            "there are no reports of this client", where=home, remedy="name a client with reports"
        )
    other = known_as(client, customer) if isinstance(client, Client) else None
    ids = {customer, same_id(customer), other or customer}
    changed = [path for path in tables if _without(path, ids)]
    changed += [path for path in sorted(home.glob("*/trials/*/customers.csv")) if _unlisted(path, ids)]
    if not changed:
        raise JourneykitError(f"no table holds the customer {customer!r}", where=home, remedy="check the id")
    return changed


def _unlisted(path: Path, ids: set[str]) -> bool:
    """Write the list of a planned trial anew without a customer; tell whether the customer was on it."""
    import pandas as pd

    listed = pd.read_csv(path, dtype="str", keep_default_na=False)
    theirs = listed["customer_id"].isin(ids)
    if theirs.any():
        replace_file(path, listed[~theirs].to_csv(index=False))
    return bool(theirs.any())


def learned_with(changed: list[Path]) -> list[Path]:
    """Return the saved models of the reports whose tables were changed: they were learned with the person's data."""
    return sorted({model for path in changed for model in path.parents[1].glob("models/*.skops")})


def _without(path: Path, ids: set[str]) -> bool:
    """Write a table anew without a customer; tell whether the customer was in it."""
    names = [name for name in NAMING if name in pq.read_schema(path).names]
    if not names:
        return False
    table = pq.read_table(path)
    theirs = table.select(names).to_pandas().astype("str").isin(ids).any(axis=1)
    if not theirs.any():
        return False
    made = path.with_name(f".{path.name}.new")
    pq.write_table(table.filter((~theirs).to_numpy()), made)
    os.replace(made, path)
    return True
