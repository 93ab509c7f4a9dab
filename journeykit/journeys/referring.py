"""Referring: who was brought in by whom, in one meaning for every table."""

from __future__ import annotations

from typing import Any

import ibis

from journeykit.journeys.paths import Paths

__all__ = ["brought_in"]


def brought_in(paths: Paths) -> Any:
    """Return the units that were brought in: those of which a contact names somebody else as the referrer.

    Returns
    -------
    ibis.Table
        ``unit_id`` and ``referrer`` (the unit that is named; null where the data do not know who that is), once each.
        A unit that names only itself was brought in by nobody.
    """
    table = paths.contacts
    named = table.filter(table.referrer_id.notnull()).select("unit_id", "referrer_id").distinct()
    owners = table.select(referrer="unit_id", referrer_id="customer_id")
    owners = owners.union(table.select(referrer="unit_id", referrer_id="unit_id")).distinct()
    pairs = named.left_join(owners, "referrer_id").select("unit_id", "referrer").distinct()
    return pairs.filter(ibis.or_(pairs.referrer.isnull(), pairs.referrer != pairs.unit_id))
