"""Journeys on logs that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.facts import buying_positions
from journeykit.findings import observe
from tests.lazy_journeys import map_journeys

START = pd.Timestamp("2026-01-01")
MODEL = "universal"  # awareness, consideration, decision, action, loyalty
SHOWS = {
    "aw": "ad_impression",
    "co": "compare_items",
    "de": "begin_checkout",
    "ac": "purchase",
    "lo": "review",
}


def log_of(journeys: dict[str, list[tuple]], **columns) -> EventLog:
    """Return a log from, per customer, (day, stage or touchpoint, channel)."""
    rows = [
        {"customer_id": who, "timestamp": START + pd.Timedelta(days=step[0]), "touchpoint": SHOWS.get(step[1], step[1]),
         "channel": step[2] if len(step) > 2 else "web", **(step[3] if len(step) > 3 else {})}
        for who, steps in journeys.items() for step in steps
    ]  # fmt: skip
    return EventLog.from_frame(pd.DataFrame(rows).assign(**columns), stage_model=MODEL)


JOURNEYS = {
    "a": [
        (0, "aw"),
        (1, "co"),
        (1.5, "co"),
        (2, "search"),
        (5, "ac"),
    ],  # consideration shown twice: one entry
    "b": [(0, "aw"), (3, "co"), (4, "aw")],  # one step back
    "c": [(0, "odd_contact")],  # shows no stage
    "d": [(40, "aw"), (60, "lo")],  # skips three stages; seen on the last day, so still under way
}
PERSONAS = pd.Series({"a": "p1", "b": "p1", "c": None, "d": "p2"})


@pytest.fixture(scope="module")
def counted():
    return map_journeys(log_of(JOURNEYS), PERSONAS, min_group=1)


def cell(table: pd.DataFrame, column: str, **where):
    for name, value in where.items():
        table = table[table[name.rstrip("_")] == value]
    assert len(table) == 1
    return table[column].iloc[0]


def test_transitions_collapse_repeats_and_count_departures(counted):
    moves = counted.transitions
    counts = {
        (row["from"], row["to"]): row["count"] for _, row in moves[moves["persona"] == "all"].iterrows()
    }
    assert counts == {
        ("start", "awareness"): 3, ("awareness", "consideration"): 2, ("awareness", "loyalty"): 1,
        ("awareness", "lapsed"): 1, ("consideration", "awareness"): 1, ("consideration", "action"): 1,
        ("action", "lapsed"): 1,
    }  # fmt: skip
    shares = moves[moves["persona"] == "all"].groupby("from")["share"].sum()
    assert shares.tolist() == pytest.approx([1, 1, 1, 1])
    assert cell(moves, "days_median", persona="all", from_="awareness", to="consideration") == 2


def test_flows_follow_each_path_from_its_beginning(counted):
    flows = counted.flows[counted.flows["persona"] == "all"]
    told = {
        (row.place, row["from"], row["to"]): row["count"]
        for _, row in flows.iterrows()
        if row["to"] not in ("lapsed", "stay")
    }
    assert told == {
        (1, "awareness", "consideration"): 2, (1, "awareness", "loyalty"): 1, (2, "consideration", "action"): 1,
        (2, "consideration", "awareness"): 1,
    }  # fmt: skip


def test_flows_lose_nobody(counted):
    """At every place, those who came there go on, lapse or stay."""
    flows = counted.flows
    for _, own in flows.groupby("persona"):
        arrived = own[~own["to"].isin(["lapsed", "stay"])].groupby(["place", "to"])["count"].sum()
        left = own.groupby(["place", "from"])["count"].sum()
        for (place, stage), count in arrived.items():
            assert left[(place + 1, stage)] == pytest.approx(
                count, abs=1
            )  # lapsed and staying are rounded each


def test_a_unit_without_persona_counts_only_in_all(counted):
    assert cell(counted.funnel, "share_of_start", persona="all", stage="awareness") == 0.75
    assert cell(counted.funnel, "share_of_start", persona="p1", stage="awareness") == 1


def test_the_funnel_never_widens_and_reached_means_this_stage_or_a_later_one(counted):
    everyone = counted.funnel[counted.funnel["persona"] == "all"]
    assert everyone["reached"].tolist() == pytest.approx([3, 3, np.nan, 2, 1], nan_ok=True)
    assert everyone["been"].tolist() == pytest.approx([3, 2, np.nan, 1, 1], nan_ok=True)
    assert everyone["skipped_share"].tolist() == pytest.approx([0, 1 / 3, np.nan, 0.5, 0], nan_ok=True)


def test_of_a_stage_that_the_data_cannot_show_the_funnel_has_a_row_and_no_figure(counted):
    """Nothing shows `decision`: who passed it is not known. What comes after is measured from the last stage seen."""
    unseen = counted.funnel.set_index(["persona", "stage"]).loc[("all", "decision")]
    assert unseen.drop("held_back").isna().all()
    assert cell(counted.funnel, "share_of_previous", persona="all", stage="action") == pytest.approx(2 / 3)


@pytest.mark.quick(
    "purchase-universal", "contract_signed-content", "repeat_purchase-digital", "upgrade-five-phase",
    "subscription_renewal-value-journey", "payment-universal",
)  # fmt: skip
@pytest.mark.parametrize("model", ["universal", "content", "digital", "five-phase", "value-journey"])
@pytest.mark.parametrize(
    "form", ["purchase", "contract_signed", "repeat_purchase", "upgrade", "subscription_renewal", "payment"]
)
def test_who_bought_in_whatever_form_has_been_in_the_stage_of_buying(model, form):
    """An inferred path that goes around buying is bent to the facts, and loses no stage that it has."""
    log = EventLog.from_frame(
        pd.DataFrame(
            {
                "customer_id": ["a", "a", "a", "b", "b"],
                "timestamp": pd.to_datetime(
                    ["2026-01-01", "2026-01-05", "2026-01-09", "2026-01-01", "2026-01-05"]
                ),
                "touchpoint": ["ad_impression", form, "review", "ad_impression", form],
            }
        ),
        stage_model=model,
    )
    stages = log.client.model.ids
    spans = {
        "a": [("2025-12-31", "2026-01-03", 0), ("2026-01-03", "2026-01-10", -1)],
        "b": [("2025-12-31", "2026-01-10", 0)],
    }
    inferred = pd.DataFrame(
        [(who, start, end, stages[at]) for who, parts in spans.items() for start, end, at in parts],
        columns=["unit_id", "from_at", "until_at", "stage"],
    )
    inferred[["from_at", "until_at"]] = inferred[["from_at", "until_at"]].apply(pd.to_datetime)
    found = (
        map_journeys(log, inferred=inferred, min_group=1).funnel.set_index(["persona", "stage"]).loc["all"]
    )
    bought = [stages[at] for at, forms in buying_positions(log.client.model).items() if form in forms]
    assert found.loc[bought, "been"].tolist() == [2] and found.loc[bought, "reached"].tolist() == [2]
    assert found["been"].iloc[-1] == 1


def test_time_in_stage_censors_those_under_way(counted):
    """Stays in awareness: 1 day (a), 3 days (b), 20 days (d), and b's second, cut off. Without censoring: 3 days too,
    but consideration of only movers and action of nobody."""
    times = counted.time_in_stage
    assert cell(times, "under_way", persona="all", stage="awareness") == 1
    assert cell(times, "days_median", persona="all", stage="awareness") == 3
    assert np.isnan(cell(times, "days_median", persona="all", stage="action"))


def test_drop_off_leaves_out_those_under_way(counted):
    """d was seen on the last day in loyalty, the last stage: nobody has left it, so there is no share."""
    table = counted.drop_off
    assert cell(table, "drop_off", persona="all", stage="awareness") == pytest.approx(1 / 3)
    assert np.isnan(cell(table, "drop_off", persona="all", stage="loyalty"))
    assert set(table["basis"]) == {"silence"}


@pytest.mark.slow
def test_from_the_last_stage_all_who_leave_do_so_for_good_and_that_is_no_leak():
    """12 bought long ago, 28 just now: 12 left, all for good. Nothing lies behind, so no finding calls it a leak."""
    journeys = {f"c{n}": [(0 if n < 12 else 100, "ac")] for n in range(40)}
    log = log_of(journeys)
    found = map_journeys(log, min_group=10)
    assert cell(found.drop_off, "left", persona="all", stage="action") == 12
    assert cell(found.drop_off, "drop_off", persona="all", stage="action") == 1
    assert not [one for one in observe(found, log=log) if one.key.startswith("leaks")]


def test_drop_off_adds_up_probabilities_when_there_is_a_stage_table():
    stages = pd.DataFrame(
        {f"p_{s}": 0.0 for s in ("awareness", "consideration", "decision", "action", "loyalty")},
        index=list("abcd"),
    )
    stages = stages.assign(p_lapsed=[0.2, 0.6, 0.5, 0.1], stage=[None, "lapsed", None, "loyalty"])
    stages["p_loyalty"] = 1 - stages["p_lapsed"]
    journeys = map_journeys(log_of(JOURNEYS), PERSONAS, stages, min_group=1)
    # awareness: a and d moved on, b was last seen there: .6 of 2.6
    assert cell(journeys.drop_off, "drop_off", persona="all", stage="awareness") == pytest.approx(0.6 / 2.6)
    assert set(journeys.drop_off["basis"]) == {"probabilities"}
    now = journeys.stages_now
    assert now[now["persona"] == "all"].dropna(subset="stage")["share"].sum() == pytest.approx(1)
    assert cell(now, "customers", persona="all", stage="lapsed") == pytest.approx(1.4)


def test_back_steps_count_customers_not_steps(counted):
    assert cell(counted.back_steps, "back_share", persona="all", stage="consideration") == 0.5
    assert cell(counted.back_steps, "back_to", persona="all", stage="consideration") == "awareness"


@pytest.mark.slow
def test_small_groups_are_held_back_and_their_figures_gone():
    journeys = map_journeys(log_of(JOURNEYS), PERSONAS, min_group=10)
    for name, table in journeys.tables().items():
        if "held_back" in table and len(table):
            assert table["held_back"].all(), name
    assert journeys.funnel["reached"].isna().all()
    assert journeys.transitions["count"].isna().all()
    assert journeys.entry_points.empty


def test_empty_tables_keep_their_columns(counted):
    assert counted.pages.empty
    assert {"page", "landings", "bounce_share", "sales_completed", "low", "high"} <= set(counted.pages)
    assert {"persona", "stage", "nps"} <= set(counted.ratings)
    assert {"referrers", "referrals"} <= set(counted.referrals)


@pytest.mark.parametrize(
    "journeys",
    [{"a": [(0, "search")]}, {"a": [(0, "aw"), (0, "co"), (0, "ac")]}, {who: [(0, "aw")] for who in "abc"}],
    ids=["no stage at all", "everything at once", "everybody drops at once"],
)
def test_odd_logs_are_counted_without_complaint(journeys):
    counted = map_journeys(log_of(journeys), min_group=1)
    assert len(counted.funnel) == 5
    assert (counted.transitions["count"] >= 0).all()


def test_ties_in_time_are_counted_the_same_way_each_time():
    tied = {"a": [(0, "aw"), (0, "co"), (0, "ac")]}
    first, second = (map_journeys(log_of(tied), min_group=1).transitions for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_skips_compare_within_landing_stage_and_persona():
    """Everybody lands in decision at day 10; 20 skip consideration and 5 of them go on, 20 skip none and 15 go on."""
    journeys = {}
    for n in range(20):
        journeys[f"s{n}"] = [(0, "aw"), (10, "de"), *([(20, "ac")] if n < 5 else [])]
        journeys[f"n{n}"] = [(0, "co"), (10, "de"), *([(20, "ac")] if n < 15 else [])]
    journeys["z"] = [(300, "odd_contact")]  # the window is long enough to follow everyone
    skips = map_journeys(log_of(journeys), min_group=10).skips
    assert cell(skips, "later_stage_reached_share", persona="all", skipped_stages=1) == 0.25
    assert cell(skips, "effect", persona="all", skipped_stages=1) == pytest.approx(-0.5)
    assert cell(skips, "p_value", persona="all", skipped_stages=1) < 0.01
    assert cell(skips, "held_back", persona="all", skipped_stages=2)


def test_skips_compare_with_others_as_active():
    """Who skips is idle here, and the idle get no further, whether they skip or not: skipping itself costs nothing."""
    journeys = {"z": [(300, "odd_contact")]}
    for n in range(60):
        busy = n % 2 == 0
        skips = n % 8 == 0 if busy else n % 8 != 1  # of the busy few skip, of the idle most
        steps = [(0, "aw" if skips else "co"), (10, "de"), *([(20, "ac")] if busy else [])]
        journeys[f"c{n}"] = steps + [(1 + 0.5 * visit, "support") for visit in range(12 if busy else 0)]
    skips = map_journeys(log_of(journeys), min_group=1).skips
    assert cell(skips, "later_stage_reached_share", persona="all", skipped_stages=1) < 0.3
    assert cell(skips, "effect", persona="all", skipped_stages=1) == pytest.approx(0)


def test_a_stage_that_the_data_cannot_show_is_not_skipped():
    """Nobody is ever seen in consideration here: awareness to decision is one step, not a skip."""
    journeys = {f"u{number}": [(0, "aw"), (10, "de"), (20, "lo")] for number in range(12)}
    journeys["z"] = [(300, "odd_contact")]  # the window is long enough to follow everyone
    counted = map_journeys(log_of(journeys), min_group=1)
    assert cell(counted.skips, "customers", persona="all", skipped_stages=0) == 12
    assert cell(counted.skips, "held_back", persona="all", skipped_stages=1)
    unseen = counted.observable.loc[~counted.observable["observable"], "stage"]
    assert set(unseen) == set(counted.observable["stage"]) - {"awareness", "decision", "loyalty"}


def test_who_landed_too_recently_is_not_counted_as_stuck():
    """Landed 5 days before the end, followed for 30: unknown, not 'did not get further'."""
    journeys = {f"c{n}": [(0, "aw"), (10, "co")] for n in range(12)} | {"z": [(15, "odd_contact")]}
    assert map_journeys(log_of(journeys), min_group=1).skips["customers"].isna().all()


def test_channels_credit_the_path_within_a_stage():
    """Two paths through awareness that differ in one channel: only those with e-mail move on."""
    journeys = {}
    for n in range(30):
        moves_on = n < 15
        channel = "email" if moves_on else "display"
        journeys[f"c{n}"] = [
            (0, "aw", "social"), (1, "search", channel), (2, "search", channel),
            *([(3, "co", "web")] if moves_on else []),
        ]  # fmt: skip
    journeys["z"] = [(200, "odd_contact", "web")]
    channels = map_journeys(log_of(journeys), min_group=10).channels
    own = channels[(channels["persona"] == "all") & (channels["stage"] == "awareness")].set_index("channel")
    assert own["touches"].to_dict() == {"display": 30, "email": 30, "social": 30}
    assert own["attribution_markov"].to_dict() == pytest.approx({"display": 0, "email": 0.5, "social": 0.5})
    assert own["attribution_shapley"].to_dict() == pytest.approx({"display": 0, "email": 0.5, "social": 0.5})
    assert own["attribution_last"].to_dict() == pytest.approx({"display": 0, "email": 1, "social": 0})
    assert ((own["low"] <= own["attribution_markov"]) & (own["attribution_markov"] <= own["high"])).all()


def test_customers_under_way_are_not_lost_conversions():
    """Seen on the last day in awareness: they weigh nothing, so search keeps its part."""
    journeys = {f"m{n}": [(0, "aw", "search"), (1, "co", "web")] for n in range(12)}
    journeys |= {f"u{n}": [(1, "aw", "search"), (1, "search", "email")] for n in range(12)}
    channels = map_journeys(log_of(journeys), min_group=10).channels
    own = channels[(channels["persona"] == "all") & (channels["stage"] == "awareness")].set_index("channel")
    assert own.at["search", "attribution_markov"] == pytest.approx(1)


def page(name: str, **more) -> dict:
    return {"page": name, **more}


def test_pages_bounce_exit_continue_and_sell():
    journeys = {}
    for n in range(10):
        journeys[f"b{n}"] = [(0, "page_view", "web", page("https://shop.example/home?mail=a@b.nl#top"))]
        journeys[f"s{n}"] = [
            (0, "page_view", "web", page("/home")), (0.001, "view_item", "web", page("/item")),
            (0.002, "purchase", "web", {"page": None}),
        ]  # fmt: skip
    journeys["x"] = [(0, "page_view", "web", page("/mail/jan@example.org/open"))]
    pages = map_journeys(log_of(journeys), min_group=10).pages.set_index("page")
    assert list(pages.index) == ["/home", "/item"]  # one visit to the mail page is too few to show
    assert pages.loc[
        "/home", ["landings", "sessions", "bounce_share", "exit_share", "sale_share"]
    ].tolist() == [20, 20, 0.5, 0.5, 0.5]
    assert pages.loc["/item", "sales_completed"] == 10
    assert np.isnan(pages.loc["/item", "bounce_share"])  # nobody lands there


def test_addresses_leave_the_pages():
    journeys = {f"c{n}": [(0, "page_view", "web", page(f"/u/c{n}%40mail.nl/x?id={n}"))] for n in range(10)}
    assert map_journeys(log_of(journeys), min_group=10).pages["page"].tolist() == ["/u/:address/x"]


def test_a_visit_that_is_a_sale_does_not_bounce():
    journeys = {f"c{n}": [(0, "purchase", "web", page("/thanks"))] for n in range(10)}
    assert map_journeys(log_of(journeys), min_group=10).pages["bounce_share"].tolist() == [0]


def test_nps_takes_the_latest_score_of_each_customer():
    scores = {f"c{n}": [(0, "aw"), (1, "nps_rating", "email", {"rating": 2}), (2, "nps_rating", "email", {"rating": r})]
              for n, r in enumerate([10, 9, 9, 8, 7, 7, 7, 6, 3, 0])}  # fmt: skip
    ratings = map_journeys(log_of(scores), min_group=10).ratings
    assert cell(
        ratings[ratings["stage"].isna()], "nps", persona="all", touchpoint="nps_rating"
    ) == pytest.approx(0)


def test_five_point_ratings_have_a_mean_and_no_nps():
    scores = {f"c{n}": [(0, "review", "web", {"rating": 4})] for n in range(10)}
    ratings = map_journeys(log_of(scores), min_group=10).ratings
    assert ratings["nps"].isna().all()
    assert ratings["rating_mean"].tolist() == [4, 4]


def test_ratings_are_corrected_for_who_answers():
    """The busy answer far more often and are pleased; half of everybody is busy, so the true NPS is 0."""
    journeys = {}
    for n in range(400):
        busy = n % 2 == 0
        answers = n % 10 < 8 if busy else n % 20 < 4
        steps = [(day, "aw") for day in range(30 if busy else 3)]
        rated = [(31, "nps_rating", "email", {"rating": 9 if busy else 3})] if answers else []
        journeys[f"c{n}"] = steps + rated
    ratings = map_journeys(log_of(journeys), min_group=10).ratings
    row = ratings[ratings["stage"].isna() & (ratings["persona"] == "all")].iloc[0]
    assert row["nps"] > 30
    assert abs(row["corrected"]) < 10
    assert row["corrected_low"] < 0 < row["corrected_high"]


def test_few_ratings_are_not_corrected():
    scores = {f"c{n}": [(0, "review", "web", {"rating": n % 5})] for n in range(12)}
    row = map_journeys(log_of(scores), min_group=10).ratings.iloc[0]
    assert row["corrected"] == pytest.approx(row["rating_mean"])
    assert row["answered_share"] == 1


def test_the_typical_journey_is_the_order_closest_to_all():
    orders = [["aw", "co", "ac"]] * 6 + [["aw", "ac"]] * 3 + [["ac", "aw", "co"]] * 2 + [["aw"]] * 5
    journeys = {f"c{n}": list(enumerate(order)) for n, order in enumerate(orders)}
    typical = map_journeys(log_of(journeys), min_group=5).typical
    assert typical["journey"].tolist() == ["awareness>consideration>action"]
    assert typical[["customers", "followed_by"]].to_numpy().tolist() == [[11, 6]]
    assert map_journeys(log_of(journeys), min_group=12).typical["journey"].tolist() == [None]


def test_referrals_are_counted_for_who_brought_others_in():
    journeys = {"r": [(0, "aw")]} | {
        f"n{n}": [(n, "aw", "referral", {"referrer_id": "r"})] for n in range(1, 4)
    }
    journeys["self"] = [(1, "aw", "web", {"referrer_id": "self"})]
    referrals = map_journeys(log_of(journeys), min_group=1).referrals
    assert cell(referrals, "referrals", persona="all") == 3
    assert cell(referrals, "referrers", persona="all") == 1


def test_value_knows_returns_and_the_few_who_bring_much():
    journeys = {f"c{n}": [(0, "purchase", "web", {"value": 10.0})] for n in range(18)}
    journeys |= {
        "big": [(0, "purchase", "web", {"value": 830.0})],
        "back": [(0, "refund", "web", {"value": -10.0})],
    }
    value = map_journeys(log_of(journeys), min_group=10).value
    assert cell(value, "value_total", persona="all") == 1000
    assert cell(value, "top_tenth_share", persona="all") == pytest.approx(0.84)


def test_stages_that_the_data_cannot_show_are_listed_with_what_to_measure():
    observable = map_journeys(log_of({"a": [(0, "purchase")]}), min_group=1).observable.set_index("stage")
    assert observable["observable"].to_dict() == {
        "awareness": False, "consideration": False, "decision": False, "action": True, "loyalty": False,
    }  # fmt: skip
    assert "compare_items" in observable.at["consideration", "missing_touchpoints"]


def test_as_of_hides_later_steps():
    early = map_journeys(log_of(JOURNEYS).as_of("2026-01-02"), min_group=1)
    assert np.isnan(cell(early.funnel, "reached", persona="all", stage="action"))  # nothing shows it yet
    assert cell(early.funnel, "reached", persona="all", stage="consideration") == 1
