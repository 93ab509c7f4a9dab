"""A world of other rules: its log, its truth, and the log opened as a client's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from journeykit.events import EventLog

from .contacts import Contacts, make_contacts
from .kinds import OtherSettings, as_parameters, settings_of
from .lives import People, Stays, draw_people, live
from .rules import CHANNELS, Rules, draw_rules

__all__ = ["OtherWorld", "make_world"]


@dataclass(frozen=True)
class OtherWorld:
    """Events and the truth about them, in the form of `journeykit.simulate.Population`, and more of the truth.

    Attributes
    ----------
    events, customers : as a client would give them
    truth : customer_id, persona, at (a day, meaning its end), stage
    stays : customer_id, stage, from_at, until_at; from the first contact to the end of the window
    moves : customer_id, from, to, at
    """

    kind: str
    settings: OtherSettings
    events: pd.DataFrame = field(repr=False)
    customers: pd.DataFrame = field(repr=False)
    truth: pd.DataFrame = field(repr=False)
    stays: pd.DataFrame = field(repr=False)
    moves: pd.DataFrame = field(repr=False)
    client: dict[str, Any] = field(repr=False)
    parameters: dict[str, Any] = field(repr=False)
    rules: Rules = field(repr=False)
    people: People = field(repr=False)
    lived: Stays = field(repr=False)
    made: Contacts = field(repr=False)

    @property
    def states(self) -> list[str]:
        """The stages in order, then `lapsed`."""
        return list(self.rules.states)

    def log(self) -> EventLog:
        """Return the events as the log of a client."""
        return EventLog.from_frame(self.events, stage_model=self.settings.stage_model)

    def personas(self) -> pd.Series:
        """Return the true persona of each customer."""
        return self.truth.drop_duplicates("customer_id").set_index("customer_id")["persona"]

    def stages_at(self, at: pd.Timestamp) -> pd.Series:
        """Return the true stage of each customer at the end of a day."""
        return self.truth[self.truth["at"] == at].set_index("customer_id")["stage"]

    def write(self, folder: str | Path, *, client_id: str = "other-world") -> Path:
        """Write events, customers, truth, stays, moves and the client file; return the path of the last."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("events", "customers", "truth", "stays", "moves"):
            getattr(self, name).to_parquet(folder / f"{name}.parquet", index=False)
        path = folder / f"{client_id}.yml"
        path.write_text(yaml.safe_dump({**self.client, "id": client_id}, sort_keys=False), "utf-8")
        return path


def make_world(kind: str = "dense", seed: int = 0, customers: int = 2000, **changes: Any) -> OtherWorld:
    """Return a world of a kind; `changes` are fields of `OtherSettings`.

    Examples
    --------
    >>> world = make_world("sparse", seed=3, customers=40)
    >>> sorted(world.truth["persona"].unique())
    ['A', 'B']
    """
    settings = settings_of(kind, seed, customers, **changes)
    rng = np.random.default_rng([settings.seed, 77])
    rules = draw_rules(settings, rng)
    if settings.people_seed is not None:
        rng = np.random.default_rng([settings.people_seed, 78])
    people = draw_people(rules, settings, rng)
    lived = live(rules, people, settings, rng)
    made = make_contacts(rules, people, lived, settings, rng)
    names = np.array([f"u{number:05d}" for number in range(customers)], dtype=object)
    stays = _stays(rules, lived, names, settings)
    return OtherWorld(
        kind, settings, _events(rules, made, names, settings), _customers(names, rng),
        _truth(rules, people, lived, names, settings), stays, _moves(stays), _client(settings),
        as_parameters(settings), rules, people, lived, made,
    )  # fmt: skip


def _moment(day: np.ndarray, settings: OtherSettings) -> np.ndarray:
    seconds = np.floor(day * 86400).astype("timedelta64[s]")
    return (np.datetime64(settings.start, "s") + seconds).astype("datetime64[us]")


def _events(rules: Rules, made: Contacts, names, settings: OtherSettings) -> pd.DataFrame:
    return pd.DataFrame({
        "customer_id": names[made.person], "timestamp": _moment(made.day, settings),
        "touchpoint": np.array(rules.touchpoints, dtype=object)[made.touchpoint],
        "channel": np.array(CHANNELS, dtype=object)[made.channel],
        "session_id": made.visit.astype(str), "value": made.value,
    }).sort_values(["customer_id", "timestamp"], kind="stable", ignore_index=True)  # fmt: skip


def _customers(names: np.ndarray, rng) -> pd.DataFrame:
    """Return attributes that go with nothing."""
    age = pd.Series(rng.integers(18, 80, len(names)), dtype="Int64").mask(rng.random(len(names)) < 0.15)
    return pd.DataFrame({"customer_id": names, "age": age,
                         "region": rng.choice(["north", "east", "south", "west"], len(names))})  # fmt: skip


def _truth(rules: Rules, people: People, lived: Stays, names, settings: OtherSettings) -> pd.DataFrame:
    days = np.unique(np.append(np.arange(6, settings.days, 7), settings.days - 1))
    who, at = (grid.ravel() for grid in np.meshgrid(np.arange(len(names)), days, indexing="ij"))
    stage = lived.stage_at(who, at + 1.0)
    begun = stage >= 0
    letters = np.array([chr(65 + kind) for kind in range(26)], dtype=object)
    kind = people.kind if settings.groups == "personas" else np.zeros(len(names), int)
    return pd.DataFrame({
        "customer_id": names[who[begun]], "persona": letters[kind[who[begun]]],
        "at": _moment(at[begun].astype(float), settings),
        "stage": np.array(rules.states, dtype=object)[stage[begun]],
    })  # fmt: skip


def _stays(rules: Rules, lived: Stays, names, settings: OtherSettings) -> pd.DataFrame:
    return pd.DataFrame({
        "customer_id": names[lived.person], "stage": np.array(rules.states, dtype=object)[lived.stage],
        "from_at": _moment(lived.begin, settings), "until_at": _moment(lived.end, settings),
    })  # fmt: skip


def _moves(stays: pd.DataFrame) -> pd.DataFrame:
    same = stays["customer_id"].eq(stays["customer_id"].shift())
    moves = stays.assign(**{"from": stays["stage"].shift()})[same]
    return moves.rename(columns={"stage": "to", "from_at": "at"})[
        ["customer_id", "from", "to", "at"]
    ].reset_index(drop=True)


def _client(settings: OtherSettings) -> dict[str, Any]:
    return {
        "id": "other-world", "name": "A world of other rules", "language": "en", "setting": "b2c",
        "stage_model": settings.stage_model, "timezone": "UTC",
        "events": [{"path": "events.parquet", "columns": {}}], "customers": {"path": "customers.parquet"},
        "period": {"as_of": "latest"},
    }  # fmt: skip
