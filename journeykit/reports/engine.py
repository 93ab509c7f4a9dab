"""A papermill engine that runs a notebook's cells in this process, without a kernel.

Registered with papermill under the name ``journeykit`` (an entry point), so
``papermill --engine journeykit in.ipynb out.ipynb`` works too. Nothing imports this module directly:
papermill loads it while it is itself being imported.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from tempfile import TemporaryDirectory

from papermill.engines import Engine, NBClientEngine

from journeykit.reports.bounds import Printed, Shown, bounded

__all__ = ["InProcessEngine", "KernelEngine"]


class InProcessEngine(Engine):
    """Run the cells one after the other in an IPython shell of this process."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, on_cell=None, **options):
        """Run every code cell; stop at the first that raises, and leave its error in the notebook.

        Parameters
        ----------
        nb_man
            papermill's NotebookExecutionManager.
        kernel_name
            Ignored: the cells run in this process.
        on_cell
            Called with (number of the cell, number of cells) before each cell.
        """
        cells = nb_man.nb.cells
        with _shell() as shell:
            shell.display_pub.shown = shell.displayhook.shown = Shown()
            for number, cell in enumerate(cells):
                if on_cell:
                    on_cell(number, len(cells))
                nb_man.cell_start(cell, number)
                passed = cell.cell_type != "code" or _run(shell, cell, number)
                if not passed:
                    nb_man.cell_exception(cell, number)
                nb_man.cell_complete(cell, number)
                if not passed:
                    return


class KernelEngine(NBClientEngine):
    """Run the cells in an ordinary Jupyter kernel, as papermill does; outputs kept within the same bounds."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, on_cell=None, **options):
        """Run every code cell in the kernel; stop at the first that raises.

        Parameters
        ----------
        nb_man
            papermill's NotebookExecutionManager.
        kernel_name
            The kernel.
        on_cell
            Called with (number of the cell, number of cells) before each cell.
        """
        begin, complete, shown = nb_man.cell_start, nb_man.cell_complete, Shown()

        def start(cell, cell_index=None, **more):
            if on_cell:
                on_cell(cell_index, len(nb_man.nb.cells))
            begin(cell, cell_index=cell_index, **more)

        def bound(cell, cell_index=None, **more):
            if cell.cell_type == "code":
                cell.outputs = bounded(cell.outputs, shown)
            complete(cell, cell_index=cell_index, **more)

        nb_man.cell_start, nb_man.cell_complete = start, bound
        super().execute_managed_notebook(nb_man, kernel_name, **options)


def _run(shell, cell, number: int) -> bool:
    """Run one code cell, put what it shows into its outputs, and say whether it passed."""
    from nbformat.v4 import new_output

    cell.outputs = outputs = []
    shell.display_pub.outputs = shell.displayhook.outputs = outputs
    if not cell.source.strip():
        return True
    with redirect_stdout(Printed("stdout", outputs)), redirect_stderr(Printed("stderr", outputs)):
        result = shell.run_cell(cell.source, store_history=True)
    cell.execution_count = result.execution_count
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return True
    kind, value, trace = type(error), error, error.__traceback__
    lines = shell.InteractiveTB.structured_traceback(kind, value, trace, tb_offset=1)
    outputs.append(new_output("error", ename=kind.__name__, evalue=str(value), traceback=list(lines)))
    return False


@contextmanager
def _shell():
    """Lend a fresh IPython shell, and put everything it took over back afterwards."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell_class = _capturing_shell()
    lineage = [kind for kind in shell_class.mro() if issubclass(kind, InteractiveShell)]
    before = {kind: kind.__dict__.get("_instance") for kind in lineage}
    main, hooks = sys.modules.get("__main__"), (sys.displayhook, sys.excepthook)
    for kind in lineage:
        kind._instance = None
    with (
        TemporaryDirectory(prefix="journeykit-ipython-") as folder,
        warnings.catch_warnings(),
        _own_figures(),
    ):
        warnings.filterwarnings("ignore", message="To exit: use")
        config = Config()
        config.HistoryManager.enabled = False
        shell = shell_class.instance(config=config, ipython_dir=folder)
        try:
            shell.colors = "nocolor"
            _draw_inline(shell)
            yield shell
        finally:
            shell.reset(new_session=False)
            shell.restore_sys_module_state()
            sys.modules["__main__"], (sys.displayhook, sys.excepthook) = main, hooks
            for kind, instance in before.items():
                kind._instance = instance


def _draw_inline(shell) -> None:
    """Show figures at the end of their cell, in a shell that is not the first of this process either."""
    from matplotlib_inline.backend_inline import configure_inline_support
    from matplotlib_inline.config import InlineBackend

    InlineBackend.clear_instance()
    vars(configure_inline_support)["current_backend"] = "unset"
    shell.enable_matplotlib("inline")


@contextmanager
def _own_figures():
    """Put matplotlib's settings back afterwards, and close the figures that were left open."""
    import matplotlib

    before = matplotlib.get_backend(auto_select=False)
    with matplotlib.rc_context():
        yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    if before is not None:
        matplotlib.use(before)


def _capturing_shell():
    """Return IPython's shell, made to collect what is shown as notebook outputs."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from nbformat.v4 import new_output

    class Publisher(DisplayPublisher):
        outputs: list | None = None
        shown: Shown | None = None

        def publish(self, data, metadata=None, **_):
            self.shown.add(new_output("display_data", data=data, metadata=metadata or {}), self.outputs)

        def clear_output(self, wait=False):
            self.outputs.clear()

    class Hook(DisplayHook):
        outputs: list | None = None
        shown: Shown | None = None

        def write_output_prompt(self):
            """Write none: outputs are collected, not printed."""

        def write_format_data(self, format_dict, md_dict=None):
            count = self.shell.execution_count
            output = new_output(
                "execute_result", data=format_dict, metadata=md_dict or {}, execution_count=count
            )
            self.shown.add(output, self.outputs)

        def finish_displayhook(self):
            """Write nothing: outputs are collected, not printed."""

    class Shell(InteractiveShell):
        def init_io(self):
            """Leave the streams as they are: they are redirected per cell."""

        def init_display_pub(self):
            self.display_pub = Publisher(parent=self, shell=self)

        def init_displayhook(self):
            self.displayhook = Hook(parent=self, shell=self, cache_size=0)
            from IPython.core.display_trap import DisplayTrap

            self.display_trap = DisplayTrap(hook=self.displayhook)

        def enable_gui(self, gui=None):
            """Start no event loop: figures are drawn into the notebook."""

        def _showtraceback(self, etype, evalue, stb):
            """Print no traceback: it is put into the notebook."""

        def showtraceback(self, *args, **kwargs):
            """Print no traceback: it is put into the notebook."""

        def showsyntaxerror(self, *args, **kwargs):
            """Print no traceback: it is put into the notebook."""

        def showindentationerror(self):
            """Print no traceback: it is put into the notebook."""

    return Shell
