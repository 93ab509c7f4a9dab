"""Plain, slow readings of tables, written from their definitions in docs/reference/tables.md.

Each takes the contacts as a frame (`unit, at, touchpoint`, and what the table needs), one row after the other in the
order in which they happened, and counts in loops. Nothing here is imported from what it checks.
"""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

DAY = pd.Timedelta(days=1)
ORDERS = {"purchase", "repeat_purchase", "contract_signed", "upgrade", "cross_sell", "subscription_renewal"}
PUSHED = {
    "ad_impression",
    "email_sent",
    "reactivation_campaign",
    "offline_ad",
    "mail_received",
    "campaign_received",
}
GIVEN_BACK = {"return_item", "refund"}
HELP = {"help_article", "onboarding"}
COMPLAINTS = {"complaint", "support_contact"}


def journeys(contacts: pd.DataFrame) -> list[tuple[str, list[dict]]]:
    return [(unit, own.to_dict("records")) for unit, own in contacts.groupby("unit", sort=True)]


def days(later, earlier) -> float:
    return (later - earlier) / DAY


def count(pairs: list[bool]) -> tuple[int, int]:
    return len(pairs), sum(pairs)


# value, ratings, referrals ------------------------------------------------------------------------


def value(contacts: pd.DataFrame) -> dict[str, float]:
    """Orders count, returns and refunds count against, whatever their sign; a viewed price is no revenue."""
    sums: dict[str, float | None] = {}
    for unit, own in journeys(contacts):
        ordered = [row for row in own if row["touchpoint"] in ORDERS]
        if ordered:
            known = [row["value"] for row in ordered if row["value"] == row["value"]]
            back = [
                abs(row["value"])
                for row in own
                if row["touchpoint"] in GIVEN_BACK and row["value"] == row["value"]
            ]
            sums[unit] = sum(known) - sum(back) if known else None
    others = sum(
        abs(row["value"])
        for unit, own in journeys(contacts)
        for row in own
        if unit not in sums and row["touchpoint"] in GIVEN_BACK and row["value"] == row["value"]
    )
    told = sorted((amount for amount in sums.values() if amount is not None), reverse=True)
    found = {"buyers": len(sums)}
    if told:
        found |= {"value_total": sum(told) - others, "value_mean": sum(told) / len(told)}
    if len(told) >= 10 and sum(told) > others:
        found["top_tenth_share"] = sum(told[: round(len(told) / 10)]) / (sum(told) - others)
    return found


def ratings(contacts: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The latest rating of each unit at each touchpoint; NPS of recommendation scores from 0 to 10."""
    found = {}
    for touchpoint in sorted(set(contacts.loc[contacts["rating"].notna(), "touchpoint"])):
        latest = {}
        for unit, own in journeys(contacts):
            given = [
                row["rating"]
                for row in own
                if row["touchpoint"] == touchpoint and row["rating"] == row["rating"]
            ]
            if given:
                latest[unit] = given[-1]
        every = contacts.loc[contacts["touchpoint"] == touchpoint, "rating"].dropna()
        told = {"customers": len(latest), "rating_mean": sum(latest.values()) / len(latest)}
        if touchpoint == "nps_rating" and 5 < every.max() <= 10:
            score = sum((one >= 9) - (one <= 6) for one in latest.values())
            told["nps"] = 100 * score / len(latest)
        found[touchpoint] = told
    return found


def referrals(contacts: pd.DataFrame) -> dict[str, int]:
    """Who names somebody else was brought in; who is named by another customer has brought in."""
    units = set(contacts["unit"])
    named = {
        (unit, row["referrer_id"])
        for unit, own in journeys(contacts)
        for row in own
        if isinstance(row["referrer_id"], str) and row["referrer_id"] != unit
    }
    known = [(unit, by) for unit, by in named if by in units]
    return {
        "referrers": len({by for _, by in known}),
        "referrals": len({unit for unit, _ in known}),
        "brought_in": len({unit for unit, _ in named}),
    }


def advocates(contacts: pd.DataFrame) -> dict[str, int]:
    found: dict[str, set] = {}
    for unit, own in journeys(contacts):
        for row in own:
            if row["touchpoint"] in (
                "review",
                "testimonial",
                "case_given",
                "share",
                "referral",
                "affiliate_join",
            ):
                found.setdefault(row["touchpoint"], set()).add(unit)
            by = row["referrer_id"]
            if isinstance(by, str) and by != unit and by in set(contacts["unit"]):
                found.setdefault("referrer", set()).add(by)
        scores = [
            row["rating"]
            for row in own
            if row["touchpoint"] == "nps_rating" and row["rating"] == row["rating"]
        ]
        if scores and scores[-1] >= 9:
            found.setdefault("promoter", set()).add(unit)
    every = set().union(*found.values()) if found else set()
    return {kind: len(who) for kind, who in found.items()} | ({"any": len(every)} if every else {})


# silence ------------------------------------------------------------------------------------------


def acts_of(own: list[dict]) -> list[dict]:
    return [row for row in own if row["touchpoint"] not in PUSHED]


def silent(contacts: pd.DataFrame, moment, follow: float) -> dict[str, int]:
    """Everyone with a silence longer than the report's period, and who did something after one."""
    before = returned = 0
    for _, own in journeys(contacts):
        moments = [row["at"] for row in acts_of(own)]
        gaps = [days(later, earlier) for earlier, later in pairwise(moments)]
        still = days(moment, moments[-1] if moments else own[0]["at"])
        came = any(gap > follow for gap in gaps)
        returned += came
        before += came or still > follow
    return {"silent_before": before, "returned": returned}


def since_first_order(own: list[dict]) -> list:
    moments = [row["at"] for row in acts_of(own) if row["touchpoint"] in ORDERS]
    return [row["at"] for row in acts_of(own) if row["at"] >= moments[0]] if moments else []


def former_after(contacts: pd.DataFrame, follow: float) -> float:
    """Twice the usual gap of slow buyers, and at least the report's period."""
    usual = []
    for _, own in journeys(contacts):
        moments = since_first_order(own)
        gaps = [days(later, earlier) for earlier, later in pairwise(moments)]
        if len(gaps) >= 2:
            usual.append(pd.Series(gaps).median())
    return max(follow, 2 * pd.Series(usual).quantile(0.95)) if usual else follow


def former(
    contacts: pd.DataFrame, moment, follow: float, horizon: float, sent: str = ""
) -> dict[str, tuple[int, int]]:
    """Former customers and who came back: all of them, those who were sent something in time, and the others."""
    after = former_after(contacts, follow)
    found: dict[str, list[bool]] = {"all": [], "approached": [], "other": []}
    for _, own in journeys(contacts):
        moments = since_first_order(own)
        for start, end in zip(moments, [*moments[1:], None], strict=False):
            length = days(end if end is not None else moment, start)
            if length <= after:
                continue
            if days(moment, start) >= after + follow:
                back = end is not None and length <= after + follow
                called = [days(row["at"], start) for row in own if row["touchpoint"] == sent]
                until = min(length, after + follow)
                in_time = any(0 < day < until and day <= after + follow - horizon for day in called)
                found["all"].append(back)
                found["approached" if in_time else "other"].append(back)
            break
    return {name: count(pairs) for name, pairs in found.items()}


# help, dissatisfaction ----------------------------------------------------------------------------


def aftercare(contacts: pd.DataFrame, moment, follow: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Buyers who were helped before they complained, and the others: how many, and who complained."""
    helped, others = [], []
    for _, own in journeys(contacts):
        bought = [row["at"] for row in own if row["touchpoint"] in ORDERS]
        if not bought or days(moment, bought[0]) < follow:
            continue
        after = [row for row in own if 0 < days(row["at"], bought[0]) <= follow]
        complaints = [row["at"] for row in after if row["touchpoint"] in COMPLAINTS]
        helps = [row["at"] for row in after if row["touchpoint"] in HELP]
        first = helps and (not complaints or helps[0] < complaints[0])
        (helped if first else others).append(bool(complaints))
    return count(helped), count(others)


def dissatisfaction(
    contacts: pd.DataFrame, backs: dict, moment, follow: float, signal: str, touchpoint: str = ""
) -> list:
    """Who went back after a sign, and of those who rated highly; `backs` holds each unit's moments of going back."""
    groups: dict[str, list[bool]] = {"low": [], "high": []}
    for unit, own in journeys(contacts):
        signs = [(row["at"], _level(row, signal, touchpoint)) for row in own]
        signs = [(at, level) for at, level in signs if level]
        if signs and days(moment, signs[0][0]) >= follow:
            at, level = signs[0]
            groups[level].append(any(0 < days(back, at) <= follow for back in backs.get(unit, [])))
    return [count(groups["low"]), count(groups["high"])]


def _level(row: dict, signal: str, touchpoint: str) -> str:
    rated = row["rating"] == row["rating"] and (not touchpoint or row["touchpoint"] == touchpoint)
    given_back = row["touchpoint"] in GIVEN_BACK or row["value"] < 0
    if signal in ("complaint", "any") and row["touchpoint"] == "complaint":
        return "low"
    if signal in ("return", "any") and given_back:
        return "low"
    if not rated:
        return ""
    low = row["rating"] <= 6 if row["touchpoint"] == "nps_rating" else row["rating"] < 3
    high = row["rating"] >= 9 if row["touchpoint"] == "nps_rating" else row["rating"] > 3
    if low and signal in ("rating", "any"):
        return "low"
    return "high" if high else ""
