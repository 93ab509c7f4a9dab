"""Two groups side by side, and the bases of value, referrals and pages, counted by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.features import measure_profile
from journeykit.findings.linking import link_findings, pairs_of
from journeykit.findings.travel import journey_findings
from journeykit.journeys import trace_paths
from journeykit.journeys.accounts import count_account_people, count_account_roles
from journeykit.journeys.aftercare import weigh_aftercare
from journeykit.journeys.dissatisfaction import count_back_after_dissatisfaction
from journeykit.journeys.pages import measure_pages
from journeykit.journeys.pairs import set_beside, switch_test
from journeykit.journeys.returning import count_reactivations, count_returns
from journeykit.journeys.statistics import bootstrap_mean
from journeykit.journeys.voices import count_referrals, measure_ratings, measure_value
from journeykit.wording import say
from tests.lazy_journeys import map_journeys
from tests.test_journeys import START, cell, log_of

END = {"end": [(400, "aw")]}


def paths_of(journeys: dict, **more):
    return trace_paths(log_of({**journeys, **END}, **more), min_group=1)


def rated(day: float, rating: float, touchpoint: str = "visit_score") -> tuple:
    return (day, touchpoint, "web", {"rating": rating})


BACK = {
    "sad_back": [(0, "aw"), (5, "co"), rated(6, 2), (8, "aw")],
    "sad_stays": [(0, "aw"), (5, "co"), rated(6, 1), (8, "de")],
    "sad_before": [
        (0, "aw"),
        (3, "co"),
        (4, "aw"),
        (5, "co"),
        rated(6, 1),
        (8, "de"),
    ],  # went back before it said so
    "glad_back": [(0, "aw"), (5, "co"), rated(6, 9), (8, "aw")],
    "glad_stays": [(0, "aw"), (5, "co"), rated(6, 10), (7, "co")],
    "so_so": [(0, "aw"), (5, "co"), rated(6, 5), (8, "aw")],  # the middle: neither
    "young": [(390, "co"), rated(391, 1), (392, "aw")],  # can't be followed
}


def test_going_back_counts_after_a_low_rating_and_beside_a_high_one():
    table = count_back_after_dissatisfaction(paths_of(BACK))
    row = table[(table["persona"] == "all") & (table["touchpoint"] == "visit_score")].iloc[0]
    assert row[["customers", "back", "other_customers", "other_back"]].tolist() == [3, 1, 2, 1]


def test_a_complaint_is_a_sign_too_and_the_first_sign_decides():
    more = {"complains": [(0, "aw"), (5, "co"), (6, "complaint"), (7, "aw"), rated(9, 10)]}
    table = count_back_after_dissatisfaction(paths_of({**BACK, **more})).set_index("signal")
    assert table.loc["complaint", ["customers", "back", "other_customers"]].tolist() == [1, 1, 2]
    assert table.loc["any", ["customers", "back", "other_customers"]].tolist() == [4, 2, 2]


CARED = {
    "helped": [(0, "purchase"), (3, "help_article")],
    "helped_late": [(0, "purchase"), (2, "complaint"), (3, "help_article")],  # it came after the complaint
    "helped_and_complains": [(0, "purchase"), (3, "onboarding"), (5, "support_contact")],
    "own_words": [(0, "purchase"), (3, "handleiding_remmen")],
    "none": [(0, "purchase"), (9, "complaint")],
    "no_buyer": [(0, "help_article"), (2, "complaint")],
    "young": [(350, "purchase"), (355, "complaint")],
}


def test_help_counts_for_buyers_and_before_the_complaint():
    row = weigh_aftercare(paths_of(CARED)).iloc[0]
    assert row[["customers", "complained", "other_customers", "other_complained"]].tolist() == [3, 1, 2, 2]


SILENT = {
    "called_back": [(0, "purchase"), (100, "reactivation_campaign"), (105, "purchase")],
    "called_gone": [(0, "purchase"), (100, "reactivation_campaign")],
    "back": [(0, "purchase"), (120, "co")],
    "gone": [(0, "purchase")],
    "too_late": [(0, "purchase"), (300, "purchase")],  # came back after what is followed
    "stayed": [(0, "purchase"), *[(day, "co") for day in range(50, 400, 50)]],
    "never_bought": [(0, "aw"), (120, "co")],
    "young": [(330, "purchase")],
}


def test_former_customers_bought_and_fell_silent_and_were_followed():
    paths = paths_of(SILENT)
    row = count_returns(paths).iloc[0]
    assert row[["former", "former_returned", "former_after"]].tolist() == [5, 2, 100]
    sent = count_reactivations(paths).set_index("touchpoint").loc["reactivation_campaign"]
    names = ["approached", "approached_returned", "other_customers", "other_returned"]
    assert sent[names].tolist() == [2, 1, 3, 1]


def test_a_slow_trade_has_former_customers_later():
    """Who buys once a year is not gone after three months."""
    yearly = {f"c{n}": [(day, "purchase") for day in (0, 365, 730)] for n in range(5)}
    paths = trace_paths(log_of({**yearly, "end": [(1500, "aw")]}), min_group=1)
    assert count_returns(paths).iloc[0][["former", "former_after"]].tolist() == [0, 730]


def test_who_must_wait_for_help_is_no_proof_that_help_helps():
    """Complaints come at any time, and help in the middle: whoever complained before it could not be helped."""
    days = pd.Series(np.arange(1, 101, dtype=float))
    complained = pd.Series([True] * 100)
    helped = pd.Series(np.where(days > 50, 50.0, np.nan))
    assert switch_test(days, complained, helped) > 0.5 or np.isnan(switch_test(days, complained, helped))


def test_a_group_that_is_too_small_is_not_told():
    row = set_beside((3, 4), (9, 20), least=5)
    assert np.isnan(row["share"])
    assert np.isnan(row["p_value"])
    assert row["other_share"] == 0.45


def test_every_touchpoint_with_ratings_has_a_mean_and_a_sentence():
    """‘No ratings’ is false beside reviews that hold one; a scale of five has no NPS."""
    given = {f"c{n}": [rated(n, 1 + n % 5, "review")] for n in range(20)}
    table = measure_ratings(paths_of(given))
    row = table[table["stage"].isna() & (table["touchpoint"] == "review")].iloc[0]
    assert row[["customers", "rating_mean", "scale_low", "scale_high"]].tolist() == [20, 3, 1, 5]
    assert np.isnan(row["nps"])
    none = pd.DataFrame(columns=["persona", "held_back", "p_value"])
    named = dict.fromkeys(
        "dissatisfaction aftercare reactivations account_people account_roles".split(), none
    )
    found = list(link_findings(SimpleNamespace(ratings=table, **named)))
    assert [one.key for one in found] == ["mean_rating"]
    assert "3.0" in say(found[0], "en")


def accounts() -> tuple[EventLog, pd.DataFrame]:
    """Return twenty accounts: those with three people sign, those with two don't; and the customers' file."""
    rows, people = [], []
    for number in range(20):
        unit, size = f"a{number:02d}", 3 if number < 8 else 2
        people += [(f"{unit}-{one}", unit, ("buyer", "user", "boss")[one]) for one in range(size)]
        for day, touchpoint in [
            (0, "compare_items"),
            (9, "quote_request"),
            *([(20, "contract_signed")] if size > 2 else []),
        ]:
            rows.append((f"{unit}-0", unit, START + pd.Timedelta(days=day + number), touchpoint))
    rows.append(("a00-0", "a00", START + pd.Timedelta(days=300), "compare_items"))
    events = pd.DataFrame(rows, columns=["customer_id", "account_id", "timestamp", "touchpoint"])
    known = pd.DataFrame(people, columns=["customer_id", "account_id", "functie"]).set_index("customer_id")
    return EventLog.from_frame(events, stage_model="universal", setting="b2b", customers=known), known


def test_people_and_roles_of_accounts_and_what_they_go_with():
    log, known = accounts()
    paths = trace_paths(log, min_group=5)
    table = count_account_people(paths, known, "account")
    row = table.iloc[0]
    assert row[["accounts", "people", "people_mean", "at_least"]].tolist() == [20, 48, 2.4, 3]
    assert row[["customers", "won", "other_customers", "other_won"]].tolist() == [8, 8, 12, 0]
    assert count_account_people(paths, known, "customer").empty
    roles = count_account_roles(paths, known, "account").set_index("role")
    assert roles["accounts"].to_dict() == {"buyer": 20, "user": 20, "boss": 8}
    assert roles.loc["boss", ["share", "other_share"]].tolist() == [1, 0]
    assert [one.key for one in pairs_of("account_people", table)] == ["wins_with_people"]


def test_no_role_is_told_where_no_column_speaks_of_one():
    log, known = accounts()
    named = known.rename(columns={"functie": "shoe_size"})
    assert count_account_roles(trace_paths(log, min_group=1), named, "account").empty


VISITS = {
    f"c{n}": [(n, "page_view", "web", {"page": "/blog"}), (n + 0.001, "ad_impression", "display")]
    for n in range(8)
} | {
    f"d{n}": [(n, "page_view", "web", {"page": "/"}), (n + 0.001, "co", "web", {"page": "/x"})]
    for n in range(4)
}


def test_an_advertisement_that_is_shown_is_no_second_click():
    pages = measure_pages(paths_of(VISITS)).set_index("page")
    assert pages.loc["/blog", ["landings", "bounce_share"]].tolist() == [8, 1]
    assert pages.loc["/", ["landings", "bounce_share"]].tolist() == [4, 0]


def test_the_page_where_most_land_and_stop_is_said():
    journeys = map_journeys(log_of({**VISITS, **END}), min_group=1)
    found = [one for one in journey_findings(journeys, 30) if one.key == "page_left_most"]
    assert [(one.numbers["page"], one.numbers["bounced"]) for one in found] == [("/blog", 8)]


def paid_for(day: float, touchpoint: str, value: float) -> tuple:
    return (day, touchpoint, "web", {"value": value})


def test_value_is_what_was_bought_and_its_mean_is_per_buyer():
    table = measure_value(paths_of({
        "buys": [paid_for(0, "purchase", 100.0)],
        "gives_back": [paid_for(0, "purchase", 60.0), paid_for(5, "refund", 20.0)],
        "looks": [paid_for(0, "view_item", 900.0)],
        "tries": [(0, "trial_start"), (1, "test_drive")],
        "asks": [paid_for(0, "quote_request", 5000.0)],
        "untold": [(0, "contract_signed")],
    }))  # fmt: skip
    row = table.iloc[0]
    assert row[["customers", "buyers", "value_total", "value_mean"]].tolist() == [7, 3, 140, 70]


def test_who_was_brought_in_has_one_meaning():
    journeys = {"r": [(0, "aw")], "self": [(1, "aw", "web", {"referrer_id": "self"})]}
    journeys |= {f"n{n}": [(n, "aw", "web", {"referrer_id": "r"})] for n in range(40, 43)}
    journeys |= {"partner": [(45, "aw", "web", {"referrer_id": "a partner"})]}
    journeys_of = map_journeys(log_of({**journeys, **END}), min_group=1)
    row = journeys_of.referrals.iloc[0]
    assert row[["referrers", "referrals", "brought_in"]].tolist() == [1, 3, 4]
    assert set(journeys_of.referred["brought_in"]) == {4}
    assert cell(journeys_of.advocates, "advocates", persona="all", kind="referrer") == 1


def test_an_interval_does_not_depend_on_the_order_of_the_values():
    values = np.random.default_rng(0).exponential(5, 50)
    assert bootstrap_mean(values) == bootstrap_mean(values[::-1])


@pytest.mark.parametrize(("quantity", "pieces"), [(3, 3), (5320, 1), (-2, 1), (None, 1)])
def test_a_measure_is_no_number_of_pieces(quantity, pieces):
    """Litres by the thousand made a basket of thousands."""
    log = log_of({"a": [(0, "purchase", "web", {"value": 9.0, "quantity": quantity})]})
    assert measure_profile(log).loc["a", "basket_mean"] == pieces


def test_few_name_a_referrer_and_none_is_counted_twice():
    twice = [(3, "aw", "web", {"referrer_id": "r"}), (4, "co", "web", {"referrer_id": "s"})]
    row = count_referrals(paths_of({"r": [(0, "aw")], "s": [(0, "aw")], "n": twice})).iloc[0]
    assert row[["referrers", "referrals", "brought_in"]].tolist() == [2, 1, 1]
