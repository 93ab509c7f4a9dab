"""Writing: a draft as the text of a client file, every guess with its evidence as a comment."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from journeykit.drafting.facts import DOUBTFUL, Guess
from journeykit.drafting.sources import CustomersDraft, SourceDraft

__all__ = ["channel_lines", "customer_lines", "head_lines", "source_lines"]


def head_lines(client: str, names: Iterable[str], guesses: dict[str, Guess]) -> list[str]:
    """Return the beginning of a client file, up to its sources."""
    title = client.replace("-", " ").title()
    return [
        f"# Drafted from {', '.join(names)}.",
        "# Every guess is followed by its evidence, and by how sure it is: sure, likely or doubtful.",
        "# Look at the lines marked LOOK, and correct what is wrong.",
        f"id: {_quoted(client)}",
        f"name: {_quoted(title)}",
        *(f"{key}: {_quoted(str(guess.value))}  {guess.comment}" for key, guess in guesses.items()),
    ]


def source_lines(drafts: list[SourceDraft], folder: Path) -> list[str]:
    """Return the sources of events: one, or a list."""
    if not drafts:
        return []
    lines = ["events:"]
    for draft in drafts:
        own = _source(draft, folder)
        if len(drafts) > 1:
            own = [f"- {own[0]}", *(f"  {line}" for line in own[1:])]
        lines += [f"  {line}" for line in own]
    return lines


def _source(draft: SourceDraft, folder: Path) -> list[str]:
    what = f"  # {draft.what.value}" + (f": {draft.what.why}" if draft.what.why else "")
    lines = [f"path: {_quoted(_relative(draft.path, folder))}{what}", "columns:"]
    lines += [f"  {name}: {_flow(guess.value)}  {guess.comment}" for name, guess in draft.columns.items()]
    for key, guess in draft.keys.items():
        if key == "moments":
            lines += [f"moments:  {guess.comment}", *(f"  - {_flow(moment)}" for moment in guess.value)]
        else:
            lines.append(f"{key}: {_flow(guess.value)}  {guess.comment}")
    if draft.constants:
        constants = {name: guess.value for name, guess in draft.constants.items()}
        lines.append(f"constants: {_flow(constants)}  {next(iter(draft.constants.values())).comment}")
    if draft.touchpoints:
        lines.append("touchpoints:")
        for raw, guess in draft.touchpoints.items():
            lines.append(
                f"  {_quoted(raw)}: {guess.value}" + (f"  {guess.comment}" if guess.sure == DOUBTFUL else "")
            )
    if draft.kept:
        kept = ", ".join(draft.kept[:20]) + (f" … ({len(draft.kept)} in all)" if len(draft.kept) > 20 else "")
        lines.append(f"# LOOK: kept under their own name: {kept}".replace("\n", " "))
    return lines


def channel_lines(guesses: dict[str, Guess], kept: list[str]) -> list[str]:
    """Return what raw names of channels are, and those that keep their own name; nothing when all are known."""
    lines = ["channels:"] if guesses else []
    lines += [f"  {_quoted(raw)}: {_flow(guess.value)}  {guess.comment}" for raw, guess in guesses.items()]
    if kept:
        told = ", ".join(kept[:20]) + (f" … ({len(kept)} in all)" if len(kept) > 20 else "")
        lines.append(
            f"# channels kept under their own name: {told}; say under channels what they are".replace(
                "\n", " "
            )
        )
    return lines


def customer_lines(draft: CustomersDraft | None, folder: Path) -> list[str]:
    """Return the part on customers; nothing when there is none."""
    if draft is None:
        return []
    lines = [
        "customers:",
        f"  path: {_quoted(_relative(draft.path, folder))}  # one row a customer",
        f"  columns: {{customer_id: {_quoted(str(draft.customer.value))}}}  {draft.customer.comment}",
    ]
    if draft.exclude:
        lines.append("  exclude:")
        lines += [f"    - {_quoted(name)}  {guess.comment}" for name, guess in draft.exclude.items()]
    if draft.missing:
        lines.append("  missing:")
        lines += [
            f"    {_quoted(name)}: {_flow(guess.value)}  {guess.comment}"
            for name, guess in draft.missing.items()
        ]
    if draft.activity:
        lines.append("  activity:")
        lines += [f"    - {_quoted(name)}  {guess.comment}" for name, guess in draft.activity.items()]
    if draft.categories:
        lines.append("  categories:")
        lines += [f"    - {_quoted(name)}  {guess.comment}" for name, guess in draft.categories.items()]
    return lines


def _relative(path: Path, folder: Path) -> str:
    """Return a path as seen from the folder of client files; one elsewhere on the machine too."""
    return Path(os.path.relpath(path.parent.resolve() / path.name, folder.resolve())).as_posix()


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(str(key))}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one) for one in value) + "]"
    return (
        str(value).lower()
        if isinstance(value, bool)
        else str(value)
        if isinstance(value, int | float)
        else _quoted(str(value))
    )


def _quoted(text: str) -> str:
    plain = re.fullmatch(r"[\w./][\w./ -]*", text) and text == text.strip()
    return text if plain and yaml.safe_load(text) == text else json.dumps(text, ensure_ascii=False)
