"""The parameters of a notebook, read from its tagged cell and checked strictly."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from journeykit.errors import JourneykitError, unknown

__all__ = ["check_parameters", "parameter_types", "require_parameters"]

KINDS = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
    "list": list,
    "dict": dict,
    "None": type(None),
}


def parameter_types(notebook: Path | str) -> dict[str, str]:
    """Return the parameters of a notebook: name and annotation.

    Raises
    ------
    JourneykitError
        When the file is no notebook, or none of its cells is tagged ``parameters``.
    """
    import json

    try:
        cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JourneykitError(
            "this is no notebook", where=notebook, remedy="give the path of an .ipynb"
        ) from error
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if not tagged:
        raise JourneykitError(
            "no cell is tagged 'parameters'",
            where=notebook,
            remedy="tag the cell that holds them in JupyterLab",
        )
    return _annotated("".join(tagged[0]["source"]))


def _annotated(source: str) -> dict[str, str]:
    found = {}
    for line in ast.parse(source).body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            found[line.target.id] = ast.unparse(line.annotation)
        elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            found[line.targets[0].id] = type(ast.literal_eval(line.value)).__name__
    return found


def check_parameters(notebook: Path | str, given: dict[str, Any]) -> None:
    """Refuse parameters that the notebook does not have, or whose type is another.

    Raises
    ------
    JourneykitError
    """
    known = parameter_types(notebook)
    for name, value in given.items():
        if name not in known:
            raise unknown("parameter", name, known, where=Path(notebook).name)
        if not _fits(value, known[name]):
            problem = f"parameter {name!r} is {value!r}, but must be of type {known[name]}"
            raise JourneykitError(problem, where=Path(notebook).name, remedy=f"give it as {known[name]}")


def require_parameters(notebook: Path | str, names: Iterable[str]) -> None:
    """Refuse a notebook that lacks one of the parameters which every report is told.

    Raises
    ------
    JourneykitError
    """
    known = parameter_types(notebook)
    for name in names:
        if name not in known:
            problem = f"the notebook lacks the parameter {name!r}, which every report is told"
            remedy = f'write {name}: str = "" in its cell of parameters'
            raise JourneykitError(problem, where=notebook, remedy=remedy)


def _fits(value: Any, annotation: str) -> bool:
    kinds = [KINDS.get(part.strip().split("[")[0], object) for part in annotation.split("|")]
    if isinstance(value, bool):
        return bool in kinds or object in kinds
    return any(isinstance(value, kind) for kind in kinds)
