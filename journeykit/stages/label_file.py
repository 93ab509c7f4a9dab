"""The file of labels: one row an answer, written at once, whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.errors import DataError, JourneykitError, unknown
from journeykit.events.files import inspect
from journeykit.sessions import contacts
from journeykit.stage_models import LAPSED, UNSURE

__all__ = ["LABEL_COLUMNS", "add_label", "read_label_file", "undo_label"]

LABEL_COLUMNS = ("customer_id", "at", "stage", "source", "labelled_at")


def add_label(
    file: str | Path,
    customer_id: str,
    at: str | dt.date | pd.Timestamp,
    stage: str,
    log,
    *,
    source: str = "analyst",
    columns: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Write a label to a file, in place of an earlier one of the same customer and day.

    The file is replaced as a whole, so that it is never half written. Columns that it has beside ours are kept.

    Parameters
    ----------
    file
        The file of labels; made when it isn't there.
    customer_id
        The customer, or the account of a business log, as the log knows them.
    at
        The day; the end of it counts.
    stage
        A stage of the client's model, ``lapsed``, or ``unsure``: asked, and not known.
    log : EventLog
        The events that the label is about.
    source
        Who or what says so.
    columns
        What the file calls our columns, as under ``labels`` in a client file.

    Returns
    -------
    dict
        The row: ``customer_id, at, stage, source, labelled_at``.

    Raises
    ------
    JourneykitError
        When the stage or the customer is not known, the day can't be read, comes before the customer's first
        contact or after the end of the log, or the file is no file of labels.
    """
    day = _checked(str(customer_id), at, stage, log)
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    row = dict(zip(LABEL_COLUMNS, (str(customer_id), day, stage, source, now), strict=True))
    names = _names(columns)
    table = _read(Path(file), names)
    fields = list(dict.fromkeys([*table.fields, *names.values()]))
    kept = [other for other in table.rows if not _same(other, row, names)]
    _write(Path(file), replace(table, fields=fields, rows=[*kept, {names[k]: row[k] for k in row}]))
    return row


def undo_label(file: str | Path, columns: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """Take the last label out of a file again, when `add_label` wrote it.

    Returns
    -------
    dict or None
        The row that was taken out; None when the last row was written otherwise, or there is none.
    """
    names = _names(columns)
    table = _read(Path(file), names)
    if not table.rows or not table.rows[-1].get(names["labelled_at"]):
        return None
    _write(Path(file), replace(table, rows=table.rows[:-1]))
    return {name: table.rows[-1].get(column, "") for name, column in names.items()}


def read_label_file(file: str | Path, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return a file of labels as it stands, with those who were asked in vain.

    Returns
    -------
    pandas.DataFrame
        ``customer_id, at, stage, source, labelled_at`` as text, in the order of the file; without rows when there
        is no file.
    """
    names = _names(columns)
    rows = [[row.get(column, "") for column in names.values()] for row in _read(Path(file), names).rows]
    return pd.DataFrame(rows, columns=list(names), dtype="str")


@dataclass(frozen=True)
class _Table:
    """A file of labels: its columns, its rows, and what stands between the values."""

    fields: list[str] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    delimiter: str = ","


def _names(columns: Mapping[str, str] | None) -> dict[str, str]:
    return {name: (columns or {}).get(name, name) for name in LABEL_COLUMNS}


def _checked(customer_id: str, at: Any, stage: str, log) -> str:
    """Return the day as it is written, when the label can be true of the log."""
    allowed = [*log.client.model.ids, LAPSED, UNSURE]
    if stage not in allowed:
        raise unknown("stage", stage, allowed, where="labels")
    day, first = _day(at), _first_day(customer_id, log)
    if day > log.as_of_date:
        raise JourneykitError(
            f"{day} comes after the end of the data, {log.as_of_date}",
            where="labels",
            remedy="label a day on which something is known",
        )
    if day < first:
        problem = f"on {day} customer {customer_id!r} had not been met: the first contact is of {first}"
        raise JourneykitError(problem, where="labels", remedy="label a later day")
    return day.isoformat()


def _first_day(customer_id: str, log) -> dt.date:
    """Return the day, on the client's clock, of the first contact of a customer or an account."""
    table = contacts(log)
    own = table.filter((table["customer_id"] == customer_id) | (table["unit_id"] == customer_id))
    first = own["timestamp"].min().execute()
    if pd.isna(first):
        known = table.select("customer_id").distinct().order_by("customer_id").execute()["customer_id"]
        raise unknown("customer", customer_id, known, where="labels", remedy="use an id of the log")
    return pd.Timestamp(first).tz_localize("UTC").tz_convert(log.client.timezone).date()


def _day(at: Any) -> dt.date:
    try:
        return pd.Timestamp(at).date()
    except ValueError:
        raise JourneykitError(
            f"the day {str(at)!r} cannot be read", where="labels", remedy="write it as 2026-04-01"
        ) from None


def _same(other: Mapping[str, str], row: Mapping[str, str], names: Mapping[str, str]) -> bool:
    """Return whether a row of a file is about the customer and the day of a label."""
    day = re.sub(r"[ T]00:00(:00)?$", "", other[names["at"]].strip())
    return (other[names["customer_id"]].strip(), day) == (row["customer_id"], row["at"])


def _read(path: Path, names: Mapping[str, str]) -> _Table:
    if path.suffix.lower() != ".csv":
        raise DataError(
            "labels are kept in a file that ends in .csv", where=path, remedy="name it labels.csv"
        )
    if not path.exists() or not path.read_bytes().strip():
        return _Table()
    raw = inspect(path)
    encoding = "utf-8-sig" if raw.encoding == "utf-8" else raw.encoding
    found = csv.DictReader(io.StringIO(path.read_text(encoding=encoding)), delimiter=raw.delimiter)
    fields = list(found.fieldnames or [])
    for name in ("customer_id", "at", "stage"):
        if names[name] not in fields:
            raise unknown("column", names[name], fields, where=path, kind=DataError)
    return _Table(fields, [{key: row.get(key) or "" for key in fields} for row in found], raw.delimiter)


def _write(path: Path, table: _Table) -> None:
    """Put a whole file in the place of the old one."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(
                file, table.fields, delimiter=table.delimiter, lineterminator="\n", restval=""
            )
            writer.writeheader()
            writer.writerows(table.rows)
        if path.exists():
            shutil.copymode(path, made)
        os.replace(made, path)
    finally:
        Path(made).unlink(missing_ok=True)
