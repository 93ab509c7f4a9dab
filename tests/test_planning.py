"""A trial planned for a decision of a report: the plan, the list, and who may not stand in it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from journeykit.clients import client_from_dict
from journeykit.decisions import DECISION_COLUMNS
from journeykit.errors import DataError, JourneykitError
from journeykit.reports.folders import place
from journeykit.reports.forgetting import forget_customer
from journeykit.reports.planning import plan_trial
from journeykit.reports.tabling import _actions

DAY = "2026-03-31"
DECISION = {
    "rank": 1, "finding": "goes_on_less", "persona": "p1", "stage": "decision",
    "finding_id": "goes_on_less:p1:decision",
    "action_nl": "Neem weg wat hen tegenhoudt.", "action_en": "Remove what stops them.", "kpi": "share that goes on",
    "kpi_now": 0.4, "kpi_others": 0.8, "trial_customers": 20.0, "trial_days": 100.0, "customers_more": 40.0,
    "per_year": 100.0,
}  # fmt: skip


def report_of(home: Path, people: pd.DataFrame, **decision) -> Path:
    folder = home / "reports" / "acme" / DAY
    (folder / "tables").mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"client": "acme", "as_of": DAY, "status": "ok"}))
    row = dict.fromkeys(DECISION_COLUMNS) | DECISION | decision
    pd.DataFrame([row]).to_parquet(folder / "tables" / "decisions.parquet")
    people.to_parquet(folder / "tables" / "customers.parquet")
    told = [{"id": DECISION["finding_id"], "sentence": {"nl": "Zo is het.", "en": "So it is."}}]
    (folder / "findings.json").write_text(json.dumps(told))
    return folder


def customers(many: int = 60, **columns) -> pd.DataFrame:
    ids = [f"c{n:03d}" for n in range(many)]
    table = {
        "customer_id": ids,
        "account_id": None,
        "persona": "p1",
        "stage": None,
        "stage_likely": "decision",
    }
    return pd.DataFrame(table | columns)


def client_of(home: Path, **more):
    return client_from_dict({"id": "acme", "name": "Acme", "stage_model": "universal"} | more, home)


def listed_in(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "customers.csv", dtype="str")


def test_a_plan_lists_as_many_as_it_needs_half_in_each_arm(tmp_path):
    report_of(tmp_path, customers())
    made = plan_trial(client_of(tmp_path), 1, tmp_path / "reports")
    listed = listed_in(made)
    assert made == tmp_path / "reports" / "acme" / DAY / "trials" / "goes-on-less-p1-decision"
    assert list(listed) == ["customer_id", "arm", "persona", "stage"]
    assert listed["arm"].value_counts().to_dict() == {"control": 10, "treated": 10}
    assert listed.equals(listed_in(plan_trial(client_of(tmp_path), 1, tmp_path / "reports")))
    assert not listed.equals(listed_in(plan_trial(client_of(tmp_path), 1, tmp_path / "reports", seed=1)))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["So it is.", "20 customers", "40% to 60%"]),
        ("nl", ["Zo is het.", "20 klanten", "van 40% naar 60%"]),
    ],
)
def test_a_plan_says_who_how_many_and_what_counts(tmp_path, language, words):
    report_of(tmp_path, customers(8))
    plan = (
        plan_trial(client_of(tmp_path, language=language), 1, tmp_path / "reports") / "plan.md"
    ).read_text()
    assert all(word in plan for word in words)
    assert "primary: [purchase" in plan and "start: 2026-04-01" in plan and "end: 2026-07-10" in plan


def test_who_is_elsewhere_or_gone_is_not_listed(tmp_path):
    people = customers(
        30,
        persona=["p1"] * 20 + ["p2"] * 10,
        stage_likely=["decision"] * 8 + ["lapsed"] * 6 + ["action"] * 16,
    )
    report_of(tmp_path, people)
    assert set(listed_in(plan_trial(client_of(tmp_path), 1, tmp_path / "reports"))["customer_id"]) == set(
        people["customer_id"][:8]
    )


def test_who_may_not_be_contacted_is_not_listed(tmp_path):
    report_of(tmp_path, customers(12))
    rows = "".join(f"c{n:03d},{'yes' if n % 2 else 'no'}\n" for n in range(11))
    (tmp_path / "people.csv").write_text(f"customer_id,opt_in\n{rows}")
    more = {"customers": {"path": "people.csv"}, "consent": {"column": "opt_in", "allowed": "yes"}}
    made = plan_trial(client_of(tmp_path, **more), 1, tmp_path / "reports")
    assert listed_in(made)["customer_id"].tolist() == ["c001", "c003", "c005", "c007", "c009"]
    assert "7 customers who may not be contacted" in (made / "plan.md").read_text()


def test_the_people_of_an_account_share_its_arm(tmp_path):
    report_of(tmp_path, customers(40, account_id=[f"a{n // 4}" for n in range(40)]))
    made = plan_trial(client_of(tmp_path, setting="b2b"), 1, tmp_path / "reports")
    named = listed_in(made).merge(
        customers(40, account_id=[f"a{n // 4}" for n in range(40)])[["customer_id", "account_id"]]
    )
    assert named.groupby("account_id")["arm"].nunique().eq(1).all() and len(named) == 40


@pytest.mark.parametrize(("rank", "people", "problem"), [(2, 60, "no decision 2"), (1, 1, "needs two")])
def test_a_plan_that_cannot_be_is_told(tmp_path, rank, people, problem):
    report_of(tmp_path, customers(people))
    with pytest.raises((JourneykitError, DataError), match=problem):
        plan_trial(client_of(tmp_path), rank, tmp_path / "reports")


def test_without_a_report_there_is_nothing_to_plan(tmp_path):
    with pytest.raises(JourneykitError, match="no report"):
        plan_trial(client_of(tmp_path), 1, tmp_path / "reports")


def test_a_new_report_keeps_the_plans_and_forgetting_reaches_them(tmp_path):
    folder = report_of(tmp_path, customers())
    first = listed_in(plan_trial(client_of(tmp_path), 1, tmp_path / "reports"))["customer_id"].iloc[0]
    again = tmp_path / "reports" / "acme" / ".making"
    (again / "tables").mkdir(parents=True)
    place(again, folder)
    kept = folder / "trials" / "goes-on-less-p1-decision"
    assert len(listed_in(kept)) == 20
    customers().to_parquet(folder / "tables" / "customers.parquet")
    assert kept / "customers.csv" in forget_customer(first, client_of(tmp_path), tmp_path / "reports")
    assert first not in set(listed_in(kept)["customer_id"])


def test_who_may_not_be_contacted_gets_no_next_action(monkeypatch):
    from types import SimpleNamespace

    actions = pd.DataFrame({"customer_id": ["u1", "u2"], "stage": "decision"})
    monkeypatch.setattr("journeykit.reports.tabling.next_actions", lambda *given: actions)
    people = pd.DataFrame({"customer_id": ["a", "b", "c"], "unit_id": ["u1", "u1", "u2"]})
    nothing = SimpleNamespace(table=None, advice=None)
    study = SimpleNamespace(journeys=None, client=None, stages=nothing, journey_map=nothing, people=people)
    study.log = SimpleNamespace(contactable=pd.Series({"a": True, "b": False}))
    assert _actions(study)["customer_id"].tolist() == ["a"]
    study.log = SimpleNamespace(contactable=None)
    assert _actions(study)["customer_id"].tolist() == ["a", "b", "c"]
