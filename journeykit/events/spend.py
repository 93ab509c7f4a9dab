"""Spend: what was paid for channels, by day and campaign, read as events are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from journeykit.clients import Client, EventSource
from journeykit.clients.spending import SPEND_COLUMNS, Spending
from journeykit.errors import ClientFileError, DataError, unknown
from journeykit.events.mapping import ROW, completed, map_source
from journeykit.events.tables import digest, read_raw, source_files

__all__ = ["SPENT", "Spend", "read_spend"]

SPENT = ["date", "channel", "source", "campaign", "cost", "impressions", "clicks"]
_AS = {
    "date": "timestamp",
    "impressions": "quantity",
    "clicks": "rating",
    "cost": "value",
}
_TOLD = {"no_time", "head_again", "no_cost", "no_channel"}  # rows left out and told: totals, heads, blanks
_KEY = {"not_a_number": "cost", "before_1970": "date", "after_2099": "date", "time_unreadable": "date"}


@dataclass(frozen=True)
class Spend:
    """What was spent on channels.

    Attributes
    ----------
    table
        One row a line of the file: ``date`` (of the client's clock), ``channel, source, campaign`` (null: not named),
        ``cost`` (in the client's currency), ``impressions`` and ``clicks`` (null: not known). By hand, ``date`` is
        null: it is of the whole log.
    rejects
        Lines left out: ``source, row, reason`` (`no_time`, such as a line of totals; `no_cost`; `no_channel`).
    sources
        One row a file: ``path, rows, used, rejected, sha256``.
    """

    table: pd.DataFrame
    rejects: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["source", "row", "reason"]))
    sources: pd.DataFrame = field(default_factory=pd.DataFrame)


def read_spend(connection: Any, client: Client) -> Spend | None:
    """Read what the client file says of costs; None where it says nothing.

    Raises
    ------
    ClientFileError
        When a column is not in the file.
    DataError
        When a date or a cost cannot be read, or is in a currency without a rate; file, row and key are named.
    """
    given = client.costs
    if given is None:
        return None
    by_hand = [_by_hand(client, given)] if given.by_hand else []
    files = [] if given.path is None else source_files(client, _source(given, {}))
    parts = [_read(connection, client, given, raw) for raw in files]
    table = pd.concat([*by_hand, *(part.table for part in parts)], ignore_index=True)
    rejects = pd.concat([part.rejects for part in parts], ignore_index=True) if parts else None
    sources = pd.concat([part.sources for part in parts], ignore_index=True) if parts else pd.DataFrame()
    return Spend(table, sources=sources) if rejects is None else Spend(table, rejects, sources)


def _by_hand(client: Client, given: Spending) -> pd.DataFrame:
    named = [(client.channel_of(name), amount) for name, amount in given.by_hand.items()]
    rows = [(one.channel, one.source, amount) for one, amount in named]
    table = pd.DataFrame(rows, columns=["channel", "source", "cost"]).reindex(columns=SPENT)
    return table.assign(date=pd.Series(pd.NaT, table.index, dtype="datetime64[us]"))


def _source(given: Spending, columns: dict[str, Any]) -> EventSource:
    form = {key: getattr(given, key) for key in ("query", "sheet", "encoding", "delimiter", "header")}
    return EventSource(path=str(given.path), columns=columns, constants={"touchpoint": "spend"}, **form)


def _read(connection: Any, client: Client, given: Spending, raw: Any) -> Spend:
    table, malformed = read_raw(connection, raw, "raw_spend")
    names = _columns(given, table.columns, raw.where)
    columns = {_AS.get(name, name): column for name, column in names.items()}
    source = _source(given, {"customer_id": ROW, **columns})
    one = client.model_copy(update={"setting": "b2c"})  # a line of costs has no account
    flat = {part for form in names.values() for part in (form.values() if isinstance(form, dict) else [form])}
    table = table.select("_row", *[column for column in table.columns if column in flat])
    mapped = completed(map_source(table, source, one, raw.where)).order_by("row").execute()
    connection.drop_table("raw_spend", force=True)
    frame = _in_money(_shaped(mapped, client), client, raw.where)
    totals = (frame["reason"] == "time_unreadable") & frame["channel"].isna()
    reason = frame["reason"].mask(totals, "no_time")
    reason = reason.mask(reason.isna() & frame["cost"].isna(), "no_cost")
    reason = reason.mask(reason.isna() & frame["channel"].isna(), "no_channel")
    _refuse(frame, reason, names, raw.where)
    rejects = pd.DataFrame({"source": raw.name, "row": frame["row"], "reason": reason})[reason.notna()]
    broken = pd.DataFrame({"source": raw.name, "row": malformed, "reason": "malformed"})
    rejects = pd.concat([rejects, broken], ignore_index=True) if len(broken) else rejects
    used = int(reason.isna().sum())
    facts = {"path": raw.where, "rows": used + len(rejects), "used": used, "rejected": len(rejects)}
    facts |= {"sha256": digest(raw)}
    return Spend(frame.loc[reason.isna(), SPENT], rejects, pd.DataFrame([facts]))


def _columns(given: Spending, there: Any, where: str) -> dict[str, Any]:
    """Return the file's column of each of ours: those that the client file names, and those of the same name."""
    found = {name: name for name in SPEND_COLUMNS if name in there} | given.columns
    for column in found.values():
        for part in column.values() if isinstance(column, dict) else [column]:
            if isinstance(column, str) and part not in there and part.isidentifier():
                raise unknown(
                    "column", part, [c for c in there if c != "_row"], where=where, kind=ClientFileError
                )
    if "channel" not in found and "source" in found:
        found["channel"] = found.pop("source")
    for name in ("date", "channel", "cost"):
        if name not in found:
            known = ", ".join(column for column in there if column != "_row")[:300]
            remedy = f"add '{name}: …' under columns of costs; the file has: {known}"
            raise ClientFileError(f"no column of costs is named for {name!r}", where=where, remedy=remedy)
    return found


def _shaped(mapped: pd.DataFrame, client: Client) -> pd.DataFrame:
    local = pd.to_datetime(mapped["timestamp"]).dt.tz_localize("UTC").dt.tz_convert(client.timezone)
    names = {ours: theirs for theirs, ours in _AS.items() if theirs != "date"}
    frame = mapped[["row", "reason", "channel", "source", "campaign", "currency", *names]].rename(
        columns=names
    )
    return frame.assign(date=local.dt.tz_localize(None).dt.normalize())


def _in_money(frame: pd.DataFrame, client: Client, where: str) -> pd.DataFrame:
    """Return costs in the client's currency."""
    ours = client.currency
    for code in frame["currency"].dropna().unique():
        if code == ours or (ours is None and frame["currency"].nunique() == 1):
            continue
        if ours is None or code not in client.rates:
            row = int(frame.loc[frame["currency"] == code, "row"].iloc[0])
            problem = f"costs in {code}, which has no rate to {ours or 'one currency'}"
            remedy = (
                f"give one under 'rates', such as rates: {{{code}: 1.0}}, and name the report's 'currency'"
            )
            raise DataError(problem, where=where, line=row, remedy=remedy)
        mine = frame["currency"] == code
        frame["cost"] = frame["cost"].mask(mine, frame["cost"] * client.rates[code])
    return frame


def _refuse(frame: pd.DataFrame, reason: pd.Series, names: dict[str, Any], where: str) -> None:
    """Raise for the first line of which the date or a number cannot be read."""
    wrong = frame[reason.notna() & ~reason.isin(_TOLD)]
    if len(wrong):
        row, why = int(wrong["row"].iloc[0]), str(reason[wrong.index[0]])
        key = _KEY.get(why, "channel")
        problem = f"row {row}: the column {names[key]!r} ({key} of costs) cannot be read ({why})"
        raise DataError(problem, where=where, remedy="correct the row, or name another column under 'costs'")
