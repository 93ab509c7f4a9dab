"""Decisions: who is compared with whom, what is at stake, and what chance explains."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeykit.clients import client_from_dict
from journeykit.decisions.after import dissatisfied_candidates, has_contracts, renewal_candidates
from journeykit.decisions.candidate import Candidate, paid_after, time_weight, worth_of_step
from journeykit.decisions.deciding import DECISION_COLUMNS, MEASURE_FIRST, decide
from journeykit.decisions.pages import page_candidates
from journeykit.decisions.recorded import Recorded, personas_before
from journeykit.decisions.steps import stage_candidates
from journeykit.decisions.weighing import weigh, worth_acting_on
from journeykit.events import EventLog
from journeykit.journeys.paths import trace_paths
from journeykit.stage_models import load_stage_model
from journeykit.touchpoints import load_vocabulary
from tests.oracles import decisions as oracle

MODEL = load_stage_model("universal")
WORDS = load_vocabulary()
DAYS = 400.0
STAGE = {"content_view": 0, "compare_items": 1, "begin_checkout": 2, "purchase": 3}


def recorded_of(rows: list[dict], personas: dict[str, str], days: float = DAYS) -> Recorded:
    """Return contacts as they are recorded; of a row only unit, day and touchpoint have to be told."""
    usual = {
        "channel": "web",
        "session": 1,
        "page": None,
        "value": np.nan,
        "hour": 9,
        "weekday": 1,
        "rating": np.nan,
    }
    frame = pd.DataFrame([usual | row for row in rows]).rename(columns={"unit": "unit_id"})
    frame = frame.sort_values(["unit_id", "day"], kind="stable", ignore_index=True)
    frame["order"] = frame.groupby("unit_id").cumcount()
    frame["step"] = frame["touchpoint"]
    frame["marker"] = frame["touchpoint"].map(STAGE).astype("float")
    frame["here"] = frame.groupby("unit_id")["marker"].ffill()
    sales = ("purchase", "contract_signed", "subscription_renewal")
    frame["paid"] = frame["value"].where(frame["touchpoint"].isin(sales))
    paths = SimpleNamespace(
        model=MODEL, stages=MODEL.ids, follow_days=90.0, min_group=10, pushed=(), vocabulary=WORDS
    )
    known = pd.Series(personas).reindex(frame["unit_id"].unique())
    return Recorded(frame, known, days, 1.0, paths)


def walk(unit: str, on: bool, value: float = 100.0, day: float = 10.0, **more) -> list[dict]:
    """Return the contacts of somebody who comes to a checkout, and buys or does not."""
    kinds = ["content_view", "compare_items", "begin_checkout", *(["purchase"] if on else [])]
    rows = [{"unit": unit, "day": day + place, "touchpoint": kind} | more for place, kind in enumerate(kinds)]
    return [row | {"value": value} if row["touchpoint"] == "purchase" else row for row in rows]


def two_groups(one: tuple[int, int], other: tuple[int, int], **told) -> Recorded:
    """Return early ones (p1) by mail and late ones (p2) by search, of each so many, of whom so many buy."""
    rows, personas = [], {}
    for persona, (size, won), how in (
        ("p1", one, {"hour": 8, "channel": "email"}), ("p2", other, {"hour": 20, "channel": "search"}),
    ):  # fmt: skip
        for n in range(size):
            unit = f"{persona}-{n:03d}"
            rows += walk(unit, n < won, day=5.0 + n % 7, **how, **told)
            personas[unit] = persona
    return recorded_of(rows, personas)


def by_group(candidates, key="goes_on_less", stage="decision") -> dict[str, Candidate]:
    own = [one for one in candidates if one.key == key and one.about.get("stage") == stage]
    return {one.about.get("persona") or one.about.get("channel"): one for one in own}


@pytest.mark.parametrize(("one", "other"), [((60, 20), (60, 48)), ((40, 40), (80, 20)), ((50, 0), (50, 25))])
def test_a_stage_is_compared_as_it_is_defined(one, other):
    recorded = two_groups(one, other)
    found = by_group(stage_candidates(recorded, contracts=False))
    events = [
        {
            "unit": row.unit_id,
            "day": row.day,
            "stage": row.marker,
            "paid": 0 if np.isnan(row.paid) else row.paid,
        }
        for row in recorded.contacts.itertuples()
    ]
    could = oracle.who_could(events, 2, DAYS, 90.0)
    for persona in ("p1", "p2"):
        group = {unit for unit in could if unit.startswith(persona)}
        told = found[persona]
        assert (told.took, told.of, told.other_took, told.other_of) == oracle.shares(could, group)
        if 10 <= told.took < told.of:
            assert told.worth == pytest.approx(oracle.worth(could, group))
        assert told.per_year == pytest.approx(len(group) * 365 / DAYS)


def test_a_persona_that_mirrors_the_step_is_no_comparison():
    """Those who bought and those who did not, of the same habits before: nobody is behind anybody."""
    rows, personas = [], {}
    for n in range(120):
        on = n % 3 == 0
        rows += walk(f"u{n:03d}", on, hour=8 + n % 2, channel=("web", "email")[n % 2])
        personas[f"u{n:03d}"] = "p1" if on else "p2"
    recorded = recorded_of(rows, personas)
    found = list(stage_candidates(recorded, contracts=False))
    weighed = weigh(found)
    assert worth_acting_on(found, weighed, 0.0, 10, 4) == []


def test_who_was_already_further_cannot_take_the_step_again():
    rows, personas = [], {}
    for n in range(60):
        unit = f"u{n:03d}"
        rows += walk(unit, True, hour=8 if n % 2 else 20)
        rows += [{"unit": unit, "day": 60.0, "touchpoint": "compare_items", "hour": 8 if n % 2 else 20}]
        personas[unit] = f"p{1 + n % 2}"
    later = recorded_of(rows[3:], personas)  # nobody is first seen in it after having bought
    assert all(one.took == one.of for one in stage_candidates(later, contracts=False))


def test_with_contracts_no_step_after_the_purchase_is_a_candidate():
    rows = [row for n in range(40) for row in walk(f"u{n:02d}", True, hour=8 + 12 * (n % 2))]
    rows += [{"unit": f"u{n:02d}", "day": 30.0, "touchpoint": "review"} for n in range(20)]
    recorded = recorded_of(rows, {f"u{n:02d}": f"p{1 + n % 2}" for n in range(40)})
    recorded.contacts.loc[recorded.contacts["touchpoint"] == "review", "marker"] = 4.0
    stages = {
        contracts: {one.about["stage"] for one in stage_candidates(recorded, contracts)}
        for contracts in (True, False)
    }
    assert "action" in stages[False] and "action" not in stages[True]


def test_habits_before_a_step_place_people_and_those_after_it_do_not():
    rows, personas = [], {}
    for n in range(80):
        unit, late = f"u{n:02d}", n % 2 == 0
        rows += walk(unit, n % 4 < 2, hour=20 if late else 8)
        personas[unit] = "p2" if late else "p1"
    recorded = recorded_of(rows, personas)
    until = pd.Series(0, index=list(personas))
    assert personas_before(recorded, until).equals(pd.Series(personas).rename(None))
    same = recorded_of([row | {"hour": 8} for row in rows], personas)
    assert personas_before(same, until).nunique() == 1 or not personas_before(same, until).equals(
        pd.Series(personas)
    )


def visits(page: str, landing: str, many: int, stop: int, value: float = 50.0) -> list[dict]:
    rows = []
    for n in range(many):
        unit = f"{page}{landing}{n:03d}"
        rows += [{"unit": unit, "day": n % 50, "touchpoint": "content_view", "page": landing}]
        rows += [{"unit": unit, "day": n % 50 + 0.001, "touchpoint": "begin_checkout", "page": page}]
        if n >= stop:
            rows += [
                {
                    "unit": unit,
                    "day": n % 50 + 0.002,
                    "touchpoint": "purchase",
                    "page": "/thanks",
                    "value": value,
                }
            ]
    return rows


def test_a_page_is_compared_with_those_of_the_same_step():
    recorded = recorded_of(visits("/van", "/", 60, 40, 300.0) + visits("/post", "/", 100, 20, 40.0), {})
    found = {one.about["page"]: one for one in page_candidates(recorded)}
    assert set(found) == {"/van"}  # the other sells more; the only landing page has no other
    van = found["/van"]
    assert (van.took, van.of, van.other_took, van.other_of) == (20, 60, 80, 100)
    assert van.worth == 300.0 and van.about["stage"] == "decision"
    assert van.per_year == pytest.approx(60 * 365 / DAYS)


def test_landing_pages_are_compared_with_each_other():
    rows = visits("/post", "/", 60, 10)
    rows += [
        {"unit": f"x{n}", "day": float(n), "touchpoint": "ad_click", "page": "/offer"} for n in range(40)
    ]
    rows += [
        {"unit": f"x{n}", "day": n + 0.001, "touchpoint": "compare_items", "page": "/p"} for n in range(10)
    ]
    found = {
        one.about["page"]: one for one in page_candidates(recorded_of(rows, {})) if one.key == "landing_loses"
    }
    assert (found["/offer"].took, found["/offer"].of) == (10, 40)
    assert set(found) == {"/offer"}  # of visits that start elsewhere more end in a sale


def contracts(unit: str, years: int, hour: int, uses: int = 3) -> list[dict]:
    rows = [{"unit": unit, "day": 0.0, "touchpoint": "contract_signed", "value": 500.0, "hour": hour}]
    again = {"unit": unit, "touchpoint": "subscription_renewal", "value": 500.0, "hour": hour}
    rows += [again | {"day": 365.0 * year} for year in range(1, years)]
    days = [365.0 * year + 20 * n + 5 for year in range(years) for n in range(uses)]
    use = [{"unit": unit, "day": day, "touchpoint": "product_use", "hour": hour} for day in days]
    return rows + use


def test_a_contract_that_fell_due_was_renewed_or_not():
    rows, personas = [], {}
    for n in range(80):
        unit, late = f"a{n:02d}", n % 2 == 0
        rows += contracts(unit, 1 if late and n % 8 < 6 else 2, 20 if late else 8)
        personas[unit] = "p2" if late else "p1"
    found = {
        one.about.get("persona"): one for one in renewal_candidates(recorded_of(rows, personas, days=500.0))
    }
    assert (found["p2"].took, found["p2"].of, found["p2"].other_took, found["p2"].other_of) == (
        10,
        40,
        40,
        40,
    )
    assert found["p2"].worth == 500.0 and found["p2"].per_year == pytest.approx(40 / ((500 - 365) / 365))


def one_of(
    took: int, of: int, other_took: int, other_of: int, worth: float = 100.0, key: str = "goes_on_less"
) -> Candidate:
    shares = took / of, other_took / other_of
    error = float(
        np.sqrt(sum(max(p * (1 - p), 0.01) / n for p, n in zip(shares, (of, other_of), strict=True)))
    )
    return Candidate(
        key, took, of, other_took, other_of, float(of), worth, worth / 20 if worth == worth else np.nan, error
    )


def test_what_is_at_stake_is_the_gap_times_those_who_come_by_times_what_a_step_brings():
    row = weigh([one_of(300, 1000, 600, 1000)]).iloc[0]
    assert row["at_stake"] == pytest.approx(0.3 * 1000 * 100, rel=0.02)
    assert 0 < row["at_stake_low"] < row["at_stake"] < row["at_stake_high"]
    assert row["more"] == pytest.approx(300, rel=0.02) and row["certainty"] > 0.99


def test_what_chance_explains_is_taken_off():
    rows = weigh([one_of(40, 100, 50, 100), one_of(52, 100, 47, 100), one_of(49, 100, 51, 100)])
    assert rows["gap"].iloc[0] < 0.05 and rows["certainty"].iloc[0] < 0.9
    assert worth_acting_on([one_of(40, 100, 50, 100)] * 3, rows, 0.0, 10, 4) == []


def test_without_values_customers_are_at_stake():
    row = weigh([one_of(300, 1000, 600, 1000, worth=float("nan"))]).iloc[0]
    assert np.isnan(row["at_stake"]) and row["expected"] == pytest.approx(row["more"] * row["certainty"])


def test_two_candidates_about_the_same_people_are_one_decision():
    from dataclasses import replace

    first = replace(one_of(200, 1000, 600, 1000), units=frozenset(map(str, range(800))))
    again = replace(first, key="channel_goes_on_less", units=frozenset(map(str, range(600))), per_year=600.0)
    other = replace(first, key="page_loses", units=frozenset(map(str, range(700, 1500))), per_year=500.0)
    all_three = [again, first, other]
    assert worth_acting_on(all_three, weigh(all_three), 0.0, 10, 4) == [1, 2]
    assert worth_acting_on(all_three, weigh(all_three), 1e9, 10, 4) == []


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=1, max_size=6), st.floats(-50, 500)
)
def test_laws_of_what_is_at_stake(counts, worth):
    rows = weigh([one_of(one, 200, other, 200, worth=worth or 1.0) for one, other in counts])
    assert (rows["at_stake_low"] <= rows["at_stake"]).all() and (
        rows["at_stake"] <= rows["at_stake_high"]
    ).all()
    assert rows["certainty"].between(0, 1).all()
    plain = [abs(other - one) / 200 for one, other in counts]
    assert (rows["gap"].abs() <= np.array(plain) + 1e-12).all()  # never further from nothing than it was seen


def test_nothing_is_worth_anything_where_hardly_anybody_took_the_step():
    paid, took = pd.Series([10.0] * 9 + [0.0] * 50), pd.Series([True] * 9 + [False] * 50)
    assert np.isnan(worth_of_step(paid, took)).all()


def test_time_counts_from_nothing_to_all():
    weights = time_weight(pd.Series([0.0, 45.0, 90.0, 400.0]), 90, soon=1.0)
    assert weights.tolist() == [0.0, 0.5, 1.0, 1.0]


# From a log --------------------------------------------------------------------------------------


def log_of(recorded_rows: list[dict], **more) -> EventLog:
    frame = pd.DataFrame(recorded_rows)
    hours = frame["hour"].fillna(9) if "hour" in frame else 9.0
    frame["timestamp"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(frame["day"] * 24 + hours, unit="h")
    frame = frame.rename(columns={"unit": "customer_id"}).drop(columns=["day", "hour"], errors="ignore")
    client = client_from_dict({"id": "acme", "name": "Acme", "currency": "EUR", **more})
    return EventLog.from_frame(frame, client=client)


def a_shop(early: int, late: int, each: int = 150) -> tuple[list[dict], pd.Series]:
    """Return early and late ones of whom so many in fifty buy."""
    rows, personas = [], {}
    for persona, won, hour in (("p1", early, 8), ("p2", late, 20)):
        for n in range(each):
            unit = f"{persona}-{n:03d}"
            rows += walk(
                unit, n % 50 < won, day=1.0 + (n * 7) % 200, hour=hour, channel=("email", "web")[n % 2]
            )
            personas[unit] = persona
    rows.append({"unit": "end", "day": 400.0, "touchpoint": "content_view"})
    return rows, pd.Series(personas)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_leak_is_the_decision_in_both_languages(language):
    rows, personas = a_shop(early=12, late=40)
    log = log_of(rows, language=language)
    made = decide(trace_paths(log, personas), log.client)
    first = made.table.iloc[0]
    assert list(made.table) == DECISION_COLUMNS and made.any
    assert (first["finding"], first["persona"], first["stage"]) == ("goes_on_less", "p1", "decision")
    assert first["finding_id"] == made.findings[0].id
    assert first["at_stake"] == pytest.approx((0.8 - 0.24) * 150 * 365 / 400 * 100, rel=0.1)
    assert first["kpi_now"] == pytest.approx(0.24, abs=0.01) and first["kpi_others"] == pytest.approx(
        0.8, abs=0.02
    )
    assert first["trial_customers"] > 10 and first["trial_days"] > 90
    assert len(first["action_nl"]) > 30 and len(first["action_en"]) > 30 and first["kpi"]


def test_where_nothing_differs_measure_first():
    rows, personas = a_shop(early=25, late=25)
    log = log_of(rows)
    made = decide(trace_paths(log, personas), log.client)
    assert made.table["finding"].tolist() == [MEASURE_FIRST] and made.looked > 0 and not made.any
    assert made.table[["at_stake", "persona", "stage"]].isna().all(axis=None)


def test_the_dissatisfied_are_held_beside_the_satisfied_who_bought_too():
    rows = []
    for n in range(120):
        sad = n < 60
        again = n % 10 == 0 if sad else n % 10 < 8
        unit, day = f"u{n:03d}", float(n % 100)
        rows += walk(unit, True, 40.0, day=day)
        rows += [{"unit": unit, "day": day + 10, "touchpoint": "nps_rating", "rating": 2 if sad else 9}]
        rows += [{"unit": unit, "day": day + 40, "touchpoint": "purchase", "value": 40.0}] if again else []
    rows += [{"unit": f"never{n}", "day": 5.0, "touchpoint": "nps_rating", "rating": 1} for n in range(30)]
    rows.append({"unit": "end", "day": 300.0, "touchpoint": "content_view"})
    from journeykit.decisions.recorded import recorded_of as read

    (found,) = dissatisfied_candidates(read(trace_paths(log_of(rows))))
    assert (found.took, found.of, found.other_of) == (6, 60, 60)
    assert found.other_rate == pytest.approx(0.8) and found.worth == pytest.approx(40.0)


def test_of_many_units_some_are_drawn_and_stand_for_all(monkeypatch):
    from journeykit.decisions import recorded

    monkeypatch.setattr(recorded, "MOST_UNITS", 100)
    rows, personas = a_shop(early=12, late=40)
    read = recorded.recorded_of(trace_paths(log_of(rows), personas))
    assert read.contacts["unit_id"].nunique() == 100 and read.scale == pytest.approx(3.01)
    assert read.per_year(100) == pytest.approx(301 * 365 / read.days)


def test_with_a_margin_what_is_at_stake_is_told_in_margin_too():
    rows, personas = a_shop(early=12, late=40)
    log = log_of(rows, margin=0.25)
    first = decide(trace_paths(log, personas), log.client).table.iloc[0]
    assert first["margin_at_stake"] == pytest.approx(0.25 * first["at_stake"])


@pytest.mark.parametrize("paid", [[None, None], [5.0, None]])
@pytest.mark.parametrize("since", [{}, {"a": 1}])
def test_where_nobody_paid_or_nobody_is_asked_for_nothing_was_paid(paid, since):
    contacts = pd.DataFrame({"unit_id": ["b", "b"], "order": [1, 2], "day": [0.0, 1.0], "paid": paid})
    contacts = contacts.astype({"unit_id": "str", "paid": "float64"})
    asked = pd.Series(since, dtype="int64").rename_axis("unit_id")
    found = paid_after(contacts, asked, until_day=asked.astype(float))
    assert found.to_dict() == dict.fromkeys(since, 0.0)


def test_revenue_of_a_year_is_of_the_time_since_anything_was_sold():
    rows = [{"unit": f"u{n}", "day": float(n), "touchpoint": "content_view"} for n in range(100)]
    rows += [{"unit": f"u{n}", "day": 200.0, "touchpoint": "purchase", "value": 10.0} for n in range(100)]
    assert recorded_of(rows, {}).paid_per_year == pytest.approx(1000 * 365 / 200)


def test_where_nothing_can_be_compared_no_group_is_said_to_lag():
    rows = [row | {"channel": "web"} for n in range(40) for row in walk(f"u{n}", n % 2 == 0, day=float(n))]
    log = log_of(rows)
    made = decide(trace_paths(log), log.client)
    assert made.looked == 0 and "no groups" in made.table["action_en"].iloc[0]


def test_contracts_that_follow_each_other_at_any_time_fall_due_at_none():
    rows = []
    for n in range(60):
        days = np.cumsum([0, 7 + n % 50, 11 + (n * 13) % 120, 20 + (n * 7) % 200])
        kinds = ["contract_signed"] + ["subscription_renewal"] * 3
        rows += [
            {"unit": f"a{n}", "day": float(day), "touchpoint": kind, "value": 9.0}
            for day, kind in zip(days, kinds, strict=True)
        ]
    assert not has_contracts(recorded_of(rows, {})) and not list(renewal_candidates(recorded_of(rows, {})))
