"""Measuring one task in a process of its own, so that what was used before does not count as its peak."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def measured(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return what the work returns, and its wall and CPU seconds and the peak memory of the process (MB)."""
    unit = 2**20 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    started, cpu = time.perf_counter(), time.process_time()
    found = work()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return found, {"seconds": seconds, "cpu": cpu, "peak_mb": peak}


def in_a_process(script: str, task: str, given: Any, options: tuple[str, ...]) -> dict[str, float]:
    """Run a task of a script in a new process and return the figures that it prints."""
    told = [f"--{name}={getattr(given, name)}" for name in options]
    command = [sys.executable, str(Path(script).resolve()), "--task", task, *told]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])
