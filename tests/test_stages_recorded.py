"""The recorded reading: who is where by the last contact that shows it, and who has left by silence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.stages import infer_stages, load_stages, read_stages, save_stages
from journeykit.stages.recorded import Recorded, read_days
from journeykit.stages.waiting import Waiting, fit_waiting

DAY = pd.Timedelta(days=1)
WAY = ("ad_impression", "compare_items", "add_to_cart", "purchase", "repeat_purchase")


def journeys(units: int = 90) -> list[tuple[str, str, str]]:
    """Return people who take a stage a week and stop at one of five; the last of them come in at the end."""
    start = pd.Timestamp("2026-01-01 10:00")
    return [
        (f"c{unit:03d}", f"{start + DAY * (unit + 7 * at)}", WAY[at])
        for unit in range(units) for at in range(1 + unit % 5)
    ]  # fmt: skip


def log_of(rows: list[tuple[str, str, str]]) -> EventLog:
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint"])
    frame["timestamp"] = pd.to_datetime(frame["timestamp"], format="ISO8601")
    return EventLog.from_frame(frame, stage_model="universal")


@pytest.fixture(scope="module")
def found():
    return infer_stages(log_of(journeys()))


def waiting(**changes) -> Waiting:
    fields = {
        "family": 1,
        "shape": 4.0,
        "own": 1.0,
        "usual": 7.0,
        "scale": np.ones(3),
        "comes": np.full(3, 0.5),
    }
    return Waiting(**fields | changes)


def test_contacts_that_fit_are_taken_at_their_word(found):
    assert found.reader.recorded is not None
    stages = found.table.drop(columns=[name for name in found.table if name.startswith("p_next")])
    last = {f"c{unit:03d}": unit % 5 for unit in range(90)}
    chances = stages[[f"p_{stage}" for stage in found.states[:-1]]].to_numpy()
    assert (chances.argmax(axis=1) == pd.Series(last).reindex(stages.index)).all()
    assert (found.table.filter(regex="^p_(?!next_)").sum(axis=1) - 1).abs().max() < 1e-9
    assert (found.table.filter(regex="^p_next_").sum(axis=1) - 1).abs().max() < 1e-9


def test_who_was_just_seen_has_not_lapsed_and_who_is_long_silent_has(found):
    lapsed = found.table["p_lapsed"]
    assert lapsed["c089"] < 0.2 and lapsed[[f"c{unit:03d}" for unit in range(30)]].min() > 0.8


def test_saved_it_reads_the_log_as_before(found, tmp_path):
    path = save_stages(found, tmp_path / "stages.skops")
    again = read_stages(load_stages(path), log_of(journeys()))
    pd.testing.assert_frame_equal(again.table, found.table)


def test_silence_counts_in_the_own_pace():
    days, span = np.array([5.0, 5.0]), np.array([8.0, 120.0])  # every two days, every thirty
    left, _ = waiting().left(np.zeros(2, int), np.array([14.0, 14.0]), days, span)
    assert left[0] > 0.99 and left[1] < 0.2


def test_nobody_has_left_at_once_and_who_came_again_had_not():
    place, one = np.zeros(2, int), np.ones(2)
    left, passed = waiting().left(place, np.array([0.0, 99.0]), one, 0 * one, np.array([0.0, np.nan]))
    assert left[0] < 1e-6 and left[1] == 0
    assert passed[1] > 0.99


def test_the_chance_of_leaving_is_the_share_of_those_who_could_have_gone():
    place, one = np.zeros(1, int), np.ones(1)
    model = waiting(comes=np.full(3, 0.75))
    left, passed = model.left(place, np.array([7.0]), one, 0 * one)
    assert left == pytest.approx(0.25 * passed / (1 - 0.75 * passed))


def test_the_waiting_time_and_who_comes_again_are_found():
    random = np.random.RandomState(0)
    wait, came = 10 * random.weibull(4.0, 2000), random.uniform(size=2000) < 0.7
    seen = came & (wait < 60)
    gaps = pd.DataFrame(
        {"place": 0, "gap": np.where(seen, wait, 60.0), "came": seen, "days": 1.0, "span": 0.0}
    )
    found = fit_waiting(gaps, 1)
    assert found.comes[0] == pytest.approx(0.7, abs=0.04)
    middle = found.passed(np.zeros(1, int), np.array([10 * np.log(2) ** 0.25]), np.ones(1), np.zeros(1))
    assert middle[0] == pytest.approx(0.5, abs=0.04)


def test_somebody_without_a_recorded_stage_is_where_others_begin():
    reader = Recorded(waiting(), np.zeros((2, 2)), np.array([0.75, 0.25]))
    signals = pd.DataFrame([[np.nan, 0.0, 1.0, 0.0]], columns=[
        "recorded.here", "recorded.silent", "recorded.days", "recorded.span"])  # fmt: skip
    assert reader.chances(signals)[0] == pytest.approx([0.75, 0.25, 0.0], abs=1e-6)


def test_days_hold_the_stage_of_their_last_contact():
    rows = [("a", "2026-01-01 10:00", "ad_impression"), ("a", "2026-01-01 11:00", "compare_items"),
            ("a", "2026-01-03 10:00", "purchase")]  # fmt: skip
    assert read_days(log_of(rows))["here"].tolist() == [1.0, 3.0]


def test_nobody_comes_back_who_is_gone_for_good(found):
    gone = found.table[found.table["p_lapsed"] > 0.97]
    assert len(gone) and (gone["p_next_stay"] > 0.96).all() and (gone["move_return"] == 0).all()
