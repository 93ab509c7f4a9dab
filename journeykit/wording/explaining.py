"""Why somebody belongs to a persona, and the rules that recognise its people, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from journeykit.errors import JourneykitError
from journeykit.personas.conditions import answers
from journeykit.wording.conditions import listed, place_words, say_condition, say_conditions
from journeykit.wording.formats import is_missing, say_interval, say_value
from journeykit.wording.labels import label
from journeykit.wording.names import trait_name
from journeykit.wording.sentences import in_sentence
from journeykit.wording.texts import fill, load_texts, text

if TYPE_CHECKING:
    import pandas as pd

    from journeykit.personas import RuleTree

__all__ = ["say_recruiting", "say_rule", "say_tree", "say_why"]

MOST_REASONS = 3
MOST_PER_BLOCK = 2  # reasons of one kind: the shares of a block move together
LEAST_STANDING = 0.25  # standard deviations from the average below which nobody would speak of a difference
LEAST_SAID = 0.01  # probability below which the next best persona gets no figure
_DEGREES = ((2.0, "far"), (1.0, "plain"), (0.0, "somewhat"))
_WHEN_AND_WHERE = ("channel", "daypart", "weekday")


def say_rule(
    rule: Sequence[Mapping[str, Any]], language: str, client=None, *, currency: str | None = None
) -> str:
    r"""Return a rule of `recruit_rules` as a sentence, not escaped.

    Parameters
    ----------
    rule
        Conditions: dicts of ``measure, op, threshold``. Without conditions the sentence says that there is no rule.
    language
        `nl` or `en`.
    client
        The client, for touchpoints of its own and for what its units are called.
    currency
        Three-letter code of the currency of amounts; without it amounts are bare numbers.

    Examples
    --------
    >>> rule = [{"measure": "channel_share.email", "op": "at_least", "threshold": 0.4},
    ...         {"measure": "order_value_mean", "op": "at_least", "threshold": 50.0}]
    >>> say_rule(rule, "en", currency="EUR")
    'At least 40% of contacts by email and on average at least €50 per order.'
    >>> say_rule(rule, "nl", currency="EUR")
    'Minstens 40% van de contacten via e-mail en gemiddeld minstens €\xa050 per bestelling.'
    """
    if not rule:
        return text("explaining.rule.empty", language, noun=_units(client, language)["many"])
    return _sentence(say_conditions(rule, language, client, currency) + ".")


def say_recruiting(
    row: Mapping[str, Any] | pd.Series, language: str, client=None, *, currency: str | None = None
) -> str:
    """Return a row of `recruit_rules` as sentences: the rule, how often it is right, and how many it finds.

    Examples
    --------
    >>> row = {"rule": [{"measure": "orders", "op": "at_least", "threshold": 3.0}], "precision": 0.8,
    ...        "precision_low": 0.7, "precision_high": 0.9, "recall": 0.5, "recall_low": 0.4, "recall_high": 0.6,
    ...        "base_rate": 0.2, "reason": ""}
    >>> say_recruiting(row, "en")
    'At least 3 orders. Those who meet this belong to this group in 80% of cases (70–90%); of all, 20% belong to it.
    Of the group, 50% meet it (40–60%).'
    """
    if row["reason"] == "too_small":
        return text("explaining.rule.too_small", language)
    said = [say_rule(row["rule"], language, client, currency=currency)]
    if len(row["rule"]):
        values = {name: row[name] for name in ("precision", "recall", "base_rate")}
        for name in ("precision", "recall"):
            interval = say_interval(row[f"{name}_low"], row[f"{name}_high"], "percent", language)
            values[f"{name}_interval"] = f" ({interval})" if interval else ""
        said += [text(f"explaining.rule.{name}", language, **values) for name in ("precision", "recall")]
    return " ".join(said)


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:]


def _units(client, language: str) -> dict[str, str]:
    return load_texts(language)["names"]["units"][_unit(client)]


def _unit(client) -> str:
    return "account" if getattr(client, "setting", "") == "b2b" else "customer"


def say_why(
    explanation: pd.DataFrame,
    language: str,
    client=None,
    names: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Return in plain words why one unit belongs to its persona, or why it has none; not escaped.

    Names at most three traits that speak for the persona against the next best, and the strongest one against it
    when that weighs at least half as much as the strongest one for it. *Average* is the average of everybody at
    the same point of the journey.

    Parameters
    ----------
    explanation
        Rows of `explain` about one unit.
    language
        `nl` or `en`.
    client
        The client, for touchpoints of its own and for what its units are called.
    names
        Personas' names: id to `{nl, en}`.

    Raises
    ------
    JourneykitError
        When the rows are about no unit, or about several.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"unit_id": "a", "persona": "p1", "probability": 0.92, "against": "p2",
    ...                      "against_probability": 0.06, "reason": "", "trait": ["channel.email", "daypart.20_23"],
    ...                      "block": ["channel", "daypart"], "standing": [2.4, -1.2], "contribution": [2.0, 0.7]})
    >>> names = {"p1": {"en": "Email readers"}, "p2": {"en": "Store visitors"}}
    >>> say_why(rows, "en", names=names)
    'Belongs to the email readers (probability 92%) rather than to the store visitors (6%), mostly because this
    customer is in contact far more often than average by email and less often between 8 pm and midnight.'
    """
    if explanation["unit_id"].nunique() != 1:
        raise JourneykitError(
            f"the explanation is about {explanation['unit_id'].nunique()} units",
            remedy="give the rows of one unit",
        )
    first = explanation.iloc[0]
    this = load_texts(language)["explaining"]["this"][_unit(client)]
    if is_missing(first["persona"]):
        return text(f"explaining.why.{first['reason']}", language, this=this)
    said = _placed(first, language, client, names)
    ranked, reasons = _ranked(explanation)
    if reasons.empty:
        return said + text("explaining.why.base", language, noun=_units(client, language)["many"])
    said += _because("because", reasons, this, language, client)
    last = ranked.tail(1)
    if -last["contribution"].iloc[0] >= reasons["contribution"].iloc[0] / 2:
        said += " " + _because("but", last, this, language, client)
    return said


def _ranked(explanation: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the traits worth speaking of, and those that are named as reasons, strongest first."""
    known = explanation[explanation["standing"].abs() >= LEAST_STANDING].dropna(subset=["contribution"])
    ranked = known.sort_values("contribution", ascending=False, kind="stable")
    reasons = ranked[ranked["contribution"] > 0].groupby("block", sort=False).head(MOST_PER_BLOCK)
    return ranked, reasons.head(MOST_REASONS)


def _placed(row: pd.Series, language: str, client, names) -> str:
    """Return to which persona somebody belongs, and with which probability."""
    persona, against = (
        in_sentence(label("persona", row[kind], language, client, names)) for kind in ("persona", "against")
    )
    said = text(
        "explaining.why.placed", language, persona=persona, probability=_sure(row["probability"], language)
    )
    other = {"against": against, "against_probability": _sure(row["against_probability"], language)}
    kind = "rather" if row["against_probability"] >= LEAST_SAID else "rather_bare"
    return said + _kept(load_texts(language)["explaining"]["why"][kind], other, language)


def _kept(pattern: str, values: Mapping[str, Any], language: str) -> str:
    """Return a filled text with the space that it begins with."""
    return (" " if pattern.startswith(" ") else "") + fill(pattern, values, language)


def _sure(probability: float, language: str) -> str:
    limit = "over" if probability > 0.99 else "under" if probability < 0.01 else None
    return text(f"explaining.why.{limit}", language) if limit else say_value(probability, "percent", language)


def _because(key: str, reasons: pd.DataFrame, this: str, language: str, client) -> str:
    """Return reasons as clauses behind `this customer`; when and where somebody is in contact is one clause."""
    clauses: dict[Any, list[str]] = {}
    for place, row in enumerate(reasons.itertuples()):
        shared = "contact" if row.block in _WHEN_AND_WHERE else place
        clauses.setdefault(shared, []).append(_reason(row, language, client, first=place == 0))
    several = len(clauses) > 1 and len(clauses.get("contact", ())) > 1
    said = [
        text("explaining.contact", language, places=listed(parts, "and", language))
        if shared == "contact"
        else parts[0]
        for shared, parts in clauses.items()
    ]
    joined = listed(said, "clauses" if several else "and", language)
    return text(f"explaining.why.{key}", language, this=this, reasons=joined)


def _reason(row: Any, language: str, client, first: bool) -> str:
    """Return what somebody does more or less than average."""
    block, _, category = row.trait.partition(".")
    direction = "more" if row.standing > 0 else "less"
    words = load_texts(language)["explaining"]
    named = "place" if block in _WHEN_AND_WHERE else block if block in words[direction] else category
    degree = next(name for least, name in _DEGREES if abs(row.standing) >= least)
    vocabulary = client.vocabulary if client is not None else None
    values = {
        "much": words["degrees"][degree],
        "than": words["than"] if first else "",
        "place": place_words(row.trait, language, client)
        if block in (*_WHEN_AND_WHERE, "touchpoint")
        else "",
        "name": trait_name(row.trait, language, vocabulary),
    }
    return fill(words[direction].get(named, words[direction]["other"]), values, language)


def say_tree(
    tree: RuleTree,
    language: str,
    client=None,
    names: Mapping[str, Mapping[str, str]] | None = None,
    *,
    html: bool = False,
    currency: str | None = None,
) -> str:
    """Return a tree of questions as indented text, or as nested HTML lists in which every value is escaped.

    Parameters
    ----------
    tree
        What `rule_tree` made.
    language
        `nl` or `en`.
    client
        The client, for touchpoints of its own and for what its units are called.
    names
        Personas' names: id to `{nl, en}`.
    html
        Whether to return HTML.
    currency
        Three-letter code of the currency of amounts.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> ends = [{"persona": name, "customers": 40, "purity": 0.9, "share_of_persona": 0.8} for name in ("p1", "p2")]
    >>> root = {"measure": "channel_share.email", "threshold": 0.4, "missing": None, "yes": ends[0], "no": ends[1]}
    >>> print(say_tree(SimpleNamespace(root=root), "en"))
    At least 40% of contacts by email: customers in group 1 (40 customers; 90% of them belong there)
    Less than 40% of contacts by email: customers in group 2 (40 customers; 90% of them belong there)
    """
    root = tree.root
    if "persona" in root:
        said = _sentence(_end(root, language, client, names))
        return f"<ul><li>{escape(said)}</li></ul>" if html else said
    if html:
        return _html(root, language, client, names, currency)
    return "\n".join(_lines(root, language, client, names, currency, 0))


def _branches(
    node: Mapping[str, Any], language: str, client, currency: str | None
) -> Iterator[tuple[str, Any]]:
    """Yield the two answers to a question as words, with what follows."""
    for answer, condition in answers(node).items():
        said = _sentence(say_condition(condition, language, client, currency))
        yield text("explaining.tree.branch", language, condition=said), node[answer]


def _end(node: Mapping[str, Any], language: str, client, names) -> str:
    units = _units(client, language)
    return text(
        "explaining.tree.end", language,
        persona=in_sentence(label("persona", node["persona"], language, client, names)),
        customers=node["customers"], purity=say_value(node["purity"], "percent", language),
        _units=(units["one"], units["many"]),
    )  # fmt: skip


def _lines(
    node: Mapping[str, Any], language: str, client, names, currency: str | None, depth: int
) -> Iterator[str]:
    for said, below in _branches(node, language, client, currency):
        if "persona" in below:
            yield f"{'  ' * depth}{said} {_end(below, language, client, names)}"
        else:
            yield f"{'  ' * depth}{said}"
            yield from _lines(below, language, client, names, currency, depth + 1)


def _html(node: Mapping[str, Any], language: str, client, names, currency: str | None) -> str:
    items = []
    for said, below in _branches(node, language, client, currency):
        end = "persona" in below
        inner = (
            " " + escape(_end(below, language, client, names))
            if end
            else _html(below, language, client, names, currency)
        )
        items.append(f"<li>{escape(said)}{inner}</li>")
    return f"<ul>{''.join(items)}</ul>"
