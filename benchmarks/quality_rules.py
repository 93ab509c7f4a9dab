"""How good are the rules that recognise personas? Precision and recall in simulated worlds, and a tree's fidelity.

Run: ``python benchmarks/quality_rules.py [--worlds 2] [--customers 3000] [--seed 100]``

Prints, per separation, the mean over personas: precision and recall of the rules on customers held out, beside the
base rate of picking anybody; the same among the customers with a persona, and among everybody, when the true persona
counts; and the share of customers whom the tree of three questions puts in their persona, beside the largest persona.
Then the same in sparse and odd worlds, a row a world.
"""

from __future__ import annotations

import argparse
import time

import pandas as pd
from _odd_worlds import ODD_WORLDS
from quality_personas import world

from journeykit.personas import PersonaClusterer, meets_rule, recruit_rules, rule_tree
from journeykit.personas.describing import personas_of


def score_world(customers: int, separation: float, seed: int, **odd) -> pd.Series:
    """Return the scores in one world with five personas."""
    traits, profile, true, _ = world(customers, separation, 5, seed, **odd)
    truth = pd.Series(true, index=traits.index)
    personas = personas_of(PersonaClusterer(5).fit(traits).labels_, traits.index)
    rules = recruit_rules(profile, personas)
    rows = [_against_truth(rule, profile, personas, truth) for rule in rules.itertuples() if rule.rule]
    tree = rule_tree(profile, personas)
    scores = pd.concat([rules[["precision", "recall", "base_rate"]].mean(), pd.DataFrame(rows).mean()])
    scores["conditions"], scores["rules"] = rules["rule"].map(len).mean(), len(rows)
    scores["tree fidelity"], scores["tree, balanced"] = tree.fidelity, tree.balanced
    scores["largest persona"] = tree.base_rate
    return scores.rename({"base_rate": "base rate"})


def _against_truth(rule, profile: pd.DataFrame, personas: pd.Series, truth: pd.Series) -> dict[str, float]:
    """Return precision and recall for the true persona that is commonest in the persona found."""
    meant = truth[personas == rule.persona].mode().iloc[0]
    met, placed = meets_rule(profile, rule.rule).reindex(truth.index), personas.notna()
    found = {}
    for name, among in (("placed", placed), ("everybody", truth.notna())):
        found[f"precision on the truth, {name}"] = (truth[met & among] == meant).mean()
        found[f"recall on the truth, {name}"] = met[among & (truth == meant)].mean()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2)
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument(
        "--odd", action=argparse.BooleanOptionalAction, default=True, help="sparse and odd worlds"
    )
    given = parser.parse_args()
    began, seeds = time.perf_counter(), range(given.seed, given.seed + given.worlds)
    table = {}
    for separation in (0.7, 1.0, 1.4):
        table[separation] = pd.DataFrame(
            [score_world(given.customers, separation, seed) for seed in seeds]
        ).mean()
    print(pd.DataFrame(table).round(3).to_string(), flush=True)
    if given.odd:
        table = {
            name: pd.DataFrame([score_world(given.customers, 1.0, seed, **odd) for seed in seeds]).mean()
            for name, odd in ODD_WORLDS.items()
        }
        print(pd.DataFrame(table).T.round(3).to_string())
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
