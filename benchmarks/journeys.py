"""How long all tables of the journeys take, and how much memory.

    python benchmarks/journeys.py [--customers N]

Simulated customers of ten contacts each on average (500,000 by default, five million events; made once and kept in the
temporary folder). Reading the events, putting the contacts in order and counting every table, persona by persona, are
measured in a process of their own. Who was in which stage is given, as the weekly truth: inferring it is measured by
`stages.py`. Target for all but reading: 60 s and 4 GB on two cores. CPU seconds hold with other programs at work.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from _measuring import in_a_process, measured

CACHE = Path(tempfile.gettempdir()) / "journeykit-benchmarks"
PART = 20_000  # customers that are simulated at a time
DAYS, VISITS = 180, 0.045


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--task", default="")
    given = parser.parse_args()
    if given.task:
        print(json.dumps(count(made(given.customers))))
        return
    made(given.customers)
    told = in_a_process(__file__, "count", given, ("customers",))
    print(
        f"{told['events']:,} events of {given.customers:,} customers; {told['rows']:,} rows in {told['tables']} tables"
    )
    print(f"{'':22}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    for part in ("reading", "contacts", "tables"):
        figures = [told[f"{part}_{name}"] for name in ("seconds", "cpu", "peak_mb")]
        print(f"{part:22}{figures[0]:9.1f}{figures[1]:9.1f}{figures[2]:9.0f}")
    for name, seconds in told["slowest"]:
        print(f"  {name:20}{seconds:9.1f}")


def made(customers: int) -> Path:
    """Write the events and the truth of so many customers, where they are not there yet; return their folder."""
    from journeykit.simulate import simulate

    folder = CACHE / f"journeys-{customers}"
    if (folder / "client.yml").is_file():
        return folder
    (folder / "events").mkdir(parents=True, exist_ok=True)
    (folder / "truth").mkdir(exist_ok=True)
    for seed, start in enumerate(range(0, customers, PART)):
        part = simulate(
            customers=min(PART, customers - start), days=DAYS, personas=4, seed=seed, world_seed=0,
            sessions_per_day=VISITS,
        )  # fmt: skip
        for name, frame in (("events", part.events), ("truth", part.truth)):
            frame = frame.assign(customer_id=f"{seed}-" + frame["customer_id"])
            frame = frame.drop(columns="referrer_id", errors="ignore")
            frame.to_parquet(folder / name / f"{seed:04}.parquet", index=False)
        del part, frame
    (folder / "client.yml").write_text(
        "id: journeys\nname: Journeys\nstage_model: universal\nevents: [{path: events}]\n", encoding="utf-8"
    )
    return folder


def count(folder: Path) -> dict:
    """Read, order and count; return the figures of each."""
    from journeykit import map_journeys, read_client, read_events
    from journeykit.sessions import contacts

    client = read_client(folder / "client.yml")
    log, reading = measured(lambda: read_events(client).as_of("latest"))
    personas, stages, stretches = lived(folder, client.model.ids)
    _, ordering = measured(lambda: contacts(log).count().execute())
    timed = clock()
    journeys, counting = measured(lambda: map_journeys(log, personas, stages, inferred=stretches))
    tables = journeys.tables()
    parts = {"reading": reading, "contacts": ordering, "tables": counting}
    figures = {f"{part}_{name}": value for part, told in parts.items() for name, value in told.items()}
    rows = sum(map(len, tables.values()))
    slowest = sorted(timed.items(), key=lambda item: -item[1])[:6]
    return figures | {"events": log.count(), "tables": len(tables), "rows": rows, "slowest": slowest}


def clock() -> dict[str, float]:
    """Make each function that counts a table note its wall time, and return where it notes it."""
    from journeykit.journeys import mapping

    noted: dict[str, float] = {}

    def timed(name: str, work):
        def run(*given, **more):
            started = time.perf_counter()
            found = work(*given, **more)
            noted[name] = noted.get(name, 0.0) + time.perf_counter() - started
            return found

        return run

    for name in [name for name, part in vars(mapping).items() if callable(part) and name != "map_journeys"]:
        if (
            getattr(getattr(mapping, name), "__module__", "").startswith("journeykit.journeys")
            and name[0].islower()
        ):
            setattr(mapping, name, timed(name, getattr(mapping, name)))
    return noted


def lived(folder: Path, ids: tuple[str, ...]):
    """Return everybody's persona, where everybody is at the end, and who was where from week to week."""
    import pandas as pd

    truth = pd.read_parquet(folder / "truth").sort_values(["customer_id", "at"], ignore_index=True)
    last = truth.groupby("customer_id").last()
    personas = last["persona"].map(lambda letter: f"p{ord(letter) - 64}")
    chances = pd.DataFrame(
        {f"p_{stage}": (last["stage"] == stage).astype(float) for stage in (*ids, "lapsed")}
    )
    begins = (truth["stage"] != truth["stage"].shift()) | (
        truth["customer_id"] != truth["customer_id"].shift()
    )
    spell = begins.cumsum()
    until = truth["at"] + pd.Timedelta(days=1)
    since = until.groupby(truth["customer_id"]).shift().fillna(until - pd.Timedelta(days=7))  # none overlap
    stretches = pd.DataFrame({
        "unit_id": truth.groupby(spell)["customer_id"].first(), "stage": truth.groupby(spell)["stage"].first(),
        "from_at": since.groupby(spell).first(), "until_at": until.groupby(spell).last(),
    })  # fmt: skip
    return personas, chances.assign(stage=last["stage"]), stretches


if __name__ == "__main__":
    main()
