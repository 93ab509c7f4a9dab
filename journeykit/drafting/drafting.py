"""Draft a client file from raw files: every guess stands in it with its evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pandas as pd
import yaml

from journeykit.channels import channel_of
from journeykit.clients import client_from_dict
from journeykit.drafting.asking import Ask, ask_about
from journeykit.drafting.exports import people_of
from journeykit.drafting.facts import DOUBTFUL, LIKELY, SURE, Guess
from journeykit.drafting.guessing import guess_customer
from journeykit.drafting.naming import guess_channels, guess_model
from journeykit.drafting.sampling import Sample, sample_files
from journeykit.drafting.sources import (
    CustomersDraft,
    SourceDraft,
    draft_customers,
    draft_source,
    is_profile,
)
from journeykit.drafting.writing import channel_lines, customer_lines, head_lines, source_lines
from journeykit.errors import ClientFileError, DataError

__all__ = ["draft_client"]

_DUTCH = re.compile(
    r"klant|datum|bedrag|aantal|kanaal|gekocht|winkel|bestel|aankoop|tijdstip|pagina|gebeurtenis",
    re.IGNORECASE,
)
_ZONES = {
    "united kingdom": "Europe/London", "uk": "Europe/London", "gb": "Europe/London", "netherlands": "Europe/Amsterdam",
    "nederland": "Europe/Amsterdam", "nl": "Europe/Amsterdam", "belgium": "Europe/Brussels",
    "germany": "Europe/Berlin", "deutschland": "Europe/Berlin", "france": "Europe/Paris", "india": "Asia/Kolkata",
}  # fmt: skip
_MOST_CHANNELS = 200  # names that are looked at


def draft_client(
    client: str,
    events: str | Path | Sequence[str | Path] = (),
    *,
    customers: str | Path | None = None,
    folder: str | Path = "data/clients",
    force: bool = False,
    customer_id: str | None = None,
    ask: Ask | None = None,
) -> Path:
    """Draft a client file from raw files of any kind that is read.

    The columns are recognised by their names in Dutch and English and by what stands in them, exports of known
    programs by their columns. Each guess is followed by its evidence and by how sure it is; what is doubtful is marked
    with ``LOOK``. Only a sample of a large file is read.

    Parameters
    ----------
    client
        The client's id.
    events
        A file, folder or pattern, or several; none where ``customers`` alone is known. A table with one row a customer
        becomes ``customers``.
    customers
        A file with one row a customer.
    folder
        Where client files stand.
    force
        Overwrite one that is there.
    customer_id
        The column that says who, where that is not to be guessed; ``row`` when every row is another person.
    ask
        Called with a question, the guess and the options, about the five guesses that move the figures most, and the
        time zone where it is doubtful; gives the answer, or None to keep the guess.

    Returns
    -------
    Path
        The client file, which is valid as it stands.

    Raises
    ------
    ClientFileError
        When the id is not made of a-z, 0-9 and '-', or the client file is there already.
    DataError
        When no column holds customers or times.
    """
    target = Path(folder) / f"{client}.yml"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", client):
        raise ClientFileError(f"{client!r} cannot be a client's id", remedy="use a-z, 0-9 and '-'")
    if target.exists() and not force:
        raise ClientFileError(
            "the client file is there already", where=target, remedy="use --force to overwrite it"
        )
    given = [events] if isinstance(events, str | Path) else list(events)
    samples = [sample for path in given for sample in sample_files(Path(path))]
    if not samples and customers is None:
        raise DataError("no file is named", remedy="name a file of events, or one of customers")
    told = sample_files(Path(customers))[0] if customers is not None else None
    sources, people, left = _drafts(samples, told, customer_id)
    samples += [told] if told is not None else []
    if ask is not None:
        ask_about(ask, sources, samples)
    text = _text(client, samples, sources, people, left, target.parent, ask)
    client_from_dict(yaml.safe_load(text), target.parent)  # so that it is valid as it stands
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def _drafts(
    samples: list[Sample], customers: Sample | None, customer_id: str | None
) -> tuple[list[SourceDraft], CustomersDraft | None, list[str]]:
    """Return the sources of events, the table of customers, and what is left out with the reason."""
    given = None if customer_id is None else Guess(customer_id, "as you said")
    people = [(sample, _who(sample, given)) for sample in samples]
    profiles = [(sample, who) for sample, who in people if is_profile(sample, who)]
    sources, faults = [], []
    left = [f"{sample.path.name}: {note}" for sample in samples for note in sample.notes]
    for sample, _ in people:
        if any(sample is one for one, _ in profiles):
            continue
        try:
            sources.append(draft_source(sample, customer_id))
        except DataError as error:
            faults.append(error)
            left.append(f"{sample.path.name}: {error.problem}")
    told = [(sample, who) for sample in samples if (who := people_of(sample)) is not None]
    profiles += [] if profiles else told
    if customers is not None:
        who = _who(customers, given)
        if who is None:
            raise DataError(
                "no column is named like a customer", where=customers.path, remedy="name it by hand"
            )
        profiles = [(customers, who)]
    if faults and not sources and not profiles:
        raise faults[0]
    chosen, others = _chosen(profiles, sources, samples)
    return sources, None if chosen is None else draft_customers(*chosen), left + others


def _who(sample: Sample, given: Guess | None) -> Guess | None:
    """Return the column that says who in a table that may have one row a customer."""
    if given is not None and (given.value == "row" or given.value in sample.facts):
        return given
    return guess_customer(sample)


def _chosen(
    profiles: list[tuple[Sample, Guess]], sources: list[SourceDraft], samples: list[Sample]
) -> tuple[tuple[Sample, Guess] | None, list[str]]:
    """Return the table of customers: with events, the one of whose customers the most have events."""
    if not sources or len(samples) == 1:
        ranked = sorted(profiles, key=lambda one: -len(one[0].columns))
        return (ranked[0] if ranked else None), [
            f"{one.path.name}: one row a customer too" for one, _ in ranked[1:]
        ]
    ids = {value for draft in sources for value in _ids(samples, draft)}
    shares = [
        (len(ids & set(_texts(sample.frame, who.value))) / max(len(ids), 1), sample, who)
        for sample, who in profiles
    ]
    shares.sort(key=lambda one: -one[0])
    fit = bool(shares) and shares[0][0] > 0.05
    best = (
        (shares[0][1], replace(shares[0][2], why=f"{shares[0][0]:.0%} of those with events are in it"))
        if fit
        else None
    )
    others = [
        f"{sample.path.name}: none of its ids have events" for share, sample, _ in shares[1 if fit else 0 :]
    ]
    return best, others


def _ids(samples: list[Sample], draft: SourceDraft) -> set[str]:
    column = draft.columns["customer_id"].value
    sample = next(sample for sample in samples if sample.path == draft.path)
    return set(_texts(sample.frame, column)) if column in sample.frame else set()


def _texts(frame: pd.DataFrame, column: str) -> pd.Series:
    if column not in frame:
        return pd.Series(dtype=str)
    values = frame[column].dropna()
    return (values.astype("Int64") if pd.api.types.is_float_dtype(values) else values).astype(str).str.strip()


def _text(
    client: str, samples: list[Sample], sources: list[SourceDraft], people: CustomersDraft | None, left: list[str],
    folder: Path, ask: Ask | None,
) -> str:  # fmt: skip
    heads = " ".join(name for sample in samples for name in sample.columns)
    dutch = bool(_DUTCH.search(heads))
    model, _ = guess_model({name for draft in sources for name in draft.seen} or {"purchase"})
    setting = next((draft.setting for draft in sources if draft.setting), None)
    account = any("account_id" in draft.columns for draft in sources)
    guesses = {
        "language": Guess("nl", "Dutch column names", LIKELY)
        if dutch
        else Guess("en", "no Dutch column names", LIKELY),
        "setting": Guess("b2b", "there are accounts", LIKELY)
        if setting == "b2b" or account
        else Guess("b2c", "there are no accounts", LIKELY),
    }
    if sources:
        zone = _zone(samples, sources, dutch)
        if ask and zone.sure == DOUBTFUL and not _in_order(sources):
            answer = ask("In which time zone are times without an offset?", zone, [])
            zone = Guess(answer, "as you said") if answer in available_timezones() else zone
        guesses |= {"stage_model": model, "timezone": zone}
    lines = head_lines(client, dict.fromkeys(sample.path.name for sample in samples), guesses)
    lines += source_lines(sources, folder) + _channels(sources, samples) + customer_lines(people, folder)
    lines += _privacy(sources, people, samples)
    lines += [f"# left out: {told}".replace("\n", " ") for told in left]
    if not sources:
        lines.append("# One row a customer and no events: personas, and nothing of journeys.")
    return "\n".join(lines) + "\n"


def _in_order(sources: list[SourceDraft]) -> bool:
    forms = [draft.columns.get("timestamp") for draft in sources]
    return all(form is None or (isinstance(form.value, dict) and "order" in form.value) for form in forms)


def _zone(samples: list[Sample], sources: list[SourceDraft], dutch: bool) -> Guess:
    """Return the time zone of times without an offset."""
    if _in_order(sources):
        return Guess("UTC", "there are no times")
    known = next((draft.timezone for draft in sources if draft.timezone), None)
    if known:
        return Guess(known, "the export's times are in it")
    if _patterns(samples, sources) <= {"with offset", "epoch seconds", "epoch milliseconds"}:
        return Guess(
            "Europe/Amsterdam" if dutch else "UTC", "of days only: the times carry their offset", LIKELY
        )
    for sample in samples:
        for name in sample.columns:
            if set(sample.facts[name].words) & {"country", "land"} and sample.facts[name].kind == "text":
                most = sample.frame[name].dropna().astype(str).str.strip().mode()
                zone = _ZONES.get(most.iloc[0].lower()) if len(most) else None
                if zone:
                    return Guess(
                        zone, f"of times without an offset: most of {name} is {most.iloc[0]}", LIKELY
                    )
    zone, why = ("Europe/Amsterdam", "Dutch column names") if dutch else ("UTC", "nothing tells which")
    return Guess(zone, f"of times without an offset; {why}", DOUBTFUL)


def _patterns(samples: list[Sample], sources: list[SourceDraft]) -> set[str | None]:
    found = set()
    for draft in sources:
        sample = next(sample for sample in samples if sample.path == draft.path)
        form: Any = draft.columns["timestamp"].value if "timestamp" in draft.columns else None
        fact = sample.facts.get(form) if isinstance(form, str) else None
        found.add(fact.pattern if fact else None)
    return found


def _channels(sources: list[SourceDraft], samples: list[Sample]) -> list[str]:
    """Return the lines of channels that are near a known one, and of those that keep their own name."""
    given = {raw: guess for draft in sources for raw, guess in draft.channels.items()}
    frames = {sample.path: sample.frame for sample in samples}
    columns = [(draft, draft.columns.get("channel")) for draft in sources]
    raw = pd.concat([
        pd.Series(dtype=str),
        *(_texts(frames[draft.path], form.value) for draft, form in columns if form and isinstance(form.value, str)),
    ])  # fmt: skip
    names = [name for name in raw.value_counts().head(_MOST_CHANNELS).index if name and name not in given]
    near = guess_channels(names)
    kept = [name for name in names if name not in near and not channel_of(name).known]
    return channel_lines(given | near, kept)


def _privacy(sources: list[SourceDraft], people: CustomersDraft | None, samples: list[Sample]) -> list[str]:
    """Return the line that hides ids which are e-mail addresses."""
    for draft in sources:
        sample = next(sample for sample in samples if sample.path == draft.path)
        fact = sample.facts.get(str(draft.columns["customer_id"].value))
        if fact is not None and fact.email > 0.2:
            why = f"{fact.name} holds e-mail addresses, so ids are hidden"
            return [f"privacy: {{pseudonymise: true}}  {Guess(True, why, SURE).comment}"]
    if people is not None:
        for sample in samples:
            fact = sample.facts.get(str(people.customer.value))
            if fact is not None and fact.email > 0.2:
                return ["privacy: {pseudonymise: true}  # the ids are e-mail addresses (sure)"]
    return []
