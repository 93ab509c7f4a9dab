"""Saved models: personas or stages, told apart and loaded without running any code."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from journeykit.errors import JourneykitError

__all__ = ["load_model"]


def load_model(path: str | Path) -> Any:
    """Load saved personas or a saved reader of stages.

    Returns
    -------
    PersonaClusterer or StageReader
        The fitted clusterer; or what was learned of stages, with its StageClassifier inside.

    Raises
    ------
    JourneykitError
        When the file is missing, cut off, from elsewhere, or holds types that are not trusted.
    """
    path = Path(path)
    kind = _kind(path)
    if "StageClassifier" in kind:
        from journeykit.stages import load_stages

        return load_stages(path)
    from journeykit.personas import load_personas

    return load_personas(path)


def _kind(path: Path) -> str:
    if not path.is_file():
        raise JourneykitError(
            "there is no such model", where=path, remedy="save one with 'journeykit personas fit'"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            schema = json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError):
        problem = "this is no saved model, or it is cut off"
        raise JourneykitError(problem, where=path, remedy="save the model again") from None
    return json.dumps(schema)[:20_000] if isinstance(schema, dict) else ""
