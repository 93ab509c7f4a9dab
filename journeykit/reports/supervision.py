"""One process per report, watched: ended when it takes too long or too much memory."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType
from typing import Any

from journeykit.reports.logs import trim
from journeykit.reports.outcomes import Job, now
from journeykit.reports.processes import end_family, end_stragglers, family_memory

__all__ = ["Limits", "Watched", "context", "wait_for"]

STARTING = threading.Lock()  # one process is started at a time: what is kept out of it is the whole program's


def context():
    """Return the way to start processes: forked from a warm server, or spawned where that is missing."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(["journeykit.reports.preload"])
    return chosen


@contextmanager
def _starting():
    """Keep the caller's script out of the new process, where it would be run again, and let workers of pools start one.

    Workers of a pool or a cluster are daemons, which may start none lest it be orphaned; this one ends by itself
    when the worker does.
    """
    own = vars(multiprocessing.current_process())["_config"]
    with STARTING:
        main, daemon = sys.modules["__main__"], own.pop("daemon", None)
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
            own.update({} if daemon is None else {"daemon": daemon})


@dataclass(frozen=True)
class Limits:
    """What one report may take: seconds, and GB of memory with all that it starts; without limit when None."""

    timeout: float | None = None
    memory: float | None = None


def wait_for(watched: Iterable[Watched]) -> None:
    """Wait until one of the processes says something or ends; not longer than the limits can wait to be looked at."""
    wait([each for one in watched for each in (one.process.sentinel, one.channel)], timeout=0.25)


@dataclass
class Watched:
    """A report in the making: its process, how far it is, and how it ended."""

    job: Job
    folder: Path
    process: Any
    channel: Any
    attempt: int = 1
    began: float = field(default_factory=time.monotonic)
    started: str = field(default_factory=now)
    done: int = 0
    total: int = 0
    result: dict[str, Any] | None = None
    fault: dict[str, str] | None = None
    left: dict[int, str] = field(default_factory=dict)
    closed: bool = False

    @classmethod
    def start(cls, job: Job, folder: Path, chosen, attempt: int = 1) -> Watched:
        """Start the process that makes a report in a folder."""
        from journeykit.reports.worker import make_report

        here, there = chosen.Pipe(duplex=False)
        process = chosen.Process(target=make_report, args=(job, str(folder), there), daemon=False)
        with _starting():
            process.start()
        there.close()
        return cls(job, folder, process, here, attempt)

    @property
    def seconds(self) -> float:
        """Wall time since the start."""
        return time.monotonic() - self.began

    @property
    def over(self) -> bool:
        """Whether the process has ended."""
        return self.process.exitcode is not None

    @property
    def crashed(self) -> bool:
        """Whether it ended without a word, through no limit of ours."""
        return self.over and self.result is None and self.fault is None

    def listen(self) -> None:
        """Take in what the process has said so far."""
        with suppress(EOFError, OSError):
            while self.channel.poll():
                kind, *said = self.channel.recv()
                if kind == "done":
                    self.result = said[0]
                elif kind == "failed":
                    self.fault = said[0]
                elif kind == "left":
                    self.left = said[0]
                else:
                    self.done, self.total = (said[0], said[1]) if kind == "cell" else (self.total, self.total)

    def hold_to(self, limits: Limits) -> None:
        """End the process when it is past a limit, and keep its log within bounds."""
        trim(self.folder / "log.txt")
        if limits.timeout is not None and self.seconds > limits.timeout:
            self.end(f"it took longer than the limit of {limits.timeout:g} s")
        elif limits.memory is not None and family_memory(self.process.pid) > limits.memory * 1e9:
            self.end(f"it used more memory than the limit of {limits.memory:g} GB")

    def end(self, reason: str) -> None:
        """Kill the process and all that it started, and say why."""
        self.fault = {"error": reason, "stage": self.place}
        if not self.over:
            end_family(self.process.pid)
        self.process.join()

    def close(self) -> None:
        """End what the process left running, and give back what watching it took."""
        if not self.closed:
            self.closed = True
            end_stragglers(self.process.pid, self.left)
            self.channel.close()

    @property
    def place(self) -> str:
        """The part of the work that it is in."""
        return f"cell {self.done + 1} of {self.total} of the notebook" if self.total else "starting"
