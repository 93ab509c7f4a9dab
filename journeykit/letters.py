"""Letters: which characters a text may hold where people read it."""

from __future__ import annotations

import re

__all__ = ["legible"]

# What XML 1.0 has no place for, and the control characters beside them that no typeface shows.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def legible(text: str) -> str:
    r"""Return a text without control characters and halves of letters; ends of lines and tabs stay.

    Examples
    --------
    >>> legible("a\x00b\x1b[1m\tc\n")
    'ab[1m\tc\n'
    """
    return _CONTROL.sub("", text)
