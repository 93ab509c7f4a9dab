"""Exports of known programs: each a definition file, recognised by its columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.clients.form import safe_touchpoint
from journeykit.documents import read_document
from journeykit.drafting.facts import SURE, Guess, spoken
from journeykit.drafting.guessing import guess_roles
from journeykit.drafting.naming import guess_touchpoints
from journeykit.drafting.sampling import Sample
from journeykit.events.expressions import columns_in, is_expression
from journeykit.touchpoints import definitions, load_vocabulary

__all__ = ["SourceDraft", "draft_export", "exports", "name_touchpoints", "people_of"]

_KEYS = ("explode", "fill_by", "orders", "value_per", "statuses", "leave_out")


@dataclass
class SourceDraft:
    """A source of events as it stands in a draft."""

    path: Path
    what: Guess
    columns: dict[str, Guess] = field(default_factory=dict)
    keys: dict[str, Guess] = field(default_factory=dict)
    constants: dict[str, Guess] = field(default_factory=dict)
    touchpoints: dict[str, Guess] = field(default_factory=dict)
    channels: dict[str, Guess] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    setting: str | None = None
    timezone: str | None = None


@cache
def exports() -> dict[str, dict[str, Any]]:
    """Return the exports that are known, by the name of their definition file; those that need the most come first.

    Examples
    --------
    >>> exports()["shopify-orders"]["name"]
    'Shopify (orders)'
    """
    found = {path.stem: read_document(path).data for path in sorted(definitions("exports").glob("*.yml"))}
    return dict(sorted(found.items(), key=lambda one: -len(one[1]["needs"])))


def draft_export(sample: Sample) -> SourceDraft | None:
    """Return the source of an export of a program that is known by its columns; None of another file."""
    for name, form in exports().items():
        if set(form["needs"]) <= set(sample.columns):
            return _drafted(sample, name, form)
    return None


def people_of(sample: Sample) -> Guess | None:
    """Return who stands in each row of an export that tells of people too, such as the answers of a survey."""
    form = next((form for form in exports().values() if set(form["needs"]) <= set(sample.columns)), {})
    who = _first(sample, form["columns"]["customer_id"]) if form.get("people") else None
    if not isinstance(who, str) or sample.facts[who].unique < 1:
        return None
    return Guess(who, "one answer each")


def _drafted(sample: Sample, name: str, form: dict[str, Any]) -> SourceDraft:
    told = Guess(name, f"it has the columns {', '.join(form['needs'])}")
    laid = sample.exploded(form["explode"]) if "explode" in form else sample
    columns = {
        key: Guess(given, f"as {name} writes it") for key, given in _given(laid, form["columns"]).items()
    }
    if "value" not in form["columns"]:
        columns |= _value(laid, columns)
    draft = SourceDraft(
        sample.path, told, columns, timezone=form.get("timezone"),
        setting=form.get("setting") if "account_id" in columns else None,
        touchpoints={raw: Guess(to, "") for raw, to in form.get("touchpoints", {}).items()},
    )  # fmt: skip
    draft.channels = {raw: Guess(said, told.why) for raw, said in form.get("channels", {}).items()}
    draft.keys = {key: Guess(form[key], told.why) for key in _KEYS if key in form}
    draft.constants = {key: Guess(value, told.why) for key, value in form.get("constants", {}).items()}
    draft.seen |= {value for key, value in form.get("constants", {}).items() if key == "touchpoint"}
    without = {key: values for key, values in form.get("without", {}).items() if key in sample.columns}
    if without:
        draft.keys["without"] = Guess(without, "what is no real one, as this program marks it")
    _moments(draft, form, laid)
    _name(draft, form, laid)
    return draft


def _given(sample: Sample, columns: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that are there: of several the first that is filled; a visitor only beside a customer."""
    found = {key: _first(sample, wanted) for key, wanted in columns.items()}
    if found.get("visitor_id") == found.get("customer_id"):
        found["visitor_id"] = None
    return {key: name for key, name in found.items() if name is not None}


def _first(sample: Sample, wanted: Any) -> Any:
    there = set(sample.columns)
    if isinstance(wanted, dict):
        named = [name for name in wanted["first_of"] if name in there]
        return {"first_of": named} if len(named) > 1 else next(iter(named), None)
    for column in wanted if isinstance(wanted, list) else [wanted]:
        if column in there:
            if sample.facts[column].filled or not isinstance(wanted, list):
                return column
        elif is_expression(column) and set(columns_in(column)) <= there:
            return column
    return None


def _value(sample: Sample, columns: dict[str, Guess]) -> dict[str, Guess]:
    """Return the column of values in an export that has no fixed one."""
    roles = guess_roles(sample, columns["customer_id"], columns.get("timestamp"))
    return {name: guess for name, guess in roles.columns.items() if name == "value"}


def _moments(draft: SourceDraft, form: dict[str, Any], sample: Sample) -> None:
    there = set(sample.columns)
    moments = [
        moment
        for moment in form.get("moments", [])
        if moment.get("timestamp", sample.columns[0]) in there and set(moment.get("when", {})) <= there
    ]
    if moments:
        draft.keys["moments"] = Guess(moments, draft.what.why)
        draft.seen |= {moment["touchpoint"] for moment in moments}
    lifecycle = next((name for name in sample.columns if spoken(name, "lifecycle") == SURE), None)
    if lifecycle:
        draft.keys["lifecycle"] = Guess(lifecycle, "a start and its completion are one event")


def _name(draft: SourceDraft, form: dict[str, Any], sample: Sample) -> None:
    """Name the touchpoints of the column that says what happened; those that are not there are left out."""
    given = draft.columns["touchpoint"].value if "touchpoint" in draft.columns else None
    if given is None:
        return
    names = given["first_of"] if isinstance(given, dict) else [given]
    column = sample.frame[names[0]].replace("", None)
    for name in names[1:]:
        column = column.where(column.notna(), sample.frame[name].replace("", None))
    name_touchpoints(draft, column[~column.isin(form.get("leave_out", []))])
    known = load_vocabulary()
    there = set(column.dropna().astype(str))
    draft.touchpoints = {
        raw: guess for raw, guess in draft.touchpoints.items() if raw in there and guess.value in known
    }


def name_touchpoints(draft: SourceDraft, column: pd.Series) -> None:
    """Find the vocabulary's names for the values of a column; note those that are kept as they are."""
    raw = column.dropna().astype(str).str.strip()
    kinds = [kind for kind in raw.value_counts().head(200).index if kind]
    draft.touchpoints |= {
        name: guess for name, guess in guess_touchpoints(kinds).items() if name not in draft.touchpoints
    }
    known = load_vocabulary()
    named = {
        kind: draft.touchpoints[kind].value if kind in draft.touchpoints else safe_touchpoint(kind)
        for kind in kinds
    }
    draft.kept += [kind for kind, name in named.items() if name not in known]
    draft.seen |= set(named.values())
