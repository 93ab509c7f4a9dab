"""Findings as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from journeykit.errors import unknown
from journeykit.touchpoints import readable
from journeykit.wording.formats import LANGUAGES, is_missing, say_interval, say_value
from journeykit.wording.labels import label
from journeykit.wording.names import in_sentence
from journeykit.wording.texts import fill, is_one, load_texts

if TYPE_CHECKING:
    from journeykit.findings import Finding

__all__ = ["say", "say_about", "say_behaviour", "tell"]

# how a finding's interval is written, where it is not a share
_INTERVALS = {
    "skips_cost": "points", "skips_gain": "points", "skips_harmless": "points", "slow_stage": "duration",
    "magnet_further": "points", "magnet_less_far": "points",
    "aha_moment": "points", "aha_buys": "points", "persona_differs": "points", "nps": "signed", "referrals": "number",
    "mean_rating": "number", "persona_grown": "points", "persona_shrunk": "points",
    "stage_share_risen": "points", "stage_share_fallen": "points", "drop_off_risen": "points",
    "drop_off_fallen": "points", "lapsed_risen": "points", "lapsed_fallen": "points",
    "spend_returns_most": "amount", "spend_returns_least": "amount",
    "ahead_more_persona": "amount", "ahead_more_channel": "amount",
    "trial_better": "points", "trial_worse": "points", "trial_no_difference": "points",
    "what_if": "whole", "what_if_value": "whole",
}  # fmt: skip


def say(finding: Finding, language: str, client=None) -> str:
    """Return a finding as one or two sentences.

    Parameters
    ----------
    finding
        What was found.
    language
        `nl` or `en`.
    client
        The client, for the names of its own stages and touchpoints.

    Raises
    ------
    JourneykitError
        When there is no sentence for the finding's key, or a number is missing that the sentence says.

    Examples
    --------
    >>> from journeykit.findings import Finding
    >>> found = Finding("leaks_at", {"share": 0.82}, 0.78, 0.86, "journey_map", "p1", "consideration", 412,
    ...                 names={"persona": {"nl": "Zoekers", "en": "Seekers"}})
    >>> say(found, "nl")
    'Van de 412 zoekers die de fase Overweging verlieten, haakte 82% af (78–86%).'
    >>> say(found, "en")
    'Of the 412 seekers that left the Consideration stage, 82% dropped out (78–86%).'
    """
    sentences = load_texts(language)["sentences"]
    if finding.key not in sentences:
        raise unknown("kind of finding", finding.key, sentences, remedy="add a sentence in nl and en")
    if finding.numbers.get("share") == 1:  # of all of them: that is said without figures
        sentences = sentences | load_texts(language)["sentences_of_all"]
    said = fill(sentences[finding.key], _values(finding, language, client), language)
    return said[:1].upper() + said[1:]


def say_about(key: str, finding: Finding, language: str, client=None, **more: Any) -> str:
    """Return a text that is about what a finding is about, such as what to do about it.

    Parameters
    ----------
    key
        `section.key`.
    finding
        What it is about.
    **more
        What goes into the blanks besides what a finding's own sentence knows.
    """
    section, _, name = key.partition(".")
    said = fill(load_texts(language)[section][name], _values(finding, language, client) | more, language)
    return said[:1].upper() + said[1:]


def _values(finding: Finding, language: str, client) -> dict[str, Any]:
    numbers = dict(finding.numbers)
    form = _INTERVALS.get(finding.key, "percent")
    currency = getattr(client, "currency", None)
    interval = say_interval(finding.low, finding.high, form, language, currency)
    values = {
        "_currency": currency,
        **numbers,
        "customers": finding.customers if finding.customers is not None else 0,
        "interval": f" ({interval})" if interval else "",
        "other_interval": _of_others(numbers, language),
        **_group_words(finding, language, client),
        **_named(finding, numbers, language, client),
    }
    if "form" in numbers:
        values |= {
            name: say_value(numbers[name], numbers["form"], language, currency) for name in ("value", "other")
        }
    if "skipped" in numbers:
        kind = "skipped_more" if numbers["skipped"] >= 3 else "skipped"
        values["skipped"] = fill(load_texts(language)["names"]["phrases"][kind], numbers, language)
    return values


def _of_others(numbers: Mapping[str, Any], language: str) -> str:
    """Return the interval of the share among the others, in brackets; empty when it is not known."""
    between = say_interval(numbers.get("other_low"), numbers.get("other_high"), "percent", language)
    return f" ({between})" if between else ""


def _group_words(finding: Finding, language: str, client) -> dict[str, Any]:
    """Return the group that a finding is about, in the forms that sentences need."""
    names = load_texts(language)["names"]
    unit = finding.numbers.get("unit") or (
        "account" if getattr(client, "setting", "") == "b2b" else "customer"
    )
    count = finding.customers if finding.customers is not None else 0
    one = is_one(count)
    fillings = {"customers": count, "noun": names["units"][unit]["one" if one else "many"]}
    everyone = {"customers": count, "noun": names["units"][unit]["many"]}
    phrase = names["phrases"]
    words: dict[str, Any] = {"_units": (names["units"][unit]["one"], names["units"][unit]["many"])}
    words |= {"units": fill(phrase["count"], fillings, language), "noun": everyone["noun"]}
    if finding.persona in (None, "all"):
        return words | {
            "who": words["units"],
            "of_who": fill(phrase["of_one" if one else "of_all"], fillings, language),
            "group": fill(phrase["group_all"], everyone, language),
        }
    name = in_sentence(_persona_name(finding, language, client))
    fillings["persona"] = name
    return words | {
        "who": fill(phrase["persona_one" if one else "persona_count"], fillings, language),
        "of_who": fill(phrase["of_one_persona" if one else "of_persona"], fillings, language),
        "group": fill(phrase["group"], fillings, language),
    }


def _persona_name(finding: Finding, language: str, client) -> str:
    given = finding.names.get("persona")
    return given[language] if given else label("persona", finding.persona or "all", language, client)


def _named(finding: Finding, numbers: Mapping[str, Any], language: str, client) -> dict[str, str]:
    """Return the names of the stage, channel, touchpoints and so on that a finding is about."""
    named: dict[str, str] = {}
    named["persona"] = _persona_name(finding, language, client)
    if "to" in numbers:
        given = finding.names.get("to")
        named["to"] = given[language] if given else label("persona", numbers["to"], language, client)
    if finding.stage is not None:
        given = finding.names.get("stage")
        named["stage"] = given[language] if given else label("stage", finding.stage, language, client)
    for kind in ("channel", "trait", "reason"):
        if not is_missing(numbers.get(kind)):
            named[kind] = label(kind, numbers[kind], language, client)
    if "other_channel" in numbers:
        named["other_channel"] = label("channel", numbers["other_channel"], language, client)
    for kind in ("touchpoint", "content"):
        if not is_missing(numbers.get(kind)):
            named[kind] = f"‘{label('touchpoint', numbers[kind], language, client)}’"
    if numbers.get("touchpoints"):
        listed = [label("touchpoint", t, language, client) for t in numbers["touchpoints"]]
        joiner = "or" if finding.key in ("stage_not_observable", "talking_buys") else "and"
        named["touchpoints"] = _listed(listed, joiner, language)
    if "conclusion" in numbers:
        named["conclusion"] = _conclusion(numbers, language, client)
    if "behaviour" in numbers:
        named["behaviour"] = say_behaviour(numbers["behaviour"], numbers["at_least"], language, client)
    if "since" in numbers:
        named["since"] = load_texts(language)["values"][f"since_{numbers['since']}"]
    if "outcome" in numbers:
        named["outcome"] = load_texts(language)["values"][f"outcome_{numbers['outcome']}"]
    if "sign" in numbers:
        named["sign"] = load_texts(language)["values"][f"sign_{numbers['sign']}"]
    if "roles" in numbers:
        named["roles"] = _roles(numbers, language, client)
    if "role" in numbers:
        named["role"] = f"‘{in_sentence(label('level', numbers['role'], language, client))}’"
    if "lever" in numbers:
        own = f"‘{readable(numbers['lever'])}’"
        named["lever"] = load_texts(language)["values"].get(f"lever_{numbers['lever']}", own)
    if "action" in finding.names:
        named["action"] = in_sentence(finding.names["action"][language].rstrip("."))
    if "page" in numbers:
        named["page"] = f"‘{numbers['page']}’"
    return named


def _roles(numbers: Mapping[str, Any], language: str, client) -> str:
    """Return roles, each with the share of the accounts in which it is filled."""
    named = [in_sentence(label("level", role, language, client)) for role in numbers["roles"]]
    shares = [say_value(share, "percent", language) for share in numbers["shares"]]
    return ", ".join(f"{name} ({share})" for name, share in zip(named, shares, strict=True))


def say_behaviour(behaviour: str, at_least: int, language: str, client=None) -> str:
    """Return an early behaviour as words: a touchpoint some times, or activity on some days.

    Examples
    --------
    >>> say_behaviour("login", 3, "en"), say_behaviour("active_days", 2, "nl")
    ('‘Logged in’ at least 3 times', 'activiteit op minstens 2 dagen')
    """
    kind = "days" if behaviour == "active_days" else "once" if at_least == 1 else "times"
    name = label("touchpoint", behaviour, language, client)
    return fill(load_texts(language)["behaviours"][kind], {"name": name, "n": at_least}, language)


def _conclusion(numbers: Mapping[str, Any], language: str, client) -> str:
    """Return a conclusion about stages as a clause that fits behind `that` and `whether`."""
    texts = load_texts(language)
    account = numbers.get("unit") == "account" or getattr(client, "setting", "") == "b2b"
    noun = texts["names"]["units"]["account" if account else "customer"]["many"]
    phase = label("canonical", numbers["phase"], language) if numbers.get("phase") else ""
    return fill(texts["conclusions"][numbers["conclusion"]], {"noun": noun, "phase": phase}, language)


def _listed(names: list[str], joiner: str, language: str) -> str:
    shown = [in_sentence(name) for name in names]
    word = load_texts(language)["names"][joiner]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + word + shown[-1]


def tell(findings, client=None) -> list[dict[str, Any]]:
    """Return findings as plain values with their sentence in each language: what `findings.json` holds.

    Examples
    --------
    >>> from journeykit.findings import Finding
    >>> tell([Finding("few_customers", customers=1)])[0]["sentence"]["en"]
    'The data cover 1 customer. Differences between small groups are therefore uncertain.'
    """
    return [
        {**found.to_dict(), "sentence": {language: say(found, language, client) for language in LANGUAGES}}
        for found in findings
    ]
