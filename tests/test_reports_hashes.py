"""Hashes of files: each file is read once, and never is an old hash taken for a changed file."""

from __future__ import annotations

import json
import os

import pytest

from journeykit.reports import hashes
from journeykit.reports.hashes import Hashes, hash_file


@pytest.fixture
def counted(monkeypatch):
    """The names of the files that are read."""
    read = []
    monkeypatch.setattr(hashes, "hash_file", lambda path: read.append(path.name) or hash_file(path))
    monkeypatch.setattr(hashes, "SETTLED", -1)
    return read


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data.csv").write_text("one")
    return tmp_path / "data.csv"


def test_a_file_is_read_once_within_a_run_and_by_the_runs_that_follow(counted, data, tmp_path):
    first = Hashes(tmp_path / "kept.json")
    assert first.of(data) == first.of(data) == hash_file(data)
    first.keep()
    assert Hashes(tmp_path / "kept.json").of(data) == hash_file(data)
    assert counted == ["data.csv"]


@pytest.mark.parametrize("change", ["content", "same size", "same size and time", "another file"])
def test_a_changed_file_is_read_again(counted, data, tmp_path, change):
    kept = Hashes(tmp_path / "kept.json")
    kept.of(data)
    kept.keep()
    before = data.stat()
    if change == "another file":
        (tmp_path / "new.csv").write_text("two")
        os.utime(tmp_path / "new.csv", ns=(before.st_atime_ns, before.st_mtime_ns))
        os.replace(tmp_path / "new.csv", data)
    else:
        data.write_text("two" if "same" in change else "longer")
    if change == "same size and time":
        os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Hashes(tmp_path / "kept.json").of(data) == hash_file(data)
    assert len(counted) == 2


def test_the_hash_of_a_file_that_was_just_changed_is_not_kept(data, tmp_path):
    kept = Hashes(tmp_path / "kept.json")
    kept.of(data)
    kept.keep()
    assert not (tmp_path / "kept.json").exists()


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"data.csv": [1]}', '{"DATA": [1, 2, 3, 4, 5, "short"]}']
)
def test_what_was_kept_and_is_spoiled_counts_for_nothing(counted, data, tmp_path, content):
    (tmp_path / "kept.json").write_text(content.replace("DATA", str(data)))
    assert Hashes(tmp_path / "kept.json").of(data) == hash_file(data)
    assert counted == ["data.csv"]


def test_a_place_that_cannot_be_written_is_no_fault(counted, data, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    kept = Hashes(tmp_path / "file" / "kept.json")
    kept.of(data)
    kept.keep()


def test_two_clients_of_one_file_have_it_read_once(counted, tmp_path):
    from journeykit.clients import client_from_dict
    from journeykit.reports.keys import input_files

    (tmp_path / "shared.csv").write_text("customer_id,timestamp,touchpoint\n1,2026-01-01,purchase\n")
    clients = [
        client_from_dict({"id": name, "name": name, "events": {"path": "shared.csv"}}, tmp_path)
        for name in ("acme", "beta")
    ]
    shared = Hashes()
    assert input_files(clients[0], shared) == input_files(clients[1], shared)
    assert counted == ["shared.csv"]


@pytest.mark.slow
def test_a_batch_keeps_its_hashes_beside_the_reports(tmp_path, monkeypatch):
    from journeykit.reports import run_report
    from tests.small_notebook import write_client, write_notebook

    monkeypatch.setattr(hashes, "SETTLED", -1)
    write_client(tmp_path, "acme")
    run_report(
        "acme", clients_folder=tmp_path, out=tmp_path / "out", progress=False,
        notebook=write_notebook(tmp_path / "small.ipynb"),
    )  # fmt: skip
    kept = json.loads((tmp_path / "out" / "hashes.json").read_text())
    assert list(kept) == [str(tmp_path / "acme.csv")]
