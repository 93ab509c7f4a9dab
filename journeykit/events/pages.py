"""Pages: addresses without what is one visit's or one person's, and groups of them by pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["clean_page", "group_page"]

_QUERY, _HOST = r"[?#].*$", r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/]*"
_ADDRESS = r"[^/\s]*(@|%40)[^/\s]*"
_IDS = r"\b([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-f]{16,}|[0-9A-F]{16,}|\d{5,})\b"


def clean_page(page: ir.StringValue) -> ir.StringValue:
    """Return pages without scheme and host, query string, fragment, e-mail address and the slash at their end.

    An address becomes ``:address``. What is left empty is ``/``, the home page.
    """
    path = page.re_replace(_QUERY, "").re_replace(_HOST, "").re_replace(_ADDRESS, ":address").strip()
    path = path.re_replace(r"(.)/+$", r"\1")
    return ((path == "") & page.notnull()).ifelse("/", path)


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
