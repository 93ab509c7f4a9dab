"""The content of saved stages: which parts there must be, and whether they can belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from journeykit.errors import nearest
from journeykit.stages.classifier import StageClassifier
from journeykit.stages.periods import PERIOD_DAYS

__all__ = ["wrong_parts"]

CHAIN = ("start", "moves", "mix", "mean", "shape", "usual")
PARTS: dict[str, type | tuple[type, ...]] = {
    "stage_model": str, "states": list, "observable": np.ndarray, "chain": dict, "steps": list,
    "student": (StageClassifier, type(None)), "corrected": (StageClassifier, type(None)), "corrected_share": float,
    "leaning": (np.ndarray, type(None)), "thresholds": (np.ndarray, type(None)), "doubt": float,
    "moves": dict, "about": dict, "reference": dict,
}  # fmt: skip
NEWER = {
    "companion": (dict, type(None)),
    "recorded": (dict, type(None)),
    "naming": float,
}  # files of earlier versions lack them
COMPANION = ("share", "start", "moves", "mix", "mean", "shape", "usual", "marked", "marks", "period_days")
WAITING = ("family", "shape", "own", "usual", "scale", "comes")


def wrong_parts(content: Mapping[str, Any]) -> str:
    """Return what is wrong with the content of a file of stages, naming the part; empty when it is sound.

    Checked are the presence and the kind of every part, the shapes of all arrays, that they hold numbers, that
    probabilities are such, and that the trees of a classifier point at columns and nodes that exist.
    """
    for name, kind in PARTS.items():
        if name not in content:
            near = nearest(name, set(content) - set(PARTS))
            return f"the file lacks the part {name!r}" + (f"; it has {near!r}" if near else "")
        if not isinstance(content[name], kind):
            return f"the part {name!r} is a {type(content[name]).__name__}, which it should not be"
    odd = [name for name, kind in NEWER.items() if name in content and not isinstance(content[name], kind)]
    if odd:
        return f"the part {odd[0]!r} is a {type(content[odd[0]]).__name__}, which it should not be"
    return (
        _wrong_names(content)
        or _wrong_arrays(content)
        or _wrong_newer(content)
        or _wrong_reference(content["reference"])
        or _wrong_classifier("student", content)
        or _wrong_classifier("corrected", content)
    )


def _wrong_names(content: Mapping[str, Any]) -> str:
    for name, least in (("states", 2), ("steps", 1)):
        held = content[name]
        if any(not isinstance(one, str) for one in held) or len(set(held)) < max(len(held), least):
            return f"the part {name!r} does not hold {least} or more different names"
    if content["states"][-1] != "lapsed":
        return "the part 'states' does not end in 'lapsed'"
    lacking = [f"chain.{name}" for name in CHAIN if name not in content["chain"]]
    lacking += [] if "all" in content["moves"] else ["moves.all"]
    return f"the file lacks the part {lacking[0]!r}" if lacking else ""


def _wrong_arrays(content: Mapping[str, Any]) -> str:
    n, steps, chain = len(content["states"]), len(content["steps"]), content["chain"]
    shapes = {"observable": (n,), "corrected_share": (), "doubt": (), "thresholds": (n,), "leaning": (n + 1,)}
    shapes |= {"chain.start": (n,), "chain.moves": (n, n), "chain.mix": (n, steps), "chain.usual": ()}
    shapes |= {"chain.mean": (n,), "chain.shape": (n,)}
    shapes |= {f"moves.{name}": (n, n) for name in content["moves"]}
    values = dict(content) | {f"chain.{name}": chain[name] for name in CHAIN}
    values |= {f"moves.{name}": moves for name, moves in content["moves"].items()}
    arrays = {name: np.asarray(values[name]) for name in shapes if values[name] is not None}
    for name, found in arrays.items():
        if found.shape != shapes[name]:
            return f"the part {name!r} has the shape {found.shape} instead of {shapes[name]}"
        if (
            found.dtype.kind not in "iufb"
            or not np.isfinite(found).all()
            or (name != "leaning" and (found < 0).any())
        ):
            return f"the part {name!r} holds values that are missing, infinite, negative or no numbers"
    return _wrong_chances(arrays)


def _wrong_newer(content: Mapping[str, Any]) -> str:
    """Tell what is wrong with the chain that knows personas, and with what reads recorded stages."""
    n, companion, recorded = len(content["states"]), content.get("companion"), content.get("recorded")
    naming = content.get("naming", 1.0)
    if not 0 <= naming <= 1:
        return "the part 'naming' is no share"
    arrays: dict[str, Any] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    if companion is not None:
        lacking = [name for name in ("steps", "personas", *COMPANION) if name not in companion]
        if lacking:
            return f"the file lacks the part 'companion.{lacking[0]}'"
        people, steps, phases = len(companion["personas"]), len(companion["steps"]), 2 * n - 1
        shapes |= {"companion.share": (people,), "companion.start": (people, phases),
                   "companion.mix": (people, n, steps),
                   "companion.moves": (people, phases, phases), "companion.mean": (people, n), "companion.shape": (n,),
                   "companion.usual": (people,), "companion.marked": (n,), "companion.marks": (n, steps),
                   "companion.period_days": ()}  # fmt: skip
        arrays |= {f"companion.{name}": companion[name] for name in COMPANION}
        if companion["period_days"] != PERIOD_DAYS:
            return (
                f"the part 'companion.period_days' is {companion['period_days']!r} instead of {PERIOD_DAYS}"
            )
    if recorded is not None:
        waiting = recorded.get("waiting") or {}
        lacking = [name for name in WAITING if name not in waiting]
        lacking += [name for name in ("unseen", "first") if name not in recorded]
        if lacking:
            return f"the file lacks the part 'recorded.{lacking[0]}'"
        shapes |= {"recorded.unseen": (n - 1, n - 1), "recorded.first": (n - 1,)}
        arrays |= {name: recorded[name.partition(".")[2]] for name in ("recorded.unseen", "recorded.first")}
        shapes |= {f"recorded.{name}": (n,) if name in ("scale", "comes") else () for name in WAITING}
        arrays |= {f"recorded.{name}": waiting[name] for name in WAITING}
    for name, shape in shapes.items():
        found = np.asarray(arrays[name])
        if found.dtype.kind not in "iuf" or not np.isfinite(found).all() or (found < 0).any():
            return f"the part {name!r} holds values that are missing, infinite, negative or no numbers"
        if found.shape != shape:
            return f"the part {name!r} has the shape {found.shape} instead of {shape}"
    return ""


def _wrong_chances(values: Mapping[str, np.ndarray]) -> str:
    for name, value in values.items():
        rows = name.startswith("moves.") or name in ("chain.start", "chain.moves", "chain.mix")
        if rows and not np.allclose(value.sum(axis=-1), 1, atol=1e-6):
            return f"the part {name!r} holds probabilities that do not sum to 1"
        if name in ("corrected_share", "doubt", "thresholds") and (value > 1).any():
            return f"the part {name!r} holds a share above 1"
        if name in ("chain.mean", "chain.shape", "chain.usual") and (value <= 0).any():
            return f"the part {name!r} holds a value that is not above 0"
    return "" if values["observable"].any() else "the part 'observable' holds no state"


def _wrong_reference(reference: Mapping[str, Any]) -> str:
    kept = {name: reference.get(name, {}) for name in ("signals", "steps", "markers")}
    odd = [name for name, part in kept.items() if not isinstance(part, dict)]
    if odd:
        return f"the part 'reference.{odd[0]}' does not hold names and values"
    for name, known in kept["signals"].items():
        sound = isinstance(known, dict) and {"edges", "shares"} <= set(known)
        numbers = [np.asarray(known[key]) for key in ("edges", "shares")] if sound else []
        if not sound or any(one.dtype.kind not in "iuf" or one.ndim != 1 for one in numbers):
            return f"the part 'reference.signals' has no edges and shares for the signal {name!r}"
        if len(numbers[1]) != len(numbers[0]) + 2 or not all(np.isfinite(one).all() for one in numbers):
            return f"the part 'reference.signals' has odd edges or shares for the signal {name!r}"
    shares = kept["steps"].values()
    sound = all(isinstance(share, float) and 0 <= share <= 1 for share in shares)
    return "" if sound else "the part 'reference.steps' holds something that is no share"


def _wrong_classifier(name: str, content: Mapping[str, Any]) -> str:
    """Tell whether a classifier can infer: its trees first, which are followed without looking; then by trying."""
    classifier = content[name]
    if classifier is None:
        return ""
    try:
        if [*classifier.classes_] != content["states"]:
            return f"the part {name!r} is of other states than 'states'"
        columns, used = len(classifier.feature_names_in_), np.asarray(classifier.usable_)
        known = used.dtype.kind in "iu" and ((used >= 0) & (used < columns)).all()
        if not known or columns != classifier.n_features_in_ or _odd_trees(classifier.boosted_, len(used)):
            return f"the part {name!r} points outside its columns or nodes"
        chances = classifier._both(np.vstack([np.zeros(columns), np.full(columns, np.nan)]))
    except Exception as error:  # whatever was edited, the answer is the same
        return f"the part {name!r} cannot infer ({type(error).__name__})"
    shape = (2, len(content["states"]))
    sound = all(one.shape == shape and not np.isnan(one).any() and (one <= 1e-9).all() for one in chances)
    return "" if sound else f"the part {name!r} infers no probabilities"


def _odd_trees(learner: Any, columns: int) -> bool:
    """Tell whether a node points at a column that is not there, or at a node that does not come after it."""
    for tree in (one for at_once in getattr(learner.model_, "_predictors", ()) for one in at_once):
        nodes = tree.nodes
        place = np.flatnonzero(nodes["is_leaf"] == 0)
        inner = nodes[place]
        ahead = all(((inner[side] > place) & (inner[side] < len(nodes))).all() for side in ("left", "right"))
        known = ((inner["feature_idx"] >= 0) & (inner["feature_idx"] < columns)).all()
        if not len(nodes) or not ahead or not known or inner["is_categorical"].any():
            return True
    return False
