"""On how many examples a law is tried where each example costs a reading, a fit or a map."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["examples"]


def examples(quick: int, whole: int) -> int:
    """Return the number for the quick suite, or that for the whole one (`run.py test --all`)."""
    return whole if settings.get_current_profile_name() == "whole" else quick
