"""Doubts: faults of measuring are named, and an ordinary log has none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.checks import DOUBTS, check_data, find_doubts
from journeykit.events import EventLog, read_events


def ordinary(days: int = 90, people: int = 60, seed: int = 0) -> pd.DataFrame:
    """Sixty people who come by day, some forty times a day, without anything odd."""
    rng = np.random.default_rng(seed)
    count = days * 40
    hours = rng.choice([9, 10, 11, 13, 15, 19, 20, 21, 22, 7, 8, 12, 14, 16], count)
    at = (
        pd.Timestamp("2026-01-01")
        + pd.to_timedelta(rng.integers(0, days, count), "D")
        + pd.to_timedelta(hours, "h")
    )
    at += pd.to_timedelta(rng.integers(0, 3600, count), "s")
    names = rng.choice(["view_item", "search", "purchase"], count, p=[0.5, 0.3, 0.2])
    return pd.DataFrame(
        {
            "customer_id": [f"k{n}" for n in rng.integers(0, people, count)],
            "timestamp": at,
            "touchpoint": names,
        }
    )


def doubts(frame: pd.DataFrame) -> dict[str, list[str]]:
    found = find_doubts(EventLog.from_frame(frame).as_of())
    assert set(found["doubt"]) <= set(DOUBTS) and set(found["level"]) <= {"warning", "note"}
    return found.groupby("doubt")["what"].agg(list).to_dict()


@pytest.mark.quick("0", "1")
@pytest.mark.parametrize("seed", range(5))
def test_an_ordinary_log_has_no_doubts(seed):
    """A warning that always comes is read by nobody."""
    assert doubts(ordinary(seed=seed)) == {}


def changed(what: str) -> pd.DataFrame:
    frame = ordinary()
    day = (frame["timestamp"] - pd.Timestamp("2026-01-01")).dt.days
    one = frame.iloc[[0]]
    if what == "one_id":
        return frame.assign(customer_id=frame["customer_id"].where(frame.index % 5 > 0, "0"))
    if what == "bot":
        many = pd.concat([one] * 300).assign(
            timestamp=lambda f: f["timestamp"] + pd.to_timedelta(range(300), "ms")
        )
        return pd.concat([frame, many])
    if what == "test_account":
        return pd.concat([frame, one.assign(customer_id="test-user@acme.nl")])
    if what == "gap":
        return frame[~day.between(40, 46)]
    if what == "sudden_stop":
        return frame[~((frame["touchpoint"] == "search") & (day > 60))]
    if what == "sudden_start":
        return frame[~((frame["touchpoint"] == "search") & (day < 30))]
    if what == "level_shift":
        more = pd.concat([frame[(frame["touchpoint"] == "search") & (day > 45)]] * 8)
        return pd.concat([frame, more.assign(customer_id=[f"n{n % 97}" for n in range(len(more))])])
    if what == "truncated_end":
        return frame[(day < 89) | ((day == 89) & (frame.index % 8 == 0))]
    if what == "late_start":
        return frame[(day >= 7) | (frame.index % 25 == 0)]
    if what == "clock_midnight":
        return frame.assign(
            timestamp=frame["timestamp"].where(frame.index % 3 > 0, frame["timestamp"].dt.normalize())
        )
    if what == "clock_change":
        return frame.assign(timestamp=frame["timestamp"] - pd.Timedelta(hours=9))
    if what == "times_of_the_future":
        return pd.concat([frame, one.assign(timestamp=pd.Timestamp("2090-01-01"))])
    return frame.assign(touchpoint=frame["touchpoint"].replace("search", "zzz_click"))  # unmapped


EXPECTED = {
    "one_id": "0", "bot": "k", "test_account": "test-user@acme.nl", "gap": "2026-02-10", "sudden_stop": "search",
    "sudden_start": "search", "level_shift": "search", "truncated_end": "2026-03-31", "late_start": "2026-01-0",
    "clock_midnight": "00:00:00", "clock_change": "UTC", "times_of_the_future": "2090-01-01", "unmapped": "zzz_click",
}  # fmt: skip


@pytest.mark.quick("one_id", "bot", "gap", "level_shift", "truncated_end", "clock_change", "unmapped")
@pytest.mark.parametrize("what", EXPECTED)
def test_each_fault_of_measuring_is_named(what):
    found = doubts(changed(what))
    assert any(str(one).startswith(EXPECTED[what]) for one in found[what]), found


def test_an_event_that_two_sources_tell_is_named(write_client):
    head = "customer_id,timestamp,touchpoint,channel\n"
    web = head + "".join(f"k{n},2026-01-{1 + n % 28:02} 10:{n % 60:02}:01,purchase,web\n" for n in range(40))
    files = {"web.csv": web, "shop.csv": web.replace(",web", ",shop").replace("k3,", "k99,")}
    log = read_events(write_client(files, events=[{"path": "web.csv"}, {"path": "shop.csv"}]))
    found = find_doubts(log).set_index("doubt")
    assert found.loc["same_event_twice", ["what", "events"]].tolist() == ["purchase", 39]


def test_attributes_that_tell_the_outcome_and_files_that_are_mostly_rejected_are_named(write_client):
    files = {
        "o.csv": "customer_id,timestamp,touchpoint\n"
        + "".join(f"k{n},2026-01-02,search\n" for n in range(40))
        + ",x,y\n" * 9,
        "p.csv": "customer_id,churned,plan\n"
        + "".join(f"k{n},{n % 2},{'old' if n % 2 else 'new'}\n" for n in range(80)),
    }
    judged = check_data(
        read_events(write_client(files, events={"path": "o.csv"}, customers={"path": "p.csv"})).as_of()
    )
    named = judged.doubts[["doubt", "what"]].values.tolist()
    assert sorted(named) == [["leak", "churned"], ["leak", "plan"], ["rejected", "o.csv"]]
    assert judged.to_dict()["doubts"][0]["level"] == "warning"


def test_of_hidden_ids_no_name_is_read(write_client):
    text = "customer_id,timestamp,touchpoint\ntest@acme.nl,2026-01-01,search\n"
    client = write_client({"o.csv": text}, events={"path": "o.csv"}, privacy={"pseudonymise": True})
    assert "test_account" not in set(find_doubts(read_events(client))["doubt"])


@pytest.mark.quick("2026-05-20", "2026-06-01")
@pytest.mark.parametrize(("as_of", "days"), [("2026-03-31", None), ("2026-05-20", None), ("2026-06-01", 62)])
def test_an_as_of_day_long_after_the_last_event_is_doubtful(make_log, as_of, days):
    """Longer than the horizon (30 days) and than the log was ever silent before (50): else it may be how they are."""
    times = ["2026-01-01", "2026-01-02", "2026-02-21", "2026-03-30", "2026-03-31"]
    log = make_log([("a", time, "purchase") for time in times]).as_of(as_of)
    checked = check_data(log)
    row = checked.doubts.query("doubt == 'long_silence'")
    verdict = checked.questions.set_index("question").loc["forecast"]
    if days is None:
        assert row.empty and "before the as-of day" not in verdict["because"]
        return
    assert row["level"].tolist() == ["warning"]
    assert "62 days after 2026-03-31, at most 50 days apart" in row["because"].iloc[0]
    assert verdict["verdict"] == "not observable" and verdict["because"].startswith(
        "the last event is 62 days"
    )
