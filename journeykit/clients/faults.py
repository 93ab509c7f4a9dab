"""Faults of a client file, as pydantic carries them: a sentence and its remedy."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticCustomError

from journeykit.errors import nearest

__all__ = ["fault", "unknown_word"]


def unknown_word(what: str, word: str, known: Any, remedy: str = "") -> PydanticCustomError:
    near = nearest(word, known)
    guess = f". Did you mean {near!r}?" if near else ""
    advice = remedy or f"use one of: {', '.join(list(known)[:20])}"
    return PydanticCustomError(
        "unknown", "{sentence}", {"sentence": f"unknown {what} {word!r}{guess}|{advice}"}
    )


def fault(sentence: str, remedy: str = "") -> PydanticCustomError:
    return PydanticCustomError("fault", "{sentence}", {"sentence": f"{sentence}|{remedy}"})
