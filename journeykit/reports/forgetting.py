"""Take a person out of what the reports keep."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq

from journeykit.errors import JourneykitError

__all__ = ["forget_customer"]


def forget_customer(customer: str, client: str, out: str | Path = "reports") -> list[Path]:
    """Remove a customer's rows from every table of a client's reports.

    Reports name no person and models hold no rows, so the tables are all that is kept of one.

    Returns
    -------
    list of Path
        The tables that were changed.

    Raises
    ------
    JourneykitError
        When the client has no reports, or no table knows the customer.
    """
    home = Path(out) / client
    tables = sorted(home.glob("*/tables/*.parquet"))
    if not tables:
        raise JourneykitError(
            "there are no reports of this client", where=home, remedy="name a client with reports"
        )
    changed = [path for path in tables if _without(path, customer)]
    if not changed:
        raise JourneykitError(f"no table holds the customer {customer!r}", where=home, remedy="check the id")
    return changed


def _without(path: Path, customer: str) -> bool:
    """Write a table anew without a customer; tell whether the customer was in it."""
    names = [name for name in ("customer_id", "referrer_id") if name in pq.read_schema(path).names]
    if not names:
        return False
    table = pq.read_table(path)
    frame = table.to_pandas()
    theirs = frame[names].astype("str").eq(customer).any(axis=1)
    if not theirs.any():
        return False
    made = path.with_name(f".{path.name}.new")
    pq.write_table(table.filter((~theirs).to_numpy()), made)
    os.replace(made, path)
    return True
