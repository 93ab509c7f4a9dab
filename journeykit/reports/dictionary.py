"""The dictionary of a report's tables: of each column its form, what it bounds, its head and its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from journeykit.documents import read_document
from journeykit.touchpoints import definitions
from journeykit.wording import label, text
from journeykit.wording.texts import has_text

__all__ = ["Column", "columns_of", "is_of_people", "is_tidy", "table_names"]

BOUNDS = ("intervals", "quartiles", "tenths")
FIGURES = frozenset("whole number percent points amount days score sd measure".split())
OF_PEOPLE = frozenset({"customer_id", "account_id", "unit_id", "visitor_id", "referrer_id"})


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    table, name
        The table, and the column's technical name.
    form
        How its values are read: `percent`, `whole`, `days`, `stage` …
    pattern
        Its name in the definitions: `p_<stage>` for `p_purchase`.
    bound, end, of
        When it bounds another column: how (`intervals`, `quartiles`, `tenths`), at which end (`low`, `high`), and
        which.

    Examples
    --------
    >>> low = columns_of("back_steps", ["back_share", "low"])[1]
    >>> low.form, low.of, low.head("nl")
    ('percent', 'back_share', 'Terug naar eerdere fase, ondergrens')
    """

    table: str
    name: str
    form: str = "text"
    pattern: str = ""
    bound: str = ""
    end: str = ""
    of: str = ""

    def head(self, language: str, client: Any = None, setting: str = "b2c") -> str:
        """Return what the column is called in a language."""
        own = f"column_heads.{self.table}.{self.name}"
        if has_text(own, language):
            return text(own, language)
        if self.bound:
            return text(f"bounds.{self.bound}_{self.end}", language, name=self._measure(language))
        if self.pattern != self.name:
            named = text(f"column_patterns.{self._stem}", language, name="{name}")
            return named.replace("{name}", self._thing(language, client))
        accounts = f"{self.name}_b2b"
        has_accounts = setting == "b2b" and has_text(f"columns.{accounts}", language)
        return label("column", accounts if has_accounts else self.name, language)

    def meaning(self, language: str) -> str:
        """Return what the column holds, in a language; empty when nobody wrote it down."""
        for table in (self.table, "all"):
            key = f"meanings.{table}.{self._key}"
            if has_text(key, language) and not (table == "all" and self.bound):
                return text(key, language)
        if self.bound:
            return text(f"bound_meanings.{self.bound}_{self.end}", language, name=self._measure(language))
        return ""

    def unit(self, language: str) -> str:
        """Return the unit of its values in a language."""
        return text(f"units_of.{self.form}", language)

    @property
    def is_main(self) -> bool:
        """Whether it is a figure of its own and no limit of another."""
        return not self.bound

    @property
    def _key(self) -> str:
        return re.sub(r"[<>]", "", self.pattern).replace(".", "_")

    @property
    def _stem(self) -> str:
        return self.pattern.partition("<")[0].rstrip("._")

    def _measure(self, language: str) -> str:
        return columns_of(self.table, [self.of])[0].head(language)

    def _thing(self, language: str, client: Any) -> str:
        kind = "trait_head" if self._stem == "effect" else "stage"
        return label(kind, self.name[len(self.pattern.partition("<")[0]) :], language, client)


def table_names() -> tuple[str, ...]:
    """Return the names of all tables that are described, in the order in which they are listed."""
    return tuple(_definitions()["tables"])


def is_of_people(table: str, columns: Iterable[str] = ()) -> bool:
    """Return whether a table has one row per person or raw row: by its definition, or by an id among its columns.

    Examples
    --------
    >>> is_of_people("customers"), is_of_people("funnel"), is_of_people("own", ["customer_id"])
    (True, False, True)
    """
    return bool(_known(table).get("people")) or bool(OF_PEOPLE & set(columns))


def columns_of(table: str, names: Iterable[str] | None = None) -> list[Column]:
    """Return the columns of a table: those named, or all that its definition has.

    A column that the definition lacks is a text without a meaning.
    """
    known = _known(table)
    listed = known.get("columns", "").split()
    patterns = {one.partition("<")[0]: one for one in sorted(listed, key=len) if "<" in one}
    bounds = _bounds(known)
    found = []
    for name in listed if names is None else map(str, names):
        pattern = name if name in listed else _pattern(name, patterns)
        found.append(Column(table, name, _form(known, pattern), pattern, *bounds.get(name, ("", "", ""))))
    return found


def is_tidy(column: Column) -> bool:
    """Return whether a column is a figure that the long table of exported data holds.

    Examples
    --------
    >>> [column.name for column in columns_of("back_steps") if is_tidy(column)]
    ['customers', 'back', 'back_share', 'returned']
    """
    told = _known(column.table).get("tidy", False)
    named = column.name in told.split() if isinstance(told, str) else bool(told)
    return named and column.is_main and column.form in FIGURES and "<" not in column.pattern


def _known(table: str) -> Mapping[str, Any]:
    found = _definitions()
    return found["tables"].get(table) or found["exported"].get(table, {})


def _pattern(name: str, patterns: Mapping[str, str]) -> str:
    starts = [start for start in patterns if name.startswith(start)]
    return patterns[max(starts, key=len)] if starts else name


def _form(known: Mapping[str, Any], pattern: str) -> str:
    own = {name: form for form, names in known.get("forms", {}).items() for name in names.split()}
    if "<" in pattern:
        return "sd" if pattern.startswith("effect") else "percent"
    return own.get(pattern) or _forms().get(pattern, "text")


def _bounds(known: Mapping[str, Any]) -> dict[str, tuple[str, str, str]]:
    """Return the columns that bound another one, with how, at which end, and which."""
    return {
        name: (bound, end, of)
        for bound in BOUNDS
        for of, ends in known.get(bound, {}).items()
        for end, name in zip(("low", "high"), ends.split(), strict=True)
    }


@cache
def _definitions() -> Mapping[str, Any]:
    return read_document(definitions("tables.yml")).data


@cache
def _forms() -> dict[str, str]:
    return {name: form for form, names in _definitions()["forms"].items() for name in names.split()}
