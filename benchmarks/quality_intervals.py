"""How often the 95 % intervals of shares hold the truth, in worlds made by other rules than the simulator's.

    python benchmarks/quality_intervals.py [--worlds 4] [--customers 400] [--kinds dense untracked …] [--stages true]

Per kind of world, small ones are read as a report reads them (stages inferred, paths drawn), and the shares of everyone
are held against those of eight times as many other people of the same world whose true stays are known. An interval
should hold the sample's error and that of the reading. `lean` is the mean of told minus true, `off` the square root of
the mean squared error in parts of the square root of share x (1 - share), `width` the mean width of the intervals and
`worth` the number of people whose error by chance alone would be so large. `needed` is the squared error of the
reading, in parts of share x (1 - share) x what is left open, with which 95 % of the intervals would have held the
truth: what `MISREADING` in `journeykit.journeys.misreading` is set by. With `--stages true` the small worlds' true
stays are used too, which tests the intervals alone.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from other_worlds import KINDS, OtherWorld, make_world
from scipy.optimize import brentq

from journeykit.intervals import wilson
from journeykit.journeys.channels import weigh_channels
from journeykit.journeys.misreading import MISREADING
from journeykit.journeys.paths import Paths, trace_paths
from journeykit.journeys.skips import count_skips
from journeykit.journeys.standing import count_stages_now
from journeykit.journeys.steps import count_back_steps, count_drop_off, count_funnel, count_transitions
from journeykit.stages import draw_paths, infer_stages

MANY = 8  # times as many people tell the truth
MISREAD_AS = {"stage now": "now", "reached": "reached", "skipped": "skipped", "drop-off": "drop_off",
              "transitions": "moved", "stepped back": "back"}  # fmt: skip
GROUPED = [kind for kind, settings in KINDS.items() if settings.get("groups", "personas") != "continuum"]

Reading = tuple[Paths, pd.DataFrame]
# figure: table, key columns, value, low, high
FIGURES: dict[str, tuple[Callable[..., pd.DataFrame], list[str], str, str, str]] = {
    "stage now": (count_stages_now, ["stage"], "share", "low", "high"),
    "reached": (count_funnel, ["stage"], "share_of_start", "low", "high"),
    "skipped": (count_funnel, ["stage"], "skipped_share", "skipped_low", "skipped_high"),
    "drop-off": (count_drop_off, ["stage"], "drop_off", "low", "high"),
    "transitions": (count_transitions, ["from", "to"], "share", "low", "high"),
    "stepped back": (count_back_steps, ["stage"], "back_share", "low", "high"),
    "later stage by skips": (count_skips, ["skipped_stages"], "later_stage_reached_share", "low", "high"),
    "channel (Markov)": (weigh_channels, ["stage", "channel"], "attribution_markov", "low", "high"),
}


def as_lived(world: OtherWorld) -> Reading:
    """Return paths and stage table of who knows everybody's stays."""
    stays = world.stays.rename(columns={"customer_id": "unit_id"})
    second = pd.Timedelta(seconds=1)  # a stretch holds what happened after its beginning
    stretches = stays.assign(from_at=stays["from_at"] - second, until_at=stays["until_at"] - second)
    last = stays.drop_duplicates("unit_id", keep="last").set_index("unit_id")["stage"]
    chances = pd.DataFrame({f"p_{stage}": (last == stage).astype(float) for stage in world.states})
    table = chances.assign(stage=last, stage_likely=last, stage_confidence=1.0, stage_basis="recorded")
    return trace_paths(world.log().as_of(), None, table, 1, stretches), table


def as_read(world: OtherWorld) -> Reading:
    """Return paths and stage table as a report reads them."""
    log = world.log().as_of()
    inference = infer_stages(log)
    return trace_paths(log, None, inference.table, 1, draw_paths(inference.reader, log)), inference.table


def tables_of(reading: Reading, figures: list[str]) -> dict[str, pd.DataFrame]:
    """Return the shares of everyone by figure: value, low, high."""
    paths, stages = reading
    made: dict[Any, pd.DataFrame] = {}
    found = {}
    for figure in figures:
        make, keys, *columns = FIGURES[figure]
        if make not in made:
            made[make] = make(paths, stages) if make is count_stages_now else make(paths)
        own = made[make].query("persona == 'all'").dropna(subset=keys).set_index(keys)
        own = own[~own["held_back"].astype(bool)]
        found[figure] = own[columns].astype(float).set_axis(["share", "low", "high"], axis=1)
    return found


def covered(true: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Return, of the shares that both tell and that are no matter of definition, what was told and what is true."""
    both = told.dropna().join(true["share"].rename("true"), how="left")
    both = both[both["true"].between(0, 1, inclusive="neither") & (both["high"] > both["low"])]
    return both.assign(held=both["true"].between(both["low"], both["high"]))


def measure(kind: str, seed: int, customers: int, figures: list[str], lived: bool) -> pd.DataFrame:
    """Return what was told and is true of one small world."""
    many = make_world(kind, seed, MANY * customers, people_seed=10_000 + seed)
    true = tables_of(as_lived(many), figures)
    small = make_world(kind, seed, customers, people_seed=seed)
    reading = as_lived(small) if lived else as_read(small)
    told = tables_of(reading, figures)
    parts = [covered(true[figure], told[figure]).assign(figure=figure) for figure in figures]
    rows = pd.concat([part.rename_axis(list(range(part.index.nlevels))).reset_index() for part in parts])
    return rows.assign(kind=kind, seed=seed, left_open=reading[0].left_open)


def summed(rows: pd.DataFrame) -> pd.Series:
    """Return how often the intervals hold the truth, and how far off the shares are."""
    low, high = wilson([rows["held"].sum()], [len(rows)])
    spread = rows["true"] * (1 - rows["true"])
    off = float(np.sqrt(((rows["share"] - rows["true"]) ** 2 / spread).mean()))
    return pd.Series({
        "intervals": len(rows), "hold": rows["held"].mean(), "from": low[0], "to": high[0],
        "lean": (rows["share"] - rows["true"]).mean(), "off": off, "worth": off**-2,
        "width": (rows["high"] - rows["low"]).mean(),
        "needed": needed(rows, rows["figure"].iloc[0]) if rows["figure"].nunique() == 1 else np.nan,
    })  # fmt: skip


def worth_of(row: pd.Series) -> float:
    """Return of how many people a Wilson interval is; null where the share is 0 or 1."""
    if not 0 < row["share"] < 1:
        return np.nan

    def wider(log_n: float) -> float:
        low, high = wilson([row["share"] * np.exp(log_n)], [np.exp(log_n)])
        return float(high[0] - low[0]) - (row["high"] - row["low"])

    return float(np.exp(brentq(wider, -3, 20))) if wider(-3) > 0 > wider(20) else np.nan


def needed(rows: pd.DataFrame, figure: str, wanted: float = 0.95) -> float:
    """Return the error of the reading, as `MISREADING` has it, at which so many intervals hold."""
    known = MISREADING.get(MISREAD_AS.get(figure, ""), 0.0)
    worth = rows.apply(worth_of, axis=1)
    own = rows[worth.notna()]
    people = 1 / np.maximum(1 / worth.dropna() - known * own["left_open"], 1e-6)

    def held(error: float) -> float:
        n = people / (1 + people * error * own["left_open"])
        low, high = wilson(own["share"] * n, n)
        return float(((low <= own["true"]) & (own["true"] <= high)).mean())

    errors = np.r_[0.0, np.geomspace(0.0005, 0.5, 70)]
    return float(next((error for error in errors if held(error) >= wanted), np.nan))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=4, help="small worlds of each kind")
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--seed", type=int, default=500)
    parser.add_argument(
        "--kinds", nargs="+", choices=GROUPED, default=["dense", "untracked", "sparse", "7 stages", "bursty"]
    )
    parser.add_argument("--figures", nargs="+", choices=list(FIGURES), default=list(FIGURES))
    parser.add_argument("--stages", choices=["inferred", "true"], default="inferred")
    parser.add_argument("--save", help="a Parquet file for every share")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for kind in given.kinds:
        for seed in range(given.seed, given.seed + given.worlds):
            rows.append(measure(kind, seed, given.customers, given.figures, given.stages == "true"))
        own = pd.concat(rows[-given.worlds :])
        print(f"{kind}: {own.groupby('figure')['held'].mean().round(2).to_dict()}", flush=True)
    told = pd.concat(rows, ignore_index=True)
    if given.save:
        told.astype({name: str for name in told.columns if isinstance(name, int)}).rename(
            columns=str
        ).to_parquet(given.save)
    lapsed = told[(told["figure"] == "stage now") & (told[0] == "lapsed")]
    groups = dict(list(told.groupby("figure", sort=False))) | {
        "lapsed now": lapsed,
        "pooled": told,
    }
    print(
        pd.DataFrame({name: summed(part) for name, part in groups.items() if len(part)})
        .T.round(3)
        .to_string()
    )


if __name__ == "__main__":
    main()
