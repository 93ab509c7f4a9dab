"""How far what is said of journeys is from the truth, in simulated worlds.

Parts (all by default; `--parts transitions coverage planted null`):

transitions  mean total variation between the true and the counted rows of the transition matrix (0: equal, 1: nothing
             in common; target at most 0.20 for the inferred path), and the largest error of a share of steps back; in
             sparse and odd worlds too (the truth is weekly: of several stages in a visit it knows the last)
coverage     in how many of many small worlds the stated 95 % interval of drop-off, of who skips a stage and
             of the share that reaches it holds the share of a far larger sample of the same world (target 93
             to 97 %): with the true stages of each day, which tests the interval, and with the inferred ones,
             which tests the reading too
planted      whether `observe` names a leaking page, a strong channel, a penalty of skipping and a loop of referrals
null         how many tested findings stand in worlds in which personas are alike, channels and skips do nothing, and
             pages are dealt out by chance (target: in at most 5 % of the worlds any, and at most 5 % of findings)
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pandas as pd
from _odd_worlds import ODD_WORLDS

from journeykit.events import EventLog
from journeykit.findings import Finding, observe
from journeykit.findings.travel import journey_findings
from journeykit.intervals import wilson
from journeykit.journeys import Journeys, map_journeys
from journeykit.journeys.misreading import MISREADING
from journeykit.journeys.paths import Paths, trace_paths
from journeykit.journeys.steps import count_drop_off, count_funnel
from journeykit.simulate import Population, simulate
from journeykit.simulate.people import form_accounts
from journeykit.simulate.settings import LEAKING_PAGE, STRONG_CHANNEL, Settings
from journeykit.simulate.walks import walk
from journeykit.simulate.world import build_world
from journeykit.stages import draw_paths, infer_stages

WORLDS = {
    "5 stages": {"stage_model": "universal", "seed": 1},
    "5 stages, 60 % of markers missing": {"stage_model": "universal", "seed": 2, "missing_markers": 0.6},
    "7 stages": {"stage_model": "content", "seed": 3},
    "8 stages": {"stage_model": "digital", "seed": 4, "days": 270},
}
CUSTOMERS = 2000
PLANTED = {"leaking_page": 0.5, "strong_channel": 0.4, "skip_penalty": 0.8, "referral_loop": 0.6}
PARTS = ("transitions", "coverage", "planted", "null")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--worlds", type=int, default=40, help="worlds of coverage and null")
    parser.add_argument("--first", type=int, default=100, help="the first world of coverage")
    parser.add_argument("--customers", type=int, default=400, help="customers of a small world")
    given = parser.parse_args()
    for part in given.parts:
        print(f"\n{part}")
        {"transitions": lambda: transitions(), "planted": lambda: planted(), "null": lambda: null(given.worlds),
         "coverage": lambda: coverage(given.worlds, given.customers, given.first)}[part]()  # fmt: skip


# Transitions -------------------------------------------------------------------------------------


def transitions() -> None:
    print(f"{'world':36}{'read by':12}{'transitions':>12}{'steps back':>12}")
    odd = {name: {"stage_model": "universal", "seed": 5} | made for name, made in ODD_WORLDS.items()}
    for name, world in (WORLDS | odd).items():
        population = simulate(customers=CUSTOMERS, **world)
        log = EventLog.from_frame(population.events, stage_model=world["stage_model"]).as_of()
        inference = infer_stages(log)
        truth = true_moves(population.truth, list(log.client.model.ids))
        for way, paths in (("markers", None), ("inference", draw_paths(inference.reader, log))):
            counted = moves(
                map_journeys(log, stages=inference.table, inferred=paths), list(log.client.model.ids)
            )
            print(f"{name:36}{way:12}{variation(truth, counted):12.3f}{back_error(truth, counted):12.3f}")


def true_moves(truth: pd.DataFrame, ids: list[str]) -> np.ndarray:
    """Count the moves between the weekly true stages, lapsed ones left out."""
    known = truth[truth["stage"] != "lapsed"].sort_values(["customer_id", "at"])
    place = known["stage"].map({stage: number for number, stage in enumerate(ids)})
    before = place.groupby(known["customer_id"]).shift()
    moved = before.notna() & (before != place)
    places = range(len(ids))
    return (
        pd.crosstab(before[moved], place[moved])
        .reindex(index=places, columns=places, fill_value=0)
        .to_numpy(float)
    )


def moves(journeys: Journeys, ids: list[str]) -> np.ndarray:
    own = journeys.transitions[journeys.transitions["persona"] == "all"]
    table = own.pivot_table(index="from", columns="to", values="count")
    return table.reindex(index=ids, columns=ids).fillna(0.0).to_numpy(float)


def shares(counts: np.ndarray) -> np.ndarray:
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)


def variation(truth: np.ndarray, counted: np.ndarray) -> float:
    return float(np.abs(shares(truth) - shares(counted)).sum(axis=1).mean() / 2)


def back_error(truth: np.ndarray, counted: np.ndarray) -> float:
    return float(
        np.abs(np.tril(shares(truth), -1).sum(axis=1) - np.tril(shares(counted), -1).sum(axis=1)).max()
    )


# Coverage ----------------------------------------------------------------------------------------

FIGURES = {
    "drop-off": ("drop_off", "drop_off", "low", "high"),
    "skipped": ("funnel", "skipped_share", "skipped_low", "skipped_high"),
    "reached": ("funnel", "share_of_start", "low", "high"),
}


def coverage(worlds: int, customers: int, first: int = 100) -> None:
    """Print how often the intervals of small worlds hold the share of 20 times as many customers of the same world."""
    seen: Counter = Counter()
    held: Counter = Counter()
    for number in range(first, first + worlds):
        world = {"personas": 2, "pages": False, "referrals": False, "ratings": False, "world_seed": number}
        truth = as_lived(simulate(customers=20 * customers, seed=10_000 + number, **world))
        small = simulate(customers=customers, seed=number, **world)
        log = EventLog.from_frame(small.events, stage_model="universal").as_of()
        inference = infer_stages(log)
        read = tabled(trace_paths(log, None, inference.table, 1, draw_paths(inference.reader, log)))
        for way, journeys in (("true stages", as_lived(small)), ("inferred stages", read)):
            for figure, inside in covered(truth, journeys):
                seen[way, figure] += 1
                held[way, figure] += inside
    print(f"{'read by':18}{'share of':12}{'intervals':>10}{'hold the truth':>16}{'95 % of that':>16}")
    for way, figure in seen:
        n, k = seen[way, figure], held[way, figure]
        low, high = wilson([k], [n])
        print(f"{way:18}{figure:12}{n:10}{k / n:16.1%}{f'{low[0]:.1%} to {high[0]:.1%}':>16}")


def tabled(paths: Paths) -> SimpleNamespace:
    """Return the two tables that hold the figures."""
    return SimpleNamespace(drop_off=count_drop_off(paths), funnel=count_funnel(paths))


def as_lived(population: Population) -> SimpleNamespace:
    """Return the two tables as they are counted when everybody's true stage of each day is known."""
    log = EventLog.from_frame(population.events, stage_model="universal").as_of()
    ids = [*log.client.model.ids, "lapsed"]
    stretches = days_lived(population, ids)
    last = stretches.drop_duplicates("unit_id", keep="last").set_index("unit_id")["stage"]
    chances = pd.DataFrame({f"p_{stage}": (last == stage).astype(float) for stage in ids})
    with patch.dict(MISREADING, dict.fromkeys(MISREADING, 0.0)):  # these stages are known
        return tabled(trace_paths(log, None, chances.assign(stage=last), 1, stretches))


def days_lived(population: Population, ids: list[str]) -> pd.DataFrame:
    """Return who was in which stage from when until when, to the day: the walks from which the population was drawn."""
    settings = Settings(**population.parameters)
    rng = np.random.default_rng([settings.seed, 2])  # as `simulate` begins
    accounts = form_accounts(settings, rng)
    stage = walk(build_world(settings), len(accounts.size), rng).stage
    begins = stage >= 0
    begins[:, 1:] &= stage[:, 1:] != stage[:, :-1]
    unit, day = np.nonzero(begins)
    until = np.where(np.r_[unit[1:] != unit[:-1], True], settings.days, np.r_[day[1:], 0])
    names = np.unique(population.truth["customer_id"])
    second = pd.Timedelta(seconds=1)  # a stretch holds what happened after its beginning
    return pd.DataFrame({
        "unit_id": names[unit], "stage": np.array(ids, dtype=object)[stage[unit, day]],
        "from_at": settings.first_day + pd.to_timedelta(day, "D") - second,
        "until_at": settings.first_day + pd.to_timedelta(until, "D") - second,
    })  # fmt: skip


def covered(truth: SimpleNamespace, journeys: SimpleNamespace) -> Iterator[tuple[str, bool]]:
    for figure, (table, value, low, high) in FIGURES.items():
        true, own = (
            getattr(one, table).query("persona == 'all'").set_index("stage") for one in (truth, journeys)
        )
        for stage, row in own.iterrows():
            target = true[value].get(stage)
            outer = figure != "drop-off" and target in (0.0, 1.0)  # what is so by definition is no interval
            if row[low] == row[low] and target == target and not outer:
                yield figure, bool(row[low] <= target <= row[high])


# Planted effects, and none -----------------------------------------------------------------------


def read_world(population: Population, model: str) -> tuple[EventLog, pd.Series, Journeys]:
    log = EventLog.from_frame(population.events, stage_model=model).as_of()
    labels = population.truth.drop_duplicates("customer_id").set_index("customer_id")["persona"]
    personas = labels.map(lambda letter: f"p{ord(letter) - 64}")
    inference = infer_stages(log)
    paths = draw_paths(inference.reader, log)
    return log, personas, map_journeys(log, personas, inference.table, inferred=paths)


def planted(worlds: int = 3) -> None:
    """Print in how many worlds each planted effect is named, and how it is said."""
    named: Counter = Counter()
    for seed in range(worlds):
        for model, customers in (("universal", 2000), ("value-journey", 3000)):
            made = simulate(
                customers=customers, days=270, personas=3, stage_model=model, effects=PLANTED, seed=seed
            )
            log, personas, journeys = read_world(made, model)
            for effect, found in names_of(observe(journeys, log=log, personas=personas)).items():
                named[model, effect] += found
    print(f"{'stage model':18}{'effect':18}{'named in':>10}")
    for (model, effect), count in named.items():
        print(f"{model:18}{effect:18}{f'{count} of {worlds}':>10}")


def names_of(findings: list[Finding]) -> dict[str, bool]:
    """Return which of the planted effects are named, and named rightly."""
    of = {key: [one for one in findings if one.key == key] for key in {one.key for one in findings}}
    channels = of.get("channel_contributes", [])
    return {
        "leaking page": [one.numbers["page"] for one in of.get("page_bounces", [])][:1] == [LEAKING_PAGE],
        "strong channel": bool(channels)
        and all(one.numbers["channel"] == STRONG_CHANNEL for one in channels),
        "skip penalty": bool(of.get("skips_cost")) and not of.get("skips_gain"),
        "referral loop": any(one.numbers["referrals"] > 10 for one in of.get("referrals", [])),
    }


def null(worlds: int) -> None:
    """Print how many findings stand where there is nothing to find, and how often a test falls below 0.05."""
    tests: Counter = Counter()
    low: Counter = Counter()
    false: Counter = Counter()
    any_false = 0
    for seed in range(worlds):
        log, personas, journeys = read_world(nothing(seed), "universal")
        for one in journey_findings(journeys, 30):
            if one.p_value is not None and np.isfinite(one.p_value):
                key = one.key.removeprefix("_")
                tests[key] += 1
                low[key] += one.p_value < 0.05
        standing = [
            one.key for one in observe(journeys, log=log, personas=personas) if one.p_value is not None
        ]
        false.update(standing)
        any_false += bool(standing)
    print(f"{'test':24}{'tests':>8}{'below 0.05':>12}{'findings':>10}")
    for key in sorted(tests):
        print(f"{key:24}{tests[key]:8}{low[key] / tests[key]:12.1%}{false[key]:10}")
    print(f"worlds with a false finding: {any_false} of {worlds}")


def nothing(seed: int) -> Population:
    """Return a world in which there is nothing to find; pages are dealt out by chance over the contacts."""
    made = simulate(customers=600, personas=3, separation=0, seed=seed, effects={})
    paged = made.events["page"].notna()
    pages = made.events.loc[paged, "page"].to_numpy()
    made.events.loc[paged, "page"] = np.random.default_rng(seed).permutation(pages)
    return made


if __name__ == "__main__":
    main()
