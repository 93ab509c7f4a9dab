"""Words: the only place that knows a language."""

from __future__ import annotations

from journeykit.wording.explaining import say_recruiting, say_rule, say_tree, say_why
from journeykit.wording.formats import LANGUAGES, say_value
from journeykit.wording.labels import label, label_frame
from journeykit.wording.names import name_persona, name_personas
from journeykit.wording.sentences import say, tell
from journeykit.wording.texts import keys, text

__all__ = [
    "LANGUAGES",
    "keys",
    "label",
    "label_frame",
    "name_persona",
    "name_personas",
    "say",
    "say_recruiting",
    "say_rule",
    "say_tree",
    "say_value",
    "say_why",
    "tell",
    "text",
]
