"""How well are personas found? Adjusted Rand index against the truth of simulated worlds.

Run: ``python benchmarks/quality_personas.py [--worlds 3] [--customers 3000] [--limit] [--seed 100]``

The parts apart: ``--parts numbers shuffled --worlds 10 --personas 3 5 7 --shuffled 20``.
Worlds of other rules than the simulator's: ``--parts others none [--kinds dense untracked …]``.

Sparse and odd worlds beside the dense one: ``--parts odd``.

Prints, per separation: the naive way (k-means on scaled counts and recency, frequency, value), journeykit with the
true number given and with the number chosen, and, with ``--limit``, the exact posterior that no method can pass.
"All" forces everybody into a persona; "placed" counts those whom journeykit places. Then: how often the chosen
number is right in worlds with 3, 5 and 7 personas, and in how many seeds shuffled traits are refused. Then how far
personas that were learned on one half of the people fall behind those of the other half when used there.

Last, worlds of other rules than the simulator's (`other_worlds`), in which nothing was chosen: dense, with markers
untracked, with few contacts, and without groups. Of customers with 15 contacts or more, all in sparse worlds.
"""

from __future__ import annotations

import argparse
import time
from functools import lru_cache

import numpy as np
import pandas as pd
from _odd_worlds import ODD_WORLDS
from other_worlds import make_world, persona_limit
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.preprocessing import StandardScaler

from journeykit.events import EventLog
from journeykit.features import measure_profile, measure_traits
from journeykit.personas import PersonaClusterer, assign
from journeykit.simulate import limit, simulate

PARTS = ("scores", "odd", "numbers", "shuffled", "reuse", "others", "none")
GROUPED = ("dense", "low", "high", "untracked", "bursty", "7 stages", "8 stages", "3 personas", "7 personas", "sparse",
           "sparse, 3 groups")  # fmt: skip
UNGROUPED = ("null", "null, own habits", "null, activity", "null, sparse", "continuous", "continuous, habits")
ENOUGH = 15  # contacts


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
    """Return traits of which every column, or block of counts, is shuffled over the people."""
    rng = np.random.default_rng(seed)
    block = traits.columns.str.replace(r"^(count\.[^.]+)\..*", r"\1", regex=True)
    block = block.str.replace(r"^times\.", "mean.", regex=True)
    mixed = traits.copy()
    for name in block.unique():
        columns = traits.columns[block == name]
        mixed[columns] = traits[columns].to_numpy()[rng.permutation(len(traits))]
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


def print_reuse(customers: int, seeds: range) -> None:
    """Print what personas of one half lose on the other half, beside those learned there."""
    losses, verdicts = [], []
    for seed in seeds:
        traits, _, truth, _ = world(2 * customers, 1.0, 5, seed)
        first, second = np.arange(len(traits)) % 2 == 0, np.arange(len(traits)) % 2 == 1
        old, new = (PersonaClusterer().fit(traits[half]) for half in (first, second))
        reused = assign(old, traits[second])
        scores = [
            adjusted_rand_score(truth[second], one.predict_proba(traits[second]).argmax(axis=1))
            for one in (new, old)
        ]
        losses.append(scores[0] - scores[1])
        verdicts.append(reused.verdict)
    print(f"loss when reused: {np.mean(losses):.3f} {np.round(losses, 3).tolist()}; {verdicts}", flush=True)


def other(kind: str, customers: int, seed: int):
    """Return traits and truth of a world of other rules, who has enough contacts, and the world."""
    made = make_world(kind, seed, customers)
    traits = measure_traits(made.log())
    contacts = traits["evidence.contacts"].to_numpy()
    enough = contacts >= (0 if "sparse" in kind else ENOUGH)
    return traits, made.personas().reindex(traits.index).to_numpy(), enough, made


def score_other(kind: str, customers: int, seed: int, with_limit: bool) -> dict[str, float]:
    """Return the scores on one world of other rules."""
    traits, truth, enough, made = other(kind, customers, seed)
    began = time.process_time()
    found = PersonaClusterer().fit(traits)
    seconds, number = time.process_time() - began, len(set(truth))
    given = found if found.k_ == number else PersonaClusterer(number).fit(traits)
    placed = (found.labels_ >= 0) & enough
    furthest = traits["evidence.furthest_stage"].fillna(-1).to_numpy()
    scores = {
        "true": number, "found": found.k_,
        "ARI, k given": adjusted_rand_score(truth[enough], given.predict_proba(traits).argmax(axis=1)[enough]),
        "ARI": adjusted_rand_score(truth[enough], found.predict_proba(traits).argmax(axis=1)[enough]),
        "placed": float(placed[enough].mean()),
        "ARI, placed": adjusted_rand_score(truth[placed], found.labels_[placed]) if placed.any() else np.nan,
        "NMI furthest": normalized_mutual_info_score(furthest[placed], found.labels_[placed]) if placed.any() else 0.0,
        "CPU s": seconds,
    }  # fmt: skip
    if with_limit:
        best = persona_limit(made).reindex(traits.index).idxmax(axis=1).to_numpy()
        scores["limit"] = adjusted_rand_score(truth[enough], best[enough])
    return scores


def print_others(customers: int, seeds: range, kinds: list[str], with_limit: bool) -> None:
    """Print the scores on worlds of other rules, per kind."""
    for kind in kinds:
        for seed in seeds:
            row = score_other(kind, customers, seed, with_limit)
            told = ", ".join(f"{name} {value:.3g}" for name, value in row.items())
            print(f"{kind} ({seed}): {told}", flush=True)


def print_none(customers: int, seeds: range, kinds: list[str]) -> None:
    """Print in how many worlds without groups no personas are found."""
    reasons = []
    for kind in kinds:
        for seed in seeds:
            reasons.append(PersonaClusterer().fit(other(kind, customers, seed)[0]).reason_)
            print(f"{kind} ({seed}): {reasons[-1]}", flush=True)
    refused = sum(reason != "found" for reason in reasons)
    print(f"worlds without groups refused: {refused} of {len(reasons)}", flush=True)


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
    parser.add_argument("--kinds", nargs="+", help="of worlds of other rules")
    given = parser.parse_args()
    began, seeds = time.perf_counter(), range(given.seed, given.seed + given.worlds)
    if "scores" in given.parts:
        print_scores(given.customers, seeds, given.limit)
    if "odd" in given.parts:
        print_odd(given.customers, seeds)
    if "numbers" in given.parts:
        print_numbers(given.customers, seeds, given.personas)
    if "shuffled" in given.parts:
        print_refusals(given.customers, seeds, given.personas, given.shuffled)
    if "reuse" in given.parts:
        print_reuse(given.customers, seeds)
    if "others" in given.parts:
        print_others(given.customers, seeds, given.kinds or list(GROUPED), given.limit)
    if "none" in given.parts:
        print_none(given.customers, seeds, given.kinds or list(UNGROUPED))
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
