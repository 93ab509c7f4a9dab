"""What came back of spend, and what the year ahead brings, read customer by customer with loops."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd

SOLD = ("purchase", "contract_signed", "repeat_purchase", "upgrade", "cross_sell", "subscription_renewal")
BACK = pd.Timedelta(days=90)


def sales_of(events: pd.DataFrame) -> list[dict]:
    """Every sale with the contacts with a channel in the 90 days before it, oldest first."""
    found = []
    for who, own in events.groupby("customer_id", sort=True):
        rows = own.sort_values("timestamp", kind="stable").to_dict("records")
        new = True
        for sale in (row for row in rows if row["touchpoint"] in SOLD):
            before = [
                row
                for row in rows
                if row["channel"] is not None and sale["timestamp"] - BACK <= row["timestamp"] < sale["timestamp"]
            ]  # fmt: skip
            found.append({"who": who, "value": sale["value"], "way": before, "new": new})
            new = False
    return found


def last(events: pd.DataFrame) -> dict[tuple, list[float]]:
    """Purchases, revenue and new customers of each channel, and of each of its campaigns, by the last contact."""
    got: dict[tuple, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for sale in sales_of(events):
        contact = sale["way"][-1] if sale["way"] else {"channel": "unknown", "campaign": None}
        for key in {(contact["channel"], None), (contact["channel"], contact["campaign"])}:
            for place, figure in enumerate((1.0, sale["value"], float(sale["new"]))):
                got[key][place] += figure
    return dict(got)


def shapley(events: pd.DataFrame) -> dict[tuple, list[float]]:
    """The same, every sale divided equally over the channels on its way, and a channel's part over its campaigns."""
    got: dict[tuple, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for sale in sales_of(events):
        met = {contact["channel"] for contact in sale["way"]} or {"unknown"}
        for channel in met:
            names = {contact["campaign"] for contact in sale["way"] if contact["channel"] == channel}
            parts = [((channel, None), 1 / len(met))]
            parts += [((channel, one), 1 / len(met) / len(names)) for one in names if one is not None]
            for key, part in parts:
                for place, figure in enumerate((1.0, sale["value"], float(sale["new"]))):
                    got[key][place] += part * figure
    return dict(got)


def costs(
    spend: pd.DataFrame, events: pd.DataFrame, personas: dict[str, str], persona: str
) -> dict[tuple, float]:
    """A persona's share of every line of spend, by the contacts of its day and campaign; else of the campaign."""
    made = events[events["channel"].notna() & ~events["touchpoint"].isin(SOLD)]
    made = made.assign(
        day=made["timestamp"].dt.normalize(), mine=made["customer_id"].map(personas) == persona
    )
    got: dict[tuple, float] = defaultdict(float)
    for line in spend.to_dict("records"):
        there = made[(made["channel"] == line["channel"]) & (made["campaign"] == line["campaign"])]
        today = there[there["day"] == line["date"]]
        share = today["mine"].mean() if len(today) else there["mine"].mean()
        got[line["channel"], line["campaign"]] += line["cost"] * share
        got[line["channel"], None] += line["cost"] * share
    return dict(got)


def lost_without(paths: list[tuple[list[str], float]], channel: str) -> float:
    """What is lost of the worth of a chain of first-order moves, when who reaches a channel goes away.

    Walked many times over: no algebra. A path is its channels in order and what it ends in (0: nothing).
    """
    moves: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    for steps, worth in paths:
        for here, there in zip(["start", *steps], [*steps, "end"], strict=True):
            moves[here].append((there, worth if there == "end" else 0.0, 1.0))

    def walked(without: str | None) -> float:
        here, won = {"start": 1.0}, 0.0
        for _ in range(500):
            after: dict[str, float] = defaultdict(float)
            for place, weight in here.items():
                for there, worth, _ in moves[place]:
                    part = weight / len(moves[place])
                    if there == "end":
                        won += part * worth
                    elif there != without:
                        after[there] += part
            here = after
        return won

    return walked(None) - walked(channel)


def year_ahead(history: pd.DataFrame, buying, spending, days: float, draws: int, seed: int) -> np.ndarray:
    """Value of what each customer buys in so many days, purchase by purchase, customers x draws."""
    random = np.random.default_rng(seed)
    (r, alpha, a, b), (p, q, scale) = buying, spending
    value = np.zeros((len(history), draws))
    for place, own in enumerate(history.itertuples()):
        odds = 0.0
        if own.x > 0:
            odds = a / (b + own.x - 1) * ((alpha + own.age) / (alpha + own.last)) ** (r + own.x)
        for draw in range(draws):
            if random.random() > 1 / (1 + odds):
                continue
            rate, leaves = random.gamma(r + own.x, 1 / (alpha + own.age)), random.beta(a, b + own.x)
            mean_rate = random.gamma(q + p * own.paid, 1 / (scale + own.spent))
            at = random.exponential(1 / rate)
            while at < days:
                value[place, draw] += random.gamma(p, 1 / mean_rate)
                if random.random() < leaves:
                    break
                at += random.exponential(1 / rate)
    return value
