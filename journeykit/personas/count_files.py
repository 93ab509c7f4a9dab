"""Classes of counts as plain parts of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .count_classes import CountClasses
from .count_table import CountColumns
from .mixture import CountMixture

__all__ = ["restored_classes", "told_classes", "wrong_classes"]

LISTS = ("categories", "blocks", "mean_names")
ARRAYS = ("block_of", "low", "high", "shares", "profile", "precision", "means", "between", "within")


def told_classes(classes: CountClasses) -> dict[str, Any]:
    """Return classes in plain lists and arrays; nothing about single people."""
    columns, mixture = classes.columns, classes.mixture
    return {
        "categories": list(columns.categories), "blocks": list(columns.blocks), "mean_names": list(columns.means),
        **{name: getattr(columns, name) for name in ("block_of", "low", "high")},
        **{name: getattr(mixture, name) for name in ARRAYS[3:]},
    }  # fmt: skip


def restored_classes(told: Mapping[str, Any]) -> CountClasses:
    """Return the classes of which `told_classes` told."""
    columns = CountColumns(
        tuple(told["categories"]), tuple(told["blocks"]), np.asarray(told["block_of"], int),
        tuple(told["mean_names"]), np.asarray(told["low"], float), np.asarray(told["high"], float),
    )  # fmt: skip
    mixture = CountMixture(*(np.asarray(told[name], float) for name in ARRAYS[3:]))
    return CountClasses(columns, mixture)


def wrong_classes(told: Any, names: list[str], k: int) -> str:
    """Return what is wrong with told classes, naming the part; empty when they are sound."""
    if told is None:
        return ""
    if not isinstance(told, dict):
        return f"the part 'classes' is a {type(told).__name__}, which it should not be"
    for name in (*LISTS, *ARRAYS):
        if name not in told:
            return f"the file lacks the part 'classes.{name}'"
        if not isinstance(told[name], list if name in LISTS else np.ndarray):
            return f"the part 'classes.{name}' is a {type(told[name]).__name__}, which it should not be"
    if not set(told["categories"]) | set(told["mean_names"]) <= set(names):
        return "the part 'classes.categories' names columns that are not among the traits"
    return _wrong_shapes(told, k)


def _wrong_shapes(told: Mapping[str, Any], k: int) -> str:
    categories, blocks, means = (len(told[name]) for name in LISTS)
    shapes = {
        "block_of": (categories,), "low": (means,), "high": (means,), "shares": (k,), "profile": (k, categories),
        "precision": (blocks,), "means": (k, means), "between": (means,), "within": (means,),
    }  # fmt: skip
    for name, shape in shapes.items():
        found = told[name]
        if found.shape != shape:
            return f"the part 'classes.{name}' has the shape {found.shape} instead of {shape}"
        if found.dtype.kind not in "iuf" or not np.isfinite(found).all():
            return f"the part 'classes.{name}' holds values that are missing, infinite or no numbers"
    block_of = told["block_of"]
    if not np.array_equal(np.unique(block_of), np.arange(blocks)) or (np.diff(block_of) < 0).any():
        return "the part 'classes.block_of' does not tell blocks of categories that stand together"
    for name in ("shares", "profile", "precision", "between", "within"):
        if not (told[name] > 0).all():
            return f"the part 'classes.{name}' holds a value that is not above 0"
    return ""
