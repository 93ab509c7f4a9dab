"""Words: the only place that knows a language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from journeykit.wording.formats import LANGUAGES, say_value
from journeykit.wording.labels import label, label_frame
from journeykit.wording.names import name_persona, name_personas
from journeykit.wording.sentences import say, say_about, tell
from journeykit.wording.texts import keys, text

if TYPE_CHECKING:
    from journeykit.wording.explaining import say_recruiting, say_rule, say_tree, say_why

__all__ = [
    "LANGUAGES",
    "keys",
    "label",
    "label_frame",
    "name_persona",
    "name_personas",
    "say",
    "say_about",
    "say_recruiting",
    "say_rule",
    "say_tree",
    "say_value",
    "say_why",
    "tell",
    "text",
]


def __getattr__(name: str) -> Any:
    """Load the words for rules when they are asked for: what finds personas is slow to load."""
    if name not in ("say_recruiting", "say_rule", "say_tree", "say_why"):
        raise AttributeError(f"module 'journeykit.wording' has no attribute {name!r}")
    from journeykit.wording import explaining

    return getattr(explaining, name)
