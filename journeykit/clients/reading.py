"""Read client files, and say of a mistake where it stands and what is near."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from journeykit.clients.form import Client
from journeykit.clients.map_file import read_map_edits
from journeykit.documents import Document, read_document
from journeykit.errors import ClientFileError, unknown

__all__ = ["client_from_dict", "client_paths", "read_client", "read_day"]


MAP_FILE = ".map.yml"
CLIENTS = Path("data/clients")
SET_BY_JOURNEYKIT = {
    "client": "the key 'id' of the client file",
    "as_of": "the key 'period.as_of'",
    "language": "the key 'language'",
    "folder": "the option --out",
}


def read_day(as_of: str | dt.date) -> str:
    """Return an as-of day as it is written in names of folders: ``2026-04-01``, or ``latest``.

    Raises
    ------
    ClientFileError
        When it is neither.

    Examples
    --------
    >>> read_day("2026-04-01")
    '2026-04-01'
    """
    given = str(as_of).strip()
    try:
        return given if given == "latest" else dt.date.fromisoformat(given).isoformat()
    except ValueError:
        raise ClientFileError(
            f"the as-of day {given!r} cannot be read", remedy="write it as 2026-04-01, or latest"
        ) from None


def client_paths(folder: Path | str = "data/clients") -> list[Path]:
    """Return the client files in a folder, in the order of their names.

    Raises
    ------
    ClientFileError
        When the folder does not exist or holds no client file.
    """
    folder = Path(folder)
    found = sorted(path for path in folder.glob("*.yml") if _is_client_file(path))
    if not found:
        problem = "the folder holds no client file" if folder.is_dir() else "there is no such folder"
        raise ClientFileError(
            problem, where=folder, remedy="make one with 'journeykit new CLIENT --events FILE'"
        )
    return found


def _is_client_file(path: Path) -> bool:
    """Return whether a file of the folder describes a client; a map file, `<id>.map.yml`, does not."""
    return not path.name.startswith(".") and not path.name.endswith(MAP_FILE)


def read_client(client: str | Path, folder: Path | str | None = None) -> Client:
    """Read a client file by its path, or by the client's id in a folder of client files.

    Parameters
    ----------
    client
        The path of a client file, or the id of a client.
    folder
        The folder of client files. None: ``data/clients`` of the project; it and a relative path are
        looked for in the working folder and then in each folder above it, so that a notebook of a
        project finds its clients from wherever its kernel was started.

    Returns
    -------
    Client

    Raises
    ------
    ClientFileError
        When there is no such client, or a key or value is unknown: the file, line, key, nearest
        known value and remedy are named.
    """
    document = read_document(_find(client, None if folder is None else Path(folder)))
    checked = _checked(document)
    checked._path = document.path.resolve()
    _check_references(checked, document)
    return checked


def client_from_dict(data: dict[str, Any], folder: Path | str = ".") -> Client:
    """Return a client from the content of a client file; paths are relative to the folder.

    Examples
    --------
    >>> client_from_dict({"id": "acme", "name": "Acme"}).unit
    'customer'
    """
    document = Document(Path(folder) / f"{data.get('id', 'client')}.yml", data)
    checked = _checked(document)
    checked._path = document.path.resolve()
    _check_references(checked, document)
    return checked


def _find(client: str | Path, folder: Path | None) -> Path:
    as_path = Path(client)
    by_path = as_path.suffix in (".yml", ".yaml") or as_path.is_file()
    if folder is None:
        return _find_upward(as_path, by_path)
    if by_path:
        return as_path
    found = folder / f"{client}.yml"
    if found.is_file():
        return found
    remedy = None if folder.is_dir() else "work from the project's root, or name it with --project DIR"
    raise unknown("client", client, _ids_in(folder), where=folder, remedy=remedy, kind=ClientFileError)


def _find_upward(client: Path, by_path: bool) -> Path:
    """Return the client file nearest to the working folder, there or in a folder above it."""
    named = client if by_path else CLIENTS / f"{client}.yml"
    here = Path.cwd()
    for above in (here, *here.parents):
        if (above / named).is_file():
            return named if above == here else above / named
    if by_path and named.parent != CLIENTS:
        return named  # reading it tells that it is not there
    project = next((above for above in (here, *here.parents) if (above / CLIENTS).is_dir()), None)
    if project is not None:
        folder = project / CLIENTS
        raise unknown("client", named.stem, _ids_in(folder), where=folder, kind=ClientFileError)
    raise ClientFileError(
        f"there is no client {named.stem!r}: no folder data/clients here or above",
        where=here,
        remedy=f"type the whole path, such as /home/me/project/data/clients/{named.stem}.yml",
    )


def _ids_in(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yml") if _is_client_file(path))


def _check_references(client: Client, document: Document) -> None:
    """Look up the stage model and the client's markers now, so that a mistake is told at the start."""
    own = client.resolve(client.stage_model)
    if own.suffix in (".yml", ".yaml") and not own.is_file():
        line = document.line_of(("stage_model",))
        problem = f"there is no stage model {str(own)!r}"
        raise ClientFileError(problem, where=document.path, line=line, remedy="correct the path")
    try:
        _ = client.model
    except ClientFileError as error:
        if error.where is not None and Path(str(error.where)) != client.path:
            raise
        key = "markers" if error.where else "stage_model"
        where, line = document.path, document.line_of((key,))
        raise ClientFileError(error.problem, where=where, line=line, remedy=error.remedy) from None
    _check_map(client, document)
    _check_notebook(client, document)


def _check_map(client: Client, document: Document) -> None:
    """Read the researcher's cells of the journey map; of a file that is absent, the client file's line is told."""
    if client.map is not None and not client.resolve(client.map).is_file():
        where, line = document.path, document.line_of(("map",))
        problem, remedy = f"there is no map file {client.map!r}", "correct the path, or leave the key out"
        raise ClientFileError(problem, where=where, line=line, remedy=remedy)
    read_map_edits(client)


def _check_notebook(client: Client, document: Document) -> None:
    """Refuse a notebook that is not there, and values for what journeykit itself tells every notebook."""
    notebook, where = client.report.notebook, document.path
    if notebook is not None and not client.resolve(notebook).is_file():
        line = document.line_of(("report", "notebook"))
        problem, remedy = f"there is no notebook {notebook!r}", "correct the path, or leave the key out"
        raise ClientFileError(problem, where=where, line=line, remedy=remedy)
    for name in SET_BY_JOURNEYKIT:
        if name in client.report.parameters:
            line = document.line_of(("report", "parameters", name))
            problem = f"the parameter {name!r} is set by journeykit"
            remedy = f"use {SET_BY_JOURNEYKIT[name]}"
            raise ClientFileError(problem, where=where, line=line, remedy=remedy)


def _checked(document: Document) -> Client:
    try:
        return Client.model_validate(document.data)
    except ValidationError as error:
        raise _told(error, document) from None


def _told(error: ValidationError, document: Document) -> ClientFileError:
    faults = error.errors(include_url=False)
    unknown_first = sorted(faults, key=lambda fault: fault["type"] != "extra_forbidden")
    fault = unknown_first[0]
    keys = _keys_in_file(fault["loc"], document.data)
    where, line = document.path, document.line_of(keys)
    name = ".".join(str(key) for key in keys)
    kind = ClientFileError
    if fault["type"] == "extra_forbidden":
        return unknown("key", keys[-1], _known_keys(keys[:-1]), where=where, line=line, kind=kind)
    if fault["type"] == "literal_error":
        options = [
            word.strip().strip("'") for word in fault["ctx"]["expected"].replace(" or ", ",").split(",")
        ]
        return unknown(f"value of {name!r}:", fault["input"], options, where=where, line=line, kind=kind)
    if fault["type"] == "missing":
        return kind(f"the key {name!r} is missing", where=where, line=line, remedy=f"add '{keys[-1]}: …'")
    sentence, _, remedy = fault["msg"].partition("|")
    return kind(f"{name!r}: {sentence}", where=where, line=line, remedy=remedy or f"correct {name!r}")


def _keys_in_file(location: tuple, data: Any) -> tuple:
    """Return the part of pydantic's location that stands in the file (a union adds names of types)."""
    keys: list = []
    for part in location:
        if isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
        elif isinstance(part, int) and isinstance(data, dict):
            continue  # a single source, written without a list
        elif isinstance(data, dict):
            if part not in data and keys and part != location[-1]:
                continue
            data = data.get(part)
        else:
            continue
        keys.append(part)
    return tuple(keys) or location


def _known_keys(above: tuple) -> list[str]:
    model: type[BaseModel] = Client
    for part in above:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        inner = _models_in(model.model_fields[part].annotation)
        model = inner[0] if inner else model
    return list(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
