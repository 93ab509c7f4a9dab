"""Labelling by hand: whom to ask about, what is shown of them, and the file that the answers go to."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeykit.errors import JourneykitError
from journeykit.events import EventLog, read_events
from journeykit.reports import Labelling, label_customers, show_timeline
from journeykit.reports.labelling import buttons
from journeykit.simulate import simulate
from journeykit.stages import add_label, infer_stages, pick_for_labelling, read_label_file, undo_label
from journeykit.stages.evaluation import score
from journeykit.stages.labels import correct, given_labels
from journeykit.stages.picking import choose
from tests.examples import examples

ROWS = [
    ("a", "2026-03-01 09:00", "search", "web", None),
    ("a", "2026-03-01 09:05", "search", "web", None),
    ("a", "2026-03-22 20:10", "purchase", "web", 25.0),
    ("b", "2026-03-10 12:00", "ad_view", "social", None),
]


@pytest.fixture
def log(make_log):
    return make_log(ROWS, "channel value")


@pytest.fixture(scope="module")
def world():
    return simulate(customers=140, days=160, seed=5, pages=False, referrals=False, ratings=False)


@pytest.fixture(scope="module")
def study(world):
    log = EventLog.from_frame(world.events)
    return SimpleNamespace(log=log, stages=infer_stages(log), client=log.client)


# Whom to ask about -------------------------------------------------------------------------------


def test_picked_are_unsure_different_and_in_order(study):
    picked = pick_for_labelling(study, 12)
    stages = [f"p_{state}" for state in study.stages.states]
    assert picked.columns.tolist() == ["unit_id", "at", *stages, "set", "uncertainty", "reason"]
    assert picked["unit_id"].is_unique and len(picked) == 12
    assert picked["uncertainty"].is_monotonic_decreasing
    assert set(picked["at"]) == {str(study.log.as_of_date)}
    likeliest = picked[stages].idxmax(axis=1)
    assert likeliest.nunique() >= 3  # not twelve times the same case
    drawn = picked["reason"] == "by_chance"
    assert drawn.sum() == 6
    assert (picked["reason"] == "several_stages").eq(~drawn & (picked["set"].map(len) > 1)).all()
    means = [pick_for_labelling(study, 12, by_chance=share)["uncertainty"].mean() for share in (0, 1)]
    assert means[0] > means[1] + 0.05


def test_picking_is_repeated_by_the_seed(study):
    first = pick_for_labelling(study, 8, random_state=3)
    pd.testing.assert_frame_equal(first, pick_for_labelling(study, 8, random_state=3))
    assert set(first["unit_id"]) != set(pick_for_labelling(study, 8, random_state=4)["unit_id"])


def test_neither_the_order_of_rows_nor_ids_change_who_is_picked(world, study):
    mixed = world.events.sample(frac=1, random_state=0)
    units = np.sort(mixed["customer_id"].unique())
    renamed = dict(
        zip(units, np.random.RandomState(1).permutation([f"z{n}" for n in range(len(units))]), strict=True)
    )
    log = EventLog.from_frame(mixed.assign(customer_id=mixed["customer_id"].map(renamed)))
    back = {new: old for old, new in renamed.items()}
    table = study.stages.table.rename(index=renamed).sort_index()
    found = SimpleNamespace(table=table, states=study.stages.states, reader=study.stages.reader)
    picked = pick_for_labelling(found, 10, log=log)
    assert set(picked["unit_id"].map(back)) == set(pick_for_labelling(study, 10)["unit_id"])


@given(st.integers(1, 12), st.integers(0, 5), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_choice_does_not_look_at_the_order_of_rows(n, seed, chance):
    random = np.random.RandomState(seed)
    chances = random.dirichlet(np.ones(4), 40)
    signals = pd.DataFrame(random.normal(size=(40, 3))).mask(random.uniform(size=(40, 3)) < 0.2)
    order = list(range(40))
    chance.shuffle(order)
    straight, drawn = choose(chances, signals, n, seed)
    mixed, _ = choose(chances[order], signals.iloc[order].reset_index(drop=True), n, seed)
    assert len(set(straight)) == n and drawn.sum() == round(n / 2)
    assert [order[place] for place in mixed] == straight.tolist()


def test_who_has_a_label_near_the_day_is_not_picked(study):
    units, day = study.stages.table.index, pd.Timestamp(study.log.as_of_date)
    near = pd.DataFrame({"customer_id": units[:200], "at": day - pd.Timedelta(days=20)})
    picked = pick_for_labelling(study, 500, labels=near)
    assert set(picked["unit_id"]) == set(units[200:])
    long_ago = near.assign(at=day - pd.Timedelta(days=60))
    assert len(pick_for_labelling(study, 500, labels=long_ago)) == len(units)
    everyone = pd.DataFrame({"customer_id": units, "at": day})
    nobody = pick_for_labelling(study, 5, labels=everyone)
    assert nobody.empty and nobody.columns.tolist() == picked.columns.tolist()


def test_picking_without_a_log_or_a_number_is_an_error(study):
    with pytest.raises(JourneykitError, match="no log"):
        pick_for_labelling(study.stages)
    with pytest.raises(JourneykitError, match="ask for 1 or more"):
        pick_for_labelling(study, 0)
    with pytest.raises(JourneykitError, match="give 0 to 1"):
        pick_for_labelling(study, 5, by_chance=2)


# The file ----------------------------------------------------------------------------------------


def test_an_answer_is_a_row_that_a_client_file_reads(log, tmp_path, write_client):
    file = tmp_path / "labels.csv"
    add_label(file, "a", "2026-03-22", "action", log)
    add_label(file, "b", "2026-03-20", "unsure", log, source="interview")
    assert read_label_file(file)[["customer_id", "at", "stage", "source"]].values.tolist() == [
        ["a", "2026-03-22", "action", "analyst"],
        ["b", "2026-03-20", "unsure", "interview"],
    ]
    events = "customer_id,timestamp,touchpoint\na,2026-03-01,search\nb,2026-03-10,search\n"
    client = write_client({"e.csv": events}, events={"path": "e.csv"}, labels={"path": "labels.csv"})
    labels = read_events(client).labels
    assert labels.drop(columns="at").values.tolist() == [["a", "action", "analyst", 1.0]]


def test_a_later_answer_about_the_same_day_takes_the_place_of_the_earlier(log, tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text(
        "customer_id,at,stage,remark\na,2026-03-22T00:00,decision,by phone\nb,2026-03-15,awareness,\n"
    )
    add_label(file, "a", "2026-03-22", "action", log)
    table = read_label_file(file)
    assert table["customer_id"].tolist() == ["b", "a"]
    assert table["stage"].tolist() == ["awareness", "action"]
    assert "remark" in file.read_text().splitlines()[0]


def test_undo_takes_back_only_what_was_added(log, tmp_path):
    file = tmp_path / "labels.csv"
    file.write_text("customer_id,at,stage\nb,2026-03-15,awareness\n")
    add_label(file, "a", "2026-03-22", "action", log)
    assert undo_label(file)["customer_id"] == "a"
    assert undo_label(file) is None
    assert read_label_file(file)["customer_id"].tolist() == ["b"]


def test_own_columns_delimiter_and_letters_of_a_file_are_kept(log, tmp_path):
    file, own = tmp_path / "labels.csv", {"customer_id": "klant", "at": "dag", "stage": "fase"}
    file.write_text("klant;dag;fase;notitie\nb;2026-03-15;awareness;café, laat\n", encoding="utf-8")
    add_label(file, "a", "2026-03-22", "action", log, columns=own)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("klant;dag;fase;notitie;")
    assert lines[1].startswith("b;2026-03-15;awareness;café, laat")
    assert read_label_file(file, own)["stage"].tolist() == ["awareness", "action"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stage": "actoin"}, r"unknown stage 'actoin'. Did you mean 'action'"),
        ({"customer_id": "c"}, "unknown customer 'c'"),
        ({"at": "2026-04-01"}, "after the end of the data, 2026-03-22"),
        ({"at": "2026-02-01"}, "had not been met: the first contact is of 2026-03-01"),
        ({"at": "soon"}, "day 'soon' cannot be read"),
        ({"file": "labels.xlsx"}, "ends in .csv"),
    ],
)
def test_what_cannot_be_true_is_not_written(log, tmp_path, change, message):
    given = {"file": "labels.csv", "customer_id": "a", "at": "2026-03-22", "stage": "action"} | change
    with pytest.raises(JourneykitError, match=message):
        add_label(tmp_path / given.pop("file"), **given, log=log)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(log, tmp_path, monkeypatch):
    file = tmp_path / "labels.csv"
    add_label(file, "a", "2026-03-22", "action", log)
    before = file.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        add_label(file, "b", "2026-03-20", "awareness", log)
    assert file.read_bytes() == before and list(tmp_path.iterdir()) == [file]


ANSWERS = st.tuples(
    st.sampled_from("ab"), st.integers(10, 22), st.sampled_from(["awareness", "action", "lapsed", "unsure"])
)


@given(st.lists(ANSWERS, max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_file_holds_the_last_answer_about_each_customer_and_day(log, tmp_path_factory, answers):
    file = tmp_path_factory.mktemp("laws") / "labels.csv"
    for customer, day, stage in answers:
        add_label(file, customer, f"2026-03-{day}", stage, log)
    table = read_label_file(file)
    held = {(row.customer_id, int(row.at[-2:])): row.stage for row in table.itertuples()}
    assert held == {(customer, day): stage for customer, day, stage in answers}
    assert len(table) == len(held)


def test_pseudonyms_of_the_log_are_not_replaced_again(write_client, tmp_path):
    events = "customer_id,timestamp,touchpoint\na,2026-03-01,search\nb,2026-03-10,search\n"
    keys = {"events": {"path": "e.csv"}, "privacy": {"pseudonymise": True}}
    log = read_events(write_client({"e.csv": events}, **keys))
    known = sorted(log.to_pandas()["customer_id"])
    add_label(tmp_path / "labels.csv", known[0], "2026-03-10", "awareness", log)
    with (tmp_path / "labels.csv").open("a") as file:
        file.write("b,2026-03-10,action,,\n")
    again = read_events(write_client({}, labels={"path": "labels.csv"}, **keys))
    assert again.labels["customer_id"].iloc[0] == known[0]
    assert set(again.labels["customer_id"]) <= set(known)


# The timeline ------------------------------------------------------------------------------------


def test_a_timeline_reads_in_both_languages(log):
    english = str(show_timeline(log, "a", "2026-03-22", "en"))
    assert "22 March 2026 · 3 weeks later" in english
    assert "09:00  Search engine used 2× · Web" in re.sub(r"Website", "Web", english)
    assert "25.00" in english and english.endswith("The last contact was on the day itself")
    dutch = str(show_timeline(log, "a", "2026-03-15", "nl"))
    assert "Daarna 2 weken stil, tot en met 15 maart 2026" in dutch
    assert "Aankoop" not in dutch


def test_only_the_last_contacts_are_shown_and_the_rest_is_counted(make_log):
    rows = [("a", f"2026-01-{day:02d}", "search") for day in range(1, 31)]
    shown = show_timeline(make_log(rows), "a", language="en", most=5)
    assert len(shown.contacts) == 5 and shown.earlier == 25
    assert "Before this: 25 contacts, since 1 January 2026" in str(shown)


DAYS = st.lists(st.integers(0, 40), min_size=2, max_size=12)


@pytest.mark.slow
@given(DAYS, st.integers(0, 45))
@settings(max_examples=examples(6, 20), deadline=None)
def test_nothing_later_is_shown_or_changes_what_is_shown(days, cut):
    start = pd.Timestamp("2026-01-01 12:00")
    stamps = [start, *(start + pd.Timedelta(days=day) for day in days)]
    frame = pd.DataFrame({"customer_id": "a", "timestamp": stamps, "touchpoint": "purchase"})
    frame["page"] = [f"/day-{stamp:%m-%d}" for stamp in stamps]
    frame["value"] = np.arange(1.0, len(frame) + 1)
    at = f"{start + pd.Timedelta(days=cut):%Y-%m-%d}"
    shown = show_timeline(EventLog.from_frame(frame), "a", at, "en")
    told = [f"2026-{found}" for found in re.findall(r"/day-([\d-]+)", shown._repr_html_())]
    assert told == sorted(told) and max(told) <= at
    past = show_timeline(EventLog.from_frame(frame[frame["timestamp"] <= f"{at} 23:59"]), "a", at, "en")
    assert str(past) == str(shown) and past._repr_html_() == shown._repr_html_()


def test_values_are_escaped(make_log):
    rows = [("<b>a</b>", "2026-03-01", "search", "<i>x</i>", "<script>alert(1)</script>", '"&<p>')]
    html = show_timeline(make_log(rows, "channel page product"), "<b>a</b>", language="en")._repr_html_()
    assert not re.search(r"<b>|<i>|<script|<p>(?!What)", html.partition("</style>")[2])
    assert "&lt;script&gt;" in html


def test_an_account_shows_who_of_it_came(make_log):
    rows = [("ann", "2026-03-01", "search", "acme"), ("bob", "2026-03-02", "demo", "acme")]
    shown = show_timeline(make_log(rows, "account_id", setting="b2b"), "acme", language="en")
    assert str(shown).startswith("Account acme") and "· bob" in str(shown)


def test_a_customer_who_is_not_there_or_not_yet_met(log):
    with pytest.raises(JourneykitError, match=r"unknown customer 'aa'. Did you mean 'a'"):
        show_timeline(log, "aa")
    early = show_timeline(log, "b", "2026-03-05", "en")
    assert str(early).endswith("Nothing was known by 5 March 2026")


# The cell ----------------------------------------------------------------------------------------


@pytest.fixture
def asked(study, tmp_path):
    return Labelling(study.log, pick_for_labelling(study, 4), tmp_path / "labels.csv", "nl")


def test_answers_are_written_at_once_and_can_be_taken_back(asked):
    first, second = asked.waiting[0][0], asked.waiting[1][0]
    assert asked.progress() == "1 van 4"
    asked.answer(2)
    assert read_label_file(asked.file)[["customer_id", "stage", "source"]].values.tolist() == [
        [first, "consideration", "chance" if first in asked.drawn else "picked"]
    ]
    asked.answer("s").answer("0")
    assert read_label_file(asked.file)["stage"].tolist() == ["consideration", "unsure"]
    assert second not in set(read_label_file(asked.file)["customer_id"])
    asked.answer("u").answer("undo").answer("u")
    assert asked.current[0] == first and read_label_file(asked.file).empty


def test_the_end_is_told_and_a_strange_answer_is_an_error(asked):
    with pytest.raises(JourneykitError, match=r"unknown answer 'loyalt'. Did you mean 'loyalty'"):
        asked.answer("loyalt")
    for _ in range(4):
        asked.answer("lapsed")
    assert "Klaar: 4 antwoorden in labels.csv" in str(asked)
    with pytest.raises(JourneykitError, match="nobody left"):
        asked.answer(1)


def test_what_the_model_thinks_is_not_shown(asked, study):
    html = asked._repr_html_()
    assert "%" not in html.partition("</style>")[2]
    for stage in study.client.model.stages:
        assert stage.name["nl"] in html


def test_a_second_sitting_goes_on_where_the_file_ends(study, tmp_path):
    first = label_customers(study, tmp_path / "labels.csv", 5)
    done = {first.current[0]}
    first.answer(1)
    done.add(first.current[0])
    first.answer("unsure")
    again = label_customers(study, tmp_path / "labels.csv", 300)
    assert not done & {unit for unit, _ in again.waiting}


def test_without_a_file_there_is_an_error(study):
    with pytest.raises(JourneykitError, match="no file to write labels to"):
        label_customers(study)


class Part(SimpleNamespace):
    """A widget as far as the cell needs one: it keeps its settings and calls back."""

    def __init__(self, *children, **settings):
        super().__init__(children=children[0] if children else (), value="", calls=[])
        self.__dict__.update(settings)

    def on_click(self, call):
        self.calls.append(call)

    def observe(self, call, names):
        self.calls.append(call)

    def click(self):
        for call in self.calls:
            call(self)

    def type(self, key):
        for call in self.calls:
            call({"new": key})


@pytest.fixture
def widget(asked, monkeypatch):
    names = ("HTML", "Text", "Button", "HBox", "VBox", "Layout")
    monkeypatch.setitem(sys.modules, "ipywidgets", SimpleNamespace(**dict.fromkeys(names, Part)))
    return buttons(asked)


def test_buttons_and_keys_answer(asked, widget):
    shown, row, box = widget.children
    shown.value = ""
    row.children[0].click()
    assert read_label_file(asked.file)["stage"].tolist() == ["awareness"]
    assert asked.current[0] in shown.value
    box.type("6")
    assert read_label_file(asked.file)["stage"].tolist() == ["awareness", "lapsed"]
    box.type("")  # the box is emptied after each key, which is no answer
    box.type("<q>")
    assert "&lt;q&gt;" in shown.value and len(read_label_file(asked.file)) == 2
    row.children[-1].click()
    assert len(read_label_file(asked.file)) == 1


def test_without_ipywidgets_there_is_html(asked, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert buttons(asked) is None
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    asked._ipython_display_()
    assert asked.current[0] in shown[0].data


# What labels do ----------------------------------------------------------------------------------


def test_labels_have_a_source_and_a_weight(study):
    units = study.stages.table.index[:3].to_numpy(object)
    at = pd.Timestamp(study.log.as_of_date)
    table = pd.DataFrame({"customer_id": units, "at": at, "stage": "action"})
    plain = given_labels(study.log, table, np.random.RandomState(0))
    assert plain["source"].tolist() == ["analyst"] * 3 and plain["weight"].tolist() == [1.0] * 3
    with pytest.raises(JourneykitError, match="weight must be a number above 0"):
        given_labels(study.log, table.assign(weight=[1, 0, 1]), np.random.RandomState(0))


@pytest.mark.parametrize(
    ("source", "against"), [("chance", "given labels"), ("picked", "held-out hindsight labels")]
)
@pytest.mark.slow
def test_labels_of_hard_cases_do_not_judge(study, world, source, against):
    truth = world.truth[world.truth["at"] == world.truth["at"].max()]
    labels = truth[["customer_id", "at", "stage"]].head(200).assign(source=source)
    assert infer_stages(study.log, labels).against == against


def test_only_the_ratio_of_weights_counts(study, world):
    truth = world.truth[world.truth["at"] == world.truth["at"].max()].head(120)
    units = pd.DataFrame({"unit_id": truth["customer_id"], "at": study.log.moment})
    signals = study.stages.reader.measure(study.log, units)
    stages = truth.set_index("customer_id")["stage"].reindex(signals.index.get_level_values("unit_id"))
    chances = [
        correct(study.stages.reader, signals, stages, 0, weights).read(signals).nowcast.to_numpy()
        for weights in (
            None,
            pd.Series(3.0, stages.index),
            pd.Series(np.r_[[9.0] * 60, [1.0] * 60], stages.index),
        )
    ]
    assert np.allclose(chances[0], chances[1])
    assert np.abs(chances[0] - chances[2]).max() > 0.01


@pytest.mark.slow
def test_three_hundred_labels_with_a_tenth_wrong_do_no_harm():
    """Without labels the stages come near what such labels can tell; a tenth that is wrong may not spoil that."""
    gains = []
    for seed in (101, 102, 103):
        world = simulate(customers=1500, seed=seed)
        log = EventLog.from_frame(world.events)
        truth = world.truth[world.truth["at"] == world.truth["at"].max()].set_index("customer_id")["stage"]
        known = world.truth[world.truth["at"] == np.sort(world.truth["at"].unique())[-6]]
        labels = known[["customer_id", "at", "stage"]].sample(300, random_state=seed).reset_index(drop=True)
        states = [*log.client.model.ids, "lapsed"]
        labels.loc[:29, "stage"] = np.random.RandomState(seed).choice(states, 30)
        gains.append(skill(log, labels, truth, states) - skill(log, None, truth, states))
    assert np.mean(gains) > -0.002 and min(gains) > -0.005, gains


def skill(log, labels, truth, states) -> float:
    """Return the log-loss skill on the truth of customers without a label."""
    table = infer_stages(log, labels).table
    held = table.index[table.index.isin(truth.index)]
    held = held if labels is None else held.difference(labels["customer_id"])
    found = pd.Index(states).get_indexer(truth[held])
    base = np.bincount(found, minlength=len(states)) / len(found)
    return score(table.loc[held, [f"p_{state}" for state in states]].to_numpy(), found, base)[
        "log_loss_skill"
    ]
