"""Costs: what each channel, source and campaign cost, and each persona's share of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeykit.events import EventLog
from journeykit.money.ways import LOOK_BACK_DAYS, WAY_COLUMNS

__all__ = ["costs_known", "persona_costs", "spent"]

AMOUNTS = ["cost", "impressions", "clicks"]


def costs_known(log: EventLog) -> bool:
    """Return whether a log tells of costs: in a file of spend, by hand, or with its events."""
    if log.profile_only:
        return False
    if log.spend is not None and len(log.spend.table):
        return True
    return bool(log.visible["cost"].notnull().any().execute())


def spent(log: EventLog, touches: pd.DataFrame) -> pd.DataFrame:
    """Return what was spent up to a log's day: ``date, channel, source, campaign, cost, impressions, clicks``.

    A line of the spend file counts from as many days before the log as a sale is looked back from, and up to the
    log's day. What stands with the events counts for the channels of which neither the file nor the client tells.
    Without a date it is of the whole log.
    """
    told = pd.DataFrame(columns=["date", *WAY_COLUMNS, *AMOUNTS])
    if log.spend is not None:
        told = log.spend.table
        first = log.span()[0].tz_localize("UTC").tz_convert(log.client.timezone).tz_localize(None).normalize()
        early = told["date"] < first - pd.Timedelta(days=LOOK_BACK_DAYS)
        told = told[~early & ~(told["date"] > pd.Timestamp(log.as_of_date))]
    with_events = touches[touches["cost"].notna() & ~touches["sale"]]
    known = set(log.spend.table["channel"]) if log.spend is not None else set()
    with_events = with_events[~with_events["channel"].isin(known)]
    own = with_events.assign(date=_days(log, with_events["timestamp"])).groupby(
        ["date", *WAY_COLUMNS], dropna=False
    )
    lines = [told.reset_index(drop=True), own["cost"].sum().reset_index()]
    parts = [part for part in lines if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else told
    table = table.reindex(columns=["date", *WAY_COLUMNS, *AMOUNTS])
    table[AMOUNTS] = table[AMOUNTS].astype(float)
    table[WAY_COLUMNS] = table[WAY_COLUMNS].astype(object)
    return table


def _days(log: EventLog, moments: pd.Series) -> pd.Series:
    local = moments.dt.tz_localize("UTC").dt.tz_convert(log.client.timezone)
    return local.dt.tz_localize(None).dt.normalize()


def persona_costs(
    log: EventLog, lines: pd.DataFrame, touches: pd.DataFrame, personas: pd.Series
) -> dict[str, pd.DataFrame]:
    """Return each persona's share of every line of spend: its share of the contacts of that day and campaign.

    Where the day shows no contact, its share of the campaign's contacts on all days counts; where the campaign shows
    none at all, nobody's share is known. What no contact names at all (source, campaign) is not matched by.
    """
    made = touches[~touches["sale"]]
    persona = made["unit_id"].map(personas)
    made = made.assign(date=_days(log, made["timestamp"]), persona=persona)
    shares = {str(name): np.full(len(lines), np.nan) for name in sorted(persona.dropna().unique())}
    told = [name for name in ("source", "campaign") if made[name].notna().any()]  # else nothing to match by
    named = (
        lines[told].notna().astype(int).astype(str).agg("".join, axis=1)
        if told
        else pd.Series("", lines.index)
    )
    for marks, own in lines.groupby(named):
        keys = ["channel", *[name for name, mark in zip(told, str(marks), strict=False) if mark == "1"]]
        for name, share in shares.items():
            share[own.index] = _shares(own, made, keys, name)
    return {
        name: lines.assign(**{column: lines[column] * share for column in AMOUNTS})
        for name, share in shares.items()
    }


def _shares(lines: pd.DataFrame, made: pd.DataFrame, keys: list[str], persona: str) -> np.ndarray:
    """Return a persona's share of the contacts of each line: of its day, else of all days."""
    found = np.full(len(lines), np.nan)
    for by in (["date", *keys], keys):
        counted = made.assign(mine=made["persona"] == persona).groupby(by)["mine"].mean().rename("share")
        joined = lines[by].merge(counted.reset_index(), "left", by)["share"].to_numpy(float)
        found = np.where(np.isnan(found), joined, found)
    return found
