"""How long stages take, and how much memory, beside scikit-learn's bare gradient boosting on the same signals.

    python benchmarks/stages.py [--customers 100000] [--infer 1000000] [--contacts 20] [--seed 0]

Ten thousand simulated customers are copied under other ids until there are enough, with their events and their true
stages. *fit and infer* orders the events as contacts, learns the weekly model and the classifier with hindsight and
infers everybody's stage and next move; *infer* reads other customers of the same world with saved stages, the ordering
included. *signals* only orders the contacts and measures everybody. The peer is HistGradientBoostingClassifier as it
comes, on the signals frame that was measured for it untimed; it is given the true stage of everybody, which nobody has
outside a simulation, and says nothing of sets, of the next move or of drift. Each line is a process of its own: reading
the events is not timed, but their memory counts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _measuring import in_a_process, measured

CACHE = Path(tempfile.gettempdir()) / "journeykit-benchmarks"
BASE, DAYS = 10_000, 180
LEARNED_ON = 20_000  # customers on whom the stages for *infer* are learned
TARGETS = {"fit and infer": (100_000, 90.0, 3072.0), "infer": (1_000_000, 60.0, np.inf)}
Work = Callable[[], tuple[Any, Any]]


def make_world(given: Any, seed: int) -> tuple[Path, Path]:
    """Return the files of the events and of the true stages of the base population, made once."""
    from journeykit.simulate import simulate

    name = f"stages-{BASE}-{given.contacts}-{given.seed}-{seed}"
    events, truth = CACHE / f"{name}-events.parquet", CACHE / f"{name}-truth.parquet"
    if not (events.is_file() and truth.is_file()):
        CACHE.mkdir(parents=True, exist_ok=True)
        made = simulate(
            customers=BASE, days=DAYS, seed=seed, world_seed=given.seed, pages=False, referrals=False,
            ratings=False, sessions_per_day=0.3 * given.contacts / 55,
        )  # fmt: skip
        last = made.truth[made.truth["at"] == made.truth["at"].max()]
        last[["customer_id", "stage"]].to_parquet(truth)
        made.events[["customer_id", "timestamp", "touchpoint", "channel"]].to_parquet(events)
    return events, truth


def make_log(given: Any, customers: int, seed: int) -> tuple[Any, pd.Series]:
    """Return the log of so many customers and their true stages; copies of the base under other ids."""
    from journeykit.events import EventLog

    events, truth = (pd.read_parquet(path) for path in make_world(given, seed))
    copies, rest = divmod(customers, BASE)
    ids = np.sort(truth["customer_id"].to_numpy(str))
    some = set(ids[:rest].tolist())
    parts = [(copy, None) for copy in range(copies)] + ([(copies, some)] if some else [])
    log = EventLog.from_frame(pd.concat([_copy(events, *part) for part in parts], ignore_index=True))
    stages = pd.concat([_copy(truth, *part) for part in parts]).set_index("customer_id")["stage"]
    return log, stages


def _copy(frame: pd.DataFrame, copy: int, some: set[str] | None) -> pd.DataFrame:
    kept = frame if some is None else frame[frame["customer_id"].isin(some)]
    return kept.assign(customer_id=f"{copy:03d}-" + kept["customer_id"].astype(str))


# What is measured: each prepares, untimed, and returns what is timed -------------------------------


def nothing(given: Any) -> tuple[Work, Any]:
    log, stages = make_log(given, given.customers, 1)
    return lambda: (None, None), (log, stages)


def signals(given: Any) -> tuple[Work, Any]:
    from journeykit.features import measure_signals

    log, _ = make_log(given, given.customers, 1)
    return lambda: (measure_signals(log), None), (log, None)


def fit_and_infer(given: Any) -> tuple[Work, Any]:
    from journeykit.stages import infer_stages

    log, stages = make_log(given, given.customers, 1)
    return lambda: _likeliest(infer_stages(log).table), (log, stages)


def infer(given: Any) -> tuple[Work, Any]:
    from journeykit.stages import infer_stages, infer_with

    reader = infer_stages(make_log(given, min(LEARNED_ON, given.customers), 1)[0]).reader
    log, stages = make_log(given, given.infer, 2)
    return lambda: _likeliest(infer_with(reader, log)), (log, stages)


def peer_fit(given: Any) -> tuple[Work, Any]:
    from journeykit.features import measure_signals

    log, stages = make_log(given, given.customers, 1)
    frame = _seen(measure_signals(log))
    truth = stages.reindex(frame.index).to_numpy(str)

    def work() -> tuple[Any, Any]:
        model = _boosting().fit(frame, truth)
        return frame.index, model.classes_[model.predict_proba(frame).argmax(axis=1)]

    return work, (log, stages)


def peer_predict(given: Any) -> tuple[Work, Any]:
    """Return the peer's inference: the same signals, of a tenth of the customers, as often as there are customers."""
    from journeykit.features import measure_signals

    learned, stages = make_log(given, min(LEARNED_ON, given.customers), 1)
    frame = _seen(measure_signals(learned))
    model = _boosting().fit(frame, stages.reindex(frame.index).to_numpy(str))
    log, stages = make_log(given, min(BASE, given.infer), 2)
    one = measure_signals(log).reindex(columns=frame.columns)
    copies = max(1, round(given.infer / len(one)))
    many = pd.concat([one] * copies, ignore_index=True)

    def work() -> tuple[Any, Any]:
        named = model.classes_[model.predict_proba(many).argmax(axis=1)]
        return pd.Index(np.tile(one.index.to_numpy(), copies)), named

    return work, (log, stages)


def _boosting() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=0)


def _seen(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.dropna(axis=1, how="all")


def _likeliest(table: pd.DataFrame) -> tuple[Any, Any]:
    names = [name for name in table if name.startswith("p_") and not name.startswith("p_next_")]
    states = np.array([name.removeprefix("p_") for name in names])
    return table.index, states[table[names].to_numpy().argmax(axis=1)]


TASKS = {
    "the events alone": nothing,
    "signals": signals,
    "fit and infer": fit_and_infer,
    "boosting, fit and predict": peer_fit,
    "infer": infer,
    "boosting, predict": peer_predict,
}
PEERS = {"fit and infer": "boosting, fit and predict", "infer": "boosting, predict"}


# Measuring ------------------------------------------------------------------------------------------


OPTIONS = ("customers", "infer", "contacts", "seed")


def run_task(given: Any) -> dict[str, float]:
    """Run one task in this process."""
    from sklearn.metrics import f1_score

    work, (log, truth) = TASKS[given.task](given)
    (index, named), took = measured(work)
    score = np.nan
    if named is not None:
        score = f1_score(truth.reindex(index).to_numpy(str), named.astype(str), average="macro")
    rows = len(index) if index is not None else int(truth.size)
    return {
        "customers": rows, "events": log.count(), **took, "f1": score,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--infer", type=int, default=1_000_000)
    parser.add_argument("--contacts", type=int, default=20, help="contacts a customer, about")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(run_task(given)))
        return
    for seed in (1, 2):
        make_world(given, seed)
    shown = {"customers": 0, "events": 0, "seconds": 1, "cpu": 1, "peak_mb": 0, "f1": 3}
    print(f"{'':28}" + "".join(f"{name:>12}" for name in shown))
    found = {}
    for task in TASKS:
        found[task] = in_a_process(__file__, task, given, OPTIONS)
        figures = "".join(f"{found[task][name]:>12,.{digits}f}" for name, digits in shown.items())
        print(f"{task:28}{figures}", flush=True)
    print_ratios(found)


def print_ratios(found: dict[str, dict[str, float]]) -> None:
    """Print what journeykit costs beside its peer, and beside its target."""
    print("\nRatios; the peer's signals were measured for it, and it learns from true stages.")
    for task, peer in PEERS.items():
        wall, cpu, peak = (found[task][name] / found[peer][name] for name in ("seconds", "cpu", "peak_mb"))
        print(f"{task} / {peer}: wall {wall:.2f}, CPU {cpu:.2f}, memory {peak:.2f}")
    for task, (customers, seconds, peak) in TARGETS.items():
        inside = found[task]["seconds"] <= seconds and found[task]["peak_mb"] <= peak
        size = f"{customers:,} customers, {seconds:.0f} s" + (f", {peak:.0f} MB" if np.isfinite(peak) else "")
        judged = "met" if inside else "missed"
        print(f"target of {task} ({size}): "
              f"{judged if found[task]['customers'] >= customers else 'not judged at this size'}")  # fmt: skip


if __name__ == "__main__":
    main()
