"""Intervals of inferred shares: as wide as the sample asks for, and never narrower than the reading is sure."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from journeykit.intervals import wilson
from journeykit.journeys.misreading import MISREADING, interval_as_read


def width(inferred: bool, total: float, figure: str = "drop_off") -> float:
    low, high = interval_as_read(SimpleNamespace(inferred=inferred), figure, [0.3 * total], [total])
    return float(high[0] - low[0])


def test_stages_that_are_not_inferred_have_the_interval_of_wilson():
    low, high = wilson([30.0], [100.0])
    assert width(False, 100) == float(high[0] - low[0])


@pytest.mark.parametrize("figure", list(MISREADING))
def test_more_customers_do_not_make_an_inferred_share_surer_than_its_reading(figure):
    few, many, most = (width(True, total, figure) for total in (50, 5_000, 5_000_000))
    assert few > many > 0 and many == pytest.approx(most, rel=0.2)
    assert width(False, 5_000_000, figure) < most / 10


def test_of_few_customers_the_sample_decides():
    assert width(True, 20) == pytest.approx(width(False, 20), rel=0.1)


def test_nothing_of_nobody():
    low, high = interval_as_read(SimpleNamespace(inferred=True), "skipped", [0.0], [float("nan")])
    assert low[0] != low[0] and high[0] != high[0]
