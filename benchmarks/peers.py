"""CPU time of what journeykit and retentioneering 5.2.4 both do, on the same log in the same run.

    python benchmarks/peers.py [--customers N]

The peer is installed into an environment of its own in the temporary folder (a network is needed the first
time), with its telemetry off (RETENTIONEERING_NO_TRACK). Each operation is measured in CPU seconds, in one
process per library; imports are not counted. The target is at most half of the peer's CPU.

load         the peer reads Parquet into its stream; journeykit reads, maps and checks, and judges each row
sessions     visits with a gap of at most thirty minutes; journeykit also puts every unit's contacts in order
transitions  shares of the next touchpoint after each touchpoint
step matrix  share of each touchpoint at each of the first ten steps
funnel       how many reach each of three steps in order; journeykit: every stage, each with its interval and time
features     per customer: number of contacts of each kind, length and duration

Transitions, step matrix and features are the same counts over the ordered contacts, one expression each in
journeykit's engine: journeykit's own tables are about stages. `signals` has no counterpart: what journeykit
measures of each customer.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

from attribution import CACHE, peer
from journeys import made

VERSION = "5.2.4"
STEPS = ("ad_impression", "compare_items", "purchase")
PEER = """
import json, resource, sys, time
import pandas as pd, retentioneering as r
noted = {}
def timed(name, work):
    begun, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    found = work()
    ended = resource.getrusage(resource.RUSAGE_SELF)
    noted[name] = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
    return found
def load():
    frame = pd.read_parquet(sys.argv[1], columns=["customer_id", "touchpoint", "timestamp"])
    frame = frame.rename(columns={"customer_id": "user_id", "touchpoint": "event"})
    return r.Eventstream(frame)
stream = timed("load", load)
timed("sessions", lambda: stream.split_sessions(timeout="30m").to_dataframe())
timed("transitions", lambda: stream.transition_graph_data())
timed("step matrix", lambda: stream.step_matrix_data(max_steps=10))
timed("funnel", lambda: stream.funnel_data(steps=json.loads(sys.argv[2])))
wanted = [{"metric": "event_count_bulk"}, {"metric": "length"}, {"metric": "duration"}]
timed("features", lambda: stream.get_metrics(wanted))
noted["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(noted))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--task", default="")
    given = parser.parse_args()
    folder = made(given.customers)
    if given.task:
        print(json.dumps(own(folder)))
        return
    python = peer("retentioneering", VERSION)
    home = CACHE / "retentioneering-home"
    home.mkdir(exist_ok=True)
    quiet = os.environ | {"RETENTIONEERING_NO_TRACK": "1", "HOME": str(home)}
    theirs = told([python, "-c", PEER, str(folder / "events"), json.dumps(STEPS)], quiet)
    ours = told(
        [sys.executable, __file__, "--task", "own", f"--customers={given.customers}"], dict(os.environ)
    )
    print(f"{'CPU seconds':14}{'journeykit':>12}{'retentioneering':>17}{'ratio':>8}")
    for name in dict.fromkeys([*ours, *theirs]):
        both = name in ours and name in theirs
        ratio = f"{ours[name] / theirs[name]:.2f}" if both else ""
        cells = [f"{side[name]:.2f}" if name in side else "–" for side in (ours, theirs)]
        print(f"{name:14}{cells[0]:>12}{cells[1]:>17}{ratio:>8}")


def told(command: list, environment: dict) -> dict[str, float]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def own(folder) -> dict[str, float]:
    """Return the CPU seconds of each operation in journeykit."""
    import ibis

    from journeykit import read_client, read_events
    from journeykit.features import measure_signals
    from journeykit.journeys import trace_paths
    from journeykit.journeys.steps import count_funnel
    from journeykit.sessions import contacts

    noted: dict[str, float] = {}

    def timed(name: str, work):
        begun = time.process_time()
        found = work()
        noted[name] = time.process_time() - begun
        return found

    client = read_client(folder / "client.yml")
    log = timed("load", lambda: read_events(client).as_of("latest"))
    table = timed("sessions", lambda: contacts(log))
    order = ibis.window(group_by="unit_id", order_by="order")
    after = table.mutate(after=table.touchpoint.lead().over(order))
    timed("transitions", lambda: after.group_by(["touchpoint", "after"]).aggregate(n=after.count()).execute())
    early = table.filter(table["order"] < 10)
    timed("step matrix", lambda: early.group_by(["order", "touchpoint"]).aggregate(n=early.count()).execute())
    timed("funnel", lambda: count_funnel(trace_paths(log)))
    kinds = sorted(table.select("touchpoint").distinct().execute()["touchpoint"])
    counts = {kind: (table.touchpoint == kind).sum() for kind in kinds}
    span = table.timestamp.max().delta(table.timestamp.min(), unit="second")
    timed(
        "features",
        lambda: table.group_by("unit_id").aggregate(length=table.count(), span=span, **counts).execute(),
    )
    timed("signals", lambda: measure_signals(log))
    noted["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return noted


if __name__ == "__main__":
    main()
