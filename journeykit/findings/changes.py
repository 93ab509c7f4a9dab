"""Findings about change: what became of the personas of an earlier report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from journeykit.findings.finding import Finding
from journeykit.journeys.statistics import wilson
from journeykit.stage_models import LAPSED

__all__ = ["change_findings", "figure_findings"]

EVIDENCE, MOVES = "changes", "persona_moves"
KEYS = {
    "stage_share": ("stage_share_risen", "stage_share_fallen"), "drop_off": ("drop_off_risen", "drop_off_fallen"),
    LAPSED: ("lapsed_risen", "lapsed_fallen"),
}  # fmt: skip
LEAST_MOVE = 0.05  # share of a persona that went to another one that is worth a sentence


def change_findings(
    match,
    day: str,
    earlier: Mapping[str, Mapping[str, str]],
    now: Mapping[str, Mapping[str, str]],
    min_group: int,
) -> Iterator[Finding]:
    """Find what became of the personas; candidates that were only tested have a key with `_` before it.

    Parameters
    ----------
    match : PersonaMatch
        Which persona is which.
    day
        The day of the earlier report.
    earlier, now
        Name in `nl` and `en` per persona, in each report.
    min_group
        Smaller groups are not named.
    """
    yield from _again(match, day)
    merged = match.merges[match.merges["from"].isin(match.deaths) & (match.merges["of"] >= min_group)]
    split = match.splits[match.splits["to"].isin(match.births) & (match.splits["of"] >= min_group)]
    for row in merged.itertuples():
        yield _flow("persona_merged", row, row[1], row.to, earlier.get(row[1]), now.get(row.to), day)
    for row in split.itertuples():
        yield _flow("persona_split", row, row.to, row[1], now.get(row.to), earlier.get(row[1]), day)
    told = {*merged["from"], *split["to"]}
    for row in match.sizes.itertuples():
        yield from _size(row, told, day, earlier, now, min_group)
    yield from _moves(match, day, earlier, now, min_group)


def figure_findings(changes: pd.DataFrame, day: str) -> Iterator[Finding]:
    """Find which shares of stages, and which drop-off, differ from the last report; each is one test.

    Parameters
    ----------
    changes
        `figure, persona, stage, before, after, difference, low, high, p_value, customers`.
    day
        The day of that report.
    """
    figures = changes[changes["figure"].isin(KEYS) & changes["p_value"].notna()]
    for row in figures.itertuples():
        numbers = {"before": row.before, "after": row.after, "effect": row.difference, "date": day}
        numbers["at_stake"] = row.customers * abs(row.difference)
        key = KEYS[LAPSED if row.stage == LAPSED else row.figure][0 if row.difference > 0 else 1]
        who = None if row.persona == "all" else row.persona
        rest = (EVIDENCE, who, row.stage, round(row.customers), float(row.p_value))
        yield Finding(key, numbers, float(row.low), float(row.high), *rest)


def _again(match, day: str) -> Iterator[Finding]:
    """Say how many personas were found again, and how many people stayed in theirs."""
    kept, of = len(match.pairs), len(match.pairs) + len(match.deaths)
    if not kept:
        return
    numbers = {"k": kept, "of": of, "date": day, "at_stake": 0}
    yield Finding("personas_again" if kept == of else "personas_again_some", numbers, evidence=EVIDENCE)
    whole = match.stays[match.stays["persona"] == "all"].iloc[0]
    if whole["of"] > 0:
        numbers = {"share": whole["share"], "date": day, "at_stake": 0}
        interval = (float(whole["low"]), float(whole["high"]))
        yield Finding("persona_stayed", numbers, *interval, MOVES, customers=int(whole["of"]))


def _flow(key: str, row: Any, persona: str, other: str, name: Any, other_name: Any, day: str) -> Finding:
    names = {"persona": name, "to": other_name}
    numbers = {"share": row.share, "to": other, "date": day, "at_stake": row.customers}
    return Finding(
        key, numbers, row.low, row.high, MOVES, persona, None, int(row.of),
        names={blank: words for blank, words in names.items() if words},
    )  # fmt: skip


def _size(
    row: Any, told: set[str], day: str, earlier: Mapping, now: Mapping, least: int
) -> Iterator[Finding]:
    """Say that a persona is new or gone, or that its share has changed."""
    born, gone = row[1] is None or pd.isna(row[1]), row.to is None or pd.isna(row.to)
    persona, names = (row[1], earlier) if gone else (row.to, now)
    customers = row.customers_before if gone else row.customers_after
    if max(row.customers_before, row.customers_after) < least or persona in told:
        return
    given = {"persona": names[persona]} if persona in names else {}
    if born or gone:
        share = row.before if gone else row.after
        low, high = (float(bound) for bound in wilson(customers, customers / share if share else np.nan))
        numbers = {"share": share, "date": day, "at_stake": customers}
        key = "persona_gone" if gone else "persona_born"
        yield Finding(key, numbers, low, high, EVIDENCE, persona, None, int(customers), names=given)
        return
    numbers = {"before": row.before, "after": row.after, "effect": row.difference, "date": day}
    numbers["at_stake"] = customers * min(abs(row.difference) / max(row.after, 1e-9), 1.0)
    interval = (float(row.low), float(row.high))
    key = "persona_grown" if row.difference > 0 else "persona_shrunk"
    yield Finding(
        key, numbers, *interval, EVIDENCE, persona, None, int(customers), float(row.p_value), names=given
    )


def _moves(match, day: str, earlier: Mapping, now: Mapping, least: int) -> Iterator[Finding]:
    """Name the moves that more people made than the same way back."""
    moves = match.moves[match.moves["p_value"].notna() & (match.moves["of"] >= least)]
    for row in moves[moves["customers"] > moves["returned"]].itertuples():
        key = "persona_moved" if row.share >= LEAST_MOVE else "_persona_moved"
        found = _flow(key, row, row[1], row.to, earlier.get(row[1]), now.get(row.to), day)
        numbers = {**found.numbers, "went": row.customers, "returned": int(row.returned)}
        numbers["at_stake"] = row.customers - row.returned
        yield Finding(
            key, numbers, found.low, found.high, MOVES, found.persona, None, found.customers,
            float(row.p_value), names=found.names,
        )  # fmt: skip
