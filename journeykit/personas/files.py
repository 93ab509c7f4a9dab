"""Saving and loading personas: a skops file that cannot run code, with a readable card beside."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from journeykit.errors import JourneykitError, nearest

from .clusterer import PersonaClusterer
from .content import PLAIN, SPACE, wrong_parts
from .count_files import restored_classes, told_classes
from .grouping import SoftGroups
from .model_card import write_card
from .space import TraitSpace

__all__ = ["load_model", "load_personas", "save_personas"]

FORM = "journeykit personas"
PLAIN_VERSION, VERSION = 1, 2  # of personas by traits alone, as they always were; of those by counts


def save_personas(
    clusterer: PersonaClusterer, path: str | Path, about: Mapping[str, Any] | None = None
) -> Path:
    """Save personas, and a card of the same name ending in ``.md``.

    Nothing about single persons is kept.

    Parameters
    ----------
    clusterer
        A fitted clusterer.
    path
        The file, usually ``personas.skops``.
    about
        Facts about the data for the card, such as the client and the as-of date; of loaded personas, those that
        came with them when None.

    Returns
    -------
    Path
    """
    import skops.io

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    given = getattr(clusterer, "about_", {}) if about is None else about
    about = {str(name): str(value) for name, value in given.items()}
    _whole(path, skops.io.dumps(_content(clusterer, about)))
    _whole(path.with_suffix(".md"), write_card(clusterer, about).encode())
    return path


def load_personas(path: str | Path) -> PersonaClusterer:
    """Load what `save_personas` saved.

    Raises
    ------
    JourneykitError
        When the file is absent, empty, cut off, of another kind or a newer version, holds types that are not
        trusted, or lacks a part, or a part has a wrong shape or holds no numbers.
    """
    import skops.io

    path = Path(path)
    if not path.is_file():
        raise _absent(path)
    if path.stat().st_size == 0:
        raise JourneykitError("the file is empty", where=path, remedy="save the personas anew")
    try:
        strange = skops.io.get_untrusted_types(file=path)
        content = None if strange else skops.io.load(path, trusted=[])
    except Exception as error:
        problem = f"the file is cut off or of another kind, and cannot be read ({type(error).__name__})"
        raise JourneykitError(problem, where=path, remedy="save the personas anew") from error
    if strange:
        problem = f"the file holds types that are not trusted: {', '.join(sorted(strange))}"
        raise JourneykitError(problem, where=path, remedy="load only files that journeykit saved")
    return _checked(content, path)


def _absent(path: Path) -> JourneykitError:
    near = nearest(path.name, [other.name for other in path.parent.glob("*.skops")])
    guess = f". Did you mean {near!r}?" if near else ""
    what = "this is a folder, not a file" if path.is_dir() else "there is no such file"
    return JourneykitError(what + guess, where=path, remedy="save personas first, or correct the path")


load_model = load_personas


def _checked(content: Any, path: Path) -> PersonaClusterer:
    if not isinstance(content, dict) or content.get("form") != FORM:
        raise JourneykitError(
            "the file holds no saved personas", where=path, remedy="give a file of saved personas"
        )
    if content.get("version") not in (PLAIN_VERSION, VERSION):
        problem = f"the file has version {content.get('version')}, and this journeykit reads versions up to {VERSION}"
        raise JourneykitError(problem, where=path, remedy="use the journeykit that saved it, or save it anew")
    wrong = wrong_parts(content)
    if wrong:
        raise JourneykitError(wrong, where=path, remedy="save the personas anew")
    try:
        return _rebuilt(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        problem = f"the file holds parts that do not belong together ({error})"
        raise JourneykitError(problem, where=path, remedy="save the personas anew") from error


def _content(clusterer: PersonaClusterer, about: dict[str, str]) -> dict[str, Any]:
    named = getattr(clusterer, "feature_names_in_", None)
    groups = clusterer._groups
    return {
        "form": FORM,
        "version": PLAIN_VERSION if clusterer.classes_ is None else VERSION,
        "about": about,
        "parameters": clusterer.get_params() | {"verbose": 0},
        "names": list(clusterer._names),
        "named": named is not None,
        "space": {part: getattr(clusterer.space_, part) for part in (*SPACE, "bound")},
        "groups": {"centres": groups.centres, "variance": groups.variance, "shares": groups.shares},
        "facts": {name: getattr(clusterer, name) for name in PLAIN},
        "range": list(clusterer.k_range_),
        "last_id": int(clusterer.last_id_),
        "notes": list(clusterer.notes_),
        "stability": clusterer._stability,
        "edge": float(clusterer._edge),
        "careful": bool(clusterer._careful),
        "least_contacts": int(clusterer.min_contacts_),
        "classes": None if clusterer.classes_ is None else told_classes(clusterer.classes_),
        "certificate": _table(clusterer.certificate_),
        "candidates": _table(clusterer.candidates_),
        "measure": json.dumps(getattr(clusterer, "measure_", None)),
    }


def _table(frame: pd.DataFrame) -> dict[str, Any]:
    columns = {str(name): frame[name].tolist() for name in frame}
    return {"name": frame.index.name, "index": frame.index.tolist(), "columns": columns}


def _frame(table: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(table["columns"], index=pd.Index(table["index"], name=table["name"]))


def _rebuilt(content: dict[str, Any]) -> PersonaClusterer:
    clusterer = PersonaClusterer(**content["parameters"])
    clusterer._names = list(content["names"])
    clusterer.n_features_in_ = len(clusterer._names)
    if content["named"]:
        clusterer.feature_names_in_ = np.array(clusterer._names, dtype=object)
    clusterer.space_ = TraitSpace(**content["space"])
    clusterer._groups = SoftGroups(**content["groups"])
    for name in PLAIN:
        setattr(clusterer, name, content["facts"][name])
    clusterer.k_range_, clusterer.notes_ = tuple(content["range"]), tuple(content["notes"])
    clusterer._stability, clusterer._edge = content["stability"], content["edge"]
    clusterer._careful = content["careful"]
    clusterer.certificate_, clusterer.candidates_ = (
        _frame(content["certificate"]),
        _frame(content["candidates"]),
    )
    clusterer.min_contacts_ = int(
        content.get("least_contacts", content["parameters"].get("min_contacts", 15))
    )
    clusterer.classes_ = restored_classes(content["classes"]) if content.get("classes") else None
    clusterer.last_id_ = int(content.get("last_id", clusterer.k_))
    clusterer.labels_ = np.empty(0, dtype=int)
    clusterer.measure_ = json.loads(content.get("measure", "null"))
    clusterer.about_ = dict(content["about"]) if isinstance(content.get("about"), dict) else {}
    return clusterer


def _whole(path: Path, content: bytes) -> None:
    """Write a file so that it appears whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(name, path)
