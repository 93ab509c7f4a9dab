"""Trials: read out as they were held, and planned as they can be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeykit.clients import client_from_dict
from journeykit.errors import ClientFileError, DataError
from journeykit.events import EventLog, read_events
from journeykit.findings.trying import trial_findings
from journeykit.trials import holm, mismatch_p_value, read_out, size_per_arm, split_by_chance
from journeykit.wording import say
from tests.oracles import trials as oracle

TRIAL = {"id": "mail", "start": "2026-03-01", "end": "2026-03-31", "group": "arm"}


def people(control: tuple[int, int], treated: tuple[int, int]) -> list[dict]:
    """Return who is in the trial: of each arm so many, of whom so many bought in it."""
    return [
        {"customer_id": f"{arm}{n:03d}", "arm": arm, "bought": n < won}
        for arm, (size, won) in (("control", control), ("mail", treated))
        for n in range(size)
    ]


def events(members: list[dict], day: str = "2026-03-10 12:00") -> list[dict]:
    rows = [
        {"customer_id": one["customer_id"], "timestamp": "2026-01-05 12:00", "touchpoint": "search"}
        for one in members
    ]
    rows += [
        {"customer_id": one["customer_id"], "timestamp": day, "touchpoint": "purchase"}
        for one in members
        if one["bought"]
    ]
    return [*rows, {"customer_id": "end", "timestamp": "2026-06-01 12:00", "touchpoint": "search"}]


def log_of(
    members: list[dict], trial: dict | None = None, told: list[dict] | None = None, **more
) -> EventLog:
    given = {"id": "acme", "name": "Acme", "trials": [TRIAL | (trial or {})], **more}
    log = EventLog.from_frame(pd.DataFrame(told or events(members)), client=client_from_dict(given))
    groups = pd.DataFrame(members).assign(trial="mail", account_id=None)
    return EventLog(
        log.client, log.table, log.moment, groups=groups[["trial", "customer_id", "account_id", "arm"]]
    )


@pytest.mark.parametrize(
    ("control", "treated", "verdict"),
    [
        ((200, 40), (200, 80), "better"),
        ((200, 80), (200, 40), "worse"),
        ((200, 40), (200, 44), "no_difference_shown"),
        ((60, 2), (60, 3), "no_difference_shown"),
        ((300, 60), (180, 80), "mismatch"),
    ],
)
def test_a_trial_says_what_it_showed(control, treated, verdict):
    members = people(control, treated)
    table = read_out(log_of(members)).set_index("arm")
    counted = oracle.arm_counts(events(members), members, "2026-03-01", "2026-03-31", "purchase")
    for arm in ("control", "mail"):
        assert tuple(table.loc[arm, ["customers", "successes"]]) == counted[arm]
    assert table.loc["mail", "verdict"] == verdict
    assert table.loc["mail", "mismatch_p"] == pytest.approx(
        oracle.mismatch({arm: size for arm, (size, _) in counted.items()}, {"control": 1, "mail": 1})
    )
    if verdict != "mismatch":
        told = table.loc["mail", ["lift", "low", "high"]].astype(float)
        assert told.tolist() == pytest.approx(oracle.newcombe(counted["control"], counted["mail"]), abs=1e-6)
        assert table.loc["mail", "p_value"] == pytest.approx(
            oracle.p_value(counted["control"], counted["mail"])
        )
        assert table.loc["control", ["lift", "verdict"]].isna().all()


def test_a_split_that_is_not_sound_stops_the_claim():
    table = read_out(log_of(people((300, 60), (180, 80)))).set_index("arm")
    assert table["verdict"].tolist() == ["mismatch", "mismatch"]
    assert table[["lift", "low", "high", "p_value"]].isna().all(axis=None)
    found = list(trial_findings(table.reset_index()))
    assert [one.key for one in found] == ["trial_mismatch"]


@pytest.mark.parametrize(("day", "wins"), [
    ("2026-03-01 00:00", 30), ("2026-03-31 23:59", 30), ("2026-02-28 23:59", 0), ("2026-04-01 00:00", 0),
])  # fmt: skip
def test_the_first_and_the_last_day_count_whole(day, wins):
    table = read_out(log_of(people((50, 0), (50, 30)), told=events(people((50, 0), (50, 30)), day)))
    assert table["successes"].tolist() == [0, wins]


def test_days_are_those_of_the_clients_clock():
    told = events(people((50, 0), (50, 30)), "2026-02-28 23:30")  # half past midnight in Amsterdam
    table = read_out(log_of(people((50, 0), (50, 30)), told=told, timezone="Europe/Amsterdam"))
    assert table["successes"].tolist() == [0, 30]


def test_who_is_nowhere_in_the_data_took_part_nonetheless():
    members = [*people((50, 10), (50, 20)), {"customer_id": "unseen", "arm": "mail", "bought": False}]
    table = read_out(log_of(members, told=events(members[:-1]))).set_index("arm")
    assert table.loc["mail", "customers"] == 51


@pytest.mark.parametrize(("end", "verdict"), [("2026-06-01", "better"), ("2026-06-02", None)])
def test_a_trial_that_runs_has_counts_and_no_verdict(end, verdict):
    table = read_out(log_of(people((200, 40), (200, 80)), {"end": end})).set_index("arm")
    assert table.loc["mail", "successes"] == 80 and table.loc["mail", "verdict"] == verdict


def test_a_trial_to_come_has_no_rows():
    assert read_out(log_of(people((20, 1), (20, 1)), {"start": "2027-01-01", "end": "2027-02-01"})).empty


def test_the_control_and_the_ratio_can_be_named():
    members = people((100, 20), (200, 80))
    table = read_out(log_of(members, {"control": "mail", "ratio": {"mail": 2, "control": 1}}))
    assert table["arm"].tolist() == ["mail", "control"]
    assert table["mismatch_p"].tolist() == [1.0, 1.0] and table["verdict"].iloc[1] == "worse"


def test_a_persona_is_corrected_for_more_looks_than_everyone():
    members = people((200, 40), (200, 80))
    personas = pd.Series({one["customer_id"]: f"p{1 + int(one['customer_id'][-1]) % 2}" for one in members})
    table = read_out(log_of(members), personas).set_index(["persona", "arm"])
    assert table.index.get_level_values("persona").unique().tolist() == ["all", "p1", "p2"]
    assert table.loc[("p1", "mail"), "customers"] + table.loc[("p2", "mail"), "customers"] == 200
    counts = [
        tuple(table.loc[(who, arm), ["customers", "successes"]])
        for who in ("all", "p1", "p2")
        for arm in ("control", "mail")
    ]
    plain = [oracle.p_value(counts[at], counts[at + 1]) for at in (0, 2, 4)]
    told = [table.loc[(who, "mail"), "p_value"] for who in ("all", "p1", "p2")]
    assert told == pytest.approx([plain[0], *oracle.holm(plain)[1:]])


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=8))
def test_holm_is_what_it_says_and_never_makes_a_p_value_smaller(p_values):
    corrected = holm(p_values)
    assert corrected.tolist() == pytest.approx(oracle.holm(p_values))
    assert (corrected >= np.array(p_values) - 1e-12).all()


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.2, 5))
def test_a_mismatch_is_what_it_says(one, other, ratio):
    told = mismatch_p_value(pd.Series({"a": one, "b": other}), {"a": ratio, "b": 1.0})
    assert (
        np.isnan(told)
        if one + other == 0
        else told == pytest.approx(oracle.mismatch({"a": one, "b": other}, {"a": ratio, "b": 1.0}))
    )


@given(
    st.lists(st.sampled_from(["x", "y", None]), min_size=1, max_size=40), st.integers(2, 4), st.integers(0, 5)
)
def test_arms_are_as_equal_as_can_be_in_each_stratum_and_in_all(persona, many, seed):
    arms = [f"arm{n}" for n in range(many)]
    frame = pd.DataFrame({"persona": persona})
    placed = split_by_chance(frame, ["persona"], arms, seed)
    assert placed.isin(arms).all()
    assert placed.tolist() == split_by_chance(frame, ["persona"], arms, seed).tolist()
    for own in (placed, *(part for _, part in placed.groupby(frame["persona"].fillna("none")))):
        sizes = own.value_counts().reindex(arms, fill_value=0)
        assert sizes.max() - sizes.min() <= 1


def test_a_size_is_that_of_the_books():
    assert [size_per_arm(0.1, 0.15), size_per_arm(0.5, 0.5)] == [686.0, float("inf")]


def written(tmp_path, groups: str, trial: dict | None = None, **more):
    (tmp_path / "e.csv").write_text("customer_id,timestamp,touchpoint\na,2026-01-01,search\n")
    (tmp_path / "g.csv").write_text(groups)
    group = {"path": "g.csv", "columns": {"customer_id": "id", "group": "arm"}}
    given = {
        "id": "acme",
        "name": "Acme",
        "events": {"path": "e.csv"},
        "trials": TRIAL | {"group": group} | (trial or {}),
    }
    return read_events(client_from_dict(given | more, tmp_path))


def test_who_has_no_arm_or_several_is_in_none(tmp_path):
    log = written(tmp_path, "id,arm\n1,a\n1,a\n2,b\n3,a\n3,b\n4,\n,a\n5.0,b\n")
    assert log.groups[["customer_id", "arm"]].to_numpy().tolist() == [["1", "a"], ["2", "b"], ["5", "b"]]
    assert log.groups.attrs["left_out"] == {"mail": 2}


def test_groups_get_the_pseudonyms_of_the_log(tmp_path):
    log = written(tmp_path, "id,arm\na,x\nb,y\n", privacy={"pseudonymise": True})
    assert log.to_pandas()["customer_id"].iloc[0] == log.groups["customer_id"].iloc[0] != "a"


def test_a_group_and_a_consent_may_be_columns_of_the_customers_file(tmp_path):
    (tmp_path / "p.csv").write_text(
        "customer_id,arm,age,opt_in\na,x,30,JA\nb,y,40,nee\nc,x,50,\nd,y,20,true\n"
    )
    consent = {"column": "opt_in", "allowed": [True, "ja"]}
    log = written(tmp_path, "id,arm\n", {"group": "arm"}, customers={"path": "p.csv"}, consent=consent)
    assert log.groups["arm"].tolist() == ["x", "y", "x", "y"]
    assert log.contactable.to_dict() == {"a": True, "b": False, "c": False, "d": True}
    assert "arm" not in log.customers and "age" in log.customers


@pytest.mark.parametrize(
    ("groups", "trial", "problem"),
    [
        ("id,arm\n1,a\n2,b\n", {"control": "c"}, "'c'"),
        ("id,arm\n1,a\n2,b\n", {"ratio": {"a": 1}}, "leaves out 'b'"),
        ("id,arm\n1,a\n2,a\n", None, "1 arm"),
        ("id,group\n1,a\n", None, "'arm'"),
    ],
)
def test_a_trial_that_cannot_be_is_told(tmp_path, groups, trial, problem):
    with pytest.raises((ClientFileError, DataError), match=problem):
        written(tmp_path, groups, trial)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_readout_is_said_with_its_arms_and_its_interval(language):
    found = list(trial_findings(read_out(log_of(people((200, 40), (200, 80))))))
    told = say(found[0], language)
    assert "‘mail’" in told and "‘control’" in told and "40%" in told and "20%" in told and "(+1" in told
