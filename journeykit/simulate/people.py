"""People: who belongs to which account, and what the client's own records say of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .settings import Settings, definitions
from .world import World, contrasts

__all__ = ["Accounts", "describe_people", "form_accounts"]

SIZES = np.array([0.3, 0.25, 0.2, 0.12, 0.08, 0.05])  # accounts of 1 to 6 people


class Accounts:
    """Which customers belong to which unit.

    Attributes
    ----------
    unit : unit of every customer; first : first customer of every unit; size : customers of every unit
    weight : how much each customer takes part in what the account does
    """

    def __init__(self, size: np.ndarray, rng: np.random.Generator) -> None:
        self.size = size
        self.first = np.cumsum(size) - size
        self.unit = np.repeat(np.arange(len(size)), size)
        self.weight = rng.gamma(2.0, size=len(self.unit)) + 0.05

    def person(self, unit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return a customer of each unit, drawn by weight."""
        if self.size.max(initial=1) == 1:
            return unit
        total = np.cumsum(self.weight)
        low = (total - self.weight)[self.first]
        high = total[self.first + self.size - 1]
        place = np.searchsorted(total, low[unit] + (high - low)[unit] * rng.random(len(unit)), side="right")
        return np.clip(place, self.first[unit], (self.first + self.size - 1)[unit])


def form_accounts(settings: Settings, rng: np.random.Generator) -> Accounts:
    """Return the accounts of all customers: of one person in b2c, of 1 to 6 in b2b."""
    if settings.setting == "b2c":
        return Accounts(np.ones(settings.customers, int), rng)
    size = 1 + rng.choice(len(SIZES), settings.customers, p=SIZES)
    until = np.cumsum(size)
    needed = int(np.searchsorted(until, settings.customers)) + 1
    size = size[:needed]
    size[-1] -= until[needed - 1] - settings.customers
    return Accounts(size, rng)


def describe_people(
    world: World,
    accounts: Accounts,
    persona: np.ndarray,
    since: np.ndarray,
    ids: dict[str, np.ndarray],
    rng,
) -> pd.DataFrame:
    """Return one row per customer with attributes that partly go with the persona, with gaps."""
    if world.settings.setting == "b2b":
        return _employees(world, accounts, persona, ids, rng)
    return _consumers(world, persona, since, ids, rng)


def _consumers(world: World, persona, since, ids, rng) -> pd.DataFrame:
    facts, count = definitions(), len(persona)
    age = 44 + 9 * contrasts(rng, len(world.shares), 1)[persona, 0] + 11 * rng.standard_normal(count)
    days = world.settings.first_day + pd.to_timedelta(since, unit="D")
    frame = pd.DataFrame(
        {
            "customer_id": ids["customer_id"],
            "age": np.clip(np.round(age), 18, 90),
            "gender": rng.choice(["female", "male", "other"], count, p=[0.52, 0.46, 0.02]),
            "region": _leaning(facts["regions"], 0.3, world, persona, rng),
            "income": _leaning(facts["incomes"], 0.6, world, persona, rng),
            "member_since": pd.Series(days).astype("datetime64[us]"),
        }
    )
    return _with_gaps(frame, {"age": 0.12, "gender": 0.05, "income": 0.3, "member_since": 0.2}, rng)


def _employees(world: World, accounts: Accounts, persona, ids, rng) -> pd.DataFrame:
    facts, units = definitions(), len(accounts.size)
    of_account = persona[accounts.first]
    roles = np.array(list(facts["roles"].values()), float)
    industry = _leaning(facts["industries"], 0.5, world, of_account, rng)
    size = _leaning(facts["sizes"], 0.5, world, of_account, rng)
    frame = pd.DataFrame(
        {
            "customer_id": ids["customer_id"],
            "account_id": ids["account_id"],
            "role": rng.choice(list(facts["roles"]), len(persona), p=roles / roles.sum()),
            "industry": industry[accounts.unit],
            "size": size[accounts.unit],
            "region": rng.choice(facts["regions"], units)[accounts.unit],
        }
    )
    return _with_gaps(frame, {"role": 0.1, "size": 0.08}, rng)


def _leaning(options: list[str], strength: float, world: World, persona: np.ndarray, rng) -> np.ndarray:
    weights = np.exp(strength * contrasts(rng, len(world.shares), len(options)))
    ladder = (weights / weights.sum(axis=1, keepdims=True)).cumsum(axis=1)[persona]
    code = (rng.random(len(persona))[:, None] > ladder[:, :-1]).sum(axis=1)
    return np.array(options, dtype=object)[code]


def _with_gaps(frame: pd.DataFrame, gaps: dict[str, float], rng) -> pd.DataFrame:
    for column, share in gaps.items():
        frame[column] = frame[column].mask(rng.random(len(frame)) < share)
    return frame
