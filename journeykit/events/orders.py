"""Orders: what their status says, values that stand on each of their lines, events told twice, and currencies."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import ibis

from journeykit.clients import Client, EventSource
from journeykit.documents import read_document
from journeykit.touchpoints import PAYMENT, SOLD, definitions, safe_identifier

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = [
    "MERGED",
    "in_one_currency",
    "in_one_moment",
    "is_pipeline",
    "statuses",
    "told_once",
    "value_once",
    "with_standing",
]

MERGED = ("duplicate", "event_twice", "order_twice")  # reasons of rows that tell what another row has told
_ENDS = {"won", "lost", "closed_won", "closed_lost", "closedwon", "closedlost", "gewonnen", "verloren"}
_BECOMES = {
    "pending": "begin_checkout",
    "cancelled": "cancel",
    "lost": "deal_lost",
    "refunded": "refund",
    "open_deal": "generate_lead",
}


@cache
def statuses() -> dict[str, str]:
    """Return what the words of a status mean: ``paid``, ``pending``, ``cancelled``, ``lost``, ``refunded``, ``test``.

    Examples
    --------
    >>> statuses()["voided"], statuses()["betaald"]
    ('cancelled', 'paid')
    """
    listed = read_document(definitions("statuses.yml")).data
    return {word: meaning for meaning, words in listed.items() for word in words}


def with_standing(mapped: Any, source: EventSource) -> Any:
    """Return mapped rows in which what was not paid is no sale: it is what its status says.

    A sale that is pending is a checkout begun, a voided one a cancellation, a deal is lost or still a lead, and of one
    that was refunded what was paid and given back is nothing. A test gets the mark ``_test``. Of other touchpoints the
    status changes nothing, and a word that isn't known counts as paid, but for deals.
    """
    words = sorted(
        mapped.select("status").filter(lambda t: t.status.notnull()).distinct().execute()["status"]
    )
    means = _meanings(words, source)
    sale = mapped["touchpoint"].isin([*SOLD, PAYMENT])

    def says(meaning: str) -> ir.BooleanValue:
        return sale & mapped["status"].isin([word for word in words if means[word] == meaning]).fill_null(
            False
        )

    became = [(says(meaning), touchpoint) for meaning, touchpoint in _BECOMES.items()]
    return mapped.mutate(
        touchpoint=ibis.cases(*became, else_=mapped["touchpoint"]),
        value=says("refunded").ifelse(ibis.null("float64"), mapped["value"]),
        _written_value=mapped["_written_value"] & ~says("refunded"),
        _test=mapped["status"].isin([word for word in words if means[word] == "test"]).fill_null(False),
    )


def _meanings(words: list[str], source: EventSource) -> dict[str, str | None]:
    """Return what the words of a status mean; of a pipeline, in which deals are won or lost, one not known is open."""
    own = {safe_identifier(word): meaning for word, meaning in source.statuses.items()}
    plain = {word: safe_identifier(word) for word in words}
    known = {word: own.get(name, statuses().get(name.removeprefix("wc_"))) for word, name in plain.items()}
    if is_pipeline(words):
        return {
            word: "open_deal" if meaning in (None, "pending") else meaning for word, meaning in known.items()
        }
    return known


def is_pipeline(words: Iterable[str]) -> bool:
    """Tell whether words are stages of deals: some are won or lost.

    Examples
    --------
    >>> is_pipeline(["Closed Won", "Kennismaking"]), is_pipeline(["paid", "void"])
    (True, False)
    """
    return not _ENDS.isdisjoint(map(safe_identifier, words))


def told_once(mapped: Any, columns: Iterable[str]) -> Any:
    """Reject what bears the id of an event that was told before, and tells the same of it: lines of an order differ.

    ``columns`` are those of the log; the others, such as when it arrived, may differ.
    """
    told = mapped["reason"].isnull() & mapped["event_id"].notnull()
    same = [mapped[name] for name in columns]
    turn = ibis.row_number().over(ibis.window(group_by=[told, *same], order_by=mapped["row"]))
    return mapped.mutate(reason=(told & (turn > 0)).ifelse("event_twice", mapped["reason"]))


def in_one_moment(mapped: Any) -> Any:
    """Give the lines of an order the moment of its first line, and the order as their session."""
    usable = mapped["reason"].isnull() & mapped["_order"].notnull()
    group = ibis.window(group_by=[mapped["customer_id"], mapped["_order"], mapped["touchpoint"]])
    first = mapped["timestamp"].min(where=usable).over(group)
    return mapped.mutate(
        timestamp=usable.ifelse(first, mapped["timestamp"]),
        session_id=ibis.coalesce(mapped["session_id"], mapped["_order"]),
        order_id=ibis.coalesce(mapped["order_id"], mapped["_order"]),
    )


def value_once(mapped: Any) -> Any:
    """Return mapped rows in which the value of an order stands on the first of its lines alone."""
    good = mapped["reason"].isnull() & mapped["order_id"].notnull()
    order = [good, mapped["customer_id"], mapped["order_id"], mapped["touchpoint"]]
    turn = ibis.row_number().over(
        ibis.window(group_by=order, order_by=[mapped["value"].isnull(), mapped["row"]])
    )
    return mapped.mutate(value=(good & (turn > 0)).ifelse(ibis.null("float64"), mapped["value"]))


def in_one_currency(table: Any, client: Client) -> tuple[Any, bool]:
    """Return events with their ``value`` in the client's currency, and whether any is kept apart.

    Where currencies differ, ``value_as_written`` keeps what was written. A value in another currency is converted by
    the client file's rates; without a rate it is null, and so are all values where the client file names no currency.
    """
    written = table.select("currency").filter(lambda t: t.currency.notnull()).distinct()
    found = written.execute()["currency"].tolist()
    ours = client.currency
    others = [name for name in found if name != ours]
    if not others or (ours is None and len(found) == 1):
        return table, False
    code, value = table["currency"], table["value"]
    if ours is None:
        return table.mutate(value_as_written=value, value=ibis.null("float64")), True
    known = [(code == other, value * client.rates[other]) for other in others if other in client.rates]
    same = code.isnull() | (code == ours)
    converted = ibis.cases((same, value), *known, else_=ibis.null("float64"))
    return table.mutate(value_as_written=same.ifelse(ibis.null("float64"), value), value=converted), True
