"""Names: the vocabulary's name for each raw touchpoint, and the stage model that fits."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache

from journeykit.channels import channel_of, channel_words
from journeykit.drafting.facts import DOUBTFUL, SURE, Guess, words
from journeykit.events.leaks import words_of
from journeykit.stage_models import load_stage_model, stage_model_ids
from journeykit.touchpoints import load_vocabulary, safe_identifier

__all__ = ["guess_channels", "guess_model", "guess_touchpoints"]

_NEAR = 0.86


@cache
def _known() -> dict[str, str]:
    """Return every word that is known for a touchpoint, and the touchpoint."""
    listed = {word: name for name, said in words()["touchpoints"].items() for word in said}
    return listed | {name: name for name in load_vocabulary()}


def guess_touchpoints(raw: Iterable[str]) -> dict[str, Guess]:
    """Return the vocabulary's name for raw names: those that are known by another word, or nearly.

    A name that is the vocabulary's already, or that nothing is near to, is not in the result.

    Examples
    --------
    >>> {raw: guess.value for raw, guess in guess_touchpoints(["gekocht", "Add To Cartt", "purchase", "zzz"]).items()}
    {'gekocht': 'purchase', 'Add To Cartt': 'add_to_cart'}
    """
    found = {}
    for name in raw:
        guess = _guess(name)
        if guess is not None and safe_identifier(name) != guess.value:
            found[name] = guess
    return found


def _guess(name: str) -> Guess | None:
    for plain in (safe_identifier(name), "_".join(words_of(name))):
        if plain in _known():
            return Guess(_known()[plain], "", SURE)
    plain = safe_identifier(name)
    if len(plain) < 5:
        return None
    near = max(_known(), key=lambda word: SequenceMatcher(None, plain, word).ratio())
    likeness = SequenceMatcher(None, plain, near).ratio()
    return Guess(_known()[near], f"it is nearly {near!r}", DOUBTFUL) if likeness >= _NEAR else None


def guess_channels(raw: Iterable[str]) -> dict[str, Guess]:
    """Return what raw names of channels probably are that nobody knows, but that are nearly a known one.

    Examples
    --------
    >>> guesses = guess_channels(["Facebok", "nieuwsbreif", "facebook", "winkelvloer"])
    >>> {raw: guess.value for raw, guess in guesses.items()}
    {'Facebok': {'channel': 'social', 'source': 'facebook'}, 'nieuwsbreif': {'channel': 'email', 'paid': False}}
    """
    found = {}
    for name in raw:
        if channel_of(name).known or len(plain := safe_identifier(name).replace("_", "")) < 5:
            continue
        near = max(channel_words(), key=lambda word: SequenceMatcher(None, plain, word).ratio())
        if SequenceMatcher(None, plain, near).ratio() >= _NEAR:
            named = channel_of(near)
            said = {"channel": named.channel, "source": named.source, "paid": named.paid}
            said = {key: value for key, value in said.items() if value is not None}
            found[name] = Guess(said, f"it is nearly {near!r}", DOUBTFUL)
    return found


def guess_model(names: Iterable[str]) -> tuple[Guess, list[str]]:
    """Return the stage model of which the most stages can be seen, and the stages of it that cannot."""
    seen = set(names)
    seen |= (
        {"repeat_purchase"} if seen & {"purchase", "contract_signed"} else set()
    )  # told apart when it is read
    models = [load_stage_model(name) for name in stage_model_ids()]
    hidden = {
        model.id: [stage.id for stage in model.stages if not seen & {*stage.touchpoints, *stage.markers}]
        for model in models
    }
    shares = {model.id: 1 - len(hidden[model.id]) / len(model.stages) for model in models}
    best = max(sorted(shares, key=lambda name: name != "universal"), key=shares.__getitem__)
    unseen = hidden[best]
    why = f"{shares[best]:.0%} of its stages can be seen in this file"
    why += f"; not {', '.join(unseen)}" if unseen else ""
    return Guess(best, why, SURE if shares[best] > 0.7 else "likely"), unseen
