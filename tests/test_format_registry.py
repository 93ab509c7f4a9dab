"""Formats: each a module that registers itself; adding one is one module and one test."""

from __future__ import annotations

import sys
import types

import pytest

from journeykit.clients import client_from_dict
from journeykit.errors import DataError
from journeykit.events import formats as registry
from journeykit.events import read_events
from journeykit.events.formats import Format, formats, kinds
from journeykit.events.formats.loading import load

ENDINGS = {
    "csv": (".csv", ".tsv", ".txt"), "json": (".json", ".jsonl", ".ndjson"), "parquet": (".parquet", ".pq"),
    "excel": (".xlsx", ".xlsm"), "xes": (".xes",),
}  # fmt: skip


def test_the_formats_are_those_of_the_modules():
    assert {kind: one.endings for kind, one in kinds().items()} == ENDINGS
    assert len(formats()) == sum(map(len, ENDINGS.values()))


@pytest.fixture
def triples(monkeypatch):
    """A format of which each line is who, when and what, with a space between; a module as anybody would add it."""
    module = types.ModuleType(f"{registry.__name__}.triples")

    def read(connection, path, raw, name):
        rows = [line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()]
        good = [row for row in rows if len(row) == 3]
        values = ", ".join(str(tuple(row)) for row in good)
        load(connection, f"(VALUES {values}) AS told(customer_id, timestamp, touchpoint)", name)
        return [number for number, row in enumerate(rows, 1) if len(row) != 3]

    module.FORMAT = Format("triples", (".triples",), read)
    found = [*registry.iter_modules(registry.__path__), types.SimpleNamespace(name="triples")]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "iter_modules", lambda path: found)
    kinds.cache_clear()
    yield
    kinds.cache_clear()


def test_a_format_that_is_added_is_read_with_its_malformed_rows(triples, tmp_path):
    (tmp_path / "log.triples").write_text("a 2026-01-01 search\nb 2026-01-02\na 2026-01-03 purchase\n")
    given = {"id": "acme", "name": "Acme", "events": {"path": "log.triples"}}
    log = read_events(client_from_dict(given, tmp_path))
    assert log.to_pandas()["touchpoint"].tolist() == ["search", "purchase"]
    assert log.rejects[["row", "reason"]].values.tolist() == [[2, "malformed"]]
    assert log.sources[["rows", "used", "rejected", "merged"]].values.tolist() == [[3, 2, 1, 0]]


def test_a_file_of_no_format_names_those_that_are_read(tmp_path):
    (tmp_path / "log.triples").write_text("a 2026-01-01 search\n")
    given = {"id": "acme", "name": "Acme", "events": {"path": "log.triples"}}
    with pytest.raises(DataError, match=r"files ending in '.triples' are not read.*\.csv, \.json"):
        read_events(client_from_dict(given, tmp_path))
