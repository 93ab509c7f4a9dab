"""The engine: cells run in this process, and leave what a kernel would have left."""

from __future__ import annotations

import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from journeykit.reports.warm import lighten

lighten()


@pytest.fixture
def execute(tmp_path):
    """Run cells with papermill and the engine; return the notebook that was left and the error."""
    import papermill
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError

    if "journeykit" not in papermill_engines._engines:
        from journeykit.reports.engine import InProcessEngine

        papermill_engines.register("journeykit", InProcessEngine)

    def run(*sources: str, **parameters):
        cells = [
            (new_markdown_cell if source.startswith("#!") else new_code_cell)(source) for source in sources
        ]
        cells[0].metadata["tags"] = ["parameters"] if parameters else []
        kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), tmp_path / "in.ipynb")
        error, left = None, tmp_path / "out.ipynb"
        try:
            papermill.execute_notebook(
                tmp_path / "in.ipynb", left, parameters, engine_name="journeykit", progress_bar=False
            )
        except PapermillExecutionError as raised:
            error = raised
        return nbformat.read(left, 4), error

    return run


def outputs(notebook) -> list:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_values_prints_and_displays_are_kept(execute):
    notebook, error = execute(
        "x = 2\nx + 1", "#! prose", "import sys\nprint('said')\nprint('warned', file=sys.stderr)",
        "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b>'))", "x = 5;",
    )  # fmt: skip
    found = outputs(notebook)
    assert error is None
    assert found[0].data["text/plain"] == "3"
    printed = [(one.name, one.text) for one in found if one.output_type == "stream"]
    assert printed == [("stdout", "said\n"), ("stderr", "warned\n")]
    assert any(one.get("data", {}).get("text/html") == "<b>bold</b>" for one in found)


def test_figures_appear_as_in_a_notebook(execute):
    notebook, error = execute("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert error is None and "image/png" in outputs(notebook)[0].data


def test_parameters_await_and_pickles_work(execute):
    notebook, error = execute(
        "size: int = 1", "import asyncio\nawait asyncio.sleep(0)\nsize",
        "import pickle\nclass Thing:\n    pass\ntype(pickle.loads(pickle.dumps(Thing()))).__name__", size=4,
    )  # fmt: skip
    assert error is None
    assert [one.data["text/plain"] for one in outputs(notebook)] == ["4", "'Thing'"]


@pytest.mark.parametrize(("source", "name"), [("1 / 0", "ZeroDivisionError"), ("this is no python", "SyntaxError"),
                                              ("raise SystemExit(3)", "SystemExit")])  # fmt: skip
def test_the_first_error_stops_the_notebook(execute, source, name):
    notebook, error = execute("'before'", source, "'after'")
    assert error is not None and error.ename == name
    assert "'after'" not in [one.data["text/plain"] for one in outputs(notebook) if "data" in one]


def test_endless_printing_is_cut(execute):
    notebook, error = execute("print('x' * 3_000_000)")
    assert error is None and len(outputs(notebook)[0].text) < 300_000
    assert "left out" in outputs(notebook)[0].text


def test_what_is_shown_is_bounded_and_blocks_of_the_report_are_kept(execute, monkeypatch):
    from journeykit.reports import bounds

    monkeypatch.setattr(bounds, "SHOWN_MOST", 1_100)
    show = "from IPython.display import HTML, display\nfor _ in range(100):\n    display(HTML('x' * 300))"
    block = f"display({{'{bounds.BLOCK}': {{'block': 'record'}}, 'text/plain': '-'}}, raw=True)"
    notebook, error = execute(show, show, block)
    found = outputs(notebook)
    assert error is None
    assert [one.output_type for one in found] == ["display_data"] * 3 + ["stream", "display_data"]
    assert "is left out" in found[3].text and bounds.BLOCK in found[4].data


def test_the_process_is_as_it_was(execute):
    before = (sys.modules["__main__"], sys.displayhook, sys.stdout)
    execute("import sys\nsys.displayhook = None", "1 / 0")
    assert (sys.modules["__main__"], sys.displayhook, sys.stdout) == before
    _, _ = execute("kept = 1")
    _, error = execute("kept")
    assert error is not None and error.ename == "NameError", "notebooks share nothing"
