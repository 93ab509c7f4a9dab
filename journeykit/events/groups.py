"""What files tell of people beside their attributes: who was in which arm of a trial, and who may be contacted."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from journeykit.clients import Client, GroupSource, Trial
from journeykit.errors import ClientFileError, DataError, unknown
from journeykit.events.attributes import ids_of
from journeykit.events.tables import read_raw, source_files
from journeykit.events.texts import NOTHING

__all__ = ["GROUP_COLUMNS", "read_consent", "read_groups"]

Who = Literal["customer_id", "account_id"]
GROUP_COLUMNS = ("trial", "customer_id", "account_id", "arm")


def read_groups(connection: Any, client: Client) -> pd.DataFrame:
    """Return who was in which arm of each trial, in the order of the files.

    Returns
    -------
    pandas.DataFrame
        ``trial, customer_id`` or ``account_id`` (whom the rows are about), ``arm``. The same row told twice counts
        once; who has no arm, or stands in several, is in none: `attrs["left_out"]` holds their number per trial.

    Raises
    ------
    ClientFileError
        When a file lacks a column, or a trial names an arm that nobody was in.
    """
    parts = [_groups(connection, client, trial) for trial in client.trials]
    empty = pd.DataFrame(columns=list(GROUP_COLUMNS), dtype="str")
    groups = pd.concat([empty, *parts], ignore_index=True) if parts else empty
    groups.attrs["left_out"] = {
        trial.id: part.attrs["left_out"] for trial, part in zip(client.trials, parts, strict=True)
    }
    return groups


def _groups(connection: Any, client: Client, trial: Trial) -> pd.DataFrame:
    by: Who = trial.group.by if isinstance(trial.group, GroupSource) else "customer_id"
    told = _rows(connection, client, trial, by)
    words = told["arm"].astype("str").str.strip().str.removesuffix(".0")
    told["arm"] = words.where(told["arm"].notna() & ~words.str.lower().isin(NOTHING), None)
    people = told[by].nunique()
    told = told.dropna(subset=[by, "arm"]).drop_duplicates()
    told = told[~told[by].duplicated(keep=False)].reset_index(drop=True)
    told.insert(0, "trial", trial.id)
    _check_arms(trial, told["arm"].unique().tolist(), client)
    told.attrs["left_out"] = int(people - len(told))
    return told


def _rows(connection: Any, client: Client, trial: Trial, by: Who) -> pd.DataFrame:
    """Return the rows of a trial as they stand: whom they are about, and ``arm``."""
    if isinstance(trial.group, str):
        return _columns(connection, client, {"arm": trial.group}, "trials")
    columns = {by: trial.group.columns.get(by, by), "arm": trial.group.columns.get("group", "group")}
    raw = [_raw(connection, file) for file in source_files(client, trial.group)]
    frame = pd.concat(raw, ignore_index=True)
    for name in columns.values():
        if name not in frame:
            raise unknown("column", name, frame.columns, where=trial.group.path, kind=ClientFileError)
    return pd.DataFrame({by: ids_of(frame[columns[by]]), "arm": frame[columns["arm"]]})


def _raw(connection: Any, file: Any) -> pd.DataFrame:
    table, _ = read_raw(connection, file, "raw_people")
    frame = table.drop("_row").execute()
    connection.drop_table("raw_people")
    return frame


def _check_arms(trial: Trial, arms: list[str], client: Client) -> None:
    """Refuse a control or a ratio that names an arm that nobody was in, and a trial of one arm."""
    for name in (*([trial.control] if trial.control else []), *trial.ratio):
        if name not in arms:
            raise unknown(
                f"arm of the trial {trial.id!r}", name, arms, where=client.path, kind=ClientFileError
            )
    if len(arms) < 2:
        problem = f"the trial {trial.id!r} has {len(arms)} arm(s) with anybody in it"
        raise DataError(problem, where=client.path, remedy="a trial needs two arms or more")
    if trial.ratio and set(trial.ratio) != set(arms):
        problem = (
            f"the ratio of the trial {trial.id!r} leaves out {sorted(set(arms) - set(trial.ratio))[0]!r}"
        )
        raise ClientFileError(problem, where=client.path, remedy="name all arms under 'ratio', or none")


def read_consent(connection: Any, client: Client) -> pd.Series | None:
    """Return whether each customer may be contacted, by ``customer_id``; None where the client file doesn't say.

    Who stands in several rows may be contacted when every one of them allows it.

    Raises
    ------
    ClientFileError
        When there is no customers' file, or it lacks the column.
    """
    if client.consent is None:
        return None
    told = _columns(connection, client, {"allowed": client.consent.column}, "consent")
    told["allowed"] = client.consent.allows(told["allowed"])
    return told.dropna(subset=["customer_id"]).groupby("customer_id")["allowed"].all()


def _columns(connection: Any, client: Client, columns: dict[str, str], key: str) -> pd.DataFrame:
    """Return columns of the customers' file as they stand, with ``customer_id``."""
    source = client.customers
    if source is None:
        problem = f"the key {key!r} names the column {next(iter(columns.values()))!r}, and there is no customers' file"
        raise ClientFileError(
            problem, where=client.path, remedy="add 'customers:', in which the column stands"
        )
    frame = pd.concat([_raw(connection, file) for file in source_files(client, source)], ignore_index=True)
    for name in columns.values():
        if name not in frame:
            raise unknown("column", name, frame.columns, where=source.path, kind=ClientFileError)
    who = source.columns.get("customer_id", "customer_id")
    return pd.DataFrame(
        {"customer_id": ids_of(frame[who]), **{name: frame[raw] for name, raw in columns.items()}}
    )
