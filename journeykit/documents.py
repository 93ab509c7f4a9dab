"""YAML documents, read safely, that know on which line each of their keys stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from journeykit.errors import ClientFileError

__all__ = ["Document", "read_document"]

_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # where PyYAML has it, many times as quick

Key = str | int


@dataclass(frozen=True)
class Document:
    """The content of a YAML file and the line of every key in it."""

    path: Path
    data: dict[str, Any]
    lines: dict[tuple[Key, ...], int] = field(default_factory=dict, repr=False)

    def line_of(self, keys: Sequence[Key]) -> int | None:
        """Return the line (from 1) of a key, or of the nearest key above it."""
        for end in range(len(keys), 0, -1):
            if tuple(keys[:end]) in self.lines:
                return self.lines[tuple(keys[:end])]
        return None


def read_document(path: Path | str) -> Document:
    """Read a YAML file whose top level is a mapping.

    Returns
    -------
    Document

    Raises
    ------
    ClientFileError
        When the file is missing, is not YAML, holds a key twice or holds no mapping.
    """
    path = Path(path)
    node = _compose(path)
    if not isinstance(node, yaml.MappingNode):
        raise ClientFileError("the file holds no keys", where=path, remedy="write 'key: value' lines in it")
    lines: dict[tuple[Key, ...], int] = {}
    _collect_lines(node, (), lines, path)
    loader = yaml.SafeLoader("")
    try:
        data = loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        raise ClientFileError(f"a value cannot be read ({error})", where=path) from None
    finally:
        loader.dispose()
    return Document(path, data, lines)


def _compose(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=_SAFE)
    except FileNotFoundError:
        raise ClientFileError("there is no such file", where=path) from None
    except IsADirectoryError:
        raise ClientFileError("this is a folder, not a file", where=path) from None
    except UnicodeDecodeError:
        raise ClientFileError(
            "the file is not text in UTF-8", where=path, remedy="save it as UTF-8"
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "too deeply nested"
        line = mark.line + 1 if mark else None
        problem, remedy = f"this is not valid YAML ({what})", "correct the file at or just above this line"
        raise ClientFileError(problem, where=path, line=line, remedy=remedy) from None


def _collect_lines(node: yaml.Node, above: tuple[Key, ...], lines: dict, path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            here = (*above, key_node.value)
            line = key_node.start_mark.line + 1
            if here in lines:
                raise ClientFileError(f"key {key_node.value!r} stands here twice", where=path, line=line)
            lines[here] = line
            _collect_lines(value_node, here, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            lines[(*above, position)] = item.start_mark.line + 1
            _collect_lines(item, (*above, position), lines, path)
