"""The key of a report: a hash of all that it is made from, so that one that is up to date is not made again."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from journeykit.clients import Client
from journeykit.reports.earlier import earlier_mark
from journeykit.reports.exports import MADE
from journeykit.reports.hashes import Hashes, hash_file
from journeykit.reports.outcomes import runs_of

__all__ = ["code_key", "input_files", "report_key", "up_to_date"]

LIBRARIES = (
    "duckdb",
    "ibis-framework",
    "matplotlib",
    "nbconvert",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
    "python-pptx",
    "scikit-learn",
    "scipy",
    "seaborn",
    "typst",
    "xlsxwriter",
)


def input_files(client: Client, hashes: Hashes | None = None) -> list[dict[str, Any]]:
    """Return the files that a client's data come from: path and sha256, in order of their paths."""
    hashes = hashes or Hashes()
    given = [*(source.path for source in client.events), *_further(client)]
    served = sorted({path for path in given if "://" in path and _is_served(path, client.folder)})
    files = [path for path in given if path not in served]
    found = sorted({file for path in files for file in _files(_place(client, path))})
    now = hashlib.sha256(datetime.now(UTC).isoformat().encode()).hexdigest()  # a server tells of no changes
    return [
        *({"path": str(file), "sha256": hashes.of(file)} for file in found),
        *({"path": _without_password(path), "sha256": now} for path in served),
    ]


def _place(client: Client, path: str) -> Path:
    if "://" in path:
        from journeykit.events.databases import database_file

        return database_file(path, client.folder) or client.resolve(path)
    return client.resolve(path)


def _is_served(path: str, folder: Path) -> bool:
    """Return whether a path is that of a database on a server; what reads databases is slow to load."""
    from journeykit.events.databases import database_file, is_database

    return is_database(path) and database_file(path, folder) is None


def _without_password(path: str) -> str:
    from journeykit.events.databases import without_password

    return without_password(path)


def _further(client: Client) -> list[str]:
    groups = (trial.group for trial in client.trials if not isinstance(trial.group, str))
    sources = (client.customers, client.labels, *groups)
    named = [source.path for source in sources if source is not None]
    costs = None if client.costs is None else client.costs.path
    kept = (client.personas.reuse, client.brand.logo, client.brand.template, client.map, costs)
    named += [path for path in kept if path]
    own_model = client.resolve(client.stage_model)
    return [*named, client.stage_model] if own_model.is_file() else named


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in path.rglob("*") if file.is_file()]
    if path.is_file():
        unmerged = (path.with_name(f"{path.name}{end}") for end in ("-wal", ".wal"))
        return [path, *(file for file in unmerged if file.is_file())]  # what a database has yet to take in
    return [file for file in path.parent.glob(path.name) if file.is_file()] if path.parent.is_dir() else []


def report_key(
    client: Client, inputs: list[dict[str, Any]], notebook: Path, parameters: dict[str, Any]
) -> str:
    """Return the hash of data, client file, parameters, notebook, texts and code of the package, and versions."""
    parts = [entry["sha256"] for entry in inputs]
    parts += [hash_file(client.path) if client.path else client.model_dump_json()]
    parts += [
        hash_file(notebook),
        json.dumps(parameters, sort_keys=True, default=str),
        code_key(),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def code_key() -> str:
    """Return what reports are made with: a hash of the package, texts and all, and the versions of the libraries."""
    return f"{_package_hash()} {_versions()}"


@cache
def _package_hash() -> str:
    home = Path(__file__).parents[1]
    files = sorted(file for file in home.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return hashlib.sha256(
        "".join(f"{file.relative_to(home)} {hash_file(file)}" for file in files).encode()
    ).hexdigest()


@cache
def _versions() -> str:
    return " ".join([sys.version.split()[0], *(f"{name}={_version(name)}" for name in LIBRARIES)])


def _version(library: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def up_to_date(home: Path, key: str, formats: tuple[str, ...]) -> Path | None:
    """Return the folder of a finished report made from just this, and from the earlier reports as they are; or None."""
    for folder, run in reversed(runs_of(home)):
        made = run.get("status") == "ok" and run.get("key") == key
        whole = made and all(
            (folder / name).exists() for name in (*(MADE[each] for each in formats), "report.ipynb")
        )
        if whole and run.get("earlier", "") == earlier_mark(home, folder.name):
            return folder
    return None
