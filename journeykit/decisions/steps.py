"""Steps of the journey: which personas, and who came in by which channel, go on from a stage less often than others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from journeykit.decisions.candidate import Candidate, paid_after, part_paid_soon, time_weight, worth_of_step
from journeykit.decisions.recorded import Recorded, personas_before

__all__ = ["stage_candidates"]

NO_STEP = ("aftercare", "reactivation")  # nobody is to be brought to these
LATER = ("purchase",)


def stage_candidates(recorded: Recorded, contracts: bool, random_state: int = 0) -> Iterator[Candidate]:
    """Yield, per stage, the personas and the channels of entry that may go on less often than all others there.

    Who shows a stage, and none after it before, can take the step; who ever shows a later one took it.

    Parameters
    ----------
    recorded
        What was recorded.
    contracts
        Whether contracts are renewed: what follows them is then told by renewals, and no step after a purchase is one
        by itself.
    random_state
        Seed of the folds.
    """
    for place in _places(recorded, contracts):
        there = _there(recorded, place)
        if len(there) < 2 * recorded.least:
            continue
        persona = personas_before(recorded, there["order"], random_state)
        channel = recorded.first_channel.reindex(there.index)
        for key, groups, name in (
            ("goes_on_less", persona, "persona"),
            ("channel_goes_on_less", channel, "channel"),
        ):
            yield from _of_groups(recorded, there, groups, place, key, name)


def _places(recorded: Recorded, contracts: bool) -> list[int]:
    """Return the positions of the stages from which there is a step to take that people have been seen to take."""
    model = recorded.paths.model
    shown = sorted(int(place) for place in recorded.contacts["marker"].dropna().unique())
    steps = [place for place in shown if model.stages[place].canonical not in NO_STEP]
    bought = [at for at, stage in enumerate(model.stages) if stage.canonical in LATER]
    last = min(bought, default=len(model.stages)) if contracts else len(model.stages)
    return [place for place in steps[:-1] if place < last]


def _there(recorded: Recorded, place: int) -> pd.DataFrame:
    """Return who could take the step from a stage: by `unit_id` the `order` in which it was entered, and what came."""
    contacts = recorded.contacts
    marked = contacts[contacts["marker"].notna()]
    entered = marked[marked["marker"] == place].drop_duplicates("unit_id").set_index("unit_id")
    beyond = marked[(marked["marker"] > place) & _is_step(recorded, marked["marker"])]
    first_beyond = beyond.groupby("unit_id")["order"].min().reindex(entered.index)
    last_beyond = beyond.groupby("unit_id")["order"].max().reindex(entered.index)
    there = entered.assign(took=last_beyond > entered["order"])[["order", "day", "took"]]
    there = there[~(first_beyond < entered["order"])]
    there["left"] = recorded.days - there["day"]
    there["paid"] = paid_after(contacts, there["order"])
    there["soon"] = paid_after(contacts, there["order"], until_day=there["day"] + recorded.paths.follow_days)
    return there


def _is_step(recorded: Recorded, marker: pd.Series) -> pd.Series:
    kinds = {at: stage.canonical not in NO_STEP for at, stage in enumerate(recorded.paths.model.stages)}
    return marker.map(kinds).astype(bool)


def _of_groups(
    recorded: Recorded, there: pd.DataFrame, groups: pd.Series, place: int, key: str, name: str
) -> Iterator[Candidate]:
    follow, least = recorded.paths.follow_days, recorded.least
    followed = there["left"] >= follow
    known = groups.notna()
    soon = part_paid_soon(there["paid"][followed], there["soon"][followed])
    for group in sorted(groups.dropna().unique()):
        mine, others = followed & (groups == group), followed & known & (groups != group)
        if name == "persona":
            others = followed & ~(groups == group)
        if min(mine.sum(), others.sum()) < least:
            continue
        own = there[groups == group]
        worth, error = (
            worth_of_step(there["paid"][mine], there["took"][mine]) if recorded.valued else (np.nan, np.nan)
        )
        if recorded.valued and worth != worth:
            worth, error = worth_of_step(there["paid"][followed], there["took"][followed])
        took, of = float(there["took"][mine].sum()), float(mine.sum())
        other_took, other_of = float(there["took"][others].sum()), float(others.sum())
        yield Candidate(
            key, took, of, other_took, other_of,
            recorded.per_year(time_weight(own["left"], follow, soon).sum()), worth, error,
            gap_error=_pooled_error(took, of, other_took, other_of),
            about={name: str(group), "stage": recorded.paths.stages[place]}, numbers={"days": follow},
            units=frozenset(own.index[~own["took"]]), follow_days=follow,
        )  # fmt: skip


def _pooled_error(took: float, of: float, other_took: float, other_of: float) -> float:
    """Return the standard error of the difference of two shares; of none or all, as if half a person more were so."""
    shares = [(hits + 0.5) / (n + 1) for hits, n in ((took, of), (other_took, other_of))]
    return float(np.sqrt(shares[0] * (1 - shares[0]) / of + shares[1] * (1 - shares[1]) / other_of))
