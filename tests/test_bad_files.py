"""Bad files: each is refused with what to do, or read with every row used or rejected for a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bad_files import HEAD, MADE, row
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from journeykit.errors import JourneykitError
from journeykit.events import read_events
from tests.examples import examples

BAD = Path(__file__).parent / "bad"
NO_ID = "no column is named for 'customer_id'"
ENDING = "is not what its ending '.csv' says; it looks like "

REFUSED = {
    # what is no table
    "empty.csv": "the file is empty",
    "blank.csv": "the file is empty",
    "web-page.csv": f"{ENDING}a web page",
    "markup.csv": f"{ENDING}XML",
    "objects.csv": f"{ENDING}JSON",
    "workbook.csv": f"{ENDING}excel or zip",
    "page.pdf.csv": f"{ENDING}pdf",
    "packed.csv": f"{ENDING}gz",
    "noise.csv": "the file is not text",
    "prose.csv": NO_ID,
    "not-packed.csv.gz": "cannot be opened .BadGzipFile.",
    "text.parquet": "not what its ending '.parquet' says",
    # heads
    "head-only.csv": "head-only.csv: the files hold no events: there is nothing under the head",
    "no-head.csv": NO_ID,
    "one-column.csv": "no column is named for 'timestamp'",
    "head-of-two-lines.csv": f"{NO_ID}.*the file has: who, column1, what, column3",
    "nul-in-head.csv": "the head holds a NUL byte",
    "twice-value.csv": "two columns 'value'.*'value: value' or 'value: value_1'",
    "twice-id.csv": "two columns 'customer_id'",
    "ragged-throughout.csv": "no event can be used; rejected rows by reason: malformed: 3",
    # JSON
    "cut.json": "cannot be read as json .*Malformed JSON",
    "deep.json": "cannot be read as json",
    "numbers.json": "holds no rows with names",
    "empty-list.json": "holds no rows with names",
    "empty-object.json": "holds no rows with names",
    "twice-key.jsonl": 'line 1: .*duplicate key "customer_id"',
    # XES
    "entities.xes": "defines entities or a document type",
    "external.xes": "defines entities or a document type",
    "no-events.xes": "the log holds no events",
    "cut.xes": "the XML is broken .*line 1",
    "no-case.xes": NO_ID,
    "bad-date.xes": "none of the times can be read",
    # packed and binary
    "cut.parquet": "cannot be read as parquet .*No magic bytes found at end",
    "hole.parquet": "cannot be read as parquet",
    "noise.parquet": "cannot be read as parquet",
    "no-rows.parquet": "there is nothing under the head",
    "cut.csv.gz": "cut off or is not what its ending says",
    "wrong-sum.csv.gz": "cut off or is not what its ending says",
    "tail.csv.gz": "cut off or is not what its ending says",
    "bomb.csv.gz": "unpacks to more than 200 times its size",
    "bomb.zip": "unpacks to more than 200 times its size",
    "bomb.xlsx": "unpacks to more than 200 times its size",
    "out.zip": "no file that can be read, only ../../evil.csv",
    "nested.zip": "no file that can be read, only in.zip",
    "cut.zip": "cannot be opened .BadZipFile.",
    "other.zip": f"other.zip/b.csv: {NO_ID}",
    "cut.xlsx": "cannot be read as excel",
    "no-rows.xlsx": "holds no rows under a head",
    "locked.xlsx": "not what its ending '.xlsx' says; it looks like old excel",
}

# Who is used, and what becomes of the other rows by their number
READ = {
    # letters and lines
    "utf-16.csv": ("z é", {}),
    "utf-16-be.csv": ("z é", {}),
    "utf-16-unmarked.csv": ("z é", {}),
    "utf-32.csv": ("z é", {}),
    "utf-8-marked.csv": ("z", {}),
    "cp1252.csv": ("z Zoë café", {}),
    "mixed-line-ends.csv": ("z b c d", {}),
    "old-mac.csv": ("z b", {}),
    "nul.csv": ("z", {2: "not_text"}),
    # rows and quotes
    "ragged.csv": ("z d", {2: "malformed", 3: "malformed"}),
    "ragged-after-quoted-line-end.csv": ("a\nb c", {2: "malformed", 4: "time_unreadable"}),
    "quoted-blank-lines.csv": ("a\n\nx c", {2: "malformed", 4: "time_unreadable"}),
    "blank-lines.csv": ("z", {2: "time_unreadable"}),
    "blank-and-ragged.csv": ("a", {2: "malformed", 3: "time_unreadable"}),
    "two-delimiters.csv": ("a", {2: "malformed"}),
    "open-quote.csv": ("z", {2: "malformed", 3: "malformed", 4: "malformed"}),
    "quote-within.csv": ('z b_"x" c', {4: "malformed"}),
    "title.csv": ("z b", {}),
    "two-heads.csv": ("z", {1: "head_again"}),
    "total.csv": ("z b", {3: "no_time"}),
    "head-with-spaces.csv": ("a", {}),
    "column-without-name.csv": ("a", {}),
    "cell-of-10-mb.csv": ("z c", {2: "too_long"}),
    "id-of-10-mb.csv": ("z c", {2: "too_long"}),
    "cell-of-20-mb.csv": ("z c", {2: "malformed"}),
    "head-of-10-mb.csv": ("z", {}),
    "cut-line.jsonl": ("a c", {2: "malformed"}),
    "mixed-types.jsonl": ('a {"x":1}', {2: "time_unreadable"}),
    "nan.json": ("a", {1: "no_customer"}),
    # who
    "nobody.csv": ("z 0", dict.fromkeys([2, 3, 4, 5, 6, 7, 8, 9, 10], "no_customer")),
    "odd-ids.csv": ("z Ann__Smith 🎉 Ann\xa0S 007 7 7.0 1e5 x", {}),
    "leading-zeros.csv": ("007 07 7", {}),
    "formulas.csv": ("z =cmd() +1+1 @SUM(A1) b", {6: "not_a_number"}),
    "formula.xlsx": ("a", {2: "no_customer"}),  # without the value that was last calculated
    "float-ids.parquet": ("7 1e+30 0.5", {4: "no_customer", 5: "no_customer"}),
    "html.csv": ("z <b>x</b>", {}),
    # when
    "three-dates.csv": ("z", dict.fromkeys([2, 3, 4], "time_unreadable")),
    "29-february.csv": ("z c", {2: "time_unreadable"}),
    "29-february-day-first.csv": ("a c", {2: "time_unreadable"}),
    "years.csv": ("z", {2: "before_1970", 3: "after_2099", 4: "time_unreadable", 5: "before_1970", 6: "after_2099",
                        7: "before_1970"}),
    "epoch-and-text.csv": ("a b", {3: "time_unreadable"}),
    "hours.csv": ("z b", {3: "time_unreadable", 4: "time_unreadable"}),
}  # fmt: skip

MOMENTS = {
    "clock-forward.csv": {"a": "00:59", "b": "01:30", "c": "01:00"},
    "clock-back.csv": {"a": "23:59", "b": "01:30", "c": "02:00"},
    "epoch-mixed.csv": {"a": "00:00", "b": "00:00", "c": "00:00", "d": "00:00"},
    "dates-and-offsets.csv": {"a": "23:00", "b": "23:00", "c": "23:00", "e": "10:00", "f": "05:00"},
    "offsets-mostly.csv": {"a": "09:00", "b": "10:00", "c": "09:00"},
}
VALUES = {
    "thousands.csv": {"a": 1234.5, "b": 1234567, "c": 1234.5, "d": 1.234, "e": 3.5, "f": -5, "g": -5, "h": 1000,
                      "k": 1234.5, "z": 1},
    "thousands-with-points.csv": {"a": 1234.5, "b": 1234, "c": 12.5, "d": 1234567.89, "e": -3, "f": 12.5, "g": 1000},
    "twice-in-another-case.csv": {"a": 1},
}  # fmt: skip


@pytest.fixture
def read(write_client, monkeypatch):
    """Read a bad file as the only source of a client."""
    monkeypatch.setattr("journeykit.events.archives.LEAST_BYTES", 2**20)
    monkeypatch.setattr("journeykit.events.formats.excel.LEAST_BYTES", 2**20)

    def read(name: str, **keys):
        content = MADE[name]() if name in MADE else (BAD / name).read_bytes()
        log = read_events(write_client({name: content}, events={"path": name}, **keys))
        counts = log.sources[["rows", "used", "rejected", "merged"]].sum()
        assert (
            counts["used"] + counts["rejected"] + counts["merged"] == counts["rows"]
            and counts["used"] == log.count()
        )
        return log

    return read


def test_there_are_many_and_each_is_judged():
    files = {path.name for path in BAD.iterdir()} | set(MADE)
    assert len(files) >= 60 and files == {*REFUSED, *READ, *MOMENTS, *VALUES, *LATE, NO_HEAD}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_file_fault_and_remedy(read, name):
    with pytest.raises(JourneykitError, match=REFUSED[name]) as told:
        read(name)
    assert told.value.where and told.value.remedy and len(str(told.value)) < 1_000
    assert name in str(told.value) or name == "ragged-throughout.csv", "which of its files"


SLOW = {"head-of-10-mb.csv"}


@pytest.mark.quick(
    "utf-16.csv",
    "cp1252.csv",
    "old-mac.csv",
    "nul.csv",
    "ragged.csv",
    "quoted-blank-lines.csv",
    "open-quote.csv",
    "two-heads.csv",
    "id-of-10-mb.csv",
    "cut-line.jsonl",
    "nobody.csv",
    "odd-ids.csv",
    "formula.xlsx",
    "float-ids.parquet",
    "29-february.csv",
    "years.csv",
    "hours.csv",
)
@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.slow] * (one in SLOW)) for one in READ]
)
def test_every_row_is_used_or_has_its_reason(read, name):
    log = read(name)
    who, reasons = READ[name]
    expected = sorted(word.replace("_", " ") for word in who.split(" "))
    assert sorted(log.to_pandas()["customer_id"]) == expected
    assert dict(zip(log.rejects["row"], log.rejects["reason"], strict=True)) == reasons


@pytest.mark.quick("clock-forward.csv", "clock-back.csv", "dates-and-offsets.csv")
@pytest.mark.parametrize("name", MOMENTS)
def test_times_are_where_they_belong(read, name):
    """A skipped hour counts on, the hour that comes twice is its second, and an offset is never dropped."""
    frame = read(name, timezone="Europe/Amsterdam").to_pandas()
    told = dict(zip(frame["customer_id"], frame["timestamp"].dt.strftime("%H:%M"), strict=True))
    assert told == MOMENTS[name]


@pytest.mark.parametrize("name", VALUES)
def test_amounts_are_what_they_can_be(read, name):
    """12.5 among decimal commas is not 125, and 1,234,567 is no text."""
    frame = read(name).to_pandas()
    assert dict(zip(frame["customer_id"], frame["value"], strict=True)) == pytest.approx(VALUES[name])


LATE = {
    "late-letters.csv": {},  # another encoding, beyond what was looked into
    "late-letters-utf-8.csv": {9_002: "malformed"},  # one broken letter in what is UTF-8
    "late-nul.csv": {9_001: "not_text"},
}


@pytest.mark.parametrize("name", LATE)
def test_what_comes_late_is_seen(read, name, monkeypatch):
    monkeypatch.setattr("journeykit.events.files._SAMPLE_BYTES", 4_096)
    log = read(name)
    assert dict(zip(log.rejects["row"], log.rejects["reason"], strict=True)) == LATE[name]
    assert ("Zoë" in set(log.to_pandas()["customer_id"])) == (name == "late-letters.csv")


NO_HEAD = "ragged-no-head.csv"


def test_rows_of_a_file_without_a_head_are_counted_from_the_first(write_client):
    columns = {"customer_id": "column0", "timestamp": "column1", "touchpoint": "column2"}
    files, source = {NO_HEAD: (BAD / NO_HEAD).read_bytes()}, {"path": NO_HEAD, "columns": columns}
    log = read_events(write_client(files, events=source))
    assert log.rejects[["row", "reason"]].values.tolist() == [[2, "malformed"]] and log.count() == 2


def test_of_two_columns_the_client_file_says_which_counts(write_client):
    source = {"path": "o.csv", "columns": {"value": "value_1"}}
    content = (BAD / "twice-value.csv").read_bytes()
    assert read_events(write_client({"o.csv": content}, events=source)).to_pandas().loc[0, "value"] == 2


def test_nothing_outside_the_folder_is_read(write_client, tmp_path):
    """Links of files and of folders, pipes, and files that are folders."""
    outside = tmp_path / "outside"
    (tmp_path / "raw" / "in").mkdir(parents=True)
    outside.mkdir()
    (outside / "o.csv").write_text(HEAD + row())
    (tmp_path / "raw" / "in" / "o.csv").write_text(HEAD + row("a"))
    (tmp_path / "raw" / "loop.csv").symlink_to(tmp_path / "raw" / "loop.csv")
    os.mkfifo(tmp_path / "raw" / "pipe.csv")
    assert read_events(write_client(events={"path": "raw/*/*.csv"})).count() == 1
    for path, message in {
        "raw/pipe.csv": "not an ordinary file",
        "raw/loop.csv": "a link that leads to itself",
        "raw": "holds no file that can be read",
    }.items():
        with pytest.raises(JourneykitError, match=message):
            read_events(write_client(events={"path": path}))
    (tmp_path / "raw" / "link").symlink_to(outside)
    with pytest.raises(JourneykitError, match="a link that leads out of its folder"):
        read_events(write_client(events={"path": "raw/*/*.csv"}))


LETTERS = st.text(st.sampled_from('ab7,;"\n\r\t €é🎉\x00=<'), max_size=12)


@settings(
    max_examples=examples(5, 100),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines=st.lists(LETTERS, min_size=1, max_size=8))
def test_whatever_is_written_is_used_rejected_or_refused(write_client, lines):
    """No text makes a row vanish, and none ends in anything but an error that says what to do."""
    text = HEAD + row() + "".join(f"{line},2026-01-02,search,1\n" for line in lines) + row("y")
    client = write_client({"o.csv": text}, events={"path": "o.csv"})
    try:
        log = read_events(client)
    except JourneykitError as error:
        assert error.remedy
        return
    counts = log.sources[["rows", "used", "rejected", "merged"]].sum()
    assert counts["used"] == log.count() and counts["rejected"] + counts["merged"] == len(log.rejects)
    assert counts["used"] + counts["rejected"] + counts["merged"] == counts["rows"]
    assert log.rejects["row"].is_unique and log.rejects["row"].between(1, counts["rows"]).all()
