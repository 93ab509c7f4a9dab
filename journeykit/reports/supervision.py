"""One process per report, watched: ended when it takes too long or too much memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from journeykit.reports.outcomes import Job, now

__all__ = ["Watched", "context"]


def context():
    """Return the way to start processes: forked from a warm server, or spawned where that is missing."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(["journeykit.reports.preload"])
    return chosen


@contextmanager
def _without_main():
    """Keep the caller's script out of the new processes: it would be run again in each."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


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

    @classmethod
    def start(cls, job: Job, folder: Path, chosen, attempt: int = 1) -> Watched:
        """Start the process that makes a report in a folder."""
        from journeykit.reports.worker import make_report

        here, there = chosen.Pipe(duplex=False)
        process = chosen.Process(target=make_report, args=(job, str(folder), there), daemon=False)
        with _without_main():
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
                else:
                    self.done, self.total = (said[0], said[1]) if kind == "cell" else (self.total, self.total)

    def hold_to(self, timeout: float | None, memory: float | None) -> None:
        """End the process when it is past its time (seconds) or memory (GB)."""
        if timeout is not None and self.seconds > timeout:
            self.end(f"it took longer than the limit of {timeout:g} s")
        elif memory is not None and group_memory(self.process.pid) > memory * 1e9:
            self.end(f"it used more memory than the limit of {memory:g} GB")

    def end(self, reason: str) -> None:
        """Kill the process and all that it started, and say why."""
        self.fault = {"error": reason, "stage": self._place()}
        kill_group(self.process.pid)
        self.process.join()

    def _place(self) -> str:
        return f"cell {self.done + 1} of {self.total} of the notebook" if self.total else "starting"


def kill_group(leader: int) -> None:
    """Kill a process group, or the one process where it leads no group yet."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg") and os.getpgid(leader) == leader:
            os.killpg(leader, signal.SIGKILL)
        else:
            os.kill(leader, getattr(signal, "SIGKILL", signal.SIGTERM))


def group_memory(leader: int) -> float:
    """Return the resident memory of a process group in bytes, 0 where the system does not tell."""
    page = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
    return sum(_resident(entry) * page for entry in Path("/proc").glob("[0-9]*") if _group(entry) == leader)


def _group(entry: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int((entry / "stat").read_text().rpartition(")")[2].split()[2])
    return None


def _resident(entry: Path) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int((entry / "statm").read_text().split()[1])
    return 0
