"""Steps between stages: transitions, funnel, time in stage, drop-off, steps back, and where everyone is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import numpy as np
import pandas as pd

from journeykit.facts import count_evidence
from journeykit.journeys.misreading import interval_as_read
from journeykit.journeys.paths import ALL, Paths, per_persona
from journeykit.journeys.statistics import kaplan_meier
from journeykit.stage_models import LAPSED

__all__ = [
    "count_back_steps",
    "count_drop_off",
    "count_funnel",
    "count_transitions",
    "hold_back",
    "personas_of",
    "time_in_stages",
]

START = "start"


def personas_of(paths: Paths) -> list[str]:
    """Return `all` and the personas, in order."""
    return [ALL, *sorted(paths.units["persona"].dropna().unique(), key=lambda name: (len(name), name))]


def units_of(paths: Paths, persona: str) -> pd.DataFrame:
    """Return the units of a persona, or everyone's."""
    return paths.units if persona == ALL else paths.units[paths.units["persona"] == persona]


def hold_back(table: pd.DataFrame, small: Any, ids: Sequence[str]) -> pd.DataFrame:
    """Blank the figures of groups that are too small to show, and say so in `held_back`.

    Parameters
    ----------
    small
        Per row, whether the group is too small.
    ids
        The columns that stay: what the row is about.
    """
    small = np.asarray(small, dtype=bool)
    shown = table.copy()
    for column in shown.columns.difference(list(ids)):
        if pd.api.types.is_bool_dtype(shown[column]) or not pd.api.types.is_numeric_dtype(shown[column]):
            shown[column] = shown[column].astype(object).where(~small, None)
        else:
            shown[column] = shown[column].astype(float).where(~small)
    return shown.assign(held_back=small)


def count_transitions(paths: Paths) -> pd.DataFrame:
    """Count moves from stage to stage on the marker path.

    Returns
    -------
    pandas.DataFrame
        `persona, from, to, count, share, low, high, days_median, after_pause, held_back`. `from` is `start` for the
        first stage that a unit shows. `to` is `lapsed` for those who are expected to have gone from there: the sum
        of their probabilities, rounded. `share` is of all departures from `from`; the interval allows for inferring;
        days are the median among those who moved. `after_pause`: how many of the moves follow on a pause (a
        silence of more than `Paths.pause_days`): who comes back to an earlier stage then has not stepped back.
    """
    moves = pd.concat([_moves(paths), _first_stages(paths), _lapses(paths)], ignore_index=True)
    departures = (
        moves.groupby(["persona", "from"])["count"].transform("sum") if len(moves) else moves["count"]
    )
    moves["share"] = moves["count"] / departures.where(departures > 0)
    moves["low"], moves["high"] = interval_as_read(paths, "moved", moves["count"], departures)
    moves["count"] = moves["count"].round()
    held = hold_back(moves, departures < paths.min_group, ("persona", "from", "to"))
    columns = [
        "persona",
        "from",
        "to",
        "count",
        "share",
        "low",
        "high",
        "days_median",
        "after_pause",
        "held_back",
    ]
    return _in_order(held[columns], [START, *paths.stages, LAPSED])


def _in_order(table: pd.DataFrame, stages: Sequence[str]) -> pd.DataFrame:
    """Return rows in the order of personas and stages."""
    place = {name: at for at, name in enumerate(stages)}
    by = [column for column in ("persona", "stage", "from", "to") if column in table]
    keys = {"persona": _persona_place}
    ordered = table.sort_values(by, key=lambda c: c.map(keys.get(c.name, place.get)), kind="stable")
    return ordered.reset_index(drop=True)


def _persona_place(persona: str) -> int:
    digits = "".join(letter for letter in str(persona) if letter.isdigit())
    return -1 if persona == ALL else int(digits or 0)


def _moves(paths: Paths) -> pd.DataFrame:
    moved = per_persona(paths.entries.filter(paths.entries.next_position.notnull()))
    moved = moved.mutate(days=moved.next_at.delta(moved["at"], unit="millisecond") / 86_400_000.0)
    counted = moved.group_by(["persona", "position", "next_position"]).aggregate(
        count=moved.count(),
        days_median=moved.days.median(),
        after_pause=moved.next_paused.cast("int64").sum(),
    )
    frame = counted.execute()
    frame["from"], frame["to"] = (
        paths.stage_names(frame["position"]),
        paths.stage_names(frame["next_position"]),
    )
    named = ["persona", "from", "to", "count", "days_median", "after_pause"]
    return frame[named].astype({"count": float, "after_pause": float})


def _first_stages(paths: Paths) -> pd.DataFrame:
    firsts = per_persona(paths.entries.filter(paths.entries.before.isnull()))
    frame = firsts.group_by(["persona", "position"]).aggregate(count=firsts.count()).execute()
    to = paths.stage_names(frame["position"])
    return pd.DataFrame(
        {"persona": frame["persona"], "from": START, "to": to, "count": frame["count"].astype(float)}
    )


def _lapses(paths: Paths) -> pd.DataFrame:
    rows = []
    for persona in personas_of(paths):
        expected = units_of(paths, persona).groupby("here")["p_lapsed"].sum()
        rows += [(persona, paths.stages[int(at)], LAPSED, float(n)) for at, n in expected.items() if n >= 0.5]
    return pd.DataFrame(rows, columns=["persona", "from", "to", "count"])


def count_funnel(paths: Paths) -> pd.DataFrame:
    """Count how many units reach each stage.

    Returns
    -------
    pandas.DataFrame
        `persona, stage, reached, recorded, share_of_start, share_of_previous, low, high, days_median, been,
        skipped_share, skipped_low, skipped_high, held_back`. `reached`: units that came to the stage or a later one;
        `recorded`: those of whom a contact shows it. Where stages are inferred the two may differ: some were never
        recorded, and some contacts do not fit.
        `share_of_start` is of all units, with its interval in `low` and `high`; `share_of_previous` of those
        who reached the stage before. `days_median`: from the stage before to this one or a later one (Kaplan-Meier; who
        has not come so far is censored). `skipped_share`: of those whose way came so far, the
        share that never showed the stage itself; who is only proved by buying to have been there has no such
        way. Of a stage that the data cannot show every figure is null, and `before` means the last one before
        it that they can.
    """
    been, on_way = _been(paths.visits), _been(paths.entries)
    waits = _waits(paths, paths.levels)
    seen = _observable(paths, been)
    rows = [
        _funnel_row(
            paths, been, on_way, waits, who, at, max((place for place in seen if place < at), default=None)
        )
        for who in personas_of(paths)
        for at in range(len(paths.stages))
    ]
    table = pd.DataFrame(rows)
    table["low"], table["high"] = interval_as_read(paths, "reached", table["reached"], table["start"])
    shown = table["position"].map(lambda at: (ALL, at) in been.index)
    base = table["came"].where((table["reached"] >= paths.min_group) & shown)
    skipped = (table["came"] - table["on_way"]).clip(lower=0)
    table["skipped_share"] = skipped / base
    table["skipped_low"], table["skipped_high"] = interval_as_read(paths, "skipped", skipped, base)
    table = table.drop(columns=["came", "on_way"])
    figures = table.columns.difference(["persona", "stage", "position", "start"])
    table[figures] = table[figures].astype(float).where(table["position"].isin(seen))
    columns = (
        "persona stage reached recorded share_of_start share_of_previous low high days_median been skipped_share "
        "skipped_low skipped_high"
    ).split()
    return hold_back(table[columns], table["start"] < paths.min_group, ("persona", "stage"))


def _been(visits: Any) -> pd.Series:
    entered = per_persona(visits)
    counted = entered.group_by(["persona", "position"]).aggregate(been=entered.unit_id.nunique()).execute()
    return counted.set_index(["persona", "position"])["been"]


def _observable(paths: Paths, been: pd.Series) -> list[int]:
    """Return the positions of the stages that the data can show."""
    shown = count_evidence(paths.model, paths.contacts)["observable"]
    return [at for at, one in enumerate(shown) if one or (ALL, at) in been.index]


def _funnel_row(
    paths: Paths,
    been: pd.Series,
    on_way: pd.Series,
    waits: dict,
    persona: str,
    position: int,
    before: int | None,
) -> dict[str, Any]:
    units = units_of(paths, persona)
    furthest = units["furthest"]
    start, reached = len(furthest), int((furthest >= position).sum())
    previous = start if before is None else int((furthest >= before).sum())
    wait = waits.get((persona, before))
    return {
        "persona": persona,
        "stage": paths.stages[position],
        "position": position,
        "start": start,
        "reached": reached,
        "recorded": int((units["recorded"] >= position).sum()),
        "share_of_start": reached / start if start else np.nan,
        "share_of_previous": reached / previous if previous >= paths.min_group else np.nan,
        "days_median": wait.median if wait and wait.followed >= paths.min_group else np.nan,
        "been": int(been.get((persona, position), 0)),
        "came": int((units["way_furthest"] >= position).sum()),
        "on_way": int(on_way.get((persona, position), 0)),
    }


def _waits(paths: Paths, spells: Any) -> dict:
    """Return the Kaplan-Meier time from each row to its next, per persona and position."""
    spells = spells.mutate(
        moved=spells.next_at.notnull(),
        days=spells.next_at.delta(spells["at"], unit="millisecond") / 86_400_000.0,
        open_days=paths.days_since(spells, "at"),
    )
    spells = spells.mutate(days=spells.moved.ifelse(spells.days, spells.open_days).round(2))
    counted = per_persona(spells.select("persona", "position", "moved", "days"))
    frame = (
        counted.group_by(["persona", "position", "moved", "days"]).aggregate(count=counted.count()).execute()
    )
    return {
        (persona, int(position)): kaplan_meier(group["days"], group["moved"], group["count"])
        for (persona, position), group in frame.groupby(["persona", "position"])
    }


def time_in_stages(paths: Paths) -> pd.DataFrame:
    """Measure how long a stay in each stage lasts, until a unit shows another stage.

    Returns
    -------
    pandas.DataFrame
        `persona, stage, stays, moved_on, under_way, days_median, days_low, days_high, held_back`: Kaplan-Meier,
        with those who are still in the stage censored at the end of the data. The median is null when fewer
        than half are known to move on.
    """
    rows = [
        (
            persona,
            paths.stages[at],
            wait.followed,
            wait.moved,
            wait.followed - wait.moved,
            wait.median,
            wait.low,
            wait.high,
        )
        for (persona, at), wait in _waits(paths, paths.entries).items()
    ]
    columns = "persona stage stays moved_on under_way days_median days_low days_high".split()
    table = pd.DataFrame(rows, columns=columns)
    held = hold_back(table, table["stays"] < paths.min_group, ("persona", "stage"))
    return _in_order(held, paths.stages)


def count_drop_off(paths: Paths) -> pd.DataFrame:
    """Measure who leaves for good from each stage.

    Of the units that have been in a stage, some showed another stage afterwards (moved on or back) and some are last
    seen there; of these the expected number that has lapsed counts as dropped off. Units that are still under
    way count in neither.

    Returns
    -------
    pandas.DataFrame
        `persona, stage, been, left, lapsed, drop_off, low, high, basis, held_back`. `left`: moved to another stage or
        lapsed, the base of `drop_off`; the interval allows for inferring (`interval_as_read`). `basis` is
        `probabilities` (a stage table was given) or `silence` (silent for longer than the horizon).
    """
    been = _been(paths.visits)
    rows = []
    for persona in personas_of(paths):
        seen = units_of(paths, persona).groupby("here")["p_lapsed"].agg(["size", "sum"])
        for position, stage in enumerate(paths.stages):
            size, lapsed = seen.loc[position] if position in seen.index else (0, 0.0)
            n = int(been.get((persona, position), 0))
            left = max(n - int(size), 0) + float(lapsed)
            rows.append((persona, stage, n, float(left), float(lapsed)))
    table = pd.DataFrame(rows, columns=["persona", "stage", "been", "left", "lapsed"])
    table["drop_off"] = table["lapsed"] / table["left"].where(table["left"] > 0)
    table["low"], table["high"] = interval_as_read(paths, "drop_off", table["lapsed"], table["left"])
    table["basis"] = "probabilities" if paths.lapse_known else "silence"
    return hold_back(table, table["left"] < paths.min_group, ("persona", "stage", "basis"))


def count_back_steps(paths: Paths) -> pd.DataFrame:
    """Count who goes back from a stage to an earlier one while active.

    Who comes back to an earlier stage after a pause (`Paths.pause_days`) has returned, and counts in `returned`.

    Returns
    -------
    pandas.DataFrame
        `persona, stage, customers, back, back_share, low, high, back_to, returned, held_back`. `customers`: units that
        have been in the stage; `back`: units that at least once showed an earlier stage next; `back_to`: the stage
        that most of them went to.
    """
    moved = per_persona(paths.entries)
    earlier = moved.filter(moved.next_position < moved.position)
    back = earlier.filter(~earlier.next_paused)
    came = earlier.filter(earlier.next_paused).group_by(["persona", "position"])
    returned = came.aggregate(n=ibis._.unit_id.nunique()).execute().set_index(["persona", "position"])["n"]
    pairs = (
        back.group_by(["persona", "position", "next_position"]).aggregate(n=back.unit_id.nunique()).execute()
    )
    wholes = back.group_by(["persona", "position"]).aggregate(n=back.unit_id.nunique()).execute()
    went = wholes.set_index(["persona", "position"])["n"]
    most = pairs.sort_values(["n", "next_position"], ascending=[False, True]).drop_duplicates(
        ["persona", "position"]
    )
    targets = most.set_index(["persona", "position"])["next_position"]
    been = _been(paths.visits)
    rows = [
        (
            persona,
            stage,
            int(been.get((persona, at), 0)),
            int(went.get((persona, at), 0)),
            targets.get((persona, at)),
            int(returned.get((persona, at), 0)),
        )
        for persona in personas_of(paths)
        for at, stage in enumerate(paths.stages)
    ]
    table = pd.DataFrame(rows, columns=["persona", "stage", "customers", "back", "back_to", "returned"])
    table["back_share"] = table["back"] / table["customers"].where(table["customers"] > 0)
    table["low"], table["high"] = interval_as_read(paths, "back", table["back"], table["customers"])
    table["back_to"] = paths.stage_names(table["back_to"])
    columns = ["persona", "stage", "customers", "back", "back_share", "low", "high", "back_to", "returned"]
    return hold_back(table[columns], table["customers"] < paths.min_group, ("persona", "stage"))
