"""The project's files about itself agree: dependencies, lock, environment, Python versions, the one door."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
ON_CONDA = {"python-duckdb": "duckdb"}  # conda's name: the name on PyPI


def declared() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    return [Requirement(text) for text in [*PROJECT["dependencies"], *extras["dev"], *extras["demo"]]]


def locked() -> list[Requirement]:
    lines = re.findall(r"^([a-z0-9].*?)(?: \\)?$", LOCK, re.MULTILINE)
    return [Requirement(line) for line in lines]


def conda_requirements() -> dict[str, SpecifierSet]:
    pip = next(part["pip"] for part in CONDA if isinstance(part, dict))
    texts = [text for text in [*CONDA, *pip] if isinstance(text, str) and not text.startswith("-")]
    found = [Requirement(text) for text in texts]
    return {canonicalize_name(ON_CONDA.get(one.name, one.name)): one.specifier for one in found}


@pytest.fixture(scope="module")
def door() -> ModuleType:
    """Return run.py as a module; importing it must do nothing."""
    spec = importlib.util.spec_from_file_location("journeykit_run", ROOT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("python", PYTHONS)
def test_lock_holds_each_dependency_once_per_python(python):
    where = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    there = [one for one in locked() if not one.marker or one.marker.evaluate(where)]
    names = [canonicalize_name(one.name) for one in there]
    assert len(names) == len(set(names))
    versions = {name: one.specifier for name, one in zip(names, there, strict=True)}
    for wanted in declared():
        (pin,) = versions[canonicalize_name(wanted.name)]
        assert pin.operator == "=="
        assert wanted.specifier.contains(Version(pin.version)), wanted


def test_every_locked_package_has_hashes():
    blocks = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked()) > 100
    assert [block.split("\n")[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_lock_names_no_host_and_no_path():
    assert not re.search(r"://|^-|\bfile:|index-url|find-links", LOCK, re.MULTILINE)
    assert not re.search(r"(?<!\w)/\w+/", LOCK)


def test_conda_environment_mirrors_pyproject():
    conda = conda_requirements()
    wanted = {canonicalize_name(one.name): one.specifier for one in declared()}
    wanted["python"] = SpecifierSet(PROJECT["requires-python"])
    conda.pop("pip")
    assert conda == wanted


def test_python_versions_agree(door):
    minors = [line.split(" :: ")[-1] for line in PROJECT["classifiers"] if " :: 3." in line]
    assert tuple(minors) == PYTHONS
    supported = SpecifierSet(PROJECT["requires-python"])
    assert [f"3.{minor}" for minor in range(9, 16) if f"3.{minor}.5" in supported] == list(PYTHONS)
    assert (door.OLDEST, door.NEWEST) == ((3, 11), (3, 14))
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    assert (tool["ruff"]["target-version"], tool["mypy"]["python_version"]) == ("py311", "3.11")


def test_run_imports_only_the_standard_library():
    tree = ast.parse((ROOT / "run.py").read_text("utf-8"))
    modules = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in modules} <= sys.stdlib_module_names


def test_run_is_understood_by_older_pythons_so_that_they_can_say_what_is_missing():
    ast.parse((ROOT / "run.py").read_text("utf-8"), feature_version=(3, 7))


def test_notebooks_are_kept_without_outputs():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells), path.name


def test_check_names_a_notebook_with_outputs(door, tmp_path, capsys):
    spoilt, clean = tmp_path / "spoilt.ipynb", tmp_path / "clean.ipynb"
    spoilt.write_text(json.dumps({"cells": [{"outputs": [{"text": "1"}]}]}))
    clean.write_text(json.dumps({"cells": [{"outputs": []}, {"source": "prose"}]}))
    assert door.clean_notebooks([str(clean)]) == 0
    assert door.clean_notebooks([str(clean), str(spoilt)]) == 1
    assert "spoilt.ipynb: holds outputs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "usage: python3 run.py"),
        (["--help"], 0, "usage: python3 run.py"),
        (["tset"], 2, "Did you mean 'test'?"),
    ],
)
def test_usage_needs_no_set_up(arguments, status, said):
    done = subprocess.run([sys.executable, ROOT / "run.py", *arguments], capture_output=True, text=True)
    assert done.returncode == status
    assert said in done.stdout + done.stderr


@pytest.fixture
def elsewhere(door, tmp_path, monkeypatch):
    """Return run.py with its project moved to an empty folder whose name has a space."""
    root = tmp_path / "a project"
    venv = root / ".venv"
    (venv / "bin").mkdir(parents=True)
    (root / "requirements.lock").write_text(
        "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\n"
    )
    (root / "pyproject.toml").write_text("[project]\n")
    places = {
        "ROOT": root, "VENV": venv, "LOCK": root / "requirements.lock", "PROJECT": root / "pyproject.toml",
        "STAMP": venv / "stamp.json", "BIN": venv / "bin", "PYTHON": venv / "bin" / "python",
        "OWN_UV": venv / "bin" / "uv",
    }  # fmt: skip
    for name, place in places.items():
        monkeypatch.setattr(door, name, place)
    return door


def test_set_up_is_done_once_and_again_when_the_lock_changes(elsewhere, monkeypatch, capsys):
    made = []
    monkeypatch.setattr(elsewhere, "make_venv", lambda: elsewhere.PYTHON.touch() or "uv")
    monkeypatch.setattr(elsewhere, "install", made.append)
    elsewhere.set_up()
    assert "setting up" in capsys.readouterr().err
    elsewhere.set_up()
    assert (made, capsys.readouterr().err) == (["uv"], "")
    elsewhere.LOCK.write_text("other==1.0\n")
    elsewhere.set_up()
    assert len(made) == 2


def test_a_set_up_that_was_cut_off_is_taken_up_again(elsewhere, monkeypatch):
    elsewhere.PYTHON.touch()
    elsewhere.STAMP.write_text(json.dumps(elsewhere.wanted()))
    elsewhere.PROJECT.write_text("[project]\n# other\n")

    def cut_off(uv):
        raise elsewhere.SetupError("no network")

    monkeypatch.setattr(elsewhere, "make_venv", lambda: "uv")
    monkeypatch.setattr(elsewhere, "install", cut_off)
    with pytest.raises(elsewhere.SetupError):
        elsewhere.set_up()
    elsewhere.PROJECT.write_text("[project]\n")
    assert not elsewhere.is_fresh()


@pytest.mark.parametrize("damage", ["none", "no settings", "other python", "moved", "dead"])
def test_an_environment_is_kept_only_when_it_can_work(elsewhere, monkeypatch, damage):
    version = "3.1.0" if damage == "other python" else ".".join(map(str, sys.version_info[:3]))
    if damage != "no settings":
        (elsewhere.VENV / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion_info = {version}\n")
    root = "/elsewhere" if damage == "moved" else str(elsewhere.ROOT)
    elsewhere.STAMP.write_text(json.dumps({"root": root}))
    monkeypatch.setattr(elsewhere, "answers", lambda python, code: damage != "dead")
    assert elsewhere.can_be_kept("uv") == (damage == "none")


def test_pip_gets_uv_with_the_hashes_of_the_lock(elsewhere, monkeypatch):
    calls = []
    monkeypatch.setattr(elsewhere, "call", calls.append)
    elsewhere.own_uv()
    asked = Path(calls[0][-1]).read_text("utf-8")
    assert asked == "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"


@pytest.mark.parametrize(("root", "remedied"), [(True, True), (False, False)])
def test_python_without_ensurepip_is_mended_as_root_and_explained_otherwise(
    door, monkeypatch, capsys, root, remedied
):
    calls = []
    monkeypatch.setattr(door, "has_ensurepip", lambda: bool(calls))
    monkeypatch.setattr(door, "call", lambda command, quiet=False: calls.append(command))
    monkeypatch.setattr(door.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000, raising=False)
    if remedied:
        door.need_ensurepip()
        assert "python3-venv" in calls[-1]
    else:
        with pytest.raises(door.SetupError, match="apt-get install python3-venv"):
            door.need_ensurepip()


@pytest.mark.parametrize(("kept", "place"), [("", None), ("1", "bytecode")])
def test_compiled_code_is_kept_out_of_the_sources_where_that_is_asked_for(door, monkeypatch, kept, place):
    """Not at all would cost every process the compilation of every library."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", kept)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "")  # given back afterwards
    monkeypatch.delenv("PYTHONPYCACHEPREFIX")
    door.keep_bytecode()
    assert not os.environ.get("PYTHONDONTWRITEBYTECODE")
    assert os.environ.get("PYTHONPYCACHEPREFIX") == (place and str(door.VENV / place))


def test_an_interrupted_command_tells_it_as_a_shell_would(door):
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    plain = "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    assert door.status([sys.executable, "-c", plain + killed]) == 130
    assert door.status([sys.executable, "-c", "raise SystemExit(3)"]) == 3


def test_a_failing_step_does_not_hide_behind_a_later_one(door, capsys):
    ends = [[sys.executable, "-c", f"raise SystemExit({code})"] for code in (0, 4, 0)]
    assert door.worst(ends) == 4


def test_ci_runs_the_checks_and_the_whole_suite():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert script.index("run.py check") < script.index("run.py test --all")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
