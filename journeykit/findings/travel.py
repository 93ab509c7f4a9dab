"""Findings about journeys: where people are and go, where journeys leak, what helps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from journeykit.findings.finding import Finding
from journeykit.journeys.statistics import two_shares_p_value, wilson
from journeykit.stage_models import LAPSED

__all__ = ["journey_findings"]

ALL = "all"
VISIT = 0.3  # weight of a visit beside a customer
COMPLETES = 0.9  # on a page where nearly every visit ends in a sale, the sale itself is recorded
ANY = 0.005  # of everyone: a share that is told as 0 % is none


def journey_findings(journeys, horizon_days: float, min_group: int = 1) -> Iterator[Finding]:
    """Find what the tables of the journeys say; candidates that were only tested have a key with `_` before it."""
    yield from _standing(_shown(journeys.stages_now))
    yield from _outlook(_shown(journeys.outlook), horizon_days, min_group)
    yield from _leaks(_before_last(_shown(journeys.drop_off)))
    yield from _purchase(_shown(journeys.phases))
    yield from _recorded(_shown(journeys.funnel))
    yield from _skipping(_shown(journeys.funnel), _shown(journeys.skips))
    yield from _going_back(_shown(journeys.back_steps))
    yield from _timing(_shown(journeys.time_in_stage))
    yield from _channels(_shown(journeys.channels))
    yield from _entries(journeys.entry_points)
    yield from _pages(journeys.pages)
    yield from _voices(_shown(journeys.ratings), _shown(journeys.referrals))
    yield from _returns(_shown(journeys.lapsed))


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    return table[~table["held_back"].astype(bool)] if len(table) else table


def _who(persona: str) -> str | None:
    return None if persona == ALL else persona


def _standing(now: pd.DataFrame) -> Iterator[Finding]:
    tops: dict[str, str] = {}
    for persona, own in now.groupby("persona", sort=False) if len(now) else ():
        total = round(own["customers"][own["stage"].notna()].sum())
        in_stage = own[own["stage"].notna() & (own["stage"] != LAPSED)]
        if in_stage.empty:
            continue
        top = in_stage.loc[in_stage["share"].idxmax()]
        tops[persona] = top["stage"]
        if persona == ALL or top["stage"] != tops.get(ALL):
            numbers = {"share": top["share"], "at_stake": top["customers"] * (0.5 if persona == ALL else 0.1)}
            interval = (top["low"], top["high"])
            yield Finding(
                "stage_largest", numbers, *interval, "stages_now", _who(persona), top["stage"], total
            )
        if persona == ALL:
            yield from _unsure_and_lapsed(own, total)


def _unsure_and_lapsed(own: pd.DataFrame, total: int) -> Iterator[Finding]:
    for key, rows in (
        ("stage_unsure", own[own["stage"].isna()]),
        ("lapsed_share", own[own["stage"] == LAPSED]),
    ):
        for row in rows[rows["share"] >= ANY].itertuples():
            numbers = {
                "share": row.share,
                "at_stake": row.customers * (0.1 if key == "stage_unsure" else 0.5),
            }
            yield Finding(key, numbers, row.low, row.high, "stages_now", None, None, total)


def _outlook(outlook: pd.DataFrame, horizon: float, least: int) -> Iterator[Finding]:
    """Name what is expected of everyone, and of the persona that is expected to do most of it."""
    whole = outlook[outlook["stage"] == "all"]
    for key, column in (("moves_soon", "move"), ("lapses_soon", "lapse")) if len(whole) else ():
        shares = whole.set_index("persona")[f"{column}_share"].astype(float)
        most = shares.drop(ALL, errors="ignore")
        named = [ALL, most.idxmax()] if len(most) and most.max() > 1.25 * shares.get(ALL, np.inf) else [ALL]
        for row in whole[whole["persona"].isin(named)].itertuples():
            expected, share = getattr(row, f"{column}s"), getattr(row, f"{column}_share")
            if round(expected) >= max(least, 1):
                numbers = {
                    "horizon": int(horizon),
                    "expected": round(expected),
                    "share": share,
                    "at_stake": expected * 0.5,
                }
                yield Finding(
                    key, numbers, None, None, "outlook", _who(row.persona), None, int(row.customers)
                )


def _before_last(drop_off: pd.DataFrame) -> pd.DataFrame:
    """Return the stages that have one after them: from the last in which anybody was seen all who leave for good go."""
    seen = drop_off[(drop_off["persona"] == ALL) & (drop_off["been"] > 0)] if len(drop_off) else drop_off
    return drop_off[drop_off["stage"] != seen["stage"].iloc[-1]] if len(seen) else drop_off


def _recorded(funnel: pd.DataFrame) -> Iterator[Finding]:
    """Name the stage of which the recorded contacts say most else than what was inferred, beyond chance."""
    own = funnel[funnel["persona"] == ALL] if len(funnel) else funnel
    if own.empty:
        return
    share = own["recorded"] / own["reached"].max() * own["share_of_start"].max()
    beyond = own.assign(recorded_share=share, off=(share - own["share_of_start"]).abs())
    beyond = beyond[(share < own["low"]) | (share > own["high"])].sort_values("off", ascending=False)
    for row in beyond.head(1).itertuples():
        numbers = {
            "share": row.share_of_start,
            "recorded": row.recorded_share,
            "at_stake": row.off * row.reached * 0.1,
        }
        whole = round(row.reached / row.share_of_start) if row.share_of_start else int(row.recorded)
        yield Finding("recorded_differs", numbers, row.low, row.high, "funnel", None, row.stage, whole)


def _leaks(drop_off: pd.DataFrame) -> Iterator[Finding]:
    """Name the leaks of everyone by size, and those of a persona where it differs from the others."""
    if drop_off.empty:
        return
    drop_off = drop_off[_passed(drop_off)]
    everyone = drop_off[(drop_off["persona"] == ALL) & (drop_off["low"] > 0.02)].sort_values(
        "lapsed", ascending=False
    )
    for row in everyone.head(3).itertuples():
        yield _leak("leaks_at", row, None, row.lapsed)
    whole = drop_off[drop_off["persona"] != ALL].groupby("stage")[["lapsed", "left"]].sum()
    for row in drop_off[drop_off["persona"] != ALL].itertuples():
        rest_left, rest_lapsed = (
            whole.at[row.stage, "left"] - row.left,
            whole.at[row.stage, "lapsed"] - row.lapsed,
        )
        if rest_left < 10:
            continue
        excess = row.drop_off - rest_lapsed / rest_left
        p_value = two_shares_p_value(row.lapsed, row.left, rest_lapsed, rest_left)
        key = "leaks_more_at" if excess > 0 else "_leaks_less_at"
        yield _leak(key, row, p_value, row.left * abs(excess), other=rest_lapsed / rest_left)


def _passed(table: pd.DataFrame) -> pd.Series:
    """Mark where anybody went on or back: a stage that is left in no other way than for good is no leak."""
    return table["left"] - table["lapsed"] >= 0.5


def _purchase(phases: pd.DataFrame) -> Iterator[Finding]:
    """State the drop-off in the purchase, for everyone: a figure of its own."""
    known = phases[(phases["phase"] == "purchase") & phases["drop_off"].notna()] if len(phases) else phases
    for row in known[(known["persona"] == ALL) & _passed(known)].itertuples() if len(known) else ():
        numbers = {"share": row.drop_off, "lapsed": row.lapsed, "at_stake": row.lapsed * 0.1}
        interval = (row.drop_off_low, row.drop_off_high)
        yield Finding("drops_at_purchase", numbers, *interval, "phases", customers=round(row.left))


def _leak(key: str, row: Any, p_value: float | None, at_stake: float, **numbers: float) -> Finding:
    numbers = {"share": row.drop_off, "lapsed": row.lapsed, "at_stake": at_stake, **numbers}
    left = round(row.left)
    return Finding(key, numbers, row.low, row.high, "drop_off", _who(row.persona), row.stage, left, p_value)


def _skipping(funnel: pd.DataFrame, skips: pd.DataFrame) -> Iterator[Finding]:
    seen = (
        funnel[(funnel["persona"] == ALL) & (funnel["been"] > 0) & (funnel["skipped_low"] > 0.1)]
        if len(funnel)
        else funnel
    )
    for row in seen.sort_values("skipped_share", ascending=False).head(1).itertuples():
        numbers = {"share": row.skipped_share, "at_stake": row.reached * row.skipped_share * 0.3}
        low, high = row.skipped_low, row.skipped_high
        yield Finding("stage_skipped", numbers, low, high, "funnel", None, row.stage, int(row.reached))
    tested = skips[(skips["persona"] == ALL) & skips["effect"].notna()] if len(skips) else skips
    for row in tested.itertuples():
        numbers = {
            "skipped": int(row.skipped_stages),
            "effect": row.effect,
            "share": row.later_stage_reached_share,
        }
        numbers["at_stake"] = row.customers * abs(row.effect)
        key = "skips_cost" if row.effect < 0 else "skips_gain"
        rest = (row.effect_low, row.effect_high, "skips", None, None, int(row.customers))
        yield Finding(key, numbers, *rest, p_value=row.p_value)
        if row.p_value > 0.2 and row.effect_low > -0.1:
            yield Finding("skips_harmless", numbers, *rest)


def _going_back(back: pd.DataFrame) -> Iterator[Finding]:
    everyone = back[(back["persona"] == ALL) & (back["low"] > 0.02)] if len(back) else back
    for row in everyone.sort_values("back", ascending=False).head(1).itertuples():
        numbers = {"share": row.back_share, "at_stake": row.back * 0.1}
        yield Finding(
            "back_steps", numbers, row.low, row.high, "back_steps", None, row.stage, int(row.customers)
        )


def _timing(times: pd.DataFrame) -> Iterator[Finding]:
    known = times[(times["persona"] == ALL) & times["days_median"].notna()] if len(times) else times
    if len(known) > 1:
        row = known.loc[known["days_median"].idxmax()]
        numbers = {"days": row["days_median"], "at_stake": row["under_way"] * 0.3}
        interval = (row["days_low"], row["days_high"])
        yield Finding(
            "slow_stage", numbers, *interval, "time_in_stage", None, row["stage"], int(row["stays"])
        )


def _channels(channels: pd.DataFrame) -> Iterator[Finding]:
    """Name, per persona and stage, the largest contribution among channels that who moves on uses more."""
    known = (
        channels[channels["attribution_markov"].notna() & channels["p_value"].notna()]
        if len(channels)
        else channels
    )
    for (persona, stage), own in known.groupby(["persona", "stage"], sort=False) if len(known) else ():
        more = own[(own["lead"] > 0) & (own["used_moved"] > own["used_gone"])]
        best = more["attribution_markov"].idxmax() if len(more) else None
        for row in own.itertuples():
            numbers = {"channel": row.channel, "share": row.attribution_markov}
            numbers |= {"moved": row.used_moved, "other": row.used_gone, "lead": row.lead}
            numbers["at_stake"] = row.customers * abs(row.lead)
            key = "channel_contributes" if row.Index == best else "_channel"
            interval = (row.low, row.high)
            yield Finding(
                key, numbers, *interval, "channels", _who(persona), stage, int(row.met), row.p_value
            )


def _above(share: float, base: float, low: float, high: float) -> float:
    """Return the two-sided p-value that a share differs from a base, from its interval."""
    from scipy.stats import norm

    spread = (high - low) / 3.92
    return float(2 * norm.sf(abs(share - base) / spread)) if spread > 0 else (1.0 if share == base else 0.0)


def _entries(entries: pd.DataFrame) -> Iterator[Finding]:
    everyone = entries[(entries["persona"] == ALL) & entries["channel"].notna()] if len(entries) else entries
    if everyone.empty or everyone["channel"].nunique() < 2:
        return
    most = everyone.sort_values("in_channel", ascending=False, kind="stable").iloc[0]
    total = round(most["customers"] / most["share"])
    low, high = wilson(most["in_channel"], total)
    numbers = {"channel": most["channel"], "share": float(most["in_channel_share"])}
    numbers["at_stake"] = float(most["in_channel"]) * 0.1
    yield Finding("entry_point", numbers, float(low), float(high), "entry_points", customers=total)


def _pages(pages: pd.DataFrame) -> Iterator[Finding]:
    if pages.empty:
        return
    bounces, landings = (
        pages["bounce_share"] * pages["landings"],
        pages["landings"].where(pages["bounce_share"].notna()),
    )
    visits, sales = pages.attrs.get("visits", 0), pages.attrs.get("visits_with_sale", 0)
    yield from _left_most(pages, bounces)
    for at, row in pages.iterrows():
        if pd.notna(row["bounce_share"]):
            yield _bounce(row, bounces.sum() - bounces[at], landings.sum() - landings[at])
        if row["sale_share"] > COMPLETES:
            yield _completes(row)
        elif sales:
            yield _sale(row, visits, sales)


def _left_most(pages: pd.DataFrame, bounces: pd.Series) -> Iterator[Finding]:
    """Name the page on which most people land and do not click on."""
    known = bounces.dropna()
    if not known.sum() > 0:
        return
    row, bounced = pages.loc[known.idxmax()], round(known.max())
    numbers = {
        "page": row["page"],
        "landings": int(row["landings"]),
        "bounced": bounced,
        "share": row["bounce_share"],
    }
    numbers |= {"part": known.max() / known.sum(), "at_stake": bounced * VISIT * 0.1}
    yield Finding(
        "page_left_most", numbers, row["low"], row["high"], "pages", customers=int(row["landings"])
    )  # fmt: skip


def _bounce(row: pd.Series, rest: float, rest_total: float) -> Finding:
    mine, base = row["bounce_share"], (rest / rest_total if rest_total else np.nan)
    p_value = (
        two_shares_p_value(mine * row["landings"], row["landings"], rest, rest_total)
        if rest_total
        else np.nan
    )
    excess = mine - base if rest_total else 0.0
    numbers = {"page": row["page"], "landings": int(row["landings"]), "share": mine}
    numbers |= {"other": base, "at_stake": row["landings"] * abs(excess) * VISIT}
    key = "page_bounces" if excess > 0 else "_page_holds"
    return Finding(
        key, numbers, row["low"], row["high"], "pages", customers=int(row["landings"]), p_value=p_value
    )


def _completes(row: pd.Series) -> Finding:
    """Return that sales are completed on a page; that visits to it end in a sale says nothing then."""
    numbers = {
        "page": row["page"],
        "sales": int(row["sales_completed"]),
        "at_stake": row["sales_completed"] * 0.02,
    }
    key = "page_completes" if row["sales_completed"] else "_page_completes"
    return Finding(key, numbers, None, None, "pages", customers=int(row["sessions"]))


def _sale(row: pd.Series, visits: int, sales: int) -> Finding:
    mine, rest = row["sale_share"] * row["sessions"], sales - row["sale_share"] * row["sessions"]
    rest_total = visits - row["sessions"]
    p_value = two_shares_p_value(mine, row["sessions"], rest, rest_total) if rest_total > 0 else np.nan
    excess = row["sale_share"] - (rest / rest_total if rest_total > 0 else row["sale_share"])
    numbers = {"page": row["page"], "sessions": int(row["sessions"]), "share": row["sale_share"]}
    numbers |= {"other": rest / max(rest_total, 1), "at_stake": row["sessions"] * abs(excess) * VISIT}
    key = "page_sells" if excess > 0 else "page_without_sales"
    interval = (row["sale_low"], row["sale_high"])
    return Finding(key, numbers, *interval, "pages", customers=int(row["sessions"]), p_value=p_value)


def _scores(ratings: pd.DataFrame) -> Iterator[Finding]:
    """Name everyone's NPS, and a persona's where it differs from it."""
    scores = ratings[ratings["stage"].isna() & ratings["nps"].notna()] if len(ratings) else ratings
    whole = scores[scores["persona"] == ALL] if len(scores) else scores
    for row in scores.itertuples():
        p_value, share = None, 0.3
        if row.persona != ALL and len(whole):
            base = whole.iloc[0]
            spread = np.hypot(row.high - row.low, base["high"] - base["low"])
            p_value, share = (
                _above(row.nps, base["nps"], -spread / 2, spread / 2),
                abs(row.nps - base["nps"]) / 200,
            )
        numbers = {"nps": row.nps, "at_stake": row.customers * share}
        yield Finding(
            "nps", numbers, row.low, row.high, "ratings", _who(row.persona), None, int(row.customers), p_value
        )


def _voices(ratings: pd.DataFrame, referrals: pd.DataFrame) -> Iterator[Finding]:
    yield from _scores(ratings)
    for row in referrals[referrals["persona"] == ALL].itertuples() if len(referrals) else ():
        numbers = {
            "referrers": int(row.referrers),
            "referrals": int(row.referrals),
            "mean": row.referrals_per_referrer,
        }
        numbers["at_stake"] = row.referrals * 0.3
        yield Finding("referrals", numbers, row.low, row.high, "referrals", customers=int(row.customers))


def _returns(lapsed: pd.DataFrame) -> Iterator[Finding]:
    for row in lapsed[lapsed["persona"] == ALL].itertuples() if len(lapsed) else ():
        if pd.notna(row.former_share) and row.former_returned:
            numbers = {"share": row.former_share, "silence": row.former_after, "days": row.follow_days}
            numbers["at_stake"] = row.former_returned * 0.2
            low, high = row.former_low, row.former_high
            yield Finding("reactivated", numbers, low, high, "lapsed", customers=int(row.former))
