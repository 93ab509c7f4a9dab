"""Short human names for personas, made of the traits that set them apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from journeykit.touchpoints import Vocabulary, load_channels, load_vocabulary, readable
from journeykit.wording.texts import fill, load_texts

__all__ = ["in_sentence", "name_persona", "name_personas", "trait_id"]

_CATEGORIES = ("channel", "daypart", "touchpoint", "step", "attribute", "level", "date_days")
_OF_PEOPLE = ("attribute", "level", "date_days")  # columns of a table of customers, under their own names
_ALIASES = {
    "value_mean": "order_value", "value_per_order": "order_value", "step": "touchpoint",
    "gap": "gap_days", "gap_spread": "rhythm_spread", "spread": "rhythm_spread", "gap_cv": "rhythm_spread",
    "regularity": "rhythm_spread", "basket_size": "basket", "quantity": "basket", "lines": "basket",
    "contacts_per_session": "session_contacts", "session_length": "session_contacts", "people_mean": "people",
    "interaction": "interactive", "purchases": "orders",
}  # fmt: skip
MOST_TRAITS = 3
LEAST_USE = 0.1  # mean share below which a category says little about a group
_ACTIVITY = ("contacts", "sessions", "active_days", "span_days", "orders", "value_total", "recency_days")


def trait_id(column: str) -> str:
    """Return the id under which the texts know a trait column.

    Examples
    --------
    >>> trait_id("channel_share.email"), trait_id("value.order_value"), trait_id("weekend_share")
    ('channel.email', 'order_value', 'weekend')
    """
    block, _, category = column.partition(".")
    block = re.sub(r"_share$", "", block)
    if category and block in _CATEGORIES:
        return f"{_ALIASES.get(block, block)}.{category}"
    name = re.sub(r"(_share|_mean|_median|_log)$", "", category or block)
    return _ALIASES.get(name, name)


def name_persona(key: str | Sequence[str], language: str, vocabulary: Vocabulary | None = None) -> str:
    """Return the name of a group from its strongest traits.

    Parameters
    ----------
    key
        Traits with `+` or `-` behind them, strongest first: `"channel.email+"`, or several joined by `|`.
    language
        `nl` or `en`.
    vocabulary
        The client's vocabulary, for touchpoints of its own.

    Returns
    -------
    str
        A plural: it fits behind a number (`412 e-maillezers`).

    Examples
    --------
    >>> name_persona("channel_share.email+", "nl"), name_persona("channel.email+|daypart.evening+", "en")
    ('E-maillezers', 'Email readers who come in the evening')
    """
    traits = key.split("|") if isinstance(key, str) else list(key)
    joiner = load_texts(language)["names"]["and"]
    head = _part(traits[0], "head", language, vocabulary)
    tails = [_part(trait, "tail", language, vocabulary) for trait in traits[1:MOST_TRAITS]]
    return " ".join([head, joiner.join(tails)]).strip()


def _part(trait: str, part: str, language: str, vocabulary: Vocabulary | None) -> str:
    names = load_texts(language)["names"]
    column, low = trait.rstrip("+-"), trait.endswith("-")
    known = names["traits"].get(trait_id(column) + ("-" if low else ""))
    if known:
        return known[part]
    block = trait_id(column).partition(".")[0]
    kind = f"{'few' if low else 'many'}{f'_{block}' if block in _OF_PEOPLE else ''}"
    return fill(names[kind][part], {"name": trait_name(column, language, vocabulary)}, language)


def trait_name(column: str, language: str, vocabulary: Vocabulary | None = None) -> str:
    """Return the category of a trait column as words: the name of its touchpoint, channel or part of the day."""
    block, _, category = trait_id(column).partition(".")
    if block == "channel" and category in load_channels():
        return load_channels()[category].name[language]
    if block in _OF_PEOPLE:
        return readable(category)
    return (vocabulary or load_vocabulary()).name(category or block, language)


def in_sentence(name: str) -> str:
    """Return a name as it stands inside a sentence, abbreviations and names of columns kept.

    Examples
    --------
    >>> in_sentence("E-maillezers"), in_sentence("NPS-gevers"), in_sentence("MntFruits")
    ('e-maillezers', 'NPS-gevers', 'MntFruits')
    """
    first = name.partition(" ")[0]
    return name if first[1:] != first[1:].lower() else name[:1].lower() + name[1:]


def has_own_name(trait: str, language: str = "en") -> bool:
    """Return whether the texts have a name for a trait in this direction."""
    low = "-" if trait.endswith("-") else ""
    return trait_id(trait.rstrip("+-")) + low in load_texts(language)["names"]["traits"]


def name_personas(
    traits: Mapping[str, Sequence[str]] | pd.DataFrame,
    vocabulary: Vocabulary | None = None,
    kept: Mapping[str, Mapping[str, str]] | None = None,
) -> pd.DataFrame:
    """Return a name in each language per persona, never two alike.

    Parameters
    ----------
    traits
        Per persona its traits, strongest first, each with `+` or `-` behind it; or a frame with the columns
        `persona`, `trait` and `effect`.
    vocabulary
        The client's vocabulary, for touchpoints of its own.
    kept
        Names in `nl` and `en` that personas have from an earlier report, found again or not; a new persona never
        gets one of these.

    Returns
    -------
    pandas.DataFrame
        Index persona; columns `key`, `nl`, `en`. The key is what `name_persona` takes; it is the same for
        the same traits, so that names stay when the data change little.

    Examples
    --------
    >>> names = name_personas({"p1": ["channel.email+", "weekend-"], "p2": ["channel.email+", "weekend+"]})
    >>> names["nl"].tolist()
    ['E-maillezers die doordeweeks komen', 'E-maillezers die in het weekend komen']
    >>> known = {"p1": {"nl": "Zoekers", "en": "Seekers"}}
    >>> name_personas({"p1": ["weekend+"], "p3": ["touchpoint.search+"]}, kept=known)["en"].tolist()
    ['Seekers', 'Searchers']
    """
    lists = (
        _strongest(traits)
        if isinstance(traits, pd.DataFrame)
        else {p: _nameable(t) for p, t in traits.items()}
    )
    used = _lengthened(_traits_used(lists), lists, vocabulary, kept or {})
    rows = {persona: _name_row(persona, lists[persona][: used[persona]], vocabulary) for persona in lists}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["key", "nl", "en"]).rename_axis("persona")
    for language in ("nl", "en"):
        table[language] = _apart(
            table[language], {one: names[language] for one, names in (kept or {}).items()}
        )
    return table


def _apart(names: pd.Series, kept: Mapping[str, str]) -> pd.Series:
    """Return names with the kept ones in their place, and a number behind a name that is taken."""
    found = {persona: name for persona, name in kept.items() if persona in names.index}
    taken = set(kept.values())
    for persona, name in names.items():
        if persona not in found:
            copies = (f"{name} ({number})" for number in range(2, len(names) + len(kept) + 2))
            found[persona] = next(one for one in (name, *copies) if one not in taken)
            taken.add(found[persona])
    return names.index.to_series().map(found)


def _strongest(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return each persona's traits: what it does more before what it does less, and how much it does last."""
    known = frame.dropna(subset=["effect"])
    if {"inside", "outside"} <= set(known):
        rare = known["trait"].str.contains("_share.", regex=False) & (
            known[["inside", "outside"]].max(axis=1) < LEAST_USE
        )
        known = known[~rare.astype(bool)]
    activity = known["trait"].map(trait_id).isin(_ACTIVITY)
    known = known.assign(group=activity * 2 + (known["effect"] < 0), size=-known["effect"].abs())
    ordered = known.sort_values(["group", "size"], kind="stable")
    signed = ordered["trait"] + ordered["effect"].map(lambda effect: "+" if effect > 0 else "-")
    return {
        persona: _nameable(signed[ordered["persona"] == persona]) for persona in sorted(set(frame["persona"]))
    }


def _nameable(traits: Sequence[str]) -> list[str]:
    """Return traits with a name of their own first; 'little of something' says less about people."""
    named = [trait for trait in traits if has_own_name(trait)]
    seen: dict[str, str] = {}
    for trait in [*named, *(trait for trait in traits if trait not in named)]:
        seen.setdefault(trait_id(trait.rstrip("+-")), trait)
    return list(seen.values())


def _traits_used(lists: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many traits each persona's name needs to differ from the others'."""
    used = dict.fromkeys(lists, 1)
    for _ in range(MOST_TRAITS - 1):
        keys = {persona: tuple(map(_plain, lists[persona][: used[persona]])) for persona in lists}
        for persona, key in keys.items():
            twins = [other for other, its in keys.items() if other != persona and its[: len(key)] == key]
            if twins and used[persona] < min(MOST_TRAITS, len(lists[persona])):
                used[persona] += 1
    return used


def _lengthened(used: dict[str, int], lists, vocabulary, kept: Mapping) -> dict[str, int]:
    """Return how many traits a new persona's name needs to differ from the kept names too."""
    taken = {name for names in kept.values() for name in names.values()}
    for persona in set(lists) - set(kept):
        most = min(MOST_TRAITS, len(lists[persona]))
        while used[persona] < most and taken & set(
            _name_row(persona, lists[persona][: used[persona]], vocabulary)[1:]
        ):
            used[persona] += 1
    return used


def _plain(trait: str) -> str:
    return trait_id(trait.rstrip("+-")) + trait[-1:]


def _name_row(persona: str, traits: Sequence[str], vocabulary: Vocabulary | None) -> list[str]:
    if traits:
        key = "|".join(traits)
        return [key, *(name_persona(key, language, vocabulary) for language in ("nl", "en"))]
    number = re.sub(r"\D", "", persona) or persona
    return [
        "",
        *(
            fill(load_texts(language)["names"]["numbered"], {"number": number}, language)
            for language in ("nl", "en")
        ),
    ]
