"""Names: raw touchpoints and channels become those of the vocabulary; what nobody knows keeps its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from journeykit import engine
from journeykit.clients import Client, EventSource
from journeykit.clients.form import safe_touchpoint
from journeykit.errors import DataError
from journeykit.events.texts import read_text, with_texts

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["LONGEST", "named_touchpoint", "with_channels"]

LONGEST = 1_000  # bytes of an id or a name: longer ones come from lines that ran together
_MOST_NAMES = 5_000
_MOST_PAIRS = 50_000  # of a channel and a source; a source with more is free text
_SEP = "\x1f"
_NAMED = {"_named": "string", "_channel": "string", "_source": "string", "_paid": "boolean"}


def named_touchpoint(
    text: ir.StringValue, written: ir.Value, source: EventSource, client: Client, where: str
) -> ir.StringValue:
    """Return touchpoints by the names that the client file and the vocabulary have for them.

    Raises
    ------
    DataError
        When there are too many to be touchpoints.
    """
    own = {str(key): value for key, value in source.touchpoints.items()}
    known = {*client.vocabulary, *client.model.touchpoints}
    words = _few(written.name("word").as_table(), where)
    names = {word: own.get(word, word) for word in words["word"]}
    names = {word: name if name in known else safe_touchpoint(name) for word, name in names.items()}
    changed = {word: name for word, name in names.items() if word != name}
    return text.substitute(changed) if changed else text


def with_channels(mapped: Any, written: Any, client: Client, where: str) -> tuple[Any, tuple[str, ...]]:
    """Return mapped rows with their channels named, their platform as ``source``, and whether they were paid for.

    What a row itself tells in ``paid`` stays.

    Parameters
    ----------
    mapped
        Rows with ``channel``, ``source`` and ``paid``, as they are written.
    written
        The raw table's columns of ``channel`` and ``source``, or of one of them.
    client, where
        Who says what its channels are, and the file's name, for errors.

    Returns
    -------
    table, columns
        And the columns that were made.

    Raises
    ------
    DataError
        When there are too many names of channels.
    """
    found = _few(written, where)
    if found is None and "channel" in written.columns:  # free text as a source: by the channel alone
        written = written.select("channel")
        found = _few(written, where)
    if found is None:
        return mapped, ()
    keys = list(written.columns)
    told = [_told(client, dict(zip(keys, row, strict=True))) for row in found.itertuples(index=False)]
    if not told or all(one["_same"] for one in told):
        return mapped, ()
    names = ibis.memtable([{key: one[key] for key in _NAMED} for one in told], schema=ibis.schema(_NAMED))
    rows = mapped.mutate(_named=_key(*[mapped[name] for name in keys]))
    rows = rows.left_join(names, "_named")
    made = {
        "channel": rows["_channel"],
        "source": rows["_source"] if "source" in keys else ibis.coalesce(rows["source"], rows["_source"]),
        "paid": ibis.coalesce(rows["paid"], rows["_paid"]),
    }
    return rows.mutate(**made).select(*mapped.columns), tuple(made)


def _told(client: Client, row: dict[str, Any]) -> dict[str, Any]:
    """Return what a channel and a source, as they are written, are."""
    channel, source = (None if row.get(name) is None else str(row[name]) for name in ("channel", "source"))
    named = client.channel_of(channel, source=source)
    same = (named.channel, named.source, named.paid) == (channel, source, None)
    key = _SEP.join(str(row[name] or "") for name in row)
    return {
        "_named": key,
        "_channel": named.channel,
        "_source": named.source,
        "_paid": named.paid,
        "_same": same,
    }


def _key(*columns: ir.StringValue) -> ir.StringValue:
    first, *others = (column.fill_null("") for column in columns)
    for other in others:
        first = first + _SEP + other
    return first


def _few(written: Any, where: str) -> Any:
    """Return the different texts of columns of names as a frame; None where a source is free text and no name.

    Raises
    ------
    DataError
        When the first holds too many to be touchpoints or channels.
    """
    first, *others = written.columns
    backend = written.get_backend()
    raw = written.distinct().limit(_MOST_PAIRS + 1).to_pyarrow()  # few, of which the words are made
    few = with_texts(ibis.memtable(raw), written.columns, backend)
    table = few.select(**{name: read_text(few, name) for name in written.columns}).distinct()
    table = table.filter(table[first].isnull() | (engine.size(table[first]) <= LONGEST))
    table = table if others else table.filter(table[first].notnull())
    found = backend.execute(table).sort_values(list(written.columns), ignore_index=True)
    found = found.astype(object).where(found.notna(), None)
    too_many = len(raw) > _MOST_PAIRS
    if (others or first == "source") and (too_many or (first == "source" and len(found) > _MOST_NAMES)):
        return None
    if found[first].nunique() > _MOST_NAMES or (too_many and len(found)):
        problem = f"the touchpoint or channel column holds more than {_MOST_NAMES:,} names"
        raise DataError(problem, where=where, remedy="name another column, or group the names first")
    return found
