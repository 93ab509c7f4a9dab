"""A small notebook and its client, with which the batch is tested: it can fail in every way there is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

SETTINGS = """client: str = ""
as_of: str = "latest"
language: str = "en"
folder: str = ""
mode: str = "ok"
size: int = 3"""
WORK = """import sys
sys.path.insert(0, "TESTS")
from small_notebook import behave
print("working", mode, size)"""
READ = """from fake_study import fake_study
from journeykit import read_client
from journeykit.reports import Page, chapters"""
SHOW = """study = fake_study(read_client(client))
page = Page(study.client, language)
chapters.cover(page, study)
chapters.summary(page, study)
page.record(study, folder)"""
CELLS = (
    ("markdown", "## Settings"), ("code", SETTINGS), ("markdown", "## Work"), ("code", WORK),
    ("code", "behave(mode, client)"), ("markdown", "## Page"), ("code", READ), ("code", SHOW),
)  # fmt: skip


def write_notebook(path: Path) -> Path:
    """Write the notebook, its second cell tagged as parameters."""
    here = str(Path(__file__).parent)
    cells = [
        _cell(number, kind, source.replace("TESTS", here)) for number, (kind, source) in enumerate(CELLS)
    ]
    cells[1]["metadata"]["tags"] = ["parameters"]
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))
    return path


def _cell(number: int, kind: str, source: str) -> dict:
    cell = {"id": f"cell-{number}", "cell_type": kind, "metadata": {}, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def write_client(folder: Path, name: str, rows: int = 3) -> Path:
    """Write a client file with a few events beside it."""
    (folder / f"{name}.csv").write_text(
        "customer_id,timestamp,touchpoint\n" + "1,2026-01-01,purchase\n" * rows
    )
    path = folder / f"{name}.yml"
    path.write_text(f"id: {name}\nname: {name.title()}\nlanguage: en\nevents: {{path: {name}.csv}}\n")
    return path


def behave(mode: str, client: str) -> None:
    """Go wrong in the way that the mode says; `some` means the clients whose names say so."""
    import os
    import subprocess
    import time

    mode = Path(client).stem if mode == "named" else mode
    if mode == "raise":
        raise ValueError("the tills were closed")
    if mode == "hang":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)", client])
        time.sleep(3600)
    if mode == "crash":
        os._exit(7)
    if mode == "eat":
        hoard = [bytearray(20_000_000) for _ in range(100)]
        time.sleep(3600 + len(hoard))
    if mode == "read":
        from journeykit import read_client, read_events

        read_events(read_client(client))
    if mode == "figures":
        import matplotlib.pyplot as plt

        for _ in range(10_000):
            plt.figure(figsize=(1, 1)).subplots().plot([1, 2])
            plt.show()
    if mode == "open figures":
        import matplotlib.pyplot as plt

        plt.rcParams["figure.max_open_warning"] = 0
        for _ in range(10_000):
            plt.figure(figsize=(1, 1)).subplots().plot([1, 2])
    if mode == "flood":
        for _ in range(30):
            print("x" * 1_000_000)
            os.write(1, b"y" * 1_000_000)
        os.write(1, b"\nthe end of the flood\n")
        time.sleep(1)
        raise ValueError("drowned")
    if mode == "full":
        _fill_the_disk()
    if mode == "small files":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
    if mode == "strays":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)", client])
        subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(3600)", client], start_new_session=True
        )
    if mode == "chatter":
        print("x" * 5_000_000)


def _fill_the_disk() -> None:
    """Let every write of a text file meet a full disk, half-way."""
    import errno
    import os

    opened = os.fdopen

    def full(handle, *how, **more):
        file = opened(handle, *how, **more)
        write = file.write

        def stop(text):
            write(text[: len(text) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        file.write = stop
        return file

    os.fdopen = full
