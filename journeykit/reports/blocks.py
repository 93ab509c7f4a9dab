"""The blocks of a report: typed JSON in the notebook, and each as HTML with every value escaped."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

from journeykit.letters import legible
from journeykit.touchpoints import definitions

__all__ = ["BLOCK", "as_html", "blocks_of", "plain", "template_folder"]

BLOCK = "application/vnd.journeykit+json"


def template_folder():
    """Return the folder of the report's templates."""
    return definitions("templates")


@cache
def _template():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(template_folder() / "report")
    made = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["tie"] = _tied
    return made.get_template("blocks.html.j2")


def _tied(words: str) -> str:
    """Return a text in which no line is broken within an interval such as 78–86%."""
    return re.sub(r"(?<=[\d%])–(?=\d)", "–\u2060", words)


def as_html(block: dict[str, Any]) -> str:
    """Return a block as HTML; empty for one that is not shown."""
    return legible(str(_template().render(b=block))).strip()


def blocks_of(notebook) -> list[dict[str, Any]]:
    """Return the blocks that an executed notebook holds, in their order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data[BLOCK] for output in outputs if BLOCK in output.get("data", {})]


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: null for what is missing, text for dates and lists' members.

    Examples
    --------
    >>> import numpy as np
    >>> plain(np.float64("nan")), plain(np.int64(3)), plain(["a"])
    (None, 3, ['a'])
    """
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    if value is None or value != value or (isinstance(value, float) and math.isinf(value)):
        return None
    return value if isinstance(value, (str, int, float, bool)) else str(value)
