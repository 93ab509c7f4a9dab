"""Journeys whose tables are counted when a test looks at them: counting all takes more than a second, most need one."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from journeykit.journeys import Journeys, mapping

__all__ = ["map_journeys"]


class LazyJourneys(Journeys):
    """The same tables by the same functions, each counted once and not before it is asked for."""

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if isinstance(value, partial):
            value = value()
            object.__setattr__(self, name, value)
        return value


def map_journeys(log, *arguments: Any, **options: Any) -> Journeys:
    """Return what `journeykit.journeys.map_journeys` returns, every table still to be counted."""
    with pytest.MonkeyPatch.context() as patch:
        for name, function in vars(mapping).copy().items():
            if _counts(function):
                patch.setattr(mapping, name, partial(partial, function))
        patch.setattr(mapping, "Journeys", LazyJourneys)
        return mapping.map_journeys(log, *arguments, **options)


def _counts(function: Any) -> bool:
    """Tell whether a name of the module is a function of another chapter that makes a table out of traced paths."""
    chapter = getattr(function, "__module__", "")
    own = chapter.startswith("journeykit.journeys.") and chapter != mapping.__name__
    return own and not isinstance(function, type) and function is not mapping.trace_paths
