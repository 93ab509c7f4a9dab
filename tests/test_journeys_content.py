"""Content before the first interaction and before subscribing, counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeykit.events import EventLog
from journeykit.findings import observe
from tests.lazy_journeys import map_journeys
from tests.test_journeys import START, log_of

OLD = {"old": [(0, "view_item")]}
END = {"end": [(300, "view_item")]}


def seen(content: str) -> dict:
    return {"content": content}


FIRST = {
    **OLD,
    "a": [(50, "content_view", "web", seen("blog")), (51, "chat"), (52, "content_view", "web", seen("blog"))],
    "b": [(50, "video_view", "web", seen("film")), (52, "content_view", "web", seen("blog")), (53, "search")],
    "c": [(50, "video_view", "web", seen("film"))],  # never does anything: one view that led nowhere
    "d": [(50, "video_view", "web", seen("film")), (120, "chat")],  # too late to have followed from the film
    "e": [
        (50, "chat"),
        (51, "content_view", "web", seen("blog")),
    ],  # did something first: no content before it
    "f": [(50, "ad_impression"), (51, "chat")],
    "g": [(295, "video_view", "web", seen("film"))],  # too recent to tell
    **END,
}


def first(journeys, **columns) -> pd.DataFrame:
    table = map_journeys(log_of(journeys, **columns), min_group=1).first_interactions
    return table[table["persona"] == "all"].set_index("content")


def test_only_what_was_seen_before_the_first_interaction_counts():
    """Content that customers see after they are won says nothing about what wins them."""
    table = first(FIRST)
    assert table.loc["blog", ["customers", "views", "led"]].tolist() == [2, 2, 2]
    assert table.loc["film", ["customers", "views", "led"]].tolist() == [3, 3, 0]
    assert table["share_of_led"].sum() == 1


def test_without_named_content_the_touchpoint_counts_and_advertisements_do_not():
    plain = {who: [step[:3] for step in steps] for who, steps in FIRST.items()}
    table = first(plain)
    assert set(table.index) == {"content_view", "video_view"}


def test_addresses_lose_their_queries_and_e_mail_addresses():
    """One article under a thousand addresses is one article, and nobody's address stands in a table."""
    steps = {
        f"c{n}": [(50, "content_view", "web", seen(f"https://x.nl/blog?id={n}&m=p{n}@x.nl")), (51, "chat")]
        for n in range(5)
    }
    mail = {"m": [(50, "content_view", "web", seen("jan@x.nl")), (51, "chat")]}
    assert set(first({**OLD, **steps, **mail, **END}).index) == {"https://x.nl/blog", ":address"}


def test_without_content_the_table_is_empty():
    assert first({**OLD, "a": [(50, "ad_impression"), (51, "chat")], **END}).empty


SUBSCRIBED = {
    "a": [(0, "aw"), (1, "file_download", "web", seen("guide")), (2, "sign_up"), (5, "co"), (9, "ac")],
    "b": [(0, "aw"), (2, "sign_up"), (3, "file_download", "web", seen("guide"))],  # what it was left for
    "e": [(0, "aw"), (2, "sign_up"), (40, "file_download", "web", seen("guide"))],  # too long afterwards
    "f": [
        (0, "aw"),
        (2, "sign_up"),
        (3, "ac"),
        (5, "file_download", "web", seen("guide")),
    ],  # after coming further
    "c": [
        (0, "aw"),
        (1, "generate_lead", "web", seen("guide")),
        (200, "ac"),
    ],  # the lead names it; bought too late
    "d": [(0, "aw"), (1, "webinar_sign_up"), (60, "newsletter_signup"), (61, "co")],  # taken too long before
    "late": [(290, "aw"), (291, "file_download", "web", seen("guide")), (292, "sign_up")],
    **END,
}


def test_a_lead_magnet_is_what_was_taken_before_and_followed_for_equally_long():
    table = map_journeys(log_of(SUBSCRIBED), min_group=1).lead_magnets.set_index("magnet")
    assert table.loc["guide", ["customers", "followed", "reached", "converted"]].tolist() == [4, 3, 1, 1]
    assert table.loc["nothing", ["customers", "followed", "reached", "converted"]].tolist() == [3, 3, 2, 1]
    assert table.loc["guide", "share_of_subscribers"] == pytest.approx(4 / 7)
    assert table.loc["guide", "other_share"] == pytest.approx(2 / 3)


def test_nobody_who_subscribes_leaves_an_empty_table():
    assert map_journeys(log_of({"a": [(0, "aw")], **END}), min_group=1).lead_magnets.empty


def leads(share: float, other: float, n: int = 600) -> EventLog:
    """Return a log in which takers of the guide go on with one chance, and the other subscribers with another."""
    random, rows = np.random.default_rng(3), []
    for at in range(n):
        day, took = at % 100, at % 2 == 0
        steps = [(0, "compare_items"), *([(1, "file_download")] if took else []), (2, "sign_up")]
        steps += [(20, "begin_checkout")] if random.random() < (share if took else other) else []
        rows += [(f"c{at}", START + pd.Timedelta(days=day + step), name) for step, name in steps]
    rows.append(("end", START + pd.Timedelta(days=365), "search"))
    return EventLog.from_frame(pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint"]))


@pytest.mark.quick("0.5", "0.75")
@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, set()), (0.75, {"magnet_further"}), (0.25, {"magnet_less_far"})]
)
def test_a_magnet_that_helps_is_found_and_one_that_does_not_is_not(share, expected):
    found = {one.key for one in observe(map_journeys(leads(share, 0.5)))}
    assert {key for key in found if key.startswith("magnet_") and key != "magnet_most"} == expected
