"""What the tests share: small logs that can be counted by hand, and what is dear to make, made once.

Whoever needs fitted personas or inferred stages of no particular people takes `fitted` or `stage_world`; both are
made once for all files that a process runs, so no test may change them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, settings

from journeykit.clients import Client, read_client
from journeykit.events import EventLog, reading
from journeykit.reports.warm import lighten
from tests.counting import held_to_the_law

matplotlib.use("Agg")
lighten()  # the tests that import nbformat would spend seconds on a grammar that none of them needs
# of `run.py test --all`; tests/examples.py asks for it
settings.register_profile("whole", deadline=None, suppress_health_check=[HealthCheck.too_slow])

# A loaded machine is slow, and that is no fault: no example is failed by the clock.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a table of rows leave those that `@pytest.mark.quick` names to the quick suite; the others are slow."""
    tables: dict[str, list[bool]] = {}
    for item in items:
        if kept := next(item.iter_markers("quick"), None):
            name, _, row = item.nodeid.removesuffix("]").partition("[")
            quick = any(f"{row}-".startswith(f"{one}-") for one in kept.args)
            tables.setdefault(name, []).append(quick)
            if not quick:
                item.add_marker(pytest.mark.slow)
    for name, quick in tables.items():
        if len(quick) > 1 and not any(quick):
            raise pytest.UsageError(f"{name}: no row has a name that 'quick' gives")


@pytest.fixture(autouse=True, scope="session")
def every_row_of_every_file_is_counted():
    """Hold every file that any test reads to the law: rows are used, rejected or merged, each with a reason."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_read_file", held_to_the_law(reading._read_file))
        yield


@pytest.fixture
def write_client(tmp_path: Path) -> Callable[..., Client]:
    """Write files and a client file to a temporary folder, and return the client that was read."""

    def write(files: dict[str, str | bytes] | None = None, **keys) -> Client:
        for name, content in (files or {}).items():
            data = content.encode() if isinstance(content, str) else content
            (tmp_path / name).write_bytes(data)
        described = {"id": "acme", "name": "Acme"} | keys
        path = tmp_path / f"{described['id']}.yml"
        path.write_text(yaml.safe_dump(described, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return read_client(path)

    return write


@pytest.fixture
def make_log() -> Callable[..., EventLog]:
    """Return a log of rows (customer, day or time, touchpoint, further columns by name)."""

    def make(rows: list[tuple], columns: str = "", **options) -> EventLog:
        names = ["customer_id", "timestamp", "touchpoint", *columns.split()]
        frame = pd.DataFrame(rows, columns=names)
        frame["timestamp"] = pd.to_datetime(frame["timestamp"], format="ISO8601")
        return EventLog.from_frame(frame, **options)

    return make


@pytest.fixture(scope="session")
def fitted() -> Any:
    """The three personas of `persona_people.people()[0]`, as `PersonaClusterer(**QUICK)` finds them."""
    from persona_people import QUICK, people

    from journeykit.personas import PersonaClusterer

    return PersonaClusterer(**QUICK).fit(people()[0])


class StageWorld(NamedTuple):
    """A simulated population, its log under the universal stage model, and its stages inferred without labels."""

    population: Any
    log: EventLog
    inferred: Any


@pytest.fixture(scope="session")
def stage_world() -> StageWorld:
    """400 customers of half a year, without pages, referrals and ratings, with the truth about their stages."""
    from journeykit.simulate import simulate
    from journeykit.stages import infer_stages

    population = simulate(customers=400, seed=11, pages=False, referrals=False, ratings=False)
    log = EventLog.from_frame(population.events, stage_model="universal")
    return StageWorld(population, log, infer_stages(log))
