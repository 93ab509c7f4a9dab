"""The notebooks in a live JupyterLab, seen through a browser, as a researcher opens and runs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import nbformat
import pytest

from tests.processes import LAST_RESORT, ended
from tests.test_notebooks import FOLDER, NAMES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RUN = """async (path) => {
  const { commands, shell } = window.jupyterapp;
  const panel = [...shell.widgets("main")].find((one) => one.context && one.context.path === path);
  shell.activateById(panel.id);
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  await commands.execute("notebook:run-all-cells");
  await commands.execute("docmanager:save");
}"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project as a researcher has it, with the demo's web shop, smaller."""
    from journeykit import simulate

    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(FOLDER, root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    (root / "data" / "clients").mkdir(parents=True)
    shutil.copy(FOLDER.parent / "data" / "clients" / "web-shop.yml", root / "data" / "clients")
    simulate(customers=240, days=150, personas=3, stage_model="content", seed=11).write(
        root / "data" / "raw" / "web-shop", client_id="web-shop"
    )
    return root


@pytest.fixture(scope="module")
def lab(project) -> Iterator[str]:
    """The address of a JupyterLab that was started in the project, as `python3 run.py lab` does."""
    options = [
        "--no-browser",
        "--port=0",
        "--allow-root",
        "--expose-app-in-browser",
        "--IdentityProvider.token=t",
    ]
    own = {
        name: str(project / ".jupyter")
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    started = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options], cwd=project, stdout=subprocess.DEVNULL, text=True,
        stderr=subprocess.PIPE, env=os.environ | own | {"PYTHONPATH": str(FOLDER.parent)}, start_new_session=True,
    )  # fmt: skip
    with ended(started) as server:
        found = (re.search(r"http://(?:localhost|127\.0\.0\.1):\d+", line) for line in server.stderr)
        yield next(match.group() for match in found if match)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium here")
    with playwright.sync_playwright() as started:
        yield started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_as_it_is_opened(name, project, browser, request):
    lab = request.getfixturevalue("lab")  # after the browser: without one, no server is started
    page = browser.new_page()
    page.set_default_timeout(1000 * LAST_RESORT)
    page.goto(
        f"{lab}/lab/workspaces/{name}/tree/notebooks/{name}.ipynb?token=t"
    )  # each without the others' tabs
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.evaluate(RUN, f"notebooks/{name}.ipynb")
    page.close()
    cells = [
        cell
        for cell in nbformat.read(project / "notebooks" / f"{name}.ipynb", 4).cells
        if cell.cell_type == "code"
    ]
    faults = [output.evalue for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert faults == [] and all(cell.execution_count for cell in cells)
