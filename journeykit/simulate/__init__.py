"""Populations with known personas and stages, made for measuring how well methods do."""

from __future__ import annotations

from .population import Population, simulate
from .posterior import limit

__all__ = ["Population", "limit", "simulate"]
