"""Asking: the guesses that move a draft's figures most, put to whoever is at the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from journeykit.drafting.exports import SourceDraft, name_touchpoints
from journeykit.drafting.facts import DOUBTFUL, LIKELY, Guess
from journeykit.drafting.sampling import Sample
from journeykit.touchpoints import load_vocabulary

__all__ = ["ASKED", "MOVING", "Ask", "ask_about"]

Ask = Callable[[str, Guess, list[str]], str | None]
ASKED = 5
# what moves orders, revenue, people and days the most, the most first
MOVING = (
    "customer_id", "value", "value_per", "orders", "without", "status", "moments", "constants", "touchpoint",
    "timestamp", "currency", "order_id", "event_id", "visitor_id", "split", "timezone",
)  # fmt: skip
_NEEDED = ("customer_id", "timestamp", "touchpoint")
_ROW, _NONE, _YES, _NO = "row", "none", "yes", "no"
_CHOICES = {"value_per": ["order", "line"]}
_SAID = "as you said"


def ask_about(ask: Ask, sources: list[SourceDraft], samples: list[Sample]) -> None:
    """Ask about the guesses that move the figures most, the doubtful first, and put the answers in their place.

    Parameters
    ----------
    ask
        Called with a question, the guess and the options; gives the answer, or None to keep the guess.
    sources, samples
        What was drafted, which is changed, and of what.
    """
    listed = [one for draft in sources for one in _guesses(draft)]
    doubt = {DOUBTFUL: 0, LIKELY: 1}
    listed.sort(key=lambda one: (doubt.get(one[3].sure, 2), MOVING.index(one[2])))
    for draft, part, key, guess in listed[:ASKED]:
        sample = next(sample for sample in samples if sample.path == draft.path)
        question, options = _question(draft, part, key, guess, sample)
        answer = ask(question, guess, options)
        if answer and str(guess.value) != answer:
            _answered(draft, part, key, answer, sample)


def _guesses(draft: SourceDraft) -> Iterator[tuple[SourceDraft, str, str, Guess]]:
    """Yield the guesses of a source that can be answered in a word: of columns, of keys, and of what each row is."""
    yield from ((draft, "columns", key, guess) for key, guess in draft.columns.items() if key in MOVING)
    yield from (
        (draft, "keys", key, guess) for key, guess in draft.keys.items() if key in MOVING and key != "split"
    )
    if "touchpoint" in draft.constants:
        yield draft, "constants", "constants", draft.constants["touchpoint"]


def _question(draft: SourceDraft, part: str, key: str, guess: Guess, sample: Sample) -> tuple[str, list[str]]:
    name = draft.path.name
    if part == "columns":
        spare = [_ROW] if key == "customer_id" else [] if key in _NEEDED else [_NONE]
        return f"Which column of {name} is the {key}?", [*sample.columns, *spare]
    if part == "constants":
        return f"What is each row of {name}, a purchase or another touchpoint?", list(load_vocabulary())
    if key in _CHOICES:
        return f"Does a value of {name} stand for the whole order, or for a line of it?", _CHOICES[key]
    return f"Is this right for {name}: {key}?", [_YES, _NO]


def _answered(draft: SourceDraft, part: str, key: str, answer: str, sample: Sample) -> None:
    """Put an answer in the place of a guess."""
    if part == "constants":
        draft.constants["touchpoint"] = Guess(answer, _SAID)
        draft.seen.add(answer)
        return
    given: dict[str, Any] = getattr(draft, part)
    if answer == _YES:
        given[key] = Guess(given[key].value, _SAID)
    elif answer in (_NONE, _NO):
        del given[key]
        if key == "moments" and "touchpoint" not in {*draft.columns, *draft.constants}:
            draft.constants["touchpoint"] = Guess("purchase", f"{_SAID}, each row is one")
    else:
        given[key] = Guess(answer, _SAID)
    if key == "touchpoint":
        draft.touchpoints, draft.kept, draft.seen = {}, [], set()
        name_touchpoints(draft, sample.frame[answer])
