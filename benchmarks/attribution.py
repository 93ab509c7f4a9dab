"""Markov and Shapley attribution beside published implementations, on the example paths of the package `mta`.

    python benchmarks/attribution.py [--peer ChannelAttribution]

`mta` (MIT) is installed into an environment of its own in the temporary folder, which needs a network the first
time; journeykit does not depend on it. Its example, 3,456 distinct paths over twelve channels, is read by both.
The peer finds removal effects by drawing paths from the chain (30,000 here per channel), journeykit solves
them: the difference is that draw's chance, which the last column gives. Shapley values need no draw and must be
equal. `ChannelAttribution` draws more paths and is nearer; it is built from source, which takes a few minutes
the first time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import venv
from pathlib import Path

from journeykit.journeys.attribution import count_moves, markov_removal, removal_effects, shapley_values

CACHE = Path(tempfile.gettempdir()) / "journeykit-benchmarks"
DRAWS = 30_000
MTA = f"""
import contextlib, io, json, sys, mta
import numpy as np
np.random.seed(0)
with contextlib.redirect_stdout(io.StringIO()):
    model = mta.MTA()
    moves = model.transition_matrix()
    drawn = {{name: model.simulate_path(moves, drop_channel=name, n={DRAWS}) for name in (None, *model.channels)}}
    model.shapley(normalize=True)
whole = drawn[None][model.CONV]
print(json.dumps({{
    "paths": [(list(row.path), int(row.total_conversions), int(row.total_null)) for row in model.data.itertuples()],
    "effects": {{name: 1 - drawn[name].get(model.CONV, 0) / whole for name in model.channels}},
    "shapley": dict(model.attribution["shapley"]), "rate": whole / {DRAWS},
}}))
"""
CHANNEL_ATTRIBUTION = """
import contextlib, io, json, sys, pandas as pd, ChannelAttribution
rows = pd.DataFrame(json.load(open(sys.argv[1])), columns=["path", "conversions", "nulls"])
with contextlib.redirect_stdout(io.StringIO()):
    found = ChannelAttribution.markov_model(rows, "path", "conversions", var_null="nulls", nsim_start=1e6,
                                            out_more=True, verbose=False, flg_pro=False)
table = found["removal_effects"]
print(json.dumps({"effects": dict(zip(table.iloc[:, 0], table.iloc[:, 1]))}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--peer", choices=["mta", "ChannelAttribution"], default="mta", help="whose Markov effects"
    )
    given = parser.parse_args()
    told = run(peer("mta", "0.0.9"), MTA)
    paths = told["paths"]
    both = [(path, True, won) for path, won, _ in paths] + [(path, False, lost) for path, _, lost in paths]
    channels = sorted({channel for path, _, _ in paths for channel in path})
    own = dict(zip(channels, removal_effects(count_moves(both, channels)).tolist(), strict=True))
    other, noise = told["effects"], chance(told["rate"])
    if given.peer == "ChannelAttribution":
        other, noise = channel_attribution(paths), float("nan")
    show(own, other, noise, given.peer)
    shapley(paths, told["shapley"])
    print(
        f"Markov shares: {', '.join(f'{name} {share:.3f}' for name, share in markov_removal(both).items())}"
    )


def show(own: dict[str, float], other: dict[str, float], noise: float, peer_name: str) -> None:
    print(f"{'removal effect of':20}{'journeykit':>12}{peer_name:>20}{'difference':>12}{'sd of a draw':>14}")
    for name, effect in own.items():
        print(f"{name:20}{effect:12.4f}{other[name]:20.4f}{effect - other[name]:12.4f}{noise:14.4f}")
    print(f"largest difference {max(abs(effect - other[name]) for name, effect in own.items()):.4f}")


def shapley(paths: list, other: dict[str, float]) -> None:
    sets: dict[frozenset[str], float] = {}
    for path, won, _ in paths:
        sets[frozenset(path)] = sets.get(frozenset(path), 0.0) + won
    own, whole = shapley_values(sets), sum(other.values())
    print(f"largest difference of a Shapley share {max(abs(own[k] - other[k] / whole) for k in own):.6f}")


def chance(rate: float) -> float:
    """Return the standard deviation of a removal effect that is found with so many draws, at most."""
    return float((2 * (1 - rate) / (rate * DRAWS)) ** 0.5)


def channel_attribution(paths: list) -> dict[str, float]:
    rows = CACHE / "mta-paths.json"
    rows.write_text(json.dumps([(" > ".join(path), won, lost) for path, won, lost in paths]))
    return run(peer("ChannelAttribution", "2.2.5", "matplotlib"), CHANNEL_ATTRIBUTION, str(rows))["effects"]


def peer(name: str, version: str, *more: str) -> Path:
    """Return the Python of an environment that holds a peer, made when it is not there."""
    folder = CACHE / f"{name}-{version}"
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        CACHE.mkdir(exist_ok=True)
        venv.create(folder, with_pip=True, clear=True)
        wanted = [f"{name}=={version}", *more]
        done = subprocess.run(
            [python, "-m", "pip", "install", "-q", *wanted], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{name} could not be installed:\n{done.stderr.strip()[-600:]}")
        (folder / "ready").touch()
    return python


def run(python: Path, code: str, *arguments: str) -> dict:
    done = subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
