"""How results depend on constants that were set by measuring, over dense, sparse, short, long, bursty, seasonal worlds.

    python benchmarks/quality_sensitivity.py [--parts stages personas] [--constants PRIOR …] [--worlds sparse …]
    python benchmarks/quality_sensitivity.py --table     (the table of docs/method/sensitivity.md, from what was kept)

One factor at a time: of each constant two other values, a lower and a higher one, all else as it ships. A run is a
process of its own that reads the module with the other value, so that whatever is derived from a constant follows.
Every run is kept in the temporary folder under the text of its room, so that what did not change is not run again.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(tempfile.gettempdir()) / "journeykit-benchmarks" / "sensitivity"

WORLDS: dict[str, tuple[str, dict[str, Any]]] = {  # kind of world of other rules, and changes
    "dense": ("dense", {}),
    "sparse": ("sparse", {}),
    "short": ("dense", {"days": 75, "stage_days": 12.0}),
    "long": ("dense", {"days": 400, "stage_days": 60.0, "visits_per_day": 0.1}),
    "bursty": ("bursty", {}),
    "seasonal": ("seasonal", {}),
}


@dataclass(frozen=True)
class Constant:
    """A constant, where it stands, what it decides, and the values that are tried beside the one that ships."""

    name: str
    place: str
    tried: tuple[float, float]
    meaning: str

    @property
    def part(self) -> str:
        return self.place.split(".")[0]

    @property
    def module(self) -> str:
        return f"journeykit.{self.place}"


CONSTANTS = (
    Constant("PERIOD_DAYS", "stages.periods", (1, 4), "days of a step of the chain of stages"),
    Constant("STAY_LAPSED", "stages.hmm", (0.97, 0.995), "chance to stay lapsed for a period, at first"),
    Constant("PRIOR", "stages.hmm", (1.0, 10.0), "weight of what moves are like at first"),
    Constant("MIX", "stages.hmm", (0.1, 0.4), "share of touchpoints that fit no stage, at first"),
    Constant("WIDE", "stages.hmm", (1.0, 3.0), "spread of the visits of a period"),
    Constant("SILENT", "stages.hmm", (0.1, 0.6), "most visits of who lapsed, of the least active stage"),
    Constant("HINDSIGHT_PERIODS", "stages.teacher", (10, 42), "how far hindsight looks ahead"),
    Constant("SILENT_PERIODS", "stages.teacher", (7, 28), "silence after which hindsight says lapsed"),
    Constant("HALF_LIFE", "stages.teacher", (1.0, 6.0), "periods after which a vote counts half"),
    Constant("FROM_VOTES", "stages.teacher", (0.0, 0.5), "weight of the votes beside the chain"),
    Constant("DOUBT", "stages.reader", (0.15, 0.6), "smoothing of what was read"),
    Constant("SHARPEN", "stages.classifier", (1.0, 2.5), "sharpening of the student"),
    Constant("BOUND", "personas.space", (2.5, 8.0), "deviations at which a trait is cut"),
    Constant("STABLE", "personas.choosing", (0.4, 0.75), "least Jaccard of a stable persona"),
    Constant("LEAST_DISTANCE", "personas.certificate", (2.0, 5.0), "deviations above chance"),
    Constant("FAR", "personas.clusterer", (0.99, 0.9999), "quantile beyond which nobody is placed"),
    Constant("PRIOR_CONTACTS", "personas.mixture", (1.0, 10.0), "weight of everybody's shares in a class's"),
    Constant("FIRST_PRECISION", "personas.mixture", (5.0, 50.0), "precision of a class, at first"),
    Constant("LEAST_GAIN", "personas.classes", (0.05, 0.2), "nats a person beyond chance"),
    Constant("LEAST_AGREEMENT", "personas.classes", (0.35, 0.65), "agreement of halves"),
    Constant("LEAST_CHANCE", "personas.classes", (0.65, 0.9), "probability from which somebody is placed"),
    Constant("LEAST_OVERLAP", "personas.halves", (0.35, 0.65), "Jaccard of a class between halves"),
    Constant("PRIOR_MIX", "stages.persona_learning", (15.0, 150.0), "contacts a stage that say what votes say"),
    Constant("PRIOR_TILT", "stages.persona_learning", (10.0, 90.0), "contacts a persona that are like everybody's"),
    Constant("PRIOR_MOVES", "stages.persona_learning", (0.05, 0.8), "moves that go as at first"),
    Constant("STUDENT_SHARE", "stages.reader", (0.0, 0.7), "the student beside the chain that knows personas"),
)  # fmt: skip


# Reading a module with another value ---------------------------------------------------------------


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module and reads it with another value of a constant."""

    def __init__(self, module: str, name: str, value: float) -> None:
        self.module, self.name, self.value = module, name, value

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.module:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path)
        return importlib.util.spec_from_file_location(fullname, found.origin, loader=self) if found else None

    def create_module(self, spec):
        return None

    def exec_module(self, module) -> None:
        tree = ast.parse(Path(module.__spec__.origin).read_text("utf-8"))
        exec(compile(changed(tree, self.name, self.value), module.__spec__.origin, "exec"), module.__dict__)


def changed(tree: ast.Module, name: str, value: float) -> ast.Module:
    """Return a module in which a constant at its top has another value.

    >>> ast.unparse(changed(ast.parse("A, B = 1, 2"), "B", 5))
    'A, B = (1, 5)'
    """
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id == name:
            node.value = ast.copy_location(ast.Constant(value), node.value)
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            for place, one in enumerate(target.elts):
                if isinstance(one, ast.Name) and one.id == name:
                    node.value.elts[place] = ast.copy_location(ast.Constant(value), node.value)
    return tree


def shipped(constant: Constant) -> str | None:
    """Return the text of the value that ships; None where there is no such constant (any more)."""
    path = ROOT / (constant.module.replace(".", "/") + ".py")
    for node in ast.parse(path.read_text("utf-8")).body if path.is_file() else ():
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Name) and target.id == constant.name:
                return ast.unparse(value)
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                names = [one.id for one in target.elts if isinstance(one, ast.Name)]
                if constant.name in names:
                    return ast.unparse(value.elts[names.index(constant.name)])
    return None


# Runs ----------------------------------------------------------------------------------------------


def run(part: str, world: str, customers: int, seed: int) -> dict[str, float]:
    """Return the scores of one part on one world."""
    from other_worlds import make_world

    kind, changes = WORLDS[world]
    made = make_world(kind, seed, customers, **changes)
    return _stages(made) if part == "stages" else _personas(made)


def _stages(made) -> dict[str, float]:
    import numpy as np
    import pandas as pd

    from journeykit.stages import infer_stages
    from journeykit.stages.evaluation import score

    table = infer_stages(made.log()).table
    truth = pd.Index(made.states).get_indexer(made.stages_at(made.truth["at"].max()).reindex(table.index))
    base = np.bincount(truth, minlength=len(made.states)) / len(truth)
    told = score(table[[f"p_{state}" for state in made.states]].to_numpy(), truth, base)
    return {"f1": told["macro_f1"], "skill": told["log_loss_skill"]}


def _personas(made) -> dict[str, float]:
    from sklearn.metrics import adjusted_rand_score

    from journeykit.features import measure_traits
    from journeykit.personas import PersonaClusterer

    traits = measure_traits(made.log())
    clusterer = PersonaClusterer().fit(traits)
    truth = made.personas().reindex(traits.index).to_numpy()
    everybody = clusterer.predict_proba(traits).argmax(axis=1)
    return {"ari": adjusted_rand_score(truth, everybody), "placed": float((clusterer.labels_ >= 0).mean())}


def key_of(constant: Constant | None, value: float | None, part: str, world: str, given) -> Path:
    """Return the file that keeps a run: named by all that decides its result."""
    text = "".join(path.read_text("utf-8") for path in sorted(ROOT.glob(f"journeykit/{part}/*.py")))
    about = (
        text,
        constant and (constant.module, constant.name),
        value,
        part,
        WORLDS[world],
        given.customers,
        given.seed,
    )
    return CACHE / f"{hashlib.sha256(repr(about).encode()).hexdigest()[:20]}.json"


def measured(
    constant: Constant | None, value: float | None, part: str, world: str, given
) -> dict[str, float] | None:
    """Return the scores of a run in a process of its own, kept from before where nothing changed."""
    path = key_of(constant, value, part, world, given)
    if path.is_file():
        return json.loads(path.read_text("utf-8"))
    if given.table:
        return None
    command = [
        sys.executable,
        __file__,
        "--task",
        part,
        world,
        "--customers",
        str(given.customers),
        "--seed",
        str(given.seed),
    ]
    if constant:
        command += ["--change", constant.module, constant.name, repr(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        print(
            f"{constant and constant.name} = {value} on {world}: {done.stderr.splitlines()[-1:]}", flush=True
        )
        return None
    CACHE.mkdir(parents=True, exist_ok=True)
    path.write_text(done.stdout.splitlines()[-1], "utf-8")
    return json.loads(path.read_text("utf-8"))


def rows_of(part: str, given) -> list[list[str]]:
    """Return the rows of the table of a part: the scores as shipped, then what each other value changes."""
    usual = {world: measured(None, None, part, world, given) for world in given.worlds}
    rows = [["as shipped", "", *(_plain(usual[world]) for world in given.worlds)]]
    for constant in CONSTANTS:
        now = shipped(constant)
        if constant.part != part or now is None or (given.constants and constant.name not in given.constants):
            continue
        for value in constant.tried:
            told = [measured(constant, value, part, world, given) for world in given.worlds]
            cells = [_change(one, usual[world]) for one, world in zip(told, given.worlds, strict=True)]
            rows.append([f"`{constant.name}` ({constant.meaning})", f"{now} → {value:g}", *cells])
            print("| " + " | ".join(rows[-1]) + " |", flush=True)
    return rows


def _plain(scores: dict[str, float] | None) -> str:
    return "–" if scores is None else " / ".join(f"{value:.2f}" for value in scores.values())


def _change(scores: dict[str, float] | None, usual: dict[str, float] | None) -> str:
    if scores is None or usual is None:
        return "–"
    return " / ".join(f"{scores[name] - usual[name]:+.2f}" for name in usual)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=["stages", "personas"], default=["stages", "personas"])
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--constants", nargs="+", choices=sorted({one.name for one in CONSTANTS}))
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--seed", type=int, default=40)
    parser.add_argument("--table", action="store_true", help="only what was measured before")
    parser.add_argument("--task", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--change", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        if given.change:
            module, name, value = given.change
            sys.meta_path.insert(0, _Changed(module, name, ast.literal_eval(value)))
        warnings.simplefilter("ignore")
        print(json.dumps(run(*given.task, given.customers, given.seed)))
        return
    for part in given.parts:
        rows = rows_of(part, given)
        print(
            f"\n{part}: "
            + ("macro-F1 / log-loss skill" if part == "stages" else "ARI of everybody / share placed")
        )
        for row in [["constant", "value", *given.worlds], ["---"] * (2 + len(given.worlds)), *rows]:
            print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
