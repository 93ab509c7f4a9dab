"""How long personas take, and how much memory, beside scikit-learn's bare k-means on the same people.

    python benchmarks/personas.py [--customers 100000] [--assign 1000000] [--traits 60] [--seed 0]

People of five known groups are made: a trait frame with contacts and the covariance within a person, and a profile.
*fit* finds the directions, chooses the number from 1 to 8, tests it against chance and learns the groups; *describe*
tells them apart; *assign* places other people of the same groups. The peer scales the traits and tries k-means with
2 to 8 groups (ten starts), choosing by the silhouette: once on 2,000 people, as many as journeykit studies for the
number, with the chosen groups learned on everybody; and once with every k-means on everybody and the silhouette on
10,000. It makes no test against chance and no stability. Each line is a process of its own: imports are not timed, but
their memory counts, and so do the people themselves.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from _measuring import in_a_process, measured

SIZES = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
NUMBERS = range(2, 9)
TARGETS = {"fit and describe": (60.0, 3072.0), "assign": (10.0, np.inf)}


def make_people(customers: int, traits: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return a trait frame, a profile and the true groups; the groups are those of seed 0 for every seed."""
    world, rng = np.random.default_rng(0), np.random.default_rng(seed)
    centres = world.normal(0.0, 0.6, (len(SIZES), traits))
    noise = world.uniform(0.5, 2.0, traits)
    truth = rng.choice(len(SIZES), customers, p=SIZES)
    values = centres[truth] + rng.normal(0.0, 1.0, (customers, traits)) * np.sqrt(noise)
    names = [f"block{place % 6}.t{place:02d}" for place in range(traits)]
    frame = pd.DataFrame(values, columns=names).rename_axis("unit_id")
    frame.index = frame.index.map("c{:07d}".format)
    frame["evidence.contacts"] = rng.integers(10, 90, customers).astype(float)
    frame.attrs["within_customer"] = {"columns": names, "matrix": np.diag(noise).tolist()}
    shares = 1 / (1 + np.exp(-values))
    profile = pd.DataFrame(shares, columns=[f"channel_share.t{place:02d}" for place in range(traits)])
    return frame, profile.set_index(frame.index).assign(value_total=np.exp(values[:, 0])), truth


# What is measured: each prepares, untimed, and returns what is timed; that returns labels ----------


def fit(given: Any) -> tuple[Callable[[], np.ndarray], np.ndarray]:
    from journeykit.personas import PersonaClusterer

    traits, _, truth = make_people(given.customers, given.traits, given.seed)
    return lambda: PersonaClusterer().fit(traits).labels_, truth


def fit_and_describe(given: Any) -> tuple[Callable[[], np.ndarray], np.ndarray]:
    from journeykit.personas import PersonaClusterer, describe_personas

    traits, profile, truth = make_people(given.customers, given.traits, given.seed)

    def work() -> np.ndarray:
        clusterer = PersonaClusterer().fit(traits)
        describe_personas(clusterer, traits, profile)
        return clusterer.labels_

    return work, truth


def assigned(given: Any) -> tuple[Callable[[], np.ndarray], np.ndarray]:
    from journeykit.personas import PersonaClusterer, assign

    learned = make_people(min(given.customers, 20_000), given.traits, given.seed)[0]
    clusterer = PersonaClusterer(n_bootstrap=2, n_null=5).fit(learned)
    del learned
    traits, _, truth = make_people(given.assign, given.traits, given.seed + 1)
    return (
        lambda: assign(clusterer, traits).table["persona"].str[1:].astype(float).fillna(0).to_numpy() - 1,
        truth,
    )


def peer_on(
    studied: int | None, measured: int
) -> Callable[[Any], tuple[Callable[[], np.ndarray], np.ndarray]]:
    """Return the peer that tries every number on so many people, or on all, with the silhouette on a sample."""

    def prepare(given: Any) -> tuple[Callable[[], np.ndarray], np.ndarray]:
        from sklearn.cluster import KMeans
        from sklearn.metrics import silhouette_score
        from sklearn.preprocessing import StandardScaler

        traits, _, truth = make_people(given.customers, given.traits, given.seed)
        traits = traits.drop(columns="evidence.contacts")

        def work() -> np.ndarray:
            points = StandardScaler().fit_transform(traits)
            tried = (
                points
                if studied is None
                else points[np.random.default_rng(0).permutation(len(points))[:studied]]
            )
            models = [KMeans(k, n_init=10, random_state=0).fit(tried) for k in NUMBERS]
            size = min(measured, len(tried))
            heights = [
                silhouette_score(tried, one.labels_, sample_size=size, random_state=0) for one in models
            ]
            best = models[int(np.argmax(heights))]
            return (
                best.labels_
                if studied is None
                else KMeans(best.n_clusters, n_init=10, random_state=0).fit_predict(points)
            )

        return work, truth

    return prepare


def peer_predict(given: Any) -> tuple[Callable[[], np.ndarray], np.ndarray]:
    from sklearn.cluster import KMeans
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    learned = make_people(min(given.customers, 20_000), given.traits, given.seed)[0]
    names = learned.columns.drop("evidence.contacts")
    model = make_pipeline(StandardScaler(), KMeans(5, n_init=10, random_state=0)).fit(learned[names])
    del learned
    traits, _, truth = make_people(given.assign, given.traits, given.seed + 1)
    traits = traits[names]
    return lambda: model.predict(traits), truth


def nothing(given: Any) -> tuple[Callable[[], np.ndarray], np.ndarray]:
    """Only make the people: what the memory of the others begins with."""
    truth = make_people(given.customers, given.traits, given.seed)[2]
    return lambda: truth, truth


TASKS = {
    "the people alone": nothing,
    "fit": fit,
    "fit and describe": fit_and_describe,
    "k-means grid on 2,000": peer_on(2000, 2000),
    "k-means grid on all": peer_on(None, 10_000),
    "assign": assigned,
    "k-means predict": peer_predict,
}  # fmt: skip
PEERS = {
    "fit": "k-means grid on 2,000",
    "fit and describe": "k-means grid on 2,000",
    "assign": "k-means predict",
}


# Measuring ------------------------------------------------------------------------------------------


OPTIONS = ("customers", "assign", "traits", "seed")


def run_task(given: Any) -> dict[str, float]:
    """Run one task in this process."""
    from sklearn.metrics import adjusted_rand_score

    work, truth = TASKS[given.task](given)
    labels, took = measured(work)
    placed = labels >= 0
    return {
        "rows": len(labels), **took, "placed": float(placed.mean()),
        "groups": len(np.unique(labels[placed])), "ari": adjusted_rand_score(truth[placed], labels[placed]),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--assign", type=int, default=1_000_000)
    parser.add_argument("--traits", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(run_task(given)))
        return
    shown = {"rows": 0, "seconds": 1, "cpu": 1, "peak_mb": 0, "placed": 2, "groups": 0, "ari": 3}
    print(f"{'':24}" + "".join(f"{name:>11}" for name in shown))
    found = {}
    for task in TASKS:
        found[task] = in_a_process(__file__, task, given, OPTIONS)
        print(
            f"{task:24}" + "".join(f"{found[task][name]:>11,.{d}f}" for name, d in shown.items()), flush=True
        )
    print_ratios(found)


def print_ratios(found: dict[str, dict[str, float]]) -> None:
    """Print what journeykit costs beside its peer, and beside its target."""
    print(
        "\nRatios of CPU seconds and of peak memory; ARI is that of who is placed, k-means places everybody."
    )
    for task, peer in PEERS.items():
        cpu, peak = (found[task][name] / found[peer][name] for name in ("cpu", "peak_mb"))
        print(f"{task} / {peer}: CPU {cpu:.2f}, memory {peak:.2f}")
    for task, (seconds, peak) in TARGETS.items():
        inside = found[task]["seconds"] <= seconds and found[task]["peak_mb"] <= peak
        print(f"target of {task} ({seconds:.0f} s{f', {peak:.0f} MB' if np.isfinite(peak) else ''}): "
              f"{'met' if inside else 'missed'}")  # fmt: skip


if __name__ == "__main__":
    main()
