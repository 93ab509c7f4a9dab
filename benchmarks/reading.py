"""How long it takes to read events, beside what only loads the same file.

    python benchmarks/reading.py [--events N]

Simulated events (a million by default, made once and kept in the temporary folder) are read from CSV and from
Parquet, to a checked log and on to contacts. The peers load the same CSV and check nothing: DuckDB's `read_csv` into
a table, and pandas' `read_csv` into a frame. The grocer's lines follow where `data/raw/corner-grocer` exists. Each
line is the best of two runs, each in a process of its own; imports are not timed, but their memory counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(tempfile.gettempdir()) / "journeykit-benchmarks"
GROCER = ROOT / "data" / "clients" / "corner-grocer.yml"
SHOWN = {"rows": 0, "seconds": 1, "cpu": 1, "peak_mb": 0}
PEERS = ("duckdb.read_csv", "pandas.read_csv")


def make_events(folder: Path, events: int) -> None:
    """Write simulated events as Parquet and CSV."""
    import pandas as pd

    from journeykit.simulate import simulate

    made, seed = [], 0
    while sum(map(len, made)) < events:
        part = simulate(customers=5000, seed=seed, world_seed=0).events
        made.append(part.assign(customer_id=f"{seed}-" + part["customer_id"]).drop(columns="referrer_id"))
        seed += 1
    whole = pd.concat(made, ignore_index=True).head(events)
    folder.mkdir(parents=True, exist_ok=True)
    whole.to_parquet(folder / "events.parquet", index=False)
    whole.to_csv(folder / "making.csv", index=False)
    (folder / "making.csv").rename(folder / "events.csv")


# What is measured: each prepares, untimed, and returns what is timed --------------------------------


def duckdb_csv(path: Path) -> Callable[[], int]:
    import duckdb

    connection = duckdb.connect()

    def load() -> int:
        connection.execute("CREATE TABLE loaded AS SELECT * FROM read_csv(?)", [str(path)])
        return connection.execute("SELECT count(*) FROM loaded").fetchone()[0]

    return load


def pandas_csv(path: Path) -> Callable[[], int]:
    import pandas as pd

    return lambda: len(pd.read_csv(path))


def log_of(path: Path) -> Callable[[], int]:
    from journeykit import read_events

    client = _client(path)
    return lambda: read_events(client).count()


def contacts_of(path: Path) -> Callable[[], int]:
    from journeykit import read_events
    from journeykit.sessions import contacts

    client = _client(path)

    def read() -> int:
        log = read_events(client)
        contacts(log).count().execute()
        return log.count()

    return read


def traits_of(path: Path) -> Callable[[], int]:
    from journeykit import measure_traits, read_events

    client = _client(path)

    def read() -> int:
        log = read_events(client)
        measure_traits(log)
        return log.count()

    return read


def _client(path: Path) -> Any:
    from journeykit import read_client
    from journeykit.clients import client_from_dict

    if path.suffix == ".yml":
        return read_client(path)
    return client_from_dict({"id": "bench", "name": "Bench", "events": {"path": str(path)}})


TASKS: dict[str, Callable[[Path], Callable[[], int]]] = {
    "duckdb.read_csv": duckdb_csv, "pandas.read_csv": pandas_csv, "log": log_of, "contacts": contacts_of,
    "traits": traits_of,
}  # fmt: skip


# Measuring ------------------------------------------------------------------------------------------


def measure(task: str, path: Path) -> dict[str, float]:
    """Run one task; return rows, wall seconds, CPU seconds and peak memory in MB, the least of two runs."""
    runs = [json.loads(in_a_process("--task", task, "--path", str(path))) for _ in range(2)]
    return {name: min(run[name] for run in runs) for name in runs[0]}


def in_a_process(*arguments: str) -> str:
    """Run this script in a new process: what was used before does not count as the peak of the next."""
    command = [sys.executable, str(Path(__file__).resolve()), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def run_task(task: str, path: Path) -> dict[str, float]:
    import resource

    work = TASKS[task](path)
    started, cpu = time.perf_counter(), time.process_time()
    rows = work()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    unit = 2**20 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return {"rows": rows, "seconds": seconds, "cpu": cpu, "peak_mb": peak}


def lines_of(folder: Path) -> list[tuple[str, str, Path]]:
    """Return what is measured: label, task, file."""
    csv, parquet = folder / "events.csv", folder / "events.parquet"
    lines = [(f"{peer}, nothing checked", peer, csv) for peer in PEERS]
    for kind, path in (("CSV", csv), ("Parquet", parquet)):
        lines += [(f"{kind} to a checked log", "log", path), (f"{kind} to contacts", "contacts", path)]
    if (ROOT / "data" / "raw" / "corner-grocer" / "transactions.parquet").is_file():
        lines += [("grocer to contacts", "contacts", GROCER), ("grocer to traits", "traits", GROCER)]
    return lines


def ratios_of(found: dict[str, float], measured: dict[str, dict[str, float]], path: Path) -> list[str]:
    """Return CPU seconds as a multiple of each peer's, where the peer loaded the same events."""
    peers = [measured.get(f"{peer}, nothing checked") for peer in PEERS]
    return ["-" if path == GROCER or peer is None else f"{found['cpu'] / peer['cpu']:.1f}" for peer in peers]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the reading of events.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(run_task(given.task, given.path)))
        return
    folder, measured = CACHE / f"{given.events}-events", {}
    if given.make:
        make_events(folder, given.events)
        return
    if not (folder / "events.csv").is_file():
        in_a_process("--make", "--events", str(given.events))
    head = ("", "rows", "wall s", "CPU s", "peak MB", "x duckdb", "x pandas")
    print(f"{head[0]:34}" + "".join(f"{name:>11}" for name in head[1:]))
    for label, task, path in lines_of(folder):
        found = measured[label] = measure(task, path)
        shown = [f"{found[name]:,.{digits}f}" for name, digits in SHOWN.items()]
        cells = [*shown, *ratios_of(found, measured, path)]
        print(f"{label:34}" + "".join(f"{cell:>11}" for cell in cells), flush=True)
    print("\nRatios are of CPU seconds, against a peer that loads the same events as CSV in the same run.")


if __name__ == "__main__":
    main()
