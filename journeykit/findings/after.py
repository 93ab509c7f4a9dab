"""Findings about what follows the purchase: selling more, the aha moment, coming back, advocates, and the loop."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from journeykit.findings.finding import Finding
from journeykit.journeys.advocates import ANY
from journeykit.journeys.aha import STAYS
from journeykit.journeys.statistics import two_shares_p_value

__all__ = ["after_findings"]

ALL = "all"
LIGHT = 0.1  # weight of a description beside a difference
NEARLY_ALL = 0.95
SALES = {"upsell": "upsells", "cross_sell": "cross_sells"}


def after_findings(journeys) -> Iterator[Finding]:
    """Find what the tables after the purchase say; candidates that were only tested have a key with `_` before it."""
    yield from _sales(_shown(journeys.sales), journeys.follow_days)
    yield from _levers(_shown(journeys.levers))
    yield from _aha(_shown(journeys.aha))
    yield from _brought_back(journeys.reactivations)
    yield from _advocates(_shown(journeys.advocates))
    yield from _loop(_shown(journeys.referred), journeys.follow_days)


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    return table[~table["held_back"].astype(bool)] if len(table) else table


def _sales(sales: pd.DataFrame, days: float) -> Iterator[Finding]:
    """Name upsell and cross-sell of everyone, and of the personas that buy so more often than the others."""
    for kind, key in SALES.items() if len(sales) else ():
        own = sales[sales["kind"] == kind]
        personas = own[own["persona"] != ALL]
        for row in own.itertuples():
            numbers = {"share": row.share, "days": days, "at_stake": row.customers * LIGHT}
            if row.persona == ALL:
                yield Finding(key, numbers, row.low, row.high, "sales", customers=int(row.buyers))
                continue
            rest = personas[personas["persona"] != row.persona][["customers", "buyers"]].sum()
            if not rest["buyers"]:
                continue
            other = rest["customers"] / rest["buyers"]
            numbers |= {"other": other, "at_stake": row.buyers * abs(row.share - other)}
            p_value = two_shares_p_value(row.customers, row.buyers, rest["customers"], rest["buyers"])
            named = f"{key}_more" if row.share > other else f"_{key}_less"
            yield Finding(
                named, numbers, row.low, row.high, "sales", row.persona, None, int(row.buyers), p_value
            )


def _levers(levers: pd.DataFrame) -> Iterator[Finding]:
    for row in levers[levers["persona"] == ALL].itertuples() if len(levers) else ():
        if row.customers:
            numbers = {"lever": row.lever, "share": row.share, "at_stake": row.customers * LIGHT}
            yield Finding("lever_taken", numbers, row.low, row.high, "levers", customers=int(row.buyers))


def _aha(aha: pd.DataFrame) -> Iterator[Finding]:
    """Name the early behaviour that goes with staying, where it held on the half that it was not chosen on."""
    known = aha[aha["p_value"].notna()] if len(aha) else aha
    yield from _aha_buys(known[known["outcome"] != STAYS])
    for row in known[known["outcome"] == STAYS].itertuples():
        numbers = {
            "behaviour": row.behaviour,
            "at_least": int(row.at_least),
            "days": row.days,
            "since": row.since,
        }
        numbers |= {"share": row.stay_share, "other": row.other_stay_share, "effect": row.effect}
        numbers |= {"stay_from": row.stay_from, "stay_to": row.stay_to, "at_stake": row.did * abs(row.effect)}
        yield Finding(
            "aha_moment" if row.effect > 0 else "_aha_moment", numbers, row.low, row.high, "aha",
            None if row.persona == ALL else row.persona, None, int(row.customers), row.p_value,
        )  # fmt: skip


def _aha_buys(aha: pd.DataFrame) -> Iterator[Finding]:
    """Name, per persona, the behaviour after which buying is clearest; the others were tested too."""
    named: set[str] = set()
    for row in aha.itertuples():
        numbers = {
            "behaviour": row.behaviour,
            "at_least": int(row.at_least),
            "days": row.days,
            "since": row.since,
        }
        numbers |= {"share": row.buy_share, "other": row.other_buy_share, "effect": row.effect}
        numbers |= {"outcome": row.outcome, "at_stake": row.did * abs(row.effect)}
        helps = row.low > 0 and not row.active_other_share >= row.buy_share
        key = "aha_buys" if helps and row.persona not in named else "_aha_buys"
        named |= {row.persona} if helps else set()
        who = None if row.persona == ALL else row.persona
        rest = ("aha", who, None, int(row.customers), row.p_value)
        yield Finding(key, numbers, row.low, row.high, *rest)


def _brought_back(back: pd.DataFrame) -> Iterator[Finding]:
    everyone = back[back["persona"] == ALL] if len(back) else back
    if (everyone["share"] > NEARLY_ALL).any():
        return  # where there is hardly anything else to come back with, that says nothing
    for row in everyone.head(1).itertuples():
        of = round(row.customers / row.share)
        numbers = {"touchpoint": row.touchpoint, "share": row.share, "days": row.silent_days_median}
        numbers["at_stake"] = row.customers * LIGHT
        key = "sent_before_return" if row.sent else "returns_with"
        yield Finding(key, numbers, row.low, row.high, "reactivations", customers=of)


def _advocates(advocates: pd.DataFrame) -> Iterator[Finding]:
    everyone = (
        advocates[(advocates["persona"] == ALL) & (advocates["kind"] == ANY)] if len(advocates) else advocates
    )
    for row in everyone.itertuples():
        numbers = {"share": row.share, "at_stake": row.advocates * LIGHT}
        yield Finding("advocates", numbers, row.low, row.high, "advocates", customers=int(row.customers))


def _loop(referred: pd.DataFrame, days: float) -> Iterator[Finding]:
    """Say where those who were brought in begin, and whether they then go on more often than others."""
    for row in referred.head(1).itertuples():
        numbers = {"share": row.share, "other": row.other_share, "at_stake": row.customers * LIGHT}
        if row.other_share == row.other_share:
            yield Finding(
                "loop_closes", numbers, row.low, row.high, "referred", None, row.stage, int(row.referred)
            )
    for row in referred[referred["went_on_p_value"].notna()].itertuples() if len(referred) else ():
        gain = row.went_on_share - row.other_went_on_share
        numbers = {"share": row.went_on_share, "other": row.other_went_on_share, "days": days}
        numbers["at_stake"] = row.followed * abs(gain)
        yield Finding(
            "referred_further" if gain > 0 else "referred_less_far", numbers, row.went_on_low, row.went_on_high,
            "referred", None, row.stage, int(row.followed), row.went_on_p_value,
        )  # fmt: skip
