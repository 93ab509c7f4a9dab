"""Reuse: stages learned on one client, read in the data of another, and whether they still fit there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from journeykit.features.drift import renamed
from journeykit.stages.drift import drift_table
from journeykit.stages.evidence import observable_states, step_shares
from journeykit.stages.inference import StageInference, read_stages
from journeykit.stages.reader import StageReader

__all__ = ["StageReuse", "reuse_stages"]

FEW, MANY = 0.1, 0.34  # shares of the signals that are absent or shifted: a warning, a refit
KNOWN, KNOWN_LEAST = 0.9, 0.6  # shares of the contacts with a touchpoint that was seen when learning
LOST, LOST_MOST = 0.1, 0.34  # share of the contacts, when learning, of touchpoints that are absent now
LEAST_UNITS = 30
SHOWN = 3


@dataclass(frozen=True)
class StageReuse:
    """Stages of another client's customers, and how far they can be trusted there.

    Attributes
    ----------
    inference : StageInference
        What was read.
    verdict : str
        ``reuse``, ``reuse with warning`` or ``refit``.
    reasons : list of str
        What the verdict rests on, the heaviest first.
    drift : DataFrame
        Per signal: ``psi``, ``observed_then``, ``observed_now``, ``state`` (``ok``, ``shifted``, ``absent``).
    touchpoints : DataFrame
        Per touchpoint of either log: ``share_then`` and ``share_now`` of the contacts, ``state`` (``known``,
        ``unseen`` when learning, ``absent`` now).
    known_share : float
        Share of the contacts whose touchpoint was seen when learning.
    """

    inference: StageInference = field(repr=False)
    verdict: str
    reasons: list[str]
    drift: pd.DataFrame = field(repr=False)
    touchpoints: pd.DataFrame = field(repr=False)
    known_share: float

    @property
    def table(self) -> pd.DataFrame:
        """The stage table, indexed by ``unit_id``."""
        return self.inference.table


def reuse_stages(
    reader: StageReader, log: Any, horizon_days: float = 30, personas: pd.Series | None = None
) -> StageReuse:
    """Infer the stages of a log with what was learned on another, and judge whether it fits.

    Parameters
    ----------
    reader : StageReader
        What was learned.
    log : EventLog
        The other log, read through the same stage model.
    horizon_days, personas
        As of `infer_stages`.

    Returns
    -------
    StageReuse

    Raises
    ------
    JourneykitError
        When the log is read through another stage model: both are named, with the stages that differ.
    """
    inference = read_stages(reader, log, horizon_days, personas)
    drift = drift_table(reader.reference.get("signals", {}), inference.counts)
    touchpoints = _touchpoints(reader, log)
    known = 1 - float(touchpoints.loc[touchpoints["state"] == "unseen", "share_now"].sum())
    checks = [
        *_client_checks(reader, log, inference),
        *_touchpoint_checks(touchpoints, known),
        *_signal_checks(drift, len(inference.table)),
    ]
    verdict, reasons = _verdict(checks)
    return StageReuse(inference, verdict, reasons, drift, touchpoints, known)


def _touchpoints(reader: StageReader, log: Any) -> pd.DataFrame:
    then = pd.Series(reader.reference.get("steps", {}), dtype=float)
    now = step_shares(log)
    names = sorted({*then.index, *now.index})
    table = pd.DataFrame({"share_then": then.reindex(names), "share_now": now.reindex(names)}).fillna(0.0)
    state = np.where(table["share_then"] == 0, "unseen", np.where(table["share_now"] == 0, "absent", "known"))
    return table.assign(state=state).rename_axis("touchpoint")


def _client_checks(reader: StageReader, log: Any, inference: StageInference) -> list[tuple[int, str]]:
    unit, markers = reader.reference.get("unit", log.client.unit), reader.reference.get("markers", {})
    own = log.client.model.markers()
    other = sorted(step for step in {*markers, *own} if markers.get(step) != own.get(step))
    here = observable_states(inference.evidence)
    new, gone = (
        [state for state, odd in zip(reader.states, which, strict=True) if odd]
        for which in (here & ~reader.observable, reader.observable & ~here)
    )
    many = len(gone) / len(reader.states) > MANY
    return [
        (2 * (unit != log.client.unit), f"they were learned of {unit}s, and the units here are {log.client.unit}s"),
        (2 * (not reader.learned), "too little was learned to tell stages apart"),
        (1 if "markers" in reader.reference and other else 0, f"other markers than when learning{_some(other)}"),
        (1 if new else 0, f"the data show {len(new)} stages that could not be seen when learning{_some(new)}"),
        ((2 if many else 1) if gone else 0, f"nothing here speaks for {len(gone)} of the stages{_some(gone)}"),
    ]  # fmt: skip


def _touchpoint_checks(touchpoints: pd.DataFrame, known: float) -> list[tuple[int, str]]:
    unseen = touchpoints[touchpoints["state"] == "unseen"].sort_values("share_now", ascending=False)
    absent = touchpoints[touchpoints["state"] == "absent"].sort_values("share_then", ascending=False)
    lost = float(absent["share_then"].sum())
    near = renamed(absent.index, unseen.index)
    guesses = "".join(f"; is {old!r} what the data call {new!r}?" for old, new in list(near.items())[:SHOWN])
    return [
        (
            _weight(-known, -KNOWN, -KNOWN_LEAST),
            f"{known:.0%} of the contacts have a touchpoint that was seen when learning; "
            f"unseen were {len(unseen)}{_some(list(unseen.index))}",
        ),
        (
            _weight(lost, LOST, LOST_MOST),
            f"touchpoints that were {lost:.0%} of the contacts when learning never occur"
            f"{_some(list(absent.index))}{guesses}",
        ),
    ]


def _signal_checks(drift: pd.DataFrame, units: int) -> list[tuple[int, str]]:
    if not len(drift):
        return [(1, "how the signals were spread when learning was not kept")]
    if units < LEAST_UNITS:
        return [(1, f"only {units} units to judge by")]
    total = len(drift)
    absent, shifted = (list(drift.index[drift["state"] == state]) for state in ("absent", "shifted"))
    both = (len(absent) + len(shifted)) / total
    return [
        (_weight(len(absent) / total, FEW, MANY), f"{len(absent)} of {total} signals are absent{_some(absent)}"),
        (_weight(both, FEW, MANY) if shifted else 0, f"{len(shifted)} of {total} signals have shifted{_some(shifted)}"),
    ]  # fmt: skip


def _verdict(checks: list[tuple[int, str]]) -> tuple[str, list[str]]:
    told = sorted((check for check in checks if check[0]), key=lambda check: -check[0])
    fits = ["the signals are spread as they were, and the touchpoints are known"]
    worst = told[0][0] if told else 0
    return ("reuse", "reuse with warning", "refit")[worst], [reason for _, reason in told] or fits


def _weight(share: float, few: float, many: float) -> int:
    return 2 if share > many else 1 if share > few else 0


def _some(names: list[str]) -> str:
    return f" ({', '.join(names[:SHOWN])}{' …' if len(names) > SHOWN else ''})" if names else ""
