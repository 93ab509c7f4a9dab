"""Any file as clients send it: drafted unedited, and read to what is counted by hand, or said to be doubtful."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from strange import known, money, shaped, written

from journeykit.checks import check_data
from journeykit.clients import read_client
from journeykit.drafting import draft_client
from journeykit.events import read_events

CASES = {
    f"{module.__name__.rsplit('.', 1)[-1]}: {name}": case
    for module in (known, money, written, shaped)
    for name, case in module.CASES.items()
}


def write(folder: Path, files: Any) -> list[Path]:
    """Write the files of a case, of texts, bytes or by a function, and return their paths."""
    paths = []
    for name, content in ({"events.csv": files} if isinstance(files, str) else files).items():
        path = folder / name
        if callable(content):
            content(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(textwrap.dedent(content).strip("\n") + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def near(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return all(near(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, str):
        return str(found).startswith(wanted)
    return found == (pytest.approx(wanted) if isinstance(wanted, float | int) else wanted)


def test_there_are_enough_cases():
    assert len(CASES) >= 120


@pytest.mark.quick(
    "money: wc order table", "money: refund column", "money: two currencies codes after", "known: hotel bookings",
    "written: n indian", "written: n thousand only", "written: n nothing beside signs", "written: d nl weekday",
    "written: d date + hh.mm", "written: d ambiguous", "shaped: i salesforce 15 18", "shaped: i session only",
    "shaped: r overlap extra column", "shaped: f title above", "shaped: x cover sheet", "shaped: z two kinds",
)  # fmt: skip
@pytest.mark.parametrize("name", CASES)
def test_a_strange_file_is_read_right_or_said_to_be_doubtful(tmp_path, name):
    files, wanted, *said = CASES[name]
    drafted = draft_client("acme", write(tmp_path, files), folder=tmp_path / "clients")
    judged = check_data(read_events(read_client(drafted)))
    counts = judged.counts
    assert counts["rows_read"] == counts["rows_used"] + counts["rows_rejected"] + counts["rows_merged"]
    looks = " ".join(line for line in drafted.read_text("utf-8").splitlines() if "LOOK" in line)
    looks += json.dumps(judged.doubts.to_dict("records"), default=str)
    heard = bool(said and re.search(said[0], looks, re.IGNORECASE))
    assert heard or not (said[1:] and said[1]), looks
    wrong = {key: counts[key] for key, value in wanted.items() if not near(counts[key], value)}
    assert heard or not wrong
