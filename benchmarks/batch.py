"""A batch of reports: CPU per report beside the bare functions and beside commands, and memory over many clients.

Run with ``python benchmarks/batch.py [--reports 20] [--commands 2] [--many 300]``.

- All sides make the same reports of clients of the demo's size. *Bare functions*: the chapters called one after the
  other in one process, and the page written. *Batch*: adds processes, papermill and the notebook; limit 1.2 times the
  bare functions. *Commands*: ``papermill`` and ``jupyter nbconvert`` per client on the same notebook; the batch is to
  take a quarter of their CPU at most.
- *Again*: the same batch with nothing changed; limit 0.2 s per client on the wall.
- ``--many``: that many tiny clients with a notebook of three cells; how much the memory of the process that runs the
  batch grows between the 50th and the last, and which processes are left.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

BARE_LIMIT, COMMANDS_LIMIT, AGAIN_LIMIT = 1.2, 4.0, 0.2
SETTLED = 50  # reports after which the memory is taken to have settled
CHAPTERS = ("cover", "summary", "personas", "stages", "forecast", "journey_maps", "leaks", "entering", "channels",
            "pages", "after_purchase", "actions", "measure", "changes", "appendix")  # fmt: skip
TINY = (
    'client: str = ""\nas_of: str = ""\nlanguage: str = ""\nfolder: str = ""',
    "from IPython.display import display\nfrom journeykit.reports.blocks import BLOCK",
    "record = {'block': 'record', 'as_of': '2026-03-31', 'figures': {}, 'inputs': []}\n"
    "display({BLOCK: record, 'text/plain': 'record'}, raw=True)",
)


def make_clients(folder: Path, count: int) -> list[Path]:
    """Write clients of the demo's kind, each with a population of its own."""
    from journeykit import simulate

    for number in range(count):
        name = f"client-{number}"
        simulate(customers=1500, seed=number).write(folder / name, client_id=name)
        file = folder / name / "client.yml"
        file.write_text(file.read_text().replace("id: web-shop", f"id: {name}"))
    return sorted(folder.glob("*/client.yml"))


def bare(files: list[Path], out: Path) -> float:
    """Return the CPU seconds of making the reports by calling the functions one after the other."""
    from journeykit.reports.warm import warm_up

    began = time.process_time()
    warm_up()
    for file in files:
        _one(file, out / file.parent.name)
    return time.process_time() - began


def _one(file: Path, folder: Path) -> None:
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    from journeykit import read_client, read_events
    from journeykit.reports import Page, Study, chapters, write_formats
    from journeykit.reports.blocks import BLOCK

    page = Page(read_client(file))
    study = Study(page.client, read_events(page.client).as_of("latest"))
    for name in CHAPTERS:
        getattr(chapters, name)(page, study)
    folder.mkdir(parents=True)
    page.record(study, folder)
    outputs = [new_output("display_data", data={BLOCK: block}) for block in page.blocks]
    write_formats(new_notebook(cells=[new_code_cell("", outputs=outputs)]), folder, ["html"])


def batch(files: list[Path], out: Path) -> float:
    """Return the CPU seconds of the batch: its processes, the server that they are forked from, and this one."""
    from multiprocessing import forkserver

    from journeykit import run_reports

    began = time.process_time()
    outcomes = run_reports(files, out=out, jobs=2, force=True, progress=False)
    here = time.process_time() - began
    failed = [f"{one.client}: {one.error}" for one in outcomes if one.status != "ok"]
    if failed:
        raise SystemExit("\n".join(failed))
    return here + _cpu(forkserver._forkserver._forkserver_pid) + sum(one.cpu_seconds for one in outcomes)


def _cpu(process: int | None) -> float:
    """Return the CPU seconds of a process so far, where the system tells."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def commands(files: list[Path], out: Path) -> float:
    """Return the CPU seconds of a loop of commands: papermill and nbconvert for every client."""
    from journeykit.reports.batch import default_notebook

    before = _children()
    for file in files:
        folder = out / file.parent.name
        folder.mkdir(parents=True)
        given = ["-p", "client", str(file), "-p", "folder", str(folder), "--no-progress-bar"]
        _run("papermill", str(default_notebook()), str(folder / "report.ipynb"), *given)
        _run("nbconvert", "--to", "html", "--no-input", str(folder / "report.ipynb"))
    return _children() - before


def _run(*command: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True, env=environment)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def again(files: list[Path], out: Path) -> float:
    """Return the seconds per client of a second run, in a process of its own, with nothing changed."""
    names = json.dumps([str(file) for file in files])
    code = f"from journeykit import run_reports\nrun_reports({names}, out={str(out)!r}, progress=False)"
    seconds = []
    for _ in range(2):  # the first keeps the hashes
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        seconds.append(time.perf_counter() - began)
    return seconds[-1] / len(files)


def many(count: int) -> None:
    """Make the reports of many tiny clients, and print the memory of this process and what was left running."""
    from journeykit import run_reports
    from journeykit.reports import Progress
    from journeykit.reports.processes import family_of

    resident: list[int] = []

    class Watching(Progress):
        def finish(self, outcome):
            if outcome.status != "ok":
                raise SystemExit(f"{outcome.client}: {outcome.error}")
            resident.append(int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize())
            return outcome

    with TemporaryDirectory() as place:
        folder = Path(place)
        files = [_tiny_client(folder, number) for number in range(count)]
        began, notebook = time.perf_counter(), _tiny_notebook(folder)
        run_reports(files, out=folder / "out", notebook=notebook, jobs=2, progress=Watching(shown=False))
        took = time.perf_counter() - began
    settled, last = resident[min(SETTLED, count) - 1], resident[-1]
    print(f"{count} tiny clients: {took / count:.2f} s per client on the wall, two at a time")
    print(
        f"memory of the parent: {settled / 1e6:.1f} MB after {min(SETTLED, count)}, {last / 1e6:.1f} MB after {count}"
    )
    print(f"processes left beside the server and its tracker: {len(family_of(os.getpid())) - 3}")
    print(f"open files: {len(os.listdir('/proc/self/fd'))}")


def _tiny_client(folder: Path, number: int) -> Path:
    name = f"tiny-{number}"
    (folder / f"{name}.csv").write_text("customer_id,timestamp,touchpoint\n1,2026-01-01,purchase\n")
    (folder / f"{name}.yml").write_text(f"id: {name}\nname: {name}\nevents: {{path: {name}.csv}}\n")
    return folder / f"{name}.yml"


def _tiny_notebook(folder: Path) -> Path:
    from nbformat import write
    from nbformat.v4 import new_code_cell, new_notebook

    cells = [new_code_cell(source) for source in TINY]
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "tiny.ipynb")
    return folder / "tiny.ipynb"


def main() -> int:
    """Print what was measured beside its limit; return 1 when a limit is passed."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--reports", type=int, default=6, help="in the batch and by the bare functions")
    asked.add_argument("--commands", type=int, default=2, help="clients in the loop of commands; 0: none")
    asked.add_argument("--many", type=int, default=0, help="tiny clients, and nothing else")
    given = asked.parse_args()
    if given.many:
        many(given.many)
        return 0
    with TemporaryDirectory() as place:
        return _compare(Path(place), given.reports, given.commands)


def _compare(folder: Path, reports: int, looped: int) -> int:
    files = make_clients(folder / "clients", reports)
    in_batch = batch(files, folder / "reports") / reports
    second = again(files, folder / "reports")
    called = bare(files, folder / "bare") / reports
    print(f"CPU per report: batch {in_batch:.2f} s, bare functions {called:.2f} s")
    print(f"batch / bare functions {in_batch / called:.2f} (limit {BARE_LIMIT})")
    print(f"again, nothing changed: {second:.3f} s per client (limit {AGAIN_LIMIT})")
    passed = in_batch / called > BARE_LIMIT or second > AGAIN_LIMIT
    if looped:
        one = commands(files[:looped], folder / "commands") / looped
        print(f"commands {one:.2f} s; commands / batch {one / in_batch:.2f} (limit {COMMANDS_LIMIT})")
        passed = passed or one / in_batch < COMMANDS_LIMIT
    return int(passed)


if __name__ == "__main__":
    raise SystemExit(main())
