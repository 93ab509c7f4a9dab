"""How a stage is experienced: ratings on one scale, and what goes wrong per customer."""

from __future__ import annotations

import pandas as pd
import pytest

from journeykit.events import EventLog
from tests.lazy_journeys import map_journeys

START = pd.Timestamp("2026-01-01")


def measured(rows: list[tuple], columns: str = "") -> pd.DataFrame:
    """Return the table of experience of rows (customer, day, touchpoint, further columns)."""
    names = ["customer_id", "day", "touchpoint", *columns.split()]
    frame = pd.DataFrame(rows, columns=names)
    frame["timestamp"] = START + pd.to_timedelta(frame.pop("day"), "D")
    return map_journeys(EventLog.from_frame(frame), min_group=1).experience


def one(table: pd.DataFrame, signal: str, stage: str = "action") -> pd.Series:
    found = table[(table["signal"] == signal) & (table["stage"] == stage) & (table["persona"] == "all")]
    assert len(found) == 1
    return found.iloc[0]


def test_friction_is_counted_per_customer_who_has_been_in_the_stage():
    rows = [
        ("a", 0, "purchase", 20),
        ("b", 0, "purchase", 20),
        ("a", 1, "refund", -20),
        ("a", 2, "support_contact", None),
    ]
    table = measured([*rows, ("c", 0, "compare_items", None)], "value")
    assert one(table, "returns")["mean"] == 0.5, "b had none, c never was in this stage"
    assert one(table, "support")["mean"] == 0.5 and one(table, "friction")["mean"] == 1.0
    assert one(table, "returns")["customers"] == 2


def test_a_negative_value_is_a_return():
    table = measured([("a", 0, "purchase", 20), ("a", 3, "odd_contact", -20)], "value")
    assert one(table, "returns")["mean"] == 1.0


def test_what_the_log_cannot_show_has_no_row():
    """Returns that nobody records must not be read as nobody returning anything."""
    table = measured([("a", 0, "purchase"), ("b", 0, "purchase")])
    assert table.empty


def test_where_nothing_was_seen_the_interval_is_not_nothing():
    rows = [(f"c{n}", 0, "purchase") for n in range(40)] + [
        ("x", 0, "compare_items"),
        ("x", 1, "support_contact"),
    ]
    found = one(measured(rows), "support")
    assert found["mean"] == 0 and 0.05 < found["high"] < 0.15


def test_the_same_thing_again_in_a_visit_is_a_repeat_and_another_product_is_not():
    minute = 1 / 1440
    rows = [("a", 0, "purchase", "/p", "x"), ("a", 1, "view_item", "/p", "x"),
            ("a", 1 + minute, "view_item", "/p", "x"), ("a", 1 + 2 * minute, "view_item", "/q", "y"),
            ("a", 9, "view_item", "/q", "y")]  # fmt: skip
    assert measured(rows, "page product").query("signal == 'repeats'")["mean"].sum() == 1


@pytest.mark.parametrize(
    ("ratings", "mean"), [((1, 5), 5.0), ((4, 4), 7.5), ((0, 10), 5.0), ((20, 100), 6.0)]
)
def test_ratings_of_every_scale_are_brought_to_ten(ratings, mean):
    rows = [(who, 0, "purchase", None) for who in "ab"]
    rows += [(who, 1, "odd_question", rating) for who, rating in zip("ab", ratings, strict=True)]
    found = one(measured(rows, "rating"), "rating")
    assert found["mean"] == pytest.approx(mean) and found["touchpoint"] == "odd_question"


def test_ratings_stand_for_those_like_them_who_did_not_answer():
    """Where the busy and pleased answer more often, the plain mean flatters."""
    rows = []
    for n in range(400):
        busy = n % 2 == 0
        rows += [(f"c{n}", 0, "purchase", None)]
        rows += [(f"c{n}", day, "odd_contact", None) for day in range(1, 7 if busy else 1)]
        if n % (4 if busy else 20) in (0, 1):
            rows.append((f"c{n}", 7, "odd_question", 9 if busy else 3))
    given = [row[3] for row in rows if row[3]]
    found = one(measured(rows, "rating"), "rating")
    assert found["low"] < found["mean"] < found["high"]
    assert found["mean"] < sum(given) / len(given) - 0.5, "8.0 as given; 6.0 if all had answered"


def test_small_groups_are_held_back():
    frame = pd.DataFrame({"customer_id": ["a", "a"], "touchpoint": ["purchase", "refund"],
                          "timestamp": [START, START + pd.Timedelta(days=1)]})  # fmt: skip
    table = map_journeys(EventLog.from_frame(frame), min_group=5).experience
    assert table["held_back"].all() and table["mean"].isna().all()
