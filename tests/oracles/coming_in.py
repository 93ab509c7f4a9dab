"""Plain, slow readings of cohorts, retention, activity, pages, the loop and accounts, from docs/reference/tables.md."""

from __future__ import annotations

import pandas as pd

from tests.oracles.after_buying import ORDERS, PUSHED, acts_of, count, days, journeys


def opens(contacts: pd.DataFrame) -> pd.Timestamp:
    """The day by which a hundredth of the contacts had been recorded."""
    seen = 0
    for day, own in contacts.groupby(contacts["at"].dt.normalize()):
        seen += len(own)
        if seen >= len(contacts) / 100:
            return day
    raise AssertionError("no contacts")


def month_of_entry(contacts: pd.DataFrame, horizon: float) -> dict[str, str]:
    known = opens(contacts) + pd.Timedelta(days=horizon)
    firsts = {unit: own[0]["at"] for unit, own in journeys(contacts)}
    return {unit: f"{at:%Y-%m}" if at >= known else "earlier" for unit, at in firsts.items()}


def cohorts(
    contacts: pd.DataFrame, reached: dict, moment, follow: float, horizon: float
) -> dict[tuple, tuple]:
    """Per month of entry and stage: followed, and of those who came so far in time; `reached` holds when each unit
    first came to each position or a later one."""
    months, found = month_of_entry(contacts, horizon), {}
    for unit, own in journeys(contacts):
        start = own[0]["at"]
        if months[unit] == "earlier" or days(moment, start) < follow:
            continue
        for position in {at for marks in reached.values() for at in marks}:
            came = position in reached.get(unit, {}) and days(reached[unit][position], start) <= follow
            found.setdefault((months[unit], position), []).append(came)
    return {key: count(pairs) for key, pairs in found.items()}


def retention(contacts: pd.DataFrame, moment, horizon: float) -> dict[int, tuple[int, int]]:
    """Per period since the first contact: who could be followed to its end, and who did something in it."""
    months, found = month_of_entry(contacts, horizon), {}
    for unit, own in journeys(contacts):
        start = own[0]["at"]
        if months[unit] == "earlier":
            continue
        active = [days(row["at"], start) for row in acts_of(own)]
        for period in range(1, 13):
            if days(moment, start) >= (period + 1) * horizon:
                here = any(period * horizon <= day < (period + 1) * horizon for day in active)
                found.setdefault(period, []).append(here)
    return {period: count(pairs) for period, pairs in found.items()}


def activity(contacts: pd.DataFrame) -> dict[str, tuple[int, int, float]]:
    """Per month: known by its end, active in it, and on how many days on average."""
    months = sorted({f"{row['at']:%Y-%m}" for _, own in journeys(contacts) for row in acts_of(own)})
    found = {}
    for month in months:
        known = [own for _, own in journeys(contacts) if f"{own[0]['at']:%Y-%m}" <= month]
        active = [
            {row["at"].date() for row in acts_of(own) if f"{row['at']:%Y-%m}" == month} for own in known
        ]
        active = [dates for dates in active if dates]
        found[month] = (len(known), len(active), sum(map(len, active)) / len(active))
    return found


def pages(contacts: pd.DataFrame) -> dict[str, dict[str, float]]:
    """What visits do on each page; a visit is what someone does with less than half an hour between."""
    visits: list[list[dict]] = []
    for _, own in journeys(contacts):
        last = None
        for row in own:
            if last is None or row["at"] - last > pd.Timedelta(minutes=30):
                visits.append([])
            last = row["at"]
            if row["touchpoint"] not in PUSHED:
                visits[-1].append(row)
    visits = [visit for visit in visits if visit]
    found: dict[str, dict[str, float]] = {}
    for page in {row["page"] for visit in visits for row in visit if isinstance(row["page"], str)}:
        with_page = [visit for visit in visits if any(row["page"] == page for row in visit)]
        paged = [[row["page"] for row in visit if isinstance(row["page"], str)] for visit in with_page]
        sold = [
            any(row["touchpoint"] in ("purchase", "repeat_purchase") for row in visit) for visit in with_page
        ]
        landed = [names[0] == page for names in paged]
        bounced = [
            lands and len(visit) == 1 and not sale
            for lands, visit, sale in zip(landed, with_page, sold, strict=True)
        ]  # fmt: skip
        found[page] = {
            "sessions": len(with_page), "landings": sum(landed), "sale_share": sum(sold) / len(sold),
            "exit_share": sum(names[-1] == page for names in paged) / len(paged),
        }  # fmt: skip
        if sum(landed):
            found[page]["bounce_share"] = sum(bounced) / sum(landed)
    return found


def referred(contacts: pd.DataFrame, firsts: dict, horizon: float) -> dict[int, tuple[int, int]]:
    """Of who was brought in and begins in the data: how many there are, and how many begin in each stage; `firsts`
    holds the position that each unit showed first."""
    months = month_of_entry(contacts, horizon)
    came = {
        unit
        for unit, own in journeys(contacts)
        if any(isinstance(row["referrer_id"], str) and row["referrer_id"] != unit for row in own)
    }
    inside = [unit for unit in came if months[unit] != "earlier" and unit in firsts]
    return {at: (len(inside), sum(firsts[unit] == at for unit in inside)) for at in set(firsts.values())}


def accounts(
    contacts: pd.DataFrame, listed: dict[str, set], moment, follow: float
) -> dict[str, tuple[int, bool]]:
    """Per account that could be followed since its first request for a quotation: its people, and whether it won."""
    found = {}
    for unit, own in journeys(contacts):
        asked = [row["at"] for row in own if row["touchpoint"] == "quote_request"]
        bought = [row["at"] for row in own if row["touchpoint"] in ORDERS]
        if not asked or days(moment, asked[0]) < follow or (bought and bought[0] < asked[0]):
            continue
        people = listed.get(unit, set()) | {row["customer"] for row in own}
        found[unit] = (len(people), bool(bought) and days(bought[0], asked[0]) <= follow)
    return found
