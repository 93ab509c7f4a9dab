"""Names of things: stages, touchpoints, channels, personas, columns, traits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from journeykit.errors import unknown
from journeykit.stage_models import load_stage_model, stage_model_ids
from journeykit.touchpoints import load_channels, load_vocabulary, readable
from journeykit.wording.names import in_sentence, trait_id, trait_name
from journeykit.wording.texts import fill, load_texts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["label", "label_frame"]

KINDS = (
    "stage",
    "touchpoint",
    "channel",
    "persona",
    "column",
    "trait",
    "figure",
    "reason",
    "canonical",
    "value",
    "attribute",
    "level",
    "trait_head",
)
_PATTERNS = ("channel", "daypart", "touchpoint", "attribute", "level", "date_days")


def label(
    kind: str, name: Any, language: str, client=None, names: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """Return the name of a thing in a language; a thing without a name is made readable.

    Parameters
    ----------
    kind
        `stage`, `touchpoint`, `channel`, `persona`, `column`, `trait`, `figure`, `reason`, `canonical`,
        `attribute`, `level` (of an attribute: a value of the data) or `value` (words that stand in cells, such as
        `lapsed`).
    name
        Its id.
    client
        The client, for stages and touchpoints of its own.
    names
        Personas' names: id to `{nl, en}`.

    Examples
    --------
    >>> label("stage", "consideration", "nl"), label("channel", "email", "en"), label("column", "share", "nl")
    ('Overweging', 'Email', 'Aandeel')
    """
    if kind not in KINDS:
        raise unknown("kind of label", kind, KINDS)
    if names and name in names:
        return names[name][language]
    if kind in ("level", "channel", "touchpoint") and str(name) in (
        given := getattr(client, "values", None) or {}
    ):
        return given[str(name)].get(language) or next(iter(given[str(name)].values()))
    if kind == "level":
        return load_texts(language)["levels"].get(str(name).casefold().replace("_", " ")) or _level(str(name))
    if kind == "stage":
        return _stage(str(name), language, client)
    if kind == "touchpoint":
        vocabulary = client.vocabulary if client is not None else load_vocabulary()
        return vocabulary.name(str(name), language)
    if kind == "channel" and name in load_channels():
        return load_channels()[name].name[language]
    if kind == "persona":
        return _persona(str(name), language, client)
    if kind == "trait":
        return _trait(str(name), language, client)
    if kind == "trait_head":
        return _trait_head(str(name), language, client)
    return _word({"column": "columns"}.get(kind, f"{kind}s"), str(name), language)


def _level(name: str) -> str:
    """Return a value of the data as a word; what holds anything but small letters was written for readers."""
    return readable(name) if re.fullmatch(r"[a-z]+(_[a-z]+)*", name) else name


def _word(section: str, name: str, language: str) -> str:
    return load_texts(language).get(section, {}).get(name) or readable(name)


def _stage(name: str, language: str, client) -> str:
    if name in load_texts(language)["values"]:
        return load_texts(language)["values"][name]
    if client is not None and name in client.model.ids:
        return client.model.stage(name).name[language]
    return _shipped_stages(language).get(name) or readable(name)


@cache
def _shipped_stages(language: str) -> dict[str, str]:
    models = [load_stage_model(name) for name in ("universal", *stage_model_ids())]
    return {stage.id: stage.name[language] for model in reversed(models) for stage in model.stages}


def _persona(name: str, language: str, client) -> str:
    names = load_texts(language)["names"]
    if name == "all":
        account = client is not None and client.setting == "b2b"
        return names["all_accounts" if account else "all"]
    if name in ("None", "nan", "unassigned", "<NA>"):
        return names["unassigned"]
    return fill(names["numbered"], {"number": name.lstrip("p")}, language)


def _trait(name: str, language: str, client) -> str:
    """Return a trait as it stands in a sentence: `het aandeel van e-mail`."""
    known = load_texts(language)["traits"]
    plain = trait_id(name)
    if plain in known:
        return known[plain]
    block = plain.partition(".")[0]
    pattern = known.get(block if block in _PATTERNS else "other")
    vocabulary = client.vocabulary if client is not None else None
    category = plain.partition(".")[2]
    shown = known.get(f"daypart_{category}") if block == "daypart" else None
    return fill(pattern, {"name": shown or trait_name(name, language, vocabulary)}, language)


def _trait_head(name: str, language: str, client) -> str:
    """Return a trait as it stands at the head of a row: `Via e-mail`."""
    texts = load_texts(language)
    block, _, category = trait_id(name).partition(".")
    heads, parts = texts["trait_heads"], texts["traits"]
    if not category and block in heads:
        return heads[block]
    if block in _PATTERNS and category:
        vocabulary = client.vocabulary if client is not None else None
        shown = parts.get(f"daypart_{category}") if block == "daypart" else None
        named = shown or trait_name(name, language, vocabulary)
        return fill(heads[block], {"name": in_sentence(named) if block == "channel" else named}, language)
    words = re.sub(f"^({heads['articles']})", "", _trait(name, language, client))
    return words[:1].upper() + words[1:]


def label_frame(frame: pd.DataFrame, language: str, client=None, names=None) -> pd.DataFrame:
    """Return a table with its columns and the ids in it as words, for reading; figures are left as they are.

    Parameters
    ----------
    frame
        A table of the contract.
    names
        Personas' names: id to `{nl, en}`.

    Examples
    --------
    >>> import pandas as pd
    >>> label_frame(pd.DataFrame({"stage": ["purchase"], "share": [0.5]}), "nl").columns.tolist()
    ['Fase', 'Aandeel']
    """
    shown = frame.copy()
    for column, kind in _COLUMN_KINDS.items():
        if column in shown:
            given = names if kind == "persona" else None
            shown[column] = shown[column].map(
                lambda name, k=kind, g=given: _cell(k, name, language, client, g)
            )
    return shown.rename(columns={column: label("column", column, language) for column in shown.columns})


def _cell(kind: str, name: Any, language: str, client, names) -> str:
    if kind in _LISTED:
        given = name.split(", ") if isinstance(name, str) else []
        return ", ".join(label(_LISTED[kind], one, language, client) for one in given) or "–"
    if name is None or name != name:
        return load_texts(language)["values"]["unsure"] if kind == "stage" else "–"
    return label(kind, name, language, client, names)


_LISTED = {"channels": "channel", "touchpoints": "touchpoint"}
_COLUMN_KINDS = {
    "persona": "persona", "stage": "stage", "from": "stage", "to": "stage", "next_stage": "stage",
    "channel": "channel", "touchpoint": "touchpoint", "last_touchpoint": "touchpoint", "figure": "figure",
    "reason": "reason", "canonical": "canonical", "top_channels": "channels", "top_touchpoints": "touchpoints",
}  # fmt: skip
