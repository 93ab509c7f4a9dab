"""What is known of customers beside their events: attributes, and the stages that an analyst knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.clients import Client
from journeykit.clients.form import CustomerSource, LabelSource
from journeykit.errors import ClientFileError, DataError, unknown
from journeykit.events.mapping import ROW, row_ids
from journeykit.events.tables import digest, read_raw, source_files
from journeykit.events.texts import NOTHING, same_id
from journeykit.stage_models import LAPSED, UNSURE

__all__ = ["ids_of", "read_customers", "read_labels", "read_people"]

_OWN = ("_source", "_row", "_number")


def read_customers(connection: Any, client: Client) -> pd.DataFrame:
    """Return the customers' attributes, one row a customer, indexed by ``customer_id``.

    Numbers are numbers, everything else is text; missing means not known. ``attrs["rows"]`` holds the number of
    rows of each file.

    Raises
    ------
    ClientFileError
        When the client file names a column that the file does not have.
    """
    return read_people(connection, client)[0]


def read_people(connection: Any, client: Client) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the customers' attributes, the rows that could not be used, and the files.

    Returns
    -------
    table, rejects, sources
        The attributes as `read_customers` gives them; ``source, row, reason, customer_id, touchpoint`` of rows
        without a customer, of one that came before, or with too many or too few fields; and a row a file:
        ``path, rows, used, rejected, lines, sha256``. ``used + rejected = rows``.
    """
    source = client.customers
    if source is None:
        return (
            pd.DataFrame(index=pd.Index([], name="customer_id", dtype="str")),
            pd.DataFrame(),
            pd.DataFrame(),
        )
    frame = _read(connection, client, source)
    ids = {name: _known(frame, column, source.path) for name, column in source.columns.items()}
    ids = (
        {"customer_id": _known(frame, "customer_id", source.path)} | ids if "customer_id" not in ids else ids
    )
    arms = {trial.group for trial in client.trials if isinstance(trial.group, str)}
    chosen = _attributes(frame, source, {*ids.values(), *arms, *_OWN})
    table = pd.DataFrame({
        name: _typed(frame[name], source.missing.get(name, []), name in source.categories) for name in chosen
    })  # fmt: skip
    if "account_id" in ids:
        table.insert(0, "account_id", ids_of(frame[ids["account_id"]]))
    if "stage" in ids:
        table.insert(0, "stage", _stages(frame[ids["stage"]], source, client))
    table.index = pd.Index(ids_of(frame[ids["customer_id"]]), name="customer_id")
    unnamed, again = table.index.isna(), table.index.duplicated()
    rejects, sources = _counted(frame, unnamed, again, table.index)
    table = table[~unnamed & ~again]
    table.attrs["rows"] = frame.attrs["rows"]
    return table, rejects, sources


def _stages(column: pd.Series, source: CustomerSource, client: Client) -> pd.Series:
    """Return the stages that a column tells of, by the names that the client file gives them."""
    words = column.astype("str").str.strip().where(column.notna(), None)
    given = {str(word): stage for word, stage in source.stages.items()}
    for stage in given.values():
        if stage not in (*client.model.ids, LAPSED):
            raise unknown(
                "stage", stage, (*client.model.ids, LAPSED), where=client.path, kind=ClientFileError
            )
    named = words.map(lambda word: given.get(word, word))
    return named.where(named.isin([*client.model.ids, LAPSED]), None)


def _counted(
    frame: pd.DataFrame, unnamed: Any, again: Any, who: pd.Index
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rejected rows of each file, and each file with what was used and rejected."""
    reason = (
        pd.Series(None, index=frame.index, dtype=object)
        .mask(again, "customer_again")
        .mask(unnamed, "no_customer")
    )
    broken = frame["_row"].isna()
    reason = reason.mask(broken, "malformed")
    rejects = pd.DataFrame({
        "source": frame["_source"].map(lambda path: Path(path).name), "row": frame["_number"], "reason": reason,
        "customer_id": who.to_numpy(), "touchpoint": None,
    })[reason.notna()].reset_index(drop=True)  # fmt: skip
    facts = [
        {"path": path, "rows": len(mine), "used": int(mine.isna().sum()), "rejected": int(mine.notna().sum()),
         "merged": 0, "lines": len(mine), "sha256": frame.attrs["sha256"][path]}
        for path, mine in reason.groupby(frame["_source"], sort=False)
    ]  # fmt: skip
    return rejects, pd.DataFrame(facts)


def read_labels(connection: Any, client: Client) -> pd.DataFrame:
    """Return the stages that an analyst knows: ``customer_id, at, stage, source, weight``.

    ``source`` is text (``analyst`` where the file has none), ``weight`` how much the label counts beside others
    (1 where the file has none). Rows whose stage is ``unsure`` are left out: somebody was asked and did not know.

    Raises
    ------
    DataError
        When a label names a stage that the model does not have, a date that can't be read, or a weight that is no
        number above 0.
    """
    if client.labels is None:
        return pd.DataFrame({"customer_id": [], "at": [], "stage": []})
    frame, where = _read(connection, client, client.labels), client.labels.path
    names = {name: client.labels.columns.get(name, name) for name in ("customer_id", "at", "stage")}
    labels = pd.DataFrame({name: frame[_known(frame, column, where)] for name, column in names.items()})
    labels["customer_id"] = ids_of(labels["customer_id"])
    labels["at"] = pd.to_datetime(labels["at"], errors="coerce", format="ISO8601").astype("datetime64[us]")
    labels["source"] = _beside(frame, client, "source", "analyst")
    labels["weight"] = pd.to_numeric(_beside(frame, client, "weight", "1"), errors="coerce")
    _check_labels(labels, client)
    return labels[labels["stage"] != UNSURE].reset_index(drop=True)


def _beside(frame: pd.DataFrame, client: Client, name: str, usual: str) -> pd.Series:
    """Return a column that a file of labels need not have, as text."""
    column = client.labels.columns.get(name, name)
    if name in client.labels.columns:
        _known(frame, column, client.labels.path)
    if column not in frame:
        return pd.Series(usual, index=frame.index, dtype="str")
    return frame[column].astype("str").where(frame[column].notna(), usual).replace("", usual)


def _check_labels(labels: pd.DataFrame, client: Client) -> None:
    """Refuse the first row with a date, a weight or a stage that cannot be used."""
    faults = {
        "the date of a label cannot be read": (labels["at"].isna(), "write dates as 2026-04-01"),
        "the weight of a label is no number above 0": (
            ~(labels["weight"].gt(0) & labels["weight"].lt(float("inf"))),
            "write 1, or less for a label that counts less",
        ),
    }
    where = client.labels.path
    for problem, (wrong, remedy) in faults.items():
        if wrong.any():
            raise DataError(problem, where=where, line=int(wrong.to_numpy().argmax()) + 2, remedy=remedy)
    allowed = [*client.model.ids, LAPSED, UNSURE]
    for row, stage in enumerate(labels["stage"], start=2):
        if stage not in allowed:
            raise unknown("stage", stage, allowed, where=where, line=row, kind=DataError)


def _read(connection: Any, client: Client, source: CustomerSource | LabelSource) -> pd.DataFrame:
    """Return the rows of all files of a source; where each row is somebody else, with an id as ``row``.

    Beside them ``_source``, ``_row`` (missing of a row that was malformed) and ``_number``, its place in the file.
    """
    files = source_files(client, source)
    parts = []
    for raw in files:
        table, malformed = read_raw(connection, raw, "raw_customers")
        if source.columns.get("customer_id") == ROW and ROW not in table.columns:
            table = table.mutate(**{ROW: row_ids(table, raw.name)})
        part = table.execute()
        connection.drop_table("raw_customers")
        part = (
            pd.concat([part, pd.DataFrame({"_row": [float("nan")] * len(malformed)})]) if malformed else part
        )
        good = sorted({*range(1, len(part) + 1)} - {*malformed})
        numbers = part["_row"].tolist() if not malformed else [*good, *malformed]
        parts.append(part.assign(_source=raw.where, _number=[int(number) for number in numbers]))
    whole = pd.concat(parts, ignore_index=True)
    whole.attrs["rows"] = {raw.where: len(part) for raw, part in zip(files, parts, strict=True)}
    whole.attrs["sha256"] = {raw.where: digest(raw) for raw in files}
    return whole


def _known(frame: pd.DataFrame, column: str, where: str) -> str:
    if column not in frame.columns:
        raise unknown("column", column, frame.columns, where=where, kind=ClientFileError)
    return column


def _attributes(frame: pd.DataFrame, source: CustomerSource, ids: set[str]) -> list[str]:
    for name in [*(source.attributes or []), *source.exclude, *source.missing, *source.categories]:
        _known(frame, name, source.path)
    chosen = source.attributes if source.attributes is not None else [str(name) for name in frame.columns]
    return [name for name in chosen if name not in ids and name not in source.exclude]


def ids_of(column: pd.Series) -> pd.Series:
    """Return a column of ids as text, written as in the log; missing where none stands."""
    if pd.api.types.is_float_dtype(column):
        column = column.astype("Int64")
    text = column.astype("str").str.strip()
    if text[column.notna()].str.fullmatch(r"[0-9]+([.]0)?").all():
        text = text.str.removesuffix(".0")
    return text.map(same_id, na_action="ignore").where(column.notna() & ~text.str.lower().isin(NOTHING), None)


def _typed(column: pd.Series, missing: list[Any], category: bool = False) -> pd.Series:
    if pd.api.types.is_bool_dtype(column):
        return column.astype("str")
    if pd.api.types.is_datetime64_any_dtype(column):
        return column
    absent = {str(value) for value in missing} | {
        str(float(v)) for v in missing if isinstance(v, int | float)
    }
    text = column.astype("str").str.strip()
    kept = column.where(column.notna() & ~text.isin(absent) & ~text.str.lower().isin(NOTHING))
    if category:
        return kept.astype("str").str.strip().str.removesuffix(".0").where(kept.notna(), None)
    numbers = pd.to_numeric(kept, errors="coerce")
    if numbers.notna().sum() >= kept.notna().sum() and kept.notna().any():
        return numbers.astype("float64")
    return kept.astype("str").where(kept.notna(), None)
