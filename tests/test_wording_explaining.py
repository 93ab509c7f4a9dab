"""Rules, reasons and trees in words: whole sentences in both languages, nothing unescaped."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from persona_people import QUICK, people

from journeykit.errors import JourneykitError
from journeykit.events import EventLog
from journeykit.features import measure_profile, measure_traits
from journeykit.personas import PersonaClusterer, explain, recruit_rules, rule_tree
from journeykit.simulate import simulate
from journeykit.touchpoints import load_channels
from journeykit.wording import say_recruiting, say_rule, say_tree, say_why
from journeykit.wording.formats import LANGUAGES
from journeykit.wording.texts import load_texts

NAMES = {
    "p1": {"nl": "E-maillezers", "en": "Email readers"},
    "p2": {"nl": "<b>Winkel</b>", "en": "<b>Store</b>"},
    "p3": {"nl": "Bellers", "en": "Callers"},
}
ODD = re.compile(
    r"[{}|]|nan|None|_|  | ,|\.\.|\(\)|\b1 (contacts|orders|visits|days|contacten|bezoeken|dagen)\b"
)


def one(measure: str, op: str, threshold) -> list[dict]:
    return [{"measure": measure, "op": op, "threshold": threshold}]


@pytest.fixture(scope="module")
def log() -> EventLog:
    return EventLog.from_frame(simulate(customers=150, personas=3, days=120, separation=1.4, seed=2).events)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_readable_measure_is_said_in_a_whole_sentence(log, language):
    profile = measure_profile(log).assign(people=2.0).select_dtypes("number")
    for measure in profile:
        for threshold in (0.0, 1.0, 0.4, 21.0):
            if threshold > 1 and "_share" in measure:
                continue
            for op in ("at_least", "at_most", "less_than"):
                said = say_rule(one(measure, op, threshold), language)
                assert not ODD.search(said), said
                assert said.endswith(".")
                assert "‘" not in said or measure.startswith("touchpoint_share"), said


@pytest.mark.parametrize(
    ("condition", "dutch", "english"),
    [
        (("channel_share.email", "at_least", 0.4), "Minstens 40% van de contacten via e-mail.",
         "At least 40% of contacts by email."),
        (("channel_share.zine", "at_most", 0.1), "Hoogstens 10% van de contacten via ‘Zine’.",
         "At most 10% of contacts through ‘Zine’."),
        (("daypart_share.evening", "at_most", 0.0), "Geen contacten 's avonds.",
         "No contacts in the evening."),
        (("weekend_share", "at_least", 1.0), "Alle contacten in het weekend.", "All contacts at weekends."),
        (("paid_share", "less_than", 0.05), "Minder dan 5% van de contacten via betaalde media.",
         "Less than 5% of contacts through paid media."),
        (("touchpoint_share.chat", "at_least", 0.02), "Minstens 2% van de contacten van het soort ‘Chatgesprek’.",
         "At least 2% of contacts of the kind ‘Chat conversation’."),
        (("gap_days", "at_least", 21.0), "Gemiddeld minstens 3 weken tussen twee bezoeken.",
         "On average at least 3 weeks between two visits."),
        (("gap_days", "at_most", 0.5), "Gemiddeld hoogstens 12 uur tussen twee bezoeken.",
         "On average at most 12 hours between two visits."),
        (("span_days", "less_than", 183.0), "Minder dan 6 maanden tussen het eerste en het laatste contact.",
         "Less than 6 months between the first and the last contact."),
        (("orders", "at_least", 1.0), "Minstens 1 bestelling.", "At least 1 order."),
        (("orders", "less_than", 3.0), "Minder dan 3 bestellingen.", "Fewer than 3 orders."),
        (("orders", "at_most", 0.0), "Geen bestellingen.", "No orders."),
        (("order_value_mean", "at_least", 50.0), "Gemiddeld minstens €\xa050 per bestelling.",
         "On average at least €50 per order."),
        (("value_total", "at_most", 1500.0), "Hoogstens €\xa01.500 besteed in totaal.",
         "At most €1,500 spent in total."),
        (("order_value_mean", "at_most", 8.5), "Gemiddeld hoogstens €\xa08,50 per bestelling.",
         "On average at most €8.50 per order."),
        (("rating_mean", "at_least", 7.5), "Een gemiddeld cijfer van minstens 7,5.",
         "An average rating of at least 7.5."),
        (("household_size", "at_least", 3), "Household size: minstens 3.", "Household size: at least 3."),
        (("income", "in", ["high", "middle"]), "Income: high of middle.", "Income: high or middle."),
        (("member", "in", ["True"]), "Member: ja.", "Member: yes."),
        (("rating_mean", "missing", None), "Het gemiddelde cijfer is niet bekend.",
         "The mean rating is not known."),
    ],
)  # fmt: skip
def test_conditions_read_as_somebody_would_say_them(condition, dutch, english):
    rule = one(*condition)
    assert (say_rule(rule, "nl", currency="EUR"), say_rule(rule, "en", currency="EUR")) == (dutch, english)


def test_contacts_are_named_once_and_conditions_on_one_measure_are_joined():
    rule = [
        *one("channel_share.email", "at_least", 0.4),
        *one("orders", "at_least", 3),
        *one("weekend_share", "at_most", 0.0),
    ]
    assert (
        say_rule(rule, "nl")
        == "Minstens 40% van de contacten via e-mail, geen in het weekend en minstens 3 bestellingen."
    )
    assert (
        say_rule(rule, "en") == "At least 40% of contacts by email, none at weekends and at least 3 orders."
    )
    between = [
        *one("orders", "less_than", 5),
        *one("orders", "at_least", 2),
        {"measure": "orders", "op": "known"},
    ]
    assert say_rule(between, "en") == "2 or more but less than 5 orders."


def test_no_rule_is_said_to_be_none(make_log):
    assert say_rule([], "nl") == "Geen korte regel herkent deze klanten."
    row = {"rule": [], "reason": "too_small"}
    assert say_recruiting(row, "en") == "This group is too small for a rule."
    assert say_recruiting(row | {"reason": "no_better"}, "en") == "No short rule recognises these customers."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_channel_and_part_of_the_day_has_its_words(language):
    places = load_texts(language)["explaining"]["places"]
    assert {f"channel_{channel}" for channel in load_channels()} <= set(places)
    assert {f"daypart_{part}" for part in ("night", "morning", "afternoon", "evening")} <= set(places)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_rules_and_reasons_of_a_log_are_whole_sentences(log, language):
    traits, profile = measure_traits(log), measure_profile(log)
    clusterer = PersonaClusterer(3, **QUICK).fit(traits)
    why = explain(clusterer, traits, traits.index[::8], strongest=None)
    for _, rows in why.groupby("unit_id"):
        for said in (say_why(rows, language), *_each_trait(rows, language)):
            assert not ODD.search(said), said
            assert said.endswith(".")
    personas = pd.Series(clusterer.labels_, index=traits.index).map({0: "p1", 1: "p2", 2: "p3"})
    for row in recruit_rules(profile, personas).to_dict("records"):
        assert not ODD.search(say_recruiting(row, language)), row


def _each_trait(rows: pd.DataFrame, language: str) -> list[str]:
    placed = rows.dropna(subset=["persona"]).assign(contribution=1.0)
    return [
        say_why(placed.iloc[[place]].assign(standing=1.5), language) for place in range(min(len(placed), 40))
    ]


def told(**changes) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "unit_id": "x", "persona": "p1", "probability": 0.92, "against": "p3", "against_probability": 0.06,
            "reason": "", "trait": ["channel.email", "value.order_value", "weekday.5", "rhythm.gap_days"],
            "block": ["channel", "value", "weekday", "rhythm"], "standing": [2.5, -1.2, 0.6, 1.4],
            "contribution": [2.0, 0.8, 0.4, -1.5],
        }
    )  # fmt: skip
    return rows.assign(**changes)


def test_reasons_in_both_languages():
    assert say_why(told(), "nl", names=NAMES) == (
        "Hoort bij de e-maillezers (kans 92%), eerder dan bij de bellers (6%), vooral omdat deze klant veel vaker dan "
        "gemiddeld via e-mail en iets vaker op zaterdag contact heeft, en kleinere bestellingen doet. "
        "Daar staat tegenover dat deze klant langer dan gemiddeld wegblijft."
    )
    assert say_why(told(), "en", names=NAMES) == (
        "Belongs to the email readers (probability 92%) rather than to the callers (6%), mostly because this customer "
        "is in contact far more often than average by email and slightly more often on Saturdays, and places smaller "
        "orders. On the other hand, this customer waits longer between contacts than average."
    )


def test_a_weak_counterargument_is_left_out_and_tiny_odds_have_no_figure():
    said = say_why(told(contribution=[2.0, 0.8, 0.4, -0.5], against_probability=0.001), "en", names=NAMES)
    assert "On the other hand" not in said
    assert "rather than to the callers, mostly" in said


def test_nothing_that_stands_out_is_said_as_such():
    assert "No single trait decides it" in say_why(told(standing=0.1), "en", names=NAMES)
    assert "Geen enkel kenmerk geeft de doorslag" in say_why(told(contribution=-0.2), "nl", names=NAMES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", ["too_few_contacts", "far", "no_personas"])
def test_who_is_not_placed_hears_why(reason, language):
    said = say_why(told(persona=None, reason=reason).head(1), language)
    assert said.startswith(("Not placed", "Niet ingedeeld"))
    assert not ODD.search(said)


def test_one_unit_at_a_time(fitted):
    with pytest.raises(JourneykitError, match="about 2 units"):
        say_why(explain(fitted, people()[0], ["c0000", "c0001"]), "en")


@pytest.fixture(scope="module")
def tree():
    rng = np.random.default_rng(0)
    persona = pd.Series(np.repeat(["p1", "p2", "p3"], 60))
    email = rng.uniform(0.5, 0.9, 180).round(2)
    email[60:] = rng.uniform(0.0, 0.4, 120).round(2)
    profile = pd.DataFrame({"channel_share.email": email, "touchpoint_share.<i>x": rng.uniform(0, 0.1, 180)})
    profile.loc[persona == "p3", "touchpoint_share.<i>x"] += 0.5
    return rule_tree(profile, persona)


def test_a_tree_is_read_from_top_to_bottom(tree):
    lines = say_tree(tree, "nl", names=NAMES).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(("Minstens", "Minder"))
    assert sum(line.startswith("  ") for line in lines) == 2
    assert any(line.endswith("e-maillezers (60 klanten, waarvan 100% hier hoort)") for line in lines)


def test_a_tree_in_html_is_nested_and_escaped(tree):
    import xml.etree.ElementTree as ElementTree

    said = say_tree(tree, "en", names=NAMES, html=True)
    assert "&lt;b&gt;Store&lt;/b&gt;" in said
    assert {element.tag for element in ElementTree.fromstring(said).iter()} == {"ul", "li"}
    assert said.count("<ul>") == 2
    assert said.count("<li>") == 4


def test_a_tree_of_one_end_says_so():
    personas = pd.Series(["p1"] * 20)
    alone = rule_tree(pd.DataFrame({"orders": range(20)}), personas)
    assert say_tree(alone, "en", names=NAMES) == "Email readers (20 customers; 100% of them belong there)"
    assert say_tree(alone, "en", names=NAMES, html=True).startswith("<ul><li>Email readers")
