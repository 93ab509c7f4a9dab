"""Exports of known programs: each definition has a sample in its provider's form, read to what is counted by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from journeykit.checks import check_data
from journeykit.clients import read_client
from journeykit.drafting import draft_client
from journeykit.drafting.exports import exports
from journeykit.events import read_events

SAMPLES = Path(__file__).parent / "samples" / "exports"
EXPECTED = yaml.safe_load((SAMPLES / "expected.yml").read_text(encoding="utf-8"))


def test_every_definition_has_a_sample_and_says_what_is_counted():
    assert {name.split(".")[0] for name in EXPECTED} == set(exports()), "one YAML file, one sample"


@pytest.mark.quick("segment.jsonl", "stripe-payments.csv", "xes.xes")
@pytest.mark.parametrize("name", EXPECTED)
def test_an_export_is_recognised_and_read_to_what_is_counted_by_hand(tmp_path, name):
    raw = tmp_path / f"some-export{Path(name).suffix}"
    shutil.copy(SAMPLES / name, raw)
    path = draft_client("acme", raw, folder=tmp_path / "clients")
    assert f"# {name.split('.')[0]}: it has the columns" in path.read_text("utf-8")
    log = read_events(read_client(path))
    counts = check_data(log).counts
    assert counts["rows_read"] == counts["rows_used"] + counts["rows_rejected"] + counts["rows_merged"]
    wanted = dict(EXPECTED[name])
    kinds = wanted.pop("touchpoints", None)
    assert kinds in (None, log.to_pandas()["touchpoint"].value_counts().to_dict())
    found = {key: str(counts[key])[: len(wanted[key])] if key == "first" else counts[key] for key in wanted}
    assert found == pytest.approx(wanted) if not {"first", "currencies"} & set(wanted) else found == wanted
