"""How often the 95 % intervals of value, renewal and return on spend hold what came, and CDNOW held out.

    python benchmarks/quality_value.py [--worlds 25] [--customers 500] [--parts purchases contracts returns cdnow]

*purchases*: customers buy as BG/NBD and gamma-gamma say, under five sets of parameters, one of them with two channels
whose customers differ; the year ahead is simulated with them. *contracts*: yearly and monthly contracts, of which those
who use much are renewed more often. *returns*: contacts and sales drawn anew from one population; the truth is its mean
over all draws. Told are the share of worlds in which the interval of everybody's sum (and of each channel's) holds what
came, the share of customers whose own interval does, and the mean width in parts of the truth. *cdnow*: 2,357 customers
of a web shop for music (in the package lifetimes, extra ``demo``), told after 39 weeks what they buy in the next 39,
beside what a naive reader says: as often, and for as much, as so far.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib import metadata

import numpy as np
import pandas as pd

from journeykit.clients import client_from_dict
from journeykit.events import EventLog
from journeykit.events.spend import SPENT, Spend
from journeykit.forecasts import forecast_value
from journeykit.money import measure_returns

END, SEEN_DAYS = pd.Timestamp("2026-01-01"), 480.0
LAST = END - pd.Timedelta(microseconds=1)
# r, alpha, a, b of buying and p, q, gamma of spending, one or two channels
KINDS = {
    "regular": [((1.5, 65.0, 0.8, 4.5), (5.0, 5.0, 75.0))],
    "rare": [((0.5, 120.0, 0.9, 2.5), (4.0, 4.0, 100.0))],
    "faithful": [((2.0, 45.0, 0.3, 6.0), (6.0, 6.0, 60.0))],
    "fickle": [((1.0, 40.0, 1.5, 1.5), (2.0, 4.0, 30.0))],
    "two channels": [((1.5, 65.0, 0.8, 4.5), (5.0, 5.0, 75.0)), ((0.8, 130.0, 0.9, 2.5), (5.0, 5.0, 120.0))],
}  # fmt: skip
CONTRACTS = {"yearly": (365.0, (0.92, 0.6)), "monthly": (30.4, (0.97, 0.9))}


def log_of(frame: pd.DataFrame, setting: str = "b2c") -> EventLog:
    client = client_from_dict(
        {"id": "bench", "name": "Bench", "setting": setting, "privacy": {"min_group": 1}}
    )
    return EventLog.from_frame(frame, client=client).as_of(LAST)


def buyers(kind: str, count: int, random: np.random.Generator) -> pd.DataFrame:
    """Return everybody's purchases, those of the year after `END` too."""
    rows = []
    for who in range(count):
        place = who % len(KINDS[kind])
        (r, alpha, a, b), (p, q, scale) = KINDS[kind][place]
        at, rate, leaves = random.uniform(-SEEN_DAYS, -1), random.gamma(r, 1 / alpha), random.beta(a, b)
        of_value, first = random.gamma(q, 1 / scale), True
        while at < 365:
            rows.append(
                (f"c{who}", END + pd.Timedelta(days=at), f"channel{place}", random.gamma(p, 1 / of_value))
            )
            if not first and random.random() < leaves:
                break
            at, first = at + random.exponential(1 / rate), False
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "channel", "value"])
    return frame.assign(touchpoint="purchase")


def contracts(kind: str, count: int, random: np.random.Generator) -> pd.DataFrame:
    """Return everybody's contracts and use, those of the year after `END` too."""
    period, stays = CONTRACTS[kind]
    rows = []
    for who in range(count):
        much, at = who % 2, random.uniform(-min(3.4 * 365, 14 * period), -1)
        price = float(random.lognormal(8, 0.4))
        while at < 365:
            when = END + pd.Timedelta(days=at)
            rows.append((f"a{who}", when, "subscription_renewal", price))
            uses = random.uniform(
                1,
                0.95 * period,
                random.poisson((4.0, 0.7)[1 - much] if period > 100 else (2.0, 0.5)[1 - much]),
            )
            rows += [
                (f"a{who}", when + pd.Timedelta(days=day), "feature_use", np.nan) for day in sorted(uses)
            ]
            if random.random() > stays[1 - much]:
                break
            at += period + random.uniform(-0.015, 0.015) * period
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "touchpoint", "value"])
    return frame.assign(channel="web")


def holds(frame: pd.DataFrame, seed: int) -> dict[str, float]:
    """Foretell the year after `END` and hold it against what came."""
    forecast = forecast_value(log_of(frame), random_state=seed)
    sold = frame[frame["value"].notna() & (frame["timestamp"] >= END)]
    table = forecast.table.set_index("customer_id")
    real = sold.groupby("customer_id")["value"].sum().reindex(table.index).fillna(0.0)
    first = frame.sort_values("timestamp").groupby("customer_id")["channel"].first().reindex(table.index)
    rows = forecast.outlook[forecast.outlook["persona"] == "all"].set_index("acquisition_channel")
    groups = [
        rows.loc[name, "low"] <= real[first == name].sum() <= rows.loc[name, "high"]
        for name in first.unique()
    ]
    whole = rows.loc["all"]
    own = (table["value_low"] <= real + 1e-6) & (real <= table["value_high"] + 1e-6)
    return {
        "everybody": float(whole["low"] <= real.sum() <= whole["high"]),
        "channels": float(np.mean(groups)),
        "customers": float(own.mean()),
        "width": float((whole["high"] - whole["low"]) / max(real.sum(), 1e-9)),
        "told / real": float(whole["value_expected"] / max(real.sum(), 1e-9)),
    }


def journeys(count: int, random: np.random.Generator) -> pd.DataFrame:
    """Return contacts through three channels, and sales after them."""
    rows = []
    for who in range(count):
        at = random.uniform(0, 200)
        for _ in range(random.integers(1, 5)):
            rows.append(
                (
                    f"c{who}",
                    at,
                    "ad_click",
                    str(random.choice(["search", "social", "display"], p=[0.5, 0.3, 0.2])),
                    np.nan,
                )
            )
            at += random.uniform(1, 20)
        while random.random() < 0.35:
            rows.append((f"c{who}", at, "purchase", None, float(random.lognormal(4, 0.5))))
            at += random.uniform(1, 60)
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "touchpoint", "channel", "value"])
    return frame.assign(timestamp=END - pd.to_timedelta(400 - frame.pop("day"), unit="D"))


def returned(worlds: int, customers: int) -> pd.DataFrame:
    """Return how often intervals of revenue hold the mean over all worlds."""
    spend = pd.DataFrame({"channel": ["search", "social", "display"], "cost": 1000.0}).reindex(columns=SPENT)
    spend["date"] = pd.Series(pd.NaT, spend.index, dtype="datetime64[us]")
    parts = []
    for seed in range(worlds):
        log = replace(log_of(journeys(customers, np.random.default_rng([7, seed]))), spend=Spend(spend))
        table = measure_returns(log, random_state=seed).table
        parts.append(table[table["channel"].isin(spend["channel"])].assign(world=seed))
    rows = pd.concat(parts)
    rows["truth"] = rows.groupby(["model", "channel"])["revenue"].transform("mean")
    rows["held"] = (rows["revenue_low"] <= rows["truth"]) & (rows["truth"] <= rows["revenue_high"])
    rows["width"] = (rows["revenue_high"] - rows["revenue_low"]) / rows["truth"]
    return rows.groupby("model")[["held", "width"]].mean()


def cdnow() -> None:
    """Tell after 39 weeks what customers of CDNOW bought in the next 39."""
    try:
        files = [
            file for file in metadata.distribution("lifetimes").files or () if file.name == "CDNOW_sample.txt"
        ]
        rows = [line.split() for line in files[0].locate().read_text().splitlines() if line.strip()]
    except (metadata.PackageNotFoundError, IndexError):
        print("\nCDNOW: skipped, the package lifetimes (extra demo) is not installed.")
        return
    frame = pd.DataFrame(
        [(row[1], row[2], float(row[4])) for row in rows], columns=["customer_id", "timestamp", "value"]
    )
    frame["timestamp"] = pd.to_datetime(frame["timestamp"], format="%Y%m%d")
    frame = frame.assign(touchpoint="purchase")
    until, days = pd.Timestamp("1997-10-01"), 273.0
    client = client_from_dict({"id": "cdnow", "name": "CDNOW"})
    log = EventLog.from_frame(frame, client=client).as_of(until - pd.Timedelta(microseconds=1))
    found = forecast_value(log, days=days)
    later = frame[(frame["timestamp"] >= until) & (frame["timestamp"] < until + pd.Timedelta(days=days))]
    before = frame[frame["timestamp"] < until]
    table = found.table.set_index("customer_id")
    real = later.groupby("customer_id")["value"].sum().reindex(table.index).fillna(0.0)
    own = before.groupby("customer_id")
    seen = (until - own["timestamp"].min()) / pd.Timedelta(days=1)
    naive = (own["value"].sum() / seen * days).reindex(table.index)
    again = before[before.duplicated("customer_id")].groupby("customer_id")["value"].sum()
    repeat = (again / seen * days).reindex(table.index).fillna(0.0)
    whole = found.outlook.iloc[0]
    told = {"forecast": table["value_expected"], "as before": naive, "as before, after the first": repeat}
    between = f"{whole['value_expected']:,.0f} ({whole['low']:,.0f} to {whole['high']:,.0f})"
    print(
        f"\nCDNOW, {len(table):,} customers, value of the next 39 weeks; real {real.sum():,.0f}, told {between}"
    )
    print(pd.DataFrame({
        name: {"sum / real": values.sum() / real.sum(), "mean absolute error": (values - real).abs().mean(),
               "rank correlation": values.corr(real, method="spearman"), "correlation": values.corr(real)}
        for name, values in told.items()
    }).round(3).to_string())  # fmt: skip
    inside = ((table["value_low"] <= real + 1e-6) & (real <= table["value_high"] + 1e-6)).mean()
    print(f"own intervals hold {inside:.1%}; {found.about}")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--worlds", type=int, default=25)
    asked.add_argument("--customers", type=int, default=500)
    asked.add_argument("--parts", nargs="+", default=["purchases", "contracts", "returns", "cdnow"])
    given = asked.parse_args()
    for part, kinds, make in (("purchases", KINDS, buyers), ("contracts", CONTRACTS, contracts)):
        if part in given.parts:
            found = {}
            for kind in kinds:
                worlds = [
                    make(kind, given.customers, np.random.default_rng([place, seed]))
                    for place in [len(found)]
                    for seed in range(given.worlds)
                ]
                found[kind] = pd.DataFrame([holds(world, seed) for seed, world in enumerate(worlds)]).mean()
            print(f"\n{part}: {given.worlds} worlds a kind, {given.customers} customers")
            print(pd.DataFrame(found).T.round(3).to_string(), flush=True)
    if "returns" in given.parts:
        print(f"\nreturns: {4 * given.worlds} worlds, {given.customers} customers; revenue of a channel")
        print(returned(4 * given.worlds, given.customers).round(3).to_string(), flush=True)
    if "cdnow" in given.parts:
        cdnow()


if __name__ == "__main__":
    main()
