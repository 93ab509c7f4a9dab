"""Populations: the truth must be true, whatever the stage model, and the same seed must give the same world."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import journeykit as jk
from journeykit.clients import read_client
from journeykit.errors import JourneykitError
from journeykit.events import EventLog, read_events
from journeykit.simulate import limit, simulate
from journeykit.simulate.settings import Settings
from journeykit.simulate.world import build_world, contrasts
from journeykit.stage_models import load_stage_model, stage_model_ids

UNIVERSAL = load_stage_model("universal")
COLUMNS = {
    "customer_id", "timestamp", "touchpoint", "channel", "session_id", "page", "content", "campaign", "product",
    "value", "quantity", "cost", "paid", "rating", "referrer_id",
}  # fmt: skip


@pytest.fixture(scope="module")
def population():
    return simulate(customers=600, seed=4)


@pytest.fixture(scope="module")
def plain():
    """Nothing is missed and nothing strays: what stands in the log is the stage."""
    return simulate(customers=300, noise=0.0, missing_markers=0.0, referrals=False, seed=5)


@pytest.fixture(scope="module")
def accounts():
    return simulate(customers=300, stage_model="digital", setting="b2b", days=365, personas=3, seed=6)


def day_of(events: pd.DataFrame) -> pd.Series:
    return events["timestamp"].dt.normalize()


def test_the_same_seed_gives_the_same_population(population):
    again, other = simulate(customers=600, seed=4), simulate(customers=600, seed=5)
    for name in ("events", "customers", "truth"):
        pd.testing.assert_frame_equal(getattr(population, name), getattr(again, name))
    assert not population.events.equals(other.events)


def test_it_can_be_called_whether_or_not_the_module_was_loaded():
    """`journeykit.simulate` is a module and a verb; the second call must find the verb again."""
    assert len(jk.simulate(customers=3).customers) == len(jk.simulate(customers=3).customers) == 3
    assert list(inspect.signature(jk.simulate).parameters)[:2] == ["customers", "personas"]


def test_two_populations_of_one_world_share_its_personas():
    one, two = (build_world(Settings(seed=seed, world_seed=9)) for seed in (1, 2))
    other = build_world(Settings(seed=1))
    assert np.array_equal(one.channel_shares, two.channel_shares)
    assert not np.array_equal(one.channel_shares, other.channel_shares)


def test_columns_and_kinds(population):
    assert set(population.events.columns) == COLUMNS
    assert list(population.truth.columns) == ["customer_id", "persona", "at", "stage"]
    for frame, column in ((population.events, "timestamp"), (population.truth, "at")):
        assert frame[column].dtype == "datetime64[us]"
    assert population.customers["customer_id"].is_unique and len(population.customers) == 600


def test_events_stand_in_order_inside_the_window(population):
    events = population.events
    assert events["timestamp"].between("2025-01-06", "2025-07-05", inclusive="left").all()
    assert events.groupby("customer_id")["timestamp"].is_monotonic_increasing.all()


def test_truth_holds_weekly_moments_and_the_last_day_from_the_first_event_on(population):
    """A row before the beginning would ask a method to place somebody whom nobody has seen."""
    truth = population.truth
    assert truth["at"].min() == pd.Timestamp("2025-01-12") and truth["at"].max() == pd.Timestamp("2025-07-04")
    begin = population.events.groupby("customer_id")["timestamp"].min().dt.normalize()
    first_row = truth.groupby("customer_id")["at"].min()
    wait = first_row - begin.loc[first_row.index]
    assert wait.between("0D", "6D").all()
    assert truth.groupby("customer_id").size().loc[begin.idxmin()] == truth["at"].nunique()
    assert set(truth["stage"]) == {*UNIVERSAL.ids, "lapsed"}
    assert truth.groupby("customer_id")["persona"].nunique().max() == 1


def test_every_stage_that_is_entered_shows_its_marker(plain):
    """With nothing missed, a stage seen at one moment and not at the one before left its marker in between."""
    truth = plain.truth.assign(before=plain.truth.groupby("customer_id")["stage"].shift())
    moved = truth[
        truth["before"].notna() & (truth["before"] != truth["stage"]) & (truth["stage"] != "lapsed")
    ]
    events = plain.events.assign(day=day_of(plain.events))
    pairs = moved.merge(events, on="customer_id")
    inside = pairs[(pairs["day"] <= pairs["at"]) & (pairs["day"] > pairs["at"] - pd.Timedelta(days=7))]
    marks = {stage.id: set(stage.markers) for stage in UNIVERSAL.stages}
    marked = inside[[t in marks[s] for t, s in zip(inside["touchpoint"], inside["stage"], strict=True)]]
    assert len(moved) > 300
    assert set(zip(marked["customer_id"], marked["at"], strict=True)) == set(
        zip(moved["customer_id"], moved["at"], strict=True)
    )


def test_without_noise_what_happens_on_a_day_belongs_to_the_stage_of_that_day(plain):
    events = plain.events.assign(at=day_of(plain.events)).merge(plain.truth, on=["customer_id", "at"])
    events = events[events["stage"] != "lapsed"]
    own = {stage.id: {*stage.touchpoints, *stage.markers} for stage in UNIVERSAL.stages}
    assert len(events) > 500
    assert all(t in own[s] for t, s in zip(events["touchpoint"], events["stage"], strict=True))


def test_who_is_new_begins_at_the_first_stage(plain):
    """Those under way before the window are seen first within its first sixth, so later ones are all new."""
    first = plain.truth.groupby("customer_id").first()
    begin = plain.events.groupby("customer_id")["timestamp"].min().loc[first.index]
    same_day = first["at"] == begin.dt.normalize()
    late = begin > pd.Timestamp("2025-02-10")
    assert set(first["stage"][same_day & late]) == {"awareness"}
    assert set(first["stage"][~late]) == {*UNIVERSAL.ids, "lapsed"} - (
        {"lapsed"} - set(first["stage"][~late])
    )


def test_shares_stay_within_bounds(population):
    last = population.truth[population.truth["at"] == population.truth["at"].max()]
    stages, personas = (last[column].value_counts(normalize=True) for column in ("stage", "persona"))
    assert stages.between(0.04, 0.45).all() and personas.between(0.10, 0.32).all()
    assert 25 < len(population.events) / 600 < 80


def test_given_shares_and_separation_are_heeded():
    population = simulate(customers=1000, personas=2, shares=[3, 1], days=20, seed=1)
    share = population.truth.drop_duplicates("customer_id")["persona"].value_counts(normalize=True)
    assert share["A"] == pytest.approx(0.75, abs=0.05)
    flat = build_world(Settings(separation=0.0))
    assert np.ptp(flat.channel_shares, axis=0).max() == 0 and np.ptp(flat.moves, axis=0).max() == 0


@pytest.mark.parametrize("stage_model", ["universal", "digital"])
def test_every_table_of_chances_adds_up(stage_model):
    """A row that sums to less would send people where nobody meant them to go."""
    world = build_world(Settings(stage_model=stage_model, seed=2))
    for table in (world.moves, world.touches, world.marks, world.channel_shares, world.hours, world.shares):
        assert table.min() >= 0 and table.sum(axis=-1) == pytest.approx(np.ones(table.shape[:-1]))


def test_personas_are_equally_far_apart():
    rows = contrasts(np.random.default_rng(0), 5, 16)
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=2)[np.triu_indices(5, 1)]
    assert apart.max() / apart.min() < 1.6
    assert (rows**2).mean(axis=1) == pytest.approx(np.ones(5))


def test_missing_markers_leave_fewer_of_them():
    full, none = (simulate(customers=300, missing_markers=m, noise=0, seed=2).events for m in (0.0, 1.0))
    count = [events["touchpoint"].isin(["purchase", "contract_signed"]).sum() for events in (full, none)]
    assert count[1] < 0.6 * count[0]


def test_referred_customers_are_new_and_bring_their_referrer(population):
    """A newcomer who was there before the referral would close the loop at the wrong end."""
    events = population.events
    brought = events[events["referrer_id"].notna()]
    assert len(brought) > 20 and brought["customer_id"].is_unique
    assert (brought["customer_id"] != brought["referrer_id"]).all() and set(brought["channel"]) == {
        "referral"
    }
    assert (
        events.groupby("customer_id")["timestamp"].min().loc[brought["customer_id"]].values
        == brought["timestamp"]
    ).all()
    gave = events[events["touchpoint"] == "referral"].groupby("customer_id")["timestamp"].min()
    assert (gave.loc[brought["referrer_id"]].values < brought["timestamp"].values).all()


def test_ratings_are_whole_from_0_to_10_and_only_of_surveys(population):
    rated = population.events[population.events["rating"].notna()]
    assert set(rated["touchpoint"]) == {"nps_rating"}
    assert set(rated["rating"]) <= set(range(11)) and rated["rating"].nunique() > 5
    assert rated["customer_id"].nunique() < 0.9 * 600  # not everyone answers


def test_pages_differ_in_how_many_leave(population):
    """The leaking page and the bouncing checkout must be found by whoever counts the last pages of sessions."""
    seen = population.events.dropna(subset=["page"])
    last = seen.groupby("session_id")["timestamp"].transform("max") == seen["timestamp"]
    leaves = last.groupby(seen["page"]).mean()
    assert leaves["/landing/spring-offer"] > leaves["/category/new"] + 0.2
    assert leaves["/checkout/guest"] > leaves["/checkout"] + 0.2
    assert (
        seen["session_id"].notna().all() and (seen.groupby("session_id")["customer_id"].nunique() == 1).all()
    )


def test_money_goes_with_what_is_bought(population):
    events = population.events
    paid_for = events["value"].notna()
    assert set(events["touchpoint"][paid_for]) <= {
        "purchase",
        "repeat_purchase",
        "contract_signed",
        "subscription_renewal",
    }
    assert (events["value"][paid_for] > 0).all() and (events["quantity"][paid_for] >= 1).all()
    assert (events["cost"].notna() == events["paid"]).all()


@pytest.mark.parametrize(
    ("option", "column"),
    [("pages", "page"), ("pages", "session_id"), ("referrals", "referrer_id"), ("ratings", "rating")],
)
def test_what_is_not_asked_for_is_left_out(option, column):
    assert column not in simulate(customers=20, days=40, **{option: False}).events


def test_without_ratings_nobody_rates():
    assert "nps_rating" not in set(simulate(customers=200, ratings=False).events["touchpoint"])


def test_attributes_have_gaps_and_lean_by_persona(population):
    people = population.customers.merge(population.truth.drop_duplicates("customer_id"), on="customer_id")
    assert people["age"].isna().mean() == pytest.approx(0.12, abs=0.05)
    means = people.groupby("persona")["age"].mean()
    assert means.max() - means.min() > 5


def test_accounts_hold_one_to_six_people_in_one_stage(accounts):
    people, truth = accounts.customers, accounts.truth
    assert people.groupby("account_id").size().between(1, 6).all() and people["account_id"].nunique() < 200
    assert {"account_id", "role", "industry", "size"} <= set(people.columns) and len(people) == 300
    assert (truth.groupby(["account_id", "at"])["stage"].nunique() == 1).all()
    assert (truth.groupby("account_id")["persona"].nunique() == 1).all()
    belongs = people.set_index("customer_id")["account_id"]
    assert (accounts.events["customer_id"].map(belongs) == accounts.events["account_id"]).all()
    assert accounts.events.groupby("account_id")["customer_id"].nunique().max() > 2


def test_what_is_written_is_an_ordinary_client(population, tmp_path):
    path = population.write(tmp_path / "deep" / "folder", client_id="made-up")
    assert {file.name for file in path.parent.iterdir()} == {
        "events.parquet", "customers.parquet", "truth.parquet", "client.yml",
    }  # fmt: skip
    described = yaml.safe_load(path.read_text("utf-8"))
    assert described["id"] == "made-up" and described["period"]["as_of"] == "latest"
    log = read_events(read_client(path))
    assert len(log.rejects) == 0 and len(log.to_pandas()) == len(population.events)
    assert set(log.customers.columns) >= {"age", "region", "income"}
    pd.testing.assert_frame_equal(pd.read_parquet(path.parent / "truth.parquet"), population.truth)


def test_an_account_client_is_read_as_one(accounts, tmp_path):
    client = read_client(accounts.write(tmp_path))
    assert client.setting == "b2b" and len(read_events(client).rejects) == 0


def test_events_can_be_read_as_they_are(population):
    log = EventLog.from_frame(population.events, customers=population.customers)
    assert len(log.to_pandas()) == len(population.events)


@pytest.mark.parametrize("stage_model", stage_model_ids())
def test_every_model_that_ships_can_be_lived_through(stage_model):
    population = simulate(customers=400, stage_model=stage_model, seed=1)
    assert set(population.truth["stage"]) == {*load_stage_model(stage_model).ids, "lapsed"}
    assert set(population.events["touchpoint"]) <= load_stage_model(stage_model).touchpoints


NAMES = st.from_regex(r"\A[a-z][a-z0-9]{0,5}([_-][a-z0-9]{1,5})?\Z").filter(lambda name: name != "lapsed")
WORDS = st.lists(
    st.sampled_from(["purchase", "Ünïcode klik", "x", "page_view", "nps_rating", "a b c", "42", "share"]),
    max_size=4,
)


@st.composite
def stage_models(draw) -> dict:
    ids = draw(st.lists(NAMES, min_size=2, max_size=15, unique=True))
    kinds = draw(st.lists(st.tuples(WORDS, WORDS), min_size=len(ids), max_size=len(ids)))
    stages = [{"id": i, "touchpoints": t, "markers": m} for i, (t, m) in zip(ids, kinds, strict=True)]
    return {"id": "odd", "stages": [{k: v for k, v in stage.items() if v} for stage in stages]}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(model=stage_models(), noise=st.sampled_from([0.0, 0.2, 1.0]), setting=st.sampled_from(["b2c", "b2b"]))
def test_any_stage_model_will_do(tmp_path, model, noise, setting):
    path = tmp_path / "odd.yml"
    path.write_text(yaml.safe_dump(model, allow_unicode=True), "utf-8")
    population = simulate(customers=12, personas=2, days=14, stage_model=path, noise=noise, setting=setting)
    assert set(population.truth["stage"]) <= {*(stage["id"] for stage in model["stages"]), "lapsed"}
    world = build_world(Settings(**population.parameters))
    assert world.moves.sum(axis=2) == pytest.approx(np.ones(world.moves.shape[:2]))
    persona, stage = limit(population)
    assert persona.sum(axis=1).to_numpy() == pytest.approx(1.0) and stage.sum(
        axis=1
    ).to_numpy() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "small", [{"customers": 1}, {"days": 1}, {"personas": 1}, {"personas": 30}, {"noise": 1.0}]
)
def test_the_smallest_populations_are_populations(small):
    population = simulate(**{"customers": 40, "days": 30} | small)
    assert population.events["customer_id"].nunique() == len(population.customers) > 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"customers": 0}, "customers is 0"),
        ({"customers": 2.5}, "customers is 2.5"),
        ({"customers": "many"}, "customers is 'many'"),
        ({"personas": 0}, "personas is 0"),
        ({"days": -3}, "days is -3"),
        ({"seed": -1}, "seed is -1"),
        ({"missing_markers": 1.2}, "missing_markers is 1.2"),
        ({"missing_markers": "few"}, "missing_markers is 'few'"),
        ({"noise": -0.1}, "noise is -0.1"),
        ({"separation": -1}, "separation is -1"),
        ({"separation": float("nan")}, "separation is nan"),
        ({"stage_days": 0.5}, "stage_days is 0.5"),
        ({"shares": [1, 2]}, "shares holds 2 values for 5 personas"),
        ({"setting": "b2x"}, "unknown setting 'b2x'. Did you mean 'b2c'"),
        ({"stage_model": "univresal"}, "Did you mean 'universal'"),
        ({"stage_model": "nowhere.yml"}, "nowhere.yml"),
        ({"start": "soon"}, "start is 'soon'"),
    ],
)
def test_a_wrong_argument_is_named(wrong, said):
    with pytest.raises(JourneykitError) as raised:
        simulate(**wrong)
    assert said in str(raised.value)


def test_the_limit_believes_as_often_as_it_is_right(population):
    """The sum of what was said for a stage or persona is the number that have it, within four standard errors."""
    at = population.truth["at"].max()
    truth = population.truth[population.truth["at"] == at].set_index("customer_id")
    for said, column in zip(limit(population, at), ("persona", "stage"), strict=True):
        is_so = pd.get_dummies(truth[column]).reindex(columns=said.columns, fill_value=False).loc[said.index]
        error = np.sqrt((said * (1 - said)).sum())
        assert ((is_so.sum() - said.sum()).abs() < 4 * error).all()
        found = (said.idxmax(axis=1) == truth[column].loc[said.index]).mean()
        assert found == pytest.approx(said.max(axis=1).mean(), abs=0.06) and found > 0.75


def test_the_limit_reads_nothing_later(population):
    at = pd.Timestamp("2025-04-06")
    earlier = population.events[population.events["timestamp"] < at + pd.Timedelta(days=1)]
    cut = type(population)(earlier, population.customers, population.truth, {}, population.parameters)
    for whole, half in zip(limit(population, at), limit(cut, at), strict=True):
        pd.testing.assert_frame_equal(whole, half)
    assert list(limit(population, at)[0].index) == sorted(earlier["customer_id"].unique())


def test_the_limit_is_per_account(accounts):
    persona, stage = limit(accounts)
    assert persona.index.name == "unit_id" and set(persona.index) == set(accounts.events["account_id"])
    truth = accounts.truth[accounts.truth["at"] == accounts.truth["at"].max()].drop_duplicates("account_id")
    right = (stage.idxmax(axis=1).loc[truth["account_id"]].to_numpy() == truth["stage"]).mean()
    assert right > 0.7


PLANTED = {"customers": 600, "days": 180, "personas": 2, "seed": 3, "noise": 0.0, "missing_markers": 0.0}


@pytest.mark.parametrize(
    ("effects", "said"),
    [({"leaking_pge": 0.5}, "Did you mean 'leaking_page'"), ({"skip_penalty": 2}, "out of bounds")],
)
def test_an_effect_that_is_unknown_or_too_large_is_named(effects, said):
    with pytest.raises(JourneykitError, match=said):
        simulate(customers=5, effects=effects)


def test_a_world_of_effects_without_any_has_none():
    events = simulate(**PLANTED, effects={}).events
    assert events["referrer_id"].isna().all()


def test_planted_referrals_close_the_loop():
    few, many = (simulate(**PLANTED, effects={"referral_loop": size}).events for size in (0.1, 0.9))
    assert 0 < few["referrer_id"].notna().sum() < many["referrer_id"].notna().sum()


def bounced(effects) -> pd.Series:
    events = simulate(**PLANTED, effects=effects).events
    visits = events[events["session_id"].notna()].groupby("session_id")
    first, size = visits["page"].first(), visits.size()
    return (size == 1).groupby(first).mean()


def test_a_planted_page_leaks_and_without_it_pages_are_alike():
    assert bounced({"leaking_page": 0.6})["/landing/spring-offer"] > 0.8
    plain = bounced({})
    assert abs(plain["/landing/spring-offer"] - plain["/"]) < 0.1


def test_a_planted_channel_goes_with_steps_onward():
    plain, strong = (simulate(**PLANTED, effects=effects).events for effects in ({}, {"strong_channel": 0.3}))
    assert (strong["channel"] == "email").mean() > (plain["channel"] == "email").mean() + 0.1


def test_a_planted_penalty_ends_the_journeys_of_who_skips():
    gone = [
        (
            simulate(**PLANTED | {"customers": 2000}, effects=effects)
            .truth.groupby("customer_id")["stage"]
            .last()
            == "lapsed"
        ).mean()
        for effects in ({}, {"skip_penalty": 1.0})
    ]
    assert gone[1] > gone[0] + 0.03
