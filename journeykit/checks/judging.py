"""What a client's data can and cannot answer: counts, rejects, evidence per stage, a verdict per question."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from journeykit import facts
from journeykit.checks.attributes import judge_attributes
from journeykit.checks.doubts import find_doubts
from journeykit.events import EventLog, is_seen_once, silence_of
from journeykit.sessions import SESSION_GAP_MINUTES, contacts

__all__ = ["QUESTIONS", "DataCheck", "check_data", "stage_evidence"]

QUESTIONS = ("personas", "stages", "forecast", "leaks", "channels", "pages", "value", "ratings", "referrals")
_ENOUGH_UNITS, _ENOUGH_CONTACTS, _ENOUGH_DAYS = 100, 10, 60


@dataclass(frozen=True)
class DataCheck:
    """The judgement of a log: frames of facts, and for every question whether it can be answered."""

    client: str
    counts: dict[str, Any]
    sources: pd.DataFrame
    rejects: pd.DataFrame
    touchpoints: pd.DataFrame
    channels: pd.DataFrame
    stages: pd.DataFrame
    attributes: pd.DataFrame
    identities: pd.DataFrame
    doubts: pd.DataFrame
    questions: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Return the judgement as plain lists and numbers, for JSON."""
        frames = (
            "sources",
            "rejects",
            "touchpoints",
            "channels",
            "stages",
            "attributes",
            "identities",
            "doubts",
            "questions",
        )
        told = {name: _records(getattr(self, name)) for name in frames}
        return {"client": self.client, "counts": self.counts, **told}

    def brief(self) -> dict[str, pd.DataFrame]:
        """Return the frames in the columns that fit a terminal; of a hidden stage what would show it."""
        days = {name: pd.to_datetime(self.touchpoints[name]).dt.date for name in ("first", "last")}
        would_show = self.stages["missing"].str.split(", ").str[:2].str.join(", ")
        stages = self.stages[["stage", "observable", "contacts", "units"]]
        return {
            "rejects": self.rejects,
            "touchpoints": self.touchpoints.assign(**days),
            "channels": self.channels,
            "stages": stages.assign(would_show=would_show.where(~self.stages["observable"], "")),
            "attributes": self.attributes,
            "identities": self.identities,
            "doubts": self.doubts.drop(columns="events"),
            "questions": self.questions,
        }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(frame.to_json(orient="records", date_format="iso"))


def check_data(log: EventLog) -> DataCheck:
    """Return what a log holds up to its moment and which questions it answers.

    Returns
    -------
    DataCheck
        ``questions`` has one row a question: ``question, verdict`` (answerable, weak, not observable)
        and ``because``, the fact that decides.
    """
    counts = _counts(log)
    touchpoints = log.touchpoints()
    stages = stage_evidence(log)
    attributes = judge_attributes(log)
    if log.profile_only:
        questions = _questions_of_profiles(log, counts, attributes)
    else:
        questions = _questions(log, counts, stages, set(touchpoints["touchpoint"]))
    return DataCheck(
        client=log.client.id,
        counts=counts,
        sources=log.sources,
        rejects=_rejects(log),
        touchpoints=touchpoints,
        channels=log.channels(),
        stages=stages,
        attributes=attributes,
        identities=log.identities,
        doubts=find_doubts(log),
        questions=questions,
    )


def _counts(log: EventLog) -> dict[str, Any]:
    table = contacts(log)
    row = table.aggregate(
        contacts=table.count(),
        customers=table["customer_id"].nunique(),
        units=table["unit_id"].nunique(),
        channels=table["channel"].nunique(),
        pages=table["page"].notnull().sum(),
        values=table["value"].notnull().sum(),
        ratings=table["rating"].notnull().sum(),
        referrals=table["referrer_id"].notnull().sum(),
        hours=table["hour"].nunique(),
    ).execute()
    counts = {name: int(value) for name, value in row.fillna(0).iloc[0].items()}
    read = int(log.sources["rows"].sum()) if len(log.sources) else log.count()
    used = int(log.sources["used"].sum()) if len(log.sources) else log.count()
    merged = int(log.sources["merged"].sum()) if "merged" in log.sources else 0
    told = {
        "rows_read": read,
        "rows_used": used,
        "rows_rejected": read - used - merged,
        "rows_merged": merged,
        "events": log.count(),
        "events_after_as_of": log.later(),
        **_span(log),
        "as_of": log.as_of_date.isoformat(),
    }
    if log.profile_only:
        counts |= {"customers": len(log.customers), "units": len(log.customers)}
    return (
        told | counts | {"sessions": _sessions(log), "accounts": _accounts(log), **facts.measure_revenue(log)}
    )


def _sessions(log: EventLog) -> int | None:
    """Return the number of visits; None of an order without times."""
    if log.client.in_order:
        return None
    table = contacts(log)
    starts = table["gap_days"].isnull() | (table["gap_days"] * 1440 > SESSION_GAP_MINUTES)
    return int(starts.sum().execute() or 0)


def _accounts(log: EventLog) -> int:
    if log.profile_only and "account_id" in log.customers:
        return int(log.customers["account_id"].nunique())
    return int(log.visible["account_id"].nunique().execute())


def _span(log: EventLog) -> dict[str, Any]:
    """Return the first and the last moment and the days between them; nothing of an order without times."""
    if log.profile_only or log.client.in_order:
        return {"first": None, "last": None, "days": None}
    first, last = log.span()
    return {"first": first.isoformat(), "last": last.isoformat(), "days": (last - first).days + 1}


def _rejects(log: EventLog) -> pd.DataFrame:
    if log.rejects.empty:
        return pd.DataFrame({"source": [], "reason": [], "rows": [], "first_row": []})
    grouped = log.rejects.groupby(["source", "reason"], as_index=False)
    return grouped.agg(rows=("row", "size"), first_row=("row", "min"))


def stage_evidence(log: EventLog) -> pd.DataFrame:
    """Return, per stage of the model, what of it can be seen up to the log's moment.

    Returns
    -------
    DataFrame
        ``stage, contacts, units, marker_units, touchpoints`` (those seen), ``missing`` (touchpoints that
        would show it), ``observable``.
    """
    evidence = facts.stage_evidence(log).reset_index()
    return pd.DataFrame(
        {
            "stage": evidence["stage"],
            "contacts": evidence["contacts"],
            "units": evidence["units"],
            "marker_units": evidence["marker_units"],
            "touchpoints": evidence["touchpoints"].str.join(", "),
            "missing": [", ".join(_would_show(log, stage, names)) for stage, names in _missing(evidence)],
            "observable": evidence["observable"],
        }
    )


def _missing(evidence: pd.DataFrame) -> Any:
    return zip(evidence["stage"], evidence["missing"], strict=True)


def _would_show(log: EventLog, stage_id: str, missing: list[str]) -> list[str]:
    """Return the touchpoints that never occur, markers first."""
    stage = log.client.model.stage(stage_id)
    named = dict.fromkeys((*stage.markers, *stage.touchpoints, *missing))
    return [name for name in named if name in missing]


def _questions(log: EventLog, counts: dict, stages: pd.DataFrame, names: set[str]) -> pd.DataFrame:
    seen = int(stages["observable"].sum())
    per_unit = counts["contacts"] / max(counts["units"], 1)
    silence = silence_of(log)
    verdicts = {
        "personas": _judge(
            counts["units"] >= _ENOUGH_UNITS and per_unit >= _ENOUGH_CONTACTS,
            counts["units"] >= 20 and per_unit >= 3,
            f"{counts['units']:,} {log.client.unit}s with {per_unit:.1f} contacts on average",
        ),
        "stages": _judge(seen >= 3, seen >= 2, f"{seen} of {len(stages)} stages can be seen"),
        "forecast": _judge(False, False, "the events have an order and no times")
        if log.client.in_order
        else _judge(False, False, f"the last event is {silence.days:,} days before the as-of day")
        if silence is not None
        else _judge(False, False, f"no {log.client.unit} was seen on a second day")
        if is_seen_once(log)
        else _judge(
            seen >= 2 and counts["days"] >= 2 * log.client.period.horizon_days + _ENOUGH_DAYS,
            seen >= 1 and counts["days"] > log.client.period.horizon_days,
            f"{counts['days']:,} days of data",
        ),
        "leaks": _judge(seen >= 3, seen >= 2, f"{seen} of {len(stages)} stages can be seen"),
        "channels": _judge(
            counts["channels"] > 1, counts["channels"] == 1, f"channels named: {counts['channels']}"
        ),
        "pages": _judge(
            counts["pages"] >= 1000, counts["pages"] > 0, f"{counts['pages']:,} contacts name a page"
        ),
        "value": _judge(
            counts["values"] >= 100, counts["values"] > 0, f"{counts['values']:,} contacts carry a value"
        ),
        "ratings": _judge(
            counts["ratings"] >= 100, counts["ratings"] > 0, f"{counts['ratings']:,} contacts carry a rating"
        ),
        "referrals": _judge(
            counts["referrals"] >= 30,
            counts["referrals"] > 0 or "referral" in names,
            f"{counts['referrals']:,} contacts name who referred",
        ),
    }
    rows = [{"question": key, "verdict": verdict, "because": why} for key, (verdict, why) in verdicts.items()]
    return pd.DataFrame(rows)


def _questions_of_profiles(log: EventLog, counts: dict, attributes: pd.DataFrame) -> pd.DataFrame:
    """Return the verdicts of a table with one row a customer: personas, and nothing of journeys."""
    usable, units = int((attributes["note"] == "").sum()), counts["units"]
    told = f"{units:,} {log.client.unit}s with {usable} attributes that tell them apart"
    verdicts = {name: _judge(False, False, "there are no events") for name in QUESTIONS}
    verdicts["personas"] = _judge(units >= _ENOUGH_UNITS and usable >= 3, units >= 20 and usable >= 2, told)
    if len(log.labels):
        verdicts["stages"] = _judge(
            False, True, f"a column tells the stage of {len(log.labels):,} {log.client.unit}s"
        )
    rows = [{"question": key, "verdict": verdict, "because": why} for key, (verdict, why) in verdicts.items()]
    return pd.DataFrame(rows)


def _judge(answerable: bool, weak: bool, because: str) -> tuple[str, str]:
    return ("answerable" if answerable else "weak" if weak else "not observable"), because
