"""Baskets: how many pieces an order holds."""

from __future__ import annotations

from typing import Any

import ibis

__all__ = ["pieces_of"]

MOST_PIECES = (
    100.0  # of one product in an order: a larger quantity is a weight, a volume or a measure of work
)


def pieces_of(contacts: Any) -> Any:
    """Return how many pieces each contact holds: its quantity, or its lines where that is no number of pieces.

    A quantity of more than a hundred a line (litres by the thousand, grams, minutes) or below nothing is a measure.
    """
    quantity, lines = contacts["quantity"].cast("float64"), contacts["lines"].cast("float64")
    counted = (quantity > 0) & (quantity <= MOST_PIECES * lines)
    return ibis.ifelse(counted.fill_null(False), quantity, lines)
