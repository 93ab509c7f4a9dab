"""How hard the simulated populations are: the limit beside what is done without thought.

    python benchmarks/limit.py [--customers N] [--seeds S]

The limit is the exact posterior of an observer who knows the world. Naive personas are k-means on scaled counts of
touchpoints, channels and parts of the day with recency, frequency and money. Naive stages are those of the last
touchpoint, or of the last marker. Personas: adjusted Rand index. Stages: macro-F1 over the stages and `lapsed`.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, f1_score
from sklearn.preprocessing import StandardScaler

from journeykit.simulate import Population, limit, simulate
from journeykit.stage_models import load_stage_model

WORLDS = [
    {"separation": 0.7},
    {"separation": 1.0},
    {"separation": 1.4},
    {"stage_model": "content"},
    {"stage_model": "digital"},
    {"missing_markers": 0.0},
    {"missing_markers": 0.8},
]


def unit_column(population: Population) -> str:
    """Return the column that names the unit."""
    return "account_id" if population.parameters["setting"] == "b2b" else "customer_id"


def truth_at(population: Population, at: pd.Timestamp) -> pd.DataFrame:
    """Return persona and stage per unit at the end of a day."""
    rows = population.truth[population.truth["at"] == at]
    return rows.drop_duplicates(unit_column(population)).set_index(unit_column(population))


def seen_until(population: Population, at: pd.Timestamp) -> pd.DataFrame:
    """Return the events until the end of a day."""
    return population.events[population.events["timestamp"] < at + pd.Timedelta(days=1)]


def naive_personas(population: Population, at: pd.Timestamp, k: int) -> pd.Series:
    """Return clusters by k-means on scaled counts and recency, frequency, money."""
    events, unit = seen_until(population, at), unit_column(population)
    part = events["timestamp"].dt.hour // 4
    blocks = [pd.crosstab(events[unit], column) for column in (events["touchpoint"], events["channel"], part)]
    by_unit = events.groupby(unit)
    blocks.append((at - by_unit["timestamp"].max()).dt.days.rename("recency"))
    blocks.append(by_unit.size().rename("frequency"))
    blocks.append(by_unit["value"].sum().rename("money"))
    counts = pd.concat(blocks, axis=1)
    scaled = StandardScaler().fit_transform(counts.to_numpy(float))
    return pd.Series(KMeans(k, n_init=5, random_state=0).fit_predict(scaled), counts.index)


def last_touchpoint(population: Population, at: pd.Timestamp) -> pd.Series:
    """Return the stage to which the last touchpoint belongs."""
    votes = load_stage_model(population.parameters["stage_model"]).votes().idxmax(axis=1)
    last = seen_until(population, at).groupby(unit_column(population))["touchpoint"].last()
    return last.map(votes)


def last_marker(population: Population, at: pd.Timestamp) -> pd.Series:
    """Return the stage of the last marker; the first stage for who has none."""
    model, unit = load_stage_model(population.parameters["stage_model"]), unit_column(population)
    events = seen_until(population, at)
    marked = events.assign(stage=events["touchpoint"].map(model.markers())).dropna(subset=["stage"])
    units = pd.Index(sorted(events[unit].unique()))
    return marked.groupby(unit)["stage"].last().reindex(units).fillna(model.ids[0])


def judge(population: Population) -> dict[str, float]:
    """Return the figures of a population at its last day."""
    at = population.truth["at"].max()
    persona, stage = limit(population, at)
    truth = truth_at(population, at).loc[persona.index]

    def f1(found):
        return f1_score(truth["stage"], found.loc[truth.index], average="macro")

    def ari(found):
        return adjusted_rand_score(truth["persona"], found.loc[truth.index])

    return {
        "events": len(population.events) / len(truth),
        "persona_limit": ari(persona.idxmax(axis=1)),
        "persona_naive": ari(naive_personas(population, at, persona.shape[1])),
        "stage_limit": f1(stage.idxmax(axis=1)),
        "last_touch": f1(last_touchpoint(population, at)),
        "last_marker": f1(last_marker(population, at)),
        "right": (stage.idxmax(axis=1) == truth["stage"]).mean(),
        "said": stage.max(axis=1).mean(),
        "lapsed": (truth["stage"] == "lapsed").mean(),
    }


def speed(customers: int = 21_000) -> str:
    """Return how long it takes to make about a million events."""
    begin = time.perf_counter()
    events = simulate(customers=customers).events
    return f"{len(events):,} events in {time.perf_counter() - begin:.1f} s"


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--customers", type=int, default=2500)
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)
    rows = {}
    for world in WORLDS:
        told = [judge(simulate(customers=given.customers, seed=seed, **world)) for seed in range(given.seeds)]
        rows[", ".join(f"{k}={v}" for k, v in world.items())] = pd.DataFrame(told).mean()
    print(pd.DataFrame(rows).T.round(3).to_string())
    print(speed())
    assert np.isfinite(pd.DataFrame(rows)).all(axis=None)


if __name__ == "__main__":
    main()
