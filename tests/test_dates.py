"""Day first or month first, times in two columns, two-digit years, and what programs make of dates."""

from __future__ import annotations

import pandas as pd
import pytest

from journeykit.clients import client_from_dict
from journeykit.events import read_events
from journeykit.events.dates import judge_dates


def judged(*dates: str) -> str:
    found = pd.DataFrame({"date": dates}).reset_index().groupby("date", sort=False, as_index=False)
    return judge_dates(found.agg(rows=("index", "size"), first=("index", "min"))).told


MONTHS = [f"{month:02}/01/2025" for month in range(1, 13)]
SHUFFLED = ["05/01/2025", "02/03/2025", "11/02/2025", "01/04/2025", "03/03/2025", "07/02/2025"]
TOLD = {
    "a day above 12": (["01/02/2025", "13/02/2025"], "day first"),
    "a month that is none": (["01/02/2025", "02/13/2025"], "month first"),
    "only one way is in order": (["1/2/26", "1/9/26", "2/3/26", "2/8/26", "3/1/26", "3/7/26", "4/2/26"], "month first"),
    "backwards": (["07/04/2025", "01/04/2025", "08/03/2025", "03/03/2025", "09/02/2025", "05/01/2025"], "day first"),
    "firsts of the month": (MONTHS, "month first, either fits"),
    "nothing tells": (SHUFFLED, "day first, either fits"),
    "the most count": (["13/01/2025", "14/01/2025", "01/15/2025"], "day first, either fits"),
}  # fmt: skip


@pytest.mark.parametrize(("dates", "told"), TOLD.values(), ids=TOLD)
def test_all_dates_say_which_stands_first(dates, told):
    assert judged(*dates) == told


def moments(folder, texts: list[str], timestamp="t", head="t", zone="UTC") -> list[str]:
    rows = [f'c,"{text}"' if head == "t" else f"c,{text}" for text in texts]
    (folder / "e.csv").write_text("\n".join([f"c,{head}", *rows]), encoding="utf-8")
    events = {
        "path": "e.csv",
        "columns": {"customer_id": "c", "timestamp": timestamp},
        "constants": {"touchpoint": "search"},
    }
    client = client_from_dict({"id": "a", "name": "A", "timezone": zone, "events": events}, folder)
    return read_events(client).to_pandas()["timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S").tolist()


WRITTEN = {
    "a day above 12, late": ([*["02/03/2026"] * 2500, "02/13/2026"], ["2026-02-03 00:00:00", "2026-02-13 00:00:00"]),
    "two-digit years": (["1/7/26 15:43", "2/17/26 21:03"], ["2026-01-07 15:43:00", "2026-02-17 21:03:00"]),
    "am and pm": (["02/17/2026 09:03:00 PM"], ["2026-02-17 21:03:00"]),
    "a narrow blank": (["2/17/2026, 9:03:00\u202fPM", "1/7/2026, 12:00:00\u202fAM"],
                       ["2026-01-07 00:00:00", "2026-02-17 21:03:00"]),
    "mails": (["Tue, 17 Feb 2026 21:03:00 +0100"], ["2026-02-17 20:03:00"]),
    "mails in GMT": (["17 Feb 2026 21:03:00 GMT"], ["2026-02-17 21:03:00"]),
    "a web server's": (["17/Feb/2026:21:03:00 -0500"], ["2026-02-18 02:03:00"]),
    "two clocks": (["13-02-2026 10:00", "14-02-2026 10:00:05"], ["2026-02-13 10:00:00", "2026-02-14 10:00:05"]),
}  # fmt: skip


@pytest.mark.quick("a day above 12, late", "am and pm", "mails in GMT", "two clocks")
@pytest.mark.parametrize(("texts", "wanted"), WRITTEN.values(), ids=WRITTEN)
def test_times_are_read_as_they_are_written(tmp_path, texts, wanted):
    assert moments(tmp_path, texts) == [
        str(pd.Timestamp(one)) if len(wanted) < 100 else one for one in wanted
    ]


def test_dates_that_a_program_swapped_are_swapped_back(tmp_path):
    days = [(day, month) for month in (1, 2) for day in range(1, 29)]
    texts = [
        f"2025-{day:02}-{month:02} 10:00:00" if day <= 12 else f"{day:02}/{month:02}/2025 10:00"
        for day, month in days
    ]
    assert moments(tmp_path, texts) == [f"2025-{month:02}-{day:02} 10:00:00" for day, month in days]


@pytest.mark.quick("9:10 PM", "0.5")
@pytest.mark.parametrize(
    ("clock", "wanted"),
    [("09:10:05", "08:10:05"), ("9:10", "08:10:00"), ("9:10 PM", "20:10:00"), ("0.5", "11:00:00")],
)
def test_a_day_and_a_time_of_day_in_two_columns(tmp_path, clock, wanted):
    form = {"date": "d", "time": "k"}
    assert moments(tmp_path, [f"2026-01-02,{clock}"], form, "d,k", "Europe/Amsterdam") == [
        f"2026-01-02 {wanted}"
    ]


def test_each_row_has_the_zone_that_its_column_names(tmp_path):
    form = {"column": "t", "zone_column": "z"}
    rows = ["2026-01-02 12:00,Europe/Amsterdam", "2026-01-02 12:00,America/New_York", "2026-01-02 12:00,"]
    assert moments(tmp_path, rows, form, "t,z") == [f"2026-01-02 {hour}:00:00" for hour in (11, 12, 17)]
