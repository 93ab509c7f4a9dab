"""Intervals of inferred shares: as wide as the sample asks for, and never narrower than the reading is sure."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from journeykit.intervals import wilson
from journeykit.journeys.misreading import MISREADING, interval_as_read, left_open, widened_as_read


def read(inferred: bool = True, open_share: float = 1.0, lapse_known: bool = True) -> SimpleNamespace:
    return SimpleNamespace(inferred=inferred, left_open=open_share, lapse_known=lapse_known)


def width(paths: SimpleNamespace, total: float, figure: str = "drop_off") -> float:
    low, high = interval_as_read(paths, figure, [0.3 * total], [total])
    return float(high[0] - low[0])


PLAIN = read(inferred=False, lapse_known=False)


@pytest.mark.parametrize("paths", [PLAIN, read(open_share=0.0)], ids=["markers alone", "all is known"])
@pytest.mark.parametrize("figure", list(MISREADING))
def test_where_nothing_is_inferred_or_left_open_the_interval_is_that_of_wilson(paths, figure):
    low, high = wilson([30.0], [100.0])
    assert width(paths, 100, figure) == float(high[0] - low[0])


@pytest.mark.parametrize("figure", list(MISREADING))
def test_more_customers_do_not_make_an_inferred_share_surer_than_its_reading(figure):
    few, many, most = (width(read(), total, figure) for total in (50, 5_000, 5_000_000))
    assert few > many > 0 and many == pytest.approx(most, rel=0.2)
    assert width(PLAIN, 5_000_000, figure) < most / 10


def test_the_more_is_left_open_the_wider():
    widths = [width(read(open_share=share), 5_000) for share in (0.0, 0.2, 0.5, 1.0)]
    assert widths == sorted(widths) and widths[0] < widths[-1] / 3


def test_who_is_in_a_stage_now_is_inferred_wherever_there_is_a_stage_table():
    by_markers = read(inferred=False)
    assert width(by_markers, 5_000, "now") > width(by_markers, 5_000, "drop_off")


def test_of_few_customers_the_sample_decides():
    assert width(read(), 20, "reached") == pytest.approx(width(PLAIN, 20, "reached"), rel=0.1)
    assert width(read(), 5) == pytest.approx(width(PLAIN, 5), rel=0.15)


def test_nothing_of_nobody():
    low, high = interval_as_read(read(), "skipped", [0.0], [float("nan")])
    assert low[0] != low[0] and high[0] != high[0]


@pytest.mark.parametrize(
    ("a", "b", "share"),
    [
        ([1, 0], [0, 1], 0.0),
        ([0.5, 0.5], [0.5, 0.5], 1.0),
        ([1, 1], [0, 0], 0.0),
        ([1, 0.5, 0], [0, 0.5, 1], 1 / 3),
    ],
    ids=["known", "unknown", "all in one", "one of three unknown"],
)
def test_what_a_stage_table_leaves_open_counted_by_hand(a, b, share):
    """The third: variances 0, 1/4 and 0, of 1/4 each that the totals have."""
    table = pd.DataFrame({"p_a": a, "p_lapsed": b, "p_next_a": 0.5, "stage": "a"})
    assert left_open(table) == pytest.approx(share)


def test_without_a_stage_table_all_is_left_open():
    assert left_open(None) == 1.0 and left_open(pd.DataFrame({"p_a": [], "p_b": []})) == 0.0


def test_a_bootstrap_interval_is_wider_by_what_is_left_open_and_stays_within_0_and_1():
    known, unknown = (widened_as_read(read(open_share=share), [0.5], [0.4], [0.7]) for share in (0.0, 1.0))
    assert (known[0][0], known[1][0]) == (0.4, 0.7) and unknown[0][0] < 0.35 and unknown[1][0] > 0.8
    assert widened_as_read(PLAIN, [0.5], [0.4], [0.7])[1][0] == 0.7
    low, high = widened_as_read(read(), [0.05, float("nan")], [0.01, 0.0], [0.99, 1.0])
    assert low[0] == 0 and high[0] == 1 and low[1] != low[1]
