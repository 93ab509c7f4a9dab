"""Stage models: the ordered stages through which a journey is read, with their playbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.documents import Document, read_document
from journeykit.errors import ClientFileError, nearest, unknown
from journeykit.touchpoints import both_languages, definitions, load_vocabulary, readable, safe_identifier

__all__ = [
    "CANONICAL_PHASES",
    "LAPSED",
    "Rules",
    "Stage",
    "StageModel",
    "UNSURE",
    "load_stage_model",
    "stage_model_ids",
]

CANONICAL_PHASES = (
    "need awareness orientation consideration lead decision purchase delivery use aftercare expansion loyalty "
    "advocacy reactivation"
).split()
LAPSED = "lapsed"
UNSURE = "unsure"
PLAYBOOK = "activities questions brand_actions content assets strategies tools kpis".split()
_STAGE_KEYS = {"id", "name", "canonical", "touchpoints", "markers", "goal", "message", "channels", *PLAYBOOK}
_MODEL_KEYS = {"id", "name", "description", "deliverable", "notes", "rules", "stages", "components", "canvas"}
_ALIASES = {
    "aware": "awareness", "engage": "orientation", "evaluation": "consideration", "research": "consideration",
    "subscribe": "lead", "engagement": "lead", "convert": "purchase", "action": "purchase", "buy": "purchase",
    "conversion": "decision", "excite": "use", "onboarding": "delivery", "ascend": "expansion",
    "retention": "loyalty", "service": "aftercare", "advocate": "advocacy", "promote": "advocacy",
    "experience": "advocacy", "referral": "advocacy", "search": "orientation", "discovery": "awareness",
}  # fmt: skip

Texts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Rules:
    """How a model's order is meant: may stages be skipped, are back-steps normal, who travels."""

    order: str = "loose"
    back_steps: str = "normal"
    unit: str = "customer"


_RULES = {
    "order": ("strict", "loose"),
    "back_steps": ("normal", "exceptional"),
    "unit": ("customer", "account"),
}


@dataclass(frozen=True)
class Stage:
    """A phase of the journey: what shows it, and the playbook for it in Dutch and English."""

    id: str
    name: Mapping[str, str]
    canonical: str
    touchpoints: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    goal: Mapping[str, str] = field(default_factory=lambda: {"en": "", "nl": ""})
    message: Mapping[str, str] = field(default_factory=lambda: {"en": "", "nl": ""})
    activities: Texts = field(default_factory=dict)
    questions: Texts = field(default_factory=dict)
    brand_actions: Texts = field(default_factory=dict)
    content: Texts = field(default_factory=dict)
    assets: Texts = field(default_factory=dict)
    strategies: Texts = field(default_factory=dict)
    tools: Texts = field(default_factory=dict)
    kpis: Texts = field(default_factory=dict)
    canonical_guessed: bool = False

    def playbook(self, part: str, language: str) -> tuple[str, ...]:
        """Return a part of the playbook, such as ``questions``, in a language; empty when none is written."""
        return tuple(getattr(self, part).get(language, ()))


@dataclass(frozen=True)
class StageModel:
    """An ordered list of stages.

    Examples
    --------
    >>> load_stage_model("universal").ids
    ('awareness', 'consideration', 'decision', 'action', 'loyalty')
    """

    id: str
    name: Mapping[str, str]
    stages: tuple[Stage, ...]
    rules: Rules = Rules()
    components: tuple[Stage, ...] = ()
    description: Mapping[str, str] = field(default_factory=lambda: {"en": "", "nl": ""})
    deliverable: Mapping[str, str] = field(default_factory=lambda: {"en": "", "nl": ""})
    notes: Texts = field(default_factory=dict)
    canvas: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the stages, in order, without ``lapsed``."""
        return tuple(stage.id for stage in self.stages)

    @property
    def touchpoints(self) -> frozenset[str]:
        """The touchpoints that are typical of, or mark, any stage."""
        return frozenset(name for stage in self.stages for name in (*stage.touchpoints, *stage.markers))

    def stage(self, stage_id: str) -> Stage:
        """Return a stage by its id.

        Raises
        ------
        JourneykitError
            When the model has no such stage.
        """
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        raise unknown("stage", stage_id, self.ids, where=f"stage model {self.id}")

    def position(self, stage_id: str) -> int:
        """Return the place of a stage in the order, from 0."""
        return self.ids.index(self.stage(stage_id).id)

    def votes(self) -> pd.DataFrame:
        """Return how much each touchpoint speaks for each stage.

        Returns
        -------
        DataFrame
            Touchpoints × stages; rows sum to 1; a touchpoint typical of several stages is shared
            between them, and counts double where it is a marker.
        """
        table = pd.DataFrame(0.0, index=sorted(self.touchpoints), columns=list(self.ids))
        for stage in self.stages:
            for name in {*stage.touchpoints, *stage.markers}:
                table.loc[name, stage.id] = 2.0 if name in stage.markers else 1.0
        return table.div(table.sum(axis=1), axis=0).rename_axis("touchpoint")

    def markers(self) -> dict[str, str]:
        """Return the stage that each marker shows to be reached; the later one where two claim it."""
        return {marker: stage.id for stage in self.stages for marker in stage.markers}

    def with_markers(
        self, markers: Mapping[str, Iterable[str]], *, where: str | Path | None = None
    ) -> StageModel:
        """Return the model with a client's own markers added.

        Raises
        ------
        ClientFileError
            When a stage is not in the model.
        """
        for stage_id in markers:
            if stage_id not in self.ids:
                raise unknown("stage", stage_id, self.ids, where=where, kind=ClientFileError)
        stages = (
            replace(stage, markers=tuple(dict.fromkeys((*stage.markers, *markers.get(stage.id, ())))))
            for stage in self.stages
        )
        return replace(self, stages=tuple(stages))


def stage_model_ids() -> tuple[str, ...]:
    """Return the ids of the stage models that ship.

    Examples
    --------
    >>> stage_model_ids()
    ('content', 'digital', 'five-phase', 'universal', 'value-journey')
    """
    return tuple(sorted(path.stem for path in definitions("stage_models").glob("*.yml")))


def load_stage_model(name: str | Path, folder: Path | None = None) -> StageModel:
    """Load a stage model by its id, or from a file of the same form.

    Parameters
    ----------
    name
        An id that ships (``universal``) or the path of a ``.yml`` file.
    folder
        What a relative path is relative to; default the working directory.

    Returns
    -------
    StageModel

    Raises
    ------
    ClientFileError
        When no such model exists, or its file breaks the form: the file, line, key, nearest known
        value and remedy are named.
    """
    if str(name) in stage_model_ids():
        return _load(definitions("stage_models", f"{name}.yml"))
    path = Path(folder or ".") / Path(name)
    if path.suffix not in (".yml", ".yaml"):
        near = nearest(name, stage_model_ids())
        hint = f". Did you mean {near!r}?" if near else ""
        raise ClientFileError(
            f"definitions/stage_models has no stage model {str(name)!r}{hint}",
            remedy=f"use one of {', '.join(stage_model_ids())}, or the path of a .yml file",
        )
    return _load(path.resolve())


@cache
def _load_unchanged(path: Path, modified: int) -> StageModel:
    return _build(read_document(path))


def _load(path: Path) -> StageModel:
    return _load_unchanged(path, path.stat().st_mtime_ns if path.is_file() else 0)


def _build(document: Document) -> StageModel:
    data = document.data
    _check_keys(document, data, _MODEL_KEYS, ())
    stages = _stages(document, "stages")
    if not stages:
        raise ClientFileError(
            "the model has no stages", where=document.path, remedy="list them under 'stages:'"
        )
    model_id = str(data.get("id") or document.path.stem)
    return StageModel(
        id=model_id,
        name=_text(data.get("name"), readable(model_id)),
        stages=stages,
        rules=_rules(document),
        components=_stages(document, "components"),
        description=_text(data.get("description")),
        deliverable=_text(data.get("deliverable")),
        notes=_texts(data.get("notes")),
        canvas=bool(data.get("canvas", False)),
    )


def _rules(document: Document) -> Rules:
    given = document.data.get("rules") or {}
    _check_keys(document, given, _RULES, ("rules",))
    for key, value in given.items():
        if value not in _RULES[key]:
            line = document.line_of(("rules", key))
            raise unknown(key, value, _RULES[key], where=document.path, line=line, kind=ClientFileError)
    return Rules(**given)


def _stages(document: Document, part: str) -> tuple[Stage, ...]:
    entries = document.data.get(part) or []
    if not isinstance(entries, list):
        raise _fault(document, f"{part!r} must be a list", (part,))
    stages = tuple(_stage(document, part, position, entry) for position, entry in enumerate(entries))
    seen: set[str] = set()
    for position, stage in enumerate(stages):
        if stage.id in seen:
            raise _fault(
                document, f"two stages have the id {stage.id!r}", (part, position), "rename one of them"
            )
        seen.add(stage.id)
    return stages


def _stage(document: Document, part: str, position: int, entry: Any) -> Stage:
    keys = (part, position)
    entry = {"id": entry} if isinstance(entry, str) else entry
    if not isinstance(entry, dict) or not entry.get("id"):
        raise _fault(document, "a stage needs an 'id'", keys, "write '- id: …' for each stage")
    _check_keys(document, entry, _STAGE_KEYS, keys)
    stage_id = str(entry["id"])
    if stage_id == LAPSED or safe_identifier(stage_id) != stage_id.replace("-", "_").lower():
        raise _fault(
            document, f"{stage_id!r} cannot be the id of a stage", keys, "use letters, digits, '-' and '_'"
        )
    canonical, guessed = _canonical(document, entry, stage_id, keys)
    return Stage(
        id=stage_id,
        name=_text(entry.get("name"), readable(stage_id)),
        canonical=canonical,
        touchpoints=_names(document, entry, "touchpoints", keys),
        markers=_names(document, entry, "markers", keys),
        channels=_names(document, entry, "channels", keys),
        goal=_text(entry.get("goal")),
        message=_text(entry.get("message")),
        canonical_guessed=guessed,
        **{key: _texts(entry.get(key)) for key in PLAYBOOK},
    )


def _canonical(document: Document, entry: dict, stage_id: str, keys: tuple) -> tuple[str, bool]:
    given = entry.get("canonical")
    if given is None:
        plain = stage_id.lower().replace("_", "-")
        known = {phase: phase for phase in CANONICAL_PHASES} | _ALIASES
        near = nearest(plain, known)
        return (known.get(plain) or (known[near] if near else "consideration")), True
    if given not in CANONICAL_PHASES:
        line = document.line_of((*keys, "canonical"))
        kind = ClientFileError
        raise unknown("canonical phase", given, CANONICAL_PHASES, where=document.path, line=line, kind=kind)
    return given, False


def _names(document: Document, entry: dict, key: str, keys: tuple) -> tuple[str, ...]:
    names = entry.get(key) or []
    if isinstance(names, dict):
        names = next((listed for listed in names.values() if listed), [])
    if not isinstance(names, list) or any(isinstance(name, dict | list) for name in names):
        raise _fault(document, f"{key!r} must be a list of names", (*keys, key), f"write {key}: [one, two]")
    known = load_vocabulary()
    return tuple(dict.fromkeys(n if (n := str(name)) in known else safe_identifier(n) for name in names))


def _text(given: Any, spare: str = "") -> dict[str, str]:
    if isinstance(given, dict):
        return both_languages({key: str(value) for key, value in given.items() if value})
    return both_languages({"en": str(given) if given else spare})


def _texts(given: Any) -> dict[str, tuple[str, ...]]:
    if given is None:
        return {}
    by_language = given if isinstance(given, dict) else {"en": given}
    as_tuples = {
        language: tuple(str(item) for item in (items if isinstance(items, list) else [items]))
        for language, items in by_language.items()
        if items
    }
    return both_languages(as_tuples) if as_tuples else {}


def _check_keys(document: Document, given: Any, known: Iterable[str], keys: tuple) -> None:
    if not isinstance(given, dict):
        raise _fault(document, "keys were expected here", keys)
    for key in given:
        if key not in known:
            line = document.line_of((*keys, key))
            raise unknown("key", key, sorted(known), where=document.path, line=line, kind=ClientFileError)


def _fault(document: Document, problem: str, keys: tuple, remedy: str | None = None) -> ClientFileError:
    return ClientFileError(problem, where=document.path, line=document.line_of(keys), remedy=remedy)
