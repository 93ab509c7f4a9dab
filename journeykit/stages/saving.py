"""Saving and loading what was learned about stages: skops files that cannot run code, with a card beside."""

from __future__ import annotations

import os
import tempfile
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.errors import JourneykitError, nearest
from journeykit.stages.content import wrong_parts
from journeykit.stages.hmm import StageChain
from journeykit.stages.naming import NAMED_RIGHT
from journeykit.stages.persona_chain import PersonaChain
from journeykit.stages.reader import StageReader
from journeykit.stages.recorded import Recorded
from journeykit.stages.waiting import Waiting

__all__ = ["load_stages", "save_stages"]

FORM = "journeykit StageClassifier"
VERSION = 1
OURS = (
    "journeykit.stages.classifier.StageClassifier",
    "journeykit.stages.learners.Boosted",
    "journeykit.stages.learners.Linear",
)
TRUSTED = frozenset(
    {
        *OURS,
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.link.Interval",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
    }
)


def save_stages(reader, path: str | Path, evaluation: pd.DataFrame | None = None, against: str = "") -> Path:
    """Save what was learned, and a card of the same name ending in ``.md``.

    Parameters
    ----------
    reader : StageReader or StageInference
        What was learned; of an inference the scores go into the card.
    path : path
        The file, usually ``stages.skops``.
    evaluation, against : DataFrame, str, optional
        Scores and what they are measured against.

    Returns
    -------
    Path
        The file.
    """
    import skops.io

    if hasattr(reader, "reader"):
        evaluation, against, reader = reader.evaluation, reader.against, reader.reader
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _whole(path, skops.io.dumps(_plain(reader)))
    _whole(path.with_suffix(".md"), _card(reader, evaluation, against).encode())
    return path


def load_stages(path: str | Path) -> StageReader:
    """Load what `save_stages` saved.

    Raises
    ------
    JourneykitError
        When the file is absent, empty, cut off, of another kind or a newer version, holds types that are not
        trusted, or lacks a part, or a part has a wrong shape, holds no numbers or points nowhere.
    """
    path = Path(path)
    if not path.is_file():
        raise _absent(path)
    content = _content(path)
    if not isinstance(content, dict) or content.get("form") != FORM:
        raise JourneykitError(
            "the file holds no saved stages", where=path, remedy="give a file of saved stages"
        )
    if content.get("version") != VERSION:
        problem = (
            f"the file has version {content.get('version')}, and this journeykit reads version {VERSION}"
        )
        raise JourneykitError(problem, where=path, remedy="use the journeykit that saved it, or save it anew")
    wrong = wrong_parts(content)
    if wrong:
        raise JourneykitError(wrong, where=path, remedy="save the stages anew")
    return _reader(content)


def _content(path: Path) -> Any:
    """Return what a file holds, when all its types are trusted."""
    import skops.io

    if path.stat().st_size == 0:
        raise JourneykitError(
            "the file is empty, and cannot be read", where=path, remedy="save the stages anew"
        )
    try:
        strange = set(skops.io.get_untrusted_types(file=path)) - TRUSTED
        content = None if strange else skops.io.load(path, trusted=sorted(TRUSTED))
    except Exception as error:
        problem = f"the file is cut off or of another kind, and cannot be read ({type(error).__name__})"
        raise JourneykitError(problem, where=path, remedy="save the stages anew") from error
    if strange:
        problem = f"the file holds types that are not trusted: {', '.join(sorted(strange))}"
        raise JourneykitError(problem, where=path, remedy="load only files that save_stages made")
    return content


def _absent(path: Path) -> JourneykitError:
    near = nearest(path.name, [other.name for other in path.parent.glob("*.skops")])
    guess = f". Did you mean {near!r}?" if near else ""
    what = "this is a folder, not a file" if path.is_dir() else "there is no such file"
    return JourneykitError(what + guess, where=path, remedy="save stages first, or correct the path")


def _plain(reader: StageReader) -> dict:
    chain = reader.chain
    return {
        "form": FORM,
        "version": VERSION,
        "stage_model": reader.stage_model,
        "states": list(reader.states),
        "observable": reader.observable,
        "chain": {name: getattr(chain, name) for name in ("start", "moves", "mix", "mean", "shape", "usual")},
        "steps": list(chain.steps),
        "student": reader.student,
        "companion": _parts(reader.companion),
        "recorded": _parts(reader.recorded),
        "naming": float(reader.naming),
        "corrected": reader.corrected,
        "corrected_share": float(reader.corrected_share),
        "leaning": reader.leaning,
        "thresholds": reader.thresholds,
        "doubt": float(reader.doubt),
        "moves": dict(reader.moves),
        "about": dict(reader.about),
        "reference": dict(reader.reference),
    }


def _parts(part) -> dict | None:
    """Return the fields of a part as a table of plain values, its own parts too."""
    if part is None:
        return None
    values = {one.name: getattr(part, one.name) for one in fields(part) if one.init}
    return {
        name: _parts(value) if is_dataclass(value) else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def _newer(content: dict) -> dict:
    """Return the parts that files of earlier versions lack; without them stages are read as they were then."""
    companion, recorded = content.get("companion"), content.get("recorded")
    if companion is not None:
        companion = PersonaChain(
            **companion | {name: tuple(companion[name]) for name in ("steps", "personas")}
        )
    if recorded is not None:
        recorded = Recorded(**recorded | {"waiting": Waiting(**recorded["waiting"])})
    return {"companion": companion, "recorded": recorded, "naming": content.get("naming", NAMED_RIGHT)}


def _reader(content: dict) -> StageReader:
    chain = StageChain(tuple(content["steps"]), **content["chain"])
    names = ("observable", "student", "corrected", "corrected_share", "leaning", "thresholds", "doubt", "moves",
             "about", "reference")  # fmt: skip
    facts = {name: content[name] for name in names}
    return StageReader(
        content["stage_model"], tuple(content["states"]), chain=chain, **facts, **_newer(content)
    )


def _whole(path: Path, content: bytes) -> None:
    """Write a file so that it appears whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(name, path)


def _card(reader: StageReader, evaluation: pd.DataFrame | None, against: str) -> str:
    seen = [state for state, possible in zip(reader.states, reader.observable, strict=True) if possible]
    unseen = [state for state in reader.states if state not in seen]
    lines = [
        "# Stages",
        "",
        f"- Stage model: `{reader.stage_model}`",
        *(f"- {name.capitalize()}: {value}" for name, value in reader.about.items()),
        f"- States that can be inferred: {', '.join(seen)}",
        f"- Stages without evidence in the data: {', '.join(unseen) or 'none'}",
        "- Use: to infer the stage of customers in a log that is read through the same stage model.",
        "- Not for: decisions about a single person; a stage is a probability.",
        "",
    ]
    if evaluation is not None and len(evaluation):
        lines += [
            f"## Scores against {against}",
            "",
            *_markdown(evaluation.drop(columns="against", errors="ignore")),
        ]
    return "\n".join(lines) + "\n"


def _markdown(table: pd.DataFrame) -> list[str]:
    head = ["method", *table.columns]
    rows = [[str(name), *(f"{value:.3g}" if pd.notna(value) else "–" for value in row)] for name, row in
            zip(table.index, table.to_numpy(float), strict=True)]  # fmt: skip
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
