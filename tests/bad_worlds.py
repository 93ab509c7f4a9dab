"""Small worlds of customers in which something that a method hopes for is not there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

__all__ = ["BAD_WORLDS", "NAME", "columns_of"]

NAME = "$5 off $10 \\frac{ \x07& <b>"  # mathematics, control character and markup in a name
WAY = ["view_item", "compare_items", "add_to_cart", "begin_checkout", "purchase", "review"]
BROWSE = ["view_item", "search", "page_view", "compare_items"]
START = pd.Timestamp("2026-01-05 09:00")


def columns_of(rows: list[tuple]) -> pd.DataFrame:
    """Return rows of (customer, moment, touchpoint, channel, value) as a log."""
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint", "channel", "value"])
    return frame.sort_values("timestamp", kind="stable", ignore_index=True)


def _log(many: int, seed: int, visit: Callable) -> pd.DataFrame:
    """Return the visits of customers: `visit` gives (days from the start, touchpoint) of one."""
    rng, rows = np.random.default_rng(seed), []
    for who in range(many):
        channel = ("email", "search", "social")[who % 3]
        for day, word in visit(rng, who):
            at = START + pd.Timedelta(days=float(day))
            rows.append((f"k{who}", at.floor("s"), word, channel, 40.0 if word == "purchase" else np.nan))
    return columns_of(rows)


def _whole(rng, who: int) -> list[tuple]:
    """Return an ordinary way: some browsing, and as far as it goes."""
    steps = WAY[: rng.integers(1, len(WAY) + 1)]
    days = np.sort(rng.uniform(0, 110, 3 + len(steps)))
    return list(zip(days, [*rng.choice(BROWSE, 3), *steps], strict=True))


def one_visit(rng, who: int) -> list[tuple]:
    """Return one contact, on some day."""
    return [(rng.uniform(0, 90), rng.choice(WAY))]


def one_visit_of_several(rng, who: int) -> list[tuple]:
    """Return several contacts within half an hour, and never again."""
    day = rng.uniform(0, 90)
    return [(day + number / 96, word) for number, word in enumerate(WAY[: rng.integers(1, 6)])]


def three_contacts(rng, who: int) -> list[tuple]:
    """Return three contacts, weeks apart."""
    return list(zip(np.sort(rng.uniform(0, 90, 3)), rng.choice(WAY, 3), strict=True))


def all_in_a_minute(rng, who: int) -> list[tuple]:
    """Return the whole way within a minute."""
    day = rng.uniform(0, 90)
    return [(day + number / 10_000, word) for number, word in enumerate(WAY)]


def only_markers(rng, who: int) -> list[tuple]:
    """Return nothing but what proves a stage."""
    steps = ["purchase", "purchase", "review", "referral"][: rng.integers(1, 5)]
    return list(zip(np.sort(rng.uniform(0, 100, len(steps))), steps, strict=True))


def no_markers(rng, who: int) -> list[tuple]:
    """Return browsing that proves nothing."""
    words = ["page_view", "email_open", "ad_impression"]
    return list(zip(np.sort(rng.uniform(0, 100, 8)), rng.choice(words, 8), strict=True))


def one_stage(rng, who: int) -> list[tuple]:
    """Return one touchpoint, over and over."""
    many = rng.integers(2, 9)
    return list(zip(np.sort(rng.uniform(0, 100, many)), ["view_item"] * many, strict=True))


def a_marker_of_everyone(rng, who: int) -> list[tuple]:
    """Return an ordinary way that always ends in a purchase."""
    days = np.sort(rng.uniform(0, 100, 5))
    return [*zip(days, rng.choice(BROWSE, 5), strict=True), (days[-1] + 1, "purchase")]


def half_with_one(rng, who: int) -> list[tuple]:
    """Return one contact of every second customer."""
    return one_visit(rng, who) if who % 2 else _whole(rng, who)


def odd_names(many: int, seed: int) -> pd.DataFrame:
    """Return ordinary ways whose names of channels, touchpoints and pages hold odd letters."""
    log = _log(many, seed, _whole)
    words = log["touchpoint"].replace({"compare_items": NAME})
    page = pd.Series(np.where(log.index % 2, f"/{NAME}", "/"), index=log.index)
    return log.assign(channel=log["channel"].replace({"social": NAME}), touchpoint=words, page=page)


def _world(visit: Callable, many: int = 70) -> Callable[[], pd.DataFrame]:
    return lambda: _log(many, 7, visit)


BAD_WORLDS: dict[str, Callable[[], pd.DataFrame]] = {
    "one visit": _world(one_visit), "one visit of several": _world(one_visit_of_several),
    "three contacts": _world(three_contacts, 90), "all in a minute": _world(all_in_a_minute, 70),
    "only markers": _world(only_markers), "no markers": _world(no_markers, 60), "one stage": _world(one_stage, 60),
    "a marker of everyone": _world(a_marker_of_everyone), "half with one": _world(half_with_one, 90),
    "odd names": lambda: odd_names(70, 7), "long silence": _world(_whole, 70),
}  # fmt: skip
