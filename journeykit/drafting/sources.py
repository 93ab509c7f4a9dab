"""Sources: what each raw file is, and the part of a client file that reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.drafting.exports import SourceDraft, draft_export, name_touchpoints
from journeykit.drafting.facts import DOUBTFUL, LIKELY, SURE, Facts, Guess, spoken, words
from journeykit.drafting.guessing import guess_customer, guess_roles
from journeykit.drafting.naming import guess_touchpoints
from journeykit.drafting.sampling import Sample
from journeykit.drafting.timing import guess_time
from journeykit.errors import DataError
from journeykit.events.leaks import suspect_leaks, words_of
from journeykit.touchpoints import PAYMENT, SOLD, safe_identifier

__all__ = ["CustomersDraft", "SourceDraft", "draft_customers", "draft_source", "is_profile"]

_ALL = 0.95  # share of the rows of a kind

ROW = "row"
_FEW = 50
_MOST_CODES = 30  # different whole numbers that may be the codes of a category
_PERSONAL = {
    "name",
    "naam",
    "phone",
    "telefoon",
    "mobile",
    "address",
    "adres",
    "street",
    "straat",
    "iban",
    "bsn",
}
_SEPARATORS = (" > ", ">", " -> ", "->", " → ", "→", " | ", "-")
_NEEDED = (
    "a column that is the same in all rows of one person, such as a customer number or a visitor id; name it with "
    "--customer-id COLUMN, or write --customer-id row when every row is another person"
)


@dataclass
class CustomersDraft:
    """A table with one row a customer as it stands in a draft."""

    path: Path
    customer: Guess
    exclude: dict[str, Guess] = field(default_factory=dict)
    missing: dict[str, Guess] = field(default_factory=dict)
    activity: dict[str, Guess] = field(default_factory=dict)
    categories: dict[str, Guess] = field(default_factory=dict)


def is_profile(sample: Sample, customer: Guess | None) -> bool:
    """Tell whether a table has one row a customer and says nothing of when they did what."""
    if customer is None or draft_export(sample) or _path(sample):
        return False
    if customer.value != ROW and sample.facts[customer.value].unique < 0.98:
        return False
    time = guess_time(sample)
    if time is None:
        return True
    if len(_moments(sample)) > 1 or len(sample.frame) < _FEW or not sample.whole:
        return False
    what = any(
        spoken(fact.name, "touchpoint") == SURE and fact.kind == "text" for fact in sample.facts.values()
    )
    return len(sample.columns) >= 4 and not what and not _is_order(sample)


def _is_order(sample: Sample) -> bool:
    return any(spoken(fact.name, "order") == SURE for fact in sample.facts.values())


def draft_source(sample: Sample, customer_id: str | None = None) -> SourceDraft:
    """Return the source that reads a file of events.

    Raises
    ------
    DataError
        When nothing tells who, or nothing tells when or in which order.
    """
    if export := draft_export(sample):
        return export
    given = None if customer_id is None else Guess(customer_id, "as you said")
    if path := _path(sample):
        return _of_paths(sample, path, given)
    time = guess_time(sample)
    parts = [] if time is None else time.value.values() if isinstance(time.value, dict) else [time.value]
    customer = given or guess_customer(sample, set(parts))
    if customer is None:
        listed = ", ".join(sample.columns[:30])
        problem = f"no column of {listed} is named like a customer"
        problem += "" if time else ", and none holds times"
        raise DataError(problem, where=sample.path, remedy=f"needed is {_NEEDED}")
    moments = _moments(sample) if customer.value != ROW and sample.facts[customer.value].unique > 0.98 else {}
    if len(moments) > 1:
        return _of_moments(sample, customer, moments)
    if time is None:
        listed = ", ".join(sample.columns[:30])
        remedy = "name the column of times or of the order by hand; see docs/how-to/exports.md"
        raise DataError(f"no column of {listed} holds times or an order", where=sample.path, remedy=remedy)
    roles = guess_roles(sample, customer, time)
    draft = SourceDraft(sample.path, Guess("a log, one row an event", ""), roles.columns, roles.keys)
    if "touchpoint" in roles.columns:
        name_touchpoints(draft, sample.frame[roles.columns["touchpoint"].value])
        _name_the_sale(draft, sample)
    elif "moments" not in draft.keys:
        draft.constants["touchpoint"] = _by_file(sample)
    draft.seen |= {guess.value for guess in draft.constants.values()}
    draft.seen |= {"purchase", "return_item"} if "moments" in draft.keys else set()
    return draft


def _name_the_sale(draft: SourceDraft, sample: Sample) -> None:
    """Take what nobody knows by name for a purchase, where nothing else is one and it alone bears orders and values."""
    order, value = (draft.columns.get(key) for key in ("order_id", "value"))
    known = order is not None and value is not None and {order.value, value.value} <= set(sample.columns)
    if not known or draft.seen & {*SOLD, PAYMENT}:
        return
    raw = sample.frame[draft.columns["touchpoint"].value].astype("string").str.strip()
    sold = sample.frame[[order.value, value.value]].replace("", None).notna().all(axis=1)
    bears = [kind for kind in draft.kept if sold[raw == kind].mean() >= _ALL]
    if len(bears) == 1:
        draft.touchpoints[bears[0]] = Guess("purchase", "each has an order's number and a value", DOUBTFUL)
        draft.kept.remove(bears[0])
        draft.seen.add("purchase")


def _by_file(sample: Sample) -> Guess:
    """Return the touchpoint of a file without a column for it, by the file's name."""
    stem = sample.path.name.split(".")[0]
    parts = [stem, *words_of(stem)]
    named = guess_touchpoints(form for part in parts for form in (part, part.removesuffix("s")))
    exact = [guess for guess in named.values() if guess.sure == SURE]
    if exact:
        return Guess(exact[0].value, "no column names what happened; by the name of the file", LIKELY)
    return Guess("purchase", "no column names what happened", DOUBTFUL)


def _path(sample: Sample) -> tuple[str, str] | None:
    """Return the column that holds whole paths, and what parts their steps."""
    for fact in sample.facts.values():
        named = spoken(fact.name, "path")
        if fact.kind != "text":
            continue
        texts = sample.frame[fact.name].dropna().astype(str).head(300)
        for by in _SEPARATORS if named else _SEPARATORS[:7]:
            if texts.str.contains(by, regex=False).mean() > (0.3 if named else 0.6) and _is_of_few_steps(
                texts, by
            ):
                return fact.name, by.strip() or by
    return None


def _is_of_few_steps(texts: pd.Series, by: str) -> bool:
    """Tell whether the parts of texts come again in other texts, as the steps of paths do."""
    steps = texts.str.split(by.strip() or by).explode().str.strip()
    return steps.nunique() < max(0.5 * len(steps), 4)


def _of_paths(sample: Sample, path: tuple[str, str], given: Guess | None) -> SourceDraft:
    column, by = path
    time = guess_time(sample)
    customer = (
        given or guess_customer(sample, {column}) or Guess(ROW, "every path is another person", DOUBTFUL)
    )
    columns = {"customer_id": customer}
    if time is not None and not (isinstance(time.value, dict) and "order" in time.value):
        columns["timestamp"] = time
    draft = SourceDraft(sample.path, Guess("paths", f"{column} holds whole paths"), columns)
    told = f"{column} holds steps that are parted by {by!r}"
    counts = _path_counts(sample)
    told += f"; each path was gone as often as {' and '.join(counts.values())} say" if counts else ""
    draft.keys["split"] = Guess({"column": column, "by": by} | counts, told, LIKELY if counts else SURE)
    name_touchpoints(draft, sample.frame[column].dropna().astype(str).str.split(by).explode())
    return draft


def _path_counts(sample: Sample) -> dict[str, str]:
    """Return the columns that say how many went a path and bought, how many did not, and what they paid."""
    whole = [fact for fact in sample.facts.values() if fact.kind in ("whole", "flag", "number")]
    found = {
        key: next((fact.name for fact in whole if spoken(fact.name, word) == SURE), None)
        for key, word in (("conversions", "conversions"), ("nulls", "nulls"), ("value", "path_value"))
    }
    if found["conversions"]:
        return {key: name for key, name in found.items() if name}
    counted = next((fact.name for fact in whole if spoken(fact.name, "journeys") == SURE), None)
    return {"nulls": counted} if counted else {}


def _moments(sample: Sample) -> dict[str, tuple[Facts, str]]:
    """Return the columns of dates that tell of a moment each, by the touchpoint."""
    found: dict[str, tuple[Facts, str]] = {}
    for fact in sample.facts.values():
        if fact.kind != "time":
            continue
        for touchpoint, listed in words()["moments"].items():
            forms = {fact.plain, "_".join(fact.words)}
            if forms & set(listed):
                found.setdefault(touchpoint, (fact, SURE))
            elif any(f"_{word}_" in f"_{'_'.join(fact.words)}_" for word in listed):
                found.setdefault(touchpoint, (fact, LIKELY))
    return found


def _of_moments(sample: Sample, customer: Guess, moments: dict[str, tuple[Facts, str]]) -> SourceDraft:
    """Return the source of a table with one row a contact and several dates."""
    listed = [{"touchpoint": name, "timestamp": fact.name} for name, (fact, _) in moments.items()]
    sure = LIKELY if any(level == LIKELY for _, level in moments.values()) else SURE
    roles = guess_roles(sample, customer, None)
    dates = {fact.name for fact, _ in moments.values()}
    columns = {
        name: guess
        for name, guess in roles.columns.items()
        if name != "touchpoint" and guess.value not in dates
    }
    draft = SourceDraft(sample.path, Guess("one row a contact, with several dates", ""), columns)
    draft.keys["moments"] = Guess(listed, "dates, by their names", sure)
    draft.seen |= set(moments)
    return draft


def draft_customers(sample: Sample, customer: Guess) -> CustomersDraft:
    """Return the part of a client file that reads a table with one row a customer."""
    draft = CustomersDraft(sample.path, customer)
    frame = sample.frame.drop(columns=[customer.value], errors="ignore")
    for fact in sample.facts.values():
        if fact.name == customer.value:
            continue
        if fact.email > 0.5 or _PERSONAL & set(fact.words):
            draft.exclude[fact.name] = Guess(fact.name, "personal data, which no persona needs")
        elif (
            fact.unique > 0.98
            and fact.levels > _FEW
            and set(fact.words) & {"id", "nr", "number", "nummer", "no"}
        ):
            draft.exclude[fact.name] = Guess(fact.name, "a number of the row")
        elif "total" in fact.words or "totaal" in fact.words:
            draft.activity[fact.name] = Guess(fact.name, "named as a total", LIKELY)
        elif (
            fact.kind == "whole"
            and 2 < fact.levels <= _MOST_CODES
            and set(fact.words) & set(words()["codes"])
        ):
            draft.categories[fact.name] = Guess(
                fact.name, f"{fact.levels} whole numbers, named like codes", DOUBTFUL
            )
        if values := _missing(fact, sample.frame[fact.name]):
            draft.missing[fact.name] = values
    blank = frame.map(lambda value: None if safe_identifier(value) in words()["missing"] else value)
    typed = blank.apply(lambda column: column if pd.api.types.is_numeric_dtype(column) else _numbers(column))
    for row in suspect_leaks(typed).itertuples():
        if row.attribute not in draft.exclude:
            draft.exclude[row.attribute] = Guess(
                row.attribute, _leak_told(row), LIKELY if row.leak != "afterwards" else DOUBTFUL
            )
    return draft


def _numbers(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.notna().sum() == column.notna().sum() else column


def _leak_told(row: Any) -> str:
    if row.leak == "outcome":
        return "an outcome, by its name"
    if row.leak == "predicts":
        return f"it nearly tells {row.outcome}: area under the curve {row.strength:.2f}"
    return f"by its name filled in after {row.outcome} was known"


def _missing(fact: Facts, column: pd.Series) -> Guess | None:
    """Return the values that mean missing: a word that says so, or an age that nobody has, again and again."""
    if fact.kind == "text":
        found = [
            str(value) for value in column.dropna().unique() if safe_identifier(value) in words()["missing"]
        ]
        return Guess(found, "words for missing") if found else None
    if fact.kind in ("whole", "number") and set(fact.words) & {"age", "leeftijd"}:
        numbers = pd.to_numeric(column, errors="coerce").dropna()
        old = numbers[numbers > 105]
        if len(old) > 0.01 * len(numbers):
            return Guess([int(old.mode().iloc[0])], f"{len(old):,} people of that age", LIKELY)
    return None
