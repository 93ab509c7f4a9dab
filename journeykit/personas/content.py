"""The content of saved personas: which parts there must be, and whether they can belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from journeykit.errors import nearest
from journeykit.features.tables import trait_names

from .count_files import wrong_classes

__all__ = ["PLAIN", "SPACE", "wrong_parts"]

SPACE = ("kept", "centre", "scale", "mean", "directions", "weights")
PLAIN = ("k_", "found_", "reason_", "null_", "picks_", "reference_", "usual_")
GROUPS = ("centres", "variance", "shares")
TABLE = ("name", "index", "columns")
NULL = ("observed", "null_mean", "null_high", "distance", "p_value", "draws")
PARTS: dict[str, tuple[type | tuple[type, ...], tuple[str, ...]]] = {
    "parameters": (dict, ()), "names": (list, ()), "named": (bool, ()), "space": (dict, SPACE),
    "groups": (dict, GROUPS), "facts": (dict, PLAIN), "range": (list, ()), "notes": (list, ()),
    "stability": (np.ndarray, ()), "edge": (float, ()), "careful": (bool, ()),
    "certificate": (dict, TABLE), "candidates": (dict, TABLE),
}  # fmt: skip


def wrong_parts(content: Mapping[str, Any]) -> str:
    """Return what is wrong with the content of a file of personas, naming the part; empty when it is sound.

    Checked are the presence and the kind of every part, the shapes of all arrays, that they hold numbers, and
    that nothing points outside the traits.
    """
    for name, (kind, keys) in PARTS.items():
        if name not in content:
            near = nearest(name, set(content) - set(PARTS))
            return f"the file lacks the part {name!r}" + (f"; it has {near!r}" if near else "")
        if not isinstance(content[name], kind):
            return f"the part {name!r} is a {type(content[name]).__name__}, which it should not be"
        lacking = [key for key in keys if key not in content[name]]
        if lacking:
            return f"the file lacks the part '{name}.{lacking[0]}'"
    wrong = _wrong_facts(content) or _wrong_arrays(content) or _wrong_reference(content)
    return wrong or wrong_classes(content.get("classes"), content["names"], int(content["facts"]["k_"]))


def _wrong_facts(content: Mapping[str, Any]) -> str:
    facts, names = content["facts"], content["names"]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return "the part 'names' does not hold different names of traits"
    if isinstance(facts["k_"], bool) or not isinstance(facts["k_"], int | np.integer) or facts["k_"] < 1:
        return f"the part 'facts.k_' is {facts['k_']!r}, and no number of personas"
    if not isinstance(facts["null_"], dict) or not set(NULL) <= set(facts["null_"]):
        return "the part 'facts.null_' is incomplete"
    for name, value in (("edge", content["edge"]), ("facts.usual_", facts["usual_"])):
        if not isinstance(value, float | np.floating) or not np.isfinite(value) or value < 0:
            return f"the part {name!r} is {value!r}, and no distance"
    if not isinstance(facts["found_"], bool | np.bool_) or content["edge"] == 0:
        return (
            "the part 'facts.found_' is neither true nor false" if content["edge"] else "the part 'edge' is 0"
        )
    return _wrong_tables(content, int(facts["k_"]))


def _wrong_tables(content: Mapping[str, Any], k: int) -> str:
    index = content["certificate"]["index"]
    named = isinstance(index, list) and all(
        isinstance(name, str) and re.fullmatch(r"p[1-9]\d*", name) for name in index
    )
    if not named or len(set(index)) != len(index) or len(index) != k:
        return f"the part 'certificate.index' does not hold the {k} personas that 'facts.k_' tells"
    lacking = {"stability", "certified", "customers", "share"} - set(content["certificate"]["columns"])
    return f"the file lacks the part 'certificate.columns.{min(lacking)}'" if lacking else ""


def _wrong_arrays(content: Mapping[str, Any]) -> str:
    space, k = content["space"], int(content["facts"]["k_"])
    traits = trait_names(content["names"])
    used, directions = np.size(space["kept"]), np.shape(space["directions"])[-1:]
    shapes = {
        "space.kept": (used,), "space.centre": (used,), "space.scale": (used,), "space.mean": (used,),
        "space.directions": (used, *directions), "space.weights": directions,
        "groups.centres": (k, *directions), "groups.shares": (k,), "groups.variance": (), "stability": (k,),
    }  # fmt: skip
    values = {f"{part}.{name}": content[part][name] for part in ("space", "groups") for name in content[part]}
    values["stability"] = content["stability"]
    for name, shape in shapes.items():
        found = np.asarray(values[name])
        if found.shape != shape:
            return f"the part {name!r} has the shape {found.shape} instead of {shape}"
        unknown = name == "stability" and found.dtype.kind == "f"  # of no bootstrap sample, it is missing
        if found.dtype.kind not in "iuf" or not (unknown or np.isfinite(found).all()):
            return f"the part {name!r} holds values that are missing, infinite or no numbers"
    return _wrong_values(np.asarray(space["kept"]), values, len(traits))


def _wrong_values(kept: np.ndarray, values: Mapping[str, Any], traits: int) -> str:
    if (
        kept.dtype.kind not in "iu"
        or len(set(kept.tolist())) < len(kept)
        or ((kept < 0) | (kept >= traits)).any()
    ):
        return f"the part 'space.kept' points outside the {traits} traits"
    for name in ("space.scale", "groups.variance"):
        if not (np.asarray(values[name]) > 0).all():
            return f"the part {name!r} holds a value that is not above 0"
    return ""


def _wrong_reference(content: Mapping[str, Any]) -> str:
    names = trait_names(content["names"])
    used, reference = [names[place] for place in content["space"]["kept"]], content["facts"]["reference_"]
    if not isinstance(reference, dict) or sorted(reference) != sorted(used):
        return "the part 'facts.reference_' is not about the traits that are used"
    for name, known in reference.items():
        sound = isinstance(known, dict) and {"edges", "shares"} <= set(known)
        numbers = [np.asarray(known[key]) for key in ("edges", "shares")] if sound else []
        if not sound or any(one.dtype.kind not in "iuf" or one.ndim != 1 for one in numbers):
            return f"the part 'facts.reference_' has no edges and shares for the trait {name!r}"
        if len(numbers[1]) != len(numbers[0]) + 1 or not all(np.isfinite(one).all() for one in numbers):
            return f"the part 'facts.reference_' has odd edges or shares for the trait {name!r}"
    return ""
