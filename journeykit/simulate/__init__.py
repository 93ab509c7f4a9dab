"""Populations with known personas and stages, made for measuring how well methods do.

The module carries the name of its one verb, so it can be called: ``journeykit.simulate(customers=100)`` works
whether or not the module was imported before.
"""

from __future__ import annotations

import sys
from inspect import signature
from types import ModuleType
from typing import Any

from .population import Population, simulate
from .posterior import limit, limit_of_moves

__all__ = ["Population", "limit", "limit_of_moves", "simulate"]


class _CallableModule(ModuleType):
    """A module that, when called, simulates."""

    def __call__(self, **settings: Any) -> Population:
        return simulate(**settings)


__signature__ = signature(simulate)
sys.modules[__name__].__class__ = _CallableModule
