"""After the purchase: selling more, the aha moment, coming back, advocates and the loop, counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.findings import observe
from journeykit.journeys import trace_paths
from journeykit.journeys.advocates import count_advocates, follow_referred
from journeykit.journeys.returning import count_reactivations, count_returns
from journeykit.journeys.selling import count_levers, count_sales, lever_words, naming_levers
from tests.lazy_journeys import map_journeys
from tests.test_journeys import START, cell, log_of

OLD, END = {"old": [(0, "aw")]}, {"end": [(300, "aw")]}


def order(product: str | None, value: float | None = None) -> dict:
    return {"product": product, "value": value}


def buy(day: float, product: str | None, value: float | None = None, touchpoint: str = "purchase") -> tuple:
    return (day, touchpoint, "web", order(product, value))


MAKERS = {
    "sales": count_sales, "levers": count_levers, "lapsed": count_returns, "reactivations": count_reactivations,
    "advocates": count_advocates, "referred": follow_referred,
}  # fmt: skip


class Counted:
    """The tables after the purchase of a log, each made when it is asked for."""

    def __init__(self, paths) -> None:
        self.paths = paths

    def __getattr__(self, name: str) -> pd.DataFrame:
        return MAKERS[name](self.paths)


def counted(journeys: dict) -> Counted:
    return Counted(trace_paths(log_of({**OLD, **journeys, **END}), min_group=1))


SOLD = {
    "up": [buy(50, "dairy/milk", 10), buy(60, "dairy/cheese", 12)],
    "same": [buy(50, "dairy/milk", 10), buy(60, "dairy/milk", 10.5)],  # a few cents more is no better answer
    "beside": [buy(50, "dairy/milk", 10), buy(60, "bread/white", 2)],
    "both": [
        buy(50, "dairy/milk", 10),
        (60, "purchase", "web", order("dairy/milk", 20)),
        buy(60, "bread/white", 2),
    ],
    "late": [buy(50, "dairy/milk", 10), buy(200, "bread/white", 2)],  # 150 days after the first: not in time
    "young": [buy(280, "dairy/milk", 10), buy(290, "bread/white", 2)],  # followed for twenty days
    "refund": [buy(50, "dairy/milk", 10), buy(60, "dairy/milk", -10)],  # a return is no upsell
}


def test_upsell_and_cross_sell_are_told_by_the_group_and_after_equal_time():
    sales = counted(SOLD).sales
    assert set(sales["groups"]) == {"levels"}
    shares = sales[sales["persona"] == "all"].set_index("kind")[["buyers", "customers"]].to_numpy().tolist()
    assert shares == [[6, 2], [6, 2], [6, 2]]  # up, both · beside, both · same, refund


def test_the_lines_of_one_order_are_read_one_by_one():
    """The dearest product of a basket must not hide what is new in it."""
    basket = {"a": [buy(50, "dairy/milk", 10), buy(60, "dairy/milk", 50), buy(60, "bread/white", 1)]}
    sales = counted(basket).sales
    assert cell(sales, "customers", persona="all", kind="cross_sell") == 1
    assert cell(sales, "customers", persona="all", kind="upsell") == 1


def test_who_was_there_before_has_no_known_first_order():
    sales = counted(
        {"was": [buy(1, "a/x", 1), buy(50, "a/x", 1), buy(60, "b/y", 1)], "new": [buy(50, "a/x", 1)]}
    ).sales
    assert sales["buyers"].tolist() == [1, 1, 1] and not sales["customers"].any()


def test_few_products_stand_for_themselves_and_the_client_s_own_word_goes_first():
    steps = {
        "a": [buy(50, "basic", 10), buy(60, "plus", 99, "upgrade")],
        "b": [buy(50, "basic", 10), buy(61, "plus", 9)],
    }
    sales = counted(steps).sales.set_index("kind")
    assert sales.loc["upsell", ["groups", "customers"]].tolist() == ["touchpoints", 1]
    assert sales.loc["cross_sell", ["groups", "customers"]].tolist() == ["products", 1]
    assert sales.loc["same_again", "customers"] == 0


@pytest.mark.parametrize(
    ("products", "why"), [([None] * 60, "no_products"), ([f"sku{n}" for n in range(60)], "many_products")]
)
def test_products_that_tell_no_group_are_not_guessed_at(products, why):
    sales = counted({f"c{n}": [buy(50, name, 1), buy(60, name, 2)] for n, name in enumerate(products)}).sales
    assert sales.empty and sales.attrs["why"] == why


def test_touchpoints_alone_tell_upsell_where_products_do_not():
    sales = counted({"a": [buy(50, None, 1), buy(60, None, 2, "upgrade")], "b": [buy(50, None, 1)]}).sales
    assert sales["kind"].tolist() == ["upsell", "cross_sell"] and sales["customers"].tolist() == [1, 0]


def test_what_the_client_calls_an_upgrade_counts_in_the_moment_of_the_first_order_too():
    steps = {
        "a": [buy(50, "basic", 10), buy(50, "gold", 99, "upgrade")],
        "b": [buy(50, "basic", 10), buy(70, "basic", 99)],  # larger, but where upgrades are named it is none
        "c": [buy(50, "gold", 99, "upgrade")],  # no first order to follow on
    }
    sales = counted(steps).sales.set_index("kind")
    assert sales.loc["upsell", ["buyers", "customers"]].tolist() == [2, 1]


NAMED = [
    ("levering vandaag", "speed"), ("Express-pakket", "speed"), ("VIP", "speed"), ("spoedlevering", "speed"),
    ("fiets/automatisch", "automation"), ("installatieservice", "automation"), ("free installation", "automation"),
    ("support 24/7", "accessibility"), ("zelfstandig", "accessibility"), ("early access", "accessibility"),
    ("vipassana", None), ("fastener", None), ("montagne", None), ("bezorgd", "delivery"),
]  # fmt: skip


@pytest.mark.parametrize(("product", "lever"), NAMED)
def test_levers_are_known_by_words_of_both_languages_and_of_the_client(product, lever):
    words = lever_words({"delivery": ["bezorgd"]})
    found = naming_levers(pd.Series([product]), words)
    assert found["lever"].tolist() == ([lever] if lever else [])


def test_the_client_s_own_lever_is_counted_of_buyers():
    paths = trace_paths(log_of({**OLD, "a": [buy(50, "bezorgd")], "b": [buy(50, "x")], **END}), min_group=1)
    row = count_levers(paths, {"delivery": ["bezorgd"]}).set_index("lever").loc["delivery"]
    assert row[["buyers", "customers", "share"]].tolist() == [2, 1, 0.5]


def test_what_is_only_looked_at_shows_no_lever():
    looked = {"a": [(49, "view_item", "web", {"product": "plan/speed"}), buy(50, "plan/basic")]}
    assert counted(looked).levers.empty


def test_a_lever_is_read_from_its_word_and_not_from_words_that_hold_it():
    named = {"a": [buy(50, "plan/speed")], "b": [buy(50, "speedboat")], "c": [buy(50, "Automatisering-pro")]}
    levers = counted(named).levers.set_index("lever")
    assert levers["customers"].to_dict() == {"speed": 1, "automation": 1, "accessibility": 0}
    assert (levers["buyers"] == 3).all()
    assert counted({"b": [buy(50, "speedboat")]}).levers.empty


def stays(effect: float, n: int = 600) -> EventLog:
    """Return a log in which who uses a feature early stays with a chance that is larger by the effect."""
    random, rows = np.random.default_rng(7), [("old", START, "search")]
    for at in range(n):
        day, uses = 40 + at % 100, random.random() < 0.4
        steps = [
            (0, "purchase"),
            *([(3, "feature_use")] if uses else []),
            *([(5, "login")] if at % 2 else []),
        ]
        steps += [(75, "login")] if random.random() < 0.4 + effect * uses else []
        rows += [(f"c{at}", START + pd.Timedelta(days=day + step), name) for step, name in steps]
    rows.append(("end", START + pd.Timedelta(days=365), "search"))
    return EventLog.from_frame(pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint"]))


@pytest.mark.slow
def test_an_aha_moment_is_found_and_its_effect_is_that_of_the_other_half():
    journeys = map_journeys(stays(0.4))
    row = journeys.aha[journeys.aha["outcome"] == "stays"].iloc[0]
    assert (row["behaviour"], row["at_least"], row["since"], row["stay_from"], row["stay_to"]) == (
        "feature_use",
        1,
        "order",
        60,
        90,
    )
    assert row["low"] < 0.4 < row["high"] and 180 < row["customers"] < 270
    assert "aha_moment" in {one.key for one in observe(journeys)}


@pytest.mark.slow
def test_the_best_of_many_is_no_aha_moment_by_itself():
    """Something always looks best on the half that it was chosen on."""
    assert "aha_moment" not in {one.key for one in observe(map_journeys(stays(0.0)))}


def commits(effect: float, other: float = 0.3, n: int = 400) -> EventLog:
    """Return a log in which who uses a feature after a trial buys more often by the effect; all do something."""
    random, rows = np.random.default_rng(5), [("old", START, "search")]
    for at in range(n):
        uses = at % 2 == 0
        steps = [(0, "trial_start"), (3, "feature_use" if uses else "content_view")]
        steps += [(9, "purchase"), (12, "first_use")] if random.random() < other + effect * uses else []
        rows += [(f"c{at}", START + pd.Timedelta(days=at % 100 + step), name) for step, name in steps]
    rows.append(("end", START + pd.Timedelta(days=300), "search"))
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint"])
    return EventLog.from_frame(frame, stage_model="value-journey")


@pytest.mark.quick("0.4", "0.0")
@pytest.mark.parametrize(("effect", "found"), [(0.4, True), (0.0, False), (-0.25, False)])
def test_what_goes_with_buying_after_a_commitment_is_named_and_what_does_not_is_not(effect, found):
    journeys = map_journeys(commits(effect))
    told = [
        one
        for one in observe(journeys)
        if one.key == "aha_buys" and one.numbers["behaviour"] == "feature_use"
    ]
    assert bool(told) == found
    rows = journeys.aha[journeys.aha["outcome"] == "buys"].set_index("behaviour")
    assert "first_use" not in rows.index  # it comes after the purchase
    assert rows.loc["feature_use", "customers"] == 400 and rows.loc["feature_use", "did"] == 200


def test_too_few_to_follow_leave_no_aha_moment():
    assert map_journeys(log_of({"a": [(0, "ac")], **END})).aha.empty


SILENT = {
    "mailed": [(40, "chat"), (190, "email_sent", "email"), (200, "chat", "phone")],
    "alone": [
        (40, "chat"),
        (50, "email_sent", "email"),
        (200, "search", "search"),
    ],  # the mail was long before
    "gone": [(40, "chat"), (280, "email_sent", "email")],  # was sent something, and still does nothing
    "steady": [(40 + 20 * n, "chat") for n in range(13)],
}


def test_what_the_brand_sends_ends_no_silence_and_may_bring_one_back():
    journeys = counted(SILENT)
    back = journeys.reactivations.set_index("touchpoint")
    assert back["sent"].to_dict() == {"email_sent": True, "search": False}
    assert back["share"].tolist() == [0.5, 0.5] and back.loc["email_sent", "silent_days_median"] == 160
    row = journeys.lapsed.iloc[0]
    assert (row["silent_before"], row["returned"], row["silent_days_median"]) == (4, 2, 160)  # and 'old'


SPOKEN = {
    "writes": [(50, "review"), (51, "review")],
    "likes": [(50, "nps_rating", "web", {"rating": 9})],
    "liked": [
        (50, "nps_rating", "web", {"rating": 10}),
        (60, "nps_rating", "web", {"rating": 3}),
    ],  # the latest counts
    "refers": [(50, "purchase")],
    "brought": [(55, "aw", "web", {"referrer_id": "refers"}), (57, "co")],
    "self": [(55, "co")],
}


def test_advocates_are_counted_once_and_by_their_latest_score():
    table = counted(SPOKEN).advocates.set_index("kind")
    assert table["advocates"].to_dict() == {"any": 3, "review": 1, "promoter": 1, "referrer": 1}
    assert table.loc["any", "customers"] == 8


def test_a_scale_of_five_has_no_promoters():
    """A 5 of 5 is the best answer, and no 9 or 10."""
    five = {"a": [(50, "nps_rating", "web", {"rating": 5})], "b": [(50, "review")]}
    assert "promoter" not in set(counted(five).advocates["kind"])


def test_the_loop_closes_where_those_who_were_brought_in_begin():
    table = counted(SPOKEN).referred.set_index("stage")
    assert table.loc["awareness", ["referred", "customers", "share"]].tolist() == [1, 1, 1]
    assert table.loc["awareness", "went_on_share"] == 1
    assert table.loc["consideration", "other_share"] > 0


def test_without_any_of_it_every_table_is_empty_and_no_finding_is_made():
    journeys = map_journeys(log_of({"a": [(0, "aw")], "b": [(3, "co")]}), min_group=1)
    tables = (
        journeys.sales,
        journeys.levers,
        journeys.aha,
        journeys.reactivations,
        journeys.advocates,
        journeys.referred,
    )
    assert all(table.empty for table in tables)
    keys = {"upsells", "cross_sells", "aha_moment", "advocates", "loop_closes", "returns_with"}
    assert not keys & {one.key for one in observe(journeys)}
