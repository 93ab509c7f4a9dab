"""What the data can answer, and what they cannot."""

from __future__ import annotations

import json

import pytest

from journeykit.checks import check_data, stage_evidence
from journeykit.errors import ClientFileError
from journeykit.events import read_events


def test_a_stage_without_touchpoints_cannot_be_seen(make_log):
    log = make_log(
        [("a", "2026-01-01", "purchase"), ("b", "2026-01-02", "purchase"), ("b", "2026-01-03", "search")]
    )
    evidence = stage_evidence(log.as_of()).set_index("stage")
    assert evidence["observable"].to_dict() == {
        "awareness": True, "consideration": False, "decision": False, "action": True, "loyalty": False,
    }  # fmt: skip
    assert evidence.loc["action", ["contacts", "units", "marker_units"]].tolist() == [2, 2, 2]
    assert "compare_items" in evidence.loc["consideration", "missing"]


def test_a_purchase_log_answers_no_questions_on_pages(make_log):
    judged = check_data(make_log([("a", "2026-01-01", "purchase", 3.0)], "value").as_of())
    verdicts = judged.questions.set_index("question")["verdict"]
    assert verdicts["pages"] == "not observable" and verdicts["value"] == "weak"
    assert json.loads(json.dumps(judged.to_dict()))["counts"]["events"] == 1


def test_the_brief_says_what_would_show_a_hidden_stage(make_log):
    brief = check_data(make_log([("a", "2026-01-01", "purchase")]).as_of()).brief()
    shown = brief["stages"].set_index("stage")["would_show"]
    assert shown["action"] == "" and shown["decision"] == "begin_checkout, quote_request"


# One row a customer ----------------------------------------------------------------------------------------------

PEOPLE = "id,age,plan,phase,same\n" + "".join(
    f"{n:03},{20 + n % 50},{'pro' if n % 3 else 'free'},{'won' if n % 4 else '?'},x\n" for n in range(120)
)


def test_a_table_of_customers_answers_personas_and_nothing_of_journeys(write_client):
    """Without events a journey is not weak but not observable."""
    people = {"path": "p.csv", "columns": {"customer_id": "id"}}
    text = PEOPLE + "003,1,a,b,c\n,2,a,b,c\n9,9\n"
    judged = check_data(read_events(write_client({"p.csv": text}, customers=people)).as_of())
    verdicts = judged.questions.set_index("question")["verdict"]
    assert verdicts.pop("personas") == "answerable" and set(verdicts) == {"not observable"}
    assert judged.rejects.set_index("reason")["first_row"].to_dict() == {
        "customer_again": 121, "no_customer": 122, "malformed": 123,
    }  # fmt: skip
    counts = judged.counts
    assert (counts["rows_read"], counts["rows_used"], counts["rows_rejected"], counts["customers"]) == (
        123,
        120,
        3,
        120,
    )
    notes = judged.attributes.set_index("attribute")["note"].to_dict()
    assert notes == {"age": "", "plan": "", "phase": "", "same": "constant"}


def test_a_column_may_tell_the_stage(write_client):
    people = {
        "path": "p.csv",
        "columns": {"customer_id": "id", "stage": "phase"},
        "stages": {"won": "action"},
    }
    log = read_events(write_client({"p.csv": PEOPLE}, customers=people))
    assert log.labels["stage"].value_counts().to_dict() == {"action": 90} and "phase" not in log.customers
    assert check_data(log).questions.set_index("question")["verdict"]["stages"] == "weak"
    with pytest.raises(ClientFileError, match="unknown stage 'acton'. Did you mean 'action'"):
        read_events(write_client(customers=people | {"stages": {"won": "acton"}}))


def test_an_order_without_times_says_nothing_of_durations(write_client):
    source = {"path": "p.csv", "split": {"column": "path"}, "columns": {"customer_id": "row"}}
    judged = check_data(
        read_events(write_client({"p.csv": "path\nsearch > purchase\n"}, events=source)).as_of()
    )
    assert judged.counts["first"] is None and judged.counts["days"] is None
    forecast = judged.questions.set_index("question").loc["forecast"]
    assert forecast.tolist() == ["not observable", "the events have an order and no times"]
