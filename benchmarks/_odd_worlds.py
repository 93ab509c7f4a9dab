"""Sparse and odd worlds of the simulator, as every benchmark of quality prints them beside the dense one."""

from __future__ import annotations

from typing import Any

ODD_WORLDS: dict[str, dict[str, Any]] = {
    "dense": {},
    "3 contacts": {"contacts": 3},
    "10 contacts": {"contacts": 10},
    "300 contacts": {"contacts": 300},
    "several stages in a visit": {"rush": 0.6},
    "half come once": {"one_visit": 0.5},
    "bursts": {"burst": 6.0},
    "season": {"season": 0.8},
    "imports": {"imported": 0.4},
    "charges": {"billed": 0.8},
}
