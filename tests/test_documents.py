"""YAML documents: lines of keys, and what is said of a broken file."""

from __future__ import annotations

import pytest

from journeykit.documents import read_document
from journeykit.errors import ClientFileError


def test_a_key_knows_its_line(tmp_path):
    path = tmp_path / "a.yml"
    path.write_text("id: a\nevents:\n  - path: x\n    columns: {customer_id: k}\n")
    document = read_document(path)
    assert document.line_of(("events", 0, "columns", "customer_id")) == 4
    assert document.line_of(("events", 0, "nothing")) == 3
    assert document.line_of(("nothing",)) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file holds no keys"),
        (b"- a\n", "the file holds no keys"),
        (b"id: a\nid: b\n", r"line 2: key 'id' stands here twice"),
        (b"id: [a\n", "not valid YAML"),
        (b"id: \xff\xfe\n", "not text in UTF-8"),
        (b"id: !!python/object/apply:os.system [ls]\n", "cannot be read"),
    ],
)
def test_a_broken_file_is_told(tmp_path, content, message):
    path = tmp_path / "a.yml"
    path.write_bytes(content)
    with pytest.raises(ClientFileError, match=message):
        read_document(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    with pytest.raises(ClientFileError, match="no such file"):
        read_document(tmp_path / "no.yml")
    with pytest.raises(ClientFileError, match="a folder"):
        read_document(tmp_path)
