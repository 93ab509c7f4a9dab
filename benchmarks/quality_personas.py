"""How well are personas found? Adjusted Rand index against the truth of simulated worlds.

Run: ``python benchmarks/quality_personas.py [--worlds 3] [--customers 3000] [--limit] [--seed 100]``

The parts apart: ``--parts numbers shuffled --worlds 10 --personas 3 5 7 --shuffled 20``.
Worlds of other rules than the simulator's: ``--rules other [--kinds dense untracked …] [--refusals 20]``.

Sparse and odd worlds beside the dense one: ``--parts odd``.

Prints, per separation: the naive way (k-means on scaled counts and recency, frequency, value), journeykit with the
true number given and with the number chosen, and, with ``--limit``, the exact posterior that no method can pass.
"All" forces everybody into a persona; "placed" counts those whom journeykit places. Then: how often the chosen
number is right in worlds with 3, 5 and 7 personas, and in how many seeds shuffled traits are refused.

Of worlds of other rules: the index of customers with 15 contacts or more (of everybody where contacts are few), all
forced and the placed alone; the limit is an upper bound (the posterior of who knows the rules and every stay). Then in
how many seeds worlds without groups (one kind of people, or a continuum) are refused.
"""

from __future__ import annotations

import argparse
import time
from functools import lru_cache

import numpy as np
import pandas as pd
from _odd_worlds import ODD_WORLDS
from other_worlds import KINDS, make_world, persona_limit
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from journeykit.events import EventLog
from journeykit.features import measure_profile, measure_traits
from journeykit.personas import PersonaClusterer
from journeykit.simulate import limit, simulate

PARTS = ("scores", "odd", "numbers", "shuffled")


def world(customers: int, separation: float, personas: int, seed: int, **odd):
    """Return traits, profile, truth and population of one simulated world."""
    population = simulate(
        customers=customers, separation=separation, personas=personas, days=180, seed=seed, **odd
    )
    log = EventLog.from_frame(population.events)
    traits, profile = measure_traits(log), measure_profile(log)
    truth = population.truth.drop_duplicates("customer_id").set_index("customer_id")["persona"]
    return traits, profile, truth.reindex(traits.index).to_numpy(), population


def naive(profile: pd.DataFrame, k: int) -> np.ndarray:
    """Return groups by k-means on scaled counts of touchpoints and channels, recency, frequency and value."""
    shares = profile.filter(regex=r"^(touchpoint|channel)_share\.")
    counts = shares.mul(profile["contacts"], axis=0)
    last = profile["last_touchpoint_at"]
    rfm = pd.DataFrame(
        {
            "recency": (last.max() - last).dt.total_seconds(),
            "frequency": profile["contacts"],
            "value": profile["value_total"],
        }
    )
    scaled = StandardScaler().fit_transform(pd.concat([counts, rfm.fillna(0.0)], axis=1))
    return KMeans(k, n_init=10, random_state=0).fit_predict(scaled)


def shuffled(traits: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return traits of which every column is shuffled over the people."""
    rng = np.random.default_rng(seed)
    mixed = traits.apply(lambda column: rng.permutation(column.to_numpy()))
    mixed.attrs = traits.attrs
    return mixed


def score_world(customers: int, separation: float, seed: int, with_limit: bool) -> dict[str, float]:
    """Return the scores of all methods on one world with five personas."""
    traits, profile, truth, population = world(customers, separation, 5, seed)
    given, chosen = PersonaClusterer(5).fit(traits), PersonaClusterer().fit(traits)
    scores = {"naive": adjusted_rand_score(truth, naive(profile, 5))}
    for name, clusterer in (("k given", given), ("k chosen", chosen)):
        placed = clusterer.labels_ >= 0
        everybody = clusterer.predict_proba(traits).argmax(axis=1)
        scores[f"{name}, all"] = adjusted_rand_score(truth, everybody)
        scores[f"{name}, placed"] = adjusted_rand_score(truth[placed], clusterer.labels_[placed])
    scores["placed share"] = float((given.labels_ >= 0).mean())
    if with_limit:
        best = limit(population)[0].idxmax(axis=1).reindex(traits.index)
        scores["limit, all"] = adjusted_rand_score(truth, best)
        scores["limit, placed"] = adjusted_rand_score(truth[placed], best[placed])
    return scores


def print_scores(customers: int, seeds: range, with_limit: bool) -> None:
    """Print the scores of all methods, per separation."""
    table = {}
    for separation in (0.7, 1.0, 1.4):
        rows = [score_world(customers, separation, seed, with_limit) for seed in seeds]
        table[separation] = pd.DataFrame(rows).mean()
        print(pd.DataFrame(table).round(3).to_string(), flush=True)


def print_odd(customers: int, seeds: range) -> None:
    """Print the scores in sparse and odd worlds of middling separation, a row a kind of world."""
    table = {}
    for name, odd in ODD_WORLDS.items():
        rows = []
        for seed in seeds:
            traits, profile, truth, _ = world(customers, 1.0, 5, seed, **odd)
            rows.append(
                {"contacts": profile["contacts"].mean()}
                | scores_of(traits, truth, {"given": 5, "chosen": "auto"})
            )
        table[name] = pd.DataFrame(rows).mean()
        print(f"{name}: {table[name].round(3).to_dict()}", flush=True)
    print(pd.DataFrame(table).T.round(3).to_string(), flush=True)


def scores_of(
    traits: pd.DataFrame, truth: np.ndarray, numbers: dict, scored: np.ndarray | None = None
) -> dict:
    """Return the index of all and of the placed, the number and the share placed, by how the number is given."""
    scores: dict[str, float] = {}
    scored = np.ones(len(traits), bool) if scored is None else scored
    for name, k in numbers.items():
        clusterer = PersonaClusterer(k).fit(traits)
        placed, everybody = clusterer.labels_ >= 0, clusterer.predict_proba(traits).argmax(axis=1)
        some = placed & scored
        of_placed = adjusted_rand_score(truth[some], clusterer.labels_[some]) if some.any() else np.nan
        scores |= {
            f"{name}: k": clusterer.k_,
            f"{name}: all": adjusted_rand_score(truth[scored], everybody[scored]),
            f"{name}: of the placed": of_placed,
            f"{name}: placed": placed.mean(),
        }
    return scores


@lru_cache(maxsize=64)
def traits_of(customers: int, personas: int, seed: int) -> pd.DataFrame:
    """Return the traits of a world of middling separation."""
    return world(customers, 1.0, personas, 1000 + seed)[0]


def print_numbers(customers: int, seeds: range, numbers: list[int]) -> None:
    """Print how often the number is right."""
    off: list[int] = []
    for personas in numbers:
        found = [PersonaClusterer().fit(traits_of(customers, personas, seed)).k_ for seed in seeds]
        off += [k - personas for k in found]
        near = sum(abs(k - personas) <= 1 for k in found)
        print(f"{personas} personas: found {found}; within 1 in {near} of {len(found)}", flush=True)
    apart = np.abs(off)
    print(
        f"number exact {(apart == 0).mean():.2f}, within 1 {(apart <= 1).mean():.2f} of {len(apart)} worlds"
    )


def print_refusals(customers: int, seeds: range, numbers: list[int], draws: int) -> None:
    """Print in how many seeds shuffled traits are refused, over the worlds in turn."""
    reasons = []
    for draw in range(draws):
        traits = traits_of(customers, numbers[draw % len(numbers)], seeds[draw % len(seeds)])
        reasons.append(PersonaClusterer().fit(shuffled(traits, draw)).reason_)
    refused = sum(reason != "found" for reason in reasons)
    print(
        f"shuffled traits refused in {refused} of {draws} seeds {pd.Series(reasons).value_counts().to_dict()}"
    )


# Worlds of other rules ---------------------------------------------------------------------------

GROUPLESS = [kind for kind, settings in KINDS.items() if settings.get("groups") in ("none", "continuum")]
GROUPED = [kind for kind in KINDS if kind not in GROUPLESS]
ENOUGH = 15  # contacts of those who are scored, where most have so many


def score_other(kind: str, customers: int, seed: int) -> dict[str, float]:
    """Return the scores on one world of other rules, with the number given and chosen."""
    made = make_world(kind, seed=seed, customers=customers)
    traits = measure_traits(made.log())
    truth = made.personas().reindex(traits.index).to_numpy()
    contacts = made.events.groupby("customer_id").size().reindex(traits.index).to_numpy()
    scored = contacts >= ENOUGH if np.median(contacts) >= ENOUGH else contacts > 0
    best = persona_limit(made).idxmax(axis=1).reindex(traits.index)
    scores = {"limit": adjusted_rand_score(truth[scored], best[scored]), "k true": made.settings.personas}
    return scores | scores_of(traits, truth, {"given": made.settings.personas, "chosen": "auto"}, scored)


def print_other(kinds: list[str], customers: int, seeds: range) -> None:
    """Print the scores on worlds of other rules, a row a kind (mean over the seeds)."""
    table = {}
    for kind in kinds:
        table[kind] = pd.DataFrame([score_other(kind, customers, seed) for seed in seeds]).mean()
        print(f"{kind}: {table[kind].round(2).to_dict()}", flush=True)
    print(pd.DataFrame(table).T.round(3).to_string(), flush=True)


def print_groupless(kinds: list[str], customers: int, seeds: range) -> None:
    """Print in how many seeds worlds without groups are refused."""
    for kind in kinds:
        reasons = [
            PersonaClusterer().fit(measure_traits(make_world(kind, seed, customers).log())).reason_
            for seed in seeds
        ]
        refused = sum(reason != "found" for reason in reasons)
        told = pd.Series(reasons).value_counts().to_dict()
        print(f"{kind}: refused in {refused} of {len(seeds)} seeds {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--limit", action="store_true", help="also the exact posterior (slow)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument(
        "--personas", nargs="+", type=int, default=[3, 5, 7], help="in worlds of known number"
    )
    parser.add_argument("--shuffled", type=int, default=20, help="seeds of shuffled traits")
    parser.add_argument("--rules", choices=["own", "other"], default="own")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--refusals", type=int, default=20, help="seeds of each kind of world without groups")
    given = parser.parse_args()
    began, seeds = time.perf_counter(), range(given.seed, given.seed + given.worlds)
    if given.rules == "other":
        print_other([kind for kind in given.kinds if kind in GROUPED], given.customers, seeds)
        groupless = [kind for kind in given.kinds if kind in GROUPLESS]
        print_groupless(groupless, given.customers, range(given.seed, given.seed + given.refusals))
        given.parts = []
    if "scores" in given.parts:
        print_scores(given.customers, seeds, given.limit)
    if "odd" in given.parts:
        print_odd(given.customers, seeds)
    if "numbers" in given.parts:
        print_numbers(given.customers, seeds, given.personas)
    if "shuffled" in given.parts:
        print_refusals(given.customers, seeds, given.personas, given.shuffled)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
