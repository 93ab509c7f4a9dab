"""What hand labels bring, by who is asked about: picked by journeykit, drawn by chance, or the least certain.

    python benchmarks/labelling.py [--customers N] [--seeds S] [--draws D] [--worlds NAME …] [--wrong SHARE]

Per world, everybody's stage is inferred without labels. Then 30, 60, 100 and 300 learning customers are labelled, in
sittings: after each the model learns from the labels so far, and the next are picked with what it then thinks. The
scores are against the truth at the end, on customers who could not be picked. `wrong` is the share of labels that are
wrong.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from quality_stages import WORLDS, World

from journeykit.stages import infer_stages
from journeykit.stages.evaluation import score
from journeykit.stages.labels import correct
from journeykit.stages.picking import choose, spread, uncertainty

SITTINGS = (30, 60, 100, 300)


def by_chance(chances, signals, n, seed):
    return np.random.RandomState(seed).permutation(len(chances))[:n]


def least_certain(chances, signals, n, seed):
    return np.argsort(-uncertainty(chances))[:n]


def half(chances, signals, n, seed):
    return choose(chances, signals, n, seed, by_chance=0.5)[0]


WAYS = {
    "by chance": by_chance,
    "unsure and unlike": spread,
    "half of each": half,
    "least certain": least_certain,
}


def curves(world: World, draws: int, wrong: float) -> pd.DataFrame:
    """Return the scores of each way after each sitting, one row a draw."""
    reader = infer_stages(world.log).reader
    signals = reader.measure(world.log, world.log.moment)
    units = signals.index.get_level_values("unit_id")
    truth = world.truth(world.dates[-1], units)
    test = units.isin(world.test) & (truth >= 0)
    free = np.flatnonzero(units.isin(world.learning) & (truth >= 0))
    told = np.array(world.states)[truth]
    chance = np.random.RandomState(0)
    told = np.where(chance.uniform(size=len(told)) < wrong, chance.choice(world.states, len(told)), told)
    base = np.bincount(truth[test], minlength=len(world.states)) / test.sum()
    before = reader.read(signals).nowcast.to_numpy()
    rows = [{"way": "no labels", "labels": 0, **score(before[test], truth[test], base)}]
    for way, pick in WAYS.items():
        for draw in range(draws):
            known, chances = np.array([], int), before
            for n in SITTINGS:
                left = np.setdiff1d(free, known)
                known = np.r_[known, left[pick(chances[left], signals.iloc[left], n - len(known), draw)]]
                labels = pd.Series(told[known], signals.index[known])
                taught = correct(reader, signals.iloc[known], labels, 0)
                chances = taught.read(signals).nowcast.to_numpy()
                scores = score(chances[test], truth[test], base)
                rows.append({"way": way, "labels": n, **scores})
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--wrong", type=float, default=0.0)
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in options.worlds:
        start = time.perf_counter()
        worlds = [World(options.customers, 201 + seed, **WORLDS[name]) for seed in range(options.seeds)]
        rows = pd.concat([curves(world, options.draws, options.wrong) for world in worlds])
        shown = rows.groupby(["labels", "way"])[["macro_f1", "log_loss_skill"]].mean().round(3)
        print(
            f"\n{name}: mean of {len(worlds)} worlds and {options.draws} draws, {time.perf_counter() - start:.0f} s"
        )
        print(shown.to_string(na_rep="–"), flush=True)


if __name__ == "__main__":
    main()
