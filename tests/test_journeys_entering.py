"""Entries, cohorts and coming back, on logs that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.findings import observe
from tests.lazy_journeys import map_journeys
from tests.test_journeys import SHOWS, cell

START = pd.Timestamp("2026-01-01")


def log_of(journeys: dict[str, list[tuple]]) -> EventLog:
    """Return a log from, per customer, (day, stage or touchpoint, channel); day 0 is 1 January 2026."""
    rows = [
        {"customer_id": who, "timestamp": START + pd.Timedelta(days=step[0]), "touchpoint": SHOWS.get(step[1], step[1]),
         "channel": step[2] if len(step) > 2 else "web"}
        for who, steps in journeys.items() for step in steps
    ]  # fmt: skip
    return EventLog.from_frame(pd.DataFrame(rows))


JOURNEYS = {
    "old": [(0, "aw"), (2, "co"), (300, "ac")],  # there when the data begin: in no cohort
    "feb1": [(40, "aw", "social"), (45, "co"), (75, "co")],  # 10 February; goes on, and is back after 35 days
    "feb2": [(41, "aw", "social"), (200, "ac")],  # goes on, but too late to count in 90 days
    "mar": [(65, "aw", "search"), (70, "co"), (71, "ac")],
    "young": [(290, "aw", "search"), (292, "co")],  # 18 October: followed for ten days only
    "sent": [(50, "aw", "social"), (85, "email_sent")],  # a mail that was received is no activity
}


@pytest.fixture(scope="module")
def counted():
    return map_journeys(log_of(JOURNEYS), min_group=1)


def test_who_was_there_before_is_in_no_cohort(counted):
    """Everybody is seen for the first time somewhere; that makes nobody new."""
    cohorts = counted.cohorts
    earlier = cohorts[cohorts["cohort"] == "earlier"]
    assert earlier["customers"].tolist() == [1] and earlier["share"].isna().all()
    sizes = cohorts[cohorts["cohort"] != "earlier"].drop_duplicates("cohort").set_index("cohort")["customers"]
    assert sizes.to_dict() == {"2026-02": 3, "2026-03": 1, "2026-10": 1}


def test_a_cohort_is_judged_after_equal_time_and_a_young_one_not_at_all(counted):
    """The old cohort had a year to buy and the young one ten days: that is no decline."""
    reached = cell(counted.cohorts, "reached", cohort="2026-02", stage="consideration")
    assert reached == 1  # feb2 bought after 159 days, which is too late to count
    assert cell(counted.cohorts, "share", cohort="2026-03", stage="action") == 1
    young = counted.cohorts[counted.cohorts["cohort"] == "2026-10"]
    assert young["share"].isna().all() and (young["customers"] == 1).all()


def test_only_who_can_be_followed_counts_in_a_period(counted):
    back = counted.retention
    first = back[(back["cohort"] == "all") & (back["period"] == 1)].iloc[0]
    assert (first["customers"], first["active"]) == (
        4,
        1,
    )  # feb1 came back; 'young' is cut off; a mail is no act
    assert cell(back, "share", cohort="2026-02", period=1) == pytest.approx(1 / 3)


def test_activity_counts_who_is_known_and_days_not_contacts(counted):
    row = counted.activity.set_index("month").loc["2026-02"]
    assert (row["customers"], row["active"]) == (4, 1)  # the others only saw an advertisement
    march = counted.activity.set_index("month").loc["2026-03"]
    assert march["active_days"] == 1.5 and march["stickiness"] == pytest.approx(1.5 / 31)
    assert not counted.activity.set_index("month").loc["2026-10", "whole"]


def test_an_entry_point_tells_who_went_on_in_time(counted):
    social = counted.entry_points.set_index("channel").loc["social"]
    assert (social["customers"], social["followed"], social["went_on"]) == (3, 3, 1)
    search = counted.entry_points.set_index("channel").loc["search"]
    assert (search["customers"], search["followed"], search["went_on"]) == (2, 1, 1)


@pytest.mark.slow
def test_the_share_of_a_channel_is_of_everyone_small_first_contacts_too():
    """14 begin in social, with 12 + 2 kinds of contact, 12 in search: of 26, social has 14 and not 12."""
    rows = [(f"s{n}", "social", "social_view") for n in range(12)] + [
        (f"w{n}", "social", "word_of_mouth") for n in range(2)
    ]
    rows += [(f"z{n}", "search", "search") for n in range(12)]
    frame = pd.DataFrame(rows, columns=["customer_id", "channel", "touchpoint"]).assign(
        timestamp="2026-01-01"
    )
    journeys = map_journeys(EventLog.from_frame(frame), min_group=10)
    social = journeys.entry_points[journeys.entry_points["channel"] == "social"].iloc[0]
    assert (social["customers"], social["in_channel"], social["in_channel_share"]) == (12, 14, 14 / 26)
    told = next(one for one in observe(journeys) if one.key == "entry_point")
    assert told.numbers["share"] == 14 / 26


def test_the_opening_is_not_set_by_a_few_stray_rows():
    """One wrong date must not make everybody a newcomer."""
    journeys = {f"c{n}": [(400 + n % 60, "aw"), (420 + n % 60, "co")] for n in range(200)}
    stray = map_journeys(log_of({"stray": [(0, "aw")], **journeys}), min_group=1)
    none = map_journeys(log_of(journeys), min_group=1)
    pick = {"cohort": "earlier"}
    assert cell(stray.cohorts, "customers", **pick) == cell(none.cohorts, "customers", **pick) + 1


def test_small_cohorts_are_held_back():
    held = map_journeys(log_of(JOURNEYS), min_group=3)
    assert held.cohorts.set_index(["cohort", "stage"]).loc[("2026-03", "action"), "held_back"]
    assert held.cohorts[held.cohorts["held_back"]]["customers"].isna().all()


def many(share: float, later: float) -> EventLog:
    """Return a log in which that share of each cohort, and of the later one, reaches consideration."""
    random, journeys = np.random.default_rng(1), {"first": [(0, "aw")]}
    for n in range(900):
        month = n % 6
        goes = random.random() < (later if month == 5 else share)
        journeys[f"c{n}"] = [(35 + 30 * month, "aw"), *([(40 + 30 * month, "co")] if goes else [])]
    return log_of({**journeys, "last": [(330, "aw")]})


@pytest.mark.quick("0.5", "0.2")
@pytest.mark.parametrize(
    ("later", "expected"), [(0.5, set()), (0.2, {"cohort_less_far"}), (0.8, {"cohort_further"})]
)
def test_a_cohort_that_does_worse_is_found_and_one_that_does_the_same_is_not(later, expected):
    found = observe(map_journeys(many(0.5, later)))
    assert {one.key for one in found if one.key.startswith("cohort_")} == expected


def test_the_empty_and_the_single_moment_are_counted_too():
    """Everybody on one day: no cohort, no period, and no error."""
    one = map_journeys(log_of({"a": [(0, "aw"), (0, "co")], "b": [(0, "aw")]}), min_group=1)
    assert one.cohorts["cohort"].tolist() == ["earlier"] and one.retention.empty
