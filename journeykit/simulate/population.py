"""Populations with known personas and stages: the ground truth for everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from .amounts import with_contacts
from .contacts import Draws, draw_contacts
from .details import detail
from .oddities import charges, import_in_batches, pass_through
from .people import Accounts, describe_people, form_accounts
from .referrals import refer
from .settings import Settings
from .walks import Walks, walk
from .world import World, build_world, dates

__all__ = ["Population", "simulate"]


@dataclass(frozen=True)
class Population:
    """Events of simulated customers beside the truth about them.

    Attributes
    ----------
    events : one row per event, sorted by customer and time
    customers : one row per customer, attributes with gaps
    truth : customer_id, account_id (b2b), persona, at, stage
    client : content of the client file
    parameters : settings that made the population
    """

    events: pd.DataFrame = field(repr=False)
    customers: pd.DataFrame = field(repr=False)
    truth: pd.DataFrame = field(repr=False)
    client: dict[str, Any] = field(repr=False)
    parameters: dict[str, Any]

    def write(self, folder: str | Path, *, client_id: str = "simulated") -> Path:
        """Write events, customers, truth and the client file into a folder.

        Parameters
        ----------
        folder
            Made when it does not exist.
        client_id
            Id of the client in its file.

        Returns
        -------
        Path of the client file.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("events", "customers", "truth"):
            getattr(self, name).to_parquet(folder / f"{name}.parquet", index=False)
        path = folder / "client.yml"
        path.write_text(
            yaml.safe_dump({**self.client, "id": client_id}, sort_keys=False, allow_unicode=True),
            "utf-8",
        )
        return path


def simulate(
    *,
    customers: int = 2000,
    personas: int = 5,
    stage_model: str | Path = "universal",
    days: int = 180,
    missing_markers: float = 0.15,
    noise: float = 0.2,
    separation: float = 1.0,
    setting: str = "b2c",
    start: str = "2025-01-06",
    pages: bool = True,
    referrals: bool = True,
    ratings: bool = True,
    seed: int = 0,
    world_seed: int | None = None,
    shares: Sequence[float] | None = None,
    stage_days: float | None = None,
    sessions_per_day: float = 0.3,
    effects: Mapping[str, float] | None = None,
    contacts: float | None = None,
    contacts_per_visit: float = 2.0,
    rush: float = 0.0,
    one_visit: float = 0.0,
    burst: float = 1.0,
    season: float = 0.0,
    imported: float = 0.0,
    billed: float = 0.0,
) -> Population:
    """Return a population of customers whose personas and stages are known.

    Every customer (b2b: account) has one persona and walks the stages of the model in steps of a day: the time in a
    stage is Erlang-distributed, the pace and the tendencies to skip a stage, step back or drop out belong to the
    persona. Visits depend on persona, stage, weekday and the person's own activity. Touchpoints are those of the
    stage, with a share from neighbouring stages and a share from anywhere; channels, hours, touchpoints and basket
    lean by persona. On entering a stage, one of its markers fires, unless it is not tracked. A customer begins with
    the first event; a quarter were under way before.

    Parameters
    ----------
    customers
        Number of people; in b2b they are spread over accounts of 1 to 6.
    personas
        Number of personas.
    stage_model
        Id of a stage model that ships, or the path of a stage-model file.
    days
        Length of the window in days.
    missing_markers
        Share of markers that are not tracked, 0 to 1.
    noise
        Share of events drawn from all touchpoints of the model; 1.4 times that share comes from neighbouring stages.
    separation
        Multiplies everything by which personas differ: 0.7 hard, 1 middle, 1.4 easy.
    setting
        ``b2c`` or ``b2b``.
    start
        First day of the window.
    pages, referrals, ratings
        Whether events carry pages and sessions, who brought the customer in, and ratings of 0 to 10.
    seed
        Same seed, same population.
    world_seed
        Seed of the world alone (how personas differ); default `seed`. Two populations of one world share its personas.
    shares
        Share of customers per persona; default falls evenly from 1.25 to 0.75 of the mean.
    stage_days
        Mean days in a stage; default a journey of 160 (b2c) or 480 days (b2b) divided by the stages.
    sessions_per_day
        Mean visits a day of somebody of average activity.
    effects
        What is planted, and how strongly (0 to 1), so that it can be found again: `leaking_page` (share of the visits
        of one contact that are to `/landing/spring-offer`), `strong_channel` (share of the contacts in a stay that
        leads onward that come by email), `skip_penalty` (share of the later steps onward of who has skipped a stage
        that end the journey instead), `referral_loop` (share of the referring contacts that bring somebody in). Given,
        pages are alike, nobody brings anybody in and personas are as satisfied as `separation` says, but for what is
        planted; None: an ordinary world, in which pages differ and half of the referrals succeed.
    contacts
        Mean contacts of a unit, 3 to 300; `sessions_per_day`, `contacts_per_visit` and, of few contacts,
        `missing_markers` (so that at most half are markers) are set to reach it, and stand in `parameters`. None: as
        many as come, some 50.
    contacts_per_visit
        Mean contacts of a visit, at least 1.
    rush
        Chance that who enters a stage goes on to the next one within the same visit, 0 to 0.9; the markers of all of
        them stand in that visit.
    one_visit
        Share of units that come once and never again.
    burst
        How many times likelier a visit is on the day after one; 1: visits know nothing of each other. The mean
        number of visits stays about the same.
    season
        How far visits rise in winter and fall in summer, as a share of the mean, 0 to 1.
    imported
        Share of the visits that a batch brings in: they bear the moment of the next import, Monday at three.
    billed
        Share of the units that ever buy who are charged a fixed amount on the first day of each month
        (`subscription_renewal`), until six weeks after they have lapsed.

    Returns
    -------
    Population

    Raises
    ------
    JourneykitError
        An argument is out of bounds, or there is no such stage model.

    Examples
    --------
    >>> population = simulate(customers=50, days=60, seed=1)
    >>> population.customers.customer_id.nunique()
    50
    >>> sorted(population.truth.persona.unique())
    ['A', 'B', 'C', 'D', 'E']
    """
    given = dict(locals()) | {"stage_model": str(stage_model)}
    settings = Settings(**given | {"shares": None if shares is None else tuple(map(float, shares))})
    return _populate(build_world(with_contacts(settings)))


def _populate(world: World) -> Population:
    settings = world.settings
    rng = np.random.default_rng([settings.seed, 2])
    accounts = form_accounts(settings, rng)
    walks = walk(world, len(accounts.size), rng)
    odd = np.random.default_rng([settings.seed, 3])
    draws = import_in_batches(world, pass_through(world, walks, draw_contacts(world, walks, rng), odd), odd)
    ids = _ids(settings, accounts)
    person = accounts.person(draws.unit, rng)
    events = _events(world, walks, draws, person, ids, rng)
    events = _billed(world, walks, accounts, ids, events, odd)
    since = walks.begin - np.where(walks.under_way, rng.integers(30, 900, len(walks.begin)), 0)
    people = describe_people(world, accounts, walks.persona[accounts.unit], since[accounts.unit], ids, rng)
    truth = _truth(world, walks, accounts, draws, person, ids)
    return Population(events, people, truth, _client(settings), settings.as_dict())


def _ids(settings: Settings, accounts: Accounts) -> dict[str, np.ndarray]:
    width = max(5, len(str(settings.customers)))
    ids = {"customer_id": _numbered("c", len(accounts.unit), width)}
    if settings.setting == "b2b":
        ids["account_id"] = _numbered("a", len(accounts.size), width)[accounts.unit]
    return ids


def _numbered(letter: str, count: int, width: int) -> np.ndarray:
    return np.array([f"{letter}{n:0{width}d}" for n in range(1, count + 1)], dtype=object)


def _events(world: World, walks: Walks, draws: Draws, person: np.ndarray, ids, rng) -> pd.DataFrame:
    day = dates(world.settings).values.astype("datetime64[s]")[draws.day]
    session = _sessions(draws, person)
    frame = pd.DataFrame({name: values[person] for name, values in ids.items()})
    frame["timestamp"] = (day + draws.seconds).astype("datetime64[us]")
    frame["touchpoint"] = pd.Categorical.from_codes(draws.touchpoint, list(world.touchpoints))
    frame["channel"] = pd.Categorical.from_codes(draws.channel, list(world.channels))
    frame = pd.concat([frame, detail(world, walks, draws, session, rng)], axis=1)
    if world.settings.referrals:
        frame = refer(world, walks, draws, person, frame, ids["customer_id"], rng)
    return _plain(frame)


def _billed(world: World, walks: Walks, accounts: Accounts, ids, frame: pd.DataFrame, rng) -> pd.DataFrame:
    """Return the events with the charges of those who are billed."""
    if not world.settings.billed:
        return frame
    unit, moment, value = charges(world, walks, rng)
    told = {name: values[accounts.first[unit]] for name, values in ids.items()}
    told |= {"timestamp": moment, "touchpoint": "subscription_renewal", "channel": "direct", "value": value}
    return _plain(
        pd.concat([frame, pd.DataFrame(told).astype({"timestamp": "datetime64[us]"})], ignore_index=True)
    )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    words = frame.select_dtypes("category").columns
    frame = frame.sort_values(["customer_id", "timestamp"], kind="stable", ignore_index=True)
    return frame.astype(dict.fromkeys(words, "str"))


def _sessions(draws: Draws, person: np.ndarray) -> np.ndarray:
    """Return a number per visit and person."""
    pair = draws.visit.astype(np.int64) * (int(person.max(initial=0)) + 1) + person
    return np.unique(pair, return_inverse=True)[1]


def _truth(world: World, walks: Walks, accounts: Accounts, draws: Draws, person, ids) -> pd.DataFrame:
    days = world.settings.days
    at = np.unique(np.append(np.arange(6, days, 7), days - 1))
    first = np.full(len(accounts.unit), days)
    np.minimum.at(first, person, draws.day)
    who, moment = np.nonzero(first[:, None] <= at)
    unit = accounts.unit[who]
    columns = {name: values[who] for name, values in ids.items()}
    columns["persona"] = np.array(world.personas, dtype=object)[walks.persona[unit]]
    columns["at"] = dates(world.settings).values.astype("datetime64[us]")[at[moment]]
    columns["stage"] = np.array(world.stage_ids, dtype=object)[walks.stage[unit, at[moment]]]
    return pd.DataFrame(columns)


def _client(settings: Settings) -> dict[str, Any]:
    path = Path(settings.stage_model)
    return {
        "id": "simulated",
        "name": "Simulated client",
        "language": "en",
        "setting": settings.setting,
        "stage_model": str(path.resolve()) if path.is_file() else settings.stage_model,
        "timezone": "UTC",
        "events": [{"path": "events.parquet", "columns": {}}],
        "customers": {"path": "customers.parquet"},
        "period": {"as_of": "latest"},
    }
