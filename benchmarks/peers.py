"""CPU time of what journeykit and retentioneering 5.2.4 both do, on the same log in the same run.

    python benchmarks/peers.py [--customers N]

The peer is installed into an environment of its own in the temporary folder (a network is needed the first
time), with its telemetry off (RETENTIONEERING_NO_TRACK). Each operation is measured in CPU seconds, in one
process per library; imports are not counted. The target is at most half of the peer's CPU.

load         three columns of Parquet: the peer reads them into its stream, journeykit maps and judges each row
load all     all columns of the same log, from which everything after is counted; the peer has no counterpart
sessions     visits with a gap of at most thirty minutes; journeykit also puts every unit's contacts in order
transitions  shares of the next touchpoint after each touchpoint
step matrix  share of each touchpoint at each of the first ten steps
funnel       how many reach each of three steps in order
features     per customer: number of contacts of each kind, length and duration
of stages    journeykit's own funnel: every stage on everybody's way, with intervals and times; no counterpart

Transitions, step matrix, funnel and features are the same counts over the ordered contacts, one expression each in
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
    theirs = told([python, "-c", PEER, str(narrow(folder)), json.dumps(STEPS)], quiet)
    ours = told(
        [sys.executable, __file__, "--task", "own", f"--customers={given.customers}"], dict(os.environ)
    )
    print(f"{'CPU seconds':14}{'journeykit':>12}{'retentioneering':>17}{'ratio':>8}")
    for name in dict.fromkeys([*ours, *theirs]):
        both = name in ours and name in theirs
        ratio = f"{ours[name] / theirs[name]:.2f}" if both else ""
        cells = [f"{side[name]:.2f}" if name in side else "–" for side in (ours, theirs)]
        print(f"{name:14}{cells[0]:>12}{cells[1]:>17}{ratio:>8}")


def narrow(folder):
    """Write the log with three columns, beside the whole one; return its folder."""
    import pandas as pd

    place = folder / "three" / "events"
    if not place.is_dir():
        place.mkdir(parents=True)
        columns = ["customer_id", "timestamp", "touchpoint"]
        pd.read_parquet(folder / "events", columns=columns).to_parquet(place / "0.parquet", index=False)
        client = (folder / "client.yml").read_text("utf-8")
        (place.parent / "client.yml").write_text(client, encoding="utf-8")
    return place


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

    three = read_client(narrow(folder).parent / "client.yml")
    timed("load", lambda: read_events(three).as_of("latest")).close()
    client = read_client(folder / "client.yml")
    log = timed("load all", lambda: read_events(client).as_of("latest"))
    table = timed("sessions", lambda: contacts(log))
    order = ibis.window(group_by="unit_id", order_by="order")
    after = table.mutate(after=table.touchpoint.lead().over(order))
    timed("transitions", lambda: after.group_by(["touchpoint", "after"]).aggregate(n=after.count()).execute())
    early = table.filter(table["order"] < 10)
    timed("step matrix", lambda: early.group_by(["order", "touchpoint"]).aggregate(n=early.count()).execute())
    timed("funnel", lambda: reached(table))
    timed("features", lambda: habits(table))
    timed("of stages", lambda: count_funnel(trace_paths(log)))
    timed("signals", lambda: measure_signals(log))
    noted["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return noted


def reached(table):
    """Return how many customers reach each of the steps, each after the one before."""
    import ibis

    rows = table.filter(table.touchpoint.isin(STEPS)).select("unit_id", "order", "touchpoint")
    so_far = ibis.window(group_by="unit_id", order_by="order", preceding=None, following=0)
    rows = rows.mutate(come=(rows.touchpoint == STEPS[0]).cast("int8").max().over(so_far))
    for step in STEPS[1:]:
        come = ibis.ifelse(rows.touchpoint == step, rows.come, ibis.literal(0, "int8")).max().over(so_far)
        rows = rows.mutate(**{f"before_{step}": rows.come}, come=come)
    names = [*(f"before_{step}" for step in STEPS[1:]), "come"]
    units = rows.group_by("unit_id").aggregate(**{name: rows[name].max() for name in names})
    return units.aggregate(**{name: units[name].sum() for name in names}).execute()


def habits(table):
    """Return per customer the number of contacts of each kind, of all, and the seconds from the first to the last."""
    import numpy as np
    import pandas as pd

    grouped = table.group_by(["unit_id", "touchpoint"])
    counted = grouped.aggregate(
        n=table.count(), first=table.timestamp.min(), last=table.timestamp.max()
    ).execute()
    unit, units = pd.factorize(counted["unit_id"])
    kind, kinds = pd.factorize(counted["touchpoint"], sort=True)
    wide = np.zeros((len(units), len(kinds)), np.int64)
    wide[unit, kind] = counted["n"]
    ends = counted.groupby(unit).agg(first=("first", "min"), last=("last", "max"))
    span = (ends["last"] - ends["first"]).dt.total_seconds().to_numpy()
    return pd.DataFrame(wide, index=units, columns=kinds).assign(length=wide.sum(axis=1), span=span)


if __name__ == "__main__":
    main()
