"""Cards of personas: what stands on them, in both languages, and what must not."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from fake_study import fake_client, fake_study

from journeykit.reports.cards import NoPersonasFound, PersonaCards, persona_cards
from journeykit.reports.portraits import list_attributes, list_candidates, list_examples, round_figure

LANGUAGES = ("nl", "en")


def study_with(**tables):
    """Return a study of two personas with the tables that cards are written from."""
    study = fake_study(fake_client("en"))
    study.tables |= {
        "value": pd.DataFrame({
            "persona": ["p1", "p2"], "value_mean": [184.2, None], "low": [170.0, None], "high": [200.0, None],
            "held_back": [False, True]}),
        "typical": pd.DataFrame({
            "persona": ["p1"], "journey": ["awareness>consideration>action"], "share": [0.34], "held_back": [False]}),
        "ratings": pd.DataFrame({
            "persona": ["p1"], "stage": [None], "touchpoint": ["nps_rating"], "customers": [40], "rating_mean": [8.1],
            "nps": [23.0], "low": [12.0], "high": [34.0], "answered_share": [0.12], "corrected": [11.0],
            "corrected_low": [-2.0], "corrected_high": [24.0], "held_back": [False]}),
        "persona_traits": pd.DataFrame({
            "persona": ["p1"], "trait": ["channel_share.email"], "effect": [1.84], "median": [0.4], "low": [0.3],
            "high": [0.5], "rest_median": [0.1]}),
        "persona_attributes": pd.DataFrame({
            "persona": ["p1", "p1"], "attribute": ["age", "region"], "level": [None, "<b>north</b>"],
            "share": [None, 0.6], "rest_share": [None, 0.2], "median": [41.0, None], "low": [30.0, None],
            "high": [55.0, None], "rest_median": [50.0, None], "known": [300, 340], "missing_share": [0.12, 0.0]}),
        "persona_examples": pd.DataFrame({
            "persona": ["p1", "p1"], "customer": ["A", "B"], "role": ["typical", "edge"], "probability": [0.97, 0.54],
            "second": ["p2", "p2"], "second_probability": [0.02, 0.4], "contacts": [40.0, 20.0],
            "channel": ["email", None], "channel_share": [0.6, None], "daypart": ["evening", "night"],
            "daypart_share": [0.5, 0.3], "gap_days": [5.0, None], "order_value_mean": [40.0, None]}),
    } | tables  # fmt: skip
    study.contrasts = pd.DataFrame({
        "persona": ["p1", "p1"], "trait": ["channel_share.email", "daypart_share.evening"], "effect": [1.84, 0.4],
        "inside": [0.41, 0.5], "outside": [0.1, 0.4], "customers": [340, 340]})  # fmt: skip
    return study


WORDS = {
    "en": ["Email readers who come on weekdays", "184.20 (170.00–200.00)", "Awareness → Consideration → Action (34%",
           "+23 (+12 to +34); 12% answered", "NPS if all had answered", "Via email", "+1.8", "Age", "41 (30–55)",
           "Customer A, typical: about 40 contacts; most often via email (60%)",
           "least certain (54% likely; next: ‘Evening visitors’)", "91%, certified"],
    "nl": ["E-maillezers die doordeweeks komen", "184,20 (170,00–200,00)", "Bewustwording → Overweging → Actie (34%",
           "+23 (+12 tot +34); 12% antwoordde", "NPS als iedereen had geantwoord", "Via e-mail", "+1,8", "Leeftijd",
           "41 (30–55)", "Klant A, typisch: ongeveer 40 contactmomenten; het vaakst via e-mail (60%)",
           "het minst zeker ingedeeld (54% kans; daarna de groep ‘Avondbezoekers’)", "91%, bevestigd"],
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_holds_everything_that_is_known_of_a_persona(language):
    cards = persona_cards(study_with(), language)
    html = cards._repr_html_().replace("\u2060", "")
    assert [word for word in WORDS[language] if word not in html] == []
    assert isinstance(cards, PersonaCards) and len(cards) == 2


def test_values_are_escaped():
    html = persona_cards(study_with(), "en")._repr_html_()
    assert "<b>north</b>" not in html and "&lt;b&gt;north&lt;/b&gt;" in html


def test_what_is_held_back_or_absent_leaves_no_row():
    card = persona_cards(study_with(), "en")["p2"]
    assert "Typical journey" not in card.rows and "NPS" not in card.rows
    assert card.parts == ()
    assert card.rows["Mean value per buyer"] == "61.75", "the mean of the table of personas stands in"


def test_cards_are_found_by_id_or_name_and_become_a_table():
    cards = persona_cards(study_with(), "en")
    assert cards["p2"] is cards["Evening visitors"] is cards[1]
    with pytest.raises(KeyError, match="p1, p2"):
        cards["p9"]
    assert cards.to_frame()["name"].tolist() == ["Email readers who come on weekdays", "Evening visitors"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", ["no_traits", "too_few", "one_group", "chance", "unstable", "found"])
def test_no_personas_are_a_result_that_gives_its_reason(reason, language):
    study = fake_study(fake_client(language), personas=False)
    null = {"observed": 0.24, "null_mean": 0.23, "p_value": 0.4}
    study.personas = SimpleNamespace(
        reason_=reason, null_=null, picks_={"gap": 3, "jaccard": 3, "split_half": 4}
    )
    found = persona_cards(study, language)
    assert isinstance(found, NoPersonasFound)
    assert not found and list(found) == []
    assert found.tried == 3
    assert str(found) in found._repr_html_() and "{" not in str(found)


def test_every_reason_of_the_clusterer_has_words():
    import inspect
    import re

    from journeykit.personas import clusterer
    from journeykit.wording.texts import has_text

    given = set(re.findall(r'self\.reason_ = "(\w+)"', inspect.getsource(clusterer)))
    given |= {"chance", "unstable", "found"}  # groups were found, and nobody could be placed in one
    assert len(given) >= 5
    missing = [one for one in given for lang in LANGUAGES if not has_text(f"prose.personas_none_{one}", lang)]
    assert missing == []


def test_examples_have_a_letter_and_rounded_figures_and_no_id():
    examples = pd.DataFrame({
        "persona": ["p1", "p1", "p2"], "unit_id": ["anna@x.nl", "b", "c"], "role": ["typical", "edge", "typical"],
        "probability": 0.9, "second": "p2", "second_probability": 0.1})  # fmt: skip
    profile = pd.DataFrame({
        "contacts": [47, 3, 112], "gap_days": [6.7, None, 1.2], "order_value_mean": [123.0, None, 8.4],
        "channel_share.email": [0.62, 0.0, 0.5], "channel_share.web": [0.38, 0.0, 0.5]},
        index=["anna@x.nl", "b", "c"])  # fmt: skip
    table = list_examples(examples, profile)
    assert table["customer"].tolist() == ["A", "B", "A"]
    assert table.loc[0, ["contacts", "gap_days", "order_value_mean"]].tolist() == [50, 7, 100]
    assert table.loc[0, "channel_share"] == 0.6 and pd.isna(table.loc[1, "channel"])
    assert not any("anna" in str(value) for value in table.to_numpy().ravel())


@pytest.mark.parametrize(
    ("given", "rounded"), [(0.0471, 0.05), (95, 100), (-38, -40), (0, 0), (float("inf"), None)]
)
def test_figures_of_one_customer_keep_one_digit(given, rounded):
    assert round_figure(given) == rounded or (rounded is None and pd.isna(round_figure(given)))


def test_levels_of_an_attribute_become_rows():
    fact = {"attribute": "region", "missing_share": 0.1, "known": 30, "level": "north", "share": 0.6,
            "levels": [{"level": "north", "share": 0.6, "rest_share": 0.2},
                       {"level": "south", "share": 0.4, "rest_share": 0.8}]}  # fmt: skip
    table = list_attributes(pd.DataFrame({"persona": ["p1"], "attributes": [[fact]]}))
    assert table[["level", "share", "rest_share"]].to_numpy().tolist() == [
        ["north", 0.6, 0.2],
        ["south", 0.4, 0.8],
    ]


def test_candidates_say_what_each_criterion_picks(fitted):
    table = list_candidates(fitted)
    assert table.groupby("criterion")["picked"].sum().to_dict() == {"gap": 1, "jaccard": 1, "split_half": 1}
    assert table.loc[table["chosen"], "k"].unique().tolist() == [fitted.k_]
