"""How far the transitions of a journey are from the truth: inferred paths beside markers alone.

Prints, per simulated world, the mean total variation between the true and the counted rows of the transition
matrix (0: equal, 1: nothing in common), and the largest error of a stage's share of steps back.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeykit.events import EventLog
from journeykit.journeys import Journeys, map_journeys
from journeykit.simulate import simulate
from journeykit.stages import draw_paths, infer_stages

WORLDS = {
    "5 stages": {"stage_model": "universal", "seed": 1},
    "5 stages, 60 % of markers missing": {"stage_model": "universal", "seed": 2, "missing_markers": 0.6},
    "7 stages": {"stage_model": "content", "seed": 3},
    "8 stages": {"stage_model": "digital", "seed": 4, "days": 270},
}
CUSTOMERS = 2000


def main() -> None:
    print(f"{'world':36}{'read by':12}{'transitions':>12}{'steps back':>12}")
    for name, world in WORLDS.items():
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


if __name__ == "__main__":
    main()
