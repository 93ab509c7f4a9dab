"""Two groups beside each other: equal time, independent people, and no more found than there is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.errors import JourneykitError
from journeykit.events import EventLog
from journeykit.findings import observe
from journeykit.journeys import compare_groups, compare_periods, compare_personas, trace_paths
from journeykit.journeys.comparing import compare_largest
from tests.lazy_journeys import map_journeys
from tests.test_journeys import START, log_of

PEOPLE = {
    "old": [(0, "aw")],
    "a": [(50, "aw"), (55, "co"), (60, "aw"), (65, "co"), (70, "de")],  # two stays: the first one counts
    "b": [(50, "aw"), (200, "co")],  # moved, but not in time
    "c": [(50, "aw"), (55, "de")],
    "d": [(50, "aw")],
    "young": [(280, "aw"), (281, "de")],  # followed for twenty days
    "end": [(300, "search")],
}
PERSONAS = pd.Series({"a": "p1", "b": "p1", "young": "p1", "c": "p2", "d": "p2"})


def shares(table: pd.DataFrame, measure: str) -> dict:
    own = table[table["measure"] == measure]
    keys = own["to"] if measure == "reaches" else list(zip(own["from"], own["to"], strict=True))
    return dict(zip(keys, zip(own["share"], own["other_share"], strict=True), strict=True))


def test_shares_are_of_people_that_were_followed_for_equally_long():
    """Who came in last week has not failed to buy."""
    table = compare_personas(trace_paths(log_of(PEOPLE), PERSONAS, min_group=1), "p1", "p2")
    assert shares(table, "reaches") == {
        "awareness": (1, 1),
        "consideration": (0.5, 0.5),
        "decision": (0.5, 0.5),
    }
    assert shares(table, "moves")["awareness", "consideration"] == (0.5, 0)
    assert shares(table, "moves")["awareness", "decision"] == (0, 0.5)
    assert (
        table["customers"].dropna() == 2
    ).all()  # and nobody of p2 was in consideration: nothing to compare there


def test_small_groups_are_held_back():
    table = compare_personas(trace_paths(log_of(PEOPLE), PERSONAS, min_group=3), "p1", "p2")
    assert table["held_back"].all() and table["share"].isna().all() and table["customers"].isna().all()


def two_personas(gap: float, n: int = 400, seed: int = 2) -> tuple[EventLog, pd.Series]:
    """Return a log of two personas that come to consideration with chances that far apart."""
    random, rows, personas = np.random.default_rng(seed), [("old", START, "ad_impression")], {}
    for at in range(n):
        who, persona, day = f"c{at}", f"p{1 + at % 2}", 40 + at % 100
        personas[who] = persona
        rows.append((who, START + pd.Timedelta(days=day), "ad_impression"))
        if random.random() < 0.4 + gap * (persona == "p2"):
            rows.append((who, START + pd.Timedelta(days=day + 5), "compare_items"))
    rows.append(("end", START + pd.Timedelta(days=300), "search"))
    log = EventLog.from_frame(pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint"]))
    return log, pd.Series(personas)


def test_a_difference_is_found_said_and_covered_by_its_interval():
    log, personas = two_personas(0.3)
    journeys = map_journeys(log, personas)
    row = journeys.comparisons.query("measure == 'reaches' and to == 'consideration'").iloc[0]
    assert row["significant"] and row["low"] < 0.3 < row["high"]
    said = [one for one in observe(journeys) if one.key == "persona_differs"]
    assert [(one.persona, one.stage, one.numbers["to"]) for one in said] == [("p1", "consideration", "p2")]


@pytest.mark.slow
def test_personas_that_do_the_same_are_not_told_apart():
    """Twenty comparisons at 5 % would find one by chance; corrected, they find none."""
    found = []
    for seed in range(8):
        log, personas = two_personas(0.0, seed=seed)
        found.append(compare_largest(trace_paths(log, personas))["significant"].astype(bool).any())
    assert sum(found) <= 1


def test_one_persona_alone_is_compared_with_nobody():
    log, personas = two_personas(0.3, n=100)
    journeys = map_journeys(log, personas.map(lambda _: "p1"))
    assert journeys.comparisons.empty
    assert not [one for one in observe(journeys) if one.key == "persona_differs"]


def test_two_periods_are_compared_by_the_day_of_entry():
    log, _ = two_personas(0.0, n=300)
    table = compare_periods(trace_paths(log), "2026-04-01")
    assert set(table["group"]) == {"before"} and set(table["other"]) == {"after"}
    assert table["customers"].max() + table["other_customers"].max() <= 300


def test_groups_that_are_not_there_are_named_with_what_is():
    log, personas = two_personas(0.3, n=60)
    paths = trace_paths(log, personas)
    with pytest.raises(JourneykitError, match="'p9'.*p1"):
        compare_personas(paths, "p1", "p9")
    with pytest.raises(JourneykitError, match="compared with itself"):
        compare_personas(paths, "p1", "p1")
    with pytest.raises(JourneykitError, match="give a day between 2026"):
        compare_periods(paths, "2031-01-01")
    with pytest.raises(JourneykitError, match="no day"):
        compare_periods(paths, "somewhere in spring")
    with pytest.raises(JourneykitError, match="'x'"):
        compare_groups(paths, pd.Series(dtype="str"), "x", "y")
