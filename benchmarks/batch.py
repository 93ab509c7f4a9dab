"""CPU per report in the batch, against the bare functions called in one process.

Run with ``python benchmarks/batch.py [REPORTS]``. Both sides read the same clients, measure the same and write the
same page; the batch adds processes, papermill and the notebook. Limit: 1.4 times the bare functions.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

LIMIT = 1.4
REPORTS = 6


def make_clients(folder: Path, count: int) -> list[Path]:
    """Write clients of the demo's kind, each with a population of its own."""
    from journeykit import simulate

    for number in range(count):
        name = f"client-{number}"
        simulate(customers=1500, seed=number).write(folder / name, client_id=name)
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
    shown = ("cover", "summary", "personas", "stages", "forecast", "journey_maps", "leaks", "channels", "pages",
             "after_purchase", "actions", "measure", "appendix")  # fmt: skip
    for name in shown:
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


def main() -> int:
    """Print both and their ratio; return 1 when the ratio is over the limit."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REPORTS
    with TemporaryDirectory() as place:
        folder = Path(place)
        files = make_clients(folder / "clients", count)
        for number, file in enumerate(files):
            file.write_text(file.read_text().replace("id: web-shop", f"id: client-{number}"))
        in_batch = batch(files, folder / "reports")
        called = bare(files, folder / "bare")
    ratio = in_batch / called
    print(f"CPU per report: batch {in_batch / count:.2f} s, bare functions {called / count:.2f} s")
    print(f"ratio {ratio:.2f} (limit {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
