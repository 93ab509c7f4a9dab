"""Personas: groups of people who behave alike, found, certified, described and reused."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "PersonaClusterer": "clusterer",
    "PersonaMatch": "matching",
    "RuleTree": "rule_trees",
    "WithinCustomerWhitener": "whitening",
    "align_traits": "describing",
    "assign": "reuse",
    "describe_attributes": "attributes",
    "describe_personas": "describing",
    "draw_map": "examples",
    "explain": "explaining",
    "load_model": "files",
    "load_personas": "files",
    "match_personas": "matching",
    "meets_rule": "conditions",
    "personas_of": "describing",
    "pick_examples": "examples",
    "recruit_rules": "rules",
    "rule_tree": "rule_trees",
    "save_personas": "files",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'journeykit.personas' has no attribute {name!r}")
    return getattr(import_module(f"journeykit.personas.{_HOME[name]}"), name)
