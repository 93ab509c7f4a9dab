"""Interop: a log in the forms of other tools and back, without one of them; and pages without persons."""

from __future__ import annotations

import pandas as pd
import pytest

from journeykit.errors import JourneykitError
from journeykit.events import EventLog, read_events
from journeykit.events import interop as io

ROWS = [
    ("a", "2026-01-01 23:30", "purchase", 10.0, "web"), ("a", "2026-01-02 10:00", "purchase", 5.0, "web"),
    ("a", "2026-01-11 10:00", "purchase", 8.0, None), ("b", "2026-01-05 10:00", "purchase", 7.0, "store"),
    ("c <&\x01>", "2026-01-05 10:00", "search", None, None), ("a", "2026-02-01 10:00", "purchase", 99.0, "web"),
]  # fmt: skip


@pytest.fixture
def log(make_log) -> EventLog:
    return make_log(ROWS, "value channel", timezone="Europe/Amsterdam").as_of("2026-01-21")


def told(log: EventLog) -> list[tuple]:
    frame = log.to_pandas()[["customer_id", "timestamp", "touchpoint", "value", "channel"]]
    return [tuple(None if cell != cell else cell for cell in row) for row in frame.itertuples(index=False)]


def test_forms_of_other_tools_come_back_as_they_went(log, tmp_path):
    """Later events stay hidden, and nothing is lost or shifted by an hour."""
    known = told(log)
    assert len(known) == 5
    assert told(io.from_arrow(io.to_arrow(log))) == known
    assert told(io.from_pm4py(io.to_pm4py(log))) == known
    assert told(io.from_retentioneering(io.to_retentioneering(log))) == known
    back = told(io.from_xes(io.to_xes(log, tmp_path / "log.xes"), timezone="Europe/Amsterdam"))
    assert back == [(who.replace("\x01", ""), *rest) for who, *rest in known]


def test_frames_have_the_columns_that_the_tools_look_for(log):
    frame = io.to_pm4py(log)
    assert list(frame) == ["case:concept:name", "concept:name", "time:timestamp", "channel", "value"]
    assert str(frame["time:timestamp"].dtype.tz) == "UTC"
    assert list(io.to_retentioneering(log))[:3] == ["user_id", "event", "timestamp"]


def test_what_retentioneering_made_up_is_no_event():
    frame = pd.DataFrame({
        "event_id": ["1", "2"], "event_type": ["path_start", "raw"], "event": ["path_start", "search"],
        "timestamp": pd.to_datetime(["2026-01-01", "2026-01-01"]), "user_id": ["a", "a"],
    })  # fmt: skip
    assert io.from_retentioneering(frame).to_pandas()["touchpoint"].tolist() == ["search"]


@pytest.mark.parametrize(("frame", "message"), [
    ({"case:concept:name": ["a"], "concept:name": ["x"]}, "no column 'time:timestamp', which one of pm4py"),
    ({"case:concept:name": ["a", None], "concept:name": "x", "time:timestamp": "2026-01-01"}, "1 rows have no id"),
])  # fmt: skip
def test_a_frame_that_lacks_something_is_refused(frame, message):
    with pytest.raises(JourneykitError, match=message):
        io.from_pm4py(pd.DataFrame(frame))


def test_the_summary_of_sales_counts_days_on_the_clients_clock(log):
    """23:30 UTC is the next day in Amsterdam: two purchases on one day are one."""
    summary = io.to_rfm(log)
    assert summary.loc["a"].tolist() == [1.0, 9.0, 19.0, 8.0]
    assert summary.loc["b"].tolist() == [0.0, 0.0, 16.0, 0.0]
    assert summary.index.tolist() == ["a", "b"], "who bought nothing is not in it"
    with pytest.raises(JourneykitError, match="nobody bought"):
        io.to_rfm(log, ("sign_up",))


PAGES = {
    "https://acme.nl/order/184467/?mail=ann@x.nl#top": "/order/:id",
    "https://acme.nl?utm=1": "/",
    "/u/ann%40x.nl/mail": "/u/:address/mail",
    "/p/123e4567-e89b-12d3-a456-426614174000": "/p/:id",
    "/blog/2024/05/how-to-9": "/blog/2024/05/how-to-9",
    "Product 184467": "Product 184467",
    "/products/chairs/184467": "chairs",
    "/products/tables/oak": "other products",
    "/nl/checkout/step2": "checkout",
}


def test_pages_are_without_persons_and_in_the_groups_of_the_client_file(write_client):
    lines = [f'u{at},2026-01-01,page_view,"{page}"' for at, page in enumerate(PAGES)]
    text = "\n".join(["customer_id,timestamp,touchpoint,page", *lines, "z,2026-01-01,search,", ""])
    groups = {"/products/chairs/*": "chairs", "/products/*": "other products", "*/checkout*": "checkout"}
    log = read_events(write_client({"p.csv": text}, events={"path": "p.csv"}, pages=groups))
    seen = log.to_pandas().set_index("customer_id")["page"]
    assert seen.drop("z").tolist() == list(PAGES.values()) and pd.isna(seen["z"])
