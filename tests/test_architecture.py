"""The order of the house: every level imports only lower ones; files and functions stay readable."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "journeykit"
LEVELS = [
    "errors", "letters", "intervals", "documents", "definitions", "touchpoints", "channels", "stage_models", "clients",
    "duckdb_engine", "engine", "events", "sessions", "facts", "checks", "drafting", "features", "simulate", "personas",
    "stages", "models", "journeys", "forecasts", "money", "trials", "journey_maps", "findings", "wording", "decisions",
    "plots", "reports", "demo", "cli", "__main__",
]  # fmt: skip
SIBLINGS = [{"checks", "drafting"}, {"forecasts", "money", "trials"}, {"personas", "stages", "simulate"}]
MODULES = sorted(PACKAGE.rglob("*.py"))


def level_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_levels(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names]
    return {name[1] for name in parts if name[0] == "journeykit" and len(name) > 1 and name[1] in LEVELS}


def faults(path: Path) -> list[str]:
    own = level_of(path)
    if own == "__init__":
        return []
    found = []
    for other in imported_levels(path) - {own}:
        if LEVELS.index(other) > LEVELS.index(own):
            found.append(f"{path.relative_to(PACKAGE)} reaches up to {other}")
        elif any({own, other} <= group for group in SIBLINGS):
            found.append(f"{path.relative_to(PACKAGE)} reaches aside to {other}")
    return found


def test_every_module_has_a_level():
    assert {level_of(path) for path in MODULES} - {"__init__"} <= set(LEVELS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_lower_levels(path):
    assert faults(path) == []


def test_a_fault_would_be_found(tmp_path, monkeypatch):
    module = tmp_path / "events.py"
    module.write_text("from journeykit.wording import say\n")
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    assert faults(module) == ["events.py reaches up to wording"]


@pytest.mark.parametrize("path", [*MODULES, ROOT / "run.py"], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_at_most_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_only_the_engine_and_the_events_know_a_back_end():
    knowing = {level_of(path) for path in MODULES if "raw_sql" in path.read_text(encoding="utf-8")}
    assert knowing == {"duckdb_engine", "engine", "events"}


def test_only_wording_knows_a_language():
    """A sentence in code would be a sentence that one of the languages lacks."""
    dutch = [" klanten", " gemiddeld", " naar de ", " volgende "]
    speaking = [path for path in MODULES if any(word in path.read_text(encoding="utf-8") for word in dutch)]
    assert {level_of(path) for path in speaking} <= {"wording", "touchpoints", "drafting"}


def test_importing_is_light():
    import subprocess
    import sys

    code = "import sys, journeykit; print([m for m in ('pandas', 'ibis', 'sklearn', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_on_architecture_names_every_room_in_its_order():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("## The rooms")[1].split("## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert set(named) == set(LEVELS) - {"__main__"}
    assert [LEVELS.index(name) for name in named] == sorted(LEVELS.index(name) for name in named)
