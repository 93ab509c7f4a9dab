"""Words: every sentence in both languages, with nothing, one, two and many."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from journeykit.errors import JourneykitError
from journeykit.findings import SECTIONS, Finding
from journeykit.touchpoints import load_channels, load_vocabulary
from journeykit.wording import label, label_frame, name_persona, name_personas, say, say_value, tell, text
from journeykit.wording.formats import LANGUAGES, say_interval
from journeykit.wording.texts import _flat, blanks, fill, load_texts

KINDS = [key for keys in SECTIONS.values() for key in keys]
COUNTS = (0, 1, 2, 412)
NAMES = {"persona": {"nl": "Zoekers", "en": "Seekers"}}
ACTION = {"action": {"nl": "Toon reviews.", "en": "Show reviews."}}


def example(key: str, count: int, persona: str | None = None) -> Finding:
    share = 0.5 if count > 2 else count / 2
    numbers = {
        "k": count, "share": share, "stability": 0.61, "trait": "channel_share.email", "value": 0.4, "other": 0.1,
        "form": "percent", "share_customers": 0.2, "skipped": max(count, 1) if count < 3 else 3, "effect": -0.12,
        "days": float(count), "horizon": max(count, 1), "expected": count, "channel": "email",
        "moved": 0.8, "page": "/prijs",
        "landings": count, "sessions": count, "sales": count,
        "touchpoints": ["search", "chat", "email_open"][: max(count % 4, 1)],
        "rejected": count, "reason": "duplicate", "contacts": count, "nps": 10.0 * count / 40, "referrers": count,
        "referrals": count, "mean": 1.0, "top": 0.1, "lapsed": count, "date": "2026-04-01",
        "conclusion": "largest_phase", "phase": "lead", "models": count, "agree": count,
        "month": "2026-03", "touchpoint": "ad_impression", "content": "how_to", "times": count, "behaviour": "login",
        "at_least": 2, "since": "order",
        "stay_from": 60.0, "stay_to": 90.0, "lever": "speed",
        "days_from": 90.0, "days_to": 120.0,
        "more": count, "value_low": 10.0, "value_high": 90.0,
        "bought": count, "free": count, "recorded": count, "outcome": "buys",
        "silence": count, "other_low": 0.05, "other_high": 0.2, "sign": "complaint", "bounced": count, "part": 0.3,
        "scale_low": 1.0, "scale_high": 5.0, "median": float(count), "quartile_low": float(count),
        "quartile_high": float(count), "roles": ["buyer", "user"], "shares": [1.0, 0.4], "role": "buyer",
        "one": 1, "other_channel": "social",
        "of": count + 1, "to": "p2", "went": count, "returned": count, "before": 0.2, "after": 0.3,
        "visits": count, "contracts": count, "trial": "winback", "arm": "mail", "control": "none",
        "sizes": "a: 3 / b: 9",
    }  # fmt: skip
    if key not in ("persona_stands_out",):
        numbers.pop("form")
    names = ACTION | (NAMES if persona else {})
    return Finding(key, numbers, 0.42, 0.58, "t", persona, "consideration", count, names=names)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KINDS)
def test_every_sentence_is_whole_with_none_one_two_and_many(key, language):
    for count in COUNTS:
        for persona in (None, "p1"):
            said = say(example(key, count, persona), language)
            assert not re.search(r"[{}]|nan|None|NaT|  | \.| ,|\(\)|\|", said), said
            assert said[0].isupper() or not said[0].isalpha()
            assert said.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KINDS)
def test_a_sentence_without_interval_leaves_no_empty_brackets(key, language):
    found = example(key, 412)
    bare = Finding(
        found.key, found.numbers, None, float("nan"), "t", None, "consideration", 412, names=ACTION
    )
    assert "()" not in say(bare, language)
    assert "nan" not in say(bare, language)


@pytest.mark.parametrize(
    ("language", "count", "expected", "wrong"),
    [("nl", 1, "1 klant.", "1 klanten"), ("nl", 2, "2 klanten.", "2 klant."), ("en", 1, "1 customer.", "1 customers"),
     ("en", 412, "412 customers.", "412 customer.")],
)  # fmt: skip
def test_plural_follows_the_number(language, count, expected, wrong):
    said = say(example("moves_soon", count), language)
    assert said.endswith(expected)
    assert wrong not in said


def test_no_singular_number_stands_before_a_plural_noun():
    plural = re.compile(
        r"\b1 (klanten|accounts|dagen|fasen|persona’s|customers|days|stages|personas|rows|visits|regels)\b"
    )
    for key in KINDS:
        for language in LANGUAGES:
            assert not plural.search(say(example(key, 1), language)), key


def test_the_example_of_the_design_in_both_languages():
    found = Finding(
        "leaks_at", {"share": 0.82}, 0.78, 0.86, "drop_off", "p1", "consideration", 412, names=NAMES
    )
    assert say(found, "nl") == "Van de 412 zoekers die de fase Overweging verlieten, haakte 82% af (78–86%)."
    assert (
        say(found, "en") == "Of the 412 seekers that left the Consideration stage, 82% dropped out (78–86%)."
    )


def test_a_business_log_counts_accounts_not_customers():
    found = Finding("few_customers", {"unit": "account"}, customers=3)
    assert "3 accounts" in say(found, "nl")
    assert "3 accounts" in say(found, "en")


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(JourneykitError, match="Did you mean 'leaks_at'"):
        say(Finding("leak_at"), "nl")


def test_texts_have_the_same_keys_and_blanks_in_both_languages():
    dutch, english = (_flat(load_texts(language)) for language in LANGUAGES)
    assert dutch.keys() == english.keys()
    fixed = {"persona", "noun", "units", "of_who", "group", "who"}
    for key in dutch:
        assert blanks(dutch[key]) - fixed == blanks(english[key]) - fixed, key


def test_every_finding_has_a_sentence_and_every_sentence_a_finding():
    assert set(load_texts("nl")["sentences"]) == set(KINDS)


def test_every_touchpoint_and_channel_has_a_name_for_a_group_of_its_own():
    heads = {}
    for language in LANGUAGES:
        traits = load_texts(language)["names"]["traits"]
        assert {f"touchpoint.{name}" for name in load_vocabulary()} <= set(traits)
        assert {f"channel.{name}" for name in load_channels()} <= set(traits)
        heads[language] = [trait["head"] for trait in traits.values()]
        assert len(set(heads[language])) == len(heads[language])


def test_names_of_personas_are_never_alike_and_do_not_depend_on_effect_sizes():
    frame = pd.DataFrame(
        [("p1", "channel_share.email", 2.0), ("p1", "weekend_share", -1.0), ("p2", "channel_share.email", 1.5),
         ("p2", "daypart_share.evening", 1.2), ("p3", "touchpoint_share.offer_viewed", 0.8)],
        columns=["persona", "trait", "effect"],
    )  # fmt: skip
    names = name_personas(frame)
    assert names["nl"].is_unique
    assert names["en"].is_unique
    assert names.loc["p2", "nl"] == "E-maillezers die 's avonds komen"
    assert names.loc["p3", "en"] == "Customers with much ‘Offer viewed’"
    assert name_personas(frame.assign(effect=frame["effect"] * 0.9)).equals(names)


def test_personas_with_the_same_traits_or_none_still_differ():
    names = name_personas({"p1": ["channel.email+"], "p2": ["channel.email+"], "p3": []})
    assert names["nl"].is_unique
    assert names.loc["p3", "en"] == "Customers in group 3"


def test_a_name_of_one_trait_fits_behind_a_number():
    assert name_persona("touchpoint.search+", "nl") == "Zoekers"
    assert name_persona("gap_days-", "en") == "Frequent visitors"


@pytest.mark.parametrize(
    ("value", "form", "dutch", "english"),
    [
        (-1.5e300, "amount", "−1,5E300", "−1.5E300"),
        (1234567, "whole", "1.234.567", "1,234,567"),
        (0.5, "number", "0,5", "0.5"),
        (0.004, "percent", "0,4%", "0.4%"),
        (-0.12, "points", "−12", "−12"),
        (None, "percent", "–", "–"),
        (float("nan"), "whole", "–", "–"),
        (1, "duration", "1 dag", "1 day"),
        (0.01, "duration", "minder dan een uur", "less than an hour"),
        (400, "duration", "13 maanden", "13 months"),
        ("2026-04-01", "date", "1 april 2026", "1 April 2026"),
        (0.0001, "p_value", "< 0,001", "< 0.001"),
        (1250.5, "amount", "1.250", "1,250"),
        (12.5, "amount", "12,50", "12.50"),
    ],
)
def test_values_are_written_as_in_the_language(value, form, dutch, english):
    assert (say_value(value, form, "nl"), say_value(value, form, "en")) == (dutch, english)


@pytest.mark.parametrize(
    ("low", "high", "form", "expected"),
    [(0.78, 0.86, "percent", "78–86%"), (0.132, 0.134, "percent", "13,2–13,4%"), (0.99, 1.0, "percent", "99–100%"),
     (4.4, 5.2, "duration", "4–5 dagen"), (-12.0, 3.0, "signed", "−12 tot +3"), (None, 1.0, "percent", "")],
)  # fmt: skip
def test_intervals_keep_their_ends_apart(low, high, form, expected):
    assert say_interval(low, high, form, "nl") == expected


def test_fill_asks_for_every_blank():
    with pytest.raises(JourneykitError, match="asks for 'n'"):
        fill("{n:whole}", {}, "nl")


def test_text_names_what_is_missing():
    assert text("headings.summary", "nl") == "Samenvatting"
    with pytest.raises(JourneykitError, match=r"headings\.summary"):
        text("headings.sumary", "nl")
    with pytest.raises(JourneykitError, match="section"):
        text("headings", "nl")
    with pytest.raises(JourneykitError, match="unknown language 'fr'"):
        text("headings.summary", "fr")


def test_labels_of_things_known_and_unknown():
    assert label("stage", "lapsed", "nl") == "Afgehaakt"
    assert label("stage", "my_stage", "en") == "My stage"
    assert label("touchpoint", "add_to_cart", "en") == "Added to basket"
    assert label("channel", "zine", "nl") == "Zine"
    assert label("persona", "all", "nl") == "Alle klanten"
    assert label("persona", "p3", "en") == "Customers in group 3"
    assert label("trait", "channel_share.email", "nl") == "het aandeel van het kanaal E-mail"
    assert label("reason", "duplicate", "nl") == "dubbele regel"
    with pytest.raises(JourneykitError, match="kind of label"):
        label("colour", "red", "nl")


def test_a_table_is_labelled_and_its_figures_are_left_alone():
    table = pd.DataFrame({"persona": ["all", "p1"], "stage": ["purchase", None], "share": [0.5, 0.25]})
    shown = label_frame(table, "nl", names={"p1": {"nl": "Zoekers", "en": "Seekers"}})
    assert shown.to_dict("list") == {
        "Persona": ["Alle klanten", "Zoekers"], "Fase": ["Aankoop", "Niet zeker"], "Aandeel": [0.5, 0.25],
    }  # fmt: skip


def test_lists_of_ids_are_labelled_one_by_one():
    table = pd.DataFrame({"top_channels": ["email, search", None]})
    assert label_frame(table, "nl").iloc[:, 0].tolist() == ["E-mail, Zoekmachine", "–"]


def test_names_say_what_people_do_rather_than_how_much_they_do():
    """A persona is not a level of activity: contacts differ most, yet the name comes from the channel."""
    frame = pd.DataFrame(
        [("p1", "contacts", 3.0, 90, 30), ("p1", "touchpoint_share.refund", 2.0, 0.01, 0.0),
         ("p1", "weekend_share", -1.5, 0.1, 0.3), ("p1", "channel_share.email", 0.9, 0.5, 0.2)],
        columns=["persona", "trait", "effect", "inside", "outside"],
    )  # fmt: skip
    assert name_personas(frame).loc["p1", "en"] == "Email readers"


def test_findings_are_told_as_plain_values_in_both_languages():
    told = tell([example("leaks_at", 412, "p1")])[0]
    assert set(told["sentence"]) == {"nl", "en"}
    assert told["interval"] == [0.42, 0.58]
    assert told["evidence"] == "t"


def test_a_share_of_all_is_said_without_figures():
    found = Finding("buyers", {"bought": 40, "share": 1.0}, 0.91, 1.0, customers=40)
    assert (say(found, "nl"), say(found, "en")) == ("Alle 40 klanten kochten.", "All 40 customers bought.")
