"""Pages: addresses without what is one visit's or one person's, and groups of them by pattern."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["clean_page", "group_page", "with_clean_pages"]

_QUERY, _HOST = r"[?#].*$", r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/]*"
_ADDRESS = r"[^/\s]*(@|%40)[^/\s]*"
_IDS = r"\b([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-f]{16,}|[0-9A-F]{16,}|\d{5,})\b"


_WHITE = " \t\n\r\v\f"
Change = Callable[["ir.StringValue"], "ir.Value"]


def _query_off(page: ir.StringValue) -> ir.StringValue:
    several = page.contains("\n")
    return several.ifelse(page.re_replace(_QUERY, ""), page.split("?")[0].split("#")[0])


# per step: which pages it may change, told at a glance, and how it changes them
_STEPS: tuple[tuple[Change, Change], ...] = (
    (lambda page: page.contains("?") | page.contains("#"), _query_off),
    (lambda page: page.contains("://"), lambda page: page.re_replace(_HOST, "")),
    (
        lambda page: page.contains("@") | page.contains("%40"),
        lambda page: page.re_replace(_ADDRESS, ":address"),
    ),
    (
        lambda page: (page < "!") | ibis.or_(*[page.endswith(blank) for blank in _WHITE]),
        lambda page: page.strip(),
    ),
    (lambda page: page.endswith("/"), lambda page: page.re_replace(r"(.)/+$", r"\1")),
    (lambda page: page == "", lambda page: ibis.literal("/")),
)


def clean_page(page: ir.StringValue) -> ir.StringValue:
    """Return pages without scheme and host, query string, fragment, e-mail address and the slash at their end.

    An address becomes ``:address``. What is left empty is ``/``, the home page.
    """
    path = page.re_replace(_QUERY, "").re_replace(_HOST, "").re_replace(_ADDRESS, ":address").strip()
    path = path.re_replace(r"(.)/+$", r"\1")
    return ((path == "") & page.notnull()).ifelse("/", path)


def with_clean_pages(table: Any, groups: Mapping[str, str]) -> Any:
    """Return a table with its ``page`` as `clean_page` and `group_page` give it.

    Each step is made once, and of the pages that it may change only (`journeykit.engine.in_steps`).
    """
    for may, change in _STEPS:
        page = table["page"]
        table = table.mutate(page=may(page).ifelse(change(page), page))
    return table.mutate(page=group_page(table["page"], groups))


def group_page(page: ir.StringValue, groups: Mapping[str, str]) -> ir.StringValue:
    """Return clean pages by the name of the first pattern that fits; of the others, ids become ``:id``.

    Parameters
    ----------
    page
        As `clean_page` returns them.
    groups
        Per pattern, in which ``*`` stands for anything, the name of its pages. An id is a UUID, a number of five
        digits or more, or sixteen hexadecimal digits or more, in an address with a slash.
    """
    without = page.contains("/").ifelse(page.re_replace(_IDS, ":id"), page)
    named = [(page.re_search(_pattern(pattern)), ibis.literal(name)) for pattern, name in groups.items()]
    return ibis.cases(*named, else_=without) if named else without


def _pattern(pattern: str) -> str:
    """Return a pattern as a regular expression.

    Examples
    --------
    >>> _pattern("/products/*")
    '^/products/.*$'
    """
    return "^" + ".*".join(re.escape(part) for part in pattern.split("*")) + "$"
