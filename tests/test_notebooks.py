"""Notebooks: thin, without outputs, with annotated parameters; each runs on small data."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from journeykit.reports.parameters import parameter_types

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = ["10-check-events", "20-personas", "30-stages", "40-journeys", "50-new-dataset", "90-client-report"]
MOST_LINES = 8


@pytest.fixture(params=NAMES)
def notebook(request):
    return nbformat.read(FOLDER / f"{request.param}.ipynb", 4)


def code(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_all_six_are_there():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


def test_cells_are_short_and_hold_no_definitions_or_loops(notebook):
    nbformat.validate(notebook)
    for cell in code(notebook):
        assert len(cell.source.splitlines()) <= MOST_LINES, cell.source
        kinds = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda)
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, kinds)], cell.source


def test_there_are_no_outputs_in_git(notebook):
    assert all(not cell.outputs and cell.execution_count is None for cell in code(notebook))


def test_code_is_explained_in_prose(notebook):
    assert notebook.cells[0].source.startswith("# ")
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    assert len(prose) >= len(code(notebook)) / 2


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_annotated_literals(name):
    types = parameter_types(FOLDER / f"{name}.ipynb")
    assert types and set(types.values()) <= {"str", "int", "float", "bool"}
    if name == "90-client-report":
        assert set(types) == {"client", "as_of", "language", "folder"}


@pytest.fixture(scope="session")
def small_client(tmp_path_factory):
    """A client with a small simulated population."""
    from journeykit import simulate

    folder = tmp_path_factory.mktemp("small")
    simulate(customers=240, days=120, seed=3).write(folder)
    return folder / "client.yml"


def run(name: str, folder: Path, **given) -> None:
    from journeykit.reports.warm import lighten

    lighten()
    import papermill
    from papermill.engines import papermill_engines

    if "journeykit" not in papermill_engines._engines:
        from journeykit.reports.engine import InProcessEngine

        papermill_engines.register("journeykit", InProcessEngine)
    papermill.execute_notebook(
        FOLDER / f"{name}.ipynb", folder / "out.ipynb", given, engine_name="journeykit", progress_bar=False
    )


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A project as a researcher has it: notebooks beside ``data/clients``, with the client that they name."""
    from journeykit import simulate

    root = tmp_path_factory.mktemp("project")
    shutil.copytree(FOLDER, root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    simulate(customers=240, days=120, seed=3).write(root / "data" / "clients", client_id="web-shop")
    (root / "data" / "clients" / "client.yml").rename(root / "data" / "clients" / "web-shop.yml")
    return root


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_runs_as_it_is_from_its_own_folder(name, project, tmp_path, monkeypatch):
    """JupyterLab starts a kernel in the notebook's folder, and nobody changes a parameter first."""
    monkeypatch.chdir(project / "notebooks")
    run(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["10-check-events"])
def test_a_kernel_finds_the_client_too(name, project):
    from nbclient import NotebookClient

    notebook = nbformat.read(project / "notebooks" / f"{name}.ipynb", 4)
    NotebookClient(notebook, resources={"metadata": {"path": str(project / "notebooks")}}).execute()
    assert any(cell.outputs for cell in code(notebook))


@pytest.mark.slow
def test_personas_are_looked_at_without_events(tmp_path):
    rows = [
        f"{number},{20 + 15 * (number % 3) + number % 7},{30 * (number % 3 == 1) + number % 5}"
        for number in range(200)
    ]
    (tmp_path / "people.csv").write_text("\n".join(["id,age,spend", *rows]))
    (tmp_path / "acme.yml").write_text(
        "id: acme\nname: Acme\ncustomers: {path: people.csv, columns: {customer_id: id}}\n"
    )
    run("20-personas", tmp_path, client=str(tmp_path / "acme.yml"))
    with pytest.raises(Exception, match="only customers are known here"):
        run("40-journeys", tmp_path, client=str(tmp_path / "acme.yml"))


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--engine", "journeykit")], ids=["kernel", "engine"])
def test_papermill_s_own_command_runs_the_client_report(options, small_client, tmp_path):
    """The report's notebook is one like any other, and journeykit's engine is known to papermill by its name."""
    command = [sys.executable, "-m", "papermill", str(FOLDER / "90-client-report.ipynb"), "out.ipynb"]
    given = ["-p", "client", str(small_client), "-p", "language", "nl", "--no-progress-bar"]
    environment = os.environ | {"PYTHONPATH": str(FOLDER.parent)}
    done = subprocess.run(
        [*command, *given, *options],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = nbformat.read(tmp_path / "out.ipynb", 4)
    assert "papermill" in made.metadata and made.cells[1].source.startswith("client")
    shown = [output for cell in code(made) for output in cell.outputs if "data" in output]
    assert any("application/vnd.journeykit+json" in output.data for output in shown)
