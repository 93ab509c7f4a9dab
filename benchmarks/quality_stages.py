"""How good the inferred stages are, on simulated populations whose truth and limit are known.

    python benchmarks/quality_stages.py [--customers N] [--seeds S] [--worlds NAME …]
    python benchmarks/quality_stages.py --rules other [--kinds dense untracked …]
    python benchmarks/quality_stages.py --worlds          (the sparse and odd worlds alone; --no-odd leaves them out)

Per world: the limit (the exact posterior of an observer who knows the world), the last touchpoint, the last marker,
and journeykit, with the personas that it finds itself: without hand labels, with 300 of which 10 % are wrong, and with
all true labels of the learning customers five weeks before the end. All are scored on the truth at the end, on
customers whose labels were not given. The forecast is made four weeks before the end and scored on the first move
within them; beside it the limit (the exact posterior of persona, stage and time in the stage, and the world's own
moves), and what the limit's nowcast gives with the true moves, which is as far as a nowcast times a transition matrix
can get. Last, the time until the next move: how many true moves came before each of the three days told, in a year's
window, half a year ahead.

`named` is the share to whom a stage is given (`lapsed` counts), `named_right` how many of those are right; of a limit,
the largest share of which 85 % would be right. With `--rules other`, worlds made by other rules than the simulator's;
their limit is approximate, of an observer who knows the rules and everybody's habits (see `other_worlds`).
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from _odd_worlds import ODD_WORLDS
from other_worlds import KINDS, make_world, stage_limit
from sklearn.metrics import roc_auc_score

from journeykit.events import EventLog
from journeykit.features import measure_signals, measure_traits
from journeykit.personas import PersonaClusterer, personas_of
from journeykit.simulate import Population, limit, limit_of_moves, simulate
from journeykit.simulate.settings import Settings
from journeykit.stages import infer_stages
from journeykit.stages.evaluation import rules, score

WORLDS = {
    "5 stages": {},
    "7 stages": {"stage_model": "content"},
    "8 stages": {"stage_model": "value-journey"},
    "60 % of markers missing": {"missing_markers": 0.6},
}
SHOWN = [
    "macro_f1",
    "log_loss_skill",
    "ece",
    "qwk",
    "accuracy_at_80",
    "coverage",
    "worst_coverage",
    "set_size",
    "named",
    "named_right",
    "seconds",
]
NAMED_RIGHT = 0.85
OTHER_KINDS = [kind for kind, settings in KINDS.items() if settings.get("groups", "personas") == "personas"]
LEARNING_SHARE = 3000 / 5500


class World:
    """A population, its log, its states and who may be learned from."""

    def __init__(self, customers: int, seed: int, **settings) -> None:
        self.population: Population = simulate(customers=customers, seed=seed, **settings)
        self.log = EventLog.from_frame(
            self.population.events, stage_model=self.population.parameters["stage_model"]
        )
        self.states = [*self.log.client.model.ids, "lapsed"]
        self.dates = np.sort(self.population.truth["at"].unique())
        self.random = np.random.RandomState(seed)
        units = np.sort(self.population.truth["customer_id"].unique())
        mixed = self.random.permutation(units)
        cut = int(len(units) * LEARNING_SHARE)
        self.learning, self.test = mixed[:cut], mixed[cut:]

    def truth(self, date, units) -> np.ndarray:
        """Return the position of the true state of units at a date; -1 for who had not begun."""
        rows = self.population.truth[self.population.truth["at"] == date].set_index("customer_id")["stage"]
        return pd.Index(self.states).get_indexer(rows.reindex(units))

    def labels(self, count: int | None) -> pd.DataFrame:
        """Return true labels of learning customers five weeks before the end; of a few, 10 % are wrong."""
        truth = self.population.truth
        known = truth[(truth["at"] == self.dates[-6]) & truth["customer_id"].isin(self.learning)]
        known = known[["customer_id", "at", "stage"]].reset_index(drop=True)
        if count is None:
            return known
        few = known.sample(min(count, len(known)), random_state=0).reset_index(drop=True)
        wrong = self.random.uniform(size=len(few)) < 0.1
        few.loc[wrong, "stage"] = self.random.choice(self.states, wrong.sum())
        return few


def found_personas(log: EventLog) -> pd.Series | None:
    """Return the persona of each unit as a report finds them, null for who is not placed; None without personas."""
    traits = measure_traits(log)
    clusterer = PersonaClusterer(n_bootstrap=2).fit(traits)
    if not clusterer.found_:
        return None
    return personas_of(clusterer.predict(traits), traits.index, clusterer.ids_)


def nowcasts(world: World) -> pd.DataFrame:
    """Return the scores of each method."""
    truth = world.truth(world.dates[-1], world.test)
    base = np.bincount(truth, minlength=len(world.states)) / len(truth)
    known = limit(world.population)[1].loc[world.test, world.states].to_numpy()
    signals = measure_signals(world.log).loc[world.test]
    rows = {"limit": score(known, truth, base) | nameable(known, truth)}
    for name, chances in rules(signals, base, world.log.client.model).items():
        rows[name] = score(chances, truth, base)
    found = found_personas(world.log)
    for name, labels in (
        ("no hand labels", None),
        ("+ 300 hand labels", world.labels(300)),
        ("all true labels", world.labels(None)),
    ):
        start = time.perf_counter()
        table = infer_stages(world.log, labels, personas=found).table.loc[world.test]
        rows[name] = of_table(table, truth, base, world.states) | {"seconds": time.perf_counter() - start}
    return pd.DataFrame(rows).T.reindex(columns=SHOWN)


def of_table(table: pd.DataFrame, truth: np.ndarray, base: np.ndarray, states: list[str]) -> dict[str, float]:
    """Score a stage table and its sets."""
    chances = table[[f"p_{state}" for state in states]].to_numpy()
    inside = np.array([[state in held for state in states] for held in table["stage_set"]])
    hit = inside[np.arange(len(truth)), truth]
    sets = {
        "coverage": hit.mean(),
        "worst_coverage": min(hit[truth == state].mean() for state in np.unique(truth)),
        "set_size": inside.sum(axis=1).mean(),
    }
    return score(chances, truth, base) | sets | named_of(table["stage"], truth, states)


def named_of(stage: pd.Series, truth: np.ndarray, states: list[str]) -> dict[str, float]:
    """Return which share has a stage, and how many of those are right."""
    named = stage.notna().to_numpy()
    right = pd.Index(states).get_indexer(stage) == truth
    return {"named": named.mean(), "named_right": right[named].mean() if named.any() else np.nan}


def nameable(chances: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the largest share that could be named, the surest first, so that 85 % of them are right."""
    order = np.argsort(-chances.max(axis=1), kind="stable")
    right = (chances.argmax(axis=1) == truth)[order].cumsum() / np.arange(1, len(truth) + 1)
    enough = np.flatnonzero(right >= NAMED_RIGHT)
    count = enough[-1] + 1 if len(enough) else 0
    return {"named": count / len(truth), "named_right": right[count - 1] if count else np.nan}


def other_nowcasts(kind: str, customers: int, seed: int) -> pd.DataFrame:
    """Return the scores at the end of a world of other rules, without labels, on everybody."""
    world = make_world(kind, seed=seed, customers=customers)
    log, at, states = world.log(), world.truth["at"].max(), world.states
    signals = measure_signals(log)
    truth = pd.Index(states).get_indexer(world.stages_at(at).reindex(signals.index))
    base = np.bincount(truth, minlength=len(states)) / len(truth)
    known = stage_limit(world, at, signals.index).to_numpy()
    rows = {"limit (about)": score(known, truth, base) | nameable(known, truth)}
    for name, chances in rules(signals, base, log.client.model).items():
        rows[name] = score(chances, truth, base)
    found, start = found_personas(log), time.perf_counter()
    table = infer_stages(log, personas=found).table.loc[signals.index]
    rows["no hand labels"] = of_table(table, truth, base, states) | {"seconds": time.perf_counter() - start}
    return pd.DataFrame(rows).T.reindex(columns=SHOWN)


def odd_nowcast(customers: int, seed: int, settings: dict) -> dict[str, float]:
    """Return the scores at the end of a sparse or odd world without labels, and of the limit where it is known."""
    world = World(customers, seed, **settings)
    told = infer_stages(world.log, personas=found_personas(world.log)).table
    truth = world.truth(world.dates[-1], told.index)
    told, truth = told[truth >= 0], truth[truth >= 0]
    base = np.bincount(truth, minlength=len(world.states)) / len(truth)
    row = {"contacts": len(world.population.events) / len(told)}
    scores = of_table(told, truth, base, world.states)
    row |= {name: scores[name] for name in ("macro_f1", "log_loss_skill", "ece", "named", "named_right")}
    if not Settings(**world.population.parameters).odd:
        known = limit(world.population)[1].loc[told.index, world.states].to_numpy()
        best = score(known, truth, base) | nameable(known, truth)
        row |= {f"limit: {name}": best[name] for name in ("macro_f1", "log_loss_skill", "named")}
    return row


def print_odd(customers: int, seeds: range) -> None:
    """Print a row a sparse or odd world."""
    table = {}
    for name, settings in ODD_WORLDS.items():
        table[name] = pd.DataFrame([odd_nowcast(customers, seed, settings) for seed in seeds]).mean()
        print(f"{name}: {table[name].round(3).to_dict()}", flush=True)
    print(f"\nsparse and odd worlds, no hand labels, scored on truth (mean of {len(seeds)})")
    print(pd.DataFrame(table).T.round(3).to_string(na_rep="–"), flush=True)


def print_mean(title: str, tables: list[pd.DataFrame]) -> None:
    """Print the mean of tables."""
    mean = sum(table.fillna(0) for table in tables) / len(tables)
    print(f"\n{title}, scored on truth (mean of {len(tables)})")
    print(mean.where(tables[0].notna()).round(3).to_string(na_rep="–"), flush=True)


def forecasts(world: World) -> pd.DataFrame:
    """Return skill and AUC of the forecast of four weeks, and of the limit's nowcast with the true moves."""
    now = pd.Timestamp(world.dates[-6])
    until = world.log.as_of(f"{now:%Y-%m-%d}")
    table = infer_stages(until, horizon_days=28, personas=found_personas(until)).table
    weeks = [world.truth(date, table.index) for date in world.dates[-6:-1]]
    stay, first = len(world.states), np.full(len(table), len(world.states))
    for later in weeks[:0:-1]:
        first = np.where(later != weeks[0], later, first)
    moves = np.zeros((stay, stay + 1))
    np.add.at(moves, (weeks[0], first), 1)
    known = limit(world.population, now)[1].loc[table.index, world.states].to_numpy()
    columns = [f"p_next_{state}" for state in [*world.states, "stay"]]
    told = {
        "limit": limit_of_moves(world.population, now).loc[table.index, [*world.states, "stay"]].to_numpy(),
        "limit's nowcast x true moves": known @ (moves / np.maximum(moves.sum(axis=1, keepdims=True), 1)),
        "nowcast x transition matrix": table[columns].to_numpy(),
    }
    base = np.bincount(first, minlength=stay + 1) / len(first)
    rows = {
        name: {
            "log_loss_skill": score(p, first, base)["log_loss_skill"],
            "auc_of_moves": roc_auc_score(first < stay, 1 - p[:, -1]),
            "moves_told": 1 - p[:, -1].mean(),
            "moves_true": (first < stay).mean(),
        }
        for name, p in told.items()
    }
    return pd.DataFrame(rows).T


def times(seed: int, customers: int = 3000) -> dict[str, float]:
    """Return how many of those told a time had truly moved by then, and between low and high.

    Counted are those whose day lies within the half year that follows; a week holds its move in the middle.
    """
    world = World(customers, seed, days=365, pages=False, referrals=False, ratings=False)
    now = pd.Timestamp(world.dates[26])
    until = world.log.as_of(f"{now:%Y-%m-%d}")
    table = infer_stages(until, personas=found_personas(until)).table
    table = table[table["move_days"].notna()]
    weeks = np.array([world.truth(date, table.index) for date in world.dates[26:]])
    away = weeks != weeks[0]
    at = np.where(away.any(axis=0), away.argmax(axis=0) * 7 - 3.5, np.inf)
    names = ["move_days_low", "move_days", "move_days_high"]
    seen = {name: table[name] <= 7 * (len(weeks) - 1) for name in names}
    before = {name: float((at <= table[name])[seen[name]].mean()) for name in names}
    return before | {"inside": before["move_days_high"] - before["move_days_low"], "told": len(table)}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=5500)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument(
        "--odd", action=argparse.BooleanOptionalAction, default=True, help="sparse and odd worlds"
    )
    parser.add_argument("--rules", choices=["own", "other"], default="own")
    parser.add_argument("--kinds", nargs="+", choices=OTHER_KINDS, default=OTHER_KINDS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.rules == "other":
        for kind in options.kinds:
            seeds = range(101, 101 + options.seeds)
            print_mean(f"{kind}: nowcast", [other_nowcasts(kind, options.customers, seed) for seed in seeds])
        return
    for name in options.worlds:
        worlds = [World(options.customers, 101 + seed, **WORLDS[name]) for seed in range(options.seeds)]
        for title, make in (("nowcast", nowcasts), ("forecast over 28 days", forecasts)):
            tables = [make(world) for world in worlds]
            print_mean(f"{name}: {title}", tables)
    if options.odd:
        print_odd(options.customers, range(101, 101 + options.seeds))
    found = pd.DataFrame({seed: times(seed) for seed in (1, 2)}).T
    print(f"\nshare that had moved by the day told, by seed\n{found.round(3).to_string()}", flush=True)


if __name__ == "__main__":
    main()
