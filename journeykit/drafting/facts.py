"""Facts of columns: what kind of values stand in them, how many, and how their names read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from journeykit.documents import read_document
from journeykit.events.leaks import words_of
from journeykit.events.numbers import is_number
from journeykit.events.patterns import (
    EPOCH_MILLISECONDS,
    EPOCH_SECONDS,
    EXCEL_DAYS,
    JSON_DATE,
    NEVER,
    find_pattern,
    is_read,
)
from journeykit.events.texts import NOTHING
from journeykit.touchpoints import definitions, safe_identifier

__all__ = ["DOUBTFUL", "LIKELY", "SURE", "Facts", "Guess", "facts_of", "spoken", "words"]

SURE, LIKELY, DOUBTFUL = "sure", "likely", "doubtful"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
_CLOCK = re.compile(
    r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(\s?[ap]\.?\s?m\.?|\s?(u|uur|h|hrs)\.?)?"
    r"|\d{1,2}([uh]\d{2}|[.]\d{2}\s?(u|uur|h|hrs)\.?)",  # 21.30 alone is a number
    re.IGNORECASE,
)
_LOOKED_AT = 300


@dataclass(frozen=True)
class Guess:
    """A value in a draft, the evidence for it, and how sure it is."""

    value: Any
    why: str
    sure: str = SURE

    @property
    def comment(self) -> str:
        """The evidence as a comment of the draft."""
        told = f"{self.why} ({self.sure})" if self.why else self.sure
        return f"# LOOK: {told}" if self.sure == DOUBTFUL else f"# {told}"


@dataclass(frozen=True)
class Facts:
    """What is known of a column from a sample.

    ``kind`` is ``time``, ``whole``, ``number``, ``flag``, ``text``, ``list`` or ``empty``; ``pattern`` how times are
    written; ``levels`` the number of different values, ``filled`` the share of rows that have one, ``unique`` the
    share of them that differ, ``email`` the share that are addresses, ``clock`` the share that are times of day (0
    where they are few).
    """

    name: str
    kind: str
    levels: int
    filled: float
    unique: float
    email: float = 0.0
    pattern: str | None = None
    clock: float = 0.0

    @property
    def plain(self) -> str:
        """The name as an identifier."""
        return safe_identifier(self.name)

    @property
    def words(self) -> list[str]:
        """The words in the name."""
        return words_of(self.name)


@cache
def words() -> dict[str, Any]:
    """Return the words by which things are recognised."""
    return read_document(definitions("drafting.yml")).data


def spoken(name: str, key: str) -> str | None:
    """Return how sure a column's name says what a list of words says: whole, in part, or not (None).

    Examples
    --------
    >>> spoken("CustomerID", "order"), spoken("Order ID", "order"), spoken("my_order_id", "order")
    (None, 'sure', 'likely')
    """
    listed = words()[key] if key in words() else words()["columns"][key]
    forms = {safe_identifier(name), "_".join(words_of(name))}
    if forms & set(listed):
        return SURE
    parts = "_" + "_".join(words_of(name)) + "_"
    return LIKELY if any(len(word) > 2 and f"_{word}_" in parts for word in listed) else None


def facts_of(frame: pd.DataFrame) -> dict[str, Facts]:
    """Return the facts of each column of a sample, by name."""
    return {str(name): _facts(frame[name], str(name)) for name in frame}


def _facts(column: pd.Series, name: str) -> Facts:
    texts = column.dropna()
    texts = (
        texts.astype("str").str.strip()
        if not any(isinstance(value, list | dict) for value in texts)
        else texts.map(_written)
    )
    if pd.api.types.is_float_dtype(column):
        texts = texts.str.removesuffix(".0")
    texts = texts[~texts.str.lower().isin(NOTHING)]
    if len(texts) and texts.str.fullmatch(r"[0-9]+[.]0").all():
        texts = texts.str.removesuffix(".0")
    levels = int(texts.nunique())
    filled = len(texts) / len(column) if len(column) else 0.0
    unique = levels / len(texts) if len(texts) else 0.0
    sample = texts.sample(min(len(texts), _LOOKED_AT), random_state=0) if len(texts) else texts
    email = float(sample.map(lambda text: bool(_EMAIL.fullmatch(text))).mean()) if len(sample) else 0.0
    kind, pattern = _kind(column, sample, levels, name)
    clock = float(sample.map(lambda text: bool(_CLOCK.fullmatch(text))).mean()) if len(sample) else 0.0
    return Facts(name, kind, levels, filled, unique, email, pattern, clock if clock > 0.9 else 0.0)


def _written(value: Any) -> str:
    return json.dumps(value, default=str) if isinstance(value, list | dict) else str(value).strip()


def _kind(column: pd.Series, sample: pd.Series, levels: int, name: str) -> tuple[str, str | None]:
    if sample.empty:
        return "empty", None
    if pd.api.types.is_datetime64_any_dtype(column):
        return "time", "timestamp"
    if sample.str.startswith(("[", "{")).mean() > 0.9:
        return "list", None
    if pattern := _time_pattern(sample, spoken(name, "timestamp") == SURE):
        return "time", pattern
    amount = any(spoken(name, key) == SURE for key in ("value", "quantity", "order_total", "unit_price"))
    if (
        levels <= 2
        and sample.str.lower().isin(["0", "1", "true", "false", "yes", "no", "ja", "nee", "y", "n"]).all()
    ):
        return "flag", None
    if sample.map(is_number).mean() > (0.5 if amount else 0.95):
        whole = sample.str.fullmatch(r"[-+]?\d+").mean() > 0.95
        return ("whole" if whole else "number"), None
    return "text", None


def _time_pattern(sample: pd.Series, named: bool = False) -> str | None:
    """Return how times are written when at least nine of ten values are times of 1990 to 2035.

    Of a column that is ``named`` like one, more than half.
    """
    sample = sample[~sample.str.match(NEVER)]
    pattern = find_pattern(sample)
    if pattern is None:
        return None
    enough = 0.5 if named else 0.9
    if pattern in (EPOCH_SECONDS, EPOCH_MILLISECONDS):
        numbers = pd.to_numeric(sample.str.replace(JSON_DATE, r"\1", regex=True), errors="coerce")
        digits = numbers.map(lambda number: 10 ** (len(str(int(number))) - 10) if number == number else 1)
        fits = (numbers / digits).between(631_152_000, 2_051_222_400)
    else:
        fits = sample.map(lambda text: pattern == EXCEL_DAYS or is_read(text, pattern))
    return pattern if fits.mean() > enough else None
