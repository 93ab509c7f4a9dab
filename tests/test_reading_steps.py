"""What is read in steps and by cheap tests first is what would be read without them."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest

from journeykit import engine, read_events, sessions
from journeykit.clients import client_from_dict
from journeykit.events import EventLog
from journeykit.events.pages import clean_page, group_page, with_clean_pages
from journeykit.events.texts import NOTHING, read_text, with_texts

PAGES = [
    "https://a.nl/x/y?z=1#k", "/", "", "http://host", "HTTPS://X.nl/p//", "/a/12345/b", "a?b\nc", "/x#y?z", "/p/ ?q",
    "mail/jan@x.nl/z", "/u%40x.nl", "//", "plain 123456", "?only", "#f", "/é/ü?x", "/p/\t", "ftp+x://h/p", None,
]  # fmt: skip
TEXTS = [
    *NOTHING,
    "NULL",
    " None ",
    "x",
    " x",
    "x\u00a0",
    "\u200by",
    "\ufeff",
    "é",
    "日本 ",
    "nullable",
    "~",
    None,
]


def _table(name, values):
    frame = pd.DataFrame({"at": range(len(values)), name: pd.array(values, dtype="string")})
    return engine.connect().create_table("raw", frame)


def test_pages_cleaned_in_steps_are_those_cleaned_at_once():
    table = _table("page", PAGES)
    groups = {"/x*": "x"}
    with engine.in_steps():
        stepped = with_clean_pages(table, groups).order_by("at").execute()["page"]
    at_once = (
        table.mutate(page=group_page(clean_page(table["page"]), groups)).order_by("at").execute()["page"]
    )
    pd.testing.assert_series_equal(stepped, at_once)
    assert stepped[0] == "x" and stepped[5] == "/a/:id/b" and stepped[9] == "mail/:address/z"


def test_texts_made_beforehand_are_those_made_on_the_spot():
    table = _table("text", TEXTS)
    made = with_texts(table, ["text"])
    beforehand = made.select("at", text=read_text(made, "text")).order_by("at").execute()["text"]
    on_the_spot = table.select("at", text=read_text(table, "text")).order_by("at").execute()["text"]
    pd.testing.assert_series_equal(beforehand, on_the_spot)
    known = [text.strip(" \u00a0\u200b\ufeff") if text else "" for text in TEXTS]
    known = [None if text.lower() in NOTHING else text for text in known]
    assert [None if pd.isna(text) else text for text in beforehand] == known


def test_queries_are_fused_again_after_the_steps():
    with pytest.raises(ZeroDivisionError), engine.in_steps():
        assert not ibis.options.sql.fuse_selects
        _ = 1 / 0
    assert ibis.options.sql.fuse_selects


@pytest.mark.parametrize("zone", ["UTC", "Europe/Amsterdam"])
def test_a_time_without_end_is_after_2099_in_every_zone(tmp_path, zone):
    times = ["2026-07-01 12:00:00", "infinity", "-infinity", "\u00a0", " "]
    frame = pd.DataFrame({"customer_id": "a", "timestamp": times, "touchpoint": "search"})
    frame.to_csv(tmp_path / "e.csv", index=False)
    events = {"path": str(tmp_path / "e.csv")}
    log = read_events(client_from_dict({"id": "t", "name": "T", "timezone": zone, "events": events}))
    assert log.rejects["reason"].tolist() == ["after_2099", "before_1970", "time_unreadable", "no_time"]
    assert log.span()[0] == pd.Timestamp("2026-07-01 12:00" if zone == "UTC" else "2026-07-01 10:00")


@pytest.mark.parametrize("moments", [5, 400])
def test_comparing_only_lines_that_share_a_moment_changes_no_contact(monkeypatch, moments):
    """Few or many share one; grouping all of them is what the figures are held against."""
    rng = np.random.default_rng(0)
    rows = 300
    frame = pd.DataFrame({
        "customer_id": rng.choice(["a", "b", "c"], rows),
        "timestamp": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, moments, rows) * 20, unit="min"),
        "touchpoint": rng.choice(["purchase", "search"], rows), "page": rng.choice(["/a", "/b", None], rows),
        "session_id": rng.choice(["s", None], rows), "product": rng.choice(["x", "y", None], rows),
        "value": rng.choice([1.0, 2.0, np.nan], rows), "rating": rng.choice([1.0, 5.0], rows),
    })  # fmt: skip
    found = {}
    for share in (-1.0, 2.0):
        monkeypatch.setattr(sessions, "_CROWDED", share)
        found[share] = sessions.contacts_frame(EventLog.from_frame(frame).as_of())
    pd.testing.assert_frame_equal(found[-1.0], found[2.0])
    assert found[2.0]["lines"].sum() == rows and found[2.0]["referrer_id"].isna().all()
