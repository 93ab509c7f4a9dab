"""What the data can answer, and what they cannot."""

from __future__ import annotations

import json

from journeykit.checks import check_data, stage_evidence


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
