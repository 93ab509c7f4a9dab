"""Personas of counts: found where people have few contacts, refused without gaps, and no stage in disguise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from persona_people import people
from scipy.stats import dirichlet_multinomial
from sklearn.metrics import adjusted_rand_score

from journeykit.errors import JourneykitError
from journeykit.events import EventLog
from journeykit.features import measure_traits
from journeykit.personas import PersonaClusterer, assign, explain, load_personas
from journeykit.personas.count_table import CountTable, learn_columns
from journeykit.personas.mixture import CountMixture
from journeykit.personas.naming import unique_keys

QUICK = {"n_bootstrap": 4, "n_null": 9, "k_max": 4}
SAVED = Path(__file__).parent / "saved"
CHANNELS = np.array([[0.6, 0.3, 0.05, 0.05], [0.05, 0.05, 0.4, 0.5]])
HOURS = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])


def counted(shares: dict[str, np.ndarray], contacts: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Return counts of people whose shares are given, a block each, people x categories."""
    parts = {}
    for block, chances in shares.items():
        drawn = rng.multinomial(contacts, chances).astype(float)
        parts |= {f"count.{block}.c{place}": column for place, column in enumerate(drawn.T)}
    frame = pd.DataFrame(parts, index=[f"u{place:04d}" for place in range(len(contacts))]).rename_axis(
        "unit_id"
    )
    return frame.assign(
        **{"evidence.contacts": contacts.astype(float), "channel.c0": np.log1p(frame.iloc[:, 0])}
    )


def two_groups(people=300, least=7, most=8, seed=0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(people) % 3 > 0).astype(int)
    contacts = rng.integers(least, most, people)
    return counted({"channel": CHANNELS[truth], "daypart": HOURS[truth]}, contacts, rng), truth


@pytest.fixture(scope="module")
def fitted() -> PersonaClusterer:
    return PersonaClusterer(**QUICK).fit(two_groups()[0])


def test_two_groups_with_seven_contacts_each_are_found_and_placed(fitted):
    """Nobody has the fifteen contacts that were once asked for."""
    _, truth = two_groups()
    placed = fitted.labels_ >= 0
    assert (fitted.k_, fitted.found_, fitted.reason_) == (2, True, "found")
    assert placed.mean() >= 0.9
    assert adjusted_rand_score(truth[placed], fitted.labels_[placed]) > 0.95
    assert fitted.certificate_["certified"].all()
    assert fitted.min_contacts_ == 1


def test_few_contacts_are_enough_unless_more_are_asked_for():
    frame, _ = two_groups(least=5, most=12)
    strict = PersonaClusterer(min_contacts=9, **QUICK).fit(frame)
    few = (frame["evidence.contacts"] < 9).to_numpy()
    assert strict.found_ and (strict.labels_[few] == -1).all() and (strict.labels_[~few] >= 0).any()


def test_found_means_that_somebody_is_placed():
    nobody = PersonaClusterer(min_contacts=50, **QUICK).fit(two_groups()[0])
    assert (nobody.found_, nobody.reason_, set(nobody.labels_)) == (False, "nobody", {-1})
    assert not nobody.certificate_["certified"].any()


@pytest.mark.parametrize("seed", range(3))
def test_people_whose_channel_tells_nothing_of_their_hours_have_no_persona(seed):
    rng = np.random.default_rng(seed)
    shares = {"channel": rng.dirichlet([4.0, 2, 1, 1], 400), "daypart": rng.dirichlet([3.0, 2, 2], 400)}
    refused = PersonaClusterer(**QUICK).fit(counted(shares, rng.integers(10, 60, 400), rng))
    assert (refused.found_, refused.k_, set(refused.labels_)) == (False, 1, {-1})


@pytest.mark.parametrize("seed", range(2))
def test_a_gradual_range_is_no_two_groups(seed):
    """Everybody is somewhere between two extremes: a cut through the middle comes back in every sample."""
    rng = np.random.default_rng(seed)
    grade = rng.random((600, 1))
    shares = {block: grade * rows[0] + (1 - grade) * rows[1] for block, rows in
              {"channel": CHANNELS, "daypart": HOURS}.items()}  # fmt: skip
    refused = PersonaClusterer(**QUICK).fit(counted(shares, rng.integers(20, 60, 600), rng))
    assert not refused.found_
    assert refused.reason_ in ("continuum", "chance", "one_group")


def test_how_far_people_came_is_no_persona():
    """Both blocks hang on the furthest stage: they hang together, among those who came as far they don't."""
    rng = np.random.default_rng(4)
    far = rng.integers(0, 2, 400)
    frame = counted({"channel": CHANNELS[far], "daypart": HOURS[far]}, rng.integers(8, 20, 400), rng)
    blind = PersonaClusterer(**QUICK).fit(frame)
    told = PersonaClusterer(**QUICK).fit(frame.assign(**{"evidence.furthest_stage": far.astype(float)}))
    assert blind.found_ and adjusted_rand_score(far, blind.labels_) > 0.9
    assert (told.found_, told.reason_) == (False, "chance")


def changed_frames() -> dict[str, pd.DataFrame]:
    frame, _ = two_groups()
    rng = np.random.default_rng(1)
    copies = frame.filter(like="count.channel.")
    copies = copies.rename(columns=lambda name: name.replace("count.channel", "count.copy"))
    return {
        "order of people": frame.iloc[rng.permutation(len(frame))],
        "order of columns": frame[frame.columns[::-1]],
        "other ids": frame.set_axis([f"x{number}" for number in rng.permutation(len(frame))]),
        "a category twice": frame.assign(**{"count.channel.copy": frame["count.channel.c2"]}),
        "a block twice": frame.join(copies),
        "a category that nobody uses": frame.assign(**{"count.channel.fax": 0.0}),
    }


@pytest.mark.parametrize("change", changed_frames())
def test_what_must_not_matter_does_not(fitted, change):
    again = PersonaClusterer(**QUICK).fit(changed_frames()[change])
    before = pd.Series(fitted.labels_, two_groups()[0].index)
    after = pd.Series(again.labels_, changed_frames()[change].index)
    assert (again.k_, again.reason_) == (fitted.k_, fitted.reason_)
    if change == "other ids":
        assert after.tolist() == before.tolist()
    else:
        assert after.reindex(before.index).tolist() == before.tolist()


def test_the_law_of_a_block_is_that_of_scipy():
    """Log density of counts of a person, less the number of orders in which they can come."""
    counts = np.array([[3.0, 1.0, 0.0], [0.0, 2.0, 5.0]])
    table = CountTable(counts, np.empty((2, 0)), np.empty((2, 0)), np.zeros(3, int), ("channel",))
    profile = np.array([[0.5, 0.3, 0.2]])
    nothing = np.empty(0)
    law = CountMixture(np.ones(1), profile, np.array([8.0]), np.empty((1, 0)), nothing, nothing)
    from scipy.special import gammaln

    orders = gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)
    expected = [
        dirichlet_multinomial.logpmf(row.astype(int), 8 * profile[0], int(row.sum())) for row in counts
    ]
    assert law.likelihood(table) == pytest.approx(np.array(expected) - orders)


def test_columns_of_counts_are_known_by_their_names():
    frame, _ = two_groups()
    frame = frame.assign(**{"count.channel.rare": 0.0, "count.alone.one": 5.0})
    columns = learn_columns(list(frame), frame.to_numpy())
    assert set(columns.blocks) == {"channel", "daypart"}
    assert not {"count.channel.rare", "count.alone.one", "channel.c0"} & set(columns.categories)


def test_saved_and_loaded_they_place_everybody_alike(fitted, tmp_path):
    frame, _ = two_groups()
    again = load_personas(fitted.save(tmp_path / "personas.skops"))
    assert (again.predict(frame) == fitted.labels_).all()
    assert again.predict_proba(frame) == pytest.approx(fitted.predict_proba(frame))
    assert again.min_contacts_ == fitted.min_contacts_
    assert "mixture of counts" in (tmp_path / "personas.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda part: part.pop("profile"), "classes.profile"),
        (lambda part: part.update(shares=part["shares"][:1]), "classes.shares.*shape"),
        (lambda part: part.update(precision=-part["precision"]), "classes.precision.*above 0"),
        (lambda part: part.update(categories=["count.a.b"]), "classes.categories"),
    ],
)
def test_a_file_with_wrong_classes_names_the_part(fitted, tmp_path, change, said):
    import skops.io

    path = fitted.save(tmp_path / "personas.skops")
    content = skops.io.load(path, trusted=[])
    change(content["classes"])
    path.write_bytes(skops.io.dumps(content))
    with pytest.raises(JourneykitError, match=said):
        load_personas(path)


def test_personas_that_were_saved_before_there_were_counts_still_place_people():
    """The file is as an earlier version wrote it."""
    traits, _ = people(sizes=(60, 45, 30), traits=5)
    earlier = load_personas(SAVED / "personas-1.skops")
    assert np.bincount(earlier.predict(traits)).tolist() == [53, 52, 30]
    assert earlier.min_contacts_ == 15
    assert assign(earlier, traits).verdict == "reuse"
    assert explain(earlier, traits, ["c0000"])["persona"].tolist()[0] == "p2"


def test_on_the_same_people_they_are_reused_on_others_they_are_not(fitted):
    again, _ = two_groups(seed=1)
    assert assign(fitted, again).fitness > 0.9
    rng = np.random.default_rng(3)
    others = {
        "channel": CHANNELS[:, ::-1][rng.integers(0, 2, 300)],
        "daypart": HOURS[rng.integers(0, 2, 300)],
    }
    strange = counted(others, np.full(300, 7), rng)
    assert assign(fitted, strange).fitness < 0.6
    absent = assign(fitted, again.drop(columns=["count.daypart.c0"]))
    assert absent.verdict != "reuse" and any("absent" in reason for reason in absent.reasons)


def test_what_each_category_adds_are_the_odds_exactly(fitted):
    frame, _ = two_groups()
    why = explain(fitted, frame, strongest=None).dropna(subset=["contribution"])
    sums = why.groupby("unit_id")["contribution"].sum() + why.groupby("unit_id")["base"].first()
    chances = why.groupby("unit_id")[["probability", "against_probability"]].first()
    odds = np.log(chances["probability"] / chances["against_probability"])
    assert sums.to_numpy() == pytest.approx(odds.to_numpy(), abs=1e-6)
    assert set(why["trait"].str.partition(".")[0]) == {"channel", "daypart"}


def test_somebody_who_fits_two_groups_is_told_to():
    frame, _ = two_groups(least=2, most=9)
    clusterer = PersonaClusterer(**QUICK).fit(frame)
    reasons = explain(clusterer, frame)["reason"]
    assert "unsure" in set(reasons) and (clusterer.labels_ == -1).any()


# Names ----------------------------------------------------------------------------------------------


def named(levels: dict[str, list[float]], people_each=100, spread=0.05) -> dict[str, str]:
    """Return the keys of personas whose mean measures are given."""
    rng = np.random.default_rng(0)
    number = len(next(iter(levels.values())))
    persona = pd.Series(np.repeat([f"p{place + 1}" for place in range(number)], people_each))
    profile = pd.DataFrame({name: np.repeat(means, people_each) + rng.normal(0, spread, len(persona))
                            for name, means in levels.items()})  # fmt: skip
    tables = {
        one: pd.DataFrame({"trait": list(levels), "effect": 0.0, "median": 0.0}) for one in persona.unique()
    }
    return unique_keys(tables, profile, persona)


@pytest.mark.parametrize(
    ("levels", "keys"),
    [
        ({"channel_share.email": [0.20, 0.19]}, ["", ""]),
        ({"channel_share.email": [0.60, 0.19]}, ["channel_share.email+", "channel_share.email-"]),
        (
            {"channel_share.email": [0.5, 0.5, 0.1], "daypart_share.evening": [0.6, 0.2, 0.2]},
            ["daypart_share.evening+", "channel_share.email+", "channel_share.email-"],
        ),
    ],
    ids=["no margin", "a margin", "its own before what it shares"],
)
def test_a_name_is_true_of_the_group_and_of_no_other(levels, keys):
    assert list(named(levels).values()) == keys


def test_a_margin_within_chance_gives_no_name():
    assert list(named({"channel_share.email": [0.30, 0.22]}, people_each=4, spread=0.3).values()) == ["", ""]


# Counts of a log ------------------------------------------------------------------------------------


def test_counts_of_a_log_by_hand():
    """The channel of an e-mail that is opened is e-mail: that restates the step, and is not counted."""
    rows = [
        ("a", "2026-03-01 09:00", "email_open", "email", None),
        ("a", "2026-03-01 09:05", "view_item", "web", None),
        ("a", "2026-03-02 20:00", "view_item", "app", None),
        ("a", "2026-03-03 20:00", "purchase", "web", 40.0),
        ("b", "2026-03-01 10:00", "email_open", "email", None),
        ("b", "2026-03-04 10:00", "purchase", "app", 10.0),
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint", "channel", "value"])
    frame["timestamp"] = pd.to_datetime(frame["timestamp"])
    traits = measure_traits(EventLog.from_frame(frame))
    counts = traits.loc["a"]
    assert counts[["count.channel.web", "count.channel.app"]].tolist() == [2.0, 1.0]
    assert "count.channel.email" not in traits
    assert counts[["count.daypart.08_11", "count.daypart.20_23"]].tolist() == [1.0, 2.0]  # once a session
    assert counts["count.touchpoint:consideration.view_item"] == 2.0
    assert traits["count.marker:action.purchase"].tolist() == [1.0, 1.0]
    assert traits["evidence.furthest_stage"].tolist() == [3.0, 3.0]
    assert counts["mean.order_value"] == pytest.approx(np.log(40) - (np.log(40) + np.log(10)) / 2)
    assert traits["times.order_value"].tolist() == [1.0, 1.0]
