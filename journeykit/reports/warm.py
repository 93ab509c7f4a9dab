"""What a report needs, imported once in the server from which the batch's processes are forked."""

from __future__ import annotations

import importlib
import os

__all__ = ["NEEDED", "warm_up"]

NEEDED = (
    "numpy", "pandas", "scipy.stats", "pyarrow.parquet", "duckdb", "ibis", "ibis.backends.duckdb",
    "sklearn.cluster", "sklearn.linear_model", "sklearn.ensemble", "sklearn.model_selection",
    "matplotlib.pyplot", "seaborn", "matplotlib_inline.backend_inline", "IPython.core.interactiveshell",
    "nbformat", "nbconvert.exporters", "babel.numbers", "babel.dates", "jinja2", "skops.io",
)  # fmt: skip


def warm_up() -> None:
    """Import the libraries and journeykit's own modules; leave out what is not installed."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    lighten()
    for name in (*NEEDED, "papermill", "journeykit.reports.study", "journeykit.reports.chapters"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue


def lighten() -> None:
    """Put a placeholder for a grammar of addresses that jsonschema imports and no notebook needs.

    Building it takes longer than the rest of papermill's import together.
    """
    import sys
    from types import ModuleType

    if "rfc3987_syntax" not in sys.modules:
        placeholder = ModuleType("rfc3987_syntax")
        vars(placeholder)["is_valid_syntax"] = lambda *_: True
        sys.modules["rfc3987_syntax"] = placeholder
