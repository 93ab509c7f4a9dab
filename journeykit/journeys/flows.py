"""Flows: how many units go from each stage to which, as the first, second, third … stage of their path."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journeykit.journeys.paths import ALL, Paths, per_persona
from journeykit.journeys.steps import hold_back, personas_of, units_of
from journeykit.stage_models import LAPSED

__all__ = ["MOST_PLACES", "STAYS", "count_flows"]

MOST_PLACES = 6  # the stages of a path that are followed, from its beginning
STAYS = "stay"
COLUMNS = ["persona", "place", "from", "to", "count", "share", "held_back"]


def count_flows(paths: Paths) -> pd.DataFrame:
    """Count moves by their place in the path: from the first stage to the second, from the second to the third …

    Unlike the transitions, which take every move out of a stage together, these tell what comes first: a unit is
    counted once at each place.

    Returns
    -------
    pandas.DataFrame
        `persona, place, from, to, count, share, held_back`. `place` counts from 1, to `MOST_PLACES`. `to` is the next
        stage; `lapsed` for those who are expected to have gone from there (the sum of their probabilities, rounded);
        `stay` for the others, who are still in the stage. `share` is of all units of the persona. Rows of a stage
        that fewer than the smallest group entered at that place are held back.
    """
    moves = pd.concat([_moves(paths), _ends(paths)], ignore_index=True)
    if moves.empty:
        return pd.DataFrame(columns=COLUMNS)
    moves = moves.groupby(["persona", "place", "from", "to"], as_index=False, sort=False)["count"].sum()
    whole = {who: len(units_of(paths, who)) for who in personas_of(paths)}
    moves["share"] = moves["count"] / moves["persona"].map(whole)
    entered = moves.groupby(["persona", "place", "from"])["count"].transform("sum")
    moves["count"] = moves["count"].round()
    held = hold_back(moves, entered.round() < paths.min_group, ("persona", "place", "from", "to"))
    place = {name: at for at, name in enumerate([*paths.stages, LAPSED, STAYS])}
    who = {name: at for at, name in enumerate(personas_of(paths))}
    order = {"persona": who.get, "from": place.get, "to": place.get}
    by = ["persona", "place", "from", "to"]
    ordered = held.sort_values(by, key=lambda column: column.map(order.get(column.name, int)), kind="stable")
    return ordered[COLUMNS].reset_index(drop=True)


def _placed(paths: Paths) -> Any:
    """Return the first few entries of each unit."""
    return paths.entries.filter(paths.entries.place <= MOST_PLACES)


def _moves(paths: Paths) -> pd.DataFrame:
    moved = per_persona(_placed(paths))
    moved = moved.filter(moved.next_position.notnull() & (moved.place < MOST_PLACES))
    counted = moved.group_by(["persona", "place", "position", "next_position"]).aggregate(count=moved.count())
    frame = counted.execute()
    return pd.DataFrame({
        "persona": frame["persona"], "place": frame["place"], "from": paths.stage_names(frame["position"]),
        "to": paths.stage_names(frame["next_position"]), "count": frame["count"].astype(float),
    })  # fmt: skip


def _ends(paths: Paths) -> pd.DataFrame:
    """Count those whose path ends at a place: gone, or still there; at the last place everyone is still there."""
    placed = _placed(paths)
    last = placed.filter(placed.next_position.isnull() | (placed.place == MOST_PLACES))
    frame = last.select("unit_id", "place", "position", "next_position").execute()
    known = frame.join(paths.units[["persona", "p_lapsed"]], on="unit_id")
    followed = known["next_position"].isna() & (known["place"] < MOST_PLACES)
    gone = known["p_lapsed"].fillna(0.0).where(followed, 0.0)
    named = known.assign(stage=paths.stage_names(known["position"]), gone=gone, stays=1 - gone)
    rows = []
    for who in personas_of(paths):
        own = named if who == ALL else named[named["persona"] == who]
        for (place, stage), each in own.groupby(["place", "stage"]):
            rows += [
                (who, place, stage, LAPSED, each["gone"].sum()),
                (who, place, stage, STAYS, each["stays"].sum()),
            ]
    ends = pd.DataFrame(rows, columns=["persona", "place", "from", "to", "count"])
    return ends[ends["count"] >= 0.5]
