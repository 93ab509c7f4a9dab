"""The report as data for other tools: every table with names joined, one long table of figures, and a dictionary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from journeykit.reports.dictionary import Column, columns_of, is_tidy
from journeykit.reports.exports.cells import clean, is_missing, neutral
from journeykit.reports.exports.material import Material
from journeykit.reports.folders import place, workshop

__all__ = ["dictionary", "join_names", "long_table", "write"]

LEFT_OUT = ["traits", "attributes"]  # lists of mappings, which have tables of their own
LONG = (
    "table measure measure_name persona persona_name stage stage_name stage_order channel channel_name "
    "value low high unit"
).split()
NAMED = ("persona", "stage", "channel", "touchpoint")
TOLD = (("unit", "unit"), ("name", "head"), ("description", "meaning"))
TYPES = {"moment": "datetime", "flag": "boolean", "whole": "integer"}


def write(notebook: Any, path: Path) -> None:
    """Write the data of an executed notebook's report to a folder, each table as CSV and as Parquet.

    CSV is UTF-8 with a byte-order mark, `,` between cells and `.` in numbers, dates as ISO; a text that a spreadsheet
    would run as a formula stands behind an apostrophe there. Tables with one row per person are left out.
    """
    material = Material.of(notebook, path)
    made = workshop(path.parent)
    _save(long_table(material), made / "long")
    for name in material.tables:
        _save(join_names(material, name), made / name)
    _save(dictionary(material), made / "dictionary")
    place(made, path)


def join_names(material: Material, name: str) -> pd.DataFrame:
    """Return a table with the names of its personas, stages, channels and touchpoints beside their ids."""
    frame = material.table(name).drop(columns=LEFT_OUT, errors="ignore")
    for kind in NAMED:
        if kind in frame and f"{kind}_name" not in frame:
            at = frame.columns.get_loc(kind) + 1
            frame.insert(at, f"{kind}_name", _names(material, kind, frame[kind]))
            if kind == "stage":
                frame.insert(at + 1, "stage_order", _order(material, frame["stage"]))
    return frame.map(_joined) if "object" in frame.dtypes.astype(str).tolist() else frame


def _names(material: Material, kind: str, ids: pd.Series) -> pd.Series:
    known = {value: material.word(kind, value) for value in ids.dropna().unique()}
    return ids.astype(object).map(known).astype("str")


def _order(material: Material, stages: pd.Series) -> pd.Series:
    places = (
        {stage: number for number, stage in enumerate((*material.stages, "lapsed"), 1)}
        if material.stages
        else {}
    )
    return stages.astype(object).map(places).astype("Int64")


def _joined(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple, set, np.ndarray)) else value


def long_table(material: Material) -> pd.DataFrame:
    """Return the figures per persona, stage and channel in tidy form, one a row, with their interval and unit."""
    parts = [part for name in material.tables for part in _figures(material, name)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=LONG)


def _figures(material: Material, name: str) -> Iterator[pd.DataFrame]:
    frame = join_names(material, name)
    columns = columns_of(name, frame.columns)
    for column in filter(is_tidy, columns):
        known = frame[frame[column.name].notna()]
        if len(known):
            yield _figure(material, known, column, columns)


def _figure(material: Material, frame: pd.DataFrame, column: Column, columns: list[Column]) -> pd.DataFrame:
    head = column.head(material.language, setting=material.setting)
    ends = {one.end: one.name for one in columns if one.of == column.name and one.bound == "intervals"}
    made = frame.reindex(columns=LONG).assign(
        table=column.table, measure=column.name, measure_name=head, unit=column.unit(material.language),
        value=frame[column.name].astype("float64"),
    )  # fmt: skip
    for end in ("low", "high"):
        made[end] = frame[ends[end]].astype("float64") if end in ends else np.nan
    texts = [name for name in LONG if name not in ("value", "low", "high", "stage_order")]
    return made.astype(dict.fromkeys(texts, "str") | {"stage_order": "Int64"})


def dictionary(material: Material) -> pd.DataFrame:
    """Return what every column of the exported tables is: type, unit, head and meaning in both languages."""
    rows = [_entry(column, "") for column in columns_of("long")]
    for name in material.tables:
        frame = join_names(material, name)
        rows += [_entry(_described(name, one), str(frame[one].dtype)) for one in frame.columns]
    return pd.DataFrame(rows, columns=list(_entry(Column("", ""), "")))


def _described(table: str, name: str) -> Column:
    """Return a column; one that was joined to the table is described for all of them."""
    own = columns_of(table, [name])[0]
    joined = columns_of("any", [name])[0]
    return Column(table, name, joined.form, name) if not own.meaning("en") and joined.meaning("en") else own


def _entry(column: Column, kind: str) -> dict[str, str]:
    place = column if column.meaning("en") else columns_of("any", [column.name])[0]
    numeric = kind.lower().startswith(("float", "int")) or (not kind and column.form in ("measure", "whole"))
    found = TYPES.get(column.form, "number" if numeric else "text")
    return {
        "table": column.table, "column": column.name, "type": "number" if kind.startswith("float") else found,
        **{f"{told}_{language}": getattr(place, part)(language) for told, part in TOLD for language in ("nl", "en")},
    }  # fmt: skip


def _save(frame: pd.DataFrame, stem: Path) -> None:
    frame.to_parquet(stem.with_suffix(".parquet"), index=False)
    shape = {"encoding": "utf-8-sig", "lineterminator": "\r\n", "date_format": "%Y-%m-%dT%H:%M:%S"}
    told = {name: _as_text(column) for name, column in frame.items()}
    pd.DataFrame(told, columns=frame.columns).to_csv(stem.with_suffix(".csv"), index=False, **shape)


def _as_text(column: pd.Series) -> pd.Series:
    """Return a column as a file of text holds it: numbers as they are, the rest without what a program would run."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype(object).map({True: "true", False: "false"})
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column
    return column.astype(object).map(lambda value: None if is_missing(value) else _written(value))


def _written(value: Any) -> str:
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    return neutral(clean(value))
