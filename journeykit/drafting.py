"""Draft a client file from a raw file: every guess stands in it with its evidence."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from journeykit import engine
from journeykit.clients import client_from_dict
from journeykit.documents import read_document
from journeykit.errors import ClientFileError, DataError
from journeykit.events.files import inspect
from journeykit.events.tables import read_raw
from journeykit.events.times import find_pattern
from journeykit.stage_models import load_stage_model, stage_model_ids
from journeykit.touchpoints import definitions, load_vocabulary, safe_identifier

__all__ = ["draft_client"]

_SAMPLE = 20_000
_MOST_KINDS = 200
_DUTCH = re.compile(
    r"klant|datum|bedrag|aantal|kanaal|gekocht|winkel|bestel|aankoop|tijdstip|pagina", re.IGNORECASE
)


def draft_client(
    client: str,
    events: str | Path,
    *,
    customers: str | Path | None = None,
    folder: str | Path = "data/clients",
    force: bool = False,
) -> Path:
    """Draft a client file from a file of events.

    The columns are recognised by their names in Dutch and English and by what stands in them; each
    guess is followed by its evidence as a comment. What is left open is marked with ``LOOK``.

    Returns
    -------
    Path
        The client file, which is valid as it stands.

    Raises
    ------
    ClientFileError
        When the id is not made of a-z, 0-9 and '-', or the client file is there already.
    DataError
        When no column holds customers or times.
    """
    target = Path(folder) / f"{client}.yml"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", client):
        raise ClientFileError(f"{client!r} cannot be a client's id", remedy="use a-z, 0-9 and '-'")
    if target.exists() and not force:
        raise ClientFileError(
            "the client file is there already", where=target, remedy="use --force to overwrite it"
        )
    frame = _sample(Path(events))
    found = _columns(frame, Path(events))
    lines = _written(client, Path(events), frame, found, target.parent)
    if customers is not None:
        lines += _customer_lines(Path(customers), target.parent)
    text = "\n".join(lines) + "\n"
    _check(text, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def _sample(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise DataError("there is no such file", where=path, remedy="name the file of events")
    connection = engine.connect()
    table, _ = read_raw(connection, inspect(path), "sample")
    frame = table.drop("_row").limit(_SAMPLE).execute()
    connection.disconnect()
    return frame


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    return read_document(definitions("drafting.yml")).data


def _columns(frame: pd.DataFrame, path: Path) -> dict[str, tuple[str, str]]:
    """Return the column guessed for each of journeykit's names, with the evidence."""
    by_name = {safe_identifier(column): str(column) for column in reversed(list(frame.columns))}
    found: dict[str, tuple[str, str]] = {}
    for name, words in _words()["columns"].items():
        taken = {column for column, _ in found.values()}
        match = next(
            (by_name[word] for word in words if word in by_name and by_name[word] not in taken), None
        )
        if match is not None and (name != "timestamp" or _is_time(frame[match])):
            found[name] = (match, "by its name")
    if "timestamp" not in found:
        times = [str(column) for column in frame.columns if _is_time(frame[column])]
        if not times:
            raise DataError(f"no column of {_listed(frame.columns)} holds times", where=path, remedy=_SHAPE)
        found["timestamp"] = (times[0], "its values read as times")
    if "touchpoint" not in found and (column := _touchpoint_column(frame, found)):
        found["touchpoint"] = (column, "its values are touchpoints")
    if "customer_id" not in found:
        raise DataError(
            f"no column of {_listed(frame.columns)} is named like a customer", where=path, remedy=_SHAPE
        )
    return found


def _touchpoint_column(frame: pd.DataFrame, found: dict) -> str | None:
    """Return the column of which the most values are known as touchpoints."""
    taken = {column for column, _ in found.values()}
    known = {word for words in _words()["touchpoints"].values() for word in words} | set(load_vocabulary())
    hits: dict[str, int] = {}
    for column in frame.columns:
        kinds = frame[column].dropna().astype(str).unique()
        if column not in taken and 0 < len(kinds) <= _MOST_KINDS:
            hits[str(column)] = sum(safe_identifier(kind) in known for kind in kinds)
    best = max(hits, key=hits.__getitem__, default=None)
    return best if best is not None and hits[best] else None


_SHAPE = "write the client file by hand, naming the columns; see the README"


def _listed(columns: Iterable[Any]) -> str:
    return ", ".join(str(column) for column in columns)


def _is_time(column: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column):
        return True
    if pd.api.types.is_numeric_dtype(column):
        return bool(column.dropna().between(1e8, 1e13).mean() > 0.9) if column.notna().any() else False
    return find_pattern(column.dropna().astype(str).head(200)) is not None


def _written(client: str, path: Path, frame: pd.DataFrame, found: dict, folder: Path) -> list[str]:
    dutch = bool(_DUTCH.search(_listed(frame.columns)))
    names = _names(frame, found)
    model, seen = _stage_model(names.values() if names else ["purchase"])
    lines = [
        f"# Drafted from {path.name}. Every guess is followed by its evidence; correct what is wrong.",
        f"id: {_quoted(client)}",
        f"name: {_quoted(client.replace('-', ' ').title())}",
        f"language: {'nl' if dutch else 'en'}  # "
        + ("Dutch column names" if dutch else "no Dutch column names"),
        f"setting: {'b2b' if 'account_id' in found else 'b2c'}",
        f"stage_model: {model}  # {seen}",
        f"timezone: {'Europe/Amsterdam' if dutch else 'UTC'}  # LOOK: of times without an offset",
        "events:",
        f"  path: {_quoted(_relative(path, folder))}",
        "  columns:",
    ]
    lines += [f"    {name}: {_quoted(column)}  # {why}" for name, (column, why) in found.items()]
    if "touchpoint" not in found:
        lines += ["  constants: {touchpoint: purchase}  # LOOK: no column names what happened"]
    known = {raw: name for raw, name in names.items() if name in load_vocabulary()}
    renamed = {raw: name for raw, name in known.items() if raw != name}
    if renamed:
        lines += ["  touchpoints:", *[f"    {_quoted(raw)}: {name}" for raw, name in renamed.items()]]
    kept = [raw for raw in names if raw not in known]
    if kept:
        lines += [f"  # LOOK: kept under their own name: {_listed(kept[:20])}".replace("\n", " ")]
    return lines


def _names(frame: pd.DataFrame, found: dict) -> dict[str, str]:
    """Return the vocabulary's name, or a safe one, for each raw name of a touchpoint in the sample."""
    if "touchpoint" not in found:
        return {}
    raw = frame[found["touchpoint"][0]].dropna().astype(str).str.strip()
    kinds = raw.value_counts().head(_MOST_KINDS).index
    synonyms = {word: name for name, words in _words()["touchpoints"].items() for word in words}
    return {kind: _name(kind, synonyms) for kind in kinds if kind}


def _name(raw: str, synonyms: dict[str, str]) -> str:
    plain = safe_identifier(raw)
    return plain if plain in load_vocabulary() else synonyms.get(plain, plain)


def _stage_model(names: Iterable[str]) -> tuple[str, str]:
    """Return the stage model of which the most stages can be seen."""
    seen = set(names)
    models = [load_stage_model(name) for name in stage_model_ids()]
    shares = {
        model.id: sum(bool(seen & {*stage.touchpoints, *stage.markers}) for stage in model.stages)
        / len(model.stages)
        for model in models
    }
    best = max(sorted(shares, key=lambda name: name != "universal"), key=shares.__getitem__)
    return best, f"{shares[best]:.0%} of its stages can be seen in this file"


def _customer_lines(path: Path, folder: Path) -> list[str]:
    frame = _sample(path)
    by_name = {safe_identifier(column): str(column) for column in reversed(list(frame.columns))}
    match = next((by_name[word] for word in _words()["columns"]["customer_id"] if word in by_name), None)
    if match is None:
        raise DataError("no column is named like a customer", where=path, remedy=_SHAPE)
    return [
        "customers:",
        f"  path: {_quoted(_relative(path, folder))}",
        f"  columns: {{customer_id: {_quoted(match)}}}  # by its name",
    ]


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _quoted(text: str) -> str:
    plain = re.fullmatch(r"[\w./][\w./ -]*", text) and text == text.strip()
    return text if plain and yaml.safe_load(text) == text else json.dumps(text)


def _check(text: str, target: Path) -> None:
    """Read the draft as a client file before it is written, so that it is valid as it stands."""
    client_from_dict(yaml.safe_load(text), target.parent)
