"""What an export is made of: the blocks of an executed notebook, and the tables and findings beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from journeykit.reports.blocks import blocks_of
from journeykit.reports.dictionary import is_of_people, table_names
from journeykit.wording import label, say_value, text
from journeykit.wording.texts import has_text

__all__ = ["Material"]

OF_THINGS = frozenset(
    "content behaviour magnet kind group".split()
)  # ids of touchpoints, where they have no word of their own
BESIDE = {"method": "methods", "against": "methods", "group": "signals", "reason": "reasons"}


@dataclass(frozen=True)
class Material:
    """A report as data: its blocks, and the folder in which its tables and findings stand.

    Parameters
    ----------
    blocks
        The blocks of the report, in order.
    folder
        The folder with `tables/` and `findings.json`; what is not there counts as empty.
    """

    blocks: list[dict[str, Any]]
    folder: Path

    @classmethod
    def of(cls, notebook: Any, path: Path) -> Material:
        """Return the material of an executed notebook whose export goes to a path."""
        return cls(blocks_of(notebook), Path(path).parent)

    @cached_property
    def cover(self) -> dict[str, Any]:
        """The block of the cover; empty when the notebook shows none."""
        return self.block("cover")

    @cached_property
    def client(self) -> dict[str, Any]:
        """What the report tells of the client: `setting`, `least`, `template`, names of stages and touchpoints."""
        return self.block("client")

    @cached_property
    def stages(self) -> dict[str, str]:
        """The stages of the client's model, id to name, in order."""
        return dict(self.client.get("stages", ()))

    @property
    def language(self) -> str:
        """The language of the report."""
        return self.cover.get("language", "en")

    @property
    def name(self) -> str:
        """The name of the client."""
        return self.cover.get("client", "journeykit")

    @property
    def colour(self) -> str:
        """The client's colour."""
        return self.cover.get("colour", "#0b5fa5")

    @property
    def setting(self) -> str:
        """Of whom a journey is: `b2c` a customer, `b2b` an account."""
        return self.client.get("setting", "b2c")

    @property
    def currency(self) -> str | None:
        """The currency of amounts, where the client names one."""
        return self.client.get("currency")

    @property
    def day(self) -> str:
        """The day of the report, as ISO; empty when the notebook holds no record."""
        return str(self.block("record").get("as_of", ""))

    def block(self, kind: str) -> dict[str, Any]:
        """Return the first block of a kind; empty when there is none."""
        return next((block for block in self.blocks if block["block"] == kind), {})

    @cached_property
    def findings(self) -> list[dict[str, Any]]:
        """The findings, as `findings.json` holds them."""
        path = self.folder / "findings.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables that hold no single people, in the order of the dictionary; own ones at the end."""
        return tuple(name for name in self._there if not self._tells_people(name))

    @cached_property
    def of_people(self) -> tuple[str, ...]:
        """The names of the tables with one row per person."""
        return tuple(name for name in self._there if self._tells_people(name))

    @cached_property
    def _there(self) -> list[str]:
        found = sorted(path.stem for path in (self.folder / "tables").glob("*.parquet"))
        order = {name: place for place, name in enumerate(table_names())}
        return sorted(found, key=lambda name: order.get(name, len(order)))

    def _tells_people(self, name: str) -> bool:
        from pyarrow.parquet import read_schema

        return is_of_people(name, read_schema(self.path(name)).names)

    def path(self, name: str) -> Path:
        """Return the file of a table."""
        return self.folder / "tables" / f"{name}.parquet"

    def table(self, name: str) -> pd.DataFrame:
        """Return a table; one without columns when it is not there."""
        return pd.read_parquet(self.path(name)) if self.path(name).is_file() else pd.DataFrame()

    @cached_property
    def personas(self) -> dict[str, str]:
        """The personas' names in the report's language, by id, in their order."""
        table = self.table("personas")
        column = f"name_{self.language}"
        known = column in table and "persona" in table
        return dict(zip(table["persona"], table[column], strict=True)) if known else {}

    def say(self, key: str, **values: Any) -> str:
        """Return a text in the report's language."""
        return text(key, self.language, **{"_currency": self.currency, **values})

    def value(self, value: Any, form: str = "plain") -> str:
        """Return a value as it is written in the report's language."""
        return say_value(value, form, self.language, self.currency)

    def word(self, form: str, value: Any, column: str = "") -> str:
        """Return an id that stands in a cell as a word in the report's language; other texts as they are."""
        value = str(value)
        named = getattr(self, f"_{form}", None)
        return named(value) if named else self._free(value, column)

    def _persona(self, value: str) -> str:
        return self.personas.get(value) or label("persona", value, self.language, self._account)

    def _stage(self, value: str) -> str:
        return self.stages.get(value) or label("stage", value, self.language)

    def _canonical(self, value: str) -> str:
        return label("value" if value in ("lapsed", "unsure") else "canonical", value, self.language)

    def _channel(self, value: str) -> str:
        return label("channel", value, self.language)

    def _touchpoint(self, value: str) -> str:
        return self.client.get("touchpoints", {}).get(value) or label("touchpoint", value, self.language)

    def _free(self, value: str, column: str) -> str:
        key = re.sub(r"\W+", "_", value.strip().lower())
        for place in (f"cells.{column}", BESIDE.get(column, "")):
            if place and has_text(f"{place}.{key}", self.language):
                return self.say(f"{place}.{key}")
        if column in ("trait", "attribute"):
            return label("trait_head" if column == "trait" else "attribute", value, self.language)
        if column == "journey":
            return self.joined(re.split(r"\s*>\s*", value), "stage", " > ")
        if column == "stages":
            return self.joined(re.split(r"\s*,\s*", value), "stage")
        known = column in OF_THINGS and re.fullmatch(r"[a-z][a-z0-9_]*", value)
        return self._touchpoint(value) if known else value

    def joined(self, values: Iterable[Any], form: str = "text", between: str = ", ") -> str:
        """Return several values as one text."""
        return between.join(self.word(form, value) for value in values)

    @property
    def _account(self) -> Any:
        return _Setting() if self.setting == "b2b" else None


class _Setting:
    """A client of which only is known that its journeys are of accounts."""

    setting = "b2b"
