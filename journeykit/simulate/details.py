"""Details of events: sessions, pages, content, campaigns, products, money, ratings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .contacts import Draws
from .settings import LEAKING_PAGE, definitions
from .walks import Walks
from .world import World

__all__ = ["detail"]

SPREAD = 0.5  # standard deviation of the log of an order's value within a persona


def detail(
    world: World,
    walks: Walks,
    draws: Draws,
    session: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the descriptive columns of the events; missing where an event has no such thing."""
    words = pd.Categorical.from_codes(draws.touchpoint, list(world.touchpoints))
    known = _Words(world)
    columns: dict[str, object] = {}
    if world.settings.pages:
        page = _pages(world, known, draws, session, rng)
        columns["session_id"] = _session_ids(world, draws, session, page)
        columns["page"] = page
        columns["content"] = _content(page, words)
    else:
        columns["content"] = _content(None, words)
    columns["campaign"] = _one_of(known.mask("campaign_touchpoints"), draws, definitions()["campaigns"], rng)
    columns["product"] = _product(known, draws, rng)
    columns |= _money(world, walks, known, draws, rng)
    columns |= _paid(world, known, draws, rng)
    if world.settings.ratings and "nps_rating" in world.touchpoints:
        columns["rating"] = _ratings(world, walks, draws, rng)
    return pd.DataFrame(columns)


class _Words:
    """Looks up facts per touchpoint of the world."""

    def __init__(self, world: World) -> None:
        self.touchpoints, self.facts = world.touchpoints, definitions()

    def mask(self, key: str) -> np.ndarray:
        return np.array([word in self.facts[key] for word in self.touchpoints])

    def value(self, table: dict, default: float = np.nan) -> np.ndarray:
        return np.array([table.get(word, default) for word in self.touchpoints], float)


def _pages(world: World, known: _Words, draws: Draws, session: np.ndarray, rng) -> pd.Categorical:
    """Return a page per event: pages on which many visits end stand at the end of many visits.

    A page is drawn with weight popularity x ending for the last page of a session, popularity x (1 - ending) before.
    In a world of planted effects pages are alike, but for the one that leaks.
    """
    book = known.facts["pages"]
    names = sorted({row[0] for rows in book.values() for row in rows})
    has_page = np.array([word in book for word in known.touchpoints])[draws.touchpoint]
    place = np.flatnonzero(has_page)
    last = np.ones(len(place), bool)
    last[:-1] = session[place][1:] != session[place][:-1]
    codes = np.full(len(draws.unit), -1, np.int16)
    for at, word in enumerate(known.touchpoints):
        for ends in (True, False):
            rows = place[(draws.touchpoint[place] == at) & (last == ends)]
            if len(rows):
                codes[rows] = _draw_pages(_alike(world, book[word]), names, ends, len(rows), rng)
    leak = world.settings.effect("leaking_page")
    if leak:
        alone = place[np.bincount(session)[session[place]] == 1]
        codes[alone[rng.random(len(alone)) < leak]] = names.index(LEAKING_PAGE)
    return pd.Categorical.from_codes(codes, names)


def _alike(world: World, rows: list) -> list:
    return (
        rows if world.settings.effects is None else [(name, popularity, 0.5) for name, popularity, _ in rows]
    )


def _session_ids(world: World, draws: Draws, session: np.ndarray, page: pd.Categorical) -> pd.Categorical:
    """Return the id of the session for what happens online in a visit with pages."""
    online = ~np.isin(world.channels, definitions()["offline"])[draws.channel]
    with_pages = np.zeros(int(session.max(initial=-1)) + 1, bool)
    with_pages[session[page.codes >= 0]] = True
    known = (online & with_pages[session]) | (page.codes >= 0)
    kept, codes = np.unique(session[known], return_inverse=True)
    every = np.full(len(session), -1)
    every[known] = codes
    return pd.Categorical.from_codes(every, [f"s{number:07d}" for number in kept])


def _draw_pages(rows: list, names: list[str], ends: bool, count: int, rng) -> np.ndarray:
    weights = np.array([row[1] * (row[2] if ends else 1 - row[2]) for row in rows])
    return rng.choice([names.index(row[0]) for row in rows], count, p=weights / weights.sum())


def _content(page: pd.Categorical | None, words: pd.Categorical) -> pd.Categorical:
    facts = definitions()
    of_word = [facts["content_by_touchpoint"].get(word) for word in words.categories]
    kinds = sorted(set(facts["content"].values()) | set(facts["content_by_touchpoint"].values()))
    codes = np.array([kinds.index(kind) if kind else -1 for kind in of_word])[words.codes]
    if page is not None:
        of_page = [
            next(
                (k for start, k in facts["content"].items() if name.startswith(start)),
                None,
            )
            for name in page.categories
        ]
        by_page = np.array([kinds.index(kind) if kind else -1 for kind in of_page] + [-1])[page.codes]
        codes = np.where(by_page >= 0, by_page, codes)
    return pd.Categorical.from_codes(codes, kinds)


def _one_of(mask: np.ndarray, draws: Draws, options: list[str], rng) -> pd.Categorical:
    codes = rng.integers(0, len(options), len(draws.unit))
    return pd.Categorical.from_codes(np.where(mask[draws.touchpoint], codes, -1), options)


def _product(known: _Words, draws: Draws, rng) -> pd.Categorical:
    names = list(known.facts["products"])
    weights = np.array(list(known.facts["products"].values()), float)
    codes = rng.choice(len(names), len(draws.unit), p=weights / weights.sum())
    wanted = known.mask("product_touchpoints")[draws.touchpoint]
    return pd.Categorical.from_codes(np.where(wanted, codes, -1), names)


def usual_values(world: World) -> np.ndarray:
    """Return the usual value of an event per touchpoint; NaN where no money changes hands."""
    column = 0 if world.settings.setting == "b2c" else 1
    table = {word: pair[column] for word, pair in definitions()["money"].items()}
    return _Words(world).value(table)


def _money(world: World, walks: Walks, known: _Words, draws: Draws, rng) -> dict[str, np.ndarray]:
    usual = usual_values(world)[draws.touchpoint]
    log_value = world.basket[walks.persona[draws.unit]] + SPREAD * rng.standard_normal(len(usual))
    quantity = 1.0 + rng.poisson(0.4, len(usual))
    return {
        "value": np.round(usual * np.exp(log_value), 2),
        "quantity": np.where(np.isnan(usual), np.nan, quantity),
    }


def _paid(world: World, known: _Words, draws: Draws, rng) -> dict[str, object]:
    facts = known.facts["paid"]
    by_word = known.value(facts["touchpoints"])[draws.touchpoint]
    by_channel = np.array([facts["channels"].get(c, np.nan) for c in world.channels])[draws.channel]
    price = np.fmax(by_word, by_channel)
    cost = np.round(price * rng.uniform(0.6, 1.4, len(price)), 3)
    return {"cost": cost, "paid": ~np.isnan(price)}


def _ratings(world: World, walks: Walks, draws: Draws, rng) -> np.ndarray:
    """Return 0-10 for who rates: the persona's satisfaction less 1.2 per step back so far."""
    asked = np.flatnonzero(draws.touchpoint == world.touchpoints.index("nps_rating"))
    unit, day = draws.unit[asked], draws.day[asked]
    told = world.satisfaction[walks.persona[unit]] - 1.2 * friction(world, walks, unit, day)
    rating = np.full(len(draws.unit), np.nan)
    rating[asked] = np.clip(np.round(told + 1.8 * rng.standard_normal(len(asked))), 0, 10)
    return rating


def friction(world: World, walks: Walks, unit: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return the number of steps back that a unit has made up to a day (at most 3)."""
    stage = walks.stage
    back = np.zeros(stage.shape, np.int16)
    both = (stage[:, 1:] < len(world.stages)) & (stage[:, :-1] < len(world.stages)) & (stage[:, 1:] >= 0)
    back[:, 1:] = both & (stage[:, 1:] < stage[:, :-1])
    return np.minimum(back.cumsum(axis=1, dtype=np.int16)[unit, day], 3)
