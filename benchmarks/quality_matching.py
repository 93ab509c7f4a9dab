"""From which score are two personas one? Scores of pairs of personas whose truth is known.

Run: ``python benchmarks/quality_matching.py [--worlds 3] [--customers 2000] [--seed 300]``

Personas are found twice and matched: for the same people two months later, for other people of the same world, and
after one persona left, joined or made way for another. A pair is true when most people of both are of one simulated
persona. Prints the scores of true and of other pairs, and per threshold the share of true pairs that is kept and the
number of others that pass.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from _odd_worlds import ODD_WORLDS

from journeykit.events import EventLog
from journeykit.features import measure_profile, measure_traits
from journeykit.findings import contrast_personas
from journeykit.personas import PersonaClusterer, align_traits, match_personas
from journeykit.personas.describing import personas_of
from journeykit.simulate import simulate


class Report:
    """Personas found in events, with the simulated persona that most of each are of."""

    def __init__(self, events: pd.DataFrame, truth: pd.Series) -> None:
        log = EventLog.from_frame(events)
        self.traits = measure_traits(log)
        self.clusterer = PersonaClusterer(n_null=9).fit(self.traits)
        self.personas = self.place(self.traits)
        self.profile = contrast_personas(measure_profile(log), self.personas).pivot(
            index="persona", columns="trait", values="effect"
        )
        mixed = pd.crosstab(self.personas, truth.reindex(self.personas.index), normalize="index")
        self.truth = mixed.idxmax(axis=1).where(mixed.max(axis=1) > 0.5)

    def place(self, traits: pd.DataFrame) -> pd.Series:
        """Return the persona of other traits."""
        return personas_of(self.clusterer.predict(align_traits(self.clusterer, traits)), traits.index)


def scores(before: Report, after: Report, **given) -> pd.DataFrame:
    """Return the score of every best pair, and whether it is true."""
    pairs = match_personas(
        before.personas, after.personas, profile_before=before.profile, profile_after=after.profile,
        least=0.0, **given,
    ).pairs  # fmt: skip
    known = pairs["before"].map(before.truth), pairs["after"].map(after.truth)
    return pairs.assign(true=known[0] == known[1])[known[0].notna() & known[1].notna()]


def world(customers: int, separation: float, seed: int, **odd) -> dict[str, pd.DataFrame]:
    """Return the scores of pairs per situation."""
    made = [
        simulate(
            customers=customers, separation=separation, days=240, seed=seed + other, world_seed=seed, **odd
        )
        for other in (0, 10_000)
    ]
    truths = [one.truth.drop_duplicates("customer_id").set_index("customer_id")["persona"] for one in made]
    events = made[0].events
    cut = events["timestamp"].min() + pd.Timedelta(days=180)
    without = {one: events["customer_id"].isin(truths[0].index[truths[0] != one]) for one in "ACDE"}
    early = Report(events[events["timestamp"] < cut], truths[0])
    late = Report(events, truths[0])
    lesser = Report(events[without["C"]], truths[0])
    replaced = Report(events[without["D"] & (events["timestamp"] < cut)], truths[0])
    first, last = Report(events[without["A"]], truths[0]), Report(events[without["E"]], truths[0])
    others = Report(made[1].events, truths[1])
    return {
        "later": scores(early, late, again=early.place(late.traits)),
        "later, by people alone": scores(early, late),
        "one persona left": scores(early, lesser, again=early.place(lesser.traits)),
        "one persona joined": scores(lesser, late, again=lesser.place(late.traits)),
        "one for another": scores(replaced, lesser, again=replaced.place(lesser.traits)),
        "one for another, at once": scores(first, last, again=first.place(last.traits)),
        "one for another, back": scores(last, first, again=last.place(first.traits)),
        "other people": scores(early, others, again=early.place(others.traits)),
        "other people, by profile": scores(early, _strangers(others)),
    }


def _strangers(report: Report) -> Report:
    """Give people other ids, so that nobody can be compared."""
    report.personas = report.personas.rename(lambda unit: f"x{unit}")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=300)
    parser.add_argument("--odd", action="store_true", help="sparse and odd worlds too")
    given = parser.parse_args()
    rows: dict[str, list[pd.DataFrame]] = {}
    for separation in (0.7, 1.0, 1.4):
        for seed in range(given.seed, given.seed + given.worlds):
            for name, table in world(given.customers, separation, seed).items():
                rows.setdefault(name, []).append(table.assign(separation=separation))
    for name, tables in rows.items():
        _print(name, pd.concat(tables))
    for name, odd in ODD_WORLDS.items() if given.odd else ():
        made = [
            world(given.customers, 1.0, seed, **odd) for seed in range(given.seed, given.seed + given.worlds)
        ]
        _print(f"{name} world, all situations", pd.concat([table for one in made for table in one.values()]))
    _thresholds(pd.concat([table for tables in rows.values() for table in tables]))


def _print(name: str, table: pd.DataFrame) -> None:
    for true, kind in ((True, "true"), (False, "other")):
        own = table.loc[table["true"] == true, ["overlap", "similarity", "score"]]
        figures = own.quantile([0.05, 0.5, 0.95]).round(2).to_dict("list") if len(own) else {}
        print(f"{name}: {len(own)} {kind} pairs, 5 %, median, 95 %: {figures}")


def _thresholds(table: pd.DataFrame) -> None:
    """Print what passes per threshold, for several weights of membership beside profile."""
    for weight in (0.25, 0.5, 0.75):
        joined = weight * table["overlap"] + (1 - weight) * table["similarity"]
        score = joined.where(table["overlap"].notna(), table["similarity"])
        for least in np.arange(0.4, 0.85, 0.05):
            passed = score >= least
            kept, wrong = passed[table["true"]].mean(), int(passed[~table["true"]].sum())
            others = int((~table["true"]).sum())
            print(
                f"weight {weight}, from {least:.2f}: {kept:.3f} of the true pairs, {wrong} of {others} others"
            )


if __name__ == "__main__":
    main()
